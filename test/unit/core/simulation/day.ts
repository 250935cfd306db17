// A day of calls in virtual time: callers, agents, supervisors, phones and media that take their time. Every step is held against the books.
import { createState, type PoolState, step } from '../../../../engine/core/step';
import { waits } from '../../../../engine/core/call';
import { Deadlines } from '../../../../engine/core/deadlines';
import { type Arrival, type CoreEvent, type Effect, type LegOutcome, type TransferTarget } from '../../../../engine/core/types';
import { type Duty } from '../../../../storage/model/agent';
import { type ObjectChange } from '../../../../storage/model/configuration';
import { aDuty, anArrival, POOL, put, updates } from '../support/sample';
import { Books, type LegBook } from './books';
import { dice, type Dice } from './dice';
import { AGENTS, configuration, DIALLED, DOMAIN, FORMAL_GROUP, MOBILE_AGENT, NIGHT_AGENTS, QUEUES, START } from './pool';

const TALK_MS = 90_000;
const MEAN_GAP_MS = 2_300;
/** As the pool has it. */
const GRACE_MS = 30_000;
const FAILURES: readonly LegOutcome[] = ['declined', 'busy', 'unreachable', 'noAnswer', 'failed'];

export class Day {
  readonly state: PoolState = createState(POOL, { domain: DOMAIN });
  readonly books = new Books();
  steps = 0;
  /** Callers, agents' own calls included, but not the phones that dialled in to pick. */
  arrived = 0;
  private readonly calendar = new Deadlines<() => void>();
  private readonly gone = new Set<string>();
  private readonly duties = new Map<string, Duty>();
  private readonly registered = new Set<string>();
  private readonly update = updates();
  private readonly dice: Dice;
  private nowMs = 0;
  private entries = 0;
  private numbers = 7_000_000;
  private wakeAtMs: number | null = null;

  constructor(private readonly calls: number, seed: number) { this.dice = dice(seed); }

  /** The whole day, until nothing is left to come. @throws Error when anything is not as it must be */
  run(): void {
    this.configure(...configuration());
    for (const agentId of AGENTS) {
      if (agentId !== MOBILE_AGENT) this.phone(agentId, true);
      this.duty(agentId, { onDuty: !NIGHT_AGENTS.includes(agentId), signedIn: [FORMAL_GROUP] });
    }
    for (let index = 0; index < this.calls; index += 1) this.later(this.dice.roll() * this.calls * MEAN_GAP_MS, () => { this.arrive(`call${index}`); });
    this.later(5_000, () => { this.live(this.calls * MEAN_GAP_MS); });
    for (;;) {
      const nextMs = this.calendar.nextMs;
      if (nextMs === null && this.wakeAtMs === null) return;
      if (nextMs === null || (this.wakeAtMs !== null && this.wakeAtMs <= nextMs)) {
        this.nowMs = this.wakeAtMs ?? this.nowMs;
        this.post({ type: 'wake' });
      } else {
        this.nowMs = nextMs;
        this.calendar.takeDue(nextMs)?.();
      }
    }
  }

  private later(inMs: number, act: () => void): void { this.calendar.set(`${(this.entries += 1)}`, this.nowMs + inMs, act); }

  private post(event: CoreEvent): void {
    const result = step(this.state, event, { monotonicMs: this.nowMs, civil: new Date(START + this.nowMs) });
    this.wakeAtMs = result.wakeAtMs;
    this.steps += 1;
    this.books.check(this.state, this.nowMs, result, event.type);
    for (const effect of result.effects) this.carry(effect);
  }

  private configure(...changes: ObjectChange[]): void { this.post({ type: 'configurationChanged', update: this.update(...changes) }); }

  // ── Callers ──

  private arrive(callId: string): void {
    let at = this.dice.roll() * 100;
    const user = DIALLED.find(([, weight]) => (at -= weight) < 0)?.[0] ?? 'help';
    this.call(anArrival(callId, user, { trunk: this.dice.chance(0.03) ? { id: 'partner', federated: true } : this.dice.chance(0.9) ? { id: 'trunk', federated: false } : null, callerNumber: `${this.dice.chance(0.9) ? '+44' : '+99'}${(this.numbers += 1)}`, timesHere: this.dice.chance(0.005) ? 3 : 0 }));
  }

