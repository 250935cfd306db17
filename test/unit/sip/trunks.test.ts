// Trunks in time driven by hand: which way out first, registrations and checks that come and go, and what changes while they run.
import fc from 'fast-check';
import { type Outcome, type Outgoing, LinkFault, type Reply } from '../../../engine/sip/link';
import { anotherMayDo, type Outbound } from '../../../engine/sip/routes';
import { Trunks } from '../../../engine/sip/trunks';
import { type Trunk, trunk as schema } from '../../../storage/model/trunk';
import { createLog } from '../../../storage/process/log';
import { ManualTimers } from '../../support/manual-timers';

const trunk = (id: string, more: object = {}): Trunk => schema.parse({ id, pool: 'main', version: 1, name: id, host: `${id}.test`, checkSeconds: null, ...more });
const ABOUT: Outbound = { fromName: 'Help', fromUser: '+441632960001', caller: null };
const NUMBER = { kind: 'number', number: '+441632960999' } as const;

class Network {
  readonly timers = new ManualTimers();
  readonly sent: { readonly outgoing: Outgoing; readonly outcome: Outcome }[] = [];
  readonly sentAtMs: number[] = [];
  readonly lines: { readonly msg: string; readonly trunkId?: string }[] = [];
  /** What is answered at once; null: nothing. */
  answer: (outgoing: Outgoing) => number | [number, Record<string, string>] | 'down' | null = () => null;
  private serial = 0;
  readonly trunks = new Trunks({
    domain: 'example.test', timers: this.timers, log: createLog('test', 'info', { write: (line: string) => { this.lines.push(JSON.parse(line) as { msg: string }); } }),
    random: () => 0.5, randomHex: () => `r${(this.serial += 1)}`, registrar: { contactsOf: () => [] },
    link: { send: (outgoing, outcome) => {
      this.sent.push({ outgoing, outcome });
      this.sentAtMs.push(this.timers.nowMs());
      const answer = this.answer(outgoing);
      if (answer === 'down') outcome.failed(new LinkFault('down', 'away'));
      else if (typeof answer === 'number') this.reply(outcome, answer);
      else if (answer !== null) this.reply(outcome, answer[0], answer[1]);
    } },
  });

  constructor(...trunks: readonly Trunk[]) {
    this.trunks.configure(trunks);
    this.trunks.linkUp();
  }

  reply(outcome: Outcome, status: number, headers: Record<string, string> = {}): void {
    const reply: Reply = { status, reason: 'as told', body: '', dialogId: null, header: (name) => headers[name.toLowerCase()] ?? null, ack: () => undefined };
    outcome.reply(reply);
  }

  out(target: Parameters<Trunks['outside']>[0] = NUMBER): readonly string[] { return this.trunks.outside(target, ABOUT).map(({ trunkId }) => trunkId); }
  expires(): readonly (readonly [string, string])[] { return this.sent.map(({ outgoing: { method, headers } }) => [method, String(headers?.['Expires'])] as const); }
  logged(part: string): number { return this.lines.filter(({ msg }) => msg.includes(part)).length; }
  get registration() { return this.trunks.health[0]?.registration; }
  get well() { return this.trunks.health[0]?.well; }
}

