// One leg, several phones and routes: who has it, who is cancelled, and the one outcome, on a real edge.
import { type Message } from 'sip';
import { LegsBench, OFFER } from '../../support/legs';
import { audioSdp, type Phone } from '../../support/phone';

let bench: LegsBench;
beforeEach(async () => { bench = await LegsBench.open(); });
afterEach(async () => { await bench.close(); });

const SDP = audioSdp(30_002);
const NUMBER = { kind: 'number', number: '+442079460000' } as const;

async function rung(phone: Phone): Promise<Message> {
  const invite = await phone.request('INVITE');
  phone.respond(invite, 180, 'Ringing');
  return invite;
}

/** The phone takes its CANCEL. */
async function cancelled(phone: Phone, invite: Message): Promise<Message> {
  const cancel = await phone.request('CANCEL');
  phone.respond(cancel, 200, 'OK');
  phone.respond(invite, 487, 'Request Terminated');
  await phone.next('ACK', ({ method }) => method === 'ACK');
  return cancel;
}

async function ends(phone: Phone): Promise<Message> {
  const bye = await phone.request('BYE');
  phone.respond(bye, 200, 'OK');
  return bye;
}

describe('an agent with three phones', () => {
  test('all ring as one leg; the first to answer has it, the others are cancelled as completed elsewhere; it ends when that phone hangs up', async () => {
    const phones = await bench.agent('bob', 3);
    bench.ring('c1.1', 'bob', { headers: { 'X-Response-Group': 'Help%20Desk' } });
    const invites = await Promise.all(phones.map(rung));
    expect(invites.map(({ headers }) => headers['call-id']).sort()).toEqual(['c1.1', 'c1.1-1', 'c1.1-2']);
    expect(invites[0]?.headers).toMatchObject({ 'x-response-group': 'Help%20Desk', supported: 'timer, replaces', 'session-expires': '1800', 'min-se': '90' });
    const [first, second, third] = phones as [Phone, Phone, Phone];
    const response = second.respond(invites[1] as Message, 200, 'OK', SDP);
    await second.request('ACK');
    const cancels = await Promise.all([cancelled(first, invites[0] as Message), cancelled(third, invites[2] as Message)]);
    for (const { headers } of cancels) expect(headers['reason']).toBe('SIP;cause=200;text="Call completed elsewhere"');
    await bench.calls.saw('answered c1.1 sdp');
    expect((await second.hangUp(second.legOf(invites[1] as Message, response))).status).toBe(200);
    await bench.calls.saw('legEnded c1.1 hungUp');
    expect(bench.calls.told).toEqual(['ringing c1.1', 'answered c1.1 sdp', 'legEnded c1.1 hungUp']);
  });

  test('two answer at once: the second is acknowledged and ended, and nobody hears of it', async () => {
    const [first, second] = await bench.agent('bob', 2) as [Phone, Phone];
    bench.ring('c1.1', 'bob');
    const invites = await Promise.all([rung(first), rung(second)]);
    first.respond(invites[0], 200, 'OK', SDP);
    await first.request('ACK');
    second.respond(await second.request('CANCEL'), 200, 'OK');
    second.respond(invites[1], 200, 'OK', SDP);
    await second.request('ACK');
    expect((await ends(second)).headers['reason']).toBe('SIP;cause=200;text="Call completed elsewhere"');
    bench.switchboard.endLeg('c1.1');
    await ends(first);
    await bench.calls.saw('legEnded c1.1 hungUp');
    expect(bench.calls.told).toEqual(['ringing c1.1', 'answered c1.1 sdp', 'legEnded c1.1 hungUp']);
  });

  test('one declines everywhere: the others stop ringing, and the leg is declined', async () => {
    const [first, second] = await bench.agent('bob', 2) as [Phone, Phone];
    bench.ring('c1.1', 'bob');
    const invites = await Promise.all([rung(first), rung(second)]);
    first.respond(invites[0], 603, 'Decline');
    await cancelled(second, invites[1]);
    await bench.calls.saw('legEnded c1.1 declined');
  });

  test('one is busy and one cannot be found: the other rings on, and when it is taken back nobody hears more than that', async () => {
    const [first, second, third] = await bench.agent('bob', 3) as [Phone, Phone, Phone];
    bench.ring('c1.1', 'bob');
    first.respond(await first.request('INVITE'), 486, 'Busy Here');
    second.respond(await second.request('INVITE'), 404, 'Not Found');
    const invite = await rung(third);
    await bench.calls.saw('ringing c1.1');
    bench.switchboard.withdraw('c1.1', 'noAnswer');
    const cancel = await cancelled(third, invite);
    expect(cancel.headers['reason']).toBeUndefined();
    await bench.calls.saw('legEnded c1.1 withdrawn');
    expect(bench.calls.told).toEqual(['ringing c1.1', 'legEnded c1.1 withdrawn']);
  });

  test('with none registered is unreachable at once', () => {
    bench.ring('c1.1', 'nobody');
    expect(bench.calls.told).toEqual(['legEnded c1.1 unreachable']);
  });
});

