// Small pieces that several cards share: buttons, notes, times, warnings, faults, refusals.
import { Moment } from '../../cards/formats';
import { type Say } from '../../cards/words';
import { type Button, type Fault as CardFault, type Note, type Refresh, type Tone } from '../../cards/views';
import { type Fault, type Refusal, type StaleField, type Warning } from '../../storage/administration/results';
import { type RuleCode } from '../../storage/model/rules';
import { type Asking } from '../asking';
import { type BotVerb } from '../verbs';

type Data = Readonly<Record<string, unknown>>;

/** A button that sends nothing of what was typed. */
export function button(say: Say, text: string, verb: BotVerb, data: Data = {}, style: Button['style'] = 'default', values: Data = {}): Button {
  return { title: say(`button.${text}`, values), verb, data, style, inputs: 'none' };
}
/** A button that sends the form it stands in. */
export function submitButton(say: Say, text: string, verb: BotVerb, data: Data = {}, style: Button['style'] = 'default', values: Data = {}): Button {
  return { ...button(say, text, verb, data, style, values), inputs: 'auto' };
}
/** Leaves out what is not to be offered. */
export const offered = (...buttons: readonly (Button | false)[]): readonly Button[] => buttons.filter((one) => one !== false);

export const NO_NOTE: Note = { shown: false, text: '', tone: 'default' };
export const note = (text: string, tone: Tone): Note => ({ shown: true, text, tone });

/** Cards that show a state ask for a fresh one when they come into view; forms never do, for what was typed would be lost. */
export function refreshFor(asking: Asking, verb: BotVerb, data: Data = {}): Refresh {
  return asking.place.personal ? { shown: true, verb, data, userIds: [asking.chatId] } : NO_REFRESH;
}
export const NO_REFRESH: Refresh = { shown: false, verb: '', data: {}, userIds: [] };

/** On the reader's own clock; values for a text. */
export const clientTime = (when: Date): Moment => new Moment(when, 'time');
export const clientDateTime = (when: Date): Moment => new Moment(when, 'dateTime');

