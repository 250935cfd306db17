// A leg to an agent's phone, from our INVITE to its one outcome.
//
//   trying ── 1xx ─▶ ringing ── 200, ACK ─▶ up ── BYE from the phone ─▶ over (hungUp)
//     │                 │                    └── end: BYE ─▶ ending ─▶ over (hungUp, or withdrawn)
//     │                 └── withdraw: CANCEL ─▶ cancelling ── final ≥ 300 ─▶ over (withdrawn)
//     │                                           └── 200 crossed: ACK, BYE ─▶ ending ─▶ over (withdrawn)
//     └── withdraw: CANCEL must wait for a 1xx (RFC 3261 section 9.1); what comes first decides
//   any of the first three ── final ≥ 300 ─▶ over (by the verdict table)
//
// Past a deadline the outcome is told, and what the phone still sends is acknowledged and ended without anybody hearing of it.
import { type LegOutcome, type OfferId, type WithdrawCause } from '../core/types';
import { ALLOW, DEADLINES_MS, type LegDeps, Renegotiation, SDP, sdpOf, sendBye } from './leg';
import { type Headers, type Incoming, type Reply, type Sent } from './link';
import { verdictOf } from './verdict';

export interface AgentLegEvents {
  ringing(): void;
  answered(sdp: string): void;
  ended(outcome: LegOutcome): void;
  renegotiate(sdp: string): Promise<string>;
  completeRenegotiation(sdp: string): void;
  dialogMade(dialogId: string): void;
  over(dialogId: string | null): void;
}

/** Where and as what the phone is rung. */
export interface AgentInvite {
  readonly uri: string;
  readonly proxy: string | null;
  readonly from: string;
  readonly to: string;
  readonly sdp: string;
}

type State = 'trying' | 'ringing' | 'cancelling' | 'up' | 'ending' | 'over';

export class AgentLeg {
  private state: State = 'trying';
  private dialogId: string | null = null;
  private sent: Sent | null = null;
  private withdrawn: WithdrawCause | null = null;
  private rang = false;
  private ended = false;
  private cancelDeadline: (() => void) | null = null;
  private readonly renegotiation: Renegotiation;

  constructor(readonly legId: OfferId, private readonly invite: AgentInvite, private readonly events: AgentLegEvents, private readonly deps: LegDeps) {
    this.renegotiation = new Renegotiation({ renegotiate: (sdp) => events.renegotiate(sdp), complete: (sdp) => { events.completeRenegotiation(sdp); } }, deps.log);
  }

  get liveDialog(): string | null { return this.state === 'over' ? null : this.dialogId; }

  ring(): void {
    this.deadline(DEADLINES_MS.silence, () => { this.finish('unreachable'); });
    this.deps.link.send({
      method: 'INVITE',
      uri: this.invite.uri,
      ...(this.invite.proxy === null ? {} : { proxy: this.invite.proxy }),
      headers: { 'Call-ID': this.legId, From: this.invite.from, To: this.invite.to, 'Content-Type': SDP, Allow: ALLOW },
      body: this.invite.sdp,
    }, {
      sent: (sent) => { this.sent = sent; },
      reply: (reply) => {
        if (reply.status < 200) this.provisional(reply);
        else if (reply.status < 300) this.accepted(reply);
        else this.refused(reply);
      },
      failed: (fault) => {
        this.deps.log.warn({ legId: this.legId, fault: fault.message }, 'a phone could not be rung');
        this.finish(this.withdrawn === null ? fault.code === 'refused' ? 'unreachable' : 'failed' : 'withdrawn');
      },
    });
  }

  withdraw(cause: WithdrawCause): void {
    if (this.withdrawn !== null || this.state === 'ending' || this.state === 'over') return;
    this.withdrawn = cause;
    if (this.state === 'ringing') this.cancel();
    else if (this.state === 'up') this.bye('withdrawn');
    // While trying, the first provisional response releases the CANCEL, and the deadline for silence holds.
  }

