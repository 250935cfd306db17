// Carries out what the core decides, and turns whatever comes of it, every failure too, into events for the core.
//
// Media waits in line, one line a call; signalling never waits. So a phone stops ringing at once although a prompt is late, and what
// signalling needs of media (the SDP to ring with, to answer with) is there because the core waits for the event that says so.
import { type Arrival, type CallId, type CoreEvent, type Effect, type LegOutcome, type OfferId, type TransferTarget } from '../core/types';
import { type CallRecord } from '../../storage/model/record';
import { type Logger } from '../../storage/process/log';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { Anchors } from './anchors';
import { CallingBack } from './calling-back';
import { Confirmations } from './confirmations';
import { Joining, refusalFor } from './joining';
import { Keys } from './keys';
import { contextHeaders, type DialEffect, type OfferEffect, placesOf, shownTo } from './offering';
import { PhoneTests } from './phone-tests';
import { Playing, type Tune } from './playing';
import { MediaFault, type LegRef, type LegToRing, type MediaPort, type MediaSide, type SipListener, type SipPort, type SoundPort, type Timers } from './ports';
import { Renewal } from './renewal';
import { type RoomKept } from './kept';
import { type Room, Rooms } from './rooms';

/** What an agent's own phone has dialled, to be written once under `requestId`; `dutyWritten` is posted then. */
export type DialledDuty = Pick<Extract<Effect, { type: 'setDuty' }>, 'agentId' | 'onDuty' | 'dialledAt' | 'requestId'>;

export interface CarrierDeps {
  readonly media: MediaPort;
  readonly sounds: SoundPort;
  readonly timers: Timers;
  readonly log: Logger;
  post(event: CoreEvent): void;
  record(record: CallRecord): void;
  /** Exactly once a phone test and once an instruction: what came of it. */
  settled(instructionId: string, outcome: InstructionOutcome): void;
  pauseAgent(agentId: string, unanswered: number): void;
  setDuty(duty: DialledDuty): void;
  /** What a call sounds like now. */
  tuneOf(callId: CallId): Tune;
  /** What `keep` says of a call may be another than before, without the core having heard of anything. */
  changed?(callId: CallId): void;
}

export class Carrier implements SipListener {
  private readonly rooms: Rooms;
  private readonly anchors: Anchors;
  private readonly playing: Playing;
  private readonly joining: Joining;
  private readonly renewal: Renewal;
  private readonly confirmations: Confirmations;
  private readonly keys: Keys;
  private readonly callingBack: CallingBack;
  private readonly tests: PhoneTests;
  private port: SipPort | null = null;

  constructor(private readonly deps: CarrierDeps) {
    const sip = (): SipPort => this.sip;
    this.rooms = new Rooms({ ...deps, changed: (callId) => { deps.changed?.(callId); } });
    this.keys = new Keys(deps.timers);
    this.anchors = new Anchors({ ...deps, rooms: this.rooms });
    this.playing = new Playing({ ...deps, rooms: this.rooms });
    this.joining = new Joining({ ...deps, rooms: this.rooms, playing: this.playing, sip, legOver: (legId, outcome) => { this.legEnded(legId, outcome); } });
    this.renewal = new Renewal({ ...deps, rooms: this.rooms, anchors: this.anchors, playing: this.playing, joining: this.joining, sip });
    this.confirmations = new Confirmations({ ...deps, rooms: this.rooms, anchors: this.anchors, sip });
    this.callingBack = new CallingBack({
      ...deps, rooms: this.rooms, anchors: this.anchors, renewal: this.renewal, sip,
      legOver: (legId, outcome) => { this.legEnded(legId, outcome); },
      callerGone: (callId, cause) => { this.callerGone(callId, cause); },
    });
    this.tests = new PhoneTests({
      media: deps.media, sounds: deps.sounds, timers: deps.timers, log: deps.log, anchors: this.anchors, sip,
      told: (testId, outcome) => { deps.settled(testId, outcome); },
      ended: (testId) => { deps.post({ type: 'phoneTestEnded', testId }); },
    });
    deps.media.onLost((anchorIds) => { this.mediaLost(anchorIds); });
    deps.media.onKey((anchorId, side, key) => { this.keyInMedia(anchorId, side, key); });
  }

