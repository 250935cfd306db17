// What callers' and agents' legs have in common once their dialog stands: ending it, and what is asked inside it.
import { MediaFault, type Timers } from '../calls/ports';
import { type Logger } from '../../storage/process/log';
import { type Headers, type Incoming, type Outcome, type Outgoing } from './link';

export const ALLOW = 'INVITE, ACK, CANCEL, BYE, UPDATE, INFO, OPTIONS';
export const SDP = 'application/sdp';

export interface LegDeps {
  readonly link: { send(outgoing: Outgoing, outcome: Outcome): void };
  readonly timers: Timers;
  readonly log: Logger;
}

/** How long each step may take. The edge gives up on a transaction by itself after 32 s (RFC 3261 section 17.1.1.2). */
export const DEADLINES_MS = {
  /** A BYE not answered by then counts as done: the edge goes on retransmitting it. */
  bye: 4_000,
  /** After a CANCEL, for the 487. What comes later is still acknowledged and ended. */
  cancel: 4_000,
  /** A phone that has said nothing at all by then is unreachable: UDP has been sent five times. */
  silence: 8_000,
  /** The edge ends a dialog without ACK at 32 s and says so; this is for an edge that does not. */
  ack: 34_000,
  /** An unanswered INVITE is told again to the engine that comes back, for 8 s. */
  edgeGone: 10_000,
} as const;

/** Sends BYE and calls `done` once: when it is answered, cannot be sent, or is past its deadline. */
export function sendBye(deps: LegDeps, dialogId: string, headers: Headers, done: () => void): void {
  let settled = false;
  const settle = (): void => {
    if (settled) return;
    settled = true;
    cancelDeadline();
    done();
  };
  const cancelDeadline = deps.timers.after(DEADLINES_MS.bye, settle);
  deps.link.send({ method: 'BYE', dialogId, headers }, { reply: (reply) => { if (reply.status >= 200) settle(); }, failed: settle });
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

/** Extensions we would have to support: we support none (RFC 3261 section 8.2.2.3). Null when nothing is required. */
export function unsupportedExtensions(incoming: Incoming): string | null {
  const required = incoming.header('require');
  return required === null || required.trim() === '' ? null : required;
}

/** Answers re-INVITE and UPDATE inside one dialog, one at a time. */
export class Renegotiation {
  private busy = false;
  private awaitingAck = false;

  constructor(private readonly media: { renegotiate(sdp: string): Promise<string>; complete(sdp: string): void }, private readonly log: Logger) {}

  /** `incoming`: a re-INVITE or UPDATE. A re-INVITE without SDP is offered our own again, and its answer awaited in the ACK. */
  handle(incoming: Incoming): void {
    const extensions = unsupportedExtensions(incoming);
    if (extensions !== null) {
      incoming.respond(420, { headers: { Unsupported: extensions } });
      return;
    }
    if (hasForeignBody(incoming)) {
      incoming.respond(415, { headers: { Accept: SDP } });
      return;
    }
    const sdp = sdpOf(incoming);
    if (sdp === null && incoming.method === 'UPDATE') {
      // A session refresh (RFC 4028): nothing changes.
      incoming.respond(200, { headers: { Allow: ALLOW } });
      return;
    }
    if (this.busy) {
      incoming.respond(491);
      return;
    }
    this.busy = true;
    this.media.renegotiate(sdp ?? '').then((answer) => {
      this.busy = false;
      this.awaitingAck = sdp === null;
      incoming.respond(200, { headers: { 'Content-Type': SDP, Allow: ALLOW }, body: answer });
    }, (fault: unknown) => {
      this.busy = false;
      this.log.info({ fault: fault instanceof Error ? fault.message : 'unknown' }, 'an offer inside a call could not be used');
      incoming.respond(fault instanceof MediaFault && fault.code === 'unsupported' ? 488 : 500);
    });
  }

  /** The ACK for what `handle` answered. */
  acknowledged(ack: Incoming): void {
    const sdp = sdpOf(ack);
    if (this.awaitingAck && sdp !== null) this.media.complete(sdp);
    this.awaitingAck = false;
  }
}