describe('trunks', () => {
  const dial = (): void => { bench.switchboard.ring('c1.1', { branches: [{ to: NUMBER, sdp: OFFER, confirm: false }], fromName: 'Help', fromUser: 'help' }); };

  test('one that fails before anything rang is followed by the next; what rang is never dialled again', async () => {
    const [first, second, third] = [await bench.phone('first'), await bench.phone('second'), await bench.phone('third')];
    bench.trunks = [first, second, third];
    dial();
    const invite = await first.request('INVITE');
    expect(invite.uri).toBe('sip:+442079460000@response-group.test');
    first.respond(invite, 503, 'Service Unavailable');
    second.respond(await rung(second), 500, 'Server Error');
    await bench.calls.saw('legEnded c1.1 failed');
    expect(third.received).toEqual([]);
    expect(bench.trunkNews).toEqual(['first failed 503', 'second well', 'second well']);
  });

  test('one that says nothing is followed by the next, and a late ring there is cancelled', async () => {
    const [first, second] = [await bench.phone('first'), await bench.phone('second')];
    bench.trunks = [first, second];
    dial();
    const invite = await first.request('INVITE');
    await bench.timers.pass(8_000);
    const other = await rung(second);
    first.respond(invite, 180, 'Ringing');
    await cancelled(first, invite);
    second.respond(other, 200, 'OK', SDP);
    await bench.calls.saw('answered c1.1 sdp');
  });

  test('a busy number is busy, whatever other trunk there is', async () => {
    const [first, second] = [await bench.phone('first'), await bench.phone('second')];
    bench.trunks = [first, second];
    dial();
    first.respond(await first.request('INVITE'), 486, 'Busy Here');
    await bench.calls.saw('legEnded c1.1 busy');
    expect(second.received).toEqual([]);
  });

  test.each([[401, 'authorization', 'WWW-Authenticate'], [407, 'proxy-authorization', 'Proxy-Authenticate']] as const)('%i is answered with credentials in the same call, with the same tag and the next number', async (status, header, asks) => {
    const trunk = await bench.phone('trunk');
    bench.trunks = [trunk];
    dial();
    const invite = await trunk.request('INVITE');
    trunk.respond(invite, status, 'Who are you', undefined, { [asks.toLowerCase()]: [{ scheme: 'Digest', realm: '"t"', nonce: '"n"' }] });
    const again = await trunk.next('the INVITE with credentials', ({ method, headers }) => method === 'INVITE' && headers.cseq.seq === 2);
    expect(again.headers['call-id']).toBe('c1.1');
    expect(again.headers.from.params['tag']).toBe(invite.headers.from.params['tag']);
    expect(JSON.stringify(again.headers[header])).toContain('us');
    trunk.respond(again, 200, 'OK', SDP);
    await bench.calls.saw('answered c1.1 sdp');
  });

  test('with none the leg has failed at once', () => {
    dial();
    expect(bench.calls.told).toEqual(['legEnded c1.1 failed']);
  });
});

test('a 422 is answered with the longer session it asks for', async () => {
  const [bob] = await bench.agent('bob') as [Phone];
  bench.ring('c1.1', 'bob');
  const invite = await bob.request('INVITE');
  bob.respond(invite, 422, 'Session Interval Too Small', undefined, { 'min-se': '3600' });
  const again = await bob.next('the second INVITE', ({ method, headers }) => method === 'INVITE' && headers.cseq.seq === 2);
  expect(again.headers).toMatchObject({ 'session-expires': '3600', 'min-se': '3600' });
  expect(again.headers.from.params['tag']).toBe(invite.headers.from.params['tag']);
});

