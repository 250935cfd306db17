// What people see: every query takes the actor first and answers nothing that the actor may not see.
import { type Db } from 'mongodb';
import { may, permissionsOn, type Acting, type Action, type Roles } from '../access';
import { waitUntil } from '../doorbell';
import { type Agent, type Duty } from '../model/agent';
import { type AgentGroup } from '../model/agent-group';
import { type LiveCaller, type LiveGroup } from '../model/live';
import { type Workflow } from '../model/workflow';
import { type Logger } from '../process/log';
import { collectionOf } from '../schema';
import { type Draft } from './draft';
import { formOf, groupOf, versionsOf, type Group } from './group-form';
import { readChange, readHistory, type HistoryDeps } from './history';
import { groupsListing, queuesListing, reachOf, workflowsServedBy } from './leading';
import { LogReader } from './log-reader';
import { LiveReadings } from './live-readings';
import { groupNameOf, type Readings } from './readings';
import { refuse } from './results';
import { defaultSettings, settingsFields } from './settings-verbs';
import { type AgentDetail, type AgentName, type AgentView, type FormalGroup, type GroupName, type GroupRights, type GroupSummary, type GroupView, type ChangeView, type HistoryEntry, type HistoryOptions, type InForce, type LiveView, type MyAgent, type PickableCaller, type SettingsView, type WhoAmI } from './views';
import { dutiesOf, warningsOf } from './warnings';

export interface QueryDeps { readonly db: Db; readonly pool: string; readonly sipDomain: string; readonly log: Logger; readonly readings: Readings }

export interface AgentOptions { readonly ids?: readonly string[]; readonly workflowId?: string }

const anything = (): boolean => true;
/** A group as others name it. */
export const nameOf = ({ id, displayName, sipUser }: Workflow): GroupName => ({ id, displayName, sipUser });
export const byName = (one: { readonly displayName: string }, other: { readonly displayName: string }): number => one.displayName.localeCompare(other.displayName);

export class Queries {
  private readonly now: LiveReadings;

  constructor(private readonly deps: QueryDeps) {
    this.now = new LiveReadings(deps);
  }

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

  /** `first`: only so many, by name. */
  async groups(acting: Acting, { first }: { readonly first?: number } = {}): Promise<GroupSummary[]> {
    const roles = await this.roles(acting);
    const visible = visibleGroups(roles);
    const { readings } = this.deps;
    const wanted = first === undefined ? visible : (visible === 'all' ? await readings.all('workflows') : [...await readings.of('workflows', visible)].sort((one, other) => one.name.localeCompare(other.name))).slice(0, first).map((one) => one.id);
    const groups = await this.readGroups(wanted);
    const [duties, live] = await Promise.all([dutiesOf(this.reading(), groups), this.now.groups(groups.map((one) => one.workflow.id))]);
    return groups.map((group) => this.summary(roles, group, duties, live.get(group.workflow.id))).sort(byName);
  }

  /** All that the actor may see, by name, and nothing else of them. */
  async groupNames(acting: Acting): Promise<readonly GroupName[]> {
    const visible = visibleGroups(await this.roles(acting));
    const { readings } = this.deps;
    return visible === 'all' ? (await readings.all('workflows')).map(groupNameOf) : (await readings.of('workflows', visible)).map(groupNameOf).sort(byName);
  }

  /** The same of agents. */
  async agentNames(acting: Acting): Promise<readonly AgentName[]> {
    const roles = await this.roles(acting);
    if (may(roles, 'agent.see', { kind: 'agent', agentId: '' }) === 'allowed') return this.deps.readings.all('agents');
    return roles.agentId === null ? [] : this.deps.readings.of('agents', [roles.agentId]);
  }

