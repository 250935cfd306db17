// The journal behind the calls: coalesced, bounded, through outages, and fenced.
import { ENTRIES_A_BATCH, JOURNAL_MS, JournalWriter, RECORDS_KEPT } from '../../../engine/continuity/journal-writer';
import { type CallRecord } from '../../../storage/model/record';
import { type JournalBatch, LeaseLost } from '../../../storage/journal';
import { createLog } from '../../../storage/process/log';
import { ManualTimers, settle } from '../../support/manual-timers';

const record = (id: string): CallRecord => ({
  _id: id, pool: 'main', workflowId: 'w', queueId: null, dialled: '', callerNumber: '', callerName: '', arrivedAt: new Date(0), joinedQueueAt: null, connectedAt: null, endedAt: new Date(0),
  agentId: null, outcome: 'abandoned', endedBy: 'caller', refusedWith: null, offers: [],
});

class Desk {
  readonly timers = new ManualTimers();
  readonly batches: JournalBatch[] = [];
  readonly bodies = new Map<string, Record<string, unknown>>();
  /** What the file was given, batch by batch. */
  readonly spilled: JournalBatch[] = [];
  diskFull = false;
  cleared = 0;
  lost: LeaseLost | null = null;
  fault: Error | null = null;
  /** While set, a write is under way until it is called. */
  hold: (() => void) | null = null;
  holding = false;
  readonly writer = ((spilledOf: () => readonly JournalBatch[]) => new JournalWriter({
    timers: this.timers, log: createLog('test', 'silent'),
    journal: { pool: 'main', epoch: 1, write: async (batch) => {
      if (this.holding) await new Promise<void>((resolve) => { this.hold = resolve; });
      if (this.fault !== null) throw this.fault;
      this.batches.push(batch);
    } },
    callBody: (id) => this.bodies.get(id) ?? null,
    agentBody: (id) => ({ agent: id }),
    civil: () => new Date(this.timers.nowMs()),
    file: {
      append: async (batch) => {
        if (this.diskFull) throw new Error('ENOSPC');
        this.spilled.push(batch);
      },
      records: async function* (this: void) { for (const { records = [] } of spilledOf()) yield records; },
      clear: async () => {
        this.cleared += 1;
        this.spilled.length = 0;
      },
      close: async () => undefined,
    },
    leaseLost: (fault) => { this.lost = fault; },
  }))(() => this.spilled);

  get written(): JournalBatch[] { return this.batches.filter(({ calls = [], agents = [], records = [], settled = [] }) => calls.length + agents.length + records.length + settled.length > 0); }
}

test('many changes of a call within 50 ms: one write, of the latest', async () => {
  const desk = new Desk();
  for (let step = 1; step <= 10; step += 1) {
    desk.bodies.set('c1', { step });
    desk.writer.touch(['c1'], ['a1']);
  }
  desk.bodies.set('c1', { step: 'latest' });
  await desk.timers.pass(JOURNAL_MS.coalesce);
  expect(desk.written).toEqual([expect.objectContaining({ calls: [{ id: 'c1', revision: 1, body: { step: 'latest' } }], agents: [{ id: 'a1', revision: 1, body: { agent: 'a1' } }] })]);
});

test('revisions rise, and the end of a call is a tombstone with its record in the same write', async () => {
  const desk = new Desk();
  desk.bodies.set('c1', {});
  desk.writer.touch(['c1'], []);
  await desk.timers.pass(JOURNAL_MS.coalesce);
  desk.bodies.delete('c1');
  desk.writer.touch(['c1'], []);
  desk.writer.record(record('c1'));
  await desk.timers.pass(JOURNAL_MS.coalesce);
  expect(desk.written[1]).toMatchObject({ calls: [{ id: 'c1', revision: 2, body: null }], records: [{ _id: 'c1' }] });
});

