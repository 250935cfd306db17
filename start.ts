// One machine, one command: arranges, starts and watches the database, edge, engine, bot and local chat page. Nothing else starts processes.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { LOCAL_TEAMS_VARIABLES } from './bot/local-teams/settings';
import { BOT_VARIABLES, isLoopback, readBotSettings, type BotSettings } from './bot/settings';
import { EDGE_VARIABLES, withDefaults, type EdgeSettings } from './engine/edge/settings';
import { ENGINE_VARIABLES, type EngineSettings } from './engine/settings';
import { type LocalDatabaseFault } from './storage/local/fault';
import { isTcpPortFree } from './storage/local/ports';
import { EnvironmentFault, readEnvironment, type Settings, type Variables } from './storage/process/environment';
import { EXIT } from './storage/process/exit';
import { ROOT, VERSION } from './storage/process/root';
import { EngineRoles } from './storage/local/machine/engine-roles';
import { StartFault } from './storage/local/machine/fault';
import { Organisation, peopleFile } from './storage/local/machine/organisation';
import { environmentOf, PAIR, pairFaults, partnerOf, variableOf, type PairDefaults, type PairedPool } from './storage/local/machine/pair';
import { readOrders } from './storage/local/machine/pair-orders';
import { checkPorts, type NeededPort } from './storage/local/machine/ports';
import { type Step, showProgress } from './storage/local/machine/progress';
import { readKept, writeKept } from './storage/local/machine/kept-file';
import { RunFile } from './storage/local/machine/run-file';
import { screen, type ScreenFacts } from './storage/local/machine/screen';
import { START_VARIABLES, type StartSettings } from './storage/local/machine/settings';
import { Site } from './storage/local/machine/site';
import { MIRROR_VARIABLES, type MirrorSettings } from './storage/mirror/settings';
import { Supervised, type ScriptPlan, type Watcher } from './storage/local/machine/supervised';

/** Every variable that a process reads, for the README's table and for `--help`. */
export const ALL_VARIABLES = {
  start: START_VARIABLES, edge: EDGE_VARIABLES, engine: ENGINE_VARIABLES, bot: BOT_VARIABLES, 'local Teams': LOCAL_TEAMS_VARIABLES, mirror: MIRROR_VARIABLES,
} as const;

interface Options {
  readonly data: string;
  readonly fresh?: true;
  readonly yes?: true;
  readonly sample?: true;
  readonly standby?: true;
  readonly replicaSet?: true;
  readonly pair?: true;
}

/** A pool on this machine, and what became of its start. */
interface Pool {
  readonly arranged: PoolArrangement;
  readonly site: Site;
  /** Of a pair each has its own, beside that of the whole; else they are one. */
  readonly runFile: RunFile;
  readonly watcher: Watcher;
  /** Where the engine that stands by answers /healthz; null where there is none. */
  standbyPort: number | null;
  roles?: EngineRoles;
}

/** What the steps find out, and what must be stopped again, last started first. */
interface Run {
  readonly dataDirectory: string;
  readonly options: Options;
  readonly notices: string[];
  readonly stops: Array<() => Promise<void>>;
  readonly pools: Pool[];
  stopping: boolean;
  runFile?: RunFile;
  arrangement?: Arrangement;
  organisation?: Organisation;
}

const PORT_VARIABLES = Object.values(ALL_VARIABLES).flatMap((variables) => Object.entries(variables))
  .filter(([name]) => /_PORT(_|$)/.test(name)).map(([name, { describe }]) => `  ${name.padEnd(20)}${describe}`);

