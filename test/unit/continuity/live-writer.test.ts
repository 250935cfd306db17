// Live documents: at once, then at most twice a second; the heartbeat; and an outage.
import { LIVE_MS, LiveWriter } from '../../../engine/continuity/live-writer';
import { type LiveCaller, type LiveGroup } from '../../../storage/model/live';
import { createLog } from '../../../storage/process/log';
import { ManualTimers, settle } from '../../support/manual-timers';

class Board {
  readonly timers = new ManualTimers();
  readonly writes: { atMs: number; groups: readonly LiveGroup[] }[] = [];
  readonly removed: string[] = [];
  readonly beats: number[] = [];
  readonly gone = new Set<string>();
  inForce = 1;
  away = false;
  callers: readonly LiveCaller[] = [];
  readonly writer = new LiveWriter({
    timers: this.timers, log: createLog('test', 'silent'), pool: 'main', epoch: 3, startedAt: new Date(0),
    groupNow: (workflowId) => this.gone.has(workflowId) ? null : { _id: workflowId, pool: 'main', at: new Date(0), callers: [...this.callers], agents: [] },
    inForce: () => this.inForce,
    store: {
      writeGroups: async (groups) => { this.fail(); this.writes.push({ atMs: this.timers.nowMs(), groups }); },
      removeGroups: async (ids) => { this.fail(); this.removed.push(...ids); },
      writePool: async ({ inForce }) => { this.fail(); this.beats.push(inForce); },
    },
  });

  private fail(): void { if (this.away) throw new Error('away'); }
}

test('a change is written at once, a storm of them twice a second, each with a higher revision', async () => {
  const board = new Board();
  const start = board.timers.nowMs();
  for (let each = 0; each < 100; each += 1) {
    board.writer.touch(['w']);
    await board.timers.pass(20);
  }
  expect(board.writes[0]?.atMs).toBe(start);
  for (const [index, { atMs }] of board.writes.entries()) if (index > 0) expect(atMs - (board.writes[index - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(LIVE_MS.group);
  expect(board.writes.length).toBeGreaterThanOrEqual(4);
  const revisions = board.writes.flatMap(({ groups }) => groups.map(({ revision }) => revision));
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  expect(board.writes.at(0)?.groups[0]?.epoch).toBe(3);
});

test('a thousand callers are written of every two seconds, and a new configuration is told as soon as ever', async () => {
  const board = new Board();
  board.callers = Array.from({ length: 1_000 }, () => ({}) as LiveCaller);
  for (let each = 0; each < 490; each += 1) {
    board.writer.touch(['w']);
    await board.timers.pass(20);
  }
  expect(board.writes).toHaveLength(5);
  board.inForce = 2;
  board.writer.configurationChanged();
  await board.timers.pass(LIVE_MS.group);
  expect(board.beats.at(-1)).toBe(2);
});

test('a deleted group: its document is removed', async () => {
  const board = new Board();
  board.gone.add('w');
  board.writer.touch(['w']);
  await settle();
  expect(board.removed).toEqual(['w']);
});

test('the heartbeat every 2 s, and a new configuration at once', async () => {
  const board = new Board();
  board.writer.start();
  await board.timers.pass(LIVE_MS.heartbeat * 2);
  expect(board.beats).toEqual([1, 1, 1]);
  board.inForce = 2;
  board.writer.configurationChanged();
  await settle();
  expect(board.beats.at(-1)).toBe(2);
});

test('an outage: what changed is written when it is over', async () => {
  const board = new Board();
  board.away = true;
  board.writer.touch(['w', 'v']);
  await board.timers.pass(5_000);
  board.away = false;
  await board.timers.pass(LIVE_MS.group);
  expect(board.writes.flatMap(({ groups }) => groups.map(({ _id }) => _id)).sort()).toEqual(['v', 'w']);
});

test('closed: nothing more', async () => {
  const board = new Board();
  board.writer.start();
  await settle();
  await board.writer.close();
  board.writer.touch(['w']);
  const beats = board.beats.length;
  await board.timers.pass(10_000);
  expect(board.writes).toEqual([]);
  expect(board.beats).toHaveLength(beats);
});
