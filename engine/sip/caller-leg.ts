// A caller's leg, from its INVITE to its end.
//
//            ┌── refuse ─────────────────────────────▶ over (nothing is told: calls refused it)
//   invited ─┼── CANCEL ─────────────────────────────▶ over (cancelled)
//            ├── end: 480 ───────────────────────────▶ over (endedByUs)
//            └── answer: 200 ─▶ answering ─ edge sent it ─▶ awaitingAck ─ ACK ─▶ up
//                                  └─ transaction gone: CANCEL had crossed ─▶ over (cancelled)
//   awaitingAck ── no ACK ─▶ ending, told as failed      up ── BYE ─▶ over (hungUp)      up ── end: BYE ─▶ ending ─▶ over (endedByUs)
import { type CallId } from '../core/types';
import { ALLOW, DEADLINES_MS, type LegDeps, Renegotiation, SDP, sdpOf, sendBye } from './leg';
import { type Incoming } from './link';

export type CallerGoneCause = 'hungUp' | 'cancelled' | 'failed' | 'endedByUs';

export interface CallerLegEvents {
  acknowledged(sdp: string | null): void;
  gone(cause: CallerGoneCause): void;
  renegotiate(sdp: string): Promise<string>;
  completeRenegotiation(sdp: string): void;
  /** In-dialog requests carry this id from now on. */
  dialogMade(dialogId: string): void;
  /** The leg and its dialog may be forgotten. */
  over(dialogId: string | null): void;
}

type State = 'invited' | 'answering' | 'awaitingAck' | 'up' | 'ending' | 'over';

export class CallerLeg {
  private state: State = 'invited';
  private dialogId: string | null = null;
  private answerSdp: string | null = null;
  private endWanted = false;
  private cancelDeadline: (() => void) | null = null;
  private readonly renegotiation: Renegotiation;

  constructor(readonly callId: CallId, private invite: Incoming, private readonly events: CallerLegEvents, private readonly deps: LegDeps) {
    this.renegotiation = new Renegotiation({ renegotiate: (sdp) => events.renegotiate(sdp), complete: (sdp) => { events.completeRenegotiation(sdp); } }, deps.log);
    this.adopt(invite);
  }

  /** The dialog, once there is one that has not ended. */
  get liveDialog(): string | null { return this.state === 'over' ? null : this.dialogId; }

  refuse(status: number, reason: string): void {
    if (this.state !== 'invited') return;
    this.invite.respond(status, { headers: { Reason: `SIP;cause=${status};text="${reason.replace(/["\\]/g, '\\$&')}"` } });
    this.finish(null);
  }

  answer(sdp: string): void {
    if (this.state !== 'invited') return;
    this.state = 'answering';
    this.answerSdp = sdp;
    this.sendAnswer(sdp);
  }

  end(): void {
    if (this.state === 'invited') {
      this.invite.respond(480);
      this.finish('endedByUs');
    } else if (this.state === 'answering') this.endWanted = true;
    else if (this.state === 'awaitingAck' || this.state === 'up') this.bye('endedByUs');
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
        if (this.state === 'up') this.renegotiation.handle(incoming);
        // Before our ACK has come there is an offer in flight already (RFC 3261 section 14.2, RFC 3311 section 5.2).
        else incoming.respond(this.state === 'awaitingAck' ? 491 : 481);
        break;
      default:
        incoming.respond(200, { headers: { Allow: ALLOW } });
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

  /** The edge, asked what exists, does not know our dialog: it ended while we could not hear. */
  vanished(): void {
    if (this.state === 'over') return;
    this.finish('hungUp');
  }

  private adopt(invite: Incoming): void {
    this.invite = invite;
    invite.onCancel(() => {
      if (this.invite !== invite || (this.state !== 'invited' && this.state !== 'answering')) return;
      this.finish('cancelled');
    });
  }

  private sendAnswer(sdp: string): void {
    const { invite } = this;
    invite.accept({ headers: { 'Content-Type': SDP, Allow: ALLOW }, body: sdp }, {
      accepted: (dialogId) => {
        if (this.invite !== invite) return;
        if (this.state !== 'answering') {
          // Given up meanwhile, and the 200 went out all the same.
          sendBye(this.deps, dialogId, {}, () => undefined);
          return;
        }
        this.dialogId = dialogId;
        this.state = 'awaitingAck';
        this.events.dialogMade(dialogId);
        this.cancelDeadline = this.deps.timers.after(DEADLINES_MS.ack, () => { this.bye('failed'); });
        if (this.endWanted) this.bye('endedByUs');
      },
      failed: (fault) => {
        // While the edge is away the INVITE may be told again; see linkDown.
        if (this.state !== 'answering' || this.invite !== invite || fault.code === 'down') return;
        this.finish(fault.code === 'refused' ? 'cancelled' : 'failed');
      },
    });
  }

  private acknowledged(ack: Incoming): void {
    if (this.state === 'awaitingAck') {
      this.state = 'up';
      this.cancelDeadline?.();
      this.cancelDeadline = null;
      this.events.acknowledged(sdpOf(ack));
    } else if (this.state === 'up') this.renegotiation.acknowledged(ack);
  }

  private bye(cause: CallerGoneCause): void {
    if (this.dialogId === null || this.state === 'over' || this.state === 'ending') return;
    this.state = 'ending';
    sendBye(this.deps, this.dialogId, {}, () => {
      this.finish(cause);
    });
  }

  /** Forgotten first and told then, so that whoever waits for the last leg to be over sees that it is. */
  private finish(cause: CallerGoneCause | null): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.cancelDeadline?.();
    this.events.over(this.dialogId);
    if (cause !== null) this.events.gone(cause);
  }
}
