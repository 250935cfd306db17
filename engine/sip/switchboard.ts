// Tells each SIP message to the leg it belongs to, and makes legs: the SipPort that calls use.
import { type Arrival, type CallId, type LegOutcome, type Now, type OfferId, type WithdrawCause } from '../core/types';
import { type Branch, type LegRef, type LegToRing, MediaFault, type SipListener, type SipPort, type Timers } from '../calls/ports';
import { type Logger } from '../../storage/process/log';
import { escapeUser, formatAddress, parseAddress, parseUri } from './addresses';
import { AgentLeg, type Place } from './agent-leg';
import { type CallerGoneCause, CallerLeg, type CallerLegEvents } from './caller-leg';
import { absentInvite } from './absent-invite';
import { type Adopted, type DialogKept, type SipKept, type Standing, type StrayDialog, timerOut } from './kept';
import { ALLOW_AGENT, hasForeignBody, type LegDeps, SDP, sdpOf, SUPPORTED, unsupportedExtensions } from './leg';
import { type Headers, type Incoming, type Outcome, type Outgoing } from './link';
import { Dialogs, type DialogName, parseReplaces } from './replaces';
import { anotherMayDo, type Arrivals, type Caller, type Routes } from './routes';
import { answerTerms } from './session-timer';
import { TakenLeg } from './taken-leg';
import { Transfers } from './transfers';

export interface SwitchboardDeps {
  readonly link: { send(outgoing: Outgoing, outcome: Outcome): void };
  readonly registrar: { register(incoming: Incoming): void };
  readonly routes: Routes;
  readonly arrivals: Arrivals;
  readonly timers: Timers;
  readonly log: Logger;
  /** Our one SIP domain. */
  readonly domain: string;
  /** Groups that another pool serves now, and where that is; left out where there is no other. */
  readonly elsewhere?: { isServedElsewhere(dialledUser: string): boolean; readonly sip: string | null };
  /** At least 0, less than 1; Math.random where it is left out. */
  readonly random?: () => number;
}

/** Whose dialog it is. A dialog's owner is asked for its call or leg when a Replaces names it. */
interface Owner {
  readonly handler: { request(incoming: Incoming): void; vanished(cause?: CallerGoneCause): void };
  readonly of: LegRef;
}

/** An INVITE that came to us and what became of it. */
interface Guest {
  readonly leg: CallerLeg;
  readonly invite: Incoming;
  readonly caller: Caller;
  of: LegRef;
}

export class Switchboard implements SipPort {
  /** Callers that are not over, by call. */
  private readonly callers = new Map<CallId, Guest>();
  /** Every leg whose INVITE came to us, by the id of that INVITE: it may be told again. */
  private readonly guests = new Map<CallId, Guest>();
  private readonly agents = new Map<OfferId, AgentLeg | TakenLeg>();
  private readonly dialogs: Dialogs<Owner>;
  private readonly transfers: Transfers;
  private readonly legDeps: LegDeps;
  /** False while stopping: new callers get 503, registrations too, so that phones look elsewhere. */
  private open = true;

  constructor(private readonly listener: SipListener, private readonly deps: SwitchboardDeps) {
    const { link, timers, log } = deps;
    this.dialogs = new Dialogs(timers);
    this.legDeps = {
      link, timers, log, random: deps.random ?? Math.random,
      refreshed: (dialogId) => {
        const owner = this.dialogs.get(dialogId);
        if (owner !== undefined) listener.refreshed(owner.of);
      },
    };
    this.transfers = new Transfers({
      link, log,
      // A phone may also name us as we name ourselves to it: by the address of our Contact, which is its REFER's Request-URI.
      isOurs: (uri, refer) => {
        const us = parseUri(refer.uri);
        return uri.host === deps.domain || (uri.host === us?.host && (uri.port ?? 5060) === (us.port ?? 5060));
      },
      consulted: (replaces) => {
        const owner = this.dialogs.find(replaces);
        return owner === null || owner === 'ended' ? null : 'callId' in owner.of ? { callId: owner.of.callId } : 'other';
      },
      asked: (legId, transferId, target) => { listener.transferAsked(legId, transferId, target); },
    });
  }

