// The verbs about workflows by themselves: every field of one, its questions and actions among them.
import { isDeepStrictEqual } from 'node:util';
import { may } from '../access';
import { workflow as workflowSchema, type Workflow } from '../model/workflow';
import { type Context, type Row } from './context';
import { definedFields, groupSubject, knownGroup, onGroup } from './group-verbs';
import { mergeFields } from './merge';
import { workflowShape } from './object-inputs';
import { removeWorkflow } from './removal';
import { ADDRESS_FIELDS, VERB_SCHEMAS } from './verbs';
import { workflowWarnings } from './warnings';

type WorkflowFields = Omit<Workflow, 'id' | 'pool' | 'version'>;
const fieldsOf = (one: Workflow): WorkflowFields => Object.fromEntries(Object.keys(workflowShape).map((field) => [field, one[field as keyof Workflow]])) as unknown as WorkflowFields;

/** Whether two versions differ in what an administrator alone may change: the address, who manages it and what managers may change, and whether it asks questions first. */
export function isAddressChanged(before: Workflow, after: Partial<WorkflowFields>): boolean {
  const changed = definedFields(after);
  return [...ADDRESS_FIELDS, 'managerPermissions' as const].some((field) => changed[field] !== undefined && !isDeepStrictEqual(changed[field], before[field]))
    || (changed.defaultAction !== undefined && changed.defaultAction.kind !== before.defaultAction.kind);
}

export const createWorkflow: Row<'workflow.create'> = {
  schema: VERB_SCHEMAS['workflow.create'],
  right: ({ roles }) => may(roles, 'workflow.create', { kind: 'pool' }),
  change: async (context, input) => {
    const { draft } = context;
    const id = context.newId('workflow');
    const managed = input.managed ?? false;
    const created = workflowSchema.parse({ id, pool: draft.pool, version: 1, active: managed, managers: [], ...definedFields(input), managed });
    await draft.put('workflows', created);
    return { value: { id }, subject: groupSubject(created), warnings: await workflowWarnings(draft, [id]) };
  },
};

export const changeWorkflow: Row<'workflow.change'> = {
  schema: VERB_SCHEMAS['workflow.change'],
  right: async (context, { id, changes }) => {
    const verdict = await onGroup(context, 'workflow.change', id);
    if (verdict !== 'allowed') return verdict;
    const { workflow } = await knownGroup(context, id);
    return isAddressChanged(workflow, definedFields(changes)) ? onGroup(context, 'group.changeAddress', id) : 'allowed';
  },
  change: async (context, { id, version, changes }) => {
    const { draft, log } = context;
    const { workflow: now } = await knownGroup(context, id);
    const opened = version === now.version ? now : await log.objectAt('workflows', id, version);
    const effective = await mergeFields<WorkflowFields>({ wanted: definedFields(changes), now: fieldsOf(now), opened: opened && fieldsOf(opened), ids: [id], log });
    // A group that is no longer managed has no managers.
    const managers = effective.managed === false && effective.managers === undefined ? { managers: [] } : {};
    const changed = { ...now, ...effective, ...managers };
    await draft.put('workflows', changed);
    return { value: { id }, subject: groupSubject(changed), warnings: await workflowWarnings(draft, [id]) };
  },
};

export const deleteWorkflow: Row<'workflow.delete'> = {
  schema: VERB_SCHEMAS['workflow.delete'],
  right: (context, { id }) => onGroup(context, 'workflow.delete', id),
  change: async (context: Context, { id }) => {
    const group = await knownGroup(context, id);
    await removeWorkflow(context.draft, group, { withQueues: false });
    return { value: { id }, subject: groupSubject(group.workflow) };
  },
};
