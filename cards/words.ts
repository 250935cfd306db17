// Every text a person reads comes from a catalogue; values put into one are escaped as Markdown.
import i18next, { type i18n } from 'i18next';
import { escapeMarkdown } from './markdown';
import english from './catalogue/en.json';

/** The languages there are catalogues for; the first is what everybody else reads. */
const CATALOGUES: Readonly<Record<string, object>> = { en: english };

/** What may stand in a text's `{{name}}`. */
export type Values = Readonly<Record<string, unknown>>;

/** Says a catalogue key with values. `{{name}}` is escaped as Markdown, `{{- name}}` is for places that show no Markdown. */
export type Say = (key: string, values?: Values) => string;

/** There is no such text. A mistake of ours, which a test finds. */
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
  interpolation: { escapeValue: true, escape: escapeMarkdown, skipOnVariables: true },
  missingInterpolationHandler: (text: string, match: RegExpExecArray) => { throw new MissingText(text, match[1] ?? null); },
});
void catalogues.init();

/** The texts for one person's locale, such as `de-DE`; English where there is no catalogue for it. */
export function wordsFor(locale: string): Say {
  const translate = catalogues.getFixedT(locale);
  return (key, values = {}) => {
    const said: unknown = catalogues.exists(key, { ...values }) ? translate(key, { ...values }) : undefined;
    if (typeof said !== 'string') throw new MissingText(key);
    return said;
  };
}
