// Reads just those objects that someone's roles follow from.
import { type ClientSession, type Db } from 'mongodb';
import { rolesOf, type Acting, type Roles } from '../access';
import { Draft } from './draft';
import { groupsListing, queuesLeadingTo, queuesListing, workflowsUsing } from './leading';

/** What `acting` is in this pool now. */
export function readRoles(db: Db, pool: string, acting: Acting, inSession: { readonly session?: ClientSession } = {}): Promise<Roles> {
  return rolesIn(new Draft(db, pool, inSession), acting);
}

/** What `acting` is, as the draft has the pool. */
export async function rolesIn(draft: Draft, acting: Acting): Promise<Roles> {
  const none = { workflows: [], queues: [], agentGroups: [], agents: [] };
  if (acting.kind !== 'person') return rolesOf(acting, none);
  const personId = acting.personId.toLowerCase();
  const anything = (): boolean => true;
  const agents = await draft.find('agents', { personId }, anything);
  const agentGroups = await groupsListing(draft, agents.map((one) => one.id));
  const queues = await queuesLeadingTo(draft, await queuesListing(draft, agentGroups.map((one) => one.id)));
  const managed = await draft.find('workflows', { 'managers.personId': personId }, anything);
  const served = await workflowsUsing(draft, queues.map((one) => one.id));
  const workflows = [...new Map([...managed, ...served].map((one) => [one.id, one])).values()];
  return rolesOf(acting, { workflows, queues, agentGroups, agents });
}
