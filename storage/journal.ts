// The engine's journal: one document a live call, each agent's memory, and the lease that fences older engines.
import { type Db, type MongoClient } from 'mongodb';
import { type CallRecord } from './model/record';
import { type InstructionOutcome } from './model/instruction';

export interface Lease {
  /** The pool. */
  readonly _id: string;
  readonly epoch: number;
  readonly holder: string;
  /** Database time of the last renewal. */
  readonly renewedAt: Date;
}

/** What the journal keeps of a call or an agent. The body is the engine's own; dates and plain data only. */
export interface JournalEntry { readonly id: string; readonly epoch: number; readonly revision: number; readonly body: Readonly<Record<string, unknown>> }

/** `revision` grows with each write of the same id. A call's `body: null` is its tombstone: nothing older brings it back. */
export interface JournalWrite { readonly id: string; readonly revision: number; readonly body: Readonly<Record<string, unknown>> | null }

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

export interface Journal {
  readonly pool: string;
  readonly epoch: number;
  /** Everything a predecessor left: calls without tombstone, and agents. */
  readAll(): Promise<{ readonly calls: readonly JournalEntry[]; readonly agents: readonly JournalEntry[] }>;
  /** One transaction, which first matches and renews the lease. Safe to repeat after a fault. An empty batch just renews. @throws LeaseLost */
  write(batch: JournalBatch): Promise<void>;
}

/** The lease as the primary knows it; `null` before the first engine. `ageMs` is measured by the database's clock. */
export declare function readLease(db: Db, pool: string): Promise<(Lease & { readonly ageMs: number }) | null>;

/**
 * Takes the lease with epoch + 1. `ifEpoch`: only when that epoch still holds it (0: only if nobody ever did); otherwise resolves to `null`.
 */
export declare function takeLease(deps: { readonly client: MongoClient; readonly db: Db }, pool: string, holder: string, options?: { readonly ifEpoch?: number }): Promise<Journal | null>;
