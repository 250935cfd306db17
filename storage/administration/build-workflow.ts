// Making a workflow together with everything it leads to, in one transaction: nothing of it is there before all of it is.
import { may } from '../access';
import { OBJECT_SCHEMAS } from '../kinds';
import { workflow as workflowSchema } from '../model/workflow';
import { type Row } from './context';
import { actionsAnew, idOf, queueAnew, type Renamed } from './copy-workflow';
import { definedFields, groupSubject } from './group-verbs';
import { VERB_SCHEMAS } from './verbs';
import { workflowWarnings } from './warnings';

export const buildWorkflow: Row<'workflow.build'> = {
  schema: VERB_SCHEMAS['workflow.build'],
  right: ({ roles }) => may(roles, 'workflow.build', { kind: 'pool' }),
  change: async (context, { workflow: wanted, queues, agentGroups, businessHours, holidaySets }) => {
    const { draft } = context;
    const { pool } = draft;
    const id = context.newId('workflow');
    const renamed: Renamed = new Map([
      ...queues.map((one) => [one.id, context.newId('queue')] as const), ...agentGroups.map((one) => [one.id, context.newId('group')] as const),
      ...businessHours.map((one) => [one.id, context.newId('hours')] as const), ...holidaySets.map((one) => [one.id, context.newId('holidays')] as const),
    ]);
    const anew = (one: { readonly id: string }): object => ({ ...definedFields(one), id: idOf(renamed, one.id), pool, version: 1 });
    const made = workflowSchema.parse({ managed: false, managers: [], ...definedFields(wanted), id, pool, version: 1 });
    // First, for what is its own is held against it.
    await draft.put('workflows', {
      ...made, ...actionsAnew(made, renamed), businessHoursId: made.businessHoursId === null ? null : idOf(renamed, made.businessHoursId), holidaySetIds: made.holidaySetIds.map((one) => idOf(renamed, one)),
    });
    for (const one of businessHours) await draft.put('businessHours', OBJECT_SCHEMAS.businessHours.parse({ ...anew(one), workflowId: id }));
    for (const one of holidaySets) await draft.put('holidaySets', OBJECT_SCHEMAS.holidaySets.parse({ ...anew(one), workflowId: id }));
    for (const one of agentGroups) await draft.put('agentGroups', OBJECT_SCHEMAS.agentGroups.parse({ agentIds: [], ...anew(one) }));
    for (const one of queues) {
      const queue = OBJECT_SCHEMAS.queues.parse({ agentGroupIds: [], ...anew(one) });
      await draft.put('queues', queueAnew({ ...queue, id: one.id }, renamed));
    }
    return { value: { id }, subject: groupSubject(made), warnings: await workflowWarnings(draft, [id]) };
  },
};
