// A SIP message as we hold it: a start line, header lines in order, a body, and what every part of the stack asks of it.
import { type Via } from './address';
import { type Header } from './headers';

/** Why a request cannot be served: what it is answered with. */
export interface Fault {
  readonly status: number;
  readonly reason: string;
}

interface Common {
  readonly headers: readonly Header[];
  readonly body: string;
  /** Length on the wire. */
  readonly bytes: number;
  /** The topmost Via. */
  readonly via: Via;
  readonly callId: string;
  readonly cseq: number;
  /** The method of CSeq. */
  readonly cseqMethod: string;
  /** Empty when there is none. */
  readonly fromTag: string;
  readonly toTag: string;
}

export interface SipRequest extends Common {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  /** Set when only an error answer is possible; then any other field but `via` may be empty. */
  readonly fault: Fault | undefined;
}

export interface SipResponse extends Common {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** Phrases of the responses the edge makes by itself, and of those a local failure stands for. */
export const PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying', 200: 'OK', 400: 'Bad Request', 403: 'Forbidden', 405: 'Method Not Allowed', 406: 'Not Acceptable', 408: 'Request Timeout', 416: 'Unsupported URI Scheme', 420: 'Bad Extension',
  481: 'Call/Transaction Does Not Exist', 482: 'Loop Detected', 483: 'Too Many Hops', 487: 'Request Terminated', 491: 'Request Pending', 500: 'Server Internal Error',
  503: 'Service Unavailable', 505: 'Version Not Supported', 513: 'Message Too Large',
};

/** Writes a message; Content-Length is always ours, in bytes, and last. */
export function writeMessage(startLine: string, headers: readonly Header[], body: string): string {
  let text = `${startLine}\r\n`;
  for (const { key, name, value } of headers) if (key !== 'content-length') text += `${name}: ${value}\r\n`;
  return `${text}Content-Length: ${body === '' ? 0 : Buffer.byteLength(body)}\r\n\r\n${body}`;
}
