// Who is called? An arriving call is answered for the workflow it dialled, or refused.
import { type CallRecord } from '../../storage/model/record';
import { type Call } from './call';
import { type Context, touchCall } from './context';
import { rememberOver } from './ending';
import { workflowState, type PoolState } from './state';
import { type Arrival } from './types';

/** The workflow that a dialled user leads to: a SIP user in any case, or a telephone number with its plus. */
export function dialledWorkflow(state: PoolState, dialledUser: string): string | undefined {
  return state.addresses.get(dialledUser.toLowerCase());
}

/** A call arrived. The second arrival of one call changes nothing. */
export function callArrived(context: Context, arrival: Arrival): void {
  const { state, now } = context;
  const { callId } = arrival;
  if (state.calls.has(callId) || state.over.has(callId)) return;
  const workflowId = dialledWorkflow(state, arrival.dialledUser);
  const workflow = workflowId === undefined ? null : state.workflows.get(workflowId)?.workflow ?? null;
  if (workflow === null) { refuse(context, arrival, null, 404, 'no group has this address'); return; }
  if (!workflow.active) { refuse(context, arrival, workflow.id, 480, 'the group is not active'); return; }
  state.lastArrival = Math.max(state.lastArrival, now.civil.getTime());
  const call: Call = {
    callId, arrival, workflowId: workflow.id, arrivedAt: now.civil, place: { priority: 0, arrival: state.lastArrival, callId },
    attempts: 0, plays: 0, legs: new Map(),
    draft: { queueId: null, joinedQueueAt: null, connectedAt: null, agentId: null, offers: [], offersLeftOut: 0 },
    phase: { state: 'arriving' },
  };
  state.calls.set(callId, call);
  workflowState(state, workflow.id).calls.add(call);
  context.effects.push({ type: 'answer', callId });
  touchCall(context, call);
}

function refuse(context: Context, arrival: Arrival, workflowId: string | null, status: 404 | 480, reason: string): void {
  const { state, now, effects } = context;
  const record: CallRecord = {
    _id: arrival.callId, pool: state.pool, workflowId, queueId: null, dialled: arrival.dialled, callerNumber: arrival.callerNumber, callerName: arrival.callerName,
    arrivedAt: now.civil, joinedQueueAt: null, connectedAt: null, endedAt: now.civil, agentId: null, outcome: 'refused', endedBy: 'system', refusedWith: status, offers: [],
  };
  effects.push({ type: 'refuse', callId: arrival.callId, status, reason }, { type: 'record', record });
  rememberOver(state, arrival.callId);
}
