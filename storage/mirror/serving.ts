// The documents that say which pool serves whose groups: decided at the pool that is to serve, and agreed with its partner, where the higher one stands.
import { type ClientSession, type Db, type MongoClient } from 'mongodb';
import { databaseTime } from '../live';
import { stands, type Serving } from '../model/serving';
import { collectionOf } from '../schema';
import { inTransaction } from '../transaction';

const PATIENCE_MS = 5_000;

/** All of them; in the caller's transaction where there is one. */
export function readServings(db: Db, session?: ClientSession): Promise<Serving[]> {
  return collectionOf(db, 'serving').find({}, session ? { session } : {}).toArray();
}

export function readServing(db: Db, owner: string, session?: ClientSession): Promise<Serving | null> {
  return collectionOf(db, 'serving').findOne({ _id: owner }, session ? { session } : {});
}

/** Takes over what the partner has decided, where that is newer than what is known here. Resolves to what was taken. */
export async function adopt({ client, db }: { readonly client: MongoClient; readonly db: Db }, theirs: readonly Serving[]): Promise<readonly Serving[]> {
  const known = new Map((await readServings(db)).map((one) => [one._id, one]));
  const isNews = (one: Serving, here: Serving | null | undefined): boolean => !here || (stands(one, here) && !stands(here, one));
  const adopted: Serving[] = [];
  for (const one of theirs.filter((each) => isNews(each, known.get(each._id)))) {
    const isTaken = await inTransaction(client, async (session) => {
      if (!isNews(one, await readServing(db, one._id, session))) return false;
      await write(db, session, one);
      return true;
    }, Date.now() + PATIENCE_MS);
    if (isTaken) adopted.push(one);
  }
  return adopted;
}

/** Decides, at pool `here`, that it serves the groups of `owner` from now on. Deciding what is so already changes nothing. */
export async function decide({ client, db }: { readonly client: MongoClient; readonly db: Db }, owner: string, here: string, by: string): Promise<Serving> {
  const at = await databaseTime(db);
  return inTransaction(client, async (session) => {
    const before = await readServing(db, owner, session);
    if ((before?.servedBy ?? owner) === here) return before ?? { _id: owner, servedBy: owner, epoch: 0, decidedBy: owner, at, by };
    const sequence = (await collectionOf(db, 'counters').findOne({ _id: owner }, { session }))?.sequence ?? 0;
    const mirror = await collectionOf(db, 'mirrors').findOne({ _id: owner }, { session });
    const decided: Serving = { _id: owner, servedBy: here, epoch: (before?.epoch ?? 0) + 1, decidedBy: here, at, by, sequence, ...(mirror ? { position: mirror.position } : {}) };
    await write(db, session, decided);
    return decided;
  }, Date.now() + PATIENCE_MS);
}

/**
 * Together with the documents that every change and every step of a mirror writes, so that none of them passes a decision unseen. A mirror of a pool
 * that serves itself again is compared in full: what was changed here meanwhile is not the pool's.
 */
export async function write(db: Db, session: ClientSession, serving: Serving): Promise<void> {
  const { _id, epoch, servedBy } = serving;
  await collectionOf(db, 'counters').updateOne({ _id }, { $set: { servingEpoch: epoch } }, { session });
  await collectionOf(db, 'serving').replaceOne({ _id }, serving, { session, upsert: true });
  await collectionOf(db, 'mirrors').updateOne({ _id }, { $set: { servingEpoch: epoch, ...(servedBy === _id ? { takeAnew: true } : {}) } }, { session });
}

/** Notes that an engine of the serving pool goes by this decision. */
export async function takenUp(db: Db, { _id, epoch }: Serving): Promise<void> {
  await collectionOf(db, 'serving').updateOne({ _id, epoch, takenUpAt: { $exists: false } }, [{ $set: { takenUpAt: '$$NOW' } }]);
}
