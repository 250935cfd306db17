// People on fake phones: core, calls and the legs of engine/sip as they are, on an edge and a media server made of memory.
import { Carrier } from '../../engine/calls/carrier';
import { Loop } from '../../engine/calls/loop';
import { tuneOf } from '../../engine/tune';
import { type Anchored, MediaFault, type MediaPort, type MediaSide, type SoundPort, type Timers } from '../../engine/calls/ports';
import { agentJournal, journalAgent, journalCall, restoreAgent, restoreCall } from '../../engine/core/journal';
import { createState, type PoolState, step } from '../../engine/core/step';
import { type CoreEvent, type Effect, type Now } from '../../engine/core/types';
import { sipKept } from '../../engine/sip/kept';
import { heardOf } from '../../engine/continuity/documents';
import { takeUp } from '../../engine/continuity/takeover';
import { groupOfAgent, withUnwrittenLegs } from '../../engine/continuity/unwritten-legs';
import { type Incoming, LinkFault, type Outcome, type Outgoing, type Reply } from '../../engine/sip/link';
import { parseAddress, parseUri } from '../../engine/sip/addresses';
import { callIdOf } from '../../engine/sip/arrivals';
import { type Arrivals } from '../../engine/sip/routes';
import { Switchboard } from '../../engine/sip/switchboard';
import { type ConfigurationUpdate, type ObjectChange } from '../../storage/model/configuration';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type CallRecord } from '../../storage/model/record';
import { type JournalEntry } from '../../storage/journal';
import { z } from 'zod';
import { agent, duty } from '../../storage/model/agent';
import { agentGroup } from '../../storage/model/agent-group';
import { type AudioFile, type Prompt } from '../../storage/model/prompt';
import { queue as queueSchema } from '../../storage/model/queue';
import { workflow as workflowSchema } from '../../storage/model/workflow';
import { createLog } from '../../storage/process/log';
import { ManualTimers, settle } from './manual-timers';

export const CALLER_SDP = 'v=0\r\ncaller';
export const PHONE_SDP = 'v=0\r\nphone';

interface Playing { readonly file: string; readonly repeat: boolean }
export interface Heard { joined: boolean; readonly playing: Record<MediaSide, Playing | null> }

type Fault = 'drop' | 'stall' | 'unsupported' | 'slow';
type MediaWork = Exclude<keyof MediaPort, 'healthy' | 'onKey' | 'onLost' | 'keep' | 'adopt'>;

/**
 * A fake media server. `dropOnce` makes one command fail, `stallOnce` never answer, `slowOnce` answer when `answerSlow` says so. A side holds
 * when its SDP says sendonly or inactive.
 */
export class FakeMedia implements MediaPort {
  healthy = true;
  readonly done: string[] = [];
  /** Anchors that exist, by what they are called. */
  readonly anchors = new Set<string>();
  /** What each side hears of us, and whether the two hear each other. */
  readonly heard = new Map<string, Heard>();
  /** What the present engine knows of; null: everything, for it was there from the beginning. */
  private known: Set<string> | null = null;
  private lostListener: (callIds: readonly string[]) => void = () => undefined;
  private readonly faults = new Map<string, Fault>();
  /** Commands that fail until further notice. */
  readonly away = new Set<MediaWork>();
  private readonly slow: (() => void)[] = [];
  private listener: (callId: string, side: MediaSide, key: string) => void = () => undefined;

  dropOnce(method: MediaWork): void { this.faults.set(method, 'drop'); }

  stallOnce(method: MediaWork): void { this.faults.set(method, 'stall'); }

  slowOnce(method: MediaWork): void { this.faults.set(method, 'slow'); }

  refuseSdpOnce(method: MediaWork): void { this.faults.set(method, 'unsupported'); }

  /** Whatever was slow is done now. */
  answerSlow(): void { for (const answer of this.slow.splice(0)) answer(); }

  /** A key in the RTP of that side. */
  press(callId: string, key: string, side: MediaSide = 'caller'): void { this.listener(callId, side, key); }

