// Taking a change of any size into force: written down beforehand where nobody looks, begun by one small write, then put in place part by part by whoever is there.
import { randomUUID } from 'node:crypto';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { BSON, MongoServerError, type AnyBulkWriteOperation, type ClientSession, type Collection, type Db, type MongoClient } from 'mongodb';
import { PoolHeld } from '../changes';
import { databaseTime } from '../live';
import { type ChangeEntry } from '../model/change';
import { type ObjectChange, type ObjectKind } from '../model/configuration';
import { collectionOf } from '../schema';
import { type Counter, type StoredChange, type StoredObject } from '../stored';
import { inTransaction } from '../transaction';

export interface InForceDeps { readonly client: MongoClient; readonly db: Db; readonly pool: string; readonly sizes?: PartSizes }
export interface PartSizes { readonly objects: number; readonly bytes: number }

/** What one transaction writes: well below the second that others then wait at most, and below the 16 MB of a document. */
const PART: PartSizes = { objects: 500, bytes: 4 * 1024 * 1024 };
/** A document holds no more, with what the entry has beside. */
const MOST_BYTES = 15 * 1024 * 1024;
/** A holder that is not heard of for so long is taken for dead. */
const LEASE_MS = 15_000;
const RENEW_MS = 3_000;
const PATIENCE_MS = 30_000;
const LOOK_AGAIN_MS = 250;
const DUPLICATE_KEY = 11000;

/** A log entry that waits for its turn, out of everybody's sight. */
interface StoredPart { readonly _id: string; readonly holder: string; readonly pool: string; readonly number: number; readonly entry: StoredChange }

const partsOf = (db: Db): Collection<StoredPart> => db.collection<StoredPart>('importParts');
const partId = (holder: string, number: number): string => `${holder}:${number}`;

/** What an entry says beside what it holds; numbers and parts are given here. */
export type WholeEntry = Omit<StoredChange, '_id' | 'pool' | 'origin' | 'sequence' | 'changes' | 'part'>;

/** Somebody took us for dead; nothing of ours was begun. */
export class HoldLost extends Error {
  constructor() {
    super('This machine was silent for too long, and another process went on in its place. Nothing was changed.');
    this.name = 'HoldLost';
  }
}

/**
 * The right to change a whole pool: until it is released nobody else changes anything there. Renewed while it is held; a holder that dies loses it,
 * and what it had begun is completed by the next, what it had not begun never was.
 */
export class Hold {
  private readonly renewing: NodeJS.Timeout;
  private renewal: Promise<unknown> = Promise.resolve();

  private constructor(private readonly deps: InForceDeps, readonly holder: string) {
    this.renewing = setInterval(() => { this.renewal = this.renew().catch(() => undefined); }, RENEW_MS);
    this.renewing.unref();
  }

  /** Completes or takes back what a dead holder left, waiting for it to be known for dead. @throws PoolHeld while a living one has it */
  static async take(deps: InForceDeps): Promise<Hold> {
    for (const begun = Date.now(); ;) {
      try {
        return await Hold.takeNow(deps);
      } catch (fault) {
        if (!(fault instanceof PoolHeld) || Date.now() - begun > LEASE_MS + RENEW_MS) throw fault;
      }
      await pauseFor(LOOK_AGAIN_MS);
    }
  }

  private static async takeNow(deps: InForceDeps): Promise<Hold> {
    await settle(deps);
    const holder = `import-${randomUUID()}`;
    const until = await inAWhile(deps.db);
    const counters = collectionOf(deps.db, 'counters');
    try {
      const { matchedCount, upsertedCount } = await counters.updateOne({ _id: deps.pool, held: { $exists: false } }, { $set: { held: { holder, until, from: 0, count: 0, done: 0 } }, $setOnInsert: { sequence: 0 } }, { upsert: true });
      if (matchedCount + upsertedCount === 0) throw new PoolHeld();
    } catch (fault) {
      // It is there and held: the upsert met it.
      if (fault instanceof MongoServerError && fault.code === DUPLICATE_KEY) throw new PoolHeld();
      throw fault;
    }
    return new Hold(deps, holder);
  }

