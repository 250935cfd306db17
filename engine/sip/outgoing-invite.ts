// One INVITE of ours, to one phone or by one trunk, from sending it to the end of the dialog it makes.
//
//   trying ── 1xx ─▶ ringing ── 200, ACK ─▶ up ── BYE from the phone ─▶ over (hungUp)
//     │                 │                    └── end: BYE ─▶ ending ─▶ over (hungUp, or withdrawn)
//     │                 └── withdraw: CANCEL ─▶ cancelling ── final ≥ 300 ─▶ over (withdrawn)
//     │                                           └── 200 crossed: ACK, BYE ─▶ ending ─▶ over (withdrawn)
//     ├── withdraw: CANCEL must wait for a 1xx (RFC 3261 section 9.1); what comes first decides
//     └── 401, 407, 422 ─▶ the same once more, with what was asked for
//   any of the first three ── final ≥ 300 ─▶ over (by the verdict table)
//   up ── not refreshed in time, 408 or 481: BYE ─▶ ending ─▶ over (hungUp)
//
// Past a deadline the outcome is told, and what the phone still sends is acknowledged and ended without anybody hearing of it.
import { MediaFault } from '../calls/ports';
import { type LegOutcome, type Now, type WithdrawCause } from '../core/types';
import { parseAddress } from './addresses';
import { type LegBook } from './caller-leg';
import { type Beginning, beginningOf, Established, type EstablishedEvents } from './established';
import { type DialogKept } from './kept';
import { DEADLINES_MS, type LegDeps, SDP, sdpOf, sendBye, SUPPORTED } from './leg';
import { type Headers, type Incoming, type Reply, type Sent } from './link';
import { agreedBy, leastOf, offerTerms, SESSION_SECONDS } from './session-timer';
import { verdictOf } from './verdict';

export interface Invitation {
  readonly callId: string;
  readonly uri: string;
  readonly proxy: string | null;
  /** From, To, and what else there is to say. */
  readonly headers: Headers;
  readonly sdp: string;
  /** For a 401 or 407: what to add when it is sent again; null where there is nothing. */
  readonly credentials: ((reply: Pick<Reply, 'status' | 'header'>) => Headers | null) | null;
  /** What we allow in its dialog. */
  readonly allow: string;
  /** A trunk that is trying may still be trying after the time in which a phone has rung. */
  readonly patient: boolean;
}

/** Why it is over. `status` null: no answer came in time, or there is no edge. `rang`: somebody may have heard it. */
export interface InviteEnd { readonly outcome: LegOutcome; readonly status: number | null; readonly rang: boolean }

export interface OutgoingInviteEvents extends Omit<EstablishedEvents, 'lost' | 'refreshed'> {
  /** A first 180 or 183. */
  ringing(): void;
  /** At most once, and never after a `withdraw`. */
  answered(sdp: string): void;
  /** Exactly once, at the end. */
  over(end: InviteEnd): void;
  /** Whether an offer from there can be taken now. */
  takesOffers(): boolean;
}

type State = 'trying' | 'ringing' | 'cancelling' | 'up' | 'ending' | 'over';

/** How often the same INVITE may be sent again because of what its answer asks for. */
const MOST_ATTEMPTS = 4;

export class OutgoingInvite {
  private state: State = 'trying';
  private standing: Established | null = null;
  private sent: Sent | null = null;
  private withdrawn: WithdrawCause | null = null;
  /** A 1xx of any kind has come, so that it may be cancelled. */
  private heard = false;
  private rang = false;
  private ended = false;
  private attempts = 0;
  private added: Headers = {};
  private cancelDeadline: (() => void) | null = null;

  constructor(private readonly invitation: Invitation, private readonly events: OutgoingInviteEvents, private readonly book: LegBook, private readonly deps: LegDeps) {}

  get liveDialog(): string | null { return this.state === 'over' ? null : this.standing?.name.id ?? null; }

  get isUp(): boolean { return this.state === 'up'; }

  send(): void {
    this.attempts += 1;
    this.heard = false;
    this.deadline(DEADLINES_MS.silence, () => { this.giveUp(); });
    const { uri, proxy, headers, sdp, callId, allow } = this.invitation;
    this.deps.link.send({
      method: 'INVITE',
      uri,
      ...(proxy === null ? {} : { proxy }),
      headers: {
        'Call-ID': callId, ...headers, 'Content-Type': SDP, Allow: allow, Supported: SUPPORTED, ...offerTerms(null), ...this.added,
        ...(this.attempts === 1 ? {} : { CSeq: `${this.attempts} INVITE` }),
      },
      body: sdp,
    }, this.outcomeOf(this.attempts));
  }

