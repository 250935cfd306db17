// Whether a party's announced address can be taken at its word, or a NAT or another interface may stand between.
import { isIPv4 } from 'node:net';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/;
/** RFC 1918. */
const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/;

const neighbourhood = (address: string): string => address.slice(0, address.lastIndexOf('.'));

/**
 * True where nothing translates addresses: both on loopback, or both in one private /24. There only the announced address is believed,
 * so that no phone which lost a call can be heard. Elsewhere the address is learned from what arrives: private networks may be
 * translated into one another, and a phone that learned its public address (RFC 8489) may still send from another port.
 */
export function sameNetwork(theirs: string, ours: string): boolean {
  if (isIPv4(theirs) !== isIPv4(ours)) return false;
  if (LOOPBACK.test(theirs) || LOOPBACK.test(ours)) return LOOPBACK.test(theirs) && LOOPBACK.test(ours);
  return isIPv4(theirs) && PRIVATE.test(theirs) && neighbourhood(theirs) === neighbourhood(ours);
}
