// Pure: may this actor do this to that? Everything a person may see or change is decided here, from the table in the Response Group reference.
import { type Agent } from './model/agent';
import { type AgentGroup } from './model/agent-group';
import { type Queue } from './model/queue';
import { type Workflow } from './model/workflow';

/**
 * Who asks. The bot passes the person that chat authenticated and whether `ADMINISTRATORS` names them; everything else they may do follows
 * from the configuration. The operator at the command line may do what an administrator may; the engine acts for a dialled duty code only.
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
  /** The agent this person is. */
  readonly agentId: string | null;
  /** Ids of workflows whose agent groups list this person's agent. */
  readonly serves: ReadonlySet<string>;
}

/** What an action is about. `agentOf`: an agent, and the workflows it serves. */
export type Target =
  | { readonly kind: 'pool' }
  | { readonly kind: 'group'; readonly workflowId: string }
  | { readonly kind: 'agent'; readonly agentId: string };

/** Every verb, and the two ways of looking. */
export const ACTIONS = [
  'group.create', 'group.change', 'group.changeAddress', 'group.delete', 'group.addManager', 'group.removeManager', 'group.see',
  'agent.create', 'agent.change', 'agent.delete', 'agent.resetPassword', 'agent.ring', 'agent.see', 'duty.set', 'settings.change', 'prompt.render',
] as const;
export type Action = (typeof ACTIONS)[number];

/** `unseen`: the actor may not even learn that it exists, so it is answered as not found. */
export type Verdict = 'allowed' | 'notAllowed' | 'unseen';

/** Decides one action on one target. */
export function may(roles: Roles, action: Action, target: Target): Verdict {
  if (roles.administrator) return 'allowed';
  switch (target.kind) {
    case 'pool': return action === 'prompt.render' && roles.manages.size > 0 ? 'allowed' : 'notAllowed';
    case 'group': return mayGroup(roles, action, target.workflowId);
    case 'agent': return mayAgent(roles, action, target.agentId);
  }
}

function mayGroup(roles: Roles, action: Action, workflowId: string): Verdict {
  const manages = roles.manages.has(workflowId);
  if (!manages && !roles.serves.has(workflowId)) return 'unseen';
  if (action === 'group.see') return 'allowed';
  // A manager changes everything of a workflow but its address and its kind, and may name further managers, but dismisses none.
  return manages && (action === 'group.change' || action === 'group.addManager') ? 'allowed' : 'notAllowed';
}

function mayAgent(roles: Roles, action: Action, agentId: string): Verdict {
  const own = roles.agentId === agentId;
  if (own && (action === 'agent.see' || action === 'agent.resetPassword' || action === 'agent.ring' || action === 'duty.set')) return 'allowed';
  if (roles.engine && action === 'duty.set') return 'allowed';
  // Managers choose whom their groups ring, so they know every agent by name; what else they see of one is for the queries to decide.
  if (roles.manages.size > 0) return action === 'agent.see' ? 'allowed' : 'notAllowed';
  return own ? 'notAllowed' : 'unseen';
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
  const queueIds = new Set([...sources.queues].filter((queue) => queue.agentGroupIds.some((id) => groupIds.has(id))).map((queue) => queue.id));
  const workflows = [...sources.workflows];
  return {
    administrator: acting.administrator,
    engine: false,
    manages: new Set(workflows.filter((one) => one.managed && one.managers.some((manager) => manager.personId === personId)).map((one) => one.id)),
    agentId,
    serves: new Set(workflows.filter((one) => queueIds.has(one.defaultAction.queueId)).map((one) => one.id)),
  };
}
