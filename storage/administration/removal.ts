// Deleting a workflow, and with it what served nothing else.
import { type Draft } from './draft';
import { queuesListing, queuesUsing, workflowsUsing, type Reach } from './leading';

/**
 * Removes the workflow and what was made for it; `withQueues` also the queues and agent groups it led to. Whatever something else uses stays,
 * and belongs to whoever uses it.
 */
export async function removeWorkflow(draft: Draft, { workflow: { id }, queues, agentGroups }: Reach, { withQueues }: { readonly withQueues: boolean }): Promise<void> {
  await draft.remove('workflows', id);
  const made = { workflowId: id };
  const isMade = (one: { readonly workflowId?: string | null | undefined }): boolean => one.workflowId === id;
  for (const one of await draft.find('businessHours', made, isMade)) await draft.remove('businessHours', one.id);
  for (const one of await draft.find('holidaySets', made, isMade)) await draft.remove('holidaySets', one.id);

  const byId = new Map([...withQueues ? queues : [], ...await draft.find('queues', made, isMade)].map((one) => [one.id, one]));
  // A queue that stays keeps those it leads to, so each one kept is a reason to look again.
  for (let looked = -1; looked !== byId.size;) {
    looked = byId.size;
    for (const queueId of [...byId.keys()]) {
      const isUsed = (await workflowsUsing(draft, [queueId])).length > 0 || (await queuesUsing(draft, [queueId])).some((one) => !byId.has(one.id));
      if (isUsed) byId.delete(queueId);
    }
  }
  for (const queueId of byId.keys()) await draft.remove('queues', queueId);
  for (const { workflowId: _gone, ...kept } of await draft.find('queues', made, isMade)) await draft.put('queues', kept);

  const groupIds = new Set([...withQueues ? agentGroups : [], ...await draft.find('agentGroups', made, isMade)].map((one) => one.id));
  for (const groupId of groupIds) if ((await queuesListing(draft, [groupId])).length === 0) await draft.remove('agentGroups', groupId);
  for (const { workflowId: _gone, ...kept } of await draft.find('agentGroups', made, isMade)) await draft.put('agentGroups', kept);
}
