// Whether what several groups do by the clock can happen at one moment: one that is closed sends to one that is open then, and round in no circle.
import { DateTime } from 'luxon';
import { holidayNow, isOpen } from '../model/opening';
import { type BusinessHours, type HolidaySet, WEEKDAYS } from '../model/schedule';

/** What a caller meets by the clock. */
export type Standing = 'open' | 'closed' | 'holiday';

/** A group's clock. `hours` null, no `sets`: nothing is said yet of when it is closed, of when it has holidays, so both may be at any time. */
export interface Clock { readonly zone: string; readonly hours: BusinessHours | null; readonly sets: readonly HolidaySet[] }

/** Whether a caller may meet that at an instant. */
export function mayBe(standing: Standing, { zone, hours, sets }: Clock, at: Date): boolean {
  const isHoliday = holidayNow(sets, zone, at) !== null;
  switch (standing) {
    case 'holiday': return isHoliday || sets.length === 0;
    case 'closed': return !isHoliday && (hours === null || !isOpen(hours, zone, at));
    case 'open': return !isHoliday && (hours === null || isOpen(hours, zone, at));
  }
}

const WEEKS_AHEAD = 53;

/**
 * Instants at which every combination that occurs from now on can be met: each begins when one of the clocks opens, closes, or its holiday begins or ends.
 * Of the year's weeks those are looked at that differ, by how far the zones are apart or by a holiday. What only the night of a clock's change would bring is left out.
 */
export function momentsOf(clocks: readonly Clock[], now: Date): Date[] {
  const instants = new Set<number>([now.getTime()]);
  const holidays = clocks.flatMap(({ zone, sets }) => sets.flatMap((set) => set.holidays.flatMap(({ start, end }) => [start, end].map((civil) => DateTime.fromISO(civil, { zone })))).filter((one) => one.toJSDate() >= now));
  for (const one of holidays) instants.add(one.toMillis());
  for (const monday of weeksOf(clocks, holidays, now)) {
    for (const { zone, hours } of clocks) {
      const there = monday.setZone(zone, { keepLocalTime: true });
      if (hours !== null) WEEKDAYS.forEach((day, at) => { for (const { open, close } of hours[day]) for (const time of [open, close]) instants.add(clockOn(there.plus({ days: at }), time).toMillis()); });
    }
  }
  return [...instants].filter((ms) => ms >= now.getTime()).sort((one, other) => one - other).map((ms) => new Date(ms));
}

/** Mondays at midnight, in no zone. */
function weeksOf(clocks: readonly Clock[], holidays: readonly DateTime[], now: Date): DateTime[] {
  const monday = (of: DateTime): DateTime => of.setZone('utc', { keepLocalTime: true }).startOf('week');
  const zones = [...new Set(clocks.map(({ zone }) => zone))];
  const weeks = new Map<number, DateTime>();
  const met = new Set<string>();
  for (let week = 0; week < WEEKS_AHEAD; week += 1) {
    const first = monday(DateTime.fromJSDate(now, { zone: 'utc' })).plus({ weeks: week + 1 });
    const offsets = zones.map((zone) => first.plus({ days: 3 }).setZone(zone).offset).join();
    if (!met.has(offsets)) weeks.set(first.toMillis(), first);
    met.add(offsets);
  }
  for (const one of holidays) weeks.set(monday(one).toMillis(), monday(one));
  return [...weeks.values()];
}

/** `24:00` is the midnight after. */
const clockOn = (day: DateTime, time: string): DateTime => day.set({ hour: Number(time.slice(0, 2)), minute: Number(time.slice(3)) });
