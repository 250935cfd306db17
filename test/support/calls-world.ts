// People on fake phones: core, calls and the legs of engine/sip as they are, on an edge and a media server made of memory.
import { Carrier } from '../../engine/calls/carrier';
import { Loop } from '../../engine/calls/loop';
import { type Anchored, MediaFault, type MediaPort, type SoundPort } from '../../engine/calls/ports';
import { createState, step } from '../../engine/core/step';
import { type CoreEvent, type Effect } from '../../engine/core/types';
import { type Incoming, LinkFault, type Outcome, type Outgoing, type Reply } from '../../engine/sip/link';
import { Switchboard } from '../../engine/sip/switchboard';
import { type ConfigurationUpdate, type ObjectChange } from '../../storage/model/configuration';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type CallRecord } from '../../storage/model/record';
import { type Workflow } from '../../storage/model/workflow';
import { type Queue } from '../../storage/model/queue';
import { createLog } from '../../storage/process/log';
import { ManualTimers, settle } from './manual-timers';

export const CALLER_SDP = 'v=0\r\ncaller';
export const PHONE_SDP = 'v=0\r\nphone';

/** A fake media server. `dropOnce` makes one command fail, `stallOnce` never answer. */
export class FakeMedia implements MediaPort {
  healthy = true;
  readonly done: string[] = [];
  private readonly faults = new Map<string, 'drop' | 'stall' | 'unsupported'>();

  dropOnce(method: keyof MediaPort): void { this.faults.set(method, 'drop'); }

  stallOnce(method: keyof MediaPort): void { this.faults.set(method, 'stall'); }

  refuseSdpOnce(method: keyof MediaPort): void { this.faults.set(method, 'unsupported'); }

  anchor(callId: string): Promise<Anchored> { return this.act('anchor', callId, { callerSdp: 'our answer', agentOfferSdp: 'our offer' }); }
  anchorOfferless(callId: string): Promise<{ callerSdp: string }> { return this.act('anchorOfferless', callId, { callerSdp: 'our offer to the caller' }); }
  completeOfferless(callId: string): Promise<Anchored> { return this.act('completeOfferless', callId, { callerSdp: '', agentOfferSdp: 'our offer' }); }
  play(callId: string, file: string): Promise<{ durationMs: number }> { return this.act('play', `${callId} ${file}`, { durationMs: 3_000 }); }
  stop(callId: string): Promise<void> { return this.act('stop', callId, undefined); }
  bridge(callId: string): Promise<void> { return this.act('bridge', callId, undefined); }
  renegotiate(callId: string, side: 'caller' | 'agent', sdp: string): Promise<string> { return this.act('renegotiate', `${callId} ${side}`, `answer to ${sdp}`); }
  completeRenegotiation(callId: string): Promise<void> { return this.act('completeRenegotiation', callId, undefined); }
  release(callId: string): Promise<void> { return this.act('release', callId, undefined); }

  private act<T>(method: keyof MediaPort, what: string, value: T): Promise<T> {
    const fault = this.faults.get(method);
    this.faults.delete(method);
    this.done.push(`${method} ${what}`);
    if (fault === 'stall') return new Promise<T>(() => undefined);
    if (fault === 'drop') return Promise.reject(new MediaFault('unavailable', 'dropped'));
    if (fault === 'unsupported') return Promise.reject(new MediaFault('unsupported', 'no audio'));
    return Promise.resolve(value);
  }
}

export class FakeSounds implements SoundPort {
  stall = false;
  prompt(text: string): Promise<{ file: string; audioId: string; durationMs: number }> {
    return this.stall ? new Promise(() => undefined) : Promise.resolve({ file: `${text}.wav`, audioId: text, durationMs: 3_000 });
  }
  music(): Promise<{ file: string }> { return Promise.resolve({ file: 'music.wav' }); }
}

