// Reads SIP messages from strangers: tolerant of folding, compact forms, case and white space, strict where a mistake could be misread later (RFC 3261 §7, §18.3; RFC 4475).
import { isToken, paramOf, parseNameAddr, parseUri, parseVia, type Via } from './address';
import { header, splitList, valueOf, type Header } from './headers';
import { type Fault, type SipMessage } from './message';

/** Longest head we read, in bytes. */
export const MAX_HEAD_BYTES = 16_384;
/** Most header lines we read. */
const MAX_HEADERS = 256;

const fault = (status: number, reason: string): Fault => ({ status, reason });

/** Where the head of a message ends: its length, and the length with the empty line; undefined while there is none. */
export function findHead(data: Buffer, from = 0): { readonly length: number; readonly total: number } | undefined {
  const crlf = data.indexOf('\r\n\r\n', from, 'latin1');
  const bare = data.indexOf('\n\n', from, 'latin1');
  if (crlf >= 0 && (bare < 0 || crlf < bare)) return { length: crlf, total: crlf + 4 };
  if (bare >= 0) return { length: bare, total: bare + 2 };
  return undefined;
}

/** One datagram. Undefined: nothing that could be answered, to be dropped. Trailing bytes beyond Content-Length are ignored (§18.3). */
export function parseDatagram(data: Buffer): SipMessage | undefined {
  let start = 0;
  while (start < data.length && (data[start] === 0x0d || data[start] === 0x0a)) start += 1;
  const found = findHead(data, start) ?? { length: data.length, total: data.length };
  // Of a head that is longer than any, the beginning says where the refusal goes.
  const long = found.length - start > MAX_HEAD_BYTES;
  const message = parseHead(data.toString('utf8', start, long ? start + MAX_HEAD_BYTES : found.length));
  if (!message || (long && message.message.kind === 'response')) return undefined;
  if (long) return { ...message.message, bytes: data.length, fault: fault(513, 'Message Too Large') } as SipMessage;
  return withBody(message, data.subarray(found.total), data.length);
}

interface Head {
  readonly message: SipMessage;
  /** What Content-Length says; undefined when it is absent. */
  readonly contentLength: number | undefined;
}

/** Attaches the body to a head. Fewer bytes than Content-Length: the request is answered 400, the response dropped (§18.3). */
export function withBody(head: Head, rest: Buffer, bytes: number): SipMessage | undefined {
  const { message, contentLength } = head;
  const length = contentLength ?? rest.length;
  if (length > rest.length) {
    if (message.kind === 'response') return undefined;
    return { ...message, bytes, fault: message.fault ?? fault(400, 'Body Shorter Than Content-Length') };
  }
  return { ...message, bytes, body: length === 0 ? '' : rest.toString('utf8', 0, length) };
}

/** Splits a head into lines, unfolding continuations; undefined for a line that is no header. */
export function readHeaders(text: string, from: number): { readonly headers: Header[]; readonly broken: boolean } {
  const headers: Header[] = [];
  let broken = false;
  let at = from;
  while (at < text.length) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    let line = text.slice(at, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
    at = end + 1;
    while (at < text.length && (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09)) {
      end = text.indexOf('\n', at);
      if (end < 0) end = text.length;
      line = `${line.trimEnd()} ${text.slice(at, end).trim()}`;
      at = end + 1;
    }
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = colon < 0 ? '' : line.slice(0, colon).trimEnd();
    if (!isToken(name)) broken = true;
    else headers.push(header(name, line.slice(colon + 1).trim()));
  }
  return { headers, broken };
}

/** A carriage return that ends no line, or a null that no backslash escapes (§25.1, quoted-pair). */
const STRAY = /\r(?!\n)|(?<!\\)\0/;

