// An engine on a real database: what is saved comes into force, what happens is written, and an outage under calls costs none of them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTimers } from '../../engine/calls/timers';
import { openInventory } from '../../engine/continuity/inventory';
import { startEdge, type Edge } from '../../engine/edge/edge';
import { createMedia, type Media } from '../../engine/media/media';
import { holderName, serve, type Serving } from '../../engine/serve';
import { Administration } from '../../storage/administration/administration';
import { type VerbInput } from '../../storage/administration/verbs';
import { connect, type Connection } from '../../storage/connect';
import { askEngine } from '../../storage/instructions';
import { readLiveGroups, readLivePool } from '../../storage/live';
import { readEngines } from '../../storage/engines';
import { readLease } from '../../storage/journal';
import { readRecords } from '../../storage/records';
import { createLog } from '../../storage/process/log';
import { DatabaseReceiver } from '../../storage/mirror/database-receiver';
import { adopt, decide } from '../../storage/mirror/serving';
import { testDatabase, type TestDatabase } from '../support/database';
import { SECRET, TEST_DOMAIN, toneSounds } from '../support/engine';
import { type Message } from 'sip';
import { audioSdp, Phone } from '../support/phone';
import { eventually } from '../support/system';

jest.setTimeout(180_000);

const OPERATOR = { kind: 'operator', name: 'test' } as const;
const log = createLog('test', process.env['TEST_LOG'] ?? 'silent');

let database: TestDatabase;
let connection: Connection;
let edge: Edge;
let media: Media;
let serving: Serving;
let folder: string;
let administration: Administration;
let fenced = 0;
let handedOver = 0;
/** No two engines are in one place. */
let healthPort = 0;
const phones: Phone[] = [];

/** Under its own names; active when there is no other. */
async function serveAgain(): Promise<Serving> {
  const holder = holderName();
  return serve('main', connection, log, {
    holder, healthPort: (healthPort += 1), journalDirectory: join(folder, 'journal'), handedOver: () => { handedOver += 1; },
    domain: TEST_DOMAIN,
    digestAlgorithms: ['MD5', 'SHA-256'],
    edge: { host: '127.0.0.1', port: edge.drachtioPort, secret: SECRET },
    inventory: openInventory({ host: '127.0.0.1', port: edge.controlPort, secret: SECRET, engine: holder }, { log, timers: realTimers }),
    media, sounds: toneSounds(folder), timers: realTimers, civil: () => new Date(),
    partnerSip: '192.0.2.7:5070',
    fenced: () => { fenced += 1; },
  });
}

beforeAll(async () => {
  database = await testDatabase();
  connection = await connect(database.uri, { appName: 'test' });
  administration = new Administration({ client: connection.client, db: connection.db, pool: 'main', sipDomain: TEST_DOMAIN, log });
  folder = await mkdtemp(join(tmpdir(), 'engine-'));
  edge = await startEdge({
    SIP_ADDRESS: '127.0.0.1', SIP_PORT: 0, SIP_EXTERNAL_ADDRESS: '127.0.0.1', DRACHTIO_ADDRESS: '127.0.0.1', DRACHTIO_PORT: 0, DRACHTIO_SECRET: SECRET, EDGE_CONTROL_PORT: 0,
    NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: 20_000, RTP_PORT_MAX: 29_999, MEDIA_DIRECTORY: folder,
  }, log);
  media = createMedia({ host: '127.0.0.1', port: edge.ngPort, log });
  serving = await serveAgain();
  await eventually('the engine to be active and well', () => Promise.resolve(isActive(serving)));
});

afterAll(async () => {
  await serving?.close();
  await media?.close();
  await edge?.close();
  await Promise.all(phones.map((phone) => phone.close()));
  await connection?.close();
  await database?.close();
  await rm(folder, { recursive: true, force: true });
});

async function perform<V extends Parameters<Administration['perform']>[1]>(verb: V, input: VerbInput<V>): Promise<Record<string, unknown>> {
  const result = await administration.perform(OPERATOR, verb, input);
  if (!result.ok) throw new Error(`${verb}: ${result.message}`);
  await eventually(`change ${result.sequence} to be in force`, async () => ((await readLivePool(connection.db, 'main'))?.inForce ?? 0) >= result.sequence);
  return (result as unknown as { value: Record<string, unknown> }).value;
}

