// Calls and agents as plain data, and back: what another engine needs to know to go on with them.
//
// Times are civil ones, because monotonic clocks end with their machine. Back again, what remains of a deadline lies between nothing
// and its original length, whatever the clocks did meanwhile.
import { z } from 'zod';
import { type AgentState } from './agent';
import { change } from './availability';
import { type Call, type Leg, type Phase, type Play, waits, type Waiting } from './call';
import { newContext } from './context';
import { alertName, enter } from './phases';
import { agentState, groupState, type PoolState, workflowState } from './state';
import { type CallId, type Now } from './types';

// Dates also as ISO strings, so that a journal kept as lines of JSON reads the same.
const date = z.coerce.date();
const due = z.object({ at: date, originalMs: z.number().nonnegative() });
const play = z.object({ playId: z.string(), started: z.boolean(), ends: due });
const waiting = z.object({ queueId: z.string(), joinedAt: date, tried: z.array(z.string()), groupId: z.string().nullable() });
const outcome = z.enum(['answered', 'abandoned', 'timedOut', 'overflowed', 'refused', 'failed', 'interrupted']);
const leg = z.object({
  offerId: z.string(), agentId: z.string(), groupId: z.string(), attempt: z.int(), phase: z.enum(['ringing', 'answered', 'ending']),
  cause: z.enum(['completedElsewhere', 'callerGone', 'noAnswer', 'turnedAway', 'agentOffDuty', 'connectFailed']).nullable(),
  answered: z.boolean(), talked: z.boolean(),
  /** null when it does not ring any more. */
  alertEnds: due.nullable(),
});
const phase = z.discriminatedUnion('state', [
  z.object({ state: z.literal('arriving') }),
  z.object({ state: z.literal('welcoming'), play }),
  z.object({ state: z.literal('queued'), waiting }),
  z.object({ state: z.literal('offering'), waiting, groupId: z.string() }),
  z.object({ state: z.literal('connecting'), waiting, winner: z.string() }),
  z.object({ state: z.literal('talking'), winner: z.string() }),
  z.object({ state: z.literal('leaving'), play, outcome }),
  z.object({ state: z.literal('ending'), outcome, endedBy: z.enum(['caller', 'agent', 'system']), endedAt: date, callerGone: z.boolean() }),
]);

/** A call in the journal. What parses can be restored: legs and phase belong together. */
export const callJournal = z.object({
  callId: z.string(),
  arrival: z.object({ callId: z.string(), dialledUser: z.string(), dialled: z.string(), callerNumber: z.string(), callerName: z.string() }),
  workflowId: z.string(),
  arrivedAt: date,
  place: z.object({ priority: z.number(), arrival: z.number(), callId: z.string() }),
  attempts: z.int(),
  plays: z.int(),
  legs: z.array(leg),
  record: z.object({
    queueId: z.string().nullable(), joinedQueueAt: date.nullable(), connectedAt: date.nullable(), agentId: z.string().nullable(), offersLeftOut: z.int(),
    offers: z.array(z.object({
      agentId: z.string(), attempt: z.int(), offeredAt: date, endedAt: date.nullable(),
      outcome: z.enum(['answered', 'declined', 'busy', 'noAnswer', 'unreachable', 'withdrawn']),
    })),
  }),
  phase,
}).refine(isLegal, 'legs and phase do not belong together');
export type CallJournal = z.output<typeof callJournal>;

/** What is remembered of an agent between calls; the present leg is its call's. */
export const agentJournal = z.object({
  agentId: z.string(),
  idleSince: date,
  rest: due.extend({ because: z.enum(['declined', 'noAnswer', 'busy', 'unreachable', 'connectFailed']) }).nullable(),
  wrapUp: due.nullable(),
  /** By agent group: the number of its latest offer to this agent. Together they say whose turn is next. */
  turns: z.record(z.string(), z.int().positive()).default({}),
  /** What people saw, and since when. */
  activity: z.enum(['free', 'ringing', 'talking', 'wrappingUp', 'resting', 'unreachable', 'offDuty']),
  activitySince: date,
});
export type AgentJournal = z.output<typeof agentJournal>;

interface Shape { readonly legs: readonly z.output<typeof leg>[]; readonly phase: z.output<typeof phase> }

