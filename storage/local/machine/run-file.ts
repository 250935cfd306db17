// `run.json` in the data folder: who runs from it now. It keeps a second start out, and lets the next one clear up after a killed one.
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { EXIT } from '../../process/exit';
import { commandLineOf, endProcess, isAlive } from '../running';
import { StartFault } from './fault';
import { readKept, writeKept } from './kept-file';

const STOP_PATIENCE_MS = 10_000;

const pid = z.int().min(1);
const runFile = z.object({
  pid,
  /** Part of the command line of that process, to tell it from another with the same id. */
  command: z.string().min(1),
  children: z.array(z.object({ name: z.string(), pid, command: z.string().min(1) })),
  /** What `npm run traffic` must know of the running system; absent until it runs. `uri` only where it holds no credentials. */
  system: z.object({
    uri: z.string().nullable(), pool: z.string(), sipDomain: z.string(), sipHost: z.string(), sipPort: z.int(),
    /** The other pool of a pair. */
    partner: z.object({ pool: z.string(), uri: z.string() }).optional(),
  }).nullable(),
});
type Run = z.output<typeof runFile>;
export type RunningSystem = NonNullable<Run['system']>;
export type Child = Run['children'][number];

const pathOf = (dataDirectory: string): string => join(dataDirectory, 'run.json');

/** What runs from this folder at the moment, if anything does. */
export function readRunning(dataDirectory: string): RunningSystem | undefined {
  const { value } = readKept(pathOf(dataDirectory), runFile);
  return value && isSame(value) ? value.system ?? undefined : undefined;
}

function isSame(process_: { readonly pid: number; readonly command: string }): boolean {
  return isAlive(process_.pid) && commandLineOf(process_.pid).includes(process_.command);
}

/** Keeps `run.json` true while this start runs. */
export class RunFile {
  private run: Run;

  private constructor(private readonly dataDirectory: string) {
    this.run = { pid: process.pid, command: basename(process.argv[1] ?? process.execPath), children: [], system: null };
  }

  /**
   * Claims the folder. Processes that a killed start left behind are stopped; `notice` is told.
   * @throws StartFault when another start runs from it
   */
  static async claim(dataDirectory: string, notice: (words: string) => void): Promise<RunFile> {
    const { value: earlier, putAside } = readKept(pathOf(dataDirectory), runFile);
    if (putAside) notice(`The file run.json in ${dataDirectory} was damaged and is now ${basename(putAside)}.`);
    if (earlier && earlier.pid !== process.pid && isSame(earlier)) {
      throw new StartFault(`Response Group already runs from ${dataDirectory} (process ${earlier.pid}). Stop that one with Ctrl-C first, or choose another folder with --data DIR and other ports.`, EXIT.usage);
    }
    for (const child of earlier?.children ?? []) {
      if (!isSame(child)) continue;
      notice(`Stopping the ${child.name} (process ${child.pid}) that an earlier start left behind.`);
      await endProcess(child.pid, STOP_PATIENCE_MS);
    }
    const file = new RunFile(dataDirectory);
    file.write();
    return file;
  }

  /** A child was started, or started again. */
  started(child: Child): void {
    this.run = { ...this.run, children: [...this.run.children.filter(({ name }) => name !== child.name), child] };
    this.write();
  }

  /** Everything runs. */
  runs(system: RunningSystem): void {
    this.run = { ...this.run, system };
    this.write();
  }

  release(): void {
    rmSync(pathOf(this.dataDirectory), { force: true });
  }

  private write(): void {
    writeKept(pathOf(this.dataDirectory), this.run);
  }
}