  /**
   * Writes the changes and their entries: all of them, or none. The first entry says what it is and holds nothing, the others hold the changes.
   * `site`: the pool that serves this one, where that is not the pool itself. Resolves to the first entry's id and the last sequence.
   * @throws HoldLost, RangeError for one object that is too large, or the driver's fault: then either nothing was begun, or the next holder completes it
   */
  async carryOut(entry: WholeEntry, changes: readonly ObjectChange[], site = this.deps.pool): Promise<{ readonly entryId: string; readonly sequence: number }> {
    const { db, client, pool, sizes = PART } = this.deps;
    const counter = await collectionOf(db, 'counters').findOne({ _id: pool });
    if (counter?.held?.holder !== this.holder) throw new HoldLost();
    const from = counter.sequence;
    const parts = inParts(changes, sizes);
    const entries = entriesOf(entry, { pool, site }, from, parts);
    const head = { entryId: entries[0]?._id ?? '', sequence: from + entries.length };
    if (parts.length <= 1) {
      await inTransaction(client, (session) => this.write(session, entries, from), Date.now() + PATIENCE_MS);
      return head;
    }
    for (const [number, one] of entries.entries()) await partsOf(db).insertOne({ _id: partId(this.holder, number), holder: this.holder, pool, number, entry: one });
    // From here on it is true, whoever dies.
    const begun = await collectionOf(db, 'counters').updateOne({ _id: pool, 'held.holder': this.holder, 'held.count': 0 }, { $set: { 'held.from': from, 'held.count': entries.length, 'held.until': await inAWhile(db) } });
    if (begun.matchedCount === 0) throw new HoldLost();
    await rollForward(this.deps, this.holder, entries);
    return head;
  }

  /** Idempotent. What has begun and is not in place stays held, for the next to complete. */
  async release(): Promise<void> {
    clearInterval(this.renewing);
    await this.renewal;
    const { db, pool } = this.deps;
    await collectionOf(db, 'counters').updateOne({ _id: pool, 'held.holder': this.holder, 'held.count': 0 }, { $unset: { held: '' } });
    const held = (await collectionOf(db, 'counters').findOne({ _id: pool }))?.held;
    if (held?.holder !== this.holder) await partsOf(db).deleteMany({ holder: this.holder });
  }

  /** All at once. Run again after a commit of unknown outcome, it finds its own entry and is content. */
  private async write(session: ClientSession, entries: readonly StoredChange[], from: number): Promise<void> {
    const { db, pool } = this.deps;
    const moved = await collectionOf(db, 'counters').updateOne({ _id: pool, sequence: from, 'held.holder': this.holder }, { $inc: { sequence: entries.length } }, { session });
    if (moved.matchedCount === 0) {
      if (await collectionOf(db, 'changes').findOne({ _id: entries[0]?._id ?? '', token: entries[0]?.token ?? '' }, { session })) return;
      throw new HoldLost();
    }
    for (const one of entries) await writeObjects(db, session, one.changes);
    await collectionOf(db, 'changes').insertMany([...entries], { session });
  }

  private async renew(): Promise<void> {
    const { db, pool } = this.deps;
    await collectionOf(db, 'counters').updateOne({ _id: pool, 'held.holder': this.holder }, { $set: { 'held.until': await inAWhile(db) } });
  }
}

/**
 * Completes what a dead holder had begun, and lets go of what it had not. Does nothing while nobody holds the pool.
 * @throws PoolHeld while the holder lives, or the driver's fault
 */
export async function settle(deps: InForceDeps): Promise<void> {
  const { db, pool } = deps;
  const counters = collectionOf(db, 'counters');
  for (;;) {
    const held = (await counters.findOne({ _id: pool }))?.held;
    if (!held) return;
    if (held.until > await databaseTime(db)) throw new PoolHeld();
    if (held.count > 0) return rollForward(deps, held.holder);
    const freed = await counters.updateOne({ _id: pool, 'held.holder': held.holder, 'held.until': held.until, 'held.count': 0 }, { $unset: { held: '' } });
    if (freed.matchedCount > 0) {
      await partsOf(db).deleteMany({ holder: held.holder });
      return;
    }
    // Somebody else has settled it meanwhile, or the holder lives after all: what is there now says which.
  }
}

