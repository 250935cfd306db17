// Offers inside one dialog, theirs and ours, one at a time (RFC 3261 section 14, RFC 3311).
//
//   idle ── their offer ─▶ answering ── 200 ─▶ awaitingAck ── ACK ─▶ idle           whatever is ours waits in line meanwhile
//   idle ── our INVITE ─▶ asking ── 2xx, ACK ─▶ idle       asking ── 491 ─▶ idle, and the same again after a random while
//                            └── 408, 481, no edge ─▶ the other side is gone       └── any other ─▶ idle, refused
import { MediaFault } from '../calls/ports';
import { hasForeignBody, type LegDeps, SDP, sdpOf, SUPPORTED, unsupportedExtensions } from './leg';
import { type Headers, type Incoming, type Received } from './link';

export interface RenegotiationEvents {
  /** As `SipListener.renegotiate`. */
  renegotiate(sdp: string): Promise<string>;
  completeRenegotiation(sdp: string): void;
  /** They answered 408 or 481: they know of no dialog (RFC 3261 section 12.2.1.2). */
  lost(): void;
}

/** What a session timer puts into offers and answers, and reads out of them. */
export interface Terms {
  /** Null when the request was refused by it, and answered. */
  answer(incoming: Incoming): { readonly headers: Headers; agree(): void } | null;
  offer(): Headers;
  agreed(response: Received): void;
  /** A 422: whether to ask again. */
  refused(response: Received): boolean;
}

interface Ask {
  make(): Promise<string>;
  done(answer: string): void;
  failed(fault: MediaFault): void;
  attempts: number;
}

/** What a 200 of ours still awaits: its ACK, or with it the answer to the offer that was in the 200. */
export type Awaits = 'nothing' | 'ack' | 'answer';

/** More than that, and the two sides will never agree. */
const MOST_ATTEMPTS = 6;

export class Renegotiation {
  private theirs: 'none' | 'answering' | 'awaitingAck' | 'awaitingAnswer';
  private asking = false;
  private cancelGlare: (() => void) | null = null;
  private readonly line: Ask[] = [];
  private over = false;

  /** @param weBegan whether the Call-ID is ours, which decides who waits longer after both have asked at once. @param awaits what our 200 to the latest INVITE of theirs still awaits. */
  constructor(
    private readonly dialogId: string, private readonly weBegan: boolean, awaits: Awaits,
    private readonly allow: string, private readonly terms: Terms, private readonly events: RenegotiationEvents, private readonly deps: LegDeps,
  ) {
    this.theirs = awaits === 'nothing' ? 'none' : awaits === 'ack' ? 'awaitingAck' : 'awaitingAnswer';
  }

  /** What our latest 200 awaits. */
  get awaits(): Awaits { return this.theirs === 'awaitingAck' ? 'ack' : this.theirs === 'awaitingAnswer' ? 'answer' : 'nothing'; }

  /** The ACK must have come while no engine was there. */
  awaitNoLonger(): void {
    if (this.theirs === 'awaitingAck' || this.theirs === 'awaitingAnswer') this.settled('none');
  }

