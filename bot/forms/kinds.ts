// Every kind of object that has a form: its fields, how it is opened, and which verbs save and delete it.
import { type Result, type Answer, type Fault } from '../../storage/administration/results';
import { type Verb, type VerbInput } from '../../storage/administration/verbs';
import { type ObjectNames, type ObjectView, type ShownKind } from '../../storage/administration/views';
import { agentGroup, routingMethod } from '../../storage/model/agent-group';
import { type Contact } from '../../storage/model/agent';
import { LANGUAGE_NAMES } from '../../storage/model/languages';
import { DEFAULTS, LIMITS } from '../../storage/model/limits';
import { type NumberPolicy } from '../../storage/model/number-policy';
import { queue } from '../../storage/model/queue';
import { type Question } from '../../storage/model/question';
import { WEEKDAYS } from '../../storage/model/schedule';
import { trunk } from '../../storage/model/trunk';
import { MANAGER_PERMISSIONS, type ManagerPermission, type Workflow } from '../../storage/model/workflow';
import { type Asking, type Services } from '../asking';
import { audioField, choiceField, longField, oneOfField, promptField, readField, secretField, targetField, textField, toggleField, type Field, type World } from './field';
import { readAnswers, readContacts, readHolidays, readNames, readRanges, readWords, showAnswers, showContacts, showHolidays, showNames, showRanges } from './readings';

export const FORM_KINDS = [
  'businessHours', 'holidaySet', 'queue', 'agentGroup', 'workflow', 'question', 'trunk', 'settings', 'agent', 'permissions',
  'workflowCopy', 'queueCopy', 'agentGroupCopy', 'businessHoursCopy', 'holidaySetCopy', 'trunkCopy',
] as const;
export type FormKind = (typeof FORM_KINDS)[number];
/** A form that names a copy: of which kind, else null. */
export const copiedKind = (kind: FormKind): FormKind | null => (kind.endsWith('Copy') ? FORM_KINDS.find((one) => `${one}Copy` === kind) ?? null : null);
/** Those that are listed by themselves, and what storage calls the list. */
export const LISTED = { businessHours: 'businessHours', holidaySet: 'holidaySets', queue: 'queues', agentGroup: 'agentGroups', trunk: 'trunks' } as const satisfies Partial<Record<FormKind, ShownKind>>;
export type ListedKind = keyof typeof LISTED;

/** Which object: `id` empty for one to be made; `groupId` the workflow it is made for, is part of, or was reached from; or empty. */
export interface ObjectOf { readonly id: string; readonly groupId: string }
export interface Opened {
  readonly name: string;
  readonly version: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly mayChange: boolean;
  readonly mayDelete: boolean;
  /** What of it this person may change; left out: all of it. */
  readonly permissions?: readonly ManagerPermission[];
}

export interface ObjectForm {
  readonly fields: (world: World, opened: Opened, of: ObjectOf) => readonly Field[];
  readonly open: (services: Services, asking: Asking, of: ObjectOf) => Promise<Answer<Opened>>;
  readonly save: (services: Services, asking: Asking, of: ObjectOf, opened: { readonly version: number; readonly values: Opened['values'] }, changes: Readonly<Record<string, unknown>>, requestId: string) => Promise<Result>;
}

const NOT_FOUND = { ok: false, code: 'notFound', message: '' } as const;

/** An object that is made anew, as its schema has it. */
const blank = (values: Readonly<Record<string, unknown>>, mayChange: boolean): Answer<Opened> => (mayChange ? { ok: true, value: { name: '', version: 1, values, mayChange, mayDelete: false } } : NOT_FOUND);
const STORED = { id: 'new', pool: 'new', version: 1, name: 'new' };

