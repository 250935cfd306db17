// What goes on inside callers' and agents' dialogs on a real edge: hold, offers both ways, glare, keys by INFO, session timers.
import { type Message } from 'sip';
import { MediaFault } from '../../../engine/calls/ports';
import { LegsBench, OFFER } from '../../support/legs';
import { audioSdp, type Leg, type Phone } from '../../support/phone';

let bench: LegsBench;
beforeEach(async () => { bench = await LegsBench.open(); });
afterEach(async () => { await bench.close(); });

const SDP = audioSdp(30_002);
const OURS = OFFER.replace('30000', '32000');

interface Person { readonly phone: Phone; readonly leg: Leg; readonly ref: { readonly callId: string } | { readonly legId: string }; readonly name: string; readonly ended: string }

/** A caller who was answered. `headers`: what its INVITE says more. */
async function caller(headers: Record<string, unknown> = {}): Promise<Person & { readonly ok: Message }> {
  const phone = await bench.phone('alice');
  const leg = phone.invite('help', SDP, headers);
  await bench.calls.saw('arrived');
  const callId = bench.calls.arrivals.at(-1)?.callId as string;
  bench.switchboard.answer(callId, OURS);
  const ok = await phone.answered(leg);
  await bench.calls.saw('acknowledged nothing');
  return { phone, leg, ok, ref: { callId }, name: 'caller', ended: 'callerGone hungUp' };
}

/** An agent who answered. `headers`: what the 200 says more. */
async function agent(headers: Record<string, unknown> = {}): Promise<Person> {
  const [phone] = await bench.agent('bob') as [Phone];
  bench.ring('c1.1', 'bob');
  const invite = await phone.request('INVITE');
  const leg = phone.legOf(invite, phone.respond(invite, 200, 'OK', SDP, headers));
  await phone.request('ACK');
  await bench.calls.saw('answered c1.1 sdp');
  return { phone, leg, ref: { legId: 'c1.1' }, name: 'c1.1', ended: 'legEnded c1.1 hungUp' };
}

const sides: readonly (readonly [string, (headers?: Record<string, unknown>) => Promise<Person>])[] = [['a caller', caller], ['an agent', agent]];

const isReinvite = ({ method, headers }: Message): boolean => method === 'INVITE' && headers.to.params['tag'] !== undefined;
const reinvited = ({ phone }: Person): Promise<Message> => phone.next('a re-INVITE', isReinvite);

async function asks({ phone, leg }: Person, method: string, sdp?: string, headers: Record<string, unknown> = {}): Promise<Message> {
  phone.send(phone.inDialog(leg, method, sdp, headers));
  const seq = leg.cseq;
  return phone.next(`the answer to ${method}`, (m) => (m.status ?? 0) >= 200 && m.headers.cseq.method === method && m.headers.cseq.seq === seq);
}

/** Whatever the phone has sent until now has reached the legs. */
const heard = async (person: Person): Promise<void> => { await asks(person, 'OPTIONS'); };

const acks = ({ phone, leg }: Person, sdp?: string): void => { phone.send(phone.inDialog(leg, 'ACK', sdp)); };

