// Between the flat form people edit and the three objects a group is made of: a workflow, its main queue and that queue's first agent group.
import { agentGroup as agentGroupSchema, type AgentGroup } from '../model/agent-group';
import { type Prompt } from '../model/prompt';
import { queue as queueSchema, type Queue } from '../model/queue';
import { mainQueueId, workflow as workflowSchema, type Workflow } from '../model/workflow';
import { type Draft } from './draft';
import { reachOf, type Reach } from './leading';
import { type GroupForm, type GroupVersions } from './verbs';

/** What the form edits. */
export interface FormGroup { readonly workflow: Workflow; readonly queue: Queue; readonly agentGroup: AgentGroup }

/** A workflow, all it leads to, and what the form edits; `form` is null where it leads to no queue with an agent group. */
export interface Group extends Reach { readonly form: FormGroup | null }

export function groupOf(reach: Reach): Group {
  const mainId = mainQueueId(reach.workflow);
  const queue = reach.queues.find((one) => one.id === mainId);
  const agentGroup = queue && reach.agentGroups.find((one) => one.id === queue.agentGroupIds[0]);
  return { ...reach, form: queue && agentGroup ? { workflow: reach.workflow, queue, agentGroup } : null };
}

/** Reads a workflow with all it leads to; `null` when there is none of that id. */
export async function readGroup(draft: Draft, workflowId: string): Promise<Group | null> {
  const workflow = await draft.get('workflows', workflowId);
  const [reach] = workflow ? await reachOf(draft, [workflow]) : [];
  return reach ? groupOf(reach) : null;
}

const spokenIn = (prompt: Prompt | null): string => prompt?.text ?? '';
/** A text that was not changed keeps its audio file; another text takes its place, since the file would win. */
const spokenAs = (text: string, before: Prompt | null): Prompt | null => (text === spokenIn(before) ? before : text === '' ? null : { text, audio: null });

export const workflowFields = (one: Workflow) => ({
  displayName: one.displayName, description: one.description, sipUser: one.sipUser, telephoneNumber: one.telephoneNumber, displayNumber: one.displayNumber,
  language: one.language, timeZone: one.timeZone, welcomeText: spokenIn(one.welcome), priority: one.priority, agentAnonymity: one.agentAnonymity, federation: one.federation,
  active: one.active, managed: one.managed, managers: one.managers,
});
export const queueFields = (one: Queue) => ({
  timeoutSeconds: one.timeoutSeconds, timeoutText: spokenIn(one.timeoutAction.prompt),
  overflowThreshold: one.overflowThreshold, overflowCandidate: one.overflowCandidate, overflowText: spokenIn(one.overflowAction.prompt), announceSeconds: one.announceSeconds,
});
export const agentGroupFields = (one: AgentGroup) => ({
  routingMethod: one.routingMethod, participation: one.participation, alertTimeSeconds: one.alertTimeSeconds, wrapUpSeconds: one.wrapUpSeconds, autoPauseAfter: one.autoPauseAfter, agentIds: one.agentIds,
});

export function formOf({ workflow, queue, agentGroup }: FormGroup): GroupForm {
  return { ...workflowFields(workflow), ...queueFields(queue), ...agentGroupFields(agentGroup) };
}

export function versionsOf({ workflow, queue, agentGroup }: FormGroup): GroupVersions {
  return { workflow: workflow.version, queue: queue.version, agentGroup: agentGroup.version };
}

/** A hunt group that is made anew, under these ids, for the form to be put over it. */
export function blankGroup(pool: string, ids: { readonly workflow: string; readonly queue: string; readonly agentGroup: string }, { sipUser, displayName }: Pick<GroupForm, 'sipUser' | 'displayName'>): FormGroup {
  const stored = { pool, version: 1 };
  return {
    workflow: workflowSchema.parse({ ...stored, id: ids.workflow, sipUser, displayName, managed: false, managers: [], defaultAction: { kind: 'queue', queueId: ids.queue } }),
    queue: queueSchema.parse({ ...stored, id: ids.queue, name: sipUser, agentGroupIds: [ids.agentGroup] }),
    agentGroup: agentGroupSchema.parse({ ...stored, id: ids.agentGroup, name: sipUser, agentIds: [] }),
  };
}

/** Puts what the form says into the draft, and leaves the rest of the group as it is. */
export async function putGroup(draft: Draft, form: GroupForm, { workflow, queue, agentGroup }: FormGroup): Promise<void> {
  const {
    welcomeText, routingMethod, participation, alertTimeSeconds, wrapUpSeconds, autoPauseAfter, agentIds,
    timeoutSeconds, timeoutText, overflowThreshold, overflowCandidate, overflowText, announceSeconds, ...ofWorkflow
  } = form;
  // A queue and an agent group that were named after the address go on to be.
  const nameOf = async (kind: 'queues' | 'agentGroups', { id, name }: Queue | AgentGroup): Promise<string> => (name === workflow.sipUser ? freeName(draft, kind, id, form.sipUser) : name);
  await draft.put('workflows', { ...workflow, ...ofWorkflow, welcome: spokenAs(welcomeText, workflow.welcome) });
  await draft.put('queues', {
    ...queue, name: await nameOf('queues', queue), timeoutSeconds, overflowThreshold, overflowCandidate, announceSeconds,
    timeoutAction: { ...queue.timeoutAction, prompt: spokenAs(timeoutText, queue.timeoutAction.prompt) },
    overflowAction: { ...queue.overflowAction, prompt: spokenAs(overflowText, queue.overflowAction.prompt) },
  });
  await draft.put('agentGroups', { ...agentGroup, name: await nameOf('agentGroups', agentGroup), routingMethod, participation, alertTimeSeconds, wrapUpSeconds, autoPauseAfter, agentIds });
}

/** The name, or with a number after it where another has it: names are unique in their pool. */
async function freeName(draft: Draft, kind: 'queues' | 'agentGroups', id: string, wanted: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted} ${count}`;
    const others = (await draft.find(kind, { name }, (one) => one.name === name)).filter((one) => one.id !== id);
    if (others.length === 0) return name;
  }
}
