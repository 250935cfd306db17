// Prompts, music and tones as files in the shared media folder, rendered ahead of need in a process of its own and kept by content.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WaveFile } from 'wavefile';
import { z } from 'zod';
import { LIMITS } from '../../storage/model/limits';
import { type AudioFile, type Prompt } from '../../storage/model/prompt';
import { MediaFault, type MediaDeps, type SoundPort } from '../calls/ports';
import { azureVoice, type AzureSpeech } from './azure-voice';
import { RATE } from './loudness';
import { Renderer, SOUND_VERSIONS, type RenderJob } from './renderer';
import { localVoice, type Voice } from './voice';

export interface SoundOptions extends MediaDeps {
  readonly mediaDirectory: string;
  /** The bytes of an audio file that was kept; null when there is none of that id. May reject. */
  readonly readAudio: (audioId: string) => Promise<Buffer | null>;
  /** Speaks in place of the voice that comes with the product, which steps in while this one cannot be had. */
  readonly azureSpeech?: AzureSpeech;
  /** How node runs the rendering process when its file is TypeScript. */
  readonly workerExecArgv?: readonly string[];
}

export interface Sounds extends SoundPort {
  close(): Promise<void>;
}

/** What was rendered: `<audioId>.wav`, whose SHA-256 is its name. */
const rendered = z.object({ audioId: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().positive(), durationMs: z.number().int().nonnegative() });
type Rendered = z.output<typeof rendered>;
type Sound = Awaited<ReturnType<SoundPort['prompt']>>;
type Render = () => Promise<Int16Array | null>;

/** After a voice could not be had, texts that another can speak are not asked of it for this long. */
const REST_MS = 30_000;

/** Rendered files are written once, by rename, and never changed. */
export function createSounds(options: SoundOptions): Sounds {
  return new FileSounds(options);
}

class FileSounds implements Sounds {
  private readonly renderer: Renderer;
  /** In the order in which they are asked. */
  private readonly voices: readonly Voice[];
  private readonly restingUntilMs = new Map<Voice, number>();
  private readonly known = new Map<string, Rendered>();
  /** Asked for twice at once, rendered once. */
  private readonly underway = new Map<string, Promise<Rendered>>();

  constructor(private readonly options: SoundOptions) {
    this.renderer = new Renderer(options.workerExecArgv);
    const local = localVoice(this.renderer);
    this.voices = options.azureSpeech ? [azureVoice(options.azureSpeech, this.renderer, options.log), local] : [local];
  }

  /** A file that cannot be had gives way to the text, where there is one. */
  async prompt({ text, audio }: Prompt, language: string): Promise<Sound> {
    if (!audio) return this.spoken(text, language);
    return this.recorded('recording', audio).catch((fault: unknown) => {
      if (text === '') throw fault;
      this.options.log.warn({ audioId: audio.audioId, err: fault }, 'an audio file cannot be had; its text is spoken instead');
      return this.spoken(text, language);
    });
  }

  async music(audio: AudioFile | null): Promise<Sound> {
    const own = (): Promise<Sound> => this.made({ kind: 'music' });
    if (!audio) return own();
    return this.recorded('loop', audio).catch((fault: unknown) => {
      this.options.log.warn({ audioId: audio.audioId, err: fault }, 'an audio file cannot be had; the music that comes with the product is played instead');
      return own();
    });
  }

  ringback(): Promise<Sound> {
    return this.made({ kind: 'ringback' });
  }

  close(): Promise<void> {
    return this.renderer.close();
  }

  private async spoken(text: string, language: string): Promise<Sound> {
    const { min, max } = LIMITS.promptTextLength;
    if (text.length < min || text.length > max) throw new MediaFault('refused', `A spoken text has ${min} to ${max} characters; this one has ${text.length}.`);
    let last = new MediaFault('refused', `The built-in voice does not speak ${language}.`);
    const speaking = this.voices.filter((voice) => voice.nameFor(language) !== null);
    for (const voice of speaking) {
      const name = voice.nameFor(language);
      const isLast = voice === speaking.at(-1);
      try {
        return await this.sound('speech', [name, text], () => this.ask(voice, text, language, !isLast));
      } catch (fault) {
        if (!(fault instanceof MediaFault)) throw fault;
        if (!isLast) this.options.log.warn({ voice: name, err: fault }, 'a voice failed; the next one is asked');
        last = fault;
      }
    }
    throw last;
  }

