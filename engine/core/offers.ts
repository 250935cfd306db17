// Legs to agents: making offers, taking them back, and what the end of a leg means for the agent.
import { type OfferRecord } from '../../storage/model/record';
import { DEFAULTS } from '../../storage/model/limits';
import { REST_MS, type RestCause, type Seat } from './agent';
import { beginRest, refresh } from './availability';
import { type Call, type InputOf, type Leg, type LegEndCause, type Waiting } from './call';
import { type Context, decided, touchCall } from './context';
import { alertName } from './phases';
import { groupState, type PoolState, workflowState } from './state';
import { type LegOutcome } from './types';

/** Offers kept in a call's record: the latest. */
export const OFFERS_KEPT = 200;

/** Rings the chosen agents of one group for a call. */
export function offer(context: Context, call: Call, waiting: Waiting, { groupId, seats, reason, newRound }: InputOf<'agentsFree'>): void {
  if (newRound) waiting.tried.clear();
  waiting.groupId = groupId;
  decided(context, call, 'offer', reason);
  for (const seat of seats) offerTo(context, call, waiting, groupId, seat);
}

function offerTo(context: Context, call: Call, waiting: Waiting, groupId: string, seat: Seat): void {
  const { state, now, effects } = context;
  const { agent } = seat;
  seat.turn = groupState(state, groupId).turns += 1;
  const attempt = (call.attempts += 1);
  const offerId = `${call.callId}.${attempt}`;
  const alertOriginalMs = (state.groups.get(groupId)?.group?.alertTimeSeconds ?? DEFAULTS.alertTimeSeconds) * 1000;
  const alertEndsAtMs = now.monotonicMs + alertOriginalMs;
  call.legs.set(offerId, { offerId, agentId: agent.agentId, groupId, attempt, phase: 'ringing', cause: null, answered: false, talked: false, alertEndsAtMs, alertOriginalMs });
  state.callDeadlines.set(alertName(offerId), alertEndsAtMs, { type: 'rangTooLong', callId: call.callId, offerId });
  waiting.tried.add(agent.agentId);
  // Written as withdrawn until something truer is known.
  call.draft.offers.push({ agentId: agent.agentId, attempt, offeredAt: now.civil, endedAt: null, outcome: 'withdrawn' });
  if (call.draft.offers.length > OFFERS_KEPT) {
    call.draft.offers.shift();
    call.draft.offersLeftOut += 1;
  }
  agent.leg = { kind: 'offer', callId: call.callId, offerId, talking: false };
  refresh(context, agent);
  const { callerName, callerNumber } = call.arrival;
  const groupName = workflowState(state, call.workflowId).workflow?.displayName ?? '';
  effects.push({ type: 'offer', callId: call.callId, offerId, agentId: agent.agentId, attempt, groupName, callerName, callerNumber });
}

/** Asks for the end of one leg, unless that was asked before. The agent stays taken until `legEnded`. */
export function endLeg(context: Context, call: Call, leg: Leg, cause: LegEndCause): void {
  if (leg.phase === 'ending') return;
  if (leg.phase === 'answered' || cause === 'connectFailed') context.effects.push({ type: 'endAgentLeg', callId: call.callId, offerId: leg.offerId });
  else context.effects.push({ type: 'withdraw', callId: call.callId, offerId: leg.offerId, cause });
  context.state.callDeadlines.clear(alertName(leg.offerId));
  leg.phase = 'ending';
  leg.cause = cause;
  touchCall(context, call);
}

/** Asks for the end of every leg but one. */
export function endLegs(context: Context, call: Call, cause: LegEndCause, except?: Leg): void {
  for (const leg of call.legs.values()) if (leg !== except) endLeg(context, call, leg, cause);
}

/** Whether any phone still rings for this call. */
export function rings(call: Call): boolean {
  for (const leg of call.legs.values()) if (leg.phase === 'ringing') return true;
  return false;
}

