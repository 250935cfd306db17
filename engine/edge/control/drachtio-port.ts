// The drachtio port: unmodified drachtio-srf clients drive the SIP stack over it. What the network brings goes to who owns the dialog, else to the youngest that wants it.
import { createServer, type AddressInfo, type Server } from 'node:net';
import { randomUUID } from 'node:crypto';
import { type Logger } from '../../../storage/process/log';
import { type Clock } from '../sip/clock';
import { type Dialog } from '../sip/dialog';
import { NotSent, parseDraft } from '../sip/draft';
import { type Flow } from '../sip/flow';
import { header } from '../sip/headers';
import { type Incoming } from '../sip/layer';
import { writeMessage, type SipMessage, type SipRequest, type SipResponse } from '../sip/message';
import { type EndCause, type IncomingCall, type OutgoingCall, type StackListener } from '../sip/stack';
import { type UserAgent } from '../sip/user-agent';
import { Continuity } from './continuity';
import { Engines } from './engines';
import { describe } from './frames';
import { type KeptEvent } from './inventory-types';
import { type OwnerWatch } from './owner';
import { Session, type SessionUser } from './session';

/** The drachtio-server whose protocol this is; clients ask what it can do. */
const SPOKEN_VERSION = 'v0.9.0';
const MAX_CLIENTS = 100;
/** A client names the methods it wants one by one, right after it was let in. */
const SETTLE_MS = 250;

export interface DrachtioPortOptions {
  readonly address: string;
  /** 0 picks one. */
  readonly port: number;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Our SIP address, as peers know it. */
  readonly sipHost: string;
  readonly sipPort: number;
  /** Told which engine comes and goes. */
  readonly owner: OwnerWatch;
  /** Something was kept, for who watches over the inventory port. */
  readonly kept: (event: KeptEvent) => void;
}

export class DrachtioPort implements StackListener, SessionUser {
  readonly engines = new Engines();
  readonly continuity: Continuity;
  private readonly server: Server;
  private readonly sessions = new Set<Session>();
  private closing = false;
  private agent!: UserAgent;

  constructor(private readonly options: DrachtioPortOptions) {
    this.continuity = new Continuity({
      clock: options.clock, kept: options.kept,
      respond: (call, status, headers) => { this.agent.answering.respondPlainly(call.incoming.id, status, headers); },
    });
    this.server = createServer((socket) => {
      if (this.sessions.size >= MAX_CLIENTS) socket.destroy();
      else this.sessions.add(new Session(socket, options.secret, this, options.log));
    });
  }

