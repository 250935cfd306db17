// The engine, put together: core, calls, SIP, media and what is written behind them. Who gives it real ones is main.ts; tests give others.
import { randomBytes } from 'node:crypto';
import { type Agent } from '../storage/model/agent';
import { type ConfigurationUpdate } from '../storage/model/configuration';
import { type Instruction, type InstructionOutcome } from '../storage/model/instruction';
import { type PhoneBinding } from '../storage/model/live';
import { type CallRecord } from '../storage/model/record';
import { type BacklogReport, type EdgeReport, type EngineRole, type TakeoverReport } from '../storage/model/engine-report';
import { type Journal, type JournalEntry, LeaseLost } from '../storage/journal';
import { type Logger } from '../storage/process/log';
import { Carrier } from './calls/carrier';
import { Loop } from './calls/loop';
import { type MediaPort, type SoundPort, type Timers } from './calls/ports';
import { PromptsAhead } from './calls/prompts';
import { BindingWriter, type BindingStore } from './continuity/binding-writer';
import { type TakeoverReason } from './continuity/candidate';
import { bodyOf, heardOf } from './continuity/documents';
import { FreezeWatch } from './continuity/freeze-watch';
import { EdgeContact } from './continuity/edge-contact';
import { type EdgeInventory, type Inventory } from './continuity/inventory';
import { JournalWriter } from './continuity/journal-writer';
import { LiveWriter, type LiveStore } from './continuity/live-writer';
import { PauseWriter, type PauseStore } from './continuity/pause-writer';
import { closeLeftovers } from './continuity/reconcile';
import { type SpillFile } from './continuity/spill-file';
import { takeUp, type TakenUp } from './continuity/takeover';
import { groupOfAgent, withUnwrittenLegs } from './continuity/unwritten-legs';
import { isAbsent } from './core/call';
import { agentJournal, journalAgent, journalCall, restoreAgent, restoreCall } from './core/journal';
import { createState, step } from './core/step';
import { destinationOfUser } from './core/targets';
import { type CoreEvent, type Now, type StepResult } from './core/types';
import { liveGroup } from './core/view';
import { type Algorithm, DigestGate } from './sip/digest';
import { ArrivalReader } from './sip/arrivals';
import { LinkFault, type LinkOptions, type Outcome, type Outgoing } from './sip/link';
import { callerNetworks } from './sip/caller-networks';
import { Registrar } from './sip/registrar';
import { Switchboard } from './sip/switchboard';
import { Trunks } from './sip/trunks';
import { tuneOf } from './tune';

export interface EngineStorage {
  readonly live: LiveStore;
  readonly bindings: BindingStore;
  readonly pauses: PauseStore;
  /** Keeps what a person asked to hear; resolves to its id. */
  keepAudio(file: string): Promise<string>;
}

export interface EngineDeps {
  readonly pool: string;
  readonly domain: string;
  /** What registering phones are offered, the preferred first. */
  readonly digestAlgorithms: readonly Algorithm[];
  readonly edge: Omit<LinkOptions, 'tags'>;
  readonly inventory: EdgeInventory;
  readonly media: MediaPort;
  readonly sounds: SoundPort;
  readonly storage: EngineStorage;
  readonly timers: Timers;
  readonly log: Logger;
  /** The pool that serves the groups that `owner` owns now. */
  servedBy?(owner: string): string;
  /** `host` or `host:port` of the partner's SIP, where its phones and callers are sent who call a group that the partner serves. */
  readonly partnerSip?: string;
  civil(): Date;
  /** The primary's clock: what is due in the journal is due by it. */
  databaseNow(): Date;
  /** A newer engine has taken over: this one has let go of its calls and must end. */
  fenced(fault: LeaseLost): void;
  /** `report` says something that people wait to see. */
  reported(): void;
  /** Somebody asked that this engine give its place to one that stands by. */
  drain(instructionId: string): void;
  /** The edge has been out of reach for a while; said again for as long as it is. */
  cutOff(): void;
}

