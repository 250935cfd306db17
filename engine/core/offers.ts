// Legs to agents: making offers, taking them back, and what the end of a leg means for the agent.
import { type OfferRecord } from '../../storage/model/record';
import { DEFAULTS } from '../../storage/model/limits';
import { type AgentState, isPaused, REST_MS, type RestCause, type Seat } from './agent';
import { beginRest, refresh } from './availability';
import { type Call, type InputOf, type Leg, type LegEndCause, waits, type Waiting } from './call';
import { type Context, decided, touchCall } from './context';
import { alertName } from './phases';
import { groupState, type PoolState, settingsOf, workflowOf } from './state';
import { nameOfOutside } from './targets';
import { type CallContext, type CallId, type LegOutcome } from './types';

/** Offers kept in a call's record: the latest. */
export const OFFERS_KEPT = 200;

/** Rings the chosen agents of one group for a call. */
export function offer(context: Context, call: Call, waiting: Waiting, { groupId, seats, reason, newRound }: InputOf<'agentsFree'>): void {
  if (newRound) waiting.tried.clear();
  waiting.groupId = groupId;
  decided(context, call, 'offer', reason);
  for (const seat of seats) offerTo(context, call, waiting, groupId, seat);
}

/** How an offer that nobody chose came about: the agent picked the caller, perhaps with the phone that dialled in for it. */
interface Picked { readonly picked: boolean; readonly legId: CallId | null }

/** Makes one offer: rings the agent's phones, or takes the leg of the phone that dialled in. */
export function offerTo(context: Context, call: Call, waiting: Waiting, groupId: string, seat: Seat, { picked, legId }: Picked = { picked: false, legId: null }): void {
  const { state, now, effects } = context;
  const { agent } = seat;
  seat.turn = groupState(state, groupId).turns += 1;
  const attempt = (call.attempts += 1);
  const offerId = `${call.callId}.${attempt}`;
  const alertOriginalMs = (state.groups.get(groupId)?.group?.alertTimeSeconds ?? DEFAULTS.alertTimeSeconds) * 1000;
  const alertEndsAtMs = now.monotonicMs + alertOriginalMs;
  call.legs.set(offerId, { offerId, agentId: agent.agentId, groupId, target: null, picked, attempt, phase: 'ringing', cause: null, answered: false, talked: false, alertEndsAtMs, alertOriginalMs });
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
  if (legId !== null) { effects.push({ type: 'takeLeg', legId, callId: call.callId, offerId, agentId: agent.agentId }); return; }
  const { callerName, callerNumber } = call.arrival;
  const groupName = workflowOf(state, call)?.displayName ?? '';
  effects.push({ type: 'offer', callId: call.callId, offerId, agentId: agent.agentId, attempt, contacts: agent.agent?.contacts ?? [], groupName, callerName, callerNumber, context: contextOf(context, call) });
}

/** What the agent rung is told of the caller, where the pool shows it. */
export function contextOf({ state, now }: Context, call: Call): CallContext | null {
  if (settingsOf(state)?.callContextShown === false) return null;
  const { draft, phase } = call;
  // From the first queue on, however often the caller was sent on; but who has talked to an agent since has waited anew.
  const waitedMs = draft.connectedAt !== null && waits(phase) ? now.monotonicMs - phase.waiting.joinedAtMs : now.civil.getTime() - (draft.joinedQueueAt ?? call.arrivedAt).getTime();
  return { waitedMs: Math.max(0, waitedMs), answers: [...draft.answers] };
}

/** Asks for the end of one leg, unless that was asked before. The agent stays taken until `legEnded`. */
export function endLeg(context: Context, call: Call, leg: Leg, cause: LegEndCause): void {
  if (leg.phase === 'ending') return;
  askForEnd(context, call, leg, cause);
  context.state.callDeadlines.clear(alertName(leg.offerId));
  leg.phase = 'ending';
  leg.cause = cause;
  touchCall(context, call);
}

/** Says how a leg is to end, which is the same however often it is said. */
export function askForEnd({ effects }: Context, { callId }: Call, { phase, answered, offerId }: Leg, cause: LegEndCause): void {
  if (phase === 'answered' || answered || cause === 'connectFailed' || cause === 'transferred') effects.push({ type: 'endAgentLeg', callId, offerId });
  else effects.push({ type: 'withdraw', callId, offerId, cause });
}

/** Takes a ring back, and says why: nobody picked up for as long as it may ring, or the agent may not be rung any more. */
export function takeBack(context: Context, call: Call, leg: Leg, cause: 'noAnswer' | 'agentOffDuty'): void {
  decided(context, call, 'withdraw', `${nameOfLeg(context.state, leg)} ${cause === 'noAnswer' ? `did not answer for ${leg.alertOriginalMs / 1000} s` : whyLeft(context, leg)}`);
  endLeg(context, call, leg, cause);
}

function whyLeft({ state, now }: Context, leg: Leg): string {
  const agent = agentOfLeg(state, leg);
  if (agent === undefined || agent.agent === null) return 'was deleted';
  if (!agent.onDuty) return 'went off duty';
  return isPaused(agent, now.monotonicMs) ? 'is paused' : 'signed out';
}

