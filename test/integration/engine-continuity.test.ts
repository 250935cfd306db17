// Engines that die, come back, are overtaken and stop, on an edge that outlives them.
import { audioSdp, type Phone } from '../support/phone';
import { duty as dutySchema } from '../../storage/model/agent';
import { EngineUnderTest, until } from '../support/engine';

jest.setTimeout(90_000);

let world: EngineUnderTest;
beforeEach(async () => { world = await EngineUnderTest.start(); });
afterEach(async () => { await world.stop(); });

async function waiting(group: { readonly id: string; readonly user: string }) {
  const alice = await world.phone('alice');
  const leg = alice.invite(group.user, audioSdp(30_000));
  await alice.answered(leg);
  await until('her to wait', () => ['waiting', 'ringing'].includes(world.storage.groups.get(group.id)?.callers[0]?.state ?? ''));
  return { alice, leg };
}

async function talking() {
  const group = world.group(['bob']);
  const bob = await world.registered('bob');
  const { alice, leg } = await waiting(group);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 180, 'Ringing');
  const bobLeg = bob.legOf(invite, bob.respond(invite, 200, 'OK', audioSdp(30_002)));
  await bob.request('ACK');
  await until('them to talk', () => world.storage.groups.get(group.id)?.callers[0]?.state === 'talking');
  return { group, bob, bobLeg, alice, leg };
}

/** One more caller for a group whose agents are busy. */
async function waitsIn(group: { readonly id: string; readonly user: string }, name: string) {
  const phone = await world.phone(name);
  const leg = phone.invite(group.user, audioSdp(30_010));
  await phone.answered(leg);
  await until('both callers to be seen', () => world.storage.groups.get(group.id)?.callers.length === 2);
  return { phone, leg };
}

const endsWithBye = async (...phones: readonly Phone[]): Promise<void> => {
  for (const phone of phones) phone.respond(await phone.request('BYE'), 200, 'OK');
};

test('a plain stop: everybody gets a BYE, the record is written, phones may call again when it is back', async () => {
  const { group, bob, alice } = await talking();
  const stopped = world.engine.stop();
  await endsWithBye(alice, bob);
  await stopped;
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered' });
  expect([...world.storage.calls.values()].filter((entry) => entry !== null)).toEqual([]);
  await world.startEngine();
  // Bob's registration came back from storage: nobody had to register again.
  const { alice: again, leg } = await waiting(group);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 486, 'Busy Here');
  await bob.request('ACK');
  await again.hangUp(leg);
});

test('an engine that dies while they talk: the next one goes on with the call, and nobody notices', async () => {
  const { group, bob, bobLeg, alice } = await talking();
  await until('the journal', () => [...world.storage.calls.values()].some((entry) => JSON.stringify(entry).includes('"state":"talking"')));
  await world.killEngine();
  await world.startEngine();
  await until('the call to be seen again', () => world.storage.groups.get(group.id)?.callers[0]?.state === 'talking');
  expect([alice, bob].map((phone) => phone.has(({ method }) => method === 'BYE' || method === 'INVITE'))).toEqual([false, false]);
  expect((await bob.hangUp(bobLeg)).status).toBe(200);
  await endsWithBye(alice);
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'agent', agentId: 'bob' });
  await until('the tombstone', () => [...world.storage.calls.values()].every((entry) => entry === null));
});

test('an engine that dies while a caller waits: the place and the joining time are kept, and the next free agent is rung', async () => {
  const group = world.group(['bob']);
  const { alice, leg } = await waiting(group);
  const joined = (): Date | null | undefined => world.storage.groups.get(group.id)?.callers[0]?.joinedQueueAt;
  const before = (await until('her to be in the queue', joined)).getTime();
  await until('the journal', () => [...world.storage.calls.values()].some((entry) => JSON.stringify(entry).includes('"state":"queued"')));
  await world.killEngine();
  world.storage.groups.clear();
  await world.startEngine();
  // By the clocks of two engines, whose measures may differ by a few milliseconds.
  expect(Math.round(((await until('her to be seen again', joined)).getTime() - before) / 100)).toBe(0);
  const bob = await world.registered('bob');
  const invite = await bob.request('INVITE');
  bob.respond(invite, 200, 'OK', audioSdp(30_002));
  await bob.request('ACK');
  await until('them to talk', () => world.storage.groups.get(group.id)?.callers[0]?.state === 'talking');
  expect((await alice.hangUp(leg)).status).toBe(200);
  await endsWithBye(bob);
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
});

