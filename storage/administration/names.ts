// What everything in a pool is called, and who is what, kept in memory: read once, then brought up to date from the change log before each answer, so that it is never behind.
import { type Db } from 'mongodb';
import { type Acting, type Roles } from '../access';
import { changesAfter } from '../changes';
import { collectionOf } from '../schema';
import { readRoles } from './roles';
import { type GroupName } from './views';

const KINDS = ['workflows', 'agents', 'queues', 'agentGroups', 'businessHours', 'holidaySets'] as const;
export type NamedKind = (typeof KINDS)[number];
/** Something by name; `sipUser` where it has an address. The same object as long as nothing of it changes. */
export interface Named { readonly id: string; readonly name: string; readonly sipUser: string }

/** What somebody's roles follow from; duty, which changes all the time, is none of it. */
const OF_ROLES: readonly string[] = ['workflows', 'queues', 'agentGroups', 'agents'];
/** People whose roles are remembered. */
const REMEMBERED_MOST = 5_000;
/** Beyond so many changes since the last answer everything is read again: as after a long quiet night, or an import. */
const FOLLOWED_MOST = 1_000;
const BATCH = 200;
const collator = new Intl.Collator();

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
    return (this.sorted ??= [...this.byId.values()].sort((one, other) => collator.compare(one.name, other.name)));
  }
}

export class Names {
  private shelves: Readonly<Record<NamedKind, Shelf>> | null = null;
  private sequence = 0;
  /** Counts the changes that may have altered somebody's roles. */
  private changed = 0;
  private readonly remembered = new Map<string, { readonly asOf: number; readonly roles: Roles }>();
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  constructor(private readonly deps: { readonly db: Db; readonly pool: string }) {}

  /** All of a kind by name, as of now. @throws the driver's fault */
  async all(kind: NamedKind): Promise<readonly Named[]> {
    await this.fresh();
    return this.shelves?.[kind].all() ?? [];
  }

  /** Those of these ids that there are. */
  async of(kind: NamedKind, ids: Iterable<string>): Promise<readonly Named[]> {
    await this.fresh();
    return [...ids].flatMap((id) => this.shelves?.[kind].byId.get(id) ?? []);
  }

  /** What `acting` is in this pool now: read anew only after a change that may have altered it. @throws the driver's fault */
  async roles(acting: Acting): Promise<Roles> {
    const { db, pool } = this.deps;
    if (acting.kind !== 'person') return readRoles(db, pool, acting);
    await this.fresh();
    const key = `${acting.administrator ? 'administrator' : 'person'} ${acting.personId.toLowerCase()}`;
    const known = this.remembered.get(key);
    if (known?.asOf === this.changed) return known.roles;
    // Noted before the reading: a change that comes meanwhile is met again in the log, and they are read again then.
    const asOf = this.changed;
    const roles = await readRoles(db, pool, acting);
    if (this.remembered.size >= REMEMBERED_MOST) this.remembered.clear();
    this.remembered.set(key, { asOf, roles });
    return roles;
  }

  /** A reading that began before somebody asked may miss what they have just written; one that has yet to begin serves all who ask meanwhile. */
  private fresh(): Promise<void> {
    if (this.running === null) return this.begin();
    return (this.next ??= this.running.catch(() => undefined).then(() => this.begin()));
  }

  private begin(): Promise<void> {
    this.next = null;
    const run = this.follow().finally(() => { if (this.running === run) this.running = null; });
    this.running = run;
    return run;
  }

  private async follow(): Promise<void> {
    if (this.shelves === null) return this.load();
    for (let count = 0; ; count += BATCH) {
      const entries = await changesAfter(this.deps.db, this.deps.pool, this.sequence, BATCH);
      for (const entry of entries) {
        if (entry.sequence !== this.sequence + 1) return this.load();
        if (entry.changes.some(({ kind }) => OF_ROLES.includes(kind))) this.changed += 1;
        for (const { kind, id, after } of entry.changes) if (isNamed(kind)) this.take(kind, id, after);
        this.sequence = entry.sequence;
      }
      if (entries.length < BATCH) return;
      if (count >= FOLLOWED_MOST) return this.load();
    }
  }

  /** The sequence is read first: a change that comes meanwhile is met again in the log, and changes nothing then. */
  private async load(): Promise<void> {
    const { db, pool } = this.deps;
    this.changed += 1;
    this.sequence = (await collectionOf(db, 'counters').findOne({ _id: pool }))?.sequence ?? 0;
    this.shelves = { workflows: new Shelf(), agents: new Shelf(), queues: new Shelf(), agentGroups: new Shelf(), businessHours: new Shelf(), holidaySets: new Shelf() };
    for (const kind of KINDS) {
      for await (const stored of db.collection(kind).find({ pool }, { projection: { name: 1, displayName: 1, sipUser: 1 }, batchSize: 2_000 })) this.take(kind, String(stored._id), stored);
    }
  }

  private take(kind: NamedKind, id: string, object: Record<string, unknown> | null): void {
    const shelf = this.shelves?.[kind];
    if (object === null) return shelf?.remove(id);
    const text = (field: string): string => (typeof object[field] === 'string' ? object[field] : '');
    shelf?.put({ id, name: text(kind === 'workflows' ? 'displayName' : 'name'), sipUser: text('sipUser') });
  }
}

const isNamed = (kind: string): kind is NamedKind => (KINDS as readonly string[]).includes(kind);

const groupNames = new WeakMap<Named, GroupName>();
/** As groups are named; the same object for the same name, so that what others reckon from it can be kept. */
export function groupNameOf(named: Named): GroupName {
  const known = groupNames.get(named) ?? { id: named.id, displayName: named.name, sipUser: named.sipUser };
  groupNames.set(named, known);
  return known;
}
