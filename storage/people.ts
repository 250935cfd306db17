// People seen in chat: how to reach them and in which language. Not configuration: nobody has rights because of it.
import { type Db } from 'mongodb';
import { collectionOf } from './schema';
import { type Person } from './stored';

export type { Person };

export async function rememberPerson(db: Db, person: Omit<Person, 'seenAt'>): Promise<void> {
  const _id = person._id.toLowerCase();
  await collectionOf(db, 'people').replaceOne({ _id }, { name: person.name, locale: person.locale, timeZone: person.timeZone ?? null, conversation: person.conversation, seenAt: new Date() }, { upsert: true });
}

export async function readPerson(db: Db, personId: string): Promise<Person | null> {
  return collectionOf(db, 'people').findOne({ _id: personId.toLowerCase() });
}

/** People whose name contains `text`, whatever its case, by name: for choosing managers and agents. */
export async function findPeople(db: Db, text: string, limit = 20): Promise<readonly Person[]> {
  const literal = text.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return collectionOf(db, 'people').find({ name: { $regex: literal, $options: 'i' } }).sort({ name: 1 }).limit(limit).toArray();
}
