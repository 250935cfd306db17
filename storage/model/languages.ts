// The languages a workflow may have: those of the original, and whether the built-in voice speaks them.
import { z } from 'zod';
import { schemaRule } from './rules';

/** Voice names are espeak-ng's; null where the built-in voice does not speak the language. */
export const LANGUAGES = {
  'ca-ES': 'ca', 'da-DK': 'da', 'de-DE': 'de', 'en-AU': 'en-gb', 'en-CA': 'en-us', 'en-GB': 'en-gb', 'en-IN': 'en-gb', 'en-US': 'en-us',
  'es-ES': 'es', 'es-MX': 'es-419', 'fi-FI': 'fi', 'fr-CA': 'fr', 'fr-FR': 'fr', 'it-IT': 'it', 'ja-JP': null, 'ko-KR': null, 'nb-NO': 'nb',
  'nl-NL': 'nl', 'pl-PL': 'pl', 'pt-BR': 'pt-br', 'pt-PT': 'pt', 'ru-RU': null, 'sv-SE': 'sv', 'zh-CN': null, 'zh-HK': null, 'zh-TW': null,
} as const satisfies Record<string, string | null>;

export type Language = keyof typeof LANGUAGES;
export const LANGUAGE_NAMES = Object.keys(LANGUAGES) as [Language, ...Language[]];
export const language = z.enum(LANGUAGE_NAMES, { error: schemaRule('choice', {}, `must be one of ${LANGUAGE_NAMES.join(', ')}`) });
