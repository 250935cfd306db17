// When a standby takes over: a table of what the lease and the edge say, second by second.
import { decide, type Decision, type LeaseReading, type Memory, type OwnerWord } from '../../../engine/continuity/candidate';
import { standBy, type TakeOver } from '../../../engine/continuity/standby';
import { type EdgeWatcher, type Owner } from '../../../engine/continuity/inventory';
import { createLog } from '../../../storage/process/log';
import { ManualTimers } from '../../support/manual-timers';

const held = (renewedAtMs: number, more: Partial<Extract<LeaseReading, { kind: 'held' }>> = {}): LeaseReading => ({ kind: 'held', epoch: 7, renewedAtMs, released: false, ours: false, ...more });
const [fault, none]: [LeaseReading, LeaseReading] = [{ kind: 'fault' }, { kind: 'none' }];

/** One reading every quarter of a second unless `at` says otherwise: what the lease is, and what the edge says. */
interface Vector { readonly title: string; readonly readings: readonly { readonly lease: LeaseReading; readonly owner: OwnerWord; readonly at?: number }[]; readonly decides: string }

const times = (count: number, lease: (each: number) => LeaseReading, owner: OwnerWord) => Array.from({ length: count }, (_, each) => ({ lease: lease(each), owner }));

const VECTORS: readonly Vector[] = [
  { title: 'nobody ever held it: taken at once, whatever the edge says', readings: [{ lease: none, owner: 'unknown' }], decides: 'takeOver restart 0' },
  { title: 'the lease moves and the holder answers: stands by', readings: times(40, held, 'responsive'), decides: 'standBy' },
  { title: 'holder gone, lease still for 1 s: taken over', readings: [...times(4, held, 'responsive'), ...times(4, () => held(3), 'gone')], decides: 'takeOver ownerGone 7' },
  { title: 'holder gone, lease still for less than 1 s: stands by', readings: [...times(4, held, 'responsive'), ...times(3, () => held(3), 'gone')], decides: 'standBy' },
  { title: 'a lone engine that comes back: after 1 s', readings: times(5, () => held(3), 'gone'), decides: 'takeOver restart 7' },
  { title: 'a lone engine that comes back: not before 1 s', readings: times(4, () => held(3), 'gone'), decides: 'standBy' },
  { title: 'holder hangs, lease still for 3 s: taken over', readings: [...times(2, held, 'responsive'), ...times(12, () => held(1), 'unresponsive')], decides: 'takeOver ownerHung 7' },
  { title: 'holder hangs, lease still for less than 3 s: stands by', readings: [...times(2, held, 'responsive'), ...times(11, () => held(1), 'unresponsive')], decides: 'standBy' },
  { title: 'the next holder is on its way to the edge, and its lease moves: stands by', readings: [...times(4, held, 'responsive'), ...times(4, () => held(3), 'gone').slice(0, 3), ...times(40, (each) => held(each, { epoch: 8 }), 'coming')], decides: 'standBy' },
  { title: 'the next holder is held up for less than 3 s on its way: stands by', readings: [...times(2, held, 'responsive'), ...times(12, () => held(1, { epoch: 8 }), 'coming')], decides: 'standBy' },
  { title: 'the next holder has died on its way: after 3 s', readings: [...times(2, held, 'responsive'), ...times(13, () => held(1, { epoch: 8 }), 'coming')], decides: 'takeOver ownerGone 8' },
  { title: 'lease still, holder answers: an alarm, no takeover', readings: times(60, () => held(1), 'responsive'), decides: 'alarm leaseStandsStill' },
  { title: 'lease still, edge cannot be asked: an alarm, no takeover', readings: times(60, () => held(1), 'unknown'), decides: 'alarm leaseStandsStill' },
  { title: 'holder gone from the edge, lease moves: an alarm, no takeover', readings: times(60, held, 'gone'), decides: 'alarm ownerLostEdge' },
  { title: 'holder hangs for the edge, lease moves: an alarm, no takeover', readings: times(60, held, 'unresponsive'), decides: 'alarm ownerLostEdge' },
  { title: 'no primary, holder gone: no takeover, however long', readings: times(200, () => fault, 'gone'), decides: 'standBy' },
  { title: 'an election in between: the second begins anew', readings: [...times(4, () => held(3), 'gone'), { lease: fault, owner: 'gone' }, ...times(4, () => held(3), 'gone')], decides: 'standBy' },
  { title: 'after an election, a whole second', readings: [...times(3, () => held(3), 'gone'), { lease: fault, owner: 'gone' }, ...times(5, () => held(3), 'gone')], decides: 'takeOver restart 7' },
  { title: 'the holder writes once more after an election: stands by', readings: [...times(3, () => held(3), 'gone'), { lease: fault, owner: 'gone' }, ...times(4, () => held(3), 'gone'), { lease: held(4), owner: 'gone' }], decides: 'alarm ownerLostEdge' },
  { title: 'readings too far apart say nothing of the time between', readings: [{ lease: held(3), owner: 'gone', at: 0 }, { lease: held(3), owner: 'gone', at: 1_001 }], decides: 'standBy' },
  { title: 'readings close enough do', readings: [{ lease: held(3), owner: 'gone', at: 0 }, { lease: held(3), owner: 'gone', at: 1_000 }], decides: 'takeOver restart 7' },
  { title: 'another engine took it: its time counts from then', readings: [...times(4, () => held(3), 'gone'), { lease: held(3, { epoch: 8 }), owner: 'gone' }], decides: 'alarm ownerLostEdge' },
  { title: 'given up: taken at once', readings: [...times(4, held, 'responsive'), { lease: held(3, { released: true }), owner: 'responsive' }], decides: 'takeOver drained 7' },
  { title: 'given up before we came: a restart', readings: [{ lease: held(3, { released: true }), owner: 'gone' }], decides: 'takeOver restart 7' },
  { title: 'our own, taken before a fault: taken again at once', readings: [{ lease: held(3, { ours: true }), owner: 'gone' }], decides: 'takeOver restart 7' },
  { title: 'the holder\'s connection breaks and is back within the second: stands by', readings: [...times(4, held, 'responsive'), ...times(3, () => held(3), 'gone'), { lease: held(4), owner: 'responsive' }], decides: 'standBy' },
];

