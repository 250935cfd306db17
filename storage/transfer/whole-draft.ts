// A draft over a whole configuration in memory, found by index: the same rules as for one edit, fast enough for a hundred thousand objects at once.
import { isDeepStrictEqual } from 'node:util';
import { type Db, type Document } from 'mongodb';
import { Draft, type Unversioned } from '../administration/draft';
import { keptAudio } from '../audio';
import { OBJECT_KINDS, type Configuration, type ObjectChange, type ObjectKind, type ObjectKinds } from '../model/configuration';

type AnyObject = ObjectKinds[ObjectKind];
type Index = Map<unknown, Map<string, AnyObject>>;

export class WholeDraft extends Draft {
  private readonly objects: { readonly [K in ObjectKind]: Map<string, AnyObject> };
  /** What stood there before the first touch. */
  private readonly touched = new Map<string, { readonly kind: ObjectKind; readonly id: string; readonly before: AnyObject | null }>();
  private readonly indexes = new Map<string, Index>();
  private readonly audio = new Map<string, boolean>();
  private alone: ObjectChange | null = null;

  constructor(private readonly database: Db, configuration: Configuration) {
    super(database, configuration.pool);
    this.objects = Object.fromEntries(OBJECT_KINDS.map((kind) => [kind, new Map<string, AnyObject>(configuration.objects[kind])])) as { [K in ObjectKind]: Map<string, AnyObject> };
  }

  override get<K extends ObjectKind>(kind: K, id: string): Promise<ObjectKinds[K] | null> {
    return Promise.resolve(this.now(kind, id));
  }

  override find<K extends ObjectKind>(kind: K, filter: Document): Promise<ObjectKinds[K][]> {
    return Promise.resolve(this.all(kind, filter));
  }

  override async keptAudio(audioIds: readonly string[]): Promise<ReadonlySet<string>> {
    const unknown = [...new Set(audioIds)].filter((one) => !this.audio.has(one));
    if (unknown.length > 0) {
      const kept = await keptAudio(this.database, unknown);
      for (const one of unknown) this.audio.set(one, kept.has(one));
    }
    return new Set(audioIds.filter((one) => this.audio.get(one) === true));
  }

  /** Takes these sounds for kept: they will be, before anything is written. */
  willKeep(audioIds: readonly string[]): void {
    for (const one of audioIds) this.audio.set(one, true);
  }

  override put<K extends ObjectKind>(kind: K, object: Unversioned<K>, atLeast = 0): Promise<void> {
    const before = this.former(kind, object.id);
    const version = Math.max(before?.version ?? 0, atLeast) + 1;
    const after = { ...object, pool: this.pool, version } as unknown as ObjectKinds[K];
    this.place(kind, object.id, before, isDeepStrictEqual(before && { ...before, version: 0 }, { ...after, version: 0 }) ? before : after);
    return Promise.resolve();
  }

  override remove(kind: ObjectKind, id: string): Promise<void> {
    this.place(kind, id, this.former(kind, id), null);
    return Promise.resolve();
  }

  override changes(): ObjectChange[] {
    if (this.alone !== null) return [this.alone];
    return [...this.touched.values()].flatMap(({ kind, id, before }) => {
      const after = this.now(kind, id);
      return after === before ? [] : [{ kind, id, before, after } as ObjectChange];
    });
  }

  /** Has `look` see this change as the only one, so that what is wrong is known to be wrong with it. */
  async withOnly<T>(change: ObjectChange, look: () => Promise<T>): Promise<T> {
    this.alone = change;
    try {
      return await look();
    } finally {
      this.alone = null;
    }
  }

  now<K extends ObjectKind>(kind: K, id: string): ObjectKinds[K] | null {
    return (this.objects[kind].get(id) ?? null) as ObjectKinds[K] | null;
  }

  /** As `find`, at once. @throws Error for an operator that no rule uses yet */
  all<K extends ObjectKind>(kind: K, filter: Document = {}): ObjectKinds[K][] {
    const asked = asConditions(filter);
    return [...this.candidates(kind, asked)].filter((one) => fits(one, asked)) as ObjectKinds[K][];
  }

