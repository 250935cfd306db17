// Prompts and music as files in the shared media folder, rendered ahead of need by a worker and kept by content.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WaveFile } from 'wavefile';
import { z } from 'zod';
import { LANGUAGES } from '../../storage/model/languages';
import { LIMITS } from '../../storage/model/limits';
import { MediaFault, type MediaDeps, type SoundPort } from '../calls/ports';
import { RATE } from './loudness';
import { Renderer, SOUND_VERSIONS, type RenderJob } from './renderer';

export interface SoundOptions extends MediaDeps {
  readonly mediaDirectory: string;
  /** How node runs the rendering thread when its file is TypeScript. */
  readonly workerExecArgv?: readonly string[];
}

export interface Sounds extends SoundPort {
  close(): Promise<void>;
}

/** What was rendered: `<audioId>.wav`, whose SHA-256 is its name. */
const rendered = z.object({ audioId: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().positive(), durationMs: z.number().int().nonnegative() });
type Rendered = z.output<typeof rendered>;
type Sound = Awaited<ReturnType<SoundPort['prompt']>>;

/** Rendered files are written once, by rename, and never changed. */
export function createSounds(options: SoundOptions): Sounds {
  return new FileSounds(options);
}

class FileSounds implements Sounds {
  private readonly renderer: Renderer;
  private readonly known = new Map<string, Rendered>();
  /** Asked for twice at once, rendered once. */
  private readonly underway = new Map<string, Promise<Rendered>>();

  constructor(private readonly options: SoundOptions) {
    this.renderer = new Renderer(options.workerExecArgv);
  }

  async prompt(text: string, language: string): Promise<Sound> {
    const voice = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language as keyof typeof LANGUAGES] : null;
    if (voice === null) throw new MediaFault('refused', `The built-in voice does not speak ${language}.`);
    const { min, max } = LIMITS.promptTextLength;
    if (text.length < min || text.length > max) throw new MediaFault('refused', `A spoken text has ${min} to ${max} characters; this one has ${text.length}.`);
    return this.sound({ kind: 'speech', text, voice });
  }

  music(): Promise<Sound> {
    return this.sound({ kind: 'music' });
  }

  close(): Promise<void> {
    return this.renderer.close();
  }

  private async sound(job: RenderJob): Promise<Sound> {
    const asked = sha256(JSON.stringify([SOUND_VERSIONS[job.kind], job]));
    const made = this.underway.get(asked) ?? this.begin(asked, job);
    const { audioId, durationMs } = await made;
    return { file: this.path(`${audioId}.wav`), audioId, durationMs };
  }

  private begin(asked: string, job: RenderJob): Promise<Rendered> {
    const made = this.find(asked).then((found) => found ?? this.make(asked, job)).catch((cause: unknown) => {
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

  private async make(asked: string, job: RenderJob): Promise<Rendered> {
    const startedMs = performance.now();
    const samples = await this.renderer.render(job);
    if (!samples) throw new MediaFault('refused', 'There is nothing in this text that can be heard.');
    const wav = new WaveFile();
    wav.fromScratch(1, RATE, '16', samples);
    const bytes = wav.toBuffer();
    const made: Rendered = { audioId: sha256(bytes), bytes: bytes.length, durationMs: Math.round((samples.length * 1000) / RATE) };
    await mkdir(this.options.mediaDirectory, { recursive: true });
    await this.write(`${made.audioId}.wav`, bytes);
    await this.write(`${asked}.json`, JSON.stringify(made));
    this.known.set(asked, made);
    this.options.log.info({ kind: job.kind, audioId: made.audioId, durationMs: made.durationMs, tookMs: Math.round(performance.now() - startedMs) }, 'rendered sound');
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
