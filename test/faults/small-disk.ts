// A disk that is soon full: a small tmpfs where this machine lets us mount one, else nothing is pretended.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FaultSystemOptions } from '../support/fault-system';

const run = promisify(execFile);
/** Less than one second of a run's changes. */
const SIZE = '16k';

/** The folder of the engines' files on a disk of its own; or why that cannot be. */
export async function smallDisk(): Promise<{ readonly system: Omit<FaultSystemOptions, 'rtpPorts'>; close(): Promise<void> } | string> {
  const folder = await mkdtemp(join(tmpdir(), 'rg-full-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder]);
  } catch {
    await rm(folder, { recursive: true });
    return 'a tmpfs cannot be mounted here';
  }
  return {
    system: { journalDirectory: folder },
    close: async () => {
      await run('umount', [folder]);
      await rm(folder, { recursive: true });
    },
  };
}
