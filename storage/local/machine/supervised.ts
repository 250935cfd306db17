// One of our processes, kept alive: started, waited for, started again when it dies, stopped when asked.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { withLogFile } from '../log-file';
import { endProcess } from '../running';
import { EXIT } from '../../process/exit';
import { StartFault } from './fault';

const HEALTH_PATIENCE_MS = 30_000;
const HEALTH_POLL_MS = 50;
const STOP_PATIENCE_MS = 10_000;
/** How long a process must have run for its death to count as the first again. */
const STEADY_MS = 60_000;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
const LINES_SHOWN = 5;
/** A person must change something first: starting it again does not help. */
const FINAL_EXITS: readonly number[] = [EXIT.usage];

interface CommonPlan {
  /** As a person reads it: `edge`, `engine`, `bot`, `local Teams`. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
}

/** One of ours, which answers /healthz. */
export interface ScriptPlan extends CommonPlan {
  /** The compiled file, absolute. */
  readonly script: string;
  readonly healthUrl: string;
}

/** A program of somebody else's. */
export interface ProgramPlan extends CommonPlan {
  readonly program: string;
  readonly parameters: readonly string[];
  /** Part of its command line that no other process has. */
  readonly mark: string;
  readonly isWell: () => Promise<boolean>;
  /** How long it may take to stop before it is killed. */
  readonly stopPatienceMs: number;
}

export type ProcessPlan = ScriptPlan | ProgramPlan;

export interface Watcher {
  /** At each start, also after a death. */
  readonly started: (name: string, pid: number, command: string) => void;
  /** A line for the person at the terminal. */
  readonly notice: (words: string) => void;
}

export class Supervised {
  private child: ChildProcess | undefined;
  private stopping = false;
  private restart: NodeJS.Timeout | undefined;
  private deaths = 0;
  private startedAt = 0;
  /** Where in the log the present child began. */
  private logStart = 0;

  constructor(private readonly plan: ProcessPlan, private readonly watcher: Watcher) {}

  /**
   * Resolves when it is well, as /healthz or the program itself answers, and keeps it alive from then on; also when `stop` is called meanwhile.
   * @throws StartFault with the last words of its log when it ends or stays silent; it is stopped then
   */
  async start(): Promise<void> {
    try {
      await this.launch();
    } catch (fault) {
      await this.stop();
      throw fault;
    }
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Ends it for good. Harmless when it has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    const { child } = this;
    if (child?.pid !== undefined && isRunning(child)) await endProcess(child.pid, this.patienceMs);
  }

  /** Ends it for good and at once, as a power cut would. */
  async kill(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    const { child } = this;
    if (child?.pid !== undefined && isRunning(child)) await endProcess(child.pid, 0);
  }

  private get patienceMs(): number {
    return 'program' in this.plan ? this.plan.stopPatienceMs : STOP_PATIENCE_MS;
  }

  private async launch(): Promise<void> {
    const { name, env, log } = this.plan;
    const [program, parameters, mark] = 'program' in this.plan ? [this.plan.program, this.plan.parameters, this.plan.mark] : [process.execPath, [this.plan.script], this.plan.script];
    this.logStart = sizeOf(log);
    const child = withLogFile(log, (descriptor) =>
      // A session of its own: Ctrl-C in the terminal reaches start.ts alone, which stops all in order.
      spawn(program, parameters, { env, detached: true, stdio: ['ignore', descriptor, descriptor] }));
    this.child = child;
    this.startedAt = Date.now();
    if (child.pid !== undefined) this.watcher.started(name, child.pid, mark);
    let ended = false;
    let well = false;
    const ending = new Promise<void>((resolve) => {
      const end = (words: string): void => {
        if (ended) return;
        ended = true;
        resolve();
        if (well) this.died(words, child.exitCode);
      };
      child.once('error', (fault) => end(fault.message));
      child.once('exit', (code, signal) => end(signal ? `ended by ${signal}` : `ended with exit code ${code ?? 'unknown'}`));
    });
    const until = Date.now() + HEALTH_PATIENCE_MS;
    while (!ended && !this.stopping && Date.now() < until) {
      if (await this.isWell()) {
        well = true;
        return;
      }
      await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, HEALTH_POLL_MS))]);
    }
    if (this.stopping) return;
    throw new StartFault([
      ended ? `The ${name} ended while starting (exit code ${child.exitCode ?? 'unknown'}).` : `The ${name} did not report itself well${'healthUrl' in this.plan ? ` at ${this.plan.healthUrl}` : ''} within ${HEALTH_PATIENCE_MS / 1000} s.`,
      ...lastWords(log, this.logStart).map((line) => `  ${line}`),
      `Its log is ${log}.`,
    ].join('\n'), child.exitCode && child.exitCode > 0 ? child.exitCode : EXIT.failed);
  }

  private isWell(): Promise<boolean> {
    return 'program' in this.plan ? this.plan.isWell() : answersWell(this.plan.healthUrl);
  }

  private died(words: string, exitCode: number | null): void {
    if (this.stopping) return;
    const { name, log } = this.plan;
    if (exitCode !== null && FINAL_EXITS.includes(exitCode)) {
      this.watcher.notice(`The ${name} ${words} and is not started again: ${lastWords(log, this.logStart).at(-1) ?? `see ${log}`}`);
      return;
    }
    this.deaths = Date.now() - this.startedAt > STEADY_MS ? 0 : this.deaths;
    const delay = BACKOFF_MS[Math.min(this.deaths, BACKOFF_MS.length - 1)] ?? 0;
    this.deaths += 1;
    const what = exitCode === EXIT.replaced ? 'was replaced by another and has let go of everything' : words;
    this.watcher.notice(`The ${name} ${what}; starting it again in ${delay / 1000} s. Its log is ${log}.`);
    this.restart = setTimeout(() => {
      this.launch().then(
        () => { if (!this.stopping) this.watcher.notice(`The ${name} runs again.`); },
        async (fault: unknown) => {
          const { child } = this;
          if (child?.pid !== undefined && isRunning(child)) await endProcess(child.pid, this.patienceMs);
          this.died(`could not be started again (${(fault as Error).message.split('\n')[0] ?? ''})`, child?.exitCode ?? null);
        },
      );
    }, delay);
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function answersWell(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** The last lines of a log, from a byte on, that say something to a person: plain lines, and the messages of JSON lines at level error. */
export function lastWords(log: string, from = 0): string[] {
  let text: string;
  try {
    const bytes = readFileSync(log);
    text = bytes.subarray(from > bytes.length ? 0 : from).toString('utf8').slice(-8_000);
  } catch {
    return [];
  }
  return text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line)).map(wordsOf).filter((line) => line !== null).slice(-LINES_SHOWN);
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

function wordsOf(line: string): string | null {
  if (!line.startsWith('{')) return line;
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } };
    return level !== undefined && level >= 50 ? [msg, err?.message].filter(Boolean).join(': ') : null;
  } catch {
    return line;
  }
}
