// Carries out what the core decides, and turns whatever comes of it, every failure too, into events for the core.
//
// Media waits in line, one line a call; signalling never waits. So a phone stops ringing at once although a prompt is late, and what
// signalling needs of media (the SDP to ring with, to answer with) is there because the core waits for the event that says so.
import { type Arrival, type CallId, type CoreEvent, type Effect, type LegOutcome, type OfferId } from '../core/types';
import { type CallRecord } from '../../storage/model/record';
import { type Logger } from '../../storage/process/log';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type Anchored, MediaFault, type MediaPort, type SipListener, type SipPort, type SoundPort, type Timers } from './ports';
import { PhoneTests } from './phone-tests';
import { Serial, within } from './serial';
import { ENGINE_LANGUAGE, TEXTS } from './texts';

export interface CarrierDeps {
  readonly media: MediaPort;
  readonly sounds: SoundPort;
  readonly timers: Timers;
  readonly log: Logger;
  post(event: CoreEvent): void;
  record(record: CallRecord): void;
  /** Exactly once a phone test: what came of it. */
  testTold(testId: string, outcome: InstructionOutcome): void;
}

/** How long a call waits for media before it goes on without. */
export const MEDIA_MS = { sound: 2_000, command: 4_000, release: [1_000, 5_000, 30_000] } as const;

/** What calls know of one call: its SDP and the order of its media work. */
interface Room {
  readonly arrival: Arrival;
  readonly offerSdp: string | null;
  readonly media: Serial;
  anchored: Anchored | null;
  readonly answers: Map<OfferId, string>;
  latestPlayId: string | null;
  /** We could not serve the caller, so however the leg ends, that is the cause. */
  failed: boolean;
  gone: boolean;
}

export class Carrier implements SipListener {
  private readonly rooms = new Map<CallId, Room>();
  private readonly legs = new Map<OfferId, CallId>();
  private readonly tests: PhoneTests;
  private port: SipPort | null = null;

  constructor(private readonly deps: CarrierDeps) {
    this.tests = new PhoneTests({
      media: deps.media, sounds: deps.sounds, timers: deps.timers, log: deps.log,
      sip: () => this.sip,
      told: (testId, outcome) => { deps.testTold(testId, outcome); },
      ended: (testId) => { deps.post({ type: 'phoneTestEnded', testId }); },
    });
  }

  /** SIP and calls know each other; this ties the knot, before the first event. */
  use(sip: SipPort): void { this.port = sip; }

  carry(effect: Effect): void {
    switch (effect.type) {
      case 'refuse':
        this.refuse(effect.callId, effect.status, effect.reason);
        break;
      case 'answer':
        this.inLine(effect.callId, (room) => this.answer(effect.callId, room));
        break;
      case 'play':
        this.play(effect);
        break;
      case 'offer':
        this.offer(effect);
        break;
      case 'withdraw':
        this.sip.withdraw(effect.offerId, effect.cause);
        break;
      case 'connect':
        this.nothingMorePlays(effect.callId);
        this.inLine(effect.callId, (room) => this.connect(effect.callId, effect.offerId, room));
        break;
      case 'endAgentLeg':
        this.sip.endLeg(effect.offerId);
        break;
      case 'endCallerLeg':
        this.sip.endCaller(effect.callId);
        break;
      case 'release':
        this.inLine(effect.callId, () => this.release(effect.callId, 0));
        break;
      case 'record':
        this.deps.record(effect.record);
        break;
      case 'ringTest':
        this.tests.ring(effect.testId, effect.agentId);
        break;
      case 'refuseTest':
        this.deps.testTold(effect.testId, { kind: 'refused', reason: effect.reason });
        break;
      case 'decided':
        this.deps.log.debug({ callId: effect.callId, decision: effect.decision, reason: effect.reason }, 'decided');
        break;
    }
  }

  arrived(arrival: Arrival, sdp: string | null): void {
    this.rooms.set(arrival.callId, {
      arrival, offerSdp: sdp, anchored: null, answers: new Map(), latestPlayId: null, failed: false, gone: false,
      media: new Serial((fault) => { this.deps.log.error({ callId: arrival.callId, fault: String(fault) }, 'media work failed in an unforeseen way'); }),
    });
    this.deps.post({ type: 'callArrived', arrival });
  }

