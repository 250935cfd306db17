// One start at a time from one folder, and what a killed one left behind is cleared up.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRunning, RunFile } from '../../../../storage/local/machine/run-file';
import { isAlive } from '../../../../storage/local/running';

let data: string;
const children: ChildProcess[] = [];
beforeEach(() => { data = mkdtempSync(join(tmpdir(), 'run-')); });
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

const sleeper = (): ChildProcess => {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => 0, 1000)', 'a-sleeper-of-ours']);
  children.push(child);
  return child;
};
const up = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.stdout?.once('data', resolve));
const leave = (run: unknown): void => writeFileSync(join(data, 'run.json'), JSON.stringify(run));
const system = { uri: null, pool: 'main', sipDomain: 'x.test', sipHost: '127.0.0.1', sipPort: 5060 };

test('a folder in use is refused, and its processes are left alone', async () => {
  const other = sleeper();
  await up(other);
  leave({ pid: other.pid, command: 'a-sleeper-of-ours', children: [{ name: 'edge', pid: other.pid, command: 'a-sleeper-of-ours' }], system });
  await expect(RunFile.claim(data, () => undefined)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('already runs from') });
  expect(isAlive(other.pid as number)).toBe(true);
  expect(readRunning(data)).toEqual(system);
});

test('processes that a killed start left behind are stopped, and it is said', async () => {
  const left = sleeper();
  await up(left);
  leave({ pid: 999_999_999, command: 'start.js', children: [{ name: 'edge', pid: left.pid, command: 'a-sleeper-of-ours' }], system });
  const said: string[] = [];
  await RunFile.claim(data, (words) => said.push(words));
  expect(isAlive(left.pid as number)).toBe(false);
  expect(said).toEqual([expect.stringContaining('Stopping the edge')]);
});

test('a process that merely has the same id now is left alone', async () => {
  const stranger = sleeper();
  await up(stranger);
  leave({ pid: stranger.pid, command: 'start.js of ours', children: [{ name: 'edge', pid: stranger.pid, command: 'dist/engine/edge/main.js' }], system });
  await RunFile.claim(data, () => undefined);
  expect(isAlive(stranger.pid as number)).toBe(true);
});

test('a damaged run.json is put aside, and said', async () => {
  writeFileSync(join(data, 'run.json'), Buffer.from([0, 255, 17]));
  const said: string[] = [];
  await RunFile.claim(data, (words) => said.push(words));
  expect(said.join()).toContain('run.json');
  expect(readdirSync(data).sort()).toEqual(['run.json', 'run.json.damaged-1']);
  expect(readFileSync(join(data, 'run.json.damaged-1'))).toEqual(Buffer.from([0, 255, 17]));
});

test('it is readable by its owner only, tells traffic what runs, and is gone afterwards', async () => {
  const file = await RunFile.claim(data, () => undefined);
  expect(statSync(join(data, 'run.json')).mode & 0o077).toBe(0);
  expect(readRunning(data)).toBeUndefined();
  file.runs(system);
  expect(readRunning(data)).toEqual(system);
  file.release();
  expect(existsSync(join(data, 'run.json'))).toBe(false);
  expect(readRunning(data)).toBeUndefined();
});