  /** Every request from the network. */
  request(incoming: Incoming): void {
    const owner = incoming.dialogId === null ? undefined : this.dialogs.get(incoming.dialogId);
    if (owner !== undefined) {
      owner.handler.request(incoming);
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
        incoming.respond(200, { headers: { Allow: ALLOW_AGENT, Supported: SUPPORTED, Accept: SDP } });
        return;
      case 'INVITE':
        if (isInDialog(incoming)) incoming.respond(481);
        else this.invite(incoming);
        return;
      default:
        incoming.respond(isInDialog(incoming) ? 481 : 405, { headers: { Allow: ALLOW_AGENT } });
    }
  }

  refuse(callId: CallId, status: number, reason: string): void {
    const guest = this.callers.get(callId);
    guest?.leg.refuse(status, reason, status === 407 ? this.deps.arrivals.challengeFor(guest.invite) : {});
  }

  answer(callId: CallId, sdp: string): void { this.callers.get(callId)?.leg.answer(sdp); }

  endCaller(callId: CallId): void { this.callers.get(callId)?.leg.end(); }

  ring(legId: OfferId, leg: LegToRing): void {
    if (leg.mayWait === true && !this.open) return;
    // Whoever a caller was sent on to is no agent, and may not send the caller anywhere at our cost.
    this.newLeg(legId, leg.branches, leg.diverted === undefined).ring(leg.branches.flatMap((branch, at) => this.placesOf(legId, leg, branch, at)));
  }

  private newLeg(legId: OfferId, branches: readonly Branch[], mayRefer: boolean): AgentLeg {
    const made = new AgentLeg(legId, branches, {
      ringing: () => { this.listener.ringing(legId); },
      answered: (sdp) => { this.listener.answered(legId, sdp); },
      pickedUp: (branch, sdp) => { this.listener.pickedUp(legId, branch, sdp); },
      branchGone: (branch) => { this.listener.branchGone(legId, branch); },
      ended: (outcome) => { this.agentOver(legId, outcome); },
      dialogMade: (dialog, handler) => { this.dialogs.add(dialog, { handler, of: { legId } }); },
      dialogOver: (dialogId) => { this.dialogGone(dialogId); },
      renegotiate: (sdp) => this.listener.renegotiate({ legId }, sdp),
      completeRenegotiation: (sdp) => { this.listener.completeRenegotiation({ legId }, sdp); },
      keyPressed: (key, branch) => { this.listener.keyPressed({ legId }, key, ...(branch === undefined ? [] : [branch])); },
      referred: mayRefer ? (incoming) => { this.transfers.referred(legId, incoming); } : null,
    }, this.legDeps);
    this.agents.set(legId, made);
    return made;
  }

  confirmed(legId: OfferId, branch: number, sdp: string): void { this.agents.get(legId)?.confirmed(branch, sdp); }

  notConfirmed(legId: OfferId, branch: number): void { this.agents.get(legId)?.notConfirmed(branch); }

  takeLeg(callId: CallId, legId: OfferId, sdp: string): void {
    const guest = this.callers.get(callId);
    if (guest === undefined) {
      this.listener.legEnded(legId, 'failed');
      return;
    }
    this.callers.delete(callId);
    this.seat(guest, legId, false, (answer) => { this.listener.answered(legId, answer ?? ''); });
    guest.leg.answer(sdp);
  }

  becomeCaller(legId: OfferId, callId: CallId, { number, name }: { readonly number: string; readonly name: string }): boolean {
    // Only how long ago something was means anything here.
    const now: Now = { monotonicMs: this.deps.timers.nowMs(), civil: new Date(0) };
    const leg = this.agents.get(legId);
    const dialog = leg instanceof AgentLeg ? leg.handOver(now) : null;
    if (dialog === null) return false;
    this.agents.delete(legId);
    this.adoptGuest(callId, { inviteId: callId, identity: { ...NOBODY, history: [], number, name }, dialog, state: 'up' }, null, now);
    return true;
  }

  withdraw(legId: OfferId, cause: WithdrawCause): void { this.agents.get(legId)?.withdraw(cause); }

