// One object's change as people read it: fields under the names of the forms, secrets as "changed" alone.
import { isDeepStrictEqual } from 'node:util';
import { type ObjectChange, type ObjectKind, type ObjectKinds } from '../model/configuration';
import { agentGroupFields, queueFields, workflowFields } from './group-form';

export interface FieldChange { readonly field: string; readonly before: unknown; readonly after: unknown }

type Fields = Readonly<Record<string, unknown>>;
/** A password's hashes are compared, never shown. */
class Secret {
  constructor(readonly hash: string | null) {}
}

const FIELDS: { readonly [K in ObjectKind]: (object: ObjectKinds[K]) => Fields } = {
  workflows: workflowFields,
  queues: queueFields,
  agentGroups: agentGroupFields,
  agents: ({ name, sipUser, personId, digest }) => ({ name, sipUser, personId, password: new Secret(digest && digest.sha256) }),
  duties: ({ onDuty }) => ({ onDuty }),
  settings: ({ gracePeriodSeconds, callContextShown }) => ({ gracePeriodSeconds, callContextShown }),
};

/** The fields in which a change differs; `null` stands for an object that was not there. */
export function describeChange(change: ObjectChange): FieldChange[] {
  const fieldsOf = FIELDS[change.kind] as (object: unknown) => Fields;
  const [before, after] = [change.before && fieldsOf(change.before), change.after && fieldsOf(change.after)];
  return Object.keys({ ...before, ...after })
    .filter((field) => !isDeepStrictEqual(before?.[field], after?.[field]))
    .map((field) => ({ field, before: shown(before?.[field]), after: shown(after?.[field]) }));
}

function shown(value: unknown): unknown {
  if (value instanceof Secret) return value.hash === null ? null : 'set';
  return value ?? null;
}
