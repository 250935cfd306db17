// The steps of a group that is made step by step: the fields of each, taken from the forms of what they make, and what becomes of them all together.
import { z } from 'zod';
import { faultsOf } from '../../storage/administration/faults';
import { agentGroupShape, businessHoursShape, holidaySetShape, queueShape, workflowShape } from '../../storage/administration/object-inputs';
import { type Fault } from '../../storage/administration/results';
import { type VerbInput } from '../../storage/administration/verbs';
import { question as questionSchema } from '../../storage/model/question';
import { WEEKDAYS } from '../../storage/model/schedule';
import { workflow as workflowSchema } from '../../storage/model/workflow';
import { type Asking, type Services } from '../asking';
import { choiceField, type Field, type World } from './field';
import { asksFirst, kindOf, stepsOf, type GuideState, type StepKind } from './guide-state';
import { NEW_QUESTION, numbers, OBJECT_FORMS, readWorld, type Opened } from './kinds';
import { typedOf, type Typed } from './object-form';

type Values = Readonly<Record<string, unknown>>;
type Made = 'workflow' | 'businessHours' | 'holidaySet' | 'queue' | 'agentGroup' | 'question';

/** Which fields of which forms a step asks for. */
const PARTS: Readonly<Record<Exclude<StepKind, 'summary'>, readonly (readonly [Made, readonly string[]])[]>> = {
  start: [['workflow', ['displayName', 'sipUser', 'telephoneNumber', 'displayNumber', 'description', 'managed']]],
  hours: [['businessHours', WEEKDAYS], ['workflow', ['closedAction']]],
  holidays: [['holidaySet', ['holidays']], ['workflow', ['holidayAction']]],
  welcome: [['workflow', ['language', 'timeZone', 'welcome', 'priority', 'agentAnonymity']]],
  queue: [
    ['queue', ['name']], ['agentGroup', ['agentIds', 'routingMethod', 'participation', 'alertTimeSeconds', 'wrapUpSeconds']],
    ['queue', ['timeoutSeconds', 'timeoutAction', 'overflowThreshold', 'overflowCandidate', 'overflowAction', 'noAgentsAction']],
  ],
  question: [['question', ['name', 'prompt', 'answers', 'invalidPrompt', 'noAnswerPrompt', 'attempts', 'answerSeconds', 'fallback']]],
};
/** Asked for by the guide alone: what callers meet first, and whether there are hours at all. */
const meetsField = choiceField('meets', ['queue', 'question'], 'guide.meets');
const openField = choiceField('open', ['always', 'week'], 'guide.open', { hint: 'openTimes' });

/** What each value must be, as storage says it. */
const SHAPES: Readonly<Record<Exclude<StepKind, 'summary'>, z.ZodRawShape>> = {
  start: workflowShape, hours: { ...businessHoursShape, closedAction: workflowShape.closedAction }, holidays: { ...holidaySetShape, holidayAction: workflowShape.holidayAction },
  welcome: workflowShape, queue: { ...agentGroupShape, ...queueShape }, question: questionSchema.shape,
};

/** Names that something made in another step may have: it may still be to come. */
const STILL_TO_COME: ReadonlySet<string> = new Set(['reading.queue', 'reading.question']);

const BLANK_WORKFLOW = { ...workflowSchema.parse({ id: 'new', pool: 'new', version: 1, sipUser: 'new', displayName: 'new', managed: false, managers: [], defaultAction: { kind: 'queue', queueId: 'new' } }), sipUser: '', displayName: '' };

/** Everything that the steps are drawn and read with, at one moment. */
export interface Guiding {
  readonly guide: GuideState;
  readonly world: World;
  readonly blank: Values;
}

