// Audio in GridFS, named by its content: the same sound is stored once, and a name never means another sound.
import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { GridFSBucket, type ClientSession, type Db } from 'mongodb';

// Chunks belong to an id of their own and the content hash is the file's name, so that an upload that was cut off is never in the way of the next.
const bucketOf = (db: Db): GridFSBucket => new GridFSBucket(db, { bucketName: 'audio' });

/** Stores a WAV file; resolves to its id, the SHA-256 of the bytes in hex. */
export async function storeAudio(db: Db, wav: Buffer): Promise<string> {
  const audioId = createHash('sha256').update(wav).digest('hex');
  const bucket = bucketOf(db);
  if (await bucket.find({ filename: audioId }).hasNext()) return audioId;
  const upload = bucket.openUploadStream(audioId);
  upload.end(wav);
  await finished(upload);
  return audioId;
}

/** Which of these are there, whole. */
export async function keptAudio(db: Db, audioIds: readonly string[], options: { readonly session?: ClientSession } = {}): Promise<ReadonlySet<string>> {
  // GridFS writes the file's document after its last chunk.
  const found = await db.collection<{ filename: string }>('audio.files').find({ filename: { $in: [...audioIds] } }, { ...options, projection: { filename: 1 } }).toArray();
  return new Set(found.map((one) => one.filename));
}

/** `null` when there is none of that id. */
export async function readAudio(db: Db, audioId: string): Promise<Buffer | null> {
  const bucket = bucketOf(db);
  const [file] = await bucket.find({ filename: audioId }).limit(1).toArray();
  if (!file) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of bucket.openDownloadStream(file._id)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Removes a sound that nothing names. */
export async function forgetAudio(db: Db, audioId: string): Promise<void> {
  const bucket = bucketOf(db);
  for (const { _id } of await bucket.find({ filename: audioId }).toArray()) await bucket.delete(_id);
}
