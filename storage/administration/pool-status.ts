// What administrators see of the pool's redundancy, and stepping the database's primary down.
import { MongoServerError, type Db, type Document } from 'mongodb';
import { may, type Acting, type Action } from '../access';
import { readEngines } from '../engines';
import { databaseTime } from '../live';
import { type DatabaseStatus, type MemberStatus, type PoolStatus, type StepDownOutcome } from '../model/pool-status';
import { isDatabaseAway } from '../transaction';
import { refuse } from './results';
import { readRoles } from './roles';

export interface PoolStatusDeps { readonly db: Db; readonly pool: string }

/** @throws Refused 'notAllowed' to everybody but administrators, or the driver's fault */
export async function poolStatus(deps: PoolStatusDeps, acting: Acting): Promise<PoolStatus> {
  await permit(deps, acting, 'pool.see');
  return readPoolStatus(deps);
}

/** As above, for whoever watches over the pool by itself. @throws the driver's fault */
export async function readPoolStatus({ db, pool }: PoolStatusDeps): Promise<PoolStatus> {
  const [database, engines, at] = await Promise.all([readDatabaseStatus(db), readEngines(db, pool), databaseTime(db)]);
  const active = engines.find((one) => one.alive && one.role === 'active');
  const takeovers = engines.flatMap(({ takeover }) => takeover ?? []).sort((a, b) => b.at.getTime() - a.at.getTime());
  return {
    pool, at, database, engines,
    edges: active?.edges ?? [],
    backlog: active?.backlog ?? { records: 0, oldest: null },
    lastTakeover: takeovers[0] ?? null,
  };
}

/** Who its members are: in detail where that is permitted, else as every member tells. */
export async function readDatabaseStatus(db: Db): Promise<DatabaseStatus> {
  try {
    return membersInDetail(await db.admin().command({ replSetGetStatus: 1 }));
  } catch (fault) {
    // Hosted databases and users without `clusterMonitor` refuse it, with various codes.
    if (!(fault instanceof MongoServerError) || isDatabaseAway(fault)) throw fault;
    return membersByName(await db.command({ hello: 1 }));
  }
}

/** What `replSetGetStatus` says, in our words. */
export function membersInDetail(status: Document): DatabaseStatus {
  const told = documents(status['members']);
  const primary = told.find((one) => one['stateStr'] === 'PRIMARY');
  const newest = timeOf(primary);
  const members = told.map((one): MemberStatus => {
    const role = roleOf(one['stateStr']);
    const time = timeOf(one);
    return {
      name: String(one['name']), role,
      healthy: one['health'] === 1 && role !== 'other',
      // The primary's answer can be older than a member's, by a heartbeat.
      lagMs: role === 'arbiter' || role === 'other' || time === null || newest === null ? null : Math.max(0, newest - time),
    };
  });
  return { replicaSet: String(status['set']), members: inOrder(members), isDetailed: true };
}

/** What `hello` says, in our words: names, and which is the primary. */
export function membersByName(hello: Document): DatabaseStatus {
  const arbiters = strings(hello['arbiters']);
  const members = [...strings(hello['hosts']), ...strings(hello['passives']), ...arbiters].map((name): MemberStatus => ({
    name, role: name === hello['primary'] ? 'primary' : arbiters.includes(name) ? 'arbiter' : 'secondary', healthy: null, lagMs: null,
  }));
  return { replicaSet: String(hello['setName']), members: inOrder(members), isDetailed: false };
}

/** For how long the primary may not be elected again, and how long it waits for another to catch up: shorter than a person's connection waits for an answer. */
const STEP_DOWN_SECONDS = { away: 60, catchUp: 4 } as const;
/** A step-down takes about 2 s; an election 12 s. */
const NEW_PRIMARY_PATIENCE_MS = 20_000;
const ASK_AGAIN_MS = 200;
const UNAUTHORIZED = 13;
const NOT_READY = { exceededTimeLimit: 262, electionInProgress: 216, noneElectable: 50 } as const;

/** Makes the primary hand over to another member, and waits for the new one. @throws Refused 'notAllowed', or the driver's fault */
export async function stepDown(deps: PoolStatusDeps, acting: Acting): Promise<StepDownOutcome> {
  await permit(deps, acting, 'pool.stepDown');
  const { db } = deps;
  const { members } = await readDatabaseStatus(db);
  const from = members.find((one) => one.role === 'primary')?.name ?? '';
  if (members.filter((one) => one.role === 'primary' || one.role === 'secondary').length < 2) {
    return { kind: 'refused', reason: 'oneMember', message: 'The database has one member: there is no other that could become primary.' };
  }
  try {
    await db.admin().command({ replSetStepDown: STEP_DOWN_SECONDS.away, secondaryCatchUpPeriodSecs: STEP_DOWN_SECONDS.catchUp });
  } catch (fault) {
    const refusal = stepDownRefusal(fault);
    if (refusal) return refusal;
    // Older servers close the connection that asked: that it was lost says that it was heard.
    if (!isDatabaseAway(fault)) throw fault;
  }
  return { kind: 'done', from, to: await primaryOtherThan(db, from) };
}

/** Null: the fault does not say that it was refused. */
export function stepDownRefusal(fault: unknown): StepDownOutcome & { kind: 'refused' } | null {
  if (!(fault instanceof MongoServerError)) return null;
  const code = Number(fault.code);
  if (code === UNAUTHORIZED) {
    return { kind: 'refused', reason: 'notPermitted', message: 'The database user of MONGODB_URI may not step the primary down; that takes the role clusterManager.' };
  }
  if (Object.values<number>(NOT_READY).includes(code)) {
    return { kind: 'refused', reason: 'notReady', message: `No other member is ready to become primary: ${fault.message}` };
  }
  return isDatabaseAway(fault) ? null : { kind: 'refused', reason: 'failed', message: `The database refused: ${fault.message}` };
}

async function primaryOtherThan(db: Db, former: string): Promise<string | null> {
  for (const until = Date.now() + NEW_PRIMARY_PATIENCE_MS; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))) {
    const { primary } = await db.command({ hello: 1 }, { readPreference: 'primaryPreferred' }).catch((): Document => ({})) as { primary?: unknown };
    if (typeof primary === 'string' && primary !== former) return primary;
  }
  return null;
}

async function permit({ db, pool }: PoolStatusDeps, acting: Acting, action: Action): Promise<void> {
  if (may(await readRoles(db, pool, acting), action, { kind: 'pool' }) !== 'allowed') throw refuse('notAllowed', 'You may not do this.');
}

function roleOf(state: unknown): MemberStatus['role'] {
  return state === 'PRIMARY' ? 'primary' : state === 'SECONDARY' ? 'secondary' : state === 'ARBITER' ? 'arbiter' : 'other';
}

function timeOf(member: Document | undefined): number | null {
  const time: unknown = member?.['optimeDate'];
  return time instanceof Date ? time.getTime() : null;
}

function inOrder(members: readonly MemberStatus[]): readonly MemberStatus[] {
  return [...members].sort((a, b) => Number(b.role === 'primary') - Number(a.role === 'primary') || (a.name < b.name ? -1 : 1));
}

const documents = (value: unknown): readonly Document[] => (Array.isArray(value) ? value as Document[] : []);
const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
