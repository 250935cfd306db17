// The form of a group: what it shows, what was typed, and what of it changed.
import { render } from '../../cards/render';
import { type Fault as CardFault, type GroupFormView, type Note } from '../../cards/views';
import { type GroupForm } from '../../storage/administration/verbs';
import { type AgentName } from '../../storage/administration/views';
import { type Fault } from '../../storage/administration/results';
import { LANGUAGES, LANGUAGE_NAMES } from '../../storage/model/languages';
import { DEFAULTS, LIMITS } from '../../storage/model/limits';
import { type Asking, type Shown } from '../asking';
import { button, fieldName, NO_FAULT, NO_NOTE, placeFaults, submitButton } from '../views/common';
import { asChoices, choiceField, textField, toggleField, type Field } from './field';
import { labelsFor } from './object-form';
import { placeInput, readOrder, ROWS_MOST, TICKS_MOST } from './agent-order';
import { fingerprint, FORM_FIELDS, writeToken, type FormField, type FormToken } from './token';

/** Every input as text, and the agents in order. */
export interface Typed {
  readonly values: Readonly<Record<Exclude<FormField, 'agentIds'>, string>>;
  readonly agentIds: readonly string[];
  readonly managed: boolean;
  /** What could not be read as a place or an agent. */
  readonly unreadable: string | null;
}

const TEXT_FIELDS = FORM_FIELDS.filter((field) => field !== 'agentIds') as readonly Exclude<FormField, 'agentIds'>[];
const asText = (value: unknown): string => (value === null || value === undefined ? '' : typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '');

/** What the form shows of a stored group. */
export function typedFrom(form: GroupForm): Typed {
  return { values: Object.fromEntries(TEXT_FIELDS.map((field) => [field, asText(form[field])])) as Typed['values'], agentIds: form.agentIds, managed: form.managed, unreadable: null };
}

/** What an empty form shows. */
export const EMPTY_FORM: Typed = {
  values: {
    displayName: '', description: '', sipUser: '', telephoneNumber: '', welcomeText: '', language: DEFAULTS.language, routingMethod: 'parallel',
    alertTimeSeconds: String(DEFAULTS.alertTimeSeconds), wrapUpSeconds: String(DEFAULTS.wrapUpSeconds), timeoutSeconds: '', timeoutText: '', overflowThreshold: '', overflowText: '', active: 'true',
    displayNumber: '', timeZone: DEFAULTS.timeZone, priority: String(DEFAULTS.priority), participation: 'informal', autoPauseAfter: '', overflowCandidate: 'newestCall', announceSeconds: '', agentAnonymity: 'false', federation: 'false',
  },
  agentIds: [], managed: false, unreadable: null,
};

/** Choices and switches, which clients always send. */
const CHOSEN: ReadonlySet<string> = new Set(['language', 'routingMethod', 'participation', 'overflowCandidate', 'active', 'agentAnonymity', 'federation']);
const OF_ADDRESS: ReadonlySet<string> = new Set(['sipUser', 'telephoneNumber', 'federation']);

/**
 * What somebody typed. A client leaves out an input of text that was emptied. What was not on the card, as the address for someone who may not
 * change it, is as it was shown; so is everything where nothing came at all.
 */
export function readTyped(inputs: Readonly<Record<string, unknown>>, shown: Typed, agents: readonly AgentName[], addressed = true): Typed {
  const anything = TEXT_FIELDS.some((field) => inputs[field] !== undefined);
  const leftOut = (field: (typeof TEXT_FIELDS)[number]): string => (!anything || CHOSEN.has(field) || (!addressed && OF_ADDRESS.has(field)) ? shown.values[field] : '');
  const order = readOrder(inputs, agents);
  return {
    values: Object.fromEntries(TEXT_FIELDS.map((field) => [field, inputs[field] === undefined ? leftOut(field) : asText(inputs[field])])) as Typed['values'],
    agentIds: order.agentIds,
    managed: inputs['managed'] === 'true' || inputs['managed'] === true,
    unreadable: order.unreadable,
  };
}

