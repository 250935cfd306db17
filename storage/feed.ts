// Follows a pool's configuration: all of it once, then every change in order, without gaps, through reconnects and outages.
import { isDeepStrictEqual } from 'node:util';
import { type Db, type MongoClient } from 'mongodb';
import { type Logger } from './process/log';
import { applyUpdate, emptyConfiguration, OBJECT_KINDS, type Configuration, type ConfigurationUpdate, type ObjectChange } from './model/configuration';
import { changesAfter, readConfiguration } from './changes';
import { openFollower } from './doorbell';
import { collectionOf } from './schema';

export interface FeedDeps { readonly client: MongoClient; readonly db: Db; readonly log: Logger }

export interface Feed {
  /** As it was when the feed was opened; never altered by the feed. */
  readonly initial: Configuration;
  /** No update follows once this resolves. */
  close(): Promise<void>;
}

const BATCH = 200;

/**
 * Resolves with the configuration as of one sequence, then hands each later update to `onUpdate`, one at a time (a promise is awaited).
 * Where the log no longer reaches back to what was last seen, one update carries everything that differs.
 * @throws what the driver throws when the first reading fails; later faults are logged and retried for ever.
 */
export async function openFeed(deps: FeedDeps, pool: string, onUpdate: (update: ConfigurationUpdate) => void | Promise<void>): Promise<Feed> {
  const { client, db, log } = deps;
  const initial = await readConfiguration(client, db, pool);
  const known = copy(initial);
  const handOn = async (update: ConfigurationUpdate): Promise<void> => {
    await onUpdate(update);
    applyUpdate(known, update);
  };
  /** The parts so far of what holds together or not at all. */
  let parts: readonly { readonly sequence: number; readonly changes: readonly ObjectChange[] }[] = [];
  const follower = openFollower(collectionOf(db, 'changes'), { 'fullDocument.pool': pool }, log, async (stopping) => {
    for (;;) {
      const entries = await changesAfter(db, pool, parts.at(-1)?.sequence ?? known.sequence, BATCH);
      if (entries.length === 0) return;
      for (const entry of entries) {
        if (stopping.aborted) return;
        if (entry.sequence !== (parts.at(-1)?.sequence ?? known.sequence) + 1) {
          log.warn({ pool, known: known.sequence, next: entry.sequence }, 'the change log no longer reaches back; comparing the whole configuration');
          const now = await readConfiguration(client, db, pool);
          parts = [];
          await handOn({ sequence: now.sequence, changes: difference(known, now) });
          break;
        }
        parts = [...parts, entry];
        if (entry.part && entry.part.number < entry.part.count - 1) continue;
        const changes = parts.flatMap((one) => one.changes);
        parts = [];
        await handOn({ sequence: entry.sequence, changes });
      }
    }
  });
  return { initial, close: () => follower.close() };
}

/** A whole configuration as the one update that leads to it from an empty one. */
export function asUpdate(configuration: Configuration): ConfigurationUpdate {
  return { sequence: configuration.sequence, changes: difference(emptyConfiguration(configuration.pool), configuration) };
}

function copy(configuration: Configuration): Configuration {
  const fresh = emptyConfiguration(configuration.pool);
  applyUpdate(fresh, { sequence: configuration.sequence, changes: difference(fresh, configuration) });
  return fresh;
}

/** What changed from one configuration to another. Versions alone would not tell: a database that was restored gives the same ones again. */
function difference(from: Configuration, to: Configuration): ObjectChange[] {
  const changes: ObjectChange[] = [];
  for (const kind of OBJECT_KINDS) {
    const [before, after] = [from.objects[kind], to.objects[kind]];
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const [was, is] = [before.get(id) ?? null, after.get(id) ?? null];
      if (!isDeepStrictEqual(was, is)) changes.push({ kind, id, before: was, after: is } as ObjectChange);
    }
  }
  return changes;
}