test('an edge that was started anew while no engine was there: the call is closed as interrupted', async () => {
  const { group } = await talking();
  await until('the journal', () => [...world.storage.calls.values()].some((entry) => JSON.stringify(entry).includes('"state":"talking"')));
  await world.killEngine();
  await world.newEdge();
  await world.startEngine();
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'system', agentId: 'bob' });
});

test('a caller who hung up while no engine was there: the record says so', async () => {
  const group = world.group([]);
  const { alice, leg } = await waiting(group);
  await until('the journal', () => [...world.storage.calls.values()].some((entry) => JSON.stringify(entry).includes('from-tag')));
  await world.killEngine();
  expect((await alice.hangUp(leg)).status).toBe(200);
  await world.startEngine();
  expect(await world.record(group.id)).toMatchObject({ outcome: 'abandoned', endedBy: 'caller' });
});

test('a caller who dials while no engine is there: answered by the next one', async () => {
  const group = world.group([]);
  await world.killEngine();
  const alice = await world.phone('alice');
  const leg = alice.invite(group.user, audioSdp(30_000));
  await alice.response('INVITE', (status) => status === 100, leg.callId);
  await world.startEngine();
  await alice.answered(leg);
  await alice.hangUp(leg);
});

test('a phone that rang when the engine died is cancelled', async () => {
  const group = world.group(['bob']);
  const bob = await world.registered('bob');
  await waiting(group);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 180, 'Ringing');
  await world.killEngine();
  const cancel = await bob.request('CANCEL');
  bob.respond(cancel, 200, 'OK');
  bob.respond(invite, 487, 'Request Terminated');
  await world.startEngine();
});

test('what is saved while the next engine is on its way to the edge rings nobody whom it cannot reach yet', async () => {
  const group = world.group(['bob']);
  const duty = (onDuty: boolean): void => { world.configure([{ kind: 'duties', id: 'bob', before: null, after: dutySchema.parse({ pool: 'main', version: 1, id: 'bob', agentId: 'bob', onDuty, since: new Date() }) }]); };
  const bob = await world.registered('bob');
  await until('the binding', () => world.storage.bindings.has('bob'));
  duty(false);
  const { alice, leg } = await waiting(group);
  await until('the journal', () => [...world.storage.calls.values()].some((entry) => JSON.stringify(entry).includes('"state":"queued"')));
  await world.killEngine();
  world.wire.freeze();
  await world.beginEngine();
  await until('the calls to be taken up', () => Number(world.engine.health()['calls']) === 1);
  duty(true);
  world.wire.thaw();
  world.wire.cut();
  const invite = await bob.request('INVITE');
  bob.respond(invite, 200, 'OK', audioSdp(30_002));
  await bob.request('ACK');
  await until('them to talk', () => world.storage.groups.get(group.id)?.callers[0]?.state === 'talking');
  await alice.hangUp(leg);
  await endsWithBye(bob);
  expect((await world.record(group.id)).offers.map(({ outcome }) => outcome)).toEqual(['answered']);
});

test('an engine hands over just as a phone is picked up: caller and agent are joined by the next, and nobody is rung a second time', async () => {
  const group = world.group(['bob']);
  const bob = await world.registered('bob');
  const { alice } = await waiting(group);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 180, 'Ringing');
  const bobLeg = bob.legOf(invite, bob.respond(invite, 200, 'OK', audioSdp(30_002)));
  await bob.request('ACK');
  expect(await world.engine.handOver([])).toBe(true);
  await world.startEngine();
  await until('them to talk', () => world.storage.groups.get(group.id)?.callers[0]?.state === 'talking');
  expect([alice, bob].map((phone) => phone.has(({ method }) => method === 'BYE' || method === 'INVITE'))).toEqual([false, false]);
  expect((await bob.hangUp(bobLeg)).status).toBe(200);
  await endsWithBye(alice);
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', agentId: 'bob', offers: [{ outcome: 'answered' }] });
});

test('a newer engine takes the lease: the older lets go without ending a call', async () => {
  const { alice, leg, bob } = await talking();
  world.storage.open();
  await until('the older one to notice', () => world.fencedBy);
  expect(alice.has(({ method }) => method === 'BYE')).toBe(false);
  expect((await alice.hangUp(leg)).status).toBe(200);
  expect(bob.has(({ method }) => method === 'INVITE')).toBe(false);
  await world.startEngine();
});