  onKey(listener: (callId: string, side: MediaSide, key: string) => void): void { this.listener = listener; }
  onLost(listener: (callIds: readonly string[]) => void): void { this.lostListener = listener; }

  /** Another engine comes: it knows of no anchor but those it adopts. What was slow is done for nobody. */
  nextEngine(): void {
    this.answerSlow();
    this.faults.clear();
    this.known = new Set();
  }

  /** The media server is started anew. */
  loseAnchors(): void {
    const lost = [...this.anchors];
    this.anchors.clear();
    this.heard.clear();
    this.lostListener(lost);
  }

  private make(callId: string): void {
    this.anchors.add(callId);
    this.known?.add(callId);
    this.heard.set(callId, { joined: false, playing: { caller: null, agent: null } });
  }

  private hears(callId: string, change: Partial<Record<MediaSide, Playing | null>> & { readonly joined?: boolean }): void {
    const heard = this.heard.get(callId);
    if (heard === undefined) return;
    const { joined, ...playing } = change;
    if (joined !== undefined) heard.joined = joined;
    Object.assign(heard.playing, playing);
  }

  anchor(callId: string): Promise<Anchored> { return this.act('anchor', callId, { callerSdp: 'our answer', agentOfferSdp: 'our offer' }, () => { this.make(callId); }); }
  anchorOfferless(callId: string): Promise<{ callerSdp: string }> { return this.act('anchorOfferless', callId, { callerSdp: 'our offer to the caller' }, () => { this.make(callId); }); }
  completeOfferless(callId: string): Promise<Anchored> { return this.act('completeOfferless', callId, { callerSdp: '', agentOfferSdp: 'our offer' }); }
  play(callId: string, file: string, repeat: boolean, side: MediaSide = 'caller'): Promise<{ durationMs: number }> { return this.act('play', `${callId} ${file}${side === 'caller' ? '' : ' to the agent'}`, { durationMs: 3_000 }, () => { this.hears(callId, { [side]: { file, repeat } }); }, callId); }
  stop(callId: string, side: MediaSide = 'caller'): Promise<void> { return this.act('stop', `${callId}${side === 'caller' ? '' : ' to the agent'}`, undefined, () => { this.hears(callId, { [side]: null }); }, callId); }
  bridge(callId: string, sdp: string): Promise<void> { return this.act('bridge', `${callId} ${sdp}`, undefined, () => { this.hears(callId, JOINED); }, callId); }
  separate(callId: string): Promise<void> { return this.act('separate', callId, undefined, () => { this.hears(callId, { joined: false }); }); }
  bridgeOffer(callId: string, sdp: string): Promise<{ agentSdp: string }> { return this.act('bridgeOffer', `${callId} ${sdp}`, { agentSdp: `answer to ${sdp}` }, () => { this.hears(callId, JOINED); }, callId); }
  renegotiate(callId: string, side: MediaSide, sdp: string): Promise<{ sdp: string; holds: boolean }> { return this.act('renegotiate', `${callId} ${side}`, { sdp: `answer to ${sdp}`, holds: holdsIn(sdp) }, undefined, callId); }
  completeRenegotiation(callId: string, side: MediaSide, sdp: string): Promise<{ holds: boolean }> { return this.act('completeRenegotiation', `${callId} ${side}`, { holds: holdsIn(sdp) }, undefined, callId); }
  keep(callId: string): unknown { return this.anchors.has(callId) ? { anchor: callId } : null; }
  adopt(callId: string, kept: unknown): boolean {
    if (kept === null) return false;
    this.known?.add(callId);
    return true;
  }
  assure(callId: string): Promise<boolean> { return this.act('assure', callId, this.anchors.has(callId)); }
  release(callId: string): Promise<void> {
    return this.act('release', callId, undefined, () => {
      this.anchors.delete(callId);
      this.heard.delete(callId);
    });
  }

