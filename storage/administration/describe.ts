// One object's change as people read it: fields under the names of the forms, actions and answers as data for a reader's language, secrets as "set" alone.
import { isDeepStrictEqual } from 'node:util';
import { type Contact } from '../model/agent';
import { type AnswerAction } from '../model/call-action';
import { type ObjectChange, type ObjectKind, type ObjectKinds } from '../model/configuration';
import { type AudioFile, type Prompt } from '../model/prompt';
import { type Question } from '../model/question';
import { WEEKDAYS, type OpenRange } from '../model/schedule';
import { type Workflow } from '../model/workflow';
import { agentGroupFields, queueFields, workflowFields } from './group-form';

/** `of`: the question that the field is of, by name. Lists are arrays, in order. */
export interface FieldChange { readonly field: string; readonly of?: string; readonly before: unknown; readonly after: unknown }
/** Where a call goes, and what is said first. `to`: a number, an address, or what a queue or question is called; empty where it is hung up. */
export interface ActionWords { readonly action: AnswerAction['kind']; readonly to: string; readonly said: string }
/** A key and what it leads to. */
export interface AnswerWords extends ActionWords { readonly key: string; readonly name: string }

/** A holiday of a set, on the wall clock of whoever uses it. */
export interface HolidayWords { readonly holiday: string; readonly start: string; readonly end: string }
/** Where else an agent is rung. */
export interface ContactWords { readonly contact: string; readonly confirmed: boolean }

/** Something that nobody knows the name of any more, by its id. */
export interface GoneWords { readonly gone: string }

type Fields = Readonly<Record<string, unknown>>;
/** A password, or its hash, is compared and never shown. */
class Secret {
  constructor(readonly hash: string | null) {}
}

const audio = (file: AudioFile | null | undefined): string | null => file?.fileName ?? null;
const said = (prompt: Prompt | null): string => (prompt === null ? '' : prompt.audio === null ? prompt.text : `${prompt.text} [${prompt.audio.fileName}]`.trim());

/** Ids of queues stand as `queue:<id>`, for the history to put names in their place. */
function leadsTo(one: AnswerAction, questions: readonly Question[]): string {
  switch (one.kind) {
    case 'disconnect': return '';
    case 'queue': return `queue:${one.queueId}`;
    case 'question': return questions.find((other) => other.id === one.questionId)?.name ?? one.questionId;
    case 'number': return one.number;
    case 'sipUri':
    case 'voicemail': return one.uri;
  }
}
const words = (one: AnswerAction, questions: readonly Question[] = []): ActionWords => ({ action: one.kind, to: leadsTo(one, questions), said: said(one.prompt) });
/** Without what is said, where that is a field of its own. */
const silent = (one: AnswerAction): ActionWords => ({ ...words(one), said: '' });

/** One name for each field of each question: a question is known by its id, also where its name changed. */
const SEPARATOR = '\u0000';
const questionFields = ({ questions }: Workflow): Fields => Object.fromEntries(questions.flatMap((one) => Object.entries({
  question: one.name, prompt: said(one.prompt), invalidPrompt: said(one.invalidPrompt), noAnswerPrompt: said(one.noAnswerPrompt), attempts: one.attempts, answerSeconds: one.answerSeconds,
  fallback: one.fallback && words(one.fallback, questions), answers: one.answers.map(({ key, name, action }): AnswerWords => ({ key, name, ...words(action, questions) })),
}).map(([field, value]) => [[field, one.id].join(SEPARATOR), value])));

const hours = (ranges: readonly OpenRange[]): string => ranges.map(({ open, close }) => `${open}–${close}`).join(', ');
const contact = (one: Contact): ContactWords => ({ contact: one.kind === 'number' ? one.number : one.uri, confirmed: one.confirm });

const FIELDS: { readonly [K in ObjectKind]: (object: ObjectKinds[K]) => Fields } = {
  workflows: (one) => ({
    ...workflowFields(one), managers: one.managers.map((manager) => manager.name), managerPermissions: one.managed ? one.managerPermissions : null,
    welcomeAudio: audio(one.welcome?.audio), music: audio(one.music), businessHoursId: one.businessHoursId, closedAction: words(one.closedAction, one.questions),
    holidaySetIds: one.holidaySetIds, holidayAction: words(one.holidayAction, one.questions), defaultAction: words({ ...one.defaultAction, prompt: null }, one.questions), ...questionFields(one),
  }),
  queues: (one) => ({
    ...queueFields(one), name: one.name, agentGroupIds: one.agentGroupIds, timeoutAction: silent(one.timeoutAction), timeoutAudio: audio(one.timeoutAction.prompt?.audio), overflowAction: silent(one.overflowAction),
    overflowAudio: audio(one.overflowAction.prompt?.audio), noAgentsAction: one.noAgentsAction && words(one.noAgentsAction), leaveKey: one.leaveKey, leaveAction: words(one.leaveAction), callBackKey: one.callBackKey ?? null,
  }),
  agentGroups: (one) => ({ ...agentGroupFields(one), name: one.name }),
  agents: ({ name, sipUser, personId, contacts, digest }) => ({ name, sipUser, personId, contacts: contacts.map(contact), password: new Secret(digest && digest.sha256) }),
  duties: ({ onDuty, pause, signedIn }) => ({ onDuty, pause: pause && { reason: pause.reason, until: pause.until }, signedIn }),
  settings: ({ id: _id, pool: _pool, version: _version, defaultMusic, numberPolicy, ...fields }) => ({ ...fields, defaultMusic: audio(defaultMusic), ...numberPolicy }),
  businessHours: (one) => ({ name: one.name, ...Object.fromEntries(WEEKDAYS.map((day) => [day, hours(one[day])])) }),
  holidaySets: ({ name, holidays }) => ({ name, holidays: holidays.map(({ name: holiday, start, end }): HolidayWords => ({ holiday, start, end })) }),
  trunks: ({ id: _id, pool: _pool, version: _version, password, ...fields }) => ({ ...fields, password: new Secret(password) }),
};

/** The fields in which a change differs; `null` stands for an object, or a question, that was not there. */
export function describeChange(change: ObjectChange): FieldChange[] {
  const fieldsOf = FIELDS[change.kind] as (object: unknown) => Fields;
  const [before, after] = [change.before && fieldsOf(change.before), change.after && fieldsOf(change.after)];
  return Object.keys({ ...before, ...after })
    .filter((field) => !isDeepStrictEqual(before?.[field] ?? null, after?.[field] ?? null) && (shown(before?.[field]) !== null || shown(after?.[field]) !== null))
    .map((key): FieldChange => {
      const [field = key, id] = key.split(SEPARATOR);
      const name = id === undefined ? undefined : after?.[`question${SEPARATOR}${id}`] ?? before?.[`question${SEPARATOR}${id}`];
      return { field, ...(typeof name === 'string' ? { of: name } : {}), before: shown(before?.[key]), after: shown(after?.[key]) };
    });
}

function shown(value: unknown): unknown {
  if (value instanceof Secret) return value.hash === null ? null : 'set';
  return value ?? null;
}