  async group(acting: Acting, workflowId: string): Promise<GroupView> {
    const { db, pool } = this.deps;
    const roles = await this.roles(acting);
    const group = await this.visibleGroup(roles, workflowId);
    const { workflow, form, queues, agentGroups } = group;
    const ids = [workflow, ...queues, ...agentGroups].map((one) => one.id);
    const [duties, live, agents, [lastEdit]] = await Promise.all([
      dutiesOf(this.reading(), [group]),
      this.liveView(roles, group),
      this.agentsOf(form?.agentGroup.agentIds ?? []),
      new LogReader(db, pool).newest({ 'changes.id': { $in: ids } }, 1),
    ]);
    const savedSequence = lastEdit?.sequence ?? 0;
    return {
      ...this.summary(roles, group, duties, live.document ?? undefined),
      type: typeOf(workflow),
      form: form && formOf(form),
      versions: form && versionsOf(form),
      agents: agents.map(({ id, name }) => ({ id, name, onDuty: duties.get(id)?.onDuty ?? false })),
      managers: workflow.managers,
      savedSequence,
      lastEdit: lastEdit ? { by: lastEdit.actor.name, at: lastEdit.at } : null,
      inForce: await this.inForceNow(savedSequence),
      live: live.view,
    };
  }

  async live(acting: Acting, workflowId: string): Promise<LiveView> {
    const roles = await this.roles(acting);
    return (await this.liveView(roles, await this.visibleGroup(roles, workflowId))).view;
  }

  /** `ids`: only these, as far as the actor may see them. `workflowId`: only those whom this group rings. */
  async agents(acting: Acting, { ids: asked, workflowId }: AgentOptions = {}): Promise<AgentView[]> {
    const roles = await this.roles(acting);
    const ids = workflowId === undefined ? asked : agentIdsOf(await this.visibleGroup(roles, workflowId));
    const draft = this.reading();
    const these = ids === undefined ? {} : { _id: { $in: [...ids] } };
    const seen = (await draft.find('agents', these, anything)).filter((one) => may(roles, 'agent.see', { kind: 'agent', agentId: one.id }) === 'allowed');
    // Of a few agents, only the groups that ring them matter.
    const visible = visibleGroups(roles);
    const around = ids === undefined || visible !== 'all' ? visible : (await workflowsServedBy(draft, ids)).map((one) => one.id);
    const [groups, duties, bindings] = await Promise.all([this.readGroups(around), draft.find('duties', these, anything), this.now.bindings(ids)]);
    const dutyOf = new Map(duties.map((duty) => [duty.agentId, duty]));
    const registered = new Set(bindings.map((one) => one._id));
    const view = (agent: Agent): AgentView => {
      const serves = groups.filter((group) => group.agentGroups.some((one) => one.agentIds.includes(agent.id)));
      const isDetailed = roles.administrator || roles.agentId === agent.id || serves.some((group) => roles.manages.has(group.workflow.id));
      const duty = dutyOf.get(agent.id);
      const detail: AgentDetail | null = !isDetailed ? null : {
        version: agent.version, personId: agent.personId, hasPassword: agent.digest !== null, simulated: agent.simulated,
        onDuty: duty?.onDuty ?? false, since: duty?.since ?? new Date(0), registered: registered.has(agent.id),
        contacts: agent.contacts, pause: duty?.pause ?? null, formalGroups: formalGroups(serves.flatMap((group) => group.agentGroups), agent.id, duty),
        groups: serves.map((group) => nameOf(group.workflow)).sort(byName),
      };
      return { id: agent.id, name: agent.name, sipUser: agent.sipUser, detail };
    };
    return seen.map(view).sort((one, other) => one.name.localeCompare(other.name));
  }

  async myAgent(acting: Acting): Promise<MyAgent> {
    const { sipDomain } = this.deps;
    const roles = await this.roles(acting);
    const found = roles.agentId === null ? null : await this.agentWithDuty(roles.agentId);
    if (!found) throw refuse('notFound', 'You are not an agent here.');
    const { agent, duty } = found;
    const serves = await this.readGroups([...roles.serves]);
    const ownGroups = await groupsListing(this.reading(), [agent.id]);
    const [[phone], live] = await Promise.all([this.now.bindings([agent.id]), this.now.groups([...roles.serves])]);
    const activity = [...live.values()].flatMap((one) => one.agents).find((one) => one.agentId === agent.id)?.activity ?? null;
    return {
      id: agent.id, name: agent.name, sipUser: agent.sipUser, domain: sipDomain, address: `sip:${agent.sipUser}@${sipDomain}`,
      hasPassword: agent.digest !== null, onDuty: duty.onDuty, since: duty.since, activity,
      phone: phone ? { source: phone.source, transport: phone.transport, userAgent: phone.userAgent, registeredAt: phone.registeredAt, expiresAt: phone.expiresAt } : null,
      serves: serves.map((group) => nameOf(group.workflow)).sort(byName),
      contacts: agent.contacts, pause: duty.pause, formalGroups: formalGroups(ownGroups, agent.id, duty), pickable: await this.pickable(ownGroups, serves, live),
    };
  }

