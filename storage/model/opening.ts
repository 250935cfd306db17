// Is it open, is it a holiday? Wall-clock time in an IANA zone, from an instant; the clock's changes are the zone's.
//
// Hours go by what a wall clock shows, always: a time that the clock skips in spring never comes, so that a range inside the gap does not
// open that day; a time that it shows twice in autumn counts both times, so that a range from 02:00 to 03:00 is open for two hours.
// Holidays are one stretch of time each: a start or end that the clock shows twice means the first time, and one that it skips means
// the moment of the change.
import { DateTime } from 'luxon';
import { type BusinessHours, type Holiday, type HolidaySet, WEEKDAYS } from './schedule';

const CIVIL = "yyyy-MM-dd'T'HH:mm";

/** Whether these hours are open at an instant. A range holds from its first minute until just before its last; `24:00` is midnight. */
export function isOpen(hours: BusinessHours, zone: string, at: Date): boolean {
  const there = DateTime.fromJSDate(at, { zone });
  const time = there.toFormat('HH:mm');
  const day = WEEKDAYS[there.weekday - 1];
  return day !== undefined && hours[day].some(({ open, close }) => open <= time && time < close);
}

/** The holiday it is at an instant, the first of the sets in their order; null: none. */
export function holidayNow(sets: readonly HolidaySet[], zone: string, at: Date): Holiday | null {
  if (sets.length === 0) return null;
  const civil = furthest(DateTime.fromJSDate(at, { zone })).toFormat(CIVIL);
  for (const { holidays } of sets) for (const holiday of holidays) if (holiday.start <= civil && civil < holiday.end) return holiday;
  return null;
}

/** No zone's clock is set back by more. */
const SET_BACK_HOURS = 3;

/** The instant at or before this one when the clock showed the most: itself, or while it shows a time again, the last moment before it was set back. */
function furthest(there: DateTime): DateTime {
  const setBack = there.minus({ hours: SET_BACK_HOURS }).offset - there.offset;
  if (setBack <= 0 || there.minus({ minutes: setBack }).offset === there.offset) return there;
  let before = there.minus({ minutes: setBack });
  for (let step = setBack * 60_000; step > 1; ) {
    step = Math.ceil(step / 2);
    const later = before.plus({ milliseconds: step });
    if (later <= there && later.offset === before.offset) before = later;
  }
  return before;
}