/** Of a kind that storage lists. Whoever manages the group it is made for may make one. */
function opener(kind: ListedKind, fresh: () => Readonly<Record<string, unknown>>): ObjectForm['open'] {
  return async (services, asking, of) => {
    if (of.id === '') return blank({ ...fresh(), name: '' }, asking.acting.administrator || (of.groupId !== '' && (await services.administration.workflow(asking.acting, of.groupId)).ok));
    const listed = await services.administration.objects(asking.acting, LISTED[kind], { ids: [of.id] });
    if (!listed.ok) return listed;
    const found = listed.value.find((one) => one.id === of.id);
    return found ? { ok: true, value: { name: found.name, version: found.version, values: found.object, mayChange: found.rights.change, mayDelete: found.rights.delete } } : NOT_FOUND;
  };
}

/** Verbs are named after the kind, so that the compiler follows neither the name nor what it takes. */
function perform(services: Services, asking: Asking, verb: string, input: unknown, requestId: string): Promise<Result> {
  return services.administration.perform(asking.acting, verb as Verb, input as VerbInput<Verb>, { requestId });
}
const saver = (noun: string): ObjectForm['save'] => (services, asking, of, opened, changes, requestId) => (of.id === ''
  ? perform(services, asking, `${noun}.create`, { ...changes, ...(of.groupId === '' || noun === 'trunk' ? {} : { workflowId: of.groupId }) }, requestId)
  : perform(services, asking, `${noun}.change`, { id: of.id, version: opened.version, changes }, requestId));

const range = ({ min, max }: { readonly min: number; readonly max: number }): Pick<Field, 'hint' | 'hintValues'> => ({ hint: 'range', hintValues: { min, max } });
const rangeOrNone = ({ min, max }: { readonly min: number; readonly max: number }): Pick<Field, 'hint' | 'hintValues'> => ({ hint: 'rangeOrNone', hintValues: { min, max } });
/** Names, one a line; those there are, where there are any. */
const namesHint = (hint: string, known: World['queues']): Pick<Field, 'hint' | 'hintValues'> => (known.length === 0 ? { hint: `${hint}None` } : { hint, hintValues: { names: known.map((one) => one.name).slice(0, 12).join(', ') } });
const words = (name: string, hint: string): Field => readField<readonly string[]>(name, 'lines', (value) => (value ?? []).join('\n'), (typed) => ({ ok: true, value: readWords(typed) }), { hint });

const businessHours: ObjectForm = {
  fields: () => [
    textField('name'),
    ...WEEKDAYS.map((day, index) => readField(day, 'text', showRanges, readRanges, { ...(index === 0 ? { hint: 'ranges', part: 'week' } : {}) })),
  ],
  open: opener('businessHours', () => Object.fromEntries(WEEKDAYS.map((day, index) => [day, index < 5 ? [{ open: '09:00', close: '17:00' }] : []]))),
  save: saver('businessHours'),
};

const holidaySet: ObjectForm = {
  fields: () => [textField('name'), readField('holidays', 'lines', showHolidays, readHolidays, { hint: 'holidays' })],
  open: opener('holidaySet', () => ({ holidays: [] })),
  save: saver('holidaySet'),
};

const queueForm: ObjectForm = {
  fields: (world) => [
    textField('name'),
    readField<string[]>('agentGroupIds', 'lines', (ids) => showNames(ids, world.agentGroups), (typed) => readNames(typed, world.agentGroups, 'reading.agentGroup'), { hint: 'agentGroups' }),
    textField('timeoutSeconds', { part: 'timeout', ...rangeOrNone(LIMITS.queueTimeoutSeconds) }),
    targetField('timeoutAction', world),
    textField('overflowThreshold', { part: 'overflow', ...rangeOrNone(LIMITS.overflowThreshold) }),
    choiceField('overflowCandidate', ['newestCall', 'oldestCall'], 'form.overflowCandidate'),
    targetField('overflowAction', world),
    targetField('noAgentsAction', world, { part: 'noAgents', none: 'form.noAgentsNone' }),
    textField('announceSeconds', { part: 'meanwhile', ...rangeOrNone(LIMITS.announceSeconds) }),
    textField('leaveKey', { hint: 'leaveKey' }),
    targetField('leaveAction', world),
    textField('callBackKey', { hint: 'callBackKey' }),
  ],
  open: opener('queue', () => queue.parse({ ...STORED, agentGroupIds: [] })),
  save: saver('queue'),
};

