// The whole configuration of a pool as one value, and how one change log entry alters it.
import { type Agent, type Duty } from './agent';
import { type AgentGroup } from './agent-group';
import { type Queue } from './queue';
import { type BusinessHours, type HolidaySet } from './schedule';
import { type PoolSettings } from './settings';
import { type Trunk } from './trunk';
import { type Workflow } from './workflow';

/** Every kind of object an administration transaction may change, by the name its collection has. */
export interface ObjectKinds {
  workflows: Workflow;
  queues: Queue;
  agentGroups: AgentGroup;
  agents: Agent;
  duties: Duty;
  settings: PoolSettings;
  businessHours: BusinessHours;
  holidaySets: HolidaySet;
  trunks: Trunk;
}
export type ObjectKind = keyof ObjectKinds;
export const OBJECT_KINDS = ['workflows', 'queues', 'agentGroups', 'agents', 'duties', 'settings', 'businessHours', 'holidaySets', 'trunks'] as const satisfies readonly ObjectKind[];

/** One object before and after a change: null before it was created, null after it was deleted. */
export type ObjectChange = { [K in ObjectKind]: { readonly kind: K; readonly id: string; readonly before: ObjectKinds[K] | null; readonly after: ObjectKinds[K] | null } }[ObjectKind];

/** A pool's configuration at one sequence number of its change log. Maps are keyed by id. */
export interface Configuration {
  readonly pool: string;
  sequence: number;
  /** The sequence of the pool's own log that this obeys, where `sequence` counts more than that log: mirrored pools, and who serves them. */
  inForce?: number;
  readonly objects: { readonly [K in ObjectKind]: Map<string, ObjectKinds[K]> };
}

/** An empty configuration at sequence 0. */
export function emptyConfiguration(pool: string): Configuration {
  return { pool, sequence: 0, objects: { workflows: new Map(), queues: new Map(), agentGroups: new Map(), agents: new Map(), duties: new Map(), settings: new Map(), businessHours: new Map(), holidaySets: new Map(), trunks: new Map() } };
}

/** What the feed hands on: the changes of one or several log entries, and the sequence they lead to. */
export interface ConfigurationUpdate {
  readonly sequence: number;
  readonly inForce?: number;
  readonly changes: readonly ObjectChange[];
}

/** Applies an update in place. Updates at or below the present sequence change nothing, so that one may be seen twice. */
export function applyUpdate(configuration: Configuration, update: ConfigurationUpdate): void {
  if (update.sequence <= configuration.sequence) return;
  for (const change of update.changes) {
    const objects = configuration.objects[change.kind] as Map<string, unknown>;
    if (change.after === null) objects.delete(change.id);
    else objects.set(change.id, change.after);
  }
  configuration.sequence = update.sequence;
  if (update.inForce !== undefined) configuration.inForce = update.inForce;
}
