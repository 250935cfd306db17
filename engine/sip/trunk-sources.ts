// Which trunk a request comes from, by its source address.
import { BlockList, isIP } from 'node:net';
import { type Trunk } from '../../storage/model/trunk';

interface Rule { readonly trunk: Trunk; readonly bits: number; readonly network: BlockList; readonly port: number | null }

/** The narrowest network that holds the address decides; among equals the trunk whose own port it is, then the lower order. */
export class TrunkSources {
  private readonly rules: readonly Rule[];

  constructor(trunks: Iterable<Trunk>) {
    this.rules = [...trunks].filter(({ enabled }) => enabled).flatMap(rulesOf)
      .sort((one, other) => other.bits - one.bits || one.trunk.order - other.trunk.order || one.trunk.id.localeCompare(other.trunk.id));
  }

  /** `address` as the edge names it: IPv4, IPv6, or IPv4 inside IPv6; in brackets or not. */
  trunkOf({ address, port }: { readonly address: string; readonly port: number }): Trunk | null {
    const plain = unmapped(address);
    const family = familyOf(plain);
    if (family === null) return null;
    const fitting = this.rules.filter(({ network }) => network.check(plain, family));
    const narrowest = fitting.filter(({ bits }) => bits === fitting[0]?.bits);
    return (narrowest.find((rule) => rule.port === port) ?? narrowest[0])?.trunk ?? null;
  }
}

function rulesOf(trunk: Trunk): Rule[] {
  const host = unmapped(trunk.host);
  return [...(isIP(host) === 0 ? [] : [{ source: host, port: trunk.port }]), ...trunk.sources.map((source) => ({ source, port: null }))].flatMap(({ source, port }): Rule[] => {
    const [given = '', length] = source.split('/');
    const address = unmapped(given);
    const family = familyOf(address);
    if (family === null) return [];
    // ::ffff:192.0.2.0/120 is 192.0.2.0/24.
    const mapped = address !== given.replace(/^\[|\]$/g, '');
    const own = length === undefined ? null : Math.max(0, Number(length) - (mapped ? 96 : 0));
    const most = family === 'ipv4' ? 32 : 128;
    const network = new BlockList();
    network.addSubnet(address, own ?? most, family);
    // All bits counted as IPv6 has them, so that networks of both families compare.
    return [{ trunk, bits: (own ?? most) + 128 - most, network, port }];
  });
}

function unmapped(address: string): string {
  const bare = address.replace(/^\[|\]$/g, '').toLowerCase();
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? bare;
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const family = isIP(address);
  return family === 4 ? 'ipv4' : family === 6 ? 'ipv6' : null;
}
