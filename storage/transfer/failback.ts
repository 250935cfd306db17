// Giving a pool back to itself: what both sides changed meanwhile is merged, what contradicts is decided by a person, and only then does it serve again.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Acting } from '../access';
import { permit, type Site } from '../administration/failover';
import { refuse } from '../administration/results';
import { readRoles } from '../administration/roles';
import { defaultSettings } from '../administration/settings-verbs';
import { readAudio, keptAudio, storeAudio } from '../audio';
import { completedEntry, readConfiguration } from '../changes';
import { databaseTime } from '../live';
import { audioNamedIn } from '../mirror/audio-named';
import { adopt, readServing, write } from '../mirror/serving';
import { conflictKey, mergeThreeWay, type MergeConflict, type Merged, type Side } from '../mirror/three-way';
import { OBJECT_KINDS, type Configuration, type ObjectChange, type ObjectKind } from '../model/configuration';
import { type Serving } from '../model/serving';
import { collectionOf } from '../schema';
import { type StoredChange } from '../stored';
import { inTransaction } from '../transaction';
import { Hold } from './in-force';
import { checkWhole, type WholeDeps } from './whole';
import { WholeDraft } from './whole-draft';

/** The verb of the entry that brings to a pool what was changed at its partner. */
export const MERGED = 'configuration.merge';
const PATIENCE_MS = 20_000;

export interface FailbackOptions {
  /** By `conflictKey`, or one for all. */
  readonly keep?: Side | ReadonlyMap<string, Side>;
  /** Gives up what was changed at the partner, duty apart; it stays in the partner's log. */
  readonly without?: boolean;
  /** The pool's database was lost or is an older copy: everything becomes as it is at the partner. */
  readonly anew?: boolean;
}

/** Who changed a thing last on each side; null: nobody there. */
export interface ConflictShown extends MergeConflict { readonly key: string; readonly oursBy: ChangedBy | null; readonly theirsBy: ChangedBy | null }
export interface ChangedBy { readonly name: string; readonly at: Date }

export interface FailbackPreview {
  readonly pool: string;
  /** Who serves it now. */
  readonly from: string;
  /** What comes from there, by kind and name; duty apart. */
  readonly brought: readonly { readonly kind: ObjectKind; readonly name: string; readonly what: 'added' | 'changed' | 'removed' }[];
  /** How many agents come with another duty. */
  readonly duties: number;
  /** Changes that had not come to the partner when it took over, or were made here since. They stay. */
  readonly onlyHere: readonly { readonly verb: string; readonly name: string; readonly by: string; readonly at: Date }[];
  readonly conflicts: readonly ConflictShown[];
}

interface Plan { readonly merged: Merged; readonly ours: readonly StoredChange[]; readonly theirs: readonly StoredChange[]; readonly here: Configuration; readonly theirHead: number }

/** What would come of giving this pool back to itself; nothing is written. @throws Refused 'notAllowed', 'conflict', or the driver's fault */
export async function previewFailback(site: Site, partner: Site, acting: Acting, options: FailbackOptions = {}): Promise<FailbackPreview> {
  await permit(site, acting);
  const { merged, ours, theirs } = await planOf(site, partner, await servingThere(site, partner), options);
  const brought = merged.changes.filter(({ kind }) => kind !== 'duties');
  return {
    pool: site.pool, from: partner.pool, duties: merged.changes.length - brought.length,
    brought: brought.map(({ kind, before, after }) => ({ kind, name: nameOf(after ?? before ?? {}), what: before === null ? 'added' : after === null ? 'removed' : 'changed' })),
    onlyHere: ours.filter(({ part, verb }) => verb !== MERGED && (!part || part.number === 0)).map(({ verb, subject, actor, at }) => ({ verb, name: subject.name, by: actor.name, at })),
    conflicts: merged.undecided.map((one) => ({ ...one, key: conflictKey(one), ...shown(one), oursBy: lastBy(ours, one), theirsBy: lastBy(theirs, one) })),
  };
}

/**
 * Merges, and has this pool serve its own groups again; the partner goes on with the calls it has. While that is done nobody changes the pool on either
 * side. Done again after it was cut off, at whatever point, it comes to the same.
 * @throws Refused 'conflict' naming what is to be decided or does not fit together, 'notAllowed', PoolHeld, or the driver's fault: then the partner serves as before
 */
