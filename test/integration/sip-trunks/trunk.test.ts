// Trunks through the real edge and drachtio-srf, with a phone of the old `sip` package as the trunk: what is on the wire.
import { createHash } from 'node:crypto';
import { type Message } from 'sip';
import { type Caller } from '../../../engine/sip/routes';
import { until } from '../../support/engine';
import { audioSdp, type Phone } from '../../support/phone';
import { DOMAIN, SipSide, trunkAt } from '../../support/sip-side';

let side: SipSide;
beforeEach(async () => { side = await SipSide.start(); });
afterEach(() => side.stop());

const SDP = audioSdp(40_000);
const ACCOUNT = { username: 'acct', password: 'pw' };

/** Answers a request with a challenge. */
function challenge(phone: Phone, request: Message, status: 401 | 407, nonce: string, more: Record<string, string> = {}): void {
  const { via, from, to, 'call-id': callId, cseq } = request.headers;
  const fields = { scheme: 'Digest', realm: '"trunk.test"', nonce: `"${nonce}"`, qop: '"auth"', opaque: '"o"', ...more };
  phone.send({ status, reason: 'Show who you are', headers: { via, from, 'call-id': callId, cseq, to: { ...to, params: { tag: `t${nonce}` } }, [status === 407 ? 'proxy-authenticate' : 'www-authenticate']: [fields] } });
}

const field = (request: Message, header: string, name: string): string => ((request.headers[header] as Record<string, string>[] | undefined)?.[0]?.[name] ?? '').replaceAll('"', '');

/** Whether a request shows that it knows the password `pw`, reckoned apart from the product. */
function isProved(request: Message, header: string): boolean {
  const hash = (text: string): string => createHash(field(request, header, 'algorithm') === 'SHA-256' ? 'sha256' : 'md5').update(text).digest('hex');
  const of = (name: string): string => field(request, header, name);
  return of('response') === hash([hash('acct:trunk.test:pw'), of('nonce'), of('nc'), of('cnonce'), of('qop'), hash(`${request.method}:${request.uri}`)].join(':')) && of('uri') === request.uri && of('opaque') === 'o';
}

