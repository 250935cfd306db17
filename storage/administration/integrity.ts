// What must hold for the configuration as a whole, checked for every verb on what it is about to write.
import { type z } from 'zod';
import { agent, duty, type Agent } from '../model/agent';
import { agentGroup, type AgentGroup } from '../model/agent-group';
import { type ObjectChange, type ObjectKind, type ObjectKinds } from '../model/configuration';
import { queue, type Queue } from '../model/queue';
import { poolSettings } from '../model/settings';
import { workflow, type Workflow } from '../model/workflow';
import { type Draft } from './draft';
import { faultsOf, sentence } from './faults';
import { refuse, type Fault } from './results';

const SCHEMAS: { readonly [K in ObjectKind]: z.ZodType<ObjectKinds[K]> } = { workflows: workflow, queues: queue, agentGroups: agentGroup, agents: agent, duties: duty, settings: poolSettings };

/**
 * Ranges of every object; SIP users and telephone numbers that only one has; no reference into nothing; nothing shared by a managed workflow.
 * @throws Refused 'invalid' or 'conflict', with a fault for each
 */
export async function checkIntegrity(draft: Draft): Promise<void> {
  const changes = draft.changes();
  const invalid = changes.flatMap(({ kind, after }) => {
    const parsed = after && SCHEMAS[kind].safeParse(after);
    return parsed?.success === false ? faultsOf(parsed.error, after) : [];
  });
  if (invalid.length > 0) throw refuse('invalid', sentence(invalid), invalid);
  const conflicts: Fault[] = [];
  for (const change of changes) conflicts.push(...await conflictsOf(draft, change));
  if (conflicts.length > 0) throw refuse('conflict', sentence(conflicts), conflicts);
}

async function conflictsOf(draft: Draft, change: ObjectChange): Promise<Fault[]> {
  switch (change.kind) {
    case 'workflows': return change.after ? ofWorkflow(draft, change.after) : [];
    case 'queues': return change.after ? [] : ofRemoved(await draft.find('workflows', { 'defaultAction.queueId': change.id }, (one) => one.defaultAction.queueId === change.id), 'queue');
    case 'agentGroups': return change.after ? ofAgentGroup(draft, change.after) : ofRemoved(await draft.find('queues', { agentGroupIds: change.id }, (one) => one.agentGroupIds.includes(change.id)), 'agent group');
    case 'agents': return change.after ? ofAgent(draft, change.after) : ofRemovedAgent(draft, change.id);
    case 'duties':
    case 'settings': return [];
  }
}

async function ofWorkflow(draft: Draft, { id, sipUser, telephoneNumber, managed, managers, defaultAction: { queueId } }: Workflow): Promise<Fault[]> {
  const faults = await ofSipUser(draft, id, sipUser);
  if (telephoneNumber !== null) {
    const [other] = (await draft.find('workflows', { telephoneNumber }, (one) => one.telephoneNumber === telephoneNumber)).filter((one) => one.id !== id);
    if (other) faults.push({ field: 'telephoneNumber', value: telephoneNumber, message: `is already the number of the group ${other.displayName}` });
  }
  if (!managed && managers.length > 0) faults.push({ field: 'managers', value: managers.map((one) => one.name), message: 'can be named for a managed group only' });
  const used = await draft.get('queues', queueId);
  if (!used) return [...faults, { field: 'defaultAction', value: queueId, message: 'names a queue that does not exist' }];
  return [...faults, ...await ofSharing(draft, id, used, managed)];
}

/** A managed workflow shares its queue and agent groups with nobody, whichever of the two came second. */
async function ofSharing(draft: Draft, workflowId: string, used: Queue, managed: boolean): Promise<Fault[]> {
  const queues = await draft.find('queues', { agentGroupIds: { $in: used.agentGroupIds } }, (one) => one.agentGroupIds.some((id) => used.agentGroupIds.includes(id)));
  const queueIds = queues.map((one) => one.id);
  const sharing = (await draft.find('workflows', { 'defaultAction.queueId': { $in: queueIds } }, (one) => queueIds.includes(one.defaultAction.queueId))).filter((one) => one.id !== workflowId);
  const others = managed ? sharing : sharing.filter((one) => one.managed);
  return others.map((one) => ({ field: 'managed', value: managed, message: `cannot be, because ${one.displayName} shares the queue or the agents, and a managed group shares with no other` }));
}

async function ofAgentGroup(draft: Draft, { agentIds }: AgentGroup): Promise<Fault[]> {
  const known = new Set((await draft.find('agents', { _id: { $in: agentIds } }, (one) => agentIds.includes(one.id))).map((one) => one.id));
  return agentIds.filter((id) => !known.has(id)).map((id) => ({ field: 'agentIds', value: id, message: 'names an agent who does not exist in this pool' }));
}

async function ofAgent(draft: Draft, { id, sipUser, personId }: Agent): Promise<Fault[]> {
  const faults = await ofSipUser(draft, id, sipUser);
  if (personId !== null) {
    const [other] = (await draft.find('agents', { personId }, (one) => one.personId === personId)).filter((one) => one.id !== id);
    if (other) faults.push({ field: 'personId', value: personId, message: `is already the agent ${other.name}` });
  }
  return faults;
}

async function ofSipUser(draft: Draft, id: string, sipUser: string): Promise<Fault[]> {
  const groups = await draft.find('workflows', { sipUser }, (one) => one.sipUser === sipUser);
  const agents = await draft.find('agents', { sipUser }, (one) => one.sipUser === sipUser);
  const taken = [...groups.map((one) => ({ id: one.id, what: `group ${one.displayName}` })), ...agents.map((one) => ({ id: one.id, what: `agent ${one.name}` }))].filter((one) => one.id !== id);
  return taken.slice(0, 1).map(({ what }) => ({ field: 'sipUser', value: sipUser, message: `is already the address of the ${what}` }));
}

async function ofRemovedAgent(draft: Draft, id: string): Promise<Fault[]> {
  const groupIds = (await draft.find('agentGroups', { agentIds: id }, (one) => one.agentIds.includes(id))).map((one) => one.id);
  if (groupIds.length === 0) return [];
  const queueIds = (await draft.find('queues', { agentGroupIds: { $in: groupIds } }, (one) => one.agentGroupIds.some((one) => groupIds.includes(one)))).map((one) => one.id);
  const users = await draft.find('workflows', { 'defaultAction.queueId': { $in: queueIds } }, (one) => queueIds.includes(one.defaultAction.queueId));
  return users.map((one) => ({ field: 'id', value: id, message: `is still an agent of the group ${one.displayName}` }));
}

function ofRemoved(users: readonly (Workflow | Queue)[], what: string): Fault[] {
  return users.map((one) => ({ field: 'id', value: one.id, message: `still uses the ${what}` }));
}
