// What one step carries along: the state, the time, the effects so far, and what was touched.
import { type AnswerAction } from '../../storage/model/call-action';
import { type TurnedAway } from '../../storage/model/record';
import { type AgentState } from './agent';
import { type Call, type CallInput } from './call';
import { type PoolState } from './state';
import { type CallId, type Effect, type Now } from './types';

export interface Context {
  readonly state: PoolState;
  readonly now: Now;
  readonly effects: Effect[];
  readonly touchedCalls: Set<CallId>;
  readonly touchedAgents: Set<string>;
  readonly touchedWorkflows: Set<string>;
  /** Callers who begin to wait: their music is asked for when the step ends, so that no phone rings later for it. */
  readonly music: Set<Call>;
  /** Transfers whose end was told in this step, before the call left the phase that speaks of them. */
  readonly closedTransfers: Set<string>;
  /** Tells a call something, through the transition table. */
  readonly tell: (call: Call, input: CallInput) => void;
  /** Sends a call elsewhere, as a call action says; see `actions.ts`. */
  readonly turnAway: (call: Call, why: TurnedAway, action: AnswerAction, reason: string) => void;
}

/** What lies above the rooms that need it: the table of transitions, and call actions, which lead back into every room. */
export interface Above {
  readonly tell: (context: Context, call: Call, input: CallInput) => void;
  readonly turnAway: (context: Context, call: Call, why: TurnedAway, action: AnswerAction, reason: string) => void;
}

/** What a step begins with. */
export function newContext(state: PoolState, now: Now, { tell, turnAway }: Above): Context {
  const context: Context = {
    state, now, effects: [], touchedCalls: new Set(), touchedAgents: new Set(), touchedWorkflows: new Set(), music: new Set(), closedTransfers: new Set(),
    tell: (call, input) => tell(context, call, input),
    turnAway: (call, why, action, reason) => turnAway(context, call, why, action, reason),
  };
  return context;
}

/** Notes that a call is no longer as it was journalled and shown. */
export function touchCall(context: Context, call: Call): void {
  context.touchedCalls.add(call.callId);
  if (call.workflowId !== null) context.touchedWorkflows.add(call.workflowId);
  // Other groups with that queue show the caller too.
  if (call.draft.queueId !== null) for (const workflowId of context.state.queues.get(call.draft.queueId)?.workflowIds ?? []) context.touchedWorkflows.add(workflowId);
}

/** Notes that an agent is no longer as journalled. Who is shown this agent is told when the step ends, if it shows. */
export function touchAgent(context: Context, agent: AgentState): void {
  context.touchedAgents.add(agent.agentId);
}

/** Notes that people who look at any workflow this agent serves see something new. */
export function touchWorkflowsOf(context: Context, agent: AgentState): void {
  for (const groupId of agent.seats.keys())
    for (const queueId of context.state.groups.get(groupId)?.queueIds ?? [])
      for (const workflowId of context.state.queues.get(queueId)?.workflowIds ?? []) context.touchedWorkflows.add(workflowId);
}

/** A decision and its reason, for the log and for tests. */
export function decided(context: Context, call: Call, decision: string, reason: string): void {
  context.effects.push({ type: 'decided', callId: call.callId, decision, reason });
}
