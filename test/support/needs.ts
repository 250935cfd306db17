// Says what a group of tests needs from the machine, and why it is skipped where that is missing.
import { accessSync, appendFileSync, constants, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const SKIPS = join(__dirname, '..', '..', 'dist', '.skipped-tests.jsonl');

/** Whether a program is on the PATH. */
export function onPath(program: string): boolean {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** `describe` where every named program is there, else `describe.skip` with the reason printed at the end of the run. */
export function describeWith(programs: readonly string[], title: string, body: () => void): void {
  const missing = programs.filter((program) => !onPath(program));
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  mkdirSync(dirname(SKIPS), { recursive: true });
  appendFileSync(SKIPS, `${JSON.stringify({ title, reason: `not on PATH: ${missing.join(', ')}` })}\n`);
  describe.skip(title, body);
}
