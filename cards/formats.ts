// Numbers, moments and lists as the reader's language writes them, by Intl.

/** An instant that a text names: on the reader's clock, by the hour alone or with its day. */
export class Moment {
  constructor(readonly at: Date, readonly style: 'time' | 'dateTime') {}
}

/** A length of time that a text names: “1 minute, 30 seconds”. */
export class Span {
  constructor(readonly seconds: number) {}
}

/** A day, or a day and a time, of a wall clock that stands wherever the thing is that it is about: `2026-12-24T13:00`. */
export class CivilTime {
  constructor(readonly written: string, readonly style: 'date' | 'dateTime') {}
}

export interface Formats {
  readonly number: (value: number) => string;
  readonly span: (span: Span) => string;
  readonly civil: (time: CivilTime) => string;
  /** “one, two and three”, in the reader's words for it. */
  readonly list: (texts: readonly string[]) => string;
  readonly moment: (moment: Moment) => string;
  /** What the reader calls the language of a tag like `fr-CA`; the tag itself where there is no word. */
  readonly languageName: (tag: string) => string;
}

const MOMENT_STYLES = { time: { timeStyle: 'short' }, date: { dateStyle: 'medium' }, dateTime: { dateStyle: 'medium', timeStyle: 'short' } } as const;
const UNITS = [['hour', 3_600], ['minute', 60], ['second', 1]] as const;
/** Locales and zones come from clients; whoever sends many different ones only makes us forget the others. */
const KEPT_MOST = 500;
const kept = new Map<string, Formats>();

/**
 * `locale` must be one that Intl takes. `timeZone` is the reader's IANA zone; null where it is not known, or where many read the same
 * card: then each reader's own client writes the moment, by the token that Teams replaces in text blocks and facts.
 */
export function formatsFor(locale: string, timeZone: string | null): Formats {
  const key = `${locale} ${timeZone ?? ''}`;
  const known = kept.get(key);
  if (known) return known;
  if (kept.size >= KEPT_MOST) kept.clear();
  const formats = make(locale, timeZone);
  kept.set(key, formats);
  return formats;
}

function make(locale: string, timeZone: string | null): Formats {
  const numbers = new Intl.NumberFormat(locale);
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  const units = new Map(UNITS.map(([unit]) => [unit, new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })]));
  const parts = new Intl.ListFormat(locale, { type: 'unit', style: 'long' });
  const civil = { date: clock(locale, 'UTC', 'date'), dateTime: clock(locale, 'UTC', 'dateTime') };
  const languages = new Intl.DisplayNames(locale, { type: 'language' });
  const clocks = timeZone === null ? null : { time: clock(locale, timeZone, 'time'), dateTime: clock(locale, timeZone, 'dateTime') };
  return {
    number: (value) => numbers.format(value),
    span: ({ seconds }) => parts.format(shares(seconds).map(([unit, count]) => units.get(unit)?.format(count) ?? '')),
    civil: ({ written, style }) => { const at = new Date(`${written}Z`); return Number.isNaN(at.getTime()) ? written : civil[style].format(at); },
    list: (texts) => lists.format(texts),
    languageName: (tag) => {
      try {
        return languages.of(tag) ?? tag;
      } catch {
        return tag;
      }
    },
    moment: ({ at, style }) => (clocks === null ? token(at, style) : clocks[style].format(at)),
  };
}

/** Whole hours, minutes and seconds, without those there are none of; never nothing at all. */
function shares(seconds: number): readonly (readonly ['hour' | 'minute' | 'second', number])[] {
  let left = Math.max(0, Math.round(seconds));
  const found = UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? [] : [[unit, count] as const];
  });
  return found.length === 0 ? [['second', 0]] : found;
}

const clock = (locale: string, timeZone: string, style: keyof typeof MOMENT_STYLES): Intl.DateTimeFormat => new Intl.DateTimeFormat(locale, { ...MOMENT_STYLES[style], timeZone });

/** The token takes the instant in UTC, without fractions of a second. */
function token(at: Date, style: Moment['style']): string {
  const instant = `${at.toISOString().slice(0, 19)}Z`;
  return style === 'time' ? `{{TIME(${instant})}}` : `{{DATE(${instant}, SHORT)}} {{TIME(${instant})}}`;
}

/** An IANA zone that this runtime knows; null for anything else. */
export function knownTimeZone(zone: unknown): string | null {
  if (typeof zone !== 'string' || zone === '' || zone.length > 64) return null;
  const known = zones.get(zone);
  if (known !== undefined) return known;
  // Clients may send anything.
  if (zones.size >= ZONES_MOST) zones.clear();
  const found = lookUpZone(zone);
  zones.set(zone, found);
  return found;
}

const ZONES_MOST = 1_000;
const zones = new Map<string, string | null>();

function lookUpZone(zone: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