  /** Its dialog for another engine; null before there is one. */
  keep(now: Now): DialogKept | null { return this.state === 'over' ? null : this.standing?.keep(now) ?? null; }

  /** Goes on in a dialog that another engine made of it, in place of `send`. */
  resume(dialog: DialogKept, now: Now): void {
    this.state = 'up';
    this.establish(beginningOf(dialog, now));
  }

  /** Gives its dialog away as it stands: nothing more is told of it here. Null: there is none. */
  handOver(now: Now): DialogKept | null {
    if (this.state !== 'up' || this.standing === null) return null;
    const kept = this.standing.keep(now);
    this.state = 'over';
    this.ended = true;
    this.cancelDeadline?.();
    this.standing.stop();
    return kept;
  }

  withdraw(cause: WithdrawCause): void {
    if (this.withdrawn !== null || this.state === 'ending' || this.state === 'over') return;
    this.withdrawn = cause;
    if (this.state === 'ringing' || (this.state === 'trying' && this.heard)) this.cancel();
    else if (this.state === 'up') this.bye('withdrawn');
    // While trying, the first provisional response releases the CANCEL, and the deadline for silence holds.
  }

  end(): void {
    if (this.state === 'up') this.bye('hungUp');
    else this.withdraw('callerGone');
  }

  /** Another phone has taken its place. */
  supplant(): void { this.end(); }

  /** @throws MediaFault 'refused' */
  reinvite(sdp: string): Promise<string> {
    if (this.standing === null || this.state !== 'up') return Promise.reject(new MediaFault('refused', 'the leg is not up'));
    return this.standing.offer(sdp);
  }

  /** A request of the phone inside the dialog. */
  request(incoming: Incoming): void {
    switch (incoming.method) {
      case 'ACK':
        this.standing?.acknowledged(incoming);
        break;
      case 'BYE':
        incoming.respond(200);
        // Our own BYE may be under way: it will be answered or time out, and the outcome is the same.
        if (this.state === 'up') this.finish('hungUp', 200);
        break;
      case 'INVITE':
      case 'UPDATE':
        if (this.state === 'trying' || this.state === 'ringing') incoming.respond(491);
        else if (this.state !== 'up') incoming.respond(481);
        else if (!this.events.takesOffers() && (incoming.method === 'INVITE' || incoming.body !== '')) incoming.respond(491);
        else this.standing?.handle(incoming);
        break;
      default:
        if (this.state === 'up') this.standing?.handle(incoming);
        else incoming.respond(481);
    }
  }

  /** The edge takes back what we had not yet got an answer to, which says nothing of the phone; an answered leg goes on. */
  linkDown(): void {
    if (this.state !== 'up' && this.state !== 'ending') this.finish('withdrawn', null);
  }

  vanished(): void {
    if (this.state === 'up' || this.state === 'ending') this.finish('hungUp', 200);
  }

  private outcomeOf(attempt: number): { sent(sent: Sent): void; reply(reply: Reply): void; failed(fault: { readonly code: string; readonly message: string }): void } {
    return {
      sent: (sent) => { if (attempt === this.attempts) this.sent = sent; },
      reply: (reply) => {
        if (attempt !== this.attempts) return;
        if (reply.status < 200) this.provisional(reply);
        else if (reply.status < 300) this.accepted(reply);
        else this.refused(reply);
      },
      failed: (fault) => {
        if (attempt !== this.attempts) return;
        this.deps.log.warn({ callId: this.invitation.callId, fault: fault.message }, 'a phone could not be rung');
        this.finish(this.withdrawn === null && fault.code !== 'lost' ? fault.code === 'refused' ? 'unreachable' : 'failed' : 'withdrawn', null);
      },
    };
  }

  private provisional(reply: Reply): void {
    const early = this.heard;
    this.heard = true;
    if (this.state === 'over') {
      // Given up for silence, and there is somebody after all.
      if (!early) this.sent?.cancel(reasonHeader(this.withdrawn ?? 'noAnswer'));
      return;
    }
    if (reply.status === 100) {
      if (this.state !== 'trying') return;
      if (this.withdrawn !== null) this.cancel();
      else if (this.invitation.patient) this.deadline(DEADLINES_MS.progress, () => { this.giveUp(); });
      return;
    }
    const first = !this.rang;
    this.rang = true;
    if (this.state !== 'trying') return;
    this.state = 'ringing';
    this.cancelDeadline?.();
    if (this.withdrawn !== null) this.cancel();
    else if (first) this.events.ringing();
  }

