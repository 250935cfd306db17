// From a database connection to an engine that serves: it stands by, takes over when it is time, and hands over when it is asked to.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Administration } from '../storage/administration/administration';
import { storeAudio } from '../storage/audio';
import { readBindings, removeBinding, writeBinding } from '../storage/bindings';
import { type Connection } from '../storage/connect';
import { readEngines, removeEngine, writeEngine } from '../storage/engines';
import { serveInstructions, type InstructionService } from '../storage/instructions';
import { type Journal, readLease, takeLease } from '../storage/journal';
import { openServedFeed } from '../storage/mirror/served-feed';
import { databaseTime, removeLiveGroups, writeLiveGroups, writeLivePool } from '../storage/live';
import { type ConfigurationUpdate } from '../storage/model/configuration';
import { type Logger } from '../storage/process/log';
import { VERSION } from '../storage/process/root';
import { type LeaseReading } from './continuity/candidate';
import { DatabaseClock } from './continuity/database-clock';
import { JOURNAL_MS } from './continuity/journal-writer';
import { ReportWriter } from './continuity/report-writer';
import { leftFiles, SpillFile } from './continuity/spill-file';
import { standBy, type Standby, type TakeOver } from './continuity/standby';
import { Engine, type EngineDeps, type EngineStorage } from './engine';

export interface ServeDeps extends Omit<EngineDeps, 'storage' | 'log' | 'pool' | 'servedBy' | 'databaseNow' | 'drain' | 'cutOff' | 'reported'> {
  /** Unique to this process; see `holderName`. */
  readonly holder: string;
  readonly healthPort: number;
  /** Where calls are written down while the database is away. */
  readonly journalDirectory: string;
  /** Asked to hand over, it has: nothing is its own any more, and the process must end. */
  handedOver(): void;
}

export interface Serving {
  readonly engine: Engine;
  /** Resolves when this engine is the active one; never, if that never happens. */
  readonly active: Promise<void>;
  /** Ends every call, writes what is left, gives the lease up and follows nothing any more. The connection stays open. */
  close(): Promise<void>;
}

/** For example `pbx-1:4711:9f2c`: unique also to processes that come after each other under one number. */
export function holderName(): string { return `${hostname()}:${process.pid}:${randomBytes(2).toString('hex')}`; }

const RETRY_MS = 500;
const LEASE_READ_MS = 2_000;

/**
 * Stands by, warm, and takes over when it is time: at once where no engine is.
 * @throws the driver's fault when the database goes away before it stands by; nothing runs then, and it may be tried again.
 */
