// Reads a process's environment once: parsed by zod, frozen, and all faults listed together.
import { z } from 'zod';

/** What one environment variable means to a reader. `secret` ones are masked wherever configuration is printed. */
export interface Variable<T extends z.ZodType = z.ZodType> {
  readonly schema: T;
  readonly describe: string;
  readonly secret?: boolean;
}

export type Variables = Readonly<Record<string, Variable>>;
export type Settings<V extends Variables> = { readonly [K in keyof V]: z.output<V[K]['schema']> };

/** The person who started the process set something that cannot be used. */
export class EnvironmentFault extends Error {
  readonly code = 'ENVIRONMENT';
  constructor(readonly faults: readonly string[]) {
    super(`These environment variables cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'EnvironmentFault';
  }
}

/** A port number, 1–65535. */
export const port = (fallback: number) => z.coerce.number().int().min(1).max(65535).default(fallback);

/**
 * Parses `env` against `variables`. An empty string counts as not set.
 * @throws EnvironmentFault naming every variable that is wrong, its value (masked when secret) and what is allowed.
 */
export function readEnvironment<V extends Variables>(variables: V, env: NodeJS.ProcessEnv = process.env): Settings<V> {
  const faults: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const given = env[name] === '' ? undefined : env[name];
    const parsed = variable.schema.safeParse(given);
    if (parsed.success) settings[name] = parsed.data;
    else {
      const value = given === undefined ? 'not set' : variable.secret ? 'set' : JSON.stringify(given);
      faults.push(`${name} (${value}): ${parsed.error.issues.map((issue) => issue.message).join('; ')}. ${variable.describe}`);
    }
  }
  if (faults.length > 0) throw new EnvironmentFault(faults);
  return Object.freeze(settings) as Settings<V>;
}

/** The effective configuration with secrets masked, one `NAME=value` per line, for `--config` and the first log line. */
export function maskedSettings<V extends Variables>(variables: V, settings: Settings<V>): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const value = settings[name];
    shown[name] = variable.secret && value !== undefined && value !== null ? '***' : typeof value === 'string' ? maskCredentials(value) : value;
  }
  return shown;
}

/** Hides user and password inside a URI, as in `mongodb://user:password@host`. */
export function maskCredentials(uri: string): string {
  return uri.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^@/]*@/i, '$1***@');
}
