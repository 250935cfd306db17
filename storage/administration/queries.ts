// What people see: every query takes the actor first and answers nothing that the actor may not see.
import { type Db } from 'mongodb';
import { may, type Acting, type Roles } from '../access';
import { readBindings } from '../bindings';
import { waitUntil } from '../doorbell';
import { askEngine } from '../instructions';
import { readLiveGroups, readLivePool } from '../live';
import { type Agent, type Duty } from '../model/agent';
import { type InstructionOutcome, type InstructionRequest } from '../model/instruction';
import { type LiveGroup } from '../model/live';
import { type Workflow } from '../model/workflow';
import { type Logger } from '../process/log';
import { collectionOf } from '../schema';
import { defaultSettings } from './agent-verbs';
import { Draft } from './draft';
import { formOf, versionsOf, warningsOf, type Group } from './group-form';
import { readHistory } from './history';
import { LogReader } from './log-reader';
import { refuse } from './results';
import { readRoles } from './roles';
import { type AgentDetail, type AgentView, type GroupName, type GroupRights, type GroupSummary, type GroupView, type HistoryEntry, type InForce, type LiveView, type MyAgent, type SettingsView, type WhoAmI } from './views';

export interface QueryDeps { readonly db: Db; readonly pool: string; readonly sipDomain: string; readonly log: Logger }

const anything = (): boolean => true;
const nameOf = ({ id, displayName, sipUser }: Workflow): GroupName => ({ id, displayName, sipUser });
const byName = (one: { readonly displayName: string }, other: { readonly displayName: string }): number => one.displayName.localeCompare(other.displayName);

export class Queries {
  constructor(private readonly deps: QueryDeps) {}

  async whoAmI(acting: Acting): Promise<WhoAmI> {
    const roles = await this.roles(acting);
    const workflows = await this.reading().find('workflows', { _id: { $in: [...roles.manages, ...roles.serves] } }, anything);
    const names = (ids: ReadonlySet<string>): GroupName[] => workflows.filter((one) => ids.has(one.id)).map(nameOf).sort(byName);
    const agent = roles.agentId === null ? null : await this.agentWithDuty(roles.agentId);
    return {
      personId: acting.kind === 'person' ? acting.personId : null,
      name: acting.name,
      administrator: roles.administrator,
      manages: names(roles.manages),
      serves: names(roles.serves),
      agent: agent && { id: agent.agent.id, name: agent.agent.name, onDuty: agent.duty.onDuty, since: agent.duty.since },
    };
  }

  async groups(acting: Acting): Promise<GroupSummary[]> {
    const roles = await this.roles(acting);
    const groups = await this.readGroups(visibleGroups(roles));
    const [onDuty, live] = await Promise.all([this.onDuty(groups), readLiveGroups(this.deps.db, groups.map((one) => one.workflow.id))]);
    return groups.map((group) => this.summary(roles, group, onDuty, live.get(group.workflow.id))).sort(byName);
  }

  async group(acting: Acting, workflowId: string): Promise<GroupView> {
    const { db, pool } = this.deps;
    const roles = await this.roles(acting);
    const group = await this.visibleGroup(roles, workflowId);
    const { workflow, queue, agentGroup } = group;
    const [onDuty, live, agents, [lastEdit]] = await Promise.all([
      this.onDuty([group]),
      this.liveView(group),
      this.agentsOf(agentGroup.agentIds),
      new LogReader(db, pool).newest({ 'changes.id': { $in: [workflow.id, queue.id, agentGroup.id] } }, 1),
    ]);
    const savedSequence = lastEdit?.sequence ?? 0;
    return {
      ...this.summary(roles, group, onDuty, live.document ?? undefined),
      form: formOf(group),
      versions: versionsOf(group),
      agents: agents.map(({ id, name }) => ({ id, name, onDuty: onDuty.has(id) })),
      managers: workflow.managers,
      savedSequence,
      lastEdit: lastEdit ? { by: lastEdit.actor.name, at: lastEdit.at } : null,
      inForce: await this.inForceNow(savedSequence),
      live: live.view,
    };
  }

  async live(acting: Acting, workflowId: string): Promise<LiveView> {
    return (await this.liveView(await this.visibleGroup(await this.roles(acting), workflowId))).view;
  }

