// Sends something again at doubling intervals until told to stop (RFC 3261 timers A, E and G, and the 2xx of §13.3.1.4).
import { type Clock, type Timer } from './clock';

export class Retransmitter {
  private timer: Timer | undefined;
  private intervalMs: number;

  /** Waits `firstMs`, then twice as long each time, never longer than `longestMs`. */
  constructor(private readonly clock: Clock, private readonly again: () => void, firstMs: number, private longestMs: number) {
    this.intervalMs = firstMs;
    this.wait();
  }

  /** From the next interval on, always waits this long (timer E in Proceeding, §17.1.2.2). */
  settle(intervalMs: number): void {
    this.longestMs = intervalMs;
    this.intervalMs = intervalMs;
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private wait(): void {
    this.timer = this.clock.after(this.intervalMs, () => {
      this.intervalMs = Math.min(this.intervalMs * 2, this.longestMs);
      this.wait();
      this.again();
    });
  }
}
