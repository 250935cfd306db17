// Makes the virtual environment that holds the embedded database, whole or not at all.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { LocalDatabaseFault } from './fault';
import { findPython } from './python';
import { isAlive } from './running';
import { ROOT } from '../process/root';

export const REQUIREMENTS = join(ROOT, 'storage', 'local', 'requirements.txt');
/** Written last, so an environment without it was never finished. It holds the hash of what was installed. */
const MARKER = 'response-group.complete';
const KEPT_LINES = 12;

export interface VirtualEnvironmentOptions {
  /** The folder to make, for example `.local/database-venv`. */
  readonly folder: string;
  readonly progress: (words: string) => void;
  /** Overrides the search on the PATH (variable PYTHON). */
  readonly python?: string | undefined;
  /** Discards what is there and builds anew. */
  readonly rebuild?: boolean;
}

/**
 * The path of a Python that has the pinned database installed. Builds the environment beside its final place and moves
 * it there when it is complete, so that an interrupted build is never mistaken for a finished one, and two builders at
 * once do no harm.
 * @throws LocalDatabaseFault PYTHON_*, INSTALL_FAILED or FOLDER_UNUSABLE
 */
export async function ensureVirtualEnvironment(options: VirtualEnvironmentOptions): Promise<string> {
  const requirements = await readFile(REQUIREMENTS, 'utf8');
  const wanted = createHash('sha256').update(requirements).digest('hex');
  const program = join(options.folder, 'bin', 'python');
  if (!options.rebuild && await isComplete(options.folder, wanted)) return program;

  const python = await findPython(options.python);
  await removeLeftovers(options.folder);
  const building = `${options.folder}.building-${process.pid}-${randomUUID().slice(0, 8)}`;
  try {
    options.progress(`making a virtual environment with Python ${python.version}`);
    await run(python.command, ['-m', 'venv', building], 'Making a Python virtual environment failed.', options.progress);
    options.progress('downloading the embedded database (once, about 50 MB)');
    await run(join(building, 'bin', 'python'), [
      '-m', 'pip', 'install', '--require-hashes', '--only-binary=:all:', '--no-input', '--disable-pip-version-check',
      '--progress-bar', 'off', '--requirement', REQUIREMENTS,
    ], 'Installing the embedded database failed. It is fetched once with pip from the Python package index; is this machine connected?', options.progress);
    await writeFile(join(building, MARKER), `${wanted}\n`);
    await putInPlace(building, options.folder, wanted, options.rebuild === true);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return program;
}

async function isComplete(folder: string, wanted: string): Promise<boolean> {
  try {
    await access(join(folder, 'bin', 'python'));
    return (await readFile(join(folder, MARKER), 'utf8')).trim() === wanted;
  } catch {
    return false;
  }
}

/** Moves a finished environment to its place; where another builder was faster, theirs stays. */
async function putInPlace(building: string, folder: string, wanted: string, replace: boolean): Promise<void> {
  if (!replace && await isComplete(folder, wanted)) return;
  const old = `${folder}.building-${process.pid}-old`;
  await rename(folder, old).catch(() => undefined);
  await rename(building, folder).catch(async (fault: unknown) => {
    if (!await isComplete(folder, wanted)) throw fault;
  });
  await rm(old, { recursive: true, force: true });
}

/** Removes what builders that no longer live left behind. */
async function removeLeftovers(folder: string): Promise<void> {
  const parent = dirname(folder);
  try {
    await mkdir(parent, { recursive: true });
    for (const name of await readdir(parent)) {
      const builder = name.startsWith(`${basename(folder)}.building-`) ? Number(name.split('.building-')[1]?.split('-')[0]) : undefined;
      if (builder !== undefined && !isAlive(builder)) await rm(join(parent, name), { recursive: true, force: true });
    }
  } catch (fault) {
    throw new LocalDatabaseFault('FOLDER_UNUSABLE', `The folder ${parent} cannot be written: ${(fault as Error).message}. Choose another with --data DIR.`, undefined, { cause: fault });
  }
}

async function run(command: string, parameters: readonly string[], whenItFails: string, progress: (words: string) => void): Promise<void> {
  const env = { ...process.env };
  for (const name of ['PYTHONPATH', 'PYTHONHOME', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_USER']) delete env[name];
  const child = spawn(command, parameters, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const last: string[] = [];
  const hear = (line: string): void => {
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
    const what = /^(Collecting|Downloading|Installing collected)\b\s*([^\s;=]*)/.exec(line.trim());
    if (what) progress(what[1] === 'Installing collected' ? 'installing the embedded database' : `downloading ${basename(what[2] ?? '').split('-')[0] ?? ''}`);
  };
  createInterface(child.stdout).on('line', hear);
  createInterface(child.stderr).on('line', hear);
  const code = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => { last.push(error.message); resolve('error'); });
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'error'));
  });
  if (code !== 0) {
    throw new LocalDatabaseFault('INSTALL_FAILED', `${whenItFails}\nThe last words of ${basename(command)} were:\n${last.map((line) => `  ${line}`).join('\n')}`);
  }
}
