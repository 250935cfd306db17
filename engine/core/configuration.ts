// Takes a configuration change into the state: addresses, lists, duty; and tells the calls it concerns.
import { type Agent, type Duty } from '../../storage/model/agent';
import { type AgentGroup } from '../../storage/model/agent-group';
import { applyUpdate, type Configuration, type ConfigurationUpdate, OBJECT_KINDS, type ObjectChange } from '../../storage/model/configuration';
import { type Queue } from '../../storage/model/queue';
import { queueIdsOf, type Workflow } from '../../storage/model/workflow';
import { type AgentState, isPaused, isSignedIn, Seat } from './agent';
import { comesOnDuty, leaveSeat, refresh, seatOf } from './availability';
import { type Call, isCalledBack, waits } from './call';
import { type Context, touchAgent, touchWorkflowsOf } from './context';
import { agentState, groupState, type PoolState, queueState, workflowState } from './state';
import { withAllowedContacts } from './targets';

/** A whole configuration as the update that leads to it from an empty pool. */
export function updateOf(configuration: Configuration): ConfigurationUpdate {
  const changes = OBJECT_KINDS.flatMap((kind) => [...configuration.objects[kind]].map(([id, after]) => ({ kind, id, before: null, after }) as ObjectChange));
  return { sequence: configuration.sequence, changes };
}

/** What an update has to do with. */
interface Concerned {
  readonly workflows: Set<string>;
  /** Workflows that perhaps lead to other queues than before. */
  readonly links: Set<string>;
  readonly queues: Set<string>;
  readonly agents: Set<AgentState>;
  /** Agents who began a pause: what rings at them is taken back. */
  readonly paused: Set<AgentState>;
}

/** Holds from the next decision on. An update that was seen before changes nothing. */
export function configurationChanged(context: Context, update: ConfigurationUpdate): void {
  const { state } = context;
  if (update.sequence <= state.configuration.sequence) return;
  applyUpdate(state.configuration, update);
  const concerned: Concerned = { workflows: new Set(), links: new Set(), queues: new Set(), agents: new Set(), paused: new Set() };
  for (const change of update.changes) takeIn(context, change, concerned);
  if (update.changes.some(allowsOtherContacts)) lookAtContacts(state, concerned);
  for (const workflowId of concerned.links) link(state, workflowId);
  for (const agent of concerned.agents) agentChanged(context, agent, concerned.paused.has(agent));
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
      concerned.links.add(change.id);
      return setWorkflow(state, change.id, change.after);
    case 'queues': {
      const queue = queueState(state, change.id);
      concerned.queues.add(change.id);
      for (const workflowId of queue.workflowIds) {
        context.touchedWorkflows.add(workflowId);
        concerned.links.add(workflowId);
      }
      for (const group of queue.groups) group.queueIds.delete(change.id);
      queue.queue = change.after;
      queue.groups = [...new Set(change.after?.agentGroupIds ?? [])].map((groupId) => groupState(state, groupId));
      for (const group of queue.groups) group.queueIds.add(change.id);
      return;
    }
    case 'agentGroups':
      setGroup(context, change.id, change.after, concerned);
      for (const queueId of groupState(state, change.id).queueIds) concerned.queues.add(queueId);
      return;
    case 'agents': {
      const agent = agentState(state, change.id, now);
      setUser(state, agent.agent, change.after);
      agent.agent = change.after === null ? null : withAllowedContacts(state, change.after);
      concerned.agents.add(agent);
      return;
    }
    case 'duties': {
      const duty = change.after ?? change.before;
      if (duty === null) return;
      const agent = agentState(state, duty.agentId, now);
      if (setDuty(context, agent, change.before, change.after)) concerned.paused.add(agent);
      concerned.agents.add(agent);
      return;
    }
    case 'settings':
    case 'businessHours':
    case 'holidaySets':
    case 'trunks':
      return;
  }
}

