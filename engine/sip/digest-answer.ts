// Answers the challenges of trunks: 401 and 407 with MD5 and SHA-256, qop auth or none (RFC 7616, RFC 8760, RFC 3261 section 22).
import { createHash } from 'node:crypto';
import { type Algorithm, type Credentials, expectedResponse } from './digest';
import { type Headers, type Reply } from './link';

export interface Account { readonly username: string; readonly password: string }

/** The request that is challenged, as its start line has it. */
export interface Asked { readonly method: string; readonly uri: string }

/** 401: the server itself; 407: a proxy on the way. Each may ask, and both want their answer then. */
type Asker = 401 | 407;

interface Held { readonly algorithm: Algorithm; readonly fields: Credentials; /** The nonce count. */ uses: number }

/**
 * Credentials for one request after the other. Of each asker one challenge a request is answered, and one more that says the nonce was
 * stale: asked again after that, the password is not what they want, and answering on would be a loop.
 */
export class DigestAnswer {
  private readonly held = new Map<Asker, Held>();
  private readonly answered = new Map<Asker, number>();

  constructor(private readonly account: Account | null, private readonly randomHex: () => string) {}

  /** A new request begins. Returns credentials on the nonces known already, which may spare a challenge; empty when there are none. */
  begin(asked: Asked): Headers {
    this.answered.clear();
    return this.credentials(asked);
  }

  /** What to send the challenged request again with; null when it is refused for good. */
  answer(reply: Pick<Reply, 'status' | 'header'>, asked: Asked): Headers | null {
    const asker = reply.status === 401 || reply.status === 407 ? reply.status : null;
    if (this.account === null || asker === null) return null;
    const challenge = parseChallenges(reply.header(asker === 407 ? 'proxy-authenticate' : 'www-authenticate')).map(usable).find((each) => each !== null);
    if (challenge === undefined || challenge === null) return null;
    const times = this.answered.get(asker) ?? 0;
    const stale = challenge.fields.get('stale')?.toLowerCase() === 'true' && challenge.fields.get('nonce') !== this.held.get(asker)?.fields.get('nonce');
    if (times > 1 || (times === 1 && !stale)) return null;
    this.answered.set(asker, times + 1);
    this.held.set(asker, { ...challenge, uses: 0 });
    return this.credentials(asked);
  }

  private credentials(asked: Asked): Headers {
    const { account } = this;
    if (account === null) return {};
    return Object.fromEntries([...this.held].map(([asker, held]) => {
      held.uses += 1;
      return [asker === 407 ? 'Proxy-Authorization' : 'Authorization', authorization(held, account, asked, this.randomHex())];
    }));
  }
}

/** Every Digest challenge of a header, whose lines may have been joined by commas. Names in lower case, quotes removed. */
export function parseChallenges(header: string | null): Credentials[] {
  const challenges: Map<string, string>[] = [];
  let current: Map<string, string> | null = null;
  // A scheme is a token before white space and a parameter; quoted strings are passed over whole, so that nothing in them is taken for one.
  for (const match of (header ?? '').matchAll(/(?:^|,)\s*([a-z0-9-]+)\s+(?=[a-z0-9_-]+\s*=)|([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
    const [, scheme, name = '', quoted, token = ''] = match;
    if (scheme === undefined) current?.set(name.toLowerCase(), quoted?.replace(/\\(.)/gs, '$1') ?? token);
    else {
      current = scheme.toLowerCase() === 'digest' ? new Map() : null;
      if (current !== null) challenges.push(current);
    }
  }
  return challenges;
}

/** Null for an algorithm or a protection that we do not know; then the next challenge may do (RFC 8760 section 2.4). */
function usable(fields: Credentials): Omit<Held, 'uses'> | null {
  const algorithm = (fields.get('algorithm') ?? 'MD5').toUpperCase();
  const qop = fields.get('qop');
  if ((algorithm !== 'MD5' && algorithm !== 'SHA-256') || !fields.has('nonce') || !fields.has('realm')) return null;
  return qop === undefined || qop.split(',').some((each) => each.trim().toLowerCase() === 'auth') ? { algorithm, fields } : null;
}

function authorization({ algorithm, fields, uses }: Held, { username, password }: Account, { method, uri }: Asked, cnonce: string): string {
  const realm = fields.get('realm') ?? '';
  const ha1 = createHash(algorithm === 'MD5' ? 'md5' : 'sha256').update(`${username}:${realm}:${password}`).digest('hex');
  const opaque = fields.get('opaque');
  const protection = fields.has('qop') ? { qop: 'auth', nc: uses.toString(16).padStart(8, '0'), cnonce } : null;
  const response = expectedResponse(algorithm, ha1, method, new Map(Object.entries({ nonce: fields.get('nonce') ?? '', uri, ...protection })));
  return [
    `Digest username=${quoted(username)}`, `realm=${quoted(realm)}`, `nonce=${quoted(fields.get('nonce') ?? '')}`, `uri=${quoted(uri)}`, `response="${response}"`,
    // What was not asked for by name is left out: some servers compare word for word.
    ...(fields.has('algorithm') ? [`algorithm=${algorithm}`] : []), ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(protection === null ? [] : [`qop=${protection.qop}`, `nc=${protection.nc}`, `cnonce="${protection.cnonce}"`]),
  ].join(', ');
}

function quoted(text: string): string { return `"${text.replace(/["\\]/g, '\\$&')}"`; }
