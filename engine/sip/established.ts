// What goes on inside a dialog that stands, on whichever side it began: offers, session timer, keys, transfers asked for.
import { ALLOW, ALLOW_AGENT, DEADLINES_MS, type LegDeps, SUPPORTED } from './leg';
import { readInfo } from './keys';
import { type Headers, type Incoming, type Received } from './link';
import { agreedAgoMs, type DialogKept, timerOut } from './kept';
import { type Now } from '../core/types';
import { type Awaits, Renegotiation, type Terms } from './renegotiation';
import { type DialogName } from './replaces';
import { type Agreement, agreedBy, answerTerms, hasToken, leastOf, offerTerms, SESSION_SECONDS, SessionTimer } from './session-timer';

export interface EstablishedEvents {
  /** As `SipListener.renegotiate`. */
  renegotiate(sdp: string): Promise<string>;
  completeRenegotiation(sdp: string): void;
  keyPressed(key: string): void;
  /** A REFER, to be answered. */
  referred(incoming: Incoming): void;
  /** The session timer runs anew. */
  refreshed(): void;
  /** The other side is gone without a BYE, and is to be sent one. */
  lost(): void;
}

export interface Beginning {
  readonly dialog: DialogName;
  /** Whether the INVITE was ours. */
  readonly weBegan: boolean;
  /** What our 200 awaits. */
  readonly awaits: Awaits;
  readonly allow: string;
  readonly agreement: Agreement | null;
  /** Their Allow. */
  readonly theyAllow: string | null;
  /** How long ago another engine agreed on the session timer; left out by who made the dialog. */
  readonly agreedAgoMs?: number;
}

/** A dialog as another engine left it. */
export function beginningOf({ name, weBegan, mayRefer, theyAllow, timer, awaits }: DialogKept, now: Now): Beginning {
  return {
    dialog: name, weBegan, awaits, allow: mayRefer ? ALLOW_AGENT : ALLOW, theyAllow,
    agreement: timer === null ? null : { seconds: timer.seconds, refresher: timer.refresher }, agreedAgoMs: timer === null ? 0 : agreedAgoMs(timer, now),
  };
}

export class Established {
  private readonly offers: Renegotiation;
  private readonly timer: SessionTimer;
  private theyAllow: string | null;
  private least: number = SESSION_SECONDS.min;
  private refreshing = false;
  private over = false;
  private cancelAwaiting: (() => void) | null = null;

  constructor(private readonly beginning: Beginning, private readonly events: EstablishedEvents, private readonly deps: LegDeps) {
    const { dialog, weBegan, awaits, allow, agreement, agreedAgoMs: agoMs } = beginning;
    this.theyAllow = beginning.theyAllow;
    this.timer = new SessionTimer(deps.timers, { refresh: () => { this.refresh(); }, expired: () => { this.lost('a session was not refreshed in time'); } });
    this.offers = new Renegotiation(dialog.id, weBegan, awaits, allow, this.terms(), {
      renegotiate: (sdp) => events.renegotiate(sdp),
      completeRenegotiation: (sdp) => { events.completeRenegotiation(sdp); },
      lost: () => { this.lost('the other side knows nothing of a dialog'); },
    }, deps);
    if (agoMs === undefined || agreement === null) this.timer.agree(agreement);
    else this.timer.resume(agreement, agoMs);
    // Its ACK may have come while nobody was there to hear it; one that comes yet comes soon, for the edge sends the 200 again.
    if (agoMs !== undefined && awaits !== 'nothing') this.cancelAwaiting = deps.timers.after(DEADLINES_MS.lateAck, () => { this.offers.awaitNoLonger(); });
  }

  /** For another engine. */
  keep(now: Now): DialogKept {
    const { dialog, weBegan, allow } = this.beginning;
    return { name: { ...dialog }, weBegan, mayRefer: allow === ALLOW_AGENT, theyAllow: this.theyAllow, timer: timerOut(this.timer.agreement, this.timer.sinceMs, now), awaits: this.offers.awaits };
  }

