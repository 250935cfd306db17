// Where a call has been before: History-Info read, counted and continued (RFC 7044, causes of RFC 4458), Diversion read (RFC 5806).
import { escapeUser, parseAddress, parseUri, splitAddresses, type Uri } from './addresses';

/** A call that has been to more places is passed on with the latest of them. */
const MOST_ENTRIES = 20;
/** "Moved temporarily", the cause of RFC 4458 for a call that a group sends on whatever it did there before. */
const FORWARDED = 302;

/** The entries of a header, each as it came, without white space around it. */
export function historyOf(header: string | null): readonly string[] {
  return splitAddresses(header ?? '').slice(-MOST_ENTRIES);
}

/** How often the call has been here: History-Info and Diversion tell of the same journey, so the longer tale counts. */
export function timesNamed(headers: { readonly historyInfo: string | null; readonly diversion: string | null }, isOurs: (uri: Uri) => boolean): number {
  const count = (header: string | null): number => splitAddresses(header ?? '').filter((entry) => {
    const uri = parseUri(withoutHeaders(parseAddress(entry)?.uri ?? ''));
    return uri !== null && isOurs(uri);
  }).length;
  return Math.max(count(headers.historyInfo), count(headers.diversion));
}

/** What came, then the address of ours that was dialled, then where it is sent now. */
export function historyWith(came: readonly string[], diverted: string, domain: string, target: string): readonly string[] {
  const dialled = parseUri(diverted);
  const last = parseAddress(came.at(-1) ?? '')?.params.get('index') ?? '';
  const index = /^\d{1,9}(?:\.\d{1,9}){0,30}$/.test(last) ? `${last}.1` : '1';
  // Always by our domain, so that it is known again whatever host the caller wrote.
  const ours = dialled === null || dialled.user === '' ? `sip:${domain}` : `sip:${escapeUser(dialled.user)}@${domain}`;
  return [...came, `<${ours}>;index=${index}`, `<${target};cause=${FORWARDED}>;index=${index}.1;mp=${index}`].slice(-MOST_ENTRIES);
}

/** Reason and Privacy stand in entries as headers of the URI. */
function withoutHeaders(uri: string): string { return uri.split('?')[0] ?? ''; }