/** A request from the network, and what it was answered. */
export class FakeIncoming implements Incoming {
  readonly answers: { status: number; headers: Readonly<Record<string, string | readonly string[]>>; body: string }[] = [];
  readonly source = { address: '127.0.0.1', port: 5070, protocol: 'udp' };
  fromEdge = false;
  acceptMode: 'accept' | 'refuse' | 'silent' = 'accept';
  private cancelled: (() => void) | null = null;

  constructor(readonly method: string, readonly uri: string, readonly headers: Record<string, string>, readonly body = '', readonly dialogId: string | null = null, readonly transactionId = `t${Math.random()}`) {}

  header(name: string): string | null { return this.headers[name.toLowerCase()] ?? null; }

  respond(status: number, options: { readonly headers?: Readonly<Record<string, string | readonly string[]>>; readonly body?: string } = {}): void {
    this.answers.push({ status, headers: options.headers ?? {}, body: options.body ?? '' });
  }

  accept(options: { readonly body?: string }, done: { accepted(dialogId: string): void; failed(fault: LinkFault): void }): void {
    if (this.acceptMode === 'refuse') {
      done.failed(new LinkFault('refused', 'transaction is over'));
      return;
    }
    this.respond(200, options);
    if (this.acceptMode === 'accept') done.accepted(`dialog of ${this.transactionId}`);
  }

  onCancel(act: () => void): void { this.cancelled = act; }

  cancel(): void { this.cancelled?.(); }

  get status(): number | null { return this.answers.at(-1)?.status ?? null; }
}

/** What an agent's phone got, and what it may do with it. */
export class PhoneCall {
  cancelledWith: Readonly<Record<string, string | readonly string[]>> | null = null;
  acked = 0;
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

  says(status: number, sdp = ''): void {
    const reply: Reply = { status, reason: '', body: sdp, dialogId: status > 100 ? this.dialogId : null, header: (name) => name === 'content-type' && sdp !== '' ? 'application/sdp' : null, ack: () => { this.acked += 1; } };
    this.outcome.reply(reply);
  }

  answers(): void { this.says(200, PHONE_SDP); }

  hangsUp(): FakeIncoming { return this.world.tell(new FakeIncoming('BYE', 'sip:us', {}, '', this.dialogId)); }
}

export class CallerCall {
  constructor(readonly invite: FakeIncoming, private readonly world: World) {}

  get dialogId(): string { return `dialog of ${this.invite.transactionId}`; }
  acks(sdp = ''): void { this.world.tell(new FakeIncoming('ACK', 'sip:us', sdp === '' ? {} : { 'content-type': 'application/sdp' }, sdp, this.dialogId)); }
  hangsUp(): FakeIncoming { return this.world.tell(new FakeIncoming('BYE', 'sip:us', {}, '', this.dialogId)); }
  /** BYEs that reached this caller. */
  get byes(): readonly Outgoing[] { return this.world.byes.filter(({ dialogId }) => dialogId === this.dialogId); }
}

export interface GroupOptions {
  readonly agents?: readonly string[];
  readonly workflow?: Partial<Workflow>;
  readonly queue?: Partial<Queue>;
}

export class World {
  readonly timers = new ManualTimers();
  readonly media = new FakeMedia();
  readonly sounds = new FakeSounds();
  readonly records: CallRecord[] = [];
  readonly events: CoreEvent[] = [];
  readonly effects: Effect[] = [];
  readonly told: { testId: string; outcome: InstructionOutcome }[] = [];
  readonly byes: Outgoing[] = [];
  readonly rings: PhoneCall[] = [];
  readonly faults: unknown[] = [];
  /** Whether BYEs are answered. */
  answersBye = true;
  readonly state = createState('main');
  readonly switchboard: Switchboard;
  readonly loop: Loop;
  readonly registered = new Set<string>();
  private sequence = 0;

