// Writes the journal behind the calls: what changed is gathered for 50 ms and written as one transaction; no call ever waits for it.
//
// While the database is away nothing is lost that has a bound: of each live call only its latest state is kept, and the records of ended
// calls up to RECORDS_KEPT. What would fall out goes to `spill`, where a local append-only file takes it.
import { type CallRecord } from '../../storage/model/record';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type Journal, type JournalBatch, LeaseLost, type JournalWrite } from '../../storage/journal';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

export interface JournalWriterDeps {
  readonly journal: Pick<Journal, 'write' | 'epoch' | 'pool'>;
  readonly timers: Timers;
  readonly log: Logger;
  /** The present body; null when it is over. */
  callBody(callId: string): Readonly<Record<string, unknown>> | null;
  agentBody(agentId: string): Readonly<Record<string, unknown>> | null;
  /** Takes what no longer fits into memory. */
  spill(records: readonly CallRecord[]): void;
  /** A newer engine holds the lease: stop deciding. */
  leaseLost(fault: LeaseLost): void;
}

export const JOURNAL_MS = { coalesce: 50, renew: 500, retry: { first: 100, factor: 2, most: 2_000 } } as const;
export const RECORDS_KEPT = 20_000;
/** Entries a transaction carries at most; the rest follows in the next. */
export const ENTRIES_A_BATCH = 500;

interface Pending {
  readonly calls: Set<string>;
  readonly agents: Set<string>;
  records: CallRecord[];
  settled: Settled[];
}

/** `callId`: the call that the instruction changed; its write goes with the outcome. */
interface Settled { readonly instructionId: string; readonly outcome: InstructionOutcome; readonly callId: string | null }

export class JournalWriter {
  private readonly pending: Pending = { calls: new Set(), agents: new Set(), records: [], settled: [] };
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

  touch(calls: Iterable<string>, agents: Iterable<string>): void {
    for (const callId of calls) this.pending.calls.add(callId);
    for (const agentId of agents) this.pending.agents.add(agentId);
    this.soon();
  }

  record(record: CallRecord): void {
    this.pending.records.push(record);
    if (this.pending.records.length > RECORDS_KEPT) this.deps.spill(this.pending.records.splice(0, this.pending.records.length - RECORDS_KEPT));
    this.soon();
  }

  /** The outcome is written in the same transaction as what the instruction changed of `callId`, so that no engine carries it out a second time. */
  settle(instructionId: string, outcome: InstructionOutcome, callId: string | null = null): void {
    this.pending.settled.push({ instructionId, outcome, callId });
    this.soon();
  }

  /** Everything known by now is written, or `deadlineMs` is over. No more writes follow. */
  async close(deadlineMs: number): Promise<void> {
    const until = this.deps.timers.nowMs() + deadlineMs;
    while (!this.stopped && (this.writing !== null || this.hasWork()) && this.deps.timers.nowMs() < until) {
      if (this.writing === null && this.healthy) this.write();
      const pause = new Promise<void>((resolve) => { this.deps.timers.after(JOURNAL_MS.coalesce, resolve); });
      await (this.writing === null ? pause : Promise.race([this.writing, pause]));
    }
    this.stop();
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  private hasWork(): boolean {
    const { calls, agents, records, settled } = this.pending;
    return calls.size + agents.size + records.length + settled.length > 0;
  }

  private soon(): void {
    if (this.writing === null && this.healthy) this.schedule(JOURNAL_MS.coalesce);
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
    const { calls, agents, records, settled } = this.pending;
    const ready = settled.splice(0, ENTRIES_A_BATCH);
    const taken = { calls: take(calls, ready.flatMap(({ callId }) => callId ?? [])), agents: take(agents), records: records.splice(0, ENTRIES_A_BATCH), settled: ready };
    const batch: JournalBatch = {
      calls: this.entries(taken.calls, (id) => this.deps.callBody(id)),
      agents: this.entries(taken.agents, (id) => this.deps.agentBody(id)),
      records: taken.records,
      settled: taken.settled.map(({ instructionId, outcome }) => ({ instructionId, outcome })),
    };
    this.writing = this.deps.journal.write(batch).then(() => {
      this.writing = null;
      if (!this.healthy) this.deps.log.info({}, 'the journal is written again');
      this.retryMs = JOURNAL_MS.retry.first;
      for (const { id, body } of batch.calls ?? []) if (body === null && !calls.has(id)) this.revisions.delete(id);
      this.schedule(this.hasWork() ? JOURNAL_MS.coalesce : JOURNAL_MS.renew);
    }, (fault: unknown) => {
      this.writing = null;
      if (fault instanceof LeaseLost) {
        this.stop();
        this.deps.leaseLost(fault);
        return;
      }
      // It is not known what of it was written: the same again, by the same ids, is harmless.
      for (const id of taken.calls) calls.add(id);
      for (const id of taken.agents) agents.add(id);
      this.pending.records = [...taken.records, ...this.pending.records];
      this.pending.settled = [...taken.settled, ...this.pending.settled];
      if (this.healthy) this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'the journal cannot be written; calls go on, and it is tried again');
      this.retryMs = Math.min(this.retryMs * JOURNAL_MS.retry.factor, JOURNAL_MS.retry.most);
      this.schedule(this.retryMs);
    });
  }

  private entries(ids: readonly string[], bodyOf: (id: string) => Readonly<Record<string, unknown>> | null): JournalWrite[] {
    return ids.map((id) => {
      const revision = (this.revisions.get(id) ?? 0) + 1;
      this.revisions.set(id, revision);
      return { id, revision, body: bodyOf(id) };
    });
  }
}

/** `first` come along however many there are. */
function take(ids: Set<string>, first: readonly string[] = []): string[] {
  const taken = [...new Set([...first.filter((id) => ids.has(id)), ...[...ids].slice(0, ENTRIES_A_BATCH)])];
  for (const id of taken) ids.delete(id);
  return taken;
}
