// Who calls: what is believed of an arrival (RFC 3325, RFC 3323), and what a trunk is told of the caller.
import { type Trunk } from '../../storage/model/trunk';
import { escapeUser, formatAddress, parseAddress, parseUri, splitAddresses } from './addresses';
import { historyOf, historyWith } from './history-info';
import { type Headers, type Received } from './link';
import { type Caller, type Outbound } from './routes';

const MAX_FORWARDS = 70;
export const ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>';

/**
 * `trusted`: it came from a trunk, whose P-Asserted-Identity we believe. From anybody else it is what anybody can write.
 * `known`: whether From can be believed as well, because its trunk or the phone behind it is known: nobody else is vouched for (RFC 3325 section 5).
 */
export function callerOf(message: Pick<Received, 'header'>, trusted: boolean, known = trusted): Caller {
  const asserted = trusted ? addressOf(message.header('p-asserted-identity')) : null;
  const from = addressOf(message.header('from'));
  const wishes = (message.header('privacy') ?? '').toLowerCase().split(/[;,\s]+/);
  const named = asserted ?? (from === null || isAnonymous(from.uri) ? null : from);
  const uri = named === null ? null : parseUri(named.uri);
  return {
    uri: known ? named?.uri ?? null : null,
    number: uri?.user ?? '',
    name: named?.name || (from !== null && !isAnonymous(from.uri) ? from.name : ''),
    // "none" says that privacy is not wanted, whatever else is there (RFC 3323 section 4.2).
    private: !wishes.includes('none') && (wishes.includes('id') || wishes.includes('user') || (from !== null && isAnonymous(from.uri))),
    maxForwards: hopsLeft(message.header('max-forwards')),
    history: historyOf(message.header('history-info')),
  };
}

/** What an INVITE through a trunk says of the caller and of where the call has been. `target`: its Request-URI. */
export function invitedBy(trunk: Trunk, target: string, about: Outbound, domain: string, tag: string): Headers {
  const { caller, diverted } = about;
  const history = diverted === undefined ? caller?.history ?? [] : historyWith(caller?.history ?? [], diverted, domain, target);
  return {
    ...shown(trunk, about, tag),
    To: `<${target}>`,
    'Max-Forwards': String(caller?.maxForwards ?? MAX_FORWARDS),
    ...(history.length === 0 ? {} : { 'History-Info': history }),
  };
}

function shown(trunk: Trunk, { fromName, fromUser, caller }: Outbound, tag: string): Headers {
  const host = trunk.fromDomain ?? trunk.host;
  const at = (user: string): string => `sip:${escapeUser(user)}@${host}`;
  if (trunk.identityNumber !== null) {
    const own = formatAddress(fromName, at(trunk.identityNumber));
    return { From: `${own};tag=${tag}`, 'P-Asserted-Identity': own };
  }
  if (caller === null) {
    // Who called is not known any more, and perhaps did not want to be shown: only what calls were told may be said.
    return fromUser === '' || fromUser === 'anonymous' ? { From: `${ANONYMOUS};tag=${tag}` } : { From: `${formatAddress(fromName, at(fromUser))};tag=${tag}` };
  }
  // A number is the trunk's to vouch for in its own domain; an address elsewhere stays what it is.
  const asserted = caller.uri === null ? {} : { 'P-Asserted-Identity': formatAddress(caller.name, /^\+?\d+$/.test(caller.number) ? at(caller.number) : caller.uri) };
  if (caller.private) return { From: `${ANONYMOUS};tag=${tag}`, ...asserted, Privacy: 'id' };
  if (caller.number === '') return { From: `${ANONYMOUS};tag=${tag}`, ...asserted };
  return { From: `${formatAddress(fromName === '' ? caller.name : fromName, at(caller.number))};tag=${tag}`, ...asserted };
}

/** The first address that is a SIP or tel URI: there may be one of each kind (RFC 3325 section 9.1). */
function addressOf(header: string | null): { readonly name: string; readonly uri: string } | null {
  return splitAddresses(header ?? '').map(parseAddress).find((address) => address !== null && parseUri(address.uri) !== null) ?? null;
}

/** Whether an address says that it names nobody (RFC 3323 section 4.1.1.3). */
export function isAnonymous(address: string): boolean {
  const uri = parseUri(address);
  return uri !== null && (uri.host === 'anonymous.invalid' || ['anonymous', 'restricted', 'unavailable'].includes(uri.user.toLowerCase()));
}

/** One less than came, as a proxy would (RFC 3261 section 16.6); the edge refuses what comes with 0. */
function hopsLeft(header: string | null): number {
  return header !== null && /^\s*\d{1,3}\s*$/.test(header) ? Math.min(MAX_FORWARDS, Math.max(0, Number(header) - 1)) : MAX_FORWARDS - 1;
}