  constructor() {
    const log = createLog('test', 'silent');
    const carrier = new Carrier({
      media: this.media, sounds: this.sounds, timers: this.timers, log,
      post: (event) => { this.loop.post(event); },
      record: (record) => { this.records.push(record); },
      testTold: (testId, outcome) => { this.told.push({ testId, outcome }); },
    });
    this.loop = new Loop({
      step: (event, now) => {
        this.events.push(event);
        return step(this.state, event, now);
      },
      timers: this.timers,
      civil: () => this.civil(),
      carry: (effect) => {
        this.effects.push(effect);
        carrier.carry(effect);
      },
      touched: () => undefined,
      failed: (fault) => { this.faults.push(fault); },
    });
    this.switchboard = new Switchboard(carrier, {
      link: { send: (outgoing, outcome) => { this.send(outgoing, outcome); } },
      registrar: { register: () => undefined, contactOf: (agentId) => this.registered.has(agentId) ? { uri: `sip:${agentId}@192.0.2.1`, proxy: null } : null },
      timers: this.timers, log, domain: 'example.test',
    });
    carrier.use(this.switchboard);
  }

  civil(): Date { return new Date(Date.UTC(2026, 0, 1) + this.timers.nowMs()); }

  /** A group `help` with these agents on duty at registered phones. */
  group({ agents = ['bob'], workflow = {}, queue = {} }: GroupOptions = {}): void {
    const stored = { pool: 'main', version: 1 };
    const objects: ObjectChange[] = [
      ...agents.flatMap((id): ObjectChange[] => [
        { kind: 'agents', id, before: null, after: { ...stored, id, name: id, sipUser: id, personId: null, digest: null, simulated: false } },
        { kind: 'duties', id, before: null, after: { ...stored, id, agentId: id, onDuty: true, since: this.civil() } },
      ]),
      { kind: 'agentGroups', id: 'ag', before: null, after: { ...stored, id: 'ag', name: 'Help', participation: 'informal', alertTimeSeconds: 20, routingMethod: 'parallel', wrapUpSeconds: 0, agentIds: [...agents] } },
      { kind: 'queues', id: 'q', before: null, after: { ...stored, id: 'q', name: 'Help', agentGroupIds: ['ag'], timeoutSeconds: null, timeoutAction: { kind: 'disconnect', prompt: null }, overflowThreshold: null, overflowCandidate: 'newestCall', overflowAction: { kind: 'disconnect', prompt: null }, ...queue } },
      { kind: 'workflows', id: 'w', before: null, after: {
        ...stored, id: 'w', sipUser: 'help', telephoneNumber: null, displayNumber: '', displayName: 'Help Desk', description: '', language: 'en-US', timeZone: 'Etc/UTC', active: true, agentAnonymity: false, federation: false,
        managed: false, managers: [], welcome: null, defaultAction: { kind: 'queue', queueId: 'q' }, ...workflow,
      } },
    ];
    this.sequence += 1;
    const update: ConfigurationUpdate = { sequence: this.sequence, changes: objects };
    this.loop.post({ type: 'configurationChanged', update });
    for (const agentId of agents) {
      this.registered.add(agentId);
      this.loop.post({ type: 'phoneChanged', agentId, reachable: true });
    }
  }

  tell(incoming: FakeIncoming): FakeIncoming {
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

  /** The INVITE that rings this agent's phone now. */
  phone(agentId: string): PhoneCall {
    const ring = this.rings.findLast(({ outgoing }) => outgoing.uri === `sip:${agentId}@192.0.2.1`);
    if (ring === undefined) throw new Error(`${agentId}'s phone was not rung`);
    return ring;
  }

  eventsOf(type: CoreEvent['type']): CoreEvent[] { return this.events.filter((event) => event.type === type); }

  private send(outgoing: Outgoing, outcome: Outcome): void {
    if (outgoing.method === 'INVITE') this.rings.push(new PhoneCall(outgoing, outcome, this));
    else {
      this.byes.push(outgoing);
      if (this.answersBye) outcome.reply({ status: 200, reason: 'OK', body: '', dialogId: outgoing.dialogId ?? null, header: () => null, ack: () => undefined });
    }
  }
}
