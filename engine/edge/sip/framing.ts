// Cuts a TCP stream into SIP messages by Content-Length, with bounds, so that nobody can make us hold much for long (RFC 3261 §18.3, §7.5).
import { type SipMessage } from './message';
import { findHead, MAX_HEAD_BYTES, parseHead, withBody } from './parser';

/** Longest message we read over TCP, in bytes; a UDP datagram cannot be longer either. */
export const MAX_MESSAGE_BYTES = 65_535;

/** `broken`: the stream cannot be followed any further; after answering `message`, if there is one, the connection is to be closed. */
export type Framed = { readonly kind: 'message'; readonly message: SipMessage } | { readonly kind: 'ping' } | { readonly kind: 'broken'; readonly message: SipMessage | undefined };

export class Framer {
  private chunks: Buffer[] = [];
  private held = 0;
  /** Bytes that must be there before looking again is worth it. */
  private wanted = 0;

  /** Whether part of a message is here and the rest is not; half a keep-alive does not count. */
  get waiting(): boolean {
    return this.held >= 4;
  }

  /** Takes what came; returns what is whole now. After `broken` nothing more may be pushed. */
  push(data: Buffer): Framed[] {
    this.chunks.push(data);
    this.held += data.length;
    if (this.held < this.wanted) return [];
    let rest = this.chunks.length === 1 ? data : Buffer.concat(this.chunks);
    const found: Framed[] = [];
    this.wanted = 0;
    while (rest.length > 0) {
      // Keep-alives: a double CRLF is a ping to be answered by a single one (RFC 5626 §4.4.1); stray line ends are skipped (§7.5).
      if (rest[0] === 0x0d || rest[0] === 0x0a) {
        const ping = rest.length >= 4 && rest[0] === 0x0d && rest[1] === 0x0a && rest[2] === 0x0d && rest[3] === 0x0a;
        if (ping) found.push({ kind: 'ping' });
        else if (rest.length < 4 && rest.every((byte, i) => byte === (i % 2 === 0 ? 0x0d : 0x0a))) break;
        rest = rest.subarray(ping ? 4 : 1);
        continue;
      }
      const head = findHead(rest);
      if (!head) {
        if (rest.length > MAX_HEAD_BYTES) return this.broken(found, undefined);
        break;
      }
      if (head.length > MAX_HEAD_BYTES) return this.broken(found, undefined);
      const parsed = parseHead(rest.toString('utf8', 0, head.length));
      if (!parsed) return this.broken(found, undefined);
      // Over TCP Content-Length is not optional: without it nobody knows where the next message begins (§20.14).
      const { contentLength } = parsed;
      const { message } = parsed;
      if (contentLength === undefined) return this.broken(found, message.kind === 'request' ? { ...message, fault: { status: 400, reason: 'Missing Content-Length' } } : undefined);
      const total = head.total + contentLength;
      if (total > MAX_MESSAGE_BYTES) return this.broken(found, message.kind === 'request' ? { ...message, fault: { status: 513, reason: 'Message Too Large' } } : undefined);
      if (rest.length < total) {
        this.wanted = total;
        break;
      }
      const whole = withBody(parsed, rest.subarray(head.total, total), total);
      if (whole) found.push({ kind: 'message', message: whole });
      rest = rest.subarray(total);
    }
    this.chunks = rest.length > 0 ? [rest] : [];
    this.held = rest.length;
    return found;
  }

  private broken(found: Framed[], message: SipMessage | undefined): Framed[] {
    this.chunks = [];
    this.held = 0;
    found.push({ kind: 'broken', message });
    return found;
  }
}
