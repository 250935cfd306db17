// Header names: compact forms, letter case, and how we write them (RFC 3261 §7.3.3, §20).

/** One header line. `key` is the full name in lower case; `name` is what is written. */
export interface Header {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact', b: 'referred-by', c: 'content-type', d: 'request-disposition', e: 'content-encoding', f: 'from', i: 'call-id', j: 'reject-contact',
  k: 'supported', l: 'content-length', m: 'contact', n: 'identity-info', o: 'event', r: 'refer-to', s: 'subject', t: 'to', u: 'allow-events', v: 'via',
  x: 'session-expires', y: 'identity',
};

const USUAL = [
  'Accept', 'Accept-Encoding', 'Accept-Language', 'Alert-Info', 'Allow', 'Allow-Events', 'Authorization', 'Call-ID', 'Call-Info', 'Contact', 'Content-Disposition', 'Content-Encoding',
  'Content-Language', 'Content-Length', 'Content-Type', 'CSeq', 'Date', 'Diversion', 'Event', 'Expires', 'From', 'Max-Forwards', 'MIME-Version', 'Min-Expires', 'Min-SE',
  'Organization', 'P-Asserted-Identity', 'P-Preferred-Identity', 'Path', 'Priority', 'Privacy', 'Proxy-Authenticate', 'Proxy-Authorization', 'Proxy-Require', 'RAck', 'RSeq',
  'Reason', 'Record-Route', 'Refer-To', 'Referred-By', 'Remote-Party-ID', 'Replaces', 'Require', 'Retry-After', 'Route', 'Server', 'Session-Expires', 'Subject',
  'Subscription-State', 'Supported', 'Timestamp', 'To', 'Unsupported', 'User-Agent', 'Via', 'WWW-Authenticate', 'Warning',
];

interface Name { readonly key: string; readonly name: string }

/** Every usual spelling, so that most lookups cost one hash and no lower-casing. Never grows: names come from strangers. */
const KNOWN: ReadonlyMap<string, Name> = (() => {
  const known = new Map<string, Name>();
  for (const name of USUAL) {
    const entry = { key: name.toLowerCase(), name };
    known.set(name, entry).set(entry.key, entry);
  }
  for (const [short, key] of Object.entries(COMPACT)) {
    const entry = known.get(key) ?? { key, name: key.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()) };
    known.set(short, entry).set(short.toUpperCase(), entry).set(key, entry);
  }
  return known;
})();

/** The header `name` means, with `value`. */
export function header(name: string, value: string): Header {
  const known = KNOWN.get(name) ?? KNOWN.get(name.toLowerCase());
  return known ? { key: known.key, name: known.name, value } : { key: name.toLowerCase(), name, value };
}

/** The first value of a header, by its key. */
export function valueOf(headers: readonly Header[], key: string): string | undefined {
  for (const entry of headers) if (entry.key === key) return entry.value;
  return undefined;
}

/** All values of a header whose lines may each hold a comma-separated list, in order. */
export function listOf(headers: readonly Header[], key: string): string[] {
  const values: string[] = [];
  for (const entry of headers) if (entry.key === key) values.push(...splitList(entry.value));
  return values;
}

/** Splits at commas outside quotes and angle brackets; empty members are dropped (RFC 3261 §7.3.1). */
export function splitList(value: string): string[] {
  if (!value.includes(',')) return value === '' ? [] : [value];
  const members: string[] = [];
  let start = 0;
  let quoted = false;
  let bracketed = false;
  for (let i = 0; i <= value.length; i += 1) {
    const letter = value[i];
    if (quoted) {
      if (letter === '\\') i += 1;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === '<') bracketed = true;
    else if (letter === '>') bracketed = false;
    if (i >= value.length || (letter === ',' && !quoted && !bracketed)) {
      const member = value.slice(start, i).trim();
      if (member !== '') members.push(member);
      start = i + 1;
    }
  }
  return members;
}
