// One machine, one command: starts the database, edge, engine, bot and the local chat page, and keeps them running.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { chooseDatabase, examineExternalDatabase, rememberDatabase } from './storage/local/choice';
import { type LocalDatabaseFault } from './storage/local/fault';
import { EnvironmentFault, maskCredentials } from './storage/process/environment';
import { EXIT } from './storage/process/exit';
import { ROOT, VERSION } from './storage/process/root';
import { ALL_VARIABLES, arrange, type Arrangement } from './start/arrangement';
import { SupervisedDatabase } from './start/database';
import { StartFault } from './start/fault';
import { Organisation } from './start/organisation';
import { checkPorts } from './start/ports';
import { type Step, showProgress } from './start/progress';
import { RunFile } from './start/run-file';
import { screen, type ScreenFacts } from './start/screen';
import { Supervised, type Watcher } from './start/supervised';

interface Options {
  readonly data: string;
  readonly fresh?: true;
  readonly yes?: true;
  readonly sample?: true;
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
    .option('--sample', 'add the sample organisation also to a database that MONGODB_URI names')
    .addHelpText('after', `\nPorts are moved by environment variables:\n${[...new Set(PORT_VARIABLES)].join('\n')}\n\nREADME.md lists every variable. MONGODB_URI names a database of your own.`)
    .allowExcessArguments(false)
    .exitOverride((fault) => process.exit(fault.exitCode === 0 ? EXIT.stopped : EXIT.usage));
  const options = command.parse().opts<Options>();
  const run: Run = { dataDirectory: resolve(options.data), options, notices: [], stops: [], stopping: false };
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
}

async function startDatabase(run: Run, say: (words: string) => void): Promise<void> {
  const { dataDirectory, arrangement } = run;
  if (!arrangement) return;
  const choice = await chooseDatabase(dataDirectory, arrangement.start.MONGODB_URI);
  if (choice.notice) run.notices.push(choice.notice);
  if (choice.kind === 'external') {
    say('asking the one that MONGODB_URI names');
    run.database = { kind: 'external', shownUri: maskCredentials(choice.uri), ...await examineExternalDatabase(choice.uri) };
    run.uri = choice.uri;
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
  run.organisation = await Organisation.open({ uri, dataDirectory, arrangement, notice: (words) => void run.notices.push(words) });
  run.stops.push(async () => run.organisation?.close());
  const wanted = run.options.sample === true;
  if (wanted || run.database?.kind === 'embedded') {
    say('looking for the sample organisation');
    const made = await run.organisation.seed();
    if (wanted && !made && run.database?.kind === 'external') run.notices.push('The sample organisation was not added: the database holds something already.');
  }
  await run.organisation.writePeople();
}

async function startProcesses(run: Run, say: (words: string) => void): Promise<void> {
  const { arrangement, uri } = run;
  if (!arrangement || uri === undefined) return;
  const processes = arrangement.plans(uri).map((plan) => ({ plan, supervised: new Supervised(plan, watcher(run)) }));
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
  run.runFile?.runs({
    uri: run.database?.kind === 'embedded' ? uri : null,
    pool: arrangement.bot.POOL, sipDomain: engine.SIP_DOMAIN, sipHost: edge.SIP_EXTERNAL_ADDRESS, sipPort: edge.SIP_PORT,
  });
}

async function factsOf(run: Run): Promise<ScreenFacts> {
  const { arrangement, database, organisation } = run;
  if (!arrangement || !database || !organisation) throw new StartFault('The start is incomplete.');
  const { edge, engine, bot, localTeams } = arrangement;
  return {
    version: VERSION, dataDirectory: run.dataDirectory, database, notices: run.notices,
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
const KEPT_NAMES = ['database', 'database-kind', 'database-port', 'database.pid', 'database.toml', 'secrets.json', 'sample-phones.json', 'people.json', 'chats', 'media', 'logs', 'journal'];

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

void main();
