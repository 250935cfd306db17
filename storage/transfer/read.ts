// Reads an export from beginning to end and believes nothing of it: bytes and lines are counted, types, order and checksums are held against the format.
import { createHash } from 'node:crypto';
import { lookAtAudio } from '../administration/audio-file';
import { LIMITS } from '../model/limits';
import { audioNamedIn } from '../mirror/audio-named';
import { audioLine, BadFile, chunkLine, FILE_LIMITS, KINDS_IN_ORDER, lastLine, readHeader, readObject, shortened, upgraded, type FileObject, type Header, type OlderLine } from './format';
import { linesOf } from './lines';

export interface Exported {
  readonly header: Header;
  /** In the order of the file. */
  readonly objects: readonly FileObject[];
  readonly audioIds: readonly string[];
  readonly sha256: string;
}

/**
 * The whole file, checked. `keep` is handed each sound, one at a time and whole, before the end of the file is known to be good.
 * Memory: the objects, one line and one sound; never the file.
 * @throws BadFile with the line and the reason; what `bytes` or `keep` throw
 */
export async function readExport(bytes: AsyncIterable<Uint8Array>, keep: (audioId: string, wav: Buffer) => Promise<void> = () => Promise.resolve()): Promise<Exported> {
  const file = new FileBeingRead();
  for await (const { text, number, before } of linesOf(bytes)) {
    const sound = file.take(parsed(text, number), number, Buffer.byteLength(text) + 1, before);
    if (sound !== null) await keep(sound.audioId, sound.wav);
  }
  return file.whole();
}

/** @throws BadFile */
function parsed(text: string, number: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadFile(number === 1 ? 'it is no export of Response Group.' : 'the line is no JSON.', number);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadFile(number === 1 ? 'it is no export of Response Group.' : 'the line is no JSON object.', number);
  return value as Readonly<Record<string, unknown>>;
}

interface Sound { readonly audioId: string; readonly bytes: number; readonly chunks: Buffer[]; got: number }

/** Header, then objects, then sounds, then the last line; each in its order. */
class FileBeingRead {
  private header: Header | null = null;
  private readonly objects: FileObject[] = [];
  private objectBytes = 0;
  private objectLines = 0;
  private readonly ids = new Set<string>();
  private place = { kind: -1, id: '' };
  private named: Set<string> | null = null;
  private readonly audioIds: string[] = [];
  private sound: Sound | null = null;
  private sha256: string | null = null;

  /** The sound that this line completes. `before`: SHA-256 of all bytes before the line. */
  take(line: Readonly<Record<string, unknown>>, at: number, size: number, before: () => string): { readonly audioId: string; readonly wav: Buffer } | null {
    if (this.header === null) {
      this.header = readHeader(line);
      return null;
    }
    if (this.sha256 !== null) throw new BadFile('there is more after the last line.', at);
    if (this.sound !== null) return this.takeChunk(this.sound, line, at);
    if (Object.hasOwn(line, 'kind')) this.takeObject(line, at, size, this.header.version);
    else if (Object.hasOwn(line, 'audio')) this.beginSound(line, at);
    else this.end(line, at, before);
    return null;
  }

  whole(): Exported {
    if (this.header === null) throw new BadFile('it is empty.');
    if (this.sha256 === null) throw new BadFile('it is cut off: the last line is missing.');
    return { header: this.header, objects: this.objects, audioIds: this.audioIds, sha256: this.sha256 };
  }

