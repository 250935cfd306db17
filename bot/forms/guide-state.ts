// What somebody has typed so far of a group that is made step by step, and which steps there are. Pure.
import { z } from 'zod';
import { LIMITS } from '../../storage/model/limits';

export const STEP = /^(?:start|hours|holidays|welcome|(?:queue|question)-[1-9]\d{0,4}|summary)$/;
export type StepKind = 'start' | 'hours' | 'holidays' | 'welcome' | 'queue' | 'question' | 'summary';

const inputs = z.record(z.string(), z.string());
const state = z.object({
  /** Inputs by step and field, as they were typed. */
  typed: z.record(z.string(), z.record(z.string(), inputs)),
  queues: z.array(z.string().regex(STEP)).min(1),
  /** In the order in which they are asked for; the first is asked first. Of no account while callers meet a queue. */
  questions: z.array(z.string().regex(STEP)).min(1),
  /** Where its maker is. */
  at: z.string().regex(STEP),
});
export type GuideState = Readonly<z.output<typeof state>>;

export const NEW_GUIDE: GuideState = { typed: {}, queues: ['queue-1'], questions: ['question-1'], at: 'start' };

/** As much as is kept of what somebody types, in characters. */
export const KEPT_MOST = 1_000_000;

export const writeGuide = (guide: GuideState): string => JSON.stringify(guide);
/** What `writeGuide` wrote; of another release, or of nobody’s making, a new one. */
export function readGuideState(text: string): GuideState {
  try {
    return state.parse(JSON.parse(text));
  } catch {
    return NEW_GUIDE;
  }
}

export const kindOf = (step: string): StepKind => step.replace(/-\d+$/, '') as StepKind;

/** Whether callers are asked something before they wait. */
export const asksFirst = ({ typed }: GuideState): boolean => typed['start']?.['meets']?.[''] === 'question';

/** Every step in order; queues come before the questions that lead to them. */
export const stepsOf = (guide: GuideState): readonly string[] => ['start', 'hours', 'holidays', 'welcome', ...guide.queues, ...(asksFirst(guide) ? guide.questions : []), 'summary'];

const LISTS = { queue: { list: 'queues', most: LIMITS.builtTogether.max }, question: { list: 'questions', most: LIMITS.questionsOfWorkflow.max } } as const;
export type Repeated = keyof typeof LISTS;
export const isRepeated = (kind: StepKind): kind is Repeated => kind in LISTS;

/** Whether there may be one more of that kind, and whether one may go. */
export const mayAdd = (guide: GuideState, kind: Repeated): boolean => guide[LISTS[kind].list].length < LISTS[kind].most;
export const mayRemove = (guide: GuideState, kind: Repeated): boolean => guide[LISTS[kind].list].length > 1;

/** One more behind `step`, where its maker is then. */
export function addStep(guide: GuideState, step: string, kind: Repeated): GuideState {
  const { list } = LISTS[kind];
  const number = Math.max(...guide[list].map((one) => Number(one.split('-')[1]))) + 1;
  const added = `${kind}-${number}`;
  const steps = [...guide[list]];
  steps.splice(steps.indexOf(step) + 1, 0, added);
  return { ...guide, [list]: steps, at: added };
}

/** Without `step`; its maker is at the one before. */
export function removeStep(guide: GuideState, step: string, kind: Repeated): GuideState {
  const { list } = LISTS[kind];
  const { [step]: _gone, ...typed } = guide.typed;
  const steps = stepsOf(guide);
  return { ...guide, typed, [list]: guide[list].filter((one) => one !== step), at: steps[steps.indexOf(step) - 1] ?? 'start' };
}
