// Copying a workflow with what is its own.
import { may } from '../access';
import { LIMITS } from '../model/limits';
import { type CallAction } from '../model/call-action';
import { type Workflow } from '../model/workflow';
import { type Queue } from '../model/queue';
import { type Row } from './context';
import { type Draft } from './draft';
import { groupSubject, knownGroup, onGroup } from './group-verbs';
import { VERB_SCHEMAS } from './verbs';
import { workflowWarnings } from './warnings';

/** New ids by the old ones; what was not copied keeps its own. */
export type Renamed = ReadonlyMap<string, string>;

export const copyWorkflow: Row<'workflow.copy'> = {
  schema: VERB_SCHEMAS['workflow.copy'],
  right: async (context, { id }) => {
    const verdict = await onGroup(context, 'group.see', id);
    return verdict === 'allowed' ? may(context.roles, 'workflow.copy', { kind: 'pool' }) : verdict;
  },
  change: async (context, { id, name, sipUser }) => {
    const { draft } = context;
    const group = await knownGroup(context, id);
    const newId = context.newId('workflow');
    const original = group.workflow;
    const isOwn = (one: { readonly workflowId?: string | null | undefined }): boolean => one.workflowId === id;
    // A managed workflow shares with no other; an unmanaged one shares what was not made for it alone.
    const queues = original.managed ? group.queues : group.queues.filter(isOwn);
    const agentGroups = original.managed ? group.agentGroups : group.agentGroups.filter(isOwn);
    const hours = await draft.find('businessHours', { workflowId: id }, isOwn);
    const holidays = await draft.find('holidaySets', { workflowId: id }, isOwn);
    const renamed = new Map<string, string>([
      ...queues.map((one) => [one.id, context.newId('queue')] as const), ...agentGroups.map((one) => [one.id, context.newId('group')] as const),
      ...hours.map((one) => [one.id, context.newId('hours')] as const), ...holidays.map((one) => [one.id, context.newId('holidays')] as const),
    ]);
    const nameFor = (old: string): string => (old === original.sipUser ? sipUser : old.includes(original.displayName) ? old.replaceAll(original.displayName, name) : `${old} (${name})`);

    await draft.put('workflows', {
      ...original, id: newId, displayName: name, sipUser, telephoneNumber: null, displayNumber: '', active: false,
      businessHoursId: original.businessHoursId === null ? null : idOf(renamed, original.businessHoursId), holidaySetIds: original.holidaySetIds.map((one) => idOf(renamed, one)),
      ...actionsAnew(original, renamed),
    });
    for (const one of hours) await draft.put('businessHours', { ...one, id: idOf(renamed, one.id), workflowId: newId });
    for (const one of holidays) await draft.put('holidaySets', { ...one, id: idOf(renamed, one.id), workflowId: newId });
    for (const one of agentGroups) await draft.put('agentGroups', { ...one, id: idOf(renamed, one.id), name: await freeName(draft, 'agentGroups', nameFor(one.name)), ...ownedAnew(one, newId) });
    for (const one of queues) await draft.put('queues', { ...queueAnew(one, renamed), name: await freeName(draft, 'queues', nameFor(one.name)), ...ownedAnew(one, newId) });
    return { value: { id: newId }, subject: groupSubject({ id: newId, displayName: name }), warnings: await workflowWarnings(draft, [newId]) };
  },
};

export const idOf = (renamed: Renamed, id: string): string => renamed.get(id) ?? id;
const ownedAnew = ({ workflowId }: { readonly workflowId?: string | undefined }, newId: string): { readonly workflowId?: string } => (workflowId === undefined ? {} : { workflowId: newId });
/** Questions keep their ids, which are unique in their workflow alone. */
function actionAnew<A extends CallAction | { readonly kind: 'question' }>(action: A, renamed: Renamed): A {
  return 'queueId' in action ? { ...action, queueId: idOf(renamed, action.queueId) } : action;
}

export function actionsAnew({ defaultAction, closedAction, holidayAction, questions }: Workflow, renamed: Renamed): Pick<Workflow, 'defaultAction' | 'closedAction' | 'holidayAction' | 'questions'> {
  return {
    defaultAction: defaultAction.kind === 'queue' ? { ...defaultAction, queueId: idOf(renamed, defaultAction.queueId) } : defaultAction,
    closedAction: actionAnew(closedAction, renamed), holidayAction: actionAnew(holidayAction, renamed),
    questions: questions.map((one) => ({ ...one, fallback: one.fallback && actionAnew(one.fallback, renamed), answers: one.answers.map((answer) => ({ ...answer, action: actionAnew(answer.action, renamed) })) })),
  };
}

export function queueAnew(one: Queue, renamed: Renamed): Queue {
  return {
    ...one, id: idOf(renamed, one.id), agentGroupIds: one.agentGroupIds.map((id) => idOf(renamed, id)),
    timeoutAction: actionAnew(one.timeoutAction, renamed), overflowAction: actionAnew(one.overflowAction, renamed),
    noAgentsAction: one.noAgentsAction && actionAnew(one.noAgentsAction, renamed), leaveAction: actionAnew(one.leaveAction, renamed),
  };
}

/** The name, or with a number behind it where another has it: names are unique in their pool. Never longer than a name may be. */
async function freeName(draft: Draft, kind: 'queues' | 'agentGroups', wanted: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const behind = count === 1 ? '' : ` ${count}`;
    const name = `${wanted.slice(0, LIMITS.displayNameLength.max - behind.length)}${behind}`;
    if ((await draft.find(kind, { name }, (one) => one.name === name)).length === 0) return name;
  }
}