/** What an engine begins with, once the lease is its own. */
export interface Beginning {
  readonly journal: Pick<Journal, 'pool' | 'epoch' | 'write'>;
  readonly file: Pick<SpillFile, 'append' | 'records' | 'clear' | 'close'>;
  readonly reason: TakeoverReason;
  /** Monotonic time at which it was decided to take over. */
  readonly decidedAtMs: number;
  readonly bindings: readonly PhoneBinding[];
  /** What an earlier engine's journal keeps: calls it left, and what it remembered of agents. */
  readonly calls: readonly JournalEntry[];
  readonly agents: readonly JournalEntry[];
}

/** What there is only once the lease is ours. */
interface Active {
  readonly epoch: number;
  readonly journal: JournalWriter;
  readonly live: LiveWriter;
}

const MS = { endCalls: 5_000, journal: 3_000, confirmLease: 1_000, carrying: 500 } as const;

/** Stands by from the first, warm: the configuration is followed and prompts are rendered, but there is no call. `begin` makes it the active one. */
export class Engine {
  private readonly state;
  private readonly loop: Loop;
  private readonly carrier: Carrier;
  private readonly switchboard: Switchboard;
  private readonly registrar: Registrar;
  private active: Active | null = null;
  private lease: Beginning['journal'] | null = null;
  private readonly bindings: BindingWriter;
  private readonly pauses: PauseWriter;
  private readonly trunks: Trunks;
  private readonly prompts: PromptsAhead;
  private readonly freezes: FreezeWatch;
  /** The call each instruction under way is about. */
  private readonly subjects = new Map<string, string>();
  private readonly agentsBySipUser = new Map<string, string>();
  private readonly startedAt: Date;
  private roleSince: Date;
  private leftovers: readonly JournalEntry[] = [];
  /** Taken up, and told to the core when the edge is there. */
  private takenUp: TakenUp | null = null;
  private takeover: TakeoverReport | null = null;
  /** Whether the edge has been there: all phones are told of then. */
  private mayRing = false;
  /** While it hands over: each call as it was before the connection was let go of. */
  private left: ReadonlyMap<string, Readonly<Record<string, unknown>> | null> = new Map();
  private readonly edge: EdgeContact;
  private unwatch: (() => void) | null = null;
  private stopping = false;
  private whenEmpty: (() => void) | null = null;

  constructor(private readonly deps: EngineDeps) {
    const { log, timers, storage, media, sounds, pool } = deps;
    this.startedAt = deps.civil();
    this.roleSince = this.startedAt;
    this.state = createState(pool, { domain: deps.domain });
    this.bindings = new BindingWriter(storage.bindings, deps);
    this.pauses = new PauseWriter(storage.pauses, { timers, log, dutyWritten: (agentId, requestId) => { this.loop.post({ type: 'dutyWritten', agentId, requestId }); } });
    this.prompts = new PromptsAhead(sounds, log);
    this.carrier = new Carrier({
      media, sounds, timers, log,
      post: (event) => { this.loop.post(event); },
      record: (record) => { this.recorded(record); },
      settled: (instructionId, outcome) => {
        this.settle(instructionId, outcome);
      },
      pauseAgent: (agentId, unanswered) => {
        log.info({ agentId, unanswered }, 'an agent is paused for unanswered offers');
        this.pauses.pause(agentId);
      },
      setDuty: (dialled) => {
        log.info({ agentId: dialled.agentId, onDuty: dialled.onDuty }, 'a duty that an agent has dialled is to be written');
        this.pauses.setDuty(dialled);
      },
      tuneOf: (callId) => tuneOf(this.state, callId),
      changed: (callId) => { this.active?.journal.touch([callId], []); },
    });
    this.loop = new Loop({
      step: (event, now) => step(this.state, event, now),
      timers,
      civil: () => deps.civil(),
      before: () => { this.freezes.check(); },
      carry: (effect) => { this.carrier.carry(effect); },
      touched: (result) => { this.touched(result); },
      failed: (fault, during) => { log.error({ fault: fault instanceof Error ? fault.stack : String(fault), during: during.type }, 'a step failed in an unforeseen way'); },
    });
    this.freezes = new FreezeWatch({ timers, frozen: (ms) => { this.frozen(ms); } });
    const randomHex = (): string => randomBytes(8).toString('hex');
    const gate = new DigestGate(deps.domain, { nonceKey: randomBytes(32), nowMs: () => timers.nowMs(), randomHex, offered: deps.digestAlgorithms });
    const agentOf = (sipUser: string): Agent | undefined => this.agentOf(sipUser);
    const registrar = (this.registrar = new Registrar({
      pool, timers, log, gate, agentOf,
      civil: () => deps.civil(),
      store: this.bindings,
      phoneChanged: (agentId, reachable) => { if (this.mayRing) this.loop.post({ type: 'phoneChanged', agentId, reachable }); },
    }));
    const link = { send: (outgoing: Outgoing, outcome: Outcome): void => {
      if (!this.edge.send(outgoing, outcome)) outcome.failed(new LinkFault('down', 'this engine stands by'));
    } };
    const trunks = (this.trunks = new Trunks({ link, timers, log, randomHex, random: () => Math.random(), domain: deps.domain, registrar }));
    const arrivals = new ArrivalReader({ domain: deps.domain, gate, agentOf, trunks, isPhoneOf: (agentId, source) => registrar.bindings.isFrom(agentId, source), ownerOf: (source, contact) => this.state.configuration.objects.agents.get(registrar.bindings.ownerOf(source, contact) ?? '') });
    this.switchboard = new Switchboard(this.carrier, {
      link, registrar, routes: trunks, arrivals, timers, log, domain: deps.domain,
      elsewhere: { isServedElsewhere: (dialledUser) => this.isServedElsewhere(dialledUser), sip: deps.partnerSip ?? null },
    });
    this.carrier.use(this.switchboard);
    this.edge = new EdgeContact({
      edge: deps.edge, inventory: deps.inventory, switchboard: this.switchboard, registrar, trunks, timers, log,
      civil: () => deps.civil(),
      pause: () => this.loop.pause(),
      ownsAnchor: (anchorId) => this.carrier.owns(anchorId),
      releaseAnchor: (anchorId) => media.release(anchorId),
      happened: (events) => { this.closeLeftovers(events); },
      reported: () => { deps.reported(); },
      cutOff: () => { if (!this.stopping) deps.cutOff(); },
    });
  }

