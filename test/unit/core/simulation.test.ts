// Two thousand callers in virtual time: what goes in comes out, and the books of the pool, its effects and its records agree.
import { createState, step } from '../../../engine/core/step';
import { type CoreEvent, type Effect } from '../../../engine/core/types';
import { type CallRecord } from '../../../storage/model/record';
import { faultsOf } from './support/invariants';
import { aGroup, anArrival, aQueue, aWorkflow, onDuty, POOL, put, said, updates } from './support/sample';

const CALLS = 2_000;
const AGENTS = Array.from({ length: 40 }, (_, index) => `agent${index}`);
const START = Date.UTC(2026, 0, 5, 9);

/** Numbers that look random and are the same every time (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Callers, phones and media that take their time, in a calendar of their own. */
class Day {
  readonly state = createState(POOL);
  readonly records: CallRecord[] = [];
  readonly counts: Record<string, number> = {};
  readonly talkedMs = new Map<string, number>();
  private readonly calendar: { readonly atMs: number; readonly order: number; readonly event: CoreEvent }[] = [];
  private readonly over = new Set<string>();
  private readonly update = updates();
  private readonly roll = dice(20_130_101);
  private nowMs = 0;
  private order = 0;
  private steps = 0;

  run(): void {
    this.post({ type: 'configurationChanged', update: this.update(
      put('workflows', aWorkflow('help', { welcome: said('hello') })), put('workflows', aWorkflow('sales')),
      put('queues', aQueue('q-help', { agentGroupIds: ['g1', 'g2'], timeoutSeconds: 120, timeoutAction: { kind: 'disconnect', prompt: said('sorry') } })),
      put('queues', aQueue('q-sales', { agentGroupIds: ['g2'], overflowThreshold: 15 })),
      put('agentGroups', aGroup('g1', { agentIds: AGENTS.slice(0, 15), routingMethod: 'longestIdle', wrapUpSeconds: 5 })),
      put('agentGroups', aGroup('g2', { agentIds: AGENTS.slice(10), routingMethod: 'parallel' })), ...onDuty(...AGENTS)) });
    for (const agentId of AGENTS) this.post({ type: 'phoneChanged', agentId, reachable: true });
    for (let index = 0; index < CALLS; index += 1) {
      const dialledUser = this.roll() < 0.02 ? 'nobody' : this.roll() < 0.6 ? 'help' : 'sales';
      const callId = `call${index}`;
      this.later(this.roll() * 3_000_000, { type: 'callArrived', arrival: anArrival(callId, dialledUser) });
    }
    for (;;) {
      const next = this.calendar[0];
      const wakeAtMs = this.wakeAtMs;
      if (next === undefined && wakeAtMs === null) return;
      if (next === undefined || (wakeAtMs !== null && wakeAtMs <= next.atMs)) {
        this.nowMs = wakeAtMs ?? this.nowMs;
        this.post({ type: 'wake' });
      } else {
        this.calendar.shift();
        this.nowMs = next.atMs;
        this.post(next.event);
      }
    }
  }

  private wakeAtMs: number | null = null;

  private later(inMs: number, event: CoreEvent): void {
    const entry = { atMs: this.nowMs + inMs, order: (this.order += 1), event };
    let low = 0;
    let high = this.calendar.length;
    while (low < high) { const middle = (low + high) >>> 1; const other = this.calendar[middle] as typeof entry; if (other.atMs < entry.atMs || (other.atMs === entry.atMs && other.order < entry.order)) low = middle + 1; else high = middle; }
    this.calendar.splice(low, 0, entry);
  }

  private post(event: CoreEvent): void {
    // A caller or a leg ends once, whoever was first.
    const end = event.type === 'callerGone' ? event.callId : event.type === 'legEnded' ? event.offerId : null;
    if (end !== null && this.over.has(end)) return;
    if (end !== null) this.over.add(end);
    if (event.type === 'offerAnswered' && this.over.has(event.offerId)) return;
    const result = step(this.state, event, { monotonicMs: this.nowMs, civil: new Date(START + this.nowMs) });
    this.wakeAtMs = result.wakeAtMs;
    this.steps += 1;
    if (this.steps % 50 === 0) expect(faultsOf(this.state, this.nowMs, this.wakeAtMs)).toEqual([]);
    for (const effect of result.effects) this.carry(effect);
  }