describe('ways out', () => {
  test('by order, then id; not those that are disabled or only for calls that come in', () => {
    expect(new Network(trunk('d', { order: 5 }), trunk('b', { order: 1 }), trunk('a', { order: 5 }), trunk('x', { enabled: false }), trunk('y', { outgoing: false })).out()).toEqual(['b', 'a', 'd']);
  });

  test('none: nothing, and the log says why, without the number', () => {
    const network = new Network(trunk('y', { outgoing: false }));
    expect(network.out()).toEqual([]);
    expect(network.logged('no trunk is configured')).toBe(1);
    expect(JSON.stringify(network.lines)).not.toContain('960999');
  });

  test.each([
    [NUMBER, 'sip:+441632960999@a.test:5060;user=phone'],
    [{ kind: 'uri', uri: 'tel:+44-1632-960999' }, 'sip:+441632960999@a.test:5060;user=phone'],
    [{ kind: 'uri', uri: 'sip:bob@elsewhere.test;x=1' }, 'sip:bob@elsewhere.test;x=1'],
    [{ kind: 'uri', uri: 'sips:bob@elsewhere.test' }, undefined],
  ] as const)('%o: %s, by way of the trunk', (target, uri) => {
    const route = new Network(trunk('a')).trunks.outside(target, ABOUT)[0];
    expect(route?.uri).toBe(uri);
    if (uri !== undefined) expect(route?.proxy).toBe('sip:a.test:5060;transport=udp');
  });

  test('a trunk by TCP, by IPv6', () => {
    expect(new Network(trunk('a', { host: '[2001:db8::1]', port: 5070, transport: 'tcp' })).trunks.outside(NUMBER, ABOUT)[0]).toMatchObject({ uri: 'sip:+441632960999@[2001:db8::1]:5070;user=phone', proxy: 'sip:[2001:db8::1]:5070;transport=tcp' });
  });

  test('each leg has a way of its own: challenged twice, answered once; the next leg is answered again', () => {
    const network = new Network(trunk('a', { username: 'u', password: 'p' }));
    const challenge = { status: 407, header: () => 'Digest realm="a", nonce="1", qop="auth"' };
    for (let leg = 0; leg < 2; leg += 1) {
      const [route] = network.trunks.outside(NUMBER, ABOUT);
      expect(route?.answer(challenge)?.['Proxy-Authorization']).toContain('uri="sip:+441632960999@a.test:5060;user=phone"');
      expect(route?.answer(challenge)).toBeNull();
    }
  });

  test.each([[503, true], [500, true], [504, true], [408, true], [null, true], [401, true], [403, true], [407, true], [404, false], [480, false], [486, false], [487, false], [600, false], [603, false], [302, false]])('%s before ringing: another way may do: %s; after ringing none', (status, may) => {
    expect(anotherMayDo({ status }, false)).toBe(may);
    expect(anotherMayDo({ status }, true)).toBe(false);
  });
});

describe('whether a trunk is well', () => {
  const checked = (more: object = {}) => trunk('a', { checkSeconds: 30, order: 1, ...more });

  test.each([[200, true], [404, true], [401, true], [405, true], [483, true], [603, true], [302, true], [408, false], [500, false], [503, false]])('OPTIONS answered %i: well %s', (status, well) => {
    const network = new Network(checked());
    const [options] = network.sent;
    network.reply(options?.outcome as Outcome, status);
    expect(network.well).toBe(well);
    expect(options?.outgoing).toMatchObject({ method: 'OPTIONS', proxy: 'sip:a.test:5060;transport=udp' });
  });

  test('unwell: tried last; well again: first; each told once', async () => {
    const network = new Network(checked(), trunk('b', { order: 2 }));
    expect(network.out()).toEqual(['a', 'b']);
    await network.timers.pass(4_000);
    expect(network.out()).toEqual(['b', 'a']);
    await network.timers.pass(120_000);
    expect(network.logged('is not well')).toBe(1);
    network.answer = () => 200;
    await network.timers.pass(40_000);
    expect(network.out()).toEqual(['a', 'b']);
    expect(network.logged('is well again')).toBe(1);
  });

  test('asked every so often, one at a time', async () => {
    const network = new Network(checked());
    network.answer = () => 200;
    await network.timers.pass(4_000);
    const before = network.sent.length;
    await network.timers.pass(300_000);
    expect(network.sent.length - before).toBe(10);
    expect(network.timers.pending).toBe(1);
  });

  test('an answer that comes too late changes nothing', async () => {
    const network = new Network(checked());
    await network.timers.pass(4_000);
    network.reply(network.sent[0]?.outcome as Outcome, 200);
    expect(network.well).toBe(false);
  });

  test('the edge away: nothing is asked, nothing is known to be wrong; back: asked at once', async () => {
    const network = new Network(checked());
    network.answer = () => 'down';
    network.trunks.linkDown();
    await network.timers.pass(300_000);
    expect([network.sent.length, network.well, network.timers.pending]).toEqual([1, true, 0]);
    network.answer = () => 200;
    network.trunks.linkUp();
    expect(network.sent).toHaveLength(2);
  });

  test.each([[null, false], [408, false], [503, false], [504, false], [500, true], [403, true]])('a call that failed with %s: well %s', (status, well) => {
    const network = new Network(checked());
    const [route] = network.trunks.outside(NUMBER, ABOUT);
    if (route !== undefined) network.trunks.failed(route, { status });
    expect(network.well).toBe(well);
    if (route !== undefined) network.trunks.well(route);
    expect(network.well).toBe(true);
  });

  test('a trunk that is never asked counts as well whatever happens', () => {
    const network = new Network(trunk('a'));
    const [route] = network.trunks.outside(NUMBER, ABOUT);
    if (route !== undefined) network.trunks.failed(route, { status: 503 });
    expect([network.well, network.sent.length]).toEqual([true, 0]);
  });
});

