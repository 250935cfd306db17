// Notices that this very process stood still: stopped by a signal, or its thread held up.
import { type Timers } from '../calls/ports';

const BEAT_MS = 100;
/** As long as a lease must stand still before another engine may take it. */
export const FROZEN_MS = 1_000;

export class FreezeWatch {
  private lastMs: number | null = null;
  private cancel: (() => void) | null = null;

  constructor(private readonly deps: { readonly timers: Timers; /** Told once a standstill, before anything else happens. */ frozen(ms: number): void }) {}

  start(): void { this.beat(); }

  stop(): void {
    this.cancel?.();
    this.lastMs = null;
  }

  /** To be called before anything is decided: a timer that is late tells of a standstill, too late itself. */
  check(): void {
    if (this.lastMs === null) return;
    const stoodMs = this.deps.timers.nowMs() - this.lastMs;
    if (stoodMs < FROZEN_MS) return;
    this.lastMs = this.deps.timers.nowMs();
    this.deps.frozen(stoodMs);
  }

  private beat(): void {
    this.check();
    this.lastMs = this.deps.timers.nowMs();
    this.cancel = this.deps.timers.after(BEAT_MS, () => { this.beat(); });
  }
}
