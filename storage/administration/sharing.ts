// A managed workflow shares its queues and agent groups with no other, whichever of the two came second and however long the way to them.
import { type ObjectChange } from '../model/configuration';
import { type Queue } from '../model/queue';
import { type Workflow } from '../model/workflow';
import { nameOf, type Checking } from './checking';
import { queuesListing, reachOf, workflowsLeadingToQueues, type Reach } from './leading';
import { faultOf, type Fault } from './results';

export async function sharingFaults(checking: Checking, changes: readonly ObjectChange[]): Promise<Fault[]> {
  const { draft, roles } = checking;
  const changed = changes.flatMap((change) => (change.kind === 'workflows' && change.after ? [change.after] : []));
  const queues = changes.flatMap((change): Queue[] => (change.kind === 'queues' && change.after ? [change.after] : []));
  const through = queues.length === 0 ? [] : (await workflowsLeadingToQueues(draft, queues)).filter((one) => !changed.some((other) => other.id === one.id));
  const faults: Fault[] = [];
  for (const reach of await reachOf(draft, changed)) {
    for (const other of await sharing(checking, reach)) {
      const by = nameOf(roles, other);
      faults.push(by === null ? faultOf('managed', reach.workflow.managed, 'sharesOther') : faultOf('managed', reach.workflow.managed, 'sharesGroup', { by }));
    }
  }
  // What was made for a workflow counts as if it led there already, or it could take in what another's managers have.
  for (const { id, workflowId } of queues) {
    const owner = workflowId === undefined ? null : await draft.get('workflows', workflowId);
    if (owner) through.push({ ...owner, closedAction: { kind: 'queue', queueId: id, prompt: null } });
  }
  const told = new Set<string>();
  for (const reach of await reachOf(draft, through)) {
    for (const other of await sharing(checking, reach)) {
      const pair = [reach.workflow.id, other.id].sort().join();
      if (told.has(pair)) continue;
      told.add(pair);
      faults.push(wouldShare(queues, [nameOf(roles, reach.workflow), nameOf(roles, other)]));
    }
  }
  return faults;
}

function wouldShare(queues: readonly Queue[], groups: readonly (string | null)[]): Fault {
  const value = queues.map((one) => one.name).join(', ');
  const [one, other] = groups.filter((name) => name !== null);
  if (one === undefined) return faultOf('id', value, 'wouldShareOthers');
  return other === undefined ? faultOf('id', value, 'wouldShareOther', { one }) : faultOf('id', value, 'wouldShareGroups', { one, other });
}

/** The other workflows that lead to the same queues or agent groups, or that those were made for, where one of the two is managed. */
async function sharing({ draft }: Checking, { workflow, queues, agentGroups }: Reach): Promise<Workflow[]> {
  const listing = await queuesListing(draft, agentGroups.map((one) => one.id));
  const using = await workflowsLeadingToQueues(draft, [...queues, ...listing]);
  const ownerIds = [...new Set([...queues, ...agentGroups].flatMap((one) => one.workflowId ?? []))];
  const owners = ownerIds.length === 0 ? [] : await draft.find('workflows', { _id: { $in: ownerIds } }, (one) => ownerIds.includes(one.id));
  const others = new Map([...using, ...owners].filter((one) => one.id !== workflow.id).map((one) => [one.id, one]));
  return [...others.values()].filter((one) => workflow.managed || one.managed);
}
