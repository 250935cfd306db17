// An engine and a real edge inside the test: real SIP, real drachtio-srf, real NG; storage in memory unless a database is given.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WaveFile } from 'wavefile';
import { type z } from 'zod';
import { startEdge, type Edge } from '../../engine/edge/edge';
import { type SoundPort } from '../../engine/calls/ports';
import { realTimers } from '../../engine/calls/timers';
import { openInventory } from '../../engine/continuity/inventory';
import { type Beginning, Engine, type EngineStorage } from '../../engine/engine';
import { createMedia, type Media } from '../../engine/media/media';
import { agent, duty, type DigestHashes } from '../../storage/model/agent';
import { agentGroup } from '../../storage/model/agent-group';
import { type ConfigurationUpdate, type ObjectChange } from '../../storage/model/configuration';
import { type Instruction, type InstructionOutcome } from '../../storage/model/instruction';
import { type LiveGroup, type LivePool, type PhoneBinding } from '../../storage/model/live';
import { queue } from '../../storage/model/queue';
import { type CallRecord } from '../../storage/model/record';
import { workflow } from '../../storage/model/workflow';
import { type JournalBatch, type JournalEntry, LeaseLost } from '../../storage/journal';
import { createLog } from '../../storage/process/log';
import { Cuttable } from './cuttable';
import { Phone, type Server } from './phone';

export const TEST_DOMAIN = 'response-group.test';
export const SECRET = 'between edge and engine';
export const POOL = 'main';
const log = createLog('test', process.env['TEST_LOG'] ?? 'silent');

export function hashesOf(user: string, password: string): DigestHashes {
  const text = `${user}:${TEST_DOMAIN}:${password}`;
  return { realm: TEST_DOMAIN, md5: createHash('md5').update(text).digest('hex'), sha256: createHash('sha256').update(text).digest('hex') };
}

/** What the database would hold; `away` makes every write fail. */
export class MemoryStorage {
  away = false;
  /** Only duties cannot be written. */
  dutiesAway = false;
  epoch = 0;
  readonly records = new Map<string, CallRecord>();
  readonly calls = new Map<string, JournalEntry | null>();
  readonly agents = new Map<string, JournalEntry>();
  readonly bindings = new Map<string, PhoneBinding>();
  readonly groups = new Map<string, LiveGroup>();
  readonly settled = new Map<string, InstructionOutcome>();
  readonly paused: string[] = [];
  readonly dialledDuties: { readonly agentId: string; readonly onDuty: boolean }[] = [];
  pool: Omit<LivePool, 'at'> | null = null;

  /** As the engine that takes the lease now sees it. */
  open(): { readonly storage: EngineStorage } & Pick<Beginning, 'journal' | 'file'> {
    const epoch = (this.epoch += 1);
    const there = async (): Promise<void> => { if (this.away) throw new Error('the database is away'); };
    return {
      file: { append: async () => undefined, records: async function* () { yield []; }, clear: async () => undefined, close: async () => undefined },
      journal: { pool: POOL, epoch, write: async (batch: JournalBatch) => {
        await there();
        if (epoch !== this.epoch) throw new LeaseLost(POOL, epoch);
        for (const { id, revision, body } of batch.calls ?? []) this.calls.set(id, body === null ? null : { id, epoch, revision, body });
        for (const { id, revision, body } of batch.agents ?? []) if (body !== null) this.agents.set(id, { id, epoch, revision, body });
        for (const record of batch.records ?? []) if (!this.records.has(record._id)) this.records.set(record._id, record);
        for (const { instructionId, outcome } of batch.settled ?? []) this.settled.set(instructionId, outcome);
      } },
      storage: { live: {
        writeGroups: async (groups) => { await there(); for (const group of groups) this.groups.set(group._id, group); },
        removeGroups: async (ids) => { await there(); for (const id of ids) this.groups.delete(id); },
        writePool: async (pool) => { await there(); this.pool = pool; },
      },
      bindings: {
        write: async (binding) => { await there(); this.bindings.set(binding._id, binding); },
        remove: async (agentId) => { await there(); this.bindings.delete(agentId); },
      },
      pauses: { pause: async (agentId) => {
        await there();
        this.paused.push(agentId);
        return null;
      }, setDuty: async ({ agentId, onDuty }) => {
        await there();
        if (this.dutiesAway) throw new Error('duties cannot be written');
        this.dialledDuties.push({ agentId, onDuty });
        return null;
      } },
      keepAudio: async () => 'audio-id' },
    };
  }
}

