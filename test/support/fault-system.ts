// A whole system that faults happen to: every process is started again when it dies, there may be a second engine, and a proxy may stand between any two.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openInventory, type EdgeInventory } from '../../engine/continuity/inventory';
import { realTimers } from '../../engine/calls/timers';
import { Administration } from '../../storage/administration/administration';
import { connect } from '../../storage/connect';
import { ROOT } from '../../storage/process/root';
import { CommandList } from './fault-commands';
import { testDatabase, type TestDatabase } from './database';
import { rtpPorts, serverPorts } from './fault-ports';
import { KeptRunning } from './fault-process';
import { FaultProxy } from './fault-proxy';
import { ADA } from './local-page';
import { DOMAIN, eventually, System } from './system';

const POOL = 'main';
const SECRET = 'fault-secret';
/** What does not close within this time is left: a broken system must not hold up the next. */
const CLOSE_PATIENCE_MS = 20_000;

export interface FaultSystemOptions {
  /** A second engine that stands by. */
  readonly standby?: boolean;
  /** Engines reach everything through `proxies`, and so does the bot. */
  readonly proxied?: boolean;
  readonly bots?: number;
  /** How many RTP ports the edge may use; four a call. */
  readonly rtpPorts: number;
  /** Where engines keep what the database cannot take; the system's own folder otherwise. */
  readonly journalDirectory?: string;
  /** Engines are started so that SIGUSR2 makes their civil clock jump. */
  readonly jumpingClock?: boolean;
  /** A database in place of an embedded one. */
  readonly database?: TestDatabase;
  readonly variables?: Readonly<Record<string, string>>;
}

/** What stands between the processes where it was asked for; `sip` and `control` are both of the edge. */
export interface Proxies { readonly database: FaultProxy; readonly sip: FaultProxy; readonly control: FaultProxy; readonly media: FaultProxy; readonly botDatabase: FaultProxy }

export class FaultSystem {
  constructor(
    readonly system: System, readonly edge: KeptRunning, readonly engines: readonly KeptRunning[], readonly bots: readonly KeptRunning[],
    readonly proxies: Proxies | null, readonly inventory: EdgeInventory, readonly commands: CommandList,
    private readonly begin: (name: string, variables: Readonly<Record<string, string>>) => Promise<KeptRunning>, private readonly closing: readonly (() => Promise<unknown>)[],
  ) {}

  get database(): TestDatabase { return this.system.database; }

  /** One more engine, with these variables besides those of all. Resolves when it is well. */
  startEngine(name: string, variables: Readonly<Record<string, string>>): Promise<KeptRunning> { return this.begin(name, variables); }

  /** The engine that decides now; the first one while none says so. */
  async active(): Promise<KeptRunning> {
    for (const engine of this.engines) {
      const health: Record<string, unknown> = await engine.health().catch(() => ({}));
      if (health['role'] === 'active') return engine;
    }
    return this.engines[0] as KeptRunning;
  }

  /** Resolves to how long it took, in ms, until an engine of a newer epoch held the edge and answered. @throws after `limitMs` */
  async takenOver(fromEpoch: number, limitMs: number): Promise<number> {
    const beganMs = performance.now();
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(limit);
        unwatch();
        act();
      };
      const limit = setTimeout(() => { settle(() => { reject(new Error(`no engine took over within ${limitMs} ms`)); }); }, limitMs);
      const unwatch = this.inventory.watch({ owner: (owner) => {
        if (owner !== null && owner.epoch > fromEpoch && owner.connected) settle(() => { resolve(Math.round(performance.now() - beganMs)); });
      } });
    });
  }

  /** The epoch of the engine that holds the edge, or held it last. */
  get epoch(): number { return this.inventory.owner?.epoch ?? 0; }

  async stop(): Promise<void> {
    for (const close of this.closing) await Promise.race([close(), new Promise((resolve) => setTimeout(resolve, CLOSE_PATIENCE_MS).unref())]);
  }
}

/** `KEEP_LOGS=1` in the environment leaves the logs in the folder that faults name. @throws when something does not come up within 30 s */
export async function startFaultSystem(options: FaultSystemOptions): Promise<FaultSystem> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    return await startAll(options, closing);
  } catch (fault) {
    for (const close of closing) await close();
    throw fault;
  }
}