  endLeg(legId: OfferId): void { this.agents.get(legId)?.end(); }

  reinvite(leg: LegRef, sdp: string): Promise<string> {
    const found = 'callId' in leg ? this.callers.get(leg.callId)?.leg : this.agents.get(leg.legId);
    return found?.reinvite(sdp) ?? Promise.reject(new MediaFault('refused', 'the leg is over'));
  }

  acceptTransfer(transferId: string): void { this.transfers.accept(transferId); }

  refuseTransfer(transferId: string, status: number, reason: string): void { this.transfers.refuse(transferId, status, reason); }

  transferProgress(transferId: string, status: number, reason: string): void { this.transfers.progress(transferId, status, reason); }

  /** Takes no new callers from now on. */
  closeDoors(): void { this.open = false; }

  /** Legs that are not over. */
  get size(): number { return this.callers.size + this.agents.size; }

  /** The dialog of a caller, or of a leg by its offer id, for the journal. */
  dialogOf(id: CallId): string | null { return (this.callers.get(id)?.leg ?? this.agents.get(id))?.liveDialog ?? null; }

  linkDown(): void {
    for (const leg of this.legs()) leg.linkDown();
  }

  /** What another engine must know to go on with the dialogs of a call: the caller's, and those of its legs. */
  keep(callId: CallId, legIds: Iterable<OfferId>, now: Now): SipKept {
    const guest = this.callers.get(callId);
    const ids = [...legIds];
    const legs = ids.flatMap((legId) => {
      const leg = this.agents.get(legId);
      const dialog = leg?.keep(now) ?? null;
      return leg === undefined || dialog === null ? [] : [{ legId, inviteId: leg instanceof TakenLeg ? leg.inviteId : null, dialog }];
    });
    return {
      caller: guest === undefined ? null : { inviteId: guest.leg.callId, identity: { ...guest.caller, history: [...guest.caller.history] }, ...guest.leg.keep(now) },
      legs,
      ringing: ids.flatMap((legId) => {
        const leg = this.agents.get(legId);
        return leg instanceof AgentLeg && leg.answeredBy.length > 0 ? [{ legId, mayRefer: leg.mayRefer, callIds: [...leg.answeredBy] }] : [];
      }),
      ...this.transfers.keep(new Set(legs.map(({ legId }) => legId)), legs.map(({ dialog }) => dialog.name.id)),
    };
  }

  /**
   * Goes on with those dialogs of a call that the edge still has. `standing`: the answered dialogs there. Tells nobody anything by itself:
   * whoever adopts tells calls of what is gone, and of who was answered. Before the link is started, so that no request is early.
   */
  adopt(callId: CallId, kept: SipKept, standing: Standing, now: Now): Adopted {
    const { caller } = kept;
    const at = caller === null ? undefined : standing.byId.get(caller.dialog.name.id);
    if (caller !== null && (at !== undefined || caller.state === 'invited')) this.adoptGuest(callId, caller, at ?? null, now);
    const legs = new Set<OfferId>();
    for (const { legId, inviteId, dialog } of kept.legs) {
      if (!standing.byId.has(dialog.name.id)) continue;
      legs.add(legId);
      if (inviteId === null) this.newLeg(legId, [], dialog.mayRefer).resume(dialog, now);
      else {
        const guest = this.welcome(absentInvite(inviteId), inviteId, NOBODY, this.unheard(), { legId });
        this.seat(guest, legId, true, () => undefined);
        guest.leg.resume({ dialog, state: 'up' }, now);
      }
    }
    const answered = this.adoptAnswered(kept, standing, now);
    for (const legId of answered) legs.add(legId);
    this.transfers.adopt(kept, (dialogId) => this.dialogs.get(dialogId) !== undefined);
    return { caller: at !== undefined ? 'up' : caller?.state === 'invited' ? 'awaited' : 'gone', legs, answered };
  }