  private former<K extends ObjectKind>(kind: K, id: string): ObjectKinds[K] | null {
    const touched = this.touched.get(`${kind}/${id}`);
    return touched ? touched.before as ObjectKinds[K] | null : this.now(kind, id);
  }

  private place(kind: ObjectKind, id: string, before: AnyObject | null, after: AnyObject | null): void {
    const key = `${kind}/${id}`;
    if (!this.touched.has(key)) this.touched.set(key, { kind, id, before });
    const was = this.now(kind, id);
    if (was === after) return;
    if (after === null) this.objects[kind].delete(id);
    else this.objects[kind].set(id, after);
    for (const [name, index] of this.indexes) {
      const [of, path = ''] = name.split(' ');
      if (of !== kind) continue;
      if (was) for (const value of valuesAt(was, path)) index.get(value)?.delete(id);
      if (after) enter(index, path, after);
    }
  }

  private candidates(kind: ObjectKind, { conditions, anyOf }: Conditions): Iterable<AnyObject> {
    const [first] = conditions;
    if (first?.path === '_id') return [...first.values].flatMap((id) => this.objects[kind].get(String(id)) ?? []);
    if (first) return this.found(kind, first);
    if (anyOf.length > 0) return new Set(anyOf.flatMap((one) => [...this.candidates(kind, one)]));
    return this.objects[kind].values();
  }

  private found(kind: ObjectKind, { path, values }: Condition): Set<AnyObject> {
    const name = `${kind} ${path}`;
    let index = this.indexes.get(name);
    if (index === undefined) {
      index = new Map<unknown, Map<string, AnyObject>>();
      this.indexes.set(name, index);
      for (const one of this.objects[kind].values()) enter(index, path, one);
    }
    const found = new Set<AnyObject>();
    for (const value of values) for (const one of index.get(value)?.values() ?? []) found.add(one);
    return found;
  }
}

/** One of these values at that place, or in the list there; null also where there is nothing. */
interface Condition { readonly path: string; readonly values: ReadonlySet<unknown> }
interface Conditions { readonly conditions: readonly Condition[]; readonly anyOf: readonly Conditions[] }

function asConditions(filter: Document): Conditions {
  const conditions: Condition[] = [];
  let anyOf: readonly Conditions[] = [];
  for (const [path, asked] of Object.entries(filter) as [string, unknown][]) {
    if (path === '$or') anyOf = (asked as Document[]).map(asConditions);
    else if (path.startsWith('$')) throw new Error(`No rule asks for ${path} yet.`);
    else if (typeof asked !== 'object' || asked === null) conditions.push({ path, values: new Set([asked]) });
    else if (Object.keys(asked).join() === '$in') conditions.push({ path, values: new Set((asked as { $in: unknown[] }).$in) });
    else throw new Error(`No rule asks for ${Object.keys(asked).join()} yet.`);
  }
  return { conditions, anyOf };
}

function fits(object: AnyObject, { conditions, anyOf }: Conditions): boolean {
  return conditions.every(({ path, values }) => valuesAt(object, path).some((value) => values.has(value))) && (anyOf.length === 0 || anyOf.some((one) => fits(object, one)));
}

function enter(index: Index, path: string, object: AnyObject): void {
  for (const value of valuesAt(object, path)) {
    const there = index.get(value);
    if (there) there.set(object.id, object);
    else index.set(value, new Map([[object.id, object]]));
  }
}

/** What stands at a place, each member of lists on the way; null where nothing does. */
function valuesAt(object: AnyObject, path: string): unknown[] {
  if (path === '_id') return [object.id];
  let values: unknown[] = [object];
  for (const step of path.split('.')) {
    values = values.flatMap((one) => (typeof one === 'object' && one !== null ? (one as Record<string, unknown>)[step] : undefined) ?? null);
  }
  return values.length === 0 ? [null] : values;
}