  async history(acting: Acting, options: HistoryOptions): Promise<HistoryEntry[]> {
    return readHistory(this.historyDeps(), acting, await this.roles(acting), options);
  }

  async change(acting: Acting, entryId: string): Promise<ChangeView> {
    return readChange(this.historyDeps(), acting, await this.roles(acting), entryId);
  }

  async settings(acting: Acting): Promise<SettingsView> {
    const { pool } = this.deps;
    if (!(await this.roles(acting)).administrator) throw refuse('notAllowed', 'Only an administrator sees the settings of the pool.');
    const stored = await this.reading().get('settings', pool);
    return { version: stored?.version ?? 0, settings: settingsFields(stored ?? defaultSettings(pool)) };
  }

  async inForce(sequence: number, waitMs: number): Promise<InForce> {
    const { db, pool, log } = this.deps;
    if (waitMs === 0) return this.inForceNow(sequence, true);
    await waitUntil(collectionOf(db, 'livePools'), { 'documentKey._id': pool }, log, async () => await this.inForceNow(sequence) === 'yes', waitMs);
    return this.inForceNow(sequence);
  }

  /** Who waits in the queues of the attendant groups among these, in waiting order. */
  private async pickable(ownGroups: readonly AgentGroup[], serves: readonly Group[], live: ReadonlyMap<string, LiveGroup>): Promise<PickableCaller[]> {
    const attendant = ownGroups.filter((one) => one.routingMethod === 'attendant').map((one) => one.id);
    const queues = new Map((await queuesListing(this.reading(), attendant)).map((one) => [one.id, { id: one.id, name: one.name }]));
    const found = serves.flatMap(({ workflow }) => (live.get(workflow.id)?.callers ?? []).flatMap((caller): PickableCaller[] => {
      const queue = caller.queueId === null ? undefined : queues.get(caller.queueId);
      if (!queue || (caller.state !== 'waiting' && caller.state !== 'ringing')) return [];
      const { callId, callerNumber, callerName, state, priority, answers, arrivedAt, joinedQueueAt } = caller;
      return [{ callId, callerNumber, callerName, state, priority, answers, arrivedAt, joinedQueueAt, group: nameOf(workflow), queue }];
    }));
    return found.sort((one, other) => one.priority - other.priority || Number(one.arrivedAt) - Number(other.arrivedAt) || one.callId.localeCompare(other.callId));
  }

  private summary(roles: Roles, group: Group, duties: ReadonlyMap<string, Duty>, live: LiveGroup | undefined): GroupSummary {
    const { workflow } = group;
    const agentIds = agentIdsOf(group);
    return {
      ...nameOf(workflow),
      address: `sip:${workflow.sipUser}@${this.deps.sipDomain}`,
      telephoneNumber: workflow.telephoneNumber,
      active: workflow.active,
      managed: workflow.managed,
      agentCount: agentIds.length,
      onDutyCount: agentIds.filter((id) => duties.get(id)?.onDuty === true).length,
      ...countsOf(live),
      rights: rightsOn(roles, workflow.id),
      warnings: warningsOf(group, duties),
    };
  }

