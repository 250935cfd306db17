// One object's change as people read it: fields under the names of the forms, in words, secrets as "set" alone.
import { isDeepStrictEqual } from 'node:util';
import { type Contact } from '../model/agent';
import { type AnswerAction } from '../model/call-action';
import { type ObjectChange, type ObjectKind, type ObjectKinds } from '../model/configuration';
import { type AudioFile, type Prompt } from '../model/prompt';
import { type Question } from '../model/question';
import { WEEKDAYS, type OpenRange } from '../model/schedule';
import { agentGroupFields, queueFields, workflowFields } from './group-form';

export interface FieldChange { readonly field: string; readonly before: unknown; readonly after: unknown }

type Fields = Readonly<Record<string, unknown>>;
/** A password, or its hash, is compared and never shown. */
class Secret {
  constructor(readonly hash: string | null) {}
}

const audio = (file: AudioFile | null | undefined): string | null => file?.fileName ?? null;
/** Ids inside stand as `queue:<id>`, for the history to put names in their place. */
function action(one: AnswerAction | null): string | null {
  switch (one?.kind) {
    case undefined: return null;
    case 'disconnect': return 'disconnect';
    case 'queue': return `queue:${one.queueId}`;
    case 'question': return `question:${one.questionId}`;
    case 'number': return one.number;
    case 'sipUri': return one.uri;
    case 'voicemail': return `voicemail ${one.uri}`;
  }
}
const said = (prompt: Prompt | null): string => (prompt === null ? '' : prompt.audio === null ? prompt.text : `${prompt.text} [${prompt.audio.fileName}]`.trim());
/** An action and what is said before it. */
const placed = (one: AnswerAction): string => [action(one), said(one.prompt)].filter((part) => part !== '').join(': ');
const asked = ({ name, prompt, invalidPrompt, noAnswerPrompt, attempts, answerSeconds, fallback, answers }: Question): string => [
  `${name}: ${said(prompt)}`, ...answers.map((one) => `${one.key} ${one.name} → ${placed(one.action)}`),
  ...invalidPrompt ? [`invalid: ${said(invalidPrompt)}`] : [], ...noAnswerPrompt ? [`no answer: ${said(noAnswerPrompt)}`] : [], `${attempts} × ${answerSeconds} s`, ...fallback ? [`else → ${placed(fallback)}`] : [],
].join('; ');
const hours = (ranges: readonly OpenRange[]): string => ranges.map(({ open, close }) => `${open}–${close}`).join(', ');
const contact = (one: Contact): string => `${one.kind === 'number' ? one.number : one.uri}${one.confirm ? ' (press 1)' : ''}`;

const FIELDS: { readonly [K in ObjectKind]: (object: ObjectKinds[K]) => Fields } = {
  workflows: (one) => ({
    ...workflowFields(one), welcomeAudio: audio(one.welcome?.audio), music: audio(one.music), businessHoursId: one.businessHoursId, closedAction: placed(one.closedAction),
    holidaySetIds: one.holidaySetIds, holidayAction: placed(one.holidayAction), defaultAction: action({ ...one.defaultAction, prompt: null }), questions: one.questions.map(asked),
  }),
  queues: (one) => ({
    ...queueFields(one), name: one.name, agentGroupIds: one.agentGroupIds, timeoutAction: action(one.timeoutAction), timeoutAudio: audio(one.timeoutAction.prompt?.audio), overflowAction: action(one.overflowAction),
    overflowAudio: audio(one.overflowAction.prompt?.audio), noAgentsAction: one.noAgentsAction && placed(one.noAgentsAction), leaveKey: one.leaveKey, leaveAction: placed(one.leaveAction),
  }),
  agentGroups: (one) => ({ ...agentGroupFields(one), name: one.name }),
  agents: ({ name, sipUser, personId, contacts, digest }) => ({ name, sipUser, personId, contacts: contacts.map(contact), password: new Secret(digest && digest.sha256) }),
  duties: ({ onDuty, pause, signedIn }) => ({ onDuty, pause: pause && { reason: pause.reason, until: pause.until }, signedIn }),
  settings: ({ gracePeriodSeconds, callContextShown, defaultMusic, pickupCode, numberPolicy }) => ({ gracePeriodSeconds, callContextShown, defaultMusic: audio(defaultMusic), pickupCode, ...numberPolicy }),
  businessHours: (one) => ({ name: one.name, ...Object.fromEntries(WEEKDAYS.map((day) => [day, hours(one[day])])) }),
  holidaySets: ({ name, holidays }) => ({ name, holidays: holidays.map((one) => `${one.name}: ${one.start}–${one.end}`) }),
  trunks: ({ id: _id, pool: _pool, version: _version, password, ...fields }) => ({ ...fields, password: new Secret(password) }),
};

/** The fields in which a change differs; `null` stands for an object that was not there. */
export function describeChange(change: ObjectChange): FieldChange[] {
  const fieldsOf = FIELDS[change.kind] as (object: unknown) => Fields;
  const [before, after] = [change.before && fieldsOf(change.before), change.after && fieldsOf(change.after)];
  return Object.keys({ ...before, ...after })
    .filter((field) => !isDeepStrictEqual(before?.[field] ?? null, after?.[field] ?? null) && (shown(before?.[field]) !== null || shown(after?.[field]) !== null))
    .map((field) => ({ field, before: shown(before?.[field]), after: shown(after?.[field]) }));
}

function shown(value: unknown): unknown {
  if (value instanceof Secret) return value.hash === null ? null : 'set';
  return value ?? null;
}