/** The head of a message, without its empty line. Undefined when it is no SIP, or has no Via to answer to. */
export function parseHead(text: string): Head | undefined {
  let end = text.indexOf('\n');
  if (end < 0) end = text.length;
  const startLine = text.slice(0, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
  const start = parseStartLine(startLine);
  if (!start) return undefined;
  const { headers, broken } = readHeaders(text, end + 1);

  const topVia = valueOf(headers, 'via');
  const via = topVia === undefined ? undefined : parseVia(splitList(topVia)[0] ?? '');
  if (!via) return undefined;
  const seen = new Essentials(headers);
  if (start.status !== undefined) {
    if (seen.fault || headers.length > MAX_HEADERS) return undefined;
    return { message: { kind: 'response', status: start.status, reason: start.reason, headers, body: '', bytes: 0, via, ...seen.fields }, contentLength: seen.contentLength };
  }
  const wrong = start.fault
    ?? (headers.length > MAX_HEADERS ? fault(400, 'Too Many Headers') : undefined)
    ?? (broken || STRAY.test(text) ? fault(400, 'Malformed Header') : undefined)
    ?? seen.fault ?? checkRequest(start.method, start.uri, via, seen.fields.cseqMethod, headers);
  return { message: { kind: 'request', method: start.method, uri: start.uri, headers, body: '', bytes: 0, via, ...seen.fields, fault: wrong }, contentLength: seen.contentLength };
}

interface StartLine { readonly method: string; readonly uri: string; readonly status: number | undefined; readonly reason: string; readonly fault: Fault | undefined }

function parseStartLine(line: string): StartLine | undefined {
  if (line.startsWith('SIP/')) {
    const match = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i.exec(line);
    return match ? { method: '', uri: '', status: Number(match[1]), reason: (match[2] ?? '').trim(), fault: undefined } : undefined;
  }
  const whole = line.trimEnd();
  const first = whole.indexOf(' ');
  const last = whole.lastIndexOf(' ');
  const method = whole.slice(0, first);
  if (first <= 0 || !isToken(method)) return undefined;
  const version = whole.slice(last + 1);
  if (!/^SIP\/\d+\.\d+$/i.test(version)) return undefined;
  const uri = last > first ? whole.slice(first + 1, last) : '';
  const wrong = version.toUpperCase() !== 'SIP/2.0' ? fault(505, 'Version Not Supported')
    : whole.length < line.length ? fault(400, 'Malformed Request-Line')
      : uri === '' || /[\s<>"]/.test(uri) ? fault(400, 'Malformed Request-URI') : undefined;
  return { method, uri, status: undefined, reason: '', fault: wrong };
}

/** The headers every message must carry, once each (§8.1.1), and Content-Length. */
class Essentials {
  readonly fields: { readonly callId: string; readonly cseq: number; readonly cseqMethod: string; readonly fromTag: string; readonly toTag: string };
  readonly contentLength: number | undefined;
  fault: Fault | undefined;

  constructor(headers: readonly Header[]) {
    const callId = this.once(headers, 'call-id') ?? '';
    // The Call-ID becomes part of an id that stands between bars on the control port.
    if (callId === '' || /[\s|]/.test(callId)) this.wrong('Malformed Call-ID');
    const cseq = /^(\d{1,10})\s+(\S+)$/.exec(this.once(headers, 'cseq') ?? '');
    if (!cseq || Number(cseq[1]) > 0x7fffffff) this.wrong('Malformed CSeq');
    const length = this.once(headers, 'content-length', true);
    if (length !== undefined && !/^\d{1,9}$/.test(length)) this.wrong('Malformed Content-Length');
    else if (length !== undefined) this.contentLength = Number(length);
    this.fields = {
      callId, cseq: Number(cseq?.[1] ?? 0), cseqMethod: cseq?.[2] ?? '',
      fromTag: this.tag(this.once(headers, 'from'), 'Malformed From'), toTag: this.tag(this.once(headers, 'to'), 'Malformed To'),
    };
  }

  private wrong(reason: string): void {
    this.fault ??= fault(400, reason);
  }

  private once(headers: readonly Header[], key: string, optional = false): string | undefined {
    let value: string | undefined;
    for (const entry of headers) {
      if (entry.key !== key) continue;
      if (value !== undefined && value !== entry.value) this.wrong(`Two Headers ${entry.name}`);
      value ??= entry.value;
    }
    if (value === undefined && !optional) this.wrong(`Missing Header ${key}`);
    return value;
  }

  private tag(value: string | undefined, reason: string): string {
    if (value === undefined) return '';
    const address = parseNameAddr(value);
    if (!address || !parseUri(address.uri)) {
      this.wrong(reason);
      return '';
    }
    const tag = paramOf(address.params, 'tag') ?? '';
    if (tag !== '' && !isToken(tag)) this.wrong(reason);
    return tag;
  }
}

const SCHEMES = ['sip', 'sips', 'tel'];
/** A parameter that is nothing at all; one semicolon too many at the end is forgiven, as many phones write it. */
const NO_PARAMETER = /;\s*;/;

/** What makes a request unusable although each header can be read. */
function checkRequest(method: string, uri: string, via: Via, cseqMethod: string, headers: readonly Header[]): Fault | undefined {
  if (cseqMethod !== method) return fault(400, 'CSeq Names Another Method');
  const target = parseUri(uri);
  if (!target) return fault(400, 'Malformed Request-URI');
  if (!SCHEMES.includes(target.scheme)) return fault(416, 'Unsupported URI Scheme');
  // Headers in a Request-URI would become ours (§19.1.1); a question mark before the @ is the user's.
  if (target.scheme !== 'tel' && uri.includes('?', uri.indexOf('@') + 1)) return fault(400, 'Headers In Request-URI');
  if (NO_PARAMETER.test(via.params) || (via.branch !== '' && !isToken(via.branch))) return fault(400, 'Malformed Via');
  const hops = valueOf(headers, 'max-forwards');
  if (hops !== undefined && !(/^\d{1,9}$/.test(hops) && Number(hops) <= 255)) return fault(400, 'Malformed Max-Forwards');
  for (const { key, value } of headers) {
    if (key !== 'contact' || value === '*') continue;
    for (const member of splitList(value)) {
      const contact = parseNameAddr(member);
      if (!contact || !parseUri(contact.uri) || (contact.params.includes(';') && NO_PARAMETER.test(unquoted(contact.params)))) return fault(400, 'Malformed Contact');
    }
  }
  if (method === 'REGISTER' && !/^sips?:/i.test(parseNameAddr(valueOf(headers, 'to') ?? '')?.uri ?? '')) return fault(400, 'To Is No SIP Address');
  if (method === 'INVITE' && valueOf(headers, 'contact') === undefined) return fault(400, 'Missing Header contact');
  return undefined;
}

const unquoted = (params: string): string => (params.includes('"') ? params.replace(/"(?:[^"\\]|\\.)*"/g, '""') : params);