async function startAll(options: FaultSystemOptions, closing: (() => Promise<unknown>)[]): Promise<FaultSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'rg-faults-'));
  closing.push(async () => { if (!process.env['KEEP_LOGS']) await rm(folder, { recursive: true, force: true }); });
  const begun = <T extends { stop(): Promise<unknown> }>(running: T): T => {
    closing.unshift(() => running.stop());
    return running;
  };
  const database = options.database ?? await testDatabase();
  if (options.database === undefined) closing.unshift(() => database.close());
  const media = join(folder, 'media');
  const journal = options.journalDirectory ?? join(folder, 'journal');
  mkdirSync(journal, { recursive: true });
  const ports = await serverPorts(13);
  const [sipPort, drachtio, control, ng, edgeHealth, firstHealth, secondHealth, firstBot, secondBot] = ports as [number, number, number, number, number, number, number, number, number];
  const rtp = rtpPorts(options.rtpPorts);

  const edge = begun(new KeptRunning({ name: 'edge', script: 'engine/edge/main.js', folder, healthPort: edgeHealth, env: {
    SIP_PORT: String(sipPort), DRACHTIO_PORT: String(drachtio), DRACHTIO_SECRET: SECRET, EDGE_CONTROL_PORT: String(control), NG_PORT: String(ng),
    RTP_PORT_MIN: String(rtp.min), RTP_PORT_MAX: String(rtp.max), MEDIA_DIRECTORY: media, EDGE_HEALTH_PORT: String(edgeHealth),
  } }));
  await eventually(`the edge to be well (logs: ${folder})`, () => edge.isWell());

  const commands = new CommandList();
  const proxies = options.proxied === true ? await proxiesBefore({ database: portOf(database.uri), sip: drachtio, control, media: ng }, commands) : null;
  if (proxies !== null) for (const proxy of Object.values(proxies) as FaultProxy[]) closing.unshift(() => proxy.close());
  // A driver that looks for the members of a set would find the server itself, past the proxy.
  const through = (proxy: FaultProxy | undefined): string => (proxy === undefined ? database.uri : `mongodb://127.0.0.1:${proxy.port}/response-group?directConnection=true`);
  const engineEnv = (healthPort: number): Record<string, string> => ({
    MONGODB_URI: through(proxies?.database), POOL, DRACHTIO_PORT: String(proxies?.sip.port ?? drachtio), DRACHTIO_SECRET: SECRET, EDGE_CONTROL_PORT: String(proxies?.control.port ?? control),
    RTPENGINE_PORT: String(proxies?.media.port ?? ng), MEDIA_DIRECTORY: media, JOURNAL_DIRECTORY: journal, SIP_DOMAIN: DOMAIN, ENGINE_HEALTH_PORT: String(healthPort),
    ...(options.jumpingClock === true ? { NODE_OPTIONS: `--require ${join(ROOT, 'test', 'support', 'fault-clock.cjs')}` } : {}), ...options.variables,
  });
  const engines: KeptRunning[] = [];
  const startEngine = async (name: string, healthPort: number, variables: Readonly<Record<string, string>> = {}): Promise<KeptRunning> => {
    const engine = begun(new KeptRunning({ name, script: 'engine/main.js', folder, healthPort, env: { ...engineEnv(healthPort), ...variables } }));
    engines.push(engine);
    await eventually(`the ${name} to be well (logs: ${folder})`, () => engine.isWell());
    return engine;
  };
  await startEngine('engine', firstHealth);
  if (options.standby === true) await startEngine('second-engine', secondHealth);
  const bots: KeptRunning[] = [];
  for (const port of [firstBot, secondBot].slice(0, options.bots ?? 0)) {
    const bot = begun(new KeptRunning({ name: `bot-${bots.length + 1}`, script: 'bot/main.js', folder, healthPort: port, env: {
      MONGODB_URI: through(proxies?.botDatabase), BOT_PORT: String(port), BOT_PUBLIC_URL: `http://127.0.0.1:${port}`, SIP_DOMAIN: DOMAIN, ADMINISTRATORS: ADA, ...options.variables,
    } }));
    bots.push(bot);
    await eventually(`the ${bot.name} to be well (logs: ${folder})`, () => bot.isWell());
  }

  // As chat does: through the proxy before the bot's database.
  const connection = await connect(through(proxies?.botDatabase), { appName: 'faults', forPeople: true });
  closing.unshift(() => connection.close());
  const administration = new Administration({ client: connection.client, db: connection.db, pool: POOL, sipDomain: DOMAIN, log: pino({ level: 'silent' }) });
  const inventory = openInventory({ host: '127.0.0.1', port: control, secret: SECRET }, { log: pino({ level: 'silent' }), timers: realTimers });
  closing.unshift(async () => { inventory.close(); });
  await eventually('the edge to say who holds it', async () => inventory.owner?.connected === true);
  const [first] = engines as [KeptRunning];
  const system = new System(folder, { host: '127.0.0.1', port: sipPort, domain: DOMAIN }, database.uri, connection, administration, edge, first, engineEnv(firstHealth), database, async () => undefined);
  return new FaultSystem(system, edge, engines, bots, proxies, inventory, commands, async (name, variables) => startEngine(name, (await serverPorts(1))[0] as number, variables), closing);
}

async function proxiesBefore(ports: { readonly database: number; readonly sip: number; readonly control: number; readonly media: number }, commands: CommandList): Promise<Proxies> {
  const [database, sip, control, media, botDatabase] = await Promise.all([
    FaultProxy.before(ports.database, () => commands.reader()), FaultProxy.before(ports.sip), FaultProxy.before(ports.control), FaultProxy.before(ports.media), FaultProxy.before(ports.database, () => commands.reader()),
  ]);
  return { database, sip, control, media, botDatabase };
}

function portOf(uri: string): number {
  const port = /:(\d+)\//.exec(uri)?.[1];
  if (port === undefined) throw new Error(`No port in ${uri}`);
  return Number(port);
}
