// Tells each SIP message to the leg it belongs to, and makes legs: the SipPort that calls use.
import { createHash } from 'node:crypto';
import { type Arrival, type CallId, type OfferId, type WithdrawCause } from '../core/types';
import { type LegToRing, type SipListener, type SipPort, type Timers } from '../calls/ports';
import { type Logger } from '../../storage/process/log';
import { escapeUser, formatAddress, parseAddress, parseUri } from './addresses';
import { AgentLeg } from './agent-leg';
import { CallerLeg } from './caller-leg';
import { ALLOW, hasForeignBody, SDP, sdpOf, unsupportedExtensions } from './leg';
import { type Incoming, type Outcome, type Outgoing } from './link';
import { type Contact } from './registrar';

export interface SwitchboardDeps {
  readonly link: { send(outgoing: Outgoing, outcome: Outcome): void };
  readonly registrar: { register(incoming: Incoming): void; contactOf(agentId: string): Contact | null };
  readonly timers: Timers;
  readonly log: Logger;
  /** Our one SIP domain. */
  readonly domain: string;
}

interface Leg { request(incoming: Incoming): void; end(): void; readonly liveDialog: string | null; linkDown(): void; vanished(): void }

export class Switchboard implements SipPort {
  private readonly callers = new Map<CallId, CallerLeg>();
  private readonly agents = new Map<OfferId, AgentLeg>();
  private readonly dialogs = new Map<string, Leg>();
  /** False while stopping: new callers get 503, registrations too, so that phones look elsewhere. */
  private open = true;

  constructor(private readonly listener: SipListener, private readonly deps: SwitchboardDeps) {}

  /** Every request from the network. */
  request(incoming: Incoming): void {
    const leg = incoming.dialogId === null ? undefined : this.dialogs.get(incoming.dialogId);
    if (leg !== undefined) {
      leg.request(incoming);
      return;
    }
    switch (incoming.method) {
      case 'ACK':
        return;
      case 'REGISTER':
        if (this.open) this.deps.registrar.register(incoming);
        else incoming.respond(503, { headers: { 'Retry-After': '5' } });
        return;
      case 'OPTIONS':
        incoming.respond(200, { headers: { Allow: ALLOW, Accept: SDP } });
        return;
      case 'INVITE':
        if (isInDialog(incoming)) incoming.respond(481);
        else this.invite(incoming);
        return;
      default:
        incoming.respond(isInDialog(incoming) ? 481 : 405, { headers: { Allow: ALLOW } });
    }
  }

  refuse(callId: CallId, status: number, reason: string): void { this.callers.get(callId)?.refuse(status, reason); }

  answer(callId: CallId, sdp: string): void { this.callers.get(callId)?.answer(sdp); }

  endCaller(callId: CallId): void { this.callers.get(callId)?.end(); }

  ring(legId: OfferId, leg: LegToRing): void {
    const contact = this.deps.registrar.contactOf(leg.agentId);
    if (contact === null) {
      this.listener.legEnded(legId, 'unreachable');
      return;
    }
    const made: AgentLeg = new AgentLeg(legId, {
      uri: contact.uri,
      proxy: contact.proxy,
      from: formatAddress(leg.fromName, `sip:${escapeUser(leg.fromUser)}@${this.deps.domain}`),
      to: `<${contact.uri}>`,
      sdp: leg.sdp,
    }, {
      ringing: () => { this.listener.ringing(legId); },
      answered: (sdp) => { this.listener.answered(legId, sdp); },
      ended: (outcome) => { this.listener.legEnded(legId, outcome); },
      renegotiate: (sdp) => this.listener.renegotiate({ legId }, sdp),
      completeRenegotiation: (sdp) => { this.listener.completeRenegotiation({ legId }, sdp); },
      dialogMade: (dialogId) => { this.dialogs.set(dialogId, made); },
      over: (dialogId) => {
        this.agents.delete(legId);
        if (dialogId !== null) this.dialogs.delete(dialogId);
      },
    }, this.deps);
    this.agents.set(legId, made);
    made.ring();
  }