const agentGroupForm: ObjectForm = {
  fields: (world) => [
    textField('name'),
    readField<string[]>('agentIds', 'lines', (ids) => showNames(ids, world.agents), (typed) => readNames(typed, world.agents, 'reading.agent'), { hint: 'agents' }),
    choiceField('routingMethod', routingMethod.options, 'routing', { part: 'ringing' }),
    choiceField('participation', ['informal', 'formal'], 'form.participation'),
    textField('alertTimeSeconds', range(LIMITS.alertTimeSeconds)),
    textField('wrapUpSeconds', range(LIMITS.wrapUpSeconds)),
    textField('autoPauseAfter', rangeOrNone(LIMITS.autoPauseAfter)),
  ],
  open: opener('agentGroup', () => agentGroup.parse({ ...STORED, agentIds: [] })),
  save: saver('agentGroup'),
};

const addressed = (opened: Opened): boolean => opened.values['changesAddress'] === true;
/** `queue:<id>` or `question:<id>`. */
const ofDefault = (value: unknown): string => { const action = value as Workflow['defaultAction']; return action.kind === 'queue' ? `queue:${action.queueId}` : `question:${action.questionId}`; };
function defaultActionField(world: World, opened: Opened): Field {
  // Whether callers meet a queue or a question is for whoever may change the address.
  const now = (opened.values['defaultAction'] as Workflow['defaultAction']).kind;
  const may = (kind: typeof now): boolean => addressed(opened) || kind === now;
  return {
    name: 'defaultAction',
    inputs: [{ suffix: '', look: 'choice', choices: [
      ...world.queues.filter(() => may('queue')).map((one) => ({ value: `queue:${one.id}`, title: one.name })), ...world.questions.filter(() => may('question')).map((one) => ({ value: `question:${one.id}`, title: `? ${one.name}` })),
    ] }],
    show: (value) => ({ '': ofDefault(value) }),
    read: (typed) => {
      const [kind, id = ''] = (typed[''] ?? '').split(':');
      return { ok: true, value: kind === 'question' ? { kind, questionId: id } : { kind: 'queue', queueId: id } };
    },
    hint: 'defaultAction',
  };
}

/** As its own speakers call it. */
const languageField: Field = { ...textField('language'), inputs: [{ suffix: '', look: 'choice', choices: LANGUAGE_NAMES.map((value) => ({ value, title: `${new Intl.DisplayNames([value], { type: 'language' }).of(value) ?? value} (${value})` })) }] };

const workflow: ObjectForm = {
  fields: (world, opened) => [
    textField('displayName'),
    longField('description'),
    ...(addressed(opened) ? [textField('sipUser', { hint: 'sipUser', hintValues: { domain: world.domain } }), textField('telephoneNumber', { hint: 'telephoneNumber' })] : []),
    textField('displayNumber', { hint: 'displayNumber' }),
    languageField,
    textField('timeZone', { hint: 'timeZone' }),
    promptField('welcome', false, { part: 'welcome', hint: 'recording' }),
    ...audioField('music', opened.values['music'], 'dropMusic'),
    defaultActionField(world, opened),
    oneOfField('businessHoursId', world.businessHours, 'form.alwaysOpen', { part: 'hours' }),
    targetField('closedAction', world),
    readField<string[]>('holidaySetIds', 'lines', (ids) => showNames(ids, world.holidaySets), (typed) => readNames(typed, world.holidaySets, 'reading.holidaySet'), { part: 'holidays', ...namesHint('holidaySets', world.holidaySets) }),
    targetField('holidayAction', world),
    textField('priority', { part: 'rest', hint: 'priority', hintValues: LIMITS.priority }),
    toggleField('agentAnonymity'),
    ...(addressed(opened) ? [toggleField('federation'), toggleField('managed')] : []),
    toggleField('active'),
  ],
  async open(services, asking, of) {
    const found = await services.administration.workflow(asking.acting, of.id);
    if (!found.ok) return found;
    const { workflow: one, version, rights } = found.value;
    return { ok: true, value: { name: one.displayName, version, values: { ...one, changesAddress: rights.changeAddress }, mayChange: rights.change, mayDelete: rights.delete, permissions: rights.permissions } };
  },
  save: (services, asking, of, opened, changes, requestId) => perform(services, asking, 'workflow.change', { id: of.id, version: opened.version, changes }, requestId),
};