describe('registering', () => {
  const registering = (more: object = {}) => trunk('a', { register: true, username: 'acct', password: 'pw', ...more });
  const granted = (seconds: number): [number, Record<string, string>] => [200, { contact: `<sip:acct@198.51.100.1:5060>;expires=${seconds}, <sip:other@x>;expires=9` }];

  test('what is sent', () => {
    expect(new Network(registering({ fromDomain: 'pbx.test', transport: 'tcp', port: 5070 })).sent[0]?.outgoing).toEqual({
      method: 'REGISTER', uri: 'sip:pbx.test', proxy: 'sip:a.test:5070;transport=tcp',
      headers: { 'Call-ID': 'r1', CSeq: '1 REGISTER', From: '<sip:acct@pbx.test>;tag=r2', To: '<sip:acct@pbx.test>', Contact: '<sip:acct@localhost;transport=tcp>', Expires: '600' },
    });
  });

  test('challenged: answered with the same Call-ID and the next CSeq, then refreshed before it expires, without being asked', async () => {
    const network = new Network();
    network.answer = ({ headers }) => (headers?.['Authorization'] === undefined ? [401, { 'www-authenticate': 'Digest realm="a", nonce="1", qop="auth"' }] : granted(60));
    network.trunks.configure([registering()]);
    expect(network.registration).toBe('registered');
    await network.timers.pass(48_000);
    expect(network.sent.map(({ outgoing: { headers } }) => [headers?.['Call-ID'], headers?.['CSeq'], /nc=(\d+)/.exec(String(headers?.['Authorization']))?.[1]])).toEqual([['r1', '1 REGISTER', undefined], ['r1', '2 REGISTER', '00000001'], ['r1', '3 REGISTER', '00000002']]);
    expect(network.logged('registered at a trunk')).toBe(1);
  });

  test('a wrong password: no loop, tried again ever more slowly, 5 minutes at most, told once', async () => {
    const network = new Network();
    network.answer = () => [401, { 'www-authenticate': `Digest realm="a", nonce="${Math.random()}", qop="auth"` }];
    network.trunks.configure([registering()]);
    expect([network.sent.length, network.registration]).toEqual([2, 'refused']);
    await network.timers.pass(1_200_000);
    // Each time REGISTER and its answer to the challenge go out together; with this jitter three quarters of the delay.
    const times = network.sentAtMs.filter((_ms, at) => at % 2 === 0);
    expect(times.slice(1).map((ms, at) => ms - (times[at] ?? 0))).toEqual([3_750, 7_500, 15_000, 30_000, 60_000, 120_000, 225_000, 225_000, 225_000, 225_000]);
    expect(network.logged('not registered')).toBe(1);
  });

  test.each([
    ['the Contact says how long', granted(100), 80_000], ['only Expires does', [200, { expires: '50' }], 40_000], ['neither does: what was asked', [200, {}], 480_000],
    ['longer than asked: as asked', granted(7_200), 480_000], ['almost nothing', granted(1), 8_000],
  ] as const)('%s: refreshed in time', async (_what, answer, ms) => {
    const network = new Network();
    network.answer = () => answer as [number, Record<string, string>];
    network.trunks.configure([registering()]);
    await network.timers.pass(ms - 1);
    expect(network.sent).toHaveLength(1);
    await network.timers.pass(1);
    expect(network.sent).toHaveLength(2);
  });

  test('too brief an interval: asked again with the least they take, and kept; not for ever', async () => {
    const network = new Network();
    network.answer = ({ headers }) => (headers?.['Expires'] === '600' ? [423, { 'min-expires': '1800' }] : granted(1_800));
    network.trunks.configure([registering()]);
    expect([network.expires(), network.registration]).toEqual([[['REGISTER', '600'], ['REGISTER', '1800']], 'registered']);
    const odd = new Network();
    odd.answer = () => [423, { 'min-expires': '900000' }];
    odd.trunks.configure([registering()]);
    expect([odd.sent.length, odd.registration]).toEqual([1, 'refused']);
  });

  test('nothing in time, then Retry-After: as long as asked, within 5 minutes', async () => {
    const network = new Network(registering());
    await network.timers.pass(8_000);
    expect(network.registration).toBe('refused');
    network.answer = () => [503, { 'retry-after': '9999 (maintenance)' }];
    await network.timers.pass(3_750);
    expect(network.sent).toHaveLength(2);
    await network.timers.pass(299_999);
    expect(network.sent).toHaveLength(2);
    await network.timers.pass(1);
    expect(network.sent).toHaveLength(3);
  });

  test('stop: taken back, and waited for; nothing after that', async () => {
    const network = new Network();
    network.answer = () => granted(60);
    network.trunks.configure([registering()]);
    await network.trunks.stop();
    expect(network.expires()).toEqual([['REGISTER', '600'], ['REGISTER', '0']]);
    expect(network.timers.pending).toBe(0);
  });

  test('stop, and the trunk is silent: 2 s, no longer', async () => {
    const network = new Network();
    network.answer = () => granted(60);
    network.trunks.configure([registering()]);
    network.answer = () => null;
    let stopped = false;
    void network.trunks.stop().then(() => { stopped = true; });
    await network.timers.pass(1_999);
    expect(stopped).toBe(false);
    await network.timers.pass(1);
    expect(stopped).toBe(true);
  });

  test('abandoned: nothing is said, nothing goes on', async () => {
    const network = new Network(registering(), trunk('b', { checkSeconds: 5 }));
    network.trunks.abandon();
    const before = network.sent.length;
    await network.timers.pass(600_000);
    expect([network.sent.length - before, network.timers.pending]).toEqual([0, 0]);
  });

  test('another password for the same account: registered anew, never taken back', () => {
    const network = new Network();
    network.answer = () => granted(60);
    network.trunks.configure([registering()]);
    network.trunks.configure([registering({ password: 'new' })]);
    expect(network.expires()).toEqual([['REGISTER', '600'], ['REGISTER', '600']]);
  });

  test.each([['disabled', { enabled: false }], ['not to register any more', { register: false }]])('%s: taken back', (_what, more) => {
    const network = new Network();
    network.answer = () => granted(60);
    network.trunks.configure([registering()]);
    network.trunks.configure([registering(more)]);
    expect(network.expires()).toEqual([['REGISTER', '600'], ['REGISTER', '0']]);
  });

  test('configured again as it is: nothing happens', () => {
    const network = new Network();
    network.answer = () => granted(60);
    network.trunks.configure([registering()]);
    network.trunks.configure([registering()]);
    expect(network.sent).toHaveLength(1);
  });

  test('whatever is answered and whenever: one timer, one Call-ID, CSeq that only rises', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(200, 401, 407, 403, 423, 408, 500, 503, null, 'down' as const), fc.integer({ min: 0, max: 400_000 })), { maxLength: 12 }), async (steps) => {
      const network = new Network();
      const answers = steps.map(([answer]) => answer);
      network.answer = () => {
        const next = answers.shift() ?? null;
        return next === 401 || next === 407 ? [next, { [next === 401 ? 'www-authenticate' : 'proxy-authenticate']: `Digest realm="a", nonce="${answers.length}"` }] : next;
      };
      network.trunks.configure([registering()]);
      for (const [, ms] of steps) await network.timers.pass(ms);
      expect(network.timers.pending).toBe(1);
      const cseqs = network.sent.map(({ outgoing: { headers } }) => Number.parseInt(String(headers?.['CSeq']), 10));
      expect(cseqs).toEqual(cseqs.map((_, at) => at + 1));
      expect(new Set(network.sent.map(({ outgoing: { headers } }) => headers?.['Call-ID'])).size).toBe(1);
    }));
  });
});

describe('whose calls come in, as configured now', () => {
  test('a trunk that is removed is a stranger', () => {
    const network = new Network(trunk('a', { host: '192.0.2.1' }));
    expect(network.trunks.trunkOf({ address: '192.0.2.1', port: 5060, protocol: 'udp' })?.id).toBe('a');
    network.trunks.configure([]);
    expect(network.trunks.trunkOf({ address: '192.0.2.1', port: 5060, protocol: 'udp' })).toBeNull();
  });

  test.each([
    ['+441632960100', 'anywhere.test', true], ['441632960100', 'anywhere.test', true], ['acct', 'a.test', true], ['acct', 'elsewhere.test', false], ['+441632960101', 'a.test', false],
  ])('%s at %s is ours: %s', (user, host, ours) => {
    const network = new Network(trunk('a', { identityNumber: '+441632960100', username: 'acct' }));
    expect(network.trunks.isOurs({ scheme: 'sip', user, host, port: null, params: new Map() })).toBe(ours);
  });
});
