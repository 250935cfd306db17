// The sounds that an import has stored and nothing names yet, written down before each, so that those of an import that died can be taken back.
import { type Collection, type Db } from 'mongodb';
import { forgetAudio, keptAudio, storeAudio } from '../audio';
import { audioNamedIn } from '../mirror/audio-named';

/** `_id`: the pool and the file's SHA-256. */
interface StoredImport { readonly _id: string; readonly pool: string; readonly audioIds: readonly string[] }

const importsOf = (db: Db): Collection<StoredImport> => db.collection<StoredImport>('imports');

/** Only for who holds the pool: whatever else is written down for it is of somebody dead. */
export class AudioJournal {
  private readonly _id: string;

  constructor(private readonly db: Db, private readonly pool: string, sha256: string) {
    this._id = `${pool}:${sha256}`;
  }

  /** Takes up what an earlier import of the same file has stored, and takes back what one of another file has. */
  async begin(): Promise<void> {
    for (const one of await importsOf(this.db).find({ pool: this.pool, _id: { $ne: this._id } }).toArray()) await this.takeBack(one);
  }

  async keep(audioId: string, wav: Buffer): Promise<void> {
    if ((await keptAudio(this.db, [audioId])).has(audioId)) return;
    await importsOf(this.db).updateOne({ _id: this._id }, { $addToSet: { audioIds: audioId }, $setOnInsert: { pool: this.pool } }, { upsert: true });
    await storeAudio(this.db, wav);
  }

  /** After the import is in force, or after it came to nothing: what nothing names goes. */
  async end(): Promise<void> {
    const own = await importsOf(this.db).findOne({ _id: this._id });
    if (own) await this.takeBack(own);
  }

  private async takeBack({ _id, audioIds }: StoredImport): Promise<void> {
    const unnamed = new Set(audioIds);
    // Of every pool that lies in this database: a sound is stored once for all of them.
    for (const kind of ['workflows', 'queues', 'settings']) {
      for await (const object of this.db.collection(kind).find({})) for (const { audioId } of audioNamedIn(object)) unnamed.delete(audioId);
    }
    for (const other of await importsOf(this.db).find({ _id: { $ne: _id } }).toArray()) for (const audioId of other.audioIds) unnamed.delete(audioId);
    for (const audioId of unnamed) await forgetAudio(this.db, audioId);
    await importsOf(this.db).deleteOne({ _id });
  }
}
