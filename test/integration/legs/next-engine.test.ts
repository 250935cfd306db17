// Dialogs of one engine in the hands of the next, on a real edge: nobody is asked for anything, and whatever may come in them still may.
import { type Message } from 'sip';
import { LegsBench, LEGS_DOMAIN, OFFER } from '../../support/legs';
import { until } from '../../support/engine';
import { audioSdp, type Leg, type Phone } from '../../support/phone';

let bench: LegsBench;
beforeEach(async () => { bench = await LegsBench.open(); });
afterEach(async () => { await bench.close(); });

const SDP = audioSdp(30_002);
const HOLD = SDP.replace('a=sendrecv', 'a=sendonly');
const OURS = OFFER.replace('30000', '32000');
const TIMER = { supported: 'timer', 'session-expires': '1800;refresher=uas' };

interface Person { readonly phone: Phone; readonly leg: Leg; readonly callId: string; readonly legIds: readonly string[]; readonly ref: { readonly callId: string } | { readonly legId: string }; readonly name: string; readonly ended: string }

async function caller(headers: Record<string, unknown> = {}): Promise<Person> {
  const phone = await bench.phone('alice');
  const leg = phone.invite('help', SDP, headers);
  await bench.calls.saw('arrived');
  const callId = bench.calls.arrivals.at(-1)?.callId as string;
  bench.switchboard.answer(callId, OURS);
  await phone.answered(leg);
  await bench.calls.saw('acknowledged nothing');
  return { phone, leg, callId, legIds: [], ref: { callId }, name: 'caller', ended: 'callerGone hungUp' };
}

async function agent(headers: Record<string, unknown> = {}): Promise<Person> {
  const [phone] = await bench.agent('bob') as [Phone];
  bench.ring('c1.1', 'bob');
  const invite = await phone.request('INVITE');
  const leg = phone.legOf(invite, phone.respond(invite, 200, 'OK', SDP, headers));
  await phone.request('ACK');
  await bench.calls.saw('answered c1.1 sdp');
  return { phone, leg, callId: 'c1', legIds: ['c1.1'], ref: { legId: 'c1.1' }, name: 'c1.1', ended: 'legEnded c1.1 hungUp' };
}

/** An agent whose own phone has dialled in for a caller. */
async function taken(headers: Record<string, unknown> = {}): Promise<Person> {
  const [phone] = await bench.agent('bob') as [Phone];
  const leg = phone.invite(`*8@${LEGS_DOMAIN}`, SDP, headers);
  await bench.calls.saw('arrived');
  const inviteId = bench.calls.arrivals.at(-1)?.callId as string;
  bench.switchboard.takeLeg(inviteId, 'c1.1', OURS);
  await phone.answered(leg);
  await bench.calls.saw('answered c1.1');
  return { phone, leg, callId: 'c1', legIds: ['c1.1'], ref: { legId: 'c1.1' }, name: 'c1.1', ended: 'legEnded c1.1 hungUp' };
}

async function asks({ phone, leg }: Person, method: string, sdp?: string, headers: Record<string, unknown> = {}): Promise<Message> {
  phone.send(phone.inDialog(leg, method, sdp, headers));
  const seq = leg.cseq;
  return phone.next(`the answer to ${method}`, (m) => (m.status ?? 0) >= 200 && m.headers.cseq.method === method && m.headers.cseq.seq === seq);
}

const acks = ({ phone, leg }: Person, sdp?: string): void => { phone.send(phone.inDialog(leg, 'ACK', sdp)); };
const passedOn = (person: Person, how: Parameters<LegsBench['nextEngine']>[1] = {}): ReturnType<LegsBench['nextEngine']> => bench.nextEngine([person], how);