test('the database is away: a call comes in, is answered and ends; its record is there when the database is back', async () => {
  const group = world.group(['bob']);
  const bob = await world.registered('bob');
  await until('the configuration to be shown in force', () => world.storage.pool?.inForce === 1);
  world.storage.away = true;
  const alice = await world.phone('alice');
  const leg = alice.invite(group.user, audioSdp(30_000));
  await alice.answered(leg);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 200, 'OK', audioSdp(30_002));
  await bob.request('ACK');
  expect((await alice.hangUp(leg)).status).toBe(200);
  await endsWithBye(bob);
  await until('the engine to say that the database is away', () => world.engine.health()['database'] === false);
  expect(world.engine.health().ok).toBe(true);
  expect(world.storage.records.size).toBe(0);
  world.storage.away = false;
  expect(await world.record(group.id)).toMatchObject({ endedBy: 'caller' });
});

test('the connection to the edge is cut while they talk: the call goes on, and either side can end it afterwards', async () => {
  const { group, bob, alice, leg } = await talking();
  world.wire.cut();
  await until('the engine to notice', () => world.engine.health()['edge'] === false);
  await until('the engine to be back', () => world.engine.health().ok);
  alice.send(alice.inDialog(leg, 'INVITE', audioSdp(30_000).replace('sendrecv', 'sendonly')));
  expect((await alice.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(200);
  alice.send(alice.inDialog(leg, 'ACK'));
  expect((await alice.hangUp(leg)).status).toBe(200);
  await endsWithBye(bob);
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
});

test('the connection is cut while a phone rings: that ring is cancelled, the caller keeps the place and is offered again', async () => {
  const group = world.group(['bob']);
  const bob = await world.registered('bob');
  const { alice, leg } = await waiting(group);
  const first = await bob.request('INVITE');
  bob.respond(first, 180, 'Ringing');
  world.wire.cut();
  bob.respond(await bob.request('CANCEL'), 200, 'OK');
  bob.respond(first, 487, 'Request Terminated');
  await bob.request('ACK');
  const second = await bob.request('INVITE');
  expect(second.headers['call-id']).not.toBe(first.headers['call-id']);
  bob.respond(second, 486, 'Busy Here');
  await bob.request('ACK');
  expect((await alice.hangUp(leg)).status).toBe(200);
});

test('the connection is cut for longer than anybody waits, on an edge that lives: nothing is decided meanwhile, the call goes on, and who hung up is known', async () => {
  const { group, alice, leg, bob } = await talking();
  const other = await waitsIn(group, 'carol');
  world.wire.freeze();
  world.wire.cut();
  await until('the engine to ask for somebody with a better way', () => world.cutOffs > 0);
  expect(world.storage.records.size).toBe(0);
  // The edge answers it, and keeps it.
  expect((await other.phone.hangUp(other.leg)).status).toBe(200);
  expect(alice.has(({ method }) => method === 'BYE')).toBe(false);
  world.wire.thaw();
  expect(await world.record(group.id)).toMatchObject({ outcome: 'abandoned', endedBy: 'caller' });
  await until('the engine to be back', () => world.engine.health().ok);
  expect((await alice.hangUp(leg)).status).toBe(200);
  await endsWithBye(bob);
  await until('her record', () => [...world.storage.records.values()].some(({ outcome, endedBy }) => outcome === 'answered' && endedBy === 'caller'));
});

test('the connection is cut between the 200 and the word that it was sent: the caller is served all the same', async () => {
  const group = world.group([]);
  const alice = await world.phone('alice');
  world.wire.deafen();
  const leg = alice.invite(group.user, audioSdp(30_000));
  await alice.answered(leg);
  world.wire.cut();
  world.wire.thaw();
  await until('her to wait', () => world.storage.groups.get(group.id)?.callers[0]?.state === 'waiting');
  expect((await alice.hangUp(leg)).status).toBe(200);
  expect(await world.record(group.id)).toMatchObject({ outcome: 'abandoned', endedBy: 'caller' });
});

test('the caller hangs up while the connection is cut: found out when it is back, and the agent gets a BYE', async () => {
  const { group, bob, alice, leg } = await talking();
  world.wire.freeze();
  world.wire.cut();
  await until('the engine to notice', () => world.engine.health()['edge'] === false);
  expect((await alice.hangUp(leg)).status).toBe(200);
  world.wire.thaw();
  await endsWithBye(bob);
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
});

test('an edge that is there but says nothing: noticed by our own pings, and connected anew', async () => {
  world.wire.freeze();
  await until('the engine to notice', () => world.engine.health()['edge'] === false);
  world.wire.thaw();
  await until('the engine to be back', () => world.engine.health().ok);
  const { alice, leg } = await waiting(world.group([]));
  expect((await alice.hangUp(leg)).status).toBe(200);
});

test('the edge dies under a call and is started anew: the record is closed as far as it had come, the agent is free, registrations are known, new calls are served', async () => {
  const { group, bob } = await talking();
  await world.edge.close();
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'system', agentId: 'bob' });
  await until('the agent to be free', () => ['free', 'wrappingUp'].includes(world.storage.groups.get(group.id)?.agents[0]?.activity ?? ''));
  await world.newEdge();
  await until('the engine to be back', () => world.engine.health().ok);
  const { alice, leg } = await waiting(group);
  const invite = await bob.request('INVITE');
  bob.respond(invite, 486, 'Busy Here');
  await bob.request('ACK');
  expect((await alice.hangUp(leg)).status).toBe(200);
});