async function main(): Promise<void> {
  const command = new Command('npm start --')
    .description('Starts Response Group on this machine.')
    .version(VERSION)
    .option('--data <dir>', 'the folder that keeps data and logs', join(ROOT, '.local'))
    .option('--fresh', 'forget all data in that folder first; asks before it does')
    .option('--yes', 'do not ask')
    .option('--standby', 'run a second engine, which stands by and takes the calls over when the first dies')
    .option('--replica-set', 'run a database of three real members; needs mongod on the PATH')
    .option('--sample', 'add the sample organisation also to a database that MONGODB_URI names')
    .option('--pair', 'run two pools that are partners, east and west, to see a site lost and its groups answered at the other')
    .addHelpText('after', `\nPorts are moved by environment variables:\n${[...new Set(PORT_VARIABLES)].join('\n')}\n\nWith --pair those of west are 100 higher, or what WEST_ and the name say.\nREADME.md lists every variable. MONGODB_URI names a database of your own.`)
    .allowExcessArguments(false)
    .exitOverride((fault) => process.exit(fault.exitCode === 0 ? EXIT.stopped : EXIT.usage));
  const options = command.parse().opts<Options>();
  const run: Run = { dataDirectory: resolve(options.data), options, notices: [], stops: [], pools: [], stopping: false };
  onSignals(run);
  try {
    if (options.fresh) await forget(run);
    await showProgress(run, STEPS.map((step) => ({ ...step, run: async (given: Run, say) => { if (!given.stopping) await step.run(given, say); } })));
  } catch (fault) {
    if (run.stopping) return;
    await stopAll(run).catch(() => undefined);
    process.stderr.write(`\n${wordsFor(fault)}\n`);
    process.exit((fault as Partial<StartFault | LocalDatabaseFault>).exitCode ?? (fault instanceof EnvironmentFault ? EXIT.usage : EXIT.failed));
  }
  if (run.stopping) return;
  process.stdout.write(screen(await factsOf(run)));
  if (options.pair) listenToOrders(run);
}

const STEPS: ReadonlyArray<Step<Run>> = [
  { title: 'Looking around', run: lookAround },
  { title: 'Database', run: startDatabases },
  { title: 'Groups and people', run: prepareOrganisation },
  { title: 'Edge, engine, bot and chat page', run: startProcesses },
];

async function lookAround(run: Run): Promise<void> {
  const { dataDirectory, options } = run;
  const notice = (words: string): void => void run.notices.push(words);
  const claim = async (folder: string): Promise<RunFile> => {
    const claimed = await RunFile.claim(folder, notice).catch((fault: NodeJS.ErrnoException) => {
      if (fault instanceof StartFault) throw fault;
      throw new StartFault(`The folder ${folder} cannot be written: ${fault.message}. Choose another with --data DIR.`, EXIT.usage, { cause: fault });
    });
    run.stops.push(async () => claimed.release());
    return claimed;
  };
  run.runFile = await claim(dataDirectory);
  const arrangement = (run.arrangement = arrange({ dataDirectory, env: process.env, localAdministrator: Organisation.ADMINISTRATOR, notice, isPair: options.pair === true }));
  await checkPorts(arrangement.ports);
  const taken = new Set(arrangement.ports.map(({ port }) => port));
  for (const arranged of arrangement.pools) {
    const runFile = arranged.name === null ? run.runFile : await claim(arranged.dataDirectory);
    const watcher = watching(runFile);
    const failedForGood = (fault: unknown): void => void (arranged.name === null ? giveUp(run, fault) : giveUpSite(run, arranged.name, fault));
    const site = new Site({
      dataDirectory: arranged.dataDirectory, uri: arrangement.start.MONGODB_URI, wantsReplicaSet: options.replicaSet, python: arrangement.start.PYTHON,
      ...(arranged.name === null ? {} : { virtualEnvironment: join(dataDirectory, 'database-venv') }),
    }, { ...watcher, failedForGood });
    const standbyPort = options.standby ? await freeStandbyPort(arranged, taken) : null;
    if (standbyPort !== null) taken.add(standbyPort);
    run.pools.push({ arranged, site, runFile, watcher, standbyPort });
  }
}

