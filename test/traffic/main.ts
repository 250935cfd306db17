// `npm run traffic`: simulated callers and agents against the running system, so that someone without a softphone sees it work.
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { Administration } from '../../storage/administration/administration';
import { connect } from '../../storage/connect';
import { EXIT, stopOnSignal } from '../../storage/process/exit';
import { createLog } from '../../storage/process/log';
import { ROOT } from '../../storage/process/root';
import { readRunning } from '../../storage/local/machine/run-file';
import { Crowd } from './crowd';
import { type Group, Population, TrafficFault } from './population';

const PROGRESS_MS = 1_000;
const MINUTE_MS = 60_000;

interface Options {
  readonly callsPerMinute: number;
  readonly agents: number;
  readonly group?: string;
  readonly minutes: number;
  readonly data: string;
}

/** Bounded on purpose: this is a demonstration, and it ends by itself. */
const whole = (least: number, most: number) => (typed: string): number => {
  const number = Number(typed);
  if (!Number.isInteger(number) || number < least || number > most) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  return number;
};

async function main(): Promise<void> {
  const options = new Command('npm run traffic --')
    .description('Sends simulated callers to a group and runs simulated agents’ phones over SIP and RTP, against the system that npm start runs.')
    .option('--calls-per-minute <number>', 'how many callers call, 1 to 600', whole(1, 600), 30)
    .option('--agents <number>', 'how many simulated agents are added, 0 to 50', whole(0, 50), 5)
    .option('--group <user>', 'the SIP user of the group to call (default: help-desk, or the first active group)')
    .option('--minutes <number>', 'after how long it ends by itself, 1 to 60', whole(1, 60), 60)
    .option('--data <dir>', 'the data folder of the running system', join(ROOT, '.local'))
    .allowExcessArguments(false)
    .exitOverride((fault) => process.exit(fault.exitCode === 0 ? EXIT.stopped : EXIT.usage))
    .parse().opts<Options>();

  const system = readRunning(resolve(options.data));
  if (!system) throw new TrafficFault(`Nothing runs from ${resolve(options.data)}. Start it first, in another terminal: npm start`);
  const uri = system.uri ?? process.env['MONGODB_URI'];
  if (!uri) throw new TrafficFault('The running system uses a database of its own. Set MONGODB_URI here too.');

  const connection = await connect(uri, { appName: 'response-group-traffic', forPeople: true });
  const administration = new Administration({ client: connection.client, db: connection.db, pool: system.pool, sipDomain: system.sipDomain, log: createLog('traffic', 'silent') });
  const population = new Population(administration);
  let crowd: Crowd | undefined;
  const timers: NodeJS.Timeout[] = [];
  const stop = async (): Promise<void> => {
    timers.forEach((timer) => clearTimeout(timer));
    say('Hanging up …');
    await crowd?.stop();
    const removed = await population.removeAll();
    await connection.close();
    say(`${crowd ? progressOf(crowd) : 'No calls were made.'}\nEverything is hung up; ${removed} simulated agents are removed.`);
  };
  stopOnSignal(stop, (fault) => process.stderr.write(`${wordsFor(fault)}\nSimulated agents that are left are removed by the next run.\n`));

  try {
    const group = await prepare(population, options);
    crowd = new Crowd({ host: system.sipHost, port: system.sipPort, domain: system.sipDomain }, group);
    const agents = await population.add(options.agents, group);
    for (const agent of agents) await crowd.addAgent(agent);
    say(`${agents.length} simulated agents answer in ${group.displayName}; ${options.callsPerMinute} callers a minute call sip:${group.sipUser}@${system.sipHost}. Ctrl-C ends it, or ${options.minutes} minutes.`);
    run(crowd, options, timers);
  } catch (fault) {
    await stop();
    throw fault;
  }
}

async function prepare(population: Population, options: Options): Promise<Group> {
  const left = await population.removeAll();
  if (left > 0) say(`${left} simulated agents of an interrupted run were removed.`);
  return population.group(options.group);
}

function run(crowd: Crowd, options: Options, timers: NodeJS.Timeout[]): void {
  const mean = MINUTE_MS / options.callsPerMinute;
  const next = (): void => {
    void crowd.placeCall();
    // Arrivals spread around the mean, as people do.
    timers[0] = setTimeout(next, mean * (0.5 + Math.random()));
  };
  next();
  timers[1] = setInterval(() => {
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${progressOf(crowd)}`);
  }, PROGRESS_MS);
  timers[2] = setInterval(() => { if (!process.stdout.isTTY) say(progressOf(crowd)); }, 10 * PROGRESS_MS);
  timers[3] = setTimeout(() => process.kill(process.pid, 'SIGTERM'), options.minutes * MINUTE_MS);
}

function progressOf(crowd: Crowd): string {
  const { placed, inside, talking, answered, gaveUp, refused } = crowd.tally;
  return [
    `${placed} called`, `${Math.max(0, inside - talking)} waiting`, `${talking} talking`, `${answered} answered`, `${gaveUp} gave up`,
    ...(refused > 0 ? [`${refused} refused (${crowd.lastRefusal})`] : []),
  ].join(', ');
}

function say(words: string): void {
  process.stdout.write(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${words}\n`);
}

function wordsFor(fault: unknown): string {
  return fault instanceof TrafficFault ? fault.message : fault instanceof Error ? fault.stack ?? fault.message : String(fault);
}

main().catch((fault: unknown) => {
  process.stderr.write(`${wordsFor(fault)}\n`);
  process.exit(EXIT.failed);
});
