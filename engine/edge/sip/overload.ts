// Whether this process can take on more: how late its own timers fire says so (RFC 7339 in spirit; what it answers is RFC 3261 §21.5.4).
import { type Clock, type Timer } from './clock';

const EVERY_MS = 100;
/** So many measurements in a row, and it is so: one pause, of this process or of the machine, is no overload. */
const IN_A_ROW = 5;
/** It is over only when the delay was well below the limit. */
const RELIEF = 0.5;

export class Overload {
  /** New calls are to be turned away. */
  now = false;
  private streak = 0;
  private timer: Timer | undefined;

  /** @param limitMs the delay that is too long; 0: never. @param changed told when it begins and ends. */
  constructor(private readonly limitMs: number, private readonly clock: Clock, private readonly uptimeMs: () => number, private readonly changed: (now: boolean) => void) {}

  start(): void {
    if (this.limitMs === 0) return;
    const dueMs = this.uptimeMs() + EVERY_MS;
    this.timer = this.clock.after(EVERY_MS, () => {
      this.measured(Math.max(0, this.uptimeMs() - dueMs));
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** Seconds after which a caller may try again, spread so that not all come back at once. */
  retryAfterS(): number {
    return 2 + Math.floor(Math.random() * 9);
  }

  private measured(lateMs: number): void {
    const other = this.now ? lateMs < this.limitMs * RELIEF : lateMs > this.limitMs;
    this.streak = other ? this.streak + 1 : 0;
    if (this.streak < IN_A_ROW) return;
    this.streak = 0;
    this.now = !this.now;
    this.changed(this.now);
  }
}
