// What is done or told once by whichever process comes first, and never again by another.
import { type Db } from 'mongodb';
import { collectionOf } from './schema';

const DUPLICATE_KEY = 11000;

/** `true` for exactly one of all who ever ask with this id within an hour. @throws the driver's fault, after which nobody knows */
export async function claimOnce(db: Db, id: string): Promise<boolean> {
  try {
    await collectionOf(db, 'claims').insertOne({ _id: id, at: new Date() });
    return true;
  } catch (fault) {
    if ((fault as { code?: unknown }).code === DUPLICATE_KEY) return false;
    throw fault;
  }
}
