// Keys that were pressed, each once: some phones send the same press in their RTP (RFC 4733) and by SIP INFO.
import { type Timers } from './ports';

/** The same key of the same leg within this time is the same press. */
export const SAME_PRESS_MS = 150;

export class Keys {
  private readonly latest = new Map<string, { readonly key: string; readonly atMs: number }>();

  constructor(private readonly timers: Pick<Timers, 'nowMs'>) {}

  /** Whether this is a press not heard of yet. `leg`: whatever names the leg, or the branch of one, both ways. */
  isNew(leg: string, key: string): boolean {
    const atMs = this.timers.nowMs();
    const before = this.latest.get(leg);
    if (before !== undefined && before.key === key && atMs - before.atMs < SAME_PRESS_MS) return false;
    this.latest.set(leg, { key, atMs });
    return true;
  }

  forget(leg: string): void { this.latest.delete(leg); }
}
