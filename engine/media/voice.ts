// Who says what is written: the voice that comes with the product, or another behind the same interface.
import { LANGUAGES } from '../../storage/model/languages';
import { type Renderer, SOUND_VERSIONS } from './renderer';

export interface Voice {
  /** What this voice is known by for a language, for ever the same for the same sound; null when it does not speak it. */
  nameFor(language: string): string | null;
  /**
   * 8,000 samples a second in whole packets, as loud as all else; null when nothing in the text can be heard.
   * @throws MediaFault 'refused' when it cannot be said at all, 'unavailable' or 'timeout' when it may go better another time.
   */
  speak(text: string, language: string): Promise<Int16Array | null>;
}

/** espeak-ng, in a process of its own. */
export function localVoice(renderer: Renderer): Voice {
  const voiceOf = (language: string): string | null => (Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language as keyof typeof LANGUAGES] : null);
  return {
    nameFor: (language) => {
      const voice = voiceOf(language);
      return voice === null ? null : `espeak-ng ${SOUND_VERSIONS.speech} ${voice}`;
    },
    speak: (text, language) => renderer.render({ kind: 'speech', text, voice: voiceOf(language) ?? '' }),
  };
}
