// A certificate of our own for SIP over TLS: made at the first start, kept beside its key, used until somebody gives a better one (X.509, RFC 5280; RFC 5922 §7.1 for the names).
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

/** Both as PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** Reads what an earlier start left in this folder, or makes it; the key is readable by its owner alone. @throws the file system's error. */
export function ownCredentials(directory: string, host: string, nowMs: number): Credentials {
  const [certFile, keyFile] = [join(directory, 'edge-certificate.pem'), join(directory, 'edge-key.pem')];
  if (existsSync(certFile) && existsSync(keyFile)) return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  const made = makeCredentials(host, nowMs);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(keyFile, made.key, { mode: 0o600 });
  writeFileSync(certFile, made.cert);
  return made;
}

/** A key (P-256) and a certificate for it, signed by itself, valid for ten years, for one host name or address. */
export function makeCredentials(host: string, nowMs: number): Credentials {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const bare = host.replace(/^\[|\]$/g, '');
  const name = sequence(set(sequence(oid(2, 5, 4, 3), der(0x0c, Buffer.from(bare.slice(0, 64))))));
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01;
  const address = addressBytes(bare);
  const names = sequence(address ? der(0x87, address) : der(0x82, Buffer.from(bare)));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), der(0x02, serial), algorithm, name,
    sequence(time(nowMs - 86_400_000), time(nowMs + TEN_YEARS_MS)), name, publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(
      sequence(oid(2, 5, 29, 19), der(0x01, Buffer.from([0xff])), der(0x04, sequence(der(0x01, Buffer.from([0xff]))))),
      sequence(oid(2, 5, 29, 17), der(0x04, names)),
    )),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return { cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** One value with its tag and length. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const set = (...parts: readonly Buffer[]): Buffer => der(0x31, ...parts);

function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const groups = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** GeneralizedTime, which reaches beyond 2049. */
const time = (ms: number): Buffer => der(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')}`));

function addressBytes(host: string): Buffer | undefined {
  if (isIP(host) === 4) return Buffer.from(host.split('.').map(Number));
  if (isIP(host) !== 6) return undefined;
  const [before = '', after] = host.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [left, right] = [groups(before), groups(after ?? '')];
  const all = after === undefined ? left : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  const bytes = Buffer.alloc(16);
  all.slice(0, 8).forEach((group, i) => bytes.writeUInt16BE(Number.parseInt(group, 16) & 0xffff, 2 * i));
  return bytes;
}
