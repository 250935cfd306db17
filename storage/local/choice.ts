// Which MongoDB: the one MONGODB_URI names, else what this data folder already holds, else three members where they are asked for, else a new embedded one. Never switched silently.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { EXIT } from '../process/exit';
import { maskCredentials } from '../process/environment';
import { LocalDatabaseFault } from './fault';
import { holdsReplicaSet, replicaSetFolder } from './replica-set';

const KINDS = ['embedded', 'replica-set', 'external'] as const;
/** Holds one of these words: what the last start from this folder used. */
const MARKER = 'database-kind';
const ANSWER_PATIENCE_MS = 5_000;

export type DatabaseChoice =
  | { readonly kind: 'embedded'; readonly notice: string | null }
  | { readonly kind: 'replica-set'; readonly notice: string | null }
  | { readonly kind: 'external'; readonly uri: string; readonly notice: string | null };

/**
 * Decides, without starting or writing anything. `wantsReplicaSet`: three members on this machine were asked for. `notice` is what a person must be told about it.
 * @throws LocalDatabaseFault where the choice would leave data behind without a word
 */
export async function chooseDatabase(dataDirectory: string, uri: string | undefined, wantsReplicaSet = false): Promise<DatabaseChoice> {
  const marker = await readMarker(dataDirectory);
  const held = [...(holdsEmbeddedData(dataDirectory) ? [EMBEDDED] : []), ...(holdsReplicaSet(dataDirectory) ? [SET] : [])];
  if (uri !== undefined) {
    if (wantsReplicaSet) throw new LocalDatabaseFault('FOLDER_UNUSABLE', 'MONGODB_URI names a database, and --replica-set asks for another. Leave out one of them.', EXIT.usage);
    const notices = held.map(({ name, folder }) => `MONGODB_URI is set, so the ${name} in ${folder(dataDirectory)} is not used. Its groups and agents stay there and are not copied.`);
    return { kind: 'external', uri, notice: notices.length > 0 ? notices.join('\n') : null };
  }
  if (marker === 'external') {
    throw new LocalDatabaseFault('DATABASE_UNREACHABLE', [
      `The last start from ${dataDirectory} used a database that MONGODB_URI named, and MONGODB_URI is not set now.`,
      `Set it again; or, to use ${wantsReplicaSet ? 'three members on this machine' : 'an embedded database'}${held.length > 0 ? ` (an earlier start left: ${held.map(({ name }) => name).join(', ')})` : ''}, remove ${join(dataDirectory, MARKER)}; or choose another folder with --data DIR.`,
    ].join('\n'), EXIT.usage);
  }
  const kept = marker ?? (held.length === 1 ? held[0]?.kind : undefined);
  if (wantsReplicaSet && kept === 'embedded') {
    throw new LocalDatabaseFault('FOLDER_UNUSABLE', [
      `--replica-set asks for three members, and ${dataDirectory} already has an embedded database, whose groups and agents would not be copied.`,
      'Choose another folder with --data DIR, or forget that data with --fresh, or leave --replica-set out.',
    ].join('\n'), EXIT.usage);
  }
  if (!wantsReplicaSet && kept === undefined && held.length > 1) {
    throw new LocalDatabaseFault('FOLDER_UNUSABLE', `${dataDirectory} holds both an embedded database and the members of a replica set, and the file ${MARKER} does not say which to use. Write the word "embedded" or "replica-set" into it.`, EXIT.usage);
  }
  if (wantsReplicaSet || kept === 'replica-set') {
    return { kind: 'replica-set', notice: wantsReplicaSet ? null : 'This folder was begun with --replica-set, so its three members are started.' };
  }
  return { kind: 'embedded', notice: null };
}

const EMBEDDED = { kind: 'embedded', name: 'embedded database', folder: (data: string) => join(data, 'database') } as const;
const SET = { kind: 'replica-set', name: 'replica set', folder: replicaSetFolder } as const;

/** Keeps the choice for the next start. Call it when the database has answered. */
export async function rememberDatabase(dataDirectory: string, kind: DatabaseChoice['kind']): Promise<void> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await writeFile(join(dataDirectory, MARKER), `${kind}\n`, { mode: 0o600 });
}

export function holdsEmbeddedData(dataDirectory: string): boolean {
  const data = join(dataDirectory, 'database');
  return existsSync(data) && readdirSync(data).length > 0;
}

async function readMarker(dataDirectory: string): Promise<DatabaseChoice['kind'] | undefined> {
  const path = join(dataDirectory, MARKER);
  if (!existsSync(path)) return undefined;
  const word = (await readFile(path, 'utf8').catch((fault: Error) => fault.message)).trim();
  const kind = KINDS.find((one) => one === word);
  if (kind) return kind;
  throw new LocalDatabaseFault('FOLDER_UNUSABLE', [
    `The file ${path} should say which database this folder uses, and cannot be understood.`,
    holdsEmbeddedData(dataDirectory)
      ? `There is an embedded database beside it: write the word "embedded" into that file to go on with it.`
      : 'Write "embedded", "replica-set" or "external" (the database of MONGODB_URI) into it, or remove it.',
  ].join('\n'));
}

/** What a person is told of a database of their own: its replica set and how many members answer. */
export interface ExternalDatabase {
  readonly replicaSet: string;
  readonly members: number;
}

/**
 * Asks a database of the person's own whether it can carry the product: reachable, allowed in, and a replica set, because
 * changes are followed through change streams and made in transactions.
 * @throws LocalDatabaseFault DATABASE_UNREACHABLE in words that say what to do; credentials are masked
 */
export async function examineExternalDatabase(uri: string): Promise<ExternalDatabase> {
  const shown = maskCredentials(uri);
  let client: MongoClient | undefined;
  try {
    client = new MongoClient(uri, { serverSelectionTimeoutMS: ANSWER_PATIENCE_MS });
    const hello = await client.db().command({ hello: 1 });
    await client.db().command({ listCollections: 1, nameOnly: true });
    const replicaSet: unknown = hello['setName'];
    if (typeof replicaSet !== 'string') {
      throw new LocalDatabaseFault('DATABASE_UNREACHABLE', `MONGODB_URI (${shown}) answers, but is not a replica set, so it has neither transactions nor change streams. Start it with --replSet and run rs.initiate() once; one member is enough.`, EXIT.databaseUnusable);
    }
    const hosts: unknown = hello['hosts'];
    return { replicaSet, members: Array.isArray(hosts) ? hosts.length : 1 };
  } catch (fault) {
    if (fault instanceof LocalDatabaseFault) throw fault;
    throw new LocalDatabaseFault('DATABASE_UNREACHABLE', `MONGODB_URI (${shown}) cannot be used: ${maskCredentials((fault as Error).message)}\n${adviceFor(fault as Error)}`, EXIT.databaseUnusable, { cause: fault });
  } finally {
    await client?.close();
  }
}

function adviceFor(fault: Error): string {
  if (fault.name === 'MongoParseError') return 'It should look like mongodb://host1,host2,host3/response-group?replicaSet=NAME.';
  if (/auth/i.test(fault.message)) return 'Check the user and password in it, and that this user may read and write the database.';
  return 'Check that it is running and can be reached from this machine, and that its members announce addresses this machine can resolve. Or unset MONGODB_URI to use the embedded database.';
}
