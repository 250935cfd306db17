// Who an arrival is: its trunk by address, its agent by phone or password, and how often it was here.
import { createHash } from 'node:crypto';
import { ArrivalReader } from '../../../engine/sip/arrivals';
import { DigestAnswer } from '../../../engine/sip/digest-answer';
import { DigestGate } from '../../../engine/sip/digest';
import { type Incoming } from '../../../engine/sip/link';
import { TrunkSources } from '../../../engine/sip/trunk-sources';
import { agent as agentSchema } from '../../../storage/model/agent';
import { trunk as trunkSchema } from '../../../storage/model/trunk';
import { FakeIncoming } from '../../support/calls-world';

const DOMAIN = 'example.test';
const trunk = (id: string, more: object) => trunkSchema.parse({ id, pool: 'main', version: 1, name: id, host: 'sbc.test', ...more });

describe('the trunk of a source address', () => {
  test.each([
    ['its host', [trunk('a', { host: '192.0.2.1' })], '192.0.2.1', 5060, 'a'],
    ['its host by another port', [trunk('a', { host: '192.0.2.1' })], '192.0.2.1', 40_000, 'a'],
    ['a host name is no address', [trunk('a', {})], '192.0.2.1', 5060, null],
    ['a network', [trunk('a', { sources: ['192.0.2.0/24'] })], '192.0.2.77', 5060, 'a'],
    ['outside the network', [trunk('a', { sources: ['192.0.2.0/24'] })], '192.0.3.1', 5060, null],
    ['one address', [trunk('a', { sources: ['192.0.2.9'] })], '192.0.2.9', 5060, 'a'],
    ['everything', [trunk('a', { sources: ['0.0.0.0/0'] })], '203.0.113.5', 5060, 'a'],
    ['IPv4 inside IPv6', [trunk('a', { sources: ['192.0.2.0/24'] })], '::ffff:192.0.2.7', 5060, 'a'],
    ['a network written as IPv4 inside IPv6', [trunk('a', { sources: ['::ffff:192.0.2.0/120'] })], '192.0.2.7', 5060, 'a'],
    ['IPv6', [trunk('a', { sources: ['2001:db8::/32'] })], '2001:db8:1::5', 5060, 'a'],
    ['IPv6 in brackets, as host and as source', [trunk('a', { host: '[2001:db8::1]' })], '[2001:DB8::1]', 5060, 'a'],
    ['an IPv4 address in no IPv6 network', [trunk('a', { sources: ['2001:db8::/32'] })], '192.0.2.1', 5060, null],
    ['disabled', [trunk('a', { host: '192.0.2.1', enabled: false })], '192.0.2.1', 5060, null],
    ['the narrower of two', [trunk('a', { sources: ['192.0.2.0/24'], order: 1 }), trunk('b', { sources: ['192.0.2.128/25'], order: 9 })], '192.0.2.200', 5060, 'b'],
    ['two at one address: the one whose port it is', [trunk('a', { host: '192.0.2.1', order: 1 }), trunk('b', { host: '192.0.2.1', port: 5070, order: 9 })], '192.0.2.1', 5070, 'b'],
    ['two at one address, another port: the first in order', [trunk('a', { host: '192.0.2.1', order: 9 }), trunk('b', { host: '192.0.2.1', port: 5070, order: 1 })], '192.0.2.1', 9999, 'b'],
    ['what is no address', [trunk('a', { sources: ['0.0.0.0/0'] })], 'somewhere', 5060, null],
  ])('%s', (_what, trunks, address, port, id) => {
    expect(new TrunkSources(trunks).trunkOf({ address, port })?.id ?? null).toBe(id);
  });
});

class Door {
  readonly bob = agentSchema.parse({
    id: 'id-bob', pool: 'main', version: 1, name: 'Bob', sipUser: 'bob', personId: null,
    digest: { realm: DOMAIN, md5: createHash('md5').update(`bob:${DOMAIN}:pw`).digest('hex'), sha256: createHash('sha256').update(`bob:${DOMAIN}:pw`).digest('hex') },
  });
  nowMs = 0;
  private readonly sources = new TrunkSources([trunk('t1', { host: '192.0.2.1', federated: true, register: true, username: 'acct' })]);
  readonly reader = new ArrivalReader({
    domain: DOMAIN,
    gate: new DigestGate(DOMAIN, { nonceKey: Buffer.alloc(32), nowMs: () => this.nowMs, randomHex: () => 'ab', offered: ['MD5', 'SHA-256'] }),
    agentOf: (user) => (user === 'bob' ? this.bob : undefined),
    isPhoneOf: (agentId, { address, port, protocol }) => agentId === 'id-bob' && address === '203.0.113.9' && port === 41_000 && protocol === 'udp',
    ownerOf: ({ address }, contact) => (address === '203.0.113.9' && contact === 'sip:bob-0x1@203.0.113.9:41000' ? this.bob : undefined),
    trunks: { trunkOf: (source) => this.sources.trunkOf(source), isOurs: ({ user }) => user === '+441632960100', contactUser: ({ username }) => username },
  });

