// The loop around the core: one event after another goes in, with both clocks; effects go out; one timer wakes it.
import { type CallId, type CoreEvent, type Effect, type Now, type StepResult } from '../core/types';
import { type Timers } from './ports';

export interface LoopDeps {
  step(event: CoreEvent, now: Now): StepResult;
  readonly timers: Timers;
  civil(): Date;
  /** Carries out one effect. May post events; they wait until this step's effects are all carried out. */
  carry(effect: Effect): void;
  /** After the effects of a step were carried out. */
  touched(result: StepResult): void;
  /** Before an event is taken in: the moment to `pause`. */
  before?(): void;
  /** A fault of the core or of carrying out: never expected, never silent. */
  failed(fault: unknown, during: CoreEvent | Effect): void;
}

/** Not re-entrant: an event posted while a step runs takes its turn after it. */
export class Loop {
  private readonly waiting: CoreEvent[] = [];
  private running = false;
  private readonly pauses = new Set<object>();
  private wakeAtMs: number | null = null;
  private cancelWake: (() => void) | null = null;

  constructor(private readonly deps: LoopDeps) {}

  post(event: CoreEvent): void {
    this.waiting.push(event);
    if (this.running) return;
    this.deps.before?.();
    this.drain();
  }

  /** Events wait from now on, until what is returned is called, by everybody who paused. */
  pause(): () => void {
    const pause = {};
    this.pauses.add(pause);
    return () => {
      this.pauses.delete(pause);
      if (!this.running) this.drain();
    };
  }

  /** What is posted meanwhile goes before all that waits. */
  ahead(post: () => void): void {
    const waited = this.waiting.splice(0);
    post();
    this.waiting.push(...waited);
  }

  /** Of this call, what has not been decided on: while somebody pauses, or in the middle of a step. */
  waitingFor(callId: CallId): readonly CoreEvent[] { return this.waiting.filter((event) => 'callId' in event && event.callId === callId); }

  private drain(): void {
    this.running = true;
    try {
      for (let next = this.next(); next !== undefined; next = this.next()) this.run(next);
    } finally {
      this.running = false;
    }
  }

  private next(): CoreEvent | undefined { return this.pauses.size > 0 ? undefined : this.waiting.shift(); }

  /** No more wakes. */
  stop(): void {
    this.cancelWake?.();
    this.cancelWake = null;
  }

  private run(event: CoreEvent): void {
    const { deps } = this;
    let result: StepResult;
    try {
      result = deps.step(event, { monotonicMs: deps.timers.nowMs(), civil: deps.civil() });
    } catch (fault) {
      deps.failed(fault, event);
      return;
    }
    for (const effect of result.effects) {
      try {
        deps.carry(effect);
      } catch (fault) {
        deps.failed(fault, effect);
      }
    }
    deps.touched(result);
    this.wakeAt(result.wakeAtMs);
  }

  private wakeAt(atMs: number | null): void {
    if (atMs === this.wakeAtMs && this.cancelWake !== null) return;
    this.stop();
    this.wakeAtMs = atMs;
    if (atMs === null) return;
    // Rounded up: a timer that fires a fraction early would find nothing due and be set again at once.
    this.cancelWake = this.deps.timers.after(Math.max(0, Math.ceil(atMs - this.deps.timers.nowMs())), () => {
      this.cancelWake = null;
      this.post({ type: 'wake' });
    });
  }
}
