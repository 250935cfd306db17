// The engine as a process: what it says of itself, and how it ends when it cannot serve.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, VERSION } from '../../storage/process/root';

jest.setTimeout(60_000);

const MAIN = join(ROOT, 'dist', 'engine', 'main.js');

let folder: string;
beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error('dist/ is not built: npm run build');
  folder = await mkdtemp(join(tmpdir(), 'engine-process-'));
});
afterAll(async () => { await rm(folder, { recursive: true, force: true }); });

function start(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env['PATH'] ?? '', MEDIA_DIRECTORY: folder, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => { said += text.toString(); });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    child, exited,
    /** Everything it said, when it has ended. */
    over: async () => ({ code: await exited, said }),
    says: (what: string) => new Promise<void>((resolve) => {
      const look = (): void => { if (said.includes(what)) resolve(); };
      child.stdout.on('data', look);
      look();
    }),
  };
}

async function holdPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => new Promise((resolve) => { server.close(() => { resolve(); }); }) };
}

test('--version: the version, and nothing else', async () => {
  expect(await start(['--version'], {}).over()).toEqual({ code: 0, said: `${VERSION}\n` });
});

test('--config: every variable, secrets and passwords masked', async () => {
  const { code, said } = await start(['--config'], { MONGODB_URI: 'mongodb://me:hidden@db.example.test/x', DRACHTIO_SECRET: 'hidden' }).over();
  expect(code).toBe(0);
  expect(JSON.parse(said)).toMatchObject({ MONGODB_URI: 'mongodb://***@db.example.test/x', DRACHTIO_SECRET: '***', SIP_DOMAIN: 'response-group.local' });
  expect(said).not.toContain('hidden');
});

test('faulty variables: all named at once, ends with 2', async () => {
  const { code, said } = await start([], { ENGINE_HEALTH_PORT: 'x', SIP_DOMAIN: 'Not A Domain' }).over();
  expect(code).toBe(2);
  for (const name of ['MONGODB_URI', 'DRACHTIO_SECRET', 'ENGINE_HEALTH_PORT', 'SIP_DOMAIN']) expect(said).toContain(name);
});

test('its port is taken: names port and variable, ends with 3', async () => {
  const held = await holdPort();
  const { code, said } = await start([], { MONGODB_URI: 'mongodb://127.0.0.1:1', DRACHTIO_SECRET: 's', ENGINE_HEALTH_PORT: String(held.port) }).over();
  expect([code, said]).toEqual([3, expect.stringContaining(`port ${held.port} is in use; set ENGINE_HEALTH_PORT`)]);
  await held.close();
});

test('a database address that cannot be read: says so, ends with 4', async () => {
  const held = await holdPort();
  await held.close();
  const { code, said } = await start([], { MONGODB_URI: 'mongodb://', DRACHTIO_SECRET: 's', ENGINE_HEALTH_PORT: String(held.port) }).over();
  expect([code, said]).toEqual([4, expect.stringContaining('MONGODB_URI')]);
});

test('no database yet: it waits and says for what, and stops cleanly when told', async () => {
  const held = await holdPort();
  await held.close();
  const engine = start([], { MONGODB_URI: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500', DRACHTIO_SECRET: 's', ENGINE_HEALTH_PORT: String(held.port) });
  await engine.says('engine starts');
  const health = await new Promise<Response>((resolve) => {
    const look = (): void => { fetch(`http://127.0.0.1:${held.port}/healthz`).then(resolve, () => { setTimeout(look, 50); }); };
    look();
  });
  expect([health.status, await health.json()]).toEqual([503, { ok: false, waitingFor: 'database' }]);
  engine.child.kill('SIGTERM');
  expect((await engine.over()).code).toBe(0);
});
