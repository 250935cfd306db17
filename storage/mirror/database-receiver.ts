// The partner's database as the receiver of a mirror: the mirrored pool lies in the same collections as the own one, under its own name.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type AnyBulkWriteOperation, type ClientSession, type Db, type MongoClient } from 'mongodb';
import { keptAudio, storeAudio } from '../audio';
import { nextSequence, readObjects } from '../changes';
import { databaseTime } from '../live';
import { OBJECT_KINDS, type ObjectKind, type ObjectKinds } from '../model/configuration';
import { BEFORE_ALL, type LateAudio, type MirrorHeard, type MirrorPosition, type MirrorState } from '../model/mirror';
import { type AudioFile } from '../model/prompt';
import { servedBy } from '../model/serving';
import { collectionOf } from '../schema';
import { type StoredChange, type StoredObject } from '../stored';
import { inTransaction } from '../transaction';
import { type MirrorReceiver, type Whole } from './ports';
import { readServing } from './serving';

export interface ReceiverDeps { readonly client: MongoClient; readonly db: Db }

/** A whole copy of 10,000 groups takes longer than anything else does in one transaction. */
const PATIENCE_MS = { apply: 10_000, replace: 50_000 } as const;
const DUPLICATE_KEY = 11000;
/** Written in one request of a transaction. */
const WRITTEN_AT_ONCE = 1_000;
/** The verb of the entry that says that everything was compared and copied. */
export const COPIED = 'mirror.copy';

type Target = { readonly kind: ObjectKind; readonly id: string; readonly after: ObjectKinds[ObjectKind] | null };

export class DatabaseReceiver implements MirrorReceiver {
  constructor(private readonly deps: ReceiverDeps, private readonly pool: string) {}

  async position(): Promise<{ readonly position: MirrorPosition; readonly takeAnew: boolean; readonly isHeld: boolean }> {
    const { position, takeAnew } = await this.state();
    return { position, takeAnew, isHeld: await this.isHeld() };
  }

  apply(from: MirrorPosition, entries: readonly StoredChange[], late: readonly AudioFile[]): Promise<boolean> {
    const last = entries.at(-1);
    if (last === undefined) return Promise.resolve(true);
    return this.moving(from, entries.some(({ part }) => part) ? PATIENCE_MS.replace : PATIENCE_MS.apply, async (session, state) => {
      const { db } = this.deps;
      const sequence = await nextSequence(db, session, this.pool, entries.length) - entries.length;
      await this.moveTo(session, state, { position: { sequence: last.sequence, token: last.token }, madeAt: last.at }, late);
      await this.write(session, lastOf(entries));
      await this.setAside(session, entries);
      // Counted anew here, so that whoever follows this database meets no gap and no number twice.
      await collectionOf(db, 'changes').insertMany(entries.map((entry, at) => ({ ...entry, sequence: sequence + at + 1 })), { session });
    });
  }

  replace(from: MirrorPosition, whole: Whole, late: readonly AudioFile[]): Promise<boolean> {
    return this.moving(from, PATIENCE_MS.replace, async (session, state) => {
      const { db } = this.deps;
      const { position, madeAt, configuration } = whole;
      // One number is left out: so whoever follows this database sees that it must compare everything too.
      const sequence = await nextSequence(db, session, this.pool, 2);
      await this.moveTo(session, state, { position, madeAt, takeAnew: false, copies: state.copies + 1 }, late);
      const here = await readObjects(db, session, this.pool);
      await this.write(session, OBJECT_KINDS.flatMap((kind) => differing(kind, here.objects[kind], configuration.objects[kind])));
      const name = `${COPIED} ${sequence}`;
      await collectionOf(db, 'changes').insertOne({
        _id: `${this.pool}:${name}`, pool: this.pool, origin: this.pool, sequence, at: madeAt ?? new Date(), actor: { kind: 'engine', name: 'mirror' }, verb: COPIED, changes: [], undoes: null, requestId: null,
        subject: { kind: 'settings', id: this.pool, name: this.pool }, value: null, token: name,
      }, { session });
    });
  }

  keptAudio(audioIds: readonly string[]): Promise<ReadonlySet<string>> {
    return keptAudio(this.deps.db, audioIds);
  }

  async keepAudio(audioId: string, bytes: Buffer): Promise<void> {
    const kept = await storeAudio(this.deps.db, bytes);
    if (kept !== audioId) throw new Error(`The sound ${audioId} came as another (${kept}).`);
    await this.states.updateOne({ _id: this.pool, 'lateAudio.audioId': audioId }, { $pull: { lateAudio: { audioId } } });
  }

  async lateAudio(): Promise<readonly LateAudio[]> {
    return (await this.state()).lateAudio;
  }

  /** Writes down what a look at the source found; the receiver's clock says when. */
  async heard(heard: Omit<MirrorHeard, 'at'>): Promise<void> {
    await this.states.updateOne({ _id: this.pool }, [{ $set: { heard: { $mergeObjects: [{ $literal: heard }, { at: '$$NOW' }] } } }]);
  }

