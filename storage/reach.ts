// Pure: where the actions of a workflow, a question and a queue lead.
import { type AnswerAction, type CallAction } from './model/call-action';
import { type Prompt } from './model/prompt';
import { type Queue } from './model/queue';
import { queueIdsOf, type Workflow } from './model/workflow';

/** An action and the field that holds it, named as in the verb's input: `questions.0.answers.1.action`. */
export interface PlacedAction<A extends AnswerAction = AnswerAction> { readonly field: string; readonly action: A }

const placed = <A extends AnswerAction>(field: string, action: A | null): PlacedAction<A>[] => (action === null ? [] : [{ field, action }]);

/** A workflow's call actions; the default action is not among them. */
export function actionsOfWorkflow({ closedAction, holidayAction, questions }: Workflow): PlacedAction[] {
  return [
    ...placed<AnswerAction>('closedAction', closedAction), ...placed<AnswerAction>('holidayAction', holidayAction),
    ...questions.flatMap(({ answers, fallback }, i) => [...answers.flatMap((one, j) => placed(`questions.${i}.answers.${j}.action`, one.action)), ...placed(`questions.${i}.fallback`, fallback)]),
  ];
}

/** A queue's call actions. */
export function actionsOfQueue({ timeoutAction, overflowAction, noAgentsAction, leaveAction }: Queue): PlacedAction<CallAction>[] {
  return [...placed('timeoutAction', timeoutAction), ...placed('overflowAction', overflowAction), ...placed('noAgentsAction', noAgentsAction), ...placed('leaveAction', leaveAction)];
}

const queueIn = ({ action }: PlacedAction): string[] => (action.kind === 'queue' ? [action.queueId] : []);

/** The queues that a queue's actions lead to. */
export const queueIdsOfQueue = (queue: Queue): string[] => [...new Set(actionsOfQueue(queue).flatMap(queueIn))];

/** What a workflow leads to, among these queues: each queue once, in the order of reaching it, through the actions of queues too. */
export function reachedQueues(workflow: Workflow, queues: ReadonlyMap<string, Queue>): Queue[] {
  const reached = new Map<string, Queue>();
  let next = queueIdsOf(workflow);
  while (next.length > 0) {
    const found = [...new Set(next)].filter((id) => !reached.has(id)).flatMap((id) => queues.get(id) ?? []);
    for (const queue of found) reached.set(queue.id, queue);
    next = found.flatMap(queueIdsOfQueue);
  }
  return [...reached.values()];
}

/** Everything that is said or played to a caller, with the field that holds it. */
export interface PlacedPrompt { readonly field: string; readonly prompt: Prompt }

const said = (field: string, prompt: Prompt | null): PlacedPrompt[] => (prompt === null ? [] : [{ field, prompt }]);
const saidBy = ({ field, action }: PlacedAction): PlacedPrompt[] => said(`${field}.prompt`, action.prompt);

export function promptsOfWorkflow(workflow: Workflow): PlacedPrompt[] {
  return [
    ...said('welcome', workflow.welcome), ...actionsOfWorkflow(workflow).flatMap(saidBy),
    ...workflow.questions.flatMap((one, i) => [...said(`questions.${i}.prompt`, one.prompt), ...said(`questions.${i}.invalidPrompt`, one.invalidPrompt), ...said(`questions.${i}.noAnswerPrompt`, one.noAnswerPrompt)]),
  ];
}

export const promptsOfQueue = (queue: Queue): PlacedPrompt[] => actionsOfQueue(queue).flatMap(saidBy);

/** How deep the questions of an interactive workflow go, by the shortest way to each, and the most answers any has. */
export function sizeOfMenu({ defaultAction, questions }: Workflow): { readonly levels: number; readonly answers: number } {
  const byId = new Map(questions.map((one) => [one.id, one]));
  const met = new Set<string>();
  let level = defaultAction.kind === 'question' ? [defaultAction.questionId] : [];
  let levels = 0;
  while (level.length > 0) {
    const asked = [...new Set(level)].filter((id) => !met.has(id)).flatMap((id) => byId.get(id) ?? []);
    if (asked.length > 0) levels += 1;
    for (const one of asked) met.add(one.id);
    level = asked.flatMap(({ answers, fallback }) => [...answers.map((one) => one.action), fallback]).flatMap((action) => (action?.kind === 'question' ? [action.questionId] : []));
  }
  return { levels, answers: Math.max(0, ...questions.map((one) => one.answers.length)) };
}
