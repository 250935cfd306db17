// Every text a person reads comes from a catalogue; values put into one are written as their language does, and escaped as Markdown.
import i18next, { type i18n } from 'i18next';
import { CivilTime, formatsFor, Moment, Span, type Formats } from './formats';
import { escapeMarkdown } from './markdown';
import german from './catalogue/de.json';
import english from './catalogue/en.json';
import spanish from './catalogue/es.json';
import french from './catalogue/fr.json';
import italian from './catalogue/it.json';

/** The languages there are catalogues for; the first is what everybody else reads. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'it'] as const;
export type Language = (typeof LANGUAGES)[number];
const CATALOGUES: Readonly<Record<Language, object>> = { en: english, de: german, fr: french, es: spanish, it: italian };

/** What may stand in a text's `{{name}}`: words, a number, a moment, a day, a length of time, or a list of words; `count` also chooses the plural. */
export type Values = Readonly<Record<string, unknown>>;

/** Says a catalogue key with values. `{{name}}` is escaped as Markdown, `{{- name}}` is for places that show no Markdown. */
export interface Say {
  (key: string, values?: Values): string;
  /** The same without any escape, for what becomes a value of another text. */
  readonly plain: (key: string, values?: Values) => string;
  readonly language: Language;
  /** Words one after another, as the language joins them; not escaped. */
  readonly list: Formats['list'];
  readonly languageName: Formats['languageName'];
  readonly number: Formats['number'];
}

/** There is no such text, or it needs a value that was not given. A mistake of ours, which a test finds. */
export class MissingText extends Error {
  readonly code = 'MISSING_TEXT';
  constructor(readonly key: string, readonly missing: string | null = null) {
    super(missing === null ? `No text in the catalogue: ${key}` : `The text ${key} needs a value for ${missing}`);
    this.name = 'MissingText';
  }
}

const catalogues: i18n = i18next.createInstance({
  resources: Object.fromEntries(Object.entries(CATALOGUES).map(([language, texts]) => [language, { translation: texts }])),
  fallbackLng: LANGUAGES[0],
  initAsync: false,
  returnNull: false,
  showSupportNotice: false,
});
void catalogues.init();

const PLACE = /\{\{(-?)\s*(\w+)\s*\}\}/g;

/** `de-AT` reads German and writes numbers as in Austria; who has no catalogue, or sends what is no locale, reads and writes English. */
export function readerOf(locale: string): Reader {
  const known = readers.get(locale);
  if (known) return known;
  // Clients may send anything.
  if (readers.size >= READERS_MOST) readers.clear();
  const reader = readLocale(locale);
  readers.set(locale, reader);
  return reader;
}

interface Reader { readonly language: Language; readonly locale: string }
const READERS_MOST = 500;
const readers = new Map<string, Reader>();

function readLocale(locale: string): Reader {
  let exact: Intl.Locale;
  try {
    exact = new Intl.Locale(locale);
  } catch {
    return { language: LANGUAGES[0], locale: LANGUAGES[0] };
  }
  const language = LANGUAGES.find((one) => one === exact.language);
  // Other digits and calendars than the texts are written for are left out.
  return language === undefined ? { language: LANGUAGES[0], locale: LANGUAGES[0] } : { language, locale: exact.region === undefined ? language : `${language}-${exact.region}` };
}

const isWrittenByIntl = (value: unknown): boolean => typeof value === 'number' || value instanceof Span || value instanceof CivilTime;

/** Those that no number chooses between, by language and key: a card asks for a hundred. */
const texts = new Map<string, string>();

function textOf(language: Language, key: string, count: unknown): string {
  const known = typeof count === 'number' ? undefined : texts.get(`${language} ${key}`);
  if (known !== undefined) return known;
  const options = { lng: language, ...(typeof count === 'number' ? { count } : {}) };
  const text: unknown = catalogues.exists(key, options) ? catalogues.t(key, { ...options, skipInterpolation: true }) : undefined;
  if (typeof text !== 'string') throw new MissingText(key);
  if (typeof count !== 'number') texts.set(`${language} ${key}`, text);
  return text;
}

/** The texts for one person's locale, such as `de-DE`, with moments in `timeZone`; without a zone each reader's client writes them. */
export function wordsFor(locale: string, timeZone: string | null = null): Say {
  const reader = readerOf(locale);
  const formats = formatsFor(reader.locale, timeZone);
  const written = (value: unknown): string | null => {
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return formats.number(value);
    if (value instanceof Moment) return formats.moment(value);
    if (value instanceof Span) return formats.span(value);
    if (value instanceof CivilTime) return formats.civil(value);
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? formats.list(value) : null;
  };
  const speak = (key: string, values: Values, escape: boolean): string => {
    // The library chooses language and plural. Values are put in here, in one pass, so that nothing in a value is ever read as a place.
    return textOf(reader.language, key, values['count']).replace(PLACE, (_place, raw: string, name: string) => {
      const value = written(values[name]);
      if (value === null) throw new MissingText(key, name);
      // What Intl writes has nothing that Markdown would read; an escaped point would show in `1.200`.
      return escape && raw === '' && !isWrittenByIntl(values[name]) ? escapeMarkdown(value) : value;
    });
  };
  const say = (key: string, values: Values = {}): string => speak(key, values, true);
  return Object.assign(say, { plain: (key: string, values: Values = {}) => speak(key, values, false), language: reader.language, list: formats.list, languageName: formats.languageName, number: formats.number });
}
