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
import { chooseDatabase, examineExternalDatabase, rememberDatabase } from './storage/local/choice';
import { type LocalDatabaseFault } from './storage/local/fault';
import { isTcpPortFree } from './storage/local/ports';
import { EnvironmentFault, maskCredentials, readEnvironment, type Settings, type Variables } from './storage/process/environment';
import { EXIT } from './storage/process/exit';
import { ROOT, VERSION } from './storage/process/root';
import { SupervisedDatabase } from './storage/local/machine/database';
import { EngineRoles } from './storage/local/machine/engine-roles';
import { StartFault } from './storage/local/machine/fault';
import { Organisation, peopleFile } from './storage/local/machine/organisation';
import { checkPorts, type NeededPort } from './storage/local/machine/ports';
import { type Step, showProgress } from './storage/local/machine/progress';
import { readKept, writeKept } from './storage/local/machine/kept-file';
import { SupervisedReplicaSet } from './storage/local/machine/replica-set';
import { RunFile } from './storage/local/machine/run-file';
import { screen, type ScreenFacts } from './storage/local/machine/screen';
import { START_VARIABLES, type StartSettings } from './storage/local/machine/settings';
import { MIRROR_VARIABLES } from './storage/mirror/settings';
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
}

/** What the steps find out, and what must be stopped again, last started first. */
interface Run {
  readonly dataDirectory: string;
  readonly options: Options;
  readonly notices: string[];
  readonly stops: Array<() => Promise<void>>;
  stopping: boolean;
  runFile?: RunFile;
  arrangement?: Arrangement;
  database?: ScreenFacts['database'];
  uri?: string;
  organisation?: Organisation;
  /** Where the engine that stands by answers /healthz; null where there is none. */
  standbyPort: number | null;
  roles?: EngineRoles;
}

const { mirror: _notStartedHere, ...STARTED_HERE } = ALL_VARIABLES;
const PORT_VARIABLES = Object.values(STARTED_HERE).flatMap((variables) => Object.entries(variables))
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
    .addHelpText('after', `\nPorts are moved by environment variables:\n${[...new Set(PORT_VARIABLES)].join('\n')}\n\nREADME.md lists every variable. MONGODB_URI names a database of your own.`)
    .allowExcessArguments(false)
    .exitOverride((fault) => process.exit(fault.exitCode === 0 ? EXIT.stopped : EXIT.usage));
  const options = command.parse().opts<Options>();
  const run: Run = { dataDirectory: resolve(options.data), options, notices: [], stops: [], stopping: false, standbyPort: null };
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
  if (!run.stopping) process.stdout.write(screen(await factsOf(run)));
}

const STEPS: ReadonlyArray<Step<Run>> = [
  { title: 'Looking around', run: lookAround },
  { title: 'Database', run: startDatabase },
  { title: 'Groups and people', run: prepareOrganisation },
  { title: 'Edge, engine, bot and chat page', run: startProcesses },
];

async function lookAround(run: Run): Promise<void> {
  const notice = (words: string): void => void run.notices.push(words);
  run.runFile = await RunFile.claim(run.dataDirectory, notice).catch((fault: NodeJS.ErrnoException) => {
    if (fault instanceof StartFault) throw fault;
    throw new StartFault(`The folder ${run.dataDirectory} cannot be written: ${fault.message}. Choose another with --data DIR.`, EXIT.usage, { cause: fault });
  });
  run.stops.push(async () => run.runFile?.release());
  run.arrangement = arrange({ dataDirectory: run.dataDirectory, env: process.env, localAdministrator: Organisation.ADMINISTRATOR, notice });
  await checkPorts(run.arrangement.ports);
  if (run.options.standby) run.standbyPort = await standbyPort(run.arrangement);
}

