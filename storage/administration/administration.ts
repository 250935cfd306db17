// The way in for everybody: verbs that change, queries that show, the actor first.
import { randomUUID } from 'node:crypto';
import { MongoError, MongoErrorLabel, type ClientSession, type Db, type MongoClient } from 'mongodb';
import { type z } from 'zod';
import { may, type Acting } from '../access';
import { storeAudio } from '../audio';
import { openChange, PoolHeld, writeChange } from '../changes';
import { type Actor } from '../model/change';
import { type InstructionOutcome, type InstructionRequest } from '../model/instruction';
import { type MirrorStatus } from '../model/mirror';
import { type PoolStatus, type StepDownOutcome } from '../model/pool-status';
import { type Serving } from '../model/serving';
import { audioFile, type AudioFile } from '../model/prompt';
import { type Logger } from '../process/log';
import { inTransaction, isDatabaseAway } from '../transaction';
import { failBack, previewFailback, type FailbackOptions, type FailbackPreview } from '../transfer/failback';
import { HoldLost, settle } from '../transfer/in-force';
import { takeBackWhole } from '../transfer/take-back';
import { ask } from './asking';
import { lookAtAudio } from './audio-file';
import { type Changed, type Context, type Row } from './context';
import { Draft } from './draft';
import { failOver, previewFailover, type FailoverPreview, type Site } from './failover';
import { faultsOf, sentence } from './faults';
import { checkIntegrity } from './integrity';
import { checkPermitted } from './permitted';
import { whereServed } from './serving';
import { LogReader } from './log-reader';
import { readMyCalls, type MyCalls } from './my-calls';
import { mirrors, takeAnew } from './pairing';
import { ObjectQueries, type ObjectOptions } from './object-queries';
import { refuseOvertaken, rememberWish } from './overtaken';
import { poolStatus, stepDown } from './pool-status';
import { Queries, type AgentOptions } from './queries';
import { Readings } from './readings';
import { faultOf, Refused, refuse, type Answer, type Done, type Kept, type Refusal, type Result } from './results';
import { readRoles, rolesIn } from './roles';
import { TABLE } from './table';
import { TooLarge } from './undo';
import { type Verb, type VerbInput, type VerbParsed, type VerbValues } from './verbs';
import { type AgentName, type AgentView, type ChangeView, type GroupName, type GroupSummary, type GroupView, type HistoryEntry, type HistoryOptions, type InForce, type LiveView, type MyAgent, type ObjectNames, type ObjectView, type SettingsView, type ShownKind, type WhoAmI, type WorkflowView } from './views';

export interface AdministrationDeps {
  readonly client: MongoClient;
  readonly db: Db;
  readonly pool: string;
  /** The one SIP domain, which is also the digest realm. */
  readonly sipDomain: string;
  readonly log: Logger;
  readonly now?: () => Date;
}

/** A person waits: after this long, what could not be carried out is told as unavailable. */
const PATIENCE_MS = 5_000;
const UNAVAILABLE = 'The database does not answer. Nothing is known to be saved; try again in a moment.';
const NOT_FOUND = 'There is no such thing here.';
const NOT_ALLOWED = 'You may not do this.';

/** Ends a transaction that has nothing to write. */
class NothingToDo extends Error {
  constructor(readonly done: Done) {
    super('nothing to do');
  }
}
/** Ends a transaction whose request was carried out before. */
class CarriedOutBefore extends Error {
  constructor(readonly earlier: Done, readonly isOurs: boolean) {
    super('carried out before');
  }
}

interface Request<V extends Verb> { readonly acting: Acting; readonly verb: V; readonly input: VerbParsed<V>; readonly requestId: string; readonly token: string; readonly pressedAt: Date | null }

export class Administration {
  private readonly readings: Readings;
  private readonly queries: Queries;
  private readonly objectQueries: ObjectQueries;
  private last: Promise<unknown> = Promise.resolve();
  private settling: Promise<void> | null = null;

