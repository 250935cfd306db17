// The relay in front of drachtio-server. That server binds a dialog to the connection that made it, for ever; so the relay holds the
// one connection, engines come and go in front of it, and what exists is known by watching what passes.
import { randomUUID } from 'node:crypto';
import { type Logger } from '../../../storage/process/log';
import { Continuity } from '../control/continuity';
import { EngineDoor } from '../control/engine-door';
import { type Engines } from '../control/engines';
import { type DialogInfo, type KeptEvent } from '../control/inventory-types';
import { type OwnerWatch } from '../control/owner';
import { type Session } from '../control/session';
import { type Networks } from '../networks';
import { type Clock } from '../sip/clock';
import { dialogId as nameOfDialog } from '../sip/dialog';
import { header, type Header } from '../sip/headers';
import { PHRASES, writeMessage, type SipMessage, type SipResponse } from '../sip/message';
import { parseDatagram } from '../sip/parser';
import { infoOf, Seen, type Asked, type Told } from './seen';
import { Upstream } from './upstream';

/** What drachtio-server is to send us, also while no engine is there to ask for it. */
const METHODS = ['invite', 'register', 'options', 'bye', 'info', 'update', 'refer'];
const COMPLETED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';
/** After this long a request an engine never answered is no longer ours to watch; drachtio-server has given up on it. */
const FORGOTTEN_MS = { invite: 300_000, other: 32_000 } as const;

export interface RelayOptions {
  readonly address: string;
  /** 0 picks one. */
  readonly port: number;
  readonly secret: string;
  /** Who may connect beside this machine. */
  readonly allowed?: Networks;
  readonly server: { readonly host: string; readonly port: number; readonly secret: string };
  readonly clock: Clock;
  readonly log: Logger;
  readonly owner: OwnerWatch;
  readonly kept: (event: KeptEvent) => void;
}

export class Relay {
  readonly continuity: Continuity<Told>;
  readonly engines: Engines;
  private readonly door: EngineDoor<Told>;
  private readonly upstream: Upstream;
  private readonly seen = new Seen();
  private places: string | undefined;

  constructor(private readonly options: RelayOptions) {
    const { address, port, secret, allowed, clock, log, owner, kept, server } = options;
    this.continuity = new Continuity<Told>({
      clock, kept, factsOf: (told) => ({ id: told.transactionId, method: told.request.method, callId: told.request.callId, dialog: told.dialog, inDialog: this.seen.dialogs.has(told.dialog), initial: told.initial }),
      respond: (told, status, headers) => this.respond(told, status, headers),
    });
    this.door = new EngineDoor<Told>({
      address, port, secret, ...(allowed && { allowed }), clock, log, owner, continuity: this.continuity, places: () => this.places, takerOf: (told) => this.taker(told), deliver: (told) => this.deliver(told),
      wanted: (method) => this.upstream.want(method), lost: (session) => this.disown(session), sip: (...asked) => this.sip(...asked),
    });
    this.engines = this.door.engines;
    this.upstream = new Upstream({
      ...server, clock, log, methods: METHODS,
      up: (places) => { this.places = places; },
      down: () => this.serverLost(),
      received: (fields, text) => this.received(fields, text),
    });
  }

  get connected(): boolean {
    return this.places !== undefined;
  }

  get sizes(): { readonly dialogs: number; readonly incoming: number; readonly outgoing: number } {
    return { dialogs: this.seen.dialogs.size, incoming: this.seen.told.size, outgoing: this.seen.asked.size };
  }

  /** Listens for engines and connects to drachtio-server. Returns the port. @throws the listen error. */
  async open(): Promise<number> {
    const port = await this.door.open();
    this.upstream.start();
    return port;
  }

  async close(): Promise<void> {
    this.upstream.close();
    await this.door.close();
  }

  dialogInfos(): DialogInfo[] {
    return Array.from(this.seen.dialogs.values(), (dialog) => infoOf(dialog, this.engines.has(dialog.owner)));
  }

  /** Ends a dialog by whatever its state needs. False when there is no such dialog. */
  end(id: string, reason: string): boolean {
    const dialog = this.seen.dialogs.get(id);
    if (!dialog) return false;
    if (dialog.state === 'confirmed') this.hangUp(id, reason);
    else if (dialog.state === 'early') {
      const told = this.seen.told.get(dialog.invite);
      const asked = this.seen.asked.get(dialog.invite);
      if (told) this.respond(told, 487, reason === '' ? [] : [header('Reason', reason)]);
      else if (asked) this.takeBack(asked);
      if (dialog.role === 'uas') this.seen.dialogs.delete(id);
    }
    this.continuity.keep(id, dialog.callId, 'asked');
    return true;
  }

