// Objects by themselves as people see them, and a workflow with everything it leads to.
import { type Db, type Document } from 'mongodb';
import { may, type Acting, type Action, type Roles, type Target } from '../access';
import { type ObjectKinds } from '../model/configuration';
import { type Workflow } from '../model/workflow';
import { type OwnedNoun } from '../stored';
import { type Draft } from './draft';
import { reachOf, workflowsLeadingToGroups, workflowsLeadingToQueues, type Reach } from './leading';
import { NOUNS, type Noun } from './owners';
import { byName, nameOf, rightsOn, typeOf } from './queries';
import { type Readings } from './readings';
import { refuse } from './results';
import { type ObjectNames, type ObjectView, type ShownKind, type ShownObjects, type WorkflowView } from './views';
import { dutiesOf, warningsOf } from './warnings';

export interface ObjectQueryDeps { readonly db: Db; readonly pool: string; readonly sipDomain: string; readonly readings: Readings }
/** `ids`: only these. `first`: only so many, by name. */
export interface ObjectOptions { readonly ids?: readonly string[]; readonly first?: number }
type NameableKind = keyof ObjectNames;

const nounOf = (kind: ShownKind): Noun => (Object.keys(NOUNS) as Noun[]).find((noun) => NOUNS[noun].kind === kind) ?? 'trunk';

/** Which workflows use which objects, worked out for all of them at once. */
class Uses {
  private readonly using = new Map<string, Set<string>>();
  private readonly workflows: ReadonlyMap<string, Workflow>;

  constructor(reaches: readonly Reach[]) {
    this.workflows = new Map(reaches.map(({ workflow }) => [workflow.id, workflow]));
    for (const { workflow, queues, agentGroups } of reaches) {
      const scheduled = [...workflow.businessHoursId === null ? [] : [workflow.businessHoursId], ...workflow.holidaySetIds];
      for (const id of [...queues.map((one) => one.id), ...agentGroups.map((one) => one.id), ...scheduled]) this.of(id).add(workflow.id);
    }
  }

  /** Ids of the workflows that lead to the object, or observe it. */
  of(id: string): Set<string> {
    const known = this.using.get(id) ?? new Set<string>();
    this.using.set(id, known);
    return known;
  }

  view<K extends ShownKind>(roles: Roles, kind: K, stored: ObjectKinds[K]): ObjectView<K> & { readonly seen: boolean } {
    const noun = nounOf(kind);
    const made = 'workflowId' in stored && stored.workflowId != null ? [stored.workflowId] : [];
    const related = new Set([...this.of(stored.id), ...made]);
    const isSchedule = kind === 'businessHours' || kind === 'holidaySets';
    const target: Target = noun === 'trunk' ? { kind: 'pool' } : { kind: 'object', workflowIds: isSchedule ? made : [...related], preset: isSchedule && made.length === 0 };
    const can = (action: 'see' | 'change' | 'delete'): boolean => may(roles, `${noun as OwnedNoun}.${action}` as Action, target) === 'allowed';
    // A copy is made for the workflow that the original was made for, or, of a managed one, that leads to it.
    const owner = made[0] ?? [...related].find((id) => this.workflows.get(id)?.managed === true);
    const mayCopy = (): boolean => may(roles, `${noun as OwnedNoun}.copy`, { kind: 'object', workflowIds: owner === undefined ? [] : [owner] }) === 'allowed';
    const groups = [...related].flatMap((id) => this.workflows.get(id) ?? []).filter((one) => may(roles, 'group.see', { kind: 'group', workflowId: one.id }) === 'allowed').map(nameOf).sort(byName);
    return { id: stored.id, name: stored.name, version: stored.version, object: withoutSecret(kind, stored), groups, rights: { change: can('change'), delete: can('delete'), copy: mayCopy() }, seen: can('see') };
  }
}

/** What somebody who is no administrator may see of a kind at all: what their workflows lead to, what was made for them, and what any may use. */
function belonging(kind: ShownKind, roles: Roles, reaches: readonly Reach[]): Document {
  const made = { workflowId: { $in: [...roles.manages] } };
  if (kind === 'queues') return { $or: [{ _id: { $in: reaches.flatMap((one) => one.queues.map(({ id }) => id)) } }, made] };
  if (kind === 'agentGroups') return { $or: [{ _id: { $in: reaches.flatMap((one) => one.agentGroups.map(({ id }) => id)) } }, made] };
  return { $or: [made, { workflowId: null }] };
}

function withoutSecret<K extends ShownKind>(kind: K, stored: ObjectKinds[K]): ShownObjects[K] {
  if (kind !== 'trunks') return stored as unknown as ShownObjects[K];
  const { password, ...rest } = stored as ObjectKinds['trunks'];
  return { ...rest, hasPassword: password !== null } as unknown as ShownObjects[K];
}

export class ObjectQueries {
  constructor(private readonly deps: ObjectQueryDeps) {}