export async function serve(pool: string, connection: Connection, log: Logger, deps: ServeDeps): Promise<Serving> {
  const { client, db } = connection;
  const clock = new DatabaseClock({ timers: deps.timers, log, civil: () => deps.civil(), read: () => databaseTime(db) });
  await clock.start();
  const early: ConfigurationUpdate[] = [];
  let follow = (update: ConfigurationUpdate): void => { early.push(update); };
  const feed = await openServedFeed({ client, db, log }, pool, (update) => { follow(update); });
  const administrationOf = (owner: string): Administration => new Administration({ client, db, pool: owner, sipDomain: deps.domain, log });
  const administration = administrationOf(pool);
  const ofAgent = (agentId: string): Administration => {
    const owner = feed.ownerOfAgent(agentId);
    return owner === null || owner === pool ? administration : administrationOf(owner);
  };
  const candidate = new Candidate(pool, connection, log, deps);
  const engine = (candidate.engine = new Engine({
    ...deps, pool, log, storage: storageOf(connection, ofAgent), servedBy: (owner) => feed.servedBy(owner), databaseNow: () => clock.now(),
    reported: () => { candidate.report.tell(); },
    drain: (instructionId) => { void handOver(instructionId); },
    cutOff: () => { void handOver(null); },
    fenced: (fault) => {
      candidate.stop();
      deps.fenced(fault);
    },
  }));
  engine.configurationChanged(feed.initial);
  follow = (update) => { engine.configurationChanged(update); };
  for (const update of early) follow(update);
  const letGo = async (): Promise<void> => {
    candidate.stop();
    clock.stop();
    await Promise.all([candidate.instructions?.close(), feed.close()]);
  };
  let handingOver = false;
  /** Of the instructions that asked for it: what comes of the first comes of all that follow it meanwhile. */
  const asked: string[] = [];
  /** `instructionId` null: nobody asked, but the edge is out of reach from here. Then it is worth it only where the other one reaches it. */
  const handOver = async (instructionId: string | null): Promise<void> => {
    if (instructionId !== null) asked.push(instructionId);
    if (handingOver) return;
    handingOver = true;
    if (!(await candidate.hasHeir(instructionId === null))) {
      handingOver = false;
      for (const id of asked.splice(0)) engine.settle(id, { kind: 'refused', reason: 'noStandby' });
      return;
    }
    log.info({ epoch: candidate.journal?.epoch, cutOff: instructionId === null }, 'this engine hands over to the one that stands by');
    const written = await engine.handOver(asked);
    // What the database does not have stands in the file alone; whoever takes over then waits for the lease to stand still.
    if (written) await candidate.journal?.release().catch((fault: unknown) => { log.warn({ fault: String(fault) }, 'the lease could not be given up'); });
    await letGo();
    await candidate.report.close();
    deps.handedOver();
  };
  log.info({ inForce: feed.initial.inForce }, 'engine stands by');
  candidate.report.tell();
  return {
    engine, active: candidate.run(),
    close: async () => {
      await letGo();
      await engine.stop();
      await candidate.journal?.release().catch(() => undefined);
      await candidate.report.close();
    },
  };
}

/** The way from standing by to being active. */
class Candidate {
  engine!: Engine;
  journal: Journal | null = null;
  instructions: InstructionService | null = null;
  readonly report: ReportWriter;
  private standby: Standby | null = null;
  private stopped = false;

  constructor(private readonly pool: string, private readonly connection: Connection, private readonly log: Logger, private readonly deps: ServeDeps) {
    const { db } = connection;
    const { holder, healthPort, timers } = deps;
    this.report = new ReportWriter({
      timers, log,
      now: () => ({ _id: holder, pool, host: hostname(), pid: process.pid, version: VERSION, healthPort, ...this.engine.report() }),
      write: (report) => writeEngine(db, report), remove: () => removeEngine(db, holder),
    });
  }

  /** Resolves when this engine is the active one. */
  async run(): Promise<void> {
    while (!this.stopped) {
      const decided = await this.decide();
      if (decided === null) return;
      try {
        if (await this.takeOver(decided)) return;
        this.log.info({}, 'another engine was faster; this one stands by');
      } catch (fault) {
        this.log.warn({ fault: wordsOf(fault) }, 'taking over failed; tried again');
        await new Promise<void>((resolve) => { this.deps.timers.after(RETRY_MS, resolve); });
      }
    }
  }

  stop(): void {
    this.stopped = true;
    this.standby?.stop();
    this.report.stop();
  }

  /** Whether another engine stands by and is alive, and where it matters, reaches the edge. */
  async hasHeir(atTheEdge: boolean): Promise<boolean> {
    const engines = await readEngines(this.connection.db, this.pool).catch(() => []);
    return engines.some(({ _id, role, alive, edges }) => alive && role === 'standby' && _id !== this.deps.holder && (!atTheEdge || edges.some(({ connected }) => connected)));
  }

  private decide(): Promise<TakeOver | null> {
    const { timers, inventory, holder } = this.deps;
    this.standby = standBy({
      timers, log: this.log, inventory,
      readLease: async (): Promise<Exclude<LeaseReading, { kind: 'fault' }>> => {
        const lease = await within(timers, LEASE_READ_MS, readLease(this.connection.db, this.pool));
        return lease === null ? { kind: 'none' } : { kind: 'held', epoch: lease.epoch, renewedAtMs: lease.renewedAt.getTime(), released: lease.released === true, ours: lease.holder === holder };
      },
    });
    return this.standby.decided;
  }

