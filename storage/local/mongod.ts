// Finds the MongoDB server on the PATH, and says what to do where there is none.
import { execFile } from 'node:child_process';
import { EXIT } from '../process/exit';
import { LocalDatabaseFault } from './fault';

const PROBE_TIMEOUT_MS = 10_000;
/** What the `mongodb` driver of this release needs. */
const OLDEST = { major: 4, minor: 4 } as const;

export interface Mongod {
  readonly command: string;
  /** For example `7.0.14`. */
  readonly version: string;
}

/** @throws LocalDatabaseFault MONGOD_MISSING or MONGOD_UNSUITABLE, in words that say what to do; nothing is fetched or started */
export async function findMongod(command = 'mongod'): Promise<Mongod> {
  const said = await new Promise<string | undefined>((resolve) => {
    execFile(command, ['--version'], { timeout: PROBE_TIMEOUT_MS }, (error, output) => resolve(error ? undefined : output));
  });
  if (said === undefined) {
    throw new LocalDatabaseFault('MONGOD_MISSING', [
      '--replica-set runs three members of the MongoDB server, and there is no mongod on the PATH.',
      'It does not come with this product and is not fetched by it: install the MongoDB server, 4.4 or newer, so that `mongod --version` answers.',
      'Or set MONGODB_URI to a replica set of your own. Or leave --replica-set out, for an embedded database of one node.',
    ].join('\n'), EXIT.usage);
  }
  const found = /db version v(\d+)\.(\d+)\.(\d+)/.exec(said);
  const [major, minor] = [Number(found?.[1]), Number(found?.[2])];
  if (!found || major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)) {
    throw new LocalDatabaseFault('MONGOD_UNSUITABLE', `The mongod on the PATH ${found ? `is version ${found.slice(1).join('.')}, which is too old` : 'does not say its version'}. ${OLDEST.major}.${OLDEST.minor} or newer is needed.`, EXIT.usage);
  }
  return { command, version: found.slice(1).join('.') };
}