  /** @throws Refused 'notAllowed' for trunks, which administrators alone see */
  async objects<K extends ShownKind>(acting: Acting, kind: K, options: ObjectOptions = {}): Promise<ObjectView<K>[]> {
    const roles = await this.roles(acting);
    if (kind === 'trunks' && !roles.administrator) throw refuse('notAllowed', 'Only an administrator sees the trunks of the pool.');
    const draft = this.reading();
    const { ids, first } = options;
    const wanted = ids ?? (first !== undefined && roles.administrator && kind !== 'trunks' ? (await this.deps.readings.all(kind)).slice(0, first).map((one) => one.id) : undefined);
    const byId = wanted === undefined ? {} : { _id: { $in: [...wanted] } };
    if (roles.administrator) {
      const found = await draft.find(kind, byId, () => true);
      const workflows = wanted === undefined ? await draft.find('workflows', {}, () => true) : await this.leadingTo(draft, kind, found);
      return this.shown(roles, kind, new Uses(await reachOf(draft, workflows)), found).slice(0, first);
    }
    const reaches = await reachOf(draft, await this.byIds(draft, [...roles.manages]));
    const found = await draft.find(kind, wanted === undefined ? belonging(kind, roles, reaches) : byId, () => true);
    return this.shown(roles, kind, new Uses(reaches), found).slice(0, first);
  }

  /** What a form of this actor may name. */
  async objectNames(acting: Acting): Promise<ObjectNames> {
    const roles = await this.roles(acting);
    const { readings } = this.deps;
    const of = async (kind: NameableKind): Promise<ObjectNames['queues']> => (roles.administrator ? readings.all(kind) : (await this.objects(acting, kind)).map(({ id, name }) => ({ id, name })));
    const [queues, agentGroups, businessHours, holidaySets] = await Promise.all([of('queues'), of('agentGroups'), of('businessHours'), of('holidaySets')]);
    return { queues, agentGroups, businessHours, holidaySets };
  }

  private shown<K extends ShownKind>(roles: Roles, kind: K, uses: Uses, found: readonly ObjectKinds[K][]): ObjectView<K>[] {
    return found.map((one) => uses.view(roles, kind, one)).filter((one) => one.seen).map(({ seen: _seen, ...view }): ObjectView<K> => view).sort((one, other) => one.name.localeCompare(other.name));
  }

  /** The workflows that use one of these objects, or that one was made for. */
  private async leadingTo<K extends ShownKind>(draft: Draft, kind: K, found: readonly ObjectKinds[K][]): Promise<Workflow[]> {
    const ids = found.map((one) => one.id);
    const owners = found.flatMap((one) => ('workflowId' in one && one.workflowId != null ? [one.workflowId] : []));
    const using = async (): Promise<readonly Workflow[]> => {
      switch (kind) {
        case 'queues': return workflowsLeadingToQueues(draft, found as readonly ObjectKinds['queues'][]);
        case 'agentGroups': return workflowsLeadingToGroups(draft, ids);
        case 'businessHours': return draft.find('workflows', { businessHoursId: { $in: ids } }, () => true);
        case 'holidaySets': return draft.find('workflows', { holidaySetIds: { $in: ids } }, () => true);
        default: return [];
      }
    };
    return [...new Map([...await using(), ...await this.byIds(draft, owners)].map((one) => [one.id, one])).values()];
  }

  /** For who may change the workflow. @throws Refused 'notFound' or 'notAllowed' */
  async workflow(acting: Acting, workflowId: string): Promise<WorkflowView> {
    const roles = await this.roles(acting);
    const draft = this.reading();
    const verdict = may(roles, 'workflow.change', { kind: 'group', workflowId });
    const workflow = verdict === 'unseen' ? null : await draft.get('workflows', workflowId);
    if (!workflow) throw refuse('notFound', 'There is no such group.');
    if (verdict !== 'allowed') throw refuse('notAllowed', 'You may not change this group.');
    const [reach = { workflow, queues: [], agentGroups: [] }] = await reachOf(draft, [workflow]);
    // Rights on hours and holidays do not follow from who else observes them.
    const others = roles.administrator ? [workflow, ...(await this.leadingTo(draft, 'queues', reach.queues)), ...(await this.leadingTo(draft, 'agentGroups', reach.agentGroups))] : await this.byIds(draft, [...roles.manages]);
    const uses = new Uses(await reachOf(draft, others));
    const shown = <K extends ShownKind>(kind: K, objects: readonly ObjectKinds[K][]): ObjectView<K>[] => objects.map((one) => uses.view(roles, kind, one)).map(({ seen: _seen, ...view }) => view);
    const hours = workflow.businessHoursId === null ? null : await draft.get('businessHours', workflow.businessHoursId);
    const holidays = await draft.find('holidaySets', { _id: { $in: workflow.holidaySetIds } }, () => true);
    return {
      id: workflow.id, version: workflow.version, type: typeOf(workflow), address: `sip:${workflow.sipUser}@${this.deps.sipDomain}`, workflow,
      queues: shown('queues', reach.queues), agentGroups: shown('agentGroups', reach.agentGroups),
      businessHours: hours ? shown('businessHours', [hours])[0] ?? null : null, holidaySets: shown('holidaySets', holidays),
      rights: rightsOn(roles, workflow.id), warnings: warningsOf(reach, await dutiesOf(draft, [reach])),
    };
  }

  private async byIds(draft: Draft, ids: readonly string[]): Promise<Workflow[]> {
    return ids.length === 0 ? [] : draft.find('workflows', { _id: { $in: [...ids] } }, () => true);
  }

  private roles(acting: Acting): Promise<Roles> {
    return this.deps.readings.roles(acting);
  }

  private reading(): Draft {
    return this.deps.readings.draft();
  }
}