  /** Legs that rang when they were written down, and that the edge knows to be answered. What was agreed with the phone is learnt when it is asked for its SDP. */
  private adoptAnswered({ ringing }: SipKept, { begun }: Standing, now: Now): OfferId[] {
    return ringing.flatMap(({ legId, mayRefer, callIds }) => {
      const found = callIds.map((sipCallId) => begun.get(sipCallId)).find((dialog) => dialog !== undefined);
      if (found === undefined) return [];
      const { id, callId, localTag, remoteTag } = found;
      this.newLeg(legId, [], mayRefer).resume({ name: { id, callId, localTag, remoteTag }, weBegan: true, mayRefer, theyAllow: null, timer: null, awaits: 'nothing' }, now);
      return [legId];
    });
  }

  /** Goes on with a caller's dialog that no journal tells of; `arrivedAgain` of calls is to be told. Null: nobody can tell who it is. */
  adoptCaller({ arrival, ...name }: StrayDialog, now: Now): Arrival | null {
    const headers: Readonly<Record<string, string>> = { ...arrival.headers, from: arrival.from, to: arrival.to, 'call-id': name.callId };
    const invite: Incoming = { ...absentInvite(arrival.transactionId), uri: arrival.requestUri, source: arrival.source, header: (header) => headers[header.toLowerCase()] ?? null };
    const arrived = this.deps.arrivals.arrived(invite);
    if (arrived === null || this.guests.has(arrived.arrival.callId)) return null;
    const { callId } = arrived.arrival;
    const terms = answerTerms(invite, null);
    const agreement = terms.kind === 'agreed' ? terms.agreement : null;
    const { id, callId: sipCallId, localTag, remoteTag } = name;
    const dialog: DialogKept = { name: { id, callId: sipCallId, localTag, remoteTag }, weBegan: false, mayRefer: false, theyAllow: invite.header('allow'), timer: timerOut(agreement, now.monotonicMs, now), awaits: 'nothing' };
    this.adoptGuest(callId, { inviteId: callId, identity: { ...arrived.caller, history: [...arrived.caller.history] }, dialog, state: 'up' }, null, now);
    return arrived.arrival;
  }

  private adoptGuest(callId: CallId, { inviteId, identity, dialog, state }: NonNullable<SipKept['caller']>, at: { readonly localTag: string } | null, now: Now): void {
    const guest = this.welcome(absentInvite(inviteId), inviteId, identity, {
      ...this.callerEvents(callId, (sdp) => { this.listener.acknowledged(callId, sdp); }),
      ...(inviteId === callId ? {} : { acknowledged: () => undefined, gone: (cause) => { this.listener.callerGone(callId, cause === 'cancelled' ? 'hungUp' : cause); } }),
    }, { callId });
    this.callers.set(callId, guest);
    // The 200 may have gone out in the moment before the end of the engine that sent it.
    if (at !== null && state === 'invited') guest.leg.resume({ dialog: { ...dialog, name: { ...dialog.name, localTag: at.localTag } }, state: 'awaitingAck' }, now);
    else guest.leg.resume({ dialog, state }, now);
  }

  /** Dialogs that stand now. */
  liveDialogs(): ReadonlySet<string> { return this.dialogs.ids(); }

  /** The edge does not know this dialog: its leg is over. `cause`: of a caller's. */
  vanished(dialogId: string, cause: CallerGoneCause = 'hungUp'): void { this.dialogs.get(dialogId)?.handler.vanished(cause); }

  /** The edge is gone, and with it every dialog, and every INVITE that it was to tell again. Callers first, so that no phone rings for any of them. */
  edgeLost(): void {
    for (const { leg } of [...this.callers.values()]) if (leg.liveDialog !== null || leg.awaitedDialog !== null) leg.vanished('endedByUs');
    for (const dialogId of [...this.dialogs.ids()]) this.vanished(dialogId, 'endedByUs');
  }

