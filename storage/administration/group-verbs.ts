// The verbs about groups: a workflow, its main queue and that queue's agent group, edited as one.
import { isDeepStrictEqual } from 'node:util';
import { may, type Action, type Verdict } from '../access';
import { type Workflow } from '../model/workflow';
import { type Subject } from '../stored';
import { type Changed, type Context, type Row } from './context';
import { blankGroup, formOf, putGroup, readGroup, versionsOf, type FormGroup, type Group } from './group-form';
import { mergeFields } from './merge';
import { removeWorkflow } from './removal';
import { faultOf, refuse } from './results';
import { ADDRESS_FIELDS, VERB_SCHEMAS, type GroupField, type GroupForm, type GroupVersions } from './verbs';
import { workflowWarnings } from './warnings';

export const groupSubject = ({ id, displayName }: Pick<Workflow, 'id' | 'displayName'>): Subject => ({ kind: 'group', id, name: displayName });

/** A group that was checked to be there. */
export async function knownGroup(context: Context, id: string): Promise<Group> {
  const group = await readGroup(context.draft, id);
  if (!group) throw refuse('notFound', 'There is no such group.');
  return group;
}

/** What the form edits, of a group that has it. */
async function knownForm(context: Context, id: string): Promise<FormGroup> {
  const { form, workflow } = await knownGroup(context, id);
  if (!form) throw refuse('conflict', `${workflow.displayName} leads to no queue with an agent group, so the form of a group does not fit it.`, [faultOf('id', id, 'ownForm')]);
  return form;
}

export async function onGroup(context: Context, action: Action, id: string): Promise<Verdict> {
  return await context.draft.get('workflows', id) ? may(context.roles, action, { kind: 'group', workflowId: id }) : 'unseen';
}

/** The form as it was when it was opened; `null` where the log no longer knows. */
async function openedForm(context: Context, now: FormGroup, versions: GroupVersions): Promise<GroupForm | null> {
  const current = versionsOf(now);
  const workflow = versions.workflow === current.workflow ? now.workflow : await context.log.objectAt('workflows', now.workflow.id, versions.workflow);
  const queue = versions.queue === current.queue ? now.queue : await context.log.objectAt('queues', now.queue.id, versions.queue);
  const agentGroup = versions.agentGroup === current.agentGroup ? now.agentGroup : await context.log.objectAt('agentGroups', now.agentGroup.id, versions.agentGroup);
  return workflow && queue && agentGroup && formOf({ workflow, queue, agentGroup });
}

async function saved<V extends 'group.change' | 'group.addManager' | 'group.removeManager'>(context: Context, value: Changed<V>['value']): Promise<Changed<V>> {
  const { workflow } = await knownGroup(context, value.id);
  return { value, subject: groupSubject(workflow), warnings: await workflowWarnings(context.draft, [value.id]) };
}

export const createGroup: Row<'group.create'> = {
  schema: VERB_SCHEMAS['group.create'],
  right: ({ roles }) => may(roles, 'group.create', { kind: 'pool' }),
  change: async (context, input) => {
    const ids = { workflow: context.newId('workflow'), queue: context.newId('queue'), agentGroup: context.newId('group') };
    await putGroup(context.draft, { ...input, active: input.active ?? input.managed }, blankGroup(context.draft.pool, ids, input));
    return { value: { id: ids.workflow }, subject: groupSubject({ id: ids.workflow, displayName: input.displayName }), warnings: await workflowWarnings(context.draft, [ids.workflow]) };
  },
};

export const changeGroup: Row<'group.change'> = {
  schema: VERB_SCHEMAS['group.change'],
  right: async (context, { id, changes }) => {
    const verdict = await onGroup(context, 'group.change', id);
    if (verdict !== 'allowed') return verdict;
    // A form may send back what it does not let its reader change, as long as it is as it was.
    const { workflow } = await knownGroup(context, id);
    const isAddressChanged = ADDRESS_FIELDS.some((field) => changes[field] !== undefined && !isDeepStrictEqual(changes[field], workflow[field]));
    return isAddressChanged ? onGroup(context, 'group.changeAddress', id) : 'allowed';
  },
  change: async (context, { id, versions, changes }) => {
    const group = await knownForm(context, id);
    const now = formOf(group);
    const ids = [group.workflow.id, group.queue.id, group.agentGroup.id];
    const effective = await mergeFields({ wanted: definedFields(changes), now, opened: await openedForm(context, group, versions), ids, log: context.log });
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
    const group = await knownGroup(context, id);
    await removeWorkflow(context.draft, group, { withQueues: true });
    return { value: { id }, subject: groupSubject(group.workflow) };
  },
};

export const addManager: Row<'group.addManager'> = {
  schema: VERB_SCHEMAS['group.addManager'],
  right: (context, { id }) => onGroup(context, 'group.addManager', id),
  change: async (context, { id, manager }) => {
    const { workflow } = await knownGroup(context, id);
    if (!workflow.managed) throw refuse('conflict', `${workflow.displayName} is not a managed group, so it has no managers.`, [faultOf('manager', manager.name, 'managedOnly')]);
    if (!workflow.managers.some((one) => one.personId === manager.personId)) await context.draft.put('workflows', { ...workflow, managers: [...workflow.managers, manager] });
    return saved<'group.addManager'>(context, { id });
  },
};

export const removeManager: Row<'group.removeManager'> = {
  schema: VERB_SCHEMAS['group.removeManager'],
  right: (context, { id }) => onGroup(context, 'group.removeManager', id),
  change: async (context, { id, personId }) => {
    const { workflow } = await knownGroup(context, id);
    await context.draft.put('workflows', { ...workflow, managers: workflow.managers.filter((one) => one.personId !== personId) });
    return saved<'group.removeManager'>(context, { id });
  },
};

/** Optional fields of a parsed form, without those that were left out. */
export function definedFields<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
