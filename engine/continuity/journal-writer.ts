// Writes the journal behind the calls: what changed is gathered for 50 ms and written as one transaction; no call ever waits for it.
//
// While the database is away, or slow to answer, the same batches go to a file, at most every 200 ms, so that an engine that dies meanwhile
// loses nothing. Memory is bounded all the same: of each live call there is only the latest state, and of the records of ended calls the
// latest RECORDS_KEPT (half an hour at 10 calls a second). What is older stands in the file alone; where the disk is full as well it stays in
// memory without its offers, answers and steps, about half its size, and is written as that.
import { type CallRecord } from '../../storage/model/record';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type Journal, type JournalBatch, LeaseLost, type JournalWrite } from '../../storage/journal';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';
import { type SpillFile } from './spill-file';

export interface JournalWriterDeps {
  readonly journal: Pick<Journal, 'write' | 'epoch' | 'pool'>;
  readonly file: Pick<SpillFile, 'append' | 'records' | 'clear' | 'close'>;
  readonly timers: Timers;
  readonly log: Logger;
  civil(): Date;
  /** The present body; null when it is over. */
  callBody(callId: string): Readonly<Record<string, unknown>> | null;
  agentBody(agentId: string): Readonly<Record<string, unknown>> | null;
  /** A newer engine holds the lease: stop deciding. */
  leaseLost(fault: LeaseLost): void;
}

/** `renew`: an engine that stands by takes a lease that does not move for a second for one whose holder may be gone. `slow`: a write that takes longer is not relied on. */
export const JOURNAL_MS = { coalesce: 50, renew: 250, slow: 500, spill: 200, spillRetry: 5_000, retry: { first: 100, factor: 2, most: 1_000 } } as const;
export const RECORDS_KEPT = 20_000;
/** Entries a transaction carries at most; the rest follows in the next. */
export const ENTRIES_A_BATCH = 500;

interface Pending {
  calls: Set<string>;
  agents: Set<string>;
  records: CallRecord[];
  settled: Settled[];
}

/** `callId`: the call that the instruction changed; its write goes with the outcome. */
interface Settled { readonly instructionId: string; readonly outcome: InstructionOutcome; readonly callId: string | null }

const nothing = (): Pending => ({ calls: new Set(), agents: new Set(), records: [], settled: [] });
const sizeOf = ({ calls, agents, records, settled }: Pending): number => calls.size + agents.size + records.length + settled.length;

export class JournalWriter {
  private readonly pending = nothing();
  /** What the write under way has taken out of `pending`. */
  private taken: Pending | null = null;
  /** What the file has not been given yet, while it is used: null while the database answers. */
  private unspilled: Pending | null = null;
  private spilling: Promise<void> | null = null;
  private cancelSpill: (() => void) | null = null;
  private spillsWell = true;
  /** Whether there may be something in the file. */
  private fileUsed = false;
  private readonly onDisk = new WeakSet<CallRecord>();
  /** Records that only the file has. */
  private onDiskOnly = 0;
  private slimmed = 0;
  /** So many of the oldest records in memory have been looked at: they may be very many, and are looked at again only where that may tell something new. */
  private trimmed = 0;
  private behindSince: Date | null = null;
  private readonly revisions = new Map<string, number>();
  private cancelTimer: (() => void) | null = null;
  private writing: Promise<void> | null = null;
  private retryMs: number = JOURNAL_MS.retry.first;
  private timerDueMs: number | null = null;
  private stopped = false;

  constructor(private readonly deps: JournalWriterDeps) {
    this.schedule(JOURNAL_MS.renew);
  }

  /** Whether the last write went through. */
  get healthy(): boolean { return this.retryMs === JOURNAL_MS.retry.first; }

  /** What waits to be written, and since when. */
  get backlog(): { readonly records: number; readonly oldest: Date | null } {
    return { records: this.pending.records.length + this.onDiskOnly, oldest: this.behindSince };
  }

  touch(calls: Iterable<string>, agents: Iterable<string>): void {
    for (const each of this.lists()) {
      for (const callId of calls) each.calls.add(callId);
      for (const agentId of agents) each.agents.add(agentId);
    }
    this.soon();
  }

  record(record: CallRecord): void {
    for (const each of this.lists()) each.records.push(record);
    this.trim();
    this.soon();
  }

  /** The outcome is written in the same transaction as what the instruction changed of `callId`, so that no engine carries it out a second time. */
  settle(instructionId: string, outcome: InstructionOutcome, callId: string | null = null): void {
    for (const each of this.lists()) each.settled.push({ instructionId, outcome, callId });
    this.soon();
  }