test('nothing to write: the lease is renewed all the same, every 300 ms at least', async () => {
  const desk = new Desk();
  await desk.timers.pass(1_000);
  expect(desk.written).toEqual([]);
  expect(desk.batches.length).toBeGreaterThanOrEqual(3);
});

test('never two writes at once; what changes meanwhile goes with the next', async () => {
  const desk = new Desk();
  desk.holding = true;
  desk.bodies.set('c1', { step: 1 });
  desk.writer.touch(['c1'], []);
  await desk.timers.pass(JOURNAL_MS.coalesce);
  desk.bodies.set('c1', { step: 2 });
  desk.writer.touch(['c1'], []);
  await desk.timers.pass(JOURNAL_MS.coalesce * 5);
  expect(desk.batches).toEqual([]);
  desk.holding = false;
  desk.hold?.();
  await settle();
  await desk.timers.pass(JOURNAL_MS.coalesce);
  expect(desk.written.map(({ calls }) => calls?.[0])).toEqual([{ id: 'c1', revision: 1, body: { step: 1 } }, { id: 'c1', revision: 2, body: { step: 2 } }]);
});

test('the database goes away for 30 s: nothing is lost, each record comes once, and of each call the latest', async () => {
  const desk = new Desk();
  desk.fault = new Error('away');
  for (let second = 0; second < 30; second += 1) {
    desk.bodies.set('c1', { second });
    desk.writer.touch(['c1'], []);
    desk.writer.record(record(`r${second}`));
    desk.writer.settle(`i${second}`, { kind: 'done' });
    await desk.timers.pass(1_000);
  }
  expect(desk.writer.healthy).toBe(false);
  desk.fault = null;
  await desk.timers.pass(JOURNAL_MS.retry.most);
  expect(desk.writer.healthy).toBe(true);
  const records = desk.written.flatMap((batch) => (batch.records ?? []).map(({ _id }) => _id));
  expect(records).toEqual(Array.from({ length: 30 }, (_, second) => `r${second}`));
  expect(desk.written.flatMap(({ settled = [] }) => settled)).toHaveLength(30);
  expect(desk.written.at(-1)?.calls?.at(-1)?.body).toEqual({ second: 29 });
});

test('the database goes away: the file has within 200 ms what the database has not, and is removed when that has caught up', async () => {
  const desk = new Desk();
  desk.fault = new Error('away');
  desk.bodies.set('c1', { step: 1 });
  desk.writer.touch(['c1'], ['a1']);
  await desk.timers.pass(JOURNAL_MS.coalesce + JOURNAL_MS.retry.first);
  expect(desk.spilled).toEqual([expect.objectContaining({ calls: [{ id: 'c1', revision: 2, body: { step: 1 } }], agents: [expect.objectContaining({ id: 'a1' })] })]);
  desk.bodies.delete('c1');
  desk.writer.touch(['c1'], []);
  desk.writer.record(record('c1'));
  desk.writer.settle('i1', { kind: 'done' }, 'c1');
  await desk.timers.pass(JOURNAL_MS.spill);
  expect(desk.spilled[1]).toMatchObject({ calls: [{ id: 'c1', body: null }], records: [{ _id: 'c1' }], settled: [{ instructionId: 'i1' }] });
  expect(desk.writer.backlog.records).toBe(1);
  expect(desk.cleared).toBe(0);
  desk.fault = null;
  await desk.timers.pass(JOURNAL_MS.retry.most);
  expect(desk.written.flatMap(({ records = [] }) => records.map(({ _id }) => _id))).toEqual(['c1']);
  expect([desk.cleared, desk.writer.backlog]).toEqual([1, { records: 0, oldest: null }]);
});

test('a write that is not answered is not relied on: what it carries goes to the file, and what follows too', async () => {
  const desk = new Desk();
  desk.holding = true;
  desk.writer.record(record('r1'));
  await desk.timers.pass(JOURNAL_MS.coalesce + JOURNAL_MS.slow);
  expect(desk.spilled.flatMap(({ records = [] }) => records.map(({ _id }) => _id))).toEqual(['r1']);
  desk.writer.record(record('r2'));
  await desk.timers.pass(JOURNAL_MS.spill);
  expect(desk.spilled.flatMap(({ records = [] }) => records.map(({ _id }) => _id))).toEqual(['r1', 'r2']);
});

