// Hold, transfer and pick-up through the whole engine on a real edge with real media: what legs, calls and core do together.
import { type Message } from 'sip';
import { EngineUnderTest, until } from '../../support/engine';
import { audioSdp, type Leg, type Phone } from '../../support/phone';

jest.setTimeout(60_000);

let world: EngineUnderTest;
beforeAll(async () => { world = await EngineUnderTest.start(); });
afterAll(async () => { await world.stop(); });

let count = 0;
const newUser = (): string => `agent${(count += 1)}x`;
const SDP = audioSdp(30_000);
const liveState = (workflowId: string): string | undefined => world.storage.groups.get(workflowId)?.callers[0]?.state;
const directionOf = (message: Message): string => /a=(sendrecv|sendonly|recvonly|inactive)/.exec(message.content ?? '')?.[1] ?? 'sendrecv';

async function asks(phone: Phone, leg: Leg, method: string, sdp?: string, headers: Record<string, unknown> = {}): Promise<Message> {
  phone.send(phone.inDialog(leg, method, sdp, headers));
  const seq = leg.cseq;
  return phone.next(`the answer to ${method}`, (m) => (m.status ?? 0) >= 200 && m.headers.cseq.method === method && m.headers.cseq.seq === seq);
}

async function talking() {
  const user = newUser();
  const group = world.group([user]);
  const bob = await world.registered(user);
  const alice = await world.phone('alice');
  const leg = alice.invite(group.user, SDP);
  await alice.answered(leg);
  const invite = await bob.request('INVITE');
  const bobLeg = bob.legOf(invite, bob.respond(invite, 200, 'OK', audioSdp(30_002)));
  await bob.request('ACK');
  await until('them to talk', () => liveState(group.id) === 'talking');
  return { user, group, bob, bobLeg, alice, leg };
}

describe.each([['sendonly', SDP.replace('a=sendrecv', 'a=sendonly')], ['inactive', SDP.replace('a=sendrecv', 'a=inactive')], ['0.0.0.0', SDP.replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0')]])('hold by %s', (_how, hold) => {
  test('of a caller who waits: answered, resumed, then joined to the agent who comes', async () => {
    const user = newUser();
    const group = world.group([user]);
    const alice = await world.phone('alice');
    const leg = alice.invite(group.user, SDP);
    await alice.answered(leg);
    const held = await asks(alice, leg, 'INVITE', hold);
    alice.send(alice.inDialog(leg, 'ACK'));
    expect(held.status).toBe(200);
    expect(directionOf(held)).not.toBe('sendonly');
    const resumed = await asks(alice, leg, 'INVITE', SDP);
    alice.send(alice.inDialog(leg, 'ACK'));
    expect([resumed.status, directionOf(resumed)]).toEqual([200, 'sendrecv']);
    const bob = await world.registered(user);
    const invite = await bob.request('INVITE');
    bob.respond(invite, 200, 'OK', audioSdp(30_002));
    await bob.request('ACK');
    await until('them to talk', () => liveState(group.id) === 'talking');
    await alice.hangUp(leg);
    bob.respond(await bob.request('BYE'), 200, 'OK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', agentId: user });
  });

  test('of an agent who talks, and back: the call goes on', async () => {
    const { bob, bobLeg, alice, leg, group } = await talking();
    const held = await asks(bob, bobLeg, 'INVITE', hold);
    bob.send(bob.inDialog(bobLeg, 'ACK'));
    expect(held.status).toBe(200);
    expect((await asks(bob, bobLeg, 'INVITE', audioSdp(30_002))).status).toBe(200);
    bob.send(bob.inDialog(bobLeg, 'ACK'));
    await alice.hangUp(leg);
    bob.respond(await bob.request('BYE'), 200, 'OK');
    expect(await world.record(group.id)).toMatchObject({ outcome: 'answered' });
  });
});

test.each(['caller', 'agent'])('an offerless re-INVITE of the %s: offered what holds, answered in the ACK, and the call goes on', async (who) => {
  const { bob, bobLeg, alice, leg } = await talking();
  const [phone, inside] = who === 'caller' ? [alice, leg] : [bob, bobLeg];
  const offered = await asks(phone, inside, 'INVITE');
  expect(offered.content).toContain('m=audio');
  phone.send(phone.inDialog(inside, 'ACK', audioSdp(30_004)));
  expect((await asks(phone, inside, 'INVITE', audioSdp(30_006))).status).toBe(200);
  phone.send(phone.inDialog(inside, 'ACK'));
  await alice.hangUp(leg);
  bob.respond(await bob.request('BYE'), 200, 'OK');
});

test('a blind transfer to another agent: 202, the caller goes over when that agent answers, the first is told and let go', async () => {
  const { bob, bobLeg, alice, leg, group } = await talking();
  const other = newUser();
  world.group([other]);
  const carol = await world.registered(other);
  const accepted = await asks(bob, bobLeg, 'REFER', undefined, { 'refer-to': `<sip:${other}@response-group.test>` });
  expect(accepted.status).toBe(202);
  const first = await bob.request('NOTIFY');
  bob.respond(first, 200, 'OK');
  expect(first.content).toBe('SIP/2.0 100 Trying\r\n');
  const invite = await carol.request('INVITE');
  const carolLeg = carol.legOf(invite, carol.respond(invite, 200, 'OK', audioSdp(30_008)));
  await carol.request('ACK');
  for (;;) {
    const notify = await bob.request('NOTIFY');
    bob.respond(notify, 200, 'OK');
    if (String(notify.headers['subscription-state']).startsWith('terminated')) {
      expect(notify.content).toMatch(/^SIP\/2\.0 200 /);
      break;
    }
  }
  bob.respond(await bob.request('BYE'), 200, 'OK');
  expect((await carol.hangUp(carolLeg)).status).toBe(200);
  alice.respond(await alice.request('BYE'), 200, 'OK');
  expect(leg.callId).not.toBe('');
  expect(alice.receivedText.join('\n')).not.toContain(other);
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered' });
});
