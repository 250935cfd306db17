// The small grammars inside headers: URIs, name-addr, parameters and Via (RFC 3261 §19.1, §20.10, §20.42).

export interface SipUri {
  /** In lower case. */
  readonly scheme: string;
  readonly user: string;
  readonly host: string;
  readonly port: number | undefined;
  /** `;a=b;c`, or empty. */
  readonly params: string;
}

/** Reads `sip:user@host:port;params?headers`. Other schemes keep everything after the colon in `user`. Undefined when there is no sense in it. */
export function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':');
  if (colon <= 0 || /[\s<>"]/.test(text)) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) return undefined;
  if (scheme !== 'sip' && scheme !== 'sips') return { scheme, user: text.slice(colon + 1), host: '', port: undefined, params: '' };
  const at = text.indexOf('@', colon + 1);
  const user = at < 0 ? '' : text.slice(colon + 1, at);
  let rest = at < 0 ? text.slice(colon + 1) : text.slice(at + 1);
  const question = rest.indexOf('?');
  if (question >= 0) rest = rest.slice(0, question);
  const semicolon = rest.indexOf(';');
  const params = semicolon < 0 ? '' : rest.slice(semicolon);
  const place = parseHostPort(semicolon < 0 ? rest : rest.slice(0, semicolon));
  if (!place || (at >= 0 && user === '')) return undefined;
  return { scheme, user, host: place.host, port: place.port, params };
}

/** Reads `host` or `host:port`; IPv6 in brackets. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?:\s*:\s*(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && (port < 1 || port > 65535)) return undefined;
  return { host: match[1] as string, port };
}

export interface NameAddr {
  /** As it stands, quotes included. */
  readonly display: string;
  readonly uri: string;
  /** Header parameters, `;a=b`, or empty. */
  readonly params: string;
}

/** Reads `"Display" <uri>;params`, or `uri;params`, where all parameters are the header's (RFC 3261 §20). */
export function parseNameAddr(value: string): NameAddr | undefined {
  let from = 0;
  if (value.charCodeAt(0) === 0x22) {
    from = 1;
    while (from < value.length && value.charCodeAt(from) !== 0x22) from += value.charCodeAt(from) === 0x5c ? 2 : 1;
    if (from >= value.length) return undefined;
  }
  const open = value.indexOf('<', from);
  if (open < 0) {
    if (from > 0) return undefined;
    const semicolon = value.indexOf(';');
    const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
    if (uri === '' || /[\s,?"]/.test(uri)) return undefined;
    return { display: '', uri, params: semicolon < 0 ? '' : value.slice(semicolon) };
  }
  const close = value.indexOf('>', open);
  if (close < 0) return undefined;
  const params = value.slice(close + 1).trim();
  if (params !== '' && params.charCodeAt(0) !== 0x3b) return undefined;
  const display = value.slice(0, open).trim();
  if (from === 0 && /[",<]/.test(display)) return undefined;
  return { display, uri: value.slice(open + 1, close).trim(), params };
}

/** The value of one parameter in `;a=b;c`: empty for a bare one, undefined when it is not there. Quotes stay. */
export function paramOf(params: string, name: string): string | undefined {
  let at = params.indexOf(';');
  while (at >= 0) {
    let end = at + 1;
    let quoted = false;
    while (end < params.length && (quoted || params.charCodeAt(end) !== 0x3b)) {
      const code = params.charCodeAt(end);
      if (code === 0x22) quoted = !quoted;
      else if (quoted && code === 0x5c) end += 1;
      end += 1;
    }
    const equals = params.indexOf('=', at);
    const split = equals < 0 || equals >= end ? end : equals;
    if (params.slice(at + 1, split).trim().toLowerCase() === name) return split === end ? '' : params.slice(split + 1, end).trim();
    at = end < params.length ? end : -1;
  }
  return undefined;
}

export interface Via {
  /** `UDP`, `TCP`, … in capitals. */
  readonly transport: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: string;
  readonly branch: string;
}

/** Reads one Via value, white space around the slashes and the colon allowed; of any version, so that it can be told that we speak another. */
export function parseVia(value: string): Via | undefined {
  const semicolon = value.indexOf(';');
  const match = /^SIP\s*\/\s*\d+\.\d+\s*\/\s*([A-Za-z0-9-]+)\s+(.+)$/i.exec((semicolon < 0 ? value : value.slice(0, semicolon)).trim());
  if (!match) return undefined;
  const place = parseHostPort((match[2] as string).trim());
  if (!place) return undefined;
  const params = semicolon < 0 ? '' : value.slice(semicolon);
  return { transport: (match[1] as string).toUpperCase(), host: place.host, port: place.port, params, branch: paramOf(params, 'branch') ?? '' };
}

const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

/** Whether this is a token (RFC 3261 §25.1), as tags, methods and branches must be. */
export const isToken = (text: string): boolean => TOKEN.test(text);

/** Whether this is an IPv4 address in digits. */
export const isIpv4 = (host: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
