// What an engine asks to be sent: a message without the parts that are the stack's own.
import { paramOf, parseNameAddr } from './address';
import { header, valueOf, type Header } from './headers';
import { readHeaders } from './parser';

export interface Draft {
  readonly startLine: string;
  readonly headers: readonly Header[];
  readonly body: string;
}

/** A request or response was not sent, and why, in words the client libraries know. */
export class NotSent extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotSent';
  }
}

/** Reads an engine's message. @throws NotSent for one that is no message. */
export function parseDraft(text: string): Draft {
  const headEnd = text.indexOf('\r\n\r\n');
  const head = headEnd < 0 ? text : text.slice(0, headEnd);
  const lineEnd = head.indexOf('\r\n');
  const { headers, broken } = readHeaders(head, lineEnd < 0 ? head.length : lineEnd + 2);
  if (broken) throw new NotSent('invalid header');
  return { startLine: lineEnd < 0 ? head : head.slice(0, lineEnd), headers, body: headEnd < 0 ? '' : text.slice(headEnd + 4) };
}

/** Engines do not know our address: they write localhost, and we put ours in its place. */
const OWN_ADDRESS = new Set(['from', 'to', 'contact', 'p-asserted-identity', 'p-preferred-identity', 'referred-by', 'diversion', 'remote-party-id']);

/** The draft's headers without those named, each empty one dropped, with `@localhost` replaced by `hostPort`, in Contact by `place`. */
export function keptHeaders(draft: Draft, without: ReadonlySet<string>, hostPort: string, place = hostPort): Header[] {
  const kept: Header[] = [];
  for (const entry of draft.headers) {
    if (without.has(entry.key) || entry.value === '') continue;
    kept.push(OWN_ADDRESS.has(entry.key) ? header(entry.name, withOwnAddress(entry.value, entry.key === 'contact' ? place : hostPort)) : entry);
  }
  return kept;
}

export const withOwnAddress = (value: string, hostPort: string): string => value.replace(/@localhost(?::\d+)?(?=[;>?\s,]|$)/g, `@${hostPort}`);

/** The Content-Type a body needs and the draft does not name. @throws NotSent when it cannot be guessed. */
export function missingContentType(draft: Draft): Header[] {
  if (draft.body === '' || valueOf(draft.headers, 'content-type') !== undefined) return [];
  if (draft.body.startsWith('v=0')) return [header('Content-Type', 'application/sdp')];
  throw new NotSent('missing content-type');
}

/** The tag in a From or To value; empty when there is none. */
export function tagOf(value: string | undefined): string {
  const address = value === undefined ? undefined : parseNameAddr(value);
  return address ? paramOf(address.params, 'tag') ?? '' : '';
}
