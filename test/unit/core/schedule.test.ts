// Open, closed, holiday: the vectors of test/fixtures/schedule, and every hour of a year against what a wall clock shows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { z } from 'zod';
import { holidayNow, isOpen } from '../../../storage/model/opening';
import { type BusinessHours, businessHours, holidaySet, WEEKDAYS } from '../../../storage/model/schedule';

const FOLDER = join(__dirname, '..', '..', 'fixtures', 'schedule');
const read = (name: string): unknown => parse(readFileSync(join(FOLDER, name), 'utf8'));
const stored = { pool: 'main', version: 1 };

/** What a wall clock shows, by the runtime and not by the library under test. */
function wallClock(zone: string, at: Date): { readonly weekday: string; readonly time: string } {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'long', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(at);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  return { weekday: part('weekday').toLowerCase(), time: `${part('hour')}:${part('minute')}` };
}

const range = z.string().transform((typed) => { const [open, close] = typed.split('-'); return { open, close }; });
const hoursFile = z.strictObject({ hours: z.record(z.string(), z.record(z.string(), z.array(range))), rows: z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.boolean()])) }).parse(read('hours.yml'));
const hours = new Map(Object.entries(hoursFile.hours).map(([name, days]) => [name, businessHours.parse({ ...stored, id: name, name, ...days })]));

test('there are vectors of many zones', () => {
  expect(hoursFile.rows.length).toBeGreaterThanOrEqual(40);
  expect(new Set(hoursFile.rows.map(([zone]) => zone)).size).toBeGreaterThanOrEqual(10);
});

test.each(hoursFile.rows)('in %s, %s hours at %s (%s there): open is %s', (zone, name, instant, there, open) => {
  const at = new Date(instant);
  expect({ there: wallClock(zone, at).time, open: isOpen(hours.get(name) as BusinessHours, zone, at) }).toEqual({ there, open });
});

const holidayRow = z.strictObject({ title: z.string(), zone: z.string(), holidays: z.record(z.string(), z.tuple([z.string(), z.string()])), at: z.record(z.string(), z.string().nullable()) });
describe('a holiday', () => {
  test.each(z.array(holidayRow).parse(read('holidays.yml')).map((row) => [row.title, row] as const))('%s', (_title, { zone, holidays, at }) => {
    const sets = Object.entries(holidays).map(([name, [start, end]]) => holidaySet.parse({ ...stored, id: 'set', name: 'set', holidays: [{ name, start, end }] }));
    const found = Object.fromEntries(Object.keys(at).map((instant) => [instant, holidayNow(sets, zone, new Date(instant))?.name ?? null]));
    expect(found).toEqual(at);
  });
});

const ZONES = ['Etc/UTC', 'Europe/Berlin', 'Europe/London', 'America/New_York', 'America/St_Johns', 'Australia/Lord_Howe', 'Australia/Adelaide', 'Pacific/Chatham', 'Asia/Kathmandu', 'America/Santiago', 'Africa/Cairo', 'Pacific/Kiritimati'];
const minutes = (count: number): string => `${String(Math.floor(count / 60)).padStart(2, '0')}:${String(count % 60).padStart(2, '0')}`;
const day = fc.uniqueArray(fc.integer({ min: 0, max: 1440 }), { minLength: 0, maxLength: 4 }).map((times) => {
  const sorted = times.sort((a, b) => a - b);
  return sorted.flatMap((open, index) => { const close = sorted[index + 1]; return index % 2 === 1 || close === undefined ? [] : [{ open: minutes(open), close: minutes(close) }]; });
});
const anyHours = fc.tuple(day, day, day, day, day, day, day).map((days) => businessHours.parse({ ...stored, id: 'any', name: 'any', ...Object.fromEntries(WEEKDAYS.map((name, index) => [name, days[index]])) }));

test('at any moment of the year it is open exactly when the wall clock stands in a range of that weekday', () => {
  let opened = 0;
  fc.assert(fc.property(anyHours, fc.constantFrom(...ZONES), fc.array(fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }), { minLength: 30, maxLength: 30 }), (of, zone, instants) => {
    for (const ms of instants) {
      const at = new Date(ms);
      const { weekday, time } = wallClock(zone, at);
      const open = of[weekday as (typeof WEEKDAYS)[number]].some((each) => each.open <= time && time < each.close);
      if (open) opened += 1;
      expect({ zone, at, open: isOpen(of, zone, at) }).toEqual({ zone, at, open });
    }
  }), { numRuns: 100 });
  expect(opened).toBeGreaterThan(200);
});

test('a holiday is one stretch of time, whatever the clock does meanwhile', () => {
  const near = fc.constantFrom(Date.UTC(2026, 2, 29), Date.UTC(2026, 9, 25), Date.UTC(2026, 3, 4, 12), Date.UTC(2026, 9, 3, 12), Date.UTC(2026, 10, 1));
  const civil = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
  fc.assert(fc.property(fc.constantFrom(...ZONES), near, fc.integer({ min: 0, max: 1440 }), fc.integer({ min: 1, max: 1440 }), (zone, from, start, length) => {
    const set = holidaySet.parse({ ...stored, id: 'set', name: 'set', holidays: [{ name: 'it', start: civil(from + start * 60_000), end: civil(from + (start + length) * 60_000) }] });
    let turns = 0;
    let was = false;
    for (let ms = from - 16 * 3_600_000; ms < from + 64 * 3_600_000; ms += 300_000) {
      const is = holidayNow([set], zone, new Date(ms)) !== null;
      if (is !== was) turns += 1;
      was = is;
    }
    // It begins and ends once; one that lies in skipped time, or between two looks, does neither.
    expect([0, 2]).toContain(turns);
  }), { numRuns: 25 });
});
