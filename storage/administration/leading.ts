// Reads what leads to a queue or an agent group, and what a workflow leads to: backwards by index, forwards by id.
import { type Document } from 'mongodb';
import { type AgentGroup } from '../model/agent-group';
import { type Queue } from '../model/queue';
import { queueIdsOf, type Workflow } from '../model/workflow';
import { queueIdsOfQueue, reachedQueues } from '../reach';
import { type Draft } from './draft';

const QUEUE_FIELDS = ['timeoutAction.queueId', 'overflowAction.queueId', 'noAgentsAction.queueId', 'leaveAction.queueId'] as const;
const WORKFLOW_FIELDS = ['defaultAction.queueId', 'closedAction.queueId', 'holidayAction.queueId', 'questions.answers.action.queueId', 'questions.fallback.queueId'] as const;

const anyOf = (fields: readonly string[], ids: readonly string[]): Document => ({ $or: fields.map((field) => ({ [field]: { $in: ids } })) });

/** Workflows that lead straight to one of these queues. */
export const workflowsUsing = async (draft: Draft, queueIds: readonly string[]): Promise<Workflow[]> =>
  queueIds.length === 0 ? [] : draft.find('workflows', anyOf(WORKFLOW_FIELDS, queueIds), (one) => queueIdsOf(one).some((id) => queueIds.includes(id)));

/** Queues whose actions lead straight to one of these queues. */
export const queuesUsing = async (draft: Draft, queueIds: readonly string[]): Promise<Queue[]> =>
  queueIds.length === 0 ? [] : draft.find('queues', anyOf(QUEUE_FIELDS, queueIds), (one) => queueIdsOfQueue(one).some((id) => queueIds.includes(id)));

/** Queues that list one of these agent groups. */
export const queuesListing = async (draft: Draft, agentGroupIds: readonly string[]): Promise<Queue[]> =>
  agentGroupIds.length === 0 ? [] : draft.find('queues', { agentGroupIds: { $in: [...agentGroupIds] } }, (one) => one.agentGroupIds.some((id) => agentGroupIds.includes(id)));

/** Agent groups that list one of these agents. */
export const groupsListing = async (draft: Draft, agentIds: readonly string[]): Promise<AgentGroup[]> =>
  agentIds.length === 0 ? [] : draft.find('agentGroups', { agentIds: { $in: [...agentIds] } }, (one) => one.agentIds.some((id) => agentIds.includes(id)));

/** These queues and all that lead to one of them, however far back. */
export async function queuesLeadingTo(draft: Draft, queues: readonly Queue[]): Promise<Queue[]> {
  const found = new Map(queues.map((one) => [one.id, one]));
  for (let next = [...queues]; next.length > 0;) {
    next = (await queuesUsing(draft, next.map((one) => one.id))).filter((one) => !found.has(one.id));
    for (const one of next) found.set(one.id, one);
  }
  return [...found.values()];
}

/** Every workflow that leads to one of these queues, also through other queues. */
export async function workflowsLeadingToQueues(draft: Draft, queues: readonly Queue[]): Promise<Workflow[]> {
  return workflowsUsing(draft, (await queuesLeadingTo(draft, queues)).map((one) => one.id));
}

/** Every workflow that leads to one of these agent groups. */
export async function workflowsLeadingToGroups(draft: Draft, agentGroupIds: readonly string[]): Promise<Workflow[]> {
  return workflowsLeadingToQueues(draft, await queuesListing(draft, agentGroupIds));
}

/** Every workflow whose callers one of these agents may be rung for. */
export async function workflowsServedBy(draft: Draft, agentIds: readonly string[]): Promise<Workflow[]> {
  return workflowsLeadingToGroups(draft, (await groupsListing(draft, agentIds)).map((one) => one.id));
}

/** The queues and agent groups that each of these workflows leads to; a handful of readings, however many there are. */
export interface Reach { readonly workflow: Workflow; readonly queues: readonly Queue[]; readonly agentGroups: readonly AgentGroup[] }

export async function reachOf(draft: Draft, workflows: readonly Workflow[]): Promise<Reach[]> {
  const queues = new Map<string, Queue>();
  for (let wanted = [...new Set(workflows.flatMap(queueIdsOf))]; wanted.length > 0;) {
    const found = await draft.find('queues', { _id: { $in: wanted } }, (one) => wanted.includes(one.id));
    for (const one of found) queues.set(one.id, one);
    wanted = [...new Set(found.flatMap(queueIdsOfQueue))].filter((id) => !queues.has(id));
  }
  const groupIds = [...new Set([...queues.values()].flatMap((one) => one.agentGroupIds))];
  const agentGroups = new Map((groupIds.length === 0 ? [] : await draft.find('agentGroups', { _id: { $in: groupIds } }, (one) => groupIds.includes(one.id))).map((one) => [one.id, one]));
  return workflows.map((workflow) => {
    const reached = reachedQueues(workflow, queues);
    return { workflow, queues: reached, agentGroups: [...new Set(reached.flatMap((one) => one.agentGroupIds))].flatMap((id) => agentGroups.get(id) ?? []) };
  });
}
