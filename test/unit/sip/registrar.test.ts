// The registrar: tables of REGISTER requests and what they are answered, bindings and their ends.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { DigestGate, expectedResponse } from '../../../engine/sip/digest';
import { contactOf, MOST_PHONES } from '../../../engine/sip/bindings';
import { Registrar } from '../../../engine/sip/registrar';
import { type Agent } from '../../../storage/model/agent';
import { type PhoneBinding } from '../../../storage/model/live';
import { createLog } from '../../../storage/process/log';
import { FakeIncoming } from '../../support/calls-world';
import { ManualTimers } from '../../support/manual-timers';

const REALM = 'example.test';
const agentOf = (sipUser: string, password: string | null): Agent => ({
  id: `id-${sipUser}`, pool: 'main', version: 1, name: sipUser, sipUser, personId: null, contacts: [], simulated: false,
  digest: password === null ? null : {
    realm: REALM, md5: createHash('md5').update(`${sipUser}:${REALM}:${password}`).digest('hex'), sha256: createHash('sha256').update(`${sipUser}:${REALM}:${password}`).digest('hex'),
  },
});

class Place {
  readonly timers = new ManualTimers();
  readonly agents = new Map([agentOf('bob', 'pw'), agentOf('carla', 'pw'), agentOf('dora', null)].map((agent) => [agent.sipUser, agent]));
  readonly stored = new Map<string, PhoneBinding>();
  readonly changes: string[] = [];
  readonly registrar = new Registrar({
    pool: 'main', timers: this.timers, log: createLog('test', 'silent'),
    gate: new DigestGate(REALM, { nonceKey: Buffer.alloc(32), nowMs: () => this.timers.nowMs(), randomHex: () => String(this.serial), offered: ['MD5', 'SHA-256'] }),
    civil: () => new Date(1_000_000_000_000 + this.timers.nowMs()),
    agentOf: (sipUser) => this.agents.get(sipUser),
    store: { put: (binding) => { this.stored.set(binding._id, binding); }, remove: (agentId) => { this.stored.delete(agentId); } },
    phoneChanged: (agentId, reachable) => { this.changes.push(`${agentId} ${reachable ? 'here' : 'gone'}`); },
  });
  private serial = 0;

  send(headers: Record<string, string>, source = { address: '127.0.0.1', port: 5070, protocol: 'udp' }): FakeIncoming {
    const incoming = Object.assign(new FakeIncoming('REGISTER', `sip:${REALM}`, { 'call-id': 'c1', cseq: `${(this.serial += 1)} REGISTER`, to: `<sip:bob@${REALM}>`, ...headers }), { source });
    this.registrar.register(incoming);
    return incoming;
  }

  /** With the right answer to a fresh challenge, unless told otherwise. */
  register(headers: Record<string, string> = {}, { user = 'bob', password = 'pw', source }: { user?: string; password?: string; source?: { address: string; port: number; protocol: string } } = {}): FakeIncoming {
    const asked = this.send({});
    const nonce = /nonce="([^"]+)"/.exec(String(asked.answers[0]?.headers['WWW-Authenticate']))?.[1] ?? '';
    const fields = new Map(Object.entries({ username: user, realm: REALM, nonce, uri: `sip:${REALM}`, qop: 'auth', nc: '00000001', cnonce: 'x', algorithm: 'SHA-256' }));
    const response = expectedResponse('SHA-256', createHash('sha256').update(`${user}:${REALM}:${password}`).digest('hex'), 'REGISTER', fields);
    const authorization = `Digest ${[...fields, ['response', response] as const].map(([name, value]) => `${name}="${value}"`).join(', ')}`;
    return this.send({ contact: '<sip:bob@127.0.0.1:5070>', authorization, ...headers }, source);
  }
}

const bound = (place: Place): readonly string[] => place.registrar.contactsOf('id-bob').map(({ uri }) => uri);

