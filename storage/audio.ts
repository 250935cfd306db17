// Audio in GridFS, named by its content: the same sound is stored once, and a name never means another sound.
import { type Db } from 'mongodb';

/** Stores a WAV file; resolves to its id, the SHA-256 of the bytes in hex. */
export declare function storeAudio(db: Db, wav: Buffer): Promise<string>;
/** `null` when there is none of that id. */
export declare function readAudio(db: Db, audioId: string): Promise<Buffer | null>;
