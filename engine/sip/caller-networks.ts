// Whose calls the edge lets in without asking: trunks, by where their calls come from, and phones, by where they registered from.
import { isIP } from 'node:net';
import { type RegisteredPhone } from '../../storage/model/live';
import { type Trunk } from '../../storage/model/trunk';

/** As many as one line to the edge holds; trunks first. Phones that are left out are let in when they register next. */
const MOST = 2_000;

/** Addresses and networks, IPv6 without brackets. A trunk whose host is a name is known by its sources alone. */
export function callerNetworks(trunks: Iterable<Trunk>, phones: Iterable<Pick<RegisteredPhone, 'source'>>): string[] {
  const networks = new Set<string>();
  for (const { enabled, host, sources } of trunks) {
    if (!enabled) continue;
    const address = bare(host);
    if (isIP(address) !== 0) networks.add(address);
    for (const source of sources) networks.add(source);
  }
  for (const { source } of phones) {
    const address = bare(source.replace(/:\d+$/, ''));
    if (isIP(address) !== 0) networks.add(address);
  }
  return [...networks].slice(0, MOST);
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '');
