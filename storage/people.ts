// People seen in chat: how to reach them and in which language. Not configuration: nobody has rights because of it.
import { type Db } from 'mongodb';
import { collectionOf } from './schema';
import { SharedTrip } from './shared-reading';
import { type Person } from './stored';

export type { Person };

export function rememberPerson(db: Db, person: Omit<Person, 'seenAt'>): Promise<void> {
  return rememberPeople(db, [person]);
}

/** How long what was remembered of somebody is not written again, unless it differs. */
const FRESH_MS = 60_000;
/** People of whom it is known what was written. */
const KNOWN_MOST = 5_000;
const WRITE_APART_MS = 100;

/** Remembers people for one process, many in one go; what was just written is not written again. */
export class RememberedPeople {
  private readonly written = new Map<string, { readonly text: string; readonly at: number }>();
  private readonly write: SharedTrip<Omit<Person, 'seenAt'>, void>;

  constructor(db: Db) {
    this.write = new SharedTrip((people) => rememberPeople(db, people), WRITE_APART_MS);
  }

  /** @throws the driver's fault */
  async remember(person: Omit<Person, 'seenAt'>): Promise<void> {
    const text = JSON.stringify(person);
    const known = this.written.get(person._id);
    if (known?.text === text && performance.now() - known.at < FRESH_MS) return;
    await this.write.ask([person]);
    if (this.written.size >= KNOWN_MOST) this.written.clear();
    this.written.set(person._id, { text, at: performance.now() });
  }
}

async function rememberPeople(db: Db, people: readonly Omit<Person, 'seenAt'>[]): Promise<void> {
  const seenAt = new Date();
  const last = new Map(people.map((person) => [person._id.toLowerCase(), person]));
  await collectionOf(db, 'people').bulkWrite([...last].map(([_id, person]) => ({ replaceOne: { filter: { _id }, replacement: { name: person.name, locale: person.locale, timeZone: person.timeZone ?? null, conversation: person.conversation, seenAt }, upsert: true } })), { ordered: false });
}

export async function readPerson(db: Db, personId: string): Promise<Person | null> {
  return collectionOf(db, 'people').findOne({ _id: personId.toLowerCase() });
}

/** People whose name contains `text`, whatever its case, by name: for choosing managers and agents. */
export async function findPeople(db: Db, text: string, limit = 20): Promise<readonly Person[]> {
  const literal = text.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return collectionOf(db, 'people').find({ name: { $regex: literal, $options: 'i' } }).sort({ name: 1 }).limit(limit).toArray();
}