/** What the log calls whoever has this leg. */
export function nameOfLeg(state: PoolState, leg: Leg): string { return agentOfLeg(state, leg)?.agent?.sipUser ?? leg.agentId ?? (leg.target === null ? leg.offerId : nameOfOutside(leg.target.to)); }

/** Asks for the end of every leg but one. */
export function endLegs(context: Context, call: Call, cause: LegEndCause, except?: Leg): void {
  for (const leg of call.legs.values()) if (leg !== except) endLeg(context, call, leg, cause);
}

/** Whether any phone still rings for this call. */
export function rings(call: Call): boolean {
  for (const leg of call.legs.values()) if (leg.phase === 'ringing') return true;
  return false;
}

/** Whether the phone of an agent who picked this caller rings. */
export function isPicked(call: Call): boolean {
  for (const leg of call.legs.values()) if (leg.picked && leg.phase === 'ringing') return true;
  return false;
}

/** The agent whose leg this is; undefined for somebody outside. */
export function agentOfLeg(state: PoolState, { agentId }: Pick<Leg, 'agentId'>): AgentState | undefined { return agentId === null ? undefined : state.agents.get(agentId); }

/** The agent picked up: whoever wins, that phone does not ring any more. */
export function pickedUp(context: Context, leg: Leg): void {
  leg.answered = true;
  context.state.callDeadlines.clear(alertName(leg.offerId));
  const agent = agentOfLeg(context.state, leg);
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
      // Taken back by nobody's wish: the engine that rang it is no more.
      if (outcome === 'withdrawn' && !leg.answered) return { outcome: 'withdrawn', rest: null, turnUsed: false };
      // Nobody asked for it. Picked up and hung up before anyone was heard is a decline; else the phone or the way to it is at fault.
      return leg.answered ? DECLINED : UNREACHABLE;
  }
}

/** A leg is over for good: the agent may be offered calls again, after the rest that its outcome asks for. */
export function legOver(context: Context, call: Call, leg: Leg, outcome: LegOutcome): void {
  const { state, now } = context;
  const verdict = verdictOf(leg, outcome);
  call.legs.delete(leg.offerId);
  state.movedLegs.delete(leg.offerId);
  state.callDeadlines.clear(alertName(leg.offerId));
  const written = call.draft.offers.findLast(({ attempt }) => attempt === leg.attempt);
  if (written !== undefined) {
    written.outcome = verdict.outcome;
    written.endedAt = now.civil;
  }
  touchCall(context, call);
  const agent = agentOfLeg(state, leg);
  if (agent?.leg?.kind !== 'offer' || agent.leg.offerId !== leg.offerId) return;
  agent.leg = null;
  // Who is dialled for a call action, a transfer or another agent's call was offered nothing, so that only talking counts.
  if (leg.groupId === null && !leg.talked) { refresh(context, agent); return; }
  if (verdict.turnUsed) agent.idleSinceMs = now.monotonicMs;
  const wrapUpMs = leg.talked && leg.groupId !== null ? (state.groups.get(leg.groupId)?.group?.wrapUpSeconds ?? 0) * 1000 : 0;
  // One that lasts longer already stays: an attendant may pick a caller of another group meanwhile.
  if (wrapUpMs > 0 && (agent.wrapUp === null || agent.wrapUp.untilMs < now.monotonicMs + wrapUpMs)) agent.wrapUp = { untilMs: now.monotonicMs + wrapUpMs, originalMs: wrapUpMs };
  if (agent.wrapUp !== null && agent.wrapUp.untilMs > now.monotonicMs) agent.idleSinceMs = agent.wrapUp.untilMs;
  countUnanswered(context, call, leg, agent, verdict);
  if (verdict.rest !== null) beginRest(context, agent, verdict.rest, verdict.rest === 'declined' ? gracePeriodMs(state) : REST_MS[verdict.rest]);
  refresh(context, agent);
}

/** So many offers in a row left unanswered, and the agent is paused; the group of the last one says how many. What the agent picked is no offer in this sense. */
function countUnanswered(context: Context, call: Call, leg: Leg, agent: AgentState, { outcome }: Verdict): void {
  if (leg.answered || outcome === 'declined') agent.unanswered = 0;
  if (leg.answered || leg.picked || outcome !== 'noAnswer') return;
  agent.unanswered += 1;
  const limit = (leg.groupId === null ? null : context.state.groups.get(leg.groupId)?.group?.autoPauseAfter) ?? null;
  if (limit === null || agent.unanswered < limit || !agent.onDuty || isPaused(agent, context.now.monotonicMs)) return;
  const { unanswered } = agent;
  agent.autoPause = { at: context.now.civil, unanswered };
  agent.unanswered = 0;
  decided(context, call, 'pauseAgent', `${agent.agent?.sipUser ?? agent.agentId} left ${unanswered} offers in a row unanswered`);
  context.effects.push({ type: 'pauseAgent', agentId: agent.agentId, unanswered });
}

/** The pool's grace period after a decline, in milliseconds. */
export function gracePeriodMs(state: PoolState): number {
  return (settingsOf(state)?.gracePeriodSeconds ?? DEFAULTS.gracePeriodSeconds) * 1000;
}