/** One after the other: each looks for a port that nobody has. */
async function startDatabases(run: Run, say: (words: string) => void): Promise<void> {
  for (const { arranged, site } of run.pools) {
    run.stops.push(() => site.stop());
    const { notice } = await site.startDatabase((words) => say(arranged.name === null ? words : `${arranged.name}: ${words}`));
    if (notice) run.notices.push(notice);
    if (run.stopping) return;
  }
}

/** Of a pair, people and sample are the first pool's. */
async function prepareOrganisation(run: Run, say: (words: string) => void): Promise<void> {
  const { arrangement, dataDirectory, pools: [first] } = run;
  if (!arrangement || !first) return;
  run.organisation = await Organisation.open({
    uri: first.site.uri, dataDirectory, pool: arrangement.bot.POOL, sipDomain: first.arranged.engine.SIP_DOMAIN, administrators: arrangement.bot.ADMINISTRATORS, notice: (words) => void run.notices.push(words),
  });
  run.stops.push(async () => run.organisation?.close());
  const wanted = run.options.sample === true;
  const isExternal = first.site.database.kind === 'external';
  if (wanted || !isExternal) {
    say('looking for the sample organisation');
    const made = await run.organisation.seed();
    if (wanted && !made && isExternal) run.notices.push('The sample organisation was not added: the database holds something already.');
  }
  await run.organisation.writePeople();
}

async function startProcesses(run: Run, say: (words: string) => void): Promise<void> {
  const { arrangement, runFile } = run;
  if (!arrangement || !runFile) return;
  const uris = run.pools.map(({ site }) => site.uri);
  const ofPools = run.pools.map((pool) => ({ pool, plans: pool.arranged.plans(uris, pool.standbyPort) }));
  const people = arrangement.peoplePlans(uris).map((plan) => ({ plan, supervised: new Supervised(plan, watching(runFile)) }));
  for (const { supervised } of people) run.stops.push(() => supervised.stop());
  const waiting = new Set([...ofPools.flatMap(({ plans }) => plans), ...people.map(({ plan }) => plan)].map(({ name }) => name));
  const tell = (): void => say(`waiting for ${[...waiting].join(', ')}`);
  const isWell = (name: string): void => { if (waiting.delete(name) && waiting.size > 0) tell(); };
  tell();
  await Promise.all([
    ...ofPools.map(({ pool, plans }) => pool.site.startProcesses(plans, isWell)),
    ...people.map(async ({ plan, supervised }) => {
      await supervised.start();
      isWell(plan.name);
    }),
  ]);
  for (const { pool, plans } of ofPools) await watchRoles(run, pool, plans);
  for (const { arranged: { edge, engine, partner }, site, runFile: own } of run.pools) {
    const system = { uri: site.database.kind === 'external' ? null : site.uri, pool: engine.POOL, sipDomain: engine.SIP_DOMAIN, sipHost: edge.SIP_EXTERNAL_ADDRESS, sipPort: edge.SIP_PORT };
    const other = run.pools.find(({ arranged }) => arranged.name === partner)?.site.uri;
    const told = partner === null || other === undefined ? system : { ...system, partner: { pool: partner, uri: other } };
    own.runs(told);
    // Whoever looks in the folder of a pair finds its first pool.
    if (own !== runFile && site === run.pools[0]?.site) runFile.runs(told);
  }
}

/** Says which engine is active whenever that changes; not of a lone one, of which its death is told already. */
async function watchRoles(run: Run, pool: Pool, plans: readonly ScriptPlan[]): Promise<void> {
  const engines = plans.filter(({ script }) => script.endsWith(ENGINE_SCRIPT));
  if (run.stopping || engines.length < 2) return;
  const roles = (pool.roles = new EngineRoles(engines, pool.watcher.notice));
  run.stops.push(() => Promise.resolve(roles.close()));
  await roles.begin();
}

