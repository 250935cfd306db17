// Networks as a person writes them, `192.0.2.0/24, 2001:db8::/32`, and whether an address is in one of them.
import { BlockList, isIP } from 'node:net';

/** IPv4 inside IPv6 is IPv4; without brackets. */
export function plainAddress(address: string): string {
  const bare = address.startsWith('[') ? address.slice(1, -1) : address;
  return bare.startsWith('::ffff:') && isIP(bare.slice(7)) === 4 ? bare.slice(7) : bare;
}

/** Whether this is one address or `address/bits`. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  return family !== 0 && more === undefined && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)));
}

export class Networks {
  private readonly list = new BlockList();

  /** Each must satisfy `isNetwork`; others are left out. */
  constructor(networks: Iterable<string>) {
    for (const network of networks) {
      if (!isNetwork(network)) continue;
      const [address = '', bits] = network.split('/');
      const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
      this.list.addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family);
    }
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** This machine, as it calls itself. */
export const LOOPBACK = new Networks(['127.0.0.0/8', '::1']);

/** Whether somebody may use a control port: this machine may, and whoever is in a network that was named. */
export function mayControl(allowed: Networks, remote: string | undefined, local: string | undefined): boolean {
  return remote !== undefined && (LOOPBACK.has(remote) || (local !== undefined && plainAddress(remote) === plainAddress(local)) || allowed.has(remote));
}
