// The form of any object: what it shows, what was typed, what of it changed, drawn from the fields of its kind.
import { render } from '../../cards/render';
import { type Note, type ObjectFormView } from '../../cards/views';
import { type Fault } from '../../storage/administration/results';
import { type AudioFile } from '../../storage/model/prompt';
import { type Asking, type Shown } from '../asking';
import { button, duration, fieldLabel, fieldName, NO_FAULT, NO_NOTE, placeFaults, submitButton } from '../views/common';
import { asChoices, inputId, inputsOf, joined, type Field, type Inputs, type Input } from './field';
import { copiedKind, type Opened } from './kinds';
import { writeObjectToken, type ObjectToken } from './object-token';
import { fingerprint } from './token';

/** Each field's inputs, by the field's name. */
export type Typed = Readonly<Record<string, Inputs>>;

export const shownOf = (fields: readonly Field[], opened: Opened): Typed => Object.fromEntries(fields.map((field) => [field.name, field.show(opened.values[field.name])]));
export const typedOf = (fields: readonly Field[], sent: Readonly<Record<string, unknown>>, shown: Typed): Typed => Object.fromEntries(fields.map((field) => [field.name, inputsOf(field, sent, shown[field.name] ?? {})]));
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

export function objectFormCard(asking: Asking, state: FormState, typed: Typed): Shown {
  const { say } = asking;
  const { token, fields } = state;
  const form = writeObjectToken(token);
  const creating = token.id === '';
  const copying = copiedKind(token.kind) !== null;
  const { placed } = placeFaults(say, fields.map((field) => field.name), state.faults ?? [], labelsFor(fields));
  const view: ObjectFormView = {
    titleText: creating ? say(`object.${token.kind}.new`) : token.kind === 'settings' ? say('object.settings.one')
      : say(copying ? 'objectForm.copy' : token.kind === 'permissions' ? 'objectForm.permissions' : 'objectForm.edit', { name: state.name }),
    introText: say(`object.${token.kind}.intro`),
    note: state.told ?? NO_NOTE,
    changes: (state.changes ?? []).map((text) => ({ text })),
    rows: fields.flatMap((field) => field.inputs.map((input, index) => row(field, input, index))),
    actions: [submitButton(say, creating ? 'create' : copying ? 'copyNow' : 'save', 'object.save', { form }, 'positive'), button(say, 'cancel', state.cancel.verb, state.cancel.data)],
  };
  return { card: render('object-form', view, asking.locale) };

  function row(field: Field, input: Input, index: number): ObjectFormView['rows'][number] {
    const last = field.markedAt === undefined ? index === field.inputs.length - 1 : input.suffix === field.markedAt;
    const id = inputId(field, input);
    const audio = input.heard === true ? audioOf(state.values[field.name]) : null;
    const label = input.label === undefined ? fieldLabel(say, field.name, labelsFor(fields)) : say(`form.input.${input.label}`);
    return {
      parted: index === 0 && field.part !== undefined, partText: index === 0 && field.part !== undefined ? say(`form.part.${field.part}`) : '',
      isText: input.look === 'text', isLines: input.look === 'lines', isPassword: input.look === 'password', isToggle: input.look === 'toggle', isChoice: input.look === 'choice',
      id, label, value: typed[field.name]?.[input.suffix] ?? '', choices: asChoices(input, say),
      fault: last ? placed[field.name] ?? NO_FAULT : NO_FAULT,
      hinted: last && field.hint !== undefined, hintText: last && field.hint !== undefined ? say(`form.hint.${field.hint}`, field.hintValues ?? {}) : '',
      sounds: audio !== null, soundText: audio === null ? '' : say('objectForm.recording', { name: audio.fileName, time: duration(0, audio.durationMs) }),
      hearable: input.heard === true, hear: submitButton(say, 'hear', 'object.hear', { form, input: id }),
      heard: { shown: state.heard?.input === id, url: state.heard?.input === id ? state.heard.url : '' },
    };
  }
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

/** A value as the form would show it, for saying who changed what. */
export function valueAsTyped(fields: readonly Field[], name: string): (value: unknown) => unknown {
  const field = fields.find((one) => one.name === fieldName(name));
  return (value) => {
    if (field === undefined || value === undefined) return value;
    try {
      return Object.values(field.show(value)).map((text) => text.replace(/\n/g, ' · ')).filter((text) => text !== '').join(' · ');
    } catch {
      return value;
    }
  };
}