  withdraw(legId: OfferId, cause: WithdrawCause): void { this.agents.get(legId)?.withdraw(cause); }

  endLeg(legId: OfferId): void { this.agents.get(legId)?.end(); }

  /** Takes no new callers from now on. */
  closeDoors(): void { this.open = false; }

  /** Legs that are not over. */
  get size(): number { return this.callers.size + this.agents.size; }

  /** The dialog of a caller, or of a leg by its offer id, for the journal. */
  dialogOf(id: CallId): string | null { return (this.callers.get(id) ?? this.agents.get(id))?.liveDialog ?? null; }

  linkDown(): void {
    for (const leg of this.legs()) leg.linkDown();
  }

  /** Dialogs that stand now. */
  liveDialogs(): ReadonlySet<string> { return new Set(this.dialogs.keys()); }

  /** The edge does not know this dialog: its leg is over. */
  vanished(dialogId: string): void { this.dialogs.get(dialogId)?.vanished(); }

  /** Ends every leg; what comes of it is told as ever. */
  endAll(): void {
    for (const leg of this.legs()) leg.end();
  }

  private legs(): Leg[] { return [...this.callers.values(), ...this.agents.values()]; }

  private invite(incoming: Incoming): void {
    const extensions = unsupportedExtensions(incoming);
    const arrival = arrivalOf(incoming);
    if (!this.open) incoming.respond(503, { headers: { 'Retry-After': '5' } });
    else if (extensions !== null) incoming.respond(420, { headers: { Unsupported: extensions } });
    else if (hasForeignBody(incoming)) incoming.respond(415, { headers: { Accept: SDP } });
    else if (arrival === null) incoming.respond(416);
    else this.arrive(incoming, arrival);
  }

  private arrive(incoming: Incoming, arrival: Arrival): void {
    const { callId } = arrival;
    const known = this.callers.get(callId);
    if (known !== undefined) {
      known.toldAgain(incoming);
      return;
    }
    const made: CallerLeg = new CallerLeg(callId, incoming, {
      acknowledged: (sdp) => { this.listener.acknowledged(callId, sdp); },
      gone: (cause) => { this.listener.callerGone(callId, cause); },
      renegotiate: (sdp) => this.listener.renegotiate({ callId }, sdp),
      completeRenegotiation: (sdp) => { this.listener.completeRenegotiation({ callId }, sdp); },
      dialogMade: (dialogId) => { this.dialogs.set(dialogId, made); },
      over: (dialogId) => {
        this.callers.delete(callId);
        if (dialogId !== null) this.dialogs.delete(dialogId);
      },
    }, this.deps);
    this.callers.set(callId, made);
    this.listener.arrived(arrival, sdpOf(incoming));
  }
}

/** Null when the Request-URI is no address that we could know (RFC 3261 section 8.2.2.1). */
export function arrivalOf(incoming: Incoming): Arrival | null {
  const dialled = parseUri(incoming.uri);
  if (dialled === null) return null;
  const caller = parseAddress(incoming.header('p-asserted-identity') ?? '') ?? parseAddress(incoming.header('from') ?? '');
  const callerUri = caller === null ? null : parseUri(caller.uri);
  return {
    callId: callIdOf(incoming.transactionId),
    dialledUser: dialled.user,
    dialled: dialled.scheme === 'tel' ? `tel:${dialled.user}` : `${dialled.scheme}:${dialled.user === '' ? '' : `${escapeUser(dialled.user)}@`}${dialled.host}`,
    callerNumber: callerUri?.user ?? '',
    callerName: caller?.name ?? '',
  };
}

/** Of the transaction, which the edge tells again by the same name when another engine comes: so the call keeps its id. */
export function callIdOf(transactionId: string): CallId {
  return `c${createHash('sha256').update(transactionId).digest('hex').slice(0, 24)}`;
}

function isInDialog(incoming: Incoming): boolean {
  return parseAddress(incoming.header('to') ?? '')?.params.has('tag') ?? false;
}
