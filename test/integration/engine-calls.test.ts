// Whole calls through a real edge: drachtio-srf, NG and UDP as they are, phones whose every packet the test decides.
import { audioSdp, type Phone } from '../support/phone';
import { type Message } from 'sip';
import { EngineUnderTest, until } from '../support/engine';

jest.setTimeout(60_000);

let world: EngineUnderTest;
beforeAll(async () => { world = await EngineUnderTest.start(); });
afterAll(async () => { await world.stop(); });

let count = 0;
const newUser = (): string => `agent${(count += 1)}`;

async function call(group: { readonly user: string }, sdp: string | null = audioSdp(30_000)) {
  const alice = await world.phone('alice');
  return { alice, leg: alice.invite(group.user, sdp) };
}

async function rung(phone: Phone) {
  const invite = await phone.request('INVITE');
  phone.respond(invite, 180, 'Ringing');
  return invite;
}


/** Alice waits, Bob's phone rings. */
async function ringing(options: Parameters<EngineUnderTest['group']>[1] = {}) {
  const user = newUser();
  const group = world.group([user], options);
  const bob = await world.registered(user);
  const { alice, leg } = await call(group);
  await alice.answered(leg);
  return { user, group, bob, alice, leg, invite: await rung(bob) };
}

const liveState = (workflowId: string): string | undefined => world.storage.groups.get(workflowId)?.callers[0]?.state;

async function talking() {
  const all = await ringing();
  const { bob, invite, group } = all;
  const bobLeg = bob.legOf(invite, bob.respond(invite, 200, 'OK', audioSdp(30_002)));
  await bob.request('ACK');
  await until('them to talk', () => liveState(group.id) === 'talking');
  return { ...all, bobLeg };
}