describe('who may register', () => {
  test('without credentials: 401 with a challenge each', () => {
    const asked = new Place().send({});
    expect(asked.answers).toEqual([expect.objectContaining({ status: 401, headers: { 'WWW-Authenticate': [expect.stringContaining('MD5'), expect.stringContaining('SHA-256')] } })]);
  });

  test('the right password: 200 with the contact and its expiry, stored and told', () => {
    const place = new Place();
    const answer = place.register({ 'user-agent': 'Desk phone' });
    expect(answer.answers[0]).toMatchObject({ status: 200, headers: { Contact: '<sip:bob@127.0.0.1:5070>;expires=120', Expires: '120' } });
    expect(place.stored.get('id-bob')).toMatchObject({ contact: 'sip:bob@127.0.0.1:5070', source: '127.0.0.1:5070', transport: 'udp', userAgent: 'Desk phone' });
    expect(place.changes).toEqual(['id-bob here']);
  });

  test.each([
    ['a wrong password', { user: 'bob', password: 'no' }, {}],
    ['an unknown user', { user: 'mallory', password: 'pw' }, {}],
    ['an agent without password', { user: 'dora', password: '' }, { to: `<sip:dora@${REALM}>` }],
    ['somebody else\'s address', { user: 'carla', password: 'pw' }, {}],
  ])('%s: 403, word for word the same', (_what, who, headers) => {
    const place = new Place();
    expect(place.register(headers, who).answers).toEqual([{ status: 403, headers: {}, body: '' }]);
    expect(place.changes).toEqual([]);
  });

  test('the name may carry the domain, in any case', () => {
    const place = new Place();
    expect(place.register({ to: `<sip:BOB@${REALM}>` }).status).toBe(200);
  });
});

describe('expiry', () => {
  test.each([
    ['nothing asked', {}, 200, 120], ['30', { expires: '30' }, 200, 30], ['3600', { expires: '3600' }, 200, 120], ['not a number', { expires: 'soon' }, 200, 120],
    ['Contact before Expires', { expires: '3600', contact: '<sip:bob@127.0.0.1:5070>;expires=45' }, 200, 45],
  ])('%s: %o', (_what, headers, status, seconds) => {
    const answer = new Place().register(headers);
    expect(answer.status).toBe(status);
    expect(answer.answers[0]?.headers['Expires']).toBe(String(seconds));
  });

  test.each([['1'], ['29']])('%s s: 423 with the least we take', (expires) => {
    const answer = new Place().register({ expires });
    expect(answer.answers[0]).toMatchObject({ status: 423, headers: { 'Min-Expires': '30' } });
  });

  test('when it is over the phone is gone; a refresh in time keeps it, and is told too', async () => {
    const place = new Place();
    place.register({ expires: '60' });
    await place.timers.pass(50_000);
    place.register({ expires: '60' });
    await place.timers.pass(50_000);
    expect(bound(place)).toHaveLength(1);
    await place.timers.pass(10_000);
    expect(bound(place)).toEqual([]);
    expect(place.changes).toEqual(['id-bob here', 'id-bob here', 'id-bob gone']);
    expect(place.stored.size).toBe(0);
  });
});