describe.each(sides)('%s', (_name, standing) => {
  test.each([
    ['sendonly', SDP.replace('a=sendrecv', 'a=sendonly')], ['inactive', SDP.replace('a=sendrecv', 'a=inactive')], ['0.0.0.0', SDP.replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0')],
  ])('holds with %s and resumes: each offer is answered with what media says', async (how, sdp) => {
    const person = await standing();
    bench.calls.answerTo = () => Promise.resolve(OURS.replace('sendrecv', 'recvonly'));
    expect((await asks(person, 'INVITE', sdp)).content).toContain('a=recvonly');
    acks(person);
    await bench.calls.saw(`renegotiate ${person.name} ${how}`);
    bench.calls.answerTo = () => Promise.resolve(OURS);
    expect((await asks(person, 'UPDATE', SDP)).content).toBe(OURS);
    expect((await asks(person, 'INVITE', SDP)).content).toBe(OURS);
    acks(person);
    expect((await person.phone.hangUp(person.leg)).status).toBe(200);
    await bench.calls.saw(person.ended);
  });

  test('asks without SDP: it is offered ours, and its answer is taken from the ACK', async () => {
    const person = await standing();
    bench.calls.answerTo = () => Promise.resolve(OURS);
    const ok = await asks(person, 'INVITE');
    expect([ok.status, ok.content]).toEqual([200, OURS]);
    await bench.calls.saw(`renegotiate ${person.name} nothing`);
    acks(person, SDP.replace('sendrecv', 'sendonly'));
    await bench.calls.saw(`completed ${person.name} sendonly`);
  });

  test('offers what media cannot use: 488, and the call goes on', async () => {
    const person = await standing();
    bench.calls.answerTo = () => Promise.reject(new MediaFault('unsupported', 'no audio'));
    expect((await asks(person, 'INVITE', SDP)).status).toBe(488);
    acks(person);
    expect((await asks(person, 'INFO', '5', { 'content-type': 'application/dtmf' })).status).toBe(200);
  });

  test('is offered something, and answers it; a second offer waits for the first', async () => {
    const person = await standing();
    const first = bench.switchboard.reinvite(person.ref, OFFER);
    const second = bench.switchboard.reinvite(person.ref, OURS);
    const invite = await reinvited(person);
    expect([invite.content, invite.headers['content-type'], invite.headers['supported']]).toEqual([OFFER, 'application/sdp', 'timer, replaces']);
    person.phone.respond(invite, 100, 'Trying');
    expect(person.phone.has(isReinvite)).toBe(false);
    person.phone.respond(invite, 200, 'OK', SDP);
    await person.phone.request('ACK');
    await expect(first).resolves.toBe(SDP);
    const other = await reinvited(person);
    expect(other.content).toBe(OURS);
    person.phone.respond(other, 200, 'OK', OFFER);
    await person.phone.request('ACK');
    await expect(second).resolves.toBe(OFFER);
  });

  test('refuses an offer: it is refused, and the call goes on', async () => {
    const person = await standing();
    const offer = bench.switchboard.reinvite(person.ref, OFFER);
    person.phone.respond(await reinvited(person), 488, 'Not Acceptable Here');
    await expect(offer).rejects.toMatchObject({ code: 'refused' });
    expect((await asks(person, 'INFO', '5', { 'content-type': 'application/dtmf' })).status).toBe(200);
  });

  test.each([408, 481])('answers an offer with %i: it knows no call any more, and its leg is ended', async (status) => {
    const person = await standing();
    const offer = bench.switchboard.reinvite(person.ref, OFFER);
    person.phone.respond(await reinvited(person), status, 'Gone');
    await expect(offer).rejects.toMatchObject({ code: 'refused' });
    person.phone.respond(await person.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw(person.ended);
  });

  test('hangs up in the middle of an offer: the offer is refused, the leg over', async () => {
    const person = await standing();
    const refused = expect(bench.switchboard.reinvite(person.ref, OFFER)).rejects.toMatchObject({ code: 'refused' });
    await reinvited(person);
    expect((await person.phone.hangUp(person.leg)).status).toBe(200);
    await refused;
    await bench.calls.saw(person.ended);
    await expect(bench.switchboard.reinvite(person.ref, OFFER)).rejects.toMatchObject({ code: 'refused' });
  });

  test('offers at the same moment as we do: both are 491, theirs comes again at once, ours after its random time', async () => {
    const person = await standing();
    bench.calls.answerTo = () => Promise.resolve(OURS);
    bench.random = 0.5;
    const offer = bench.switchboard.reinvite(person.ref, OFFER);
    const invite = await reinvited(person);
    expect((await asks(person, 'INVITE', SDP)).status).toBe(491);
    acks(person);
    person.phone.respond(invite, 491, 'Request Pending');
    await person.phone.request('ACK');
    expect((await asks(person, 'INVITE', SDP)).status).toBe(200);
    acks(person);
    // Whoever made the Call-ID waits longer (RFC 3261 section 14.1).
    const waits = 'legId' in person.ref ? 3_050 : 1_000;
    await bench.timers.pass(waits - 10);
    expect(person.phone.has(isReinvite)).toBe(false);
    await bench.timers.pass(20);
    person.phone.respond(await reinvited(person), 200, 'OK', SDP);
    await person.phone.request('ACK');
    await expect(offer).resolves.toBe(SDP);
  });

  test.each([
    ['Signal=5\r\nDuration=160\r\n', 'application/dtmf-relay', 200, '5'], ['#', 'application/dtmf', 200, '#'], ['<xml/>', 'application/media_control+xml', 415, null], ['Signal=\r\n', 'application/dtmf-relay', 400, null],
  ])('sends INFO %j as %s: %i, key %s', async (body, type, status, key) => {
    const person = await standing();
    const answer = await asks(person, 'INFO', body, { 'content-type': type });
    expect(answer.status).toBe(status);
    if (status === 415) expect(answer.headers['accept']).toContain('application/dtmf-relay');
    if (key !== null) await bench.calls.saw(`key ${person.name} ${key}`);
    expect((await asks(person, 'INFO', '7', { 'content-type': 'application/dtmf' })).status).toBe(200);
    await bench.calls.saw(`key ${person.name} 7`);
    expect(bench.calls.told.filter((each) => each.startsWith('key'))).toHaveLength(key === null ? 1 : 2);
  });

  test('requires what we do not have: 420', async () => {
    const person = await standing();
    const answer = await asks(person, 'UPDATE', undefined, { require: 'timer, precondition' });
    expect([answer.status, answer.headers['unsupported']]).toEqual([420, 'precondition']);
  });
});

describe('a session timer', () => {
  test('a caller who refreshes: the 200 says so; without a refresh it is ended, and over', async () => {
    const person = await caller({ supported: 'timer', 'session-expires': '120;refresher=uac' });
    expect(person.ok.headers).toMatchObject({ 'session-expires': '120;refresher=uac', require: 'timer' });
    await bench.timers.pass(80_000);
    const refresh = await asks(person, 'UPDATE', undefined, { supported: 'timer', 'session-expires': '120;refresher=uac' });
    expect(refresh.headers).toMatchObject({ 'session-expires': '120;refresher=uac', require: 'timer' });
    await bench.timers.pass(87_000);
    expect(person.phone.has(({ method }) => method === 'BYE')).toBe(false);
    await bench.timers.pass(2_000);
    person.phone.respond(await person.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw('callerGone hungUp');
  });

  test('a caller who leaves it to us and knows UPDATE is refreshed by it at half the time', async () => {
    const person = await caller({ supported: 'timer', 'session-expires': '7200;refresher=uas', allow: 'INVITE, UPDATE' });
    expect(person.ok.headers['session-expires']).toBe('1800;refresher=uas');
    for (let round = 0; round < 2; round += 1) {
      await bench.timers.pass(900_000);
      const update = await person.phone.request('UPDATE');
      expect([update.headers['session-expires'], update.content]).toEqual(['1800;refresher=uac', '']);
      person.phone.respond(update, 200, 'OK', undefined, { 'session-expires': '1800;refresher=uac' });
      await heard(person);
    }
    expect(person.phone.has(({ method }) => method === 'BYE')).toBe(false);
  });

  test('an agent whose phone does not know UPDATE is refreshed by an offer of what holds', async () => {
    const person = await agent({ 'session-expires': '1800;refresher=uac', allow: 'INVITE, BYE' });
    bench.calls.answerTo = () => Promise.resolve(OURS);
    await bench.timers.pass(900_000);
    const invite = await reinvited(person);
    expect([invite.content, invite.headers['session-expires']]).toEqual([OURS, '1800;refresher=uac']);
    person.phone.respond(invite, 200, 'OK', SDP, { 'session-expires': '1800;refresher=uac' });
    await person.phone.request('ACK');
    await bench.calls.saw('completed c1.1 sendrecv');
  });

  test('an agent whose phone refreshes and stops to: BYE before the time is over, and hung up', async () => {
    const person = await agent({ 'session-expires': '90;refresher=uas', require: 'timer' });
    await bench.timers.pass(61_000);
    person.phone.respond(await person.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw('legEnded c1.1 hungUp');
  });

  test('a refresh that finds nobody ends the leg', async () => {
    const person = await agent({ 'session-expires': '1800;refresher=uac', allow: 'UPDATE' });
    await bench.timers.pass(900_000);
    person.phone.respond(await person.phone.request('UPDATE'), 481, 'Gone');
    person.phone.respond(await person.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw('legEnded c1.1 hungUp');
  });

  test('a refresh that fails for now is tried again, until the time is over', async () => {
    const person = await agent({ 'session-expires': '1800;refresher=uac', allow: 'UPDATE' });
    await bench.timers.pass(900_000);
    person.phone.respond(await person.phone.request('UPDATE'), 500, 'Not now');
    await heard(person);
    await bench.timers.pass(10_000);
    await person.phone.request('UPDATE');
  });

  test.each([['too short', '60', 422], ['no time at all', 'soon', 400]])('a caller who asks for one that is %s: refused with %s → %i', async (_what, expires, status) => {
    const phone = await bench.phone('alice');
    const leg = phone.invite('help', SDP, { supported: 'timer', 'session-expires': expires });
    const answer = await phone.response('INVITE', (code) => code >= 200, leg.callId);
    expect(answer.status).toBe(status);
    expect(answer.headers['min-se']).toBe(status === 422 ? '90' : undefined);
    expect(bench.calls.told).toEqual([]);
  });

  test.each([['requires it is served', { require: 'timer', supported: 'timer' }, '1800;refresher=uac'], ['does not know it is left alone', {}, undefined]])('a caller who %s', async (_what, headers, agreed) => {
    expect((await caller(headers)).ok.headers['session-expires']).toBe(agreed);
  });
});
