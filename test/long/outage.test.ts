// The database dies, calls come and go, the engine dies too: everything is there in the end, each record once. And two engines in the midst of it.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecords } from '../../storage/records';
import { audioSdp } from '../support/phone';
import { Scene } from '../support/scene';
import { eventually, type Running } from '../support/system';

jest.setTimeout(180_000);

const CALLS = 50;
const scene = new Scene();

const kept = async (): Promise<string> => {
  const folder = join(scene.system.folder, 'journal');
  const names = await readdir(folder).catch(() => []);
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('');
};
const saysAway = (engine: Running): Promise<boolean> => eventually('the engine to say that the database is away', async () => (await engine.health())['database'] === false);

test('the database is killed, 50 calls are made and end, the engine is killed, both come back: every record is there, once, as it was', async () => {
  const { system } = scene;
  const group = await system.group();
  await system.database.kill();
  const begunAt = Date.now();
  for (let each = 0; each < CALLS; each += 1) {
    const { phone, leg } = await scene.call(group.user);
    expect((await phone.hangUp(leg)).status).toBe(200);
  }
  const endedAt = Date.now();
  await saysAway(system.engine);
  expect(await system.engine.health()).toMatchObject({ ok: true, role: 'active' });
  await eventually('the file to have every record', async () => (await kept()).split('"outcome":"abandoned"').length > CALLS);
  await system.engine.stop('SIGKILL');
  await system.database.restart();
  await system.startEngine();
  const records = await eventually('every record', async () => {
    const found = await readRecords(system.connection.db, 'main', { workflowId: group.id, limit: 2 * CALLS });
    return found.length >= CALLS && found;
  });
  expect(records).toHaveLength(CALLS);
  expect(new Set(records.map(({ outcome, endedBy }) => `${outcome} ${endedBy}`))).toEqual(new Set(['abandoned caller']));
  for (const { arrivedAt, endedAt: over } of records) expect(begunAt <= arrivedAt.getTime() && arrivedAt <= over && over.getTime() <= endedAt + 1_000).toBe(true);
  expect(await kept()).toBe('');
  expect(await system.connection.db.collection('journalCalls').countDocuments({ ended: false })).toBe(0);
});

test('a caller who waits through it all: the database dies, the engine dies, and the next one goes on where the file left off', async () => {
  const { system } = scene;
  const agent = await system.agent();
  const group = await system.group({ agentIds: [agent.id] });
  await system.database.kill();
  const { phone, leg } = await scene.call(group.user);
  const file = await eventually('the file to know of the caller in the queue', async () => {
    const text = await kept();
    return text.includes('"state":"queued"') && text;
  });
  const [, joinedAt = ''] = /"joinedAt":\{"\$date":"([^"]+)"\}/.exec(file) ?? [];
  await system.engine.stop('SIGKILL');
  await system.database.restart();
  await system.startEngine();
  const live = await scene.waiting(group.id);
  expect(Math.round(((live.callers[0]?.joinedQueueAt?.getTime() ?? 0) - new Date(joinedAt).getTime()) / 100)).toBe(0);
  expect(phone.received.filter(({ method }) => method === 'BYE')).toEqual([]);
  expect((await phone.hangUp(leg)).status).toBe(200);
  expect(await system.record(group.id)).toMatchObject({ outcome: 'abandoned', endedBy: 'caller' });
});

test('the database is killed and comes back under one engine: nothing is written twice, and the file goes', async () => {
  const { system } = scene;
  const group = await system.group();
  await system.database.kill();
  const { phone, leg } = await scene.call(group.user);
  await saysAway(system.engine);
  expect((await phone.hangUp(leg)).status).toBe(200);
  await eventually('the file to have the record', async () => (await kept()).includes('"outcome":"abandoned"'));
  await system.database.restart();
  expect(await system.record(group.id)).toMatchObject({ outcome: 'abandoned' });
  await eventually('the file to be gone', async () => (await kept()) === '');
});

test('no primary, and the active engine dies: nobody takes over until the database is back, and the callers are kept', async () => {
  const { system } = scene;
  const group = await system.group();
  const caller = await scene.call(group.user);
  await scene.waiting(group.id);
  const standby = await system.startStandby();
  await eventually('the journal', async () => (await system.connection.db.collection('journalCalls').countDocuments({ ended: false, 'body.call.phase.state': 'queued' })) === 1);
  await system.database.kill();
  await saysAway(system.engine);
  const over = system.killActive();
  // A new caller is answered by nobody meanwhile, and by the next engine then.
  const patient = await scene.open(system.caller());
  const leg = patient.invite(group.user, audioSdp(40_010));
  await patient.response('INVITE', (status) => status === 100, leg.callId);
  expect((await standby.health())['role']).toBe('standby');
  await system.database.restart();
  await over;
  await patient.answered(leg);
  await scene.waiting(group.id);
  expect((await patient.hangUp(leg)).status).toBe(200);
  expect(caller.phone.received.filter(({ method }) => method === 'BYE')).toEqual([]);
  expect((await caller.phone.hangUp(caller.leg)).status).toBe(200);
});
