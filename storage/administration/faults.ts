// Turns what zod found into faults a person can read: which field, what was typed, what is allowed.
import { type z } from 'zod';
import { ruleOf, type Rule } from '../model/rules';
import { faultOf, type Fault } from './results';

/** Faults of an input; a field inside `changes` is named as on the form. */
export function faultsOf(error: z.ZodError, input: unknown): Fault[] {
  const faults: Fault[] = [];
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) faults.push(faultOf(key, valueAt(input, [...issue.path, key]), 'unknownField'));
      continue;
    }
    const path = issue.path[0] === 'changes' ? issue.path.slice(1) : issue.path;
    const value = issue.path.at(-1) === 'password' ? null : valueAt(input, issue.path);
    const field = path.map(String).join('.');
    faults.push(value === undefined ? faultOf(field, null, 'needed') : { field, value: value ?? null, message: issue.message, rule: ruleOf(issue.message) ?? generalRule(issue) });
  }
  return faults;
}

/** What a schema says in words of its own, as a rule of ours. */
function generalRule(issue: z.core.$ZodIssue): Rule {
  switch (issue.code) {
    case 'too_big': return { code: issue.origin === 'array' ? 'tooMany' : 'tooLong', params: { max: Number(issue.maximum) } };
    case 'too_small': return { code: 'empty', params: {} };
    case 'invalid_value':
    case 'invalid_union': return { code: 'choice', params: {} };
    default: return { code: 'unfit', params: {} };
  }
}

/** One sentence for all of them, naming each field, its value and what is allowed. */
export function sentence(faults: readonly Fault[]): string {
  return faults.map(({ field, value, message }) => `${field === '' ? 'The input' : field}${typeof value === 'string' || typeof value === 'number' ? ` (${String(value)})` : ''} ${message}.`).join(' ');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined), input);
}
