// The simulation's own books: who has which leg, who was answered how often, and whether anybody was passed over.
import { type PoolState } from '../../../../engine/core/state';
import { type Call, comparePlaces } from '../../../../engine/core/call';
import { type Effect, type StepResult } from '../../../../engine/core/types';
import { type CallRecord } from '../../../../storage/model/record';
import { faultsOf } from '../support/invariants';
import { START } from './pool';

/** One leg beside the callers'. Its call changes when an attended transfer moves it. */
export interface LegBook { readonly offerId: string; callId: string; readonly agentId: string | null; answered: boolean; over: boolean }

/** How often something happened, by name. */
export class Counts {
  readonly of: Record<string, number> = {};
  add(name: string): void { this.of[name] = (this.of[name] ?? 0) + 1; }
}

export class Books {
  readonly counts = new Counts();
  readonly legs = new Map<string, LegBook>();
  readonly records: CallRecord[] = [];
  private readonly openOf = new Map<string, LegBook>();
  private readonly transfers = new Map<string, 'asked' | 'accepted' | 'over'>();
  private readonly instructions = new Set<string>();
  private queued: ReadonlySet<Call> = new Set();
  /** Until when no group may offer an agent a call, and why. */
  private readonly rests = new Map<string, { readonly untilMs: number; readonly why: string }>();
  /** What keeps an agent's own phone busy: calls it made, tests. */
  private readonly engaged = new Map<string, string>();
  private nowMs = 0;

  /** What one step did, against what must be so. @throws Error naming what is wrong */
  check(state: PoolState, nowMs: number, { effects, wakeAtMs }: StepResult, event: string): void {
    this.nowMs = nowMs;
    const faults = faultsOf(state, nowMs, wakeAtMs);
    for (const effect of effects) {
      this.counts.add(effect.type);
      faults.push(...this.note(state, effect));
    }
    const queued = new Set<Call>();
    for (const queue of state.queues.values()) for (const call of queue.queued.values) queued.add(call);
    this.queued = queued;
    if (faults.length > 0) throw new Error(`at ${nowMs} ms, after ${event}: ${faults.join('; ')}`);
  }

  asked(transferId: string): void { this.transfers.set(transferId, 'asked'); }
  instructed(instructionId: string): void { this.instructions.add(instructionId); }

  /** The agent's own phone is in use, or not any more. */
  engage(agentId: string, by: string, engaged: boolean): void {
    if (engaged) this.engaged.set(by, agentId);
    else this.engaged.delete(by);
  }

  rest(agentId: string, ms: number, why: string): void {
    const untilMs = this.nowMs + ms;
    if (ms > 0 && (this.rests.get(agentId)?.untilMs ?? 0) < untilMs) this.rests.set(agentId, { untilMs, why });
  }

  /** A leg is over; false when it was already. */
  ended(leg: LegBook): boolean {
    if (leg.over) return false;
    leg.over = true;
    if (leg.agentId !== null) this.openOf.delete(leg.agentId);
    return true;
  }

  /** Promises to call somebody back, each of which is a call of its own. */
  get promised(): number { return this.records.filter(({ callBackOf }) => callBackOf !== undefined).length; }

  /** What is still open when everybody has gone home. */
  unfinished(): string[] {
    return [
      ...[...this.legs.values()].filter(({ over }) => !over).map(({ offerId }) => `${offerId} is not over`),
      ...[...this.transfers].filter(([, how]) => how !== 'over').map(([id, how]) => `transfer ${id} was ${how} and nothing more`),
      ...[...this.instructions].map((id) => `${id} was not answered`),
    ];
  }

