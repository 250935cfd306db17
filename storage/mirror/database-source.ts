// A pool's own database as the source of a mirror: only read, and with the patience of a person, since a site that is gone must not be waited for.
import { type Db, type MongoClient } from 'mongodb';
import { readAudio } from '../audio';
import { readWhole } from '../changes';
import { openDoorbell, type Doorbell } from '../doorbell';
import { databaseTime } from '../live';
import { refuseNewer } from '../migrations/migrate';
import { BEFORE_ALL, type MirrorPosition } from '../model/mirror';
import { type Logger } from '../process/log';
import { collectionOf } from '../schema';
import { type LogReading, type MirrorSource, type Whole } from './ports';

export interface SourceDeps { readonly client: MongoClient; readonly db: Db; readonly log: Logger }

export class DatabaseSource implements MirrorSource {
  constructor(private readonly deps: SourceDeps, private readonly pool: string) {}

  async read(from: MirrorPosition, limit: number): Promise<LogReading> {
    const { db } = this.deps;
    const at = await databaseTime(db);
    // Before the entries: so that a log without any is not taken for one that was cut.
    const head = (await collectionOf(db, 'counters').findOne({ _id: this.pool }))?.sequence ?? 0;
    const entries = await collectionOf(db, 'changes').find({ pool: this.pool, sequence: { $gte: from.sequence } }).sort({ sequence: 1 }).limit(limit).toArray();
    return { head: Math.max(head, entries.at(-1)?.sequence ?? 0), at, entries };
  }

  async whole(): Promise<Whole> {
    const { client, db } = this.deps;
    const { configuration, last } = await readWhole(client, db, this.pool);
    const { sequence } = configuration;
    return { configuration, position: sequence === 0 ? BEFORE_ALL : { sequence, token: last?.token ?? '' }, madeAt: last?.at ?? null };
  }

  audio(audioId: string): Promise<Buffer | null> {
    return readAudio(this.deps.db, audioId);
  }

  /** @throws where nothing may be taken from this database: it is the one that receives, or a later release has changed it */
  async examine(mark: string): Promise<void> {
    const { db } = this.deps;
    await refuseNewer(db);
    if (await collectionOf(db, 'mirrors').findOne({ _id: this.pool, mark })) throw new Error(`MONGODB_URI and PARTNER_MONGODB_URI name the same database. Pool ${this.pool} has one of its own.`);
  }

  /** Rings whenever the pool's log may have grown. */
  watch(ring: () => void): Doorbell {
    const { db, log } = this.deps;
    return openDoorbell(collectionOf(db, 'changes'), { 'fullDocument.pool': this.pool }, log, ring);
  }
}