export async function failBack(deps: WholeDeps, partner: Site, acting: Acting, options: FailbackOptions = {}): Promise<Serving> {
  const { client, db, pool, sipDomain } = deps;
  await permit(deps, acting);
  // Whatever cannot be is told before anybody is kept waiting.
  await prepare(deps, await planOf(deps, partner, await servingThere(deps, partner), options), acting, sipDomain);
  const holdThere = await Hold.take({ client: partner.client, db: partner.db, pool });
  try {
    const serving = await servingThere(deps, partner);
    const hold = await Hold.take(deps);
    try {
      const plan = await planOf(deps, partner, serving, options);
      const changes = await prepare(deps, plan, acting, sipDomain);
      await bringSounds(deps, partner, changes);
      const at = await databaseTime(db);
      if (changes.length > 0) {
        const token = randomUUID();
        await hold.carryOut({
          at, actor: acting.kind === 'person' ? { kind: 'person', personId: acting.personId.toLowerCase(), name: acting.name } : { kind: acting.kind, name: acting.name },
          verb: MERGED, undoes: null, requestId: `own-${token}`, subject: { kind: 'settings', id: pool, name: pool }, value: { from: partner.pool, epoch: serving.epoch, upTo: plan.theirHead } satisfies MergedValue, token,
        }, changes);
      }
      const decided: Serving = { _id: pool, servedBy: pool, epoch: serving.epoch + 1, decidedBy: pool, at, by: acting.name };
      await inTransaction(client, async (session) => {
        // The mirror process may have heard of a later one meanwhile.
        if (((await readServing(db, pool, session))?.epoch ?? 0) < decided.epoch) await write(db, session, decided);
      }, Date.now() + PATIENCE_MS);
      await adopt(partner, [decided]);
      return decided;
    } finally {
      await hold.release().catch(() => undefined);
    }
  } finally {
    await holdThere.release().catch(() => undefined);
  }
}

interface MergedValue { readonly from: string; readonly epoch: number; readonly upTo: number }

async function servingThere({ pool }: Site, partner: Site): Promise<Serving> {
  const serving = await readServing(partner.db, pool);
  if (!serving || serving.servedBy === pool) throw refuse('conflict', `Pool ${pool} is served by itself.`);
  if (serving.servedBy !== partner.pool) throw refuse('conflict', `Pool ${pool} is served by pool ${serving.servedBy}, not by ${partner.pool}.`);
  return serving;
}

async function planOf(site: Site, partner: Site, serving: Serving, { keep, without = false, anew = false }: FailbackOptions): Promise<Plan> {
  const { client, db, pool } = site;
  const here = await readConfiguration(client, db, pool);
  const theirHead = (await collectionOf(partner.db, 'counters').findOne({ _id: pool }))?.sequence ?? 0;
  if (anew) {
    const there = await readConfiguration(partner.client, partner.db, pool);
    return { merged: { changes: differing(here, there), undecided: [], decided: [] }, ours: [], theirs: [], here, theirHead };
  }
  const since = await lastMerge(site, partner, serving);
  const ours = await oursSince(site, partner, serving);
  // What the partner changed is compared with what stood there before: it may have gone on after a merge that was cut off, without knowing of it.
  const found = await collectionOf(partner.db, 'changes').find({ pool, origin: partner.pool, sequence: { $gt: since?.upTo ?? serving.sequence ?? 0 } }).sort({ sequence: 1 }).toArray();
  const theirs = found.map(completedEntry);
  // Settings that were never changed are the default ones, on both sides.
  const begun = (change: ObjectChange): ObjectChange => (change.kind === 'settings' && change.before === null ? { ...change, before: defaultSettings(pool) } : change);
  const changesOf = (entries: readonly StoredChange[]): ObjectChange[] => entries.flatMap(({ changes }) => changes.map(begun));
  const wanted = without ? changesOf(theirs).filter(({ kind }) => kind === 'duties') : changesOf(theirs);
  const touched = new Set(wanted.map(({ kind, id }) => `${kind}/${id}`));
  const decide = (conflict: MergeConflict): Side | null => (keep === undefined ? null : typeof keep === 'string' ? keep : keep.get(conflictKey(conflict)) ?? null);
  return { merged: mergeThreeWay([...changesOf(ours).filter(({ kind, id }) => !touched.has(`${kind}/${id}`)), ...standing(here, wanted)], wanted, decide), ours, theirs, here, theirHead };
}

/** From what the partner had of each thing that it changed, to what stands here now. */
function standing(here: Configuration, theirs: readonly ObjectChange[]): ObjectChange[] {
  const first = new Map<string, ObjectChange>();
  for (const one of theirs) if (!first.has(`${one.kind}/${one.id}`)) first.set(`${one.kind}/${one.id}`, one);
  return [...first.values()].map(({ kind, id, before }) => ({ kind, id, before, after: here.objects[kind].get(id) ?? (kind === 'settings' ? before : null) }) as ObjectChange);
}

/** An earlier attempt that merged and was cut off before the pool served again: what the partner had changed up to there is here, as it was merged or decided. */
async function lastMerge({ db, pool }: Site, partner: Site, { epoch }: Serving): Promise<MergedValue | null> {
  const last = await collectionOf(db, 'changes').find({ pool, verb: MERGED, 'value.from': partner.pool, 'value.epoch': epoch }).sort({ sequence: -1 }).limit(1).next();
  return last === null ? null : last.value as MergedValue;
}