  private act<T>(method: MediaWork, what: string, value: T, effect: () => unknown = () => undefined, callId = what): Promise<T> {
    const begins = method === 'anchor' || method === 'anchorOfferless' || method === 'release' || method === 'assure';
    if (!begins && this.known?.has(callId) === false) return Promise.reject(new MediaFault('refused', 'this call has no anchor'));
    const fault = this.faults.get(method);
    this.faults.delete(method);
    this.done.push(`${method} ${what}`);
    const take = (): T => {
      effect();
      return value;
    };
    if (fault === 'stall') return new Promise<T>(() => undefined);
    if (fault === 'slow') return new Promise<T>((resolve) => { this.slow.push(() => { resolve(take()); }); });
    if (fault === 'drop' || this.away.has(method)) return Promise.reject(new MediaFault('unavailable', 'dropped'));
    if (fault === 'unsupported') return Promise.reject(new MediaFault('unsupported', 'no audio'));
    return Promise.resolve(take());
  }
}

const JOINED = { joined: true, caller: null, agent: null } as const;
const holdsIn = (sdp: string): boolean => /a=(?:sendonly|inactive)/.test(sdp);

/** Every sound is a file named like what is heard in it. `stall` makes prompts never ready; `mute` languages have no voice. */
export class FakeSounds implements SoundPort {
  stall = false;
  readonly mute = new Set<string>();
  /** What was asked for, in order. */
  readonly asked: string[] = [];

  prompt(prompt: Prompt, language: string): Promise<{ file: string; audioId: string; durationMs: number }> {
    const heard = prompt.audio?.fileName ?? prompt.text;
    this.asked.push(`${language} ${heard}`);
    if (this.stall) return new Promise(() => undefined);
    if (this.mute.has(language) && prompt.audio === null) return Promise.reject(new MediaFault('refused', `no voice speaks ${language}`));
    return Promise.resolve({ file: prompt.audio === null ? `${heard}.wav` : heard, audioId: heard, durationMs: 3_000 });
  }

  music(audio: AudioFile | null): Promise<{ file: string }> {
    this.asked.push(`music ${audio?.fileName ?? 'ours'}`);
    return Promise.resolve({ file: audio?.fileName ?? 'music.wav' });
  }

  ringback(): Promise<{ file: string }> { return Promise.resolve({ file: 'ringback.wav' }); }
}

/** A request from the network, and what it was answered. */
export class FakeIncoming implements Incoming {
  readonly answers: { status: number; headers: Readonly<Record<string, string | readonly string[]>>; body: string }[] = [];
  readonly source = { address: '127.0.0.1', port: 5070, protocol: 'udp' };
  fromEdge = false;
  acceptMode: 'accept' | 'refuse' | 'silent' = 'accept';
  /** Its 200 has made a dialog. */
  made: () => void = () => undefined;
  /** The caller gave up. */
  given = false;
  private cancelled: (() => void) | null = null;

  constructor(readonly method: string, readonly uri: string, readonly headers: Record<string, string>, readonly body = '', readonly dialogId: string | null = null, readonly transactionId = `t${Math.random()}`) {}

  header(name: string): string | null { return this.headers[name.toLowerCase()] ?? (name.toLowerCase() === 'call-id' ? this.transactionId : null); }

  respond(status: number, options: { readonly headers?: Readonly<Record<string, string | readonly string[]>>; readonly body?: string } = {}): void {
    this.answers.push({ status, headers: options.headers ?? {}, body: options.body ?? '' });
  }

  accept(options: { readonly body?: string }, done: { accepted(dialogId: string, localTag?: string): void; failed(fault: LinkFault): void }): void {
    if (this.acceptMode === 'refuse') {
      done.failed(new LinkFault('refused', 'transaction is over'));
      return;
    }
    this.respond(200, options);
    this.made();
    if (this.acceptMode === 'accept') done.accepted(this.madeDialog, 'us');
  }

  /** What the edge calls the dialog that this INVITE makes. */
  get madeDialog(): string { return `${this.header('call-id') ?? ''};from-tag=${/tag=(\w+)/.exec(this.header('from') ?? '')?.[1] ?? ''}`; }

