// What one transaction reads and means to write: an object put here is what every later reading of the same transaction sees.
import { isDeepStrictEqual } from 'node:util';
import { type ClientSession, type Db, type Document, type Filter } from 'mongodb';
import { keptAudio } from '../audio';
import { unstored } from '../changes';
import { type ObjectChange, type ObjectKind, type ObjectKinds } from '../model/configuration';
import { type StoredObject } from '../stored';
import { type HeldPool } from './held-pool';

interface Staged { readonly kind: ObjectKind; readonly id: string; readonly before: ObjectKinds[ObjectKind] | null; after: ObjectKinds[ObjectKind] | null }

/** An object as a change hands it over: its pool and version are the draft's business. */
export type Unversioned<K extends ObjectKind> = Omit<ObjectKinds[K], 'pool' | 'version'>;

export class Draft {
  private readonly staged = new Map<string, Staged>();
  /** In a transaction: what it has read by id, which stays so to its end. */
  private readonly got = new Map<string, ObjectKinds[ObjectKind] | null>();

  /** Without a session it only reads, for queries. `held`: the same configuration in memory, which is asked instead wherever it knows the answer. */
  constructor(private readonly db: Db, readonly pool: string, private readonly inSession: { readonly session?: ClientSession } = {}, private readonly held: HeldPool | null = null) {}

  async get<K extends ObjectKind>(kind: K, id: string): Promise<ObjectKinds[K] | null> {
    const staged = this.staged.get(`${kind}/${id}`);
    if (staged) return staged.after as ObjectKinds[K] | null;
    if (!this.inSession.session) return this.held ? this.held.get(kind, id) : (await this.fromDatabase(kind, { _id: id }))[0] ?? null;
    // What may be written again is what is stored, also where a later release has put something beside it.
    const known = this.got.get(`${kind}/${id}`);
    if (known !== undefined) return known as ObjectKinds[K] | null;
    const [found = null] = await this.fromDatabase(kind, { _id: id });
    this.got.set(`${kind}/${id}`, found);
    return found;
  }

  /** Everything of a kind that `filter` finds and `matches` confirms: the filter asks the database, `matches` looks at what is staged. */
  async find<K extends ObjectKind>(kind: K, filter: Document, matches: (object: ObjectKinds[K]) => boolean): Promise<ObjectKinds[K][]> {
    const stored = await this.stored(kind, filter);
    const untouched = stored.filter((one) => !this.staged.has(`${kind}/${one.id}`));
    const staged = [...this.staged.values()].filter((one) => one.kind === kind && one.after !== null).map((one) => one.after as ObjectKinds[K]);
    return [...untouched, ...staged.filter(matches)];
  }

  /**
   * What the database has. The embedded one looks through a whole collection for `$or`, and for ids together with anything else: so each alternative
   * is asked for by itself, and the pool of what is known by id is looked at here. A real replica set answers these as quickly as the others.
   */
  private async stored<K extends ObjectKind>(kind: K, filter: Document): Promise<ObjectKinds[K][]> {
    const { $or: alternatives, ...rest } = filter as { readonly $or?: readonly Document[] } & Document;
    if (alternatives === undefined) return this.asked(kind, rest);
    const found: ObjectKinds[K][] = [];
    // One after the other: a transaction takes one command at a time.
    if (this.inSession.session) for (const one of alternatives) found.push(...await this.asked(kind, { ...rest, ...one }));
    else found.push(...(await Promise.all(alternatives.map((one) => this.asked(kind, { ...rest, ...one })))).flat());
    return [...new Map(found.map((one) => [one.id, one])).values()];
  }

  private async asked<K extends ObjectKind>(kind: K, filter: Document): Promise<ObjectKinds[K][]> {
    return this.held?.find(kind, filter) ?? this.fromDatabase(kind, filter);
  }

  private async fromDatabase<K extends ObjectKind>(kind: K, filter: Document): Promise<ObjectKinds[K][]> {
    const byId = '_id' in filter;
    const found = await this.collection(kind).find((byId ? filter : { pool: this.pool, ...filter }) as Filter<StoredObject<K>>, this.inSession).toArray() as StoredObject<K>[];
    return found.filter((one) => one.pool === this.pool).map((one) => unstored(kind, one));
  }

  /** Which of these audio files are kept. */
  async keptAudio(audioIds: readonly string[]): Promise<ReadonlySet<string>> {
    return audioIds.length === 0 ? new Set() : keptAudio(this.db, audioIds, this.inSession);
  }

  /** Puts an object in place. One that differs in nothing from what stands there is not a change. `atLeast`: the version a restored object must exceed. */
  async put<K extends ObjectKind>(kind: K, object: Unversioned<K>, atLeast = 0): Promise<void> {
    const before = await this.before(kind, object.id);
    const version = Math.max(before?.version ?? 0, atLeast) + 1;
    this.stage(kind, object.id, before, { ...object, pool: this.pool, version } as unknown as ObjectKinds[K]);
  }

  async remove(kind: ObjectKind, id: string): Promise<void> {
    this.stage(kind, id, await this.before(kind, id), null);
  }

  /** What is to be written, in the order in which it was put. */
  changes(): ObjectChange[] {
    return [...this.staged.values()].filter(({ before, after }) => !isSame(before, after)) as ObjectChange[];
  }

  private async before<K extends ObjectKind>(kind: K, id: string): Promise<ObjectKinds[K] | null> {
    const staged = this.staged.get(`${kind}/${id}`);
    return staged ? staged.before as ObjectKinds[K] | null : this.get(kind, id);
  }

  private stage(kind: ObjectKind, id: string, before: Staged['before'], after: Staged['after']): void {
    this.staged.set(`${kind}/${id}`, { kind, id, before, after });
  }

  private collection<K extends ObjectKind>(kind: K) {
    return this.db.collection<StoredObject<K>>(kind);
  }
}

function isSame(before: Staged['before'], after: Staged['after']): boolean {
  return isDeepStrictEqual(before && { ...before, version: 0 }, after && { ...after, version: 0 });
}
