// Which fields of a form a manager is shown, where an administrator has narrowed what managers may change. Pure; storage decides again.
import { type ManagerPermission } from '../../storage/model/workflow';
import { type FormKind } from './kinds';

type Needs = Readonly<Record<string, readonly ManagerPermission[]>>;

/** Any one of them is enough to be shown the field; what of it may be changed, storage says. */
const OF_WORKFLOW: Needs = {
  displayName: ['details'], description: ['details'], displayNumber: ['details'], language: ['details'], timeZone: ['details'], priority: ['details'], agentAnonymity: ['details'],
  welcome: ['prompts'], music: ['prompts'], businessHoursId: ['schedules'], holidaySetIds: ['schedules'], closedAction: ['targets', 'prompts'], holidayAction: ['targets', 'prompts'], defaultAction: ['targets'], active: ['active'],
};
/** Of the form that edits a group with its queue and agents. */
const OF_GROUP: Needs = {
  displayName: ['details'], description: ['details'], language: ['details'], priority: ['details'], welcomeText: ['prompts'], timeoutText: ['prompts'], overflowText: ['prompts'],
  timeoutSeconds: ['queues'], overflowThreshold: ['queues'], overflowCandidate: ['queues'], announceSeconds: ['queues'],
  routingMethod: ['agentGroups'], participation: ['agentGroups'], alertTimeSeconds: ['agentGroups'], wrapUpSeconds: ['agentGroups'], autoPauseAfter: ['agentGroups'], agentIds: ['agentGroups'], active: ['active'],
};

/** `permissions` left out: all. */
export function permitted(kind: FormKind | 'group', field: string, permissions: readonly ManagerPermission[] | undefined): boolean {
  const needs = kind === 'workflow' ? OF_WORKFLOW[field] : kind === 'group' ? OF_GROUP[field] : undefined;
  return permissions === undefined || needs === undefined || needs.some((one) => permissions.includes(one));
}
