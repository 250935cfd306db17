// How much each address may send: a bucket each, so that one that floods costs a look in a table and the others nothing.
import { type Clock } from './clock';

/** `own`: this machine, without limit. `known`: a trunk, which speaks for many callers. */
export type SourceKind = 'own' | 'known' | 'stranger';

interface Bucket {
  kind: SourceKind;
  left: number;
  filledMs: number;
  /** Messages that were not heard. */
  dropped: number;
}

/** More addresses are not told apart: what was heard first is forgotten first. Forged ones cannot fill the memory. */
const MAX_SOURCES = 20_000;
/** A known source may send so many times as much. */
const KNOWN_FACTOR = 20;
/** What may come at once, in seconds of its rate. */
const BURST_S = 2;

export class SourceRates {
  private readonly buckets = new Map<string, Bucket>();
  private dropped = 0;

  /** @param perSecond messages a stranger may send, for long; 0: no limits. */
  constructor(private readonly perSecond: number, private readonly clock: Pick<Clock, 'civilMs'>, private readonly kindOf: (address: string) => SourceKind) {}

  /** How many messages were not heard so far. */
  get droppedCount(): number {
    return this.dropped;
  }

  /** Takes one message of this address; false when it is to be dropped unread. */
  hears(address: string): boolean {
    if (this.perSecond === 0) return true;
    const nowMs = this.clock.civilMs();
    let bucket = this.buckets.get(address);
    if (!bucket) {
      if (this.buckets.size >= MAX_SOURCES) for (const oldest of this.buckets.keys()) { this.buckets.delete(oldest); break; }
      const kind = this.kindOf(address);
      bucket = { kind, left: this.rateOf(kind) * BURST_S, filledMs: nowMs, dropped: 0 };
      this.buckets.set(address, bucket);
    }
    if (bucket.kind === 'own') return true;
    const rate = this.rateOf(bucket.kind);
    // A clock that was turned back fills nothing.
    bucket.left = Math.min(rate * BURST_S, bucket.left + (Math.max(0, nowMs - bucket.filledMs) / 1_000) * rate);
    bucket.filledMs = nowMs;
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return true;
    }
    bucket.dropped += 1;
    this.dropped += 1;
    return false;
  }

  /** Who is known has changed: everybody is looked at anew. */
  forget(): void {
    this.buckets.clear();
  }

  private rateOf(kind: SourceKind): number {
    return kind === 'known' ? this.perSecond * KNOWN_FACTOR : this.perSecond;
  }
}
