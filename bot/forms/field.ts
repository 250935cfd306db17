// The fields that forms are made of: each shows one value of an object as text in one or more inputs, and reads it back. Pure.
import { type Choice } from '../../cards/views';
import { type AnswerAction } from '../../storage/model/call-action';
import { type AudioFile, type Prompt } from '../../storage/model/prompt';
import { readTarget, showTarget, type Nameable, type Reachable, type Reading, type TargetKind } from './readings';

/** What a form may name: as much as the person may see. */
export interface World extends Reachable {
  readonly agents: readonly Nameable[];
  readonly agentGroups: readonly Nameable[];
  readonly businessHours: readonly Nameable[];
  readonly holidaySets: readonly Nameable[];
  readonly domain: string;
}

export type Inputs = Readonly<Record<string, string>>;
export interface Input {
  /** Behind the field's name: `''` or `-kind`, `-value`, `-text`. */
  readonly suffix: string;
  readonly look: 'text' | 'lines' | 'choice' | 'toggle' | 'password';
  /** Key below `form.input.`; without it the field's own label. */
  readonly label?: string;
  readonly choices?: readonly { readonly value: string; readonly key?: string; readonly title?: string }[];
  /** Values for the label. */
  readonly labelValues?: Readonly<Record<string, string>>;
  /** Key below `form.hint.`, where the input has a hint of its own. */
  readonly hint?: string;
  /** What is typed here can be heard. */
  readonly heard?: boolean;
}

/** One field of an object. `name` is what storage calls it, so that its faults find their way. */
export interface Field {
  readonly name: string;
  readonly inputs: readonly Input[];
  /** Key below `form.hint.`, and values for it. */
  readonly hint?: string;
  readonly hintValues?: Readonly<Record<string, string | number>>;
  /** Below which input hint and fault stand, where it is not the last. */
  readonly markedAt?: string;
  /** Which input a fault of a part of the value is about: `number` of a target, `prompt.text`; the input's suffix. */
  readonly partAt?: (part: string) => string | undefined;
  /** Begins a part of the form with a heading; key below `form.part.`. */
  readonly part?: string;
  readonly show: (value: unknown) => Inputs;
  /** `before` is what the object holds now, for what the inputs do not carry. */
  readonly read: (typed: Inputs, before: unknown) => Reading<unknown>;
}

type More = Partial<Pick<Field, 'hint' | 'hintValues' | 'part'>>;
const asText = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '');
const is = (value: unknown): Reading<unknown> => ({ ok: true, value });

/** One line; numbers, too: what is no number is for storage to refuse. */
export const textField = (name: string, more: More = {}): Field => ({ name, inputs: [{ suffix: '', look: 'text' }], show: (value) => ({ '': asText(value) }), read: (typed) => is(typed['']?.trim() ?? ''), ...more });
export const longField = (name: string, more: More = {}): Field => ({ ...textField(name, more), inputs: [{ suffix: '', look: 'lines' }] });
export const toggleField = (name: string, more: More = {}): Field => ({ ...textField(name, more), inputs: [{ suffix: '', look: 'toggle' }] });
/** Shown empty, and left as it is while nothing is typed. */
export const secretField = (name: string, more: More = {}): Field => ({ ...textField(name, more), inputs: [{ suffix: '', look: 'password' }], show: () => ({ '': '' }) });
export const choiceField = (name: string, values: readonly string[], keys: string, more: More = {}): Field => ({ ...textField(name, more), inputs: [{ suffix: '', look: 'choice', choices: values.map((value) => ({ value, key: `${keys}.${value}` })) }] });

/** A choice needs a value, also that of nothing. */
const NONE = 'none';

/** One of several named things, or none. */
export const oneOfField = (name: string, known: readonly Nameable[], noneKey: string, more: More = {}): Field => ({
  ...textField(name, more),
  show: (value) => ({ '': asText(value) || NONE }),
  read: (typed) => is(typed[''] === NONE ? '' : typed[''] ?? ''),
  inputs: [{ suffix: '', look: 'choice', choices: [{ value: NONE, key: noneKey }, ...known.map((one) => ({ value: one.id, title: one.name }))] }],
});

