// An agent's leg whose INVITE came from the phone: a dialled pick-up, or a phone that took another's place. Underneath it is what a caller's leg is.
import { type LegOutcome, type Now, type WithdrawCause } from '../core/types';
import { type CallerGoneCause, type CallerLeg } from './caller-leg';
import { type DialogKept } from './kept';
import { type Incoming } from './link';
import { reasonHeader } from './outgoing-invite';

export interface TakenLegEvents {
  /** At its ACK. `sdp`: the answer it carries, where our 200 carried the offer. */
  answered(sdp: string | null): void;
  ended(outcome: LegOutcome): void;
  renegotiate(sdp: string): Promise<string>;
  completeRenegotiation(sdp: string): void;
  keyPressed(key: string): void;
  referred(incoming: Incoming): void;
}

export class TakenLeg {
  private withdrawn = false;

  /** @param answered whether it counts as answered before its ACK. */
  constructor(private readonly leg: CallerLeg, events: TakenLegEvents, private answered: boolean) {
    leg.become({
      acknowledged: (sdp) => {
        this.answered = true;
        if (!this.withdrawn) events.answered(sdp);
      },
      gone: (cause) => { events.ended(this.outcomeOf(cause)); },
      renegotiate: (sdp) => events.renegotiate(sdp),
      completeRenegotiation: (sdp) => { events.completeRenegotiation(sdp); },
      keyPressed: (key) => { events.keyPressed(key); },
      referred: (incoming) => { events.referred(incoming); },
    });
  }

  /** The id of its INVITE. */
  get inviteId(): string { return this.leg.callId; }

  /** For another engine; null before it was answered. */
  keep(now: Now): DialogKept | null { return this.answered ? this.leg.keep(now).dialog : null; }

  get liveDialog(): string | null { return this.leg.liveDialog; }

  isWinner(handler: unknown): boolean { return handler === this.leg && this.leg.isUp; }

  withdraw(cause: WithdrawCause): void {
    this.withdrawn = true;
    this.leg.end(reasonHeader(cause));
  }

  end(): void { this.leg.end(); }

  supplant(): void { this.leg.supplant(); }

  reinvite(sdp: string): Promise<string> { return this.leg.reinvite(sdp); }

  confirmed(): void { return; }

  notConfirmed(): void { return; }

  linkDown(): void { this.leg.linkDown(); }

  private outcomeOf(cause: CallerGoneCause): LegOutcome {
    if (this.withdrawn) return 'withdrawn';
    if (cause === 'failed') return 'failed';
    return this.answered || cause === 'endedByUs' ? 'hungUp' : 'declined';
  }
}
