// Between the flat form people edit and the three objects a group is made of.
import { type AgentGroup } from '../model/agent-group';
import { LANGUAGES } from '../model/languages';
import { type CallAction, type Prompt } from '../model/prompt';
import { type Queue } from '../model/queue';
import { type Workflow } from '../model/workflow';
import { type Draft } from './draft';
import { type Warning } from './results';
import { type GroupForm, type GroupVersions } from './verbs';

/** A workflow with the queue it leads to and the agent group that serves the queue first. */
export interface Group { readonly workflow: Workflow; readonly queue: Queue; readonly agentGroup: AgentGroup }

const spokenIn = (prompt: Prompt | null): string => prompt?.text ?? '';
const promptOf = (text: string): Prompt | null => (text === '' ? null : { text });
const disconnect = (text: string): CallAction => ({ kind: 'disconnect', prompt: promptOf(text) });

export const workflowFields = (one: Workflow) => ({
  displayName: one.displayName, description: one.description, sipUser: one.sipUser, telephoneNumber: one.telephoneNumber, displayNumber: one.displayNumber,
  language: one.language, timeZone: one.timeZone, welcomeText: spokenIn(one.welcome), active: one.active, managed: one.managed, managers: one.managers,
});
export const queueFields = (one: Queue) => ({
  timeoutSeconds: one.timeoutSeconds, timeoutText: spokenIn(one.timeoutAction.prompt),
  overflowThreshold: one.overflowThreshold, overflowText: spokenIn(one.overflowAction.prompt),
});
export const agentGroupFields = (one: AgentGroup) => ({ routingMethod: one.routingMethod, alertTimeSeconds: one.alertTimeSeconds, wrapUpSeconds: one.wrapUpSeconds, agentIds: one.agentIds });

export function formOf({ workflow, queue, agentGroup }: Group): GroupForm {
  return { ...workflowFields(workflow), ...queueFields(queue), ...agentGroupFields(agentGroup) };
}

export function versionsOf({ workflow, queue, agentGroup }: Group): GroupVersions {
  return { workflow: workflow.version, queue: queue.version, agentGroup: agentGroup.version };
}

/** Reads a workflow with its queue and agent group; `null` when there is none of that id. */
export async function readGroup(draft: Draft, workflowId: string): Promise<Group | null> {
  const workflow = await draft.get('workflows', workflowId);
  if (!workflow) return null;
  const queue = await draft.get('queues', workflow.defaultAction.queueId);
  const agentGroup = queue && await draft.get('agentGroups', queue.agentGroupIds[0] ?? '');
  if (!queue || !agentGroup) throw new Error(`The workflow ${workflowId} leads to no queue with an agent group.`);
  return { workflow, queue, agentGroup };
}

/** What a group has beside what the form shows. */
export interface BehindTheForm {
  readonly workflow: Pick<Workflow, 'id' | 'agentAnonymity' | 'federation' | 'defaultAction'>;
  readonly queue: Pick<Queue, 'id' | 'agentGroupIds' | 'overflowCandidate'>;
  readonly agentGroup: Pick<AgentGroup, 'id' | 'participation'>;
}

/** A group that is made anew, under these ids. */
export function blankGroup(ids: { readonly workflow: string; readonly queue: string; readonly agentGroup: string }): BehindTheForm {
  return {
    workflow: { id: ids.workflow, agentAnonymity: false, federation: false, defaultAction: { kind: 'queue', queueId: ids.queue } },
    queue: { id: ids.queue, agentGroupIds: [ids.agentGroup], overflowCandidate: 'newestCall' },
    agentGroup: { id: ids.agentGroup, participation: 'informal' },
  };
}

/** Puts what the form says into the draft, and leaves the rest of the group as it is. */
export async function putGroup(draft: Draft, form: GroupForm, rest: BehindTheForm): Promise<void> {
  // Names of queues and agent groups are unique in their pool, as the SIP user is, and nobody reads them: people know the group by its workflow.
  const name = form.sipUser;
  const { welcomeText, timeoutSeconds, timeoutText, overflowThreshold, overflowText, routingMethod, alertTimeSeconds, wrapUpSeconds, agentIds, ...workflow } = form;
  await draft.put('workflows', { ...rest.workflow, ...workflow, welcome: promptOf(welcomeText) });
  await draft.put('queues', { ...rest.queue, name, timeoutSeconds, timeoutAction: disconnect(timeoutText), overflowThreshold, overflowAction: disconnect(overflowText) });
  await draft.put('agentGroups', { ...rest.agentGroup, name, routingMethod, alertTimeSeconds, wrapUpSeconds, agentIds });
}

/** What is worth saying about a group. `onDuty`: ids of agents on duty. */
export function warningsOf({ workflow, queue, agentGroup }: Group, onDuty: ReadonlySet<string>): Warning[] {
  const workflowId = workflow.id;
  const warnings: Warning[] = [];
  if (workflow.active && !agentGroup.agentIds.some((id) => onDuty.has(id))) warnings.push({ code: 'nobodyOnDuty', workflowId });
  if (workflow.active && queue.timeoutSeconds === null && queue.overflowThreshold === null) warnings.push({ code: 'waitsForever', workflowId });
  if (workflow.managed && workflow.managers.length === 0) warnings.push({ code: 'noManager', workflowId });
  const speaks = workflow.welcome !== null || queue.timeoutAction.prompt !== null || queue.overflowAction.prompt !== null;
  if (speaks && LANGUAGES[workflow.language] === null) warnings.push({ code: 'voiceMissing', workflowId, language: workflow.language });
  return warnings;
}
