// Digest authentication: the vectors of the RFCs, and what must not get through.
import { createHash } from 'node:crypto';
import { type Algorithm, DigestGate, expectedResponse, parseCredentials, type Credentials } from '../../../engine/sip/digest';
import { type DigestHashes } from '../../../storage/model/agent';

const hash = (algorithm: Algorithm, text: string): string => createHash(algorithm === 'MD5' ? 'md5' : 'sha256').update(text).digest('hex');

describe('vectors', () => {
  const rfc7616 = { username: 'Mufasa', realm: 'http-auth@example.org', uri: '/dir/index.html', nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v', nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', qop: 'auth' };

  test.each([['MD5', '8ca523f5e9506fed4657c9700eebdbec'], ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1']] as const)('RFC 7616 section 3.9.1, %s', (algorithm, response) => {
    const ha1 = hash(algorithm, 'Mufasa:http-auth@example.org:Circle of Life');
    expect(expectedResponse(algorithm, ha1, 'GET', new Map(Object.entries(rfc7616)))).toBe(response);
  });

  test('RFC 2617 section 3.5', () => {
    const given = new Map(Object.entries({ uri: '/dir/index.html', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093', nc: '00000001', cnonce: '0a4f113b', qop: 'auth' }));
    expect(expectedResponse('MD5', hash('MD5', 'Mufasa:testrealm@host.com:Circle Of Life'), 'GET', given)).toBe('6629fae49393a05397450978507c4ef1');
  });

  test('RFC 2069 as corrected, without qop', () => {
    const given = new Map(Object.entries({ uri: '/dir/index.html', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093' }));
    expect(expectedResponse('MD5', hash('MD5', 'Mufasa:testrealm@host.com:CircleOfLife'), 'GET', given)).toBe('1949323746fe6a43ef61f9606e7febea');
  });
});

const REALM = 'example.test';
const secretOf = (password: string): DigestHashes => ({ realm: REALM, md5: hash('MD5', `bob:${REALM}:${password}`), sha256: hash('SHA-256', `bob:${REALM}:${password}`) });

class Door {
  nowMs = 1_000_000;
  private random = 0;
  readonly gate = new DigestGate(REALM, { nonceKey: Buffer.alloc(32, 7), nowMs: () => this.nowMs, randomHex: () => String((this.random += 1)).padStart(16, '0'), offered: ['MD5', 'SHA-256'] });

  nonce(): string { return /nonce="([^"]+)"/.exec(this.gate.challenges(false)[0] ?? '')?.[1] ?? ''; }

  credentials(nonce: string, options: { password?: string; algorithm?: Algorithm; nc?: string; qop?: string | null; realm?: string } = {}): Credentials {
    const { password = 'right', algorithm = 'SHA-256', nc = '00000001', qop = 'auth', realm = REALM } = options;
    const fields = new Map(Object.entries({ username: 'bob', realm, nonce, uri: `sip:${REALM}`, algorithm, ...(qop === null ? {} : { qop, nc, cnonce: 'abc' }) }));
    const secret = secretOf(password);
    return new Map([...fields, ['response', expectedResponse(algorithm, algorithm === 'MD5' ? secret.md5 : secret.sha256, 'REGISTER', fields)]]);
  }

  check(credentials: Credentials | null, secret: DigestHashes | null = secretOf('right')) { return this.gate.check('REGISTER', credentials, secret); }
}

describe('the gate', () => {
  test('nobody yet: a challenge for each algorithm, MD5 first, on one nonce', () => {
    const door = new Door();
    expect(door.check(null)).toEqual({ kind: 'challenge', stale: false });
    const [first, second] = door.gate.challenges(false);
    expect(first).toMatch(/^Digest realm="example.test", nonce="[^"]+", algorithm=MD5, qop="auth"$/);
    expect(second).toContain('algorithm=SHA-256');
  });

  test.each(['MD5', 'SHA-256'] as const)('the right password with %s: accepted', (algorithm) => {
    const door = new Door();
    expect(door.check(door.credentials(door.nonce(), { algorithm }))).toEqual({ kind: 'accepted' });
  });

  test('a wrong password, an unknown name, a name without password: refused, all alike', () => {
    const door = new Door();
    const wrong = door.check(door.credentials(door.nonce(), { password: 'wrong' }));
    expect(wrong).toEqual({ kind: 'refused' });
    expect(door.check(door.credentials(door.nonce()), null)).toEqual(wrong);
  });

  test('the hash of nothing is no password', () => {
    const door = new Door();
    const fields = new Map([...door.credentials(door.nonce())].filter(([name]) => name !== 'response'));
    expect(door.check(new Map([...fields, ['response', expectedResponse('SHA-256', '', 'REGISTER', fields)]]), null)).toEqual({ kind: 'refused' });
  });

  test('the same count twice: stale; a higher count: accepted; a lower one: stale', () => {
    const door = new Door();
    const nonce = door.nonce();
    expect(door.check(door.credentials(nonce, { nc: '00000005' }))).toEqual({ kind: 'accepted' });
    expect(door.check(door.credentials(nonce, { nc: '00000005' }))).toEqual({ kind: 'challenge', stale: true });
    expect(door.check(door.credentials(nonce, { nc: '0000000a' }))).toEqual({ kind: 'accepted' });
    expect(door.check(door.credentials(nonce, { nc: '00000006' }))).toEqual({ kind: 'challenge', stale: true });
  });

  test('without qop a nonce serves once', () => {
    const door = new Door();
    const nonce = door.nonce();
    expect(door.check(door.credentials(nonce, { qop: null, algorithm: 'MD5' }))).toEqual({ kind: 'accepted' });
    expect(door.check(door.credentials(nonce, { qop: null, algorithm: 'MD5' }))).toEqual({ kind: 'challenge', stale: true });
  });

  test('an old nonce: stale for the right password, refused for a wrong one', () => {
    const door = new Door();
    const nonce = door.nonce();
    door.nowMs += 300_001;
    expect(door.check(door.credentials(nonce))).toEqual({ kind: 'challenge', stale: true });
    expect(door.check(door.credentials(nonce, { password: 'wrong' }))).toEqual({ kind: 'refused' });
    expect(door.gate.challenges(true)[0]).toContain('stale=true');
  });

  test.each([['a nonce of somebody else', 'dcd98b7102dd2f0e8b11d0f600bfb0c093'], ['no nonce', ''], ['a nonce with another time', null]])('%s: asked again', (_what, nonce) => {
    const door = new Door();
    const given = nonce ?? door.nonce().replace(/^[^.]+/, 'zzzzzz');
    expect(door.check(door.credentials(given))).toEqual({ kind: 'challenge', stale: false });
  });

  test('another realm: asked again', () => {
    const door = new Door();
    expect(door.check(door.credentials(door.nonce(), { realm: 'elsewhere' }))).toEqual({ kind: 'challenge', stale: false });
  });

  test.each([['auth-int'], ['none']])('qop %s was not offered: refused', (qop) => {
    const door = new Door();
    expect(door.check(door.credentials(door.nonce(), { qop }))).toEqual({ kind: 'refused' });
  });
});

test.each([
  ['Digest username="bob", nc=00000001, uri="sip:a,b"', { username: 'bob', nc: '00000001', uri: 'sip:a,b' }],
  ['digest Username="b\\"ob",qop=auth', { username: 'b"ob', qop: 'auth' }],
])('%s', (header, fields) => { expect(Object.fromEntries(parseCredentials(header) ?? [])).toEqual(fields); });

test.each([null, 'Basic abc', 'Digest'])('%s is no digest', (header) => { expect(parseCredentials(header)).toBeNull(); });
