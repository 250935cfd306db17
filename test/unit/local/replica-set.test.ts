// Three members on this machine: what they are told, that they are made a set of once, and that they are kept alive. The server is a stand-in that speaks the wire protocol.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { SupervisedReplicaSet } from '../../../storage/local/machine/replica-set';
import { type Watcher } from '../../../storage/local/machine/supervised';
import { findMongod } from '../../../storage/local/mongod';
import { initiationOf, parametersOf, planMembers, uriOf } from '../../../storage/local/replica-set';
import { isAlive } from '../../../storage/local/running';

const STUB = join(__dirname, '..', '..', 'support', 'stub-mongod.cjs');
jest.setTimeout(60_000);
let data: string;
let mongod: string;
let firstPort: number;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'replica-set-'));
  mongod = program('mongod', `exec ${process.execPath} ${STUB} "$@"`);
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  firstPort = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

function program(name: string, body: string): string {
  const path = join(data, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('Each member listens to this machine alone, on its own port and folder, and the set names them by those ports', async () => {
  const members = await planMembers(data, { firstPort });
  const ports = members.map(({ port }) => port);
  expect(new Set(ports).size).toBe(3);
  expect(parametersOf(members[1] as (typeof members)[number])).toEqual([
    '--replSet', 'response-group', '--bind_ip', '127.0.0.1', '--port', String(ports[1]), '--dbpath', join(data, 'replica-set', 'member-2'), '--wiredTigerCacheSizeGB', '0.25', '--nounixsocket', '--quiet',
  ]);
  expect(initiationOf(members)).toEqual({ _id: 'response-group', members: ports.map((port, index) => ({ _id: index, host: `127.0.0.1:${port}` })) });
  expect(uriOf(members)).toBe(`mongodb://127.0.0.1:${ports[0]},127.0.0.1:${ports[1]},127.0.0.1:${ports[2]}/response-group?replicaSet=response-group`);
  expect((await planMembers(data)).map(({ port }) => port)).toEqual(ports);
});

test('A port of a member that is taken later is named, since the set is bound to it', async () => {
  const [, member] = await planMembers(data, { firstPort });
  const taker = createServer();
  await new Promise<void>((resolve) => { taker.listen(member?.port, '127.0.0.1', resolve); });
  await expect(planMembers(data)).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining(`Port ${member?.port} is in use. Member 2`) });
  taker.close();
});

test.each<[string, string | null, RegExp]>([
  ['is missing', null, /no mongod on the PATH[^]*install the MongoDB server[^]*MONGODB_URI/],
  ['does not run', 'exit 127', /no mongod on the PATH/],
  ['is too old', 'echo "db version v4.2.24"', /version 4\.2\.24, which is too old/],
  ['says something else', 'echo hello', /does not say its version/],
])('A mongod that %s is told in words, exit code 2', async (_, body, words) => {
  await expect(findMongod(body === null ? join(data, 'absent') : program('other', body))).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(words) });
});

test('4.4 and everything after it will do', async () => {
  expect(await findMongod(program('old', 'echo "db version v4.4.29"'))).toMatchObject({ version: '4.4.29' });
  expect(await findMongod(program('new', 'echo "db version v10.0.1"'))).toMatchObject({ version: '10.0.1' });
});

describe('Three that run', () => {
  const said: string[] = [];
  let wake = (): void => undefined;
  const watcher: Watcher = { started: () => undefined, notice: (words) => { said.push(words); wake(); } };
  const hears = async (pattern: RegExp): Promise<void> => { while (!said.some((words) => pattern.test(words))) await new Promise<void>((resolve) => { wake = resolve; }); };
  let set: SupervisedReplicaSet | undefined;
  const start = async (): Promise<SupervisedReplicaSet> => (set = await SupervisedReplicaSet.start({ dataDirectory: data, progress: () => undefined, mongod, firstPort }, watcher));
  const initiations = (): string => readFileSync(join(data, 'replica-set', 'member-1', 'initiations'), 'utf8');
  afterEach(async () => {
    await set?.stop();
    set = undefined;
  });

  async function primary(uri: string): Promise<string> {
    const client = await new MongoClient(uri, { heartbeatFrequencyMS: 500 }).connect();
    try {
      return String((await client.db('admin').command({ hello: 1 }, { readPreference: 'primary' }))['me']);
    } finally {
      await client.close();
    }
  }

  test('are initiated once, stopped, and found again as the same set', async () => {
    const { uri, ports } = await start();
    expect(await primary(uri)).toBe(`127.0.0.1:${ports[0]}`);
    const pids = set?.pids as readonly number[];
    await set?.stop();
    expect(pids.map(isAlive)).toEqual([false, false, false]);
    expect((await start()).uri).toBe(uri);
    expect(initiations()).toBe('x');
  });

  test('lose the primary: another is elected, and the member is started again on its port', async () => {
    const { uri, ports, pids } = await start();
    process.kill(pids[0] as number, 'SIGKILL');
    await hears(/The database member 1 ended by SIGKILL; starting it again/);
    await hears(/The database member 1 runs again/);
    expect(set?.pids[0]).not.toBe(pids[0]);
    expect(set?.pids.slice(1)).toEqual(pids.slice(1));
    expect(ports.map(String)).toContain((await primary(uri)).split(':')[1]);
    expect(initiations()).toBe('x');
  });

  test('belong to another set: refused, and nothing is left running', async () => {
    await start();
    await set?.stop();
    for (const number of [1, 2, 3]) writeFileSync(join(data, 'replica-set', `member-${number}`, 'config.json'), JSON.stringify({ _id: 'other', members: [] }));
    set = undefined;
    await expect(start()).rejects.toMatchObject({ exitCode: 4, message: expect.stringContaining('belong to the replica set other') });
    for (const number of [1, 2, 3]) expect(isAlive((JSON.parse(readFileSync(join(data, 'replica-set', `member-${number}`, 'stub.json'), 'utf8')) as { pid: number }).pid)).toBe(false);
  });

  test('whose ports are not known any more: refused, and nothing is made anew over them', async () => {
    await start();
    await set?.stop();
    rmSync(join(data, 'replica-set', 'members.json'));
    await expect(start()).rejects.toMatchObject({ exitCode: 4, message: expect.stringMatching(/is missing[^]*Nothing was deleted/) });
    expect(existsSync(join(data, 'replica-set', 'members.json'))).toBe(false);
  });
});
