// Time driven by hand.
import { type Timers } from '../../engine/calls/ports';

interface Alarm { readonly atMs: number; readonly act: () => void }

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

export class ManualTimers implements Timers {
  private ms = 1_000;
  private alarms: Alarm[] = [];

  nowMs(): number { return this.ms; }

  after(ms: number, act: () => void): () => void {
    const alarm = { atMs: this.ms + ms, act };
    this.alarms.push(alarm);
    return () => { this.alarms = this.alarms.filter((each) => each !== alarm); };
  }

  /** Lets time pass, alarm by alarm, with everything that follows from each. */
  async pass(ms: number): Promise<void> {
    const until = this.ms + ms;
    await settle();
    for (;;) {
      const next = this.alarms.filter(({ atMs }) => atMs <= until).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.alarms = this.alarms.filter((each) => each !== next);
      this.ms = Math.max(this.ms, next.atMs);
      next.act();
      await settle();
    }
    this.ms = until;
  }

  get pending(): number { return this.alarms.length; }
}