const someNames = (known: World['queues']): string => known.map((one) => one.name).slice(0, 8).join(', ') || '–';

export const NEW_QUESTION: Omit<Question, 'id'> = { name: '', prompt: { text: '', audio: null }, invalidPrompt: null, noAnswerPrompt: null, attempts: DEFAULTS.questionAttempts, answerSeconds: DEFAULTS.answerSeconds, fallback: null, answers: [] };

/** A question is part of its workflow, which is what is saved. */
const question: ObjectForm = {
  fields: (world) => [
    textField('name'),
    promptField('prompt', true, { hint: 'recording' }),
    readField<Question['answers']>('answers', 'lines', (answers) => showAnswers(answers, world), (typed, before) => readAnswers(typed, before, world), { hint: 'answers', hintValues: { queues: someNames(world.queues), questions: someNames(world.questions) } }),
    promptField('invalidPrompt', false, { part: 'trouble' }),
    promptField('noAnswerPrompt'),
    textField('attempts', range(LIMITS.questionAttempts)),
    textField('answerSeconds', range(LIMITS.answerSeconds)),
    targetField('fallback', world, { none: 'form.fallbackNone', question: true }),
  ],
  async open(services, asking, of) {
    const found = await services.administration.workflow(asking.acting, of.groupId);
    if (!found.ok) return found;
    const { workflow: one, version, rights } = found.value;
    if (of.id === '') return rights.change ? { ok: true, value: { name: '', version, values: { ...NEW_QUESTION, questions: one.questions }, mayChange: true, mayDelete: false } } : NOT_FOUND;
    const asked = one.questions.find((other) => other.id === of.id);
    return asked ? { ok: true, value: { name: asked.name, version, values: { ...asked, questions: one.questions }, mayChange: rights.change, mayDelete: rights.change } } : NOT_FOUND;
  },
  async save(services, asking, of, opened, changes, requestId) {
    const questions = opened.values['questions'] as readonly Question[];
    const at = of.id === '' ? questions.length : questions.findIndex((one) => one.id === of.id);
    const typed = { ...changes, ...numbers(changes) };
    const next = of.id === '' ? [...questions, { ...NEW_QUESTION, ...typed, id: `question-${services.newId().toLowerCase()}` }] : questions.map((one, index) => (index === at ? { ...one, ...typed } : one));
    const result = await perform(services, asking, 'workflow.change', { id: of.groupId, version: opened.version, changes: { questions: next } }, requestId);
    return result.ok || result.faults.length === 0 ? result : { ...result, faults: result.faults.map((fault) => inQuestion(fault, at)) };
  },
};
/** A question stands inside a list, where storage takes numbers as numbers. */
export const numbers = (changes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => Object.fromEntries(['attempts', 'answerSeconds'].flatMap((field) => (typeof changes[field] === 'string' && /^\d+$/.test(changes[field]) ? [[field, Number(changes[field])]] : [])));
/** `changes.questions.2.prompt.text` is about `prompt` where the third question is the one on the form. */
const inQuestion = (fault: Fault, at: number): Fault => ({ ...fault, field: fault.field.replace(new RegExp(`^(?:changes\\.)?questions\\.${at}\\.`), '') });

const trunkForm: ObjectForm = {
  fields: (_world, opened) => [
    textField('name'),
    toggleField('enabled'),
    textField('host', { part: 'trunk' }),
    textField('port'),
    choiceField('transport', ['udp', 'tcp'], 'form.transport'),
    textField('username'),
    secretField('password', { hint: opened.values['hasPassword'] === true ? 'passwordKept' : 'passwordNone' }),
    toggleField('register'),
    textField('fromDomain', { hint: 'fromDomain' }),
    textField('identityNumber', { hint: 'identityNumber' }),
    textField('checkSeconds', rangeOrNone(LIMITS.trunkCheckSeconds)),
    toggleField('outgoing', { part: 'outgoing' }),
    textField('order', range(LIMITS.trunkOrder)),
    words('sources', 'sources'),
    toggleField('federated'),
  ],
  open: opener('trunk', () => ({ ...trunk.parse({ ...STORED, host: 'new.example', sources: [] }), host: '' })),
  save: saver('trunk'),
};

const POLICY = { '-prefixes': 'allowedPrefixes', '-domains': 'allowedDomains', '-emergency': 'emergencyNumbers' } as const;
const policyField: Field = {
  name: 'numberPolicy', part: 'policy',
  inputs: Object.entries(POLICY).map(([suffix, label]) => ({ suffix, look: 'lines' as const, label, ...(label === 'emergencyNumbers' ? {} : { hint: 'numberPolicy' }) })),
  show: (value) => Object.fromEntries(Object.entries(POLICY).map(([suffix, name]) => [suffix, (value as NumberPolicy)[name].join('\n')])),
  read: (typed) => ({ ok: true, value: Object.fromEntries(Object.entries(POLICY).map(([suffix, name]) => [name, readWords(typed[suffix] ?? '')])) }),
  partAt: (part) => Object.entries(POLICY).find(([, name]) => part === name || part.startsWith(`${name}.`))?.[0],
};

const settings: ObjectForm = {
  fields: (_world, opened) => [
    textField('gracePeriodSeconds', range(LIMITS.gracePeriodSeconds)),
    toggleField('callContextShown'),
    ...audioField('defaultMusic', opened.values['defaultMusic'], 'dropDefaultMusic'),
    textField('pickupCode', { part: 'codes', hint: 'pickupCode' }),
    textField('onDutyCode'),
    textField('offDutyCode', { hint: 'dutyCodes' }),
    policyField,
  ],
  async open(services, asking) {
    const found = await services.administration.settings(asking.acting);
    return found.ok ? { ok: true, value: { name: '', version: found.value.version, values: found.value.settings, mayChange: true, mayDelete: false } } : found;
  },
  save: (services, asking, _of, opened, changes, requestId) => perform(services, asking, 'settings.change', { version: opened.version, changes }, requestId),
};

/** Where an agent is rung beside the phone; the rest of an agent has a form of its own. */
const agent: ObjectForm = {
  fields: (world) => [readField<Contact[]>('contacts', 'lines', (contacts) => showContacts(contacts, world.words), readContacts, { hint: 'contacts' })],
  async open(services, asking, of) {
    const agents = asking.acting.administrator ? await services.administration.agents(asking.acting, { ids: [of.id] }) : NOT_FOUND;
    if (!agents.ok) return agents;
    const found = agents.value.find((one) => one.id === of.id);
    return found?.detail ? { ok: true, value: { name: found.name, version: found.detail.version, values: { contacts: found.detail.contacts }, mayChange: true, mayDelete: false } } : NOT_FOUND;
  },
  save: (services, asking, of, opened, changes, requestId) => perform(services, asking, 'agent.change', { id: of.id, version: opened.version, changes }, requestId),
};

/** What managers of one group may change, for administrators: a switch for each. */
const permissions: ObjectForm = {
  fields: () => [{
    name: 'managerPermissions', hint: 'managerPermissions',
    inputs: MANAGER_PERMISSIONS.map((one) => ({ suffix: `-${one}`, look: 'toggle', label: `permission.${one}` })),
    show: (value) => Object.fromEntries(MANAGER_PERMISSIONS.map((one) => [`-${one}`, String((value as readonly string[]).includes(one))])),
    read: (typed) => ({ ok: true, value: MANAGER_PERMISSIONS.filter((one) => typed[`-${one}`] === 'true') }),
  }],
  async open(services, asking, of) {
    const found = await services.administration.workflow(asking.acting, of.id);
    if (!found.ok) return found;
    const { workflow: one, version, rights } = found.value;
    return { ok: true, value: { name: one.displayName, version, values: one, mayChange: rights.changeAddress && one.managed, mayDelete: false } };
  },
  save: (services, asking, of, opened, changes, requestId) => perform(services, asking, 'workflow.change', { id: of.id, version: opened.version, changes }, requestId),
};

/** Of a kind that storage lists: a name is all it takes, and the password of a trunk, which is not copied. */
function copyForm(kind: ListedKind): ObjectForm {
  return {
    fields: (_world, opened) => [textField('name'), ...(kind === 'trunk' ? [secretField('password', { hint: opened.values['hasPassword'] === true ? 'passwordNotCopied' : 'passwordNone' })] : [])],
    async open(services, asking, of) {
      const listed: Answer<readonly ObjectView<ShownKind>[]> = await services.administration.objects(asking.acting, LISTED[kind], { ids: [of.id] });
      if (!listed.ok) return listed;
      const found = listed.value.find((one) => one.id === of.id);
      return found ? { ok: true, value: { name: found.name, version: found.version, values: { name: copyName(asking, found.name), hasPassword: 'hasPassword' in found.object && found.object.hasPassword }, mayChange: found.rights.copy, mayDelete: false } } : NOT_FOUND;
    },
    save: (services, asking, of, _opened, changes, requestId) => perform(services, asking, `${kind}.copy`, { id: of.id, ...changes }, requestId),
  };
}

const copyName = ({ say }: Asking, name: string): string => say('objectForm.copyName', { name }).slice(0, LIMITS.displayNameLength.max);

/** A copy of a group is dialled by an address of its own. */
const workflowCopy: ObjectForm = {
  fields: (world) => [textField('name'), textField('sipUser', { hint: 'sipUser', hintValues: { domain: world.domain } })],
  async open(services, asking, of) {
    const found = await services.administration.workflow(asking.acting, of.id);
    if (!found.ok) return found;
    const { workflow: one, version, rights } = found.value;
    return { ok: true, value: { name: one.displayName, version, values: { name: copyName(asking, one.displayName), sipUser: `${one.sipUser.slice(0, 58)}-2` }, mayChange: rights.copy, mayDelete: false } };
  },
  save: (services, asking, of, _opened, changes, requestId) => perform(services, asking, 'workflow.copy', { id: of.id, ...changes }, requestId),
};

export const OBJECT_FORMS: Readonly<Record<FormKind, ObjectForm>> = {
  businessHours, holidaySet, queue: queueForm, agentGroup: agentGroupForm, workflow, question, trunk: trunkForm, settings, agent, permissions, workflowCopy,
  queueCopy: copyForm('queue'), agentGroupCopy: copyForm('agentGroup'), businessHoursCopy: copyForm('businessHours'), holidaySetCopy: copyForm('holidaySet'), trunkCopy: copyForm('trunk'),
};

const NO_NAMES: ObjectNames = { queues: [], agentGroups: [], businessHours: [], holidaySets: [] };

/** What forms may name for this person. A list that cannot be had is empty: names in it then read as unknown, and nothing is lost. */
export async function readWorld(services: Services, asking: Asking, groupId: string): Promise<World & { readonly language: string }> {
  const { administration } = services;
  const [names, agents, group] = await Promise.all([administration.objectNames(asking.acting), administration.agentNames(asking.acting), groupId === '' ? null : administration.workflow(asking.acting, groupId)]);
  const { queues, agentGroups, businessHours: hours, holidaySets: holidays } = names.ok ? names.value : NO_NAMES;
  return {
    queues, agentGroups, businessHours: hours, holidaySets: holidays,
    agents: agents.ok ? agents.value.map(({ id, name, sipUser }) => ({ id, name, alias: sipUser })) : [],
    questions: group?.ok === true ? group.value.workflow.questions.map(({ id, name }) => ({ id, name })) : [],
    words: asking.say.language,
    domain: services.sipDomain,
    language: group?.ok === true ? group.value.workflow.language : DEFAULTS.language,
  };
}