  /** A voice that could not be had a moment ago is not waited for by every text, where another can speak. */
  private async ask(voice: Voice, text: string, language: string, replaceable: boolean): Promise<Int16Array | null> {
    if (replaceable && performance.now() < (this.restingUntilMs.get(voice) ?? 0)) throw new MediaFault('unavailable', 'This voice could not be had a moment ago.');
    try {
      const samples = await voice.speak(text, language);
      this.restingUntilMs.delete(voice);
      return samples;
    } catch (fault) {
      if (fault instanceof MediaFault && fault.code !== 'refused') this.restingUntilMs.set(voice, performance.now() + REST_MS);
      throw fault;
    }
  }

  private recorded(kind: 'recording' | 'loop', { audioId }: AudioFile): Promise<Sound> {
    return this.sound(kind, [SOUND_VERSIONS[kind], audioId], async () => this.renderer.render({ kind, file: await this.fetched(audioId) }));
  }

  private made(job: RenderJob & { readonly kind: 'music' | 'ringback' }): Promise<Sound> {
    return this.sound(job.kind, [SOUND_VERSIONS[job.kind], job], () => this.renderer.render(job));
  }

  private async fetched(audioId: string): Promise<Buffer> {
    const bytes = await this.options.readAudio(audioId).catch((cause: unknown) => { throw new MediaFault('unavailable', 'The audio file cannot be read now.', { cause }); });
    if (!bytes) throw new MediaFault('unavailable', 'There is no such audio file.');
    if (sha256(bytes) !== audioId) throw new MediaFault('unavailable', 'The audio file is not what it was when it was kept.');
    return bytes;
  }

  /** `key` is all that the sound depends on. */
  private async sound(kind: string, key: readonly unknown[], render: Render): Promise<Sound> {
    const asked = sha256(JSON.stringify([kind, ...key]));
    const { audioId, durationMs } = await (this.underway.get(asked) ?? this.begin(asked, kind, render));
    return { file: this.path(`${audioId}.wav`), audioId, durationMs };
  }

  private begin(asked: string, kind: string, render: Render): Promise<Rendered> {
    const made = this.find(asked).then((found) => found ?? this.make(asked, kind, render)).catch((cause: unknown) => {
      if (cause instanceof MediaFault) throw cause;
      throw new MediaFault('unavailable', 'The media folder cannot be used.', { cause });
    }).finally(() => this.underway.delete(asked));
    this.underway.set(asked, made);
    return made;
  }

  /** What was rendered for this before, if its file is still whole. Its content is checked once a process, its size each time. */
  private async find(asked: string): Promise<Rendered | null> {
    const known = this.known.get(asked);
    if (known) {
      const size = await stat(this.path(`${known.audioId}.wav`)).then((file) => file.size, () => -1);
      if (size === known.bytes) return known;
      this.known.delete(asked);
    }
    const note = await readFile(this.path(`${asked}.json`), 'utf8').catch(() => null);
    const parsed = rendered.safeParse(note === null ? null : parseOrNull(note));
    if (!parsed.success) return null;
    const file = await readFile(this.path(`${parsed.data.audioId}.wav`)).catch(() => null);
    if (!file || sha256(file) !== parsed.data.audioId) return null;
    this.known.set(asked, parsed.data);
    return parsed.data;
  }

  private async make(asked: string, kind: string, render: Render): Promise<Rendered> {
    const startedMs = performance.now();
    const samples = await render();
    if (!samples) throw new MediaFault('refused', kind === 'speech' ? 'There is nothing in this text that can be heard.' : 'There is no sound in this audio file.');
    const wav = new WaveFile();
    wav.fromScratch(1, RATE, '16', samples);
    const bytes = wav.toBuffer();
    const made: Rendered = { audioId: sha256(bytes), bytes: bytes.length, durationMs: Math.round((samples.length * 1000) / RATE) };
    await mkdir(this.options.mediaDirectory, { recursive: true });
    await this.write(`${made.audioId}.wav`, bytes);
    await this.write(`${asked}.json`, JSON.stringify(made));
    this.known.set(asked, made);
    this.options.log.info({ kind, audioId: made.audioId, durationMs: made.durationMs, tookMs: Math.round(performance.now() - startedMs) }, 'rendered sound');
    return made;
  }

  /** Nobody ever sees half a file. */
  private async write(name: string, content: Uint8Array | string): Promise<void> {
    const temporary = this.path(`.${randomUUID()}.part`);
    try {
      await writeFile(temporary, content, { flush: true });
      await rename(temporary, this.path(name));
    } catch (fault) {
      await rm(temporary, { force: true });
      throw fault;
    }
  }

  private path(name: string): string {
    return join(this.options.mediaDirectory, name);
  }
}

const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
