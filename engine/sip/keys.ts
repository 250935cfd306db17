// Keys that come by SIP INFO: the two bodies that phones and gateways send (RFC 6086 knows them as legacy usage).

/** `ignored`: understood, and no key. */
export type InfoVerdict =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'refused'; readonly status: 400 | 415 | 469; readonly headers: Readonly<Record<string, string>> };

const ACCEPTED = 'application/dtmf-relay, application/dtmf';
/** Some gateways send the event numbers of RFC 4733 in place of the keys. */
const BY_NUMBER: Readonly<Record<string, string>> = { 10: '*', 11: '#', 12: 'A', 13: 'B', 14: 'C', 15: 'D' };
/** The hook flash, which is no key. */
const FLASH = /^(?:16|!|hf|flash)$/i;

/** What an INFO says. */
export function readInfo(info: { readonly body: string; header(name: string): string | null }): InfoVerdict {
  // We announce no packages; a packaged INFO must be refused by this status (RFC 6086 section 4.2.2).
  if (info.header('info-package') !== null) return { kind: 'refused', status: 469, headers: { 'Recv-Info': 'nil' } };
  const type = (info.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (info.body.trim() === '') return type === 'application/dtmf' || type === 'application/dtmf-relay' ? bad() : { kind: 'ignored' };
  if (type === 'application/dtmf-relay') return keyOf(/^\s*signal\s*[=:]\s*(\S+)\s*$/im.exec(info.body)?.[1] ?? '');
  if (type === 'application/dtmf') return keyOf(info.body.trim());
  return { kind: 'refused', status: 415, headers: { Accept: ACCEPTED } };
}

function keyOf(text: string): InfoVerdict {
  if (/^[0-9*#A-D]$/i.test(text)) return { kind: 'key', key: text.toUpperCase() };
  const named = BY_NUMBER[text];
  if (named !== undefined) return { kind: 'key', key: named };
  return FLASH.test(text) ? { kind: 'ignored' } : bad();
}

function bad(): InfoVerdict { return { kind: 'refused', status: 400, headers: {} }; }
