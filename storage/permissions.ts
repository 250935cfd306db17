// Pure: which of a manager's permissions a change needs, by the fields it touches.
import { isDeepStrictEqual } from 'node:util';
import { type AnswerAction } from './model/call-action';
import { type ObjectChange } from './model/configuration';
import { type Queue } from './model/queue';
import { type ManagerPermission, type Workflow } from './model/workflow';

/** `action`: where it leads needs `targets`, what is said before needs `prompts`. `null`: no manager's permission is about it; a right of its own is. */
type Need = ManagerPermission | 'action' | null;
type Own<T> = Omit<T, 'id' | 'pool' | 'version'>;

/** Every field has its line, so that a new one does not compile before somebody has decided. */
const OF_WORKFLOW: { readonly [F in keyof Own<Workflow>]-?: Need } = {
  displayName: 'details', description: 'details', displayNumber: 'details', language: 'details', timeZone: 'details', agentAnonymity: 'details', priority: 'details',
  welcome: 'prompts', music: 'prompts', businessHoursId: 'schedules', holidaySetIds: 'schedules', closedAction: 'action', holidayAction: 'action', defaultAction: 'targets',
  questions: 'questions', active: 'active', managers: 'managers',
  sipUser: null, telephoneNumber: null, federation: null, managed: null, managerPermissions: null,
};
const OF_QUEUE: { readonly [F in keyof Own<Queue>]-?: Need } = {
  name: 'queues', workflowId: 'queues', agentGroupIds: 'queues', timeoutSeconds: 'queues', overflowThreshold: 'queues', overflowCandidate: 'queues', announceSeconds: 'queues', leaveKey: 'queues', callBackKey: 'queues',
  timeoutAction: 'action', overflowAction: 'action', noAgentsAction: 'action', leaveAction: 'action',
};

/** Each once. Creating and deleting a queue needs `queues`, whatever stands in it. */
export function permissionsNeeded(change: ObjectChange): readonly ManagerPermission[] {
  switch (change.kind) {
    case 'workflows': return change.before && change.after ? needed(OF_WORKFLOW, change.before, change.after) : [];
    case 'queues': return change.before && change.after ? needed(OF_QUEUE, change.before, change.after) : ['queues'];
    case 'agentGroups': return ['agentGroups'];
    case 'businessHours':
    case 'holidaySets': return ['schedules'];
    case 'agents':
    case 'duties':
    case 'settings':
    case 'trunks': return [];
  }
}

function needed<T extends object>(needs: Readonly<Record<string, Need>>, before: T, after: T): readonly ManagerPermission[] {
  const found = Object.entries(needs).flatMap(([field, need]): ManagerPermission[] => {
    const [was, is] = [before[field as keyof T], after[field as keyof T]] as readonly [unknown, unknown];
    if (need === null || isDeepStrictEqual(was ?? null, is ?? null)) return [];
    return need === 'action' ? ofAction(was as AnswerAction | null, is as AnswerAction | null) : [need];
  });
  return [...new Set(found)];
}

function ofAction(before: AnswerAction | null, after: AnswerAction | null): ManagerPermission[] {
  const target = (action: AnswerAction | null): unknown => action && { ...action, prompt: null };
  return [
    ...isDeepStrictEqual(target(before), target(after)) ? [] : ['targets' as const],
    ...isDeepStrictEqual(before?.prompt ?? null, after?.prompt ?? null) ? [] : ['prompts' as const],
  ];
}
