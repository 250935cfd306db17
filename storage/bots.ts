// Bots of one pool among each other: which of them live, by the database's clock. What a bot keeps up to date carries its id.
import { type Db } from 'mongodb';
import { databaseTime } from './live';
import { collectionOf } from './schema';

/** A bot says that it lives this often, and is taken for dead when it was silent for so long. */
export const BOT_BEAT_MS = 1_000;
const BOT_AWAY_AFTER_MS = 5_000;

/** @throws the driver's fault; doing it again is safe */
export async function beat(db: Db, pool: string, botId: string): Promise<void> {
  await collectionOf(db, 'bots').updateOne({ _id: botId }, [{ $replaceWith: { _id: botId, pool, at: '$$NOW' } }], { upsert: true });
}

/** Of a bot that stops by itself: whatever it kept is anybody's at once. */
export async function leave(db: Db, botId: string): Promise<void> {
  await collectionOf(db, 'bots').deleteOne({ _id: botId });
}

/** Those that spoke within the last 5 s. */
export async function livingBots(db: Db, pool: string): Promise<readonly string[]> {
  const [found, now] = await Promise.all([collectionOf(db, 'bots').find({ pool }).toArray(), databaseTime(db)]);
  return found.filter((one) => now.getTime() - one.at.getTime() < BOT_AWAY_AFTER_MS).map((one) => one._id);
}