/** What the steps may name is what the pool has, and what the guide is about to make. */
export async function guiding(services: Services, asking: Asking, guide: GuideState): Promise<Guiding> {
  const kinds = ['queue', 'agentGroup', 'businessHours', 'holidaySet'] as const;
  const [world, ...opened] = await Promise.all([readWorld(services, asking, ''), ...kinds.map((kind) => OBJECT_FORMS[kind].open(services, asking, { id: '', groupId: '' }))]);
  const blank = Object.assign({}, ...opened.map((one) => (one.ok ? one.value.values : {})), BLANK_WORKFLOW, { changesAddress: true, meets: 'queue', open: 'always', name: '' }) as Values;
  const named = (steps: readonly string[]): World['queues'] => steps.flatMap((id) => {
    const name = nameIn(guide, id);
    return name === '' ? [] : [{ id, name }];
  });
  return { guide, blank, world: { ...world, queues: [...named(guide.queues), ...world.queues], questions: asksFirst(guide) ? named(guide.questions) : [] } };
}

const typedIn = (guide: GuideState, step: string, field: string): string => guide.typed[step]?.[field]?.['']?.trim() ?? '';
/** What its maker called it; the first queue is called like the group until then. */
export const nameIn = (guide: GuideState, step: string): string => (guide.typed[step] === undefined && step === guide.queues[0] ? typedIn(guide, 'start', 'displayName') : typedIn(guide, step, 'name'));

/** What the fields of a step show before anything is typed. */
export function valuesOf({ guide, blank }: Guiding, step: string): Opened['values'] {
  return kindOf(step) === 'question' ? { ...NEW_QUESTION } : { ...blank, name: nameIn(guide, step) };
}

export function fieldsOf(at: Guiding, step: string): readonly Field[] {
  const kind = kindOf(step);
  if (kind === 'summary') return [];
  const opened: Opened = { name: '', version: 1, values: valuesOf(at, step), mayChange: true, mayDelete: false };
  const known = (made: Made, names: readonly string[]): readonly Field[] => OBJECT_FORMS[made].fields(at.world, opened, { id: '', groupId: '' }).filter((one) => names.includes(one.name)).map(withoutPart(kind));
  const [first = [], ...rest] = PARTS[kind].map(([made, names]) => known(made, names));
  if (kind === 'start') return [...first, meetsField];
  return kind === 'hours' ? [openField, ...first, ...rest.flat()] : [...first, ...rest.flat()];
}

/** Where a step is about one thing, its own title says what a heading would. */
const withoutPart = (kind: StepKind) => (field: Field): Field => {
  if (kind === 'queue' || kind === 'question') return field;
  const { part: _part, ...bare } = field;
  return bare;
};

/** What stands in a step: as typed, or as it is before. */
export const shownIn = (at: Guiding, step: string): Typed => {
  const shown = Object.fromEntries(fieldsOf(at, step).map((field) => [field.name, field.show(valuesOf(at, step)[field.name])]));
  return { ...shown, ...at.guide.typed[step] };
};

/** The same after its inputs were sent. */
export const sentIn = (at: Guiding, step: string, sent: Readonly<Record<string, unknown>>): Typed => typedOf(fieldsOf(at, step), sent, shownIn(at, step));

const OPEN = (typed: Typed): string => typed['open']?.[''] ?? '';
/** Days count only where the group has hours. */
const counts = (step: string, typed: Typed, field: Field): boolean => step !== 'hours' || OPEN(typed) !== 'always' || !WEEKDAYS.some((day) => day === field.name);
/** The fields of a step that say anything. */
export const countingFields = (at: Guiding, step: string): readonly Field[] => fieldsOf(at, step).filter((field) => counts(step, shownIn(at, step), field));

/** What a step's fields hold, and what is wrong with them. `whole`: nothing is still to come. */
export function readStep(asking: Asking, at: Guiding, step: string, whole: boolean): { readonly values: Values; readonly faults: readonly Fault[] } {
  const kind = kindOf(step);
  if (kind === 'summary') return { values: {}, faults: [] };
  const typed = shownIn(at, step);
  const before = valuesOf(at, step);
  const values: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const field of countingFields(at, step)) {
    const read = field.read(typed[field.name] ?? ({}), before[field.name]);
    if (read.ok) values[field.name] = read.value;
    else if (whole || !STILL_TO_COME.has(read.key)) faults.push({ field: field.name, value: read.typed, message: asking.say(read.key) });
  }
  const checked: Values = kind === 'question' ? { ...values, ...numbers(values) } : values;
  const parsed = z.object(SHAPES[kind]).partial().safeParse(checked);
  return { values: checked, faults: parsed.success ? faults : [...faults, ...faultsOf(parsed.error, checked)] };
}

