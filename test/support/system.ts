// A whole running system for scenarios: database, edge and engine as the processes they are, on free loopback ports.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { WaveFile } from 'wavefile';
import { type Acting } from '../../storage/access';
import { Administration } from '../../storage/administration/administration';
import { type Done } from '../../storage/administration/results';
import { type Verb, type VerbInput } from '../../storage/administration/verbs';
import { storeAudio } from '../../storage/audio';
import { connect, type Connection } from '../../storage/connect';
import { type Duty } from '../../storage/model/agent';
import { type LiveGroup } from '../../storage/model/live';
import { type AudioFile } from '../../storage/model/prompt';
import { type CallRecord } from '../../storage/model/record';
import { ROOT } from '../../storage/process/root';
import { startRtpengine } from './media-servers';
import { testDatabase, type TestDatabase } from './database';
import { Phone, type Server } from './phone';

export const DOMAIN = 'response-group.test';
const POOL = 'main';
const OPERATOR: Acting = { kind: 'operator', name: 'scenarios' };
const PATIENCE_MS = 30_000;

/** Looks again until `look` gives something. @throws after 30 s, naming what was awaited. */
export async function eventually<T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > until) throw new Error(`waited ${PATIENCE_MS / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A TCP port that is free now. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** One of our processes, its log in the system's folder. */
export class Process {
  private constructor(readonly child: ChildProcess, readonly healthPort: number, readonly name: string, private readonly exited: Promise<number | null>) {}

  /** Starts `dist/<script>` and waits until its /healthz is well. @throws when it ends before that. */
  static async start(name: string, script: string, folder: string, healthPort: number, env: Record<string, string>): Promise<Process> {
    const child = spawn(process.execPath, [join(ROOT, 'dist', script)], { env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'debug', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const made = new Process(child, healthPort, name, exited);
    await eventually(`${name} to be well (log: ${join(folder, `${name}.log`)})`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}; its log is ${join(folder, `${name}.log`)}`);
      return made.health().then((health) => health['ok'] === true, () => false);
    });
    return made;
  }

  async health(): Promise<Record<string, unknown>> {
    const response = await fetch(`http://127.0.0.1:${this.healthPort}/healthz`);
    return (await response.json()) as Record<string, unknown>;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.exited;
  }
}

/** What a scenario sees of a process, whoever keeps it running. */
export type Running = Pick<Process, 'child' | 'healthPort' | 'name' | 'health' | 'stop'>;

export interface TestAgent { readonly id: string; readonly user: string; readonly password: string; readonly name: string; readonly personId: string }

/** What a scenario may use. Each scenario makes its own group and agents, so that they can share one system. */
export class System {
  private counter = 0;
  private loopbacks = 1;
  private standby: Process | null = null;

  constructor(
    readonly folder: string, readonly sip: Server, readonly uri: string, readonly connection: Connection, readonly administration: Administration,
    readonly edge: Running, public engine: Running, private readonly engineEnv: Record<string, string>, readonly database: TestDatabase, private readonly closeMedia: () => Promise<void>,
  ) {}

  /** Any verb, as the operator, once the engine obeys it. @throws where it is refused, with every fault */
  async perform<V extends Verb>(verb: V, input: VerbInput<V>): Promise<Done<V>> {
    const result = await this.order(verb, input);
    await this.inForce(result.sequence);
    return result;
  }

  /** The same without waiting for the engine. */
  async order<V extends Verb>(verb: V, input: VerbInput<V>): Promise<Done<V>> {
    const result = await this.administration.perform(OPERATOR, verb, input);
    if (!result.ok) throw new Error(`${verb}: ${result.message} ${JSON.stringify(result.faults)}`);
    return result;
  }

  /** A name, or the user part of an address, that nothing else of this system has. */
  name(what: string): string { return `${what}${(this.counter += 1)}`; }

  /** That agent as the person who writes in chat. */
  asPerson({ personId, name }: TestAgent): Acting { return { kind: 'person', personId, name, administrator: false }; }

  /** The agent's duty once it fits. */
  duties(agentId: string, fits: (duty: Duty) => boolean): Promise<Duty> {
    return eventually('the duty of the agent', async () => (await this.connection.db.collection<Duty>('duties').find({ agentId }).toArray()).find(fits));
  }

  /** Keeps a WAV file, as a person who sent it would have it kept. */
  async audio(wav: Buffer, fileName = 'sound.wav'): Promise<AudioFile> {
    const { data, fmt } = new WaveFile(wav) as unknown as { data: { chunkSize: number }; fmt: { byteRate: number } };
    return { audioId: await storeAudio(this.connection.db, wav), fileName, durationMs: Math.max(1, Math.round((data.chunkSize * 1_000) / fmt.byteRate)) };
  }

