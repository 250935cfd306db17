// Writes an export: the same configuration is the same bytes, on every machine and at any time.
import { createHash, type Hash } from 'node:crypto';
import { type Configuration } from '../model/configuration';
import { audioNamedIn } from '../mirror/audio-named';
import { canonicalJson } from './canonical';
import { BadFile, FILE_LIMITS, FORMAT, FORMAT_VERSION, KINDS_IN_ORDER, objectLine, type FileObject } from './format';

export interface Written {
  readonly objects: number;
  readonly sounds: number;
  readonly bytes: number;
}

export interface Source {
  /** Whose database it is. */
  readonly pool: string;
  readonly sipDomain: string;
  /** The owner's objects. */
  readonly configuration: Configuration;
  readonly readAudio: (audioId: string) => Promise<Buffer | null>;
}

/** The objects in the order of the file. */
export function* objectsOf(configuration: Configuration): Generator<FileObject> {
  for (const kind of KINDS_IN_ORDER) {
    const sorted = [...configuration.objects[kind].values()].sort((one, other) => (one.id < other.id ? -1 : 1));
    for (const { pool: _pool, version: _version, ...object } of sorted) yield { kind, object } as FileObject;
  }
}

/** SHA-256 of everything but duty, which people and engines change all day. */
export function configurationHash(configuration: Configuration): string {
  const hash = createHash('sha256');
  for (const one of objectsOf(configuration)) if (one.kind !== 'duties') hash.update(`${objectLine(one)}\n`);
  return hash.digest('hex');
}

/**
 * The file, piece by piece; what came of it once the last piece was taken.
 * @throws BadFile where the file would be larger than what is read, or a sound that something names is not kept
 */
export async function* writeExport({ pool, sipDomain, configuration, readAudio }: Source): AsyncGenerator<Buffer, Written> {
  const out = new Lines();
  yield out.line({ format: FORMAT, version: FORMAT_VERSION, pool, owner: configuration.pool, sipDomain });
  let objects = 0;
  let objectBytes = 0;
  const audioIds = new Set<string>();
  let gathered: Buffer[] = [];
  for (const one of objectsOf(configuration)) {
    const piece = out.text(objectLine(one));
    objects += 1;
    objectBytes += piece.length;
    if (objects > FILE_LIMITS.objects || objectBytes > FILE_LIMITS.objectBytes) throw new BadFile(`an export holds at most ${FILE_LIMITS.objects} objects in ${FILE_LIMITS.objectBytes} bytes.`);
    for (const { audioId } of audioNamedIn(one.object)) audioIds.add(audioId);
    gathered.push(piece);
    if (gathered.length === 500) { yield Buffer.concat(gathered); gathered = []; }
  }
  yield Buffer.concat(gathered);
  for (const audioId of [...audioIds].sort()) {
    const bytes = await readAudio(audioId);
    if (bytes === null) throw new BadFile(`the audio file ${audioId} is named and not kept.`);
    yield out.line({ audio: audioId, bytes: bytes.length });
    for (let at = 0; at < bytes.length; at += FILE_LIMITS.chunkBytes) yield out.line({ chunk: bytes.toString('base64', at, Math.min(bytes.length, at + FILE_LIMITS.chunkBytes)) });
  }
  yield out.line({ objects, sounds: audioIds.size, sha256: out.sha256() });
  return { objects, sounds: audioIds.size, bytes: out.bytes };
}

/** Counts and hashes what goes out. */
class Lines {
  bytes = 0;
  private readonly hash: Hash = createHash('sha256');

  line(value: object): Buffer {
    return this.text(canonicalJson(value));
  }

  text(words: string): Buffer {
    const piece = Buffer.from(`${words}\n`);
    this.bytes += piece.length;
    if (this.bytes > FILE_LIMITS.bytes) throw new BadFile(`an export is at most ${FILE_LIMITS.bytes} bytes, and this one would be larger.`);
    this.hash.update(piece);
    return piece;
  }

  /** Of everything so far. */
  sha256(): string {
    return this.hash.copy().digest('hex');
  }
}