  invite(headers: Record<string, string> = {}, source = { address: '198.51.100.4', port: 5060, protocol: 'udp' }, uri = `sip:help@${DOMAIN}`): Incoming {
    return Object.assign(new FakeIncoming('INVITE', uri, { from: '"Alice" <sip:alice@home.test>;tag=a', to: `<${uri}>`, ...headers }), { source });
  }

  read(...given: Parameters<Door['invite']>) { return this.reader.arrived(this.invite(...given)); }
}

const TRUNK = { address: '192.0.2.1', port: 5060, protocol: 'udp' };
const PHONE = { address: '203.0.113.9', port: 41_000, protocol: 'udp' };
const FROM_BOB = { from: `<sip:bob@${DOMAIN}>;tag=b` };

describe('an arrival', () => {
  test('from somewhere: its From, no trunk, no agent', () => {
    expect(new Door().read({ 'p-asserted-identity': '<sip:+44@x>' })?.arrival).toMatchObject({ dialledUser: 'help', dialled: `sip:help@${DOMAIN}`, callerNumber: 'alice', callerName: 'Alice', agentId: null, trunk: null, timesHere: 0 });
  });

  test("whose address trunks are told: a trunk's, an agent's own phone's, and no stranger's", () => {
    const told = (headers: Record<string, string>, source?: typeof PHONE): string | null | undefined => new Door().read(headers, source)?.caller.uri;
    expect([told({}), told({}, TRUNK), told(FROM_BOB, PHONE), told(FROM_BOB)]).toEqual([null, expect.stringContaining('alice@'), `sip:bob@${DOMAIN}`, null]);
  });

  test('from a trunk: its P-Asserted-Identity, and what trunk it is', () => {
    expect(new Door().read({ 'p-asserted-identity': '<sip:+441632960001@sbc>' }, TRUNK)?.arrival).toMatchObject({ callerNumber: '+441632960001', trunk: { id: 't1', federated: true } });
  });

  test('from a trunk, not to be shown: the core is told nothing, the next trunk may be', () => {
    const read = new Door().read({ 'p-asserted-identity': '"Al" <sip:+441632960001@sbc>', privacy: 'id' }, TRUNK);
    expect(read?.arrival).toMatchObject({ callerNumber: '', callerName: '' });
    expect(read?.caller).toMatchObject({ number: '+441632960001', name: 'Al', private: true });
  });

  test('sent to the Contact we registered: the number in To', () => {
    expect(new Door().read({ to: '<sip:+441632960100@sbc.test>' }, TRUNK, 'sip:acct@127.0.0.1:5060')?.arrival).toMatchObject({ dialledUser: '+441632960100' });
    expect(new Door().read({ to: '<sip:+441632960100@sbc.test>' }, undefined, 'sip:acct@127.0.0.1:5060')?.arrival).toMatchObject({ dialledUser: 'acct' });
  });

  test('been here before', () => {
    expect(new Door().read({ 'history-info': `<sip:help@${DOMAIN}>;index=1, <sip:+441632960100@sbc>;index=1.1` })?.arrival.timesHere).toBe(2);
  });

  test.each(['mailto:a@b', 'sip:', 'nonsense'])('%s: no address we could know', (uri) => {
    expect(new Door().read({}, undefined, uri)).toBeNull();
  });
});

