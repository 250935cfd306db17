// What a fault is, and what must hold although it happens.
import { type FaultSystem, type FaultSystemOptions } from '../support/fault-system';
import { type CrowdClient } from './crowd-client';

export interface World {
  readonly faults: FaultSystem;
  readonly crowd: Pick<CrowdClient, 'drop' | 'mark'>;
  /** How long each takeover took that the fault caused, in ms. */
  readonly takeovers: number[];
  /** What else is worth saying of this run. */
  readonly words: string[];
  /** What the fault itself found not to be as it should be. */
  readonly amiss: string[];
}

/** What is wanted beyond what every fault must leave whole. */
export interface Expectations {
  /** New callers may be turned away: nobody can answer them, and the edge keeps them for 8 s only. */
  readonly refusals?: true;
  /** An engine takes over, within this time. */
  readonly takeoverMs?: number;
  /** The longest silence allowed to those who wait or are just being answered or joined, where it is not that of all faults. Who talks is never silent longer for it. */
  readonly silenceMs?: number;
}

export interface Fault {
  readonly name: string;
  readonly system?: Omit<FaultSystemOptions, 'rtpPorts'>;
  /** Made before the system starts; `close` is called after it has stopped. A string: why this cannot be run here. */
  readonly prepare?: () => Promise<{ readonly system: Omit<FaultSystemOptions, 'rtpPorts'>; close(): Promise<void> } | string>;
  begin(world: World): Promise<void>;
  /** From the fault to its end. */
  readonly holdMs: number;
  end(world: World): Promise<void>;
  readonly expects: Expectations;
}

/** Runs `act` and notes how long it takes from now until an engine of a newer epoch holds the edge. */
export async function whileTakenOver(world: World, act: () => void | Promise<void>, limitMs = 60_000): Promise<void> {
  const taken = world.faults.takenOver(world.faults.epoch, limitMs);
  // Whoever waits for it looks at it later.
  taken.catch(() => undefined);
  await act();
  world.takeovers.push(await taken.catch(() => Number.POSITIVE_INFINITY));
}