  private call(arrival: Arrival): void {
    this.arrived += 1;
    this.post({ type: 'callArrived', arrival });
    if (arrival.agentId !== null && this.state.calls.has(arrival.callId)) this.books.engage(arrival.agentId, arrival.callId, true);
  }

  private callerGone(callId: string, cause: 'hungUp' | 'endedByUs' | 'cancelled'): void {
    if (this.gone.has(callId)) return;
    this.gone.add(callId);
    this.books.engage('', callId, false);
    this.post({ type: 'callerGone', callId, cause });
  }

  private press(callId: string, key: string): void { if (!this.gone.has(callId)) this.post({ type: 'keyPressed', callId, key }); }

  private listen({ callId, playId, sound, repeat }: Extract<Effect, { type: 'play' }>): void {
    const { dice: { roll, chance, one } } = this;
    if (chance(0.01)) { this.later(30, () => { this.post({ type: 'playFailed', callId, playId }); }); return; }
    this.later(20, () => { this.post({ type: 'playStarted', callId, playId, durationMs: repeat ? null : 2_500 }); });
    if (sound.kind === 'prompt' && sound.prompt.text.startsWith('ask') && chance(0.85)) this.later(1_000 + roll() * 3_000, () => { this.press(callId, chance(0.15) ? '7' : one(['1', '1', '2', '2', '3', '4'])); });
    if (sound.kind === 'music' && chance(0.05)) this.later(10_000, () => { this.press(callId, '9'); });
    if (sound.kind === 'music' && chance(0.06)) this.later(5_000, () => { this.press(callId, '8'); });
  }

  // ── Legs ──

  private legEnded(leg: LegBook, outcome: LegOutcome): void {
    const { groupId = null, talked = false } = this.state.calls.get(leg.callId)?.legs.get(leg.offerId) ?? {};
    if (!this.books.ended(leg)) return;
    if (leg.agentId !== null && groupId !== null) {
      const rest = outcome === 'declined' ? GRACE_MS : outcome === 'busy' ? 10_000 : outcome === 'noAnswer' ? 5_000 : 0;
      if (talked) this.books.rest(leg.agentId, (this.state.groups.get(groupId)?.group?.wrapUpSeconds ?? 0) * 1000, `wrap-up of ${groupId}`);
      else this.books.rest(leg.agentId, rest, outcome);
    }
    this.post({ type: 'legEnded', callId: leg.callId, offerId: leg.offerId, outcome });
  }

  private ring(offerId: string, failing: number): void {
    const leg = this.books.legs.get(offerId);
    if (leg === undefined) return;
    const { dice: { roll, chance, one } } = this;
    this.later(80, () => { if (!leg.over) this.post({ type: 'offerRinging', callId: leg.callId, offerId }); });
    if (chance(failing)) this.later(one([30, 1_000, 4_000]), () => { if (!leg.answered) this.legEnded(leg, one(FAILURES)); });
    else if (chance(0.8)) this.later(2_000 + roll() * 9_000, () => { this.answered(leg); });
  }

  private answered(leg: LegBook): void {
    if (leg.over || leg.answered) return;
    leg.answered = true;
    this.post({ type: 'offerAnswered', callId: leg.callId, offerId: leg.offerId });
  }

  private talk(leg: LegBook): void {
    const { dice: { roll, chance } } = this;
    const { callId, offerId } = leg;
    if (chance(0.02)) { this.later(30, () => { if (!leg.over) this.post({ type: 'connectFailed', callId, offerId }); }); return; }
    this.later(30, () => { if (!leg.over) this.post({ type: 'connected', callId, offerId }); });
    const talkMs = 5_000 + roll() * 2 * TALK_MS;
    if (chance(0.5)) this.later(talkMs, () => { this.legEnded(leg, 'hungUp'); });
    else this.later(talkMs, () => { this.callerGone(leg.callId, 'hungUp'); });
    if (leg.agentId === null) return;
    if (chance(0.08)) this.later(2_000 + roll() * 5_000, () => { this.transfer(leg, this.target()); });
    else if (chance(0.06)) this.later(2_000, () => { this.consult(leg); });
  }