/** The first step in which something is wrong, as it stands. */
export function firstWrong(asking: Asking, at: Guiding): { readonly step: string; readonly faults: readonly Fault[] } | null {
  for (const step of stepsOf(at.guide)) {
    const { faults } = readStep(asking, at, step, true);
    if (faults.length > 0) return { step, faults };
  }
  return null;
}

/** Everything as one piece, once nothing is wrong with it. */
export function buildInput(asking: Asking, at: Guiding, active: boolean): VerbInput<'workflow.build'> {
  const { guide } = at;
  const read = (step: string): Values => readStep(asking, at, step, true).values;
  const pick = (values: Values, shape: z.ZodRawShape): Values => Object.fromEntries(Object.entries(values).filter(([field]) => field in shape));
  const [start, hours, holidays, welcome] = [read('start'), read('hours'), read('holidays'), read('welcome')];
  const hasHours = hours['open'] === 'week';
  const hasHolidays = (holidays['holidays'] as readonly unknown[]).length > 0;
  const peopleOf = (step: string): string => `people-${step}`;
  const input = {
    workflow: {
      ...pick(start, workflowShape), ...pick(hours, workflowShape), ...pick(holidays, workflowShape), ...pick(welcome, workflowShape), active,
      businessHoursId: hasHours ? 'hours' : null, holidaySetIds: hasHolidays ? ['holidays'] : [],
      defaultAction: asksFirst(guide) ? { kind: 'question', questionId: guide.questions[0] } : { kind: 'queue', queueId: guide.queues[0] },
      questions: asksFirst(guide) ? guide.questions.map((id) => ({ ...read(id), id })) : [],
    },
    queues: guide.queues.map((id) => ({ ...pick(read(id), queueShape), id, agentGroupIds: [peopleOf(id)] })),
    agentGroups: guide.queues.map((id) => ({ ...pick(read(id), agentGroupShape), id: peopleOf(id) })),
    businessHours: hasHours ? [{ ...pick(hours, businessHoursShape), id: 'hours', name: start['displayName'] }] : [],
    holidaySets: hasHolidays ? [{ id: 'holidays', name: start['displayName'], holidays: holidays['holidays'] }] : [],
  };
  // Each value was held against its schema field by field, which the compiler cannot follow through the forms.
  return input as unknown as VerbInput<'workflow.build'>;
}

/** Where a fault of the whole stands: its step, and the field as that step calls it; `null` where no step asks for it. */
export function stepOfFault(at: Guiding, fault: Fault): { readonly step: string; readonly fault: Fault } | null {
  const { guide } = at;
  const [, list = '', index = '', field = ''] = /^(?:workflow\.)?(questions|queues|agentGroups)\.(\d+)\.(.+)$/.exec(fault.field) ?? [];
  const step = (list === 'questions' ? guide.questions : guide.queues)[Number(index)];
  if (list !== '' && step !== undefined) return { step, fault: { ...fault, field } };
  const bare = { ...fault, field: fault.field.replace(/^(?:workflow|businessHours\.\d+|holidaySets\.\d+)\./, '') };
  const [name = ''] = bare.field.split('.');
  const asking = stepsOf(guide).filter((one) => countingFields(at, one).some((each) => each.name === name));
  // Of several that ask for it, the one in which that value was typed.
  const typedThere = asking.find((one) => Object.values(shownIn(at, one)[name] ?? {}).some((text) => text !== '' && text.trim() === String(bare.value)));
  const found = typedThere ?? asking[0];
  return found === undefined ? null : { step: found, fault: bare };
}