  /** Numbers in one place and one domain may be dialled: what begins with +4420, and vm.example. */
  async allowNumbers(): Promise<void> {
    const view = await this.administration.settings(OPERATOR);
    if (!view.ok) throw new Error(view.message);
    const { version, settings } = view.value;
    await this.perform('settings.change', { version, changes: { numberPolicy: { ...settings.numberPolicy, allowedPrefixes: ['+4420'], allowedDomains: ['vm.example'] } } });
  }

  /** A SIP peer outside that is a trunk of ours while it is open: calls go out to it, and what it sends comes from that trunk. It speaks from an address of its own. */
  async trunk(options: Partial<VerbInput<'trunk.create'>> = {}): Promise<{ readonly id: string; readonly phone: Phone; close(): Promise<void> }> {
    const address = `127.0.1.${(this.loopbacks += 1)}`;
    const phone = await Phone.open(this.name('peer'), this.sip, 0, address);
    const { value: { id } } = await this.perform('trunk.create', { name: this.name('trunk'), host: address, port: phone.port, checkSeconds: null, ...options });
    return { id, phone, close: async () => {
      await this.perform('trunk.delete', { id });
      await phone.close();
    } };
  }

  /** Resolves when the engine obeys everything up to that change. */
  async inForce(sequence: number): Promise<void> {
    await eventually(`change ${sequence} to be in force`, async () => {
      const live = await this.connection.db.collection<{ _id: string; inForce: number }>('livePools').findOne({ _id: POOL });
      return live !== null && live.inForce >= sequence;
    });
  }

  /** An agent with a password, on duty unless told otherwise. */
  async agent(onDuty = true): Promise<TestAgent> {
    const [agent] = await this.agents(1, onDuty);
    return agent as TestAgent;
  }

  /** Many at once: the engine is waited for once. */
  async agents(count: number, onDuty = true): Promise<readonly TestAgent[]> {
    const agents: TestAgent[] = [];
    let sequence = 0;
    for (let made = 0; made < count; made += 1) {
      const user = `agent${++this.counter}`;
      const name = `Agent ${this.counter}`;
      const personId = `00000000-0000-4000-8000-${String(this.counter).padStart(12, '0')}`;
      const { id } = (await this.order('agent.create', { name, sipUser: user, personId, onDuty })).value;
      const reset = await this.order('agent.resetPassword', { agentId: id });
      agents.push({ id, user, name, personId, password: reset.value.password ?? '' });
      ({ sequence } = reset);
    }
    await this.inForce(sequence);
    return agents;
  }

  /** A group that is active unless told otherwise. */
  async group(form: Partial<VerbInput<'group.create'>> = {}): Promise<{ readonly id: string; readonly user: string }> {
    const user = `group${++this.counter}`;
    const made = await this.perform('group.create', { displayName: `Group ${this.counter}`, sipUser: user, active: true, ...form });
    return { id: made.value.id, user };
  }

  async change(id: string, changes: VerbInput<'group.change'>['changes']): Promise<void> {
    const view = await this.administration.group(OPERATOR, id);
    if (!view.ok) throw new Error(view.message);
    const { versions } = view.value;
    if (versions === null) throw new Error(`${id} is no hunt group: its parts are changed one by one`);
    await this.perform('group.change', { id, versions, changes });
  }

  async duty(agentId: string, onDuty: boolean): Promise<void> {
    await this.perform('duty.set', { agentId, onDuty });
  }

  /** A phone of that agent that has registered. */
  async phone(agent: Omit<TestAgent, 'name' | 'personId'>): Promise<Phone> {
    const phone = await Phone.open(agent.user, this.sip);
    const { status } = await phone.register(agent.password);
    if (status !== 200) throw new Error(`REGISTER was answered ${status}`);
    return phone;
  }

  caller(): Promise<Phone> {
    return Phone.open(`caller${++this.counter}`, this.sip);
  }

  /** The record of the one call to that group, once it is written. */
  record(workflowId: string, fits: (record: CallRecord) => boolean = () => true): Promise<CallRecord> {
    return eventually('the call record', async () => (await this.connection.db.collection<CallRecord>('records').find({ workflowId }).toArray()).find(fits));
  }

  /** The live document of a group once it fits. */
  live(workflowId: string, what: string, fits: (live: LiveGroup) => boolean): Promise<LiveGroup> {
    return eventually(what, async () => {
      const live = await this.connection.db.collection<LiveGroup>('liveGroups').findOne({ _id: workflowId });
      return live !== null && fits(live) ? live : null;
    });
  }

  /** A second engine: it stands by, until it is the active one. */
  async startStandby(): Promise<Process> {
    const port = await freeTcpPort();
    return (this.standby = await Process.start(this.name('standby'), 'engine/main.js', this.folder, port, { ...this.engineEnv, ENGINE_HEALTH_PORT: String(port) }));
  }