  /** Everything known by now is written, to the database or, after `deadlineMs`, to the file. No more writes follow. Resolves to whether the database has it all. */
  async close(deadlineMs: number): Promise<boolean> {
    const until = this.deps.timers.nowMs() + deadlineMs;
    while (!this.stopped && this.isBehind() && this.deps.timers.nowMs() < until) {
      if (this.writing === null && this.healthy) this.write();
      const pause = new Promise<void>((resolve) => { this.deps.timers.after(JOURNAL_MS.coalesce, resolve); });
      await (this.writing === null ? pause : Promise.race([this.writing, pause]));
    }
    const done = !this.isBehind();
    if (!done && !this.stopped) await this.spillRest();
    this.stop();
    await this.deps.file.close();
    return done;
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer?.();
    this.cancelTimer = null;
    this.cancelSpill?.();
  }

  private lists(): Pending[] { return this.unspilled === null ? [this.pending] : [this.pending, this.unspilled]; }

  private isBehind(): boolean { return this.writing !== null || sizeOf(this.pending) > 0 || this.onDiskOnly > 0; }

  private soon(): void {
    if (this.writing === null && this.healthy) this.schedule(JOURNAL_MS.coalesce);
    if (this.unspilled !== null) this.spillSoon(JOURNAL_MS.spill);
  }

  /** A timer that is set for earlier stays. */
  private schedule(ms: number): void {
    const at = this.deps.timers.nowMs() + ms;
    if (this.stopped || (this.cancelTimer !== null && this.timerDueMs !== null && this.timerDueMs <= at)) return;
    this.cancelTimer?.();
    this.timerDueMs = at;
    this.cancelTimer = this.deps.timers.after(ms, () => {
      this.cancelTimer = null;
      this.write();
    });
  }

