// Pure: what two sites changed of one pool without knowing of each other, laid over each other object by object and field by field.
import { isDeepStrictEqual } from 'node:util';
import { type ObjectChange, type ObjectKind } from '../model/configuration';

/** Which side's value counts: that of the pool itself, or that of the partner that served it. */
export type Side = 'ours' | 'theirs';

/** Both sides changed this, differently. `field` null: one removed what the other changed; a value null there: removed. */
export interface MergeConflict {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly field: string | null;
  /** What the object is called. */
  readonly name: string;
  readonly base: unknown;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** Names a conflict, the same each time it is looked for. */
export const conflictKey = ({ kind, id, field }: Pick<MergeConflict, 'kind' | 'id' | 'field'>): string => `${kind}/${id}${field === null ? '' : `/${field}`}`;

export interface Merged {
  /** From what stands at the pool itself to what shall stand there. Of undecided conflicts the pool's own value stands. */
  readonly changes: readonly ObjectChange[];
  readonly undecided: readonly MergeConflict[];
  /** Those that were decided, and how. */
  readonly decided: readonly (MergeConflict & { readonly kept: Side })[];
}

type Fields = Readonly<Record<string, unknown>>;
interface Ends { readonly kind: ObjectKind; readonly id: string; readonly before: Fields | null; readonly after: Fields | null }

/** Whose these are differs from database to database, or counts changes. */
const UNMERGED: ReadonlySet<string> = new Set(['id', 'pool', 'version']);

/**
 * `ours` and `theirs`: every change since both sides had the same, in order. What one side alone changed is taken from it, whatever the other did
 * elsewhere in the same object. Of duty that of `theirs` counts, where agents have chosen it last.
 */
export function mergeThreeWay(ours: readonly ObjectChange[], theirs: readonly ObjectChange[], decide: (conflict: MergeConflict) => Side | null): Merged {
  const mine = endsOf(ours);
  const results = new Map<string, { readonly ends: Ends; readonly now: Fields | null; readonly after: Fields | null }>();
  const undecided: MergeConflict[] = [];
  const decided: (MergeConflict & { kept: Side })[] = [];
  const ask = (conflict: MergeConflict): Side => {
    const kept = decide(conflict);
    if (kept === null) undecided.push(conflict);
    else decided.push({ ...conflict, kept });
    return kept ?? 'ours';
  };
  for (const [key, their] of endsOf(theirs)) {
    const our = mine.get(key);
    const now = our === undefined ? their.before : our.after;
    results.set(key, { ends: their, now, after: our === undefined || their.kind === 'duties' ? their.after : mergedObject(our, their, ask) });
  }
  // Nobody has a duty who is no longer there.
  for (const [key, { ends, now, after }] of results) {
    if (ends.kind !== 'duties' || after === null) continue;
    const agent = `agents/${String(after['agentId'])}`;
    const merged = results.get(agent);
    if ((merged ? merged.after : mine.get(agent)?.after) === null) results.set(key, { ends, now, after: null });
  }
  const changes = [...results.values()].flatMap(({ ends: { kind, id }, now, after }) => (isSame(now, after) ? [] : [{ kind, id, before: now, after } as ObjectChange]));
  return { changes, undecided, decided };
}

/** What became of each object from the first to the last of these, where that is anything. */
function endsOf(changes: readonly ObjectChange[]): Map<string, Ends> {
  const ends = new Map<string, Ends>();
  for (const { kind, id, before, after } of changes) {
    const key = `${kind}/${id}`;
    ends.set(key, { kind, id, before: (ends.get(key) ?? { before: before as Fields | null }).before, after: after });
  }
  for (const [key, { before, after }] of ends) if (isSame(before, after)) ends.delete(key);
  return ends;
}

function mergedObject(our: Ends, their: Ends, ask: (conflict: MergeConflict) => Side): Fields | null {
  const { kind, id } = our;
  const named = { kind, id, name: nameOf(our.after ?? their.after ?? their.before) };
  if (our.after === null && their.after === null) return null;
  if (our.after === null || their.after === null) return ask({ ...named, field: null, base: our.before, ours: our.after, theirs: their.after }) === 'ours' ? our.after : their.after;
  const merged: Record<string, unknown> = { ...our.after };
  for (const field of new Set([...Object.keys(our.after), ...Object.keys(their.after)])) {
    if (UNMERGED.has(field)) continue;
    // Where both made it there is nothing that both had.
    const [base, mine, his] = [our.before?.[field], our.after[field], their.after[field]];
    if (isDeepStrictEqual(mine, his) || (our.before !== null && isDeepStrictEqual(base, his))) continue;
    if ((our.before !== null && isDeepStrictEqual(base, mine)) || ask({ ...named, field, base, ours: mine, theirs: his }) === 'theirs') merged[field] = his;
  }
  return merged;
}

function isSame(one: Fields | null, other: Fields | null): boolean {
  return isDeepStrictEqual(one && { ...one, version: 0, pool: '' }, other && { ...other, version: 0, pool: '' });
}

function nameOf(object: Fields | null): string {
  const name = object?.['displayName'] ?? object?.['name'] ?? object?.['id'];
  return typeof name === 'string' ? name : '';
}
