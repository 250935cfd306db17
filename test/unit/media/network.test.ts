// Where a party's announced address is taken at its word.
import { sameNetwork } from '../../../engine/media/network';

test.each<readonly [string, string, boolean]>([
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.9', '127.0.0.1', true],
  ['192.168.1.5', '192.168.1.2', true],
  ['10.1.2.3', '10.1.2.4', true],
  ['172.16.0.9', '172.16.0.1', true],
  // Both public: a phone that asked a STUN server may yet send from another port.
  ['198.51.100.7', '203.0.113.1', false],
  ['203.0.113.7', '203.0.113.1', false],
  ['::1', '::1', true],
  ['127.0.0.1', '::1', false],
  ['fd00::5', 'fd00::1', false],
  // A softphone on this machine names its LAN address, and reaches us over loopback.
  ['192.168.1.5', '127.0.0.1', false],
  // Another private network, as inside a container or behind a router.
  ['172.17.0.2', '192.168.1.2', false],
  ['192.168.1.5', '192.168.2.5', false],
  // Behind NAT, seen from a public server.
  ['10.0.0.5', '203.0.113.1', false],
  ['100.64.0.5', '203.0.113.1', false],
  ['203.0.113.9', '10.0.0.1', false],
  ['fd00::5', '2001:db8::1', false],
  ['2001:db8::5', '203.0.113.1', false],
])('%s seen from %s: %s', (theirs, ours, expected) => {
  expect(sameNetwork(theirs, ours)).toBe(expected);
});
