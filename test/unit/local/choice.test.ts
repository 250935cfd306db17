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
