// A leg whose INVITE came to us: a caller's, or that of an agent's phone that dialled in to take a call. From its INVITE to its end.
//
//            ┌── refuse ─────────────────────────────▶ over (nothing is told: calls refused it)
//   invited ─┼── CANCEL ─────────────────────────────▶ over (cancelled)
//            ├── end: 480 ───────────────────────────▶ over (endedByUs)
//            └── answer: 200 ─▶ answering ─ edge sent it ─▶ awaitingAck ─ ACK ─▶ up
//                                  └─ transaction gone: CANCEL had crossed ─▶ over (cancelled)
//   awaitingAck ── no ACK ─▶ ending, told as failed      up ── BYE ─▶ over (hungUp)      up ── end: BYE ─▶ ending ─▶ over (endedByUs)
//   up ── not refreshed in time, 408 or 481: BYE ─▶ ending, told as hungUp      up ── supplanted: BYE ─▶ ending, nothing is told
import { MediaFault } from '../calls/ports';
import { type CallId, type Now } from '../core/types';
import { parseAddress, escapeUser, parseUri } from './addresses';
import { type Beginning, beginningOf, Established } from './established';
import { type SipKept, timerOut } from './kept';
import { ALLOW, ALLOW_AGENT, DEADLINES_MS, type LegDeps, SDP, sdpOf, sendBye, SUPPORTED } from './leg';
import { type Headers, type Incoming } from './link';
import { type DialogName } from './replaces';
import { type Agreement, answerTerms } from './session-timer';

export type CallerGoneCause = 'hungUp' | 'cancelled' | 'failed' | 'endedByUs';

export interface CallerLegEvents {
  acknowledged(sdp: string | null): void;
  gone(cause: CallerGoneCause): void;
  renegotiate(sdp: string): Promise<string>;
  completeRenegotiation(sdp: string): void;
  keyPressed(key: string): void;
  /** A REFER, to be answered; null where whoever calls may not transfer. */
  readonly referred: ((incoming: Incoming) => void) | null;
}

/** What the switchboard knows legs by. */
export interface LegBook {
  /** In-dialog requests carry this id from now on. */
  dialogMade(dialog: DialogName): void;
  /** The leg and its dialog may be forgotten. */
  over(dialogId: string | null): void;
}

/** A leg as another engine left it. */
export type LegKept = Pick<NonNullable<SipKept['caller']>, 'dialog' | 'state'>;

type State = 'invited' | 'answering' | 'awaitingAck' | 'up' | 'ending' | 'over';

export class CallerLeg {
  private state: State = 'invited';
  private standing: Established | null = null;
  private agreement: Agreement | null = null;
  private answerSdp: string | null = null;
  private endWanted = false;
  private supplanted = false;
  private endHeaders: Headers = {};
  private cancelDeadline: (() => void) | null = null;

  constructor(readonly callId: CallId, private invite: Incoming, private events: CallerLegEvents, private readonly book: LegBook, private readonly deps: LegDeps) {
    this.adopt(invite);
  }

  /** The dialog, once there is one that has not ended. */
  get liveDialog(): string | null { return this.state === 'over' ? null : this.standing?.name.id ?? null; }

  /** Whether it may be replaced or moved: its dialog stands. */
  get isUp(): boolean { return this.state === 'up'; }

  /** Before there is a dialog, and while the edge may tell the INVITE again: what the edge calls the dialog, or will. Null at any other time. */
  get awaitedDialog(): string | null { return (this.state === 'invited' || this.state === 'answering') && this.cancelDeadline !== null ? this.dialogToBe.id : null; }

  /** From now on what happens is told to somebody else. */
  become(events: CallerLegEvents): void { this.events = events; }

  refuse(status: number, reason: string, headers: Headers = {}): void {
    if (this.state !== 'invited') return;
    this.invite.respond(status, { headers: { Reason: `SIP;cause=${status};text="${reason.replace(/["\\]/g, '\\$&')}"`, ...headers } });
    this.finish(null);
  }

  answer(sdp: string): void {
    if (this.state !== 'invited') return;
    this.state = 'answering';
    this.answerSdp = sdp;
    this.sendAnswer(sdp);
  }