  /** Is the active engine from now on, and takes up what an earlier one left. The configuration must be in force. */
  begin({ journal, file, bindings, calls, agents: remembered, reason, decidedAtMs }: Beginning): void {
    const { timers, log, inventory } = this.deps;
    this.roleSince = this.deps.civil();
    this.active = {
      epoch: journal.epoch,
      journal: new JournalWriter({
        journal, file, timers, log,
        civil: () => this.deps.civil(),
        callBody: (callId) => this.callBody(callId),
        agentBody: (agentId) => {
          const agent = journalAgent(this.state, agentId, this.journalNow());
          return agent === null ? null : { ...agent };
        },
        leaseLost: (fault) => { this.replaced(fault); },
      }),
      live: this.liveWriter(journal),
    };
    this.lease = journal;
    this.freezes.start();
    const { agents } = this.state.configuration.objects;
    for (const { body } of remembered) {
      const parsed = agentJournal.safeParse(body);
      if (parsed.success && agents.has(parsed.data.agentId)) restoreAgent(this.state, parsed.data, this.journalNow());
    }
    this.registrar.restore(bindings.filter(({ _id }) => agents.has(_id)));
    this.active.live.start();
    this.active.live.touch(this.state.configuration.objects.workflows.keys());
    inventory.hold(journal.epoch);
    this.tellCallers();
    // One of a newer epoch may be told of here before the database can say so.
    this.unwatch = inventory.watch({ owner: (owner) => { if (owner !== null && owner.epoch > journal.epoch) this.replaced(new LeaseLost(journal.pool, journal.epoch)); } });
    this.edge.begin(journal.epoch, { exists: (read) => this.takeUp(calls, read), firstUp: () => { this.firstUp(reason, decidedAtMs); } });
  }

  /** The edge lets these in; everybody else has to register first. */
  private tellCallers(): void {
    this.deps.inventory.callers?.(() => {
      const { agents, trunks } = this.state.configuration.objects;
      return callerNetworks(trunks.values(), [...agents.keys()].flatMap((agentId) => [...this.registrar.bindings.phones(agentId)]));
    });
  }