  onCancel(act: () => void): void { this.cancelled = act; }

  cancel(): void {
    this.given = true;
    this.cancelled?.();
  }

  get status(): number | null { return this.answers.at(-1)?.status ?? null; }
}

/** Our tag and the phone's, in what it answers. */
const PHONE_TAGS: Readonly<Record<string, string>> = { from: '<sip:us@example.test>;tag=us', to: '<sip:phone@example.test>;tag=phone' };

/** What an agent's phone got, and what it may do with it. */
export class PhoneCall {
  cancelledWith: Readonly<Record<string, string | readonly string[]>> | null = null;
  acked = 0;
  /** The engine that rang it is no more, and the edge has taken the INVITE back. */
  orphaned = false;
  /** Whether a CANCEL is answered by 487 at once. */
  obeysCancel = true;

  constructor(readonly outgoing: Outgoing, private readonly outcome: Outcome, private readonly world: World) {
    outcome.sent?.({ cancel: (headers) => {
      this.cancelledWith = headers;
      if (this.obeysCancel) this.says(487);
    } });
  }

  get legId(): string { return String(this.outgoing.headers?.['Call-ID']); }
  get dialogId(): string { return `${this.legId};from-tag=us`; }
  /** How this dialog is named by whoever wants to take the phone's place. */
  get replaces(): string { return `${this.legId};to-tag=us;from-tag=phone`; }

  says(status: number, sdp = ''): void {
    if (this.orphaned) return;
    const reply: Reply = { status, reason: '', body: sdp, dialogId: status > 100 ? this.dialogId : null, header: (name) => (name === 'content-type' ? sdp === '' ? null : 'application/sdp' : PHONE_TAGS[name] ?? null), ack: () => {
      this.acked += 1;
      this.world.dialogs.add(this.dialogId);
    } };
    this.outcome.reply(reply);
  }

  answers(): void { this.says(200, PHONE_SDP); }

  hangsUp(): FakeIncoming { return this.asks('BYE'); }

  /** A re-INVITE of the phone. */
  renegotiates(sdp: string): FakeIncoming { return this.asks('INVITE', { 'content-type': 'application/sdp', to: '<sip:us>;tag=1' }, sdp); }

  /** REFER: transfers the caller there. */
  transfersTo(uri: string): FakeIncoming { return this.asks('REFER', { 'refer-to': `<${uri}>`, to: '<sip:us>;tag=1' }); }

  private asks(method: string, headers: Record<string, string> = {}, body = ''): FakeIncoming { return this.world.tell(new FakeIncoming(method, 'sip:us', headers, body, this.dialogId)); }
}

export class CallerCall {
  constructor(readonly invite: FakeIncoming, private readonly world: World) {}

  get dialogId(): string { return this.invite.madeDialog; }
  /** How this dialog is named by whoever wants to take the caller's place, or has the caller transferred to. */
  get replaces(): string { return `${this.invite.transactionId};to-tag=us;from-tag=${/tag=(\w+)/.exec(this.invite.header('from') ?? '')?.[1] ?? ''}`; }
  acks(sdp = ''): void { this.world.tell(new FakeIncoming('ACK', 'sip:us', sdp === '' ? {} : { 'content-type': 'application/sdp' }, sdp, this.dialogId)); }
  hangsUp(): FakeIncoming { return this.world.tell(new FakeIncoming('BYE', 'sip:us', {}, '', this.dialogId)); }
  renegotiates(sdp: string): FakeIncoming { return this.world.tell(new FakeIncoming('INVITE', 'sip:us', { 'content-type': 'application/sdp', to: '<sip:us>;tag=1' }, sdp, this.dialogId)); }
  /** By SIP INFO. */
  presses(key: string): FakeIncoming { return this.world.tell(new FakeIncoming('INFO', 'sip:us', { 'content-type': 'application/dtmf-relay' }, `Signal=${key}\r\nDuration=100\r\n`, this.dialogId)); }
  /** BYEs that reached this caller. */
  get byes(): readonly Outgoing[] { return this.world.byes.filter(({ method, dialogId }) => method === 'BYE' && dialogId === this.dialogId); }
}