  // From engines.

  private sip(session: Session, messageId: string, transactionId: string, dialogId: string, route: string, text: string): void {
    const startLine = text.slice(0, text.indexOf('\r\n'));
    const method = startLine.startsWith('SIP/') ? '' : startLine.slice(0, startLine.indexOf(' ')).toUpperCase();
    const dialog = this.seen.dialogs.get(dialogId);
    if (dialog && !this.engines.has(dialog.owner)) dialog.owner = session;
    this.upstream.sip(transactionId, dialogId, route, text, (fields, sent) => {
      // Whoever asked may be gone by now; what was sent was sent.
      if (fields[0] === 'OK') {
        if (method === '') this.answered(transactionId, sent);
        else if (method === 'ACK') this.seen.acknowledged(dialogId);
        else if (method !== 'CANCEL') this.askedFor(session, method, fields[7] ?? '', dialogId, sent);
      }
      session.answer(messageId, sent === '' ? fields.join('|') : `${fields.join('|')}\r\n${sent}`);
    });
  }

  /** A response to a request from the network went out. */
  private answered(transactionId: string, sent: string): void {
    const told = this.seen.told.get(transactionId);
    const response = parse(sent);
    if (told && response?.kind === 'response') this.seen.answered(told, response, this.options.clock.civilMs());
  }

  private askedFor(session: Session, method: string, transactionId: string, dialogId: string, sent: string): void {
    const request = parse(sent);
    if (transactionId === '' || request?.kind !== 'request') return;
    const asked: Asked = { transactionId, method, dialog: dialogId === '' ? nameOfDialog(request.callId, request.fromTag) : dialogId, initial: dialogId === '', uri: request.uri, owner: session, orphan: false, final: 0 };
    this.seen.asking(asked, request, this.options.clock.civilMs());
    if (!this.engines.has(session)) this.orphan(asked);
  }

  /** An engine is gone: what it began and nobody can finish is taken back, and what it owed is for the next. */
  private disown(session: Session): void {
    for (const dialog of this.seen.dialogs.values()) if (dialog.owner === session) dialog.owner = null;
    for (const asked of [...this.seen.asked.values()]) if (asked.owner === session) this.orphan(asked);
    for (const told of [...this.seen.told.values()]) {
      if (told.owner !== session) continue;
      told.owner = null;
      this.deliver(told);
    }
  }

  private orphan(asked: Asked): void {
    if (asked.orphan) return;
    asked.orphan = true;
    const dialog = this.seen.dialogs.get(asked.dialog);
    if (asked.method !== 'INVITE' || !dialog) return;
    if (asked.final === 0) {
      if (!asked.initial) return;
      this.takeBack(asked);
      this.continuity.keep(dialog.id, dialog.callId, 'ownerGone');
    } else if (asked.final < 300) this.finish(asked);
  }

  /** Acknowledges a 2xx nobody waits for any more, and ends the call it began. */
  private finish(asked: Asked): void {
    this.upstream.sip('', asked.dialog, '', writeMessage('ACK sip:placeholder SIP/2.0', [], ''));
    this.seen.acknowledged(asked.dialog);
    if (asked.initial) this.hangUp(asked.dialog, COMPLETED_ELSEWHERE);
  }

  private takeBack(asked: Asked): void {
    this.upstream.sip(asked.transactionId, '', '', writeMessage(`CANCEL ${asked.uri} SIP/2.0`, [], ''));
  }

  private hangUp(id: string, reason: string): void {
    const dialog = this.seen.dialogs.get(id);
    if (dialog) dialog.state = 'ending';
    this.upstream.sip('', id, '', writeMessage('BYE sip:placeholder SIP/2.0', reason === '' ? [] : [header('Reason', reason)], ''), ([verdict, ...fields]) => {
      const transactionId = fields[6] ?? '';
      if (verdict === 'OK') this.seen.asked.set(transactionId, { transactionId, method: 'BYE', dialog: id, initial: false, uri: '', owner: null, orphan: true, final: 0 });
      else this.seen.dialogs.delete(id);
    });
  }

  // From the network.

