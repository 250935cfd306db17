// The form of any object: what it shows, what was typed, what of it changed, drawn from the fields of its kind.
import { render } from '../../cards/render';
import { type Button, type Fault as CardFault, type Note, type ObjectFormView } from '../../cards/views';
import { type Say } from '../../cards/words';
import { type Fault } from '../../storage/administration/results';
import { type AudioFile } from '../../storage/model/prompt';
import { type Asking, type Shown } from '../asking';
import { button, duration, fieldName, faultText, NO_FAULT, NO_NOTE, submitButton } from '../views/common';
import { asChoices, inputId, inputsOf, joined, type Field, type Inputs, type Input } from './field';
import { copiedKind, type Opened } from './kinds';
import { writeObjectToken, type ObjectToken } from './object-token';
import { fingerprint } from './token';

/** Each field's inputs, by the field's name. */
export type Typed = Readonly<Record<string, Inputs>>;

export const shownOf = (fields: readonly Field[], opened: Opened): Typed => Object.fromEntries(fields.map((field) => [field.name, field.show(opened.values[field.name])]));
/** What was typed. Where no input came at all, nobody has typed anything. */
export function typedOf(fields: readonly Field[], sent: Readonly<Record<string, unknown>>, shown: Typed): Typed {
  if (!fields.some((field) => field.inputs.some((input) => sent[inputId(field, input)] !== undefined))) return shown;
  return Object.fromEntries(fields.map((field) => [field.name, inputsOf(field, sent, shown[field.name] ?? {})]));
}
export const fingerprintsOf = (fields: readonly Field[], typed: Typed): readonly string[] => fields.map((field) => fingerprint(joined(field, typed[field.name] ?? {})));

/** The names of the fields that differ from what the form showed; all of them for an object, or a copy, still to be made. */
export function changedFields(fields: readonly Field[], typed: Typed, token: ObjectToken): ReadonlySet<string> {
  const now = fingerprintsOf(fields, typed);
  return new Set(fields.filter((_field, index) => token.id === '' || copiedKind(token.kind) !== null || now[index] !== token.shown[index]).map((field) => field.name));
}

/** What is to be saved, or what could not be read. A field that is left empty where there is nothing to leave empty is left out of what is made anew. */
export function readChanges(asking: Asking, fields: readonly Field[], typed: Typed, wanted: ReadonlySet<string>, opened: Opened): { readonly changes: Readonly<Record<string, unknown>>; readonly faults: readonly Fault[] } {
  const changes: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const field of fields) {
    if (!wanted.has(field.name)) continue;
    const read = field.read(typed[field.name] ?? {}, opened.values[field.name]);
    if (read.ok) changes[field.name] = read.value;
    else faults.push({ field: field.name, value: read.typed, message: asking.say(read.key) });
  }
  return { changes, faults };
}

export interface FormState {
  readonly token: ObjectToken;
  readonly name: string;
  readonly fields: readonly Field[];
  readonly values: Opened['values'];
  readonly cancel: { readonly verb: 'objects' | 'flow' | 'settings' | 'agents' | 'group' | 'managers'; readonly data: Readonly<Record<string, unknown>> };
  readonly told?: Note;
  readonly changes?: readonly string[];
  readonly faults?: readonly Fault[];
  /** What was asked to be heard, and which input it was typed in. */
  readonly heard?: { readonly input: string; readonly url: string };
}

const LABELS: Readonly<Record<string, string>> = { name: 'agentForm.objectName', prompt: 'form.field.prompt' };

/** What rows of inputs show beside what is typed in them. */
export interface RowState {
  readonly fields: readonly Field[];
  /** What is stored, for recordings that are heard in place of words. */
  readonly values: Opened['values'];
  readonly faults?: readonly Fault[];
  readonly heard?: FormState['heard'];
  /** The button that lets the words of an input be heard. */
  readonly hear: (inputId: string) => Button;
}

export function formRows(say: Say, { fields, values, faults, heard, hear }: RowState, typed: Typed): ObjectFormView['rows'] {
  const { placed } = placeInputFaults(say, fields, faults ?? []);
  return fields.flatMap((field) => field.inputs.map((input, index): ObjectFormView['rows'][number] => {
    const last = input.suffix === markedAt(field);
    const id = inputId(field, input);
    const audio = input.heard === true ? audioOf(values[field.name]) : null;
    const hint = input.hint === undefined ? (last ? field.hint : undefined) : input.hint;
    return {
      parted: index === 0 && field.part !== undefined, partText: index === 0 && field.part !== undefined ? say(`form.part.${field.part}`) : '',
      isText: input.look === 'text', isLines: input.look === 'lines', isPassword: input.look === 'password', isToggle: input.look === 'toggle', isChoice: input.look === 'choice',
      id, label: labelOf(say, field, input), value: typed[field.name]?.[input.suffix] ?? '', choices: asChoices(input, say),
      fault: placed[id] ?? NO_FAULT,
      hinted: hint !== undefined, hintText: hint === undefined ? '' : say(`form.hint.${hint}`, field.hintValues ?? {}),
      sounds: audio !== null, soundText: audio === null ? '' : say('objectForm.recording', { name: audio.fileName, time: duration(0, audio.durationMs) }),
      hearable: input.heard === true, hear: hear(id),
      heard: { shown: heard?.input === id, url: heard?.input === id ? heard.url : '' },
    };
  }));
}