describe('an INVITE through a trunk', () => {
  test.each([[407, 'proxy-authorization', 'MD5'], [401, 'authorization', 'SHA-256']] as const)('challenged by %i (%s, %s): sent again, ringing, answered, ended', async (status, header, algorithm) => {
    const trunk = await side.phone('trunk');
    side.trunks.configure([trunkAt(trunk.port, ACCOUNT)]);
    const invited = side.invite(side.route(), SDP);
    const first = await trunk.request('INVITE');
    expect(first.headers[header]).toBeUndefined();
    challenge(trunk, first, status, 'n1', { algorithm });
    await trunk.next('ACK of the challenge', (message) => message.method === 'ACK' && message.headers.cseq.seq === 1);
    const second = await trunk.next('the INVITE again', (message) => message.method === 'INVITE' && message.headers.cseq.seq === 2);
    expect(isProved(second, header)).toBe(true);
    expect([second.headers['call-id'], second.headers.from, second.headers.to, second.content]).toEqual([first.headers['call-id'], first.headers.from, first.headers.to, first.content]);
    trunk.respond(second, 180, 'Ringing');
    trunk.respond(second, 200, 'OK', SDP);
    const { statuses, reply } = await invited;
    expect(statuses.filter((each) => each > 100)).toEqual([status, 180, 200]);
    await trunk.next('ACK', (message) => message.method === 'ACK' && message.headers.cseq.seq === 2);
    const ended = side.bye(reply.dialogId ?? '');
    trunk.respond(await trunk.request('BYE'), 200, 'OK');
    expect(await ended).toBe(200);
  });

  test('a stale nonce: once more; a wrong password: no loop', async () => {
    const trunk = await side.phone('trunk');
    side.trunks.configure([trunkAt(trunk.port, ACCOUNT)]);
    const invited = side.invite(side.route(), SDP);
    for (const [seq, more] of [[1, {}], [2, { stale: 'true' }], [3, {}]] as const) {
      challenge(trunk, await trunk.next(`INVITE ${seq}`, (message) => message.method === 'INVITE' && message.headers.cseq.seq === seq), 407, `n${seq}`, more);
    }
    const { statuses } = await invited;
    expect(statuses.filter((each) => each > 100)).toEqual([407, 407, 407]);
    expect(trunk.has((message) => message.method === 'INVITE')).toBe(false);
  });

  test('cancelled after the challenge was answered: the CANCEL is for the second INVITE', async () => {
    const trunk = await side.phone('trunk');
    side.trunks.configure([trunkAt(trunk.port, ACCOUNT)]);
    const invited = side.invite(side.route(), SDP, (sent) => { sent?.cancel({}); });
    challenge(trunk, await trunk.request('INVITE'), 407, 'n1');
    const second = await trunk.next('the INVITE again', (message) => message.method === 'INVITE' && message.headers.cseq.seq === 2);
    trunk.respond(second, 180, 'Ringing');
    const cancel = await trunk.request('CANCEL');
    expect([cancel.headers.cseq.seq, cancel.headers.via[0]?.params['branch']]).toEqual([2, second.headers.via[0]?.params['branch']]);
    trunk.respond(cancel, 200, 'OK');
    trunk.respond(second, 487, 'Request Terminated');
    expect((await invited).reply.status).toBe(487);
  });

  test('who calls, for whom it is diverted, and how many hops are left', async () => {
    const trunk = await side.phone('trunk');
    side.trunks.configure([trunkAt(trunk.port, { fromDomain: 'pbx.test' })]);
    const caller: Caller = { uri: 'sip:+441632960001@elsewhere.test', number: '+441632960001', name: 'Al "the" Ice', private: true, maxForwards: 17, history: ['<sip:a@b.test>;index=1'] };
    const invited = side.invite(side.route({ caller, diverted: `sip:help@${DOMAIN}` }), SDP);
    const invite = await trunk.request('INVITE');
    const { uri, headers } = invite;
    expect(uri).toBe(`sip:+441632960999@127.0.0.1:${trunk.port};user=phone`);
    expect(headers.from).toMatchObject({ name: '"Anonymous"', uri: 'sip:anonymous@anonymous.invalid' });
    expect(headers['privacy']).toBe('id');
    expect(JSON.stringify(headers['p-asserted-identity'])).toContain('sip:+441632960001@pbx.test');
    expect(headers['max-forwards']).toBe('17');
    expect(headers['history-info']).toBe(`<sip:a@b.test>;index=1,<sip:help@${DOMAIN}>;index=1.1,<sip:+441632960999@127.0.0.1:${trunk.port};user=phone;cause=302>;index=1.1.1;mp=1.1`);
    expect(headers['diversion']).toBeUndefined();
    trunk.respond(invite, 486, 'Busy Here');
    expect((await invited).reply.status).toBe(486);
  });
});

test('registers with a challenge by SHA-256, is refreshed without one, and takes itself back at stop', async () => {
  const trunk = await side.phone('trunk');
  side.trunks.configure([trunkAt(trunk.port, { ...ACCOUNT, register: true, fromDomain: 'trunk.test' })]);
  const first = await trunk.request('REGISTER');
  expect([first.uri, first.headers.to.uri, first.headers.contact?.[0]?.uri]).toEqual(['sip:trunk.test', 'sip:acct@trunk.test', `sip:acct@127.0.0.1:${side.edge.sipPort}`]);
  challenge(trunk, first, 401, 'n1', { algorithm: 'SHA-256' });
  const second = await trunk.next('REGISTER again', (message) => message.method === 'REGISTER' && message.headers.cseq.seq === 2);
  expect([isProved(second, 'authorization'), second.headers['call-id'] === first.headers['call-id']]).toEqual([true, true]);
  trunk.respond(second, 200, 'OK');
  await until('the registration', () => side.trunks.health[0]?.registration === 'registered');
  const stopped = side.trunks.stop();
  const last = await trunk.next('the farewell', (message) => message.method === 'REGISTER' && message.headers.cseq.seq === 3);
  expect([last.headers['expires'], isProved(last, 'authorization'), field(last, 'authorization', 'nc')]).toEqual(['0', true, '00000002']);
  trunk.respond(last, 200, 'OK');
  await stopped;
});

