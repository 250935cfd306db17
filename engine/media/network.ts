// Whether a party's announced address can be taken at its word, or a NAT or another interface may stand between.
import { isIPv4 } from 'node:net';

type Kind = 'loopback' | 'private' | 'public';

/** RFC 1918, RFC 6598, RFC 3927; RFC 4193 and link-local for IPv6. */
function kindOf(address: string): Kind {
  if (isIPv4(address)) {
    const [first = 0, second = 0] = address.split('.').map(Number);
    if (first === 127) return 'loopback';
    const inside = first === 10 || (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168)
      || (first === 100 && second >= 64 && second < 128) || (first === 169 && second === 254);
    return inside ? 'private' : 'public';
  }
  const lower = address.toLowerCase();
  if (lower === '::1') return 'loopback';
  return /^f[cd]|^fe[89ab]/.test(lower) ? 'private' : 'public';
}

/**
 * True where nothing translates addresses: both on loopback, both in one private /24 (any private network for IPv6), both public.
 * There only the announced address is believed, so that no phone which lost a call can be heard. Elsewhere the address is learned.
 */
export function sameNetwork(theirs: string, ours: string): boolean {
  const kind = kindOf(theirs);
  if (kind !== kindOf(ours) || isIPv4(theirs) !== isIPv4(ours)) return false;
  return kind !== 'private' || !isIPv4(theirs) || theirs.slice(0, theirs.lastIndexOf('.')) === ours.slice(0, ours.lastIndexOf('.'));
}