export function objectFormCard(asking: Asking, state: FormState, typed: Typed): Shown {
  const { say } = asking;
  const { token } = state;
  const form = writeObjectToken(token);
  const creating = token.id === '';
  const copying = copiedKind(token.kind) !== null;
  const view: ObjectFormView = {
    titleText: creating ? say(`object.${token.kind}.new`) : token.kind === 'settings' ? say('object.settings.one')
      : say(copying ? 'objectForm.copy' : token.kind === 'permissions' ? 'objectForm.permissions' : 'objectForm.edit', { name: state.name }),
    introText: say(`object.${token.kind}.intro`),
    note: state.told ?? NO_NOTE,
    changes: (state.changes ?? []).map((text) => ({ text })),
    rows: formRows(say, { ...state, hear: (input) => submitButton(say, 'hear', 'object.hear', { form, input }) }, typed),
    actions: [submitButton(say, creating ? 'create' : copying ? 'copyNow' : 'save', 'object.save', { form }, 'positive'), button(say, 'cancel', state.cancel.verb, state.cancel.data)],
  };
  return { card: render('object-form', view, asking.locale) };
}

/** Labels are by field name; a few names mean something else in another object. */
export function labelsFor(fields: readonly Field[]): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((field) => [field.name, LABELS[field.name] ?? `form.field.${field.name}`]));
}

/** A recording in a prompt, or in the prompt of an action. */
export function audioOf(value: unknown): AudioFile | null {
  if (typeof value !== 'object' || value === null) return null;
  const { audio, prompt } = value as { readonly audio?: AudioFile | null; readonly prompt?: { readonly audio?: AudioFile | null } | null };
  return audio ?? prompt?.audio ?? null;
}

/** A value as the form would show it, for saying who changed what: choices and switches by their words. */
export function valueAsTyped(say: Say, fields: readonly Field[], name: string): (value: unknown) => unknown {
  const field = fields.find((one) => one.name === fieldName(name));
  return (value) => {
    if (field === undefined || value === undefined) return value;
    let shown: Inputs;
    try {
      shown = field.show(value);
    } catch {
      return value;
    }
    return typedWords(say, field, shown);
  };
}

/** What is typed in a field, as a reader says it: one line, empty where there is nothing. Not escaped. */
export const typedWords = (say: Say, field: Field, typed: Inputs): string => field.inputs.map((input) => wordsOf(say, field, input, typed[input.suffix] ?? '')).filter((text) => text !== '').join(' · ');

function wordsOf(say: Say, field: Field, input: Input, shown: string): string {
  // A switch among several is named where it is on; one by itself says yes or no.
  if (input.look === 'toggle') return field.inputs.length === 1 ? say.plain(shown === 'true' ? 'value.yes' : 'value.no') : shown === 'true' ? labelOf(say, field, input) : '';
  if (input.look === 'choice') return asChoices(input, say.plain).find((one) => one.value === shown)?.title ?? shown;
  return shown.replace(/\n/g, ' · ');
}

const markedAt = (field: Field): string => field.markedAt ?? field.inputs.at(-1)?.suffix ?? '';
const labelKey = (field: Field, input: Input): string => (input.label === undefined ? labelsFor([field])[field.name] ?? field.name : `form.input.${input.label}`);
export const labelOf = (say: Say, field: Field, input: Input): string => say(labelKey(field, input), input.labelValues ?? {});

/** Each fault below the input that it is about, under that input's own label; those that no input is about are told on top. */
export function placeInputFaults(say: Say, fields: readonly Field[], faults: readonly Fault[]): { readonly placed: Readonly<Record<string, CardFault>>; readonly rest: readonly string[] } {
  const placed: Record<string, CardFault> = {};
  const rest: string[] = [];
  for (const fault of faults) {
    const name = fieldName(fault.field);
    const field = fields.find((one) => one.name === name);
    const suffix = field && (field.partAt?.(fault.field.slice(fault.field.indexOf(name) + name.length + 1)) ?? markedAt(field));
    const input = field?.inputs.find((one) => one.suffix === suffix);
    if (!field || !input) { rest.push(faultText(say, fault, labelsFor(fields))); continue; }
    const id = inputId(field, input);
    const text = faultText(say, fault, { [name]: labelKey(field, input) });
    placed[id] = { shown: true, text: placed[id] ? `${placed[id].text} ${text}` : text };
  }
  return { placed, rest };
}
