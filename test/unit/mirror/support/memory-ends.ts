// Both ends of a mirror in memory, each of which dies when it is told to: before its work is done, or after it and before it could say so.
import { createHash } from 'node:crypto';
import { emptyConfiguration, OBJECT_KINDS, type Configuration, type ObjectChange } from '../../../../storage/model/configuration';
import { BEFORE_ALL, type MirrorPosition } from '../../../../storage/model/mirror';
import { type AudioFile } from '../../../../storage/model/prompt';
import { type Queue } from '../../../../storage/model/queue';
import { type LogReading, type MirrorReceiver, type MirrorSource, type Whole } from '../../../../storage/mirror/ports';
import { type StoredChange } from '../../../../storage/stored';

export type Death = 'before' | 'after' | null;
export const POOL = 'east';

/** Sounds are called by their content, and their content is a number. */
export const soundOf = (n: number): AudioFile => ({ audioId: createHash('sha256').update(String(n)).digest('hex'), fileName: `${n}.wav`, durationMs: 1 });
const contentOf = (n: number): Buffer => Buffer.from(String(n));
const sounds = new Map(Array.from({ length: 8 }, (_, n) => [soundOf(n).audioId, contentOf(n)]));

/** Plain data of everything, to compare. */
export function plain(configuration: Pick<Configuration, 'objects'>): string {
  return JSON.stringify(OBJECT_KINDS.map((kind) => [kind, [...configuration.objects[kind]].sort(([one], [other]) => (one < other ? -1 : 1))]));
}

/** Who works turn by turn gives others their turn. */
async function worked<T>(death: Death, turns: number, work: () => T): Promise<T> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  if (death === 'before') throw new Error('died before');
  const done = work();
  if (death === 'after') throw new Error('died after');
  return done;
}

/** Deaths and turns, as a test has drawn them; all goes well once they are used up. */
export class Fate {
  constructor(private readonly drawn: { readonly death: Death; readonly turns: number }[] = []) {}

  next(): { readonly death: Death; readonly turns: number } { return this.drawn.shift() ?? { death: null, turns: 0 }; }
}

export class MemorySource implements MirrorSource {
  fate = new Fate();
  configuration = emptyConfiguration(POOL);
  private log: StoredChange[] = [];
  private tokens = 0;
  /** Everything as it was after each entry that ever was, by token. */
  readonly states = new Map<string, string>([['', plain(emptyConfiguration(POOL))]]);

  /** What was changed by parts whose last has not been written yet: the first entry of it, and what stood before. */
  private open: { readonly of: string; readonly count: number; readonly done: number; readonly before: Map<string, Queue>; readonly head: MirrorPosition } | null = null;

  get isHeld(): boolean { return this.open !== null; }

  /** Begins something that is written in so many parts, or writes its next part. */
  part(id: string, count: number): void {
    const open = this.open ?? { of: `import-${this.tokens}`, count, done: 0, before: new Map(this.configuration.objects.queues), head: this.head };
    this.open = null;
    this.change(id, null, false, { of: open.of, number: open.done, count: open.count });
    if (open.done + 1 < open.count) {
      this.states.delete(this.head.token);
      this.open = { ...open, done: open.done + 1 };
    }
  }

  change(id: string, sound: number | null, isRemoved: boolean, part?: NonNullable<StoredChange['part']>): void {
    const before = this.configuration.objects.queues.get(id) ?? null;
    const sequence = this.configuration.sequence + 1;
    const prompt = { text: String(sequence), audio: sound === null ? null : soundOf(sound) };
    const after = isRemoved ? null : { id, pool: POOL, version: (before?.version ?? 0) + 1, name: id, timeoutAction: { kind: 'disconnect', prompt } } as unknown as Queue;
    const change: ObjectChange = { kind: 'queues', id, before, after };
    if (after === null) this.configuration.objects.queues.delete(id);
    else this.configuration.objects.queues.set(id, after);
    this.configuration.sequence = sequence;
    const token = `token-${this.tokens += 1}`;
    this.log.push({ _id: `${POOL}:${sequence}`, pool: POOL, origin: POOL, sequence, at: new Date(sequence), actor: { kind: 'operator', name: 'test' }, verb: 'queue.change', changes: [change], undoes: null, requestId: null, subject: { kind: 'queue', id, name: id }, value: null, token, ...(part ? { part } : {}) });
    this.states.set(token, plain(this.configuration));
  }