  /** False: another engine has taken the lease. @throws the driver's fault; the lease may be ours then, which the next reading tells */
  private async takeOver({ ifEpoch, reason, decidedAtMs }: TakeOver): Promise<boolean> {
    const { connection, pool, log, deps } = this;
    const journal = await takeLease(connection, pool, deps.holder, { ifEpoch });
    if (journal === null) return false;
    log.info({ epoch: journal.epoch, reason }, 'this engine takes over');
    // Or whoever stands by would take one that has much to read, from a database with much to do, for one that is gone.
    const stopRenewing = this.keepRenewed(journal);
    const [bindings, { calls, agents }] = await this.makeUp(journal).then(() => Promise.all([readBindings(connection.db, pool), journal.readAll()])).finally(stopRenewing);
    if (this.stopped) return true;
    this.journal = journal;
    const file = new SpillFile({ directory: deps.journalDirectory, pool, epoch: journal.epoch }, { timers: deps.timers, log });
    this.engine.begin({ journal, file, reason, decidedAtMs, bindings, calls, agents });
    this.instructions = serveInstructions({ db: connection.db, log }, pool, (instruction) => { this.engine.instruct(instruction); });
    this.report.tell();
    return true;
  }

  /** Until the engine itself writes. Returns how to end it. */
  private keepRenewed(journal: Journal): () => void {
    const { timers } = this.deps;
    let over = false;
    const renew = (): void => {
      if (over) return;
      // Whoever lost it is told so by what it reads and writes meanwhile.
      void journal.write({}).catch(() => undefined).then(() => { timers.after(JOURNAL_MS.renew, renew); });
    };
    timers.after(JOURNAL_MS.renew, renew);
    return () => { over = true; };
  }

  /** What engines before could not write, because the database was away until they ended. Twice is harmless. */
  private async makeUp(journal: Journal): Promise<void> {
    for (const left of await leftFiles({ directory: this.deps.journalDirectory, pool: this.pool, epoch: journal.epoch }, this.log)) {
      let records = 0;
      for await (const batch of left.batches) {
        await journal.write(batch);
        records += batch.records?.length ?? 0;
      }
      await left.remove();
      this.log.warn({ epoch: left.epoch, records }, 'what an earlier engine could not write to the database is written now');
    }
  }
}

/** A reading that takes too long is none: nothing is decided from what may be old. */
function within<T>(timers: EngineDeps['timers'], ms: number, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject: (fault: unknown) => void) => {
    const cancel = timers.after(ms, () => { reject(new Error('the database did not answer in time')); });
    work.then(resolve, reject).finally(cancel);
  });
}

function wordsOf(fault: unknown): string { return fault instanceof Error ? fault.message : String(fault); }

const ENGINE = { kind: 'engine', name: 'engine' } as const;

/** Null when it is done. @throws while nothing is known to be written */
function refusalOf(result: { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string }): string | null {
  if (result.ok || result.code === 'alreadyDone') return null;
  if (result.code === 'unavailable') throw new Error(result.message);
  return `${result.code}: ${result.message}`;
}

/** @param ofAgent the administration of the pool that owns an agent. */
function storageOf({ db }: Connection, ofAgent: (agentId: string) => Administration): EngineStorage {
  return {
    live: { writeGroups: (groups) => writeLiveGroups(db, groups), removeGroups: (ids) => removeLiveGroups(db, ids), writePool: (pool) => writeLivePool(db, pool) },
    bindings: { write: (binding) => writeBinding(db, binding), remove: (agentId) => removeBinding(db, agentId) },
    pauses: {
      pause: async (agentId, requestId) => refusalOf(await ofAgent(agentId).perform(ENGINE, 'duty.pause', { agentId }, { requestId })),
      setDuty: async ({ agentId, onDuty, dialledAt, requestId }) => refusalOf(await ofAgent(agentId).perform(ENGINE, 'duty.set', { agentId, onDuty }, { requestId, pressedAt: dialledAt })),
    },
    keepAudio: async (file) => storeAudio(db, await readFile(file)),
  };
}