  private note(state: PoolState, effect: Effect): string[] {
    switch (effect.type) {
      case 'offer': return [...this.begin(effect.callId, effect.offerId, effect.agentId), ...this.passedOver(state, effect.callId, effect.offerId, effect.agentId)];
      case 'takeLeg': return this.begin(effect.callId, effect.offerId, effect.agentId);
      case 'dial':
      case 'callBack': return this.begin(effect.callId, effect.offerId, null);
      case 'welcomeBack': {
        const leg = this.legs.get(effect.offerId);
        return leg !== undefined && leg.answered && this.ended(leg) ? [] : [`${effect.offerId} is the caller's again, and was not answered`];
      }
      case 'moveLeg': {
        const leg = this.legs.get(effect.offerId);
        if (leg === undefined || leg.over || leg.callId !== effect.fromCallId) return [`${effect.offerId} is moved, and is not there`];
        leg.callId = effect.callId;
        return [];
      }
      case 'acceptTransfer':
      case 'refuseTransfer': {
        const was = this.transfers.get(effect.transferId);
        this.transfers.set(effect.transferId, effect.type === 'acceptTransfer' ? 'accepted' : 'over');
        return was === 'asked' ? [] : [`${effect.type} of ${effect.transferId}, which was ${was}`];
      }
      case 'transferProgress': {
        const was = this.transfers.get(effect.transferId);
        if (effect.status >= 200) this.transfers.set(effect.transferId, 'over');
        return was === 'accepted' ? [] : [`progress of ${effect.transferId}, which was ${was}`];
      }
      case 'instructionDone':
        this.counts.add(`instruction ${effect.outcome.kind === 'refused' ? effect.outcome.reason : effect.outcome.kind}`);
        return this.instructions.delete(effect.instructionId) ? [] : [`${effect.instructionId} was answered without being asked`];
      case 'record': {
        const { outcome, steps } = effect.record;
        this.records.push(effect.record);
        this.counts.add(`outcome ${outcome}`);
        for (const { why } of steps ?? []) this.counts.add(`step ${why}`);
        return [];
      }
      case 'decided':
        this.counts.add(`decided ${effect.decision}`);
        if (effect.decision === 'offer') this.counts.add(`method ${effect.reason.split(/[ :]/)[0] ?? ''}`);
        return [];
      case 'play':
        this.counts.add(`sound ${effect.sound.kind}`);
        if (effect.sound.kind === 'announcement' && effect.sound.waitSeconds !== null) this.counts.add('sound expected wait');
        return [];
      default: return [];
    }
  }

  private begin(callId: string, offerId: string, agentId: string | null): string[] {
    const leg: LegBook = { offerId, callId, agentId, answered: false, over: false };
    const faults = this.legs.has(offerId) ? [`${offerId} was made twice`] : [];
    this.legs.set(offerId, leg);
    if (agentId === null) return faults;
    for (const [by, id] of this.engaged) if (id === agentId && !offerId.startsWith(`${by}.`)) faults.push(`${agentId} is busy with ${by} and is offered ${offerId}`);
    const other = this.openOf.get(agentId);
    this.openOf.set(agentId, leg);
    return other === undefined ? faults : [...faults, `${agentId} has ${other.offerId} and is offered ${offerId}`];
  }

  /** Nobody who waited before and waits still, and whom this agent could serve, came before the one served. */
  private passedOver(state: PoolState, callId: string, offerId: string, agentId: string): string[] {
    const served = state.calls.get(callId);
    const leg = served?.legs.get(offerId);
    const agent = state.agents.get(agentId);
    if (served === undefined || leg === undefined || leg.groupId === null || leg.picked || agent === undefined) return [];
    const faults: string[] = [];
    const rest = this.rests.get(agentId);
    if (rest !== undefined && this.nowMs < rest.untilMs) faults.push(`${agentId} is offered ${offerId} in spite of ${rest.why}`);
    const duty = [...state.configuration.objects.duties.values()].find((each) => each.agentId === agentId);
    const until = duty?.pause?.until ?? null;
    if (duty?.onDuty !== true || (duty.pause !== null && (until === null || until.getTime() > START + this.nowMs))) faults.push(`${agentId} is offered ${offerId}, off duty or paused`);
    if (state.groups.get(leg.groupId)?.group?.participation === 'formal' && duty?.signedIn.includes(leg.groupId) !== true) faults.push(`${agentId} is offered ${offerId}, not signed in`);
    for (const seat of agent.seats.values()) {
      const group = state.groups.get(seat.groupId);
      if (group?.group == null || group.group.routingMethod === 'attendant' || !seat.signedIn) continue;
      for (const queueId of group.queueIds) {
        const first = state.queues.get(queueId)?.queued.first;
        if (first !== undefined && this.queued.has(first) && comparePlaces(first.place, served.place) < 0) faults.push(`${agentId} rings for ${callId}, but ${first.callId} came before`);
      }
    }
    return faults;
  }
}
