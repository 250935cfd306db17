// Opens the log file of a process that start.ts runs; the log of the run before last is dropped.
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const TURN_OVER_BYTES = 20 * 1024 * 1024;

/**
 * Calls `use` with a file descriptor open for appending, for a child's output, and closes ours afterwards. A file past
 * 20 MB is moved to `<name>.1` first.
 */
export function withLogFile<T>(path: string, use: (descriptor: number) => T): T {
  mkdirSync(dirname(path), { recursive: true });
  try {
    if (statSync(path).size > TURN_OVER_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
  const descriptor = openSync(path, 'a', 0o600);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