  /** SIP and calls know each other; this ties the knot, before the first event. */
  use(sip: SipPort): void { this.port = sip; }

  carry(effect: Effect): void {
    switch (effect.type) {
      case 'refuse':
        this.refuse(effect.callId, effect.status, effect.reason);
        break;
      case 'answer':
        this.rooms.inLine(effect.callId, (room) => this.answer(effect.callId, room));
        break;
      case 'play':
        this.playing.play(effect);
        break;
      case 'offer':
        this.offer(effect);
        break;
      case 'dial':
        this.dial(effect);
        break;
      case 'callBack':
        this.callingBack.ring(effect);
        break;
      case 'callBackOver':
        this.callingBack.over(effect.callId);
        break;
      case 'welcomeBack':
        this.callingBack.welcome(effect);
        break;
      case 'takeLeg':
        this.joining.takeLeg(effect);
        break;
      case 'moveLeg':
        this.joining.moveLeg(effect);
        break;
      case 'withdraw':
        this.endLeg(effect.offerId, () => { this.sip.withdraw(effect.offerId, effect.cause); });
        break;
      case 'endAgentLeg':
        this.endLeg(effect.offerId, () => { this.sip.endLeg(effect.offerId); });
        break;
      case 'connect':
        this.joining.connect(effect);
        break;
      case 'separate':
        this.joining.separate(effect.callId);
        break;
      case 'acceptTransfer':
        this.sip.acceptTransfer(effect.transferId);
        break;
      case 'refuseTransfer':
        this.sip.refuseTransfer(effect.transferId, effect.status, effect.reason);
        break;
      case 'transferProgress':
        this.sip.transferProgress(effect.transferId, effect.status, effect.reason);
        break;
      case 'endCallerLeg':
        this.sip.endCaller(effect.callId);
        break;
      case 'release':
        this.keys.forget(effect.callId);
        this.rooms.inLine(effect.callId, (room) => this.anchors.release(effect.callId, () => { this.rooms.close(effect.callId, room); }));
        break;
      case 'record':
        this.deps.record(effect.record);
        break;
      case 'ringTest':
        this.tests.ring(effect.testId, effect.agentId);
        break;
      case 'refuseTest':
        this.deps.settled(effect.testId, { kind: 'refused', reason: effect.reason });
        break;
      case 'instructionDone':
        this.deps.settled(effect.instructionId, effect.outcome);
        break;
      case 'pauseAgent':
        this.deps.pauseAgent(effect.agentId, effect.unanswered);
        break;
      case 'setDuty':
        this.deps.setDuty(effect);
        break;
      case 'decided':
        this.deps.log.debug({ callId: effect.callId, decision: effect.decision, reason: effect.reason }, 'decided');
        break;
    }
  }

  refreshed(leg: LegRef): void {
    const callId = 'callId' in leg ? leg.callId : this.rooms.leg(leg.legId)?.callId;
    if (callId !== undefined) this.deps.changed?.(callId);
  }

  arrived(arrival: Arrival, sdp: string | null): void {
    this.rooms.open(arrival, sdp);
    this.deps.post({ type: 'callArrived', arrival });
  }

  acknowledged(callId: CallId, sdp: string | null): void {
    const room = this.rooms.call(callId);
    if (room === undefined) return;
    if (room.offerSdp !== null) {
      this.deps.post({ type: 'callerAnswered', callId });
      return;
    }
    this.rooms.inLine(callId, async () => {
      try {
        // The answer may have come while no engine was there to hear it.
        if (sdp === null && room.adopted) await this.renewal.caller(callId, room);
        else if (sdp === null) throw new MediaFault('unsupported', 'the ACK carried no answer to our offer');
        else room.anchored = await this.rooms.command('complete', this.deps.media.completeOfferless(callId, sdp));
        this.deps.post({ type: 'callerAnswered', callId });
      } catch (fault) {
        this.rooms.mediaFailed(callId, fault, 'the caller could not be joined to media');
        room.failed = true;
        this.sip.endCaller(callId);
      }
    });
  }

