// Client transactions: what we asked of the network, until its answer cannot come again (RFC 3261 §17.1, RFC 6026 §7.2).
//
//  INVITE:  calling ──1xx──▶ proceeding ──2xx──▶ accepted ──M──▶ terminated     other:  trying ──1xx──▶ proceeding
//              └────────────────┴──300-699──▶ completed ──D──▶ ┘                           └────┴──final──▶ completed ──K──▶ terminated
//              └──B, no transport──▶ terminated                                             └────┴──F, no transport──▶ terminated
import { T1_MS, T2_MS, T4_MS, TIMER_D_MS, TRANSACTION_MS, type Clock, type Timer } from './clock';
import { type Flow } from './flow';
import { type SipResponse } from './message';
import { Retransmitter } from './retransmitter';

export type InviteClientState = 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated';
export type PlainClientState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export interface ClientUser {
  /** A response that is news: every provisional, the first final, and for INVITE every 2xx, repeated ones too. */
  responded(response: SipResponse): void;
  /** No final response in time (408), or none could come (503). Instead of a final response, once. */
  failed(cause: 'timeout' | 'transport'): void;
  /** Once, whatever happened. */
  ended(): void;
}

/** Longer than any retransmission interval can get. */
const UNBOUNDED_MS = 1 << 30;

export class InviteClientTransaction {
  state: InviteClientState = 'calling';
  private ack = '';
  private again: Retransmitter | undefined;
  private timer: Timer | undefined;
  private unwatch: (() => void) | undefined;

  /** @param acknowledge writes the ACK for a response 300–699 (§17.1.1.3). */
  constructor(
    private readonly text: string, private readonly flow: Flow, private readonly clock: Clock,
    private readonly acknowledge: (response: SipResponse) => string, private readonly user: ClientUser,
  ) {}

  start(): void {
    if (!this.flow.reliable) this.again = new Retransmitter(this.clock, () => this.flow.send(this.text), T1_MS, UNBOUNDED_MS);
    this.timer = this.clock.after(TRANSACTION_MS, () => this.fail('timeout'));
    this.unwatch = this.flow.whenClosed(() => { if (this.state === 'calling') this.fail('transport'); });
    this.flow.send(this.text, () => { if (this.state === 'calling') this.fail('transport'); });
  }

  receive(response: SipResponse): void {
    const { status } = response;
    if (this.state === 'calling' || this.state === 'proceeding') {
      this.again?.stop();
      if (status < 200) {
        // A CANCEL may have set a deadline; only timer B ends here (§17.1.1.2).
        if (this.state === 'calling') this.timer?.cancel();
        this.state = 'proceeding';
      } else {
        this.timer?.cancel();
        if (status < 300) {
          this.state = 'accepted';
          this.timer = this.clock.after(TRANSACTION_MS, () => this.end());
        } else {
          this.state = 'completed';
          this.ack = this.acknowledge(response);
          this.flow.send(this.ack);
          if (!this.flow.reliable) this.timer = this.clock.after(TIMER_D_MS, () => this.end());
        }
      }
      this.user.responded(response);
      if (this.state === 'completed' && this.flow.reliable) this.end();
    } else if (this.state === 'accepted' && status >= 200 && status < 300) this.user.responded(response);
    else if (this.state === 'completed' && status >= 300) this.flow.send(this.ack);
  }

  /** A CANCEL went out: without a final response the INVITE is over after 64·T1 (§9.1). */
  cancelled(): void {
    if (this.state !== 'proceeding') return;
    this.timer?.cancel();
    this.timer = this.clock.after(TRANSACTION_MS, () => this.fail('timeout'));
  }

  end(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.again?.stop();
    this.timer?.cancel();
    this.unwatch?.();
    this.user.ended();
  }

  private fail(cause: 'timeout' | 'transport'): void {
    if (this.state !== 'calling' && this.state !== 'proceeding') return;
    this.user.failed(cause);
    this.end();
  }
}

export class PlainClientTransaction {
  state: PlainClientState = 'trying';
  private again: Retransmitter | undefined;
  private timer: Timer | undefined;
  private unwatch: (() => void) | undefined;

  constructor(private readonly text: string, private readonly flow: Flow, private readonly clock: Clock, private readonly user: ClientUser) {}

  start(): void {
    if (!this.flow.reliable) this.again = new Retransmitter(this.clock, () => this.flow.send(this.text), T1_MS, T2_MS);
    this.timer = this.clock.after(TRANSACTION_MS, () => this.fail('timeout'));
    this.unwatch = this.flow.whenClosed(() => this.fail('transport'));
    this.flow.send(this.text, () => this.fail('transport'));
  }

  receive(response: SipResponse): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return;
    if (response.status < 200) {
      this.state = 'proceeding';
      this.again?.settle(T2_MS);
      this.user.responded(response);
      return;
    }
    this.state = 'completed';
    this.again?.stop();
    this.timer?.cancel();
    this.user.responded(response);
    if (this.flow.reliable) this.end();
    else this.timer = this.clock.after(T4_MS, () => this.end());
  }

  end(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.again?.stop();
    this.timer?.cancel();
    this.unwatch?.();
    this.user.ended();
  }

  private fail(cause: 'timeout' | 'transport'): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return;
    this.user.failed(cause);
    this.end();
  }
}