/** The agent picked up: whoever wins, that phone does not ring any more. */
export function pickedUp(context: Context, leg: Leg): void {
  leg.answered = true;
  context.state.callDeadlines.clear(alertName(leg.offerId));
  const agent = context.state.agents.get(leg.agentId);
  if (agent?.leg?.kind !== 'offer' || agent.leg.offerId !== leg.offerId) return;
  agent.leg.talking = true;
  refresh(context, agent);
}

/** An answer that came too late: someone else won, or the offer was taken back. It is ended, once. */
export function endLateAnswer(context: Context, call: Call, leg: Leg): void {
  if (leg.phase !== 'ending' || leg.answered) return;
  pickedUp(context, leg);
  context.effects.push({ type: 'endAgentLeg', callId: call.callId, offerId: leg.offerId });
  touchCall(context, call);
}

interface Verdict {
  readonly outcome: OfferRecord['outcome'];
  readonly rest: RestCause | null;
  /** Whether idle time begins anew. */
  readonly turnUsed: boolean;
}

const DECLINED: Verdict = { outcome: 'declined', rest: 'declined', turnUsed: true };
const NO_ANSWER: Verdict = { outcome: 'noAnswer', rest: 'noAnswer', turnUsed: true };
const UNREACHABLE: Verdict = { outcome: 'unreachable', rest: 'unreachable', turnUsed: false };

/** What the end of a leg means. What a phone said by itself counts even when it crossed a withdrawal. */
export function verdictOf(leg: Pick<Leg, 'cause' | 'answered' | 'talked'>, outcome: LegOutcome): Verdict {
  if (leg.talked) return { outcome: 'answered', rest: null, turnUsed: true };
  switch (outcome) {
    case 'declined': return DECLINED;
    case 'busy': return { outcome: 'busy', rest: 'busy', turnUsed: true };
    case 'noAnswer': return NO_ANSWER;
    case 'unreachable':
    case 'failed': return UNREACHABLE;
    case 'withdrawn':
    case 'hungUp':
      if (leg.cause === 'noAnswer') return NO_ANSWER;
      if (leg.cause === 'connectFailed') return { outcome: 'withdrawn', rest: 'connectFailed', turnUsed: false };
      if (leg.cause !== null) return { outcome: 'withdrawn', rest: null, turnUsed: false };
      // Nobody asked for it. Picked up and hung up before anyone was heard is a decline; else the phone or the way to it is at fault.
      return leg.answered ? DECLINED : UNREACHABLE;
  }
}

/** A leg is over for good: the agent may be offered calls again, after the rest that its outcome asks for. */
export function legOver(context: Context, call: Call, leg: Leg, outcome: LegOutcome): void {
  const { state, now } = context;
  const verdict = verdictOf(leg, outcome);
  call.legs.delete(leg.offerId);
  state.callDeadlines.clear(alertName(leg.offerId));
  const written = call.draft.offers.findLast(({ attempt }) => attempt === leg.attempt);
  if (written !== undefined) {
    written.outcome = verdict.outcome;
    written.endedAt = now.civil;
  }
  touchCall(context, call);
  const agent = state.agents.get(leg.agentId);
  if (agent?.leg?.kind !== 'offer' || agent.leg.offerId !== leg.offerId) return;
  agent.leg = null;
  if (verdict.turnUsed) agent.idleSinceMs = now.monotonicMs;
  const wrapUpMs = leg.talked ? (state.groups.get(leg.groupId)?.group?.wrapUpSeconds ?? 0) * 1000 : 0;
  if (wrapUpMs > 0) {
    agent.wrapUp = { untilMs: now.monotonicMs + wrapUpMs, originalMs: wrapUpMs };
    agent.idleSinceMs = agent.wrapUp.untilMs;
  }
  if (verdict.rest !== null) beginRest(context, agent, verdict.rest, verdict.rest === 'declined' ? gracePeriodMs(state) : REST_MS[verdict.rest]);
  refresh(context, agent);
}

/** The pool's grace period after a decline, in milliseconds. */
export function gracePeriodMs(state: PoolState): number {
  for (const settings of state.configuration.objects.settings.values()) if (settings.pool === state.pool) return settings.gracePeriodSeconds * 1000;
  return DEFAULTS.gracePeriodSeconds * 1000;
}
