// Azure Speech as a voice: text goes out as SSML over HTTPS, a WAV file comes back (its REST interface, `cognitiveservices/v1`).
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Language } from '../../storage/model/languages';
import { type Logger } from '../../storage/process/log';
import { MediaFault } from '../calls/ports';
import { type Renderer, SOUND_VERSIONS } from './renderer';
import { type Voice } from './voice';

export interface AzureSpeech {
  /** `https://<region>.tts.speech.microsoft.com`, or where a container of one's own listens. */
  readonly endpoint: string;
  /** Sent as a header, and nowhere else; never logged. */
  readonly key: string;
  /** For one try, in milliseconds. Default 10000. */
  readonly timeoutMs?: number;
  /** Waits between tries. Default: real time. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** One voice for each language a workflow may have, also those that the built-in voice lacks. */
export const AZURE_VOICES = {
  'ca-ES': 'JoanaNeural', 'da-DK': 'ChristelNeural', 'de-DE': 'KatjaNeural', 'en-AU': 'NatashaNeural', 'en-CA': 'ClaraNeural', 'en-GB': 'SoniaNeural',
  'en-IN': 'NeerjaNeural', 'en-US': 'JennyNeural', 'es-ES': 'ElviraNeural', 'es-MX': 'DaliaNeural', 'fi-FI': 'NooraNeural', 'fr-CA': 'SylvieNeural',
  'fr-FR': 'DeniseNeural', 'it-IT': 'ElsaNeural', 'ja-JP': 'NanamiNeural', 'ko-KR': 'SunHiNeural', 'nb-NO': 'PernilleNeural', 'nl-NL': 'FennaNeural',
  'pl-PL': 'ZofiaNeural', 'pt-BR': 'FranciscaNeural', 'pt-PT': 'RaquelNeural', 'ru-RU': 'SvetlanaNeural', 'sv-SE': 'SofieNeural', 'zh-CN': 'XiaoxiaoNeural',
  'zh-HK': 'HiuMaanNeural', 'zh-TW': 'HsiaoChenNeural',
} as const satisfies Record<Language, string>;

const PATH = '/cognitiveservices/v1';
const OUTPUT = 'riff-8khz-16bit-mono-pcm';
const TIMEOUT_MS = 10_000;
const MOST_TRIES = 3;
const FIRST_WAIT_MS = 500;
/** However long the service asks us to wait. */
const LONGEST_WAIT_MS = 5_000;
/** Ten minutes, the most the service says, at twice the rate we ask for. */
const LARGEST_ANSWER = 20 * 1024 * 1024;

export function azureVoice(options: AzureSpeech, renderer: Renderer, log: Logger): Voice {
  return new AzureVoice(options, renderer, log);
}

class AzureVoice implements Voice {
  private readonly url: string;

  constructor(private readonly options: AzureSpeech, private readonly renderer: Renderer, private readonly log: Logger) {
    this.url = new URL(PATH, options.endpoint).href;
  }

  /** Another endpoint may speak with another voice of the same name. */
  nameFor(language: string): string | null {
    const name = voiceOf(language);
    const where = createHash('sha256').update(this.url).digest('hex').slice(0, 16);
    return name === null ? null : `azure ${SOUND_VERSIONS.spoken} ${where} ${name}`;
  }

  async speak(text: string, language: string): Promise<Int16Array | null> {
    const name = voiceOf(language);
    if (name === null) throw new MediaFault('refused', `Azure Speech is given no voice for ${language}.`);
    return this.renderer.render({ kind: 'spoken', file: await this.ask(ssml(text, language, name)) });
  }

  /** What was lost on the way, asked too often (429) or failed over there (5xx) is asked again; what was refused is not. */
  private async ask(body: string): Promise<Buffer> {
    let waitMs = FIRST_WAIT_MS;
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.askOnce(body);
      if (Buffer.isBuffer(outcome)) return outcome;
      if (!outcome.again || tries === MOST_TRIES) throw outcome.fault;
      this.log.debug({ tries, err: outcome.fault }, 'Azure Speech is asked again');
      await (this.options.wait ?? sleep)(Math.min(LONGEST_WAIT_MS, outcome.afterMs ?? waitMs));
      waitMs *= 2;
    }
  }

  private async askOnce(body: string): Promise<Buffer | { readonly fault: MediaFault; readonly again: boolean; readonly afterMs?: number | null }> {
    const timeoutMs = this.options.timeoutMs ?? TIMEOUT_MS;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await fetch(this.url, {
        method: 'POST',
        headers: { 'Ocp-Apim-Subscription-Key': this.options.key, 'Content-Type': 'application/ssml+xml', 'X-Microsoft-OutputFormat': OUTPUT, 'User-Agent': 'response-group' },
        body,
        // A redirect would carry the key to wherever it points.
        redirect: 'error',
        signal,
      });
      if (answer.status === 200) return await limited(answer);
      await answer.body?.cancel();
      const again = answer.status === 429 || answer.status >= 500;
      return { fault: new MediaFault(again ? 'unavailable' : 'refused', reasonFor(answer.status)), again, afterMs: retryAfterMs(answer.headers.get('retry-after')) };
    } catch (cause) {
      if (cause instanceof MediaFault) return { fault: cause, again: false };
      return { fault: signal.aborted ? new MediaFault('timeout', `Azure Speech did not answer within ${timeoutMs} ms.`) : new MediaFault('unavailable', 'Azure Speech cannot be reached.', { cause }), again: true };
    }
  }
}

const voiceOf = (language: string): string | null => (Object.hasOwn(AZURE_VOICES, language) ? `${language}-${AZURE_VOICES[language as Language]}` : null);

async function limited(answer: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  if (!answer.body) return Buffer.alloc(0);
  for await (const part of Readable.fromWeb(answer.body as ReadableStream) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > LARGEST_ANSWER) throw new MediaFault('refused', `Azure Speech answered with more than ${LARGEST_ANSWER} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Seconds; a date (RFC 9110 section 10.2.3) is not worth a second clock. */
const retryAfterMs = (header: string | null): number | null => (header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null);

function reasonFor(status: number): string {
  if (status === 401 || status === 403) return `Azure Speech refuses the key (${status}): AZURE_SPEECH_KEY must be a key of the resource in AZURE_SPEECH_REGION.`;
  if (status === 429) return 'Azure Speech is asked more often than its plan allows (429).';
  return `Azure Speech answered ${status}.`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Nothing in the text is markup. Characters that XML 1.0 cannot hold (section 2.2) are spaces. */
export function ssml(text: string, language: string, voice: string): string {
  const plain = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, ' ').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  return `<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="${language}"><voice name="${voice}">${plain}</voice></speak>`;
}
