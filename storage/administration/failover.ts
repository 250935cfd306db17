// Failing a pool over to its partner, and back: what is looked at before, the decision, and what is carried along.
import { randomUUID } from 'node:crypto';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { type Db, type MongoClient } from 'mongodb';
import { may, type Acting } from '../access';
import { readBindings } from '../bindings';
import { nextSequence, readConfiguration, writeChange } from '../changes';
import { readEngines } from '../engines';
import { databaseTime } from '../live';
import { type Duty } from '../model/agent';
import { type MirrorState } from '../model/mirror';
import { servedBy, type Serving } from '../model/serving';
import { adopt, decide, readServing, write } from '../mirror/serving';
import { collectionOf } from '../schema';
import { type StoredChange } from '../stored';
import { inTransaction } from '../transaction';
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

/** What was changed at the partner after this entry of the pool's log there, duty apart: oldest first. */
function changedMeanwhile(partner: Site, pool: string, sequence: number): Promise<StoredChange[]> {
  return collectionOf(partner.db, 'changes').find({ pool, origin: partner.pool, verb: { $not: /^duty\./ }, sequence: { $gt: sequence } }).sort({ sequence: 1 }).toArray();
}

/**
 * Gives the groups of this pool back to it. What was changed at the partner meanwhile is refused, unless `without` says that it is to be given up (it
 * stays in the partner's log); the duty of agents is what it is at the partner.
 * @throws Refused 'conflict' naming what was changed, 'notAllowed', or the driver's fault
 */
export async function takeBack(site: Site, partner: Site, acting: Acting, options: { readonly without: boolean }): Promise<Serving> {
  await permit(site, acting);
  const { client, db, pool } = site;
  const serving = await readServing(partner.db, pool);
  if (!serving || serving.servedBy === pool) throw refuse('conflict', `Pool ${pool} is served by itself.`);
  const { sequence = 0 } = serving;
  const refuseChanges = (changes: readonly StoredChange[]): void => {
    if (changes.length > 0 && !options.without) throw refuse('conflict', `${changes.length === 1 ? 'One change was' : `${changes.length} changes were`} made at pool ${partner.pool} meanwhile, and would be given up.`, changes.map((one) => ({ field: one.verb, value: one.subject.name, message: `by ${one.actor.name} at ${one.at.toISOString()}` })));
  };
  refuseChanges(await changedMeanwhile(partner, pool, sequence));
  const at = await databaseTime(db);
  const decided: Serving = { _id: pool, servedBy: pool, epoch: serving.epoch + 1, decidedBy: pool, at, by: acting.name };
  // First there: from then on nothing is changed at the partner, so that what is carried along is all.
  await adopt(partner, [decided]);
  const late = await changedMeanwhile(partner, pool, sequence);
  if (late.length > 0 && !options.without) {
    await adopt(partner, [{ ...decided, servedBy: partner.pool, epoch: decided.epoch + 1, decidedBy: partner.pool, sequence }]);
    refuseChanges(late);
  }
  const duties = await dutiesMeanwhile(partner, pool, sequence);
  await inTransaction(client, async (session) => {
    // The mirror process may have heard of it before us.
    if (((await readServing(db, pool, session))?.epoch ?? 0) < decided.epoch) await write(db, session, decided);
    for (const theirs of duties) await carryDuty(site, session, theirs, acting.name, at);
  }, Date.now() + CARRYING_MS);
  return decided;
}

/** What agents chose at the partner after this entry. From the log: the objects may already be those of the pool again, by the partner's mirror. */
async function dutiesMeanwhile({ db, pool: site }: Site, pool: string, sequence: number): Promise<Duty[]> {
  const entries = await collectionOf(db, 'changes').find({ pool, origin: site, sequence: { $gt: sequence }, 'changes.kind': 'duties' }).sort({ sequence: 1 }).toArray();
  const last = new Map(entries.flatMap(({ changes }) => changes).flatMap(({ kind, id, after }) => (kind === 'duties' && after !== null ? [[id, after] as const] : [])));
  return [...last.values()];
}

const CARRYING_MS = 20_000;

async function carryDuty({ db, pool }: Site, session: Parameters<typeof nextSequence>[1], theirs: Duty, by: string, at: Date): Promise<void> {
  const { _id, ...before } = await db.collection<Duty & { _id: string }>('duties').findOne({ _id: theirs.id }, { session }) ?? { _id: null };
  const ours = _id === null ? null : before as Duty;
  const agent = await db.collection<{ _id: string; name: string }>('agents').findOne({ _id: theirs.agentId }, { session });
  const isSame = ours !== null && ours.onDuty === theirs.onDuty && ours.pause?.since.getTime() === theirs.pause?.since.getTime() && ours.signedIn.join() === theirs.signedIn.join();
  if (!agent || isSame) return;
  const sequence = await nextSequence(db, session, pool);
  const after: Duty = { ...theirs, version: Math.max(ours?.version ?? 0, theirs.version) + 1 };
  await writeChange(db, session, {
    _id: `${pool}:${sequence}`, pool, origin: pool, sequence, at, actor: { kind: 'operator', name: by }, verb: 'duty.set', changes: [{ kind: 'duties', id: theirs.id, before: ours, after }],
    undoes: null, requestId: null, subject: { kind: 'agent', id: agent._id, name: agent.name }, value: { agentId: agent._id, onDuty: after.onDuty }, token: randomUUID(),
  });
}

async function permit({ db, pool }: Site, acting: Acting): Promise<void> {
  if (may(await readRoles(db, pool, acting), 'pool.pair', { kind: 'pool' }) !== 'allowed') throw refuse('notAllowed', 'You may not do this.');
}