  private carry(effect: Effect): void {
    const { roll } = this;
    this.counts[effect.type] = (this.counts[effect.type] ?? 0) + 1;
    switch (effect.type) {
      case 'answer':
        this.later(50, { type: 'callerAnswered', callId: effect.callId });
        if (roll() < 0.2) this.later(roll() * 60_000, { type: 'callerGone', callId: effect.callId, cause: 'hungUp' });
        return;
      case 'play': return this.later(20, { type: 'playStarted', callId: effect.callId, playId: effect.playId, durationMs: effect.repeat ? null : 3_000 });
      case 'offer': {
        const { callId, offerId } = effect;
        const mood = roll();
        if (mood < 0.5) this.later(2_000 + roll() * 9_000, { type: 'offerAnswered', callId, offerId });
        else if (mood < 0.6) this.later(1_000, { type: 'legEnded', callId, offerId, outcome: 'declined' });
        else if (mood < 0.65) this.later(30, { type: 'legEnded', callId, offerId, outcome: 'busy' });
        else if (mood < 0.67) this.later(4_000, { type: 'legEnded', callId, offerId, outcome: 'unreachable' });
        return;
      }
      case 'withdraw': return this.later(40, { type: 'legEnded', callId: effect.callId, offerId: effect.offerId, outcome: 'withdrawn' });
      case 'endAgentLeg': return this.later(30, { type: 'legEnded', callId: effect.callId, offerId: effect.offerId, outcome: 'withdrawn' });
      case 'connect': {
        const { callId, offerId } = effect;
        if (roll() < 0.03) return this.later(30, { type: 'connectFailed', callId, offerId });
        this.later(30, { type: 'connected', callId, offerId });
        const talk = 20_000 + roll() * 60_000;
        return roll() < 0.5 ? this.later(talk, { type: 'legEnded', callId, offerId, outcome: 'hungUp' }) : this.later(talk, { type: 'callerGone', callId, cause: 'hungUp' });
      }
      case 'endCallerLeg': return this.later(30, { type: 'callerGone', callId: effect.callId, cause: 'endedByUs' });
      case 'record': this.records.push(effect.record); return;
      default: return;
    }
  }
}

test('a day of 2,000 calls: each has one record, and every number adds up', () => {
  const day = new Day();
  day.run();
  const { counts, records, state } = day;
  const of = (outcome: string): CallRecord[] => records.filter((record) => record.outcome === outcome);
  expect(new Set(records.map(({ _id }) => _id)).size).toBe(CALLS);
  expect(records.length).toBe(CALLS);
  expect((counts['answer'] ?? 0) + (counts['refuse'] ?? 0)).toBe(CALLS);
  expect(counts['release']).toBe(counts['answer']);
  expect(of('refused').length).toBe(counts['refuse']);
  expect(records.flatMap(({ offers }) => offers).length).toBe(counts['offer']);
  expect([state.calls.size, state.callDeadlines.size, state.agentDeadlines.size]).toEqual([0, 0, 0]);
  expect([...state.agents.values()].every(({ leg, free }) => leg === null && free)).toBe(true);
  // Every kind of end came about, so the sums above mean something.
  for (const outcome of ['answered', 'abandoned', 'timedOut', 'overflowed', 'refused']) expect({ outcome, some: of(outcome).length > 5 }).toEqual({ outcome, some: true });
  for (const { offers, outcome, agentId, arrivedAt, joinedQueueAt, connectedAt, endedAt } of records) {
    expect(offers.filter((offer) => offer.outcome === 'answered').map((offer) => offer.agentId)).toEqual(outcome === 'answered' ? [agentId] : []);
    const times = [arrivedAt, joinedQueueAt, connectedAt, endedAt].filter((time): time is Date => time !== null).map((time) => time.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }
  // Nobody was on two calls at once: of each agent, one leg ends before the next begins.
  const legs = records.flatMap(({ offers }) => offers).sort((a, b) => a.offeredAt.getTime() - b.offeredAt.getTime());
  for (const agentId of AGENTS) {
    const mine = legs.filter((leg) => leg.agentId === agentId);
    expect(mine.length).toBeGreaterThan(5);
    mine.slice(1).forEach((leg, index) => { expect(leg.offeredAt.getTime()).toBeGreaterThanOrEqual(mine[index]?.endedAt?.getTime() ?? Infinity); });
  }
});
