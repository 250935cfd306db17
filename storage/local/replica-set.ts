// What a replica set of three members on this machine is made of: names, ports, folders, parameters, and how it is initiated once. Starts nothing.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient, MongoServerError, type Document } from 'mongodb';
import { z } from 'zod';
import { LocalDatabaseFault } from './fault';
import { readKept, writeKept } from './machine/kept-file';
import { isTcpPortFree } from './ports';

const ADDRESS = '127.0.0.1';
const MEMBERS = 3;
/** Away from MongoDB's own 27017 and from the embedded database's. */
const FIRST_PORT = 27317;
const PORTS_TRIED = 200;
const SET = 'response-group';
/** Three share a developer's machine; each would else take half of its memory. */
const CACHE_GIGABYTES = 0.25;
const ANSWER_PATIENCE_MS = 2_000;
const PRIMARY_PATIENCE_MS = 60_000;
const NOT_YET_INITIALIZED = 94;
const ALREADY_INITIALIZED = 23;

/** The members' addresses are part of the set's own configuration, so they stay. */
const portsFile = z.object({ ports: z.array(z.int().min(1).max(65_535)).length(MEMBERS) });

export interface Member {
  /** 1 to 3. */
  readonly number: number;
  readonly port: number;
  readonly data: string;
  readonly log: string;
}

export const replicaSetFolder = (dataDirectory: string): string => join(dataDirectory, 'replica-set');

/** Whether members of an earlier start left data here. */
export function holdsReplicaSet(dataDirectory: string): boolean {
  const folder = replicaSetFolder(dataDirectory);
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('member-'));
}

/**
 * The members as they were at the first start, or new ones on free ports.
 * @throws LocalDatabaseFault where a member's port is taken, or it is not known any more which ports they had
 */
export async function planMembers(dataDirectory: string, { firstPort = FIRST_PORT }: { readonly firstPort?: number } = {}): Promise<readonly Member[]> {
  const path = join(replicaSetFolder(dataDirectory), 'members.json');
  const { value: kept, putAside } = readKept(path, portsFile);
  if (kept) {
    for (const [index, port] of kept.ports.entries()) {
      if (!await isTcpPortFree(port, ADDRESS)) throw new LocalDatabaseFault('DATABASE_FAILED', `Port ${port} is in use. Member ${index + 1} of the replica set needs it: its address is kept in the set's configuration. Stop what listens there, or choose another folder with --data DIR.`);
    }
    return membersAt(dataDirectory, kept.ports);
  }
  if (holdsReplicaSet(dataDirectory)) {
    throw new LocalDatabaseFault('FOLDER_UNUSABLE', [
      `The file ${path}, which says on which ports the replica set of this folder runs, is ${putAside === undefined ? 'missing' : `damaged and now ${putAside}`}.`,
      'Write it again, as {"ports":[a,b,c]} with the ports of the members 1 to 3 (their logs name them), or choose another folder with --data DIR. Nothing was deleted.',
    ].join('\n'));
  }
  const ports: number[] = [];
  for (let port = firstPort; ports.length < MEMBERS && port < firstPort + PORTS_TRIED; port += 1) if (await isTcpPortFree(port, ADDRESS)) ports.push(port);
  if (ports.length < MEMBERS) throw new LocalDatabaseFault('DATABASE_FAILED', `There are no ${MEMBERS} free ports for the replica set between ${firstPort} and ${firstPort + PORTS_TRIED}.`);
  writeKept(path, { ports });
  return membersAt(dataDirectory, ports);
}

function membersAt(dataDirectory: string, ports: readonly number[]): readonly Member[] {
  return ports.map((port, index) => ({
    number: index + 1, port, data: join(replicaSetFolder(dataDirectory), `member-${index + 1}`), log: join(dataDirectory, 'logs', `database-${index + 1}.log`),
  }));
}

/** The command line of one member. It listens to this machine only, and has no access control, like everything that `npm start` runs. */
export function parametersOf({ port, data }: Member): readonly string[] {
  return ['--replSet', SET, '--bind_ip', ADDRESS, '--port', String(port), '--dbpath', data, '--wiredTigerCacheSizeGB', String(CACHE_GIGABYTES), '--nounixsocket', '--quiet'];
}

/** What `replSetInitiate` is given: three equal members, with the server's own election times. */
export function initiationOf(members: readonly Member[]): Document {
  return { _id: SET, members: members.map(({ number, port }) => ({ _id: number - 1, host: `${ADDRESS}:${port}` })) };
}

export function uriOf(members: readonly Member[]): string {
  return `mongodb://${members.map(({ port }) => `${ADDRESS}:${port}`).join(',')}/response-group?replicaSet=${SET}`;
}

/** Whether this member answers, whatever its role. Never rejects. */
export function answers({ port }: Member): Promise<boolean> {
  return withMember(port, ANSWER_PATIENCE_MS, (client) => client.db('admin').command({ ping: 1 })).then(() => true, () => false);
}

/**
 * Makes a set of them where that has not been done, and waits until it has a primary. All must answer already. Safe to call again after any fault.
 * @throws LocalDatabaseFault where they belong to another set, or elect nobody within a minute
 */
export async function initiate(members: readonly Member[]): Promise<void> {
  const [first] = members;
  if (!first) return;
  const name = await withMember(first.port, ANSWER_PATIENCE_MS, async (client) => {
    const admin = client.db('admin');
    try {
      return String((await admin.command({ replSetGetStatus: 1 }))['set']);
    } catch (fault) {
      if (!(fault instanceof MongoServerError)) throw fault;
      // Any other answer comes of a member that has its configuration, and starts.
      if (fault.code !== NOT_YET_INITIALIZED) return SET;
    }
    await admin.command({ replSetInitiate: initiationOf(members) }).catch((fault: unknown) => {
      if (!(fault instanceof MongoServerError) || fault.code !== ALREADY_INITIALIZED) throw fault;
    });
    return SET;
  });
  if (name !== SET) throw new LocalDatabaseFault('DATABASE_FAILED', `The members in this folder belong to the replica set ${name}, not to ${SET}.`);
  const client = new MongoClient(uriOf(members), { serverSelectionTimeoutMS: PRIMARY_PATIENCE_MS, heartbeatFrequencyMS: 500 });
  try {
    await client.db('admin').command({ ping: 1 }, { readPreference: 'primary' });
  } catch (fault) {
    throw new LocalDatabaseFault('DATABASE_FAILED', `The replica set has no primary: ${(fault as Error).message}`, undefined, { cause: fault });
  } finally {
    await client.close();
  }
}

async function withMember<T>(port: number, patienceMs: number, use: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(`mongodb://${ADDRESS}:${port}/`, { directConnection: true, serverSelectionTimeoutMS: patienceMs, connectTimeoutMS: patienceMs, socketTimeoutMS: 30_000 });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