  constructor(private readonly deps: AdministrationDeps) {
    this.readings = new Readings(deps);
    this.queries = new Queries({ ...deps, readings: this.readings });
    this.objectQueries = new ObjectQueries({ ...deps, readings: this.readings });
  }

  /** For a process that many people ask for long: from now on queries read the configuration from memory. Resolves when it is there, or cannot be; until then they read the database. Never rejects. */
  follow(): Promise<void> {
    return this.readings.follow();
  }

  /**
   * Carries out one verb in one transaction. Refusals are values; only a defect rejects.
   * `requestId`: a form's one-time id; a second press answers `alreadyDone` with what the first one answered.
   * `pressedAt`: of a duty, when it was wanted, where that could not be carried out at once: it is a conflict where something later was wanted or done about it.
   */
  async perform<V extends Verb>(acting: Acting, verb: V, input: VerbInput<V>, options: { readonly requestId?: string; readonly pressedAt?: Date } = {}): Promise<Result<V>> {
    if (!Object.hasOwn(TABLE, verb)) return { ok: false, code: 'invalid', message: `There is no verb ${String(verb)}.`, faults: [{ field: 'verb', value: verb, message: 'is not a verb' }] };
    const parsed = (TABLE[verb].schema as z.ZodType<VerbParsed<V>>).safeParse(input);
    if (!parsed.success) {
      const faults = faultsOf(parsed.error, input);
      return { ok: false, code: 'invalid', message: sentence(faults), faults };
    }
    const token = randomUUID();
    const request: Request<V> = { acting, verb, input: parsed.data, requestId: options.requestId ?? `own-${token}`, token, pressedAt: options.pressedAt ?? null };
    const deadline = Date.now() + PATIENCE_MS;
    // All transactions of a pool wait for one another anyway; waiting here spares them write conflicts with our own.
    const turn = this.last.then(() => this.carryOut(request, deadline));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async carryOut<V extends Verb>(request: Request<V>, deadline: number): Promise<Result<V>> {
    let written: Done<V> | null = null;
    try {
      if (Date.now() >= deadline) return unavailable();
      if (isAboutDuty(request)) await this.readings.now();
      if (request.pressedAt !== null) await rememberWish(this.deps, request.acting, request.pressedAt);
      const done = await inTransaction(this.deps.client, async (session) => (written = await this.attempt(request, session)), deadline);
      this.deps.log.info({ verb: request.verb, entryId: done.entryId, by: request.acting.kind }, 'configuration changed');
      return done;
    } catch (fault) {
      if (fault instanceof NothingToDo) {
        // What was kept from before must not be done after this; that it may be forgotten in a moment of trouble harms less than to fail.
        if (isOwnDuty(request)) await rememberWish(this.deps, request.acting, request.pressedAt ?? new Date()).catch(() => undefined);
        return fault.done as Done<V>;
      }
      if (fault instanceof CarriedOutBefore) {
        if (fault.isOurs) return written ?? fault.earlier as Done<V>;
        return { ok: false, code: 'alreadyDone', message: 'This was done already.', faults: [], earlier: fault.earlier as Done<V> };
      }
      if (fault instanceof Refused) return fault.refusal;
      if (fault instanceof TooLarge) return takeBackWhole(this.deps, request, fault.entryId) as Promise<Result<V>>;
      if (fault instanceof PoolHeld) {
        // Whoever holds the pool may be dead; this completes what it had begun, or finds that it lives.
        this.settling ??= settle(this.deps).catch(() => undefined).finally(() => { this.settling = null; });
        return { ok: false, code: 'unavailable', message: fault.message, faults: [] };
      }
      if (isDatabaseAway(fault) || (fault instanceof MongoError && fault.hasErrorLabel(MongoErrorLabel.TransientTransactionError))) {
        this.deps.log.warn({ verb: request.verb, fault: (fault as Error).message }, 'the database did not carry out a verb in time');
        return unavailable();
      }
      throw fault;
    }
  }

  /** One run of the transaction's body. */
  private async attempt<V extends Verb>({ acting, verb, input, requestId, token, pressedAt }: Request<V>, session: ClientSession): Promise<Done<V>> {
    const { db, pool, sipDomain, now = () => new Date() } = this.deps;
    const inSession = { session };
    const { sequence, before: counted } = await openChange(db, session, pool, token);
    const site = await whereServed(db, session, pool);
    const log = new LogReader(db, pool, inSession);
    const actor = actorOf(acting);
    const before = await log.ofRequest(requestId);
    if (before) {
      // A one-time id belongs to whoever used it first, and to what they did with it.
      if (before.verb !== verb || !isSameActor(before.actor, actor)) throw refuse('conflict', 'This form was already used for something else.', [faultOf('id', requestId, 'formUsed')]);
      throw new CarriedOutBefore({ ok: true, value: before.value as VerbValues[V], entryId: before._id, sequence: before.sequence, warnings: [] }, before.token === token);
    }
    // Nobody else commits from here on, so that what memory has of the sequence before is what this transaction sees. Duty is what people change all day.
    const draft = new Draft(db, pool, inSession, isAboutDuty({ verb }) ? this.readings.at(counted) : null);
    const roles = await rolesIn(draft, acting);
    const context: Context = { acting, roles, draft, log, sipDomain, now: now(), newId: (kind) => `${kind}-${randomUUID()}` };
    const row = TABLE[verb] as unknown as Row<V>;
    const verdict = await row.right(context, input);
    if (verdict === 'unseen') throw refuse('notFound', NOT_FOUND);
    if (verdict === 'notAllowed') throw refuse('notAllowed', NOT_ALLOWED);
    if (pressedAt !== null) await refuseOvertaken(this.deps, session, context, input, pressedAt);

    const { value, once, subject, warnings = [], undoes }: Changed<V> = await row.change(context, input);
    const changes = draft.changes();
    if (changes.length === 0) throw new NothingToDo({ ok: true, value, entryId: null, sequence: sequence - 1, warnings });
    await checkPermitted(draft, roles);
    await checkIntegrity(context);
    // What a partner writes while it serves the pool never has the name of an entry that the pool wrote meanwhile.
    const entryId = site === pool ? `${pool}:${sequence}` : `${pool}@${site}:${sequence}`;
    await writeChange(db, session, { _id: entryId, pool, origin: site, sequence, at: context.now, actor, verb, changes, undoes: undoes ?? null, requestId, subject, value, token, ...(pressedAt === null ? {} : { pressedAt }) });
    return { ok: true, value: { ...value, ...once }, entryId, sequence, warnings };
  }

  whoAmI(acting: Acting): Promise<Answer<WhoAmI>> {
    return this.answer(() => this.queries.whoAmI(acting));
  }

  /** The groups this actor may see, by name; the first so many of them. */
  groups(acting: Acting, options: { readonly first?: number } = {}): Promise<Answer<readonly GroupSummary[]>> {
    return this.answer(() => this.queries.groups(acting, options));
  }

  /** What the groups that this actor may see are called, by name: quick also where there are very many. */
  groupNames(acting: Acting): Promise<Answer<readonly GroupName[]>> {
    return this.answer(() => this.queries.groupNames(acting));
  }

  /** The same of agents. */
  agentNames(acting: Acting): Promise<Answer<readonly AgentName[]>> {
    return this.answer(() => this.queries.agentNames(acting));
  }

  /** The same of what a form may name. */
  objectNames(acting: Acting): Promise<Answer<ObjectNames>> {
    return this.answer(() => this.objectQueries.objectNames(acting));
  }

  group(acting: Acting, workflowId: string): Promise<Answer<GroupView>> {
    return this.answer(() => this.queries.group(acting, workflowId));
  }

  live(acting: Acting, workflowId: string): Promise<Answer<LiveView>> {
    return this.answer(() => this.queries.live(acting, workflowId));
  }

  /** The agents this actor may see, by name; of these ids only, where any are named, or only those whom one group rings. */
  agents(acting: Acting, options: AgentOptions = {}): Promise<Answer<readonly AgentView[]>> {
    return this.answer(() => this.queries.agents(acting, options));
  }

  /** The actor's own phone and duty. Not found: the actor is not an agent. */
  myAgent(acting: Acting): Promise<Answer<MyAgent>> {
    return this.answer(() => this.queries.myAgent(acting));
  }

  /** Calls for which the actor's own phone rang, of those that arrived since then and are over. Not found: the actor is not an agent. */
  myCalls(acting: Acting, since: Date, shown: number): Promise<Answer<MyCalls>> {
    return this.answer(async () => {
      const { db, pool } = this.deps;
      const { agentId } = await this.readings.roles(acting);
      if (agentId === null) throw refuse('notFound', NOT_FOUND);
      return readMyCalls({ db, pool, draft: this.readings.draft() }, agentId, since, shown);
    });
  }

  /** The last entries this actor may see, newest first; only those that `options` ask for. */
  history(acting: Acting, options: HistoryOptions = {}): Promise<Answer<readonly HistoryEntry[]>> {
    return this.answer(() => this.queries.history(acting, options));
  }

  /** One entry that this actor may see, and whether they may take it back now. */
  change(acting: Acting, entryId: string): Promise<Answer<ChangeView>> {
    return this.answer(() => this.queries.change(acting, entryId));
  }

  /** Administrators only. */
  settings(acting: Acting): Promise<Answer<SettingsView>> {
    return this.answer(() => this.queries.settings(acting));
  }

  /** Waits until what was saved at `sequence` is what callers meet, at most `waitMs`; answers how it stands then. */
  inForce(sequence: number, waitMs: number): Promise<Answer<InForce>> {
    return this.answer(() => this.queries.inForce(sequence, waitMs));
  }

  /** Objects of a kind that this actor may see, by name; trunks for administrators only, and without their passwords. */
  objects<K extends ShownKind>(acting: Acting, kind: K, options: ObjectOptions = {}): Promise<Answer<readonly ObjectView<K>[]>> {
    return this.answer(() => this.objectQueries.objects(acting, kind, options));
  }

  /** Everything about one workflow, for whoever may change it. */
  workflow(acting: Acting, workflowId: string): Promise<Answer<WorkflowView>> {
    return this.answer(() => this.objectQueries.workflow(acting, workflowId));
  }

  /**
   * Asks the engine, after checking the right: `ringPhone` and `pickCaller` for one's own agent, `renderPrompt` for administrators and managers,
   * `moveCaller` and `setPriority` for administrators and the managers of the caller's group, `drain` for administrators. Waits 10 s for an engine to begin.
   */
  ask(acting: Acting, request: InstructionRequest): Promise<Answer<InstructionOutcome>> {
    return this.answer(() => ask(this.deps, acting, request));
  }

  /** What stands behind the pool: members of the database, engines, edges, backlog, the last takeover. Administrators only. */
  status(acting: Acting): Promise<Answer<PoolStatus>> {
    return this.answer(() => poolStatus(this.deps, acting));
  }

  /** Makes the database's primary hand over to another member and waits up to 20 s for the new one. Administrators only. */
  stepDown(acting: Acting): Promise<Answer<StepDownOutcome>> {
    return this.answer(() => stepDown(this.deps, acting));
  }

  /** Every pool that is mirrored into this database, and how far. Administrators only. */
  mirrors(acting: Acting): Promise<Answer<readonly MirrorStatus[]>> {
    return this.answer(() => mirrors(this.deps, acting));
  }

  /** Has a mirrored pool that has forgotten its past copied as it is now. Administrators only. Not found: no such pool is mirrored here. */
  takeAnew(acting: Acting, pool: string): Promise<Answer<void>> {
    return this.answer(() => takeAnew(this.deps, acting, pool));
  }

  /** What a person looks at before the partner's groups are served here. Administrators only. Not found: no such pool is mirrored here. */
  previewFailover(acting: Acting, owner: string): Promise<Answer<FailoverPreview>> {
    return this.answer(() => previewFailover(this.deps, acting, owner));
  }

  /** Has the groups of a mirrored pool served here from now on. Administrators only. Not found: no such pool is mirrored here. */
  failOver(acting: Acting, owner: string): Promise<Answer<Serving>> {
    return this.answer(() => failOver(this.deps, acting, owner));
  }

  /** What would come of having this pool's groups served here again, merged with what was changed at the partner. Administrators only. */
  previewFailback(acting: Acting, partner: Site, options: FailbackOptions = {}): Promise<Answer<FailbackPreview> | Refusal> {
    return this.refusable(() => previewFailback(this.deps, partner, acting, options));
  }

  /** Has this pool's groups served here again. Refused with what is to be decided where both sides changed something differently. Administrators only. */
  failBack(acting: Acting, partner: Site, options: FailbackOptions = {}): Promise<Answer<Serving> | Refusal> {
    return this.refusable(() => failBack(this.deps, partner, acting, options));
  }

  /** Looks at a WAV file and keeps it, for administrators and managers; what is answered goes into a prompt or is music. Keeping it again is harmless. */
  async keepAudio(acting: Acting, fileName: string, bytes: Buffer): Promise<Kept> {
    const looked = lookAtAudio(bytes);
    const named = audioFile.shape.fileName.safeParse(fileName);
    const faults = [
      ...named.success ? [] : faultsOf(named.error, fileName).map((fault) => ({ ...fault, field: 'fileName' })),
      ...looked.ok ? [] : [faultOf(looked.field, looked.value, looked.rule.code, looked.rule.params)],
    ];
    const { db, pool } = this.deps;
    const kept = await this.answer(async () => {
      if (may(await readRoles(db, pool, acting), 'audio.keep', { kind: 'pool' }) !== 'allowed') throw refuse('notAllowed', NOT_ALLOWED);
      if (!looked.ok || !named.success) return null;
      return { audioId: await storeAudio(db, bytes), fileName: named.data, durationMs: looked.durationMs } satisfies AudioFile;
    });
    if (!kept.ok) return { ok: false, code: kept.code === 'unavailable' ? 'unavailable' : 'notAllowed', message: kept.message, faults: [] };
    return kept.value === null ? { ok: false, code: 'invalid', message: sentence(faults), faults } : { ok: true, value: kept.value };
  }

  private async refusable<T>(act: () => Promise<T>): Promise<Answer<T> | Refusal> {
    try {
      return await this.answer(act);
    } catch (fault) {
      if (fault instanceof Refused) return fault.refusal;
      if (fault instanceof PoolHeld || fault instanceof HoldLost) return { ok: false, code: 'unavailable', message: fault.message, faults: [] };
      throw fault;
    }
  }

  private async answer<T>(query: () => Promise<T>): Promise<Answer<T>> {
    try {
      return { ok: true, value: await query() };
    } catch (fault) {
      if (fault instanceof Refused && (fault.refusal.code === 'notFound' || fault.refusal.code === 'notAllowed')) return { ok: false, code: fault.refusal.code, message: fault.message };
      if (isDatabaseAway(fault)) return { ok: false, code: 'unavailable', message: UNAVAILABLE };
      throw fault;
    }
  }
}

const isAboutDuty = ({ verb }: { readonly verb: Verb }): boolean => verb.startsWith('duty.');
const isOwnDuty = ({ verb, input }: { readonly verb: Verb; readonly input: object }): boolean => isAboutDuty({ verb }) && !('agentId' in input && input.agentId !== undefined);

function unavailable(): Refusal & { readonly code: 'unavailable' } {
  return { ok: false, code: 'unavailable', message: UNAVAILABLE, faults: [] };
}

function actorOf(acting: Acting): Actor {
  return acting.kind === 'person' ? { kind: 'person', personId: acting.personId.toLowerCase(), name: acting.name } : { kind: acting.kind, name: acting.name };
}

function isSameActor(one: Actor, other: Actor): boolean {
  return one.kind === 'person' ? other.kind === 'person' && one.personId === other.personId : one.kind === other.kind;
}
