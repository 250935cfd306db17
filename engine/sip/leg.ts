// What all legs have in common: what we allow and support, how long each step may take, ending a dialog, and reading a body.
import { type Timers } from '../calls/ports';
import { type Logger } from '../../storage/process/log';
import { type Headers, type Incoming, type Outcome, type Outgoing } from './link';

export const ALLOW = 'INVITE, ACK, CANCEL, BYE, UPDATE, INFO, OPTIONS';
/** Agents' phones may transfer as well. */
export const ALLOW_AGENT = `${ALLOW}, REFER`;
export const SUPPORTED = 'timer, replaces';
export const SDP = 'application/sdp';

export interface LegDeps {
  readonly link: { send(outgoing: Outgoing, outcome: Outcome): void };
  readonly timers: Timers;
  readonly log: Logger;
  /** At least 0, less than 1. */
  random(): number;
  /** What is kept of this dialog is not what it was. */
  refreshed(dialogId: string): void;
}

/** How long each step may take. The edge gives up on a transaction by itself after 32 s (RFC 3261 section 17.1.1.2). */
export const DEADLINES_MS = {
  /** A BYE not answered by then counts as done: the edge goes on retransmitting it. */
  bye: 4_000,
  /** One that the edge was not told of is told again, until then: as long as an edge that is silent is not taken for lost. */
  byeAgain: 250,
  byeUntold: 35_000,
  /** After a CANCEL, for the 487. What comes later is still acknowledged and ended. */
  cancel: 4_000,
  /** A phone that has said nothing at all by then is unreachable: UDP has been sent five times. */
  silence: 8_000,
  /** A trunk that is trying may take this long until somebody rings or speaks. */
  progress: 32_000,
  /** The edge ends a dialog without ACK at 32 s and says so; this is for an edge that does not. */
  ack: 34_000,
  /** The edge sends an unacknowledged 200 again within 500 ms. */
  lateAck: 1_000,
  /** An unanswered INVITE is told again to the engine that comes back, for 8 s. */
  edgeGone: 10_000,
  /** Whoever has confirmed waits for the caller no longer than this. */
  confirmation: 8_000,
} as const;

/**
 * Sends BYE and calls `done` once: when it is answered, when the edge refuses it, or when it is past its deadline. While the edge cannot be
 * told the dialog stands there, and whoever is in it is not free.
 */
export function sendBye(deps: LegDeps, dialogId: string, headers: Headers, done: () => void): void {
  const { timers, link } = deps;
  const untilMs = timers.nowMs() + DEADLINES_MS.byeUntold;
  let settled = false;
  let cancelTimer = (): void => undefined;
  const settle = (): void => {
    if (settled) return;
    settled = true;
    cancelTimer();
    done();
  };
  const send = (): void => {
    cancelTimer = timers.after(DEADLINES_MS.bye, settle);
    link.send({ method: 'BYE', dialogId, headers }, {
      reply: (reply) => { if (reply.status >= 200) settle(); },
      failed: ({ code }) => {
        const untold = code === 'lost' || code === 'down';
        if (settled) return;
        if (!untold || timers.nowMs() >= untilMs) {
          settle();
          return;
        }
        cancelTimer();
        cancelTimer = timers.after(DEADLINES_MS.byeAgain, send);
      },
    });
  };
  send();
}

/** The SDP of a message, from a plain or a multipart body; null when there is none. */
export function sdpOf(message: { readonly body: string; header(name: string): string | null }): string | null {
  const type = (message.header('content-type') ?? '').toLowerCase();
  if (message.body.trim() === '') return null;
  if (type.startsWith('multipart/')) {
    const part = /content-type:\s*application\/sdp[^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n([\s\S]*?)(?:\r\n--|$)/i.exec(message.body);
    return part?.[1] ?? null;
  }
  return type === '' || type.startsWith(SDP) ? message.body : null;
}

/** Whether an INVITE without usable SDP carried something else that we would have to understand (RFC 3261 section 8.2.3). */
export function hasForeignBody(message: { readonly body: string; header(name: string): string | null }): boolean {
  return message.body.trim() !== '' && sdpOf(message) === null;
}

/** Those we would have to support and do not (RFC 3261 section 8.2.2.3); null when there is none. */
export function unsupportedExtensions(incoming: Incoming): string | null {
  const unknown = (incoming.header('require') ?? '').split(',').map((each) => each.trim()).filter((each) => each !== '' && !KNOWN.has(each.toLowerCase()));
  return unknown.length === 0 ? null : unknown.join(', ');
}

const KNOWN = new Set(SUPPORTED.split(', '));
