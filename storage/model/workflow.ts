// A workflow: the address callers dial, and what they meet first. With its queue and agent groups, people call it a group.
import { z } from 'zod';
import { type AnswerAction, callAction, DISCONNECT } from './call-action';
import { DEFAULTS, LIMITS } from './limits';
import { displayName, id, personId, sipUser, stored, telephoneNumber, text, timeZone, whole } from './fields';
import { language } from './languages';
import { audioFile, prompt } from './prompt';
import { question } from './question';
import { schemaRule } from './rules';

export const manager = z.object({ personId, name: displayName });
export type Manager = z.output<typeof manager>;

/** What an administrator lets the managers of one workflow change; whatever else a manager may change of it needs none of these. */
export const MANAGER_PERMISSIONS = ['details', 'prompts', 'schedules', 'questions', 'targets', 'agentGroups', 'queues', 'active', 'managers'] as const;
export type ManagerPermission = (typeof MANAGER_PERMISSIONS)[number];
const managerPermission = z.enum(MANAGER_PERMISSIONS, { error: schemaRule('choice', {}, `must be one of ${MANAGER_PERMISSIONS.join(', ')}`) });

export const workflow = z.object({
  ...stored,
  sipUser,
  telephoneNumber: telephoneNumber.nullable().default(null),
  displayNumber: text(LIMITS.displayNumberLength).default(''),
  displayName,
  description: text(LIMITS.descriptionLength).default(''),
  language: language.default(DEFAULTS.language),
  timeZone: timeZone.default(DEFAULTS.timeZone),
  active: z.boolean().default(false),
  /** As the original has it. Callers learn no agent either way. */
  agentAnonymity: z.boolean().default(false),
  federation: z.boolean().default(false),
  /** A managed workflow shares its queue and agent groups with no other, and names its managers. */
  managed: z.boolean(),
  managers: z.array(manager).max(64),
  /** Without order; each at most once. An administrator narrows it. */
  managerPermissions: z.array(managerPermission).max(MANAGER_PERMISSIONS.length).refine((named) => new Set(named).size === named.length, schemaRule('twice', {}, 'must name each permission once')).default([...MANAGER_PERMISSIONS]),
  welcome: prompt.nullable().default(null),
  /** Music while waiting and on hold; null: the pool's. */
  music: audioFile.nullable().default(null),
  /** Null: always open. */
  businessHoursId: id.nullable().default(null),
  closedAction: callAction.default(DISCONNECT),
  holidaySetIds: z.array(id).max(32).default([]),
  holidayAction: callAction.default(DISCONNECT),
  /** Of its callers, until somebody changes it for one of them: 1 is served first. */
  priority: whole(LIMITS.priority).default(DEFAULTS.priority),
  /** Where the call goes after the welcome: a queue in a hunt group, a question in an interactive workflow. */
  defaultAction: z.discriminatedUnion('kind', [z.object({ kind: z.literal('queue'), queueId: id }), z.object({ kind: z.literal('question'), questionId: id })]),
  /** Of an interactive workflow, in no order: actions lead from one to the next. */
  questions: z.array(question).max(LIMITS.questionsOfWorkflow.max, schemaRule('tooMany', { max: LIMITS.questionsOfWorkflow.max }, `must have at most ${LIMITS.questionsOfWorkflow.max} questions`))
    .refine((questions) => new Set(questions.map((one) => one.id)).size === questions.length, schemaRule('twice', {}, 'must give each question an id of its own')).default([]),
});
export type Workflow = z.output<typeof workflow>;

/** Every queue that a workflow itself leads to, the default action's first; what those queues lead on to is not among them. */
export function queueIdsOf(workflow: Workflow): string[] {
  const { defaultAction, questions, closedAction, holidayAction } = workflow;
  const found: string[] = defaultAction.kind === 'queue' ? [defaultAction.queueId] : [];
  const add = (action: AnswerAction | null): void => { if (action?.kind === 'queue') found.push(action.queueId); };
  for (const { answers, fallback } of questions) {
    for (const { action } of answers) add(action);
    add(fallback);
  }
  add(closedAction);
  add(holidayAction);
  return [...new Set(found)];
}

/** The queue that people mean by the group: the default action's, or the first that an answer leads to; null when there is none. */
export function mainQueueId(workflow: Workflow): string | null { return queueIdsOf(workflow)[0] ?? null; }
