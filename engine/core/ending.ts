// How calls end: hung up, given up, complete; and the one record each of them leaves.
import { type CallOutcome, type CallRecord, type CallStep } from '../../storage/model/record';
import { refresh } from './availability';
import { type Call, type EndedBy, isAbsent, type Phase, transferOf } from './call';
import { askedBy, callBackOf } from './call-ids';
import { type Context, decided, touchCall } from './context';
import { endLegs } from './offers';
import { move } from './phases';
import { type PoolState } from './state';
import { type CallId } from './types';

/** How many ended calls are remembered by id. */
const OVER_KEPT = 4096;
/** Steps kept in a call's record: the latest. */
export const STEPS_KEPT = 50;

/** We end the call: the caller's leg and every other. */
export function finish(context: Context, call: Call, outcome: CallOutcome, endedBy: EndedBy): void {
  closeTransfer(context, call, 487, 'the call is over');
  endLegs(context, call, 'turnedAway');
  // Who is to be called back is not on the phone.
  const callerGone = isAbsent(call.phase);
  if (!callerGone) context.effects.push({ type: 'endCallerLeg', callId: call.callId });
  move(context, call, { state: 'ending', outcome: call.draft.reached ?? outcome, endedBy, endedAt: context.now.civil, callerGone });
  if (callerGone) completeIfOver(context, call);
}

/** Why whoever rings or talks is let go. */
const GONE = { hungUp: 'the caller hung up', cancelled: 'the caller hung up', failed: 'the caller could not be answered', endedByUs: 'the call was cut off' } as const;

/** The caller's leg is over. In `ending` the story told already stands. */
export function callerGone(context: Context, call: Call, cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs'): void {
  const phase = call.phase;
  if (phase.state === 'ending') {
    if (phase.callerGone) return;
    move(context, call, { ...phase, callerGone: true });
  } else {
    closeTransfer(context, call, 487, 'the caller hung up');
    if (call.legs.size > 0) decided(context, call, 'end', GONE[cause]);
    endLegs(context, call, 'callerGone');
    const endedBy = cause === 'hungUp' || cause === 'cancelled' ? 'caller' : 'system';
    const early = cause === 'failed' ? 'failed' : cause === 'endedByUs' ? 'interrupted' : 'abandoned';
    move(context, call, { state: 'ending', outcome: call.draft.reached ?? turnedAwayAs(phase) ?? early, endedBy, endedAt: context.now.civil, callerGone: true });
  }
  completeIfOver(context, call);
}

/** Who hangs up during the last words was turned away; who was to be sent on has given up. */
function turnedAwayAs(phase: Phase): CallOutcome | null {
  return phase.state === 'leaving' && phase.action.kind === 'disconnect' ? phase.outcome : null;
}

/** Tells the phone that asked for a transfer what has become of it, if one is under way: once, because the phase that follows has none. */
export function closeTransfer(context: Context, call: Call, status: number, reason: string): void {
  const transfer = transferOf(call.phase);
  if (transfer === null || context.closedTransfers.has(transfer.transferId)) return;
  context.closedTransfers.add(transfer.transferId);
  context.effects.push({ type: 'transferProgress', transferId: transfer.transferId, status, reason });
}

/** When every leg is over: the record, the end of the media anchor, and the call is forgotten. */
export function completeIfOver(context: Context, call: Call): void {
  const { state, effects } = context;
  const phase = call.phase;
  if (phase.state !== 'ending' || !phase.callerGone || call.legs.size > 0) return;
  effects.push({ type: 'record', record: recordOf(state, call, phase) }, { type: 'release', callId: call.callId });
  touchCall(context, call);
  state.calls.delete(call.callId);
  if (call.workflowId !== null) state.workflows.get(call.workflowId)?.calls.delete(call);
  rememberOver(state, call.callId);
  endOwnCall(context, call);
  callerIsFree(context, call);
}

/** Whoever asked to be called back can be, now that the phone is free. */
function callerIsFree({ state }: Context, { callId }: Call): void {
  const back = state.calls.get(callBackOf(callId));
  if (back?.phase.state === 'promised') state.unsettled.add(back.phase.queueId);
}

/** The agent whose phone made this call does not make it any more. */
export function endOwnCall(context: Context, call: Call): void {
  const agent = call.arrival.agentId === null ? undefined : context.state.agents.get(call.arrival.agentId);
  if (agent?.calling.delete(call.callId) === true) refresh(context, agent);
}

/** Remembers an ended call for a while, so that nothing late can bring it back. */
export function rememberOver(state: PoolState, callId: CallId): void {
  state.over.add(callId);
  if (state.over.size > OVER_KEPT) for (const oldest of state.over) { state.over.delete(oldest); break; }
}

/** Notes in the record that the call was sent elsewhere. */
export function noteStep(context: Context, call: Call, why: CallStep['why'], to: string): void {
  call.draft.steps.push({ at: context.now.civil, why, to });
  if (call.draft.steps.length > STEPS_KEPT) call.draft.steps.shift();
  touchCall(context, call);
}

function recordOf(state: PoolState, call: Call, end: { readonly outcome: CallOutcome; readonly endedBy: EndedBy; readonly endedAt: Date }): CallRecord {
  const { draft, arrival } = call;
  const askedFor = askedBy(call.callId);
  return {
    _id: call.callId, pool: state.pool, workflowId: call.dialledWorkflowId, queueId: draft.queueId,
    dialled: arrival.dialled, callerNumber: arrival.callerNumber, callerName: arrival.callerName,
    arrivedAt: call.arrivedAt, joinedQueueAt: draft.joinedQueueAt, connectedAt: draft.connectedAt, endedAt: end.endedAt,
    agentId: draft.agentId, outcome: end.outcome, endedBy: end.endedBy, refusedWith: null, offers: draft.offers, priority: call.place.priority,
    ...(draft.answers.length > 0 ? { answers: draft.answers } : {}),
    ...(draft.steps.length > 0 ? { steps: draft.steps } : {}),
    ...(draft.offersLeftOut > 0 ? { offersLeftOut: draft.offersLeftOut } : {}),
    ...(askedFor === null ? {} : { callBackOf: askedFor }),
  };
}