  private received(fields: readonly string[], text: string): void {
    const message = parse(text);
    if (!message) return;
    const [, , protocol, address, port, , transactionId = '', dialogId = ''] = fields;
    if (message.kind === 'response') this.responded(message, transactionId, fields, text);
    else if (transactionId === 'unsolicited') this.serverEnded(dialogId, fields, text);
    else if (message.method === 'CANCEL') this.cancelled(transactionId, fields, text);
    else if (message.method === 'ACK') {
      const owner = this.seen.dialogs.get(dialogId)?.owner;
      // The engine that sent the 200 may be gone, and the one that goes on with its dialog has asked for nothing in it yet.
      this.forward(this.engines.has(owner) ? owner : this.engines.all().at(-1), fields, text);
    }
    else {
      const initial = message.toTag === '';
      const dialog = initial ? nameOfDialog(message.callId, message.fromTag) : dialogId;
      const told: Told = {
        transactionId, request: message, text, fields, dialog, initial, owner: null, receivedAtMs: this.options.clock.civilMs(),
        source: { protocol: protocol === 'tcp' ? 'tcp' : 'udp', address: address ?? '', port: Number(port) },
      };
      this.seen.told.set(transactionId, told);
      this.options.clock.after(message.method === 'INVITE' ? FORGOTTEN_MS.invite : FORGOTTEN_MS.other, () => { this.seen.told.delete(transactionId); });
      this.deliver(told);
      if (message.method === 'BYE') this.seen.dialogs.delete(dialog);
    }
  }

  private taker(told: Told): Session | undefined {
    const owner = this.seen.dialogs.get(told.dialog)?.owner;
    return this.engines.has(owner) ? owner : this.engines.youngestFor(told.request.method);
  }

  private deliver(told: Told): void {
    const session = this.taker(told);
    if (!session) {
      if (this.door.unwanted(told)) this.respond(told, 405, [header('Allow', this.engines.methods.join(', '))]);
      else this.continuity.orphaned(told);
      return;
    }
    told.owner = session;
    const dialog = this.seen.dialogs.get(told.dialog);
    if (dialog) dialog.owner = session;
    if (dialog && told.request.method === 'BYE') this.continuity.told(dialog.id, dialog.callId, 'bye');
    this.forward(session, told.fields, told.text);
  }

  private responded(response: SipResponse, transactionId: string, fields: readonly string[], text: string): void {
    const asked = this.seen.asked.get(transactionId);
    if (!asked) return;
    this.seen.responded(asked, response);
    if (!asked.orphan) this.forward(asked.owner, fields, text);
    else if (asked.method === 'INVITE' && response.status >= 200 && response.status < 300) this.finish(asked);
  }

  private cancelled(transactionId: string, fields: readonly string[], text: string): void {
    const told = this.seen.told.get(transactionId);
    if (!told) return;
    this.seen.told.delete(transactionId);
    if (told.initial) this.seen.dialogs.delete(told.dialog);
    // The server has answered both already.
    if (this.continuity.cancelled(told) || !this.engines.has(told.owner)) return;
    this.continuity.told(told.dialog, told.request.callId, 'cancel');
    this.forward(told.owner, fields, text);
  }

  /** drachtio-server ended a call by itself: no ACK came for our 200. */
  private serverEnded(id: string, fields: readonly string[], text: string): void {
    const dialog = this.seen.dialogs.get(id);
    if (!dialog) return;
    this.seen.dialogs.delete(id);
    this.continuity.keep(id, dialog.callId, 'noAck');
    this.forward(dialog.owner, fields, text);
  }

  private serverLost(): void {
    this.places = undefined;
    this.seen.clear();
    this.continuity.clear();
    this.door.clear();
  }

  private forward(owner: unknown, fields: readonly string[], text: string): void {
    if (this.engines.has(owner)) owner.send(`${randomUUID()}|sip|${fields.join('|')}\r\n${text}`);
  }

  /** Answers a request from here; what it means for its dialog holds at once. */
  private respond(told: Told, status: number, headers: readonly Header[]): void {
    this.seen.told.delete(told.transactionId);
    if (told.initial && status >= 300) this.seen.dialogs.delete(told.dialog);
    this.upstream.sip(told.transactionId, '', '', writeMessage(`SIP/2.0 ${status} ${PHRASES[status] ?? ''}`, headers, ''));
  }
}

/** A whole message as drachtio-server shows it. */
function parse(text: string): SipMessage | undefined {
  return parseDatagram(Buffer.from(text));
}
