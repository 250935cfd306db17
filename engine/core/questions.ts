// Questions of an interactive workflow: asked with a prompt, answered with a key, asked again, given up.
import { DISCONNECT } from '../../storage/model/call-action';
import { type Question } from '../../storage/model/question';
import { type Prompt } from '../../storage/model/prompt';
import { type Call, type InputOf, type PhaseOf, type Play } from './call';
import { type Context, decided } from './context';
import { finish } from './ending';
import { move } from './phases';
import { playPrompt, startedPlay } from './sounds';
import { workflowOf } from './state';
import { groupIsGone, join } from './waiting';

/** How often any one call is asked something, so that no menu holds a caller for ever. */
export const QUESTIONS_MAX = 100;

type Asking = PhaseOf<'asking'>;

const questionOf = ({ state }: Context, call: Call, questionId: string): Question | null => workflowOf(state, call)?.questions.find(({ id }) => id === questionId) ?? null;

/** Asks a question of the caller's workflow. `failed`: attempts without a valid answer so far. */
export function ask(context: Context, call: Call, questionId: string, failed = 0): void {
  const question = questionOf(context, call, questionId);
  if (question === null) { questionIsGone(context, call); return; }
  if (call.questionsAsked >= QUESTIONS_MAX) {
    decided(context, call, 'noChoice', `asked ${QUESTIONS_MAX} questions`);
    finish(context, call, 'noChoice', 'system');
    return;
  }
  call.questionsAsked += 1;
  move(context, call, { state: 'asking', questionId, failed, moment: 'asked', play: playPrompt(context, call, question.prompt) });
}

/** The question was deleted: the caller meets what the workflow begins with in its place. */
function questionIsGone(context: Context, call: Call): void {
  const action = workflowOf(context.state, call)?.defaultAction;
  if (action?.kind === 'queue') { join(context, call, action.queueId); return; }
  if (action !== undefined && questionOf(context, call, action.questionId) !== null) { ask(context, call, action.questionId); return; }
  groupIsGone(context, call, 'the question was deleted');
}

/** A key cuts short whatever is said; what follows is played in its place. */
export function questionKey(context: Context, call: Call, phase: Asking, { key }: InputOf<'keyPressed'>): void {
  const question = questionOf(context, call, phase.questionId);
  if (question === null) { questionIsGone(context, call); return; }
  const answer = question.answers.find((one) => one.key === key);
  if (answer === undefined) { fail(context, call, phase, question, question.invalidPrompt, `key ${key} is no answer to ${question.name}`); return; }
  call.draft.answers.push({ question: question.name, answer: answer.name });
  context.turnAway(call, 'chosen', answer.action, `${question.name}: ${answer.name}`);
}

/** What was said is over, or the time to answer is. */
export function questionOver(context: Context, call: Call, phase: Asking): void {
  const question = questionOf(context, call, phase.questionId);
  if (question === null) questionIsGone(context, call);
  else if (phase.moment === 'chided') ask(context, call, phase.questionId, phase.failed);
  else if (phase.moment === 'asked') move(context, call, { ...phase, moment: 'awaited', play: silence(context, phase.play, question) });
  else fail(context, call, phase, question, question.noAnswerPrompt, `no answer to ${question.name}`);
}

/** Nothing is played, and that ends by itself too. */
function silence({ now }: Context, { playId }: Play, { answerSeconds }: Question): Play {
  const originalMs = answerSeconds * 1000;
  return { playId, started: true, endsAtMs: now.monotonicMs + originalMs, originalMs };
}

export function questionStarted(context: Context, call: Call, phase: Asking, { playId, durationMs }: InputOf<'playStarted'>): void {
  if (playId !== phase.play.playId) return;
  const play = startedPlay(context, phase.play, durationMs);
  if (play !== phase.play) move(context, call, { ...phase, play });
}

/** What cannot be said counts as said: the caller may know the keys. */
export function questionFailed(context: Context, call: Call, phase: Asking, { playId }: InputOf<'playFailed'>): void {
  if (playId === phase.play.playId && phase.moment !== 'awaited') questionOver(context, call, phase);
}

/** A key may have been lost between two engines, so the question is asked again; that is no attempt. */
export function askAgain(context: Context, call: Call, phase: Asking): void { ask(context, call, phase.questionId, phase.failed); }

/** One attempt without a valid answer. */
function fail(context: Context, call: Call, phase: Asking, question: Question, prompt: Prompt | null, reason: string): void {
  const failed = phase.failed + 1;
  if (failed >= question.attempts) { context.turnAway(call, 'noChoice', question.fallback ?? DISCONNECT, `${reason}, attempt ${failed} of ${question.attempts}`); return; }
  decided(context, call, 'askAgain', `${reason}, attempt ${failed} of ${question.attempts}`);
  if (prompt === null) { ask(context, call, phase.questionId, failed); return; }
  move(context, call, { ...phase, failed, moment: 'chided', play: playPrompt(context, call, prompt) });
}