async function phone(user: string): Promise<Phone> {
  const made = await Phone.open(user, { host: '127.0.0.1', port: edge.sipPort, domain: TEST_DOMAIN });
  phones.push(made);
  return made;
}

function isActive({ engine }: Serving): boolean {
  const { ok, role } = engine.health();
  return ok && role === 'active';
}

let count = 0;
async function groupWithAgent() {
  count += 1;
  const agent = await perform('agent.create', { name: `Agent ${count}`, sipUser: `agent${count}`, onDuty: true });
  const { password } = await perform('agent.resetPassword', { agentId: String(agent['id']) });
  const group = await perform('group.create', { displayName: `Group ${count}`, sipUser: `group${count}`, active: true, agentIds: [String(agent['id'])] });
  const bob = await phone(`agent${count}`);
  expect((await bob.register(String(password))).status).toBe(200);
  return { agentId: String(agent['id']), groupId: String(group['id']), user: `group${count}`, bob };
}

async function wholeCall(user: string, bob: Phone, meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  const alice = await phone('alice');
  const leg = alice.invite(user, audioSdp(30_000));
  await alice.answered(leg);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 200, 'OK', audioSdp(30_002));
  await bob.request('ACK');
  await meanwhile();
  await alice.hangUp(leg);
  bob.respond(await bob.request('BYE'), 200, 'OK');
}

test('what is saved holds for the next call, and the call leaves its record', async () => {
  const { groupId, agentId, user, bob } = await groupWithAgent();
  await wholeCall(user, bob, () => eventually('them to talk', async () => (await readLiveGroups(connection.db, [groupId])).get(groupId)?.callers[0]?.state === 'talking'));
  const record = await eventually('the record', async () => (await readRecords(connection.db, 'main', { workflowId: groupId }))[0]);
  expect(record).toMatchObject({ outcome: 'answered', endedBy: 'caller', agentId });
});

