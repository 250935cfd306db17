// Who is called? An arriving call is answered for the group, agent or number it dialled, or refused.
import { DEFAULTS } from '../../storage/model/limits';
import { type CallRecord } from '../../storage/model/record';
import { type Call } from './call';
import { type Context, touchCall } from './context';
import { sendTo } from './actions';
import { confirmDuty, dialDuty, dutyDialledIn } from './duty-codes';
import { refresh } from './availability';
import { whyNotRung } from './dialling';
import { rememberOver } from './ending';
import { enterGroup, whyNotTaken } from './group-flow';
import { pickByPhone } from './picking';
import { type PoolState, settingsOf, workflowOf, workflowState } from './state';
import { type Destination, destinationOfUser } from './targets';
import { type Arrival, type RefusalStatus } from './types';
import { groupIsGone } from './waiting';

/** A call that has come back to us so often goes in a circle (History-Info, RFC 7044). */
export const TIMES_HERE_MAX = 3;

interface Refusal { readonly workflowId: string | null; readonly status: RefusalStatus; readonly reason: string }

/** A call arrived. The second arrival of one call changes nothing. */
export function callArrived(context: Context, arrival: Arrival, at: Date | null = null): void {
  const { state } = context;
  const { callId } = arrival;
  if (state.calls.has(callId) || state.over.has(callId)) return;
  const picker = arrival.agentId === null ? undefined : state.agents.get(arrival.agentId);
  if (picker !== undefined && arrival.dialledUser.toLowerCase() === (settingsOf(state)?.pickupCode ?? DEFAULTS.pickupCode)) {
    const refusal = pickByPhone(context, arrival, picker);
    if (refusal !== null) refuse(context, arrival, { workflowId: null, ...refusal });
    return;
  }
  const onDuty = picker === undefined || picker.agent === null ? null : dutyDialledIn(state, arrival);
  if (picker !== undefined && onDuty !== null) {
    dialDuty(context, picker, onDuty, arrival);
    takeIn(context, arrival, null, at);
    return;
  }
  const destination = destinationOfUser(state, arrival.dialledUser);
  const refusal = whyRefused(state, arrival, destination);
  if (refusal !== null) refuse(context, arrival, refusal);
  else takeIn(context, arrival, destination, at);
}

/** The order of an arrival: whether there is such an address for this caller, federation, active, loops. */
function whyRefused(state: PoolState, arrival: Arrival, destination: Destination): Refusal | null {
  const workflowId = destination.kind === 'group' ? destination.workflow.id : null;
  const obstacle = destination.kind === 'group' ? whyNotTaken(destination.workflow, arrival) : whyNotConnected(state, arrival, destination);
  if (obstacle !== null) return { workflowId, ...obstacle };
  return arrival.timesHere >= TIMES_HERE_MAX ? { workflowId, status: 482, reason: 'the call goes in a circle' } : null;
}

/**
 * Agents, numbers and codes are dialled by agents' own phones alone. A caller who claims to be one is asked to show it; nobody else learns who is
 * there. Who hides behind no name is asked whatever was dialled, so that nothing is learnt by it; but not a trunk, which is known as such.
 */
function whyNotConnected(state: PoolState, { agentId, callerNumber, dialledUser, trunk }: Arrival, destination: Exclude<Destination, { kind: 'group' }>): Omit<Refusal, 'workflowId'> | null {
  if (agentId === null) {
    const exists = destination.kind !== 'nowhere' || destination.status === 403 || isCode(state, dialledUser);
    const mayBeAgent = callerNumber === '' ? trunk === null : exists && state.agentUsers.has(callerNumber.toLowerCase());
    return mayBeAgent ? { status: 407, reason: "only an agent's own phone may dial this" } : { status: 404, reason: 'no group has this address' };
  }
  if (destination.kind === 'nowhere') return { status: destination.status, reason: destination.reason };
  if (destination.kind === 'outside') return null;
  const obstacle = destination.agent.agentId === agentId ? 'busy' : whyNotRung(destination.agent);
  return obstacle === null ? null : { status: obstacle === 'busy' ? 486 : 480, reason: `the agent is ${obstacle}` };
}

function isCode(state: PoolState, user: string): boolean {
  const { pickupCode, onDutyCode, offDutyCode } = settingsOf(state) ?? DEFAULTS;
  return [pickupCode, onDutyCode, offDutyCode].includes(user.toLowerCase());
}

function takeIn(context: Context, arrival: Arrival, destination: Destination | null, at: Date | null): void {
  const { state, now } = context;
  const { callId } = arrival;
  const workflow = destination?.kind === 'group' ? destination.workflow : null;
  // Whoever comes later has a later place, also within one millisecond and while the clock, set back, tells what it told before.
  state.lastArrival = Math.max(state.lastArrival + 1, now.civil.getTime());
  const arrivedAt = at === null || at > now.civil ? now.civil : at;
  const call: Call = {
    callId, arrival, dialledWorkflowId: workflow?.id ?? null, workflowId: workflow?.id ?? null, arrivedAt,
    place: { priority: workflow?.priority ?? DEFAULTS.priority, arrival: arrivedAt === now.civil ? state.lastArrival : arrivedAt.getTime(), callId },
    attempts: 0, plays: 0, hops: 0, questionsAsked: 0, legs: new Map(),
    draft: { queueId: null, joinedQueueAt: null, connectedAt: null, agentId: null, offers: [], offersLeftOut: 0, reached: null, answers: [], steps: [] },
    phase: { state: 'arriving' },
  };
  state.calls.set(callId, call);
  if (workflow !== null) workflowState(state, workflow.id).calls.add(call);
  const caller = arrival.agentId === null ? undefined : state.agents.get(arrival.agentId);
  if (caller !== undefined) {
    caller.calling.add(callId);
    refresh(context, caller);
  }
  context.effects.push({ type: 'answer', callId });
  touchCall(context, call);
}

/** The caller can hear. Schedules are those of the arrival; whom an agent dialled is looked at once more, for the moment between. */
export function callerAnswered(context: Context, call: Call): void {
  const onDuty = dutyDialledIn(context.state, call.arrival);
  if (onDuty !== null) { confirmDuty(context, call, onDuty); return; }
  if (call.dialledWorkflowId === null) { sendTo(context, call, destinationOfUser(context.state, call.arrival.dialledUser), 'failed'); return; }
  const workflow = workflowOf(context.state, call);
  if (workflow === null) groupIsGone(context, call);
  else enterGroup(context, call, workflow, call.arrivedAt, true);
}

function refuse(context: Context, arrival: Arrival, { workflowId, status, reason }: Refusal): void {
  const { state, now, effects } = context;
  const record: CallRecord = {
    _id: arrival.callId, pool: state.pool, workflowId, queueId: null, dialled: arrival.dialled, callerNumber: arrival.callerNumber, callerName: arrival.callerName,
    arrivedAt: now.civil, joinedQueueAt: null, connectedAt: null, endedAt: now.civil, agentId: null, outcome: 'refused', endedBy: 'system', refusedWith: status, offers: [],
  };
  effects.push({ type: 'refuse', callId: arrival.callId, status, reason }, { type: 'record', record });
  rememberOver(state, arrival.callId);
}
