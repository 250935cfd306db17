// What undo, stale forms and history ask of the change log.
import { type ClientSession, type Db, type Filter } from 'mongodb';
import { type ObjectChange, type ObjectKind, type ObjectKinds } from '../model/configuration';
import { completedEntry } from '../changes';
import { collectionOf } from '../schema';
import { type StoredChange } from '../stored';

/** Far more edits than anybody makes of one thing while a form is open, or undoes by hand. */
const LOOKED_BACK = 200;

export class LogReader {
  constructor(private readonly db: Db, private readonly pool: string, private readonly inSession: { readonly session?: ClientSession } = {}) {}

  async entry(entryId: string): Promise<StoredChange | null> {
    return this.one({ _id: entryId });
  }

  async ofRequest(requestId: string): Promise<StoredChange | null> {
    return this.one({ requestId });
  }

  /** An object as it was at an earlier version; `null` where the log no longer knows. */
  async objectAt<K extends ObjectKind>(kind: K, id: string, version: number): Promise<ObjectKinds[K] | null> {
    const entry = await this.one({ changes: { $elemMatch: { id, kind, 'before.version': version } } });
    const change = entry?.changes.find((one) => one.kind === kind && one.id === id);
    return (change?.before ?? null) as ObjectKinds[K] | null;
  }

  /** Entries about any of these objects, newest first. One in parts goes by the name of its first. */
  async touching(ids: readonly string[], after = 0): Promise<StoredChange[]> {
    return (await this.found({ 'changes.id': { $in: [...ids] }, sequence: { $gt: after } }, LOOKED_BACK)).map((entry) => (entry.part ? { ...entry, _id: entry.part.of } : entry));
  }

  /** Of an entry in parts its first alone. */
  async newest(filter: Filter<StoredChange>, limit = LOOKED_BACK): Promise<StoredChange[]> {
    return this.found({ ...filter, 'part.number': { $in: [null, 0] } }, limit);
  }

  /** The changes of an entry, from all its parts. */
  async changesOf({ _id, sequence, changes, part }: StoredChange): Promise<readonly ObjectChange[]> {
    if (!part) return changes;
    const all: ObjectChange[] = [];
    for await (const one of this.log.find({ pool: this.pool, sequence: { $gt: sequence }, 'part.of': _id } as Filter<StoredChange>, this.inSession).sort({ sequence: 1 }).limit(part.count - 1)) all.push(...completedEntry(one).changes);
    return all;
  }

  /** Later entries about any of these objects, oldest first, without what they changed; of however many objects. */
  async later(ids: ReadonlySet<string>, { _id, sequence }: StoredChange): Promise<StoredChange[]> {
    const found: StoredChange[] = [];
    const entries = this.log.find({ pool: this.pool, sequence: { $gt: sequence } }, { ...this.inSession, projection: { 'changes.before': 0, 'changes.after': 0 } });
    for await (const entry of entries.sort({ sequence: 1 })) {
      const name = entry.part?.of ?? entry._id;
      if (name !== _id && entry.changes.some((one) => ids.has(one.id))) found.push({ ...entry, _id: name });
    }
    return found;
  }

  private async found(filter: Filter<StoredChange>, limit: number): Promise<StoredChange[]> {
    return (await this.log.find({ pool: this.pool, ...filter }, this.inSession).sort({ sequence: -1 }).limit(limit).toArray()).map(completedEntry);
  }

  /** Entries that took one of these back. */
  async undoing(entryIds: readonly string[]): Promise<StoredChange[]> {
    return this.newest({ undoes: { $in: [...entryIds] } }, Math.max(1, entryIds.length * 4));
  }

  private async one(filter: Filter<StoredChange>): Promise<StoredChange | null> {
    const entry = await this.log.findOne({ pool: this.pool, ...filter }, this.inSession);
    return entry && completedEntry(entry);
  }

  private get log() {
    return collectionOf(this.db, 'changes');
  }
}

/** Who did it, by name. */
export const byWhom = (entry: StoredChange): string => entry.actor.name;

/**
 * Which of these entries no longer count, because a later one took them back and was not taken back itself: entry id → the entry that did it.
 * `entries` in any order; undoing entries must be among them.
 */
export function takenBack(entries: readonly StoredChange[]): ReadonlyMap<string, StoredChange> {
  const taken = new Map<string, StoredChange>();
  for (const entry of [...entries].sort((one, other) => other.sequence - one.sequence)) {
    if (entry.undoes !== null && !taken.has(entry._id)) taken.set(entry.undoes, entry);
  }
  return taken;
}
