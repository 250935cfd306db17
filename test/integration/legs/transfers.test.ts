// REFER by agents' phones, INVITEs that replace, phones that dial in to take a call: on a real edge.
import { type Message } from 'sip';
import { MediaFault } from '../../../engine/calls/ports';
import { LegsBench, OFFER } from '../../support/legs';
import { audioSdp, type Leg, type Phone } from '../../support/phone';

let bench: LegsBench;
beforeEach(async () => { bench = await LegsBench.open(); });
afterEach(async () => { await bench.close(); });

const SDP = audioSdp(30_002);

async function agent(legId = 'c1.1', user = 'bob'): Promise<{ readonly phone: Phone; readonly leg: Leg }> {
  const [phone] = await bench.agent(user) as [Phone];
  bench.ring(legId, user);
  const invite = await phone.request('INVITE');
  const leg = phone.legOf(invite, phone.respond(invite, 200, 'OK', SDP));
  await phone.request('ACK');
  await bench.calls.saw(`answered ${legId} sdp`);
  return { phone, leg };
}

/** A caller who talks; `user` may be an agent that called from its own phone. */
async function caller(user = 'alice', phone?: Phone): Promise<{ readonly phone: Phone; readonly leg: Leg; readonly callId: string; readonly ok: Message }> {
  const from = phone ?? await bench.phone(user);
  const before = bench.calls.arrivals.length;
  const leg = from.invite('help', SDP);
  await from.response('INVITE', (status) => status === 100, leg.callId);
  while (bench.calls.arrivals.length === before) await new Promise((resolve) => { setImmediate(resolve); });
  const callId = bench.calls.arrivals.at(-1)?.callId as string;
  bench.switchboard.answer(callId, OFFER);
  const ok = await from.answered(leg);
  await bench.calls.saw('acknowledged nothing');
  return { phone: from, leg, callId, ok };
}

async function refer({ phone, leg }: { readonly phone: Phone; readonly leg: Leg }, to: string, headers: Record<string, unknown> = {}): Promise<number> {
  phone.send(phone.inDialog(leg, 'REFER', undefined, { 'refer-to': to, ...headers }));
  return leg.cseq;
}

const answered = (phone: Phone, seq: number): Promise<Message> => phone.next('the answer to REFER', (m) => (m.status ?? 0) >= 200 && m.headers.cseq.method === 'REFER' && m.headers.cseq.seq === seq);

async function notified(phone: Phone, status = 200): Promise<[unknown, unknown, unknown]> {
  const notify = await phone.request('NOTIFY');
  phone.respond(notify, status, 'Whatever');
  return [notify.content, notify.headers['event'], notify.headers['subscription-state']];
}

async function asked(count = 1): Promise<(typeof bench.calls.transfers)[number]> {
  while (bench.calls.transfers.length < count) await new Promise((resolve) => { setImmediate(resolve); });
  return bench.calls.transfers.at(-1) as (typeof bench.calls.transfers)[number];
}

const replacesOf = (leg: Leg, end: 'theirs' | 'ours' = 'ours'): string => (end === 'ours' ? `${leg.callId};to-tag=${leg.remoteTag ?? ''};from-tag=${leg.localTag}` : `${leg.callId};to-tag=${leg.localTag};from-tag=${leg.remoteTag ?? ''}`);

