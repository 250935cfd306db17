// The catalogues held against each other: every language says everything that English says, with the same places and the plurals it needs.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatsFor, knownTimeZone, Moment } from '../../../cards/formats';
import { LANGUAGES, readerOf, wordsFor, type Language } from '../../../cards/words';

const FOLDER = join(__dirname, '..', '..', '..', 'cards', 'catalogue');
type Texts = Readonly<Record<string, string>>;
function flat(value: unknown, path = ''): Texts {
  if (typeof value === 'string') return { [path]: value };
  return Object.assign({}, ...Object.entries(value as object).map(([key, inner]) => flat(inner, path === '' ? key : `${path}.${key}`))) as Texts;
}
const read = (language: string): Texts => flat(JSON.parse(readFileSync(join(FOLDER, `${language}.json`), 'utf8')));
const english = read('en');
const OTHERS = LANGUAGES.filter((one) => one !== 'en');
const PLURAL = /_(zero|one|two|few|many|other)$/;
const stem = (key: string): string => key.replace(PLURAL, '');
const places = (text: string): readonly string[] => [...text.matchAll(/\{\{-?\s*\w+\s*\}\}/g)].map(([place]) => place.replace(/\s/g, '')).sort();

/** What is the same word in both languages, or no word at all. Whatever else stays English was forgotten. */
const SAME: Readonly<Record<Exclude<Language, 'en'>, readonly string[]>> = {
  de: ['Agent', 'Engines', 'Live', 'Manager', 'Name', 'Parallel', 'Pause', 'Pause…', 'Server', 'Trunk', 'Trunks', 'Host', 'Port', 'Transport', 'Format', 'Voicemail', '● Live', 'live {{group}}'],
  fr: ['Agent', 'Agents', 'Description', 'Contacts', 'Pause', 'Pause…', 'Place', 'Question', 'Questions', 'Trunk', 'Trunks', 'Port', 'Transport', 'Format', 'Administration', 'agents', 'question {{value}}', '{{count}} minute', '{{count}} minutes'],
  es: ['no', 'Host'],
  it: ['no', 'Database', 'Host', 'Server', 'Timeout', 'Trunk', 'Password', 'Overflow'],
};
/** Names of things, examples that are typed as they stand, and texts that are nothing but places. */
const EVERYWHERE = ['Response Group', 'Help Desk', 'help-desk', 'Alice Moreau', 'alice', '01234567-89ab-cdef-0123-456789abcdef', 'UDP', 'TCP'];
const hasWords = (text: string): boolean => /\p{L}/u.test(text.replace(/\{\{[^}]*\}\}/g, ''));

it('has a file for every language and no other', () => {
  expect(readdirSync(FOLDER).sort()).toEqual([...LANGUAGES].map((one) => `${one}.json`).sort());
});

describe.each(OTHERS)('the catalogue %s', (language) => {
  const texts = read(language);
  const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;

  it('has every key of the English one and no other', () => {
    expect([...new Set(Object.keys(texts).map(stem))].sort()).toEqual([...new Set(Object.keys(english).map(stem))].sort());
  });

  it('has every plural that the language knows, wherever English has one', () => {
    const plurals = new Set(Object.keys(english).filter((key) => PLURAL.test(key)).map(stem));
    expect(plurals.size).toBeGreaterThan(5);
    for (const one of plurals) expect(Object.keys(texts).filter((key) => PLURAL.test(key) && stem(key) === one).sort()).toEqual(categories.map((category) => `${one}_${category}`).sort());
  });

  it('has the same places for values as the English text', () => {
    const wrong = Object.entries(texts).filter(([key, text]) => JSON.stringify(places(text)) !== JSON.stringify(places(english[key] ?? english[`${stem(key)}_other`] ?? '')));
    expect(wrong).toEqual([]);
  });

  it('has nothing left in English that is not the same in both', () => {
    const allowed = new Set([...EVERYWHERE, ...SAME[language]]);
    expect(Object.entries(texts).filter(([key, text]) => text === english[key] && hasWords(text) && !allowed.has(text))).toEqual([]);
  });

  it('has no empty text, no expression, no space at an end', () => {
    expect(Object.entries({ ...english, ...texts }).filter(([, text]) => text === '' || text.includes('${') || text !== text.trim())).toEqual([]);
  });
});

describe('the language of a reader', () => {
  it.each([['de-AT', 'de', 'de-AT'], ['de', 'de', 'de'], ['fr-CA', 'fr', 'fr-CA'], ['es-419', 'es', 'es-419'], ['IT-it', 'it', 'it-IT'], ['pt-BR', 'en', 'en'], ['en-GB', 'en', 'en-GB'], ['', 'en', 'en'], ['x', 'en', 'en'], ['de_DE', 'en', 'en'], ['de-u-nu-arab', 'de', 'de']])('of %j is %s, writing as %s', (locale, language, writes) => {
    expect(readerOf(locale)).toEqual({ language, locale: writes });
  });

  it.each([['de-AT', 'Speichern'], ['fr-BE', 'Enregistrer'], ['es-MX', 'Guardar'], ['it-CH', 'Salva'], ['nl-NL', 'Save']])('%s saves with %s', (locale, word) => {
    expect(wordsFor(locale)('button.save')).toBe(word);
  });

  it.each([['de', 1, '1 Anrufer wartet'], ['de', 1200, '1.200 Anrufer warten'], ['fr', 0, '0 appelant en attente'], ['fr', 1_000_000, '1\u202f000\u202f000 appelants en attente'], ['es', 1, '1 llamada en espera'], ['it', 2, '2 chiamanti in attesa']])('%s counts %d', (locale, count, text) => {
    expect(wordsFor(locale)('groups.waiting', { count })).toBe(text);
  });
});

describe('moments, numbers and lists', () => {
  const at = new Date('2026-11-23T21:05:00Z');
  it.each([['de-DE', 'Europe/Berlin', 'Seit 23.11.2026, 22:05.'], ['fr-FR', 'Europe/Paris', 'Depuis\u00a0: 23 nov. 2026, 22:05.'], ['en-GB', 'Europe/London', 'Since 23 Nov 2026, 21:05.'], ['it-IT', 'Europe/Rome', 'Da: 23 nov 2026, 22:05.'], ['es-ES', 'Asia/Tokyo', 'Desde: 24 nov 2026, 6:05.']])('in %s at %s read as people there write', (locale, zone, text) => {
    expect(wordsFor(locale, zone)('duty.since', { when: new Moment(at, 'dateTime') })).toBe(text);
  });

  it('of a reader whose zone is not known are left to the client', () => {
    expect(wordsFor('de')('duty.since', { when: new Moment(at, 'dateTime') })).toBe('Seit {{DATE(2026-11-23T21:05:00Z, SHORT)}} {{TIME(2026-11-23T21:05:00Z)}}.');
    expect(formatsFor('de', null).moment(new Moment(at, 'time'))).toBe('{{TIME(2026-11-23T21:05:00Z)}}');
  });

  it('join names as the language does', () => {
    expect(LANGUAGES.map((language) => wordsFor(language).list(['A', 'B', 'C']))).toEqual(['A, B, and C', 'A, B und C', 'A, B et C', 'A, B y C', 'A, B e C']);
  });

  it.each([['Europe/Berlin', 'Europe/Berlin'], ['Mars/Olympus', null], ['', null], [7, null], ['x'.repeat(100), null]])('the zone %j is %j', (zone, known) => {
    expect(knownTimeZone(zone)).toBe(known);
  });
});
