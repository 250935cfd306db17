// Joining the queue, going back to it, and what its limits say.
import { type Call, type InputOf, type PhaseOf, type Waiting } from './call';
import { type Context, decided } from './context';
import { finish, turnAway } from './ending';
import { move } from './phases';
import { type PoolState, type QueueState } from './state';

/** The queue this caller is for now: the one waited in while it exists, else the workflow's present one; null when there is neither. */
function presentQueue(state: PoolState, call: Call, queueId: string | null): QueueState | null {
  const workflow = state.workflows.get(call.workflowId)?.workflow ?? null;
  if (workflow === null) return null;
  const own = queueId === null ? undefined : state.queues.get(queueId);
  const found = own !== undefined && own.queue !== null ? own : state.queues.get(workflow.defaultAction.queueId);
  return found !== undefined && found.queue !== null ? found : null;
}

/** The group is no more: the caller is turned away without a word, because the word went with the group. */
function groupIsGone(context: Context, call: Call): void {
  decided(context, call, 'failed', 'the group was deleted');
  finish(context, call, 'failed', 'system');
}

/** After the welcome: the caller waits, or overflows. */
export function join(context: Context, call: Call): void {
  const { state, now } = context;
  const place = presentQueue(state, call, null);
  if (place === null || place.queue === null) { groupIsGone(context, call); return; }
  const { queue } = place;
  call.draft.queueId = queue.id;
  const waiting = place.waiting.size;
  if (queue.overflowThreshold !== null && waiting >= queue.overflowThreshold && !place.groups.some(({ free }) => free.size > 0)) {
    const reason = `${waiting} waiting, threshold ${queue.overflowThreshold}, nobody free`;
    const oldest = queue.overflowCandidate === 'oldestCall' ? oldestOf(place) : undefined;
    if (oldest === undefined) { turnAway(context, call, 'overflowed', queue.overflowAction, reason); return; }
    context.tell(oldest, { type: 'crowdedOut', reason });
  }
  call.draft.joinedQueueAt = now.civil;
  context.music.add(call);
  move(context, call, { state: 'queued', waiting: { queueId: queue.id, joinedAtMs: now.monotonicMs, tried: new Set(), groupId: null } });
}

/** Who arrived first of those who wait, whatever their priority. */
function oldestOf({ waiting }: QueueState): Call | undefined {
  return waiting.values.reduce<Call | undefined>((oldest, call) => (oldest === undefined || call.place.arrival < oldest.place.arrival ? call : oldest), undefined);
}

/** Nobody rings for this caller any more: back to waiting, at the old place and with the old timeout. */
export function waitOn(context: Context, call: Call, waiting: Waiting): void {
  const place = presentQueue(context.state, call, waiting.queueId);
  if (place === null) { groupIsGone(context, call); return; }
  move(context, call, { state: 'queued', waiting: inQueue(waiting, place.queueId) });
}

/** The configuration changed under a waiting caller: the new timeout holds, or another queue, or there is no group any more. */
export function groupChanged(context: Context, call: Call, phase: PhaseOf<'queued' | 'offering'>): void {
  const place = presentQueue(context.state, call, phase.waiting.queueId);
  if (place === null) { groupIsGone(context, call); return; }
  move(context, call, { ...phase, waiting: inQueue(phase.waiting, place.queueId) });
}

function inQueue(waiting: Waiting, queueId: string): Waiting {
  return waiting.queueId === queueId ? waiting : { ...waiting, queueId, groupId: null };
}

/** The queue's timeout cuts through a ring. */
export function waitedTooLong(context: Context, call: Call, { waiting }: PhaseOf<'queued' | 'offering'>): void {
  const queue = context.state.queues.get(waiting.queueId)?.queue;
  if (queue === undefined || queue === null || queue.timeoutSeconds === null) return;
  turnAway(context, call, 'timedOut', queue.timeoutAction, `waited ${queue.timeoutSeconds} s`);
}

export function crowdedOut(context: Context, call: Call, { waiting }: PhaseOf<'queued' | 'offering'>, { reason }: InputOf<'crowdedOut'>): void {
  const queue = context.state.queues.get(waiting.queueId)?.queue;
  if (queue !== undefined && queue !== null) turnAway(context, call, 'overflowed', queue.overflowAction, reason);
}
