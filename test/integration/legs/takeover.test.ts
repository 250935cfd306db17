// A whole engine is killed while two people talk and another waits, and the next goes on: on a real edge, with sound both ways.
import { type Message } from 'sip';
import { z } from 'zod';
import { callJournal } from '../../../engine/core/journal';
import { EngineUnderTest, until } from '../../support/engine';
import { type Leg, type Phone } from '../../support/phone';
import { type Heard, RtpPeer, sequenceFaults } from '../../support/rtp-peer';

jest.setTimeout(60_000);

const [CALLER_HZ, AGENT_HZ] = [700, 1_000];

let world: EngineUnderTest;
beforeAll(async () => { world = await EngineUnderTest.start(); });
afterAll(async () => { await world.stop(); });

const peers: RtpPeer[] = [];
afterEach(() => { for (const peer of peers.splice(0)) peer.close(); });

let count = 0;
const newUser = (): string => `agent${(count += 1)}x`;
/** As the journal has it. */
const stateOf = (workflowId: string): string | undefined => [...world.storage.calls.values()].flatMap((entry) => {
  const read = z.object({ call: callJournal }).safeParse(entry?.body);
  return read.success && read.data.call.workflowId === workflowId ? [read.data.call.phase.state] : [];
})[0];

async function rtp(): Promise<RtpPeer> {
  const peer = await RtpPeer.open();
  peers.push(peer);
  return peer;
}

interface Person { readonly phone: Phone; readonly leg: Leg; readonly sound: RtpPeer }

async function asks({ phone, leg }: Person, method: string, sdp?: string, headers: Record<string, unknown> = {}): Promise<Message> {
  phone.send(phone.inDialog(leg, method, sdp, headers));
  const seq = leg.cseq;
  return phone.next(`the answer to ${method}`, (m) => (m.status ?? 0) >= 200 && m.headers.cseq.method === method && m.headers.cseq.seq === seq);
}

async function calls(group: { readonly user: string }): Promise<Person> {
  const [phone, sound] = [await world.phone('alice'), await rtp()];
  const leg = phone.invite(group.user, sound.sdp());
  await phone.answered(leg);
  sound.follow(leg.remoteSdp);
  sound.tone(CALLER_HZ);
  return { phone, leg, sound };
}

async function picksUp(phone: Phone, hz = AGENT_HZ): Promise<Person> {
  const sound = await rtp();
  const invite = await phone.request('INVITE');
  const leg = phone.legOf(invite, phone.respond(invite, 200, 'OK', sound.sdp()));
  await phone.request('ACK');
  sound.follow(leg.remoteSdp);
  sound.tone(hz);
  return { phone, leg, sound };
}

async function talking(): Promise<{ readonly group: { readonly id: string; readonly user: string }; readonly user: string; readonly alice: Person; readonly bob: Person }> {
  const user = newUser();
  const group = world.group([user]);
  const phone = await world.registered(user);
  const alice = await calls(group);
  const bob = await picksUp(phone);
  await until('them to talk', () => stateOf(group.id) === 'talking');
  await Promise.all([alice.sound.untilTone(AGENT_HZ), bob.sound.untilTone(CALLER_HZ)]);
  return { group, user, alice, bob };
}

/** The engine dies, and the next is there; a little later everybody has heard one whole stream. */
async function nextEngine(...listeners: readonly RtpPeer[]): Promise<void> {
  for (const listener of listeners) listener.forget();
  await world.killEngine();
  await world.startEngine();
  const counts = listeners.map(({ heard }) => heard.length);
  await Promise.all(listeners.map((listener, at) => listener.until((heard) => heard.length >= (counts[at] ?? 0) + 50, 'a second more')));
  for (const { heard } of listeners) {
    expect({ faults: sequenceFaults(heard), streams: new Set(heard.map(({ ssrc }) => ssrc)).size }).toEqual({ faults: 0, streams: 1 });
    if (process.env['GAPS_SHOW'] !== undefined) process.stdout.write(`longest time between two packets ${longestGapMs(heard).toFixed(0)} ms of ${heard.length * 20} ms\n`);
  }
}

const longestGapMs = (heard: readonly Heard[]): number => heard.reduce((most, { atMs }, index) => Math.max(most, index === 0 ? 0 : atMs - (heard[index - 1]?.atMs ?? 0)), 0);