  /** Back on an edge that kept everything: dialogs that ended there meanwhile, each with its cause in the words of the edge, and those that stand. */
  caughtUp(ended: ReadonlyMap<string, string>, standing: ReadonlyMap<string, { readonly localTag: string }>): void {
    for (const { leg } of [...this.guests.values()]) {
      const awaited = leg.awaitedDialog;
      const [cause, stands] = awaited === null ? [] : [ended.get(awaited), standing.get(awaited)];
      if (cause !== undefined) leg.vanished(goneBy(cause));
      else if (stands !== undefined) leg.stands(stands.localTag);
    }
    const known = [...ended].filter(([dialogId]) => this.dialogs.get(dialogId) !== undefined);
    // Callers first, so that no phone rings for any of them.
    const [callers, others] = [known.filter(([dialogId]) => 'callId' in (this.dialogs.get(dialogId)?.of ?? {})), known.filter(([dialogId]) => 'legId' in (this.dialogs.get(dialogId)?.of ?? {}))];
    for (const [dialogId, cause] of [...callers, ...others]) this.vanished(dialogId, goneBy(cause));
  }

  /** Ends every leg; what comes of it is told as ever. */
  endAll(): void {
    for (const leg of this.legs()) leg.end();
  }

  private legs(): { end(): void; linkDown(): void }[] { return [...[...this.callers.values()].map(({ leg }) => leg), ...this.agents.values()]; }

  private dialogGone(dialogId: string | null): void {
    if (dialogId === null) return;
    this.dialogs.remove(dialogId);
    this.transfers.dialogOver(dialogId);
  }

  private agentOver(legId: OfferId, outcome: LegOutcome): void {
    this.agents.delete(legId);
    this.listener.legEnded(legId, outcome);
  }

  /** Every phone of a branch, and every way to it. */
  private placesOf(legId: OfferId, leg: LegToRing, branch: Branch, at: number): Place[] {
    const passedOn = this.transfers.headersFor(legId);
    const { to } = branch;
    if (to.kind === 'registered') {
      const headers = { ...passedOn, ...leg.headers };
      const from = formatAddress(leg.fromName, `sip:${escapeUser(leg.fromUser)}@${this.deps.domain}`);
      const contacts = this.deps.routes.registered(to.agentId);
      const places = contacts.map(({ uri, proxy }): Place => ({ branch: at, otherwise: 'unreachable', ways: [{ uri, proxy, headers: { From: from, To: `<${uri}>`, ...headers }, route: null }] }));
      return places.length === 0 ? [{ branch: at, otherwise: 'unreachable', ways: [] }] : places;
    }
    const dot = legId.lastIndexOf('.');
    const caller = (dot < 0 ? undefined : this.callers.get(legId.slice(0, dot)))?.caller ?? null;
    const replaces: Headers = leg.replaces === undefined || leg.replaces === null ? {} : { Replaces: leg.replaces };
    const routes = this.deps.routes.outside(to, { fromName: leg.fromName, fromUser: leg.fromUser, ...(leg.diverted === undefined ? {} : { diverted: leg.diverted }), caller });
    return [{
      branch: at, otherwise: 'failed',
      ways: routes.map((route) => ({
        // What a caller answered is for our own agents' phones: it is no business of a provider's.
        uri: route.uri, proxy: route.proxy, headers: { ...passedOn, ...replaces, ...route.headers },
        route: {
          credentials: (reply) => route.answer(reply),
          failed: ({ status, rang }) => {
            const another = anotherMayDo({ status }, rang);
            if (another) this.deps.routes.failed(route, { status });
            else this.deps.routes.well(route);
            return another;
          },
          well: () => { this.deps.routes.well(route); },
        },
      })),
    }];
  }

  private invite(incoming: Incoming): void {
    const extensions = unsupportedExtensions(incoming);
    const terms = answerTerms(incoming, null);
    const arrived = this.deps.arrivals.arrived(incoming);
    const replaces = incoming.header('replaces');
    if (!this.open) incoming.respond(503, { headers: { 'Retry-After': '5' } });
    else if (extensions !== null) incoming.respond(420, { headers: { Unsupported: extensions } });
    else if (hasForeignBody(incoming)) incoming.respond(415, { headers: { Accept: SDP } });
    else if (terms.kind === 'refused') incoming.respond(terms.status, { headers: terms.headers });
    else if (arrived === null) incoming.respond(416);
    else if (this.guests.has(arrived.arrival.callId)) this.guests.get(arrived.arrival.callId)?.leg.toldAgain(incoming);
    else if (replaces !== null) this.replace(incoming, replaces, arrived);
    else if (this.deps.elsewhere?.isServedElsewhere(arrived.arrival.dialledUser) === true) this.sendElsewhere(incoming, arrived.arrival);
    else this.arrive(incoming, arrived);
  }