test('a person asks to hear a text and to have a phone rung', async () => {
  const { agentId, bob } = await groupWithAgent();
  expect(await askEngine({ db: connection.db, log }, 'main', { kind: 'ringPhone', agentId: 'nobody' }, 'test')).toEqual({ kind: 'refused', reason: 'unknownAgent' });
  const heard = await askEngine({ db: connection.db, log }, 'main', { kind: 'renderPrompt', text: 'Hello', language: 'en-US' }, 'test');
  expect(heard).toMatchObject({ kind: 'done', audioId: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const asked = askEngine({ db: connection.db, log }, 'main', { kind: 'ringPhone', agentId }, 'test');
  const invite = await bob.request('INVITE');
  bob.respond(invite, 603, 'Decline');
  await bob.request('ACK');
  expect(await asked).toEqual({ kind: 'refused', reason: 'declined' });
});

test('an agent who leaves offers unanswered: paused by the engine, as a duty that people see and may end; a person sets a priority meanwhile', async () => {
  const { groupId, agentId, user, bob } = await groupWithAgent();
  const stored = (await connection.db.collection<{ _id: string; id: string }>('agentGroups').find({}).toArray()) as unknown as { id: string; version: number; agentIds: string[] }[];
  const agentGroup = stored.find(({ agentIds }) => agentIds.includes(agentId))!;
  await perform('agentGroup.change', { id: agentGroup.id, version: agentGroup.version, changes: { autoPauseAfter: 1, alertTimeSeconds: 10 } });
  const alice = await phone('alice');
  const leg = alice.invite(user, audioSdp(30_000));
  await alice.answered(leg);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 180, 'Ringing');
  const callId = await eventually('the caller to be seen', async () => (await readLiveGroups(connection.db, [groupId])).get(groupId)?.callers[0]?.callId);
  const request = { kind: 'setPriority', callId, priority: 1 } as const;
  expect(await askEngine({ db: connection.db, log }, 'main', request, 'test')).toEqual({ kind: 'done' });
  bob.respond(await bob.request('CANCEL'), 200, 'OK');
  bob.respond(invite, 487, 'Request Terminated');
  const pause = await eventually('the pause to be written', async () => (await connection.db.collection<{ agentId: string; pause: { by: string } | null }>('duties').findOne({ agentId }))?.pause);
  expect(pause).toMatchObject({ by: 'unanswered' });
  await perform('duty.resume', { agentId });
  // Back from the pause and rested: rung again for the caller who still waits.
  const again = await bob.request('INVITE');
  bob.respond(again, 200, 'OK', audioSdp(30_002));
  await bob.request('ACK');
  await eventually('them to talk', async () => (await readLiveGroups(connection.db, [groupId])).get(groupId)?.callers[0]?.state === 'talking');
  await alice.hangUp(leg);
  bob.respond(await bob.request('BYE'), 200, 'OK');
  const record = await eventually('the record', async () => (await readRecords(connection.db, 'main', { workflowId: groupId }))[0]);
  expect(record).toMatchObject({ outcome: 'answered', priority: 1 });
});

test('the database is killed under a call: the call goes on, another comes and goes, and both records are there afterwards', async () => {
  const { groupId, user, bob } = await groupWithAgent();
  const carol = await phone('carol');
  const leg = carol.invite(user, audioSdp(30_020));
  await carol.answered(leg);
  const invite = await bob.request('INVITE');
  const bobLeg = bob.legOf(invite, bob.respond(invite, 200, 'OK', audioSdp(30_022)));
  await bob.request('ACK');
  // Who hangs up before they are joined has declined, and the caller waits on.
  await eventually('them to talk', async () => (await readLiveGroups(connection.db, [groupId])).get(groupId)?.callers[0]?.state === 'talking');
  await database.kill();
  await eventually('the engine to say that the database is away', () => Promise.resolve(serving.engine.health()['database'] === false));
  expect(serving.engine.health().ok).toBe(true);
  expect((await bob.hangUp(bobLeg)).status).toBe(200);
  carol.respond(await carol.request('BYE'), 200, 'OK');
  await wholeCall(user, bob);
  await database.restart();
  const records = await eventually('both records', async () => {
    const found = await readRecords(connection.db, 'main', { workflowId: groupId });
    return found.length === 2 && found;
  });
  expect(records.map(({ endedBy }) => endedBy).sort()).toEqual(['agent', 'caller']);
  expect(fenced).toBe(0);
  // And what is saved afterwards comes into force again.
  await groupWithAgent();
});

test('a second engine of the pool stands by, warm; asked to drain, the first hands over, no call is touched, and nobody need register again', async () => {
  const { user, bob, groupId, agentId } = await groupWithAgent();
  await eventually('the binding', async () => connection.db.collection<{ _id: string }>('bindings').findOne({ _id: agentId }));
  expect(await askEngine({ db: connection.db, log }, 'main', { kind: 'drain' }, 'test')).toEqual({ kind: 'refused', reason: 'noStandby' });
  const before = (await readLease(connection.db, 'main'))?.epoch ?? 0;
  const second = await serveAgain();
  expect(second.engine.health()).toMatchObject({ ok: true, role: 'standby' });
  await eventually('both to report themselves', async () => (await readEngines(connection.db, 'main')).filter(({ alive }) => alive).map(({ role }) => role).join() === 'active,standby');
  await wholeCall(user, bob, async () => {
    await eventually('them to talk', async () => (await readLiveGroups(connection.db, [groupId])).get(groupId)?.callers[0]?.state === 'talking');
    // Pressed by two people at once, it is done once, and both are told so.
    const asked = await Promise.all(['one', 'two'].map((by) => askEngine({ db: connection.db, log }, 'main', { kind: 'drain' }, by)));
    expect(asked).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    await eventually('the second to be active', () => Promise.resolve(isActive(second)));
    expect(bob.has(({ method }) => method === 'BYE' || method === 'INVITE')).toBe(false);
  });
  expect([handedOver, fenced]).toEqual([1, 0]);
  serving = second;
  expect((await readLease(connection.db, 'main'))?.epoch).toBe(before + 1);
  expect(await eventually('the record', async () => (await readRecords(connection.db, 'main', { workflowId: groupId }))[0])).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
  const takeover = await eventually('the takeover to be reported', async () => (await readEngines(connection.db, 'main'))[0]?.takeover);
  expect(takeover).toMatchObject({ reason: 'drained', callsCarried: 1, callsClosed: 0 });
  await wholeCall(user, bob);
});

test('the groups of a partner are taken over by a decision, beside own ones of the same address; own groups that the partner serves are sent there, and who waits is served here', async () => {
  const east = new Administration({ client: connection.client, db: connection.db, pool: 'east', sipDomain: TEST_DOMAIN, log });
  const make = async <V extends Parameters<Administration['perform']>[1]>(verb: V, input: VerbInput<V>): Promise<Record<string, unknown>> => {
    const result = await east.perform(OPERATOR, verb, input);
    if (!result.ok) throw new Error(`${verb}: ${result.message}`);
    return (result as unknown as { value: Record<string, unknown> }).value;
  };
  const { user: own, bob } = await groupWithAgent();
  const agentId = String((await make('agent.create', { name: 'Eve', sipUser: 'eve', onDuty: true }))['id']);
  const { password } = await make('agent.resetPassword', { agentId });
  for (const sipUser of ['only-east', own]) await make('group.create', { displayName: 'Sales', sipUser, active: true, agentIds: [agentId] });
  // From here on it is a mirrored pool.
  await new DatabaseReceiver(connection, 'east').position();

  const eve = await phone('eve');
  await eventually('the phone of a mirrored agent to be let in', async () => (await eve.register(String(password))).status === 200);
  const caller = await phone('caller');
  /** How a call to that address ends that wants nothing but to know it. */
  const statusOf = async (user: string): Promise<Message> => {
    const leg = caller.invite(user, audioSdp(30_000));
    const final = await caller.response('INVITE', (status) => status >= 200, leg.callId);
    if (final.status !== 200) return final;
    leg.remoteTag = final.headers.to.params['tag'];
    leg.target = final.headers.contact?.[0]?.uri ?? leg.target;
    caller.send(caller.inDialog(leg, 'ACK'));
    await caller.hangUp(leg);
    return final;
  };
  expect((await statusOf('only-east')).status).toBe(404);
  const decidedAt = performance.now();
  await decide(connection, 'east', 'main', 'test');
  const first = await eventually('the group to answer', async () => {
    const leg = caller.invite('only-east', audioSdp(30_000));
    return caller.answered(leg).then(() => leg, () => null);
  });
  process.stdout.write(`a group answers ${Math.round(performance.now() - decidedAt)} ms after the decision that it is served here\n`);
  const offered = await eve.request('INVITE');
  eve.respond(offered, 200, 'OK', audioSdp(30_004));
  await eve.request('ACK');
  await caller.hangUp(first);
  eve.respond(await eve.request('BYE'), 200, 'OK');
  await wholeCall(`${own}.east`, eve);
  await wholeCall(own, bob);

  // The partner serves ours: whoever waits here is served here.
  const alice = await phone('alice');
  const leg = alice.invite(own, audioSdp(30_000));
  await alice.answered(leg);
  const rung = await bob.request('INVITE');
  await adopt(connection, [{ _id: 'main', servedBy: 'east', epoch: 1, decidedBy: 'east', at: new Date(), by: 'test' }]);
  const elsewhere = await eventually('callers to be sent to the partner', async () => {
    const answer = await statusOf(own);
    return answer.status === 302 && answer;
  });
  expect(JSON.stringify(elsewhere.headers.contact)).toContain(`sip:${own}@192.0.2.7:5070`);
  bob.respond(rung, 200, 'OK', audioSdp(30_002));
  await bob.request('ACK');
  await alice.hangUp(leg);
  bob.respond(await bob.request('BYE'), 200, 'OK');
  await adopt(connection, [{ _id: 'main', servedBy: 'main', epoch: 2, decidedBy: 'main', at: new Date(), by: 'test' }]);
  await eventually('own groups to be served again', async () => (await statusOf('nobody')).status === 404 && serving.engine.health().ok);
});