/** A re-INVITE of ours. */
export class Reinvite {
  acked = 0;

  constructor(readonly outgoing: Outgoing, private readonly outcome: Outcome, status: number | null) {
    if (status !== null) this.says(status);
  }

  says(status: number, sdp = PHONE_SDP): void {
    this.outcome.reply({
      status, reason: '', body: status === 200 ? sdp : '', dialogId: this.outgoing.dialogId ?? null, header: (name) => name === 'content-type' && status === 200 ? 'application/sdp' : null,
      ack: () => { this.acked += 1; },
    });
  }
}

/** All that an engine leaves behind. */
export interface Written { readonly records: number; readonly calls: readonly JournalEntry[]; readonly agents: readonly unknown[] }

/** What its engine asked for in vain, because it is no more, never settles. */
function whileAlive<T extends object>(port: T, alive: { readonly now: boolean }): T {
  return new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        if (!alive.now) return new Promise(() => undefined);
        const result: unknown = Reflect.apply(value, target, given);
        return result instanceof Promise ? new Promise((resolve, reject) => { result.then((got) => { if (alive.now) resolve(got); }, (fault: unknown) => { if (alive.now) reject(fault instanceof Error ? fault : new Error(String(fault))); }); }) : result;
      };
    },
  });
}

export interface GroupOptions {
  readonly agents?: readonly string[];
  readonly agent?: Partial<z.input<typeof agent>>;
  readonly workflow?: Partial<z.input<typeof workflowSchema>>;
  readonly queue?: Partial<z.input<typeof queueSchema>>;
  readonly agentGroup?: Partial<z.input<typeof agentGroup>>;
}

export class World {
  readonly timers = new ManualTimers();
  readonly media = new FakeMedia();
  readonly sounds = new FakeSounds();
  readonly records: CallRecord[] = [];
  readonly events: CoreEvent[] = [];
  readonly effects: Effect[] = [];
  /** What came of phone tests and instructions. */
  readonly told: { testId: string; outcome: InstructionOutcome }[] = [];
  readonly paused: string[] = [];
  readonly dialledDuties: { readonly agentId: string; readonly onDuty: boolean }[] = [];
  /** Requests of ours inside dialogs, but re-INVITEs: BYE, NOTIFY. */
  readonly byes: Outgoing[] = [];
  readonly rings: PhoneCall[] = [];
  readonly reinvites: Reinvite[] = [];
  /** What a re-INVITE of ours is answered at once; null: not at once. */
  answersReinvites: number | null = 200;
  readonly faults: unknown[] = [];
  /** Whether BYEs are answered. */
  answersBye = true;
  /** Answered dialogs that the edge has. */
  readonly dialogs = new Set<string>();
  /** INVITEs that came from the network, for the edge tells those again that were not answered. */
  readonly invites: FakeIncoming[] = [];
  state!: PoolState;
  switchboard!: Switchboard;
  carrier!: Carrier;
  loop!: Loop;
  private configuration: ObjectChange[][] = [];
  private isAlive = { now: true };
  readonly registered = new Set<string>();
  private sequence = 0;

  constructor() { this.boot(); }

