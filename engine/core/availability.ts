// Keeps the sets of free agents true: whatever changes about an agent ends in `refresh`.
import { type AgentState, activityOf, isFree, pausedUntilMs, type RestCause } from './agent';
import { type Context, touchAgent, touchWorkflowsOf } from './context';

/** Brings an agent's seats, deadline and activity in line with what is so now. Call it after every change of an agent. */
export function refresh(context: Context, agent: AgentState): void {
  const { state, now } = context;
  touchAgent(context, agent);
  const paused = pausedUntilMs(agent);
  // A deleted agent is not remembered; one made anew under the same id starts afresh.
  if (agent.agent !== null && paused > now.monotonicMs) state.agentDeadlines.set(agent.agentId, paused, agent.agentId);
  else {
    state.agentDeadlines.clear(agent.agentId);
    agent.rest = null;
    agent.wrapUp = null;
  }
  setFree(context, agent, isFree(agent, now.monotonicMs));
  const activity = activityOf(agent, now.monotonicMs);
  if (activity === agent.activity) return;
  agent.activity = activity;
  agent.activitySince = now.civil;
  touchWorkflowsOf(context, agent);
}

/** Changes what the order of the free agents goes by. */
export function change(context: Context, agent: AgentState, alter: () => void): void {
  setFree(context, agent, false);
  alter();
  refresh(context, agent);
}

function setFree(context: Context, agent: AgentState, free: boolean): void {
  if (free === agent.free) return;
  agent.free = free;
  for (const seat of agent.seats.values()) {
    const group = context.state.groups.get(seat.groupId);
    if (group === undefined) continue;
    if (!free) { group.free.delete(seat); continue; }
    group.free.add(seat);
    for (const queueId of group.queueIds) context.state.unsettled.add(queueId);
  }
}

/** Begins an agent's rest; one that lasts longer already stays. */
export function beginRest(context: Context, agent: AgentState, because: RestCause, originalMs: number): void {
  const untilMs = context.now.monotonicMs + originalMs;
  if (agent.rest === null || agent.rest.untilMs < untilMs) agent.rest = { because, untilMs, originalMs };
}

/** A phone registered or its registration ended; a registration also ends the rest of an unreachable phone. */
export function phoneChanged(context: Context, agent: AgentState, reachable: boolean): void {
  const wakes = reachable && agent.rest?.because === 'unreachable';
  if (agent.reachable === reachable && !wakes) return;
  agent.reachable = reachable;
  if (wakes) agent.rest = null;
  refresh(context, agent);
}
