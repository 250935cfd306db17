// Time as the stack sees it, given to it so that tests drive it; and the timer values of RFC 3261 §17, Table 4.

import { type Logger } from '../../../storage/process/log';
import { guarded } from './guard';

export interface Timer {
  /** Harmless when it has fired or was cancelled already. */
  cancel(): void;
}

export interface Clock {
  /** Civil time in milliseconds. */
  civilMs(): number;
  after(delayMs: number, action: () => void): Timer;
}

class NodeTimer implements Timer {
  constructor(private readonly handle: NodeJS.Timeout) {}
  cancel(): void {
    clearTimeout(this.handle);
  }
}

/**
 * The machine's own clock. Node keeps timers of equal length in one list, so tens of thousands cost nothing until they fire.
 * They do not keep the process alive: its sockets do.
 */
export const machineClock = (log: Logger): Clock => ({
  civilMs: () => Date.now(),
  after: (delayMs, action) => new NodeTimer(setTimeout(guarded(log, action), delayMs).unref()),
});

/** Round trip estimate, in milliseconds. */
export const T1_MS = 500;
/** Longest time between retransmissions of a non-INVITE request or an INVITE response. */
export const T2_MS = 4_000;
/** How long a message stays in the network. */
export const T4_MS = 5_000;
/** Timers B, F, H, J, L and M: 64·T1. */
export const TRANSACTION_MS = 64 * T1_MS;
/** Timer D, for unreliable transports. */
export const TIMER_D_MS = 32_000;
