// The engine, put together: core, calls, SIP, media and what is written behind them. Who gives it real ones is main.ts; tests give others.
import { randomBytes } from 'node:crypto';
import { type Agent } from '../storage/model/agent';
import { type ConfigurationUpdate } from '../storage/model/configuration';
import { type Instruction } from '../storage/model/instruction';
import { type PhoneBinding } from '../storage/model/live';
import { type CallRecord } from '../storage/model/record';
import { type Journal, type JournalEntry, type LeaseLost } from '../storage/journal';
import { type Logger } from '../storage/process/log';
import { Carrier } from './calls/carrier';
import { Loop } from './calls/loop';
import { type MediaPort, type SoundPort, type Timers } from './calls/ports';
import { PromptsAhead } from './calls/prompts';
import { BindingWriter, type BindingStore } from './continuity/binding-writer';
import { bodyOf } from './continuity/documents';
import { type EdgeInventory } from './continuity/inventory';
import { JournalWriter } from './continuity/journal-writer';
import { LiveWriter, type LiveStore } from './continuity/live-writer';
import { PauseWriter, type PauseStore } from './continuity/pause-writer';
import { closeLeftovers, reconcileLegs } from './continuity/reconcile';
import { agentJournal, journalAgent, journalCall, restoreAgent } from './core/journal';
import { createState, step } from './core/step';
import { type CoreEvent, type Now, type StepResult } from './core/types';
import { liveGroup } from './core/view';
import { type Algorithm, DigestGate } from './sip/digest';
import { ArrivalReader } from './sip/arrivals';
import { Link, type LinkOptions, type Outcome, type Outgoing } from './sip/link';
import { Registrar } from './sip/registrar';
import { Switchboard } from './sip/switchboard';
import { Trunks } from './sip/trunks';
import { tuneOf } from './tune';

export interface EngineStorage {
  readonly journal: Pick<Journal, 'pool' | 'epoch' | 'write'>;
  readonly live: LiveStore;
  readonly bindings: BindingStore;
  readonly pauses: PauseStore;
  /** Keeps what a person asked to hear; resolves to its id. */
  keepAudio(file: string): Promise<string>;
}

export interface EngineDeps {
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
  civil(): Date;
  /** A newer engine has taken over: this one has let go of its calls and must end. */
  fenced(fault: LeaseLost): void;
}

/** What an engine begins with. */
export interface Beginning {
  readonly configuration: ConfigurationUpdate;
  readonly bindings: readonly PhoneBinding[];
  /** What an earlier engine's journal keeps: calls it left, and what it remembered of agents. */
  readonly calls: readonly JournalEntry[];
  readonly agents: readonly JournalEntry[];
}

const MS = { reconcileEvery: 60_000, reconcileRetry: 2_000, endCalls: 5_000, journal: 3_000 } as const;

export class Engine {
  private readonly state;
  private readonly loop: Loop;
  private readonly carrier: Carrier;
  private readonly switchboard: Switchboard;
  private readonly registrar: Registrar;
  private readonly link: Link;
  private readonly journal: JournalWriter;
  private readonly live: LiveWriter;
  private readonly bindings: BindingWriter;
  private readonly pauses: PauseWriter;
  private readonly trunks: Trunks;
  private readonly prompts: PromptsAhead;
  /** The call each instruction under way is about. */
  private readonly subjects = new Map<string, string>();
  private readonly agentsBySipUser = new Map<string, string>();
  private readonly startedAt: Date;
  private leftovers: readonly JournalEntry[] = [];
  private cancelReconcile: (() => void) | null = null;
  private stopping = false;
  private whenEmpty: (() => void) | null = null;