function isLegal({ legs, phase: { state, ...data } }: Shape): boolean {
  const winner = 'winner' in data ? data.winner : null;
  return legs.every((each) => (each.phase === 'ending') === (each.cause !== null) && (each.phase === 'ringing') === (each.alertEnds !== null))
    && legs.some(({ phase: of }) => of === 'ringing') === (state === 'offering')
    && legs.filter(({ phase: of }) => of === 'answered').map(({ offerId }) => offerId).join() === (winner ?? '')
    && (state !== 'talking' || legs.some(({ offerId, talked }) => offerId === winner && talked))
    && !(state === 'ending' && 'callerGone' in data && data.callerGone && legs.length === 0);
}

// ── Writing ──

function civil(atMs: number, now: Now): Date { return new Date(now.civil.getTime() + atMs - now.monotonicMs); }

function phaseOut(from: Phase, now: Now): CallJournal['phase'] {
  const playOut = ({ playId, started, endsAtMs, originalMs }: Play) => ({ playId, started, ends: { at: civil(endsAtMs, now), originalMs } });
  const waitingOut = ({ queueId, joinedAtMs, tried, groupId }: Waiting) => ({ queueId, joinedAt: civil(joinedAtMs, now), tried: [...tried], groupId });
  switch (from.state) {
    case 'welcoming': return { state: from.state, play: playOut(from.play) };
    case 'leaving': return { state: from.state, play: playOut(from.play), outcome: from.outcome };
    case 'queued': return { state: from.state, waiting: waitingOut(from.waiting) };
    case 'offering': return { state: from.state, waiting: waitingOut(from.waiting), groupId: from.groupId };
    case 'connecting': return { state: from.state, waiting: waitingOut(from.waiting), winner: from.winner };
    case 'arriving':
    case 'talking':
    case 'ending': return { ...from };
  }
}

/** A live call as plain data; null for one that is over or unknown. Shares nothing with the state. */
export function journalCall(state: PoolState, callId: CallId, now: Now): CallJournal | null {
  const call = state.calls.get(callId);
  if (call === undefined) return null;
  const { draft } = call;
  return {
    callId, arrival: { ...call.arrival }, workflowId: call.workflowId, arrivedAt: call.arrivedAt, place: { ...call.place }, attempts: call.attempts, plays: call.plays,
    legs: [...call.legs.values()].map(({ alertEndsAtMs, alertOriginalMs, ...rest }) => ({ ...rest, alertEnds: rest.phase === 'ringing' ? { at: civil(alertEndsAtMs, now), originalMs: alertOriginalMs } : null })),
    record: { ...draft, offers: draft.offers.map((offer) => ({ ...offer })) },
    phase: phaseOut(call.phase, now),
  };
}

/** What is to be remembered of an agent; null for one that is not configured. */
export function journalAgent(state: PoolState, agentId: string, now: Now): AgentJournal | null {
  const agent = state.agents.get(agentId);
  if (agent === undefined || agent.agent === null) return null;
  const { idleSinceMs, rest, wrapUp, seats, activity, activitySince } = agent;
  const turns = [...seats.values()].filter(({ turn }) => turn > 0).map(({ groupId, turn }): [string, number] => [groupId, turn]);
  return {
    agentId, idleSince: civil(idleSinceMs, now),
    rest: rest === null ? null : { at: civil(rest.untilMs, now), originalMs: rest.originalMs, because: rest.because },
    wrapUp: wrapUp === null ? null : { at: civil(wrapUp.untilMs, now), originalMs: wrapUp.originalMs },
    // In one order, so that the same turns read the same.
    turns: Object.fromEntries(turns.sort(([a], [b]) => (a < b ? -1 : 1))),
    activity, activitySince,
  };
}

// ── Restoring ──

function dueMs({ at, originalMs }: z.output<typeof due>, now: Now): number {
  return now.monotonicMs + Math.min(Math.max(at.getTime() - now.civil.getTime(), 0), originalMs);
}

/** A time that is past: never in the future. */
function sinceMs(at: Date, now: Now): number { return now.monotonicMs - Math.max(0, now.civil.getTime() - at.getTime()); }

function alertIn(ends: z.output<typeof due> | null, now: Now): Pick<Leg, 'alertEndsAtMs' | 'alertOriginalMs'> {
  return ends === null ? { alertEndsAtMs: now.monotonicMs, alertOriginalMs: 0 } : { alertEndsAtMs: dueMs(ends, now), alertOriginalMs: ends.originalMs };
}

