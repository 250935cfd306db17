// The drachtio port: unmodified drachtio-srf clients drive the SIP stack over it. What the network brings goes to who owns the dialog, else to the youngest that wants it.
import { randomUUID } from 'node:crypto';
import { type Logger } from '../../../storage/process/log';
import { type Networks } from '../networks';
import { type Clock } from '../sip/clock';
import { dialogId as nameOfDialog, type Dialog } from '../sip/dialog';
import { NotSent, parseDraft } from '../sip/draft';
import { type Flow } from '../sip/flow';
import { header } from '../sip/headers';
import { type Incoming } from '../sip/layer';
import { writeMessage, type SipMessage, type SipRequest, type SipResponse } from '../sip/message';
import { type EndCause, type IncomingCall, type OutgoingCall, type StackListener } from '../sip/stack';
import { type UserAgent } from '../sip/user-agent';
import { Continuity, type RequestFacts } from './continuity';
import { EngineDoor } from './engine-door';
import { type Engines } from './engines';
import { describe } from './frames';
import { type KeptEvent } from './inventory-types';
import { type OwnerWatch } from './owner';
import { type Session } from './session';

export interface DrachtioPortOptions {
  readonly address: string;
  /** 0 picks one. */
  readonly port: number;
  readonly secret: string;
  /** Who may connect beside this machine. */
  readonly allowed?: Networks;
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

export class DrachtioPort implements StackListener {
  readonly continuity: Continuity<IncomingCall>;
  readonly engines: Engines;
  private readonly door: EngineDoor<IncomingCall>;
  private agent!: UserAgent;

  constructor(private readonly options: DrachtioPortOptions) {
    const { address, port, secret, allowed, clock, log, owner, sipHost, sipPort } = options;
    this.continuity = new Continuity({
      factsOf, clock, kept: options.kept,
      respond: (call, status, headers) => { this.agent.answering.respondPlainly(call.incoming.id, status, headers); },
    });
    const places = `udp/${sipHost}:${sipPort},tcp/${sipHost}:${sipPort}`;
    this.door = new EngineDoor({
      address, port, secret, ...(allowed && { allowed }), clock, log, owner, continuity: this.continuity, places: () => places,
      takerOf: (call) => this.taker(call), deliver: (call) => this.deliver(call), lost: (session) => this.lost(session),
      sip: (...asked) => this.sip(...asked),
    });
    this.engines = this.door.engines;
  }

  /** Listens for clients, which drive `agent`. Returns the port. @throws the listen error. */
  open(agent: UserAgent): Promise<number> {
    this.agent = agent;
    return this.door.open();
  }

  close(): Promise<void> {
    return this.door.close();
  }

  private lost(session: Session): void {
    for (const dialog of this.agent.dialogs.values()) if (dialog.owner === session) dialog.owner = null;
    this.agent.asking.disown(session);
    for (const call of [...this.agent.answering.calls()]) {
      if (call.owner !== session) continue;
      call.owner = null;
      this.deliver(call);
    }
  }

  private sip(session: Session, messageId: string, transactionId: string, dialogId: string, route: string, text: string): void {
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
    const protocol = flow?.protocol ?? (text.includes('SIP/2.0/TCP') ? 'tcp' : text.includes('SIP/2.0/TLS') ? 'tls' : 'udp');
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
    if (session && call.initial && request.method === 'OPTIONS' && !this.options.owner.state.responsive) {
      // It is connected and hangs: nobody is told that calls may be sent here.
      this.agent.answering.respondPlainly(incoming.id, 503, [header('Retry-After', '3')]);
      return;
    }
    if (!session) {
      if (this.door.unwanted(call)) this.agent.answering.respondPlainly(incoming.id, 405, [header('Allow', this.engines.methods.join(', '))]);
      else this.continuity.orphaned(call);
      return;
    }
    call.owner = session;
    if (dialog) dialog.owner = session;
    if (dialog && request.method === 'BYE') this.continuity.told(dialog.id, dialog.callId, 'bye');
    const rest = call.initial ? `|${this.options.sipHost}|${this.options.sipPort}|` : `${dialog?.id ?? ''}|`;
    this.tell(session, request, flow, incoming.id, rest);
  }

  cancelled(call: IncomingCall, cancel: Incoming): void {
    if (this.continuity.cancelled(call) || !this.engines.has(call.owner)) return;
    const { dialog, callId } = factsOf(call);
    this.continuity.told(dialog, callId, 'cancel');
    this.tell(call.owner, cancel.request, cancel.flow, call.incoming.id, `${call.dialog?.id ?? ''}|`);
  }

  acknowledged(dialog: Dialog, invite: Incoming, ack: SipRequest, flow: Flow): void {
    // The engine that sent the 200 may be gone, and the one that goes on with its dialog has asked for nothing in it yet.
    const session = this.engines.has(dialog.owner) ? dialog.owner : this.engines.all().at(-1);
    if (session) this.tell(session, ack, flow, invite.id, `${dialog.id}|`);
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

/** What decides what becomes of it while no engine is there. */
export function factsOf({ incoming: { id, request }, dialog, initial }: IncomingCall): RequestFacts {
  return { id, method: request.method, callId: request.callId, dialog: dialog?.id ?? nameOfDialog(request.callId, request.fromTag), inDialog: dialog !== undefined, initial };
}

const NAMED = new Set(['from', 'to', 'contact']);
/** A display name that is neither quoted nor made of tokens, which clients would take for the URI. */
const UNQUOTED = /^\s*[^"<\s][^<"]*[^A-Za-z0-9\-.!%*_+`'~\s<"][^<"]*</;

/** Puts quotes around such a display name. */
function quoted(value: string): string {
  const open = value.indexOf('<');
  return `"${value.slice(0, open).trim().replaceAll('\\', '\\\\')}" ${value.slice(open)}`;
}