/** Read and shown by a function of its own. */
export const readField = <T>(name: string, look: 'text' | 'lines', show: (value: T) => string, read: (typed: string, before: T) => Reading<T>, more: More = {}): Field => ({
  name, inputs: [{ suffix: '', look }], show: (value) => ({ '': show(value as T) }), read: (typed, before) => read(typed[''] ?? '', before as T), ...more,
});

/** What is said; a recording stays while the words change, for it is put in place by sending a file. `needed`: empty is for storage to refuse. */
export const promptField = (name: string, needed = false, more: More = {}): Field => ({
  name, inputs: [{ suffix: '', look: 'lines', heard: true }],
  show: (value) => ({ '': (value as Prompt | null)?.text ?? '' }),
  read: (typed, before) => is(promptOf(typed[''] ?? '', (before as Prompt | null) ?? null, needed)),
  ...more,
});

function promptOf(typed: string, before: Prompt | null, needed: boolean): Prompt | null {
  const text = typed.replace(/\r\n/g, '\n').trim();
  const audio = before?.audio ?? null;
  return text === '' && audio === null && !needed ? null : { text, audio };
}

/** A recording that stands by itself, without words. It is put in place by sending a file; here it can be taken out again. Nothing is shown where there is none. */
export const audioField = (name: string, value: unknown, label: string): readonly Field[] => (value === null || value === undefined ? [] : [{
  name, inputs: [{ suffix: '-drop', look: 'toggle', label, labelValues: { name: (value as AudioFile).fileName } }],
  show: () => ({ '-drop': 'false' }),
  read: (typed, before) => is(typed['-drop'] === 'true' ? null : before),
}]);

const KINDS: readonly TargetKind[] = ['disconnect', 'queue', 'number', 'sipUri', 'voicemail'];

/** Where a call goes: what kind of target, which one, and what is said before. `none`: nothing happens. */
export function targetField(name: string, world: Reachable, options: More & { readonly none?: string; readonly question?: boolean } = {}): Field {
  const { none, question, ...more } = options;
  const kinds = [...KINDS, ...(question === true ? ['question' as const] : [])];
  return {
    name,
    inputs: [
      { suffix: '', look: 'choice', choices: [...(none === undefined ? [] : [{ value: NONE, key: none }]), ...kinds.map((value) => ({ value, key: `form.target.${value}` }))] },
      { suffix: '-value', look: 'text', label: 'targetValue' },
      { suffix: '-text', look: 'lines', label: 'targetText', heard: true },
    ],
    show: (value) => {
      const action = value as AnswerAction | null;
      return { '': action?.kind ?? NONE, '-value': action ? showTarget(action, world) : '', '-text': action?.prompt?.text ?? '' };
    },
    read: (typed, before) => {
      const kind = kinds.find((one) => one === typed['']);
      if (kind === undefined) return none === undefined ? { ok: false, typed: typed[''] ?? '', key: 'reading.kind' } : is(null);
      return readTarget(kind, typed['-value'] ?? '', promptOf(typed['-text'] ?? '', (before as AnswerAction | null)?.prompt ?? null, false), world);
    },
    hint: 'target',
    markedAt: '-value',
    partAt: (part) => (part.startsWith('prompt') ? '-text' : part === 'kind' ? '' : '-value'),
    ...more,
  };
}

/** The inputs' ids as a card has them. */
export const inputId = (field: Field, input: Input): string => `${field.name}${input.suffix}`;

/** One field's inputs out of everything that was sent. A client leaves out an input of text that was emptied; a choice or a switch that did not come is as it was shown. */
export function inputsOf(field: Field, sent: Readonly<Record<string, unknown>>, shown: Inputs): Inputs {
  return Object.fromEntries(field.inputs.map((input) => {
    const value = sent[inputId(field, input)];
    const empty = input.look === 'choice' || input.look === 'toggle' ? shown[input.suffix] ?? '' : '';
    return [input.suffix, value === undefined || value === null ? empty : asText(value)];
  }));
}

/** What tells a changed field from an unchanged one. */
export const joined = (field: Field, inputs: Inputs): string => field.inputs.map((input) => (inputs[input.suffix] ?? '').replace(/\r\n/g, '\n').trim()).join('\u0001');

export const asChoices = (input: Input, say: (key: string) => string): readonly Choice[] => (input.choices ?? []).map(({ value, key, title }) => ({ value, title: title ?? (key === undefined ? value : say(key)) }));
