// What a change did, in words: one line a field, lists as what came, went and moved. Everything is escaped already.
import { CivilTime } from '../../cards/formats';
import { type Say } from '../../cards/words';
import { listDifference } from '../../storage/administration/difference';
import { type ActionWords, type AnswerWords, type ContactWords, type FieldChange, type HolidayWords } from '../../storage/administration/describe';
import { lastDayOf, wholeDays } from '../forms/readings';
import { clientDateTime, fieldLabel } from './common';

const TEXT_MOST = 160;
const ITEMS_MOST = 12;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
const isNothing = (value: unknown): boolean => value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** Fields whose values have words of their own, by the key that they stand below. */
const WORDED: Readonly<Record<string, string>> = { routingMethod: 'routing.short', participation: 'form.participation', overflowCandidate: 'form.overflowCandidate', transport: 'form.transport', managerPermissions: 'permission' };
/** On a form these stand below a heading that says when; in a list of changes they say it themselves. */
const LABELS: Readonly<Record<string, string>> = Object.fromEntries(['timeoutAction', 'overflowAction', 'noAgentsAction', 'defaultAction', 'fallback', 'leaveAction'].map((field) => [field, `history.field.${field}`]));
/** Numbers that are names of something: nobody writes them with a point between the thousands. */
const NAMES: ReadonlySet<string> = new Set(['port']);

/** One value as a reader says it. */
function words(say: Say, field: string, value: unknown): string {
  if (isNothing(value)) return say('value.none');
  if (typeof value === 'boolean') return say(value ? 'value.yes' : 'value.no');
  if (typeof value === 'number') return NAMES.has(field) ? String(value) : say.number(value);
  if (value instanceof Date) return say('history.moment', { when: clientDateTime(value) });
  if (Array.isArray(value)) return say.list(value.slice(0, ITEMS_MOST).map((one) => words(say, field, one))) + (value.length > ITEMS_MOST ? ` +${value.length - ITEMS_MOST}` : '');
  if (isObject(value)) return partWords(say, value);
  const text = typeof value === 'string' ? value : '';
  if (field === 'language') return sentence(say, say.languageName(text));
  return WORDED[field] === undefined ? sentence(say, text) : say(`${WORDED[field]}.${text}`);
}

const sentence = (say: Say, text: string): string => say('sentence', { sentence: text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST - 1)}…` : text });

/** What stands in storage's own words, by the field that each has and no other. */
function partWords(say: Say, value: Readonly<Record<string, unknown>>): string {
  if ('action' in value) return actionWords(say, value as unknown as ActionWords);
  if ('holiday' in value) return holidayWords(say, value as unknown as HolidayWords);
  if ('contact' in value) { const { contact, confirmed } = value as unknown as ContactWords; return confirmed ? say('history.confirmed', { contact }) : sentence(say, contact); }
  if ('until' in value) return pauseWords(say, value);
  return say('value.gone');
}

function actionWords(say: Say, value: ActionWords | AnswerWords): string {
  const named = value.to === '' && value.action !== 'disconnect' ? say.plain('value.gone') : value.to;
  const target = say(`flow.action.${value.action}`, { value: named });
  const place = value.said === '' ? target : say('history.saidFirst', { said: value.said, target });
  return 'key' in value ? say('history.answer', { key: value.key, name: value.name, target: place }) : place;
}

function holidayWords(say: Say, { holiday, start, end }: HolidayWords): string {
  const whole = wholeDays({ start, end });
  const style = whole ? 'date' : 'dateTime';
  const [from, to] = [new CivilTime(start, style), new CivilTime(whole ? lastDayOf(end) : end, style)];
  return from.written === to.written ? say('history.holiday', { name: holiday, from }) : say('history.holidayTo', { name: holiday, from, to });
}

function pauseWords(say: Say, { reason, until }: Readonly<Record<string, unknown>>): string {
  const end = until instanceof Date ? say('history.until', { when: clientDateTime(until) }) : say('history.open');
  return typeof reason === 'string' && reason !== '' ? `${sentence(say, reason)}, ${end}` : end;
}

function lineOf(say: Say, change: FieldChange): string {
  const { field, of, before, after } = change;
  const name = fieldLabel(say, field, LABELS);
  const label = of === undefined ? name : say('history.ofQuestion', { name: of, field: name });
  // Neither a password nor its hash is shown, only that there is one.
  if (field === 'password') return say('history.line', { field: label, what: say(`history.password.${isNothing(after) ? 'removed' : isNothing(before) ? 'set' : 'changed'}`) });
  if (Array.isArray(before) && Array.isArray(after) && before.length > 0 && after.length > 0) return say('history.line', { field: label, what: listWords(say, field, before, after) });
  if (isNothing(before)) return say('history.line', { field: label, what: words(say, field, after) });
  if (isNothing(after)) return say('history.cleared', { field: label, before: words(say, field, before) });
  return say('history.changed', { field: label, before: words(say, field, before), after: words(say, field, after) });
}

function listWords(say: Say, field: string, before: readonly unknown[], after: readonly unknown[]): string {
  const { added, removed, moved } = listDifference(before, after);
  return [
    ...(added.length > 0 ? [say('history.added', { items: words(say, field, added) })] : []),
    ...(removed.length > 0 ? [say('history.removed', { items: words(say, field, removed) })] : []),
    ...moved.slice(0, ITEMS_MOST).map(({ item, from, to }) => say('history.moved', { item: words(say, field, item), from, to })),
  ].join('; ');
}

/** Every field in which something differs, one line each. */
export const differenceLines = (say: Say, fields: readonly FieldChange[]): readonly string[] => fields.map((one) => lineOf(say, one));
