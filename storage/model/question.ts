// A question of an interactive workflow: asked with a prompt, answered with a key.
import { z } from 'zod';
import { DEFAULTS, LIMITS } from './limits';
import { displayName, id, key, whole } from './fields';
import { answerAction } from './call-action';
import { prompt } from './prompt';
import { schemaRule } from './rules';

export const answer = z.object({ name: displayName, key, action: answerAction });
export type Answer = z.output<typeof answer>;

/** Ids of questions are unique in their workflow. */
export const question = z.object({
  id,
  name: displayName,
  prompt,
  /** Played before the question is asked again; null: it is just asked again. */
  invalidPrompt: prompt.nullable().default(null),
  noAnswerPrompt: prompt.nullable().default(null),
  /** How often it is asked before `fallback`. */
  attempts: whole(LIMITS.questionAttempts).default(DEFAULTS.questionAttempts),
  /** How long the caller may think, from the end of the prompt. */
  answerSeconds: whole(LIMITS.answerSeconds, ' seconds').default(DEFAULTS.answerSeconds),
  /** After the last attempt without a valid answer; null: the call is disconnected. */
  fallback: answerAction.nullable().default(null),
  answers: z.array(answer).min(LIMITS.answersOfQuestion.min, schemaRule('answerNeeded')).max(LIMITS.answersOfQuestion.max)
    .refine((answers) => new Set(answers.map((one) => one.key)).size === answers.length, schemaRule('keyTwice')),
});
export type Question = z.output<typeof question>;