  /** A re-INVITE or UPDATE. A re-INVITE without SDP is offered our own again, and its answer awaited in the ACK. */
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
    const carriesOffer = sdp !== null || incoming.method === 'INVITE';
    if (carriesOffer && this.theirs === 'answering') {
      // Theirs came before, and is not answered yet (RFC 3261 section 14.2, RFC 3311 section 5.2).
      incoming.respond(500, { headers: { 'Retry-After': String(Math.floor(this.deps.random() * 10)) } });
      return;
    }
    if (carriesOffer && (this.asking || this.theirs === 'awaitingAnswer')) {
      incoming.respond(491);
      return;
    }
    const terms = this.terms.answer(incoming);
    if (terms === null) return;
    const headers = { Allow: this.allow, Supported: SUPPORTED, ...terms.headers };
    if (!carriesOffer) {
      terms.agree();
      incoming.respond(200, { headers });
      return;
    }
    this.answer(incoming, sdp, headers, () => { terms.agree(); });
  }

  /** The ACK for what `handle` answered, or the first of the dialog. */
  acknowledged(ack: Incoming): void {
    const sdp = sdpOf(ack);
    if (this.theirs === 'awaitingAnswer' && sdp !== null) this.events.completeRenegotiation(sdp);
    if (this.theirs !== 'answering') this.theirs = 'none';
    this.next();
  }

  /** Offers `sdp`; resolves to their answer. @throws MediaFault 'refused' */
  offer(sdp: string): Promise<string> {
    return new Promise((resolve, reject) => { this.ask({ make: () => Promise.resolve(sdp), done: resolve, failed: reject, attempts: 0 }); });
  }

  /** Offers once more what holds, which shows that the dialog stands. @throws MediaFault */
  repeat(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.ask({
        make: () => this.events.renegotiate(''),
        done: (answer) => {
          this.events.completeRenegotiation(answer);
          resolve();
        },
        failed: reject, attempts: 0,
      });
    });
  }

  /** The dialog is over. */
  stop(): void {
    this.over = true;
    this.cancelGlare?.();
    for (const ask of this.line.splice(0)) ask.failed(new MediaFault('refused', 'the leg is over'));
  }

  private answer(incoming: Incoming, sdp: string | null, headers: Headers, answered: () => void): void {
    this.theirs = 'answering';
    let cancelled = false;
    incoming.onCancel(() => {
      cancelled = true;
      this.settled('none');
    });
    this.events.renegotiate(sdp ?? '').then((answer) => {
      if (this.giveUp(incoming, cancelled)) return;
      answered();
      incoming.respond(200, { headers: { 'Content-Type': SDP, ...headers }, body: answer });
      this.settled(incoming.method === 'UPDATE' ? 'none' : sdp === null ? 'awaitingAnswer' : 'awaitingAck');
    }, (fault: unknown) => {
      if (this.giveUp(incoming, cancelled)) return;
      this.deps.log.info({ fault: fault instanceof Error ? fault.message : 'unknown' }, 'an offer inside a call could not be used');
      incoming.respond(fault instanceof MediaFault && fault.code === 'unsupported' ? 488 : 500);
      this.settled('none');
    });
  }

  /** It was taken back meanwhile, or the dialog is over: then it is answered as taken back (RFC 3261 section 15.1.2). */
  private giveUp(incoming: Incoming, cancelled: boolean): boolean {
    if (this.over && !cancelled) incoming.respond(487);
    return this.over || cancelled;
  }

  private settled(theirs: Renegotiation['theirs']): void {
    this.theirs = theirs;
    this.next();
  }

  private ask(ask: Ask): void {
    this.line.push(ask);
    this.next();
  }

  /** The first in line, unless something is under way. */
  private next(): void {
    const ask = this.line[0];
    if (this.over) this.stop();
    else if (ask !== undefined && !this.asking && this.theirs === 'none' && this.cancelGlare === null) {
      this.asking = true;
      ask.attempts += 1;
      ask.make().then((sdp) => { this.send(ask, sdp); }, (fault: unknown) => { this.settle(ask, () => { ask.failed(asFault(fault)); }); });
    }
  }

  private send(ask: Ask, sdp: string): void {
    if (this.over) {
      this.stop();
      return;
    }
    this.deps.link.send({ method: 'INVITE', dialogId: this.dialogId, headers: { 'Content-Type': SDP, Allow: this.allow, Supported: SUPPORTED, ...this.terms.offer() }, body: sdp }, {
      reply: (reply) => {
        if (reply.status < 200) return;
        const answer = reply.status < 300 ? sdpOf(reply) : null;
        if (reply.status < 300) reply.ack();
        if (answer !== null) {
          this.settle(ask, () => {
            this.terms.agreed(reply);
            ask.done(answer);
          });
        } else if (reply.status === 491 || (reply.status === 422 && this.terms.refused(reply))) this.again(ask, reply.status === 491 ? this.glareMs() : 0);
        else {
          this.settle(ask, () => { ask.failed(new MediaFault('refused', `the offer was answered ${reply.status}`)); });
          if (reply.status === 408 || reply.status === 481) this.events.lost();
        }
      },
      failed: (fault) => {
        // The edge holds an INVITE of theirs that we have not been told of yet: that is glare as well.
        if (fault.code === 'refused') this.again(ask, this.glareMs());
        else this.settle(ask, () => { ask.failed(new MediaFault('refused', 'the offer could not be sent', { cause: fault })); });
      },
    });
  }

  private settle(ask: Ask, tell: () => void): void {
    if (this.line[0] !== ask) return;
    this.line.shift();
    this.asking = false;
    tell();
    this.next();
  }

  private again(ask: Ask, ms: number): void {
    if (this.over) return;
    if (ask.attempts >= MOST_ATTEMPTS) {
      this.settle(ask, () => { ask.failed(new MediaFault('refused', 'the other side keeps asking at the same time')); });
      return;
    }
    this.asking = false;
    this.cancelGlare = this.deps.timers.after(ms, () => {
      this.cancelGlare = null;
      this.next();
    });
  }

  /** RFC 3261 section 14.1, in units of 10 ms: whoever made the Call-ID waits 2.1 to 4 s, the other up to 2 s. */
  private glareMs(): number {
    const [from, to] = this.weBegan ? [210, 400] : [0, 200];
    return 10 * (from + Math.floor(this.deps.random() * (to - from + 1)));
  }
}

function asFault(fault: unknown): MediaFault {
  return fault instanceof MediaFault ? fault : new MediaFault('refused', 'there is nothing to offer', { cause: fault });
}
