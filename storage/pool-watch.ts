// Watches over the redundancy of a pool for whoever tells administrators: several watchers of one pool tell each thing once between them.
import { type Db } from 'mongodb';
import { readPoolStatus } from './administration/pool-status';
import { look, NOTHING_TOLD, type AlarmMemory, type Told } from './alarms';
import { type Logger } from './process/log';
import { collectionOf } from './schema';
import { type StoredAlarms } from './stored';
import { isDatabaseAway } from './transaction';

export interface PoolWatchDeps { readonly db: Db; readonly pool: string; readonly log: Logger; readonly now: () => Date }

const DUPLICATE_KEY = 11000;

/** Call `look` every few seconds. That the database is away each watcher tells by itself, since there is nowhere to agree. */
export class PoolWatch {
  private away: AlarmMemory = NOTHING_TOLD;

  constructor(private readonly deps: PoolWatchDeps) {}

  /** What administrators must be told now, by this watcher. What was answered once is not answered again. Never rejects. */
  async look(): Promise<readonly Told[]> {
    const { db, pool, log, now } = this.deps;
    try {
      const [status, stored] = await Promise.all([readPoolStatus({ db, pool }), collectionOf(db, 'alarms').findOne({ _id: pool })]);
      const { memory, told } = look(stored?.memory ?? NOTHING_TOLD, status, now());
      const isOurs = JSON.stringify(memory) === JSON.stringify(stored?.memory) || await this.keep(stored, memory);
      return [...this.database(true), ...(isOurs ? told : [])];
    } catch (fault) {
      if (isDatabaseAway(fault)) return this.database(false);
      log.error({ fault: fault instanceof Error ? fault.message : String(fault) }, 'the pool could not be looked at');
      return [];
    }
  }

  /** Of the database's own absence. */
  private database(answers: boolean): readonly Told[] {
    const status = answers ? NOBODY : null;
    const { memory, told } = look(this.away, status, this.deps.now());
    this.away = memory;
    return told;
  }

  /** `false`: another watcher has looked meanwhile, and tells it. */
  private async keep(before: StoredAlarms | null, memory: AlarmMemory): Promise<boolean> {
    const alarms = collectionOf(this.deps.db, 'alarms');
    const revision = before?.revision ?? 0;
    try {
      const kept = await alarms.updateOne({ _id: this.deps.pool, revision }, { $set: { revision: revision + 1, memory } }, { upsert: before === null });
      return kept.matchedCount + kept.upsertedCount > 0;
    } catch (fault) {
      if ((fault as { code?: unknown }).code === DUPLICATE_KEY) return false;
      throw fault;
    }
  }
}

/** Nothing but that the database answers. */
const NOBODY = { pool: '', at: new Date(0), database: { replicaSet: '', members: [], isDetailed: false }, engines: [], edges: [], backlog: { records: 0, oldest: null }, lastTakeover: null };
