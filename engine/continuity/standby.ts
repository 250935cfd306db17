// Standing by: reads the lease and listens to the edge until it is time to take over.
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';
import { decide, type Decision, type LeaseReading, type Memory, type OwnerWord, type TakeoverReason } from './candidate';
import { type EdgeInventory, type Owner } from './inventory';

/** How often the lease is read: more often once the edge misses its holder. */
export const STANDBY_MS = { read: 250, readSoon: 100, alarmEvery: 30_000 } as const;

export interface StandbyDeps {
  /** @throws the driver's fault */
  readLease(): Promise<Exclude<LeaseReading, { kind: 'fault' }>>;
  readonly inventory: Pick<EdgeInventory, 'owner' | 'watch'>;
  readonly timers: Timers;
  readonly log: Logger;
}

export interface TakeOver {
  readonly ifEpoch: number;
  readonly reason: TakeoverReason;
  /** Monotonic time of the decision. */
  readonly decidedAtMs: number;
}

export interface Standby {
  /** Resolves when it is time; null when it was stopped before. */
  readonly decided: Promise<TakeOver | null>;
  stop(): void;
}

export function standBy(deps: StandbyDeps): Standby {
  const { timers, log, inventory } = deps;
  let memory: Memory | null = null;
  let over = false;
  let reading = false;
  let againAtOnce = false;
  let toldAtMs = -Infinity;
  let databaseThere = true;
  let leaseEpoch = 0;
  let cancelTimer: (() => void) | null = null;
  let settle: (decided: TakeOver | null) => void;
  const decided = new Promise<TakeOver | null>((resolve) => { settle = resolve; });

  const finish = (outcome: TakeOver | null): void => {
    if (over) return;
    over = true;
    cancelTimer?.();
    unwatch();
    settle(outcome);
  };
  const alarm = (decision: Extract<Decision, { kind: 'alarm' }>): void => {
    if (timers.nowMs() - toldAtMs < STANDBY_MS.alarmEvery) return;
    toldAtMs = timers.nowMs();
    log.error({ what: decision.what, edge: wordOf(inventory.owner, leaseEpoch) }, decision.what === 'leaseStandsStill'
      ? 'the active engine writes nothing, and the edge does not say that it is gone: nothing is taken over'
      : 'the active engine is alive, and has lost the edge');
  };
  const read = async (): Promise<void> => {
    const lease = await deps.readLease().then((found): LeaseReading => {
      leaseEpoch = found.kind === 'held' ? found.epoch : 0;
      databaseThere = true;
      return found;
    }, (fault: unknown): LeaseReading => {
      if (databaseThere) log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'the lease cannot be read; nothing is taken over while the database has no primary');
      databaseThere = false;
      return { kind: 'fault' };
    });
    const nowMs = timers.nowMs();
    const judged = decide(memory, lease, wordOf(inventory.owner, leaseEpoch), nowMs);
    ({ memory } = judged);
    const { decision } = judged;
    if (decision.kind === 'takeOver') finish({ ifEpoch: decision.ifEpoch, reason: decision.reason, decidedAtMs: nowMs });
    else if (decision.kind === 'alarm') alarm(decision);
  };
  const look = (): void => {
    cancelTimer?.();
    cancelTimer = null;
    if (reading) againAtOnce = true;
    if (reading || over) return;
    reading = true;
    againAtOnce = false;
    void read().finally(() => {
      reading = false;
      if (over) return;
      const word = wordOf(inventory.owner, leaseEpoch);
      cancelTimer = timers.after(againAtOnce ? 0 : word === 'responsive' || word === 'unknown' ? STANDBY_MS.read : STANDBY_MS.readSoon, look);
    });
  };
  // What the lease was at the moment the holder went is what it must stand still at.
  const unwatch = inventory.watch({ owner: look });
  look();
  return { decided, stop: () => { finish(null); } };
}

function wordOf(owner: Owner | null, leaseEpoch: number): OwnerWord {
  if (owner === null) return 'unknown';
  // An edge that was started anew knows of no engine at all, and says nothing of whether one is on its way.
  if (owner.epoch > 0 && owner.epoch < leaseEpoch) return 'coming';
  if (!owner.connected) return 'gone';
  return owner.responsive ? 'responsive' : 'unresponsive';
}
