// The SIP stack as one thing: sockets below, an engine's wishes above. Nothing that comes from the network can throw out of it.
import { type Logger } from '../../../storage/process/log';
import { type Clock } from './clock';
import { DialogTable, type Dialog } from './dialog';
import { Hops, type Lookup } from './hops';
import { header } from './headers';
import { TransactionLayer, type Incoming, type LayerUser } from './layer';
import { type Flow } from './flow';
import { openGate, type Gate, type Verdict } from './gate';
import { type SipMessage, type SipRequest } from './message';
import { type EndCause, type Stack, type StackListener } from './stack';
import { type Transport } from './transport';
import { AnsweringSide } from './uas';
import { AskingSide } from './uac';

export interface UserAgentDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lookup: Lookup;
  readonly listener: StackListener;
  /** Left out: everybody gets in. */
  readonly gate?: Gate;
}

export class UserAgent implements LayerUser {
  readonly dialogs = new DialogTable();
  readonly answering: AnsweringSide;
  readonly asking: AskingSide;
  private readonly stack: Stack;

  constructor(private readonly deps: UserAgentDeps) {
    const { transport, clock, log, listener, gate = openGate(clock, log) } = deps;
    this.stack = { transport, clock, log, listener, gate, dialogs: this.dialogs, layer: new TransactionLayer(transport, clock, this), hops: new Hops(transport, deps.lookup) };
    this.answering = new AnsweringSide(this.stack);
    this.asking = new AskingSide(this.stack);
  }

  /** Sizes of every table, for health and for tests that hold them to not growing. */
  get sizes(): { readonly transactions: number; readonly dialogs: number; readonly incoming: number; readonly outgoing: number } {
    return { transactions: this.stack.layer.size, dialogs: this.dialogs.size, incoming: this.answering.size, outgoing: this.asking.size };
  }

  /** A message from the network. Never throws: a fault of ours is logged and costs that message alone. */
  receive(message: SipMessage, flow: Flow): void {
    try {
      this.stack.layer.receive(message, flow);
    } catch (fault) {
      this.deps.log.error({ err: fault, method: message.cseqMethod }, 'A SIP message could not be worked on');
    }
  }

  /**
   * Ends a dialog by whatever its state needs: BYE, CANCEL, or 487 to an INVITE not answered yet.
   * @param reason the value of a Reason header, or empty. False when there is no such dialog.
   */
  end(id: string, reason: string, cause: EndCause): boolean {
    const dialog = this.dialogs.get(id);
    if (!dialog) return false;
    if (dialog.state === 'confirmed') this.asking.hangUp(dialog, reason, cause);
    else if (dialog.state === 'early') this.endEarly(dialog, reason, cause);
    return true;
  }

  private endEarly(dialog: Dialog, reason: string, cause: EndCause): void {
    const invite = dialog.theirInvite;
    const ended = dialog.role === 'uas' ? invite !== undefined && this.answering.respondPlainly(invite.id, 487, reason === '' ? [] : [header('Reason', reason)]) : this.asking.abandon(dialog);
    if (ended) this.deps.listener.ended(dialog, cause, undefined);
  }

  verdict(request: SipRequest, flow: Flow): Verdict {
    return this.stack.gate.verdict(request, flow);
  }

  requested(incoming: Incoming): void {
    this.answering.requested(incoming);
  }

  cancelled(cancel: Incoming, invite: Incoming | undefined): void {
    this.answering.cancelled(cancel, invite);
  }

  acknowledged(ack: SipRequest, flow: Flow): void {
    this.answering.acknowledged(ack, flow);
  }

  /** A 2xx that nobody acknowledged for 64·T1 ends its dialog with a BYE (RFC 3261 §13.3.1.4). */
  unacknowledged(invite: Incoming, status: number): void {
    if (status >= 300) return;
    for (const dialog of this.dialogs.values()) {
      if (dialog.theirInvite !== invite) continue;
      dialog.theirInvite = undefined;
      if (dialog.state === 'confirmed') this.asking.hangUp(dialog, 'SIP;cause=408;text="ACK timeout"', 'noAck');
      return;
    }
  }

  finished(): void {
    // Requests that await an answer are forgotten when they are answered; nothing else is kept by transaction.
  }

  /** Drops all transactions; the transport is closed by who opened it. */
  close(): void {
    this.stack.layer.close();
  }
}