  private async liveView(roles: Roles, group: Group): Promise<{ readonly view: LiveView; readonly document: LiveGroup | null }> {
    const { workflow } = group;
    const document = (await this.now.groups([workflow.id])).get(workflow.id) ?? null;
    const shownIds = [...document?.agents.map((one) => one.agentId) ?? [], ...(document?.callers ?? []).flatMap((one) => [...one.agentId === null ? [] : [one.agentId], ...one.ringing])];
    const [engine, agents, duties] = await Promise.all([this.now.engine(), this.agentsOf([...new Set(shownIds)]), dutiesOf(this.reading(), [group])]);
    const names = new Map(agents.map((one) => [one.id, one.name]));
    const queued = (document?.callers ?? []).filter((one) => one.joinedQueueAt !== null && isWaiting(one)).map((one) => one.joinedQueueAt as Date);
    return {
      document,
      view: {
        id: workflow.id, displayName: workflow.displayName, engineAlive: engine?.alive ?? false, at: document?.at ?? null,
        callers: document?.callers ?? [],
        ...countsOf(document ?? undefined),
        waitingSince: queued.length === 0 ? null : new Date(Math.min(...queued.map(Number))),
        agents: (document?.agents ?? []).map((one) => ({ id: one.agentId, name: names.get(one.agentId) ?? one.agentId, activity: one.activity, since: one.since, signedIn: one.signedIn, pause: duties.get(one.agentId)?.pause ?? null })),
        queues: group.queues.map(({ id, name }) => ({ id, name })),
        rights: { moveCaller: mayTo(roles, 'caller.move', workflow.id), setPriority: mayTo(roles, 'caller.prioritise', workflow.id) },
        warnings: warningsOf(group, duties),
      },
    };
  }

  private async inForceNow(sequence: number, isInNoHurry = false): Promise<InForce> {
    const engine = await (isInNoHurry ? this.now.engineInAWhile() : this.now.engine());
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
    return (await reachOf(draft, workflows)).map(groupOf);
  }

  /** In the order of `ids`. */
  private async agentsOf(ids: readonly string[]): Promise<Agent[]> {
    const agents = new Map((await this.reading().find('agents', { _id: { $in: ids } }, anything)).map((one) => [one.id, one]));
    return ids.flatMap((id) => agents.get(id) ?? []);
  }

  private async agentWithDuty(agentId: string): Promise<{ readonly agent: Agent; readonly duty: Pick<Duty, 'onDuty' | 'since' | 'pause' | 'signedIn'> } | null> {
    const draft = this.reading();
    const [agent, duty] = await Promise.all([draft.get('agents', agentId), draft.get('duties', agentId)]);
    return agent && { agent, duty: duty ?? { onDuty: false, since: new Date(0), pause: null, signedIn: [] } };
  }

  private historyDeps(): HistoryDeps {
    return { ...this.deps, draft: () => this.reading() };
  }

  private roles(acting: Acting): Promise<Roles> {
    return this.deps.readings.roles(acting);
  }

  private reading(): Draft {
    return this.deps.readings.draft();
  }
}

function visibleGroups(roles: Roles): readonly string[] | 'all' {
  return roles.administrator ? 'all' : [...new Set([...roles.manages, ...roles.serves])];
}

const mayTo = (roles: Roles, action: Action, workflowId: string): boolean => may(roles, action, { kind: 'group', workflowId }) === 'allowed';

/** What this actor may do with one group. */
export function rightsOn(roles: Roles, workflowId: string): GroupRights {
  const can = (action: Action): boolean => mayTo(roles, action, workflowId);
  return { change: can('group.change'), changeAddress: can('group.changeAddress'), delete: can('group.delete'), addManager: can('group.addManager'), removeManager: can('group.removeManager'), copy: may(roles, 'workflow.copy', { kind: 'pool' }) === 'allowed', permissions: permissionsOn(roles, workflowId) };
}

export const typeOf = ({ defaultAction }: Workflow): 'huntGroup' | 'interactive' => (defaultAction.kind === 'queue' ? 'huntGroup' : 'interactive');

const agentIdsOf = ({ agentGroups }: Group): string[] => [...new Set(agentGroups.flatMap((one) => one.agentIds))];

/** The formal ones among these groups that list the agent. */
function formalGroups(groups: readonly AgentGroup[], agentId: string, duty: Pick<Duty, 'signedIn'> | undefined): FormalGroup[] {
  const formal = new Map(groups.filter((one) => one.participation === 'formal' && one.agentIds.includes(agentId)).map((one) => [one.id, one]));
  return [...formal.values()].map(({ id, name }) => ({ id, name, signedIn: duty?.signedIn.includes(id) ?? false }));
}

/** Neither talking nor on the way to somewhere outside. */
const isWaiting = ({ state }: LiveCaller): boolean => state !== 'talking' && state !== 'forwarding';

function countsOf(live: LiveGroup | undefined): { readonly waiting: number; readonly talking: number } {
  const callers = live?.callers ?? [];
  const talking = callers.filter((one) => one.state === 'talking').length;
  return { waiting: callers.filter(isWaiting).length, talking };
}