  acknowledged(callId: CallId, sdp: string | null): void {
    const room = this.rooms.get(callId);
    if (room === undefined) return;
    if (room.offerSdp !== null) {
      this.deps.post({ type: 'callerAnswered', callId });
      return;
    }
    this.inLine(callId, async () => {
      try {
        if (sdp === null) throw new MediaFault('unsupported', 'the ACK carried no answer to our offer');
        room.anchored = await this.command('complete', this.deps.media.completeOfferless(callId, sdp));
        this.deps.post({ type: 'callerAnswered', callId });
      } catch (fault) {
        this.mediaFailed(callId, fault, 'the caller could not be joined to media');
        room.failed = true;
        this.sip.endCaller(callId);
      }
    });
  }

  callerGone(callId: CallId, cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs'): void {
    const room = this.rooms.get(callId);
    if (room === undefined || room.gone) return;
    room.gone = true;
    this.deps.post({ type: 'callerGone', callId, cause: room.failed ? 'failed' : cause });
  }

  ringing(legId: OfferId): void {
    const callId = this.legs.get(legId);
    if (callId !== undefined) this.deps.post({ type: 'offerRinging', callId, offerId: legId });
  }

  answered(legId: OfferId, sdp: string): void {
    const callId = this.legs.get(legId);
    if (callId === undefined) {
      this.tests.answered(legId, sdp);
      return;
    }
    this.rooms.get(callId)?.answers.set(legId, sdp);
    this.deps.post({ type: 'offerAnswered', callId, offerId: legId });
  }

  legEnded(legId: OfferId, outcome: LegOutcome): void {
    const callId = this.legs.get(legId);
    if (callId === undefined) {
      this.tests.legEnded(legId, outcome);
      return;
    }
    this.legs.delete(legId);
    this.rooms.get(callId)?.answers.delete(legId);
    this.deps.post({ type: 'legEnded', callId, offerId: legId, outcome });
  }

  async renegotiate(leg: { readonly callId: CallId } | { readonly legId: OfferId }, sdp: string): Promise<string> {
    const { callId, side } = this.sideOf(leg);
    return this.command('renegotiate', this.deps.media.renegotiate(callId, side, sdp));
  }

  completeRenegotiation(leg: { readonly callId: CallId } | { readonly legId: OfferId }, sdp: string): void {
    const { callId, side } = this.sideOf(leg);
    this.inLine(callId, () => this.command('renegotiate', this.deps.media.completeRenegotiation(callId, side, sdp))
      .catch((fault: unknown) => { this.mediaFailed(callId, fault, 'an answer inside a call could not be used'); }));
  }

  /** Whether this anchor belongs to a call or a phone test of ours. */
  owns(anchorId: string): boolean { return this.rooms.has(anchorId) || this.tests.has(anchorId); }

  /** Resolves when no media work is under way, for a clean stop. */
  async idle(): Promise<void> {
    await Promise.all([...this.rooms.values()].map((room) => room.media.idle()));
  }

  private get sip(): SipPort {
    if (this.port === null) throw new Error('Calls were used before SIP was there.');
    return this.port;
  }

  private sideOf(leg: { readonly callId: CallId } | { readonly legId: OfferId }): { callId: CallId; side: 'caller' | 'agent' } {
    return 'callId' in leg ? { callId: leg.callId, side: 'caller' } : { callId: this.legs.get(leg.legId) ?? leg.legId, side: 'agent' };
  }

  /** A sound still being made comes too late for a caller who is joined to an agent. */
  private nothingMorePlays(callId: CallId): void {
    const room = this.rooms.get(callId);
    if (room !== undefined) room.latestPlayId = null;
  }

  /** Puts work at the end of the call's line; nothing for a call that is unknown. */
  private inLine(callId: CallId, work: (room: Room) => Promise<void>): void {
    const room = this.rooms.get(callId);
    room?.media.run(() => work(room));
  }

  private command<T>(what: string, work: Promise<T>): Promise<T> {
    return within(this.deps.timers, MEDIA_MS.command, what, work);
  }

  private refuse(callId: CallId, status: number, reason: string): void {
    this.deps.log.info({ callId, status, reason, dialled: this.rooms.get(callId)?.arrival.dialled }, 'call refused');
    this.rooms.delete(callId);
    this.sip.refuse(callId, status, reason);
  }

