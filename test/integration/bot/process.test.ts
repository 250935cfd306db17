// The bot as a process: what it says of itself, and how it refuses to start.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { EXIT } from '../../../storage/process/exit';
import { ROOT, VERSION } from '../../../storage/process/root';

jest.setTimeout(120_000);

/** Starts the compiled bot. */
function begin(env: Record<string, string>, ...argv: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [join(ROOT, 'dist', 'bot', 'main.js'), ...argv], { env: { PATH: process.env['PATH'] ?? '', ...env } });
}

/** Runs it until it ends. */
function run(env: Record<string, string>, ...argv: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = begin(env, ...argv);
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString(); });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
const DATABASE = { MONGODB_URI: 'mongodb://someone:hidden@127.0.0.1:1/?serverSelectionTimeoutMS=200' };

test('--version prints the version and nothing else', async () => {
  expect(await run({}, '--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
});

test('--config prints what is in effect, without secrets', async () => {
  const app = { MICROSOFT_APP_ID: '11111111-0000-4000-8000-000000000001', MICROSOFT_APP_TYPE: 'SingleTenant', MICROSOFT_APP_TENANT_ID: '22222222-0000-4000-8000-000000000001', MICROSOFT_APP_PASSWORD: 'very-secret' };
  const { code, out } = await run({ ...DATABASE, ...app }, '--config');
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ BOT_PORT: 3978, MICROSOFT_APP_PASSWORD: '***', POOL: 'main' })]);
  expect(out).not.toMatch(/very-secret|hidden/);
});

test('on an address that others can reach it does not start without an app id, and says why', async () => {
  const { code, err } = await run({ ...DATABASE, BOT_ADDRESS: '0.0.0.0' });
  expect([code, err]).toEqual([EXIT.usage, expect.stringContaining('Set MICROSOFT_APP_ID to open it')]);
});

test('all faults of its environment are listed at once', async () => {
  const { code, err } = await run({ BOT_PORT: 'x', ADMINISTRATORS: 'ada' });
  expect(code).toBe(EXIT.usage);
  for (const name of ['BOT_PORT', 'ADMINISTRATORS', 'MONGODB_URI']) expect(err).toContain(name);
});

test('a database address that cannot be read: it ends with words and a code of its own', async () => {
  const { code, err } = await run({ MONGODB_URI: 'mongodb://someone:hidden@' });
  expect([code, err]).toEqual([EXIT.databaseUnusable, expect.stringContaining('The database at MONGODB_URI cannot be used')]);
  expect(err).not.toContain('hidden');
});

test('nobody at the database address: it says so without the password, and waits', async () => {
  const child = begin(DATABASE);
  let out = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes('waiting for it')) resolve();
    });
  });
  expect(child.exitCode).toBeNull();
  expect(out).not.toContain('hidden');
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  child.kill();
  await ended;
});