  constructor(private readonly deps: EngineDeps) {
    const { log, timers, storage, media, sounds } = deps;
    const { pool, epoch } = storage.journal;
    this.startedAt = deps.civil();
    this.state = createState(pool, { domain: deps.domain });
    this.bindings = new BindingWriter(storage.bindings, deps);
    this.pauses = new PauseWriter(storage.pauses, deps);
    this.prompts = new PromptsAhead(sounds, log);
    this.journal = new JournalWriter({
      journal: storage.journal, timers, log,
      callBody: (callId) => {
        const call = journalCall(this.state, callId, this.now());
        return call === null ? null : bodyOf(call, (id) => this.switchboard.dialogOf(id));
      },
      agentBody: (agentId) => {
        const agent = journalAgent(this.state, agentId, this.now());
        return agent === null ? null : { ...agent };
      },
      spill: (records) => { log.error({ records: records.length }, 'the database has been away for so long that call records were lost'); },
      leaseLost: (fault) => {
        this.abandon();
        deps.fenced(fault);
      },
    });
    this.live = new LiveWriter({
      store: storage.live, timers, log, pool, epoch, startedAt: this.startedAt,
      groupNow: (workflowId) => this.state.configuration.objects.workflows.has(workflowId) ? liveGroup(this.state, workflowId, this.now()) : null,
      inForce: () => this.state.configuration.sequence,
    });
    this.carrier = new Carrier({
      media, sounds, timers, log,
      post: (event) => { this.loop.post(event); },
      record: (record) => { this.recorded(record); },
      settled: (instructionId, outcome) => {
        this.journal.settle(instructionId, outcome, this.subjects.get(instructionId) ?? null);
        this.subjects.delete(instructionId);
      },
      pauseAgent: (agentId, unanswered) => {
        log.info({ agentId, unanswered }, 'an agent is paused for unanswered offers');
        this.pauses.pause(agentId);
      },
      tuneOf: (callId) => tuneOf(this.state, callId),
    });
    this.loop = new Loop({
      step: (event, now) => step(this.state, event, now),
      timers,
      civil: () => deps.civil(),
      carry: (effect) => { this.carrier.carry(effect); },
      touched: (result) => { this.touched(result); },
      failed: (fault, during) => { log.error({ fault: fault instanceof Error ? fault.stack : String(fault), during: during.type }, 'a step failed in an unforeseen way'); },
    });
    const randomHex = (): string => randomBytes(8).toString('hex');
    const gate = new DigestGate(deps.domain, { nonceKey: randomBytes(32), nowMs: () => timers.nowMs(), randomHex, offered: deps.digestAlgorithms });
    const agentOf = (sipUser: string): Agent | undefined => this.agentOf(sipUser);
    const registrar = (this.registrar = new Registrar({
      pool, timers, log, gate, agentOf,
      civil: () => deps.civil(),
      store: this.bindings,
      phoneChanged: (agentId, reachable) => { this.loop.post({ type: 'phoneChanged', agentId, reachable }); },
    }));
    const link = { send: (outgoing: Outgoing, outcome: Outcome): void => { this.link.send(outgoing, outcome); } };
    const trunks = (this.trunks = new Trunks({ link, timers, log, randomHex, random: () => Math.random(), domain: deps.domain, registrar }));
    this.link = new Link({ ...deps.edge, tags: [`epoch:${epoch}`] }, {
      request: (incoming) => { this.switchboard.request(incoming); },
      up: () => {
        log.info({}, 'connected to the edge');
        this.registrar.tellAll();
        trunks.linkUp();
        this.reconcileAfter(0);
      },
      down: () => {
        log.warn({}, 'the connection to the edge was lost');
        this.cancelReconcile?.();
        trunks.linkDown();
        this.switchboard.linkDown();
      },
      turnedAway: (reason) => { log.error({ reason }, 'the edge does not let this engine in: another holds it, or DRACHTIO_SECRET is not the same on both sides'); },
    }, deps);
    const arrivals = new ArrivalReader({ domain: deps.domain, gate, agentOf, trunks, isPhoneOf: (agentId, source) => registrar.bindings.isFrom(agentId, source) });
    this.switchboard = new Switchboard(this.carrier, { link: this.link, registrar, routes: trunks, arrivals, timers, log, domain: deps.domain });
    this.carrier.use(this.switchboard);
  }