describe.each([['a caller', caller], ['an agent', agent], ['an agent who dialled in', taken]] as const)('%s', (_title, standing) => {
  test('is found standing, and is asked for nothing', async () => {
    const person = await standing();
    const before = person.phone.received.length;
    const [found] = await passedOn(person);
    expect(found).toEqual({ caller: person.legIds.length === 0 ? 'up' : 'gone', legs: new Set(person.legIds), answered: [] });
    expect((await asks(person, 'OPTIONS')).status).toBe(200);
    expect(person.phone.received.slice(before).map(({ method, status }) => method ?? status)).toEqual([200]);
    expect(bench.switchboard.size).toBe(1);
  });

  test('holds, is offered something, presses a key and hangs up', async () => {
    const person = await standing();
    await passedOn(person);
    expect((await asks(person, 'INVITE', HOLD)).status).toBe(200);
    acks(person);
    await bench.calls.saw(`renegotiate ${person.name} sendonly`);
    const answered = bench.switchboard.reinvite(person.ref, OURS);
    const invite = await person.phone.next('our re-INVITE', ({ method, headers }) => method === 'INVITE' && headers.to.params['tag'] !== undefined);
    person.phone.respond(invite, 200, 'OK', SDP);
    expect(await answered).toContain('m=audio 30002');
    expect((await asks(person, 'INFO', 'Signal=5\r\nDuration=100\r\n', { 'content-type': 'application/dtmf-relay' })).status).toBe(200);
    await bench.calls.saw(`key ${person.name} 5`);
    expect((await person.phone.hangUp(person.leg)).status).toBe(200);
    await bench.calls.saw(person.ended);
    expect(bench.switchboard.size).toBe(0);
  });

  test('is hung up on', async () => {
    const person = await standing();
    await passedOn(person);
    if ('callId' in person.ref) bench.switchboard.endCaller(person.callId);
    else bench.switchboard.endLeg('c1.1');
    person.phone.respond(await person.phone.request('BYE'), 200, 'OK');
    await until('the leg to be over', () => bench.switchboard.size === 0);
  });

  test('is gone when it hung up while no engine was there, and what it offers meanwhile is answered by the next', async () => {
    const person = await standing();
    const [found] = await passedOn(person, { gap: () => person.phone.hangUp(person.leg) });
    expect(found).toEqual({ caller: 'gone', legs: new Set(), answered: [] });
    expect(bench.switchboard.size).toBe(0);
  });

  test('whose offer comes while no engine is there is answered by the next', async () => {
    const person = await standing();
    const answers: Promise<Message>[] = [];
    await passedOn(person, { gap: async () => { answers.push(asks(person, 'INVITE', HOLD)); await person.phone.response('INVITE', (status) => status === 100, person.leg.callId); } });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200]);
    acks(person);
    await bench.calls.saw(`renegotiate ${person.name} sendonly`);
  });

  test('does not keep what we want to offer waiting for an ACK that came too early', async () => {
    const person = await standing();
    expect((await asks(person, 'INVITE', SDP)).status).toBe(200);
    await passedOn(person, { gap: async () => { acks(person); await asks(person, 'OPTIONS'); } });
    const answered = bench.switchboard.reinvite(person.ref, OURS);
    await bench.timers.pass(2_000);
    const invite = await person.phone.next('our re-INVITE', ({ method, headers }) => method === 'INVITE' && headers.to.params['tag'] !== undefined);
    person.phone.respond(invite, 200, 'OK', SDP);
    expect(await answered).toContain('m=audio 30002');
  });

  test('is shown that we are there when the session has run half, by whichever engine is there then', async () => {
    const person = await standing(standing === agent ? { ...TIMER, 'session-expires': '1800;refresher=uac', allow: 'INVITE, UPDATE' } : { ...TIMER, allow: 'INVITE, UPDATE' });
    await passedOn(person, { laterMs: 600_000 });
    await bench.timers.pass(299_000);
    expect(person.phone.has(({ method }) => method === 'UPDATE')).toBe(false);
    await bench.timers.pass(2_000);
    const update = await person.phone.request('UPDATE');
    person.phone.respond(update, 200, 'OK', undefined, { 'session-expires': '1800;refresher=uac', supported: 'timer' });
    await until('the refresh to be told', () => bench.calls.refreshes.includes(person.name));
    await passedOn(person, { laterMs: 600_000 });
    await bench.timers.pass(299_000);
    expect(person.phone.has(({ method }) => method === 'UPDATE')).toBe(false);
  });

  test('is let go when nobody has shown to be there, but not at once', async () => {
    const person = await standing(standing === agent ? { ...TIMER, 'session-expires': '1800;refresher=uas' } : { ...TIMER, 'session-expires': '1800;refresher=uac' });
    await passedOn(person, { laterMs: 3_600_000 });
    await bench.timers.pass(11_000);
    expect(person.phone.has(({ method }) => method === 'BYE')).toBe(false);
    await bench.timers.pass(2_000);
    person.phone.respond(await person.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw(person.ended);
  });

  test('may be replaced by another phone', async () => {
    const person = await standing();
    await passedOn(person);
    const other = await bench.phone('carol');
    const { leg } = person;
    const replaces = `${leg.callId};to-tag=${leg.remoteTag ?? ''};from-tag=${leg.localTag}`;
    const taking = other.invite('help', SDP, { replaces });
    await other.answered(taking);
    person.phone.respond(await person.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw('callId' in person.ref ? 'replaceCaller by carol' : 'replaceAgent c1.1 by somebody');
    await until('the former leg to be over', () => bench.switchboard.liveDialogs().size === 1);
    expect((await other.hangUp(taking)).status).toBe(200);
    await until('all legs to be over', () => bench.switchboard.size === 0);
  });
});