  private async answer(callId: CallId, room: Room): Promise<void> {
    if (room.gone) return;
    try {
      const callerSdp = room.offerSdp === null
        ? (await this.command('anchor', this.deps.media.anchorOfferless(callId))).callerSdp
        : (room.anchored = await this.command('anchor', this.deps.media.anchor(callId, room.offerSdp))).callerSdp;
      // The caller may have given up meanwhile; `release` comes in its turn.
      if (!this.isGone(room)) this.sip.answer(callId, callerSdp);
    } catch (fault) {
      this.mediaFailed(callId, fault, 'the caller could not be joined to media');
      if (this.isGone(room)) return;
      const unsupported = fault instanceof MediaFault && fault.code === 'unsupported';
      const { status, reason } = unsupported ? { status: 488, reason: 'no audio that can be used' } : { status: 503, reason: 'media is not available' };
      this.deps.log.info({ callId, status, reason, dialled: room.arrival.dialled }, 'call refused');
      this.sip.refuse(callId, status, reason);
      this.callerGone(callId, 'failed');
    }
  }

  private play(effect: Extract<Effect, { type: 'play' }>): void {
    const { callId, playId, sound } = effect;
    const room = this.rooms.get(callId);
    if (room === undefined) return;
    room.latestPlayId = playId;
    const failed = (fault: unknown): void => {
      this.mediaFailed(callId, fault, 'a sound could not be played');
      this.deps.post({ type: 'playFailed', callId, playId });
    };
    const made = sound.kind === 'music' ? this.deps.sounds.music() : this.deps.sounds.prompt(sound.prompt.text, sound.language);
    // Awaited outside the line: a sound that is still being made holds up nothing, least of all the joining of caller and agent.
    within(this.deps.timers, MEDIA_MS.sound, 'sound', made).then(({ file }) => {
      this.inLine(callId, async () => {
        if (room.gone || room.latestPlayId !== playId) {
          this.deps.post({ type: 'playFailed', callId, playId });
          return;
        }
        try {
          const { durationMs } = await this.command('play', this.deps.media.play(callId, file, effect.repeat));
          this.deps.post({ type: 'playStarted', callId, playId, durationMs: effect.repeat ? null : durationMs });
        } catch (fault) {
          failed(fault);
        }
      });
    }, failed);
  }

  private offer(effect: Extract<Effect, { type: 'offer' }>): void {
    const { callId, offerId } = effect;
    const anchored = this.rooms.get(callId)?.anchored ?? null;
    this.legs.set(offerId, callId);
    if (anchored === null) {
      this.legEnded(offerId, 'failed');
      return;
    }
    const caller = effect.callerName || effect.callerNumber || TEXTS[ENGINE_LANGUAGE].unknownCaller;
    this.sip.ring(offerId, { agentId: effect.agentId, sdp: anchored.agentOfferSdp, fromName: `${effect.groupName}: ${caller}`, fromUser: effect.callerNumber || 'anonymous' });
  }

  private async connect(callId: CallId, offerId: OfferId, room: Room): Promise<void> {
    const sdp = room.answers.get(offerId);
    try {
      if (sdp === undefined) throw new MediaFault('refused', 'the leg to connect is over');
      await this.command('bridge', this.deps.media.bridge(callId, sdp));
      this.deps.post({ type: 'connected', callId, offerId });
    } catch (fault) {
      this.mediaFailed(callId, fault, 'caller and agent could not be joined');
      this.deps.post({ type: 'connectFailed', callId, offerId });
    }
  }

  /** The call is over; its anchor is tried a few times more in the background, and left to reconciliation after that. */
  private async release(callId: CallId, attempt: number): Promise<void> {
    try {
      await this.command('release', this.deps.media.release(callId));
      this.rooms.delete(callId);
    } catch (fault) {
      this.mediaFailed(callId, fault, 'an anchor could not be released');
      const pause = MEDIA_MS.release[attempt];
      if (pause === undefined) this.rooms.delete(callId);
      else this.deps.timers.after(pause, () => { void this.release(callId, attempt + 1); });
    }
  }

  /** Read after an await, when it may have changed. */
  private isGone(room: Room): boolean { return room.gone; }

  private mediaFailed(callId: CallId, fault: unknown, message: string): void {
    this.deps.log.warn({ callId, code: fault instanceof MediaFault ? fault.code : 'unknown', fault: fault instanceof Error ? fault.message : String(fault) }, message);
  }
}
