// One trip to the database for everybody who asks while it has yet to begin: nobody is answered from before they asked, and a crowd costs no more than a few.
import { setTimeout as pauseFor } from 'node:timers/promises';

/**
 * Collects what is asked for until the trip before is over and at least `apartMs` after it began, and makes one trip for all of it.
 * Whoever asks alone does not wait. `trip` is handed every key once; a fault of it is the fault of all who asked.
 */
export class SharedTrip<K, T> {
  private asked: { readonly keys: Set<K>; readonly answer: Promise<T> } | null = null;
  private last: Promise<unknown> | null = null;
  private lastAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly trip: (keys: readonly K[]) => Promise<T>, private readonly apartMs: number) {}

  /** What the trip answers, for all of its keys; it began after the call. @throws what `trip` throws */
  ask(keys: Iterable<K> = []): Promise<T> {
    const asked = this.asked ?? this.prepare();
    for (const key of keys) asked.keys.add(key);
    return asked.answer;
  }

  private prepare(): { readonly keys: Set<K>; readonly answer: Promise<T> } {
    const keys = new Set<K>();
    const asked = { keys, answer: this.begin(keys) };
    this.asked = asked;
    return asked;
  }

  private async begin(keys: ReadonlySet<K>): Promise<T> {
    await this.last;
    const early = this.lastAt + this.apartMs - performance.now();
    if (early > 0) await pauseFor(early);
    // From here on nobody joins: the keys are complete, and what is written from now on is the next trip's business.
    this.asked = null;
    this.lastAt = performance.now();
    const answer = this.trip([...keys]);
    this.last = answer.then(() => undefined, () => undefined);
    return answer;
  }
}
