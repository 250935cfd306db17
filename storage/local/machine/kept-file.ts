// Small JSON files in the data folder: written whole, readable by their owner only, and put aside where damaged.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type z } from 'zod';

export interface KeptFile<T> {
  /** `undefined` where there is none, or none that can be understood. */
  readonly value: T | undefined;
  /** Where a file that could not be understood was moved to; it is never overwritten. */
  readonly putAside: string | undefined;
}

/** Reads `path`. A file that does not fit `schema` is renamed to `<path>.damaged-<n>`. */
export function readKept<S extends z.ZodType>(path: string, schema: S): KeptFile<z.output<S>> {
  if (!existsSync(path)) return { value: undefined, putAside: undefined };
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    json = undefined;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data, putAside: undefined };
  let number = 1;
  while (existsSync(`${path}.damaged-${number}`)) number += 1;
  renameSync(path, `${path}.damaged-${number}`);
  return { value: undefined, putAside: `${path}.damaged-${number}` };
}

/** Replaces `path` in one step, so that it is never half written. Mode 0600, in a folder of mode 0700. */
export function writeKept(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.draft-${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}
