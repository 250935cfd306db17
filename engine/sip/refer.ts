// What a REFER asks for (RFC 3515): its Refer-To, with the Replaces of an attended transfer (RFC 3891 section 4).
import { type OutsideTarget } from '../../storage/model/number-policy';
import { parseAddress, parseUri, splitAddresses, type Uri } from './addresses';
import { parseReplaces, type Replaces } from './replaces';

export type ReferTo =
  | { readonly kind: 'own'; readonly user: string; readonly replaces: Replaces | null }
  | { readonly kind: 'outside'; readonly target: OutsideTarget; readonly replaces: Replaces | null; /** As it stood, for the INVITE. */ readonly replacesText: string | null }
  | { readonly kind: 'refused'; readonly status: 400 | 416 | 603; readonly reason: string };

/** @param isOurs whether an address with this host and port is in our own domain. */
export function readReferTo(header: string | null, isOurs: (uri: Uri) => boolean): ReferTo {
  // Exactly one (RFC 3515 section 2.4.1).
  const [value, ...more] = splitAddresses(header ?? '');
  if (value === undefined || more.length > 0) return refused(400, 'REFER needs one Refer-To');
  const text = parseAddress(value)?.uri ?? '';
  const [address = '', headers = ''] = split(text, '?');
  const uri = parseUri(address);
  if (uri === null) return /^[a-z][a-z0-9+.-]*:/i.test(address) && !/^(?:sips?|tel):/i.test(address) ? refused(416, 'only SIP addresses and numbers can be called') : refused(400, 'Refer-To is no address');
  const method = uri.params.get('method') ?? 'INVITE';
  if (method.toUpperCase() !== 'INVITE') return refused(603, 'only calls can be transferred');
  const replacesText = headerOf(headers, 'replaces');
  const replaces = replacesText === null ? null : parseReplaces(replacesText);
  if (replacesText !== null && replaces === null) return refused(400, 'Replaces names no dialog');
  if (uri.scheme === 'tel') return { kind: 'outside', target: { kind: 'number', number: uri.user }, replaces, replacesText };
  if (isOurs(uri)) return uri.user === '' && replaces === null ? refused(400, 'Refer-To names nobody') : { kind: 'own', user: uri.user, replaces };
  // What the URI says of its method is for us alone; the rest is the far end's to understand.
  return { kind: 'outside', target: { kind: 'uri', uri: address.replace(/;method=[^;?]*/i, '') }, replaces, replacesText };
}

function refused(status: 400 | 416 | 603, reason: string): ReferTo { return { kind: 'refused', status, reason }; }

/** One of the headers in a URI (RFC 3261 section 19.1.1), unescaped; null when it is not there. */
function headerOf(headers: string, name: string): string | null {
  for (const pair of headers.split('&')) {
    const [key = '', value = ''] = split(pair, '=');
    if (unescaped(key).toLowerCase() === name) return unescaped(value);
  }
  return null;
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
