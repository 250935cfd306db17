// An interactive workflow as a tree to read, and as a menu to walk through without placing a call. Pure.
import { type AnswerAction } from '../../storage/model/call-action';
import { type Question } from '../../storage/model/question';
import { type Workflow } from '../../storage/model/workflow';

/** A question where it is met first. `again`: it stands elsewhere in the tree already. */
export interface TreeLine { readonly question: Question; readonly depth: number; readonly again: boolean }

/** From the question that callers meet first, depth first; those that nothing leads to come last, as roots of their own. */
export function treeOf(workflow: Pick<Workflow, 'defaultAction' | 'questions'>): readonly TreeLine[] {
  const byId = new Map(workflow.questions.map((one) => [one.id, one]));
  const lines: TreeLine[] = [];
  const met = new Set<string>();
  const visit = (id: string, depth: number): void => {
    const question = byId.get(id);
    if (!question) return;
    const again = met.has(id);
    met.add(id);
    lines.push({ question, depth, again });
    if (again) return;
    for (const action of [...question.answers.map((one) => one.action), question.fallback]) if (action?.kind === 'question') visit(action.questionId, depth + 1);
  };
  if (workflow.defaultAction.kind === 'question') visit(workflow.defaultAction.questionId, 0);
  for (const { id } of workflow.questions) if (!met.has(id)) visit(id, 0);
  return lines;
}

/** What somebody walking through does next: begin, press a key, or say nothing. */
export type Step = 'start' | 'silence' | (string & {});

/** What a caller would hear, one after the other, and where they are then: at a question for the nth time, or out of the menu. */
export interface Walked {
  readonly heard: readonly ({ readonly what: 'welcome' | 'prompt' | 'invalid' | 'noAnswer' | 'message'; readonly text: string; readonly recording: string | null } | { readonly what: 'answered'; readonly text: string; readonly recording: null })[];
  readonly at: { readonly question: Question; readonly attempt: number } | null;
  /** Why and where the call leaves the menu. `null` action: it is hung up. */
  readonly leaves: AnswerAction | null;
}

type Heard = Walked['heard'][number];
const said = (what: 'welcome' | 'prompt' | 'invalid' | 'noAnswer' | 'message', prompt: Question['invalidPrompt']): readonly Heard[] => (prompt === null ? [] : [{ what, text: prompt.text, recording: prompt.audio?.fileName ?? null }]);

/** One step from a question that is asked for the `attempt`th time (from 1); `at` is empty at the start. As the engine does it: a wrong key and silence each count. */
export function walk(workflow: Pick<Workflow, 'welcome' | 'defaultAction' | 'questions'>, at: string, attempt: number, step: Step): Walked {
  const ask = (question: Question, times: number, before: readonly Heard[]): Walked => ({ heard: [...before, ...said('prompt', question.prompt)], at: { question, attempt: times }, leaves: null });
  const follow = (action: AnswerAction | null, before: readonly Heard[]): Walked => {
    const heard = [...before, ...(action ? said('message', action.prompt) : [])];
    const next = action?.kind === 'question' ? workflow.questions.find((one) => one.id === action.questionId) : undefined;
    return next ? ask(next, 1, heard) : { heard, at: null, leaves: action };
  };
  const question = workflow.questions.find((one) => one.id === at);
  if (!question || step === 'start') return follow({ ...workflow.defaultAction, prompt: null }, said('welcome', workflow.welcome));
  const answer = question.answers.find((one) => one.key === step);
  if (answer) return follow(answer.action, [{ what: 'answered', text: answer.name, recording: null }]);
  if (attempt >= question.attempts) return follow(question.fallback, []);
  return ask(question, attempt + 1, step === 'silence' ? said('noAnswer', question.noAnswerPrompt) : said('invalid', question.invalidPrompt));
}