async function startDatabase(run: Run, say: (words: string) => void): Promise<void> {
  const { dataDirectory, arrangement } = run;
  if (!arrangement) return;
  const choice = await chooseDatabase(dataDirectory, arrangement.start.MONGODB_URI, run.options.replicaSet);
  if (choice.notice) run.notices.push(choice.notice);
  if (choice.kind === 'external') {
    say('asking the one that MONGODB_URI names');
    run.database = { kind: 'external', shownUri: maskCredentials(choice.uri), ...await examineExternalDatabase(choice.uri) };
    run.uri = choice.uri;
  } else if (choice.kind === 'replica-set') {
    const starting = SupervisedReplicaSet.start({ dataDirectory, progress: say }, watcher(run));
    run.stops.push(() => starting.then((database) => database.stop(), () => undefined));
    const database = await starting;
    run.database = { kind: 'replica-set', ports: database.ports };
    run.uri = database.uri;
  } else {
    const starting = SupervisedDatabase.start(
      { dataDirectory, python: arrangement.start.PYTHON, progress: say },
      { ...watcher(run), failedForGood: (fault) => void giveUp(run, fault) },
    );
    // Ctrl-C may come while it starts; then it is waited for, and stopped.
    run.stops.push(() => starting.then((database) => database.stop(), () => undefined));
    const database = await starting;
    run.database = { kind: 'embedded', port: database.port };
    run.uri = database.uri;
  }
  await rememberDatabase(dataDirectory, choice.kind);
}

async function prepareOrganisation(run: Run, say: (words: string) => void): Promise<void> {
  const { arrangement, uri, dataDirectory } = run;
  if (!arrangement || uri === undefined) return;
  run.organisation = await Organisation.open({
    uri, dataDirectory, pool: arrangement.bot.POOL, sipDomain: arrangement.engine.SIP_DOMAIN, administrators: arrangement.bot.ADMINISTRATORS, notice: (words) => void run.notices.push(words),
  });
  run.stops.push(async () => run.organisation?.close());
  const wanted = run.options.sample === true;
  if (wanted || run.database?.kind !== 'external') {
    say('looking for the sample organisation');
    const made = await run.organisation.seed();
    if (wanted && !made && run.database?.kind === 'external') run.notices.push('The sample organisation was not added: the database holds something already.');
  }
  await run.organisation.writePeople();
}

async function startProcesses(run: Run, say: (words: string) => void): Promise<void> {
  const { arrangement, uri } = run;
  if (!arrangement || uri === undefined) return;
  const plans = arrangement.plans(uri, run.standbyPort);
  const processes = plans.map((plan) => ({ plan, supervised: new Supervised(plan, watcher(run)) }));
  for (const { supervised } of processes) run.stops.push(() => supervised.stop());
  const waiting = new Set(processes.map(({ plan }) => plan.name));
  const tell = (): void => say(`waiting for ${[...waiting].join(', ')}`);
  tell();
  // All at once: each waits for what it needs by itself, and a warm start is not the sum of theirs.
  await Promise.all(processes.map(async ({ plan, supervised }) => {
    await supervised.start();
    if (waiting.delete(plan.name) && waiting.size > 0) tell();
  }));
  const { edge, engine } = arrangement;
  await watchRoles(run, plans);
  run.runFile?.runs({
    uri: run.database?.kind === 'external' ? null : uri,
    pool: arrangement.bot.POOL, sipDomain: engine.SIP_DOMAIN, sipHost: edge.SIP_EXTERNAL_ADDRESS, sipPort: edge.SIP_PORT,
  });
}

/** Says which engine is active whenever that changes; not of a lone one, of which its death is told already. */
async function watchRoles(run: Run, plans: readonly ScriptPlan[]): Promise<void> {
  const engines = plans.filter(({ name }) => name === ENGINE || name === SECOND_ENGINE);
  if (run.stopping || engines.length < 2) return;
  const roles = (run.roles = new EngineRoles(engines, watcher(run).notice));
  run.stops.push(() => Promise.resolve(roles.close()));
  await roles.begin();
}

async function factsOf(run: Run): Promise<ScreenFacts> {
  const { arrangement, database, organisation } = run;
  if (!arrangement || !database || !organisation) throw new StartFault('The start is incomplete.');
  const { edge, engine, bot, localTeams } = arrangement;
  return {
    version: VERSION, dataDirectory: run.dataDirectory, database, notices: run.notices, engines: run.roles?.roles ?? [],
    chatUrl: localTeams ? `http://127.0.0.1:${localTeams.LOCAL_TEAMS_PORT}/` : null,
    botUrl: `${bot.BOT_PUBLIC_URL ?? `http://${bot.BOT_ADDRESS}:${bot.BOT_PORT}`}/api/messages`,
    people: await organisation.people(), groups: await organisation.groups(), phones: organisation.phones(),
    sip: { host: edge.SIP_EXTERNAL_ADDRESS, port: edge.SIP_PORT, domain: engine.SIP_DOMAIN },
  };
}

