// The verbs about groups: a workflow, its queue and its agent group, edited as one.
import { may, type Action, type Verdict } from '../access';
import { type Subject } from '../stored';
import { type Changed, type Context, type Row } from './context';
import { blankGroup, formOf, putGroup, readGroup, versionsOf, warningsOf, type Group } from './group-form';
import { mergeFields } from './merge';
import { refuse, type Warning } from './results';
import { ADDRESS_FIELDS, VERB_SCHEMAS, type GroupField, type GroupForm, type GroupVersions } from './verbs';
import { isDeepStrictEqual } from 'node:util';

export const groupSubject = ({ id, displayName }: { readonly id: string; readonly displayName: string }): Subject => ({ kind: 'group', id, name: displayName });

/** A group that was checked to be there. */
async function known(context: Context, id: string): Promise<Group> {
  const group = await readGroup(context.draft, id);
  if (!group) throw refuse('notFound', 'There is no such group.');
  return group;
}

async function onGroup(context: Context, action: Action, id: string): Promise<Verdict> {
  return await context.draft.get('workflows', id) ? may(context.roles, action, { kind: 'group', workflowId: id }) : 'unseen';
}

/** The group's warnings as the draft now has it. */
export async function groupWarnings(context: Context, id: string): Promise<Warning[]> {
  const group = await known(context, id);
  const { agentIds } = group.agentGroup;
  const onDuty = await context.draft.find('duties', { _id: { $in: agentIds }, onDuty: true }, (duty) => agentIds.includes(duty.agentId) && duty.onDuty);
  return warningsOf(group, new Set(onDuty.map((duty) => duty.agentId)));
}

/** The form as it was when it was opened; `null` where the log no longer knows. */
async function openedForm(context: Context, now: Group, versions: GroupVersions): Promise<GroupForm | null> {
  const current = versionsOf(now);
  const workflow = versions.workflow === current.workflow ? now.workflow : await context.log.objectAt('workflows', now.workflow.id, versions.workflow);
  const queue = versions.queue === current.queue ? now.queue : await context.log.objectAt('queues', now.queue.id, versions.queue);
  const agentGroup = versions.agentGroup === current.agentGroup ? now.agentGroup : await context.log.objectAt('agentGroups', now.agentGroup.id, versions.agentGroup);
  return workflow && queue && agentGroup && formOf({ workflow, queue, agentGroup });
}

async function saved<V extends 'group.change' | 'group.addManager' | 'group.removeManager'>(context: Context, value: Changed<V>['value']): Promise<Changed<V>> {
  const { workflow } = await known(context, value.id);
  return { value, subject: groupSubject(workflow), warnings: await groupWarnings(context, value.id) };
}

export const createGroup: Row<'group.create'> = {
  schema: VERB_SCHEMAS['group.create'],
  right: ({ roles }) => may(roles, 'group.create', { kind: 'pool' }),
  change: async (context, input) => {
    const ids = { workflow: context.newId('workflow'), queue: context.newId('queue'), agentGroup: context.newId('group') };
    await putGroup(context.draft, { ...input, active: input.active ?? input.managed }, blankGroup(ids));
    return { value: { id: ids.workflow }, subject: groupSubject({ id: ids.workflow, displayName: input.displayName }), warnings: await groupWarnings(context, ids.workflow) };
  },
};

export const changeGroup: Row<'group.change'> = {
  schema: VERB_SCHEMAS['group.change'],
  right: async (context, { id, changes }) => {
    const verdict = await onGroup(context, 'group.change', id);
    if (verdict !== 'allowed') return verdict;
    // A form may send back what it does not let its reader change, as long as it is as it was.
    const now = formOf(await known(context, id));
    const isAddressChanged = ADDRESS_FIELDS.some((field) => changes[field] !== undefined && !isDeepStrictEqual(changes[field], now[field]));
    return isAddressChanged ? onGroup(context, 'group.changeAddress', id) : 'allowed';
  },
  change: async (context, { id, versions, changes }) => {
    const group = await known(context, id);
    const now = formOf(group);
    const wanted = definedFields(changes);
    const ids = [group.workflow.id, group.queue.id, group.agentGroup.id];
    const effective = await mergeFields({ wanted, now, opened: await openedForm(context, group, versions), ids, log: context.log });
    // A group that is no longer managed has no managers.
    const managers = effective.managed === false && effective.managers === undefined ? { managers: [] } : {};
    await putGroup(context.draft, { ...now, ...effective, ...managers }, group);
    return saved<'group.change'>(context, { id, changed: Object.keys({ ...effective, ...managers }) as GroupField[] });
  },
};

export const deleteGroup: Row<'group.delete'> = {
  schema: VERB_SCHEMAS['group.delete'],
  right: (context, { id }) => onGroup(context, 'group.delete', id),
  change: async (context, { id }) => {
    const { workflow, queue, agentGroup } = await known(context, id);
    const { draft } = context;
    await draft.remove('workflows', id);
    // What another, unmanaged group shares stays.
    const isQueueShared = (await draft.find('workflows', { 'defaultAction.queueId': queue.id }, (one) => one.defaultAction.queueId === queue.id)).length > 0;
    if (!isQueueShared) await draft.remove('queues', queue.id);
    const isAgentGroupShared = (await draft.find('queues', { agentGroupIds: agentGroup.id }, (one) => one.agentGroupIds.includes(agentGroup.id))).length > 0;
    if (!isAgentGroupShared) await draft.remove('agentGroups', agentGroup.id);
    return { value: { id }, subject: groupSubject(workflow) };
  },
};

export const addManager: Row<'group.addManager'> = {
  schema: VERB_SCHEMAS['group.addManager'],
  right: (context, { id }) => onGroup(context, 'group.addManager', id),
  change: async (context, { id, manager }) => {
    const group = await known(context, id);
    const form = formOf(group);
    if (!form.managed) throw refuse('conflict', `${form.displayName} is not a managed group, so it has no managers.`, [{ field: 'manager', value: manager.name, message: 'can be named for a managed group only' }]);
    if (!form.managers.some((one) => one.personId === manager.personId)) await putGroup(context.draft, { ...form, managers: [...form.managers, manager] }, group);
    return saved<'group.addManager'>(context, { id });
  },
};

export const removeManager: Row<'group.removeManager'> = {
  schema: VERB_SCHEMAS['group.removeManager'],
  right: (context, { id }) => onGroup(context, 'group.removeManager', id),
  change: async (context, { id, personId }) => {
    const group = await known(context, id);
    const form = formOf(group);
    await putGroup(context.draft, { ...form, managers: form.managers.filter((one) => one.personId !== personId) }, group);
    return saved<'group.removeManager'>(context, { id });
  },
};

/** Optional fields of a parsed form, without those that were left out. */
export function definedFields<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
