// Turns what zod found into faults a person can read: which field, what was typed, what is allowed.
import { type z } from 'zod';
import { ruleOf } from '../model/rules';
import { faultOf, type Fault } from './results';

/** Faults of an input; a field inside `changes` is named as on the form. */
export function faultsOf(error: z.ZodError, input: unknown): Fault[] {
  const faults: Fault[] = [];
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) faults.push({ field: key, value: valueAt(input, [...issue.path, key]), message: 'is not a field of this form' });
      continue;
    }
    const path = issue.path[0] === 'changes' ? issue.path.slice(1) : issue.path;
    const value = issue.path.at(-1) === 'password' ? null : valueAt(input, issue.path);
    const field = path.map(String).join('.');
    const rule = ruleOf(issue.message);
    faults.push(value === undefined ? faultOf(field, null, 'needed') : { field, value: value ?? null, message: issue.message, ...(rule === null ? {} : { rule }) });
  }
  return faults;
}

/** One sentence for all of them, naming each field, its value and what is allowed. */
export function sentence(faults: readonly Fault[]): string {
  return faults.map(({ field, value, message }) => `${field === '' ? 'The input' : field}${typeof value === 'string' || typeof value === 'number' ? ` (${String(value)})` : ''} ${message}.`).join(' ');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined), input);
}
