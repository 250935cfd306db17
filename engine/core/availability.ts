// Keeps the sets of free agents true: whatever changes about an agent ends in `refresh`.
import { type AgentState, activityOf, isFree, isSignedIn, nextEndMs, type RestCause, type Seat } from './agent';
import { type Context, touchAgent, touchWorkflowsOf } from './context';
import { type GroupState, type PoolState } from './state';

/** Brings an agent's seats, deadline and activity in line with what is so now. Call it after every change of an agent. */
export function refresh(context: Context, agent: AgentState): void {
  const { state, now } = context;
  touchAgent(context, agent);
  const isOver = (untilMs: number | null | undefined): boolean => agent.agent === null || (untilMs != null && untilMs <= now.monotonicMs);
  // A deleted agent is not remembered; one made anew under the same id starts afresh.
  if (isOver(agent.rest?.untilMs)) agent.rest = null;
  if (isOver(agent.wrapUp?.untilMs)) agent.wrapUp = null;
  if (isOver(agent.pause?.untilMs)) agent.pause = null;
  if (agent.agent === null) {
    agent.autoPause = null;
    agent.unanswered = 0;
  }
  const endMs = nextEndMs(agent);
  if (endMs === null) state.agentDeadlines.clear(agent.agentId);
  else state.agentDeadlines.set(agent.agentId, endMs, agent.agentId);
  agent.free = isFree(agent, now.monotonicMs);
  for (const seat of agent.seats.values()) seatOf(state, agent, seat);
  const activity = activityOf(agent, now.monotonicMs);
  if (activity === agent.activity) return;
  agent.activity = activity;
  agent.activitySince = now.civil;
  touchWorkflowsOf(context, agent);
}

/** Changes what the order of the free agents goes by. */
export function change(context: Context, agent: AgentState, alter: () => void): void {
  standUp(context.state, agent);
  alter();
  refresh(context, agent);
}

/** Idle time begins with duty: who comes back from a free day has not waited for a turn. `refresh` follows. */
export function comesOnDuty({ state, now }: Context, agent: AgentState): void {
  if (agent.onDuty || agent.leg !== null) return;
  // Gone off duty in the same update, the agent is among the free ones still.
  standUp(state, agent);
  agent.idleSinceMs = Math.max(agent.idleSinceMs, now.monotonicMs);
}

/** Takes an agent from among the free ones of every group. */
function standUp(state: PoolState, agent: AgentState): void {
  for (const seat of agent.seats.values()) {
    const group = state.groups.get(seat.groupId);
    if (group !== undefined) setFree(state, group, seat, false);
  }
}

/** Brings one seat in line: among the free ones of its group or not, counted as signed in or not. */
export function seatOf(state: PoolState, agent: AgentState, seat: Seat): void {
  const group = state.groups.get(seat.groupId);
  if (group === undefined) return;
  const signedIn = isSignedIn(agent, group.group, group.groupId);
  if (signedIn !== seat.signedIn) {
    seat.signedIn = signedIn;
    group.signedIn += signedIn ? 1 : -1;
    // Perhaps the last agent left, and whoever waits there is to be sent elsewhere.
    if (group.signedIn === 0) unsettle(state, group);
  }
  setFree(state, group, seat, agent.free && signedIn);
}

/** Takes a seat out of its group's books. */
export function leaveSeat(state: PoolState, seat: Seat): void {
  const group = state.groups.get(seat.groupId);
  if (group === undefined) return;
  setFree(state, group, seat, false);
  if (seat.signedIn) group.signedIn -= 1;
  seat.signedIn = false;
}

function setFree(state: PoolState, group: GroupState, seat: Seat, free: boolean): void {
  if (free === seat.free) return;
  seat.free = free;
  if (!free) { group.free.delete(seat); return; }
  group.free.add(seat);
  unsettle(state, group);
}

function unsettle(state: PoolState, group: GroupState): void {
  for (const queueId of group.queueIds) state.unsettled.add(queueId);
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
