// Lays the fields of a form over what stands there now: what nobody else touched is taken, what someone changed in between is shown instead.
import { isDeepStrictEqual } from 'node:util';
import { type ObjectChange } from '../model/configuration';
import { describeChange } from './describe';
import { byWhom, type LogReader } from './log-reader';
import { faultOf, Refused, type StaleField } from './results';

interface Merge<F extends object> {
  readonly wanted: Partial<F>;
  readonly now: F;
  /** As the form showed it; `null`: the log no longer knows. */
  readonly opened: F | null;
  /** The objects the form is about. */
  readonly ids: readonly string[];
  readonly log: LogReader;
  /** Fields that nobody is shown. */
  readonly secret?: readonly (keyof F & string)[];
}

/** The fields that really change. @throws Refused 'stale' naming each field that someone else changed, by whom, when, and what stands there now */
export async function mergeFields<F extends object>({ wanted, now, opened, ids, log, secret = [] }: Merge<F>): Promise<Partial<F>> {
  const effective: Partial<F> = {};
  const stale: (keyof F & string)[] = [];
  for (const field of Object.keys(wanted) as (keyof F & string)[]) {
    if (wanted[field] === undefined || isDeepStrictEqual(wanted[field], now[field])) continue;
    if (opened && isDeepStrictEqual(opened[field], now[field])) effective[field] = wanted[field];
    else stale.push(field);
  }
  if (stale.length === 0) return effective;

  const entries = await log.touching(ids);
  const fields = stale.map((field): StaleField => {
    const last = entries.find((entry) => entry.changes.some((change) => ids.includes(change.id) && isChanged(change, field)));
    const shown = (value: unknown): unknown => (secret.includes(field) && value !== null ? 'set' : value ?? null);
    return { field, opened: shown(opened?.[field]), now: shown(now[field]), wanted: shown(wanted[field]), changedBy: last ? byWhom(last) : '', changedAt: last?.at ?? new Date(0) };
  });
  const faults = fields.map(({ field, wanted: value, changedBy }) => faultOf(field, value, 'changedBy', { by: changedBy }));
  throw new Refused({ ok: false, code: 'stale', message: 'Someone changed this after you opened it. Nothing was saved.', faults, stale: fields });
}

/** Whether a change altered a field, by the object's own name for it or by the form's. */
function isChanged(change: ObjectChange, field: string): boolean {
  const own = (object: object | null): unknown => (object as Readonly<Record<string, unknown>> | null)?.[field];
  return !isDeepStrictEqual(own(change.before), own(change.after)) || describeChange(change).some((one) => one.field === field);
}