test('two who talk hear each other without a hole; hold, transfer and the end are as they were', async () => {
  const { group, alice, bob } = await talking();
  const before = [alice, bob].map(({ phone }) => phone.received.length);
  await nextEngine(alice.sound, bob.sound);
  expect([alice, bob].map(({ phone }) => phone.received.length)).toEqual(before);
  await Promise.all([alice.sound.untilTone(AGENT_HZ), bob.sound.untilTone(CALLER_HZ)]);

  expect((await asks(bob, 'INVITE', bob.sound.sdp({ direction: 'sendonly' }))).status).toBe(200);
  bob.phone.send(bob.phone.inDialog(bob.leg, 'ACK'));
  // Music in place of what bob says.
  await alice.sound.until((heard) => heard.length > 10 && !hears(alice.sound, heard, AGENT_HZ), 'music');
  await nextEngine(alice.sound);
  expect(hears(alice.sound, alice.sound.heard, AGENT_HZ)).toBe(false);
  expect((await asks(bob, 'INVITE', bob.sound.sdp())).status).toBe(200);
  bob.phone.send(bob.phone.inDialog(bob.leg, 'ACK'));
  await Promise.all([alice.sound.untilTone(AGENT_HZ), bob.sound.untilTone(CALLER_HZ)]);

  const other = newUser();
  world.group([other]);
  const carolPhone = await world.registered(other);
  expect((await asks(bob, 'REFER', undefined, { 'refer-to': `<sip:${other}@response-group.test>` })).status).toBe(202);
  const carol = await picksUp(carolPhone, 1_300);
  bob.phone.respond(await bob.phone.request('BYE'), 200, 'OK');
  await Promise.all([alice.sound.untilTone(1_300), carol.sound.untilTone(CALLER_HZ)]);
  expect((await carol.phone.hangUp(carol.leg)).status).toBe(200);
  alice.phone.respond(await alice.phone.request('BYE'), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'agent' });
});

test('a caller who waits hears the music go on, keeps the place, and is put through by the next engine', async () => {
  const user = newUser();
  const group = world.group([user]);
  const alice = await calls(group);
  await until('the caller to wait', () => stateOf(group.id) === 'queued');
  await alice.sound.until((heard) => heard.length > 25, 'music');
  await nextEngine(alice.sound);
  const bob = await picksUp(await world.registered(user));
  await Promise.all([alice.sound.untilTone(AGENT_HZ), bob.sound.untilTone(CALLER_HZ)]);
  await alice.phone.hangUp(alice.leg);
  bob.phone.respond(await bob.phone.request('BYE'), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller', offers: [{ attempt: 1, outcome: 'answered' }] });
});

test('an agent who is rung is rung again by the next engine, and the first ring stops', async () => {
  const user = newUser();
  const group = world.group([user]);
  const phone = await world.registered(user);
  const alice = await calls(group);
  const first = await phone.request('INVITE');
  phone.respond(first, 180, 'Ringing');
  await until('the ring', () => stateOf(group.id) === 'offering');
  await world.killEngine();
  const starting = world.startEngine();
  phone.respond(await phone.request('CANCEL', first.headers['call-id']), 200, 'OK');
  phone.respond(first, 487, 'Request Terminated');
  await starting;
  const bob = await picksUp(phone);
  expect(bob.leg.callId).not.toBe(first.headers['call-id']);
  await Promise.all([alice.sound.untilTone(AGENT_HZ), bob.sound.untilTone(CALLER_HZ)]);
  await alice.phone.hangUp(alice.leg);
  bob.phone.respond(await bob.phone.request('BYE'), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', offers: [{ outcome: 'withdrawn' }, { outcome: 'answered' }] });
});

test('a transfer under way is finished by the next engine', async () => {
  const { group, alice, bob } = await talking();
  const other = newUser();
  world.group([other]);
  const carolPhone = await world.registered(other);
  expect((await asks(bob, 'REFER', undefined, { 'refer-to': `<sip:${other}@response-group.test>` })).status).toBe(202);
  const first = await carolPhone.request('INVITE');
  carolPhone.respond(first, 180, 'Ringing');
  await until('the transfer to be written', () => stateOf(group.id) === 'transferring');
  await world.killEngine();
  const starting = world.startEngine();
  carolPhone.respond(await carolPhone.request('CANCEL', first.headers['call-id']), 200, 'OK');
  carolPhone.respond(first, 487, 'Request Terminated');
  await starting;
  const carol = await picksUp(carolPhone, 1_300);
  await Promise.all([alice.sound.untilTone(1_300), carol.sound.untilTone(CALLER_HZ)]);
  for (;;) {
    const notify = await bob.phone.request('NOTIFY');
    bob.phone.respond(notify, 200, 'OK');
    if (String(notify.headers['subscription-state']).startsWith('terminated')) {
      expect(notify.content).toMatch(/^SIP\/2\.0 200 /);
      break;
    }
  }
  bob.phone.respond(await bob.phone.request('BYE'), 200, 'OK');
  await alice.phone.hangUp(alice.leg);
  carol.phone.respond(await carol.phone.request('BYE'), 200, 'OK');
  expect(await world.record(group.id)).toMatchObject({ outcome: 'answered', endedBy: 'caller' });
});

function hears(peer: RtpPeer, heard: readonly Heard[], hz: number): boolean {
  const samples = peer.samples(heard.slice(-10));
  let [sine, cosine, power] = [0, 0, 0];
  samples.forEach((sample, at) => {
    sine += sample * Math.sin((2 * Math.PI * hz * at) / 8_000);
    cosine += sample * Math.cos((2 * Math.PI * hz * at) / 8_000);
    power += sample * sample;
  });
  return power > 0 && (2 * (sine * sine + cosine * cosine)) / (samples.length * power) > 0.5;
}