  /** A trunk looks for another way at a 503, as it is set up to; everybody else is told where to call (RFC 3261 section 21.3.3). */
  private sendElsewhere(incoming: Incoming, { dialledUser, trunk }: Arrival): void {
    const { sip } = this.deps.elsewhere ?? { sip: null };
    if (trunk !== null || sip === null) incoming.respond(503, { headers: { 'Retry-After': '30' } });
    else incoming.respond(302, { headers: { Contact: `<sip:${escapeUser(dialledUser)}@${sip}>` } });
  }

  private arrive(incoming: Incoming, { arrival, caller }: { readonly arrival: Arrival; readonly caller: Caller }): void {
    const { callId } = arrival;
    const guest = this.welcome(incoming, callId, caller, this.callerEvents(callId, (sdp) => { this.listener.acknowledged(callId, sdp); }), { callId });
    this.callers.set(callId, guest);
    this.listener.arrived(arrival, sdpOf(incoming));
  }

  /** @param id of the INVITE. */
  private welcome(invite: Incoming, id: CallId, caller: Caller, events: CallerLegEvents, of: LegRef): Guest {
    const leg: CallerLeg = new CallerLeg(id, invite, events, {
      dialogMade: (dialog: DialogName) => { this.dialogs.add(dialog, { handler: leg, get of() { return guest.of; } }); },
      over: (dialogId) => {
        this.guests.delete(id);
        if ('callId' in guest.of && this.callers.get(guest.of.callId) === guest) this.callers.delete(guest.of.callId);
        this.dialogGone(dialogId);
      },
    }, this.legDeps);
    const guest: Guest = { leg, invite, caller, of };
    this.guests.set(id, guest);
    return guest;
  }

  private callerEvents(callId: CallId, acknowledged: (sdp: string | null) => void): CallerLegEvents {
    return {
      acknowledged, referred: null,
      gone: (cause) => { this.listener.callerGone(callId, cause); },
      renegotiate: (sdp) => this.listener.renegotiate({ callId }, sdp),
      completeRenegotiation: (sdp) => { this.listener.completeRenegotiation({ callId }, sdp); },
      keyPressed: (key) => { this.listener.keyPressed({ callId }, key); },
    };
  }

  /** Makes the leg of an INVITE that came to us an agent's. `talks`: in place of one that was answered. */
  private seat(guest: Guest, legId: OfferId, talks: boolean, answered: (sdp: string | null) => void): void {
    guest.of = { legId };
    this.agents.set(legId, new TakenLeg(guest.leg, {
      answered,
      ended: (outcome) => { this.agentOver(legId, outcome); },
      renegotiate: (sdp) => this.listener.renegotiate({ legId }, sdp),
      completeRenegotiation: (sdp) => { this.listener.completeRenegotiation({ legId }, sdp); },
      keyPressed: (key) => { this.listener.keyPressed({ legId }, key); },
      referred: (incoming) => { this.transfers.referred(legId, incoming); },
    }, talks));
  }

  /** INVITE with Replaces (RFC 3891 section 3). */
  private replace(incoming: Incoming, header: string, arrived: { readonly arrival: Arrival; readonly caller: Caller }): void {
    const replaces = parseReplaces(header);
    if (replaces === null) {
      incoming.respond(400, { reason: 'Replaces names no dialog' });
      return;
    }
    const owner = this.dialogs.find(replaces);
    if (owner === null) incoming.respond(481);
    else if (owner === 'ended') incoming.respond(603);
    // What stands is confirmed: an early dialog of ours is nobody else's to take.
    else if (replaces.earlyOnly) incoming.respond(486);
    else if ('callId' in owner.of) this.replaceCaller(owner.of.callId, incoming, arrived);
    else this.replaceAgent(owner, owner.of.legId, incoming, arrived);
  }

