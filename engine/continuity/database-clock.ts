// The primary's clock as this process knows it: what is due in the journal is due by that clock, so that whoever takes over means the same moment.
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

export const CLOCK_MS = { measureEvery: 30_000, retry: 2_000 } as const;

export interface DatabaseClockDeps {
  readonly timers: Timers;
  readonly log: Logger;
  /** Our own, until the primary's was asked. */
  civil(): Date;
  /** Asks the primary. @throws the driver's fault */
  read(): Promise<Date>;
}

/** Follows monotonic time between two measurements, so that a jump of this machine's clock does not move it. */
export class DatabaseClock {
  /** Database time less monotonic time, in milliseconds; and by how much it may be wrong at most. */
  private offset: { readonly ms: number; readonly withinMs: number } | null = null;
  private cancelTimer: (() => void) | null = null;
  private stopped = false;

  constructor(private readonly deps: DatabaseClockDeps) {}

  now(): Date { return this.offset === null ? this.deps.civil() : new Date(this.deps.timers.nowMs() + this.offset.ms); }

  /** How far `now` may be from the primary's clock, as far as measuring can tell; null before the first measurement. */
  get withinMs(): number | null { return this.offset?.withinMs ?? null; }

  /** Measures once, and from then on every 30 s. @throws the driver's fault of the first measurement */
  async start(): Promise<void> {
    await this.measure();
    this.again(CLOCK_MS.measureEvery);
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer?.();
  }

  private again(ms: number): void {
    if (this.stopped) return;
    this.cancelTimer = this.deps.timers.after(ms, () => {
      this.measure().then(() => { this.again(CLOCK_MS.measureEvery); }, () => { this.again(CLOCK_MS.retry); });
    });
  }

  /** The answer was true at some moment between question and answer: it is off by half the round trip at most. */
  private async measure(): Promise<void> {
    const { timers } = this.deps;
    const askedAtMs = timers.nowMs();
    const told = await this.deps.read();
    const answeredAtMs = timers.nowMs();
    const withinMs = (answeredAtMs - askedAtMs) / 2;
    const ms = told.getTime() - (askedAtMs + withinMs);
    const { offset } = this;
    // A slow answer that agrees with what is known better tells nothing new.
    if (offset !== null && withinMs > offset.withinMs && Math.abs(ms - offset.ms) <= withinMs + offset.withinMs) return;
    if (offset !== null && Math.abs(ms - offset.ms) > withinMs + offset.withinMs + 1_000) this.deps.log.warn({ byMs: Math.round(ms - offset.ms) }, 'the clock of the database has jumped');
    this.offset = { ms, withinMs };
  }
}