  /** Forgets the oldest entries, and of the last one at most the rest. */
  trim(count: number): void { this.log = this.log.slice(Math.min(count, Math.max(0, this.log.length - 1))); }

  /** As if a copy had been put back that was made `count` changes ago. */
  restore(count: number): void {
    // A log that was cut keeps its last entry.
    const least = (this.log[0]?.sequence ?? 1) > 1 ? 1 : 0;
    let from = Math.max(least, this.log.length - count);
    while (from > least && this.log[from]?.part !== undefined) from -= 1;
    if (this.log[from]?.part !== undefined) return;
    const gone = this.log.splice(from);
    for (const { changes: [change] } of gone.reverse()) {
      if (change === undefined) continue;
      if (change.before === null) this.configuration.objects.queues.delete(change.id);
      else this.configuration.objects.queues.set(change.id, change.before as Queue);
      this.configuration.sequence -= 1;
    }
  }

  get head(): MirrorPosition {
    const last = this.log.at(-1);
    return last === undefined ? BEFORE_ALL : { sequence: last.sequence, token: last.token };
  }

  read(from: MirrorPosition, limit: number): Promise<LogReading> {
    const { death, turns } = this.fate.next();
    return worked(death, turns, () => ({ head: this.configuration.sequence, at: new Date(), entries: this.log.filter(({ sequence }) => sequence >= from.sequence).slice(0, limit) }));
  }

  whole(): Promise<Whole> {
    const { death, turns } = this.fate.next();
    return worked(death, turns, () => {
      const configuration = emptyConfiguration(POOL);
      // What is only half written counts as not begun.
      for (const [id, queue] of this.open?.before ?? this.configuration.objects.queues) configuration.objects.queues.set(id, queue);
      const position = this.open?.head ?? this.head;
      configuration.sequence = position.sequence;
      return { configuration, position, madeAt: new Date() };
    });
  }

  audio(audioId: string): Promise<Buffer | null> {
    const { death, turns } = this.fate.next();
    return worked(death, turns, () => sounds.get(audioId) ?? null);
  }
}

export class MemoryReceiver implements MirrorReceiver {
  fate = new Fate();
  readonly configuration = emptyConfiguration(POOL);
  at: MirrorPosition = BEFORE_ALL;
  takeAnew = false;
  /** What was applied, `whole` for a copy of everything. */
  readonly applied: (MirrorPosition | 'whole')[] = [];
  readonly kept = new Set<string>();
  late = new Map<string, AudioFile>();

  position(): Promise<{ readonly position: MirrorPosition; readonly takeAnew: boolean; readonly isHeld: boolean }> {
    const { death, turns } = this.fate.next();
    return worked(death, turns, () => ({ position: this.at, takeAnew: this.takeAnew, isHeld: false }));
  }

  apply(from: MirrorPosition, entries: readonly StoredChange[], late: readonly AudioFile[]): Promise<boolean> {
    return this.moving(from, late, () => {
      for (const { sequence, token, changes } of entries) {
        for (const { id, after } of changes) {
          if (after === null) this.configuration.objects.queues.delete(id);
          else this.configuration.objects.queues.set(id, after as Queue);
        }
        this.at = { sequence, token };
        this.applied.push(this.at);
      }
    });
  }

  replace(from: MirrorPosition, { configuration, position }: Whole, late: readonly AudioFile[]): Promise<boolean> {
    return this.moving(from, late, () => {
      this.configuration.objects.queues.clear();
      for (const [id, queue] of configuration.objects.queues) this.configuration.objects.queues.set(id, queue);
      this.at = position;
      this.takeAnew = false;
      this.applied.push('whole');
    });
  }

  keptAudio(audioIds: readonly string[]): Promise<ReadonlySet<string>> {
    const { death, turns } = this.fate.next();
    return worked(death, turns, () => new Set(audioIds.filter((id) => this.kept.has(id))));
  }

  keepAudio(audioId: string): Promise<void> {
    const { death, turns } = this.fate.next();
    return worked(death, turns, () => {
      this.kept.add(audioId);
      this.late.delete(audioId);
    });
  }

  lateAudio(): Promise<readonly AudioFile[]> {
    return Promise.resolve([...this.late.values()]);
  }

  private moving(from: MirrorPosition, late: readonly AudioFile[], change: () => void): Promise<boolean> {
    const { death, turns } = this.fate.next();
    return worked(death, turns, () => {
      if (this.at.sequence !== from.sequence || this.at.token !== from.token) return false;
      change();
      for (const one of late) this.late.set(one.audioId, one);
      return true;
    });
  }
}
