// Follows all that an engine is to know: the configuration of its own pool, those mirrored from its partners, and who serves whom.
import { setTimeout as pauseFor } from 'node:timers/promises';
import { openFollower } from '../doorbell';
import { asUpdate, openFeed, type Feed, type FeedDeps } from '../feed';
import { readLease } from '../journal';
import { databaseTime } from '../live';
import { type ConfigurationUpdate } from '../model/configuration';
import { collectionOf } from '../schema';
import { ServedConfiguration } from './served';
import { readServings, takenUp } from './serving';

export interface ServedFeed {
  /** Everything, as it was when the feed was opened. */
  readonly initial: ConfigurationUpdate;
  /** The pool that serves the groups of `owner`. */
  servedBy(owner: string): string;
  /** The pool that owns an agent; null: no such agent is known. */
  ownerOfAgent(agentId: string): string | null;
  close(): Promise<void>;
}

/** A pool whose engine was gone for longer may have been failed over meanwhile, without knowing it. */
const GONE_AFTER_MS = 30_000;
/** How long it then waits to hear from its partner; alone, it serves what it owns as far as it knows. */
const PARTNER_PATIENCE_MS = 10_000;
const LOOK_MS = 200;

/**
 * Resolves with everything, then hands each change of it to `onUpdate`, in order. Where the pool has a partner and comes back after a while, it
 * first waits for a fresh word of who serves whom.
 * @throws what the driver throws when the first reading fails; later faults are logged and retried for ever.
 */
export async function openServedFeed(deps: FeedDeps, pool: string, onUpdate: (update: ConfigurationUpdate) => void): Promise<ServedFeed> {
  const { db, log } = deps;
  await hearFromPartner(deps, pool);
  const served = new ServedConfiguration(pool);
  const feeds = new Map<string, Feed>();
  let handOn = (_update: ConfigurationUpdate): void => undefined;
  const tell = (update: ConfigurationUpdate | null): void => { if (update !== null) handOn(update); };

  const open = async (owner: string): Promise<void> => {
    const early: ConfigurationUpdate[] = [];
    let take = (update: ConfigurationUpdate): void => { early.push(update); };
    const feed = await openFeed(deps, owner, (update) => { take(update); });
    feeds.set(owner, feed);
    take = (update) => { tell(served.changed(owner, update)); };
    for (const update of [asUpdate(feed.initial), ...early]) take(update);
  };
  let last: Promise<void> = Promise.resolve();
  // One after the other: two that begin together would both open a pool that neither knows yet.
  const look = (): Promise<void> => (last = last.catch(() => undefined).then(lookOnce));
  const lookOnce = async (): Promise<void> => {
    for (const { _id } of await collectionOf(db, 'mirrors').find({}, { projection: { _id: 1 } }).toArray()) if (!feeds.has(_id)) await open(_id);
    const servings = await readServings(db);
    tell(served.serving(servings));
    for (const one of servings) if (one.servedBy === pool && one.takenUpAt === undefined) await takenUp(db, one);
  };

  // Whatever is read before this resolves is part of what it resolves with.
  let initial: ConfigurationUpdate = { sequence: 0, changes: [] };
  handOn = (update) => { initial = { ...update, changes: [...initial.changes, ...update.changes] }; };
  await open(pool);
  await look();
  handOn = onUpdate;
  const followers = [openFollower(collectionOf(db, 'serving'), {}, log, look), openFollower(collectionOf(db, 'mirrors'), { operationType: 'insert' }, log, look)];
  return {
    initial,
    servedBy: (owner) => served.servedBy(owner),
    ownerOfAgent: (agentId) => served.ownerOfAgent(agentId),
    close: async () => { await Promise.all([...followers, ...feeds.values()].map((one) => one.close())); },
  };
}

async function hearFromPartner({ db, log }: FeedDeps, pool: string): Promise<void> {
  const mirrors = collectionOf(db, 'mirrors');
  if (!await mirrors.findOne({})) return;
  const lease = await readLease(db, pool);
  if (lease !== null && lease.ageMs < GONE_AFTER_MS) return;
  const since = await databaseTime(db);
  for (const until = Date.now() + PARTNER_PATIENCE_MS; Date.now() < until; await pauseFor(LOOK_MS)) {
    if (await mirrors.findOne({ 'heard.at': { $gte: since } })) return;
  }
  log.warn({ pool }, 'the partner was not heard from; this pool serves what it owns as far as it knows');
}