describe('a call', () => {
  test('answered, and the caller hangs up: both legs end, answered by that agent', async () => {
    const { user, group, bob, alice, leg, invite } = await talking();
    expect(invite.headers.from.name).toMatch(/^"Group \d+: alice"$/);
    expect(invite.headers['call-id']).toMatch(/^c[0-9a-f]{24}\.1$/);
    expect((await alice.hangUp(leg)).status).toBe(200);
    bob.respond(await bob.request('BYE'), 200, 'OK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', agentId: user, endedBy: 'caller', offers: [{ outcome: 'answered' }] });
  });

  test('answered, and the agent hangs up: the caller gets a BYE', async () => {
    const { group, bob, bobLeg, alice } = await talking();
    expect((await bob.hangUp(bobLeg)).status).toBe(200);
    alice.respond(await alice.request('BYE'), 200, 'OK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'agent' });
  });

  test('the caller hangs up while it rings: CANCEL, 487, abandoned', async () => {
    const { group, bob, alice, leg, invite } = await ringing();
    await alice.hangUp(leg);
    const cancel = await bob.request('CANCEL');
    bob.respond(cancel, 200, 'OK');
    bob.respond(invite, 487, 'Request Terminated');
    await bob.request('ACK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'abandoned', offers: [{ outcome: 'withdrawn' }] });
  });

  test('a 200 that crosses our CANCEL: ACK, then BYE', async () => {
    const { group, bob, alice, leg, invite } = await ringing();
    await alice.hangUp(leg);
    bob.respond(await bob.request('CANCEL'), 200, 'OK');
    bob.respond(invite, 200, 'OK', audioSdp(30_002));
    await bob.request('ACK');
    bob.respond(await bob.request('BYE'), 200, 'OK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'abandoned', agentId: null });
  });

  test.each([[0, 1], [1, 0]])('two phones answer at once (%i first): one wins, the other gets BYE with its reason', async (first, second) => {
    const users = [newUser(), newUser()];
    const group = world.group(users);
    const phones = [await world.registered(users[0] as string), await world.registered(users[1] as string)];
    const { alice, leg } = await call(group);
    await alice.answered(leg);
    const invites = [await rung(phones[0] as Phone), await rung(phones[1] as Phone)];
    for (const each of [first, second]) phones[each]?.respond(invites[each] as Message, 200, 'OK', audioSdp(30_002 + 2 * each));
    const loser = phones[second] as Phone;
    const end = await loser.next('CANCEL or BYE', ({ method }) => method === 'CANCEL' || method === 'BYE');
    expect(String(end.headers['reason'])).toContain('Call completed elsewhere');
    loser.respond(end, 200, 'OK');
    const bye = end.method === 'BYE' ? end : await loser.request('BYE');
    expect(String(bye.headers['reason'])).toContain('Call completed elsewhere');
    loser.respond(bye, 200, 'OK');
    await until('them to talk', () => liveState(group.id) === 'talking');
    expect((await alice.hangUp(leg)).status).toBe(200);
    const winner = phones[first] as Phone;
    winner.respond(await winner.request('BYE'), 200, 'OK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', agentId: users[first] });
  });

  test('an offerless INVITE: offered in the 200, answered in the ACK, connected', async () => {
    const user = newUser();
    const group = world.group([user]);
    const bob = await world.registered(user);
    const { alice, leg } = await call(group, null);
    const ok = await alice.answered(leg, audioSdp(30_000));
    expect(ok.content).toContain('m=audio');
    const invite = await rung(bob);
    bob.respond(invite, 200, 'OK', audioSdp(30_002));
    await bob.request('ACK');
    await until('them to talk', () => liveState(group.id) === 'talking');
    await alice.hangUp(leg);
    bob.respond(await bob.request('BYE'), 200, 'OK');
  });

  test('a re-INVITE to hold and back: answered, and the call goes on', async () => {
    const { alice, leg, bob } = await talking();
    for (const direction of ['sendonly', 'sendrecv']) {
      alice.send(alice.inDialog(leg, 'INVITE', audioSdp(30_000).replace('sendrecv', direction)));
      const ok = await alice.response('INVITE', (status) => status >= 200, leg.callId);
      expect([ok.status, ok.content]).toEqual([200, expect.stringContaining(direction === 'sendonly' ? 'a=recvonly' : 'm=audio')]);
      alice.send(alice.inDialog(leg, 'ACK'));
    }
    await alice.hangUp(leg);
    bob.respond(await bob.request('BYE'), 200, 'OK');
  });

  test('INFO and OPTIONS inside a call are answered', async () => {
    const { alice, leg, bob } = await talking();
    for (const method of ['INFO', 'OPTIONS']) {
      alice.send(alice.inDialog(leg, method));
      expect((await alice.response(method, (status) => status >= 200, leg.callId)).status).toBe(200);
    }
    await alice.hangUp(leg);
    bob.respond(await bob.request('BYE'), 200, 'OK');
  });
});

describe('refused', () => {
  test.each([
    ['a number nobody has', 'nobody', audioSdp(30_000), 404],
    ['a fax', null, audioSdp(30_000).replace(/m=audio.*\r\n/, 'm=image 30000 udptl t38\r\n'), 488],
  ])('%s: %s', async (_what, user, sdp, status) => {
    const { alice, leg } = await call({ user: user ?? world.group([]).user }, sdp);
    expect((await alice.response('INVITE', (each) => each >= 200, leg.callId)).status).toBe(status);
  });

  test('a group that is not active: 480', async () => {
    const { alice, leg } = await call(world.group([], { active: false }));
    expect((await alice.response('INVITE', (each) => each >= 200, leg.callId)).status).toBe(480);
  });

  test('an extension we do not have: 420 naming it', async () => {
    const alice = await world.phone('alice');
    const leg = alice.invite(world.group([]).user, audioSdp(30_000), { require: '100rel' });
    const refused = await alice.response('INVITE', (each) => each >= 200, leg.callId);
    expect([refused.status, String(refused.headers['unsupported'])]).toEqual([420, '100rel']);
  });
});

describe('phones', () => {
  test('a wrong password is refused; unregistering makes the phone unreachable', async () => {
    const user = newUser();
    world.group([user]);
    const bob = await world.phone(user);
    expect((await bob.register('wrong')).status).toBe(403);
    expect((await bob.register('pw')).status).toBe(200);
    await until('the binding to be stored', () => world.storage.bindings.has(user));
    expect((await bob.register('pw', 0)).status).toBe(200);
    await until('the binding to be gone', () => !world.storage.bindings.has(user));
  });

  test('ring my phone: it rings, hears the sentence, and the outcome is done', async () => {
    const user = newUser();
    world.group([user]);
    const bob = await world.registered(user);
    world.instruct({ _id: 'instruction-1', request: { kind: 'ringPhone', agentId: user } });
    const invite = await rung(bob);
    bob.respond(invite, 200, 'OK', audioSdp(30_010));
    await bob.request('ACK');
    bob.respond(await bob.request('BYE'), 200, 'OK');
    await until('the outcome', () => world.storage.settled.has('instruction-1'));
    expect(world.storage.settled.get('instruction-1')).toEqual({ kind: 'done' });
  });

  test('ring a phone that is not registered: unreachable', async () => {
    const user = newUser();
    world.group([user]);
    world.instruct({ _id: 'instruction-2', request: { kind: 'ringPhone', agentId: user } });
    await until('the outcome', () => world.storage.settled.has('instruction-2'));
    expect(world.storage.settled.get('instruction-2')).toEqual({ kind: 'refused', reason: 'unreachable' });
  });
});
