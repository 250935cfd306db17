// Runs the steps that a database has not seen yet: each once, by one process at a time, while everybody else goes on working or waits.
import { MongoServerError, type Collection, type Db } from 'mongodb';
import { hostname } from 'node:os';
import { databaseTime } from '../live';
import { EXIT } from '../process/exit';
import { VERSION } from '../process/root';
import { type StoredMigration } from '../stored';
import { STEPS, type Step } from './steps';

type StepDone = Extract<StoredMigration, { kind: 'step' }>;

/** The database was changed by a release that this program is too old to work beside. Nothing was changed by us. */
export class DatabaseNewer extends Error {
  readonly code = 'DATABASE_NEWER';
  readonly exitCode = EXIT.databaseUnusable;
  constructor(step: StepDone, version: string, known: number) {
    super(`The database is newer than this program: release ${step.version} changed it at ${step.doneAt.toISOString()} (step ${step.step}, ${step.name}), and release ${version} knows its steps up to ${known} only. Start release ${step.version} or a newer one. Nothing was changed.`);
    this.name = 'DatabaseNewer';
  }
}

export interface MigrateOptions {
  readonly steps?: readonly Step[];
  /** Of this program. */
  readonly version?: string;
  /** Unique to this process. */
  readonly by?: string;
  /** A process that migrates and is not heard of for this long is taken for dead, and another begins its step again. */
  readonly leaseMs?: number;
}

const LEASE_MS = 10_000;
const LOOK_AGAIN_MS = 250;
const DUPLICATE_KEY = 11000;
const LEASE = 'lease';

const migrationsOf = (db: Db): Collection<StoredMigration> => db.collection<StoredMigration>('migrations');
const last = (steps: readonly { readonly number: number }[]): number => steps.at(-1)?.number ?? 0;

/** Call it before anything is changed. @throws DatabaseNewer, or the driver's fault */
export async function refuseNewer(db: Db, { steps = STEPS, version = VERSION }: MigrateOptions = {}): Promise<void> {
  await stepsDone(db, steps, version);
}

/**
 * Resolves when every step has been run, by us or by another process. A process that dies within a step leaves it to the next, which runs it again.
 * @throws DatabaseNewer, the driver's fault, or that of a step; calling it again goes on where it ended
 */
export async function migrate(db: Db, { steps = STEPS, version = VERSION, by = `${hostname()}:${process.pid}`, leaseMs = LEASE_MS }: MigrateOptions = {}): Promise<void> {
  while (await isPending(db, steps, version)) {
    const lease = await Lease.take(db, by, leaseMs);
    if (lease === null) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      continue;
    }
    try {
      // Looked up again under the lease: who held it before may have done everything.
      const done = await stepsDone(db, steps, version);
      for (const step of steps) {
        if (done.has(step.number) || lease.lost.aborted) continue;
        await step.run(db, lease.lost);
        if (!lease.lost.aborted) await record(db, step, version, by);
      }
    } finally {
      await lease.release();
    }
  }
}

async function isPending(db: Db, steps: readonly Step[], version: string): Promise<boolean> {
  const done = await stepsDone(db, steps, version);
  return steps.some((step) => !done.has(step.number));
}

/** The numbers of the steps that were run, read from the primary. @throws DatabaseNewer */
async function stepsDone(db: Db, steps: readonly Step[], version: string): Promise<ReadonlySet<number>> {
  const done = await migrationsOf(db).find({ kind: 'step' }).sort({ step: -1 }).toArray() as StepDone[];
  const known = last(steps);
  const unreadable = done.find((one) => one.step > known && one.readableFrom > known);
  if (unreadable) throw new DatabaseNewer(unreadable, version, known);
  return new Set(done.map((one) => one.step));
}

/** Whoever records it first is kept: a step that two ran has been run once. */
async function record(db: Db, { number, name, readableFrom }: Step, version: string, by: string): Promise<void> {
  const _id = `step:${number}`;
  const done = { _id, kind: 'step', step: number, name, readableFrom, by, version };
  const isNew = { $eq: [{ $type: '$step' }, 'missing'] };
  await migrationsOf(db).updateOne({ _id }, [{ $replaceWith: { $cond: [isNew, { $mergeObjects: [{ $literal: done }, { doneAt: '$$NOW' }] }, '$$ROOT'] } }], { upsert: true });
}

/** The right to migrate, renewed while it is held. All times are the database's. */
class Lease {
  private readonly ending = new AbortController();
  private readonly renewing: NodeJS.Timeout;
  private renewal: Promise<void> = Promise.resolve();

  private constructor(private readonly db: Db, private readonly by: string, private readonly leaseMs: number) {
    this.renewing = setInterval(() => { this.renewal = this.renew(); }, leaseMs / 3);
  }

  /** `null`: another process holds it. */
  static async take(db: Db, by: string, leaseMs: number): Promise<Lease | null> {
    const now = await databaseTime(db);
    try {
      const taken = await migrationsOf(db).updateOne(
        { _id: LEASE, until: { $lte: now } }, { $set: { kind: 'lease', holder: by, until: new Date(now.getTime() + leaseMs) } }, { upsert: true },
      );
      return taken.matchedCount + taken.upsertedCount > 0 ? new Lease(db, by, leaseMs) : null;
    } catch (fault) {
      // It is there, and its time is not over: the upsert met it.
      if (fault instanceof MongoServerError && fault.code === DUPLICATE_KEY) return null;
      throw fault;
    }
  }

  /** Aborted when somebody else holds it. */
  get lost(): AbortSignal {
    return this.ending.signal;
  }

  async release(): Promise<void> {
    clearInterval(this.renewing);
    await this.renewal;
    // Where this does not come through, its time ends by itself.
    await migrationsOf(this.db).updateOne({ _id: LEASE, holder: this.by }, { $set: { holder: null, until: new Date(0) } }).catch(() => undefined);
  }

  private async renew(): Promise<void> {
    try {
      const until = new Date((await databaseTime(this.db)).getTime() + this.leaseMs);
      const renewed = await migrationsOf(this.db).updateOne({ _id: LEASE, holder: this.by }, { $set: { until } });
      if (renewed.matchedCount === 0) this.ending.abort();
    } catch {
      // An election: tried again at the next turn. Should somebody else take it meanwhile, that is found then.
    }
  }
}
