// The embedded database on a real machine: it installs, keeps what was acknowledged, and says what is wrong.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { examineExternalDatabase } from '../../storage/local/choice';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../../storage/local/embedded';
import { isAlive } from '../../storage/local/running';
import { ROOT } from '../../storage/process/root';

const virtualEnvironment = join(ROOT, '.local', 'database-venv');
let directory: string;
const running: EmbeddedDatabase[] = [];

const start = async (): Promise<EmbeddedDatabase> => {
  const database = await startEmbeddedDatabase({ dataDirectory: directory, virtualEnvironment, port: 'any' });
  running.push(database);
  return database;
};
const within = async <T>(database: EmbeddedDatabase, act: (client: MongoClient) => Promise<T>): Promise<T> => {
  const client = await MongoClient.connect(database.uri);
  try {
    return await act(client);
  } finally {
    await client.close();
  }
};

beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'embedded-')); });
afterEach(async () => {
  for (const database of running.splice(0)) await database.kill();
  rmSync(directory, { recursive: true, force: true });
});

test('it answers as a replica set of one member, with transactions', async () => {
  const database = await start();
  expect(await examineExternalDatabase(database.uri)).toEqual({ replicaSet: 'secantus', members: 1 });
  const inside = await within(database, (client) => client.withSession((session) => session.withTransaction(async () => {
    await client.db().collection('calls').insertOne({ caller: 'first' }, { session });
    return client.db().collection('calls').countDocuments({}, { session });
  })));
  expect(inside).toBe(1);
}, 180_000);

test('what it acknowledged is there after it was killed, on the same port', async () => {
  const first = await start();
  await within(first, (client) => client.db().collection('calls').insertMany([...Array(200).keys()].map((_id) => ({ _id: _id as never }))));
  await first.kill();
  expect(isAlive(first.pid)).toBe(false);
  const second = await startEmbeddedDatabase({ dataDirectory: directory, virtualEnvironment });
  running.push(second);
  expect(second.port).toBe(first.port);
  expect(await within(second, (client) => client.db().collection('calls').countDocuments())).toBe(200);
}, 180_000);

test('a server that a killed start left behind is stopped, and its data used', async () => {
  const left = await start();
  writeFileSync(join(directory, 'database.pid'), `${left.pid} 999999999\n`);
  const next = await start();
  expect(isAlive(left.pid)).toBe(false);
  expect(next.pid).not.toBe(left.pid);
}, 180_000);

test('data in use by a start that lives is left alone', async () => {
  const first = await start();
  writeFileSync(join(directory, 'database.pid'), `${first.pid} ${process.ppid}\n`);
  await expect(start()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  expect(isAlive(first.pid)).toBe(true);
}, 180_000);

test('a port taken meanwhile is passed over', async () => {
  const first = await start();
  await first.stop();
  const taker: Server = createServer();
  await new Promise<void>((resolve) => taker.listen(first.port, '127.0.0.1', resolve));
  try {
    const second = await startEmbeddedDatabase({ dataDirectory: directory, virtualEnvironment });
    running.push(second);
    expect(second.port).toBeGreaterThan(first.port);
  } finally {
    taker.close();
  }
}, 180_000);

test.each(['WiredTiger.turtle', 'WiredTiger.wt'])('a damaged %s is told with the folder, and nothing in it is deleted', async (file) => {
  const database = await start();
  await database.stop();
  writeFileSync(join(directory, 'database', file), 'damaged');
  const before = readdirSync(join(directory, 'database')).filter((name) => name.endsWith('.wt'));
  await expect(start()).rejects.toMatchObject({ code: 'DATA_CORRUPT', exitCode: 4, message: expect.stringContaining(join(directory, 'database')) });
  expect(readdirSync(join(directory, 'database'))).toEqual(expect.arrayContaining(before));
  expect(readFileSync(join(directory, 'database', file), 'utf8')).toBe('damaged');
}, 180_000);

test('data without its catalogue is not replaced by an empty database', async () => {
  const database = await start();
  await database.stop();
  rmSync(join(directory, 'database', 'WiredTiger.turtle'));
  const before = readdirSync(join(directory, 'database'));
  await expect(start()).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
  expect(readdirSync(join(directory, 'database'))).toEqual(before);
}, 180_000);

test('garbage in its small files is no obstacle', async () => {
  for (const name of ['database.pid', 'database-port', 'database.toml']) writeFileSync(join(directory, name), Buffer.from([0, 159, 1, 255, 10]));
  const database = await start();
  expect(await within(database, (client) => client.db().command({ ping: 1 }))).toMatchObject({ ok: 1 });
}, 180_000);

test('an environment that was cut off, or damaged since, is built again, and nothing half-built is left', async () => {
  const environment = join(directory, 'venv');
  mkdirSync(join(environment, 'bin'), { recursive: true });
  writeFileSync(join(environment, 'bin', 'python'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  mkdirSync(join(directory, 'venv.building-999999999-left'));
  const first = await startEmbeddedDatabase({ dataDirectory: directory, virtualEnvironment: environment, port: 'any' });
  await first.stop();
  expect(readdirSync(directory).filter((name) => name.includes('building'))).toEqual([]);

  const [library] = readdirSync(join(environment, 'lib'));
  rmSync(join(environment, 'lib', library as string, 'site-packages', 'secantus'), { recursive: true });
  const second = await startEmbeddedDatabase({ dataDirectory: directory, virtualEnvironment: environment, port: 'any' });
  running.push(second);
  expect(await within(second, (client) => client.db().command({ ping: 1 }))).toMatchObject({ ok: 1 });
}, 240_000);