/** The fingerprints that a token carries. */
export function fingerprints(typed: Typed): readonly string[] {
  return FORM_FIELDS.map((field) => fingerprint(field === 'agentIds' ? typed.agentIds.join(',') : typed.values[field]));
}

/** Only what differs from what the form showed, as `group.change` takes it. */
export function changesOf(typed: Typed, token: FormToken): Record<string, unknown> {
  const now = fingerprints(typed);
  const changes: Record<string, unknown> = {};
  FORM_FIELDS.forEach((field, index) => {
    if (now[index] === token.shown[index]) return;
    changes[field] = field === 'agentIds' ? [...typed.agentIds] : typed.values[field];
  });
  return changes;
}

/** Everything about a form but what is typed in it. */
export interface FormState {
  readonly token: FormToken;
  readonly title: string;
  /** Address and number are for administrators. */
  readonly addressed: boolean;
  readonly agents: readonly AgentName[];
  readonly domain: string;
  readonly faults?: readonly Fault[];
  readonly told?: Note;
  readonly changes?: readonly string[];
  readonly heardUrl?: string | null;
}

/** The names of the inputs that can have a fault beside them. */
export const FAULT_INPUTS = [
  'displayName', 'description', 'sipUser', 'telephoneNumber', 'welcomeText', 'language', 'routingMethod', 'alertTimeSeconds', 'wrapUpSeconds',
  'timeoutSeconds', 'timeoutText', 'overflowThreshold', 'overflowText', 'agentIds', 'active',
] as const;

/** What few groups need: below a button that opens it. `federation` is for whoever may change the address. */
const MORE: readonly Field[] = [
  textField('displayNumber', { hint: 'displayNumber' }),
  textField('timeZone', { hint: 'timeZone' }),
  textField('priority', { hint: 'priority', hintValues: LIMITS.priority }),
  choiceField('participation', ['informal', 'formal'], 'form.participation'),
  textField('autoPauseAfter', { hint: 'rangeOrNone', hintValues: LIMITS.autoPauseAfter }),
  choiceField('overflowCandidate', ['newestCall', 'oldestCall'], 'form.overflowCandidate'),
  textField('announceSeconds', { hint: 'rangeOrNone', hintValues: LIMITS.announceSeconds }),
  toggleField('agentAnonymity'),
  toggleField('federation'),
];
export const MORE_FIELDS: readonly string[] = MORE.map((field) => field.name);
/** Labels of those that the form of one object has. */
export const GROUP_LABELS = labelsFor(MORE);


