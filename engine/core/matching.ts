// Brings waiting callers and free agents together, first come first served, looking only where something changed.
import { type Call, comparePlaces, type InputOf, type Waiting } from './call';
import { askedBy } from './call-ids';
import { type Context } from './context';
import { isPicked } from './offers';
import { ROUTING } from './routing';
import { type GroupState, lastTurn, type PoolState, type QueueState } from './state';

interface Match { readonly call: Call; readonly news: InputOf<'agentsFree' | 'turnCame'> }

/**
 * Leaves no caller waiting whom nobody rings for while an agent of the queue is free. The caller with the first place over all
 * queues concerned chooses first. Where the method joins rings (parallel), that includes a caller who is being rung for: the first
 * caller has all free agents, and the second those the first has tried.
 */
export function settle(context: Context): void {
  const { unsettled } = context.state;
  while (unsettled.size > 0) {
    sendOneAway(context);
    let first: { readonly call: Call; readonly queue: QueueState } | null = null;
    for (const queueId of unsettled) {
      const queue = context.state.queues.get(queueId);
      const call = queue === undefined ? null : firstOf(context.state, queue);
      if (queue === undefined || (call === null && !sendsAway(queue))) unsettled.delete(queueId);
      else if (call !== null && (first === null || comparePlaces(call.place, first.call.place) < 0)) first = { call, queue };
    }
    if (first === null) continue;
    const match = matchFor(context.state, first.call, context.now.monotonicMs);
    if (match === null) unsettled.delete(first.queue.queueId);
    else context.tell(match.call, match.news);
  }
}

/**
 * Whoever waits where no agent is signed in any more is sent elsewhere, if the queue says where to, and leaves it by that. One at a time:
 * whoever comes after meets what is left there, as if they had come one after the other.
 */
function sendOneAway(context: Context): void {
  for (const queueId of context.state.unsettled) {
    const queue = context.state.queues.get(queueId);
    const first = queue?.waiting.first;
    if (queue === undefined || first === undefined || !sendsAway(queue)) continue;
    context.tell(first, { type: 'noAgents' });
    return;
  }
}

function sendsAway(place: QueueState): boolean { return place.queue?.noAgentsAction != null && place.waiting.size > 0 && isDeserted(place); }

/** No agent of any of the queue's groups is signed in: on duty, and for a formal group signed in to it. */
export function isDeserted({ groups }: QueueState): boolean { return groups.every(({ signedIn }) => signedIn === 0); }

/** Whether a caller could be offered to somebody of this group at once. */
export function canServe({ group, free }: GroupState): boolean { return free.size > 0 && group !== null && ROUTING[group.routingMethod].rings; }

/** The first of a queue who can be offered to someone now, or called back because somebody is free. */
function firstOf(state: PoolState, queue: QueueState): Call | null {
  const first = firstToServe(queue);
  const back = queue.callBacks.size === 0 ? null : firstToCallBack(state, queue);
  return back !== null && (first === null || comparePlaces(back.place, first.place) < 0) ? back : first;
}

/**
 * Whoever is to be called back, whom nobody on the phone stands before, and for whom an agent is free beside those for whom others are
 * called already. The agent serves other callers meanwhile, so that nobody waits for a phone that rings elsewhere. Where agents pick,
 * one who could counts.
 */
function firstToCallBack(state: PoolState, { groups, queued, callBacks }: QueueState): Call | null {
  let called = 0;
  let first: Call | null = null;
  for (const call of callBacks.values) {
    if (call.phase.state !== 'promised') called += 1;
    else if (first === null && call.phase.retry === null && !state.calls.has(askedBy(call.callId) ?? '')) first = call;
  }
  if (first === null || (queued.first !== undefined && comparePlaces(queued.first.place, first.place) < 0)) return null;
  const free = new Set(groups.flatMap((group) => (group.group === null ? [] : group.free.values.map(({ agentId }) => agentId))));
  return free.size > called ? first : null;
}

/** The first caller of a queue who can be offered to someone now. */
function firstToServe(queue: QueueState): Call | null {
  let first: Call | null = null;
  const head = queue.queued.first;
  if (head !== undefined && queue.groups.some(canServe)) first = head;
  for (const group of queue.groups) {
    if (group.free.size === 0 || group.offered.size === 0 || !joinsRing(group)) continue;
    for (const call of group.offered.values) {
      if (first !== null && comparePlaces(first.place, call.place) < 0) break;
      // Nobody joins the ring of whoever picked, also where the method was attendant and is another by now.
      if (call.phase.state === 'offering' && !isPicked(call) && untried(group, call.phase.waiting).length > 0) { first = call; break; }
    }
  }
  return first;
}

const joinsRing = ({ group }: GroupState): boolean => group !== null && ROUTING[group.routingMethod].joinsRing;

const untried = (group: GroupState, { tried }: Waiting) => (tried.size === 0 ? group.free.values : group.free.values.filter(({ agentId }) => !tried.has(agentId)));

/** Which agents ring for this caller now, and why; null if none. */
function matchFor(state: PoolState, call: Call, nowMs: number): Match | null {
  const phase = call.phase;
  if (phase.state === 'offering') {
    const group = state.groups.get(phase.groupId);
    return group === undefined ? null : choose(group, call, untried(group, phase.waiting), false, nowMs);
  }
  if (phase.state === 'promised') return { call, news: { type: 'turnCame' } };
  if (phase.state !== 'queued') return null;
  const groups = state.queues.get(phase.waiting.queueId)?.groups ?? [];
  const turn = Math.max(0, groups.findIndex(({ groupId }) => groupId === phase.waiting.groupId));
  // This round: the group whose turn it is, then the next ones. All exhausted: a new round from the start.
  for (const group of [...groups.slice(turn), ...groups.slice(0, turn)]) {
    const match = choose(group, call, untried(group, phase.waiting), false, nowMs);
    if (match !== null) return match;
  }
  for (const group of groups) {
    const match = choose(group, call, group.free.values, true, nowMs);
    if (match !== null) return match;
  }
  return null;
}

function choose(from: GroupState, call: Call, candidates: GroupState['free']['values'], newRound: boolean, nowMs: number): Match | null {
  const { groupId, group } = from;
  if (group === null || candidates.length === 0 || !ROUTING[group.routingMethod].rings) return null;
  const { chosen, reason } = ROUTING[group.routingMethod].choose(candidates, { nowMs, last: () => lastTurn(from) });
  // A copy: offering takes the chosen out of the very set they may be a view of.
  return { call, news: { type: 'agentsFree', groupId, seats: [...chosen], reason, newRound } };
}