function watcher(run: Run): Watcher {
  return {
    started: (name, pid, command) => run.runFile?.started({ name, pid, command }),
    notice: (words) => process.stdout.write(`${new Date().toLocaleTimeString()}  ${words}\n`),
  };
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
  const claim = await RunFile.claim(dataDirectory, (words) => process.stdout.write(`${words}\n`));
  for (const name of KEPT_NAMES) rmSync(join(dataDirectory, name), { recursive: true, force: true });
  claim.release();
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
const ENGINE = 'engine';
const SECOND_ENGINE = 'second engine';

const secretsFile = z.object({ drachtioSecret: z.string().min(16) });

export interface Arrangement {
  readonly start: StartSettings;
  readonly edge: EdgeSettings;
  readonly engine: EngineSettings;
  readonly bot: BotSettings;
  /** Null where an app id is set: the local page never runs beside the real Teams. */
  readonly localTeams: Settings<typeof LOCAL_TEAMS_VARIABLES> | null;
  readonly ports: readonly NeededPort[];
  /** The processes in the order in which they are started, once the database's address is known. `standbyPort`: where a second engine answers /healthz; null: there is none. */
  plans(uri: string, standbyPort: number | null): readonly ScriptPlan[];
}

export interface ArrangementOptions {
  readonly dataDirectory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Who administers where `ADMINISTRATORS` is not set and the bot serves only this machine. */
  readonly localAdministrator: string;
  readonly notice: (words: string) => void;
}

/**
 * Reads the environment of every process, before anything is started.
 * @throws EnvironmentFault listing every fault of every process, each once
 */
export function arrange({ dataDirectory, env, localAdministrator, notice }: ArrangementOptions): Arrangement {
  const shared: NodeJS.ProcessEnv = {
    ...env,
    MEDIA_DIRECTORY: env['MEDIA_DIRECTORY'] || join(dataDirectory, 'media'),
    JOURNAL_DIRECTORY: env['JOURNAL_DIRECTORY'] || join(dataDirectory, 'journal'),
    DRACHTIO_SECRET: env['DRACHTIO_SECRET'] || keptSecret(dataDirectory, notice),
    MONGODB_URI: NOT_YET,
  };
  const isLocal = !env['MICROSOFT_APP_ID'];
  if (isLocal && !env['ADMINISTRATORS']) shared['ADMINISTRATORS'] = localAdministrator;

  const faults = new Set<string>();
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (fault) {
      if (!(fault instanceof EnvironmentFault)) throw fault;
      for (const one of fault.faults) faults.add(one);
      return undefined;
    }
  };
  const start = collect(() => readEnvironment(START_VARIABLES, env));
  const edge = collect(() => withDefaults(readEnvironment(EDGE_VARIABLES, shared)));
  const engineEnv = engineEnvironment(shared, edge);
  const engine = collect(() => readEnvironment(ENGINE_VARIABLES, engineEnv));
  const botEnv = botEnvironment(shared, edge);
  const bot = collect(() => readBotSettings(botEnv));
  const localEnv = localTeamsEnvironment(shared, bot, dataDirectory);
  const localTeams = isLocal ? collect(() => readEnvironment(LOCAL_TEAMS_VARIABLES, localEnv)) : null;
  if (faults.size > 0 || !start || !edge || !engine || !bot || localTeams === undefined) throw new EnvironmentFault([...faults]);

  const log = (name: string): string => join(dataDirectory, 'logs', `${name}.log`);
  // Beside this file as compiled: what was built together runs together.
  const script = (path: string): string => join(__dirname, path);
  const health = (address: string, port: number): string => `http://${reachable(address)}:${port}/healthz`;
  return {
    start, edge, engine, bot, localTeams,
    ports: neededPorts(edge, engine, bot, localTeams),
    plans: (uri, standby) => {
      const its = (variables: Variables, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv => onlyOf(variables, { ...given, MONGODB_URI: uri });
      return [
        { name: 'edge', script: script('engine/edge/main.js'), env: its(EDGE_VARIABLES, shared), healthUrl: health(LOOPBACK, edge.EDGE_HEALTH_PORT), log: log('edge') },
        { name: ENGINE, script: script('engine/main.js'), env: its(ENGINE_VARIABLES, engineEnv), healthUrl: health(LOOPBACK, engine.ENGINE_HEALTH_PORT), log: log('engine') },
        ...(standby === null ? [] : [{
          name: SECOND_ENGINE, script: script('engine/main.js'), env: its(ENGINE_VARIABLES, { ...engineEnv, ENGINE_HEALTH_PORT: String(standby) }), healthUrl: health(LOOPBACK, standby), log: log('second-engine'),
        }]),
        { name: 'bot', script: script('bot/main.js'), env: its(BOT_VARIABLES, botEnv), healthUrl: health(bot.BOT_ADDRESS, bot.BOT_PORT), log: log('bot') },
        ...(localTeams ? [{
          name: 'local Teams', script: script('bot/local-teams/main.js'), env: its(LOCAL_TEAMS_VARIABLES, localEnv), healthUrl: health(LOOPBACK, localTeams.LOCAL_TEAMS_PORT), log: log('local-teams'),
        }] : []),
      ];
    },
  };
}

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

function botEnvironment(shared: NodeJS.ProcessEnv, edge: EdgeSettings | undefined): NodeJS.ProcessEnv {
  return { ...shared, SIP_SERVER: shared['SIP_SERVER'] || (edge ? `${edge.SIP_EXTERNAL_ADDRESS}:${edge.SIP_PORT}` : '') };
}

function localTeamsEnvironment(shared: NodeJS.ProcessEnv, bot: BotSettings | undefined, dataDirectory: string): NodeJS.ProcessEnv {
  return {
    ...shared,
    ...(bot ? { BOT_URL: `http://${isLoopback(bot.BOT_ADDRESS) ? bracketed(bot.BOT_ADDRESS) : LOOPBACK}:${bot.BOT_PORT}/api/messages` } : {}),
    LOCAL_TEAMS_PEOPLE: peopleFile(dataDirectory),
    LOCAL_TEAMS_DATA: join(dataDirectory, 'chats'),
  };
}

function neededPorts(edge: EdgeSettings, engine: EngineSettings, bot: BotSettings, localTeams: Arrangement['localTeams']): NeededPort[] {
  return [
    { variable: 'SIP_PORT', purpose: 'SIP', address: edge.SIP_ADDRESS, port: edge.SIP_PORT, transports: ['udp', 'tcp'] },
    { variable: 'DRACHTIO_PORT', purpose: 'the engine’s way to SIP', address: edge.DRACHTIO_ADDRESS, port: edge.DRACHTIO_PORT, transports: ['tcp'] },
    { variable: 'EDGE_CONTROL_PORT', purpose: 'the edge’s inventory', address: edge.DRACHTIO_ADDRESS, port: edge.EDGE_CONTROL_PORT, transports: ['tcp'] },
    { variable: 'NG_PORT', purpose: 'the engine’s way to media', address: edge.NG_ADDRESS, port: edge.NG_PORT, transports: ['udp', 'tcp'] },
    { variable: 'EDGE_HEALTH_PORT', purpose: 'health of the edge', address: LOOPBACK, port: edge.EDGE_HEALTH_PORT, transports: ['tcp'] },
    { variable: 'ENGINE_HEALTH_PORT', purpose: 'health of the engine', address: LOOPBACK, port: engine.ENGINE_HEALTH_PORT, transports: ['tcp'] },
    { variable: 'BOT_PORT', purpose: 'the bot', address: bot.BOT_ADDRESS, port: bot.BOT_PORT, transports: ['tcp'] },
    ...(localTeams ? [{ variable: 'LOCAL_TEAMS_PORT', purpose: 'the chat page', address: LOOPBACK, port: localTeams.LOCAL_TEAMS_PORT, transports: ['tcp'] as const }] : []),
  ];
}

/** The next port after the first engine's that nobody has or wants. */
async function standbyPort({ engine, ports }: Arrangement): Promise<number> {
  for (let port = engine.ENGINE_HEALTH_PORT + 1; port <= 65_535; port += 1) {
    if (!ports.some((one) => one.port === port) && await isTcpPortFree(port, LOOPBACK)) return port;
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
