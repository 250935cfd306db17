// Each kind of object with its schema; and what an object lacks that was stored before a field existed.
import { type z } from 'zod';
import { agent, duty } from './model/agent';
import { agentGroup } from './model/agent-group';
import { type ObjectChange, type ObjectKind, type ObjectKinds } from './model/configuration';
import { queue } from './model/queue';
import { businessHours, holidaySet } from './model/schedule';
import { poolSettings } from './model/settings';
import { trunk } from './model/trunk';
import { workflow } from './model/workflow';

export const OBJECT_SCHEMAS: { readonly [K in ObjectKind]: z.ZodType<ObjectKinds[K]> & { readonly shape: Readonly<Record<string, z.ZodType>> } } = {
  workflows: workflow, queues: queue, agentGroups: agentGroup, agents: agent, duties: duty, settings: poolSettings, businessHours, holidaySets: holidaySet, trunks: trunk,
};

/**
 * The object with the schema's defaults for whatever it lacks, at any depth. Field by field: one that no longer fits its schema stays as it was
 * stored and keeps nothing else from being read.
 */
export function completed<K extends ObjectKind>(kind: K, object: object): ObjectKinds[K] {
  const known = object as Readonly<Record<string, unknown>>;
  const fields: Record<string, unknown> = { ...known };
  for (const [field, schema] of Object.entries(OBJECT_SCHEMAS[kind].shape)) {
    const parsed = schema.safeParse(known[field]);
    if (parsed.success && parsed.data !== undefined) fields[field] = parsed.data;
  }
  return fields as unknown as ObjectKinds[K];
}

/** A log entry's change, both sides completed. */
export function completedChange(change: ObjectChange): ObjectChange {
  const { kind, id, before, after } = change;
  return { kind, id, before: before && completed(kind, before), after: after && completed(kind, after) } as ObjectChange;
}