  configurationChanged(update: ConfigurationUpdate): void {
    for (const change of update.changes) {
      if (change.kind === 'duties') this.pauses.dutyChanged((change.after ?? change.before)?.agentId ?? change.id, change.before, change.after);
      if (change.kind !== 'agents') continue;
      if (change.before !== null) this.agentsBySipUser.delete(change.before.sipUser);
      if (change.after !== null) this.agentsBySipUser.set(change.after.sipUser, change.id);
      if (change.after === null || (change.before !== null && change.before.digest?.sha256 !== change.after.digest?.sha256)) this.registrar.drop(change.id);
    }
    this.loop.post({ type: 'configurationChanged', update });
    if (update.changes.some(({ kind }) => kind === 'trunks')) {
      this.trunks.configure(this.state.configuration.objects.trunks.values());
      this.tellCallers();
    }
    this.prompts.prepare(this.state.configuration);
    this.active?.live.touch(update.changes.filter(({ kind }) => kind === 'workflows').map(({ id }) => id));
    this.active?.live.configurationChanged();
  }

  /** Carries out what a person asked for; its outcome is written behind. */
  instruct({ _id, request }: Pick<Instruction, '_id' | 'request'>): void {
    switch (request.kind) {
      case 'ringPhone':
        this.loop.post({ type: 'phoneTest', testId: _id, agentId: request.agentId });
        break;
      case 'pickCaller':
      case 'moveCaller':
      case 'setPriority':
        this.subjects.set(_id, request.callId);
        this.loop.post(eventOf(_id, request));
        break;
      case 'renderPrompt':
        this.deps.sounds.prompt({ text: request.text, audio: null }, request.language)
          .then(({ file }) => this.deps.storage.keepAudio(file))
          .then((audioId) => { this.settle(_id, { kind: 'done', audioId }); }, (fault: unknown) => {
            this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'a text could not be rendered for a person');
            this.settle(_id, { kind: 'refused', reason: 'cannotRender' });
          });
        break;
      case 'drain':
        this.deps.drain(_id);
        break;
    }
  }

  /** What came of an instruction; written with what it changed. */
  settle(instructionId: string, outcome: InstructionOutcome): void {
    this.active?.journal.settle(instructionId, outcome, this.subjects.get(instructionId) ?? null);
    this.subjects.delete(instructionId);
  }

  health(): { readonly ok: boolean; readonly [detail: string]: unknown } {
    const { active, stopping } = this;
    const inForce = this.inForce;
    if (active === null) return { ok: !stopping, role: 'standby', edge: this.deps.inventory.owner !== null, media: this.deps.media.healthy, inForce, stopping };
    return {
      ok: this.edge.isUp && this.deps.media.healthy && !stopping, role: 'active',
      edge: this.edge.isUp, media: this.deps.media.healthy, database: active.journal.healthy,
      epoch: active.epoch, inForce, calls: this.state.calls.size, stopping, backlog: active.journal.backlog.records,
      trunks: this.trunks.health, takeover: this.takeover,
    };
  }

  /** For people: what this engine is, and what it has seen. */
  report(): { readonly role: EngineRole; readonly since: Date; readonly epoch: number | null; readonly edges: readonly EdgeReport[]; readonly backlog: BacklogReport; readonly takeover: TakeoverReport | null } {
    const { active } = this;
    const edge = active === null ? { ...this.edge.report, connected: this.deps.inventory.owner !== null } : this.edge.report;
    return { role: active === null ? 'standby' : 'active', since: this.roleSince, epoch: active?.epoch ?? null, edges: [edge], backlog: active?.journal.backlog ?? { records: 0, oldest: null }, takeover: this.takeover };
  }

  /** Takes no new callers, ends every call with BYE and writes what came of it. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.switchboard.closeDoors();
    const calls = this.state.calls.size;
    this.switchboard.endAll();
    if (!this.isEmpty()) {
      await new Promise<void>((resolve) => {
        this.whenEmpty = resolve;
        this.deps.timers.after(MS.endCalls, resolve);
      });
    }
    await this.carrier.idle();
    if (calls > 0) this.deps.log.info({ calls, left: this.state.calls.size }, 'calls were ended to stop');
    await this.trunks.stop();
    this.letGo();
    await this.closeWriters();
  }

  /**
   * Lets go of every call without ending one, and writes all that is known, so that another engine goes on. `asked`: the instructions that asked
   * for it, read when the last is written. Resolves to whether the database has all of it.
   */
  async handOver(asked: readonly string[]): Promise<boolean> {
    this.stopping = true;
    this.trunks.abandon();
    // What is heard from here on is written and not decided on.
    this.loop.pause();
    await Promise.race([this.carrier.idle(), new Promise<void>((resolve) => { this.deps.timers.after(MS.carrying, resolve); })]);
    // What fails because we let go is no news: a phone that rings here may be answered for the next.
    this.left = new Map([...this.state.calls.keys()].map((callId) => [callId, this.callBody(callId)]));
    // From here on the edge keeps what happens for whoever comes next.
    this.letGo();
    this.active?.journal.touch(this.state.calls.keys(), this.state.agents.keys());
    for (const instructionId of asked) this.settle(instructionId, { kind: 'done' });
    return this.closeWriters();
  }

  /** Lets go of everything at once: no BYE, no record. What it held is for the next engine to find. */
  abandon(): void {
    this.stopping = true;
    this.trunks.abandon();
    this.letGo();
    this.active?.journal.stop();
    void this.active?.live.close();
    void this.bindings.close();
    void this.pauses.close();
  }

  /** Whoever is to be called back stays in the journal for the next engine, which rings again where this one does not come to it. */
  private isEmpty(): boolean { return this.switchboard.size === 0 && [...this.state.calls.values()].every(({ phase }) => isAbsent(phase)); }

  private letGo(): void {
    // What ends with the connection is no news: the state stays as it is to be found.
    this.loop.pause();
    this.freezes.stop();
    this.unwatch?.();
    this.loop.stop();
    this.edge.stop();
    this.deps.inventory.close();
  }

  private async closeWriters(): Promise<boolean> {
    const [written] = await Promise.all([this.active?.journal.close(MS.journal) ?? true, this.active?.live.close(), this.bindings.close(), this.pauses.close()]);
    return written;
  }

  private replaced(fault: LeaseLost): void {
    if (this.stopping) return;
    this.abandon();
    this.deps.fenced(fault);
  }

  /** Whoever was stopped for a while may have been replaced: nothing is decided before the lease says no, or cannot be asked. */
  private frozen(ms: number): void {
    const { lease } = this;
    if (lease === null || this.stopping) return;
    this.deps.log.warn({ ms: Math.round(ms) }, 'this process stood still; it asks first whether another engine has taken over');
    const resume = this.loop.pause();
    const goOn = (): void => { if (!this.stopping) resume(); };
    const cancel = this.deps.timers.after(MS.confirmLease, goOn);
    lease.write({}).catch((fault: unknown) => { if (fault instanceof LeaseLost) this.replaced(fault); }).finally(() => {
      cancel();
      goOn();
    });
  }

  /** Of the pool's own log. */
  private get inForce(): number { return this.state.configuration.inForce ?? this.state.configuration.sequence; }

  /** Whether a group is called that another pool serves now. */
  private isServedElsewhere(dialledUser: string): boolean {
    const destination = destinationOfUser(this.state, dialledUser);
    const owner = destination.kind === 'group' ? destination.workflow.pool : null;
    return owner !== null && (this.deps.servedBy?.(owner) ?? this.deps.pool) !== this.deps.pool;
  }

  private now(): Now { return { monotonicMs: this.deps.timers.nowMs(), civil: this.deps.civil() }; }

  private journalNow(): Now { return { monotonicMs: this.deps.timers.nowMs(), civil: this.deps.databaseNow() }; }

  private callBody(callId: string): Readonly<Record<string, unknown>> | null {
    const left = this.left.get(callId);
    if (left !== undefined) return left;
    const now = this.journalNow();
    const call = journalCall(this.state, callId, now);
    if (call === null) return null;
    const parts = { sip: this.switchboard.keep(callId, call.legs.map(({ offerId }) => offerId), now), room: this.carrier.keep(callId), media: this.deps.media.keep(callId, now.civil), ...heardOf(this.loop.waitingFor(callId)) };
    return bodyOf(call, (id) => this.switchboard.dialogOf(id), parts);
  }

  private liveWriter({ pool, epoch }: Beginning['journal']): LiveWriter {
    return new LiveWriter({
      store: this.deps.storage.live, timers: this.deps.timers, log: this.deps.log, pool, epoch, startedAt: this.startedAt,
      groupNow: (workflowId) => this.state.configuration.objects.workflows.has(workflowId) ? liveGroup(this.state, workflowId, this.now()) : null,
      inForce: () => this.inForce,
    });
  }

  // ── The edge ──

  /** What the engine before left is known from here on; the core is told when the edge is there. Returns dialogs to be ended first. */
  private takeUp(calls: readonly JournalEntry[], read: Inventory): readonly string[] {
    const known = withUnwrittenLegs(calls, read.dialogs, {
      agentAt: (uri) => this.registrar.agentAt(uri), groupOf: (queueId, agentId) => groupOfAgent(this.state.configuration, queueId, agentId), now: () => this.deps.databaseNow(),
    });
    const taken = (this.takenUp = takeUp(known, read, {
      carrier: this.carrier, switchboard: this.switchboard, media: this.deps.media, log: this.deps.log,
      now: () => this.journalNow(),
      restore: (call) => { restoreCall(this.state, call, this.journalNow()); },
      tell: (event) => { this.loop.post(event); },
    }));
    this.leftovers = taken.unreadable;
    return taken.strayLegs;
  }

  /** Before any request of the network: what was taken up is told, so that the core goes on from what is. */
  private firstUp(reason: TakeoverReason, decidedAtMs: number): void {
    const taken = this.takenUp;
    this.takenUp = null;
    this.mayRing = true;
    // Before whatever came while there was no connection: nobody is rung for a caller who is gone, so that no phone can be reached before all of them are told of.
    this.loop.ahead(() => {
      taken?.tellGone();
      this.registrar.tellAll();
      taken?.tellRest();
      this.loop.post({ type: 'wake' });
    });
    const { carried = 0, closed = 0 } = taken ?? {};
    this.takeover = { at: this.deps.databaseNow(), reason, callsCarried: carried, callsClosed: closed, tookMs: Math.round(this.deps.timers.nowMs() - decidedAtMs) };
    this.deps.log.info({ ...this.takeover }, 'this engine is the active one');
    // Also what the core did not touch is ours from now on, and written so.
    this.active?.journal.touch(this.state.calls.keys(), []);
    this.deps.reported();
  }

  private agentOf(sipUser: string): Agent | undefined {
    const agentId = this.agentsBySipUser.get(sipUser);
    return agentId === undefined ? undefined : this.state.configuration.objects.agents.get(agentId);
  }

  private recorded(record: CallRecord): void {
    this.deps.log.info({ callId: record._id, workflowId: record.workflowId, dialled: record.dialled, outcome: record.outcome, endedBy: record.endedBy, agentId: record.agentId, refusedWith: record.refusedWith }, 'call over');
    this.active?.journal.record(record);
  }

  private touched(result: StepResult): void {
    this.active?.journal.touch(result.touchedCalls, result.touchedAgents);
    this.active?.live.touch(result.touchedWorkflows);
    if (this.whenEmpty !== null && this.isEmpty()) this.whenEmpty();
  }

  /** Once, with what the edge saw of their ends while no engine listened. */
  private closeLeftovers(events: Inventory['events']): void {
    const { leftovers } = this;
    this.leftovers = [];
    for (const record of closeLeftovers(leftovers, this.state.pool, events, this.deps.civil(), this.deps.log)) this.recorded(record);
    // Not in our state, so each is written as a tombstone.
    this.active?.journal.touch(leftovers.map(({ id }) => id), []);
  }
}

/** What a person asked for a caller, as the core hears it. */
function eventOf(instructionId: string, request: Extract<Instruction['request'], { readonly callId: string }>): CoreEvent {
  switch (request.kind) {
    case 'pickCaller': return { type: 'pickCaller', instructionId, callId: request.callId, agentId: request.agentId };
    case 'moveCaller': return { type: 'moveCaller', instructionId, callId: request.callId, queueId: request.queueId };
    case 'setPriority': return { type: 'setPriority', instructionId, callId: request.callId, priority: request.priority };
  }
}
