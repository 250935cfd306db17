// Calls and agents as plain data, and back: what another engine needs to know to go on with them.
//
// Times are civil ones, because monotonic clocks end with their machine. Back again, what remains of a deadline lies between nothing
// and its original length, whatever the clocks did meanwhile.
import { z } from 'zod';
import { answerAction, DISCONNECT } from '../../storage/model/call-action';
import { CALL_OUTCOMES, TURNED_AWAY } from '../../storage/model/record';
import { type AgentState } from './agent';
import { change } from './availability';
import { type Back, type Call, type Due, type Leg, type Phase, type Play, type RecordDraft, type Waiting } from './call';
import { newContext } from './context';
import { alertName, enter } from './phases';
import { agentState, groupState, type PoolState, workflowState } from './state';
import { type CallId, type Now } from './types';

// Dates also as ISO strings, so that a journal kept as lines of JSON reads the same.
const date = z.coerce.date();
const due = z.object({ at: date, originalMs: z.number().nonnegative() });
const target = z.discriminatedUnion('kind', [z.object({ kind: z.literal('number'), number: z.string() }), z.object({ kind: z.literal('uri'), uri: z.string() })]);
const play = z.object({ playId: z.string(), started: z.boolean(), ends: due });
const waiting = z.object({ queueId: z.string(), joinedAt: date, tried: z.array(z.string()), groupId: z.string().nullable(), announcedAt: date, announcement: play.nullable() });
const outcome = z.enum(CALL_OUTCOMES);
const transfer = z.object({ transferId: z.string(), from: z.string() });
const back = z.discriminatedUnion('to', [
  z.object({ to: z.literal('queue'), waiting }),
  z.object({ to: z.literal('transferor'), transfer }),
  z.object({ to: z.literal('end'), outcome }),
]);
const leg = z.object({
  offerId: z.string(), agentId: z.string().nullable(), groupId: z.string().nullable(), target: z.object({ to: target, replaces: z.string().nullable() }).nullable().default(null), picked: z.boolean(), attempt: z.int(), phase: z.enum(['ringing', 'answered', 'ending']),
  cause: z.enum(['completedElsewhere', 'callerGone', 'noAnswer', 'turnedAway', 'agentOffDuty', 'connectFailed', 'transferred']).nullable(),
  answered: z.boolean(), talked: z.boolean(),
  /** null when it does not ring any more. */
  alertEnds: due.nullable(),
});
const phase = z.discriminatedUnion('state', [
  z.object({ state: z.literal('arriving') }),
  z.object({ state: z.literal('welcoming'), play }),
  z.object({ state: z.literal('asking'), questionId: z.string(), failed: z.int(), moment: z.enum(['chided', 'asked', 'awaited']), play }),
  z.object({ state: z.literal('queued'), waiting }),
  z.object({ state: z.literal('offering'), waiting, groupId: z.string() }),
  z.object({ state: z.literal('forwarding'), leg: z.string(), outcome }),
  z.object({ state: z.literal('connecting'), back, winner: z.string() }),
  z.object({ state: z.literal('talking'), winner: z.string() }),
  z.object({ state: z.literal('transferring'), transfer, target: z.string() }),
  z.object({ state: z.literal('leaving'), play, outcome: z.enum(TURNED_AWAY), action: answerAction.default(DISCONNECT) }),
  z.object({ state: z.literal('promised'), queueId: z.string(), attempts: z.int(), retry: due.nullable(), expires: due }),
  z.object({ state: z.literal('calling'), queueId: z.string(), attempts: z.int(), expires: due, leg: z.string() }),
  z.object({ state: z.literal('returning'), queueId: z.string(), leg: z.string() }),
  z.object({ state: z.literal('ending'), outcome, endedBy: z.enum(['caller', 'agent', 'system']), endedAt: date, callerGone: z.boolean() }),
]);