  async agents(acting: Acting): Promise<AgentView[]> {
    const { db, pool } = this.deps;
    const roles = await this.roles(acting);
    const draft = this.reading();
    const seen = (await draft.find('agents', {}, anything)).filter((one) => may(roles, 'agent.see', { kind: 'agent', agentId: one.id }) === 'allowed');
    const [groups, duties, bindings] = await Promise.all([this.readGroups(visibleGroups(roles)), draft.find('duties', {}, anything), readBindings(db, pool)]);
    const dutyOf = new Map(duties.map((duty) => [duty.agentId, duty]));
    const registered = new Set(bindings.map((one) => one._id));
    const view = (agent: Agent): AgentView => {
      const serves = groups.filter((group) => group.agentGroup.agentIds.includes(agent.id));
      const isDetailed = roles.administrator || roles.agentId === agent.id || serves.some((group) => roles.manages.has(group.workflow.id));
      const duty = dutyOf.get(agent.id);
      const detail: AgentDetail | null = !isDetailed ? null : {
        version: agent.version, personId: agent.personId, hasPassword: agent.digest !== null, simulated: agent.simulated,
        onDuty: duty?.onDuty ?? false, since: duty?.since ?? new Date(0), registered: registered.has(agent.id),
        groups: serves.map((group) => nameOf(group.workflow)).sort(byName),
      };
      return { id: agent.id, name: agent.name, sipUser: agent.sipUser, detail };
    };
    return seen.map(view).sort((one, other) => one.name.localeCompare(other.name));
  }

  async myAgent(acting: Acting): Promise<MyAgent> {
    const { db, pool, sipDomain } = this.deps;
    const roles = await this.roles(acting);
    const found = roles.agentId === null ? null : await this.agentWithDuty(roles.agentId);
    if (!found) throw refuse('notFound', 'You are not an agent here.');
    const { agent, duty } = found;
    const serves = await this.readGroups([...roles.serves]);
    const [[phone], live] = await Promise.all([readBindings(db, pool, [agent.id]), readLiveGroups(db, [...roles.serves])]);
    const activity = [...live.values()].flatMap((one) => one.agents).find((one) => one.agentId === agent.id)?.activity ?? null;
    return {
      id: agent.id, name: agent.name, sipUser: agent.sipUser, domain: sipDomain, address: `sip:${agent.sipUser}@${sipDomain}`,
      hasPassword: agent.digest !== null, onDuty: duty.onDuty, since: duty.since, activity,
      phone: phone ? { source: phone.source, transport: phone.transport, userAgent: phone.userAgent, registeredAt: phone.registeredAt, expiresAt: phone.expiresAt } : null,
      serves: serves.map((group) => nameOf(group.workflow)).sort(byName),
    };
  }

  async history(acting: Acting, options: { readonly limit?: number; readonly workflowId?: string }): Promise<HistoryEntry[]> {
    return readHistory(this.deps, acting, await this.roles(acting), options);
  }

  async settings(acting: Acting): Promise<SettingsView> {
    const { pool } = this.deps;
    if (!(await this.roles(acting)).administrator) throw refuse('notAllowed', 'Only an administrator sees the settings of the pool.');
    const stored = await this.reading().get('settings', pool);
    const { gracePeriodSeconds, callContextShown } = stored ?? defaultSettings(pool);
    return { version: stored?.version ?? 0, settings: { gracePeriodSeconds, callContextShown } };
  }

  async inForce(sequence: number, waitMs: number): Promise<InForce> {
    const { db, pool, log } = this.deps;
    await waitUntil(collectionOf(db, 'livePools'), { 'documentKey._id': pool }, log, async () => await this.inForceNow(sequence) === 'yes', waitMs);
    return this.inForceNow(sequence);
  }

  async ask(acting: Acting, request: InstructionRequest): Promise<InstructionOutcome> {
    const { db, pool, log } = this.deps;
    const roles = await this.roles(acting);
    const verdict = request.kind === 'ringPhone' ? may(roles, 'agent.ring', { kind: 'agent', agentId: request.agentId }) : may(roles, 'prompt.render', { kind: 'pool' });
    if (verdict !== 'allowed') throw refuse(verdict === 'unseen' ? 'notFound' : 'notAllowed', 'You may not ask for this.');
    return askEngine({ db, log }, pool, request, acting.kind === 'person' ? acting.personId : acting.name);
  }

  private summary(roles: Roles, group: Group, onDuty: ReadonlySet<string>, live: LiveGroup | undefined): GroupSummary {
    const { workflow, agentGroup } = group;
    return {
      ...nameOf(workflow),
      address: `sip:${workflow.sipUser}@${this.deps.sipDomain}`,
      telephoneNumber: workflow.telephoneNumber,
      active: workflow.active,
      managed: workflow.managed,
      agentCount: agentGroup.agentIds.length,
      onDutyCount: agentGroup.agentIds.filter((id) => onDuty.has(id)).length,
      ...countsOf(live),
      rights: rightsOn(roles, workflow.id),
      warnings: warningsOf(group, onDuty),
    };
  }