  private target(): TransferTarget {
    const { dice: { one } } = this;
    return one<TransferTarget>([
      { kind: 'own', user: one(AGENTS) }, { kind: 'own', user: 'help' }, { kind: 'own', user: 'tech' }, { kind: 'own', user: 'nobody' },
      { kind: 'outside', target: { kind: 'number', number: '+44123' } }, { kind: 'outside', target: { kind: 'number', number: '+1999' } },
      { kind: 'outsideReplaces', target: { kind: 'uri', uri: 'sip:x@elsewhere.example' }, replaces: 'a@b;to-tag=c;from-tag=d' },
    ]);
  }

  private transfer(leg: LegBook, target: TransferTarget): void {
    if (leg.over) return;
    const transferId = `t${(this.entries += 1)}`;
    this.books.asked(transferId);
    this.post({ type: 'transferAsked', callId: leg.callId, offerId: leg.offerId, transferId, target });
  }

  /** The agent calls somebody on the same phone, and then puts the two together. */
  private consult(leg: LegBook): void {
    if (leg.over || leg.agentId === null) return;
    const { dice: { one, roll } } = this;
    const callId = `own${(this.entries += 1)}`;
    this.call(anArrival(callId, one([...AGENTS, 'sales', 'vip', '+44555']), { agentId: leg.agentId, callerNumber: leg.agentId }));
    this.later(3_000 + roll() * 20_000, () => { this.transfer(leg, { kind: 'consultation', callId }); });
    this.later(120_000, () => { this.callerGone(callId, 'hungUp'); });
  }

  // ── What people do beside ──

  private duty(agentId: string, more: Partial<Duty>): void {
    const before = this.duties.get(agentId) ?? null;
    const after: Duty = { ...(before ?? aDuty(agentId, false)), ...more };
    this.duties.set(agentId, after);
    this.configure(put('duties', after, before));
  }

  private pause(agentId: string, by: 'agent' | 'unanswered', seconds: number | null): void {
    const since = new Date(START + this.nowMs);
    this.duty(agentId, { pause: { reason: 'coffee', since, until: seconds === null ? null : new Date(since.getTime() + seconds * 1000), by } });
  }

  private phone(agentId: string, reachable: boolean): void {
    if (reachable) this.registered.add(agentId);
    else this.registered.delete(agentId);
    this.post({ type: 'phoneChanged', agentId, reachable });
  }

  private instruct(event: Extract<CoreEvent, { instructionId: string }>): void {
    this.books.instructed(event.instructionId);
    this.post(event);
  }