/** Puts the parts in their places, each in one transaction with the count of those that are. Several may do it at once. `entries`: those of the parts, where they are known. */
async function rollForward(deps: InForceDeps, holder: string, entries: readonly StoredChange[] = []): Promise<void> {
  const { client, db, pool } = deps;
  for (;;) {
    const held = (await collectionOf(db, 'counters').findOne({ _id: pool }))?.held;
    if (held?.holder !== holder) break;
    const entry = entries[held.done] ?? (await partsOf(db).findOne({ _id: partId(holder, held.done) }))?.entry;
    if (!entry) throw new Error(`The part ${held.done} of ${held.count} of ${holder} is missing.`);
    const place = (overAny: boolean): Promise<void> => inTransaction(client, async (session) => {
      const isLast = held.done + 1 === held.count;
      const next = isLast ? { $inc: { sequence: 1 }, $unset: { held: '' as const } } : { $inc: { sequence: 1, 'held.done': 1 }, $set: { 'held.until': await inAWhile(db) } };
      const moved = await collectionOf(db, 'counters').updateOne({ _id: pool, 'held.holder': holder, 'held.done': held.done }, next, { session });
      // Somebody else was faster, or an earlier run of this one has come through.
      if (moved.matchedCount === 0) return;
      await writeObjects(db, session, entry.changes, overAny);
      await collectionOf(db, 'changes').insertOne(entry, { session });
    }, Date.now() + PATIENCE_MS);
    await place(false).catch((fault: unknown) => {
      if (fault instanceof MongoServerError && fault.code === DUPLICATE_KEY) return place(true);
      throw fault;
    });
  }
  await partsOf(db).deleteMany({ holder });
}

function inParts(changes: readonly ObjectChange[], { objects, bytes }: PartSizes): ObjectChange[][] {
  const parts: ObjectChange[][] = [];
  let size = 0;
  for (const one of changes) {
    const own = BSON.calculateObjectSize(one, { ignoreUndefined: true });
    if (own > MOST_BYTES) throw new RangeError(`The change of ${one.kind} ${one.id} has ${own} bytes, and the database takes at most ${MOST_BYTES}.`);
    const last = parts.at(-1);
    if (last !== undefined && last.length < objects && size + own <= bytes) last.push(one);
    else { parts.push([one]); size = 0; }
    size += own;
  }
  return parts;
}

function entriesOf(entry: WholeEntry, { pool, site }: { readonly pool: string; readonly site: string }, from: number, parts: readonly (readonly ObjectChange[])[]): StoredChange[] {
  // What a partner writes while it serves the pool never has the name of an entry that the pool wrote meanwhile.
  const named = (sequence: number): string => `${site === pool ? pool : `${pool}@${site}`}:${sequence}`;
  const of = named(from + 1);
  return [[], ...parts].map((changes, number): StoredChange => ({
    ...entry, requestId: number === 0 ? entry.requestId : null, _id: named(from + 1 + number), pool, origin: site, sequence: from + 1 + number, changes, part: { of, number, count: parts.length + 1 } satisfies ChangeEntry['part'],
  }));
}

/** `overAny`: also over an object of that id that is another pool's by now, since what has begun must come to its end. */
async function writeObjects(db: Db, session: ClientSession, changes: readonly ObjectChange[], overAny = false): Promise<void> {
  const byKind = new Map<ObjectKind, AnyBulkWriteOperation<StoredObject<ObjectKind>>[]>();
  for (const { kind, id, before, after } of changes) {
    const write: AnyBulkWriteOperation<StoredObject<ObjectKind>> = after === null ? { deleteOne: { filter: { _id: id } } }
      : before === null && !overAny ? { insertOne: { document: { _id: id, ...after } } }
        : { replaceOne: { filter: { _id: id }, replacement: after, upsert: true } };
    byKind.set(kind, [...byKind.get(kind) ?? [], write]);
  }
  for (const [kind, writes] of byKind) await db.collection<StoredObject<ObjectKind>>(kind).bulkWrite(writes, { session });
}

const inAWhile = async (db: Db): Promise<Date> => new Date((await databaseTime(db)).getTime() + LEASE_MS);

/** Whether what the counter says is begun and not in place. */
export const isGoingIn = (counter: Counter | null): counter is Counter & { readonly held: NonNullable<Counter['held']> } => (counter?.held?.count ?? 0) > 0;