  /** `headers`: for the BYE, where there is one. */
  end(headers: Headers = {}): void {
    this.endHeaders = headers;
    if (this.state === 'invited') {
      this.invite.respond(480);
      this.finish('endedByUs');
    } else if (this.state === 'answering') this.endWanted = true;
    else if (this.state === 'awaitingAck' || this.state === 'up') this.bye('endedByUs');
  }

  /** Another phone has taken its place: it is ended, and nobody hears of it. */
  supplant(): void {
    this.supplanted = true;
    this.end();
  }

  /** @throws MediaFault 'refused' */
  reinvite(sdp: string): Promise<string> {
    if (this.standing === null || this.state === 'ending' || this.state === 'over') return Promise.reject(new MediaFault('refused', 'the leg is not up'));
    return this.standing.offer(sdp);
  }

  /** A request of the caller inside the dialog. */
  request(incoming: Incoming): void {
    switch (incoming.method) {
      case 'ACK':
        this.acknowledged(incoming);
        break;
      case 'BYE':
        incoming.respond(200);
        if (this.state === 'over' || this.state === 'ending') break;
        // The edge makes a BYE of its own when our 200 was never acknowledged.
        this.finish(incoming.fromEdge ? 'failed' : 'hungUp');
        break;
      case 'INVITE':
      case 'UPDATE':
        // Before our ACK has come there is an offer in flight already (RFC 3261 section 14.2, RFC 3311 section 5.2).
        if (this.state === 'awaitingAck') incoming.respond(491);
        else if (this.state === 'up') this.standing?.handle(incoming);
        else incoming.respond(481);
        break;
      default:
        if (this.state === 'awaitingAck' || this.state === 'up') this.standing?.handle(incoming);
        else incoming.respond(481);
    }
  }

  /** The connection to the edge is lost: a dialog goes on without us; an INVITE not answered is told again to whoever comes back. */
  linkDown(): void {
    if (this.state !== 'invited' && this.state !== 'answering') return;
    this.cancelDeadline?.();
    this.cancelDeadline = this.deps.timers.after(DEADLINES_MS.edgeGone, () => {
      this.finish('failed');
    });
  }

  /** The edge told the same INVITE again, over a new connection. */
  toldAgain(invite: Incoming): void {
    if (this.state !== 'invited' && this.state !== 'answering') return;
    this.cancelDeadline?.();
    this.cancelDeadline = null;
    this.adopt(invite);
    if (this.state === 'answering' && this.answerSdp !== null) this.sendAnswer(this.answerSdp);
  }

  /** Its dialog for another engine, also the one that is to be. */
  keep(now: Now): LegKept {
    const { standing, invite } = this;
    if (standing !== null) return { dialog: standing.keep(now), state: this.state === 'awaitingAck' ? 'awaitingAck' : 'up' };
    const terms = answerTerms(invite, null);
    const agreement = terms.kind === 'agreed' ? terms.agreement : null;
    return {
      state: 'invited',
      dialog: { name: this.dialogToBe, weBegan: false, mayRefer: false, theyAllow: invite.header('allow'), timer: timerOut(agreement, now.monotonicMs, now), awaits: 'ack' },
    };
  }

  /**
   * Goes on in a dialog that another engine began. One not acknowledged then counts as acknowledged when no ACK comes soon: the edge
   * itself ends what never is. `invited`: the edge tells the INVITE again.
   */
  resume({ dialog, state }: LegKept, now: Now): void {
    if (state === 'invited') {
      this.linkDown();
      return;
    }
    this.state = state;
    this.establish(beginningOf(dialog, now));
    if (state === 'awaitingAck') this.cancelDeadline = this.deps.timers.after(DEADLINES_MS.lateAck, () => { this.nowUp(null); });
  }

  /** The edge has answered with what we gave it, and could not say so. Its ACK may have come and gone. */
  stands(localTag: string): void {
    if (this.state !== 'answering' || this.standing !== null) return;
    this.cancelDeadline?.();
    this.stand({ ...this.dialogToBe, localTag });
    this.cancelDeadline = this.deps.timers.after(DEADLINES_MS.lateAck, () => { this.nowUp(null); });
    if (this.endWanted) this.bye('endedByUs');
  }

  /** The edge, asked what exists, does not know our dialog: it ended while we could not hear. */
  vanished(cause: CallerGoneCause = 'hungUp'): void {
    if (this.state === 'over') return;
    this.finish(cause);
  }