  /** One thing every few seconds, until the last caller has come; then all who left come back, so that everybody is served. */
  private live(untilMs: number): void {
    if (this.nowMs > untilMs) return;
    const { dice: { one, roll } } = this;
    const agentId = one(AGENTS);
    const waiting = [...this.state.calls.values()].filter(({ phase }) => waits(phase)).map(({ callId }) => callId);
    const callId = waiting.length === 0 ? 'call0' : one(waiting);
    const instructionId = `i${(this.entries += 1)}`;
    const backMs = 20_000 + roll() * 60_000;
    one([
      () => { this.duty(agentId, { onDuty: false }); this.later(backMs, () => { this.duty(agentId, { onDuty: true }); }); },
      () => { const onDuty = this.duties.get('night0')?.onDuty !== true; for (const id of NIGHT_AGENTS) this.duty(id, { onDuty }); },
      () => { this.pause(agentId, 'agent', one([null, 30, 60])); this.later(backMs, () => { this.duty(agentId, { pause: null }); }); },
      () => { const all = this.dice.chance(0.3) ? AGENTS : [agentId]; for (const id of all) this.duty(id, { signedIn: [] }); this.later(backMs, () => { for (const id of all) this.duty(id, { signedIn: [FORMAL_GROUP] }); }); },
      () => { if (agentId === MOBILE_AGENT) return; this.phone(agentId, false); this.later(backMs, () => { this.phone(agentId, true); }); },
      () => { this.instruct({ type: 'moveCaller', instructionId, callId, queueId: one([...QUEUES, 'q-nowhere']) }); },
      () => { this.instruct({ type: 'setPriority', instructionId, callId, priority: one([1, 2, 3, 4, 5]) }); },
      ...Array.from({ length: 3 }, () => () => { this.instruct({ type: 'pickCaller', instructionId, callId: this.pickable() ?? callId, agentId: one([...AGENTS.slice(34, 40), ...AGENTS.slice(34, 40), agentId]) }); }),
      ...Array.from({ length: 3 }, () => () => { this.dialPickup(one(AGENTS.slice(34, 40))); }),
      () => { if (this.registered.has(agentId)) this.call(anArrival(`own${instructionId}`, one([...AGENTS, 'help', '+44777', '+1']), { agentId, callerNumber: agentId })); },
      () => {
        const testId = instructionId;
        this.post({ type: 'phoneTest', testId, agentId });
        if (this.state.tests.has(testId)) this.books.engage(agentId, testId, true);
        this.later(5_000, () => { this.books.engage(agentId, testId, false); this.post({ type: 'phoneTestEnded', testId }); });
      },
    ])();
    this.later(500 + roll() * 4_000, () => { this.live(untilMs); });
  }

  private pickable(): string | undefined { return this.state.queues.get('q-desk')?.waiting.first?.callId; }

  /** A phone that takes a caller by this is none of the callers. */
  private dialPickup(agentId: string): void {
    const before = this.books.counts.of['takeLeg'] ?? 0;
    this.call(anArrival(`pick${(this.entries += 1)}`, '*8', { agentId, callerNumber: agentId }));
    this.arrived -= (this.books.counts.of['takeLeg'] ?? 0) - before;
  }

  // ── What the core asks for ──

  private carry(effect: Effect): void {
    const { dice: { roll, chance } } = this;
    switch (effect.type) {
      case 'answer': {
        const { callId } = effect;
        this.later(50, () => { if (!this.gone.has(callId)) this.post({ type: 'callerAnswered', callId }); });
        if (chance(0.15)) this.later(roll() * 60_000, () => { this.callerGone(callId, 'hungUp'); });
        return;
      }
      case 'play': return this.listen(effect);
      case 'offer': return this.ring(effect.offerId, 0.2);
      case 'dial': return this.ring(effect.offerId, 0.3);
      case 'callBack': return this.ring(effect.offerId, 0.4);
      case 'welcomeBack': {
        const { callId } = effect;
        this.gone.delete(callId);
        this.later(60, () => { if (!this.gone.has(callId)) this.post({ type: 'callerAnswered', callId }); });
        if (chance(0.1)) this.later(roll() * 30_000, () => { this.callerGone(callId, 'hungUp'); });
        return;
      }
      case 'takeLeg': {
        const leg = this.books.legs.get(effect.offerId);
        this.later(40, () => { if (leg !== undefined) this.answered(leg); });
        return;
      }
      case 'withdraw':
      case 'endAgentLeg': {
        const leg = this.books.legs.get(effect.offerId);
        this.later(40, () => { if (leg !== undefined) this.legEnded(leg, 'withdrawn'); });
        return;
      }
      case 'connect': {
        const leg = this.books.legs.get(effect.offerId);
        if (leg !== undefined) this.talk(leg);
        return;
      }
      case 'endCallerLeg': this.later(30, () => { this.callerGone(effect.callId, 'endedByUs'); }); return;
      case 'pauseAgent':
        this.later(200, () => { this.pause(effect.agentId, 'unanswered', null); });
        this.later(30_000 + roll() * 30_000, () => { this.duty(effect.agentId, { pause: null }); });
        return;
      default: return;
    }
  }
}
