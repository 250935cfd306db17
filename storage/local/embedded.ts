// Runs the embedded database: one MongoDB-compatible server, a process of its own, as a replica set of one member.
import { spawn, type ChildProcess } from 'node:child_process';
import { access, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve as resolvePath } from 'node:path';
import { MongoClient } from 'mongodb';
import { LocalDatabaseFault } from './fault';
import { withLogFile } from './log-file';
import { isTcpPortFree } from './ports';
import { commandLineOf, endProcess, isAlive } from './running';
import { ensureVirtualEnvironment } from './virtual-environment';

const ADDRESS = '127.0.0.1';
/** Not MongoDB's own 27017, which is often taken. */
const FIRST_PORT = 27217;
const PORTS_TRIED = 100;
const STARTS_TRIED = 5;
const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 15_000;
const POLL_MS = 25;
const SAID_KEPT = 2_000;

export interface EmbeddedDatabaseOptions {
  /** Holds `database/` (data), `database-venv/`, `database.pid`, `database-port`, `logs/database.log`. Made when missing. */
  readonly dataDirectory: string;
  /** Told in a few words what is being done. */
  readonly progress?: (words: string) => void;
  /** Serves `failCommand` and its like; for tests alone. */
  readonly testCommands?: boolean;
  /** Where the virtual environment is, if not in `dataDirectory`: tests share one. */
  readonly virtualEnvironment?: string;
  /** `stable` (default): 27217 or the next free one, the same at each start. `any`: a free one, for tests. */
  readonly port?: 'stable' | 'any';
  /** The Python to build with (variable PYTHON). */
  readonly python?: string | undefined;
}

export interface EmbeddedDatabase {
  /** With the database name `response-group` and the replica set's name. */
  readonly uri: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason, with words for it. Never rejects. */
  readonly exited: Promise<string>;
  /** Stops it cleanly; harmless when it has ended already. */
  stop(): Promise<void>;
  /** Ends it as a power cut would (SIGKILL), for tests. Resolves when it is gone. */
  kill(): Promise<void>;
}

/**
 * Installs the database where that has not been done, starts it with every commit synced to disk, and waits until it
 * answers. A server that a killed start left behind on the same data is stopped first.
 * @throws LocalDatabaseFault for everything a person can do something about
 */
export async function startEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const directory = resolvePath(options.dataDirectory);
  const progress = options.progress ?? (() => undefined);
  const data = join(directory, 'database');
  await prepare(directory, data);
  await stopLeftover(directory, data, progress);
  const environment = {
    folder: options.virtualEnvironment ?? join(directory, 'database-venv'), progress, python: options.python,
  };
  let python = await ensureVirtualEnvironment(environment);

  let rebuilt = false;
  let port = await choosePort(directory, options.port ?? 'stable');
  for (let attempt = 1; ; attempt += 1) {
    progress('starting the embedded database');
    const outcome = await launch({ directory, data, python, port, testCommands: options.testCommands ?? false });
    if (outcome.kind === 'answers') return outcome.database;
    if (/Address already in use/.test(outcome.said) && attempt < STARTS_TRIED) {
      port = await choosePort(directory, options.port ?? 'stable', port + 1);
    } else if (/No module named|ModuleNotFoundError|ImportError|ENOENT/.test(outcome.said) && !rebuilt) {
      rebuilt = true;
      progress('the virtual environment is damaged; building it again');
      python = await ensureVirtualEnvironment({ ...environment, rebuild: true });
    } else throw faultOf(outcome.said, directory, data);
  }
}

async function prepare(directory: string, data: string): Promise<void> {
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    await writeFile(join(directory, 'database.toml'), '', { mode: 0o600 });
  } catch (fault) {
    throw new LocalDatabaseFault('FOLDER_UNUSABLE', `The folder ${directory} cannot be written: ${(fault as Error).message}. Choose another with --data DIR.`, undefined, { cause: fault });
  }
  // WiredTiger makes a new, empty database over files whose catalogue is missing, so what is not whole is not given to it.
  const names = await readdir(data);
  const isEmpty = names.length === 0;
  const isWhole = await access(join(data, 'WiredTiger.turtle')).then(() => true, () => false);
  if (!isEmpty && !isWhole) throw corrupt(data, 'the file WiredTiger.turtle is missing from it');
}

