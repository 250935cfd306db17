// The files of the media folder, ready to be sent: each read once, encoded once per codec, and shared by every caller who hears it.
import { open, realpath, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { decodeG711, encodeG711, type G711 } from './g711';
import { readWav, SAMPLE_RATE, UnplayableWav, type WavAudio } from './wav';

/** One byte a sample, 8,000 a second. */
export interface EncodedAudio {
  readonly codec: G711;
  readonly payload: Buffer;
  readonly durationMs: number;
}

/** What was found to lie inside the folder under that name, and what it sounds like. */
interface Loaded { readonly size: number; readonly mtimeMs: number; readonly ino: number; readonly key: string }

const LARGEST_FILE = 32 * 1024 * 1024;
const LARGEST_CACHE = 256 * 1024 * 1024;
const MOST_LOADED = 10_000;

/** Files are known by path, size and time of change, so that a file that was replaced is read again. */
export class AudioFiles {
  private readonly cache = new Map<string, Promise<EncodedAudio>>();
  /** By codec and the path that was asked for. */
  private readonly loaded = new Map<string, Loaded>();
  private cachedBytes = 0;

  /** What is kept for the next who hears it is limited to `cacheBytes`. */
  constructor(private readonly directory: string, private readonly cacheBytes = LARGEST_CACHE) {}

  /**
   * A relative path is meant from the media folder.
   * @throws UnplayableWav when the path leads out of the folder, is no file, or no playable WAV.
   */
  async load(path: string, codec: G711): Promise<EncodedAudio> {
    return (await this.again(path, codec)) ?? this.first(path, codec);
  }

  /** While it is the very file that was looked at before, one look is enough. Null: it is not, or is not in the cache any more. */
  private async again(path: string, codec: G711): Promise<EncodedAudio | null> {
    const asked = `${codec} ${path}`;
    const before = this.loaded.get(asked);
    if (!before) return null;
    const now = await stat(resolve(this.directory, path)).catch(() => null);
    const same = now?.size === before.size && now.mtimeMs === before.mtimeMs && now.ino === before.ino;
    const known = same ? this.cache.get(before.key) : undefined;
    if (!known) {
      this.loaded.delete(asked);
      return null;
    }
    this.cache.delete(before.key);
    this.cache.set(before.key, known);
    return known;
  }

  private async first(path: string, codec: G711): Promise<EncodedAudio> {
    const real = await this.inside(path);
    const file = await open(real, 'r').catch((cause: unknown) => { throw new UnplayableWav('the file cannot be opened', { cause }); });
    try {
      const { size, mtimeMs, ino } = await file.stat();
      if (size > LARGEST_FILE) throw new UnplayableWav(`a file of ${size} bytes; at most ${LARGEST_FILE} can be played`);
      const key = `${codec} ${ino} ${size} ${mtimeMs} ${real}`;
      const known = this.cache.get(key);
      if (this.loaded.size >= MOST_LOADED) this.loaded.clear();
      this.loaded.set(`${codec} ${path}`, { size, mtimeMs, ino, key });
      if (known) {
        this.cache.delete(key);
        this.cache.set(key, known);
        return await known;
      }
      const made = file.readFile().then((bytes) => encode(readWav(bytes), codec));
      this.cache.set(key, made);
      try {
        this.keep((await made).payload.length);
      } catch (fault) {
        this.cache.delete(key);
        this.loaded.delete(`${codec} ${path}`);
        throw fault;
      }
      return await made;
    } finally {
      await file.close();
    }
  }

  private async inside(path: string): Promise<string> {
    try {
      const [folder, real] = await Promise.all([realpath(this.directory), realpath(resolve(this.directory, path))]);
      if (real.startsWith(folder + sep)) return real;
    } catch (cause) {
      throw new UnplayableWav('there is no such file in the media folder', { cause });
    }
    throw new UnplayableWav('the file lies outside the media folder');
  }

  /** Forgets what was not played for longest once the cache is full; who plays it now holds it still. */
  private keep(bytes: number): void {
    this.cachedBytes += bytes;
    for (const [key, audio] of this.cache) {
      if (this.cachedBytes <= this.cacheBytes || this.cache.size === 1) return;
      this.cache.delete(key);
      audio.then((old) => { this.cachedBytes -= old.payload.length; }, () => undefined);
    }
  }
}

function encode(audio: WavAudio, codec: G711): EncodedAudio {
  let payload: Buffer;
  if (audio.kind === 'linear') payload = encodeG711(audio.samples, codec);
  else if (audio.kind === codec) payload = audio.encoded;
  else payload = encodeG711(decodeG711(audio.encoded, audio.kind), codec);
  if (payload.length === 0) throw new UnplayableWav('a WAV file without sound');
  return { codec, payload, durationMs: Math.round((payload.length * 1000) / SAMPLE_RATE) };
}

/** A second encoding for a side whose codec changed while it listens. */
export function reencode(audio: EncodedAudio, codec: G711): EncodedAudio {
  return { ...audio, codec, payload: encodeG711(decodeG711(audio.payload, audio.codec), codec) };
}