  /** Leaves a mark that no other database has. */
  async mark(): Promise<string> {
    await this.state();
    const mark = randomUUID();
    await this.states.updateOne({ _id: this.pool }, { $set: { mark } });
    return mark;
  }

  /** Everything is compared and copied at the next step, whatever the source holds. */
  async takeAnew(): Promise<void> {
    await this.state();
    await this.states.updateOne({ _id: this.pool }, { $set: { takeAnew: true } });
  }

  /** The mirror as it stands; made where there is none yet. */
  async state(): Promise<MirrorState> {
    const found = await this.states.findOne({ _id: this.pool });
    if (found) return found;
    const blank: MirrorState = { _id: this.pool, position: BEFORE_ALL, madeAt: null, copies: 0, takeAnew: false, lateAudio: [], heard: null };
    await this.states.insertOne(blank).catch((fault: unknown) => { if ((fault as { code?: unknown }).code !== DUPLICATE_KEY) throw fault; });
    return await this.states.findOne({ _id: this.pool }) ?? blank;
  }

  /** One transaction, if the position still is `from`. Run again after a commit of unknown outcome, it finds that the position has moved. */
  private async moving(from: MirrorPosition, patienceMs: number, change: (session: ClientSession, state: MirrorState) => Promise<void>): Promise<boolean> {
    return inTransaction(this.deps.client, async (session) => {
      const state = await this.states.findOne({ _id: this.pool, 'position.sequence': from.sequence, 'position.token': from.token }, { session });
      if (!state || await this.isHeld(session)) return false;
      await change(session, state);
      return true;
    }, Date.now() + patienceMs);
  }

  /** Whether another than the pool itself serves it. */
  private async isHeld(session?: ClientSession): Promise<boolean> {
    return servedBy(await readServing(this.deps.db, this.pool, session), this.pool) !== this.pool;
  }

  private async moveTo(session: ClientSession, { lateAudio }: MirrorState, moved: Partial<MirrorState>, late: readonly AudioFile[]): Promise<void> {
    const since = late.length > 0 ? await databaseTime(this.deps.db) : new Date(0);
    const added = late.filter(({ audioId }) => !lateAudio.some((one) => one.audioId === audioId)).map((one) => ({ ...one, since }));
    await this.states.updateOne({ _id: this.pool }, { $set: { ...moved, lateAudio: [...lateAudio, ...added] } }, { session });
  }

  private async write(session: ClientSession, targets: readonly Target[]): Promise<void> {
    for (const kind of OBJECT_KINDS) {
      const writes = targets.filter((one) => one.kind === kind).map(({ id, after }): AnyBulkWriteOperation<StoredObject<ObjectKind>> => (after === null
        ? { deleteOne: { filter: { _id: id } } }
        : { replaceOne: { filter: { _id: id }, replacement: after, upsert: true } }));
      for (let at = 0; at < writes.length; at += WRITTEN_AT_ONCE) await this.deps.db.collection<StoredObject<ObjectKind>>(kind).bulkWrite(writes.slice(at, at + WRITTEN_AT_ONCE), { session });
    }
  }

  /**
   * Entries here that have a name or a one-time id of these, from a history that the source has forgotten: they are kept, out of the way of those
   * that took their place.
   */
  private async setAside(session: ClientSession, entries: readonly StoredChange[]): Promise<void> {
    const { db } = this.deps;
    const requestIds = entries.flatMap(({ requestId }) => requestId ?? []);
    const inTheWay = await collectionOf(db, 'changes').find({ $or: [{ _id: { $in: entries.map(({ _id }) => _id) } }, { pool: this.pool, requestId: { $in: requestIds } }] }, { session }).toArray();
    if (inTheWay.length === 0) return;
    await collectionOf(db, 'changesAside').insertMany(inTheWay.map((entry) => ({ ...entry, _id: `${entry._id} ${entry.token}` })), { session });
    await collectionOf(db, 'changes').deleteMany({ _id: { $in: inTheWay.map(({ _id }) => _id) } }, { session });
  }

  private get states() {
    return collectionOf(this.deps.db, 'mirrors');
  }
}

/** What each object that the entries name is after the last of them. */
function lastOf(entries: readonly StoredChange[]): Target[] {
  return [...new Map(entries.flatMap(({ changes }) => changes).map(({ kind, id, after }) => [`${kind}/${id}`, { kind, id, after }])).values()];
}

function differing(kind: ObjectKind, here: ReadonlyMap<string, ObjectKinds[ObjectKind]>, there: ReadonlyMap<string, ObjectKinds[ObjectKind]>): Target[] {
  return [...new Set([...here.keys(), ...there.keys()])].flatMap((id) => {
    const after = there.get(id) ?? null;
    return isDeepStrictEqual(here.get(id) ?? null, after) ? [] : [{ kind, id, after }];
  });
}
