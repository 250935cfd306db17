// People seen in chat: how to reach them and in which language. Not configuration: nobody has rights because of it.
import { type Db } from 'mongodb';

export interface Person {
  /** The directory object id, in lower case. */
  readonly _id: string;
  readonly name: string;
  readonly locale: string;
  /** What the chat adapter needs to write first; opaque here. */
  readonly conversation: Readonly<Record<string, unknown>> | null;
  readonly seenAt: Date;
}

export declare function rememberPerson(db: Db, person: Omit<Person, 'seenAt'>): Promise<void>;
export declare function readPerson(db: Db, personId: string): Promise<Person | null>;
/** People whose name contains `text`, for choosing managers and agents. At most `limit` (20). */
export declare function findPeople(db: Db, text: string, limit?: number): Promise<readonly Person[]>;