describe('bindings', () => {
  const at = (port: number): string => `sip:bob@127.0.0.1:${port}`;

  test('two phones: both are rung, the latest first; both are in the 200 and stored', () => {
    const place = new Place();
    place.register({ expires: '40' });
    const answer = place.register({ contact: `<${at(6000)}>`, 'call-id': 'c2' });
    expect(bound(place)).toEqual([at(6000), at(5070)]);
    expect(answer.answers[0]?.headers).toMatchObject({ Contact: `<${at(6000)}>;expires=120, <${at(5070)}>;expires=40`, Expires: '120' });
    expect(place.stored.get('id-bob')).toMatchObject({ contact: at(6000), others: [{ contact: at(5070) }] });
    expect(place.changes).toEqual(['id-bob here', 'id-bob here']);
  });

  test('one of two expires: the agent is still reachable; the last one: gone', async () => {
    const place = new Place();
    place.register({ expires: '40' });
    place.register({ contact: `<${at(6000)}>`, 'call-id': 'c2' });
    await place.timers.pass(40_000);
    expect(bound(place)).toEqual([at(6000)]);
    expect(place.stored.get('id-bob')).not.toHaveProperty('others');
    await place.timers.pass(80_000);
    expect(place.changes).toEqual(['id-bob here', 'id-bob here', 'id-bob gone']);
  });

  test('the stored document ends with the phone that stays longest', () => {
    const place = new Place();
    place.register();
    place.register({ contact: `<${at(6000)}>`, 'call-id': 'c2', expires: '30' });
    expect(place.stored.get('id-bob')).toMatchObject({ contact: at(5070), others: [{ contact: at(6000) }] });
  });

  test('a phone more than are kept: the one that registered longest ago goes, not the one that refreshed', async () => {
    const place = new Place();
    for (let port = 6001; port <= 6000 + MOST_PHONES; port += 1) place.register({ contact: `<${at(port)}>`, 'call-id': `c${port}` });
    place.register({ contact: `<${at(6001)}>`, 'call-id': 'c6001' });
    place.register({ contact: `<${at(7000)}>`, 'call-id': 'c7000' });
    expect(bound(place)).toEqual([at(7000), at(6001), at(6005), at(6004), at(6003)]);
    await place.timers.pass(120_000);
    expect(place.timers.pending).toBe(0);
  });

  test.each([
    ['the same address', '<sip:bob@127.0.0.1:5070>', '<sip:bob@127.0.0.1:5070>', 1],
    ['the same host in capitals', '<sip:bob@phone.test:5070>', '<sip:bob@PHONE.test:5070>', 1],
    ['the port left out', '<sip:bob@phone.test:5060>', '<sip:bob@phone.test>', 1],
    ['a parameter that only one has', '<sip:bob@phone.test;ob>', '<sip:bob@phone.test>', 1],
    ['a parameter of another value', '<sip:bob@phone.test;line=1>', '<sip:bob@phone.test;line=2>', 2],
    ['another transport', '<sip:bob@phone.test>', '<sip:bob@phone.test;transport=tcp>', 2],
    ['another port, the same instance', '<sip:bob@127.0.0.1:5070>;+sip.instance="<urn:uuid:1>"', '<sip:bob@127.0.0.1:6000>;+sip.instance="<urn:uuid:1>"', 1],
    ['the same address, another instance', '<sip:bob@127.0.0.1:5070>;+sip.instance="<urn:uuid:1>"', '<sip:bob@127.0.0.1:5070>;+sip.instance="<urn:uuid:2>"', 2],
  ])('%s: %s, then %s are %i', (_what, first, second, count) => {
    const place = new Place();
    place.register({ contact: first });
    place.register({ contact: second, 'call-id': 'c2' });
    expect(bound(place)).toHaveLength(count);
  });

  test('a request overtaken by a later one of the same phone: refused', () => {
    const place = new Place();
    place.register({ cseq: '20 REGISTER' });
    expect(place.register({ cseq: '19 REGISTER', expires: '0' }).status).toBe(500);
    expect(bound(place)).toEqual([at(5070)]);
  });

  test('expires=0 for a contact that is bound: gone, and the other stays', () => {
    const place = new Place();
    place.register();
    place.register({ contact: `<${at(6000)}>`, 'call-id': 'c2' });
    expect(place.register({ expires: '0' }).answers[0]?.headers['Contact']).toBe(`<${at(6000)}>;expires=120`);
    place.register({ contact: `<${at(6000)}>`, 'call-id': 'c2', expires: '0' });
    expect(place.changes).toEqual(['id-bob here', 'id-bob here', 'id-bob gone']);
    expect(place.stored.size).toBe(0);
  });

  test('expires=0 for another contact: nothing changes', () => {
    const place = new Place();
    place.register();
    place.register({ contact: '<sip:bob@127.0.0.1:7777>;expires=0', 'call-id': 'c9' });
    expect(bound(place)).toEqual([at(5070)]);
    expect(place.changes).toEqual(['id-bob here']);
  });

  test('a phone that takes away its old contact and brings a new one in one request: the new one, never gone between', () => {
    const place = new Place();
    place.register();
    place.register({ contact: `<${at(5070)}>;expires=0, <${at(6000)}>` });
    expect(bound(place)).toEqual([at(6000)]);
    expect(place.changes).toEqual(['id-bob here', 'id-bob here']);
  });

  test('a list with one contact that is none: 400, and nothing of it holds', () => {
    const place = new Place();
    expect(place.register({ contact: `<${at(6000)}>, <tel:+44123>` }).status).toBe(400);
    expect(bound(place)).toEqual([]);
  });

  test.each([['0', 200, []], ['60', 400, ['sip:bob@127.0.0.1:6000', 'sip:bob@127.0.0.1:5070']]])('Contact * with Expires %s: %i', (expires, status, left) => {
    const place = new Place();
    place.register();
    place.register({ contact: `<${at(6000)}>` });
    expect(place.register({ contact: '*', expires }).status).toBe(status);
    expect(bound(place)).toEqual(left);
  });

  test('no Contact: told what is bound', () => {
    const place = new Place();
    place.register();
    expect(place.register({ contact: '' }).answers[0]?.headers['Contact']).toContain('sip:bob@127.0.0.1:5070');
  });

  test('a request is known by the address, port and transport its phone registered from', () => {
    const place = new Place();
    place.register({}, { source: { address: '192.0.2.7', port: 41000, protocol: 'udp' } });
    const { bindings } = place.registrar;
    expect(bindings.isFrom('id-bob', { address: '192.0.2.7', port: 41000, protocol: 'UDP' })).toBe(true);
    for (const other of [{ address: '192.0.2.7', port: 41001, protocol: 'udp' }, { address: '192.0.2.8', port: 41000, protocol: 'udp' }, { address: '192.0.2.7', port: 41000, protocol: 'tcp' }]) expect(bindings.isFrom('id-bob', other)).toBe(false);
    expect(bindings.isFrom('id-carla', { address: '192.0.2.7', port: 41000, protocol: 'udp' })).toBe(false);
  });

  test('a request that names nobody is known by the Contact its phone registered from there, unless two agents share it', () => {
    const place = new Place();
    const source = { address: '192.0.2.7', port: 41000, protocol: 'udp' };
    place.register({}, { source });
    const { bindings } = place.registrar;
    expect(bindings.ownerOf(source, 'sip:bob@127.0.0.1:5070')).toBe('id-bob');
    expect(['sip:eve@127.0.0.1:5070', 'sip:bob@127.0.0.1:5071', '', 'nonsense'].map((contact) => bindings.ownerOf(source, contact))).toEqual([null, null, null, null]);
    expect(bindings.ownerOf({ ...source, port: 41001 }, 'sip:bob@127.0.0.1:5070')).toBeNull();
    const [phone] = bindings.phones('id-bob');
    if (phone === undefined) throw new Error('the phone is gone');
    bindings.change('id-carla', [], [phone], { callId: 'c', cseq: 1 });
    expect(bindings.ownerOf(source, 'sip:bob@127.0.0.1:5070')).toBeNull();
    bindings.drop('id-carla');
  });

  test('whatever registers and leaves: at most that many, one timer each, stored as kept, told gone only with the last', () => {
    fc.assert(fc.property(fc.array(fc.record({ port: fc.integer({ min: 6000, max: 6007 }), expires: fc.constantFrom('0', '30', '120') }), { maxLength: 30 }), (requests) => {
      const place = new Place();
      for (const { port, expires } of requests) {
        place.register({ contact: `<${at(port)}>`, 'call-id': `c${port}`, expires });
        const stored = place.stored.get('id-bob');
        expect([stored?.contact, ...stored?.others?.map(({ contact }) => contact) ?? []].filter((each) => each !== undefined).sort()).toEqual([...bound(place)].sort());
        expect(bound(place).length).toBeLessThanOrEqual(MOST_PHONES);
        expect(place.timers.pending).toBe(bound(place).length);
      }
      expect(place.changes.at(-1)?.endsWith('gone') ?? true).toBe(bound(place).length === 0);
    }));
  });

  test.each(['<tel:+44123>', 'nonsense with spaces', '<sip:a@b:99999>'])('Contact %s: 400', (contact) => {
    expect(new Place().register({ contact }).status).toBe(400);
  });

  test('what an earlier engine stored is taken over for the time that is left, unless it is over', async () => {
    const place = new Place();
    const stored = (id: string, ms: number): PhoneBinding => ({ _id: id, pool: 'main', contact: `sip:${id}@127.0.0.1:5070`, source: '127.0.0.1:5070', transport: 'udp', userAgent: '', registeredAt: new Date(0), expiresAt: new Date(1_000_000_000_000 + place.timers.nowMs() + ms) });
    place.registrar.restore([stored('id-bob', 20_000), stored('id-carla', -1)]);
    expect(place.changes).toEqual(['id-bob here']);
    await place.timers.pass(20_000);
    expect(place.changes).toEqual(['id-bob here', 'id-bob gone']);
  });

  test('what an earlier engine stored of several phones is taken over, each for its own time', async () => {
    const place = new Place();
    const phone = (port: number, ms: number) => ({ contact: at(port), source: `127.0.0.1:${port}`, transport: 'udp' as const, userAgent: '', registeredAt: new Date(port), expiresAt: new Date(1_000_000_000_000 + place.timers.nowMs() + ms) });
    place.registrar.restore([{ _id: 'id-bob', pool: 'main', ...phone(6002, 90_000), others: [phone(6001, 20_000), phone(6003, -1)] }]);
    expect(bound(place)).toEqual([at(6002), at(6001)]);
    await place.timers.pass(20_000);
    expect(bound(place)).toEqual([at(6002)]);
    expect(place.changes).toEqual(['id-bob here']);
  });

  test('dropped with the agent', () => {
    const place = new Place();
    place.register();
    place.registrar.drop('id-bob');
    place.registrar.drop('id-bob');
    expect(place.changes).toEqual(['id-bob here', 'id-bob gone']);
  });
});

test.each([
  ['sip:bob@192.0.2.7:5060', '192.0.2.7:5060', 'udp', null],
  ['sip:bob@192.0.2.7', '192.0.2.7:5060', 'udp', null],
  ['sip:bob@10.0.0.5:5060', '192.0.2.7:41000', 'udp', 'sip:192.0.2.7:41000;transport=udp'],
  ['sip:bob@192.0.2.7:5060', '192.0.2.7:41000', 'udp', 'sip:192.0.2.7:41000;transport=udp'],
  ['sip:bob@192.0.2.7:5060;transport=tcp', '192.0.2.7:5060', 'tcp', null],
  ['sip:bob@192.0.2.7:5060;transport=tcp', '192.0.2.7:41000', 'tcp', 'sip:192.0.2.7:41000;transport=tcp'],
  ['sip:bob@[2001:db8::1]:5060', '[2001:db8::1]:5060', 'udp', null],
  ['sip:bob@phone.invalid;transport=ws', '192.0.2.7:41000', 'tcp', 'sip:192.0.2.7:41000;transport=tcp'],
] as const)('%s seen at %s by %s is rung by way of %s', (contact, source, transport, proxy) => {
  expect(contactOf({ contact, source, transport })).toEqual({ uri: contact, proxy });
});
