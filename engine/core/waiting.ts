// Joining the queue, going back to it, and what its limits say.
import { mainQueueId } from '../../storage/model/workflow';
import { type Call, type InputOf, type PhaseOf, type Waiting } from './call';
import { type Context, decided, touchCall } from './context';
import { finish } from './ending';
import { canServe, isDeserted } from './matching';
import { move, stepOut } from './phases';
import { type PoolState, type QueueState, workflowOf } from './state';

/** The queue this caller is for now: the one waited in while it exists, else the workflow's present one; null when there is neither. */
export function presentQueue(state: PoolState, call: Call, queueId: string | null): QueueState | null {
  const workflow = workflowOf(state, call);
  if (workflow === null) return null;
  const own = queueId === null ? undefined : state.queues.get(queueId);
  const found = own !== undefined && own.queue !== null ? own : state.queues.get(mainQueueId(workflow) ?? '');
  return found !== undefined && found.queue !== null ? found : null;
}

/** The group is no more: the caller is turned away without a word, because the word went with the group. */
export function groupIsGone(context: Context, call: Call, reason = 'the group was deleted'): void {
  decided(context, call, 'failed', reason);
  finish(context, call, 'failed', 'system');
}

/** The caller begins a new stay in that queue, or is sent elsewhere: no agent is signed in, or it overflows. */
export function join(context: Context, call: Call, queueId: string): void {
  const { state, now } = context;
  const place = presentQueue(state, call, queueId);
  if (place === null || place.queue === null) { groupIsGone(context, call); return; }
  const { queue } = place;
  stepOut(context, call);
  inQueueNow(context, call, queue.id);
  if (queue.noAgentsAction !== null && isDeserted(place)) { context.turnAway(call, 'noAgents', queue.noAgentsAction, NO_AGENTS); return; }
  const waiting = place.waiting.size;
  if (queue.overflowThreshold !== null && waiting >= queue.overflowThreshold && !place.groups.some(canServe)) {
    const reason = `${waiting} waiting, threshold ${queue.overflowThreshold}, nobody free`;
    const oldest = queue.overflowCandidate === 'oldestCall' ? oldestOf(place) : undefined;
    if (oldest === undefined) { context.turnAway(call, 'overflowed', queue.overflowAction, reason); return; }
    context.tell(oldest, { type: 'crowdedOut', reason });
  }
  call.draft.joinedQueueAt ??= now.civil;
  context.music.add(call);
  move(context, call, { state: 'queued', waiting: newStay(context, queue.id) });
}

const NO_AGENTS = 'no agent is signed in';

/** The queue this call's record tells of. Whoever saw the caller in the one before sees that it left. */
export function inQueueNow(context: Context, call: Call, queueId: string): void {
  touchCall(context, call);
  call.draft.queueId = queueId;
}

/** Who arrived first of those who wait, whatever their priority. */
function oldestOf({ waiting }: QueueState): Call | undefined {
  return waiting.values.reduce<Call | undefined>((oldest, call) => (oldest === undefined || call.place.arrival < oldest.place.arrival ? call : oldest), undefined);
}

/** Nobody rings for this caller any more: back to waiting, at the old place and with the old timeout. */
export function waitOn(context: Context, call: Call, waiting: Waiting): void {
  const place = presentQueue(context.state, call, waiting.queueId);
  if (place === null) { groupIsGone(context, call); return; }
  inQueueNow(context, call, place.queueId);
  move(context, call, { state: 'queued', waiting: inQueue(waiting, place.queueId) });
}

/** A stay that begins now. */
export function newStay({ now }: Context, queueId: string): Waiting {
  return { queueId, joinedAtMs: now.monotonicMs, tried: new Set(), groupId: null, announcedAtMs: now.monotonicMs, announcement: null };
}

/** The configuration changed under a waiting caller: the new timeout holds, or another queue, or there is no group any more. */
export function groupChanged(context: Context, call: Call, phase: PhaseOf<'queued' | 'offering'>): void {
  const place = presentQueue(context.state, call, phase.waiting.queueId);
  if (place === null) { groupIsGone(context, call); return; }
  inQueueNow(context, call, place.queueId);
  move(context, call, { ...phase, waiting: inQueue(phase.waiting, place.queueId) });
}

function inQueue(waiting: Waiting, queueId: string): Waiting {
  return waiting.queueId === queueId ? waiting : { ...waiting, queueId, groupId: null };
}

/** The queue's timeout cuts through a ring. */
export function waitedTooLong(context: Context, call: Call, { waiting }: PhaseOf<'queued' | 'offering'>): void {
  const queue = context.state.queues.get(waiting.queueId)?.queue;
  if (queue === undefined || queue === null || queue.timeoutSeconds === null) return;
  context.turnAway(call, 'timedOut', queue.timeoutAction, `waited ${queue.timeoutSeconds} s`);
}

/** The last agent of the queue's groups has left: who waits is sent elsewhere, also who is being rung for. */
export function noAgents(context: Context, call: Call, { waiting }: PhaseOf<'queued' | 'offering'>): void {
  const action = context.state.queues.get(waiting.queueId)?.queue?.noAgentsAction ?? null;
  if (action !== null) context.turnAway(call, 'noAgents', action, NO_AGENTS);
}

export function crowdedOut(context: Context, call: Call, { waiting }: PhaseOf<'queued' | 'offering'>, { reason }: InputOf<'crowdedOut'>): void {
  const queue = context.state.queues.get(waiting.queueId)?.queue;
  if (queue !== undefined && queue !== null) context.turnAway(call, 'overflowed', queue.overflowAction, reason);
}
