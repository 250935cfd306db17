// Reads just those objects that someone's roles follow from.
import { type ClientSession, type Db } from 'mongodb';
import { rolesOf, type Acting, type Roles } from '../access';
import { Draft } from './draft';

/** What `acting` is in this pool now. */
export async function readRoles(db: Db, pool: string, acting: Acting, inSession: { readonly session?: ClientSession } = {}): Promise<Roles> {
  const none = { workflows: [], queues: [], agentGroups: [], agents: [] };
  if (acting.kind !== 'person') return rolesOf(acting, none);
  const personId = acting.personId.toLowerCase();
  const draft = new Draft(db, pool, inSession);
  const anything = (): boolean => true;
  const agents = await draft.find('agents', { personId }, anything);
  const agentGroups = agents.length === 0 ? [] : await draft.find('agentGroups', { agentIds: { $in: agents.map((one) => one.id) } }, anything);
  const queues = agentGroups.length === 0 ? [] : await draft.find('queues', { agentGroupIds: { $in: agentGroups.map((one) => one.id) } }, anything);
  const workflows = await draft.find('workflows', { $or: [{ 'managers.personId': personId }, { 'defaultAction.queueId': { $in: queues.map((one) => one.id) } }] }, anything);
  return rolesOf(acting, { workflows, queues, agentGroups, agents });
}
