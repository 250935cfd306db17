// What somebody typed after “history”: of what, by whom, and when. Pure; days are those of the reader's own calendar.
import { DateTime, type DateTimeUnit } from 'luxon';
import { type HistoryOptions } from '../../storage/administration/views';

/** Days like `2026-11-23`, the last one included; empty: from the beginning, until now. */
export interface Days { readonly from: string; readonly to: string }
export interface HistoryWords extends Days { readonly about: string; readonly by: string }

export const ALWAYS: Days = { from: '', to: '' };
const DAY = /^\d{4}-\d{2}-\d{2}$/;

const dayOf = (at: DateTime): string => at.toFormat('yyyy-MM-dd');
const isDay = (typed: string): boolean => DAY.test(typed) && DateTime.fromISO(typed).isValid;

/** `today`, `last week`, `last 3 days`, `since 2026-11-01`, `2026-11-01 to 2026-11-05`, one day; null for anything else. */
export function readDays(words: string, now: Date, zone: string): Days | null {
  const today = DateTime.fromJSDate(now, { zone });
  const whole = (unit: DateTimeUnit, ago: number): Days => {
    const at = today.minus({ [unit]: ago });
    return { from: dayOf(at.startOf(unit)), to: dayOf(at.endOf(unit)) };
  };
  if (words === 'today') return whole('day', 0);
  if (words === 'yesterday') return whole('day', 1);
  const named = /^(this|last) (week|month|year)$/.exec(words);
  if (named) return whole(named[2] as DateTimeUnit, named[1] === 'this' ? 0 : 1);
  const back = /^last (\d{1,3}) (day|week|month)s?$/.exec(words);
  if (back) return { from: dayOf(today.minus({ [`${back[2] ?? 'day'}s`]: Number(back[1]) })), to: dayOf(today) };
  const [, since = ''] = /^since (\S+)$/.exec(words) ?? [];
  if (isDay(since)) return { from: since, to: '' };
  const [, first = '', last = first] = /^(?:from )?(\S+)(?: (?:to|until) (\S+))?$/.exec(words) ?? [];
  return isDay(first) && isDay(last) ? { from: first, to: last } : null;
}

/** The instants that whole days stand for, the last day included. A day that is none stands for nothing. */
export function instantsOf({ from, to }: Days, zone: string): { readonly from?: Date; readonly to?: Date } {
  const start = (day: string): DateTime => DateTime.fromISO(day, { zone }).startOf('day');
  return { ...(isDay(from) ? { from: start(from).toJSDate() } : {}), ...(isDay(to) ? { to: start(to).plus({ days: 1 }).toJSDate() } : {}) };
}

/** `of sales by max last week`, in any part; a time is taken from the end, as many words as are one. */
export function readHistoryWords(typed: string, now: Date, zone: string): HistoryWords {
  const words = typed.trim().split(/\s+/).filter((word) => word !== '');
  let days: Days | null = null;
  for (let length = Math.min(4, words.length); length > 0 && days === null; length -= 1) {
    days = readDays(words.slice(-length).join(' '), now, zone);
    if (days) words.splice(-length);
  }
  const rest = words.join(' ').replace(/(?:^| )(?:in|on|from|during)$/, '');
  const [, before = '', by = ''] = /^(.*?)(?:^|\s)by (.+)$/.exec(rest) ?? ['', rest, ''];
  return { about: (before ?? '').replace(/^(?:of|about|in)(?: |$)/, '').trim(), by: (by ?? '').trim(), ...(days ?? ALWAYS) };
}

/** What a card asks for; empty: everything. */
export interface HistoryFilter {
  readonly groupId: string;
  readonly about: string;
  readonly by: string;
  /** Days in the reader's calendar, both included. */
  readonly from: string;
  readonly to: string;
}
export const EVERYTHING: HistoryFilter = { groupId: '', about: '', by: '', from: '', to: '' };

/** What storage is asked for. */
export function optionsOf(filter: HistoryFilter, zone: string): HistoryOptions {
  return {
    ...(filter.groupId === '' ? {} : { workflowId: filter.groupId }),
    ...(filter.about.trim() === '' ? {} : { about: filter.about }),
    ...(filter.by.trim() === '' ? {} : { by: filter.by }),
    ...instantsOf(filter, zone),
  };
}