test('away for very long: the oldest records stand in the file alone, and come from there, each once', async () => {
  const desk = new Desk();
  desk.fault = new Error('away');
  const ids = Array.from({ length: RECORDS_KEPT + 3 }, (_, each) => `r${each}`);
  for (const id of ids.slice(0, 3)) desk.writer.record(record(id));
  await desk.timers.pass(JOURNAL_MS.coalesce + JOURNAL_MS.spill);
  for (const id of ids.slice(3)) desk.writer.record(record(id));
  expect(desk.writer.backlog.records).toBe(ids.length);
  await desk.timers.pass(JOURNAL_MS.spill * (RECORDS_KEPT / ENTRIES_A_BATCH + 1));
  desk.fault = null;
  for (let step = 0; step < 4 * (RECORDS_KEPT / ENTRIES_A_BATCH); step += 1) await desk.timers.pass(JOURNAL_MS.coalesce);
  const written = new Set(desk.written.flatMap(({ records = [] }) => records.map(({ _id }) => _id)));
  expect(ids.filter((id) => !written.has(id))).toEqual([]);
  expect(desk.writer.backlog.records).toBe(0);
});

test('the disk is full as well: calls go on, the oldest records lose their offers and nothing else, and all are written in the end', async () => {
  const desk = new Desk();
  desk.fault = new Error('away');
  desk.diskFull = true;
  const offers = [{ agentId: 'a', attempt: 1, offeredAt: new Date(0), endedAt: new Date(0), outcome: 'declined' as const }];
  for (let each = 0; each < RECORDS_KEPT + 2; each += 1) desk.writer.record({ ...record(`r${each}`), offers });
  await desk.timers.pass(1_000);
  desk.fault = null;
  await desk.timers.pass(JOURNAL_MS.retry.most + JOURNAL_MS.coalesce * (RECORDS_KEPT / ENTRIES_A_BATCH + 2));
  const written = desk.written.flatMap(({ records = [] }) => records);
  expect(written.map(({ _id }) => _id)).toEqual(Array.from({ length: RECORDS_KEPT + 2 }, (_, each) => `r${each}`));
  expect(written.slice(0, 3).map((each) => each.offers.length)).toEqual([0, 0, 1]);
});

test('40 minutes at 10 calls a second without database or disk: the last half hour is kept whole, older records lose their offers alone, and all come once, in order', async () => {
  const [perSecond, seconds, wholeSeconds] = [10, 40 * 60, 30 * 60];
  const desk = new Desk();
  const begunMs = desk.timers.nowMs();
  desk.fault = new Error('away');
  desk.diskFull = true;
  const offers = [{ agentId: 'a', attempt: 1, offeredAt: new Date(0), endedAt: new Date(0), outcome: 'answered' as const }];
  const ids: string[] = [];
  for (let second = 0; second < seconds; second += 1) {
    for (let each = 0; each < perSecond; each += 1) {
      const id = `r${second}.${each}`;
      ids.push(id);
      desk.writer.record({ ...record(id), offers });
    }
    await desk.timers.pass(1_000);
  }
  expect(desk.writer.backlog).toEqual({ records: ids.length, oldest: new Date(begunMs + JOURNAL_MS.coalesce) });
  desk.fault = null;
  for (let step = 0; step < 2 * (ids.length / ENTRIES_A_BATCH); step += 1) await desk.timers.pass(JOURNAL_MS.coalesce);
  const written = desk.written.flatMap(({ records = [] }) => records);
  expect(written.map(({ _id }) => _id)).toEqual(ids);
  const whole = written.filter((each) => each.offers.length === 1).map(({ _id }) => _id);
  expect(whole).toEqual(ids.slice(-RECORDS_KEPT));
  expect(whole.length).toBeGreaterThanOrEqual(wholeSeconds * perSecond);
  expect(desk.writer.backlog).toEqual({ records: 0, oldest: null });
});