/** Looks again until `look` gives something. @throws after 20 s, naming what was awaited. */
export async function until<T>(what: string, look: () => T | null | undefined | false): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const found = look();
    if (found !== null && found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited 20 s for ${what}`);
}

/** What a group is to have beside the defaults; a workflow may lead to the queue whose id it is given. */
export interface EngineGroup {
  readonly welcome?: string;
  readonly active?: boolean;
  readonly workflow?: (queueId: string) => Partial<z.input<typeof workflow>>;
  readonly queue?: Partial<z.input<typeof queue>>;
  readonly agentGroup?: Partial<z.input<typeof agentGroup>>;
}

function edgeOn(folder: string, ports: Partial<Pick<Edge, 'sipPort' | 'drachtioPort' | 'controlPort' | 'ngPort'>> = {}): Promise<Edge> {
  return startEdge({
    SIP_ADDRESS: '127.0.0.1', SIP_PORT: ports.sipPort ?? 0, SIP_EXTERNAL_ADDRESS: '127.0.0.1', DRACHTIO_ADDRESS: '127.0.0.1', DRACHTIO_PORT: ports.drachtioPort ?? 0, DRACHTIO_SECRET: SECRET,
    EDGE_CONTROL_PORT: ports.controlPort ?? 0, NG_ADDRESS: '127.0.0.1', NG_PORT: ports.ngPort ?? 0, RTP_PORT_MIN: 20_000, RTP_PORT_MAX: 29_999, MEDIA_DIRECTORY: folder,
  }, log);
}

export class EngineUnderTest {
  engine!: Engine;
  media: Media | null = null;
  private sequence = 0;
  private counter = 0;
  private readonly changes: ObjectChange[] = [];
  private readonly phones: Phone[] = [];
  fencedBy: LeaseLost | null = null;
  /** How often the engine has said that the edge is out of its reach. */
  cutOffs = 0;

  private constructor(public edge: Edge, /** Between engine and edge. */ readonly wire: Cuttable, readonly folder: string, readonly storage: MemoryStorage, /** NG of a media server beside the edge; null: the edge's own. */ private readonly ngPort: number | null) {}

  static async start(storage = new MemoryStorage(), ngPort: number | null = null): Promise<EngineUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'engine-'));
    const edge = await edgeOn(folder);
    const made = new EngineUnderTest(edge, await Cuttable.before(edge.drachtioPort), folder, storage, ngPort);
    await made.startEngine();
    return made;
  }

  /** The engine dies at once, as a process would: nothing is said, nothing more is written. */
  async killEngine(): Promise<void> {
    this.storage.epoch += 1;
    this.engine.abandon();
    await this.media?.close();
  }

  /** The edge dies, and another starts on the same ports. */
  async newEdge(): Promise<void> {
    const { sipPort, drachtioPort, controlPort, ngPort } = this.edge;
    await this.edge.close();
    this.edge = await edgeOn(this.folder, { sipPort, drachtioPort, controlPort, ngPort });
  }

  /** A new engine on the same edge and storage, with the configuration so far. */
  async startEngine(): Promise<void> {
    await this.beginEngine();
    await until('the engine to be well', () => this.engine.health().ok);
  }

  /** The same, and does not wait until it is well. */
  async beginEngine(): Promise<void> {
    await this.media?.close();
    this.media = createMedia({ host: '127.0.0.1', port: this.ngPort ?? this.edge.ngPort, log });
    const { storage, ...opened } = this.storage.open();
    this.engine = new Engine({
      pool: POOL, domain: TEST_DOMAIN,
      digestAlgorithms: ['MD5'],
      edge: { host: '127.0.0.1', port: this.wire.port, secret: SECRET },
      inventory: openInventory({ host: '127.0.0.1', port: this.edge.controlPort, secret: SECRET }, { log, timers: realTimers }),
      media: this.media, sounds: toneSounds(this.folder), storage, timers: realTimers, log,
      civil: () => new Date(), databaseNow: () => new Date(), drain: () => undefined, cutOff: () => { this.cutOffs += 1; }, reported: () => undefined,
      fenced: (fault) => { this.fencedBy = fault; },
    });
    const calls = [...this.storage.calls.values()].filter((entry) => entry !== null);
    this.engine.configurationChanged({ sequence: this.sequence, changes: [...this.changes] });
    this.engine.begin({ ...opened, reason: 'restart', decidedAtMs: realTimers.nowMs(), bindings: [...this.storage.bindings.values()], calls, agents: [...this.storage.agents.values()] });
  }

  get server(): Server { return { host: '127.0.0.1', port: this.edge.sipPort, domain: TEST_DOMAIN }; }

  /** A group of these agents, each on duty with password `pw`; without `welcome` callers hear music at once. */
  group(agents: readonly string[], options: EngineGroup = {}): { readonly id: string; readonly user: string } {
    this.counter += 1;
    const [id, user, stored] = [`w${this.counter}`, `group${this.counter}`, { pool: POOL, version: 1 }];
    this.configure([
      ...agents.flatMap((each): ObjectChange[] => [
        { kind: 'agents', id: each, before: null, after: agent.parse({ ...stored, id: each, name: each, sipUser: each, personId: null, digest: hashesOf(each, 'pw') }) },
        { kind: 'duties', id: each, before: null, after: duty.parse({ ...stored, id: each, agentId: each, onDuty: true, since: new Date() }) },
      ]),
      { kind: 'agentGroups', id: `g${id}`, before: null, after: agentGroup.parse({ ...stored, id: `g${id}`, name: id, agentIds: [...agents], ...options.agentGroup }) },
      { kind: 'queues', id: `q${id}`, before: null, after: queue.parse({ ...stored, id: `q${id}`, name: id, agentGroupIds: [`g${id}`], ...options.queue }) },
      { kind: 'workflows', id, before: null, after: workflow.parse({
        ...stored, id, sipUser: user, displayName: `Group ${this.counter}`, active: options.active ?? true, managed: false, managers: [],
        welcome: options.welcome === undefined ? null : { text: options.welcome }, defaultAction: { kind: 'queue', queueId: `q${id}` }, ...options.workflow?.(`q${id}`),
      }) },
    ]);
    return { id, user };
  }

  configure(changes: readonly ObjectChange[]): void {
    this.sequence += 1;
    this.changes.push(...changes);
    const update: ConfigurationUpdate = { sequence: this.sequence, changes };
    this.engine.configurationChanged(update);
  }

  instruct(instruction: Pick<Instruction, '_id' | 'request'>): void { this.engine.instruct(instruction); }

  async phone(user: string): Promise<Phone> {
    const phone = await Phone.open(user, this.server);
    this.phones.push(phone);
    return phone;
  }

  async registered(user: string): Promise<Phone> {
    const phone = await this.phone(user);
    const { status } = await phone.register('pw');
    if (status !== 200) throw new Error(`REGISTER was answered ${status}`);
    return phone;
  }

  record(workflowId: string): Promise<CallRecord> {
    return until('the call record', () => [...this.storage.records.values()].find((record) => record.workflowId === workflowId));
  }

  async stop(): Promise<void> {
    await this.engine.stop();
    await this.media?.close();
    await this.wire.close();
    await this.edge.close();
    await Promise.all(this.phones.map((phone) => phone.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Half a second of a tone for everything: what is said is not what these tests are about. */
export function toneSounds(folder: string): SoundPort {
  const file = (async () => {
    const wav = new WaveFile();
    wav.fromScratch(1, 8_000, '16', Int16Array.from({ length: 4_000 }, (_, at) => 8_000 * Math.sin(at / 3)));
    const path = join(folder, 'tone.wav');
    await writeFile(path, wav.toBuffer());
    return path;
  })();
  return {
    prompt: async () => ({ file: await file, audioId: 'tone', durationMs: 500 }),
    music: async () => ({ file: await file }),
    ringback: async () => ({ file: await file }),
  };
}
