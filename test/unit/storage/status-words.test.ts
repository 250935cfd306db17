// The lines that `response-group status` prints.
import { type PoolStatus } from '../../../storage/model/pool-status';
import { drainWords, poolStatusWords } from '../../../storage/status-words';

const at = new Date('2026-11-23T12:10:00Z');
const since = new Date('2026-11-23T12:00:00Z');
const engine = { pool: 'main', host: 'one', pid: 11, since, version: '0.1.0', healthPort: 9025, edges: [], backlog: { records: 0, oldest: null }, takeover: null, at, alive: true };
const status: PoolStatus = {
  pool: 'main', at,
  database: {
    replicaSet: 'rs0', isDetailed: true,
    members: [{ name: 'a:1', role: 'primary', healthy: true, lagMs: 0 }, { name: 'b:1', role: 'secondary', healthy: true, lagMs: 1_200 }, { name: 'c:1', role: 'other', healthy: false, lagMs: null }],
  },
  engines: [{ ...engine, _id: 'x', role: 'active', epoch: 7 }, { ...engine, _id: 'y', pid: 12, role: 'standby', epoch: null, alive: false, at: since }],
  edges: [{ address: '127.0.0.1:9022', connected: true, since, dialogs: 3, anchors: 1 }],
  backlog: { records: 4, oldest: new Date(at.getTime() - 3_000) },
  lastTakeover: { at: since, reason: 'ownerGone', callsCarried: 160, callsClosed: 2, tookMs: 380 },
};

test('Everything on a pool with a dead standby and a dead member', () => {
  expect(poolStatusWords(status)).toEqual([
    'Pool main at 2026-11-23T12:10:00.000Z',
    'Database: replica set rs0, 3 members',
    '  a:1: primary, well',
    '  b:1: secondary, well, 1.2 s behind',
    '  c:1: starting, recovering or not reached, NOT well',
    'Engines:',
    '  one, process 11, release 0.1.0: active at epoch 7 for 10 min',
    '  one, process 12, release 0.1.0: silent for 10 min, was standing by',
    'Edges:',
    '  127.0.0.1:9022: connected for 10 min, 3 dialogs, 1 anchor',
    'To be written: 4, the oldest for 3 s',
    'Last takeover: 10 min ago (ownerGone), 160 calls carried on, 2 closed, in 380 ms',
    '! no engine stands by',
    '! a member of the database is down: c:1',
  ]);
});

test('Nothing but one member, which may not be asked in detail', () => {
  const words = poolStatusWords({ ...status, database: { replicaSet: 'rs0', isDetailed: false, members: [{ name: 'a:1', role: 'primary', healthy: null, lagMs: null }] }, engines: [], edges: [], backlog: { records: 0, oldest: null }, lastTakeover: null });
  expect(words).toEqual(expect.arrayContaining(['Database: replica set rs0, 1 member: NO high availability', '  a:1: primary', expect.stringContaining('clusterMonitor'), 'Engines: none has reported', 'To be written: nothing', 'Last takeover: none known', '! no engine is active: nobody answers calls']));
});

test.each([
  [{ kind: 'done' }, true, 'Drained'], [{ kind: 'expired' }, false, 'No engine answered'], [{ kind: 'refused', reason: 'noStandby' }, false, 'no engine stands by'],
] as const)('A drain that was %j', (outcome, ok, words) => {
  expect(drainWords(outcome)).toEqual({ ok, words: expect.stringContaining(words) });
});
