// Pure: may this actor do this to that? Everything a person may see or change is decided here, from the table in the Response Group reference.
import { type Agent } from './model/agent';
import { type AgentGroup } from './model/agent-group';
import { type Queue } from './model/queue';
import { MANAGER_PERMISSIONS, queueIdsOf, type ManagerPermission, type Workflow } from './model/workflow';
import { queueIdsOfQueue } from './reach';

/**
 * Who asks. The bot passes the person that chat authenticated and whether `ADMINISTRATORS` names them; everything else they may do follows
 * from the configuration. The operator at the command line may do what an administrator may; the engine acts for a dialled duty code, and for agents who leave their phones unanswered.
 */
export type ActingPerson = { readonly kind: 'person'; readonly personId: string; readonly name: string; readonly administrator: boolean };
export type Acting =
  | ActingPerson
  | { readonly kind: 'operator'; readonly name: string }
  | { readonly kind: 'engine'; readonly name: string };

/** What someone is in one pool, at one moment. */
export interface Roles {
  readonly administrator: boolean;
  readonly engine: boolean;
  /** Ids of managed workflows that name this person. */
  readonly manages: ReadonlySet<string>;
  /** What this person may change as a manager, of those managed workflows where an administrator has narrowed it. Which fields that is, is decided with the change in hand. */
  readonly narrowed?: ReadonlyMap<string, ReadonlySet<ManagerPermission>>;
  /** The agent this person is. */
  readonly agentId: string | null;
  /** Ids of workflows that lead to an agent group which lists this person's agent, through whichever questions and queues. */
  readonly serves: ReadonlySet<string>;
}

/**
 * What an action is about. `workflowIds` of an agent: those the agent serves; of an object: those it belongs to, which are the one it was made for
 * and those that lead to it. `preset`: business hours or holidays that any workflow may use.
 */
export type Target =
  | { readonly kind: 'pool' }
  | { readonly kind: 'group'; readonly workflowId: string }
  | { readonly kind: 'agent'; readonly agentId: string; readonly workflowIds?: readonly string[] }
  | { readonly kind: 'object'; readonly workflowIds: readonly string[]; readonly preset?: boolean };

const OBJECT_ACTIONS = [
  'queue.create', 'queue.copy', 'queue.change', 'queue.delete', 'queue.see', 'agentGroup.create', 'agentGroup.copy', 'agentGroup.change', 'agentGroup.delete', 'agentGroup.see',
  'businessHours.create', 'businessHours.copy', 'businessHours.change', 'businessHours.delete', 'businessHours.see', 'holidaySet.create', 'holidaySet.copy', 'holidaySet.change', 'holidaySet.delete', 'holidaySet.see',
] as const;
export type ObjectAction = (typeof OBJECT_ACTIONS)[number];

/** Every verb, and the ways of looking and asking. */
export const ACTIONS = [
  'group.create', 'group.change', 'group.changeAddress', 'group.delete', 'group.addManager', 'group.removeManager', 'group.see',
  'workflow.create', 'workflow.build', 'workflow.copy', 'workflow.change', 'workflow.delete', ...OBJECT_ACTIONS, 'trunk.create', 'trunk.copy', 'trunk.change', 'trunk.delete', 'trunk.see',
  'agent.create', 'agent.change', 'agent.delete', 'agent.resetPassword', 'agent.ring', 'agent.see',
  'duty.set', 'duty.pause', 'duty.resume', 'duty.signIn', 'duty.signOut', 'caller.pick', 'caller.move', 'caller.prioritise',
  'settings.change', 'prompt.render', 'audio.keep',
  'configuration.export', 'configuration.import', 'configuration.remove',
  'pool.see', 'pool.drain', 'pool.stepDown', 'pool.pair',
] as const;
export type Action = (typeof ACTIONS)[number];

/** `unseen`: the actor may not even learn that it exists, so it is answered as not found. */
export type Verdict = 'allowed' | 'notAllowed' | 'unseen';

/** Decides one action on one target. */
export function may(roles: Roles, action: Action, target: Target): Verdict {
  // A caller is picked to one's own phone, whoever one is.
  if (roles.administrator && action !== 'caller.pick') return 'allowed';
  switch (target.kind) {
    case 'pool': return (action === 'prompt.render' || action === 'audio.keep') && roles.manages.size > 0 ? 'allowed' : 'notAllowed';
    case 'group': return mayGroup(roles, action, target.workflowId);
    case 'agent': return mayAgent(roles, action, target.agentId, target.workflowIds ?? []);
    case 'object': return mayObject(roles, action, target.workflowIds, target.preset ?? false);
  }
}

/** A manager changes everything of a workflow but its address and its type, and may name further managers, but dismisses none. */
const OF_MANAGERS: readonly Action[] = ['group.see', 'group.change', 'group.addManager', 'workflow.change', 'caller.move', 'caller.prioritise'];

function mayGroup(roles: Roles, action: Action, workflowId: string): Verdict {
  const manages = roles.manages.has(workflowId);
  if (!manages && !roles.serves.has(workflowId)) return 'unseen';
  if (action === 'group.see') return 'allowed';
  return manages && OF_MANAGERS.includes(action) && hasAny(roles, workflowId, NEEDED[action]) ? 'allowed' : 'notAllowed';
}

