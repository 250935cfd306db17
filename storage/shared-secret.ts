// A secret that all bots of a pool share, made by the first that asks: what one of them signs, another knows for ours.
import { randomBytes } from 'node:crypto';
import { type Db } from 'mongodb';
import { collectionOf } from './schema';

const DUPLICATE_KEY = 11000;

/** The same for all who ask with this id, for ever. @throws the driver's fault */
export async function sharedSecret(db: Db, id: string): Promise<string> {
  const secrets = collectionOf(db, 'secrets');
  try {
    await secrets.updateOne({ _id: id }, { $setOnInsert: { value: randomBytes(32).toString('base64url') } }, { upsert: true });
  } catch (fault) {
    // Somebody else was first.
    if ((fault as { code?: unknown }).code !== DUPLICATE_KEY) throw fault;
  }
  const found = await secrets.findOne({ _id: id });
  if (!found) throw new Error(`The secret ${id} is not kept.`);
  return found.value;
}