  callerGone(callId: CallId, cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs'): void {
    if (this.joining.diallerGone(callId)) return;
    const room = this.rooms.call(callId);
    if (room === undefined || room.gone) return;
    room.gone = true;
    this.deps.post({ type: 'callerGone', callId, cause: room.failed ? 'failed' : cause });
  }

  ringing(legId: OfferId): void {
    const leg = this.rooms.leg(legId);
    if (leg !== undefined) this.deps.post({ type: 'offerRinging', callId: leg.callId, offerId: legId });
  }

  answered(legId: OfferId, sdp: string): void {
    const leg = this.rooms.leg(legId);
    if (leg === undefined) {
      this.tests.answered(legId, sdp);
      return;
    }
    this.confirmations.over(legId);
    if (sdp !== '') leg.sdp = sdp;
    this.deps.post({ type: 'offerAnswered', callId: leg.callId, offerId: legId });
  }

  pickedUp(legId: OfferId, branch: number, sdp: string): void { this.confirmations.pickedUp(legId, branch, sdp); }

  branchGone(legId: OfferId, branch: number): void { this.confirmations.branchGone(legId, branch); }

  legEnded(legId: OfferId, outcome: LegOutcome): void {
    const leg = this.rooms.leg(legId);
    if (leg === undefined) {
      this.tests.legEnded(legId, outcome);
      return;
    }
    this.rooms.removeLeg(legId);
    this.confirmations.over(legId);
    this.joining.left(leg);
    this.deps.post({ type: 'legEnded', callId: leg.callId, offerId: legId, outcome });
  }

  renegotiate(leg: LegRef, sdp: string): Promise<string> {
    return 'legId' in leg && this.tests.has(leg.legId) ? this.tests.renegotiate(leg.legId, sdp) : this.joining.renegotiate(leg, sdp);
  }

  completeRenegotiation(leg: LegRef, sdp: string): void {
    if ('legId' in leg && this.tests.has(leg.legId)) this.tests.completeRenegotiation(leg.legId, sdp);
    else this.joining.completeRenegotiation(leg, sdp);
  }

  keyPressed(leg: LegRef, key: string, branch?: number): void {
    if ('callId' in leg) this.callerPressed(leg.callId, key);
    else if (branch !== undefined) this.branchPressed(leg.legId, branch, key);
  }

  transferAsked(legId: OfferId, transferId: string, target: TransferTarget): void {
    const leg = this.rooms.leg(legId);
    if (leg === undefined || leg.ending) this.sip.refuseTransfer(transferId, 603, 'there is nobody to transfer');
    else this.deps.post({ type: 'transferAsked', callId: leg.callId, offerId: legId, transferId, target });
  }

  replaceCaller(callId: CallId, caller: { readonly number: string; readonly name: string }, sdp: string): Promise<string> { return this.joining.replaceCaller(callId, caller, sdp); }

  replaceAgent(legId: OfferId, newLegId: OfferId, agentId: string | null, sdp: string): Promise<string> { return this.joining.replaceAgent(legId, newLegId, agentId, sdp); }

  /** What another engine must know of a call's sound and legs; null for a call that is unknown. */
  keep(callId: CallId): RoomKept | null { return this.rooms.keep(callId); }

  /** Takes up a call that another engine left. Nothing is told and nothing is done yet: `lost` follows for what is gone, then a step of the core. */
  adopt(callId: CallId, kept: RoomKept): void { this.rooms.adopt(callId, kept); }

