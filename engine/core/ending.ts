// How calls end: turned away, hung up, complete; and the one record each of them leaves.
import { type CallAction } from '../../storage/model/prompt';
import { type CallOutcome, type CallRecord } from '../../storage/model/record';
import { type Call, type EndedBy } from './call';
import { type Context, decided, touchCall } from './context';
import { endLegs } from './offers';
import { move } from './phases';
import { playPrompt } from './sounds';
import { type PoolState } from './state';
import { type CallId } from './types';

/** How many ended calls are remembered by id. */
const OVER_KEPT = 4096;

/** Timeout or overflow: no phone rings any more; the action's message is played, then the call ends. */
export function turnAway(context: Context, call: Call, outcome: 'timedOut' | 'overflowed', action: CallAction, reason: string): void {
  decided(context, call, outcome, reason);
  endLegs(context, call, 'turnedAway');
  if (action.prompt === null) { finish(context, call, outcome, 'system'); return; }
  move(context, call, { state: 'leaving', play: playPrompt(context, call, action.prompt), outcome });
}

/** We end the call: the caller's leg and every other. */
export function finish(context: Context, call: Call, outcome: CallOutcome, endedBy: EndedBy): void {
  endLegs(context, call, 'turnedAway');
  context.effects.push({ type: 'endCallerLeg', callId: call.callId });
  move(context, call, { state: 'ending', outcome, endedBy, endedAt: context.now.civil, callerGone: false });
}

/** The caller's leg is over. In `ending` the story told already stands. */
export function callerGone(context: Context, call: Call, cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs'): void {
  const phase = call.phase;
  if (phase.state === 'ending') {
    if (phase.callerGone) return;
    move(context, call, { ...phase, callerGone: true });
  } else {
    endLegs(context, call, 'callerGone');
    const endedBy = cause === 'hungUp' || cause === 'cancelled' ? 'caller' : 'system';
    const early = cause === 'failed' ? 'failed' : cause === 'endedByUs' ? 'interrupted' : 'abandoned';
    const outcome = phase.state === 'talking' ? 'answered' : phase.state === 'leaving' ? phase.outcome : early;
    move(context, call, { state: 'ending', outcome, endedBy, endedAt: context.now.civil, callerGone: true });
  }
  completeIfOver(context, call);
}

/** When every leg is over: the record, the end of the media anchor, and the call is forgotten. */
export function completeIfOver(context: Context, call: Call): void {
  const { state, effects } = context;
  const phase = call.phase;
  if (phase.state !== 'ending' || !phase.callerGone || call.legs.size > 0) return;
  effects.push({ type: 'record', record: recordOf(state, call, phase) }, { type: 'release', callId: call.callId });
  touchCall(context, call);
  state.calls.delete(call.callId);
  state.workflows.get(call.workflowId)?.calls.delete(call);
  rememberOver(state, call.callId);
}

/** Remembers an ended call for a while, so that nothing late can bring it back. */
export function rememberOver(state: PoolState, callId: CallId): void {
  state.over.add(callId);
  if (state.over.size > OVER_KEPT) for (const oldest of state.over) { state.over.delete(oldest); break; }
}

function recordOf(state: PoolState, call: Call, end: { readonly outcome: CallOutcome; readonly endedBy: EndedBy; readonly endedAt: Date }): CallRecord {
  const { draft, arrival } = call;
  return {
    _id: call.callId, pool: state.pool, workflowId: call.workflowId, queueId: draft.queueId,
    dialled: arrival.dialled, callerNumber: arrival.callerNumber, callerName: arrival.callerName,
    arrivedAt: call.arrivedAt, joinedQueueAt: draft.joinedQueueAt, connectedAt: draft.connectedAt, endedAt: end.endedAt,
    agentId: draft.agentId, outcome: end.outcome, endedBy: end.endedBy, refusedWith: null, offers: draft.offers,
    ...(draft.offersLeftOut > 0 ? { offersLeftOut: draft.offersLeftOut } : {}),
  };
}
