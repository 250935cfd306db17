// One step of the pool: the state, an event and the time in; the state changed, and what is to be done out.
import { type AgentState } from './agent';
import { turnAway } from './actions';
import { callArrived } from './arrival';
import { phoneChanged, refresh } from './availability';
import { waits } from './call';
import { configurationChanged } from './configuration';
import { type Context, newContext } from './context';
import { askForDuty, dutyWritten } from './duty-codes';
import { settle } from './matching';
import { phoneTest, phoneTestEnded } from './phone-test';
import { moveCaller, setPriority } from './instructions';
import { pickCaller } from './picking';
import { playMusic } from './sounds';
import { agentState, type PoolState } from './state';
import { tell } from './transitions';
import { type CoreEvent, type Now, type StepResult } from './types';

export { createState, type PoolState } from './state';

/**
 * Changes `state` in place by one event and says what is to be done. Deterministic: no clock, randomness, log or await.
 * `now.monotonicMs` must not go backwards between steps. Late, duplicate and unknown events change nothing.
 *
 * Whatever is due by `now` happens too, whether or not the event is `wake`, and after the event: who answers in the last moment has
 * answered, and who is gone is offered to nobody. Agents' rests end before calls' deadlines, and before an event by which a caller
 * joins the queue, so that nobody is turned away while an agent is free.
 */
export function step(state: PoolState, event: CoreEvent, now: Now): StepResult {
  const context = newContext(state, now, { tell, turnAway });
  checkRestored(context);
  if (JOINING.has(event.type)) agentsDue(context);
  happen(context, event);
  settle(context);
  agentsDue(context);
  callsDue(context);
  for (const call of context.music) if (waits(call.phase)) playMusic(context, call);
  for (const agentId of context.touchedAgents) forgetIfNothing(state, state.agents.get(agentId));
  const { effects, touchedCalls, touchedAgents, touchedWorkflows } = context;
  return { effects, touchedCalls, touchedAgents, touchedWorkflows, wakeAtMs: wakeAtMs(state) };
}

/** By these a caller may join a queue. */
const JOINING: ReadonlySet<CoreEvent['type']> = new Set<CoreEvent['type']>(['callerAnswered', 'playFailed', 'keyPressed', 'transferAsked']);

function happen(context: Context, event: CoreEvent): void {
  const { state, now } = context;
  switch (event.type) {
    case 'wake': return;
    case 'configurationChanged': return configurationChanged(context, event.update);
    case 'phoneChanged':
      // A phone may be known before its agent; one that is gone and unknown is not worth remembering.
      return state.agents.has(event.agentId) || event.reachable ? phoneChanged(context, agentState(state, event.agentId, now), event.reachable) : undefined;
    case 'callArrived': return callArrived(context, event.arrival, event.at ?? null);
    case 'pickCaller': return pickCaller(context, event);
    case 'moveCaller': return moveCaller(context, event);
    case 'setPriority': return setPriority(context, event);
    case 'dutyWritten': return dutyWritten(context, state.agents.get(event.agentId), event.requestId);
    case 'phoneTest': return phoneTest(context, event.testId, event.agentId);
    case 'phoneTestEnded': return phoneTestEnded(context, event.testId);
    default: {
      const call = state.calls.get('offerId' in event ? state.movedLegs.get(event.offerId) ?? event.callId : event.callId);
      return call === undefined ? tooLate(context, event) : tell(context, call, event);
    }
  }
}

/** What asks for an answer is answered even if its call is over; a phone that took a place there is let go. */
function tooLate({ effects }: Context, event: CoreEvent): void {
  if (event.type === 'transferAsked') effects.push({ type: 'refuseTransfer', transferId: event.transferId, status: 603, reason: 'the call is over' });
  if (event.type === 'agentReplaced') effects.push({ type: 'endAgentLeg', callId: event.callId, offerId: event.newOfferId });
}

/** What was restored meets the configuration and the time as they are now. */
function checkRestored(context: Context): void {
  const { calls, agents } = context.state.restored;
  for (const agent of agents) {
    refresh(context, agent);
    // Whoever was asked to write it as the agent's duty may not have come to it.
    askForDuty(context, agent);
    if (agent.autoPause !== null) context.effects.push({ type: 'pauseAgent', agentId: agent.agentId, unanswered: agent.autoPause.unanswered });
  }
  agents.clear();
  for (const call of calls) {
    tell(context, call, { type: 'takenOver' });
    tell(context, call, { type: 'groupChanged' });
  }
  calls.clear();
}

/** Agents whose rest or wrap-up is over; all of them before anybody is offered a call, so that the method has the whole choice. */
function agentsDue(context: Context): void {
  const { state, now } = context;
  for (;;) {
    const agentId = state.agentDeadlines.takeDue(now.monotonicMs);
    if (agentId === undefined) break;
    const agent = state.agents.get(agentId);
    if (agent !== undefined) refresh(context, agent);
  }
  settle(context);
}

/** Deadlines of calls, one at a time: each sees what the one before it left. */
function callsDue(context: Context): void {
  const { state, now } = context;
  for (;;) {
    const due = state.callDeadlines.takeDue(now.monotonicMs);
    if (due === undefined) return;
    const call = state.calls.get(due.callId);
    if (call === undefined) continue;
    tell(context, call, due.type === 'rangTooLong' ? { type: 'rangTooLong', offerId: due.offerId } : { type: due.type });
    settle(context);
  }
}

function forgetIfNothing(state: PoolState, agent: AgentState | undefined): void {
  if (agent === undefined || agent.agent !== null || agent.onDuty || agent.reachable || agent.leg !== null || agent.seats.size > 0) return;
  state.agents.delete(agent.agentId);
  state.agentDeadlines.clear(agent.agentId);
}

function wakeAtMs({ callDeadlines, agentDeadlines }: PoolState): number | null {
  if (callDeadlines.nextMs === null) return agentDeadlines.nextMs;
  return agentDeadlines.nextMs === null ? callDeadlines.nextMs : Math.min(callDeadlines.nextMs, agentDeadlines.nextMs);
}
