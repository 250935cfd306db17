// Digest authentication of REGISTER with MD5 and SHA-256 (RFC 7616, RFC 8760, RFC 3261 section 22). Pure but for the nonces used.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type DigestHashes } from '../../storage/model/agent';

export type Algorithm = 'MD5' | 'SHA-256';

/** What the Authorization header said. Names in lower case, quotes removed. */
export type Credentials = ReadonlyMap<string, string>;

export type DigestVerdict =
  | { readonly kind: 'accepted' }
  /** No credentials, or ones for a nonce that is not ours: ask. `stale`: the password was right, only the nonce is old. */
  | { readonly kind: 'challenge'; readonly stale: boolean }
  | { readonly kind: 'refused' };

export interface DigestDeps {
  /** Signs nonces; new at each start is fine, phones are merely asked once more. */
  readonly nonceKey: Buffer;
  nowMs(): number;
  randomHex(): string;
  /** What is offered, the preferred first. */
  readonly offered: readonly Algorithm[];
}

const NONCE_LIFETIME_MS = 300_000;
const NONCES_KEPT = 10_000;

/** Reads `Digest name=value, …`; null when it is no digest. */
export function parseCredentials(header: string | null): Credentials | null {
  const digest = header === null ? null : /^\s*digest\s+(.*)$/is.exec(header);
  if (digest === null) return null;
  const credentials = new Map<string, string>();
  for (const match of (digest[1] ?? '').matchAll(/([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
    credentials.set((match[1] ?? '').toLowerCase(), match[2]?.replace(/\\(.)/gs, '$1') ?? match[3] ?? '');
  }
  return credentials;
}

/** The response a phone must have computed (RFC 7616 section 3.4.1); without qop as RFC 2069 did it. */
export function expectedResponse(algorithm: Algorithm, ha1: string, method: string, credentials: Credentials): string {
  const hash = (text: string): string => createHash(algorithm === 'MD5' ? 'md5' : 'sha256').update(text).digest('hex');
  const field = (name: string): string => credentials.get(name) ?? '';
  const ha2 = hash(`${method}:${field('uri')}`);
  return credentials.has('qop')
    ? hash([ha1, field('nonce'), field('nc'), field('cnonce'), field('qop'), ha2].join(':'))
    : hash([ha1, field('nonce'), ha2].join(':'));
}

/** Checks who registers against the stored hashes, and remembers which nonce counts were used. */
export class DigestGate {
  /** Nonce → highest count seen. Only nonces of accepted requests get here, so strangers cannot fill it. */
  private readonly used = new Map<string, number>();

  constructor(readonly realm: string, private readonly deps: DigestDeps) {}

  /**
   * The challenges to send with 401, in the order configured (RFC 8760 section 2.3). Many phones in use fail when they see an algorithm they
   * do not know, even beside MD5, so which ones are offered is configuration. A phone that answers with either is understood.
   */
  challenges(stale: boolean): string[] {
    const nonce = this.nonce();
    return this.deps.offered.map((algorithm) => `Digest realm="${this.realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${stale ? ', stale=true' : ''}`);
  }

  /**
   * @param secret the hashes of whom the credentials name; null when nobody has that name or no password was made. Work and
   * answer are the same then as for a wrong password, so that names cannot be found out.
   */
  check(method: string, credentials: Credentials | null, secret: DigestHashes | null): DigestVerdict {
    if (credentials === null || credentials.get('realm') !== this.realm) return { kind: 'challenge', stale: false };
    const age = this.nonceAgeMs(credentials.get('nonce') ?? '');
    if (age === null) return { kind: 'challenge', stale: false };
    const algorithm = algorithmOf(credentials);
    const qop = credentials.get('qop');
    if (algorithm === null || (qop !== undefined && qop !== 'auth')) return { kind: 'refused' };
    const known = secret !== null && secret.realm === this.realm ? secret : null;
    const ha1 = algorithm === 'MD5' ? known?.md5 : known?.sha256;
    const same = equal(expectedResponse(algorithm, ha1 ?? '', method, credentials), (credentials.get('response') ?? '').toLowerCase());
    if (!same || ha1 === undefined) return { kind: 'refused' };
    if (age > NONCE_LIFETIME_MS || !this.countUse(credentials)) return { kind: 'challenge', stale: true };
    return { kind: 'accepted' };
  }

  /** Each count serves once, and counts only rise; without qop a nonce serves once. */
  private countUse(credentials: Credentials): boolean {
    const nonce = credentials.get('nonce') ?? '';
    const count = credentials.has('qop') ? Number.parseInt(credentials.get('nc') ?? '', 16) : 1;
    if (!Number.isSafeInteger(count) || count <= (this.used.get(nonce) ?? 0)) return false;
    this.used.delete(nonce);
    this.used.set(nonce, count);
    for (const oldest of this.used.keys()) {
      if (this.used.size <= NONCES_KEPT) break;
      this.used.delete(oldest);
    }
    return true;
  }

  private nonce(): string {
    const stamp = `${Math.floor(this.deps.nowMs()).toString(36)}.${this.deps.randomHex()}`;
    return `${stamp}.${this.signature(stamp)}`;
  }

  /** Null for a nonce that we did not make. One whose count was forgotten for want of room is as good as old. */
  private nonceAgeMs(nonce: string): number | null {
    const [madeAt = '', random = '', signature = ''] = nonce.split('.');
    if (!equal(this.signature(`${madeAt}.${random}`), signature)) return null;
    return this.deps.nowMs() - Number.parseInt(madeAt, 36);
  }

  private signature(stamp: string): string {
    return createHmac('sha256', this.deps.nonceKey).update(stamp).digest('hex').slice(0, 32);
  }
}

/** Absent means MD5 (RFC 7616 section 3.4). */
function algorithmOf(credentials: Credentials): Algorithm | null {
  const named = (credentials.get('algorithm') ?? 'MD5').toUpperCase();
  return named === 'MD5' || named === 'SHA-256' ? named : null;
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