test('the edge dies under a caller who waits: closed as interrupted', async () => {
  const group = world.group([]);
  await waiting(group);
  await world.edge.close();
  expect(await world.record(group.id)).toMatchObject({ outcome: 'interrupted', endedBy: 'system' });
  await world.newEdge();
  await until('the engine to be back', () => world.engine.health().ok);
});

test('an agent dials to go off duty and on again while the database is away: each holds at once and is said, and is written when the database is back', async () => {
  const group = world.group(['bob']);
  const bob = await world.registered('bob');
  await until('the configuration to be shown in force', () => world.storage.pool?.inForce === 1);
  world.storage.away = true;
  const dials = async (code: string): Promise<void> => {
    const leg = bob.invite(`${encodeURIComponent(code)}@${world.server.host}:${world.server.port}`, audioSdp(30_004));
    await bob.answered(leg);
    bob.respond(await bob.request('BYE', leg.callId), 200, 'OK');
  };
  await dials('*70');
  const { alice, leg } = await waitingUnseen(group);
  await dials('*71');
  const invite = await bob.request('INVITE');
  expect(bob.received.filter(({ method }) => method === 'INVITE')).toHaveLength(1);
  bob.respond(invite, 486, 'Busy Here');
  await bob.request('ACK');
  expect((await alice.hangUp(leg)).status).toBe(200);
  expect(world.storage.dialledDuties).toEqual([]);
  world.storage.away = false;
  await until('the duty to be written', () => world.storage.dialledDuties.length > 0);
  expect(world.storage.dialledDuties).toEqual([{ agentId: 'bob', onDuty: true }]);
});

test('an engine that dies before the duty that an agent dialled is written: it holds with the next one, which has it written under the same id', async () => {
  const group = world.group(['bob']);
  const bob = await world.registered('bob');
  await until('the configuration to be shown in force', () => world.storage.pool?.inForce === 1);
  world.storage.dutiesAway = true;
  const leg = bob.invite(`${encodeURIComponent('*70')}@${world.server.host}:${world.server.port}`, audioSdp(30_004));
  await bob.answered(leg);
  bob.respond(await bob.request('BYE', leg.callId), 200, 'OK');
  await until('the record', () => [...world.storage.records.values()].some(({ outcome }) => outcome === 'dutyCode'));
  await until('the journal', () => JSON.stringify(world.storage.agents.get('bob')?.body).includes('"dialled":{'));
  await world.killEngine();
  world.storage.dutiesAway = false;
  await world.startEngine();
  await until('the duty to be written', () => world.storage.dialledDuties.length > 0);
  expect(world.storage.dialledDuties).toEqual([{ agentId: 'bob', onDuty: false }]);
  const { alice, leg: called } = await waiting(group);
  expect(bob.has(({ method, headers }) => method === 'INVITE' && headers['call-id'] !== leg.callId)).toBe(false);
  expect((await alice.hangUp(called)).status).toBe(200);
  await until('the journal to say that it is written', () => JSON.stringify(world.storage.agents.get('bob')?.body).includes('"dialled":null'));
});

/** Nothing is shown while the database is away: the 200 must do. */
async function waitingUnseen(group: { readonly user: string }) {
  const alice = await world.phone('alice');
  const leg = alice.invite(group.user, audioSdp(30_000));
  await alice.answered(leg);
  return { alice, leg };
}