/** A call in the journal. What parses can be restored: legs and phase belong together. */
export const callJournal = z.object({
  callId: z.string(),
  arrival: z.object({
    callId: z.string(), dialledUser: z.string(), dialled: z.string(), callerNumber: z.string(), callerName: z.string(), agentId: z.string().nullable().default(null),
    trunk: z.object({ id: z.string(), federated: z.boolean() }).nullable().default(null), timesHere: z.int().default(0),
  }),
  dialledWorkflowId: z.string().nullable(),
  workflowId: z.string().nullable(),
  arrivedAt: date,
  place: z.object({ priority: z.number(), arrival: z.number(), callId: z.string() }),
  attempts: z.int(),
  plays: z.int(),
  hops: z.int().default(0),
  questionsAsked: z.int().default(0),
  legs: z.array(leg),
  record: z.object({
    queueId: z.string().nullable(), joinedQueueAt: date.nullable(), connectedAt: date.nullable(), agentId: z.string().nullable(), offersLeftOut: z.int(),
    offers: z.array(z.object({
      agentId: z.string(), attempt: z.int(), offeredAt: date, endedAt: date.nullable(),
      outcome: z.enum(['answered', 'declined', 'busy', 'noAnswer', 'unreachable', 'withdrawn']),
    })),
    reached: z.enum(['answered', 'forwarded']).nullable().default(null),
    answers: z.array(z.object({ question: z.string(), answer: z.string() })).default([]),
    steps: z.array(z.object({ at: date, why: z.enum([...TURNED_AWAY, 'transferred', 'moved']), to: z.string() })).default([]),
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
  /** Offers in a row left unanswered; and the pause for them, while no duty says it. */
  unanswered: z.int().nonnegative().default(0),
  autoPause: z.object({ at: date, unanswered: z.int() }).nullable().default(null),
  /** What the agent's own phone has dialled, while no duty says it. */
  dialled: z.object({ onDuty: z.boolean(), at: date, requestId: z.string() }).nullable().default(null),
  activity: z.enum(['free', 'ringing', 'talking', 'wrappingUp', 'resting', 'paused', 'unreachable', 'offDuty']),
  activitySince: date,
});
export type AgentJournal = z.output<typeof agentJournal>;

interface Shape { readonly legs: readonly z.output<typeof leg>[]; readonly phase: z.output<typeof phase> }

/** Which legs a phase has that ring and that are answered; `maybe`: also without it. */
function legsOf(of: Shape['phase'], legs: Shape['legs']): { /** null: at least one. */ readonly ringing: readonly string[] | null; readonly answered: readonly string[]; readonly maybe: string | null } {
  const none = { ringing: [], answered: [], maybe: null } as const;
  switch (of.state) {
    case 'offering': return { ...none, ringing: null };
    case 'forwarding': return { ...none, ringing: [of.leg] };
    case 'calling': return { ...none, ringing: legs.some(({ offerId, phase: its }) => offerId === of.leg && its === 'ending') ? [] : [of.leg] };
    case 'transferring': return { ...none, ringing: [of.target], maybe: of.transfer.from };
    case 'connecting': return { ...none, answered: [of.winner], maybe: of.back.to === 'transferor' ? of.back.transfer.from : null };
    case 'talking': return { ...none, answered: [of.winner] };
    default: return none;
  }
}

function isLegal({ legs, phase: of }: Shape): boolean {
  const expected = legsOf(of, legs);
  const inPhase = (name: z.output<typeof leg>['phase']): string[] => legs.filter((each) => each.phase === name).map(({ offerId }) => offerId);
  const ringing = inPhase('ringing');
  const answered = inPhase('answered');
  return legs.every((each) => (each.phase === 'ending') === (each.cause !== null) && (each.phase === 'ringing') === (each.alertEnds !== null))
    && (expected.ringing === null ? ringing.length > 0 : ringing.join() === expected.ringing.join())
    && expected.answered.every((offerId) => answered.includes(offerId)) && answered.every((offerId) => expected.answered.includes(offerId) || offerId === expected.maybe)
    && (of.state !== 'talking' || legs.some(({ offerId, talked }) => offerId === of.winner && talked))
    && !(of.state === 'ending' && of.callerGone && legs.length === 0);
}

// ── Writing ──

function civil(atMs: number, now: Now): Date { return new Date(now.civil.getTime() + atMs - now.monotonicMs); }

function playOut({ playId, started, endsAtMs, originalMs }: Play, now: Now): z.output<typeof play> { return { playId, started, ends: { at: civil(endsAtMs, now), originalMs } }; }

function waitingOut({ joinedAtMs, announcedAtMs, announcement, tried, ...rest }: Waiting, now: Now): z.output<typeof waiting> {
  return { ...rest, joinedAt: civil(joinedAtMs, now), tried: [...tried], announcedAt: civil(announcedAtMs, now), announcement: announcement === null ? null : playOut(announcement, now) };
}

function dueOut({ atMs, originalMs }: Due, now: Now): z.output<typeof due> { return { at: civil(atMs, now), originalMs }; }

function backOut(from: Back, now: Now): z.output<typeof back> { return from.to === 'queue' ? { to: from.to, waiting: waitingOut(from.waiting, now) } : { ...from }; }

function phaseOut(from: Phase, now: Now): CallJournal['phase'] {
  switch (from.state) {
    case 'welcoming':
    case 'asking':
    case 'leaving': return { ...from, play: playOut(from.play, now) };
    case 'queued':
    case 'offering': return { ...from, waiting: waitingOut(from.waiting, now) };
    case 'connecting': return { ...from, back: backOut(from.back, now) };
    case 'promised': return { ...from, retry: from.retry === null ? null : dueOut(from.retry, now), expires: dueOut(from.expires, now) };
    case 'calling': return { state: from.state, queueId: from.queueId, attempts: from.attempts, leg: from.leg, expires: dueOut(from.expires, now) };
    case 'arriving':
    case 'forwarding':
    case 'talking':
    case 'transferring':
    case 'returning':
    case 'ending': return { ...from };
  }
}

/** A live call as plain data; null for one that is over or unknown. Shares nothing with the state. */
export function journalCall(state: PoolState, callId: CallId, now: Now): CallJournal | null {
  const call = state.calls.get(callId);
  if (call === undefined) return null;
  const { draft } = call;
  return {
    callId, arrival: { ...call.arrival }, dialledWorkflowId: call.dialledWorkflowId, workflowId: call.workflowId, arrivedAt: call.arrivedAt, place: { ...call.place },
    attempts: call.attempts, plays: call.plays, hops: call.hops, questionsAsked: call.questionsAsked,
    legs: [...call.legs.values()].map(({ alertEndsAtMs, alertOriginalMs, ...rest }) => ({ ...rest, alertEnds: rest.phase === 'ringing' ? { at: civil(alertEndsAtMs, now), originalMs: alertOriginalMs } : null })),
    record: copyOf(draft),
    phase: phaseOut(call.phase, now),
  };
}

/** What is to be remembered of an agent; null for one that is not configured. */
export function journalAgent(state: PoolState, agentId: string, now: Now): AgentJournal | null {
  const agent = state.agents.get(agentId);
  if (agent === undefined || agent.agent === null) return null;
  const { idleSinceMs, rest, wrapUp, seats, unanswered, autoPause, dialled, activity, activitySince } = agent;
  const turns = [...seats.values()].filter(({ turn }) => turn > 0).map(({ groupId, turn }): [string, number] => [groupId, turn]);
  return {
    agentId, idleSince: civil(idleSinceMs, now),
    rest: rest === null ? null : { at: civil(rest.untilMs, now), originalMs: rest.originalMs, because: rest.because },
    wrapUp: wrapUp === null ? null : { at: civil(wrapUp.untilMs, now), originalMs: wrapUp.originalMs },
    // In one order, so that the same turns read the same.
    turns: Object.fromEntries(turns.sort(([a], [b]) => (a < b ? -1 : 1))),
    unanswered, autoPause: autoPause === null ? null : { ...autoPause }, dialled: dialled === null ? null : { ...dialled }, activity, activitySince,
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

function playIn({ playId, started, ends }: z.output<typeof play>, now: Now): Play { return { playId, started, endsAtMs: dueMs(ends, now), originalMs: ends.originalMs }; }

function waitingIn({ joinedAt, announcedAt, announcement, tried, ...rest }: z.output<typeof waiting>, now: Now): Waiting {
  return { ...rest, joinedAtMs: sinceMs(joinedAt, now), tried: new Set(tried), announcedAtMs: sinceMs(announcedAt, now), announcement: announcement === null ? null : playIn(announcement, now) };
}

function dueIn(from: z.output<typeof due>, now: Now): Due { return { atMs: dueMs(from, now), originalMs: from.originalMs }; }

function backIn(from: z.output<typeof back>, now: Now): Back { return from.to === 'queue' ? { to: from.to, waiting: waitingIn(from.waiting, now) } : { ...from }; }

function phaseIn(from: CallJournal['phase'], now: Now): Phase {
  switch (from.state) {
    case 'welcoming':
    case 'asking':
    case 'leaving': return { ...from, play: playIn(from.play, now) };
    case 'queued':
    case 'offering': return { ...from, waiting: waitingIn(from.waiting, now) };
    case 'connecting': return { ...from, back: backIn(from.back, now) };
    case 'promised': return { ...from, retry: from.retry === null ? null : dueIn(from.retry, now), expires: dueIn(from.expires, now) };
    case 'calling': return { ...from, retry: null, expires: dueIn(from.expires, now) };
    case 'arriving':
    case 'forwarding':
    case 'talking':
    case 'transferring':
    case 'returning':
    case 'ending': return { ...from };
  }
}

/** Shares nothing with what it copies. */
function copyOf({ offers, answers, steps, ...rest }: RecordDraft): RecordDraft {
  return { ...rest, offers: offers.map((offer) => ({ ...offer })), answers: [...answers], steps: [...steps] };
}

/**
 * Takes a call back in, in the state it was in, with its legs and its place. Restore configuration and agents first, then calls, then
 * step once (a `wake` will do): that holds it against the configuration and starts what is due. One that is there already stays.
 */
export function restoreCall(state: PoolState, journal: CallJournal, now: Now): void {
  if (state.calls.has(journal.callId)) return;
  const { callId } = journal;
  const legs = journal.legs.map(({ alertEnds, ...rest }): [string, Leg] => [rest.offerId, { ...rest, ...alertIn(alertEnds, now) }]);
  const call: Call = {
    callId, arrival: { ...journal.arrival }, dialledWorkflowId: journal.dialledWorkflowId, workflowId: journal.workflowId, arrivedAt: journal.arrivedAt, place: { ...journal.place },
    attempts: journal.attempts, plays: journal.plays, hops: journal.hops, questionsAsked: journal.questionsAsked,
    legs: new Map(legs), draft: copyOf(journal.record), phase: phaseIn(journal.phase, now),
  };
  state.calls.set(callId, call);
  if (call.workflowId !== null) workflowState(state, call.workflowId).calls.add(call);
  if (call.arrival.agentId !== null && state.agents.get(call.arrival.agentId)?.agent != null) alterAgent(state, call.arrival.agentId, now, (agent) => { agent.calling.add(callId); });
  state.lastArrival = Math.max(state.lastArrival, call.place.arrival);
  for (const each of call.legs.values()) {
    if (each.phase === 'ringing') state.callDeadlines.set(alertName(each.offerId), each.alertEndsAtMs, { type: 'rangTooLong', callId, offerId: each.offerId });
    if (!each.offerId.startsWith(`${callId}.`)) state.movedLegs.set(each.offerId, callId);
    if (each.agentId === null) continue;
    alterAgent(state, each.agentId, now, (agent) => {
      // Two calls can claim one agent when the older one's end was not written any more; its leg is over, and the edge will say so.
      agent.leg ??= { kind: 'offer', callId, offerId: each.offerId, talking: each.answered };
    });
  }
  enter(state, call);
  state.restored.calls.add(call);
}

/** Takes back in what was remembered of an agent. */
export function restoreAgent(state: PoolState, { agentId, idleSince, rest, wrapUp, turns, unanswered, autoPause, dialled, activity, activitySince }: AgentJournal, now: Now): void {
  alterAgent(state, agentId, now, (agent) => {
    agent.rest = rest === null ? null : { untilMs: dueMs(rest, now), originalMs: rest.originalMs, because: rest.because };
    agent.wrapUp = wrapUp === null ? null : { untilMs: dueMs(wrapUp, now), originalMs: wrapUp.originalMs };
    agent.idleSinceMs = agent.wrapUp?.untilMs ?? sinceMs(idleSince, now);
    agent.unanswered = unanswered;
    const duty = state.configuration.objects.duties.get(agentId);
    // What was chosen since it was dialled counts instead.
    if (dialled !== null && (duty === undefined || (duty.since <= dialled.at && (duty.pause === null || duty.pause.since <= dialled.at)))) {
      agent.dialled = dialled;
      agent.onDuty = dialled.onDuty;
      agent.pause = null;
    }
    // A duty that says so by now, or that has ended, counts instead.
    agent.autoPause = agent.onDuty && agent.pause === null ? autoPause : null;
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
  change(newContext(state, now, { tell: () => undefined, turnAway: () => undefined }), agent, () => {
    alter(agent);
    shown = { activity: agent.activity, activitySince: agent.activitySince };
  });
  // Half restored, an agent is in some activity or other; what was shown stays until the whole is there.
  Object.assign(agent, shown);
  state.restored.agents.add(agent);
}