  private takeObject(line: Readonly<Record<string, unknown>>, at: number, size: number, version: number): void {
    if (this.named !== null) throw new BadFile('an object comes after the sounds.', at);
    const { kind, object, ...more } = line;
    if (typeof kind !== 'string' || typeof object !== 'object' || object === null || Array.isArray(object) || Object.keys(more).length > 0) throw new BadFile('the line must have a kind and an object, and nothing else.', at);
    this.objectBytes += size;
    this.objectLines += 1;
    if (this.objectLines > FILE_LIMITS.objects || this.objectBytes > FILE_LIMITS.objectBytes) throw new BadFile(`it holds more than ${FILE_LIMITS.objects} objects or ${FILE_LIMITS.objectBytes} bytes of them.`, at);
    const older = upgraded({ kind, object } as OlderLine, version);
    if (older === null) return;
    const read = readObject(older, at);
    const key = `${read.kind}/${read.object.id}`;
    if (this.ids.has(key)) throw new BadFile(`${key} is there twice.`, at);
    const place = { kind: KINDS_IN_ORDER.indexOf(read.kind), id: read.object.id };
    if (place.kind < this.place.kind || (place.kind === this.place.kind && place.id < this.place.id)) throw new BadFile(`${key} is out of order.`, at);
    this.place = place;
    this.ids.add(key);
    this.objects.push(read);
  }

  private beginSound(line: Readonly<Record<string, unknown>>, at: number): void {
    const read = audioLine.safeParse(line);
    if (!read.success) throw new BadFile('a sound must have its SHA-256 and its size.', at);
    const { audio, bytes } = read.data;
    if (bytes > LIMITS.audioFileBytes.max) throw new BadFile(`the sound ${audio} has ${bytes} bytes, and at most ${LIMITS.audioFileBytes.max} are allowed.`, at);
    this.named ??= new Set(this.objects.flatMap(({ object }) => audioNamedIn(object)).map((one) => one.audioId));
    if (!this.named.has(audio)) throw new BadFile(`nothing names the sound ${audio}.`, at);
    if (audio <= (this.audioIds.at(-1) ?? '')) throw new BadFile(`the sound ${audio} is there twice or out of order.`, at);
    this.sound = { audioId: audio, bytes, chunks: [], got: 0 };
  }

  private takeChunk(sound: Sound, line: Readonly<Record<string, unknown>>, at: number): { readonly audioId: string; readonly wav: Buffer } | null {
    const read = chunkLine.safeParse(line);
    if (!read.success) throw new BadFile(`a piece of the sound ${sound.audioId} must be here, in base64.`, at);
    const chunk = Buffer.from(read.data.chunk, 'base64');
    // Each piece is full but the last: a million small ones would take far more memory than the sound.
    if (chunk.length !== Math.min(FILE_LIMITS.chunkBytes, sound.bytes - sound.got) || chunk.toString('base64') !== read.data.chunk) throw new BadFile(`a piece of the sound ${sound.audioId} has the wrong length.`, at);
    sound.chunks.push(chunk);
    sound.got += chunk.length;
    if (sound.got < sound.bytes) return null;
    this.sound = null;
    const wav = Buffer.concat(sound.chunks);
    if (createHash('sha256').update(wav).digest('hex') !== sound.audioId) throw new BadFile(`the sound ${sound.audioId} is not what its SHA-256 says.`, at);
    const looked = lookAtAudio(wav);
    if (!looked.ok) throw new BadFile(`the sound ${sound.audioId}: ${looked.field} (${shortened(String(looked.value))}) ${looked.message}.`, at);
    this.audioIds.push(sound.audioId);
    return { audioId: sound.audioId, wav };
  }

  private end(line: Readonly<Record<string, unknown>>, at: number, before: () => string): void {
    const read = lastLine.safeParse(line);
    if (!read.success) throw new BadFile('the line is neither an object, nor a sound, nor the last one.', at);
    if (read.data.sha256 !== before()) throw new BadFile('the checksum is wrong: the file was damaged or changed.', at);
    if (read.data.objects !== this.objectLines) throw new BadFile(`it says ${read.data.objects} objects and has ${this.objectLines}.`, at);
    if (read.data.sounds !== this.audioIds.length) throw new BadFile(`it says ${read.data.sounds} sounds and has ${this.audioIds.length}.`, at);
    this.sha256 = read.data.sha256;
  }
}
