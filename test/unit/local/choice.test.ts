// Which database a start uses, and that it never changes without a word.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseDatabase, examineExternalDatabase, rememberDatabase } from '../../../storage/local/choice';

const URI = 'mongodb://somebody:hidden@db.example:27017/response-group?replicaSet=rs0';
let data: string;
beforeEach(() => { data = mkdtempSync(join(tmpdir(), 'choice-')); });
afterEach(() => rmSync(data, { recursive: true }));

const holdEmbedded = (): void => {
  mkdirSync(join(data, 'database'));
  writeFileSync(join(data, 'database', 'WiredTiger.turtle'), 'x');
};

test('an empty folder gets an embedded database', async () => {
  expect(await chooseDatabase(data, undefined)).toEqual({ kind: 'embedded', notice: null });
});

test('MONGODB_URI is used, without a word where nothing is left behind', async () => {
  expect(await chooseDatabase(data, URI)).toEqual({ kind: 'external', uri: URI, notice: null });
});

test('MONGODB_URI beside an embedded database is used, and says that the embedded one is not', async () => {
  holdEmbedded();
  expect(await chooseDatabase(data, URI)).toMatchObject({ kind: 'external', notice: expect.stringContaining('is not used') });
});

test('a folder whose last start used MONGODB_URI refuses to start without it', async () => {
  await rememberDatabase(data, 'external');
  await expect(chooseDatabase(data, undefined)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('MONGODB_URI is not set now') });
});

const holdSet = (): void => { mkdirSync(join(data, 'replica-set', 'member-1'), { recursive: true }); };

test('--replica-set is followed in an empty folder, and from then on without being asked again, with a word', async () => {
  expect(await chooseDatabase(data, undefined, true)).toEqual({ kind: 'replica-set', notice: null });
  holdSet();
  await rememberDatabase(data, 'replica-set');
  expect(await chooseDatabase(data, undefined, true)).toEqual({ kind: 'replica-set', notice: null });
  expect(await chooseDatabase(data, undefined)).toEqual({ kind: 'replica-set', notice: expect.stringContaining('begun with --replica-set') });
});

test('members of a start that was cut off before it could remember them are gone on with', async () => {
  holdSet();
  expect(await chooseDatabase(data, undefined)).toMatchObject({ kind: 'replica-set' });
});

test.each<[string, () => Promise<void>, string | undefined, RegExp]>([
  ['beside an embedded database that is remembered', () => rememberDatabase(data, 'embedded'), undefined, /would not be copied[^]*--fresh/],
  ['beside an embedded database that is just there', () => Promise.resolve(holdEmbedded()), undefined, /would not be copied/],
  ['where the last start used MONGODB_URI', () => rememberDatabase(data, 'external'), undefined, /MONGODB_URI is not set now/],
  ['together with MONGODB_URI', () => Promise.resolve(), URI, /Leave out one of them/],
])('--replica-set %s is refused', async (_, before, uri, words) => {
  await before();
  await expect(chooseDatabase(data, uri, true)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(words) });
});

test('a folder with both and no word which is not guessed at', async () => {
  holdEmbedded();
  holdSet();
  await expect(chooseDatabase(data, undefined)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('does not say which') });
  await rememberDatabase(data, 'replica-set');
  expect(await chooseDatabase(data, undefined)).toMatchObject({ kind: 'replica-set' });
  expect(await chooseDatabase(data, URI)).toMatchObject({ notice: expect.stringMatching(/embedded database[^]*replica set/) });
});

test('a damaged marker is named, and what to write into it', async () => {
  holdEmbedded();
  writeFileSync(join(data, 'database-kind'), Buffer.from([0, 255, 1, 128]));
  await expect(chooseDatabase(data, undefined)).rejects.toMatchObject({ exitCode: 4, message: expect.stringMatching(/database-kind[^]*write the word "embedded"/) });
});

test('a choice that was remembered is made again', async () => {
  await rememberDatabase(data, 'embedded');
  expect(await chooseDatabase(data, undefined)).toMatchObject({ kind: 'embedded' });
});

test.each([
  ['is no URI', 'db.example', /should look like mongodb:/],
  ['names nobody', 'mongodb://', /should look like mongodb:/],
])('a MONGODB_URI that %s is refused in words', async (_what, uri, words) => {
  await expect(examineExternalDatabase(uri)).rejects.toMatchObject({ exitCode: 4, message: expect.stringMatching(words) });
});

test('a database that hangs up is unreachable, and its password is not shown', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const fault: unknown = await examineExternalDatabase(`mongodb://somebody:hidden@127.0.0.1:${port}/x`).catch((one: unknown) => one);
  expect(fault).toMatchObject({ code: 'DATABASE_UNREACHABLE', exitCode: 4, message: expect.stringContaining('Check that it is running') });
  expect((fault as Error).message).not.toContain('hidden');
  server.close();
}, 20_000);