/** Other numbers may be called than before, or other ones are ours. */
function allowsOtherContacts({ kind, before, after }: ObjectChange): boolean {
  return kind === 'settings' || (kind === 'workflows' && (before?.telephoneNumber ?? null) !== (after?.telephoneNumber ?? null));
}

function lookAtContacts(state: PoolState, concerned: Concerned): void {
  for (const [id, configured] of state.configuration.objects.agents) {
    const agent = configured.contacts.length === 0 ? undefined : state.agents.get(id);
    if (agent === undefined || agent.agent === null) continue;
    agent.agent = withAllowedContacts(state, configured);
    concerned.agents.add(agent);
  }
}

/** What the agent's own phone has dialled holds at once, as if the duty said so, and ends any pause. */
export function dutyDialled(context: Context, agent: AgentState, onDuty: boolean): void {
  if (onDuty) comesOnDuty(context, agent);
  agent.onDuty = onDuty;
  agent.pause = null;
  agent.autoPause = null;
  agentChanged(context, agent, false);
}

/** Signing in to a group says nothing of being on duty. */
function isSameChoice(before: Duty | null, after: Duty | null): boolean { return before !== null && after !== null && before.onDuty === after.onDuty && before.pause === null && after.pause === null; }

/** Takes in what an agent chose; true when a pause began by that. */
function setDuty(context: Context, agent: AgentState, before: Duty | null, after: Duty | null): boolean {
  const { now } = context;
  const onDuty = after?.onDuty ?? false;
  const wasPaused = isPaused(agent, now.monotonicMs);
  if (onDuty) comesOnDuty(context, agent);
  // A pause for unanswered offers holds here until the duty says it, however many other changes overtake that; then the duty alone
  // counts. Taken back, or gone off duty, it is over.
  if (!isSameChoice(before, after)) agent.dialled = null;
  if (!onDuty || after?.pause != null || (before?.pause != null && after?.pause === null)) agent.autoPause = null;
  agent.onDuty = onDuty;
  agent.formal = new Set(after?.signedIn);
  const pause = after?.pause ?? null;
  agent.pause = pause === null ? null : { untilMs: pause.until === null ? null : now.monotonicMs + pause.until.getTime() - now.civil.getTime() };
  return !wasPaused && isPaused(agent, now.monotonicMs);
}

function setUser({ agentUsers }: PoolState, before: Agent | null, after: Agent | null): void {
  if (before !== null && agentUsers.get(before.sipUser) === before.id) agentUsers.delete(before.sipUser);
  if (after !== null) agentUsers.set(after.sipUser, after.id);
}

function setWorkflow(state: PoolState, id: string, after: Workflow | null): void {
  const workflow = workflowState(state, id);
  const before = workflow.workflow;
  if (before !== null) for (const address of addressesOf(before)) if (state.addresses.get(address) === id) state.addresses.delete(address);
  workflow.workflow = after;
  if (after !== null) for (const address of addressesOf(after)) state.addresses.set(address, id);
}

/** Notes at each queue that a workflow leads to, by itself or by way of other queues, that it does. */
function link(state: PoolState, workflowId: string): void {
  const from = workflowState(state, workflowId);
  for (const queueId of from.queueIds) state.queues.get(queueId)?.workflowIds.delete(workflowId);
  const reached = new Set<string>();
  const ahead = from.workflow === null ? [] : queueIdsOf(from.workflow);
  for (let queueId = ahead.pop(); queueId !== undefined; queueId = ahead.pop()) {
    if (reached.has(queueId)) continue;
    reached.add(queueId);
    const { workflowIds, queue } = queueState(state, queueId);
    workflowIds.add(workflowId);
    if (queue !== null) ahead.push(...nextQueueIds(queue));
  }
  from.queueIds = [...reached];
}

/** The queues that a queue's own call actions lead to. */
function nextQueueIds({ timeoutAction, overflowAction, noAgentsAction, leaveAction }: Queue): string[] {
  return [timeoutAction, overflowAction, noAgentsAction, leaveAction].flatMap((action) => (action?.kind === 'queue' ? [action.queueId] : []));
}

