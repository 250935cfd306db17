// What engines write behind calls, read for many people at once: never older than the question, and each is handed only what they asked for.
import { type Db } from 'mongodb';
import { readBindings } from '../bindings';
import { readLiveGroups, readLivePool } from '../live';
import { type LiveGroup, type LivePool, type PhoneBinding } from '../model/live';
import { SharedTrip } from '../shared-reading';

const APART_MS = 10;
/** For those who look again and again whether something has come into force. */
const LOOK_APART_MS = 200;

export type Engine = (LivePool & { readonly alive: boolean }) | null;

export class LiveReadings {
  private readonly groupTrip: SharedTrip<string, ReadonlyMap<string, LiveGroup>>;
  private readonly bindingTrip: SharedTrip<string, readonly PhoneBinding[]>;
  private readonly engineTrip: SharedTrip<never, Engine>;
  private readonly engineLook: SharedTrip<never, Engine>;

  constructor(private readonly deps: { readonly db: Db; readonly pool: string }) {
    const { db, pool } = deps;
    this.groupTrip = new SharedTrip((ids) => readLiveGroups(db, ids), APART_MS);
    this.bindingTrip = new SharedTrip((ids) => readBindings(db, pool, ids), APART_MS);
    this.engineTrip = new SharedTrip(() => readLivePool(db, pool), APART_MS);
    this.engineLook = new SharedTrip(() => readLivePool(db, pool), LOOK_APART_MS);
  }

  /** Those of these groups in which something goes on. @throws the driver's fault */
  async groups(workflowIds: readonly string[]): Promise<ReadonlyMap<string, LiveGroup>> {
    if (workflowIds.length === 0) return new Map();
    const found = await this.groupTrip.ask(workflowIds);
    return new Map(workflowIds.flatMap((id) => { const one = found.get(id); return one ? [[id, one]] : []; }));
  }

  /** The phones of these agents, or all of the pool's. @throws the driver's fault */
  async bindings(agentIds?: readonly string[]): Promise<readonly PhoneBinding[]> {
    if (agentIds === undefined) return readBindings(this.deps.db, this.deps.pool);
    if (agentIds.length === 0) return [];
    const wanted = new Set(agentIds);
    return (await this.bindingTrip.ask(wanted)).filter((one) => wanted.has(one._id));
  }

  /** What the engine last said of itself. @throws the driver's fault */
  engine(): Promise<Engine> {
    return this.engineTrip.ask();
  }

  /** The same, for whoever has no hurry. */
  engineInAWhile(): Promise<Engine> {
    return this.engineLook.ask();
  }
}
