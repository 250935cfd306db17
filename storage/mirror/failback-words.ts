// What is said at the command line before a pool is given back to itself. Pure.
import { type ConflictShown, type FailbackPreview } from '../transfer/failback';

const SHOWN_MOST = 30;
const VALUE_MOST = 200;

export function failbackWords({ pool, from, brought, duties, onlyHere, conflicts }: FailbackPreview): readonly string[] {
  const list = (lines: readonly string[]): string[] => [...lines.slice(0, SHOWN_MOST).map((line) => `    ${line}`), ...(lines.length > SHOWN_MOST ? [`    … and ${lines.length - SHOWN_MOST} more`] : [])];
  return [
    `Pool ${pool} would serve its own groups again, instead of pool ${from}.`,
    ...(brought.length === 0 ? [`  Nothing was changed at pool ${from} that is not here.`] : [`  Changed at pool ${from}, and brought here:`, ...list(brought.map(({ kind, name, what }) => `${kind} ${name}: ${what}`))]),
    ...(duties === 0 ? [] : [`  Agents who come with the duty they have at pool ${from}: ${duties}`]),
    ...(onlyHere.length === 0 ? [] : [`  Changed here, not known at pool ${from}, and kept:`, ...list(onlyHere.map(({ verb, name, by, at }) => `${verb} ${name}, by ${by} at ${at.toISOString()}`))]),
    ...(conflicts.length === 0 ? [] : [`  Changed differently on both sides, to be decided: ${conflicts.length}`]),
  ];
}

/** Both values of one conflict, with whose they are. */
export function conflictWords({ pool, from }: Pick<FailbackPreview, 'pool' | 'from'>, { key, name, field, base, ours, theirs, oursBy, theirsBy }: ConflictShown): string {
  const value = (one: unknown): string => (one === null && field === null ? 'removed' : (JSON.stringify(one) ?? 'nothing').slice(0, VALUE_MOST));
  const by = (who: ConflictShown['oursBy']): string => (who === null ? '' : ` (${who.name}, ${who.at.toISOString()})`);
  return [`${key} (${name})`, `  before: ${value(base)}`, `  ${pool}: ${value(ours)}${by(oursBy)}`, `  ${from}: ${value(theirs)}${by(theirsBy)}`].join('\n');
}
