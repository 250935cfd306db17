// Answers to trunks' challenges: by the vectors of the RFCs, against our own gate, and never twice to the same.
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { DigestAnswer, parseChallenges } from '../../../engine/sip/digest-answer';
import { DigestGate, parseCredentials } from '../../../engine/sip/digest';

const asks = (status: number, challenge: string) => ({ status, header: (name: string) => (name === (status === 407 ? 'proxy-authenticate' : 'www-authenticate') ? challenge : null) });
const INVITE = { method: 'INVITE', uri: 'sip:+441632960001@trunk.test' };
const account = { username: 'bob', password: 'pw' };
const answers = (): DigestAnswer => new DigestAnswer(account, () => 'c0ffee');
const fieldsOf = (headers: Readonly<Record<string, string | readonly string[]>> | null, name = 'Authorization') => parseCredentials(String(headers?.[name])) ?? new Map<string, string>();

describe('vectors', () => {
  test.each([['MD5', '8ca523f5e9506fed4657c9700eebdbec'], ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1']])('RFC 7616 section 3.9.1, %s', (algorithm, response) => {
    const mufasa = new DigestAnswer({ username: 'Mufasa', password: 'Circle of Life' }, () => 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ');
    const challenge = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
    const fields = fieldsOf(mufasa.answer(asks(401, challenge), { method: 'GET', uri: '/dir/index.html' }));
    expect(Object.fromEntries(fields)).toEqual({
      username: 'Mufasa', realm: 'http-auth@example.org', uri: '/dir/index.html', algorithm, nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v', nc: '00000001',
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', qop: 'auth', response, opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    });
  });

  test('RFC 2069 as corrected, without qop and without a named algorithm', () => {
    const mufasa = new DigestAnswer({ username: 'Mufasa', password: 'CircleOfLife' }, () => 'x');
    const fields = fieldsOf(mufasa.answer(asks(401, 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'), { method: 'GET', uri: '/dir/index.html' }));
    expect([...fields.keys()]).toEqual(['username', 'realm', 'nonce', 'uri', 'response']);
    expect(fields.get('response')).toBe('1949323746fe6a43ef61f9606e7febea');
  });
});

describe('our own gate', () => {
  const hash = (algorithm: string) => createHash(algorithm).update('bob:trunk.test:pw').digest('hex');
  const secret = { realm: 'trunk.test', md5: hash('md5'), sha256: hash('sha256') };
  const gateOf = (offered: readonly ('MD5' | 'SHA-256')[]) => new DigestGate('trunk.test', { nonceKey: Buffer.alloc(32), nowMs: () => 0, randomHex: () => 'ab', offered });

  test.each([[['MD5'] as const], [['SHA-256'] as const], [['SHA-256', 'MD5'] as const]])('%o: accepted, with 401 and with 407; and again on the same nonce', (offered) => {
    for (const [status, name] of [[401, 'Authorization'], [407, 'Proxy-Authorization']] as const) {
      const [gate, answer] = [gateOf(offered), answers()];
      const first = answer.answer(asks(status, gate.challenges(false).join(',')), INVITE);
      expect(gate.check('INVITE', fieldsOf(first, name), secret)).toEqual({ kind: 'accepted' });
      const second = fieldsOf(answer.begin(INVITE), name);
      expect(second.get('nc')).toBe('00000002');
      expect(gate.check('INVITE', second, secret)).toEqual({ kind: 'accepted' });
    }
  });

  test('whatever the names and the password hold: accepted', () => {
    const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !/[\u0000-\u001f\u007f]/.test(text));
    fc.assert(fc.property(word, word, (username, password) => {
      const gate = gateOf(['SHA-256']);
      const sha256 = createHash('sha256').update(`${username}:trunk.test:${password}`).digest('hex');
      const headers = new DigestAnswer({ username, password }, () => 'x').answer(asks(401, gate.challenges(false)[0] ?? ''), INVITE);
      expect(gate.check('INVITE', fieldsOf(headers), { ...secret, sha256 })).toEqual({ kind: 'accepted' });
    }));
  });
});

describe('which challenge', () => {
  test.each([
    ['the first we know', 'Digest realm="a", nonce="1", algorithm=SHA-512-256, Digest realm="a", nonce="2", algorithm=SHA-256, Digest realm="a", nonce="3"', '2'],
    ['not one of another scheme', 'Basic realm="x", Digest realm="a", nonce="1", NTLM realm="y"', '1'],
    ['not one that wants the body protected', 'Digest realm="a", nonce="1", qop="auth-int", Digest realm="a", nonce="2", qop="auth"', '2'],
    ['white space and case as they come', 'DIGEST Realm = "a" ,  NONCE="1" ,Qop=AUTH', '1'],
    ['a scheme inside quotes is none', 'Digest realm="a, Digest nonce=9", nonce="1"', '1'],
  ])('%s', (_what, challenge, nonce) => {
    expect(fieldsOf(answers().answer(asks(401, challenge), INVITE)).get('nonce')).toBe(nonce);
  });

  test.each([
    ['no header', ''], ['no nonce', 'Digest realm="a"'], ['an unknown algorithm only', 'Digest realm="a", nonce="1", algorithm=SHA-512-256'], ['no digest', 'Basic realm="a"'],
  ])('%s: refused', (_what, challenge) => {
    expect(answers().answer(asks(407, challenge), INVITE)).toBeNull();
  });

  test('whatever a realm and an opaque hold, and whatever came before: read as they are', () => {
    const word = fc.string().filter((text) => !/[\u0000-\u001f\u007f]/.test(text));
    const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
    fc.assert(fc.property(word, word, word, (other, realm, opaque) => {
      const [challenge] = parseChallenges(`Basic realm=${quote(other)}, Digest realm=${quote(realm)}, opaque=${quote(opaque)}, nonce="1"`);
      expect(Object.fromEntries(challenge ?? [])).toEqual({ realm, opaque, nonce: '1' });
    }));
  });
});

describe('how often', () => {
  const challenge = (nonce: string, more = '') => `Digest realm="a", nonce="${nonce}", qop="auth"${more}`;

  test('the same asker asks again: refused for good', () => {
    const answer = answers();
    expect(answer.answer(asks(407, challenge('1')), INVITE)).not.toBeNull();
    expect(answer.answer(asks(407, challenge('2')), INVITE)).toBeNull();
  });

  test('stale: once more, not twice', () => {
    const answer = answers();
    answer.answer(asks(407, challenge('1')), INVITE);
    expect(fieldsOf(answer.answer(asks(407, challenge('2', ', stale=TRUE')), INVITE), 'Proxy-Authorization').get('nonce')).toBe('2');
    expect(answer.answer(asks(407, challenge('3', ', stale=true')), INVITE)).toBeNull();
  });

  test('stale with the nonce as before is not stale: refused', () => {
    const answer = answers();
    answer.answer(asks(401, challenge('1')), INVITE);
    expect(answer.answer(asks(401, challenge('1', ', stale=true')), INVITE)).toBeNull();
  });

  test('a proxy and the server behind it: both are answered, together', () => {
    const answer = answers();
    answer.answer(asks(407, challenge('1')), INVITE);
    const both = answer.answer(asks(401, challenge('2')), INVITE);
    expect([fieldsOf(both, 'Proxy-Authorization').get('nc'), fieldsOf(both).get('nc')]).toEqual(['00000002', '00000001']);
    expect(answer.answer(asks(401, challenge('3')), INVITE)).toBeNull();
  });

  test('a new request whose old nonce is no longer taken: answered once', () => {
    const answer = answers();
    answer.answer(asks(401, challenge('1')), INVITE);
    answer.begin(INVITE);
    expect(answer.answer(asks(401, challenge('2')), INVITE)).not.toBeNull();
    expect(answer.answer(asks(401, challenge('3')), INVITE)).toBeNull();
  });

  test('whatever they say: at most two answers to each asker a request', () => {
    fc.assert(fc.property(fc.array(fc.record({ status: fc.constantFrom(401, 407, 403, 200), nonce: fc.constantFrom('1', '2', '3'), stale: fc.boolean() })), (replies) => {
      const answer = answers();
      const answered = replies.filter(({ status, nonce, stale }) => answer.answer(asks(status, challenge(nonce, stale ? ', stale=true' : '')), INVITE) !== null);
      for (const asker of [401, 407]) expect(answered.filter(({ status }) => status === asker).length).toBeLessThanOrEqual(2);
      expect(answered.every(({ status }) => status === 401 || status === 407)).toBe(true);
    }));
  });

  test('without an account: refused, and nothing is sent ahead', () => {
    const answer = new DigestAnswer(null, () => 'x');
    expect(answer.answer(asks(401, challenge('1')), INVITE)).toBeNull();
    expect(answer.begin(INVITE)).toEqual({});
  });
});
