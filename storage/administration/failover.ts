// Failing a pool over to its partner: what is looked at before, and the decision. The way back is storage/transfer/failback.ts.
import { setTimeout as pauseFor } from 'node:timers/promises';
import { type Db, type MongoClient } from 'mongodb';
import { may, type Acting } from '../access';
import { readBindings } from '../bindings';
import { readConfiguration } from '../changes';
import { readEngines } from '../engines';
import { databaseTime } from '../live';
import { type MirrorState } from '../model/mirror';
import { servedBy, type Serving } from '../model/serving';
import { decide, readServing } from '../mirror/serving';
import { collectionOf } from '../schema';
import { refuse } from './results';
import { readRoles } from './roles';

export interface Site { readonly client: MongoClient; readonly db: Db; readonly pool: string }

/** What a person sees before deciding. */
export interface FailoverPreview {
  readonly owner: string;
  readonly to: string;
  readonly servedBy: string;
  readonly groups: number;
  readonly activeGroups: number;
  readonly agents: number;
  /** Agents of it with a phone that is registered here now. */
  readonly agentsHere: number;
  /** Addresses and numbers of its groups and agents that this pool uses itself. */
  readonly inUseHere: readonly string[];
  /** Database time, and the mirror as it stands. */
  readonly at: Date;
  readonly mirror: MirrorState;
  /** Whether the pool was heard from after somebody asked. */
  readonly answers: boolean;
  readonly hasEngine: boolean;
}

/** The mirror looks each second and writes down what it heard; on a busy machine that takes a while. */
const ANSWERING = { patienceMs: 4_000, lookMs: 100 } as const;

/** @throws Refused 'notAllowed', 'notFound' where no such pool is mirrored here, or the driver's fault */
export async function previewFailover(site: Site, acting: Acting, owner: string): Promise<FailoverPreview> {
  await permit(site, acting);
  const { client, db, pool } = site;
  const known = await collectionOf(db, 'mirrors').findOne({ _id: owner });
  if (!known) throw refuse('notFound', `No pool ${owner} is mirrored here.`);
  const { mirror, answers } = await heardNow(db, known);
  const [at, serving, theirs, ours, bindings, engines] = await Promise.all([
    databaseTime(db), readServing(db, owner), readConfiguration(client, db, owner), readConfiguration(client, db, pool), readBindings(db, pool), readEngines(db, pool),
  ]);
  const addresses = ({ objects }: typeof theirs): string[] => [...[...objects.workflows.values()].flatMap(({ sipUser, telephoneNumber }) => (telephoneNumber === null ? [sipUser] : [sipUser, telephoneNumber])), ...[...objects.agents.values()].map(({ sipUser }) => sipUser)];
  const own = new Set(addresses(ours));
  const groups = [...theirs.objects.workflows.values()];
  return {
    owner, to: pool, servedBy: servedBy(serving, owner), groups: groups.length, activeGroups: groups.filter(({ active }) => active).length,
    agents: theirs.objects.agents.size, agentsHere: bindings.filter(({ _id }) => theirs.objects.agents.has(_id)).length,
    inUseHere: [...new Set(addresses(theirs).filter((one) => own.has(one)))].sort(),
    at, mirror, answers, hasEngine: engines.some(({ alive, role }) => alive && role === 'active'),
  };
}

/** Waits for a fresh word of the pool. */
async function heardNow(db: Db, known: MirrorState): Promise<{ readonly mirror: MirrorState; readonly answers: boolean }> {
  const since = await databaseTime(db);
  for (const until = Date.now() + ANSWERING.patienceMs; ; await pauseFor(ANSWERING.lookMs)) {
    const mirror = await collectionOf(db, 'mirrors').findOne({ _id: known._id }) ?? known;
    const answers = mirror.heard !== null && mirror.heard.at > since;
    if (answers || Date.now() >= until) return { mirror, answers };
  }
}

/** Decides that this pool serves the groups of `owner`. @throws as `previewFailover` */
export async function failOver(site: Site, acting: Acting, owner: string): Promise<Serving> {
  await permit(site, acting);
  if (!await collectionOf(site.db, 'mirrors').findOne({ _id: owner })) throw refuse('notFound', `No pool ${owner} is mirrored here.`);
  return decide(site, owner, site.pool, acting.name);
}

/** @throws Refused 'notAllowed' to everybody but administrators */
export async function permit({ db, pool }: Site, acting: Acting): Promise<void> {
  if (may(await readRoles(db, pool, acting), 'pool.pair', { kind: 'pool' }) !== 'allowed') throw refuse('notAllowed', 'You may not do this.');
}