  /** After all calls were adopted: this leg was answered in the moment before the other engine ended. Its SDP is asked for when it is joined, where it is not known. */
  answeredMeanwhile(legId: OfferId): void {
    const leg = this.rooms.leg(legId);
    if (leg === undefined) return;
    leg.astray = leg.sdp === null;
    this.deps.post({ type: 'offerAnswered', callId: leg.callId, offerId: legId });
  }

  /**
   * Legs of an adopted call that do not stand any more. `decided`: those that the core knows of, which may be more: the other engine may have ended
   * between hearing of an end and deciding what it means. Asked of every call before `lost` is told of any: what is rung for a call because of
   * another's losses is not among them.
   */
  missing(callId: CallId, standing: ReadonlySet<OfferId>, decided: readonly OfferId[]): readonly OfferId[] {
    return [...new Set([...this.rooms.legsOf(callId).map(({ legId }) => legId), ...decided])].filter((legId) => !standing.has(legId));
  }

  /** After all calls were adopted: what of a call is over although the journal knows it. `cause`: how the caller's dialog ended, as the edge saw it. */
  lost(callId: CallId, caller: 'up' | 'awaited' | 'gone', missing: readonly OfferId[], cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs'): void {
    const adopted = this.rooms.call(callId);
    // First: no phone is rung once more for a caller who is gone. Also where the other engine knew: it may not have come to decide anything.
    if (caller === 'gone' && adopted !== undefined) {
      adopted.gone = true;
      this.deps.post({ type: 'callerGone', callId, cause: adopted.failed ? 'failed' : cause });
    }
    for (const legId of missing) {
      if (this.rooms.leg(legId) === undefined) this.deps.post({ type: 'legEnded', callId, offerId: legId, outcome: 'withdrawn' });
      else this.legEnded(legId, 'withdrawn');
    }
    this.rooms.inLine(callId, async (room) => {
      if (room.gone || room.callerSdp === null) return;
      try {
        if (!(await this.rooms.command('assure', this.deps.media.assure(callId)))) this.mediaLost([callId]);
      } catch (fault) {
        this.rooms.mediaFailed(callId, fault, 'it could not be made sure who hears whom');
      }
    });
  }

  /** A caller's dialog stands that no journal tells of: it arrives again, at the time of its INVITE, and is put on a fresh anchor. */
  arrivedAgain(arrival: Arrival, at: Date): void {
    this.rooms.open(arrival, null).again = true;
    this.deps.post({ type: 'callArrived', arrival, at });
  }

  /** The media server knows these anchors no more. */
  mediaLost(anchorIds: Iterable<string>): void {
    for (const anchorId of anchorIds) {
      const asked = this.confirmations.branchOf(anchorId);
      if (this.rooms.call(anchorId) !== undefined) this.renewal.everybody(anchorId);
      else if (asked !== null) this.confirmations.lost(asked.legId, asked.branch);
      else if (this.tests.has(anchorId)) this.sip.endLeg(anchorId);
    }
  }

  /** Whether this anchor belongs to a call, an agent's contact or a phone test of ours. */
  owns(anchorId: string): boolean { return this.rooms.call(anchorId) !== undefined || this.confirmations.owns(anchorId) || this.tests.has(anchorId); }

  /** Resolves when no media work is under way, for a clean stop. */
  idle(): Promise<void> { return this.rooms.idle(); }

  private get sip(): SipPort {
    if (this.port === null) throw new Error('Calls were used before SIP was there.');
    return this.port;
  }

  private refuse(callId: CallId, status: number, reason: string): void {
    this.deps.log.info({ callId, status, reason, dialled: this.rooms.call(callId)?.arrival.dialled }, 'call refused');
    const again = this.rooms.call(callId)?.again === true;
    this.rooms.close(callId);
    if (again) this.sip.endCaller(callId);
    else this.sip.refuse(callId, status, reason);
  }