  end(): void {
    if (this.state === 'up') this.bye('hungUp');
    else this.withdraw('callerGone');
  }

  /** A request of the phone inside the dialog. */
  request(incoming: Incoming): void {
    switch (incoming.method) {
      case 'ACK':
        this.renegotiation.acknowledged(incoming);
        break;
      case 'BYE':
        incoming.respond(200);
        // Our own BYE may be under way: it will be answered or time out, and the outcome is the same.
        if (this.state === 'up') this.finish('hungUp');
        break;
      case 'INVITE':
      case 'UPDATE':
        if (this.state === 'up') this.renegotiation.handle(incoming);
        else incoming.respond(this.state === 'trying' || this.state === 'ringing' ? 491 : 481);
        break;
      default:
        incoming.respond(200, { headers: { Allow: ALLOW } });
    }
  }

  /** The edge takes back what we had not yet got an answer to; an answered leg goes on. */
  linkDown(): void {
    if (this.state !== 'up' && this.state !== 'ending') this.finish(this.withdrawn === null ? 'failed' : 'withdrawn');
  }

  vanished(): void {
    if (this.state === 'up' || this.state === 'ending') this.finish('hungUp');
  }

  private provisional(reply: Reply): void {
    if (reply.status === 100) return;
    if (this.state === 'over') {
      // Given up for silence, and the phone rings after all.
      this.sent?.cancel(reasonHeader(this.withdrawn ?? 'noAnswer'));
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

  private accepted(reply: Reply): void {
    reply.ack();
    const dialogId = reply.dialogId ?? '';
    const wanted = this.withdrawn === null && (this.state === 'trying' || this.state === 'ringing');
    const sdp = sdpOf(reply);
    if (this.state === 'over') {
      sendBye(this.deps, dialogId, reasonHeader(this.withdrawn ?? 'noAnswer'), () => undefined);
      return;
    }
    this.dialogId = dialogId;
    this.cancelDeadline?.();
    this.state = 'up';
    this.events.dialogMade(dialogId);
    if (!wanted) this.bye('withdrawn');
    else if (sdp === null) this.bye('failed');
    else this.events.answered(sdp);
  }

  private refused(reply: Reply): void {
    if (this.state === 'over') return;
    if (this.withdrawn !== null) {
      this.finish('withdrawn');
      return;
    }
    const { outcome, because } = verdictOf(reply.status, this.rang);
    this.deps.log.info({ legId: this.legId, status: reply.status, outcome, because }, 'a phone did not take the call');
    this.finish(outcome);
  }

  private cancel(): void {
    this.state = 'cancelling';
    this.sent?.cancel(reasonHeader(this.withdrawn ?? 'callerGone'));
    this.deadline(DEADLINES_MS.cancel, () => { this.finish('withdrawn'); });
  }

  private bye(outcome: LegOutcome): void {
    if (this.dialogId === null) return;
    this.state = 'ending';
    this.cancelDeadline?.();
    sendBye(this.deps, this.dialogId, this.withdrawn === null ? {} : reasonHeader(this.withdrawn), () => { this.finish(outcome); });
  }

  private deadline(ms: number, act: () => void): void {
    this.cancelDeadline?.();
    this.cancelDeadline = this.deps.timers.after(ms, act);
  }

  private finish(outcome: LegOutcome): void {
    this.state = 'over';
    this.cancelDeadline?.();
    if (this.ended) return;
    this.ended = true;
    // Forgotten first and told then, so that whoever waits for the last leg to be over sees that it is.
    this.events.over(this.dialogId);
    this.events.ended(outcome);
  }
}

/** Why ringing stops (RFC 3326): with cause 200 phones do not list a missed call. */
function reasonHeader(cause: WithdrawCause): Headers {
  return cause === 'completedElsewhere' ? { Reason: 'SIP;cause=200;text="Call completed elsewhere"' } : {};
}