  private boot(): void {
    const log = createLog('test', 'silent');
    const alive = (this.isAlive = { now: true });
    const timers: Timers = { nowMs: () => this.timers.nowMs(), after: (ms, act) => this.timers.after(ms, () => { if (alive.now) act(); }) };
    this.state = createState('main', { domain: 'example.test' });
    const carrier = new Carrier({
      media: whileAlive(this.media, alive), sounds: whileAlive(this.sounds, alive), timers, log,
      post: (event) => { if (alive.now) loop.post(event); },
      record: (record) => { this.records.push(record); },
      settled: (testId, outcome) => { this.told.push({ testId, outcome }); },
      pauseAgent: (agentId) => { this.paused.push(agentId); },
      setDuty: ({ agentId, onDuty }) => { this.dialledDuties.push({ agentId, onDuty }); },
      tuneOf: (callId) => tuneOf(this.state, callId),
    });
    const loop = new Loop({
      step: (event, now) => {
        this.events.push(event);
        return step(this.state, event, now);
      },
      timers,
      civil: () => this.civil(),
      carry: (effect) => {
        this.effects.push(effect);
        carrier.carry(effect);
      },
      touched: () => undefined,
      failed: (fault) => { this.faults.push(fault); },
    });
    this.switchboard = new Switchboard(carrier, {
      link: { send: (outgoing, outcome) => { if (alive.now) this.send(outgoing, outcome, alive); } },
      registrar: { register: () => undefined },
      routes: {
        registered: (agentId) => this.registered.has(agentId) ? [{ uri: `sip:${agentId}@192.0.2.1`, proxy: null }] : [],
        outside: (target) => [{ trunkId: 'trunk', uri: target.kind === 'number' ? `sip:${target.number}@trunk.test` : target.uri, proxy: 'sip:192.0.2.2', headers: {}, answer: () => null }],
        failed: () => undefined, well: () => undefined,
      },
      arrivals: { arrived: (incoming) => this.arrived(incoming), challengeFor: () => ({ 'Proxy-Authenticate': 'Digest realm="example.test"' }) },
      timers, log, domain: 'example.test',
    });
    carrier.use(this.switchboard);
    this.carrier = carrier;
    this.loop = loop;
  }

  /** Callers who say in From who they are, and are believed, also those who say that they come through the trunk: `sip:bob@example.test` calls from the agent `bob`'s phone where one is registered. */
  private arrived(incoming: Incoming): ReturnType<Arrivals['arrived']> {
    const from = parseAddress(incoming.header('from') ?? '');
    const number = parseUri(from?.uri ?? '')?.user ?? '';
    const dialledUser = parseUri(incoming.uri)?.user ?? '';
    return {
      arrival: { callId: callIdOf(incoming.transactionId), dialledUser, dialled: incoming.uri, callerNumber: number, callerName: from?.name ?? '', agentId: this.registered.has(number) ? number : null, trunk: parseUri(from?.uri ?? '')?.host === 'trunk.test' ? { id: 'trunk', federated: false } : null, timesHere: 0 },
      caller: { uri: from?.uri ?? null, number, name: from?.name ?? '', private: false, maxForwards: 69, history: [] },
    };
  }

  civil(): Date { return new Date(Date.UTC(2026, 0, 1) + this.timers.nowMs()); }

  /** A group `help` with these agents on duty at registered phones. What is not said has its default. */
  group({ agents = ['bob'], ...options }: GroupOptions = {}): void {
    const stored = { pool: 'main', version: 1 };
    const objects: ObjectChange[] = [
      ...agents.flatMap((id): ObjectChange[] => [
        { kind: 'agents', id, before: null, after: agent.parse({ ...stored, id, name: id, sipUser: id, personId: null, digest: null, ...options.agent }) },
        { kind: 'duties', id, before: null, after: duty.parse({ ...stored, id, agentId: id, onDuty: true, since: this.civil() }) },
      ]),
      { kind: 'agentGroups', id: 'ag', before: null, after: agentGroup.parse({ ...stored, id: 'ag', name: 'Help', agentIds: [...agents], ...options.agentGroup }) },
      { kind: 'queues', id: 'q', before: null, after: queueSchema.parse({ ...stored, id: 'q', name: 'Help', agentGroupIds: ['ag'], ...options.queue }) },
      { kind: 'workflows', id: 'w', before: null, after: workflowSchema.parse({
        ...stored, id: 'w', sipUser: 'help', displayName: 'Help Desk', active: true, managed: false, managers: [], defaultAction: { kind: 'queue', queueId: 'q' }, ...options.workflow,
      }) },
    ];
    this.configure(objects);
    for (const agentId of agents) {
      this.registered.add(agentId);
      this.loop.post({ type: 'phoneChanged', agentId, reachable: true });
    }
  }

