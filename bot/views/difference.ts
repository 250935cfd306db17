// What a change did, in words: one line a field, lists as what came, went and moved. Everything is escaped already.
import { type Say } from '../../cards/words';
import { listDifference } from '../../storage/administration/difference';
import { type ActionWords, type AnswerWords, type FieldChange } from '../../storage/administration/describe';
import { clientDateTime, fieldLabel } from './common';

const TEXT_MOST = 160;
const ITEMS_MOST = 12;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
const isAction = (value: unknown): value is ActionWords => isObject(value) && 'action' in value && 'to' in value;
const isNothing = (value: unknown): boolean => value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** Fields whose values have words of their own, by the key that they stand below. */
const WORDED: Readonly<Record<string, string>> = { routingMethod: 'routing.short', participation: 'form.participation', overflowCandidate: 'form.overflowCandidate', transport: 'form.transport', managerPermissions: 'permission' };

/** One value as a reader says it. */
function words(say: Say, field: string, value: unknown): string {
  const plain = (text: string): string => say('sentence', { sentence: text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST - 1)}…` : text });
  if (isNothing(value)) return say('value.none');
  if (typeof value === 'boolean') return say(value ? 'value.yes' : 'value.no');
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return say('history.moment', { when: clientDateTime(value) });
  if (Array.isArray(value)) return say.list(value.slice(0, ITEMS_MOST).map((one) => words(say, field, one))) + (value.length > ITEMS_MOST ? ` +${value.length - ITEMS_MOST}` : '');
  if (isAction(value)) return actionWords(say, value);
  if (isObject(value)) return 'until' in value ? pauseWords(say, value) : plain(JSON.stringify(value));
  const text = typeof value === 'string' ? value : '';
  if (field === 'language') return plain(say.languageName(text));
  return WORDED[field] === undefined ? plain(text) : say(`${WORDED[field]}.${text}`);
}

function actionWords(say: Say, value: ActionWords | AnswerWords): string {
  const target = say(`flow.action.${value.action}`, { value: value.to });
  const place = value.said === '' ? target : say('history.saidFirst', { said: value.said, target });
  return 'key' in value ? say('history.answer', { key: value.key, name: value.name, target: place }) : place;
}

function pauseWords(say: Say, { reason, until }: Readonly<Record<string, unknown>>): string {
  const end = until instanceof Date ? say('history.until', { when: clientDateTime(until) }) : say('history.open');
  return typeof reason === 'string' && reason !== '' ? `${say('sentence', { sentence: reason })}, ${end}` : end;
}

function lineOf(say: Say, change: FieldChange): string {
  const { field, of, before, after } = change;
  const label = of === undefined ? fieldLabel(say, field) : say('history.ofQuestion', { name: of, field: fieldLabel(say, field) });
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
