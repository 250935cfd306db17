// Every text a person reads comes from a catalogue; values put into one are escaped as Markdown.
import i18next, { type i18n } from 'i18next';
import { escapeMarkdown } from './markdown';
import english from './catalogue/en.json';

/** The languages there are catalogues for; the first is what everybody else reads. */
const CATALOGUES: Readonly<Record<string, object>> = { en: english };

/** What may stand in a text's `{{name}}`; `count` also chooses the plural. */
export type Values = Readonly<Record<string, unknown>>;

/** Says a catalogue key with values. `{{name}}` is escaped as Markdown, `{{- name}}` is for places that show no Markdown. */
export type Say = (key: string, values?: Values) => string;

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
  fallbackLng: 'en',
  initAsync: false,
  returnNull: false,
  showSupportNotice: false,
});
void catalogues.init();

const PLACE = /\{\{(-?)\s*(\w+)\s*\}\}/g;

/** The texts for one person's locale, such as `de-DE`; English where there is no catalogue for it. */
export function wordsFor(locale: string): Say {
  return (key, values = {}) => {
    // The library chooses language and plural. Values are put in here, in one pass, so that nothing in a value is ever read as a place.
    const options = typeof values['count'] === 'number' ? { count: values['count'] } : {};
    const text: unknown = catalogues.exists(key, options) ? catalogues.t(key, { ...options, lng: locale, skipInterpolation: true }) : undefined;
    if (typeof text !== 'string') throw new MissingText(key);
    return text.replace(PLACE, (_place, raw: string, name: string) => {
      const value = values[name];
      if (typeof value !== 'string' && typeof value !== 'number') throw new MissingText(key, name);
      return raw === '' ? escapeMarkdown(String(value)) : String(value);
    });
  };
}