const addressesOf = ({ sipUser, telephoneNumber }: Workflow): string[] => (telephoneNumber === null ? [sipUser] : [sipUser, telephoneNumber]).map((address) => address.toLowerCase());

function setGroup(context: Context, id: string, after: AgentGroup | null, concerned: Concerned): void {
  const { state, now } = context;
  const group = groupState(state, id);
  const before = new Map(group.seats);
  const listed = new Set(after?.agentIds);
  for (const seat of before.values()) {
    leaveSeat(state, seat);
    seat.agent.seats.delete(id);
    // Perhaps this list was the last to speak of a deleted agent; and who leaves a list leaves its turns.
    if (seat.agent.agent === null || (seat.turn > 0 && !listed.has(seat.agentId))) touchAgent(context, seat.agent);
  }
  group.seats.clear();
  const wasFormal = group.group?.participation === 'formal';
  group.group = after;
  after?.agentIds.forEach((agentId, position) => {
    const seat = new Seat(agentState(state, agentId, now), id, position, before.get(agentId)?.turn ?? 0);
    group.seats.set(agentId, seat);
    seat.agent.seats.set(id, seat);
    seatOf(state, seat.agent, seat);
    // Made formal, whoever is not signed in may not be rung for it any more.
    if (after.participation === 'formal' && !wasFormal) concerned.agents.add(seat.agent);
  });
}

/** An agent who may not be rung any more is not; a conversation goes on. */
function agentChanged(context: Context, agent: AgentState, pauseBegan: boolean): void {
  refresh(context, agent);
  touchWorkflowsOf(context, agent);
  if (agent.leg?.kind !== 'offer') return;
  const { state } = context;
  const call = state.calls.get(agent.leg.callId);
  const leg = call?.legs.get(agent.leg.offerId);
  if (call === undefined || leg === undefined) return;
  const group = leg.groupId === null ? undefined : state.groups.get(leg.groupId);
  // A list that the agent left, or that was deleted, rings on: only a duty says that somebody does not want to be rung. And who is
  // dialled, not offered, is rung whatever the duty says.
  const signedOut = group?.group?.participation === 'formal' && !isSignedIn(agent, group.group, group.groupId);
  // A picked caller rings where a pause does not matter.
  const mayNot = agent.agent === null || (leg.groupId !== null && (!agent.onDuty || signedOut || (pauseBegan && !leg.picked)));
  if (mayNot) context.tell(call, { type: 'agentLeft', offerId: leg.offerId });
}

function waitingCallsOf(state: PoolState, { workflows, queues }: Concerned): Set<Call> {
  const calls = new Set<Call>();
  for (const queueId of queues) {
    const queue = state.queues.get(queueId);
    for (const call of [...queue?.waiting.values ?? [], ...queue?.callBacks.values ?? []]) calls.add(call);
  }
  for (const workflowId of workflows) for (const call of state.workflows.get(workflowId)?.calls ?? []) if (waits(call.phase) || isCalledBack(call.phase)) calls.add(call);
  return calls;
}

/** Drops what was deleted and nothing speaks of any more. */
function forget(state: PoolState, update: ConfigurationUpdate): void {
  for (const { kind, id, after } of update.changes) {
    if (after !== null) continue;
    if (kind === 'workflows' && state.workflows.get(id)?.workflow === null && state.workflows.get(id)?.calls.size === 0) state.workflows.delete(id);
    const queue = kind === 'queues' ? state.queues.get(id) : undefined;
    if (queue?.queue === null && queue.waiting.size === 0 && queue.callBacks.size === 0 && queue.workflowIds.size === 0) state.queues.delete(id);
    const group = kind === 'agentGroups' ? state.groups.get(id) : undefined;
    if (group?.group === null && group.queueIds.size === 0 && group.offered.size === 0) state.groups.delete(id);
  }
}
