// A rolling upgrade under calls: the next release stands by, migrates, is given the calls, dies; and this release, which was not upgraded yet, goes on.
import { main } from '../../storage/cli';
import { type LiveGroup } from '../../storage/model/live';
import { type CallRecord } from '../../storage/model/record';
import { join } from 'node:path';
import { EXIT } from '../../storage/process/exit';
import { ROOT, VERSION } from '../../storage/process/root';
import { readEngines } from '../../storage/engines';
import { startFaultSystem, type FaultSystem } from '../support/fault-system';
import { type KeptRunning } from '../support/fault-process';
import { type Phone } from '../support/phone';
import { RtpPeer } from '../support/rtp-peer';
import { hungUpOn, pickUp } from '../support/scene';
import { eventually, type TestAgent } from '../support/system';

jest.setTimeout(180_000);

const NEXT_RELEASE = { NODE_OPTIONS: `--require ${join(ROOT, 'test', 'support', 'next-release.cjs')}` };
/** Well above what a busy machine takes from a sound that does not stop, well below what people take for the end of a call. */
const PACKETS_OF_A_SECOND = 50;

let faults: FaultSystem;
const toClose: { close(): void | Promise<void> }[] = [];
const opened = async <T extends { close(): void | Promise<void> }>(made: T | Promise<T>): Promise<T> => {
  const one = await made;
  toClose.push(one);
  return one;
};

beforeAll(async () => { faults = await startFaultSystem({ rtpPorts: 200 }); });
afterAll(async () => {
  await Promise.all(toClose.map(async (one) => one.close()));
  await faults.stop();
});

const role = async (engine: KeptRunning): Promise<unknown> => (await engine.health().catch((): Record<string, unknown> => ({})))['role'];
const untilRole = (engine: KeptRunning, wanted: string): Promise<unknown> => eventually(`${engine.name} to be ${wanted}`, async () => (await engine.isWell()) && (await role(engine)) === wanted);
const untouched = (...phones: readonly Phone[]): void => {
  for (const phone of phones) expect(phone.received.filter(({ method }) => method === 'BYE' || method === 'CANCEL' || method === 'INVITE')).toEqual([]);
};

async function call(user: string) {
  const sound = await opened(RtpPeer.open());
  const phone = await opened(faults.system.caller());
  const leg = phone.invite(user, sound.sdp());
  await phone.answered(leg);
  sound.follow(leg.remoteSdp);
  return { phone, leg, sound };
}

const liveOf = (workflowId: string, what: string, fits: (live: LiveGroup) => boolean): Promise<LiveGroup> => faults.system.live(workflowId, what, fits);

async function drain(): Promise<{ readonly code: number; readonly words: string }> {
  const said: string[] = [];
  const tell = (words: string): void => { said.push(words); };
  const code = await main(['drain', '--yes'], { MONGODB_URI: faults.database.uri, POOL: 'main' }, { out: tell, err: tell, input: () => Promise.resolve(''), ask: () => Promise.resolve(null) });
  return { code, words: said.join('\n') };
}

