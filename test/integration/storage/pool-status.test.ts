// What administrators see of the pool's redundancy, over a real database of one member.
import { readEngines, removeEngine, writeEngine } from '../../../storage/engines';
import { type EngineReport } from '../../../storage/model/engine-report';
import { type Told } from '../../../storage/alarms';
import { PoolWatch } from '../../../storage/pool-watch';
import { newPool, openStorage, operator, person, seen, SETUP_MS, silent, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const since = new Date('2026-11-23T12:00:00Z');
function report(pool: string, id: string, more: Partial<EngineReport> = {}): Omit<EngineReport, 'at'> {
  return {
    _id: `${pool}-${id}`, pool, host: 'one', pid: 1, role: 'standby', since, version: '0.1.0', healthPort: id.charCodeAt(0), epoch: null,
    edges: [], backlog: { records: 0, oldest: null }, takeover: null, ...more,
  };
}

test('An administrator sees the one member, the active engine before the standby, its edges and backlog, and the last takeover', async () => {
  const { pool, administration } = newPool(storage.connection);
  const edge = { address: '127.0.0.1:9022', connected: true, since, dialogs: 3, anchors: 2 };
  const takeover = (minute: number) => ({ at: new Date(since.getTime() + minute * 60_000), reason: 'ownerGone' as const, callsCarried: minute, callsClosed: 0, tookMs: 40 });
  await writeEngine(storage.connection.db, report(pool, 'b', { since: new Date(0), takeover: takeover(1) }));
  await writeEngine(storage.connection.db, report(pool, 'a', { role: 'active', epoch: 7, edges: [edge], backlog: { records: 5, oldest: since }, takeover: takeover(2) }));
  const status = await seen(administration.status(operator));
  expect(status).toMatchObject({
    pool, edges: [edge], backlog: { records: 5, oldest: since }, lastTakeover: { callsCarried: 2 },
    engines: [{ _id: `${pool}-a`, role: 'active', epoch: 7, alive: true }, { _id: `${pool}-b`, role: 'standby', alive: true }],
  });
  expect(status.database.members).toMatchObject([{ role: 'primary' }]);
  expect(status.database.members).toHaveLength(1);
});

test('An engine that has not reported for longer than others may wait is not alive, and its edges and backlog are nobody\'s', async () => {
  const { pool, administration } = newPool(storage.connection);
  const { db } = storage.connection;
  await writeEngine(db, report(pool, 'a', { role: 'active', edges: [{ address: 'x:1', connected: true, since, dialogs: null, anchors: null }] }));
  await db.collection<EngineReport>('engines').updateOne({ _id: `${pool}-a` }, [{ $set: { at: { $subtract: ['$$NOW', 10_000] } } }]);
  expect(await seen(administration.status(operator))).toMatchObject({ engines: [{ alive: false }], edges: [], backlog: { records: 0, oldest: null }, lastTakeover: null });
});

test('A report replaces the one before, and an engine that stops by itself is gone from the list', async () => {
  const { pool } = newPool(storage.connection);
  const { db } = storage.connection;
  await writeEngine(db, report(pool, 'a', { host: '$odd' }));
  await writeEngine(db, report(pool, 'a', { role: 'active', epoch: 2 }));
  expect(await readEngines(db, pool)).toMatchObject([{ role: 'active', epoch: 2, host: 'one' }]);
  await removeEngine(db, `${pool}-a`);
  expect(await readEngines(db, pool)).toEqual([]);
});

test('An engine that died is not listed any more once another lives in its place', async () => {
  const { pool } = newPool(storage.connection);
  const { db } = storage.connection;
  await writeEngine(db, report(pool, 'died', { role: 'active', healthPort: 1 }));
  await writeEngine(db, report(pool, 'elsewhere', { role: 'active', healthPort: 1, host: 'two' }));
  await writeEngine(db, report(pool, 'heir', { healthPort: 1 }));
  expect((await readEngines(db, pool)).map(({ _id }) => _id)).toEqual([`${pool}-elsewhere`, `${pool}-heir`]);
});

test('Nobody but administrators sees it, drains or steps down', async () => {
  const { administration } = newPool(storage.connection);
  const stranger = person('Nora');
  expect(await administration.status(stranger)).toMatchObject({ ok: false, code: 'notAllowed' });
  expect(await administration.stepDown(stranger)).toMatchObject({ ok: false, code: 'notAllowed' });
  expect(await administration.ask(stranger, { kind: 'drain' })).toMatchObject({ ok: false, code: 'notAllowed' });
});

test('The only member is not stepped down', async () => {
  const { administration } = newPool(storage.connection);
  expect(await seen(administration.stepDown(operator))).toMatchObject({ kind: 'refused', reason: 'oneMember' });
});

test('Two watchers tell each thing once between them, also after one starts again', async () => {
  const { pool } = newPool(storage.connection);
  const { db } = storage.connection;
  let seconds = 0;
  const watch = (): PoolWatch => new PoolWatch({ db, pool, log: silent, now: () => new Date(since.getTime() + seconds * 1_000) });
  const [one, other] = [watch(), watch()];
  const told: Told[] = [];
  const lookUntil = async (end: number, watchers: readonly PoolWatch[], engines: readonly Omit<EngineReport, 'at'>[]): Promise<void> => {
    for (; seconds < end; seconds += 5) {
      for (const engine of engines) await writeEngine(db, engine);
      for (const news of await Promise.all(watchers.map((each) => each.look()))) told.push(...news);
    }
  };
  const both = [report(pool, 'a', { role: 'active' }), report(pool, 'b')];
  await lookUntil(20, [one, other], both);
  await removeEngine(db, `${pool}-b`);
  await lookUntil(60, [one, other], both.slice(0, 1));
  expect(told).toMatchObject([{ kind: 'raised', alarm: 'noStandby' }]);
  await lookUntil(100, [watch(), other], both);
  expect(told.slice(1)).toMatchObject([{ kind: 'cleared', alarm: 'noStandby' }]);
});