/** `3:07`, or `1:02:03` from an hour on: a clock that runs, which every language of the catalogues writes so. Never below zero. */
export function duration(fromMs: number, toMs: number): string {
  const seconds = Math.max(0, Math.floor((toMs - fromMs) / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** A caller by name and number, as far as they are known; escaped. */
export function callerText(say: Say, { callerName: name, callerNumber: number }: { readonly callerName: string; readonly callerNumber: string }): string {
  if (name === '' && number === '') return say('live.unknownCaller');
  if (name === '' || number === '' || name === number) return say('sentence', { sentence: number === '' ? name : number });
  return say('live.caller', { name, number });
}

export function warningText(say: Say, warning: Warning, agentCount: number): string {
  if (warning.code === 'nobodyOnDuty' && agentCount === 0) return say('warning.noAgents');
  return say(`warning.${warning.code}`, warning.code === 'voiceMissing' ? { language: say.languageName(warning.language) } : { ...warning });
}

/** Names one after another; escaped, for they stand in Markdown. */
export function listNames(say: Say, names: readonly string[], most = 12): string {
  if (names.length === 0) return say('value.nobody');
  return names.length <= most ? say.list(names) : say('group.more', { list: names.slice(0, most).join(', '), count: names.length - most });
}

/** What a person typed or a form showed, in words short enough for one line. */
export function valueText(say: Say, value: unknown): string {
  if (value === null || value === undefined || value === '') return say('value.none');
  if (typeof value === 'boolean') return say(value ? 'value.yes' : 'value.no');
  const text = typeof value === 'string' || typeof value === 'number' ? String(value)
    : Array.isArray(value) ? value.map(nameOf).join(', ') || say('value.nobody')
      : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Managers have a name; everything else in a list is its own. */
const nameOf = (one: unknown): string => (typeof one === 'object' && one !== null && 'name' in one ? String(one.name) : String(one));

/** The label of a field, whatever path storage gives it. */
export function fieldLabel(say: Say, field: string, labels: Readonly<Record<string, string>> = {}): string {
  const name = fieldName(field);
  for (const key of labels[name] === undefined ? [`field.${name}`, `form.field.${name}`] : [labels[name]]) {
    try {
      return say(key);
    } catch {
      continue;
    }
  }
  return name;
}
/** `changes.agentIds.3` is about `agentIds`. */
export const fieldName = (field: string): string => field.split('.').find((part) => part !== 'changes' && !/^\d+$/.test(part)) ?? field;

export const NO_FAULT: CardFault = { shown: false, text: '' };

/** Faults of the thing itself: it has no field to be named. */
const ITSELF: ReadonlySet<string> = new Set(['id', 'entryId']);
/** Rules about a thing that is not there, whose id tells nobody anything. */
const NAMELESS: ReadonlySet<RuleCode> = new Set(['noQuestion', 'noQueue', 'noAgentGroup', 'noAgent', 'noWorkflow', 'gone', 'otherGroups', 'noFormalGroup', 'formalGroup', 'unfit']);

/** The value that a fault is about, as people know it. */
function faultValue(say: Say, { value, rule }: Fault): unknown {
  if (rule !== undefined && NAMELESS.has(rule.code)) return null;
  return rule?.code === 'switchedOff' ? say.plain(`permission.${String(value)}`) : value;
}

/** What is wrong with one input: names the field, the value and what is allowed. */
export function faultText(say: Say, fault: Fault, labels: Readonly<Record<string, string>> = {}): string {
  // What has no rule stays as storage says it; a rule's parameters are escaped once, with the sentence around them.
  const message = fault.rule === undefined ? fault.message.replace(/\.$/, '') : say.plain(`fault.${fault.rule.code}`, fault.rule.params);
  if (fault.rule !== undefined && ITSELF.has(fault.field)) return say('error.faultThis', { message });
  const field = fieldLabel(say, fault.field, labels);
  const value = faultValue(say, fault);
  const empty = value === '' || value === null || value === undefined;
  return empty ? say('error.faultEmpty', { field, message }) : say('error.fault', { field, value: valueText(say, value), message });
}

/** Faults by input, for the inputs a card has; the rest are told on top. */
export function placeFaults<K extends string>(say: Say, inputs: readonly K[], faults: readonly Fault[], labels: Readonly<Record<string, string>> = {}): { readonly placed: Record<K, CardFault>; readonly rest: readonly string[] } {
  const placed = Object.fromEntries(inputs.map((input) => [input, NO_FAULT])) as Record<K, CardFault>;
  const rest: string[] = [];
  for (const fault of faults) {
    const name = fieldName(fault.field) as K;
    const text = faultText(say, fault, labels);
    if (name in placed) placed[name] = { shown: true, text: placed[name].shown ? `${placed[name].text} ${text}` : text };
    else rest.push(text);
  }
  return { placed, rest };
}

/** The sentence on top of a form that was refused. */
export function refusalNote(say: Say, refusal: Refusal, rest: readonly string[] = [], staleText = 'error.stale'): Note {
  switch (refusal.code) {
    case 'unavailable': return note(say('error.unavailableForm'), 'attention');
    case 'stale': return note(say(staleText), 'warning');
    case 'alreadyDone': return note(say('error.alreadyDone'), 'accent');
    case 'notFound': return note(say('error.notFound'), 'attention');
    case 'notAllowed': return note([say('error.notAllowedForm'), ...rest].join(' '), 'attention');
    case 'invalid': return note([say('error.invalid'), ...rest].join(' '), 'attention');
    case 'conflict': return note([say('error.conflict'), ...(refusal.faults.length > 0 ? rest : [escapedSentence(say, refusal.message)])].join(' '), 'attention');
  }
}
/** A sentence from storage may name what somebody typed. */
export const escapedSentence = (say: Say, sentence: string): string => say('sentence', { sentence });

/** Who changed what in between. */
export function staleLine(say: Say, stale: StaleField, labels: Readonly<Record<string, string>> = {}, names: (value: unknown) => unknown = (value) => value): string {
  return say('error.staleField', {
    field: fieldLabel(say, stale.field, labels), by: stale.changedBy,
    opened: valueText(say, names(stale.opened)), now: valueText(say, names(stale.now)), wanted: valueText(say, names(stale.wanted)),
  });
}