export function groupFormCard(asking: Asking, state: FormState, typed: Typed): Shown {
  const { say } = asking;
  const creating = state.token.groupId === null;
  const form = writeToken(state.token);
  const known = new Map(state.agents.map((agent) => [agent.id, agent]));
  const strangers = typed.agentIds.filter((id) => !known.has(id));
  const addable = state.agents.filter((agent) => !typed.agentIds.includes(agent.id));
  const listed = typed.agentIds.length <= ROWS_MOST && addable.length <= TICKS_MOST && strangers.length === 0;
  const { placed, moreFaults } = groupFaults(asking, state.faults ?? []);
  const more = MORE.filter((field) => state.addressed || field.name !== 'federation').map((field) => moreRow(asking, field, typed.values[field.name as Exclude<FormField, 'agentIds'>], moreFaults[field.name]));
  const view: GroupFormView = {
    titleText: creating ? say('groupForm.newTitle') : say('groupForm.editTitle', { name: state.title }),
    introText: say(creating ? 'groupForm.newIntro' : 'groupForm.editIntro'),
    note: state.told ?? NO_NOTE,
    changes: (state.changes ?? []).map((text) => ({ text })),
    creating,
    addressed: state.addressed,
    sipUserHintText: say('groupForm.sipUserHint', { domain: state.domain }),
    alertTimeHintText: say('groupForm.alertTimePlaceholder', { ...LIMITS.alertTimeSeconds, usual: DEFAULTS.alertTimeSeconds }),
    wrapUpHintText: say('groupForm.wrapUpPlaceholder', LIMITS.wrapUpSeconds),
    timeoutHintText: say('groupForm.timeoutPlaceholder', LIMITS.queueTimeoutSeconds),
    overflowHintText: say('groupForm.overflowPlaceholder', LIMITS.overflowThreshold),
    values: {
      ...typed.values, managed: String(typed.managed), added: '',
      order: typed.agentIds.map((id) => known.get(id)?.sipUser ?? id).join('\n'),
    },
    faults: placed,
    languages: LANGUAGE_NAMES.filter((name) => LANGUAGES[name] !== null || name === typed.values.language).map((value) => ({ value, title: asking.say.languageName(value) })),
    heard: { shown: typeof state.heardUrl === 'string', url: state.heardUrl ?? '' },
    hear: submitButton(say, 'hear', 'group.hear', { form }),
    rows: listed ? typed.agentIds.map((agentId, index) => {
      const agent = known.get(agentId);
      const name = agent?.name ?? agentId;
      const arrow = (step: 'up' | 'down'): GroupFormView['rows'][number]['up'] => submitButton(say, step, 'group.move', { form, agentId, step });
      return {
        inputId: placeInput(index + 1, agentId), place: String(index + 1), name, address: agent?.sipUser ?? '',
        up: arrow('up'), down: arrow('down'), movesUp: index > 0, movesDown: index < typed.agentIds.length - 1,
      };
    }) : [],
    listed: listed && typed.agentIds.length > 0,
    typedOrder: !listed,
    addable: listed && addable.length > 0,
    candidates: (listed ? addable : []).map((agent) => ({ title: `${agent.name} (${agent.sipUser})`, value: agent.id })),
    noAgents: state.agents.length === 0,
    more, moreShown: more.some((one) => one.fault.shown),
    actions: [
      submitButton(say, creating ? 'create' : 'save', 'group.save', { form }, 'positive'),
      creating ? button(say, 'cancel', 'groups') : button(say, 'cancel', 'group', { groupId: state.token.groupId }),
      ...(creating ? [button(say, 'guide', 'guide')] : []),
    ],
  };
  return { card: render('group-form', view, asking.locale) };
}

/** Faults by input, also of what stands below the button; the rest are told on top. */
export function groupFaults({ say }: Pick<Asking, 'say'>, faults: readonly Fault[]): { readonly placed: Record<(typeof FAULT_INPUTS)[number], CardFault>; readonly moreFaults: Readonly<Record<string, CardFault>>; readonly rest: readonly string[] } {
  const ofMore = (fault: Fault): boolean => MORE_FIELDS.includes(fieldName(fault.field));
  const { placed, rest } = placeFaults(say, FAULT_INPUTS, faults.filter((fault) => !ofMore(fault)));
  return { placed, rest, moreFaults: placeFaults(say, MORE_FIELDS, faults.filter(ofMore), GROUP_LABELS).placed };
}

function moreRow({ say }: Asking, field: Field, value: string, fault: CardFault = NO_FAULT): GroupFormView['more'][number] {
  const [input] = field.inputs;
  const look = input?.look ?? 'text';
  return {
    isText: look === 'text', isToggle: look === 'toggle', isChoice: look === 'choice', id: field.name, label: say(GROUP_LABELS[field.name] ?? ''), value, choices: input ? asChoices(input, say) : [], fault,
    hinted: field.hint !== undefined, hintText: field.hint === undefined ? '' : say(`form.hint.${field.hint}`, field.hintValues ?? {}),
  };
}

/** A value as the form shows it, for saying who changed what. */
export function groupValue({ say }: Pick<Asking, 'say'>, field: string, names: ReadonlyMap<string, string>): (value: unknown) => unknown {
  const name = fieldName(field);
  return (value) => {
    if (Array.isArray(value)) return value.map((one) => names.get(String(one)) ?? String(one));
    if (typeof value !== 'string' || value === '') return value;
    if (name === 'language') return say.languageName(value);
    const choice = MORE.find((one) => one.name === name)?.inputs[0];
    if (choice?.look === 'choice') return asChoices(choice, say.plain).find((one) => one.value === value)?.title ?? value;
    return name === 'routingMethod' ? say.plain(`routing.short.${value}`) : value;
  };
}
