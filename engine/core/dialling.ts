// Legs that no agent group offers: a number, an address or one agent, dialled for a call action, a transfer or an agent's own call.
import { type OutsideTarget } from '../../storage/model/number-policy';
import { type Workflow } from '../../storage/model/workflow';
import { type AgentState, canBeRung, isEngaged } from './agent';
import { refresh } from './availability';
import { type Call, type Leg } from './call';
import { type Context, touchCall } from './context';
import { contextOf } from './offers';
import { alertName } from './phases';
import { workflowOf } from './state';
import { type OfferId } from './types';

/** How long somebody who is dialled may ring. */
export const DIAL_ALERT_MS = 60_000;

/** Why an agent cannot be rung now; null: the phone can be. Duty does not matter to who asks for this very person. */
export function whyNotRung(agent: AgentState): 'unknown' | 'busy' | 'unreachable' | null {
  if (agent.agent === null) return 'unknown';
  if (isEngaged(agent)) return 'busy';
  return canBeRung(agent) ? null : 'unreachable';
}

/** Rings one agent's phone, which must be free to ring. */
export function ringAgent(context: Context, call: Call, agent: AgentState): OfferId {
  const leg = newLeg(context, call, agent.agentId, null);
  agent.leg = { kind: 'offer', callId: call.callId, offerId: leg.offerId, talking: false };
  refresh(context, agent);
  const { callerName, callerNumber } = call.arrival;
  context.effects.push({
    type: 'offer', callId: call.callId, offerId: leg.offerId, agentId: agent.agentId, attempt: leg.attempt, contacts: agent.agent?.contacts ?? [],
    groupName: workflowOf(context.state, call)?.displayName ?? '', callerName, callerNumber, context: workflowOf(context.state, call) === null ? null : contextOf(context, call),
  });
  return leg.offerId;
}

/** Dials somebody outside, whom the policy was asked about. `replaces`: for the INVITE of an attended transfer (RFC 3891). */
export function dialOutside(context: Context, call: Call, target: OutsideTarget, replaces: string | null): OfferId {
  const { offerId } = newLeg(context, call, null, { to: target, replaces });
  const { callerName, callerNumber, dialled } = call.arrival;
  context.effects.push({ type: 'dial', callId: call.callId, offerId, target, replaces, groupName: workflowOf(context.state, call)?.displayName ?? '', callerName, callerNumber, diverted: dialled });
  return offerId;
}

/** Rings a caller who is to be called back. The phone shows the group's number; without one, none. */
export function dialCaller(context: Context, call: Call, target: OutsideTarget, ringMs: number, workflow: Workflow | null): OfferId {
  const { offerId } = newLeg(context, call, null, { to: target, replaces: null }, ringMs);
  const { dialledUser } = call.arrival;
  const fromUser = /^\+?[0-9]+$/.test(dialledUser) ? dialledUser : workflow?.telephoneNumber ?? '';
  context.effects.push({ type: 'callBack', callId: call.callId, offerId, arrival: { ...call.arrival }, target, groupName: workflow?.displayName ?? '', fromUser });
  return offerId;
}

function newLeg(context: Context, call: Call, agentId: string | null, target: Leg['target'], ringMs = DIAL_ALERT_MS): Leg {
  const attempt = (call.attempts += 1);
  const offerId = `${call.callId}.${attempt}`;
  const alertEndsAtMs = context.now.monotonicMs + ringMs;
  const leg: Leg = { offerId, agentId, groupId: null, target, picked: false, attempt, phase: 'ringing', cause: null, answered: false, talked: false, alertEndsAtMs, alertOriginalMs: ringMs };
  call.legs.set(offerId, leg);
  context.state.callDeadlines.set(alertName(offerId), alertEndsAtMs, { type: 'rangTooLong', callId: call.callId, offerId });
  touchCall(context, call);
  return leg;
}