describe('an agent\'s own phone', () => {
  test.each([
    ['over the way it registered', FROM_BOB, PHONE, 'id-bob'],
    ['in capitals', { from: `<sip:BOB@${DOMAIN.toUpperCase()}>;tag=b` }, PHONE, 'id-bob'],
    ['from another port', FROM_BOB, { ...PHONE, port: 41_001 }, null],
    ['over TCP', FROM_BOB, { ...PHONE, protocol: 'tcp' }, null],
    ['another name over that way', { from: `<sip:carla@${DOMAIN}>;tag=b` }, PHONE, null],
    ['the name in another domain', { from: '<sip:bob@home.test>;tag=b' }, PHONE, null],
  ])('%s', (_what, headers, source, agentId) => {
    expect(new Door().read(headers, source)?.arrival.agentId).toBe(agentId);
  });

  test('with our address in place of our domain', () => {
    expect(new Door().read({ from: '<sip:bob@127.0.0.1>;tag=b' }, PHONE, 'sip:help@127.0.0.1:5060')?.arrival.agentId).toBe('id-bob');
  });

  const shows = (door: Door, password: string, from: Record<string, string> = FROM_BOB) => {
    const asked = door.reader.challengeFor(door.invite(from));
    const answered = new DigestAnswer({ username: 'bob', password }, () => 'x').answer({ status: 407, header: () => String(asked['Proxy-Authenticate']) }, { method: 'INVITE', uri: `sip:help@${DOMAIN}` });
    return door.invite({ ...from, 'proxy-authorization': String(answered?.['Proxy-Authorization']) });
  };

  test('challenged, the right password: the agent; a wrong one, or for somebody else: nobody', () => {
    const door = new Door();
    expect(door.reader.arrived(shows(door, 'pw'))?.arrival.agentId).toBe('id-bob');
    expect(door.reader.arrived(shows(door, 'no'))?.arrival.agentId).toBeNull();
    expect(door.reader.arrived(shows(door, 'pw', { from: `<sip:carla@${DOMAIN}>;tag=b` }))?.arrival.agentId).toBeNull();
  });

  test('credentials shown twice are good for one call', () => {
    const door = new Door();
    const invite = shows(door, 'pw');
    door.reader.arrived(invite);
    expect(door.reader.arrived(invite)?.arrival.agentId).toBeNull();
  });

  test('old credentials: the challenge says so, the right password need not be typed again', () => {
    const door = new Door();
    const invite = shows(door, 'pw');
    door.nowMs = 600_000;
    expect(door.reader.challengeFor(invite)['Proxy-Authenticate']?.[0]).toContain('stale=true');
    expect(door.reader.challengeFor(door.invite(FROM_BOB))['Proxy-Authenticate']?.[0]).not.toContain('stale');
  });

  const HIDDEN = { from: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=b', privacy: 'id' };
  test.each([
    ['the Contact it registered', { contact: '<sip:bob-0x1@203.0.113.9:41000>' }, PHONE, 'id-bob'],
    ['the Contact it registered, from elsewhere', { contact: '<sip:bob-0x1@203.0.113.9:41000>' }, undefined, null],
    ['another Contact from there', { contact: '<sip:eve@203.0.113.9:41000>' }, PHONE, null],
    ['P-Preferred-Identity, over the way it registered', { 'p-preferred-identity': `<sip:bob@${DOMAIN}>` }, PHONE, 'id-bob'],
    ['P-Preferred-Identity, from another port', { 'p-preferred-identity': `<sip:bob@${DOMAIN}>` }, { ...PHONE, port: 41_001 }, null],
    ['P-Preferred-Identity of somebody else', { 'p-preferred-identity': `<sip:carla@${DOMAIN}>` }, PHONE, null],
    ['P-Asserted-Identity, which anybody can write', { 'p-asserted-identity': `<sip:bob@${DOMAIN}>` }, PHONE, null],
  ])('that hides its name, known by %s', (_what, headers, source, agentId) => {
    expect(new Door().read({ ...HIDDEN, ...headers }, source)?.arrival).toMatchObject({ agentId, callerNumber: '', callerName: '' });
  });

  test('that hides its name is vouched for to a trunk, which is told to keep it to itself', () => {
    const known = new Door().read({ ...HIDDEN, contact: '<sip:bob-0x1@203.0.113.9:41000>' }, PHONE)?.caller;
    expect(known).toMatchObject({ uri: `sip:bob@${DOMAIN}`, private: true });
    expect(new Door().read({ from: '<sip:anonymous@anonymous.invalid>;tag=b', privacy: 'none' }, undefined)?.caller.uri).toBeNull();
  });

  test('that hides its name, challenged: known by its password, as whoever\'s that is', () => {
    const door = new Door();
    expect(door.reader.arrived(shows(door, 'pw', HIDDEN))?.arrival).toMatchObject({ agentId: 'id-bob', callerNumber: '' });
    expect(door.reader.arrived(shows(door, 'no', HIDDEN))?.arrival.agentId).toBeNull();
    const other = new Door();
    expect(other.reader.arrived(shows(other, 'pw', { ...HIDDEN, 'p-preferred-identity': `<sip:carla@${DOMAIN}>` }))?.arrival.agentId).toBe('id-bob');
  });

  test('behind a trunk\'s address: the agent, not the trunk', () => {
    const door = new Door();
    expect(door.reader.arrived(Object.assign(shows(door, 'pw'), { source: TRUNK }))?.arrival).toMatchObject({ agentId: 'id-bob', trunk: null });
  });
});
