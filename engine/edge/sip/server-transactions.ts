// Server transactions: what the network asked of us, until nothing of it can come again (RFC 3261 §17.2, RFC 6026 §7.1).
//
//  INVITE:  proceeding ──2xx──▶ accepted ──L──▶ terminated      other:  trying ──1xx──▶ proceeding
//               └──300-699──▶ completed ──ACK──▶ confirmed ──I──▶ ┘         └──final──▶ completed ──J──▶ terminated
//                                  └──────────H──────────────────▶ ┘
import { T1_MS, T2_MS, T4_MS, TRANSACTION_MS, type Clock, type Timer } from './clock';
import { type Flow } from './flow';
import { Retransmitter } from './retransmitter';

export type InviteServerState = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';
export type PlainServerState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export interface ServerUser {
  /** Nothing of this transaction can come any more. Once. */
  ended(): void;
  /** Our final response was never acknowledged. Before `ended`. */
  unacknowledged(status: number): void;
}

export class InviteServerTransaction {
  state: InviteServerState = 'proceeding';
  private last = '';
  private status = 0;
  private acknowledged = false;
  private again: Retransmitter | undefined;
  private timer: Timer | undefined;

  constructor(private readonly flow: Flow, private readonly clock: Clock, private readonly user: ServerUser) {}

  /** The INVITE came once more. In accepted it is absorbed: the 2xx goes out by its own timer (RFC 6026 §7.1). */
  repeated(): void {
    if ((this.state === 'proceeding' || this.state === 'completed') && this.last !== '') this.flow.send(this.last);
  }

  /** Sends a response; false when one that ends it was sent before. */
  respond(status: number, text: string): boolean {
    if (this.state !== 'proceeding') return false;
    this.last = text;
    this.status = status;
    this.flow.send(text);
    if (status < 200) return true;
    if (status < 300) {
      // The 2xx is repeated over TCP too: hops behind this one may lose it (§13.3.1.4).
      this.state = 'accepted';
      this.again = new Retransmitter(this.clock, () => this.flow.send(text), T1_MS, T2_MS);
    } else {
      this.state = 'completed';
      if (!this.flow.reliable) this.again = new Retransmitter(this.clock, () => this.flow.send(text), T1_MS, T2_MS);
    }
    this.timer = this.clock.after(TRANSACTION_MS, () => {
      if (!this.acknowledged) this.user.unacknowledged(this.status);
      this.end();
    });
    return true;
  }

  /** The ACK came: within the transaction for 300–699, through the dialog for 2xx. True the first time. */
  acknowledge(): boolean {
    if (this.acknowledged || (this.state !== 'accepted' && this.state !== 'completed')) return false;
    this.acknowledged = true;
    this.again?.stop();
    if (this.state === 'completed') {
      this.state = 'confirmed';
      this.timer?.cancel();
      if (this.flow.reliable) this.end();
      else this.timer = this.clock.after(T4_MS, () => this.end());
    }
    return true;
  }

  /** The 2xx need not be repeated any more, because its dialog is over. */
  silence(): void {
    this.acknowledged = true;
    this.again?.stop();
  }

  end(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.again?.stop();
    this.timer?.cancel();
    this.user.ended();
  }
}

export class PlainServerTransaction {
  state: PlainServerState = 'trying';
  private last = '';

  constructor(private readonly flow: Flow, private readonly clock: Clock, private readonly user: Pick<ServerUser, 'ended'>) {}

  repeated(): void {
    if (this.last !== '') this.flow.send(this.last);
  }

  respond(status: number, text: string): boolean {
    if (this.state === 'completed' || this.state === 'terminated') return false;
    this.last = text;
    this.flow.send(text);
    if (status < 200) {
      this.state = 'proceeding';
      return true;
    }
    this.state = 'completed';
    if (this.flow.reliable) this.end();
    else this.clock.after(TRANSACTION_MS, () => this.end());
    return true;
  }

  end(): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.user.ended();
  }
}
