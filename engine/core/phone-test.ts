// Rings an agent's own phone for no caller; meanwhile the agent counts as ringing.
import { refresh } from './availability';
import { type Context } from './context';

/** Rings the phone unless it cannot be reached or is in use. Duty, rests and wrap-up do not matter: it is the agent who asks. */
export function phoneTest(context: Context, testId: string, agentId: string): void {
  const { state, effects } = context;
  if (state.tests.has(testId)) return;
  const agent = state.agents.get(agentId);
  if (agent === undefined || agent.agent === null) effects.push({ type: 'refuseTest', testId, reason: 'unknownAgent' });
  else if (agent.leg !== null) effects.push({ type: 'refuseTest', testId, reason: 'busy' });
  else if (!agent.reachable) effects.push({ type: 'refuseTest', testId, reason: 'unreachable' });
  else {
    state.tests.set(testId, agentId);
    agent.leg = { kind: 'test', testId };
    effects.push({ type: 'ringTest', testId, agentId });
    refresh(context, agent);
  }
}

/** The test's leg is over. */
export function phoneTestEnded(context: Context, testId: string): void {
  const { state } = context;
  const agent = state.agents.get(state.tests.get(testId) ?? '');
  state.tests.delete(testId);
  if (agent?.leg?.kind !== 'test' || agent.leg.testId !== testId) return;
  agent.leg = null;
  refresh(context, agent);
}
