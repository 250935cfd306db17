// Passwords of phones: strong, readable aloud, and kept only as the hashes that digest authentication needs.
import { createHash, randomInt } from 'node:crypto';
import { type DigestHashes } from '../model/agent';

/** Without 0 and o, 1, i and l, which people mistake for each other. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const GROUP_LENGTH = 4;

/** About 79 bits, in groups: `k7fm-w3xp-ha9d-t2rq`. */
export function makePassword(): string {
  const letter = (): string => LETTERS.charAt(randomInt(LETTERS.length));
  return Array.from({ length: GROUPS }, () => Array.from({ length: GROUP_LENGTH }, letter).join('')).join('-');
}

/** H(user:realm:password) with MD5 and SHA-256 (RFC 2617 section 3.2.2.2, RFC 8760). */
export function digestOf(sipUser: string, realm: string, password: string): DigestHashes {
  const hash = (algorithm: string): string => createHash(algorithm).update(`${sipUser}:${realm}:${password}`).digest('hex');
  return { realm, md5: hash('md5'), sha256: hash('sha256') };
}