  private async liveView(group: Group): Promise<{ readonly view: LiveView; readonly document: LiveGroup | null }> {
    const { db, pool } = this.deps;
    const { workflow } = group;
    const [document = null] = [(await readLiveGroups(db, [workflow.id])).get(workflow.id)];
    const shownIds = document ? document.agents.map((one) => one.agentId) : group.agentGroup.agentIds;
    const [engine, agents, onDuty] = await Promise.all([readLivePool(db, pool), this.agentsOf([...new Set([...shownIds, ...(document?.callers ?? []).flatMap((one) => one.agentId ?? [])])]), this.onDuty([group])]);
    const names = new Map(agents.map((one) => [one.id, one.name]));
    const queued = (document?.callers ?? []).filter((one) => one.joinedQueueAt !== null && one.state !== 'talking').map((one) => one.joinedQueueAt as Date);
    return {
      document,
      view: {
        id: workflow.id, displayName: workflow.displayName, engineAlive: engine?.alive ?? false, at: document?.at ?? null,
        callers: document?.callers ?? [],
        ...countsOf(document ?? undefined),
        waitingSince: queued.length === 0 ? null : new Date(Math.min(...queued.map(Number))),
        agents: (document?.agents ?? []).map((one) => ({ id: one.agentId, name: names.get(one.agentId) ?? one.agentId, activity: one.activity, since: one.since })),
        warnings: warningsOf(group, onDuty),
      },
    };
  }

  private async inForceNow(sequence: number): Promise<InForce> {
    const engine = await readLivePool(this.deps.db, this.deps.pool);
    if (!engine?.alive) return 'engineAway';
    return engine.inForce >= sequence ? 'yes' : 'notYet';
  }

  private async visibleGroup(roles: Roles, workflowId: string): Promise<Group> {
    const isVisible = may(roles, 'group.see', { kind: 'group', workflowId }) === 'allowed';
    const [group] = isVisible ? await this.readGroups([workflowId]) : [];
    if (!group) throw refuse('notFound', 'There is no such group.');
    return group;
  }

  /** Groups by id, or all of the pool. A handful of readings, however many there are. */
  private async readGroups(ids: readonly string[] | 'all'): Promise<Group[]> {
    const draft = this.reading();
    const workflows = await draft.find('workflows', ids === 'all' ? {} : { _id: { $in: ids } }, anything);
    const queues = await draft.find('queues', ids === 'all' ? {} : { _id: { $in: workflows.map((one) => one.defaultAction.queueId) } }, anything);
    const agentGroups = await draft.find('agentGroups', ids === 'all' ? {} : { _id: { $in: queues.flatMap((one) => one.agentGroupIds) } }, anything);
    const queueOf = new Map(queues.map((one) => [one.id, one]));
    const agentGroupOf = new Map(agentGroups.map((one) => [one.id, one]));
    return workflows.flatMap((workflow) => {
      const queue = queueOf.get(workflow.defaultAction.queueId);
      const agentGroup = queue && agentGroupOf.get(queue.agentGroupIds[0] ?? '');
      // One that was deleted between two readings is not shown.
      return queue && agentGroup ? [{ workflow, queue, agentGroup }] : [];
    });
  }

  private async onDuty(groups: readonly Group[]): Promise<ReadonlySet<string>> {
    const ids = [...new Set(groups.flatMap((one) => one.agentGroup.agentIds))];
    return new Set((await this.reading().find('duties', { _id: { $in: ids }, onDuty: true }, anything)).map((duty) => duty.agentId));
  }

  /** In the order of `ids`. */
  private async agentsOf(ids: readonly string[]): Promise<Agent[]> {
    const agents = new Map((await this.reading().find('agents', { _id: { $in: ids } }, anything)).map((one) => [one.id, one]));
    return ids.flatMap((id) => agents.get(id) ?? []);
  }

  private async agentWithDuty(agentId: string): Promise<{ readonly agent: Agent; readonly duty: Pick<Duty, 'onDuty' | 'since'> } | null> {
    const draft = this.reading();
    const [agent, duty] = await Promise.all([draft.get('agents', agentId), draft.get('duties', agentId)]);
    return agent && { agent, duty: duty ?? { onDuty: false, since: new Date(0) } };
  }

  private roles(acting: Acting): Promise<Roles> {
    return readRoles(this.deps.db, this.deps.pool, acting);
  }

  private reading(): Draft {
    return new Draft(this.deps.db, this.deps.pool);
  }
}

function visibleGroups(roles: Roles): readonly string[] | 'all' {
  return roles.administrator ? 'all' : [...new Set([...roles.manages, ...roles.serves])];
}

function rightsOn(roles: Roles, workflowId: string): GroupRights {
  const can = (action: Parameters<typeof may>[1]): boolean => may(roles, action, { kind: 'group', workflowId }) === 'allowed';
  return { change: can('group.change'), changeAddress: can('group.changeAddress'), delete: can('group.delete'), addManager: can('group.addManager'), removeManager: can('group.removeManager') };
}

function countsOf(live: LiveGroup | undefined): { readonly waiting: number; readonly talking: number } {
  const callers = live?.callers ?? [];
  const talking = callers.filter((one) => one.state === 'talking').length;
  return { waiting: callers.length - talking, talking };
}
