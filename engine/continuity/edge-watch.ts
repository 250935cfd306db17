// Whether an edge that cannot be reached is dead, or merely out of reach: its calls end with the one, and go on with the other.
//
//   the connection breaks ─┬─ it is back, started when it was: it kept everything
//                          ├─ it is back, started anew ───────────┐
//                          ├─ nobody listens on its ports, twice ─┼─▶ lost, and every call with it
//                          └─ no answer at all for 30 s ──────────┘
//
// Whoever is dead is known by what is left: its machine refuses connections at once. A network that swallows everything, or a process that
// is stopped, answers nothing; people go on talking over such an edge, and nobody could be rung there anyway, so that waiting costs nothing.
import { type Timers } from '../calls/ports';
import { type Reach } from './inventory';

/** `silent`: so long without a word, and it is taken for dead. `cutOff`: so long without it, and an engine that stands by may have a better way; said again after `again`. */
export const EDGE_MS = { silent: 30_000, cutOff: 5_000, again: 2_000 } as const;
/** Tries are 500 ms apart. */
export const REFUSALS = 2;

export type EdgeLoss = 'startedAnew' | 'notRunning' | 'silent';

export interface EdgeWatchDeps {
  readonly timers: Timers;
  /** The dialogs and anchors of the edge that was there are no more. */
  lost(why: EdgeLoss): void;
  /** It has been out of reach for a while, and still is. */
  cutOff(): void;
}

export class EdgeWatch {
  /** Of the edge that has our calls; null while none is known. */
  private startedAtMs: number | null = null;
  private down = false;
  private cancelSilence: (() => void) | null = null;
  private cancelCutOff: (() => void) | null = null;

  constructor(private readonly deps: EdgeWatchDeps) {}

  /** What the calls now known are on. */
  begin(startedAtMs: number): void { this.startedAtMs = startedAtMs; }

  linkUp(): void { this.stop(); }

  linkDown(): void {
    if (this.down) return;
    this.down = true;
    this.awaitWord();
    this.awaitCutOff(EDGE_MS.cutOff);
  }

  reached(reach: Reach): void {
    switch (reach.kind) {
      case 'there': {
        const before = this.startedAtMs;
        this.startedAtMs = reach.startedAtMs;
        if (this.down) this.awaitWord();
        if (before !== null && before !== reach.startedAtMs) this.deps.lost('startedAnew');
        return;
      }
      case 'refused':
        if (reach.times >= REFUSALS) this.gone('notRunning');
        return;
      case 'silent':
    }
  }

  stop(): void {
    this.down = false;
    this.cancelSilence?.();
    this.cancelCutOff?.();
  }

  /** Once: whatever comes after it finds no calls of ours. */
  private gone(why: EdgeLoss): void {
    if (!this.down || this.startedAtMs === null) return;
    this.startedAtMs = null;
    this.cancelSilence?.();
    this.deps.lost(why);
  }

  private awaitWord(): void {
    this.cancelSilence?.();
    this.cancelSilence = this.deps.timers.after(EDGE_MS.silent, () => { this.gone('silent'); });
  }

  private awaitCutOff(ms: number): void {
    this.cancelCutOff = this.deps.timers.after(ms, () => {
      this.awaitCutOff(EDGE_MS.again);
      this.deps.cutOff();
    });
  }
}