test('who talks and who waits notices nothing of an upgrade, of draining, nor of the death of the new release before the old one was upgraded', async () => {
  const { system } = faults;
  const { db } = system.connection;
  const [former] = faults.engines as [KeptRunning];
  const [bob, carla]: [TestAgent, TestAgent] = [await system.agent(), await system.agent(false)];
  const [talkers, waiters] = [await system.group({ agentIds: [bob.id] }), await system.group({ agentIds: [carla.id] })];
  const phone = await opened(system.phone(bob));
  const talker = await call(talkers.user);
  const agentSound = await opened(RtpPeer.open());
  const agentLeg = await pickUp(phone, agentSound.sdp());
  agentSound.follow(agentLeg.remoteSdp);
  talker.sound.tone(440);
  agentSound.tone(660);
  const bothHear = async (): Promise<void> => {
    // From now on, not from before.
    for (const sound of [talker.sound, agentSound]) sound.forget();
    await Promise.all([talker.sound.untilTone(660), agentSound.untilTone(440)]);
  };
  await bothHear();
  const first = await call(waiters.user);
  await liveOf(waiters.id, 'the first to wait', ({ callers }) => callers.some(({ state }) => state === 'waiting'));
  const second = await call(waiters.user);
  const before = await liveOf(waiters.id, 'both to wait', ({ callers }) => callers.length === 2 && callers.every(({ state }) => state === 'waiting'));
  const inPlace = async (epochAbove: number): Promise<LiveGroup> => {
    const now = await liveOf(waiters.id, 'those who wait to be seen by the next engine', ({ epoch, callers }) => epoch > epochAbove && callers.length === 2);
    expect(now.callers.map(({ callId }) => callId)).toEqual(before.callers.map(({ callId }) => callId));
    // Moments told by two engines' clocks: the same to a tenth of a second.
    for (const [at, { joinedQueueAt }] of now.callers.entries()) expect(Math.round(((joinedQueueAt?.getTime() ?? 0) - (before.callers[at]?.joinedQueueAt?.getTime() ?? 0)) / 100)).toBe(0);
    first.sound.forget();
    await first.sound.until((heard) => heard.length > PACKETS_OF_A_SECOND, 'music');
    return now;
  };
  expect(await drain()).toMatchObject({ code: 1, words: expect.stringContaining('no engine stands by') });

  // 1. The host of the engine that stands by is upgraded: its first connection migrates, under the old release.
  const next = await faults.startEngine('next-release', NEXT_RELEASE);
  await untilRole(next, 'standby');
  expect(await db.collection('migrations').findOne({ name: 'next-release' })).toMatchObject({ version: '99.0.0' });
  expect((await readEngines(db, 'main')).map((one) => [one.role, one.version])).toEqual([['active', VERSION], ['standby', '99.0.0']]);
  // What the next release added to a document stays, whoever of the old release changes that document.
  await system.perform('agent.change', { id: carla.id, version: (await db.collection('agents').findOne({ id: carla.id }))?.['version'] as number, changes: { name: 'Carla' } });
  expect(await db.collection('agents').findOne({ id: carla.id })).toMatchObject({ name: 'Carla', ofNextRelease: { since: 99 } });

  // 2. It is given the calls.
  expect(await drain()).toMatchObject({ code: 0 });
  await untilRole(next, 'active');
  expect(former.ends).toEqual([String(EXIT.replaced)]);
  const drained = await inPlace(before.epoch);
  await bothHear();
  untouched(first.phone, second.phone, talker.phone);
  expect(phone.received.filter(({ method }) => method === 'BYE' || method === 'CANCEL')).toEqual([]);
  expect((await readEngines(db, 'main'))[0]).toMatchObject({ version: '99.0.0', takeover: { reason: 'drained', callsCarried: 3, callsClosed: 0 } });

  // 3. Before the other host is upgraded the new release dies. The old one stands by again, and can go on with what it wrote.
  await untilRole(former, 'standby');
  await eventually('the journal as the next release writes it', async () => (await db.collection('journalCalls').countDocuments({ ended: false, 'body.ofNextRelease': true })) === 3);
  next.signal('SIGKILL');
  await untilRole(former, 'active');
  await inPlace(drained.epoch);
  await bothHear();
  untouched(first.phone, second.phone, talker.phone);
  expect(phone.received.filter(({ method }) => method === 'BYE' || method === 'CANCEL')).toEqual([]);

  // Everybody is served, in order, and everything is told once.
  const other = await opened(system.phone(carla));
  await system.duty(carla.id, true);
  await pickUp(other);
  const served = await liveOf(waiters.id, 'the first to be served', ({ callers }) => callers.some(({ state }) => state === 'talking'));
  expect(served.callers.find(({ state }) => state === 'talking')?.callId).toBe(before.callers[0]?.callId);
  expect((await second.phone.hangUp(second.leg)).status).toBe(200);
  expect((await first.phone.hangUp(first.leg)).status).toBe(200);
  await hungUpOn(other);
  expect((await talker.phone.hangUp(talker.leg)).status).toBe(200);
  await hungUpOn(phone);
  const records = await eventually('every record', async () => {
    const found = await db.collection<CallRecord>('records').find().sort({ arrivedAt: 1 }).toArray();
    return found.length >= 3 && found;
  });
  expect(records.map(({ outcome, endedBy, agentId }) => [outcome, endedBy, agentId])).toEqual([['answered', 'caller', bob.id], ['answered', 'caller', carla.id], ['abandoned', 'caller', null]]);
});
