// The change log and the objects it is about: read by the feed, by history and by undo; written by administration alone.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ClientSession, type Db, type MongoClient } from 'mongodb';
import { emptyConfiguration, OBJECT_KINDS, type Configuration, type ObjectChange, type ObjectKind, type ObjectKinds } from './model/configuration';
import { completed, completedChange } from './kinds';
import { collectionOf } from './schema';
import { type Counter, type StoredChange, type StoredObject } from './stored';
import { inTransaction } from './transaction';

/** Somebody changes the pool's configuration as a whole just now, and everybody else waits. */
export class PoolHeld extends Error {
  constructor() {
    super('The configuration of the pool is just being changed as a whole, as by an import. Nothing was saved; try again in a minute.');
    this.name = 'PoolHeld';
  }
}

/** Raises the pool's sequence, to the last of `count` new ones. The first write of a transaction: from here to its end no other transaction of the pool commits. @throws PoolHeld */
export async function nextSequence(db: Db, session: ClientSession, pool: string, count = 1): Promise<number> {
  const counter = await collectionOf(db, 'counters').findOneAndUpdate({ _id: pool }, { $inc: { sequence: count } }, { session, upsert: true, returnDocument: 'after' });
  if (!counter) throw new Error('The change counter could not be raised.');
  if (counter.held) throw new PoolHeld();
  return counter.sequence;
}

/** The same for one change of a verb, whose token stays with the counter; and what the counter said before. @throws PoolHeld */
export async function openChange(db: Db, session: ClientSession, pool: string, token: string): Promise<{ readonly sequence: number; readonly before: Pick<Counter, 'sequence' | 'last'> }> {
  const before = await collectionOf(db, 'counters').findOneAndUpdate({ _id: pool }, { $inc: { sequence: 1 }, $set: { last: token } }, { session, upsert: true, returnDocument: 'before' });
  if (before?.held) throw new PoolHeld();
  const { sequence = 0, last } = before ?? {};
  return { sequence: sequence + 1, before: { sequence, ...(last === undefined ? {} : { last }) } };
}

/** Writes the objects and their log entry, in the caller's transaction. */
export async function writeChange(db: Db, session: ClientSession, entry: StoredChange): Promise<void> {
  for (const change of entry.changes) {
    const collection = db.collection<StoredObject<ObjectKind>>(change.kind);
    if (change.after === null) await collection.deleteOne({ _id: change.id }, { session });
    else await collection.replaceOne({ _id: change.id }, change.after, { session, upsert: true });
  }
  await collectionOf(db, 'changes').insertOne(entry, { session });
}

/** An object without the name the database gives it, and complete, also where it was stored before a field existed. */
export function unstored<K extends ObjectKind>(kind: K, stored: StoredObject<K>): ObjectKinds[K] {
  const { _id, ...object } = stored;
  return completed(kind, object);
}

/** A log entry whose objects are complete, as `unstored`. */
export function completedEntry<E extends { readonly changes: readonly ObjectChange[] }>(entry: E): E {
  return { ...entry, changes: entry.changes.map(completedChange) };
}

/** Entries after `sequence`, oldest first: only what a follower needs. */
export async function changesAfter(db: Db, pool: string, sequence: number, limit: number): Promise<readonly Followed[]> {
  const entries: Followed[] = [];
  for await (const entry of collectionOf(db, 'changes').find({ pool, sequence: { $gt: sequence } }, { projection: { sequence: 1, changes: 1, part: 1 } }).sort({ sequence: 1 }).limit(limit)) {
    entries.push(completedEntry(entry));
    // Part of something large: whoever follows has calls to carry meanwhile.
    if (entry.part) await nextTurn();
  }
  return entries;
}
type Followed = Pick<StoredChange, 'sequence' | 'changes' | 'part'>;

const READ_PATIENCE_MS = 15_000;

/** The whole configuration at one sequence. */
export async function readConfiguration(client: MongoClient, db: Db, pool: string): Promise<Configuration> {
  return inTransaction(client, (session) => readObjects(db, session, pool), Date.now() + READ_PATIENCE_MS);
}

/** The whole configuration at one sequence, and the entry that led to it; null where the log no longer has it. */
export async function readWhole(client: MongoClient, db: Db, pool: string): Promise<{ readonly configuration: Configuration; readonly last: StoredChange | null }> {
  return inTransaction(client, async (session) => {
    const configuration = await readObjects(db, session, pool);
    return { configuration, last: await collectionOf(db, 'changes').findOne({ pool, sequence: configuration.sequence }, { session }) };
  }, Date.now() + READ_PATIENCE_MS);
}

/** The whole configuration as the transaction of `session` sees it. */
export async function readObjects(db: Db, session: ClientSession, pool: string): Promise<Configuration> {
  const configuration = emptyConfiguration(pool);
  const counter = await collectionOf(db, 'counters').findOne({ _id: pool }, { session });
  configuration.sequence = counter?.sequence ?? 0;
  for (const kind of OBJECT_KINDS) {
    const objects = configuration.objects[kind] as Map<string, ObjectKinds[ObjectKind]>;
    for await (const stored of db.collection<StoredObject<ObjectKind>>(kind).find({ pool }, { session, batchSize: 2_000 })) objects.set(stored._id, unstored(kind, stored as StoredObject<ObjectKind>));
  }
  if (counter?.held && counter.held.done > 0) await putBack(db, session, configuration, counter.held.from);
  return configuration;
}

/** What is only half in its place counts as not begun: the configuration as it was at `sequence`. */
async function putBack(db: Db, session: ClientSession, configuration: Configuration, sequence: number): Promise<void> {
  for await (const { changes } of collectionOf(db, 'changes').find({ pool: configuration.pool, sequence: { $gt: sequence } }, { session, projection: { changes: 1 } }).sort({ sequence: -1 })) {
    for (const { kind, id, before } of changes.map(completedChange)) {
      const objects = configuration.objects[kind] as Map<string, ObjectKinds[ObjectKind]>;
      if (before === null) objects.delete(id);
      else objects.set(id, before);
    }
  }
  configuration.sequence = sequence;
}