  private replaceCaller(callId: CallId, incoming: Incoming, { arrival, caller }: { readonly arrival: Arrival; readonly caller: Caller }): void {
    const former = this.callers.get(callId);
    if (former?.leg.isUp !== true) {
      incoming.respond(481);
      return;
    }
    const guest = this.welcome(incoming, arrival.callId, caller, this.unheard(), { callId });
    this.listener.replaceCaller(callId, { number: arrival.callerNumber, name: arrival.callerName }, sdpOf(incoming) ?? '').then((sdp) => {
      if (this.callers.get(callId) !== former) {
        guest.leg.refuse(481, 'the call is over');
        return;
      }
      // One that gave up meanwhile is over, and would never be taken out again.
      if (this.isOver(guest)) this.callers.delete(callId);
      else this.callers.set(callId, guest);
      guest.leg.become({
        ...this.callerEvents(callId, (answer) => { if (answer !== null && sdpOf(incoming) === null) this.listener.completeRenegotiation({ callId }, answer); }),
        // The call was up before this phone had it, so nobody can be cancelled any more.
        gone: (cause) => { this.listener.callerGone(callId, cause === 'cancelled' ? 'hungUp' : cause); },
      });
      former.leg.supplant();
      this.answerReplacing(guest, sdp, () => { this.listener.callerGone(callId, 'hungUp'); });
    }, (fault: unknown) => { refuseReplacing(guest, fault); });
  }

  private replaceAgent(owner: Owner, legId: OfferId, incoming: Incoming, { arrival, caller }: { readonly arrival: Arrival; readonly caller: Caller }): void {
    const former = this.agents.get(legId);
    if (former?.isWinner(owner.handler) !== true) {
      incoming.respond(481);
      return;
    }
    const newLegId = arrival.callId;
    const guest = this.welcome(incoming, arrival.callId, caller, this.unheard(), { legId: newLegId });
    this.listener.replaceAgent(legId, newLegId, arrival.agentId, sdpOf(incoming) ?? '').then((sdp) => {
      if (this.agents.get(legId) !== former) {
        guest.leg.refuse(481, 'the call is over');
        this.listener.legEnded(newLegId, 'failed');
        return;
      }
      this.agents.delete(legId);
      this.seat(guest, newLegId, true, (answer) => { if (answer !== null && sdpOf(incoming) === null) this.listener.completeRenegotiation({ legId: newLegId }, answer); });
      this.transfers.legOver(legId);
      former.supplant();
      this.answerReplacing(guest, sdp, () => { this.agentOver(newLegId, 'hungUp'); });
    }, (fault: unknown) => { refuseReplacing(guest, fault); });
  }

  /** Whoever gave up while its place was being made has taken the place all the same, and is gone from it. */
  private answerReplacing(guest: Guest, sdp: string, gone: () => void): void {
    if (this.isOver(guest)) gone();
    else guest.leg.answer(sdp);
  }

  private isOver(guest: Guest): boolean { return this.guests.get(guest.leg.callId) !== guest; }

  /** Nothing is known yet of whoever is about to take a place. */
  private unheard(): CallerLegEvents {
    const never = (): Promise<string> => Promise.reject(new MediaFault('refused', 'the leg is not up'));
    return { acknowledged: () => undefined, gone: () => undefined, renegotiate: never, completeRenegotiation: () => undefined, keyPressed: () => undefined, referred: null };
  }
}

/** Nothing is passed on of whoever dialled in to take a call. */
const NOBODY: Caller = { uri: null, number: '', name: '', private: false, maxForwards: 70, history: [] };

function refuseReplacing(guest: Guest, fault: unknown): void {
  const unsupported = fault instanceof MediaFault && fault.code === 'unsupported';
  guest.leg.refuse(unsupported ? 488 : 500, unsupported ? 'no audio that can be used' : 'it could not be put in place');
}

/** What the edge saw of a caller's end. */
function goneBy(cause: string): CallerGoneCause {
  switch (cause) {
    case 'bye': return 'hungUp';
    case 'cancel': return 'cancelled';
    case 'asked': return 'endedByUs';
    default: return 'failed';
  }
}

function isInDialog(incoming: Incoming): boolean {
  return parseAddress(incoming.header('to') ?? '')?.params.has('tag') ?? false;
}