describe('a blind transfer', () => {
  test('to our own domain: asked of calls, 202, told as it goes, and the subscription is over with the last word', async () => {
    const bob = await agent();
    const seq = await refer(bob, '<sip:sales@response-group.test>', { 'referred-by': '<sip:bob@response-group.test>' });
    const { transferId, target } = await asked();
    expect(target).toEqual({ kind: 'own', user: 'sales' });
    bench.switchboard.acceptTransfer(transferId);
    expect((await answered(bob.phone, seq)).status).toBe(202);
    expect(await notified(bob.phone)).toEqual(['SIP/2.0 100 Trying\r\n', 'refer', 'active;expires=300']);
    bench.switchboard.transferProgress(transferId, 180, 'Ringing');
    expect(await notified(bob.phone)).toEqual(['SIP/2.0 180 Ringing\r\n', 'refer', 'active;expires=300']);
    bench.switchboard.transferProgress(transferId, 200, 'OK');
    expect(await notified(bob.phone)).toEqual(['SIP/2.0 200 OK\r\n', 'refer', 'terminated;reason=noresource']);
    bench.switchboard.transferProgress(transferId, 200, 'OK');
    bench.switchboard.endLeg('c1.1');
    bob.phone.respond(await bob.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw('legEnded c1.1 hungUp');
    expect(bob.phone.has(({ method }) => method === 'NOTIFY')).toBe(false);
  });

  test('a second while one is under way is refused; the next after it failed has an id of its own', async () => {
    const bob = await agent();
    const seq = await refer(bob, '<tel:+442079460000>');
    const { transferId, target } = await asked();
    expect(target).toEqual({ kind: 'outside', target: { kind: 'number', number: '+442079460000' } });
    expect((await answered(bob.phone, await refer(bob, '<sip:a@b.test>'))).status).toBe(491);
    bench.switchboard.acceptTransfer(transferId);
    expect((await answered(bob.phone, seq)).status).toBe(202);
    await notified(bob.phone);
    bench.switchboard.transferProgress(transferId, 486, 'Busy Here');
    expect(await notified(bob.phone, 481)).toEqual(['SIP/2.0 486 Busy Here\r\n', 'refer', 'terminated;reason=noresource']);
    const again = await refer(bob, '<sip:eve@elsewhere.test;transport=tcp>');
    const next = await asked(2);
    expect(next.target).toEqual({ kind: 'outside', target: { kind: 'uri', uri: 'sip:eve@elsewhere.test;transport=tcp' } });
    bench.switchboard.acceptTransfer(next.transferId);
    expect((await notified(bob.phone))[1]).toBe(`refer;id=${again}`);
  });

  test('refused by calls: its status, and another may be asked for', async () => {
    const bob = await agent();
    const seq = await refer(bob, '<sip:sales@response-group.test>');
    bench.switchboard.refuseTransfer((await asked()).transferId, 403, 'not allowed');
    const answer = await answered(bob.phone, seq);
    expect([answer.status, answer.headers['reason']]).toEqual([403, 'SIP;cause=403;text="not allowed"']);
    await refer(bob, '<sip:sales@response-group.test>');
    expect((await asked(2)).legId).toBe('c1.1');
  });

  test('a phone that does not want to be told is not (RFC 4488)', async () => {
    const bob = await agent();
    const seq = await refer(bob, '<sip:sales@response-group.test>', { 'refer-sub': 'false', supported: 'norefersub' });
    const { transferId } = await asked();
    bench.switchboard.acceptTransfer(transferId);
    const answer = await answered(bob.phone, seq);
    expect([answer.status, answer.headers['refer-sub']]).toEqual([202, 'false']);
    bench.switchboard.transferProgress(transferId, 200, 'OK');
    bob.phone.send(bob.phone.inDialog(bob.leg, 'OPTIONS'));
    await bob.phone.response('OPTIONS', () => true, bob.leg.callId);
    expect(bob.phone.has(({ method }) => method === 'NOTIFY')).toBe(false);
  });

  test('a phone that hangs up once its transfer is accepted: the leg is over, and what comes of the transfer is told to nobody', async () => {
    const bob = await agent();
    const seq = await refer(bob, '<sip:sales@response-group.test>');
    const { transferId } = await asked();
    bench.switchboard.acceptTransfer(transferId);
    await answered(bob.phone, seq);
    await bob.phone.hangUp(bob.leg);
    await bench.calls.saw('legEnded c1.1 hungUp');
    bench.switchboard.transferProgress(transferId, 200, 'OK');
    expect(bench.edge.status()).toMatchObject({ dialogs: 0 });
  });

  test('whoever is rung for it is told who asked (RFC 3892); whoever is rung for another call is not', async () => {
    const bob = await agent();
    const [carol] = await bench.agent('carol') as [Phone];
    await refer(bob, '<sip:carol@response-group.test>', { 'referred-by': '<sip:bob@response-group.test>' });
    bench.switchboard.acceptTransfer((await asked()).transferId);
    bench.ring('c1.2', 'carol');
    expect((await carol.request('INVITE', 'c1.2')).headers['referred-by']).toBe('<sip:bob@response-group.test>');
    bench.ring('c2.1', 'carol');
    expect((await carol.request('INVITE', 'c2.1')).headers['referred-by']).toBeUndefined();
  });

  test.each([
    ['to nobody', '', 400], ['to two', '<sip:a@b.test>, <sip:c@b.test>', 400], ['that is no call', '<sip:a@b.test;method=SUBSCRIBE>', 603], ['to a web page', '<http://b.test>', 416],
    ['to a call that is over', '<sip:a@response-group.test?Replaces=gone%3Bto-tag%3D1%3Bfrom-tag%3D2>', 603],
  ])('%s is refused, and calls are not asked', async (_what, to, status) => {
    const bob = await agent();
    expect((await answered(bob.phone, await refer(bob, to))).status).toBe(status);
    expect(bench.calls.transfers).toEqual([]);
  });

  test('by somebody outside, to whom a caller was sent on, is declined', async () => {
    const trunk = await bench.phone('trunk');
    bench.trunks = [trunk];
    bench.switchboard.ring('c1.1', { branches: [{ to: { kind: 'number', number: '+442079460000' }, sdp: OFFER, confirm: false }], fromName: 'Help', fromUser: 'help', diverted: 'sip:help@response-group.test' });
    const invite = await trunk.request('INVITE');
    expect(invite.headers['allow']).not.toContain('REFER');
    const leg = trunk.legOf(invite, trunk.respond(invite, 200, 'OK', SDP));
    await bench.calls.saw('answered c1.1 sdp');
    expect((await answered(trunk, await refer({ phone: trunk, leg }, '<tel:+9005550000>'))).status).toBe(603);
    expect(bench.calls.transfers).toEqual([]);
  });

  test('by a caller is declined', async () => {
    const alice = await caller();
    expect(alice.ok.headers['allow']).not.toContain('REFER');
    expect((await answered(alice.phone, await refer(alice, '<sip:sales@response-group.test>'))).status).toBe(603);
  });
});

describe('an attended transfer', () => {
  test('to a call that the agent made from here: the consultation', async () => {
    const bob = await agent();
    const consultation = await caller('bob', bob.phone);
    await refer(bob, `<sip:carol@response-group.test?Replaces=${encodeURIComponent(replacesOf(consultation.leg))}>`);
    expect((await asked()).target).toEqual({ kind: 'consultation', callId: consultation.callId });
  });

  test('to a call elsewhere: what it replaces goes into the INVITE', async () => {
    const bob = await agent();
    const trunk = await bench.phone('trunk');
    bench.trunks = [trunk];
    await refer(bob, '<sip:eve@elsewhere.test?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>');
    const { target } = await asked();
    expect(target).toEqual({ kind: 'outsideReplaces', target: { kind: 'uri', uri: 'sip:eve@elsewhere.test' }, replaces: 'a@b;to-tag=1;from-tag=2' });
    bench.switchboard.ring('c1.2', { branches: [{ to: { kind: 'uri', uri: 'sip:eve@elsewhere.test' }, sdp: OFFER, confirm: false }], fromName: 'Help', fromUser: 'help', replaces: 'a@b;to-tag=1;from-tag=2' });
    expect((await trunk.request('INVITE')).headers['replaces']).toBe('a@b;to-tag=1;from-tag=2');
  });
});

describe('an INVITE with Replaces', () => {
  test("in place of a caller's: the new phone has the call, the old one is ended and nobody hears of it", async () => {
    const alice = await caller();
    const dave = await bench.phone('dave');
    const leg = dave.invite('help', SDP, { replaces: replacesOf(alice.leg), require: 'replaces' });
    const ok = await dave.answered(leg);
    expect(ok.content).toBe('v=0\r\nreplaced');
    alice.phone.respond(await alice.phone.request('BYE'), 200, 'OK');
    bench.calls.answerTo = () => Promise.resolve(OFFER);
    dave.send(dave.inDialog(leg, 'INVITE', SDP.replace('sendrecv', 'sendonly')));
    await bench.calls.saw('renegotiate caller sendonly');
    bench.switchboard.endCaller(alice.callId);
    dave.respond(await dave.request('BYE'), 200, 'OK');
    await bench.calls.saw('callerGone endedByUs');
    expect(bench.calls.told).toEqual(['arrived', 'acknowledged nothing', 'replaceCaller by dave', 'renegotiate caller sendonly', 'callerGone endedByUs']);
  });

  test("in place of an agent's: a new leg, which ends like any other and may transfer", async () => {
    const bob = await agent();
    const [carol] = await bench.agent('carol') as [Phone];
    const leg = carol.invite('anything', SDP, { replaces: replacesOf(bob.leg) });
    await carol.answered(leg);
    bob.phone.respond(await bob.phone.request('BYE'), 200, 'OK');
    await refer({ phone: carol, leg }, '<sip:sales@response-group.test>');
    const { legId } = await asked();
    await carol.hangUp(leg);
    await bench.calls.saw(`legEnded ${legId} hungUp`);
    expect(bench.calls.told).toEqual(['answered c1.1 sdp', 'replaceAgent c1.1 by carol', `transferAsked ${legId} own`, `legEnded ${legId} hungUp`]);
    expect(bench.switchboard.size).toBe(0);
  });

  test('without SDP: ours is offered, and the answer taken from the ACK', async () => {
    const alice = await caller();
    const dave = await bench.phone('dave');
    const leg = dave.invite('help', null, { replaces: replacesOf(alice.leg) });
    await dave.answered(leg, SDP);
    await bench.calls.saw('completed caller sendrecv');
  });

  test('that media cannot use is refused, and the call stays with the old phone', async () => {
    const alice = await caller();
    bench.calls.replaces = () => Promise.reject(new MediaFault('unsupported', 'no audio'));
    const dave = await bench.phone('dave');
    const leg = dave.invite('help', SDP, { replaces: replacesOf(alice.leg) });
    expect((await dave.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(488);
    await alice.phone.hangUp(alice.leg);
    await bench.calls.saw('callerGone hungUp');
  });

  test('that comes too late for a call that ends meanwhile is refused', async () => {
    const alice = await caller();
    let done: (sdp: string) => void = () => undefined;
    bench.calls.replaces = () => new Promise((resolve) => { done = resolve; });
    const dave = await bench.phone('dave');
    const leg = dave.invite('help', SDP, { replaces: replacesOf(alice.leg) });
    await bench.calls.saw('replaceCaller by dave');
    await alice.phone.hangUp(alice.leg);
    done(SDP);
    expect((await dave.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(481);
    expect(bench.calls.told.at(-1)).toBe('callerGone hungUp');
  });

  test('that is given up while its place is made: it has taken the place, and is gone from it', async () => {
    const alice = await caller();
    let done: (sdp: string) => void = () => undefined;
    bench.calls.replaces = () => new Promise((resolve) => { done = resolve; });
    const dave = await bench.phone('dave');
    const leg = dave.invite('help', SDP, { replaces: replacesOf(alice.leg) });
    await bench.calls.saw('replaceCaller by dave');
    dave.cancel(leg);
    expect((await dave.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(487);
    done(SDP);
    alice.phone.respond(await alice.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw('callerGone hungUp');
    expect(bench.switchboard.size).toBe(0);
  });

  test.each([
    ['no dialog of ours', (): string => 'nobody;to-tag=1;from-tag=2', 481], ['the tags the wrong way round', (leg: Leg): string => replacesOf(leg, 'theirs'), 481],
    ['only an early dialog, which this is not', (leg: Leg): string => `${replacesOf(leg)};early-only`, 486], ['nothing', (): string => 'nothing', 400],
  ])('that names %s is refused', async (_what, header, status) => {
    const { leg } = await caller();
    const dave = await bench.phone('dave');
    const sent = dave.invite('help', SDP, { replaces: header(leg) });
    expect((await dave.response('INVITE', (code) => code >= 200, sent.callId)).status).toBe(status);
  });

  test('that names a call which is over is declined', async () => {
    const { phone, leg } = await caller();
    await phone.hangUp(leg);
    await bench.calls.saw('callerGone hungUp');
    const dave = await bench.phone('dave');
    const sent = dave.invite('help', SDP, { replaces: replacesOf(leg) });
    expect((await dave.response('INVITE', (code) => code >= 200, sent.callId)).status).toBe(603);
  });
});

describe('a phone that dials in to take a call', () => {
  async function dialled(sdp: string | null = SDP) {
    const [bob] = await bench.agent('bob') as [Phone];
    const leg = bob.invite('pickup', sdp);
    await bench.calls.saw('arrived');
    const { callId, agentId } = bench.calls.arrivals[0] ?? { callId: '', agentId: null };
    expect(agentId).toBe('bob');
    return { bob, leg, callId };
  }

  test('becomes an agent’s leg: answered, may transfer, hung up, and nothing is told of the caller it was', async () => {
    const { bob, leg, callId } = await dialled();
    bench.switchboard.takeLeg(callId, 'c9.1', OFFER);
    const ok = await bob.answered(leg);
    expect(ok.headers['allow']).toContain('REFER');
    await bench.calls.saw('answered c9.1');
    await refer({ phone: bob, leg }, '<sip:sales@response-group.test>');
    expect((await asked()).legId).toBe('c9.1');
    await bob.hangUp(leg);
    await bench.calls.saw('legEnded c9.1 hungUp');
    expect(bench.calls.told).toEqual(['arrived', 'answered c9.1', 'transferAsked c9.1 own', 'legEnded c9.1 hungUp']);
  });

  test('is ended by us: hung up; taken back: withdrawn, with the reason', async () => {
    const { bob, leg, callId } = await dialled();
    bench.switchboard.takeLeg(callId, 'c9.1', OFFER);
    await bob.answered(leg);
    bench.switchboard.withdraw('c9.1', 'completedElsewhere');
    const bye = await bob.request('BYE');
    expect(bye.headers['reason']).toBe('SIP;cause=200;text="Call completed elsewhere"');
    bob.respond(bye, 200, 'OK');
    await bench.calls.saw('legEnded c9.1 withdrawn');
  });

  test('gives up before it is taken: the leg ends all the same', async () => {
    const { bob, leg, callId } = await dialled();
    bob.cancel(leg);
    await bench.calls.saw('callerGone cancelled');
    bench.switchboard.takeLeg(callId, 'c9.1', OFFER);
    await bench.calls.saw('legEnded c9.1 failed');
  });

  test('without SDP: the answer in its ACK is told with the leg', async () => {
    const { bob, leg, callId } = await dialled(null);
    bench.switchboard.takeLeg(callId, 'c9.1', OFFER);
    await bob.answered(leg, SDP);
    await bench.calls.saw('answered c9.1 sdp');
  });
});

describe('what a caller receives', () => {
  test('names no agent: not the user, the name, the number or the address of any phone, in any header or SDP, whatever happens', async () => {
    const secrets = ['bob', 'robert', 'carol', 'dave', '+442079460'];
    const alice = await caller();
    bench.calls.answerTo = () => Promise.resolve(OFFER);
    const legId = `${alice.callId}.1`;
    const bob = await agent(legId);
    // The agent holds, resumes, is asked to refresh, presses keys and transfers, and says its name in everything that it sends.
    const named = { from: { name: '"Robert"', uri: bob.leg.localUri, params: { tag: bob.leg.localTag } }, 'p-asserted-identity': '"Robert" <sip:bob@response-group.test>', server: 'bobs-phone' };
    bob.phone.send(bob.phone.inDialog(bob.leg, 'INVITE', SDP.replace('s=-', 's=bob').replace('sendrecv', 'sendonly'), named));
    await bob.phone.response('INVITE', (status) => status >= 200, bob.leg.callId);
    bob.phone.send(bob.phone.inDialog(bob.leg, 'ACK'));
    const offer = bench.switchboard.reinvite({ callId: alice.callId }, OFFER);
    alice.phone.respond(await alice.phone.next('a re-INVITE', ({ method }) => method === 'INVITE'), 200, 'OK', SDP);
    await offer;
    await refer(bob, '<sip:carol@response-group.test>', { 'referred-by': '"Robert" <sip:bob@response-group.test>' });
    bench.switchboard.acceptTransfer((await asked()).transferId);
    const [carol] = await bench.agent('carol') as [Phone];
    bench.ring(`${alice.callId}.2`, 'carol');
    const invite = await carol.request('INVITE');
    carol.respond(invite, 200, 'OK', SDP);
    await carol.request('ACK');
    alice.phone.send(alice.phone.inDialog(alice.leg, 'INVITE', SDP));
    alice.phone.send(alice.phone.inDialog(alice.leg, 'OPTIONS'));
    await alice.phone.response('OPTIONS', (status) => status === 200, alice.leg.callId);
    bench.switchboard.endCaller(alice.callId);
    alice.phone.respond(await alice.phone.request('BYE'), 200, 'OK');
    await bench.calls.saw('callerGone endedByUs');
    const received = alice.phone.receivedText.join('\n');
    expect(alice.phone.received.length).toBeGreaterThan(6);
    for (const secret of [...secrets, String(bob.phone.port), String(carol.port)]) expect(received.toLowerCase()).not.toContain(secret);
    expect(alice.ok.headers.contact?.[0]?.uri).toBe(`sip:help@127.0.0.1:${bench.edge.sipPort}`);
    expect(received).not.toMatch(/p-asserted-identity|remote-party-id|server:|user-agent/i);
  });
});