test('the disk has room again while the database is still away: the file has all of it then', async () => {
  const desk = new Desk();
  desk.fault = new Error('away');
  desk.diskFull = true;
  for (let each = 0; each < 3; each += 1) {
    desk.writer.record(record(`r${each}`));
    await desk.timers.pass(1_000);
  }
  desk.diskFull = false;
  await desk.timers.pass(JOURNAL_MS.spillRetry);
  expect(desk.spilled.flatMap(({ records = [] }) => records.map(({ _id }) => _id))).toEqual(['r0', 'r1', 'r2']);
});

test('the engine stops while the database is away: the file has what is left', async () => {
  const desk = new Desk();
  desk.fault = new Error('away');
  desk.writer.record(record('r1'));
  await desk.timers.pass(1_000);
  desk.writer.record(record('r2'));
  const closed = desk.writer.close(0);
  await desk.timers.pass(1_000);
  expect(await closed).toBe(false);
  expect(desk.spilled.flatMap(({ records = [] }) => records.map(({ _id }) => _id))).toEqual(['r1', 'r2']);
});

test('more than a transaction should carry: several', async () => {
  const desk = new Desk();
  const ids = Array.from({ length: ENTRIES_A_BATCH + 1 }, (_, each) => `c${each}`);
  for (const id of ids) desk.bodies.set(id, {});
  desk.writer.touch(ids, []);
  await desk.timers.pass(JOURNAL_MS.coalesce * 2);
  expect(desk.written.map(({ calls }) => calls?.length)).toEqual([ENTRIES_A_BATCH, 1]);
});

test('an instruction and the call it changed: in one write, also where more calls changed than a write carries, and again after a fault', async () => {
  const desk = new Desk();
  const ids = Array.from({ length: ENTRIES_A_BATCH + 5 }, (_, each) => `c${each}`);
  for (const id of ids) desk.bodies.set(id, {});
  const last = ids.at(-1)!;
  desk.fault = new Error('away');
  desk.writer.settle('i1', { kind: 'done' }, last);
  desk.writer.touch(ids, []);
  await desk.timers.pass(JOURNAL_MS.coalesce);
  desk.fault = null;
  await desk.timers.pass(JOURNAL_MS.retry.most);
  const together = desk.written.filter(({ settled = [] }) => settled.length > 0);
  expect(together).toEqual([expect.objectContaining({ settled: [{ instructionId: 'i1', outcome: { kind: 'done' } }], calls: expect.arrayContaining([expect.objectContaining({ id: last })]) })]);
  expect(new Set(desk.written.flatMap(({ calls = [] }) => calls.map(({ id }) => id)))).toEqual(new Set(ids));
});

test('a newer engine holds the lease: told once, and nothing more is written', async () => {
  const desk = new Desk();
  desk.fault = new LeaseLost('main', 1);
  await desk.timers.pass(JOURNAL_MS.renew);
  expect(desk.lost).toBeInstanceOf(LeaseLost);
  desk.fault = null;
  desk.writer.touch(['c1'], []);
  await desk.timers.pass(60_000);
  expect(desk.batches).toEqual([]);
});

test('closing writes what is left; with the database away it gives up at the deadline', async () => {
  const desk = new Desk();
  desk.writer.record(record('r1'));
  let closed = false;
  const closing = desk.writer.close(3_000).then(() => { closed = true; });
  await desk.timers.pass(200);
  await closing;
  expect(desk.written).toHaveLength(1);

  const away = new Desk();
  away.fault = new Error('away');
  away.writer.record(record('r1'));
  closed = false;
  const late = away.writer.close(3_000).then(() => { closed = true; });
  await away.timers.pass(2_000);
  expect(closed).toBe(false);
  await away.timers.pass(1_500);
  await late;
});
