// Live documents: the engine writes what people see now; the bot is told which groups changed.
import { type Db } from 'mongodb';
import { type Logger } from './process/log';
import { type LiveGroup, type LivePool } from './model/live';
import { openDoorbell } from './doorbell';
import { collectionOf } from './schema';
import { supersede } from './superseding';

export interface LiveDeps { readonly db: Db; readonly log: Logger }

/** An engine that has not written for this long is taken for gone. It writes every 2 s. */
export const ENGINE_AWAY_AFTER_MS = 6_000;

/** Engine side: one bulk write; a document with an older (epoch, revision) loses. @throws the driver's fault; writing again is safe */
export async function writeLiveGroups(db: Db, groups: readonly LiveGroup[]): Promise<void> {
  if (groups.length > 0) await collectionOf(db, 'liveGroups').bulkWrite(groups.map(supersede), { ordered: false });
}

/** Engine side: forgets groups that were deleted. */
export async function removeLiveGroups(db: Db, workflowIds: readonly string[]): Promise<void> {
  if (workflowIds.length > 0) await collectionOf(db, 'liveGroups').deleteMany({ _id: { $in: [...workflowIds] } });
}

/** Engine side, every 2 s and whenever `inForce` grows. `at` is set to database time. An engine of an older epoch changes nothing. */
export async function writeLivePool(db: Db, pool: Omit<LivePool, 'at'>): Promise<void> {
  const isOlder = { $lte: [{ $ifNull: ['$epoch', -1] }, pool.epoch] };
  const update = [{ $replaceWith: { $cond: [isOlder, { $mergeObjects: [{ $literal: pool }, { at: '$$NOW' }] }, '$$ROOT'] } }];
  await collectionOf(db, 'livePools').updateOne({ _id: pool._id }, update, { upsert: true });
}

/** What the engine last said of itself, and whether it is still there by the database's clock. `null`: there never was one. */
export async function readLivePool(db: Db, pool: string): Promise<(LivePool & { readonly alive: boolean }) | null> {
  const [found] = await collectionOf(db, 'livePools').aggregate<LivePool & { readonly now: Date }>([{ $match: { _id: pool } }, { $set: { now: '$$NOW' } }]).toArray();
  if (!found) return null;
  const { now, ...engine } = found;
  return { ...engine, alive: now.getTime() - engine.at.getTime() < ENGINE_AWAY_AFTER_MS };
}

export async function readLiveGroups(db: Db, workflowIds: readonly string[]): Promise<ReadonlyMap<string, LiveGroup>> {
  const found = await collectionOf(db, 'liveGroups').find({ _id: { $in: [...workflowIds] } }).toArray();
  return new Map(found.map((one) => [one._id, one]));
}

/** The primary's clock. */
export async function databaseTime(db: Db): Promise<Date> {
  return ((await db.command({ hello: 1 }, { readPreference: 'primary' })) as { localTime: Date }).localTime;
}

export interface Watch { close(): Promise<void> }
/** Bot side: calls back with the ids of workflows whose live document changed. At the start and after a reconnect it calls back with `null`: look at all. */
export function watchLive(deps: LiveDeps, onChange: (workflowId: string | null) => void): Watch {
  return openDoorbell(collectionOf(deps.db, 'liveGroups'), {}, deps.log, (change) => {
    onChange(change !== null && 'documentKey' in change ? String(change.documentKey._id) : null);
  });
}