/** What the pool's own log has that the partner did not have when it took over. @throws Refused 'conflict' where its log does not know the moment */
async function oursSince({ db, pool }: Site, partner: Site, { position: known }: Serving): Promise<StoredChange[]> {
  const position = known ?? (await collectionOf(partner.db, 'mirrors').findOne({ _id: pool }))?.position;
  if (!position) throw refuse('conflict', `Pool ${partner.pool} does not say how much of pool ${pool} it had when it took over.`);
  const entries = await collectionOf(db, 'changes').find({ pool, sequence: { $gte: position.sequence } }).sort({ sequence: 1 }).toArray();
  const [first] = entries;
  const isKnown = position.sequence === 0 ? first === undefined || first.sequence === 1 : first?.sequence === position.sequence && first.token === position.token;
  if (!isKnown) throw refuse('conflict', `The database of pool ${pool} does not know what pool ${partner.pool} had of it: it was lost and made anew, or an older copy was put back. So there is nothing to compare with; the pool can only be made as it is at pool ${partner.pool}.`);
  return entries.filter(({ sequence }) => sequence > position.sequence).map(completedEntry);
}

/** The changes as they are to be written, checked by all rules of every edit. @throws Refused 'conflict' */
async function prepare({ db }: WholeDeps, { merged, here }: Plan, acting: Acting, sipDomain: string): Promise<readonly ObjectChange[]> {
  if (merged.undecided.length > 0) {
    throw refuse('conflict', `${merged.undecided.length === 1 ? 'One thing was' : `${merged.undecided.length} things were`} changed differently on both sides. Nothing was done.`, merged.undecided.map((one) => ({ field: conflictKey(one), value: one.name, message: 'was changed on both sides' })));
  }
  const draft = new WholeDraft(db, here);
  draft.willKeep(merged.changes.flatMap(({ after }) => audioNamedIn(after).map(({ audioId }) => audioId)));
  for (const { kind, id, after, before } of merged.changes) {
    if (after === null) await draft.remove(kind, id);
    else await draft.put(kind, after, Math.max(after.version, before?.version ?? 0));
  }
  if (draft.changes().length > 0) await checkWhole({ draft, roles: await readRoles(db, here.pool, acting), sipDomain, now: new Date() });
  return draft.changes();
}

async function bringSounds({ db }: Site, partner: Site, changes: readonly ObjectChange[]): Promise<void> {
  const named = [...new Set(changes.flatMap(({ after }) => audioNamedIn(after).map(({ audioId }) => audioId)))];
  const kept = await keptAudio(db, named);
  for (const audioId of named.filter((one) => !kept.has(one))) {
    const wav = await readAudio(partner.db, audioId);
    if (wav !== null) await storeAudio(db, wav);
  }
}

function differing(here: Configuration, there: Configuration): ObjectChange[] {
  return OBJECT_KINDS.flatMap((kind) => {
    const [ours, theirs] = [here.objects[kind] as ReadonlyMap<string, object>, there.objects[kind] as ReadonlyMap<string, object>];
    return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((id) => {
      const [before, after] = [ours.get(id) ?? null, theirs.get(id) ?? null];
      return isDeepStrictEqual(before, after) ? [] : [{ kind, id, before, after } as ObjectChange];
    });
  });
}

const SECRETS: ReadonlySet<string> = new Set(['digest', 'password']);
/** Nobody is shown a password or its hash. */
function shown({ field, base, ours, theirs }: MergeConflict): Pick<MergeConflict, 'base' | 'ours' | 'theirs'> {
  const without = (value: unknown): unknown => (typeof value === 'object' && value !== null && !Array.isArray(value) && field === null ? Object.fromEntries(Object.entries(value).filter(([name]) => !SECRETS.has(name))) : value);
  const mask = (value: unknown): unknown => (field !== null && SECRETS.has(field) ? (value === null || value === undefined ? null : 'set') : without(value ?? null));
  return { base: mask(base), ours: mask(ours), theirs: mask(theirs) };
}

function lastBy(entries: readonly StoredChange[], { kind, id, field }: MergeConflict): ChangedBy | null {
  const of = (object: object | null): unknown => (field === null ? object : (object as Readonly<Record<string, unknown>> | null)?.[field]);
  const last = entries.findLast(({ changes }) => changes.some((one) => one.kind === kind && one.id === id && !isDeepStrictEqual(of(one.before), of(one.after))));
  return last ? { name: last.actor.name, at: last.at } : null;
}

function nameOf(object: object): string {
  const { displayName, name, id } = object as { readonly displayName?: string; readonly name?: string; readonly id?: string };
  return displayName ?? name ?? id ?? '';
}
