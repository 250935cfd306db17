// Where phones registered from: written behind by the registrar, read at its start and by people who set up a phone.
import { type Db } from 'mongodb';
import { type PhoneBinding } from './model/live';
import { collectionOf } from './schema';

export async function writeBinding(db: Db, binding: PhoneBinding): Promise<void> {
  await collectionOf(db, 'bindings').replaceOne({ _id: binding._id }, binding, { upsert: true });
}

export async function removeBinding(db: Db, agentId: string): Promise<void> {
  await collectionOf(db, 'bindings').deleteOne({ _id: agentId });
}

/** All bindings of a pool that have not expired; of these agents only, where any are named. */
export async function readBindings(db: Db, pool: string, agentIds?: readonly string[]): Promise<readonly PhoneBinding[]> {
  if (agentIds === undefined) return collectionOf(db, 'bindings').find({ pool, expiresAt: { $gt: new Date() } }).toArray();
  // By ids alone: together with anything else the embedded database would look through them all.
  const now = new Date();
  return (await collectionOf(db, 'bindings').find({ _id: { $in: [...agentIds] } }).toArray()).filter((one) => one.pool === pool && one.expiresAt > now);
}