describe('a phone that must confirm', () => {
  const branches = [
    { to: { kind: 'registered', agentId: 'bob' }, sdp: OFFER, confirm: false },
    { to: NUMBER, sdp: OFFER.replace('30000', '31000'), confirm: true },
  ] as const;

  async function pickedUp() {
    const [bob] = await bench.agent('bob') as [Phone];
    const mobile = await bench.phone('mobile');
    bench.trunks = [mobile];
    bench.switchboard.ring('c1.1', { branches, fromName: 'Help: Alice', fromUser: '+4420' });
    const invite = await rung(bob);
    const other = await rung(mobile);
    expect(other.content).toContain('31000');
    const leg = mobile.legOf(other, mobile.respond(other, 200, 'OK', SDP));
    await mobile.request('ACK');
    await bench.calls.saw('pickedUp c1.1 1');
    return { bob, mobile, invite, leg };
  }

  test('is picked up, presses a key, is offered the caller and has the leg; the other phone is cancelled', async () => {
    const { bob, mobile, invite, leg } = await pickedUp();
    expect(bob.has(({ method }) => method === 'CANCEL')).toBe(false);
    mobile.send({ ...mobile.inDialog(leg, 'INFO', 'Signal=1\r\nDuration=160\r\n', { 'content-type': 'application/dtmf-relay' }) });
    expect((await mobile.response('INFO', (status) => status >= 200, leg.callId)).status).toBe(200);
    await bench.calls.saw('key c1.1 1 branch 1');
    bench.switchboard.confirmed('c1.1', 1, OFFER);
    await cancelled(bob, invite);
    const offer = await mobile.next('the re-INVITE', ({ method, headers }) => method === 'INVITE' && headers.to.params['tag'] !== undefined);
    expect(offer.content).toContain('30000');
    mobile.respond(offer, 200, 'OK', SDP);
    await mobile.request('ACK');
    await bench.calls.saw('answered c1.1 sdp');
    bench.switchboard.endLeg('c1.1');
    await ends(mobile);
    await bench.calls.saw('legEnded c1.1 hungUp');
    expect(bench.calls.told.filter((each) => each.startsWith('branchGone'))).toEqual([]);
  });

  test('does not confirm: it is hung up, and the other rings on', async () => {
    const { bob, mobile, invite } = await pickedUp();
    bench.switchboard.notConfirmed('c1.1', 1);
    await ends(mobile);
    await bench.calls.saw('branchGone c1.1 1');
    bob.respond(invite, 486, 'Busy Here');
    await bench.calls.saw('legEnded c1.1 declined');
  });

  test('is overtaken by another: it is hung up as completed elsewhere', async () => {
    const { bob, mobile, invite } = await pickedUp();
    bob.respond(invite, 200, 'OK', SDP);
    await bench.calls.saw('answered c1.1 sdp');
    expect((await ends(mobile)).headers['reason']).toBe('SIP;cause=200;text="Call completed elsewhere"');
    await bench.calls.saw('branchGone c1.1 1');
  });

  test('confirms and does not take the offer: the leg has failed', async () => {
    const { bob, mobile, invite } = await pickedUp();
    bench.switchboard.confirmed('c1.1', 1, OFFER);
    await cancelled(bob, invite);
    const offer = await mobile.next('the re-INVITE', ({ method, headers }) => method === 'INVITE' && headers.to.params['tag'] !== undefined);
    mobile.respond(offer, 488, 'Not Acceptable Here');
    await ends(mobile);
    await bench.calls.saw('legEnded c1.1 failed');
    expect(bench.calls.told.some((each) => each.startsWith('answered'))).toBe(false);
  });

  test('confirms and says nothing to the offer in time: the leg has failed', async () => {
    const { bob, mobile, invite } = await pickedUp();
    bench.switchboard.confirmed('c1.1', 1, OFFER);
    await cancelled(bob, invite);
    await mobile.next('the re-INVITE', ({ method, headers }) => method === 'INVITE' && headers.to.params['tag'] !== undefined);
    await bench.timers.pass(8_000);
    await ends(mobile);
    await bench.calls.saw('legEnded c1.1 failed');
  });

  test('may not renegotiate or transfer before it has confirmed', async () => {
    const { mobile, leg } = await pickedUp();
    mobile.send(mobile.inDialog(leg, 'INVITE', SDP));
    expect((await mobile.response('INVITE', (status) => status >= 200, leg.callId)).status).toBe(491);
    mobile.send(mobile.inDialog(leg, 'REFER', undefined, { 'refer-to': '<sip:eve@elsewhere.test>' }));
    expect((await mobile.response('REFER', (status) => status >= 200, leg.callId)).status).toBe(603);
  });
});
