// A pool's configuration in memory, found by what the database is asked by: ids, and what fields hold.
import { type Document } from 'mongodb';
import { OBJECT_KINDS, type Configuration, type ConfigurationUpdate, type ObjectKind, type ObjectKinds } from '../model/configuration';

const KINDS = ['workflows', 'agents', 'queues', 'agentGroups', 'businessHours', 'holidaySets'] as const;
export type NamedKind = (typeof KINDS)[number];
/** Something by name; `sipUser` where it has an address. The same object as long as nothing of it changes. */
export interface Named { readonly id: string; readonly name: string; readonly sipUser: string }

const collator = new Intl.Collator();
export const byNamed = (one: Named, other: Named): number => collator.compare(one.name, other.name);
export const isNamed = (kind: string): kind is NamedKind => (KINDS as readonly string[]).includes(kind);

/** As a kind's objects are called. */
export function namedOf(kind: NamedKind, id: string, object: Readonly<Record<string, unknown>>): Named {
  const text = (field: string): string => (typeof object[field] === 'string' ? object[field] : '');
  return { id, name: text(kind === 'workflows' ? 'displayName' : 'name'), sipUser: text('sipUser') };
}

/** What a kind's objects are called, in the order of their names, sorted when somebody asks. */
class Shelf {
  readonly byId = new Map<string, Named>();
  private sorted: readonly Named[] | null = null;

  put(one: Named): void {
    const before = this.byId.get(one.id);
    if (before?.name === one.name && before.sipUser === one.sipUser) return;
    this.byId.set(one.id, one);
    this.sorted = null;
  }

  remove(id: string): void {
    if (this.byId.delete(id)) this.sorted = null;
  }

  all(): readonly Named[] {
    return (this.sorted ??= [...this.byId.values()].sort(byNamed));
  }
}

type Index = Map<unknown, Set<string>>;
/** What the database finds an object by: a text, or null. */
type Key = string | null;

/** What a path like `questions.answers.action.queueId` leads to, through lists too; null where it leads nowhere, as the database has it. */
function valuesAt(object: unknown, path: readonly string[]): readonly unknown[] {
  let at: readonly unknown[] = [object];
  for (const part of path) at = at.flatMap((one) => (one !== null && typeof one === 'object' ? [(one as Readonly<Record<string, unknown>>)[part]] : [])).flat();
  return at.map((one) => one ?? null);
}

/** The values that a condition lets through; undefined: a condition that only the database understands. */
function wantedBy(condition: unknown): readonly Key[] | undefined {
  const isKey = (value: unknown): value is Key => typeof value === 'string' || value === null;
  if (isKey(condition)) return [condition];
  if (typeof condition !== 'object' || condition === null || Object.keys(condition).length !== 1) return undefined;
  const { $in: any } = condition as { readonly $in?: readonly unknown[] };
  return Array.isArray(any) && any.every(isKey) ? any : undefined;
}

/** Objects are handed out as they are held: whoever gets one alters nothing of it. */
export class HeldPool {
  private readonly indexes = new Map<string, Index>();
  private readonly shelves = Object.fromEntries(KINDS.map((kind) => [kind, new Shelf()])) as unknown as Readonly<Record<NamedKind, Shelf>>;

  constructor(private readonly configuration: Configuration) {
    for (const kind of KINDS) for (const object of configuration.objects[kind].values()) this.shelves[kind].put(namedOf(kind, object.id, object));
  }

  get sequence(): number {
    return this.configuration.sequence;
  }

  get size(): number {
    return OBJECT_KINDS.reduce((sum, kind) => sum + this.configuration.objects[kind].size, 0);
  }

  get<K extends ObjectKind>(kind: K, id: string): ObjectKinds[K] | null {
    return this.objects(kind).get(id) ?? null;
  }

  /** All that `filter` finds: fields by text, by null or by `$in` of those. null: only the database understands it. */
  find<K extends ObjectKind>(kind: K, filter: Document): ObjectKinds[K][] | null {
    const conditions: { readonly field: string; readonly wanted: readonly Key[] }[] = [];
    for (const [field, condition] of Object.entries(filter)) {
      const wanted = wantedBy(condition);
      // What a longer path leads to where there is nothing, is for the database to say.
      if (wanted === undefined || (field.includes('.') && wanted.includes(null))) return null;
      conditions.push({ field, wanted });
    }
    const objects = this.objects(kind);
    const [first, ...others] = conditions;
    if (first === undefined) return [...objects.values()];
    const ids = first.field === '_id' ? new Set(first.wanted) : this.idsBy(kind, first.field, first.wanted);
    const found = [...ids].flatMap((id) => objects.get(id ?? '') ?? []);
    return found.filter((one) => others.every(({ field, wanted }) => valuesAt({ ...one, _id: one.id }, field.split('.')).some((value) => wanted.includes(value as Key))));
  }

  /** All of a kind by name. */
  names(kind: NamedKind): readonly Named[] {
    return this.shelves[kind].all();
  }

  /** Those of these ids that there are. */
  named(kind: NamedKind, ids: Iterable<string>): readonly Named[] {
    return [...ids].flatMap((id) => this.shelves[kind].byId.get(id) ?? []);
  }

  /** Goes on to a later sequence. */
  apply(update: ConfigurationUpdate): void {
    if (update.sequence <= this.sequence) return;
    for (const { kind, id, after } of update.changes) {
      this.reindex(kind, id, this.get(kind, id), after);
      if (after === null) this.objects(kind).delete(id);
      else (this.configuration.objects[kind] as Map<string, unknown>).set(id, after);
      if (!isNamed(kind)) continue;
      if (after === null) this.shelves[kind].remove(id);
      else this.shelves[kind].put(namedOf(kind, id, after));
    }
    this.configuration.sequence = update.sequence;
  }

  private objects<K extends ObjectKind>(kind: K): Map<string, ObjectKinds[K]> {
    return this.configuration.objects[kind];
  }

  private idsBy(kind: ObjectKind, field: string, wanted: readonly Key[]): Set<string> {
    const index = this.indexOf(kind, field);
    return new Set(wanted.flatMap((value) => [...index.get(value) ?? []]));
  }

  /** Made when a field is first asked for: which ones there are, queries decide. */
  private indexOf(kind: ObjectKind, field: string): Index {
    const key = `${kind} ${field}`;
    const known = this.indexes.get(key);
    if (known) return known;
    const index: Index = new Map();
    const path = field.split('.');
    for (const [id, object] of this.objects(kind)) enter(index, path, id, object);
    this.indexes.set(key, index);
    return index;
  }

  private reindex(kind: ObjectKind, id: string, before: unknown, after: unknown): void {
    for (const [key, index] of this.indexes) {
      const [of, field = ''] = key.split(' ');
      if (of !== kind) continue;
      const path = field.split('.');
      if (before !== null) for (const value of valuesAt(before, path)) leave(index, value, id);
      if (after !== null) enter(index, path, id, after);
    }
  }
}

function enter(index: Index, path: readonly string[], id: string, object: unknown): void {
  for (const value of valuesAt(object, path)) {
    const ids = index.get(value);
    if (ids) ids.add(id);
    else index.set(value, new Set([id]));
  }
}

function leave(index: Index, value: unknown, id: string): void {
  const ids = index.get(value);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(value);
}
