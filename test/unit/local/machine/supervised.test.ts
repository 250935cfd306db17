// A process is waited for, started again when it dies, and ended when asked, however it behaves.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastWords, Supervised, type Watcher } from '../../../../storage/local/machine/supervised';
import { isAlive } from '../../../../storage/local/running';

const SCRIPT = join(__dirname, '..', '..', '..', 'support', 'stub-process.cjs');
let folder: string;
let port: number;
let supervised: Supervised | undefined;

class Words implements Watcher {
  readonly said: string[] = [];
  readonly pids: number[] = [];
  private waiting: Array<() => void> = [];
  readonly started = (_name: string, pid: number): void => void this.pids.push(pid);
  readonly notice = (words: string): void => {
    this.said.push(words);
    this.waiting.splice(0).forEach((go) => go());
  };
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.said.find((words) => pattern.test(words));
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'supervised-'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
});
afterEach(async () => {
  await supervised?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const make = (mode: string, words: Watcher): Supervised => {
  supervised = new Supervised({
    name: 'stub', script: SCRIPT, log: join(folder, 'stub.log'), healthUrl: `http://127.0.0.1:${port}/healthz`,
    env: { STUB_PORT: String(port), STUB_MODE: mode, STUB_MARK: join(folder, 'mark') },
  }, words);
  return supervised;
};
const poke = (path: string): Promise<unknown> => fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);

test('it is well when start resolves, and gone when stop resolves', async () => {
  const words = new Words();
  const stub = make('well', words);
  await stub.start();
  expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).toMatchObject({ ok: true });
  const pid = stub.pid as number;
  await stub.stop();
  expect(isAlive(pid)).toBe(false);
  expect(words.said).toEqual([]);
});

test('one that dies is started again, and both are said', async () => {
  const words = new Words();
  await make('well', words).start();
  await poke('/die');
  expect(await words.until(/exit code 1/)).toMatch(/The stub ended with exit code 1; starting it again in 0\.5 s\. Its log is .*stub\.log/);
  await words.until(/runs again/);
  expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).toMatchObject({ times: 2 });
  expect(new Set(words.pids).size).toBe(2);
});

test('one whose work another has taken over is started again, to stand by', async () => {
  const words = new Words();
  await make('well', words).start();
  await poke('/replaced');
  expect(await words.until(/was replaced by another/)).toContain('starting it again in 0.5 s');
  await words.until(/runs again/);
});

test('one that says that a person must change something is not started again', async () => {
  const words = new Words();
  await make('well', words).start();
  await poke('/unusable');
  await words.until(/is not started again/);
  expect(readFileSync(join(folder, 'mark'), 'utf8')).toBe('x');
});

test.each([
  ['usage', 2, /The stub ended while starting \(exit code 2\)\.\n {2}STUB_PORT cannot be used: it is silly\.\nIts log is/],
  ['logged', 3, /could not listen: port 1 is in use/],
])('a start that ends by itself (%s) is told in its own words, with its exit code', async (mode, exitCode, message) => {
  await expect(make(mode, new Words()).start()).rejects.toMatchObject({ exitCode, message: expect.stringMatching(message) });
});

test('stop during a start ends it without a fault', async () => {
  const stub = make('stubborn', new Words());
  const starting = stub.start();
  await stub.stop();
  await expect(starting).resolves.toBeUndefined();
  expect(isAlive(stub.pid as number)).toBe(false);
});

test('the words of an earlier run are not shown for this one', () => {
  const log = join(folder, 'stub.log');
  writeFileSync(log, 'old words\nnew words\n    at somewhere (file.js:1:1)\n{"level":30,"msg":"fine"}\n');
  expect(lastWords(log, 'old words\n'.length)).toEqual(['new words']);
});