async function factsOf(run: Run): Promise<ScreenFacts> {
  const { arrangement, organisation, pools: [first] } = run;
  if (!arrangement || !first || !organisation) throw new StartFault('The start is incomplete.');
  const { bot, localTeams } = arrangement;
  const sipOf = ({ arranged: { edge, engine } }: Pool): ScreenFacts['sip'] => ({ host: edge.SIP_EXTERNAL_ADDRESS, port: edge.SIP_PORT, domain: engine.SIP_DOMAIN });
  return {
    version: VERSION, dataDirectory: run.dataDirectory, database: first.site.database, notices: run.notices, engines: run.pools.flatMap(({ roles }) => roles?.roles ?? []),
    pair: run.pools.flatMap((pool) => (pool.arranged.name === null ? [] : [{ name: pool.arranged.name, sip: sipOf(pool), database: pool.site.database }])),
    chatUrl: localTeams ? `http://127.0.0.1:${localTeams.LOCAL_TEAMS_PORT}/` : null,
    botUrl: `${bot.BOT_PUBLIC_URL ?? `http://${bot.BOT_ADDRESS}:${bot.BOT_PORT}`}/api/messages`,
    people: await organisation.people(), groups: await organisation.groups(), phones: organisation.phones(), sip: sipOf(first),
  };
}

const sayLine = (words: string): void => void process.stdout.write(`${new Date().toLocaleTimeString()}  ${words}\n`);

function watching(runFile: RunFile): Watcher {
  return { started: (name, pid, command) => runFile.started({ name, pid, command }), notice: sayLine };
}

/** A site is lost and found again as it is typed. */
function listenToOrders(run: Run): void {
  const siteOf = (name: PairedPool): Site | undefined => run.pools.find(({ arranged }) => arranged.name === name)?.site;
  const stop = readOrders(process.stdin, {
    lose: async (name) => {
      await siteOf(name)?.lose();
      sayLine(`All of ${name} is dead. To have its groups answered at ${partnerOf(name)}: response-group failover ${name} --to ${partnerOf(name)}`);
    },
    back: async (name) => {
      await siteOf(name)?.comeBack();
      sayLine(`All of ${name} runs again.`);
    },
  }, sayLine);
  run.stops.push(() => Promise.resolve(stop()));
}

/** The database of one pool of a pair cannot be started again: that site is lost, and the other goes on. */
async function giveUpSite(run: Run, name: PairedPool, fault: unknown): Promise<void> {
  if (run.stopping) return;
  sayLine(`${wordsFor(fault)}\nAll else of ${name} is stopped; type “back ${name}” to have it tried again.`);
  await run.pools.find(({ arranged }) => arranged.name === name)?.site.lose().catch(() => undefined);
}

/** Asks, then removes what a data folder of ours holds; the installed database server stays, since it is no data. */
async function forget({ dataDirectory, options }: Run): Promise<void> {
  if (options.yes !== true) {
    if (!process.stdin.isTTY) throw new StartFault(`--fresh would delete all data in ${dataDirectory}. There is no terminal to ask at; add --yes if that is meant.`, EXIT.usage);
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await terminal.question(`Delete all groups, agents, records and chats in ${dataDirectory}? Type "yes": `);
    terminal.close();
    if (answer.trim().toLowerCase() !== 'yes') throw new StartFault('Nothing was deleted.', EXIT.usage);
  }
  for (const folder of [dataDirectory, ...(options.pair ? PAIR.map((name) => join(dataDirectory, name)) : [])]) {
    const claim = await RunFile.claim(folder, (words) => process.stdout.write(`${words}\n`));
    for (const name of KEPT_NAMES) rmSync(join(folder, name), { recursive: true, force: true });
    claim.release();
  }
}

/** Only what we put there is ever removed, whatever else `--data` points at. */
const KEPT_NAMES = ['database', 'replica-set', 'database-kind', 'database-port', 'database.pid', 'database.toml', 'secrets.json', 'sample-phones.json', 'people.json', 'chats', 'media', 'logs', 'journal'];

