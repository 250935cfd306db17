// The engine's journal: one document a live call, each agent's memory, and the lease that fences older engines.
import { MongoServerError, type Binary, type ClientSession, type Db, type MongoClient } from 'mongodb';
import { type CallRecord } from './model/record';
import { type InstructionOutcome } from './model/instruction';
import { settleInstruction } from './instructions';
import { databaseTime } from './live';
import { writeRecords } from './records';
import { collectionOf } from './schema';
import { type JournalBody, type StoredJournalEntry, type StoredLease } from './stored';
import { supersede } from './superseding';
import { inTransaction, isDatabaseAway } from './transaction';

export type Lease = StoredLease & { readonly ageMs: number };

/** What the journal keeps of a call or an agent. The body is the engine's own: dates and plain data only. */
export interface JournalEntry { readonly id: string; readonly epoch: number; readonly revision: number; readonly body: JournalBody }

/** `revision` grows with each write of the same id. `body: null` is a tombstone: nothing older brings it back. */
export interface JournalWrite {
  readonly id: string;
  readonly revision: number;
  readonly body: JournalBody | null;
  /** Of the engine that wrote it, where that was an earlier one whose writes are made up for. */
  readonly epoch?: number;
}

export interface JournalBatch {
  readonly calls?: readonly JournalWrite[];
  readonly agents?: readonly JournalWrite[];
  /** In the same transaction as the calls they come from; sending one twice is harmless. */
  readonly records?: readonly CallRecord[];
  readonly settled?: readonly { readonly instructionId: string; readonly outcome: InstructionOutcome }[];
}

/** Another engine holds a newer epoch: this one must stop deciding at once. */
export class LeaseLost extends Error {
  readonly code = 'LEASE_LOST';
  constructor(readonly pool: string, readonly epoch: number) {
    super(`Another engine has taken over pool ${pool} from epoch ${epoch}.`);
    this.name = 'LeaseLost';
  }
}

/** A transaction that has not come through by then is handed back, to be written again with what came since. */
const WRITE_PATIENCE_MS = 5_000;
/** How long the lease is waited for where a transaction of its former holder has it locked, and how often that is ended. */
const LOCKED = { waitMs: 400, attempts: 5 };
const DUPLICATE_KEY = 11000;
const MAX_TIME_EXPIRED = 50;

interface JournalDeps { readonly client: MongoClient; readonly db: Db }

/** One engine's hold on a pool's journal, at one epoch. */
export class Journal {
  /** All transactions go through one session, named in the lease before its first. */
  private session: ClientSession | null = null;
  /** One that was given up because the database was away: its last transaction may still be open there. */
  private lapsed: Binary | null = null;

  constructor(private readonly deps: JournalDeps, readonly pool: string, readonly epoch: number) {}

  /** Everything a predecessor left: calls without tombstone, and agents. @throws LeaseLost, or the driver's fault */
  async readAll(): Promise<{ readonly calls: readonly JournalEntry[]; readonly agents: readonly JournalEntry[] }> {
    const { db } = this.deps;
    // A predecessor can write nothing more once the lease is ours, so its tombstones have done their work.
    await this.renew();
    await collectionOf(db, 'journalCalls').deleteMany({ pool: this.pool, ended: true, epoch: { $lt: this.epoch } });
    const live = { pool: this.pool, ended: false };
    const [calls, agents] = await Promise.all([collectionOf(db, 'journalCalls').find(live).toArray(), collectionOf(db, 'journalAgents').find(live).toArray()]);
    return { calls: calls.map(entryOf), agents: agents.map(entryOf) };
  }

  /** One transaction, which first matches and renews the lease. Safe to repeat after a fault. An empty batch just renews. @throws LeaseLost, or the driver's fault */
  async write(batch: JournalBatch): Promise<void> {
    const { calls = [], agents = [], records = [], settled = [] } = batch;
    if (calls.length + agents.length + records.length + settled.length === 0) return this.renew();
    const { client, db } = this.deps;
    const own = await this.openSession();
    await inTransaction(client, async (session) => {
      await this.renew(session);
      if (calls.length > 0) await collectionOf(db, 'journalCalls').bulkWrite(calls.map((one) => supersede(this.stored(one))), { session });
      if (agents.length > 0) await collectionOf(db, 'journalAgents').bulkWrite(agents.map((one) => supersede(this.stored(one))), { session });
      await writeRecords(db, records, session);
      for (const { instructionId, outcome } of settled) await settleInstruction(db, instructionId, outcome, session);
    }, Date.now() + WRITE_PATIENCE_MS, own).catch((fault: unknown) => {
      if (isDatabaseAway(fault)) this.lapse(own);
      throw fault;
    });
  }