  /** Listens for clients, which drive `agent`. Returns the port. @throws the listen error. */
  async open(agent: UserAgent): Promise<number> {
    this.agent = agent;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, this.options.address, () => { this.server.off('error', reject); resolve(); });
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.closing = true;
    const stopped = new Promise<void>((resolve) => { this.server.close(() => resolve()); });
    for (const session of [...this.sessions]) session.close();
    await stopped;
  }

  // Clients.

  admit(session: Session): { readonly ok: string } | { readonly refused: string } {
    const { sipHost, sipPort, log } = this.options;
    const replaced = this.engines.admit(session);
    if (!replaced) {
      log.warn({ epoch: session.epoch, current: this.engines.epoch }, 'An engine of an epoch that is over was refused');
      return { refused: `epoch ${session.epoch} is over, ${this.engines.epoch} holds` };
    }
    for (const old of replaced) {
      log.info({ epoch: old.epoch, by: session.epoch }, 'An engine was put out by a newer one');
      old.cut();
    }
    log.info({ epoch: session.epoch }, 'An engine connected');
    this.options.owner.here(session.epoch);
    this.options.clock.after(SETTLE_MS, () => {
      session.settled = true;
      if (this.engines.methods.length > 0) for (const call of this.continuity.release((held) => held.initial || this.taker(held) !== undefined, false)) this.deliver(call);
    });
    const places = `udp/${sipHost}:${sipPort},tcp/${sipHost}:${sipPort}`;
    return { ok: `${places}|${SPOKEN_VERSION}|${places}` };
  }

  routed(_session: Session): void {
    // Until it has named all it wants, nothing overtakes what came before.
    for (const call of this.continuity.release((held) => this.taker(held) !== undefined, !this.engines.settled)) this.deliver(call);
  }

  gone(session: Session): void {
    this.sessions.delete(session);
    if (!this.engines.remove(session) || this.closing) return;
    this.options.log.warn({ epoch: session.epoch }, 'An engine is gone');
    for (const dialog of this.agent.dialogs.values()) if (dialog.owner === session) dialog.owner = null;
    this.agent.asking.disown(session);
    for (const call of [...this.agent.answering.calls()]) {
      if (call.owner !== session) continue;
      call.owner = null;
      this.deliver(call);
    }
    if (!this.engines.connected) this.options.owner.gone();
  }

  sip(session: Session, messageId: string, transactionId: string, dialogId: string, route: string, text: string): void {
    try {
      session.answer(messageId, this.send(session, transactionId, dialogId, route, text));
    } catch (fault) {
      if (fault instanceof NotSent) session.answer(messageId, `NOK|${fault.message}`);
      else {
        this.options.log.error({ err: fault }, 'An engine asked for something that could not be done');
        session.answer(messageId, 'NOK|internal error');
      }
    }
  }

  /** Does what a `sip` command asks and words the answer. @throws NotSent. */
  private send(session: Session, transactionId: string, dialogId: string, route: string, text: string): string {
    const draft = parseDraft(text);
    if (draft.startLine.startsWith('SIP/')) {
      const { text: sent, call } = this.agent.answering.respond(transactionId, draft);
      return `OK|${this.describeSent(sent, call.incoming.flow)}|${transactionId}|${call.dialog?.id ?? ''}||Msg sent:|\r\n${sent}`;
    }
    if (dialogId !== '') {
      const adopted = this.agent.dialogs.get(dialogId);
      if (adopted && !this.engines.has(adopted.owner)) adopted.owner = session;
      if (draft.startLine.startsWith('ACK ')) return this.sentRequest(randomUUID(), this.agent.asking.acknowledge(dialogId, draft));
      const call = this.agent.asking.requestInDialog(dialogId, draft, session);
      return this.sentRequest(call.id, call.text);
    }
    if (transactionId !== '') {
      if (!draft.startLine.startsWith('CANCEL ')) throw new NotSent('only CANCEL is sent within a transaction');
      return this.sentRequest(randomUUID(), this.agent.asking.cancel(transactionId, draft));
    }
    const call = this.agent.asking.request(draft, route, session);
    return this.sentRequest(call.id, call.text);
  }

  private sentRequest(transactionId: string, text: string): string {
    return `OK|${this.describeSent(text, undefined)}|${transactionId}|Msg sent:|\r\n${text}`;
  }

  private describeSent(text: string, flow: Flow | undefined): string {
    const { sipHost, sipPort, clock } = this.options;
    const protocol = flow?.protocol ?? (text.includes('SIP/2.0/TCP') ? 'tcp' : 'udp');
    return describe('application', text.length, { protocol, address: sipHost, port: sipPort }, clock.civilMs());
  }

  // What the stack tells.

  requested(call: IncomingCall): void {
    this.deliver(call);
  }

  /** Who gets this request: the connection that made its dialog, else the youngest that wants the method. */
  private taker(call: IncomingCall): Session | undefined {
    const owner = call.dialog?.owner;
    return this.engines.has(owner) ? owner : this.engines.youngestFor(call.incoming.request.method);
  }

  private deliver(call: IncomingCall): void {
    const { incoming, dialog } = call;
    const { request, flow } = incoming;
    const session = this.taker(call);
    if (!session) {
      // Somebody is there and does not want this method (RFC 3261 §8.2.1); nobody is there, or the dialog is nobody's.
      if (this.engines.settled && call.initial && this.engines.methods.length > 0) this.agent.answering.respondPlainly(incoming.id, 405, [header('Allow', this.engines.methods.join(', '))]);
      else this.continuity.orphaned(call);
      return;
    }
    call.owner = session;
    if (dialog) dialog.owner = session;
    const rest = call.initial ? `|${this.options.sipHost}|${this.options.sipPort}|` : `${dialog?.id ?? ''}|`;
    this.tell(session, request, flow, incoming.id, rest);
  }

  cancelled(call: IncomingCall, cancel: Incoming): void {
    if (this.continuity.cancelled(call)) return;
    if (this.engines.has(call.owner)) this.tell(call.owner, cancel.request, cancel.flow, call.incoming.id, `${call.dialog?.id ?? ''}|`);
  }

  acknowledged(dialog: Dialog, invite: Incoming, ack: SipRequest, flow: Flow): void {
    if (this.engines.has(dialog.owner)) this.tell(dialog.owner, ack, flow, invite.id, `${dialog.id}|`);
  }

  responded(call: OutgoingCall, response: SipResponse, from: Flow | undefined): void {
    const { sipHost, sipPort } = this.options;
    if (this.engines.has(call.owner)) this.tell(call.owner, response, from ?? { protocol: 'udp', address: sipHost, port: sipPort }, call.id, `${call.dialog?.id ?? ''}|`);
  }

  ended(dialog: Dialog, cause: EndCause, bye: string | undefined): void {
    this.continuity.keep(dialog.id, dialog.callId, cause);
    if (bye === undefined || !this.engines.has(dialog.owner)) return;
    dialog.owner.send(`${randomUUID()}|sip|${this.describeSent(bye, undefined)}|unsolicited|${dialog.id}|\r\n${bye}`);
  }

  /** Sends a message from the network to a client, in full header names and with display names its parser can read. */
  private tell(session: Session, message: SipMessage, from: Pick<Flow, 'protocol' | 'address' | 'port'>, transactionId: string, rest: string): void {
    const startLine = message.kind === 'request' ? `${message.method} ${message.uri} SIP/2.0` : `SIP/2.0 ${message.status} ${message.reason}`;
    const headers = message.headers.map((entry) => (NAMED.has(entry.key) && UNQUOTED.test(entry.value) ? header(entry.name, quoted(entry.value)) : entry));
    session.send(`${randomUUID()}|sip|${describe('network', message.bytes, from, this.options.clock.civilMs())}|${transactionId}|${rest}\r\n${writeMessage(startLine, headers, message.body)}`);
  }
}

const NAMED = new Set(['from', 'to', 'contact']);
/** A display name that is neither quoted nor made of tokens, which clients would take for the URI. */
const UNQUOTED = /^\s*[^"<\s][^<"]*[^A-Za-z0-9\-.!%*_+`'~\s<"][^<"]*</;

/** Puts quotes around such a display name. */
function quoted(value: string): string {
  const open = value.indexOf('<');
  return `"${value.slice(0, open).trim().replaceAll('\\', '\\\\')}" ${value.slice(open)}`;
}
