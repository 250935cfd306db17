// Where queries read a pool's configuration: in memory once it is followed, else in the database. Either way nothing that was written before somebody asked is missing.
import { type Db, type Filter, type MongoClient } from 'mongodb';
import { type Acting, type Roles } from '../access';
import { changesAfter, readConfiguration } from '../changes';
import { OBJECT_KINDS } from '../model/configuration';
import { type Logger } from '../process/log';
import { collectionOf } from '../schema';
import { SharedTrip } from '../shared-reading';
import { type Counter } from '../stored';
import { isGoingIn } from '../transfer/in-force';
import { Draft } from './draft';
import { byNamed, HeldPool, namedOf, type Named, type NamedKind } from './held-pool';
import { rolesIn } from './roles';
import { type GroupName } from './views';

export interface ReadingsDeps { readonly client: MongoClient; readonly db: Db; readonly pool: string; readonly log: Logger }

/** A larger pool stays in the database: 10,000 groups with all that belongs to them are 40,000 to 50,000 objects. */
const HELD_MOST = 250_000;
/** At most so often the database is asked whether something was changed, however many want to know. */
const LOOK_APART_MS = 10;
/** Beyond so many changes since the last look everything is read again, as after a long quiet night. */
const FOLLOWED_MOST = 1_000;
const BATCH = 50;
const LOAD_AGAIN_MS = 2_000;

export class Readings {
  private isFollowed = false;
  private held: HeldPool | null = null;
  private loading: Promise<void> | null = null;
  private loadAt = Number.NEGATIVE_INFINITY;
  /** What the counter said when it last said that nothing is missing here. */
  private seen: Pick<Counter, 'sequence' | 'last'> | null = null;
  private readonly look = new SharedTrip(() => this.catchUp(), LOOK_APART_MS);

  constructor(private readonly deps: ReadingsDeps) {}

  /** From now on the configuration is kept in memory; until it is there, and whenever it cannot be, the database is asked. Resolves when it has been read, or could not be. */
  follow(): Promise<void> {
    this.isFollowed = true;
    return this.load();
  }

  /** What `acting` is in this pool now. Comes before everything else that a query reads, which is then no older than that. @throws the driver's fault */
  async roles(acting: Acting): Promise<Roles> {
    await this.now();
    return rolesIn(this.draft(), acting);
  }

  /** For reading. */
  draft(): Draft {
    return new Draft(this.deps.db, this.deps.pool, {}, this.held);
  }

  /** All of a kind by name. @throws the driver's fault */
  async all(kind: NamedKind): Promise<readonly Named[]> {
    return this.held?.names(kind) ?? (await this.named(kind, { pool: this.deps.pool })).sort(byNamed);
  }

  /** Those of these ids that there are. @throws the driver's fault */
  async of(kind: NamedKind, ids: Iterable<string>): Promise<readonly Named[]> {
    return this.held?.named(kind, ids) ?? this.named(kind, { _id: { $in: [...ids] } });
  }

  /** The configuration as it stands in memory, if that is what the counter said before it was raised; else null. */
  at({ sequence, last }: Pick<Counter, 'sequence' | 'last'>): HeldPool | null {
    return this.held?.sequence === sequence && this.seen?.sequence === sequence && this.seen.last === last ? this.held : null;
  }

  /** Resolves when nothing that is written by now is missing in memory. @throws the driver's fault */
  async now(): Promise<void> {
    if (!this.isFollowed) return;
    if (this.held !== null) await this.look.ask();
    else if (performance.now() - this.loadAt > LOAD_AGAIN_MS) void this.load();
  }

  private async named(kind: NamedKind, filter: Filter<{ _id: string; pool: string }>): Promise<Named[]> {
    const { db, pool } = this.deps;
    const found = await db.collection<{ _id: string; pool: string }>(kind).find(filter, { projection: { pool: 1, name: 1, displayName: 1, sipUser: 1 }, batchSize: 2_000 }).toArray();
    return found.filter((one) => one.pool === pool).map((one) => namedOf(kind, one._id, one));
  }

  private async catchUp(): Promise<void> {
    const { db, pool } = this.deps;
    const counter = await collectionOf(db, 'counters').findOne({ _id: pool });
    const { held } = this;
    if (held === null) return;
    const { sequence = 0, last } = counter ?? {};
    // What goes in part by part is half in its place; and a number that stands where another stood belongs to a database that was put back.
    const isAnother = sequence < held.sequence || (this.seen !== null && this.seen.sequence === sequence && this.seen.last !== last);
    if (isAnother || isGoingIn(counter) || sequence - held.sequence > FOLLOWED_MOST) return this.forget();
    while (held.sequence < sequence) {
      const entries = await changesAfter(db, pool, held.sequence, BATCH);
      for (const entry of entries) {
        if (entry.sequence !== held.sequence + 1 || entry.part) return this.forget();
        held.apply(entry);
      }
      if (entries.length === 0) return this.forget();
    }
    // Entries that came since the counter was read may have been met too; the next look sees the counter that belongs to them.
    if (held.sequence === sequence) this.seen = { sequence, ...(last === undefined ? {} : { last }) };
  }

  private forget(): void {
    this.held = null;
    this.seen = null;
    void this.load();
  }

  /** Never rejects. */
  private load(): Promise<void> {
    this.loadAt = performance.now();
    return (this.loading ??= this.read()
      .catch((fault: unknown) => { this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'the configuration could not be read into memory; the database is asked instead'); })
      .finally(() => { this.loading = null; }));
  }

  private async read(): Promise<void> {
    const { client, db, pool, log } = this.deps;
    if (isGoingIn(await collectionOf(db, 'counters').findOne({ _id: pool }))) return;
    let count = 0;
    for (const kind of OBJECT_KINDS) count += await db.collection(kind).estimatedDocumentCount();
    if (count > HELD_MOST) {
      this.isFollowed = false;
      log.warn({ objects: count, most: HELD_MOST }, 'the configuration is too large to be kept in memory; the database is asked instead');
      return;
    }
    this.seen = null;
    this.held = new HeldPool(await readConfiguration(client, db, pool));
    log.info({ objects: this.held.size, sequence: this.held.sequence }, 'the configuration is kept in memory');
  }
}

const groupNames = new WeakMap<Named, GroupName>();
/** As groups are named; the same object for the same name, so that what others reckon from it can be kept. */
export function groupNameOf(named: Named): GroupName {
  const known = groupNames.get(named) ?? { id: named.id, displayName: named.name, sipUser: named.sipUser };
  groupNames.set(named, known);
  return known;
}