  /** Gives the lease up: whoever stands by need not wait. Nothing can be written afterwards. @throws LeaseLost, or the driver's fault */
  async release(): Promise<void> {
    const released = await collectionOf(this.deps.db, 'leases').updateOne({ _id: this.pool, epoch: this.epoch }, { $set: { released: true } });
    if (released.matchedCount === 0) throw new LeaseLost(this.pool, this.epoch);
    await this.session?.endSession();
    this.session = null;
  }

  private async renew(session?: ClientSession, named?: Binary): Promise<void> {
    const renewed = await collectionOf(this.deps.db, 'leases').updateOne(
      { _id: this.pool, epoch: this.epoch, released: { $ne: true } }, { $currentDate: { renewedAt: true }, ...(named === undefined ? {} : { $set: { session: named } }) }, session ? { session } : {},
    );
    if (renewed.matchedCount === 0) throw new LeaseLost(this.pool, this.epoch);
  }

  private async openSession(): Promise<ClientSession> {
    if (this.session !== null) return this.session;
    if (this.lapsed !== null) {
      await endTransactions(this.deps.db, this.lapsed);
      this.lapsed = null;
    }
    const session = this.deps.client.startSession();
    try {
      await this.renew(undefined, nameOf(session) ?? undefined);
    } catch (fault) {
      await session.endSession();
      throw fault;
    }
    return (this.session = session);
  }

  private lapse(session: ClientSession): void {
    this.lapsed = nameOf(session) ?? this.lapsed;
    this.session = null;
    void session.endSession().catch(() => undefined);
  }

  private stored({ id, revision, body, epoch = this.epoch }: JournalWrite): StoredJournalEntry {
    return { _id: id, pool: this.pool, epoch, revision, body, ended: body === null, endedAt: body === null ? new Date() : null };
  }
}

function entryOf({ _id, epoch, revision, body }: StoredJournalEntry): JournalEntry {
  return { id: _id, epoch, revision, body: body ?? {} };
}

/** The lease as the primary knows it; `null` before the first engine. `ageMs` is measured by the database's clock. */
export async function readLease(db: Db, pool: string): Promise<Lease | null> {
  const lease = await collectionOf(db, 'leases').findOne({ _id: pool });
  return lease && { ...lease, ageMs: (await databaseTime(db)).getTime() - lease.renewedAt.getTime() };
}

/**
 * Takes the lease with epoch + 1. `ifEpoch`: only when that epoch still holds it (0: only if nobody ever did); otherwise resolves to `null`.
 * Asking again after a fault with the same `holder` and `ifEpoch` finds what the first asking took. A transaction that the former holder left open
 * is ended: its locks would hold up the lease and what it wrote of its calls.
 */
export async function takeLease(deps: JournalDeps, pool: string, holder: string, options: { readonly ifEpoch?: number } = {}): Promise<Journal | null> {
  const { ifEpoch } = options;
  const leases = collectionOf(deps.db, 'leases');
  for (let attempt = 1; ; attempt += 1) {
    const former = await leases.findOne({ _id: pool });
    if (former?.session) await endTransactions(deps.db, former.session);
    try {
      const taken = await leases.findOneAndUpdate(
        { _id: pool, ...(ifEpoch === undefined ? {} : { epoch: ifEpoch }) },
        { $inc: { epoch: 1 }, $set: { holder, released: false, session: null }, $currentDate: { renewedAt: true } },
        { upsert: (ifEpoch ?? 0) === 0, returnDocument: 'after', maxTimeMS: LOCKED.waitMs },
      ) ?? (ifEpoch === undefined ? null : await leases.findOne({ _id: pool, holder, epoch: ifEpoch + 1 }));
      return taken && new Journal(deps, pool, taken.epoch);
    } catch (fault) {
      const code = fault instanceof MongoServerError ? Number(fault.code) : null;
      if (code === DUPLICATE_KEY && ifEpoch !== undefined) {
        const taken = await leases.findOne({ _id: pool, holder, epoch: ifEpoch + 1 });
        return taken && new Journal(deps, pool, taken.epoch);
      }
      if (attempt >= LOCKED.attempts || (code !== MAX_TIME_EXPIRED && code !== DUPLICATE_KEY)) throw fault;
    }
  }
}

function nameOf(session: ClientSession): Binary | null { return (session.id as { readonly id: Binary } | undefined)?.id ?? null; }

/** Ends whatever transaction is open in that session. */
async function endTransactions(db: Db, session: Binary): Promise<void> {
  await db.admin().command({ killSessions: [{ id: session }] });
}
