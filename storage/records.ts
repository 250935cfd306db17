// Call records: what is kept of a call after it ended.
import { type ClientSession, type Db } from 'mongodb';
import { type CallRecord } from './model/record';
import { collectionOf } from './schema';

/** Writes records; one that is already there stays as it is, so that a repeated batch is harmless. */
export async function writeRecords(db: Db, records: readonly CallRecord[], session?: ClientSession): Promise<void> {
  if (records.length === 0) return;
  const writes = records.map((record) => {
    const { _id, ...rest } = record;
    return { updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true } };
  });
  await collectionOf(db, 'records').bulkWrite(writes, session ? { session } : { ordered: false });
}

/** The last calls of a pool or of one workflow, newest first. */
export async function readRecords(db: Db, pool: string, options: { readonly workflowId?: string; readonly limit?: number } = {}): Promise<readonly CallRecord[]> {
  const { workflowId, limit = 50 } = options;
  return collectionOf(db, 'records').find({ pool, ...(workflowId === undefined ? {} : { workflowId }) }).sort({ arrivedAt: -1 }).limit(limit).toArray();
}
