// One MongoClient a process, with options chosen on purpose.
import { MongoClient, MongoServerError, type Db, type MongoClientOptions } from 'mongodb';
import { DatabaseNewer, migrate, refuseNewer } from './migrations/migrate';
import { prepareSchema } from './schema';

export interface Connection { readonly client: MongoClient; readonly db: Db; close(): Promise<void> }

export interface ConnectOptions {
  /** Shown in the database's log and in `currentOp`. */
  readonly appName: string;
  /** A person waits for each answer, so an absent database is told after 3 s instead of waited for. */
  readonly forPeople?: boolean;
}

/** The database's name where the URI has none. */
export const DATABASE = 'response-group';

/** Why each option is as it is; docs/high-availability.md says what each does in an election, and a test holds its figures against these. */
export function clientOptions({ appName, forPeople = false }: ConnectOptions): MongoClientOptions {
  return {
    appName,
    // What was acknowledged survives the loss of the primary. Where a majority does not answer in time, it is told as a fault and written again by its
    // own identity, instead of holding the connection until the socket gives up.
    writeConcern: { w: 'majority', wtimeoutMS: forPeople ? 4_000 : 10_000 },
    // Nothing is read that an election could take back.
    readConcern: { level: 'majority' },
    // A secondary may be behind: who saved something would not see it.
    readPreference: 'primary',
    // Cures one step-down or one lost connection; whatever is left over is repeated by the identity of the write (see transaction.ts).
    retryWrites: true,
    retryReads: true,
    // An election takes up to 12 s. The engine's writes are behind its calls and may wait for it; a person in chat is told at once.
    serverSelectionTimeoutMS: forPeople ? 3_000 : 15_000,
    // Also how long the heartbeat of a member may take: one that is frozen is given up 5 s after it froze, at most, and what waited for it is tried elsewhere.
    connectTimeoutMS: 3_000,
    // A frozen server or a silent network must not hold a request for ever. Longer than any wait of ours: a change stream is answered each second.
    socketTimeoutMS: forPeople ? 6_000 : 20_000,
    // A database that comes back is noticed within 2 s; while somebody waits for a primary, members are asked twice a second.
    heartbeatFrequencyMS: 2_000,
    maxPoolSize: 20,
    ignoreUndefined: true,
  };
}

/**
 * Connects, prepares collections and indexes, and sees to it that every migration has been run.
 * @throws the driver's fault: MongoParseError for a URI that cannot be read, MongoServerSelectionError where nobody answers;
 * DatabaseNewer where a later release has changed it.
 */
export async function connect(uri: string, options: ConnectOptions): Promise<Connection> {
  const client = new MongoClient(uri, clientOptions(options));
  try {
    await client.connect();
    const db = databaseOf(client, uri);
    await refuseNewer(db);
    await prepareSchema(db);
    await migrate(db);
    return { client, db, close: () => client.close() };
  } catch (fault) {
    await client.close().catch(() => undefined);
    throw fault;
  }
}

/** Of a database that somebody else keeps: connects at its first use, and prepares and changes nothing there. @throws MongoParseError for a URI that cannot be read */
export function openUnchanged(uri: string, options: ConnectOptions): Connection {
  const client = new MongoClient(uri, clientOptions(options));
  return { client, db: databaseOf(client, uri), close: () => client.close() };
}

function databaseOf(client: MongoClient, uri: string): Db {
  const named = new URL(uri.replace(/^mongodb(\+srv)?:\/\/[^/]*/, 'mongodb://host')).pathname.slice(1);
  return client.db(named === '' ? DATABASE : decodeURIComponent(named));
}

/** Waiting helps against neither a URI that cannot be read, nor a wrong password (server error 18), nor a database that is newer than we are. */
export function isUnusable(fault: unknown): boolean {
  if (fault instanceof DatabaseNewer) return true;
  // Some URIs are refused by the package that splits them, which has a MongoParseError of its own.
  return (fault instanceof Error && fault.name === 'MongoParseError') || (fault instanceof MongoServerError && fault.code === 18);
}