  private async answer(callId: CallId, room: Room): Promise<void> {
    if (room.gone) return;
    const { media } = this.deps;
    try {
      if (room.again) {
        await this.renewal.caller(callId, room);
        this.deps.post({ type: 'callerAnswered', callId });
        return;
      }
      // There is one already where another engine made it.
      room.callerSdp ??= room.offerSdp === null
        ? (await this.anchors.makePatiently(callId, () => media.anchorOfferless(callId), () => !this.isGone(room))).callerSdp
        : (room.anchored = await this.anchors.makePatiently(callId, () => media.anchor(callId, room.offerSdp ?? ''), () => !this.isGone(room))).callerSdp;
      // The caller may have given up meanwhile; `release` comes in its turn.
      if (!this.isGone(room)) this.sip.answer(callId, room.callerSdp);
    } catch (fault) {
      this.rooms.mediaFailed(callId, fault, 'the caller could not be joined to media');
      if (this.isGone(room)) return;
      if (room.again) {
        room.failed = true;
        this.sip.endCaller(callId);
        return;
      }
      const { status, reason } = refusalFor(fault);
      this.deps.log.info({ callId, status, reason, dialled: room.arrival.dialled }, 'call refused');
      this.sip.refuse(callId, status, reason);
      this.callerGone(callId, 'failed');
    }
  }

  /** Rings an agent at once; where a contact asks for confirmation, as soon as its anchors are there. */
  private offer(effect: OfferEffect): void {
    const { callId, offerId, groupName } = effect;
    const agentOfferSdp = this.rooms.call(callId)?.anchored?.agentOfferSdp ?? null;
    const leg = this.rooms.addLeg(offerId, callId);
    if (agentOfferSdp === null) {
      this.legEnded(offerId, 'failed');
      return;
    }
    const places = placesOf(effect.agentId, effect.contacts);
    const ring = (branches: LegToRing['branches']): void => { this.sip.ring(offerId, { branches, ...shownTo(effect), headers: contextHeaders(groupName, effect.context) }); };
    if (!places.some(({ confirm }) => confirm)) {
      ring(places.map(({ to }) => ({ to, sdp: agentOfferSdp, confirm: false })));
      return;
    }
    leg.takeBack = () => { this.legEnded(offerId, 'withdrawn'); };
    void this.confirmations.prepare(offerId, places, { language: this.deps.tuneOf(callId).language, groupName, agentOfferSdp }).then((branches) => {
      if (this.rooms.leg(offerId) !== leg) {
        this.confirmations.over(offerId);
        return;
      }
      leg.takeBack = null;
      ring(branches);
    });
  }

  private dial(effect: DialEffect): void {
    const { callId, offerId, target, diverted, replaces } = effect;
    const sdp = this.rooms.call(callId)?.anchored?.agentOfferSdp ?? null;
    this.rooms.addLeg(offerId, callId);
    if (sdp === null) this.legEnded(offerId, 'failed');
    else this.sip.ring(offerId, { branches: [{ to: target, sdp, confirm: false }], ...shownTo(effect), diverted, replaces });
  }

  /** Ends a leg by way of SIP, or at once where SIP was not given it yet. */
  private endLeg(legId: OfferId, bySip: () => void): void {
    const leg = this.rooms.leg(legId);
    if (leg !== undefined) leg.ending = true;
    if (leg?.takeBack == null) bySip();
    else leg.takeBack();
  }

  private keyInMedia(anchorId: string, side: MediaSide, key: string): void {
    // An agent's keys during a conversation are for the caller's ears. Whoever answers a phone that we rang first is the caller of that anchor.
    if (side !== 'caller') return;
    const asked = this.confirmations.branchOf(anchorId);
    if (asked === null) this.callerPressed(anchorId, key);
    else this.branchPressed(asked.legId, asked.branch, key);
  }

  private callerPressed(callId: CallId, key: string): void {
    if (this.rooms.call(callId) !== undefined && this.keys.isNew(callId, key)) this.deps.post({ type: 'keyPressed', callId, key });
  }

  private branchPressed(legId: OfferId, branch: number, key: string): void { this.confirmations.key(legId, branch, key); }

  /** Read after an await, when it may have changed. */
  private isGone(room: Room): boolean { return room.gone; }
}
