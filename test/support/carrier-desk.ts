// Calls alone, between a core and a SIP that a test plays by hand: effects go in, events come out.
import { Carrier } from '../../engine/calls/carrier';
import { type Tune } from '../../engine/calls/playing';
import { type LegRef, type LegToRing, MediaFault, type SipPort } from '../../engine/calls/ports';
import { type Arrival, type CoreEvent, type Effect, type WithdrawCause } from '../../engine/core/types';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type CallRecord } from '../../storage/model/record';
import { createLog } from '../../storage/process/log';
import { CALLER_SDP, FakeMedia, FakeSounds } from './calls-world';
import { ManualTimers, settle } from './manual-timers';

/** SIP that does what it is told and says nothing of its own: what comes of it, a test tells the carrier. */
export class FakeSip implements SipPort {
  /** What was asked, in order, as one line each. */
  readonly done: string[] = [];
  readonly rung = new Map<string, LegToRing>();
  /** What `reinvite` resolves to; null: it is refused; undefined: never. */
  answerTo: (leg: LegRef, sdp: string) => string | null | undefined = (_leg, sdp) => `answer to ${sdp}`;

  refuse(callId: string, status: number): void { this.done.push(`refuse ${callId} ${status}`); }
  answer(callId: string, sdp: string): void { this.done.push(`answer ${callId} ${sdp}`); }
  endCaller(callId: string): void { this.done.push(`endCaller ${callId}`); }
  ring(legId: string, leg: LegToRing): void {
    this.done.push(`ring ${legId}`);
    this.rung.set(legId, leg);
  }
  confirmed(legId: string, branch: number, sdp: string): void { this.done.push(`confirmed ${legId} ${branch} ${sdp}`); }
  notConfirmed(legId: string, branch: number): void { this.done.push(`notConfirmed ${legId} ${branch}`); }
  takeLeg(callId: string, legId: string, sdp: string): void { this.done.push(`takeLeg ${callId} ${legId} ${sdp}`); }
  becomeCaller(legId: string, callId: string): boolean {
    this.done.push(`becomeCaller ${legId} ${callId}`);
    return true;
  }
  withdraw(legId: string, cause: WithdrawCause): void { this.done.push(`withdraw ${legId} ${cause}`); }
  endLeg(legId: string): void { this.done.push(`endLeg ${legId}`); }
  reinvite(leg: LegRef, sdp: string): Promise<string> {
    this.done.push(`reinvite ${'legId' in leg ? leg.legId : leg.callId} ${sdp}`);
    const answer = this.answerTo(leg, sdp);
    if (answer === undefined) return new Promise(() => undefined);
    return answer === null ? Promise.reject(new MediaFault('refused', 'refused')) : Promise.resolve(answer);
  }
  acceptTransfer(transferId: string): void { this.done.push(`acceptTransfer ${transferId}`); }
  refuseTransfer(transferId: string, status: number): void { this.done.push(`refuseTransfer ${transferId} ${status}`); }
  transferProgress(transferId: string, status: number): void { this.done.push(`transferProgress ${transferId} ${status}`); }
}

export function arrivalOf(callId: string): Arrival {
  return { callId, dialledUser: 'help', dialled: 'sip:help@example.test', callerNumber: '+4420', callerName: 'Alice', agentId: null, trunk: null, timesHere: 0 };
}

type OfferEffect = Extract<Effect, { type: 'offer' }>;

export class Desk {
  readonly timers = new ManualTimers();
  readonly media = new FakeMedia();
  readonly sounds = new FakeSounds();
  readonly sip = new FakeSip();
  readonly posted: CoreEvent[] = [];
  readonly records: CallRecord[] = [];
  readonly settled: { instructionId: string; outcome: InstructionOutcome }[] = [];
  readonly paused: { agentId: string; unanswered: number }[] = [];
  readonly dialledDuties: { readonly agentId: string; readonly onDuty: boolean }[] = [];
  tune: Tune = { language: 'en-US', music: null };
  readonly carrier = new Carrier({
    media: this.media, sounds: this.sounds, timers: this.timers, log: createLog('test', 'silent'),
    post: (event) => { this.posted.push(event); },
    record: (record) => { this.records.push(record); },
    settled: (instructionId, outcome) => { this.settled.push({ instructionId, outcome }); },
    pauseAgent: (agentId, unanswered) => { this.paused.push({ agentId, unanswered }); },
    setDuty: ({ agentId, onDuty }) => { this.dialledDuties.push({ agentId, onDuty }); },
    tuneOf: () => this.tune,
  });

  constructor() { this.carrier.use(this.sip); }

  /** A caller who was answered and acknowledged. */
  async caller(callId = 'c'): Promise<void> {
    this.carrier.arrived(arrivalOf(callId), CALLER_SDP);
    await this.does({ type: 'answer', callId });
    this.carrier.acknowledged(callId, null);
  }

  async does(...effects: readonly Effect[]): Promise<void> {
    for (const effect of effects) this.carrier.carry(effect);
    await settle();
  }

  /** Rings an agent; `contacts` beside the registered phones. */
  offer(offerId: string, more: Partial<OfferEffect> = {}): Promise<void> {
    const [callId = ''] = offerId.split('.');
    return this.does({ type: 'offer', callId, offerId, agentId: 'bob', attempt: 1, contacts: [], groupName: 'Help Desk', callerName: 'Alice', callerNumber: '+4420', context: null, ...more });
  }

  /** A caller who talks to an agent on leg `c.1`, or as named. */
  async talks(offerId = 'c.1'): Promise<void> {
    const [callId = ''] = offerId.split('.');
    await this.caller(callId);
    await this.offer(offerId);
    this.carrier.answered(offerId, `sdp of ${offerId}`);
    await this.does({ type: 'connect', callId, offerId });
  }

  music(callId = 'c', playId = 'p1'): Promise<void> {
    return this.does({ type: 'play', callId, playId, sound: { kind: 'music', audio: null }, repeat: true });
  }

  /** What media did since this was last asked. */
  heard(): string[] { return this.media.done.splice(0); }

  /** Events of these types, in order. */
  events(...types: readonly CoreEvent['type'][]): CoreEvent[] { return this.posted.filter(({ type }) => types.includes(type)); }
}
