// Whether an engine that holds nothing stands by or takes over: from what the primary says of the lease, and the edge of the lease's holder.
//
// Two witnesses must agree, because each alone can be wrong: a lease also stands still while the database elects a primary, and a connection
// to the edge also breaks while its engine is well.

/** How long the lease must have stood still, in successful readings from the primary, before the holder is taken for gone or hung. One that is taking over may be held up by the very database. */
export const STILL_MS = { gone: 1_000, hung: 3_000 } as const;
/** Two readings further apart say nothing of the time between. */
export const READING_GAP_MS = 1_000;

export type LeaseReading =
  /** No primary answered. */
  | { readonly kind: 'fault' }
  /** No engine ever held it. */
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly epoch: number; readonly renewedAtMs: number; readonly released: boolean; /** Whether this process took it and did not come further. */ readonly ours: boolean };

/** What the edge says of the engine that holds it. `coming`: it knows only of one whose epoch is over; the holder is on its way. `unknown`: it cannot be asked. */
export type OwnerWord = 'gone' | 'unresponsive' | 'responsive' | 'coming' | 'unknown';

export type TakeoverReason = 'ownerGone' | 'ownerHung' | 'drained' | 'restart';

export type Decision =
  | { readonly kind: 'standBy' }
  /** `ifEpoch`: the epoch the decision was made on. */
  | { readonly kind: 'takeOver'; readonly ifEpoch: number; readonly reason: TakeoverReason }
  /** Something is wrong that taking over does not cure, or might make worse. */
  | { readonly kind: 'alarm'; readonly what: 'leaseStandsStill' | 'ownerLostEdge' };

/** What earlier readings left. */
export interface Memory {
  readonly epoch: number;
  readonly renewedAtMs: number;
  /** When this value was first read without a gap or a fault since, and when last. */
  readonly stillSinceMs: number;
  readonly readAtMs: number;
  /** Whether the holder was ever seen alive from here: else this engine is the one that comes back. */
  readonly met: boolean;
}

const STAND_BY: Decision = { kind: 'standBy' };

/** One reading, taken at `nowMs` (monotonic), judged with what the earlier ones left. */
export function decide(memory: Memory | null, lease: LeaseReading, owner: OwnerWord, nowMs: number): { readonly memory: Memory | null; readonly decision: Decision } {
  if (lease.kind === 'fault') return { memory: memory === null ? null : { ...memory, stillSinceMs: Infinity }, decision: STAND_BY };
  if (lease.kind === 'none') return { memory: null, decision: { kind: 'takeOver', ifEpoch: 0, reason: 'restart' } };
  const { epoch, renewedAtMs } = lease;
  const moved = memory !== null && (memory.epoch !== epoch || memory.renewedAtMs !== renewedAtMs);
  const interrupted = memory === null || nowMs - memory.readAtMs > READING_GAP_MS || memory.stillSinceMs === Infinity;
  const now: Memory = { epoch, renewedAtMs, readAtMs: nowMs, stillSinceMs: moved || interrupted ? nowMs : memory.stillSinceMs, met: moved || (memory?.met ?? false) || owner === 'responsive' };
  return { memory: now, decision: judged(now, lease, owner, nowMs - now.stillSinceMs, moved) };
}

function judged({ met }: Memory, { epoch, released, ours }: Extract<LeaseReading, { kind: 'held' }>, owner: OwnerWord, stillMs: number, moved: boolean): Decision {
  if (released) return { kind: 'takeOver', ifEpoch: epoch, reason: met ? 'drained' : 'restart' };
  if (ours) return { kind: 'takeOver', ifEpoch: epoch, reason: 'restart' };
  if (owner === 'gone' && stillMs >= STILL_MS.gone) return { kind: 'takeOver', ifEpoch: epoch, reason: met ? 'ownerGone' : 'restart' };
  if (owner === 'coming' && stillMs >= STILL_MS.hung) return { kind: 'takeOver', ifEpoch: epoch, reason: 'ownerGone' };
  if (owner === 'unresponsive' && stillMs >= STILL_MS.hung) return { kind: 'takeOver', ifEpoch: epoch, reason: 'ownerHung' };
  if (stillMs >= STILL_MS.hung) return { kind: 'alarm', what: 'leaseStandsStill' };
  return moved && (owner === 'gone' || owner === 'unresponsive') ? { kind: 'alarm', what: 'ownerLostEdge' } : STAND_BY;
}
