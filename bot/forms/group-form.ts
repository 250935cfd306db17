// The form of a group: what it shows, what was typed, and what of it changed.
import { render } from '../../cards/render';
import { type GroupFormView, type Note } from '../../cards/views';
import { type GroupForm } from '../../storage/administration/verbs';
import { type AgentView } from '../../storage/administration/views';
import { type Fault } from '../../storage/administration/results';
import { LANGUAGES, LANGUAGE_NAMES } from '../../storage/model/languages';
import { DEFAULTS, LIMITS } from '../../storage/model/limits';
import { type Asking, type Shown } from '../asking';
import { button, NO_NOTE, placeFaults, submitButton } from '../views/common';
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
  },
  agentIds: [], managed: false, unreadable: null,
};

/** What somebody typed. An input that did not come, as for someone who may not change the address, is as it was shown. */
export function readTyped(inputs: Readonly<Record<string, unknown>>, shown: Typed, agents: readonly AgentView[]): Typed {
  const order = readOrder(inputs, agents);
  return {
    values: Object.fromEntries(TEXT_FIELDS.map((field) => [field, inputs[field] === undefined ? shown.values[field] : asText(inputs[field])])) as Typed['values'],
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
  readonly agents: readonly AgentView[];
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

export function groupFormCard(asking: Asking, state: FormState, typed: Typed): Shown {
  const { say } = asking;
  const creating = state.token.groupId === null;
  const form = writeToken(state.token);
  const known = new Map(state.agents.map((agent) => [agent.id, agent]));
  const strangers = typed.agentIds.filter((id) => !known.has(id));
  const addable = state.agents.filter((agent) => !typed.agentIds.includes(agent.id));
  const listed = typed.agentIds.length <= ROWS_MOST && addable.length <= TICKS_MOST && strangers.length === 0;
  const { placed } = placeFaults(say, FAULT_INPUTS, state.faults ?? []);
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
    candidates: addable.map((agent) => ({ title: `${agent.name} (${agent.sipUser})`, value: agent.id })),
    noAgents: state.agents.length === 0,
    actions: [
      submitButton(say, creating ? 'create' : 'save', 'group.save', { form }, 'positive'),
      creating ? button(say, 'cancel', 'groups') : button(say, 'cancel', 'group', { groupId: state.token.groupId }),
    ],
  };
  return { card: render('group-form', view, asking.locale) };
}
