// A verb on the whole configuration of a pool: prepared and checked in memory by the same rules as every edit, then taken into force at once.
import { randomUUID } from 'node:crypto';
import { type Db, type MongoClient } from 'mongodb';
import { type Acting, type Roles } from '../access';
import { checkIntegrity } from '../administration/integrity';
import { LogReader } from '../administration/log-reader';
import { Refused, refuse, type Fault } from '../administration/results';
import { readRoles } from '../administration/roles';
import { whereServed } from '../administration/serving';
import { readConfiguration } from '../changes';
import { type Actor } from '../model/change';
import { type Configuration } from '../model/configuration';
import { audioNamedIn } from '../mirror/audio-named';
import { type Logger } from '../process/log';
import { collectionOf } from '../schema';
import { type StoredChange, type Subject } from '../stored';
import { Hold, type PartSizes } from './in-force';
import { nameOfObject } from './plan';
import { WholeDraft } from './whole-draft';

export interface WholeDeps {
  readonly client: MongoClient;
  readonly db: Db;
  readonly pool: string;
  readonly sipDomain: string;
  readonly log: Logger;
  readonly now?: () => Date;
  /** For tests: how much goes into one part. */
  readonly sizes?: PartSizes;
}

export interface WholeContext { readonly draft: WholeDraft; readonly configuration: Configuration; readonly log: LogReader; readonly roles: Roles; readonly now: Date; readonly sipDomain: string }
export interface Prepared {
  readonly subject: Subject;
  /** Kept in the log, as what the request answered. */
  readonly value: unknown;
  readonly undoes?: string;
  /** What must be there before anything refers to it. */
  readonly bring?: () => Promise<void>;
}
export interface WholeRequest { readonly acting: Acting; readonly verb: string; readonly requestId?: string; readonly token?: string }
/** `entryId` null: nothing differed, so nothing was written. `earlier`: this request was carried out before. */
export interface CarriedOut<P> { readonly prepared: P | null; readonly entryId: string | null; readonly sequence: number; readonly earlier: StoredChange | null }

/** How many faults of a large change are told. */
const TOLD = 20;

/** A draft that was prepared and checked on the configuration of that sequence. */
export interface Ready<P> { readonly sequence: number; readonly draft: WholeDraft; readonly prepared: P }

/**
 * `ready`: what was prepared before; it counts where nothing has changed since, and is prepared again where something has.
 * @throws Refused, PoolHeld, HoldLost, or the driver's fault; then nothing was changed, or what was begun is completed by the next who holds the pool
 */
export async function carryOutWhole<P extends Prepared>(deps: WholeDeps, request: WholeRequest, prepare: (context: WholeContext) => Promise<P>, ready?: Ready<P>): Promise<CarriedOut<P>> {
  const { client, db, pool, sipDomain, now = () => new Date() } = deps;
  const token = request.token ?? randomUUID();
  const hold = await Hold.take(deps);
  try {
    const log = new LogReader(db, pool);
    const site = await siteOf(client, db, pool);
    const earlier = request.requestId === undefined ? null : await log.ofRequest(request.requestId);
    if (earlier) return { prepared: null, entryId: earlier._id, sequence: earlier.sequence, earlier };
    const at = now();
    const prepareNow = async (): Promise<Ready<P>> => {
      const configuration = await readConfiguration(client, db, pool);
      const draft = new WholeDraft(db, configuration);
      const roles = await readRoles(db, pool, request.acting);
      const prepared = await prepare({ draft, configuration, log, roles, now: at, sipDomain });
      await checkWhole({ draft, roles, sipDomain, now: at });
      return { sequence: configuration.sequence, draft, prepared };
    };
    const isReady = ready !== undefined && ((await collectionOf(db, 'counters').findOne({ _id: pool }))?.sequence ?? 0) === ready.sequence;
    const { sequence, draft, prepared } = isReady ? ready : await prepareNow();
    const changes = draft.changes();
    if (changes.length === 0) return { prepared, entryId: null, sequence, earlier: null };
    await prepared.bring?.();
    const { subject, value, undoes = null } = prepared;
    const head = await hold.carryOut({ at, actor: actorOf(request.acting), verb: request.verb, undoes, requestId: request.requestId ?? `own-${token}`, subject, value, token }, changes, site);
    deps.log.info({ verb: request.verb, entryId: head.entryId, changes: changes.length }, 'the configuration was changed as a whole');
    return { prepared, ...head, earlier: null };
  } finally {
    // Where this does not come through, its time ends by itself; what went wrong before is what is told.
    await hold.release().catch(() => undefined);
  }
}

/** The pool that serves this one. @throws Refused 'conflict' where it is not changed in this database now */
export const siteOf = (client: MongoClient, db: Db, pool: string): Promise<string> => client.withSession((session) => whereServed(db, session, pool));

/** All rules of every edit that the engine does not keep by itself. @throws Refused, saying of the first faults whose they are */
export async function checkWhole(given: { readonly draft: WholeDraft; readonly roles: Roles; readonly sipDomain: string; readonly now: Date }): Promise<void> {
  const { draft } = given;
  const checking = { ...given, whole: true };
  const changes = draft.changes();
  // One question for all sounds, instead of one for each object.
  await draft.keptAudio(changes.flatMap(({ after }) => (after === null ? [] : audioNamedIn(after).map((one) => one.audioId))));
  try {
    await checkIntegrity(checking);
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    const told: Fault[] = [];
    for (const change of changes) {
      const found = await draft.withOnly(change, () => checkIntegrity(checking)).then(() => [], (one: unknown) => { if (one instanceof Refused) return one.refusal.faults; throw one; });
      const whose = nameOfObject(change.after ?? change.before ?? {});
      told.push(...found.map((one) => ({ ...one, field: `${change.kind} "${whose}": ${one.field}` })));
      if (told.length >= TOLD) break;
    }
    const faults = told.length > 0 ? told.slice(0, TOLD) : fault.refusal.faults.slice(0, TOLD);
    throw refuse(fault.refusal.code === 'invalid' ? 'invalid' : 'conflict', `The objects do not fit together. ${faults.map(({ field, value, message }) => `${field}${typeof value === 'string' ? ` (${value})` : ''} ${message}.`).join(' ')}`, faults);
  }
}

function actorOf(acting: Acting): Actor {
  return acting.kind === 'person' ? { kind: 'person', personId: acting.personId.toLowerCase(), name: acting.name } : { kind: acting.kind, name: acting.name };
}