const inWords = (decision: Decision): string => decision.kind === 'takeOver' ? `takeOver ${decision.reason} ${decision.ifEpoch}` : decision.kind === 'alarm' ? `alarm ${decision.what}` : 'standBy';

test.each(VECTORS)('$title', ({ readings, decides }) => {
  let memory: Memory | null = null;
  const decisions: string[] = [];
  for (const [index, { lease, owner, at }] of readings.entries()) {
    const judged = decide(memory, lease, owner, at ?? index * 250);
    ({ memory } = judged);
    decisions.push(inWords(judged.decision));
  }
  expect(decisions.at(-1)).toBe(decides);
  // Nothing is taken over before its time.
  expect(decisions.slice(0, -1).filter((each) => each.startsWith('takeOver'))).toEqual([]);
});

class Desk {
  readonly timers = new ManualTimers();
  lease: LeaseReading = held(0);
  moving = true;
  readonly watchers = new Set<EdgeWatcher>();
  readonly inventory = {
    owner: { epoch: 7, engine: 'x', connected: true, responsive: true, sinceMs: 0 } as Owner | null,
    watch: (watcher: EdgeWatcher) => {
      this.watchers.add(watcher);
      return () => { this.watchers.delete(watcher); };
    },
  };
  decided: TakeOver | null | undefined;
  readonly standby = standBy({
    timers: this.timers, log: createLog('test', 'silent'), inventory: this.inventory,
    readLease: async () => {
      if (this.lease.kind === 'fault') throw new Error('no primary');
      // Renewed every 300 ms while its holder lives.
      if (this.moving && this.lease.kind === 'held') this.lease = { ...this.lease, renewedAtMs: Math.floor(this.timers.nowMs() / 300) };
      return this.lease;
    },
  });

  constructor() { void this.standby.decided.then((decided) => { this.decided = decided; }); }

  edgeSays(change: Partial<Owner>): void {
    this.inventory.owner = { ...this.inventory.owner as Owner, ...change };
    for (const watcher of [...this.watchers]) watcher.owner?.(this.inventory.owner);
  }
}

test('a killed engine: decided little more than a second later', async () => {
  const desk = new Desk();
  await desk.timers.pass(10_000);
  expect(desk.decided).toBeUndefined();
  desk.moving = false;
  desk.edgeSays({ connected: false });
  const killedAtMs = desk.timers.nowMs();
  await desk.timers.pass(2_000);
  expect(desk.decided).toMatchObject({ reason: 'ownerGone', ifEpoch: 7 });
  expect((desk.decided?.decidedAtMs ?? 0) - killedAtMs).toBeLessThanOrEqual(1_100);
  expect([desk.watchers.size, desk.timers.pending]).toEqual([0, 0]);
});

test('an engine that stands by while another takes over leaves it the time, also where the edge knows only the one that is gone', async () => {
  const desk = new Desk();
  desk.lease = held(0, { epoch: 8 });
  desk.moving = false;
  desk.edgeSays({ connected: false });
  await desk.timers.pass(2_500);
  expect(desk.decided).toBeUndefined();
  await desk.timers.pass(1_000);
  expect(desk.decided).toMatchObject({ reason: 'ownerGone', ifEpoch: 8 });
});

test('a database without a primary: waits as long as that takes, then a second', async () => {
  const desk = new Desk();
  desk.moving = false;
  desk.edgeSays({ connected: false });
  const { lease } = desk;
  desk.lease = fault;
  await desk.timers.pass(60_000);
  expect(desk.decided).toBeUndefined();
  desk.lease = lease;
  await desk.timers.pass(1_500);
  expect(desk.decided).toMatchObject({ ifEpoch: 7 });
});

test('stopped: nothing is decided, and nothing goes on', async () => {
  const desk = new Desk();
  await desk.timers.pass(1_000);
  desk.standby.stop();
  await desk.timers.pass(1_000);
  expect(desk.decided).toBeNull();
  expect([desk.watchers.size, desk.timers.pending]).toEqual([0, 0]);
});