  private write(): void {
    if (this.writing !== null || this.stopped) return;
    this.cancelTimer?.();
    this.cancelTimer = null;
    const taken = (this.taken = takeOf(this.pending));
    this.trimmed = 0;
    const batch = this.batchOf(taken);
    const cancelSlow = this.deps.timers.after(JOURNAL_MS.slow, () => { this.fallBehind(); });
    this.writing = this.deps.journal.write(batch).then(async () => {
      for (const { id, body } of batch.calls ?? []) if (body === null && !this.pending.calls.has(id)) this.revisions.delete(id);
      this.taken = null;
      if (this.onDiskOnly > 0) await this.makeUp();
    }).then(() => {
      cancelSlow();
      this.writing = null;
      if (!this.healthy) this.deps.log.info({}, 'the journal is written again');
      this.retryMs = JOURNAL_MS.retry.first;
      if (sizeOf(this.pending) === 0) this.caughtUp();
      this.schedule(sizeOf(this.pending) > 0 ? JOURNAL_MS.coalesce : JOURNAL_MS.renew);
    }, (fault: unknown) => {
      cancelSlow();
      this.writing = null;
      if (fault instanceof LeaseLost) {
        this.stop();
        this.deps.leaseLost(fault);
        return;
      }
      this.putBack();
      if (this.healthy) this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'the journal cannot be written; calls go on, and it is tried again');
      this.retryMs = Math.min(this.retryMs * JOURNAL_MS.retry.factor, JOURNAL_MS.retry.most);
      this.fallBehind();
      this.schedule(this.retryMs);
    });
  }

  /** It is not known what of it was written: the same again, by the same ids, is harmless. */
  private putBack(): void {
    const { taken, pending } = this;
    if (taken === null) return;
    this.taken = null;
    for (const id of taken.calls) pending.calls.add(id);
    for (const id of taken.agents) pending.agents.add(id);
    pending.records = [...taken.records, ...pending.records];
    this.trimmed = 0;
    pending.settled = [...taken.settled, ...pending.settled];
  }

  private batchOf({ calls, agents, records, settled }: Pending): JournalBatch {
    return {
      calls: this.entries(calls, (id) => this.deps.callBody(id)), agents: this.entries(agents, (id) => this.deps.agentBody(id)), records,
      settled: settled.map(({ instructionId, outcome }) => ({ instructionId, outcome })),
    };
  }

  private entries(ids: Iterable<string>, bodyOf: (id: string) => Readonly<Record<string, unknown>> | null): JournalWrite[] {
    return [...ids].map((id) => {
      const revision = (this.revisions.get(id) ?? 0) + 1;
      this.revisions.set(id, revision);
      return { id, revision, body: bodyOf(id) };
    });
  }

  // ── While the database is away ──

  /** From now on the file is given what the database is not known to have. */
  private fallBehind(): void {
    if (this.unspilled !== null || this.stopped) return;
    this.behindSince ??= this.deps.civil();
    this.unspilled = nothing();
    this.spillAll();
    this.spillSoon(0);
  }

  private spillAll(): void {
    if (this.unspilled === null) return;
    const all = [this.pending, ...(this.taken === null ? [] : [this.taken])];
    this.unspilled = {
      calls: new Set(all.flatMap(({ calls }) => [...calls])), agents: new Set(all.flatMap(({ agents }) => [...agents])),
      records: all.flatMap(({ records }) => records).filter((record) => !this.onDisk.has(record)), settled: all.flatMap(({ settled }) => settled),
    };
  }

  private spillSoon(ms: number): void {
    if (this.spilling !== null || this.cancelSpill !== null || this.stopped) return;
    this.cancelSpill = this.deps.timers.after(ms, () => {
      this.cancelSpill = null;
      this.spill();
    });
  }

  private spill(): void {
    if (this.unspilled === null || this.spilling !== null || sizeOf(this.unspilled) === 0) return;
    const part = takeOf(this.unspilled);
    this.fileUsed = true;
    this.spilling = this.deps.file.append(this.batchOf(part)).then(() => {
      this.spilling = null;
      if (!this.spillsWell) this.deps.log.info({}, 'the journal file is written again');
      this.spillsWell = true;
      for (const record of part.records) this.onDisk.add(record);
      this.trimmed = 0;
      this.trim();
      if (this.unspilled !== null && sizeOf(this.unspilled) > 0) this.spillSoon(JOURNAL_MS.spill);
    }, (fault: unknown) => {
      this.spilling = null;
      if (this.spillsWell) this.deps.log.error({ fault: fault instanceof Error ? fault.message : String(fault) }, 'neither the database nor the journal file can be written; calls go on, and what they leave is kept in memory alone');
      this.spillsWell = false;
      this.trim();
      this.spillAll();
      this.spillSoon(JOURNAL_MS.spillRetry);
    });
  }

  /** At the end of the process, with the database still away. */
  private async spillRest(): Promise<void> {
    this.cancelSpill?.();
    this.cancelSpill = null;
    this.unspilled ??= nothing();
    this.spillAll();
    await this.spilling;
    this.spillsWell = true;
    while (this.spillsWell && this.unspilled !== null && sizeOf(this.unspilled) > 0) {
      this.spill();
      await this.spilling;
    }
  }

  private trim(): void {
    const { records } = this.pending;
    const excess = records.length - RECORDS_KEPT;
    let gone = 0;
    for (let at = this.trimmed; at < excess; at += 1) {
      const record = records[at] as CallRecord;
      if (this.onDisk.has(record)) gone += 1;
      else records[at] = this.slim(record);
    }
    if (gone > 0) this.pending.records = records.filter((record, at) => at < this.trimmed || at >= excess || !this.onDisk.has(record));
    this.onDiskOnly += gone;
    this.trimmed = Math.max(this.trimmed, excess - gone);
  }

  private slim(record: CallRecord): CallRecord {
    const { answers, steps, ...rest } = record;
    if (record.offers.length === 0 && answers === undefined && steps === undefined) return record;
    if (this.slimmed === 0) this.deps.log.error({ recordsKept: RECORDS_KEPT }, 'the oldest call records in memory lose their offers, answers and steps: the database and the disk have been away for too long');
    this.slimmed += 1;
    return { ...rest, offers: [] };
  }

  /** The database answers, and some records stand in the file alone. Twice is harmless. */
  private async makeUp(): Promise<void> {
    await this.spilling;
    try {
      for await (const records of this.deps.file.records()) await this.deps.journal.write({ records });
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code !== 'ENOENT') throw fault;
      this.deps.log.error({ records: this.onDiskOnly }, 'the journal file was removed while call records stood in it alone: they are lost');
    }
    this.onDiskOnly = 0;
  }

  private caughtUp(): void {
    this.behindSince = null;
    this.slimmed = 0;
    if (this.unspilled === null) return;
    this.unspilled = null;
    this.cancelSpill?.();
    this.cancelSpill = null;
    if (!this.fileUsed) return;
    this.fileUsed = false;
    void this.clearFile();
  }

  private async clearFile(): Promise<void> {
    await this.spilling;
    // Behind again meanwhile: what is in it now is needed, and the rest does no harm.
    if (this.unspilled !== null) this.fileUsed = true;
    else await this.deps.file.clear().catch((fault: unknown) => { this.deps.log.warn({ fault: String(fault) }, 'the journal file could not be removed; it is written again at the next start, which is harmless'); });
  }
}

/** As much as one transaction carries; what an instruction changed comes along with its outcome. */
function takeOf(from: Pending): Pending {
  const settled = from.settled.splice(0, ENTRIES_A_BATCH);
  return { settled, calls: new Set(take(from.calls, settled.flatMap(({ callId }) => callId ?? []))), agents: new Set(take(from.agents)), records: from.records.splice(0, ENTRIES_A_BATCH) };
}

/** `first` come along however many there are. */
function take(ids: Set<string>, first: readonly string[] = []): string[] {
  const taken = [...new Set([...first.filter((id) => ids.has(id)), ...[...ids].slice(0, ENTRIES_A_BATCH)])];
  for (const id of taken) ids.delete(id);
  return taken;
}
