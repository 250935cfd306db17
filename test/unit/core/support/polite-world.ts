// A pool in virtual time whose surroundings do at once whatever they are asked to: for tests that read like a story.
import { createState, step } from '../../../../engine/core/step';
import { type Arrival, type CoreEvent, type Effect, type LegOutcome, type Sound, type StepResult } from '../../../../engine/core/types';
import { type ObjectChange } from '../../../../storage/model/configuration';
import { faultsOf } from './invariants';
import { anArrival, POOL, updates } from './sample';

const START = Date.UTC(2026, 0, 5, 9);

export class PoliteWorld {
  readonly state = createState(POOL, { domain: 'example.org' });
  nowMs = 0;
  wakeAtMs: number | null = null;
  last: StepResult | null = null;
  readonly effects: Effect[] = [];
  /** The call that a test is about. */
  subject = 'c1';
  /** Events that follow from effects by themselves. Taking one out makes the world silent there. */
  readonly replies: { [T in Effect['type']]?: (effect: Extract<Effect, { type: T }>) => CoreEvent | null } = {
    answer: ({ callId }) => ({ type: 'callerAnswered', callId }),
    play: ({ callId, playId, repeat }) => ({ type: 'playStarted', callId, playId, durationMs: repeat ? null : 3_000 }),
    takeLeg: ({ callId, offerId }) => ({ type: 'offerAnswered', callId, offerId }),
    connect: ({ callId, offerId }) => ({ type: 'connected', callId, offerId }),
    withdraw: ({ callId, offerId }) => ({ type: 'legEnded', callId, offerId, outcome: 'withdrawn' }),
    endAgentLeg: ({ callId, offerId }) => ({ type: 'legEnded', callId, offerId, outcome: 'withdrawn' }),
    welcomeBack: ({ callId }) => ({ type: 'callerAnswered', callId }),
    endCallerLeg: ({ callId }) => ({ type: 'callerGone', callId, cause: 'endedByUs' }),
  };
  private readonly update = updates();

  get civil(): Date { return new Date(START + this.nowMs); }

  /** One event now and whatever follows at once; the effects of all that. */
  post(event: CoreEvent): Effect[] {
    const before = this.effects.length;
    const waiting = [event];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      this.last = step(this.state, next, { monotonicMs: this.nowMs, civil: this.civil });
      this.wakeAtMs = this.last.wakeAtMs;
      expect({ after: next.type, faults: faultsOf(this.state, this.nowMs, this.wakeAtMs) }).toEqual({ after: next.type, faults: [] });
      for (const effect of this.last.effects) {
        this.effects.push(effect);
        const reply = (this.replies[effect.type] as ((effect: Effect) => CoreEvent | null) | undefined)?.(effect);
        if (reply != null) waiting.push(reply);
      }
    }
    return this.effects.slice(before);
  }

  configure(...changes: ObjectChange[]): Effect[] { return this.post({ type: 'configurationChanged', update: this.update(...changes) }); }
  register(...agentIds: readonly string[]): Effect[] { return agentIds.flatMap((agentId) => this.post({ type: 'phoneChanged', agentId, reachable: true })); }
  call(callId: string, dialledUser = 'help', more: Partial<Arrival> = {}): Effect[] { return this.post({ type: 'callArrived', arrival: anArrival(callId, dialledUser, more) }); }
  hangUp(callId: string): Effect[] { return this.post({ type: 'callerGone', callId, cause: 'hungUp' }); }
  answer(agentId: string): Effect[] { const { callId, offerId } = this.leg(agentId); return this.post({ type: 'offerAnswered', callId, offerId }); }
  end(agentId: string, outcome: LegOutcome): Effect[] { const { callId, offerId } = this.leg(agentId); return this.post({ type: 'legEnded', callId, offerId, outcome }); }

  /** Lets time pass, waking the core exactly when it wants to be. */
  until(ms: number): Effect[] {
    const before = this.effects.length;
    while (this.wakeAtMs !== null && this.wakeAtMs <= ms) {
      this.nowMs = this.wakeAtMs;
      this.post({ type: 'wake' });
    }
    this.nowMs = ms;
    return this.effects.slice(before);
  }

  private leg(agentId: string): { readonly callId: string; readonly offerId: string } {
    const leg = this.state.agents.get(agentId)?.leg;
    if (leg?.kind !== 'offer') throw new Error(`${agentId} has no leg`);
    return leg;
  }
}

function soundInWords(sound: Sound): string {
  switch (sound.kind) {
    case 'prompt': return `"${sound.prompt.text}"`;
    case 'announcement': return `position ${sound.position}, wait ${sound.waitSeconds}`;
    case 'callBack': return sound.promised ? 'we call back' : 'no call back';
    case 'music':
    case 'ringback': return sound.kind;
  }
}

/** Effects in few words, without those that only explain. `offers` names the agent of an offer. */
export function inWords(effects: readonly Effect[], agentOf: (offerId: string) => string): string[] {
  return effects.flatMap((effect): string[] => {
    switch (effect.type) {
      case 'refuse': return [`${effect.callId}: refuse ${effect.status}`];
      case 'answer': return [`${effect.callId}: answer`];
      case 'play': return [`${effect.callId}: play ${soundInWords(effect.sound)}`];
      case 'offer': return [`${effect.callId}: ring ${effect.agentId}`];
      case 'dial': return [`${effect.callId}: dial ${effect.target.kind === 'number' ? effect.target.number : effect.target.uri}`];
      case 'callBack': return [`${effect.callId}: call back ${effect.target.kind === 'number' ? effect.target.number : effect.target.uri}`];
      case 'callBackOver': return [`${effect.callId}: call back over`];
      case 'welcomeBack': return [`${effect.callId}: welcome back`];
      case 'takeLeg': return [`${effect.callId}: take leg ${effect.legId} of ${effect.agentId}`];
      case 'moveLeg': return [`${effect.callId}: move leg ${effect.offerId} from ${effect.fromCallId}`];
      case 'separate': return [`${effect.callId}: separate`];
      case 'acceptTransfer': return [`${effect.transferId}: accepted`];
      case 'refuseTransfer': return [`${effect.transferId}: refused ${effect.status}`];
      case 'transferProgress': return [`${effect.transferId}: ${effect.status}`];
      case 'pauseAgent': return [`pause ${effect.agentId} after ${effect.unanswered}`];
      case 'setDuty': return [`${effect.agentId} goes ${effect.onDuty ? 'on' : 'off'} duty`];
      case 'instructionDone': return [`${effect.instructionId}: ${effect.outcome.kind === 'refused' ? effect.outcome.reason : effect.outcome.kind}`];
      case 'withdraw': return [`${effect.callId}: withdraw ${agentOf(effect.offerId)} ${effect.cause}`];
      case 'connect': return [`${effect.callId}: connect ${agentOf(effect.offerId)}`];
      case 'endAgentLeg': return [`${effect.callId}: end ${agentOf(effect.offerId)}`];
      case 'endCallerLeg': return [`${effect.callId}: end caller`];
      case 'record': return [`${effect.record._id}: ${effect.record.outcome} by ${effect.record.endedBy}`];
      case 'ringTest': return [`test ${effect.agentId}`];
      case 'refuseTest': return [`no test ${effect.reason}`];
      case 'release':
      case 'decided': return [];
    }
  });
}