  configure(changes: readonly ObjectChange[]): void {
    this.configuration.push([...changes]);
    this.sequence += 1;
    const update: ConfigurationUpdate = { sequence: this.sequence, changes };
    this.loop.post({ type: 'configurationChanged', update });
  }

  /** What the journal says now: through JSON, as another engine reads it. */
  written(): Written {
    const now = { monotonicMs: this.timers.nowMs(), civil: this.civil() };
    return {
      records: this.records.length,
      calls: [...this.state.calls].map(([id, { legs }]) => ({ id, epoch: 1, revision: 1, body: JSON.parse(JSON.stringify({
        call: journalCall(this.state, id, now), dialogs: {}, sip: this.switchboard.keep(id, legs.keys(), now), media: this.media.keep(id), room: this.carrier.keep(id), ...heardOf(this.loop.waitingFor(id)),
      })) as Record<string, unknown> })),
      agents: [...this.state.agents.keys()].map((agentId): unknown => JSON.parse(JSON.stringify(journalAgent(this.state, agentId, now)))),
    };
  }

  /** The engine ends from one moment to the next. Another goes on with what was written, at that moment or before it, and with what the edge has. */
  takeOver({ records, calls, agents }: Written = this.written()): void {
    this.isAlive.now = false;
    this.records.splice(records);
    this.media.nextEngine();
    for (const ring of this.rings) if (ring.acked === 0) ring.orphaned = true;
    this.boot();
    for (const changes of this.configuration.splice(0)) this.configure(changes);
    const now = { monotonicMs: this.timers.nowMs(), civil: this.civil() };
    for (const body of agents) if (body !== null) restoreAgent(this.state, agentJournal.parse(body), now);
    for (const agentId of this.registered) this.loop.post({ type: 'phoneChanged', agentId, reachable: true });
    const begun = new Map(this.rings.map(({ dialogId, outgoing }) => [dialogId, { callId: String(outgoing.headers?.['Call-ID'] ?? ''), remoteUri: outgoing.uri ?? '' }]));
    const told = { createdAtMs: 0, owned: false, arrival: null, localTag: 'us', remoteTag: 'phone' } as const;
    const dialogs = [...this.dialogs].map((id) => ({ ...told, id, callId: '', remoteUri: '', ...begun.get(id), role: begun.has(id) ? 'uac' as const : 'uas' as const, state: 'confirmed' as const }));
    // Whoever is not there any more has hung up.
    const events = calls.flatMap(({ id, body }) => {
      const caller = z.object({ sip: sipKept.optional() }).parse(body).sip?.caller ?? null;
      return caller === null || this.dialogs.has(caller.dialog.name.id) ? [] : [{ sequence: 0, atMs: 0, event: 'dialogEnded' as const, dialog: caller.dialog.name.id, callId: id, cause: 'bye' }];
    });
    const known = withUnwrittenLegs(calls, dialogs, {
      agentAt: (uri) => /^sip:(.*)@192\.0\.2\.1$/.exec(uri)?.[1] ?? null, groupOf: (queueId, agentId) => groupOfAgent(this.state.configuration, queueId, agentId), now: () => now.civil,
    });
    const taken = takeUp(known, { edge: '', epoch: 1, engineConnected: false, startedAtMs: 0, owner: { epoch: 1, engine: '', connected: false, responsive: true, sinceMs: 0 }, dialogs, anchors: [], events }, {
      carrier: this.carrier, switchboard: this.switchboard, media: this.media, now: () => now, log: createLog('test', 'silent'),
      restore: (call) => { restoreCall(this.state, call, now); }, tell: (event) => { this.loop.post(event); },
    });
    expect(taken.unreadable).toEqual([]);
    taken.tellGone();
    taken.tellRest();
    this.loop.post({ type: 'wake' });
    this.reconcile(now);
    for (const invite of this.invites) if (invite.status === null && !invite.given) this.switchboard.request(invite);
  }

