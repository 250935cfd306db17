// The journal file: whole lines in order, torn ones passed over, full disks told, and what earlier engines left folded to the latest.
import { appendFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTimers } from '../../../engine/calls/timers';
import { leftFiles, SpillFile } from '../../../engine/continuity/spill-file';
import { type JournalBatch } from '../../../storage/journal';
import { type CallRecord } from '../../../storage/model/record';
import { createLog } from '../../../storage/process/log';

const log = createLog('test', 'silent');
const record = (id: string): CallRecord => ({
  _id: id, pool: 'main', workflowId: 'w', queueId: null, dialled: '', callerNumber: '+4930 "1"', callerName: 'Zoë\n', arrivedAt: new Date(1_700_000_000_123), joinedQueueAt: null, connectedAt: null,
  endedAt: new Date(5), agentId: null, outcome: 'abandoned', endedBy: 'caller', refusedWith: null, offers: [],
});

let directory: string;
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'spill-')); });
afterEach(() => rm(directory, { recursive: true, force: true }));

const fileOf = (epoch: number, pool = 'main'): SpillFile => new SpillFile({ directory, pool, epoch }, { timers: realTimers, log });
const pathOf = (epoch: number): string => join(directory, `journal-main.${epoch}.log`);

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of from) found.push(each);
  return found;
}
async function left(epoch: number): Promise<{ readonly epoch: number; readonly batches: JournalBatch[] }[]> {
  return Promise.all((await leftFiles({ directory, pool: 'main', epoch }, log)).map(async (each) => ({ epoch: each.epoch, batches: await all(each.batches) })));
}

test('what was appended comes back in order, dates as dates, and the file goes when it is cleared', async () => {
  const file = fileOf(1);
  await Promise.all([file.append({ records: [record('r1')] }), file.append({ records: [record('r2'), record('r3')] })]);
  await file.append({ calls: [{ id: 'c', revision: 1, body: { at: new Date(7), $odd: 'name' } }] });
  expect((await all(file.records())).flat()).toEqual([record('r1'), record('r2'), record('r3')]);
  await file.clear();
  expect(await readdir(directory)).toEqual([]);
  await file.append({ records: [record('r4')] });
  expect((await all(file.records())).flat()).toEqual([record('r4')]);
  await file.close();
});

test('the file is nobody else\'s business', async () => {
  const file = fileOf(1);
  await file.append({ records: [record('r1')] });
  await file.close();
  const { mode } = await (await import('node:fs/promises')).stat(pathOf(1));
  expect(mode & 0o077).toBe(0);
});

test.each([
  ['the last line is torn, as by a power cut', (text: string) => text.slice(0, -20), ['r1', 'r2']],
  ['a line in the middle is torn, as by a full disk', (text: string) => text.replace(/\n(.{30}).*\n/, '\n$1\n'), ['r1', 'r3']],
  ['a byte has changed', (text: string) => text.replace('"r2"', '"rX"'), ['r1', 'r3']],
  ['there is nothing in it', () => '', []],
  ['it is something else altogether', () => 'hello\n\n{}\n', []],
])('%s: every whole line counts', async (_, damage, expected) => {
  const file = fileOf(1);
  for (const id of ['r1', 'r2', 'r3']) await file.append({ records: [record(id)] });
  await file.close();
  await writeFile(pathOf(1), damage(await readFile(pathOf(1), 'utf8')));
  expect((await left(2))[0]?.batches.flatMap(({ records = [] }) => records.map(({ _id }) => _id))).toEqual(expected);
});

test('what earlier engines left: the oldest first, of each call the latest under the epoch that wrote it, never our own or another pool\'s', async () => {
  const [second, tenth, own, foreign] = [fileOf(2), fileOf(10), fileOf(11), fileOf(3, 'other')];
  for (let step = 1; step <= 3; step += 1) await second.append({ calls: [{ id: 'c1', revision: step, body: { step } }], agents: [{ id: 'a1', revision: step, body: { step } }] });
  await second.append({ calls: [{ id: 'c2', revision: 4, body: null }], records: [record('c2')], settled: [{ instructionId: 'i1', outcome: { kind: 'done' } }] });
  await tenth.append({ records: [record('c3')] });
  await own.append({ records: [record('c4')] });
  await foreign.append({ records: [record('c5')] });
  await writeFile(join(directory, 'journal-main.log'), 'not one of them');
  const found = await left(11);
  expect(found.map(({ epoch }) => epoch)).toEqual([2, 10]);
  expect(found[0]?.batches.flatMap(({ calls = [] }) => calls)).toEqual([{ id: 'c1', revision: 3, body: { step: 3 }, epoch: 2 }, { id: 'c2', revision: 4, body: null, epoch: 2 }]);
  expect(found[0]?.batches.flatMap(({ agents = [] }) => agents)).toEqual([{ id: 'a1', revision: 3, body: { step: 3 }, epoch: 2 }]);
  expect(found[0]?.batches.flatMap(({ settled = [] }) => settled)).toEqual([{ instructionId: 'i1', outcome: { kind: 'done' } }]);
  for (const each of [second, tenth, own, foreign]) await each.close();
  for (const each of await leftFiles({ directory, pool: 'main', epoch: 11 }, log)) await each.remove();
  expect(await left(11)).toEqual([]);
});

test('a folder that is not there yet: nothing is left in it, and it is made when it is needed', async () => {
  const deep = join(directory, 'a', 'b');
  expect(await leftFiles({ directory: deep, pool: 'main', epoch: 5 }, log)).toEqual([]);
  const file = new SpillFile({ directory: deep, pool: 'main', epoch: 4 }, { timers: realTimers, log });
  await file.append({ records: [record('r1')] });
  await file.close();
  expect(await leftFiles({ directory: deep, pool: 'main', epoch: 5 }, log)).toHaveLength(1);
});

test('no room on the disk: told to whoever appended; with room again the next line is whole', async () => {
  await symlink('/dev/full', pathOf(1));
  const file = fileOf(1);
  await expect(file.append({ records: [record('r1')] })).rejects.toMatchObject({ code: 'ENOSPC' });
  await rm(pathOf(1));
  // What a full disk leaves: the beginning of a line.
  await appendFile(pathOf(1), '{"sum":"0123456789abcdef","batch":{"reco');
  await file.append({ records: [record('r2')] });
  expect((await all(file.records())).flat()).toEqual([record('r2')]);
  await file.close();
});
