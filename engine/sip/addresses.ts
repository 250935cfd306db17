// Reads and writes the addresses in SIP headers: name-addr, SIP and tel URIs, Contact lists (RFC 3261 sections 19.1, 20.10, 25.1; RFC 3966).

export interface Address {
  /** Without quotes; empty when there is none. */
  readonly name: string;
  readonly uri: string;
  /** Header parameters, names in lower case. */
  readonly params: ReadonlyMap<string, string>;
}

export interface Uri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  /** Unescaped. For tel: the number without visual separators. */
  readonly user: string;
  readonly host: string;
  readonly port: number | null;
  readonly params: ReadonlyMap<string, string>;
}

/** One name-addr or addr-spec with header parameters; null when it is neither. */
export function parseAddress(text: string): Address | null {
  const named = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^<>\s]+)>(.*)$/s.exec(text);
  if (named !== null) {
    const [, quoted, token, uri = '', rest = ''] = named;
    return { name: printable(quoted === undefined ? token ?? '' : quoted.replace(/\\(.)/gs, '$1')), uri, params: parseParams(rest) };
  }
  // Without angle brackets what follows a semicolon belongs to the header (RFC 3261 section 20.10).
  const bare = /^\s*([^\s;,<>"]+)\s*(;.*)?$/s.exec(text);
  return bare === null ? null : { name: '', uri: bare[1] ?? '', params: parseParams(bare[2] ?? '') };
}

/** Splits a header's value at the commas that separate addresses, not at those inside quotes or brackets. */
export function splitAddresses(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let bracketed = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quoted && character === '\\') {
      part += character + text.charAt(at + 1);
      at += 1;
      continue;
    }
    if (character === '"' && !bracketed) quoted = !quoted;
    else if (!quoted && character === '<') bracketed = true;
    else if (!quoted && character === '>') bracketed = false;
    if (character === ',' && !quoted && !bracketed) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return [...parts, part].map((each) => each.trim()).filter((each) => each !== '');
}

/** A SIP, SIPS or tel URI; null for anything else. */
export function parseUri(text: string): Uri | null {
  const tel = /^tel:([^;\s]+)(;[^\s]*)?$/i.exec(text);
  if (tel !== null) return { scheme: 'tel', user: (tel[1] ?? '').replace(/[-.()]/g, ''), host: '', port: null, params: parseParams(tel[2] ?? '') };
  const sip = /^(sips?):(?:([^@\s:]*)(?::[^@\s]*)?@)?(\[[0-9a-f:.]+\]|[^\s:;?@[\]]+)(?::(\d{1,5}))?(;[^\s?]*)?(?:\?[^\s]*)?$/i.exec(text);
  if (sip === null) return null;
  const port = sip[4] === undefined ? null : Number(sip[4]);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  // The user part may carry parameters of its own, as `+441234;phone-context=x` does; they are not part of who is called.
  const user = unescaped((sip[2] ?? '').split(';')[0] ?? '');
  return { scheme: (sip[1] ?? '').toLowerCase() === 'sips' ? 'sips' : 'sip', user, host: (sip[3] ?? '').toLowerCase(), port, params: parseParams(sip[5] ?? '') };
}

/** `"name" <uri>`, whatever the name holds. */
export function formatAddress(name: string, uri: string): string {
  return `"${printable(name).replace(/["\\]/g, '\\$&')}" <${uri}>`;
}

/** The user part of a SIP URI, escaped where RFC 3261 section 25.1 asks for it. */
export function escapeUser(user: string): string {
  return encodeURIComponent(user).replace(/%(2B|26|3D|24|2C|3F|2F)/g, (escaped) => decodeURIComponent(escaped));
}

/** `host:port`, with brackets around IPv6, whether or not it has them. */
export function hostPort(host: string, port: number): string { return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`; }

/** Line breaks and other control characters have no business in a name. */
function printable(text: string): string {
  return text.replace(/\s*[\u0000-\u001f\u007f]+\s*/g, ' ').trim();
}

function unescaped(text: string): string {
  try {
    return printable(decodeURIComponent(text));
  } catch {
    return printable(text);
  }
}

function parseParams(text: string): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (const match of text.matchAll(/;\s*([^\s;=,"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,]*))?/g)) params.set((match[1] ?? '').toLowerCase(), (match[2] ?? '').replace(/^"(.*)"$/s, '$1'));
  return params;
}
