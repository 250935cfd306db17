// Cards that bots keep up to date by themselves: each is one bot's, whoever else of its pool sees what it is about, and another's when that bot dies.
import { type Db } from 'mongodb';
import { collectionOf } from './schema';
import { type StoredCallCard, type StoredHeldMessage } from './stored';

export type { StoredCallCard, StoredHeldMessage };

const DUPLICATE_KEY = 11000;

/** Puts the message into the hands of whoever has the token, whoever had it before. */
export async function holdMessage(db: Db, held: Omit<StoredHeldMessage, 'at'>): Promise<void> {
  const { _id, ...rest } = held;
  await collectionOf(db, 'heldMessages').replaceOne({ _id }, { ...rest, at: new Date() }, { upsert: true });
}

/** Takes the message from whoever has it; with a token, only from who has that. */
export async function letMessageGo(db: Db, id: string, token?: string): Promise<void> {
  await collectionOf(db, 'heldMessages').deleteOne(token === undefined ? { _id: id } : { _id: id, token });
}

/** Takes these messages from whoever has them. */
export async function letMessagesGo(db: Db, ids: readonly string[]): Promise<void> {
  await collectionOf(db, 'heldMessages').deleteMany({ _id: { $in: [...ids] } });
}

export async function isMessageHeld(db: Db, id: string, token: string): Promise<boolean> {
  return await collectionOf(db, 'heldMessages').findOne({ _id: id, token }, { projection: { _id: 1 } }) !== null;
}

/** Takes over the followed messages of bots that are none of `living`; each goes to one of all who ask. `newToken` makes a token for each. */
export async function adoptMessages(db: Db, pool: string, botId: string, living: readonly string[], newToken: () => string): Promise<readonly StoredHeldMessage[]> {
  const messages = collectionOf(db, 'heldMessages');
  const orphans = await messages.find({ pool, bot: { $nin: [...living, botId] }, follow: { $ne: null } }).toArray();
  const adopted: StoredHeldMessage[] = [];
  for (const { _id, token } of orphans) {
    const mine = await messages.findOneAndUpdate({ _id, token }, { $set: { bot: botId, token: newToken() } }, { returnDocument: 'after' });
    if (mine) adopted.push(mine);
  }
  return adopted;
}

/** `false`: another bot has a card for this call on this phone, and the call is not over for that phone. */
export async function claimCallCard(db: Db, card: Omit<StoredCallCard, 'at'>): Promise<boolean> {
  const { _id, ...rest } = card;
  try {
    await collectionOf(db, 'callCards').replaceOne({ _id, $or: [{ over: true }, { bot: card.bot }] }, { ...rest, at: new Date() }, { upsert: true });
    return true;
  } catch (fault) {
    if ((fault as { code?: unknown }).code === DUPLICATE_KEY) return false;
    throw fault;
  }
}

/** What the card shows from now on; `false`: it is another bot's by now, and so is telling. */
export async function keepCallCard(db: Db, card: Omit<StoredCallCard, 'at'>): Promise<boolean> {
  const { _id, ...rest } = card;
  const kept = await collectionOf(db, 'callCards').replaceOne({ _id, bot: card.bot }, { ...rest, at: new Date() });
  return kept.matchedCount === 1;
}

/** Takes over the cards of calls that are not over, from bots that are none of `living`; each goes to one of all who ask. */
export async function adoptCallCards(db: Db, pool: string, botId: string, living: readonly string[]): Promise<readonly StoredCallCard[]> {
  const cards = collectionOf(db, 'callCards');
  const orphans = await cards.find({ pool, over: false, bot: { $nin: [...living, botId] } }).toArray();
  const adopted: StoredCallCard[] = [];
  for (const { _id, bot } of orphans) {
    const mine = await cards.findOneAndUpdate({ _id, bot, over: false }, { $set: { bot: botId } }, { returnDocument: 'after' });
    if (mine) adopted.push(mine);
  }
  return adopted;
}
