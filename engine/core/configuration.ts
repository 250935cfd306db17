// Takes a configuration change into the state: addresses, lists, duty; and tells the calls it concerns.
import { type AgentGroup } from '../../storage/model/agent-group';
import { applyUpdate, type Configuration, type ConfigurationUpdate, OBJECT_KINDS, type ObjectChange } from '../../storage/model/configuration';
import { type Workflow } from '../../storage/model/workflow';
import { type AgentState, Seat } from './agent';
import { refresh } from './availability';
import { type Call, waits } from './call';
import { type Context, touchAgent, touchWorkflowsOf } from './context';
import { agentState, groupState, type PoolState, queueState, workflowState } from './state';

/** A whole configuration as the update that leads to it from an empty pool. */
export function updateOf(configuration: Configuration): ConfigurationUpdate {
  const changes = OBJECT_KINDS.flatMap((kind) => [...configuration.objects[kind]].map(([id, after]) => ({ kind, id, before: null, after }) as ObjectChange));
  return { sequence: configuration.sequence, changes };
}

/** What an update has to do with. */
interface Concerned {
  readonly workflows: Set<string>;
  readonly queues: Set<string>;
  readonly agents: Set<AgentState>;
}

/** Holds from the next decision on. An update that was seen before changes nothing. */
export function configurationChanged(context: Context, update: ConfigurationUpdate): void {
  const { state } = context;
  if (update.sequence <= state.configuration.sequence) return;
  applyUpdate(state.configuration, update);
  const concerned: Concerned = { workflows: new Set(), queues: new Set(), agents: new Set() };
  for (const change of update.changes) takeIn(context, change, concerned);
  for (const agent of concerned.agents) agentChanged(context, agent);
  for (const queueId of concerned.queues) {
    state.unsettled.add(queueId);
    for (const workflowId of state.queues.get(queueId)?.workflowIds ?? []) context.touchedWorkflows.add(workflowId);
  }
  for (const workflowId of concerned.workflows) context.touchedWorkflows.add(workflowId);
  for (const call of waitingCallsOf(state, concerned)) context.tell(call, { type: 'groupChanged' });
  forget(state, update);
}

function takeIn(context: Context, change: ObjectChange, concerned: Concerned): void {
  const { state, now } = context;
  switch (change.kind) {
    case 'workflows':
      concerned.workflows.add(change.id);
      return setWorkflow(state, change.id, change.after);
    case 'queues': {
      const queue = queueState(state, change.id);
      concerned.queues.add(change.id);
      for (const group of queue.groups) group.queueIds.delete(change.id);
      queue.queue = change.after;
      queue.groups = [...new Set(change.after?.agentGroupIds ?? [])].map((groupId) => groupState(state, groupId));
      for (const group of queue.groups) group.queueIds.add(change.id);
      return;
    }
    case 'agentGroups':
      setGroup(context, change.id, change.after);
      for (const queueId of groupState(state, change.id).queueIds) concerned.queues.add(queueId);
      return;
    case 'agents': {
      const agent = agentState(state, change.id, now);
      agent.agent = change.after;
      concerned.agents.add(agent);
      return;
    }
    case 'duties': {
      const duty = change.after ?? change.before;
      if (duty === null) return;
      const agent = agentState(state, duty.agentId, now);
      const onDuty = change.after?.onDuty ?? false;
      // Idle time begins with duty: who comes back from a free day has not waited for a turn.
      if (onDuty && !agent.onDuty && agent.leg === null) agent.idleSinceMs = Math.max(agent.idleSinceMs, now.monotonicMs);
      agent.onDuty = onDuty;
      concerned.agents.add(agent);
      return;
    }
    case 'settings':
      return;
  }
}

function setWorkflow(state: PoolState, id: string, after: Workflow | null): void {
  const workflow = workflowState(state, id);
  const before = workflow.workflow;
  if (before !== null) {
    for (const address of addressesOf(before)) if (state.addresses.get(address) === id) state.addresses.delete(address);
    state.queues.get(before.defaultAction.queueId)?.workflowIds.delete(id);
  }
  workflow.workflow = after;
  if (after === null) return;
  for (const address of addressesOf(after)) state.addresses.set(address, id);
  queueState(state, after.defaultAction.queueId).workflowIds.add(id);
}

const addressesOf = ({ sipUser, telephoneNumber }: Workflow): string[] => (telephoneNumber === null ? [sipUser] : [sipUser, telephoneNumber]).map((address) => address.toLowerCase());

function setGroup(context: Context, id: string, after: AgentGroup | null): void {
  const { state, now } = context;
  const group = groupState(state, id);
  const before = new Map(group.seats);
  const listed = new Set(after?.agentIds);
  for (const seat of before.values()) {
    group.free.delete(seat);
    seat.agent.seats.delete(id);
    // Perhaps this list was the last to speak of a deleted agent; and who leaves a list leaves its turns.
    if (seat.agent.agent === null || (seat.turn > 0 && !listed.has(seat.agentId))) touchAgent(context, seat.agent);
  }
  group.seats.clear();
  group.group = after;
  after?.agentIds.forEach((agentId, position) => {
    const seat = new Seat(agentState(state, agentId, now), id, position, before.get(agentId)?.turn ?? 0);
    group.seats.set(agentId, seat);
    seat.agent.seats.set(id, seat);
    if (seat.agent.free) group.free.add(seat);
  });
}

/** An agent who may not be rung any more is not; a conversation goes on. */
function agentChanged(context: Context, agent: AgentState): void {
  refresh(context, agent);
  touchWorkflowsOf(context, agent);
  if (agent.leg?.kind !== 'offer' || (agent.agent !== null && agent.onDuty)) return;
  const call = context.state.calls.get(agent.leg.callId);
  if (call !== undefined) context.tell(call, { type: 'agentLeft', offerId: agent.leg.offerId });
}

function waitingCallsOf(state: PoolState, { workflows, queues }: Concerned): Set<Call> {
  const calls = new Set<Call>();
  for (const queueId of queues) for (const call of state.queues.get(queueId)?.waiting.values ?? []) calls.add(call);
  for (const workflowId of workflows) for (const call of state.workflows.get(workflowId)?.calls ?? []) if (waits(call.phase)) calls.add(call);
  return calls;
}

/** Drops what was deleted and nothing speaks of any more. */
function forget(state: PoolState, update: ConfigurationUpdate): void {
  for (const { kind, id, after } of update.changes) {
    if (after !== null) continue;
    if (kind === 'workflows' && state.workflows.get(id)?.workflow === null && state.workflows.get(id)?.calls.size === 0) state.workflows.delete(id);
    const queue = kind === 'queues' ? state.queues.get(id) : undefined;
    if (queue?.queue === null && queue.waiting.size === 0 && queue.workflowIds.size === 0) state.queues.delete(id);
    const group = kind === 'agentGroups' ? state.groups.get(id) : undefined;
    if (group?.group === null && group.queueIds.size === 0 && group.offered.size === 0) state.groups.delete(id);
  }
}