  private adopt(invite: Incoming): void {
    this.invite = invite;
    invite.onCancel(() => {
      if (this.invite !== invite || (this.state !== 'invited' && this.state !== 'answering')) return;
      this.finish('cancelled');
    });
  }

  private get dialogToBe(): DialogName {
    const [callId, remoteTag] = [this.invite.header('call-id') ?? '', tagIn(this.invite.header('from'))];
    return { id: `${callId};from-tag=${remoteTag}`, callId, localTag: '', remoteTag };
  }

  private get allow(): string { return this.events.referred === null ? ALLOW : ALLOW_AGENT; }

  private sendAnswer(sdp: string): void {
    const { invite } = this;
    const terms = answerTerms(invite, null);
    if (terms.kind === 'agreed') this.agreement = terms.agreement;
    const headers = { 'Content-Type': SDP, ...contactFor(invite), Allow: this.allow, Supported: SUPPORTED, ...(terms.kind === 'agreed' ? terms.headers : {}) };
    invite.accept({ headers, body: sdp }, {
      accepted: (dialogId, localTag) => {
        if (this.invite !== invite) return;
        if (this.state !== 'answering') {
          // Given up meanwhile, and the 200 went out all the same.
          sendBye(this.deps, dialogId, {}, () => undefined);
          return;
        }
        this.stand({ id: dialogId, callId: invite.header('call-id') ?? '', localTag: localTag ?? '', remoteTag: tagIn(invite.header('from')) });
        this.cancelDeadline = this.deps.timers.after(DEADLINES_MS.ack, () => { this.bye('failed'); });
        if (this.endWanted) this.bye('endedByUs');
      },
      failed: (fault) => {
        // While the edge is away the INVITE may be told again; see linkDown.
        if (this.state !== 'answering' || this.invite !== invite || fault.code === 'down' || fault.code === 'lost') return;
        this.finish(fault.code === 'refused' ? 'cancelled' : 'failed');
      },
    });
  }

  private stand(dialog: DialogName): void {
    this.state = 'awaitingAck';
    this.establish({ dialog, weBegan: false, awaits: 'ack', allow: this.allow, agreement: this.agreement, theyAllow: this.invite.header('allow') });
  }

  private establish(beginning: Beginning): void {
    this.standing = new Established(beginning, {
      renegotiate: (sdp) => this.events.renegotiate(sdp),
      completeRenegotiation: (sdp) => { this.events.completeRenegotiation(sdp); },
      keyPressed: (key) => { this.events.keyPressed(key); },
      referred: (incoming) => {
        if (this.events.referred === null) incoming.respond(603);
        else this.events.referred(incoming);
      },
      refreshed: () => { this.deps.refreshed(beginning.dialog.id); },
      lost: () => { this.bye('hungUp'); },
    }, this.deps);
    this.book.dialogMade(beginning.dialog);
  }

  private acknowledged(ack: Incoming): void {
    this.nowUp(sdpOf(ack));
    this.standing?.acknowledged(ack);
  }

  private nowUp(sdp: string | null): void {
    if (this.state !== 'awaitingAck') return;
    this.state = 'up';
    this.cancelDeadline?.();
    this.cancelDeadline = null;
    this.events.acknowledged(sdp);
  }

  private bye(cause: CallerGoneCause): void {
    if (this.standing === null || this.state === 'over' || this.state === 'ending') return;
    this.state = 'ending';
    this.standing.stop();
    sendBye(this.deps, this.standing.name.id, this.endHeaders, () => {
      this.finish(cause);
    });
  }

  /** Forgotten first and told then, so that whoever waits for the last leg to be over sees that it is. */
  private finish(cause: CallerGoneCause | null): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.cancelDeadline?.();
    this.standing?.stop();
    this.book.over(this.standing?.name.id ?? null);
    if (cause !== null && !this.supplanted) this.events.gone(cause);
  }
}

function tagIn(address: string | null): string { return parseAddress(address ?? '')?.params.get('tag') ?? ''; }

/** The caller goes on talking to whom was dialled: a group, never one of its agents. The edge puts its own address in place of localhost. */
function contactFor(invite: Incoming): Headers {
  const user = parseUri(invite.uri)?.user ?? '';
  return user === '' ? {} : { Contact: `<sip:${escapeUser(user)}@localhost${invite.source.protocol.toLowerCase() === 'tcp' ? ';transport=tcp' : ''}>` };
}
