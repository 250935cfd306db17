// The mirror's environment: the only place of this process that reads it.
import { z } from 'zod';
import { id } from '../model/fields';
import { EnvironmentFault, port, readEnvironment, type Settings, type Variables } from '../process/environment';

const databaseUri = z.string({ error: 'must be set' }).regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://');

export const MIRROR_VARIABLES = {
  LOG_LEVEL: { schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), describe: 'How much is logged.' },
  POOL: { schema: id.default('main'), describe: 'The pool of this site.' },
  MONGODB_URI: { schema: databaseUri, describe: 'The database of this site, which receives.' },
  PARTNER_POOL: { schema: z.string({ error: 'must be set' }).pipe(id), describe: 'The pool of the other site, whose configuration is mirrored here.' },
  PARTNER_MONGODB_URI: { schema: databaseUri, describe: 'The database of the other site; a user who may only read it is enough.' },
  MIRROR_HEALTH_PORT: { schema: port(9029), describe: 'The port of /healthz.' },
} as const satisfies Variables;

export type MirrorSettings = Settings<typeof MIRROR_VARIABLES>;

/** @throws EnvironmentFault with everything that is wrong */
export function readMirrorSettings(env: NodeJS.ProcessEnv = process.env): MirrorSettings {
  const settings = readEnvironment(MIRROR_VARIABLES, env);
  if (settings.PARTNER_POOL === settings.POOL) throw new EnvironmentFault([`PARTNER_POOL (${JSON.stringify(settings.PARTNER_POOL)}): must name another pool than POOL. Pools that are partners have different names.`]);
  return settings;
}