/** Of which permissions a manager must have one, for the action to be of any use. */
const NEEDED: Partial<Record<Action, readonly ManagerPermission[]>> = {
  'group.change': MANAGER_PERMISSIONS.filter((one) => one !== 'managers'), 'workflow.change': MANAGER_PERMISSIONS.filter((one) => one !== 'managers'), 'group.addManager': ['managers'],
  'queue.create': ['queues'], 'queue.copy': ['queues'], 'queue.delete': ['queues'], 'queue.change': ['queues', 'targets', 'prompts'],
  'agentGroup.create': ['agentGroups'], 'agentGroup.copy': ['agentGroups'], 'agentGroup.change': ['agentGroups'], 'agentGroup.delete': ['agentGroups'],
  'businessHours.create': ['schedules'], 'businessHours.copy': ['schedules'], 'businessHours.change': ['schedules'], 'businessHours.delete': ['schedules'],
  'holidaySet.create': ['schedules'], 'holidaySet.copy': ['schedules'], 'holidaySet.change': ['schedules'], 'holidaySet.delete': ['schedules'],
};

function hasAny({ narrowed }: Roles, workflowId: string, needed: readonly ManagerPermission[] | undefined): boolean {
  const left = narrowed?.get(workflowId);
  return left === undefined || needed === undefined || needed.some((one) => left.has(one));
}

/** What someone may change of a workflow and of what belongs to it; an administrator everything, whoever does not manage it nothing. */
export function permissionsOn({ administrator, manages, narrowed }: Roles, workflowId: string): readonly ManagerPermission[] {
  if (administrator) return MANAGER_PERMISSIONS;
  return manages.has(workflowId) ? MANAGER_PERMISSIONS.filter((one) => narrowed?.get(workflowId)?.has(one) ?? true) : [];
}

const OF_ONESELF: readonly Action[] = ['agent.see', 'agent.resetPassword', 'agent.ring', 'duty.set', 'duty.pause', 'duty.resume', 'duty.signIn', 'duty.signOut', 'caller.pick'];
const OF_SUPERVISORS: readonly Action[] = ['duty.pause', 'duty.resume', 'duty.signIn', 'duty.signOut'];

function mayAgent(roles: Roles, action: Action, agentId: string, workflowIds: readonly string[]): Verdict {
  const own = roles.agentId === agentId;
  if (own && OF_ONESELF.includes(action)) return 'allowed';
  if (roles.engine && (action === 'duty.set' || action === 'duty.pause')) return 'allowed';
  // Who manages a group supervises its agents.
  if (OF_SUPERVISORS.includes(action) && workflowIds.some((id) => roles.manages.has(id))) return 'allowed';
  // Managers choose whom their groups ring, so they know every agent by name; what else they see of one is for the queries to decide.
  if (roles.manages.size > 0) return action === 'agent.see' ? 'allowed' : 'notAllowed';
  return own || roles.administrator ? 'notAllowed' : 'unseen';
}

/** Managers change what belongs to workflows they manage and to no other. */
function mayObject(roles: Roles, action: Action, workflowIds: readonly string[], preset: boolean): Verdict {
  const isTheirs = workflowIds.length > 0 && workflowIds.every((id) => roles.manages.has(id));
  if (isTheirs) return workflowIds.every((id) => hasAny(roles, id, NEEDED[action])) ? 'allowed' : 'notAllowed';
  const isSeen = workflowIds.some((id) => roles.manages.has(id)) || (preset && roles.manages.size > 0);
  if (action.endsWith('.see')) return isSeen ? 'allowed' : 'unseen';
  const isMadeForNobody = action.endsWith('.create') && workflowIds.length === 0;
  return isSeen || isMadeForNobody || workflowIds.some((id) => roles.serves.has(id)) ? 'notAllowed' : 'unseen';
}

/** The parts of a configuration that roles follow from; a caller may hand in just those that concern the person. */
export interface RoleSources {
  readonly workflows: Iterable<Workflow>;
  readonly queues: Iterable<Queue>;
  readonly agentGroups: Iterable<AgentGroup>;
  readonly agents: Iterable<Agent>;
}

/** What `acting` is, given the configuration. A workflow that is not managed gives its managers nothing. */
export function rolesOf(acting: Acting, sources: RoleSources): Roles {
  if (acting.kind !== 'person') return { administrator: acting.kind === 'operator', engine: acting.kind === 'engine', manages: new Set(), agentId: null, serves: new Set() };
  const personId = acting.personId.toLowerCase();
  const agentId = [...sources.agents].find((agent) => agent.personId === personId)?.id ?? null;
  const groupIds = new Set([...sources.agentGroups].filter((group) => agentId !== null && group.agentIds.includes(agentId)).map((group) => group.id));
  const queues = [...sources.queues];
  const queueIds = new Set(queues.filter((queue) => queue.agentGroupIds.some((id) => groupIds.has(id))).map((queue) => queue.id));
  // A queue that leads to one of these leads to the agent too, and so on.
  for (let size = -1; size !== queueIds.size;) {
    size = queueIds.size;
    for (const queue of queues) if (queueIdsOfQueue(queue).some((id) => queueIds.has(id))) queueIds.add(queue.id);
  }
  const workflows = [...sources.workflows];
  const managed = workflows.filter((one) => one.managed && one.managers.some((manager) => manager.personId === personId));
  return {
    administrator: acting.administrator,
    engine: false,
    manages: new Set(managed.map((one) => one.id)),
    narrowed: new Map(managed.filter((one) => one.managerPermissions.length < MANAGER_PERMISSIONS.length).map((one) => [one.id, new Set(one.managerPermissions)])),
    agentId,
    serves: new Set(workflows.filter((one) => queueIdsOf(one).some((id) => queueIds.has(id))).map((one) => one.id)),
  };
}