test('OPTIONS: a trunk that says 503 is tried last, and first again when it says 200', async () => {
  const [one, two] = [await side.phone('one'), await side.phone('two')];
  side.trunks.configure([trunkAt(one.port, { order: 1, checkSeconds: 5 }), trunkAt(two.port, { order: 2 })]);
  one.respond(await one.request('OPTIONS'), 503, 'Service Unavailable');
  await until('the trunk to be unwell', () => side.route().trunkId === `t${two.port}`);
  one.respond(await one.request('OPTIONS'), 200, 'OK');
  await until('the trunk to be well', () => side.route().trunkId === `t${one.port}`);
});

test('a trunk whose name is unknown: 503, as if it had said so itself', async () => {
  const gone = await side.phone('gone');
  side.trunks.configure([trunkAt(gone.port, { host: 'no-such-host.invalid' })]);
  expect((await side.invite(side.route(), SDP)).reply.status).toBe(503);
});

describe('who an arrival is', () => {
  test('a phone that registered is its agent; the same name from elsewhere is not; with the password it is', async () => {
    side.agent('bob');
    const [bob, other] = [await side.phone('bob'), await side.phone('bob')];
    expect((await bob.register('pw')).status).toBe(200);
    const seen: (string | null | undefined)[] = [];
    side.act = (incoming) => {
      if (incoming.method !== 'INVITE') return;
      const agentId = side.arrivals.arrived(incoming)?.arrival.agentId;
      seen.push(agentId);
      if (agentId === null) incoming.respond(407, { headers: side.arrivals.challengeFor(incoming) });
      else incoming.respond(480);
    };
    const own = bob.invite('help', SDP);
    expect((await bob.response('INVITE', (status) => status >= 200, own.callId)).status).toBe(480);
    const stranger = other.invite('help', SDP);
    const asked = await other.response('INVITE', (status) => status >= 200, stranger.callId);
    expect([asked.status, seen]).toEqual([407, ['id-bob', null]]);
    const challenges = asked.headers['proxy-authenticate'] as Record<string, string>[];
    expect(challenges.map(({ algorithm }) => algorithm)).toEqual(['MD5', 'SHA-256']);
    const nonce = (challenges[0]?.['nonce'] ?? '').replaceAll('"', '');
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const response = md5(`${md5(`bob:${DOMAIN}:pw`)}:${nonce}:00000001:c:auth:${md5(`INVITE:sip:help@127.0.0.1:${side.edge.sipPort}`)}`);
    const shown = other.invite('help', SDP, { 'proxy-authorization': [{ scheme: 'Digest', username: '"bob"', realm: `"${DOMAIN}"`, nonce: `"${nonce}"`, uri: `"sip:help@127.0.0.1:${side.edge.sipPort}"`, response: `"${response}"`, algorithm: 'MD5', qop: 'auth', nc: '00000001', cnonce: '"c"' }] });
    expect((await other.response('INVITE', (status) => status >= 200, shown.callId)).status).toBe(480);
    expect(seen).toEqual(['id-bob', null, 'id-bob']);
  });

  test('from a trunk: its asserted identity; Max-Forwards 0 never gets that far', async () => {
    const trunk = await side.phone('trunk');
    side.trunks.configure([trunkAt(trunk.port, { federated: true })]);
    side.act = (incoming) => { if (incoming.method === 'INVITE') incoming.respond(480); };
    const leg = trunk.invite('help', SDP, { 'p-asserted-identity': '"Al" <sip:+441632960001@127.0.0.1>', 'history-info': `<sip:help@${DOMAIN}>;index=1, <sip:x@y.test>;index=1.1` });
    await trunk.response('INVITE', (status) => status >= 200, leg.callId);
    expect(side.arrivals.arrived(await side.came('INVITE'))?.arrival).toMatchObject({ callerNumber: '+441632960001', callerName: 'Al', trunk: { id: `t${trunk.port}`, federated: true }, timesHere: 1 });
    const last = trunk.invite('help', SDP, { 'max-forwards': 0 });
    expect((await trunk.response('INVITE', (status) => status >= 200, last.callId)).status).toBe(483);
    expect(side.incoming.filter(({ method }) => method === 'INVITE')).toHaveLength(1);
  });
});
