// Which addresses are our own: what a call dials there, by whatever way of writing it, so that it never leaves.
import { type OutsideTarget } from './number-policy';

/** What a target dials if it is ours: a number with its plus, or the user part of an address in our domain. Null: an address elsewhere. */
export function userDialled(target: OutsideTarget, domain: string | null): string | null {
  return target.kind === 'number' ? target.number : numberOfTel(target.uri) ?? userInDomain(target.uri, domain);
}

/** The number of a `tel:` address, without visual separators and parameters (RFC 3966 section 5.1.1); null for every other address. */
export function numberOfTel(uri: string): string | null {
  const [, number] = /^tel:([^;]*)/i.exec(uri) ?? [];
  return number === undefined ? null : withoutSeparators(unescaped(number));
}

/** The user part of an address in that domain, on whatever port, without password and parameters (RFC 3261 section 19.1); null for every other address. */
export function userInDomain(uri: string, domain: string | null): string | null {
  const [, user = '', host = ''] = /^sips?:([^@;:]*)[^@]*@(\[[^\]]+\]|[^:;?]+)/i.exec(uri) ?? [];
  return domain !== null && host.toLowerCase() === domain.toLowerCase() ? plainUser(user) : null;
}

/** Unescaped; a number, which alone begins with a plus, without its visual separators. */
export function plainUser(user: string): string {
  const plain = unescaped(user);
  return plain.startsWith('+') ? withoutSeparators(plain) : plain;
}

const withoutSeparators = (number: string): string => number.replace(/[-.()\s]/g, '');

/** One escape that is broken, and all stand as they are. */
function unescaped(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}