  get name(): DialogName { return this.beginning.dialog; }

  /** Any request inside the dialog but ACK and BYE. */
  handle(incoming: Incoming): void {
    const theyAllow = incoming.header('allow');
    if (theyAllow !== null) this.theyAllow = theyAllow;
    switch (incoming.method) {
      case 'INVITE':
      case 'UPDATE':
        this.offers.handle(incoming);
        break;
      case 'INFO':
        this.info(incoming);
        break;
      case 'REFER':
        this.events.referred(incoming);
        break;
      case 'OPTIONS':
        incoming.respond(200, { headers: { Allow: this.beginning.allow, Supported: SUPPORTED } });
        break;
      default:
        incoming.respond(405, { headers: { Allow: this.beginning.allow } });
    }
  }

  acknowledged(ack: Incoming): void { this.offers.acknowledged(ack); }

  /** Offers new SDP; resolves to the answer. @throws MediaFault 'refused' */
  offer(sdp: string): Promise<string> { return this.offers.offer(sdp); }

  /** The dialog is over: what was asked for comes to nothing. */
  stop(): void {
    this.over = true;
    this.cancelAwaiting?.();
    this.timer.stop();
    this.offers.stop();
  }

  private info(incoming: Incoming): void {
    const verdict = readInfo(incoming);
    if (verdict.kind === 'refused') {
      incoming.respond(verdict.status, { headers: verdict.headers });
      return;
    }
    incoming.respond(200);
    if (verdict.kind === 'key') this.events.keyPressed(verdict.key);
  }

  private terms(): Terms {
    return {
      answer: (incoming) => {
        const terms = answerTerms(incoming, this.timer.agreement);
        if (terms.kind === 'agreed') return { headers: terms.headers, agree: () => { this.agree(terms.agreement); } };
        incoming.respond(terms.status, { headers: terms.headers });
        return null;
      },
      offer: () => offerTerms(this.timer.agreement, this.least),
      agreed: (response) => { this.agree(agreedBy(response)); },
      refused: (response) => this.asksForMore(response),
    };
  }

  private agree(agreement: Agreement | null): void {
    this.timer.agree(agreement);
    this.events.refreshed();
  }

  private asksForMore(response: Received): boolean {
    const least = leastOf(response, this.timer.agreement?.seconds ?? this.least);
    if (least === null) return false;
    this.least = least;
    return true;
  }

  /** By UPDATE where they know it, which touches no media; else by offering what holds once more (RFC 4028 section 7.4). */
  private refresh(): void {
    if (this.over || this.refreshing) return;
    this.refreshing = true;
    const failed = (): void => {
      this.refreshing = false;
      this.timer.retry();
    };
    if (!hasToken(this.theyAllow, 'UPDATE')) {
      this.offers.repeat().then(() => { this.refreshing = false; }, failed);
      return;
    }
    const headers: Headers = { Allow: this.beginning.allow, Supported: SUPPORTED, ...offerTerms(this.timer.agreement, this.least) };
    this.deps.link.send({ method: 'UPDATE', dialogId: this.name.id, headers }, {
      reply: (reply) => {
        if (reply.status < 200 || this.over) return;
        this.refreshing = false;
        if (reply.status < 300) this.agree(agreedBy(reply));
        else if (reply.status === 408 || reply.status === 481) this.lost('the other side knows nothing of a dialog');
        else if (reply.status === 405 || reply.status === 501) {
          this.theyAllow = null;
          this.refresh();
        } else if (reply.status === 422 && this.asksForMore(reply)) this.refresh();
        else this.timer.retry();
      },
      failed,
    });
  }

  private lost(why: string): void {
    if (this.over) return;
    this.deps.log.info({ dialog: this.name.callId, why }, 'a dialog is ended, its other side is gone');
    this.events.lost();
  }
}