describe.each([['an agent', agent], ['an agent who dialled in', taken]] as const)('a transfer by %s', (_title, standing) => {
  test('is told of by the next engine, and may be followed by another', async () => {
    const person = await standing();
    bench.switchboard.acceptTransfer('none');
    const accepting = asks(person, 'REFER', undefined, { 'refer-to': `<sip:carla@${LEGS_DOMAIN}>` });
    await bench.calls.saw('transferAsked c1.1 own');
    const [first] = bench.calls.transfers;
    bench.switchboard.acceptTransfer(first?.transferId ?? '');
    expect((await accepting).status).toBe(202);
    person.phone.respond(await person.phone.request('NOTIFY'), 200, 'OK');
    await passedOn(person);
    bench.switchboard.transferProgress(first?.transferId ?? '', 486, 'Busy Here');
    const last = await person.phone.request('NOTIFY');
    person.phone.respond(last, 200, 'OK');
    expect([last.content, last.headers['event'], last.headers['subscription-state']]).toEqual(['SIP/2.0 486 Busy Here\r\n', 'refer', 'terminated;reason=noresource']);

    const again = asks(person, 'REFER', undefined, { 'refer-to': `<sip:dora@${LEGS_DOMAIN}>` });
    await until('the second transfer', () => bench.calls.transfers.length === 2);
    const second = bench.calls.transfers[1];
    expect(second?.transferId).not.toBe(first?.transferId);
    bench.switchboard.acceptTransfer(second?.transferId ?? '');
    expect((await again).status).toBe(202);
    // Only the first may go without an id (RFC 3515 section 2.4.6).
    expect((await person.phone.request('NOTIFY')).headers['event']).toMatch(/^refer;id=\d+$/);
  });
});

test('a caller who is not answered yet is answered by the next engine', async () => {
  const phone = await bench.phone('alice');
  const leg = phone.invite('help', SDP);
  await bench.calls.saw('arrived');
  const callId = bench.calls.arrivals[0]?.callId as string;
  const [found] = await bench.nextEngine([{ callId, legIds: [] }]);
  expect(found?.caller).toBe('awaited');
  bench.switchboard.answer(callId, OURS);
  await phone.answered(leg);
  await bench.calls.saw('acknowledged nothing');
  expect(bench.calls.arrivals).toHaveLength(1);
  expect((await phone.hangUp(leg)).status).toBe(200);
  await bench.calls.saw('callerGone hungUp');
});

test('a caller who gave up while no engine was there is given up by the next', async () => {
  const phone = await bench.phone('alice');
  const leg = phone.invite('help', SDP);
  await bench.calls.saw('arrived');
  const callId = bench.calls.arrivals[0]?.callId as string;
  await bench.nextEngine([{ callId, legIds: [] }], { gap: async () => { phone.cancel(leg); await phone.response('INVITE', (status) => status === 487, leg.callId); } });
  await bench.timers.pass(10_000);
  await bench.calls.saw('callerGone failed');
  expect(bench.switchboard.size).toBe(0);
});

test('a caller whose ACK came to nobody counts as acknowledged soon, and hangs up as ever', async () => {
  const phone = await bench.phone('alice');
  const leg = phone.invite('help', SDP);
  await bench.calls.saw('arrived');
  const callId = bench.calls.arrivals[0]?.callId as string;
  bench.switchboard.answer(callId, OURS);
  await until('the dialog', () => bench.switchboard.liveDialogs().size === 1);
  const [found] = await bench.nextEngine([{ callId, legIds: [] }], { gap: () => phone.answered(leg) });
  expect(found?.caller).toBe('up');
  expect(bench.calls.told).toEqual(['arrived']);
  await bench.timers.pass(1_000);
  expect(bench.calls.told).toEqual(['arrived', 'acknowledged nothing']);
  expect((await phone.hangUp(leg)).status).toBe(200);
  await bench.calls.saw('callerGone hungUp');
});

test('a caller whose ACK comes to the next engine is acknowledged at once', async () => {
  const phone = await bench.phone('alice');
  const leg = phone.invite('help', SDP);
  await bench.calls.saw('arrived');
  const callId = bench.calls.arrivals[0]?.callId as string;
  bench.switchboard.answer(callId, OURS);
  await until('the dialog', () => bench.switchboard.liveDialogs().size === 1);
  await bench.nextEngine([{ callId, legIds: [] }]);
  await phone.answered(leg);
  await bench.calls.saw('acknowledged nothing');
  expect((await phone.hangUp(leg)).status).toBe(200);
  await bench.calls.saw('callerGone hungUp');
});

test('a caller whom no journal tells of is known by what the edge kept of the INVITE', async () => {
  const person = await caller();
  await bench.nextEngine([]);
  const [stray] = await bench.dialogs();
  if (stray?.arrival == null) throw new Error('the edge tells nothing of the caller');
  const arrival = bench.switchboard.adoptCaller({ ...stray, arrival: stray.arrival }, { monotonicMs: bench.timers.nowMs(), civil: new Date() });
  expect(arrival).toEqual(bench.calls.arrivals[0]);
  const answered = bench.switchboard.reinvite({ callId: person.callId }, OURS);
  const invite = await person.phone.next('our re-INVITE', ({ method, headers }) => method === 'INVITE' && headers.to.params['tag'] !== undefined);
  person.phone.respond(invite, 200, 'OK', SDP);
  await answered;
  expect((await person.phone.hangUp(person.leg)).status).toBe(200);
  await bench.calls.saw('callerGone hungUp');
});