  /** Nothing has come that says of a phone that it is there. What is being worked on somewhere all the same is taken back. */
  private giveUp(): void {
    if (this.heard) this.sent?.cancel({});
    this.finish('unreachable', null);
  }

  private accepted(reply: Reply): void {
    reply.ack();
    const dialogId = reply.dialogId ?? '';
    const wanted = this.withdrawn === null && (this.state === 'trying' || this.state === 'ringing');
    const sdp = sdpOf(reply);
    if (this.state === 'over') {
      sendBye(this.deps, dialogId, reasonHeader(this.withdrawn ?? 'noAnswer'), () => undefined);
      return;
    }
    this.cancelDeadline?.();
    this.state = 'up';
    const tag = (header: string): string => parseAddress(reply.header(header) ?? '')?.params.get('tag') ?? '';
    const dialog = { id: dialogId, callId: this.invitation.callId, localTag: tag('from'), remoteTag: tag('to') };
    this.establish({ dialog, weBegan: true, awaits: 'nothing', allow: this.invitation.allow, agreement: wanted ? agreedBy(reply) : null, theyAllow: reply.header('allow') });
    if (!wanted) this.bye('withdrawn');
    else if (sdp === null) this.bye('failed');
    else this.events.answered(sdp);
  }

  private establish(beginning: Beginning): void {
    this.standing = new Established(beginning, {
      renegotiate: (offer) => this.events.renegotiate(offer),
      completeRenegotiation: (answer) => { this.events.completeRenegotiation(answer); },
      keyPressed: (key) => { this.events.keyPressed(key); },
      referred: (incoming) => { this.events.referred(incoming); },
      refreshed: () => { this.deps.refreshed(beginning.dialog.id); },
      lost: () => { this.bye('hungUp'); },
    }, this.deps);
    this.book.dialogMade(beginning.dialog);
  }

  private refused(reply: Reply): void {
    if (this.state === 'over') return;
    if (this.withdrawn !== null) {
      this.finish('withdrawn', reply.status);
      return;
    }
    if (!this.rang && this.attempts < MOST_ATTEMPTS && this.asksForMore(reply)) {
      this.send();
      return;
    }
    const { outcome, because } = verdictOf(reply.status, this.rang, this.invitation.patient);
    this.deps.log.info({ callId: this.invitation.callId, status: reply.status, outcome, because }, 'a phone did not take the call');
    this.finish(outcome, reply.status);
  }

  /** Credentials, or a longer session (RFC 4028 section 7.3): the same request once more, with the tag it had. */
  private asksForMore(reply: Reply): boolean {
    const least = reply.status === 422 ? leastOf(reply, SESSION_SECONDS.min) : null;
    const more = least !== null ? { ...offerTerms(null, least) } : reply.status === 401 || reply.status === 407 ? this.invitation.credentials?.(reply) ?? null : null;
    if (more === null) return false;
    this.added = { ...this.added, From: reply.header('from') ?? this.invitation.headers['From'] ?? '', ...more };
    return true;
  }

  private cancel(): void {
    this.state = 'cancelling';
    this.sent?.cancel(reasonHeader(this.withdrawn ?? 'callerGone'));
    this.deadline(DEADLINES_MS.cancel, () => { this.finish('withdrawn', null); });
  }

  private bye(outcome: LegOutcome): void {
    if (this.standing === null || this.state === 'ending' || this.state === 'over') return;
    this.state = 'ending';
    this.cancelDeadline?.();
    this.standing.stop();
    sendBye(this.deps, this.standing.name.id, this.withdrawn === null ? {} : reasonHeader(this.withdrawn), () => { this.finish(outcome, 200); });
  }

  private deadline(ms: number, act: () => void): void {
    this.cancelDeadline?.();
    this.cancelDeadline = this.deps.timers.after(ms, act);
  }

  private finish(outcome: LegOutcome, status: number | null): void {
    this.state = 'over';
    this.cancelDeadline?.();
    this.standing?.stop();
    if (this.ended) return;
    this.ended = true;
    // Forgotten first and told then, so that whoever waits for the last leg to be over sees that it is.
    this.book.over(this.standing?.name.id ?? null);
    this.events.over({ outcome, status, rang: this.rang });
  }
}

/** Why ringing stops (RFC 3326): with cause 200 phones do not list a missed call. */
export function reasonHeader(cause: WithdrawCause): Headers {
  return cause === 'completedElsewhere' ? { Reason: 'SIP;cause=200;text="Call completed elsewhere"' } : {};
}