  begin(beginning: Beginning): void {
    this.configurationChanged(beginning.configuration);
    const { agents } = this.state.configuration.objects;
    for (const { body } of beginning.agents) {
      const remembered = agentJournal.safeParse(body);
      if (remembered.success && agents.has(remembered.data.agentId)) restoreAgent(this.state, remembered.data, this.now());
    }
    this.registrar.restore(beginning.bindings.filter(({ _id }) => agents.has(_id)));
    this.loop.post({ type: 'wake' });
    this.leftovers = beginning.calls;
    this.live.start();
    this.live.touch(this.state.configuration.objects.workflows.keys());
    this.link.start();
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
    if (update.changes.some(({ kind }) => kind === 'trunks')) this.trunks.configure(this.state.configuration.objects.trunks.values());
    this.prompts.prepare(this.state.configuration);
    this.live.touch(update.changes.filter(({ kind }) => kind === 'workflows').map(({ id }) => id));
    this.live.configurationChanged();
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
          .then((audioId) => { this.journal.settle(_id, { kind: 'done', audioId }); }, (fault: unknown) => {
            this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'a text could not be rendered for a person');
            this.journal.settle(_id, { kind: 'refused', reason: 'cannotRender' });
          });
        break;
    }
  }

  health(): { readonly ok: boolean; readonly [detail: string]: unknown } {
    return {
      ok: this.link.isUp && this.deps.media.healthy && !this.stopping,
      edge: this.link.isUp, media: this.deps.media.healthy, database: this.journal.healthy,
      epoch: this.deps.storage.journal.epoch, inForce: this.state.configuration.sequence, calls: this.state.calls.size, stopping: this.stopping,
      trunks: this.trunks.health,
    };
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
    await Promise.all([this.journal.close(MS.journal), this.live.close(), this.bindings.close(), this.pauses.close()]);
  }

  /** Lets go of everything at once: no BYE, no record. What it held is for the next engine to find. */
  abandon(): void {
    this.stopping = true;
    this.trunks.abandon();
    this.letGo();
    this.journal.stop();
    void this.live.close();
    void this.bindings.close();
    void this.pauses.close();
  }

  private isEmpty(): boolean { return this.switchboard.size === 0 && this.state.calls.size === 0; }

  private letGo(): void {
    this.cancelReconcile?.();
    this.loop.stop();
    this.link.stop();
    this.deps.inventory.close();
  }

  private now(): Now { return { monotonicMs: this.deps.timers.nowMs(), civil: this.deps.civil() }; }

  private agentOf(sipUser: string): Agent | undefined {
    const agentId = this.agentsBySipUser.get(sipUser);
    return agentId === undefined ? undefined : this.state.configuration.objects.agents.get(agentId);
  }

  private recorded(record: CallRecord): void {
    this.deps.log.info({ callId: record._id, workflowId: record.workflowId, dialled: record.dialled, outcome: record.outcome, endedBy: record.endedBy, agentId: record.agentId, refusedWith: record.refusedWith }, 'call over');
    this.journal.record(record);
  }

  private touched(result: StepResult): void {
    this.journal.touch(result.touchedCalls, result.touchedAgents);
    this.live.touch(result.touchedWorkflows);
    if (this.whenEmpty !== null && this.isEmpty()) this.whenEmpty();
  }

  private reconcileAfter(ms: number): void {
    this.cancelReconcile?.();
    this.cancelReconcile = this.deps.timers.after(ms, () => {
      this.reconcile().then(() => { this.again(MS.reconcileEvery); }, (fault: unknown) => {
        this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'the edge could not be asked what exists; tried again');
        this.again(MS.reconcileRetry);
      });
    });
  }

  private again(ms: number): void {
    if (this.link.isUp && !this.stopping) this.reconcileAfter(ms);
  }

  private async reconcile(): Promise<void> {
    await this.closeLeftovers();
    await reconcileLegs({
      inventory: this.deps.inventory,
      legs: this.switchboard,
      ownsAnchor: (anchorId) => this.carrier.owns(anchorId),
      releaseAnchor: (anchorId) => this.deps.media.release(anchorId),
      timers: this.deps.timers,
      log: this.deps.log,
    });
  }

  /** Once, with what the edge saw of their ends while no engine listened. */
  private async closeLeftovers(): Promise<void> {
    const { events } = await this.deps.inventory.read();
    const { leftovers } = this;
    this.leftovers = [];
    for (const record of closeLeftovers(leftovers, this.state.pool, events, this.deps.civil(), this.deps.log)) this.recorded(record);
    // Not in our state, so each is written as a tombstone.
    this.journal.touch(leftovers.map(({ id }) => id), []);
    const last = events.at(-1);
    if (last !== undefined) await this.deps.inventory.forget(last.sequence);
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
