// What is true of a group and worth saying, but nothing is refused for.
import { type Duty } from '../model/agent';
import { type AgentGroup } from '../model/agent-group';
import { LANGUAGES } from '../model/languages';
import { promptsOfQueue, promptsOfWorkflow, sizeOfMenu } from '../reach';
import { type Draft } from './draft';
import { reachOf, type Reach } from './leading';
import { type Warning } from './results';

/** Past this, callers lose their way: the advice of the original. */
const MENU = { levels: 3, answers: 5 };

/** On duty, and signed in where the agent group wants that; an agent at pause still is. */
export const isSignedIn = ({ id, participation }: AgentGroup, duty: Duty | undefined): boolean => duty?.onDuty === true && (participation === 'informal' || duty.signedIn.includes(id));

/** `duties`: of the agents who are on duty, at the least. */
export function warningsOf({ workflow, queues, agentGroups }: Reach, duties: ReadonlyMap<string, Duty>): Warning[] {
  const workflowId = workflow.id;
  const warnings: Warning[] = [];
  const isServed = agentGroups.some((group) => group.agentIds.some((id) => isSignedIn(group, duties.get(id))));
  if (workflow.active && queues.length > 0 && !isServed) warnings.push({ code: 'nobodyOnDuty', workflowId });
  if (workflow.active && queues.some((queue) => queue.timeoutSeconds === null && queue.overflowThreshold === null)) warnings.push({ code: 'waitsForever', workflowId });
  if (workflow.managed && workflow.managers.length === 0) warnings.push({ code: 'noManager', workflowId });
  if (LANGUAGES[workflow.language] === null) {
    const spoken = [...promptsOfWorkflow(workflow), ...queues.flatMap((queue) => promptsOfQueue(queue).map(({ field, prompt }) => ({ field: `${queue.name}: ${field}`, prompt })))];
    const unspeakable = spoken.filter(({ prompt }) => prompt.audio === null).map(({ field }) => field);
    if (unspeakable.length > 0) warnings.push({ code: 'voiceMissing', workflowId, language: workflow.language, fields: unspeakable });
  }
  const { levels, answers } = sizeOfMenu(workflow);
  if (levels > MENU.levels || answers > MENU.answers) warnings.push({ code: 'deepMenu', workflowId, levels, answers });
  return warnings;
}

/** Duties of the agents whom these groups ring, by agent. */
export async function dutiesOf(draft: Draft, reaches: readonly Reach[]): Promise<ReadonlyMap<string, Duty>> {
  const ids = [...new Set(reaches.flatMap((one) => one.agentGroups).flatMap((one) => one.agentIds))];
  const duties = ids.length === 0 ? [] : await draft.find('duties', { _id: { $in: ids } }, (duty) => ids.includes(duty.agentId));
  return new Map(duties.map((duty) => [duty.agentId, duty]));
}

/** The warnings of these workflows as the draft now has them; of one that is gone, none. */
export async function workflowWarnings(draft: Draft, workflowIds: readonly string[]): Promise<Warning[]> {
  const workflows = workflowIds.length === 0 ? [] : await draft.find('workflows', { _id: { $in: [...workflowIds] } }, (one) => workflowIds.includes(one.id));
  const reaches = await reachOf(draft, workflows);
  const duties = await dutiesOf(draft, reaches);
  return reaches.flatMap((one) => warningsOf(one, duties));
}
