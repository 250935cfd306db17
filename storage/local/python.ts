// Finds a Python that can run the embedded database, and says in words what is wrong with those it found.
import { execFile } from 'node:child_process';
import { EXIT } from '../process/exit';
import { LocalDatabaseFault } from './fault';

/** The database's package is built for these and no others. */
const OLDEST = 10;
const NEWEST = 13;
const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const PROBE = `
import sys, importlib.util
has = lambda name: importlib.util.find_spec(name) is not None
print("probe", sys.version_info[0], sys.version_info[1], int(has("venv")), int(has("ensurepip")))
`;
const PROBE_TIMEOUT_MS = 10_000;

export interface Python {
  readonly command: string;
  /** For example `3.11`. */
  readonly version: string;
}

/** What one candidate answered; `undefined` when there is no such program or it does not run. */
export interface ProbeAnswer {
  readonly major: number;
  readonly minor: number;
  readonly venv: boolean;
  readonly ensurepip: boolean;
}

export type Probe = (command: string) => Promise<ProbeAnswer | undefined>;

/** Asks a Python for its version and whether it can make virtual environments. Never throws. */
export const probePython: Probe = (command) =>
  new Promise((resolve) => {
    execFile(command, ['-c', PROBE], { timeout: PROBE_TIMEOUT_MS }, (error, output) => {
      const found = /^probe (\d+) (\d+) ([01]) ([01])$/m.exec(output);
      if (error || !found) {
        resolve(undefined);
        return;
      }
      resolve({ major: Number(found[1]), minor: Number(found[2]), venv: found[3] === '1', ensurepip: found[4] === '1' });
    });
  });

/**
 * The first suitable Python: the one that `chosen` (the variable PYTHON) names, else the usual names in order.
 * @throws LocalDatabaseFault PYTHON_MISSING or PYTHON_UNSUITABLE, with every Python that was found and what it lacks.
 */
export async function findPython(chosen?: string, probe: Probe = probePython): Promise<Python> {
  const unsuitable: string[] = [];
  let lacksVenv: string | undefined;
  for (const command of chosen ? [chosen] : CANDIDATES) {
    const answer = await probe(command);
    if (!answer) continue;
    const version = `${answer.major}.${answer.minor}`;
    if (answer.major !== 3 || answer.minor < OLDEST) unsuitable.push(`${command} is Python ${version}, which is too old`);
    else if (answer.minor > NEWEST) unsuitable.push(`${command} is Python ${version}, for which the database is not built yet`);
    else if (!answer.venv || !answer.ensurepip) {
      unsuitable.push(`${command} is Python ${version}, but its ${answer.venv ? 'ensurepip' : 'venv'} module is missing`);
      lacksVenv ??= version;
    } else return { command, version };
  }
  const needed = `The embedded database needs Python 3.${OLDEST} to 3.${NEWEST} with the venv module.`;
  const otherwise = 'Or set MONGODB_URI to a MongoDB replica set of your own; then no Python is needed.';
  if (unsuitable.length === 0) {
    throw new LocalDatabaseFault('PYTHON_MISSING', [
      chosen ? `PYTHON names ${JSON.stringify(chosen)}, which does not run.` : 'No Python was found on the PATH.',
      needed,
      'On Debian or Ubuntu: sudo apt install python3 python3-venv. On a Mac: brew install python@3.13.',
      otherwise,
    ].join('\n'), EXIT.usage);
  }
  throw new LocalDatabaseFault('PYTHON_UNSUITABLE', [
    `No suitable Python was found: ${unsuitable.join('; ')}.`,
    needed,
    lacksVenv
      ? `On Debian or Ubuntu: sudo apt install python3-venv (or python${lacksVenv}-venv).`
      : 'Install one of these beside it, and name it with the variable PYTHON if it is not on the PATH.',
    otherwise,
  ].join('\n'), EXIT.usage);
}