function phaseIn(from: CallJournal['phase'], now: Now): Phase {
  const playIn = ({ playId, started, ends }: z.output<typeof play>): Play => ({ playId, started, endsAtMs: dueMs(ends, now), originalMs: ends.originalMs });
  const waitingIn = ({ queueId, joinedAt, tried, groupId }: z.output<typeof waiting>): Waiting => ({ queueId, joinedAtMs: sinceMs(joinedAt, now), tried: new Set(tried), groupId });
  switch (from.state) {
    case 'welcoming': return { state: from.state, play: playIn(from.play) };
    case 'leaving': return { state: from.state, play: playIn(from.play), outcome: from.outcome };
    case 'queued': return { state: from.state, waiting: waitingIn(from.waiting) };
    case 'offering': return { state: from.state, waiting: waitingIn(from.waiting), groupId: from.groupId };
    case 'connecting': return { state: from.state, waiting: waitingIn(from.waiting), winner: from.winner };
    case 'arriving':
    case 'talking':
    case 'ending': return { ...from };
  }
}

/**
 * Takes a call back in, in the state it was in, with its legs and its place. Restore configuration and agents first, then calls, then
 * step once (a `wake` will do): that holds it against the configuration and starts what is due. One that is there already stays.
 */
export function restoreCall(state: PoolState, journal: CallJournal, now: Now): void {
  if (state.calls.has(journal.callId)) return;
  const { callId, record: { offers, ...draft } } = journal;
  const legs = journal.legs.map(({ alertEnds, ...rest }): [string, Leg] => [rest.offerId, { ...rest, ...alertIn(alertEnds, now) }]);
  const call: Call = {
    callId, arrival: { ...journal.arrival }, workflowId: journal.workflowId, arrivedAt: journal.arrivedAt, place: { ...journal.place }, attempts: journal.attempts, plays: journal.plays,
    legs: new Map(legs), draft: { ...draft, offers: offers.map((offer) => ({ ...offer })) }, phase: phaseIn(journal.phase, now),
  };
  state.calls.set(callId, call);
  workflowState(state, call.workflowId).calls.add(call);
  state.lastArrival = Math.max(state.lastArrival, call.place.arrival);
  for (const each of call.legs.values()) {
    if (each.phase === 'ringing') state.callDeadlines.set(alertName(each.offerId), each.alertEndsAtMs, { type: 'rangTooLong', callId, offerId: each.offerId });
    alterAgent(state, each.agentId, now, (agent) => {
      // Two calls can claim one agent when the older one's end was not written any more; its leg is over, and the edge will say so.
      agent.leg ??= { kind: 'offer', callId, offerId: each.offerId, talking: each.answered };
    });
  }
  enter(state, call);
  if (waits(call.phase)) state.restored.calls.add(call);
}

/** Takes back in what was remembered of an agent. */
export function restoreAgent(state: PoolState, { agentId, idleSince, rest, wrapUp, turns, activity, activitySince }: AgentJournal, now: Now): void {
  alterAgent(state, agentId, now, (agent) => {
    agent.rest = rest === null ? null : { untilMs: dueMs(rest, now), originalMs: rest.originalMs, because: rest.because };
    agent.wrapUp = wrapUp === null ? null : { untilMs: dueMs(wrapUp, now), originalMs: wrapUp.originalMs };
    agent.idleSinceMs = agent.wrapUp?.untilMs ?? sinceMs(idleSince, now);
    for (const [groupId, turn] of Object.entries(turns)) {
      const seat = agent.seats.get(groupId);
      // The list may have lost this agent meanwhile; whoever had the turn before is next to go by.
      if (seat === undefined) continue;
      seat.turn = turn;
      const group = groupState(state, groupId);
      group.turns = Math.max(group.turns, turn);
    }
    agent.activity = activity;
    agent.activitySince = activitySince;
  });
}

function alterAgent(state: PoolState, agentId: string, now: Now, alter: (agent: AgentState) => void): void {
  const agent = agentState(state, agentId, now);
  let shown = { activity: agent.activity, activitySince: agent.activitySince };
  // Nobody is told anything while state is restored, and nothing is done: the step after it does both.
  change(newContext(state, now, () => undefined), agent, () => {
    alter(agent);
    shown = { activity: agent.activity, activitySince: agent.activitySince };
  });
  // Half restored, an agent is in some activity or other; what was shown stays until the whole is there.
  Object.assign(agent, shown);
  state.restored.agents.add(agent);
}