function onSignals(run: Run): void {
  const stop = (): void => {
    if (run.stopping) {
      process.stderr.write('Stopping at once; the next start clears up.\n');
      process.exit(EXIT.failed);
    }
    run.stopping = true;
    process.stdout.write('\nStopping …\n');
    stopAll(run).then(
      () => { process.stdout.write('Stopped. All data is kept.\n'); process.exit(EXIT.stopped); },
      (fault: unknown) => { process.stderr.write(`${wordsFor(fault)}\n`); process.exit(EXIT.failed); },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
}

/** Last started, first stopped, so that the database goes when nobody writes to it any more. Goes on past a fault, then throws it. */
async function stopAll(run: Run): Promise<void> {
  run.stopping = true;
  let first: unknown;
  for (let stop = run.stops.pop(); stop; stop = run.stops.pop()) await stop().catch((fault: unknown) => { first ??= fault; });
  if (first !== undefined) throw first as Error;
}

async function giveUp(run: Run, fault: unknown): Promise<void> {
  if (run.stopping) return;
  process.stderr.write(`\n${wordsFor(fault)}\nStopping everything.\n`);
  await stopAll(run).catch(() => undefined);
  process.exit((fault as Partial<LocalDatabaseFault>).exitCode ?? EXIT.failed);
}

/** A fault that a person can mend is its message alone; a defect keeps its stack. */
function wordsFor(fault: unknown): string {
  if (fault instanceof Error && 'code' in fault && typeof fault.code === 'string') return fault.message;
  return fault instanceof Error ? fault.stack ?? fault.message : String(fault);
}

/** Stands in for the database's address until it is known; every process is given the real one. */
const NOT_YET = 'mongodb://127.0.0.1/';
const LOOPBACK = '127.0.0.1';
const ENGINE_SCRIPT = join('engine', 'main.js');

const secretsFile = z.object({ drachtioSecret: z.string().min(16) });

/** One pool with its edge and engines. */
export interface PoolArrangement {
  /** Null: the only pool here, whatever it is called. */
  readonly name: PairedPool | null;
  readonly partner: PairedPool | null;
  readonly dataDirectory: string;
  readonly edge: EdgeSettings;
  readonly engine: EngineSettings;
  readonly ports: readonly NeededPort[];
  /** `uris`: of the databases of all pools, in their order. `standbyPort`: where a second engine answers /healthz; null: there is none. */
  plans(uris: readonly string[], standbyPort: number | null): readonly ScriptPlan[];
}

export interface Arrangement {
  readonly start: StartSettings;
  readonly pools: readonly PoolArrangement[];
  /** At the first pool. */
  readonly bot: BotSettings;
  /** Null where an app id is set: the local page never runs beside the real Teams. */
  readonly localTeams: Settings<typeof LOCAL_TEAMS_VARIABLES> | null;
  readonly ports: readonly NeededPort[];
  /** The people's way in. */
  peoplePlans(uris: readonly string[]): readonly ScriptPlan[];
}

export interface ArrangementOptions {
  readonly dataDirectory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Who administers where `ADMINISTRATORS` is not set and the bot serves only this machine. */
  readonly localAdministrator: string;
  readonly notice: (words: string) => void;
  readonly isPair: boolean;
}

type Collect = <T>(read: () => T) => T | undefined;

/**
 * Reads the environment of every process, before anything is started.
 * @throws EnvironmentFault listing every fault of every process, each once
 */
export function arrange({ dataDirectory, env, localAdministrator, notice, isPair }: ArrangementOptions): Arrangement {
  const faults = new Set<string>(isPair ? pairFaults(env) : []);
  const collect: Collect = (read) => {
    try {
      return read();
    } catch (fault) {
      if (!(fault instanceof EnvironmentFault)) throw fault;
      for (const one of fault.faults) faults.add(one);
      return undefined;
    }
  };
  const common: NodeJS.ProcessEnv = { ...env, DRACHTIO_SECRET: env['DRACHTIO_SECRET'] || keptSecret(dataDirectory, notice), MONGODB_URI: NOT_YET, ...(isPair ? { PARTNER_MONGODB_URI: NOT_YET } : {}) };
  const isLocal = !env['MICROSOFT_APP_ID'];
  if (isLocal && !env['ADMINISTRATORS']) common['ADMINISTRATORS'] = localAdministrator;
  const start = collect(() => readEnvironment(START_VARIABLES, env));
  const places = isPair ? PAIR.map((name) => ({ name, env: environmentOf(name, common, pairDefaults()), dataDirectory: join(dataDirectory, name) })) : [{ name: null, env: common, dataDirectory }];
  const pools = places.map((place) => arrangePool(place, collect));

  const [first, second] = pools;
  const logs = join(dataDirectory, 'logs');
  const servers = pools.map((pool) => (pool ? `${pool.edge.SIP_EXTERNAL_ADDRESS}:${pool.edge.SIP_PORT}` : '')).join(', ');
  const botEnv: NodeJS.ProcessEnv = { ...(places[0]?.env ?? common), SIP_SERVER: env['SIP_SERVER'] || servers };
  const bot = collect(() => readBotSettings(botEnv));
  const localEnv = localTeamsEnvironment(common, bot, dataDirectory);
  const localTeams = isLocal ? collect(() => readEnvironment(LOCAL_TEAMS_VARIABLES, localEnv)) : null;
  if (faults.size > 0 || !start || !first || !bot || localTeams === undefined) throw new EnvironmentFault([...faults]);
  const ready = second ? [first, second] : [first];
  return {
    start, pools: ready, bot, localTeams,
    ports: [
      ...ready.flatMap(({ ports }) => ports),
      { variable: 'BOT_PORT', purpose: 'the bot', address: bot.BOT_ADDRESS, port: bot.BOT_PORT, transports: ['tcp'] },
      ...(localTeams ? [{ variable: 'LOCAL_TEAMS_PORT', purpose: 'the chat page', address: LOOPBACK, port: localTeams.LOCAL_TEAMS_PORT, transports: ['tcp'] as const }] : []),
    ],
    peoplePlans: ([uri = NOT_YET, other]) => [
      { name: 'bot', script: script('bot/main.js'), env: onlyOf(BOT_VARIABLES, { ...botEnv, MONGODB_URI: uri, ...(other === undefined ? {} : { PARTNER_MONGODB_URI: other }) }), healthUrl: health(bot.BOT_ADDRESS, bot.BOT_PORT), log: join(logs, 'bot.log') },
      ...(localTeams ? [{
        name: 'local Teams', script: script('bot/local-teams/main.js'), env: onlyOf(LOCAL_TEAMS_VARIABLES, localEnv), healthUrl: health(LOOPBACK, localTeams.LOCAL_TEAMS_PORT), log: join(logs, 'local-teams.log'),
      }] : []),
    ],
  };
}

interface PoolPlace { readonly name: PairedPool | null; readonly env: NodeJS.ProcessEnv; readonly dataDirectory: string }

function arrangePool({ name, env, dataDirectory }: PoolPlace, collect: Collect): PoolArrangement | undefined {
  // What a variable names is shared by both pools of a pair, so that each has its part of it.
  const folder = (variable: string, fallback: string): string => (env[variable] ? join(env[variable], name ?? '') : join(dataDirectory, fallback));
  const own: NodeJS.ProcessEnv = { ...env, MEDIA_DIRECTORY: folder('MEDIA_DIRECTORY', 'media'), JOURNAL_DIRECTORY: folder('JOURNAL_DIRECTORY', 'journal') };
  const edge = collect(() => withDefaults(readEnvironment(EDGE_VARIABLES, own)));
  const engineEnv = engineEnvironment(own, edge);
  const engine = collect(() => readEnvironment(ENGINE_VARIABLES, engineEnv));
  const mirror = name === null ? null : collect(() => readEnvironment(MIRROR_VARIABLES, own));
  if (!edge || !engine || mirror === undefined) return undefined;
  const called = (what: string): string => (name === null ? what : `${what} of ${name}`);
  const log = (what: string): string => join(dataDirectory, 'logs', `${what}.log`);
  const at = name === null ? 0 : PAIR.indexOf(name);
  const named = (variable: string): string => (name === null ? variable : variableOf(name, variable));
  return {
    name, partner: name === null ? null : partnerOf(name), dataDirectory, edge, engine,
    ports: neededPorts(edge, engine, mirror).map((port) => ({ ...port, variable: named(port.variable), purpose: called(port.purpose) })),
    plans: (uris, standby) => {
      const its = (variables: Variables, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv => onlyOf(variables, { ...given, MONGODB_URI: uris[at], PARTNER_MONGODB_URI: uris[1 - at] });
      return [
        { name: called('edge'), script: script('engine/edge/main.js'), env: its(EDGE_VARIABLES, own), healthUrl: health(LOOPBACK, edge.EDGE_HEALTH_PORT), log: log('edge') },
        { name: called('engine'), script: script(ENGINE_SCRIPT), env: its(ENGINE_VARIABLES, engineEnv), healthUrl: health(LOOPBACK, engine.ENGINE_HEALTH_PORT), log: log('engine') },
        ...(standby === null ? [] : [{
          name: called('second engine'), script: script(ENGINE_SCRIPT), env: its(ENGINE_VARIABLES, { ...engineEnv, ENGINE_HEALTH_PORT: String(standby) }), healthUrl: health(LOOPBACK, standby), log: log('second-engine'),
        }]),
        ...(mirror === null ? [] : [{ name: called('mirror'), script: script('storage/mirror/main.js'), env: its(MIRROR_VARIABLES, own), healthUrl: health(LOOPBACK, mirror.MIRROR_HEALTH_PORT), log: log('mirror') }]),
      ];
    },
  };
}

/** What a lone pool has where nothing is set. */
function pairDefaults(): PairDefaults {
  const edge = readEnvironment(EDGE_VARIABLES, { DRACHTIO_SECRET: NOT_YET });
  const { ENGINE_HEALTH_PORT } = readEnvironment(ENGINE_VARIABLES, { DRACHTIO_SECRET: NOT_YET, MONGODB_URI: NOT_YET });
  const { MIRROR_HEALTH_PORT } = readEnvironment(MIRROR_VARIABLES, { MONGODB_URI: NOT_YET, PARTNER_MONGODB_URI: NOT_YET, PARTNER_POOL: 'west' });
  const { SIP_PORT, DRACHTIO_PORT, EDGE_CONTROL_PORT, NG_PORT, EDGE_HEALTH_PORT } = edge;
  return { ports: { SIP_PORT, DRACHTIO_PORT, EDGE_CONTROL_PORT, NG_PORT, EDGE_HEALTH_PORT, ENGINE_HEALTH_PORT, MIRROR_HEALTH_PORT }, rtp: { min: edge.RTP_PORT_MIN, max: edge.RTP_PORT_MAX } };
}

/** Beside this file as compiled: what was built together runs together. */
const script = (path: string): string => join(__dirname, path);
const health = (address: string, port: number): string => `http://${reachable(address)}:${port}/healthz`;

/** Leaves out what only other processes read, so that the bot's password is not in the edge's environment. */
function onlyOf(variables: Variables, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const known = new Set<string>(Object.values(ALL_VARIABLES).flatMap((table) => Object.keys(table)));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !known.has(name) || name in variables));
}

/** The engine finds the edge where the edge listens. */
function engineEnvironment(shared: NodeJS.ProcessEnv, edge: EdgeSettings | undefined): NodeJS.ProcessEnv {
  return {
    ...shared,
    DRACHTIO_HOST: shared['DRACHTIO_HOST'] || reachable(edge?.DRACHTIO_ADDRESS ?? LOOPBACK),
    RTPENGINE_HOST: shared['RTPENGINE_HOST'] || reachable(edge?.NG_ADDRESS ?? LOOPBACK),
    RTPENGINE_PORT: shared['RTPENGINE_PORT'] || String(edge?.NG_PORT ?? ''),
  };
}

function localTeamsEnvironment(shared: NodeJS.ProcessEnv, bot: BotSettings | undefined, dataDirectory: string): NodeJS.ProcessEnv {
  return {
    ...shared,
    ...(bot ? { BOT_URL: `http://${isLoopback(bot.BOT_ADDRESS) ? bracketed(bot.BOT_ADDRESS) : LOOPBACK}:${bot.BOT_PORT}/api/messages` } : {}),
    LOCAL_TEAMS_PEOPLE: peopleFile(dataDirectory),
    LOCAL_TEAMS_DATA: join(dataDirectory, 'chats'),
  };
}

function neededPorts(edge: EdgeSettings, engine: EngineSettings, mirror: MirrorSettings | null): NeededPort[] {
  return [
    { variable: 'SIP_PORT', purpose: 'SIP', address: edge.SIP_ADDRESS, port: edge.SIP_PORT, transports: ['udp', 'tcp'] },
    { variable: 'DRACHTIO_PORT', purpose: 'the engine’s way to SIP', address: edge.DRACHTIO_ADDRESS, port: edge.DRACHTIO_PORT, transports: ['tcp'] },
    { variable: 'EDGE_CONTROL_PORT', purpose: 'the edge’s inventory', address: edge.DRACHTIO_ADDRESS, port: edge.EDGE_CONTROL_PORT, transports: ['tcp'] },
    { variable: 'NG_PORT', purpose: 'the engine’s way to media', address: edge.NG_ADDRESS, port: edge.NG_PORT, transports: ['udp', 'tcp'] },
    { variable: 'EDGE_HEALTH_PORT', purpose: 'health of the edge', address: LOOPBACK, port: edge.EDGE_HEALTH_PORT, transports: ['tcp'] },
    { variable: 'ENGINE_HEALTH_PORT', purpose: 'health of the engine', address: LOOPBACK, port: engine.ENGINE_HEALTH_PORT, transports: ['tcp'] },
    ...(mirror === null ? [] : [{ variable: 'MIRROR_HEALTH_PORT', purpose: 'health of the mirror', address: LOOPBACK, port: mirror.MIRROR_HEALTH_PORT, transports: ['tcp'] as const }]),
  ];
}

/** The next port after the first engine's that nobody has or wants. */
async function freeStandbyPort({ engine }: PoolArrangement, taken: ReadonlySet<number>): Promise<number> {
  for (let port = engine.ENGINE_HEALTH_PORT + 1; port <= 65_535; port += 1) {
    if (!taken.has(port) && await isTcpPortFree(port, LOOPBACK)) return port;
  }
  throw new StartFault(`There is no free port above ENGINE_HEALTH_PORT (${engine.ENGINE_HEALTH_PORT}) for the engine that stands by.`, EXIT.portInUse);
}

/** Where something that listens on `address` can be reached from this machine. */
function reachable(address: string): string {
  return address === '0.0.0.0' || address === '::' ? LOOPBACK : bracketed(address);
}

function bracketed(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

/** The password between edge and engine; made once. A damaged file is put aside, since a new secret serves as well. */
function keptSecret(dataDirectory: string, notice: (words: string) => void): string {
  const path = join(dataDirectory, 'secrets.json');
  const { value, putAside } = readKept(path, secretsFile);
  if (value) return value.drachtioSecret;
  if (putAside) notice(`The file ${path} was damaged. It is now ${putAside}, and new secrets were made.`);
  const drachtioSecret = randomBytes(24).toString('base64url');
  writeKept(path, { drachtioSecret });
  return drachtioSecret;
}

if (require.main === module) void main();