  /** Kills or stops the active engine and waits until the one that stands by has taken its place, as `engine`. Resolves to the former one, and how long that took. */
  async killActive(signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): Promise<{ readonly former: Running; readonly tookMs: number }> {
    const { engine: former, standby } = this;
    if (standby === null) throw new Error('No engine stands by.');
    const fromMs = performance.now();
    former.child.kill(signal);
    await eventually('the engine that stood by to be active', async () => {
      const { ok, role, takeover } = await standby.health();
      return ok === true && role === 'active' && takeover !== null;
    });
    this.engine = standby;
    this.standby = null;
    return { former, tookMs: Math.round(performance.now() - fromMs) };
  }

  /** Starts the engine again after it was stopped or killed. */
  async startEngine(): Promise<void> {
    this.engine = await Process.start('engine', 'engine/main.js', this.folder, this.engine.healthPort, this.engineEnv);
    await active(this.engine);
  }

  async stop(): Promise<void> {
    await this.standby?.stop();
    await this.engine.stop();
    await this.edge.stop();
    await this.closeMedia();
    await this.connection.close();
    await this.database.close();
    if (!process.env['KEEP_LOGS']) await rm(this.folder, { recursive: true, force: true });
  }
}

/** A lone engine stands by for a second, until it is sure that it is alone. */
async function active(engine: Running): Promise<void> {
  await eventually('the engine to be active', async () => {
    const { ok, role } = await engine.health();
    return ok === true && role === 'active';
  });
}

export interface SystemOptions {
  /** The media server: ours inside the edge, or another that speaks NG, given the folder of sounds. */
  /** How many RTP ports the edge may use; four a call. */
  readonly rtpPorts?: number;
  readonly media?: (mediaDirectory: string) => Promise<{ readonly port: number; close(): Promise<void> }>;
}

/** Starts everything. `KEEP_LOGS=1` in the environment leaves the logs where the faults name them. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const started: Array<() => Promise<unknown>> = [];
  try {
    return await startAll(options, started);
  } catch (fault) {
    for (const stop of started.reverse()) await stop();
    throw fault;
  }
}

/** `SCENARIO_MEDIA=rtpengine` in the environment has every scenario carried by rtpengine. */
function otherMedia(): SystemOptions['media'] {
  return process.env['SCENARIO_MEDIA'] === 'rtpengine' ? () => startRtpengine() : undefined;
}

async function startAll(options: SystemOptions, started: Array<() => Promise<unknown>>): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), 'rg-system-'));
  const database = await testDatabase();
  started.push(() => database.close());
  const ports = await Promise.all(Array.from({ length: 6 }, freeTcpPort));
  const [sipPort, drachtio, control, ng, edgeHealth, engineHealth] = ports as [number, number, number, number, number, number];
  const secret = 'scenario-secret';
  const { rtpPorts = 1_000 } = options;
  // Those who need many get them below the range the system hands out by itself.
  const rtpMin = rtpPorts > 1_000 ? 10_000 : 30_000 + 2 * Math.floor(Math.random() * 800);
  const edge = await Process.start('edge', 'engine/edge/main.js', folder, edgeHealth, {
    SIP_PORT: String(sipPort), DRACHTIO_PORT: String(drachtio), DRACHTIO_SECRET: secret, EDGE_CONTROL_PORT: String(control), NG_PORT: String(ng),
    RTP_PORT_MIN: String(rtpMin), RTP_PORT_MAX: String(rtpMin + rtpPorts - 1), MEDIA_DIRECTORY: join(folder, 'media'), EDGE_HEALTH_PORT: String(edgeHealth),
  });
  started.push(() => edge.stop());
  const media = await (options.media ?? otherMedia())?.(join(folder, 'media'));
  started.push(async () => media?.close());
  const engineEnv = {
    MONGODB_URI: database.uri, POOL, DRACHTIO_PORT: String(drachtio), DRACHTIO_SECRET: secret, EDGE_CONTROL_PORT: String(control), RTPENGINE_PORT: String(media?.port ?? ng),
    MEDIA_DIRECTORY: join(folder, 'media'), JOURNAL_DIRECTORY: join(folder, 'journal'), SIP_DOMAIN: DOMAIN, ENGINE_HEALTH_PORT: String(engineHealth),
  };
  const engine = await Process.start('engine', 'engine/main.js', folder, engineHealth, engineEnv);
  started.push(() => engine.stop());
  await active(engine);
  const connection = await connect(database.uri, { appName: 'scenarios' });
  const administration = new Administration({ client: connection.client, db: connection.db, pool: POOL, sipDomain: DOMAIN, log: pino({ level: 'silent' }) });
  return new System(folder, { host: '127.0.0.1', port: sipPort, domain: DOMAIN }, database.uri, connection, administration, edge, engine, engineEnv, database, async () => media?.close());
}
