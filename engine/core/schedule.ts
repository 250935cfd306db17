// Is it open, is it a holiday? Wall-clock time in an IANA zone, from an instant; the clock's changes are the zone's.
//
// An instant is turned into what a wall clock shows there, and that is held against the ranges; never the other way round. So a time
// the clock skips in spring never comes and needs no rule, and a time it shows twice in autumn counts both times: a range from 02:00 to
// 03:00 is open for two hours that night. A holiday from 02:30 that night has begun at the first 02:30, is not on again between the two
// (the clock was set back to before it), and ends when the clock first shows its end and again after the second.
import { DateTime } from 'luxon';
import { type BusinessHours, type Holiday, type HolidaySet, WEEKDAYS } from '../../storage/model/schedule';

/** What a wall clock shows at an instant, as `2026-12-24T13:00`, and the weekday from 1 (Monday). */
function wallClock(zone: string, at: Date): { readonly dateTime: string; readonly time: string; readonly weekday: number } {
  const there = DateTime.fromJSDate(at, { zone });
  const dateTime = there.toFormat("yyyy-MM-dd'T'HH:mm");
  return { dateTime, time: dateTime.slice(11), weekday: there.weekday };
}

/** Whether these hours are open at an instant. A range holds from its first minute until just before its last; `24:00` is midnight. */
export function isOpen(hours: BusinessHours, zone: string, at: Date): boolean {
  const { time, weekday } = wallClock(zone, at);
  const day = WEEKDAYS[weekday - 1];
  return day !== undefined && hours[day].some(({ open, close }) => open <= time && time < close);
}

/** The holiday it is at an instant, the first of the sets in their order; null: none. */
export function holidayNow(sets: readonly HolidaySet[], zone: string, at: Date): Holiday | null {
  if (sets.length === 0) return null;
  const { dateTime } = wallClock(zone, at);
  for (const { holidays } of sets) for (const holiday of holidays) if (holiday.start <= dateTime && dateTime < holiday.end) return holiday;
  return null;
}