async function stopLeftover(directory: string, data: string, progress: (words: string) => void): Promise<void> {
  const file = join(directory, 'database.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const [pid, starter] = text.trim().split(/\s+/).map(Number);
  const isOurs = pid !== undefined && isAlive(pid) && commandLineOf(pid).includes(`--storage-path ${data}`);
  if (isOurs) {
    if (starter !== undefined && starter !== process.pid && isAlive(starter)) {
      throw new LocalDatabaseFault('ALREADY_RUNNING', `The database in ${data} is in use by process ${starter}. Stop that one first, or choose another folder with --data DIR.`);
    }
    progress('stopping a database that an earlier run left behind');
    await endProcess(pid, STOP_PATIENCE_MS);
  }
  await rm(file, { force: true });
}

async function choosePort(directory: string, kind: 'stable' | 'any', from?: number): Promise<number> {
  const file = join(directory, 'database-port');
  const kept = Number(await readFile(file, 'utf8').catch(() => ''));
  const isKept = Number.isInteger(kept) && kept > 1023 && kept < 65_536;
  const first = from ?? (kind === 'any' ? 28_000 + Math.floor(Math.random() * 3_000) : isKept ? kept : FIRST_PORT);
  for (let port = first; port < first + PORTS_TRIED; port += 1) {
    if (!await isTcpPortFree(port, ADDRESS)) continue;
    await writeFile(file, `${port}\n`);
    return port;
  }
  throw new LocalDatabaseFault('DATABASE_FAILED', `No free port for the embedded database between ${first} and ${first + PORTS_TRIED}.`);
}

interface Launch {
  readonly directory: string;
  readonly data: string;
  readonly python: string;
  readonly port: number;
  readonly testCommands: boolean;
}

type LaunchOutcome =
  | { readonly kind: 'answers'; readonly database: EmbeddedDatabase }
  | { readonly kind: 'failed'; readonly said: string };

async function launch({ directory, data, python, port, testCommands }: Launch): Promise<LaunchOutcome> {
  const log = join(directory, 'logs', 'database.log');
  const parameters = [
    '-m', 'secantus', '--config', join(directory, 'database.toml'), '--host', ADDRESS, '--port', String(port),
    '--storage-path', data, '--sync-on-commit', '--log-level', 'WARNING',
    ...(testCommands ? ['--enable-test-commands'] : []),
  ];
  let child: ChildProcess;
  let logStart = 0;
  try {
    child = withLogFile(log, (descriptor) =>
      // A session of its own, so that Ctrl-C in a terminal does not take the database away before those who write to it.
      spawn(python, parameters, { cwd: directory, detached: true, stdio: ['ignore', descriptor, descriptor] }));
    logStart = (await stat(log)).size;
  } catch (fault) {
    return { kind: 'failed', said: String(fault) };
  }
  const ending: { words?: string } = {};
  const exited = new Promise<string>((resolve) => {
    const ended = (words: string): void => { ending.words = words; resolve(words); };
    child.once('error', (error) => ended(error.message));
    child.once('exit', (code, signal) => ended(signal ? `ended by ${signal}` : `exit code ${code ?? 'unknown'}`));
  });
  const { pid } = child;
  if (pid === undefined) return { kind: 'failed', said: await exited };
  await writeFile(join(directory, 'database.pid'), `${pid} ${process.pid}\n`);
  const forget = async (): Promise<void> => {
    await exited;
    await rm(join(directory, 'database.pid'), { force: true });
  };

  const uri = `mongodb://${ADDRESS}:${port}/response-group?replicaSet=secantus`;
  const answer = await waitForAnswer(uri, port, () => ending.words);
  if (answer !== undefined) {
    if (ending.words === undefined) await endProcess(pid, STOP_PATIENCE_MS);
    await forget();
    return { kind: 'failed', said: `${await readTail(log, logStart)}\n${answer}` };
  }
  return {
    kind: 'answers',
    database: {
      uri, port, pid, exited,
      stop: async () => {
        if (ending.words === undefined) await endProcess(pid, STOP_PATIENCE_MS);
        await forget();
      },
      kill: async () => {
        child.kill('SIGKILL');
        await forget();
      },
    },
  };
}

/** Resolves with undefined when the server reads its data for us, else with what went wrong. */
async function waitForAnswer(uri: string, port: number, ended: () => string | undefined): Promise<string | undefined> {
  const until = Date.now() + START_PATIENCE_MS;
  let lastFault = 'it did not answer';
  while (ended() === undefined && Date.now() < until) {
    if (!await isListening(port)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      continue;
    }
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 2_000 });
    try {
      const database = client.db();
      for (const { name } of await database.listCollections({}, { nameOnly: true }).toArray()) await database.collection(name).findOne();
      return ended();
    } catch (fault) {
      lastFault = (fault as Error).message;
      if (/corrupt|WT_|WiredTiger/i.test(lastFault)) return lastFault;
    } finally {
      await client.close();
    }
  }
  return ended() ?? lastFault;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: ADDRESS });
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}

async function readTail(log: string, from: number): Promise<string> {
  const file = await open(log, 'r').catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const start = Math.max(0, Math.min(from, size), size - SAID_KEPT);
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function corrupt(data: string, what: string): LocalDatabaseFault {
  return new LocalDatabaseFault('DATA_CORRUPT', [
    `The database in ${data} cannot be read: ${what}.`,
    'Nothing in that folder was deleted. Put a backup of it in its place, or move it away to start with an empty database,',
    'or use another folder with --data DIR.',
  ].join('\n'));
}

function faultOf(said: string, directory: string, data: string): LocalDatabaseFault {
  if (/busy|already locked|another process/i.test(said)) {
    return new LocalDatabaseFault('ALREADY_RUNNING', `The database in ${data} is in use by another process. Stop that one first, or choose another folder with --data DIR.`);
  }
  const complaint = /(WT_[A-Z_]+: .*|WiredTigerError: .*|UnicodeDecodeError)/.exec(said);
  if (complaint) return corrupt(data, complaint[1] === 'UnicodeDecodeError' ? 'its files are damaged' : complaint[1] ?? 'its files are damaged');
  const last = said.trim().split('\n').slice(-3).join('\n  ');
  return new LocalDatabaseFault('DATABASE_FAILED', `The embedded database did not start:\n  ${last}\nMore is in ${join(directory, 'logs', 'database.log')}.`);
}