  /** Callers whom no journal tells of arrive again; every other dialog and every anchor that belongs to nobody is ended. */
  private reconcile(now: Now): void {
    const ours = this.switchboard.liveDialogs();
    for (const id of [...this.dialogs].filter((each) => !ours.has(each))) {
      const invite = this.invites.find(({ madeDialog }) => madeDialog === id);
      const [from, to] = [invite?.header('from') ?? '', invite?.header('to') ?? ''];
      const arrival = invite === undefined ? null : this.switchboard.adoptCaller({
        id, callId: invite.transactionId, localTag: 'us', remoteTag: /tag=(\w+)/.exec(from)?.[1] ?? '',
        arrival: { transactionId: invite.transactionId, requestUri: invite.uri, from, to, headers: {}, source: invite.source },
      }, now);
      if (arrival === null) this.dialogs.delete(id);
      else this.carrier.arrivedAgain(arrival, this.civil());
    }
    for (const anchorId of this.media.anchors) if (!this.carrier.owns(anchorId)) void this.media.release(anchorId);
  }

  tell(incoming: FakeIncoming): FakeIncoming {
    if (incoming.method === 'INVITE' && incoming.dialogId === null) this.invites.push(incoming);
    if (incoming.method === 'BYE' && incoming.dialogId !== null) this.dialogs.delete(incoming.dialogId);
    incoming.made = () => { this.dialogs.add(incoming.madeDialog); };
    this.switchboard.request(incoming);
    return incoming;
  }

  dials(user = 'help', options: { readonly sdp?: string; readonly headers?: Record<string, string>; readonly prepare?: (invite: FakeIncoming) => void } = {}): CallerCall {
    const { sdp = CALLER_SDP, headers = {} } = options;
    const invite = new FakeIncoming('INVITE', `sip:${user}@example.test`, { from: '"Alice" <sip:alice@example.test>;tag=a', to: `<sip:${user}@example.test>`, ...(sdp === '' ? {} : { 'content-type': 'application/sdp' }), ...headers }, sdp);
    options.prepare?.(invite);
    return new CallerCall(this.tell(invite), this);
  }

  /** A caller whose call is answered and acknowledged. */
  async waits(user = 'help'): Promise<CallerCall> {
    const call = this.dials(user);
    await settle();
    call.acks();
    await settle();
    return call;
  }

  /** The INVITE that rings this address outside now. */
  outside(uri: string): PhoneCall {
    const ring = this.rings.findLast(({ outgoing }) => outgoing.uri === uri);
    if (ring === undefined) throw new Error(`${uri} was not rung`);
    return ring;
  }

  /** The INVITE that rings this agent's phone now. */
  phone(agentId: string): PhoneCall {
    const ring = this.rings.findLast(({ outgoing }) => outgoing.uri === `sip:${agentId}@192.0.2.1`);
    if (ring === undefined) throw new Error(`${agentId}'s phone was not rung`);
    return ring;
  }

  eventsOf(type: CoreEvent['type']): CoreEvent[] { return this.events.filter((event) => event.type === type); }

  private send(outgoing: Outgoing, told: Outcome, alive: { readonly now: boolean }): void {
    const outcome: Outcome = {
      ...(told.sent === undefined ? {} : { sent: (sent) => { told.sent?.(sent); } }),
      reply: (reply) => { if (alive.now) told.reply(reply); },
      failed: (fault) => { if (alive.now) told.failed(fault); },
    };
    if (outgoing.method === 'BYE') this.dialogs.delete(outgoing.dialogId ?? '');
    if (outgoing.method === 'INVITE' && outgoing.dialogId === undefined) this.rings.push(new PhoneCall(outgoing, outcome, this));
    else if (outgoing.method === 'INVITE') this.reinvites.push(new Reinvite(outgoing, outcome, this.answersReinvites));
    else {
      this.byes.push(outgoing);
      if (this.answersBye) outcome.reply({ status: 200, reason: 'OK', body: '', dialogId: outgoing.dialogId ?? null, header: () => null, ack: () => undefined });
    }
  }
}
