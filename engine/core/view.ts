// What people see of the pool now. Derived; nothing is decided from it.
import { type AgentActivity, type LiveAgent, type LiveCaller, type LiveGroup } from '../../storage/model/live';
import { activityOf, type AgentState } from './agent';
import { type Call, comparePlaces, isCalledBack, waits } from './call';
import { type PoolState } from './state';
import { type Now } from './types';

/** A live document without what the writer counts. */
export type GroupNow = Omit<LiveGroup, 'epoch' | 'revision'>;

/**
 * The callers of a workflow in waiting order, and its agents in the order of its lists. A workflow that is unknown has neither. Whoever
 * came to one of its queues by way of another group is among the callers too: its agents serve them all, and pick them.
 */
export function liveGroup(state: PoolState, workflowId: string, now: Now): GroupNow {
  const workflow = state.workflows.get(workflowId);
  const queues = new Map(workflow?.workflow == null ? [] : workflow.queueIds.flatMap((id) => { const queue = state.queues.get(id); return queue ? [[id, queue] as const] : []; }));
  const agents = new Map<string, AgentState>();
  const signedIn = new Set<AgentState>();
  for (const group of [...queues.values()].flatMap((queue) => queue.groups)) {
    for (const seat of group.seats.values()) {
      if (seat.agent.agent === null) continue;
      agents.set(seat.agentId, seat.agent);
      if (group.group?.participation === 'informal' || seat.agent.formal.has(group.groupId)) signedIn.add(seat.agent);
    }
  }
  const calls = new Set([...workflow?.calls ?? [], ...[...queues.values()].flatMap((queue) => [...queue.waiting.values, ...queue.callBacks.values])]);
  for (const { leg } of agents.values()) {
    const call = leg?.kind === 'offer' ? state.calls.get(leg.callId) : undefined;
    if (call !== undefined && call.draft.queueId !== null && queues.has(call.draft.queueId)) calls.add(call);
  }
  return {
    _id: workflowId, pool: state.pool, at: now.civil,
    callers: [...calls].sort((a, b) => comparePlaces(a.place, b.place)).flatMap((call) => liveCaller(call) ?? []),
    agents: [...agents.values()].map((agent): LiveAgent => ({ agentId: agent.agentId, activity: activityOf(agent, now.monotonicMs), since: agent.activitySince, signedIn: signedIn.has(agent) })),
  };
}

/** What the engine sees of an agent; null for one it does not know. */
export function agentActivity(state: PoolState, agentId: string, now: Now): AgentActivity | null {
  const agent = state.agents.get(agentId);
  return agent === undefined || agent.agent === null ? null : activityOf(agent, now.monotonicMs);
}

/** null for callers who are on their way out: nobody can do anything for them. */
function liveCaller(call: Call): LiveCaller | null {
  const state = SHOWN[call.phase.state];
  if (state === null) return null;
  return {
    callId: call.callId, callerNumber: call.arrival.callerNumber, callerName: call.arrival.callerName, state,
    priority: call.place.priority, queueId: waits(call.phase) ? call.phase.waiting.queueId : isCalledBack(call.phase) ? call.phase.queueId : null, answers: [...call.draft.answers],
    ringing: [...call.legs.values()].flatMap(({ phase, agentId }) => (phase === 'ringing' && agentId !== null ? [agentId] : [])),
    arrivedAt: call.arrivedAt, joinedQueueAt: call.draft.joinedQueueAt, agentId: agentOf(call),
  };
}

const SHOWN = {
  arriving: 'welcome', welcoming: 'welcome', asking: 'menu', queued: 'waiting', offering: 'ringing', forwarding: 'forwarding', connecting: 'ringing',
  talking: 'talking', transferring: 'forwarding', promised: 'callBack', calling: 'callBack', returning: 'callBack', leaving: null, ending: null,
} as const satisfies Record<Call['phase']['state'], LiveCaller['state'] | null>;

/** Who talks to the caller or is about to; with several phones ringing there is no one yet. */
function agentOf(call: Call): string | null {
  const { phase } = call;
  if (phase.state === 'connecting' || phase.state === 'talking') return call.legs.get(phase.winner)?.agentId ?? null;
  if (phase.state !== 'offering') return null;
  const ringing = [...call.legs.values()].filter((leg) => leg.phase === 'ringing');
  return ringing.length === 1 ? (ringing[0]?.agentId ?? null) : null;
}
