// A process as a service manager keeps it: started again whenever it ends, until it is stopped.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';
import { type Running } from './system';

/** A service manager's pause before it starts something again. */
const RESTART_MS = 200;
const STOP_PATIENCE_MS = 15_000;

export interface KeptRunningOptions {
  readonly name: string;
  /** Below `dist`. */
  readonly script: string;
  /** Where its log goes. */
  readonly folder: string;
  readonly healthPort: number;
  readonly env: Readonly<Record<string, string>>;
}

export class KeptRunning implements Running {
  child: ChildProcess;
  private readonly log: WriteStream;
  private exited: Promise<number | null>;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  /** With what it ended although nobody stopped it: signals and exit codes, in order. */
  readonly ends: string[] = [];

  constructor(private readonly options: KeptRunningOptions) {
    this.log = createWriteStream(join(options.folder, `${options.name}.log`), { flags: 'a' });
    [this.child, this.exited] = this.start();
  }

  get name(): string { return this.options.name; }
  get healthPort(): number { return this.options.healthPort; }

  async health(): Promise<Record<string, unknown>> {
    const response = await fetch(`http://127.0.0.1:${this.healthPort}/healthz`, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as Record<string, unknown>;
  }

  /** Whether it says now that all is well with it. */
  async isWell(): Promise<boolean> {
    return this.health().then(({ ok }) => ok === true, () => false);
  }

  /** The signal goes to the process as it runs now; whatever ends it, it is started again. */
  signal(signal: NodeJS.Signals): void { this.child.kill(signal); }

  /** Ends it for good. One that was frozen is woken, or it could not end. */
  async stop(): Promise<number | null> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.child.kill('SIGCONT');
    this.child.kill('SIGTERM');
    const patience = setTimeout(() => { this.child.kill('SIGKILL'); }, STOP_PATIENCE_MS);
    const code = await this.exited;
    clearTimeout(patience);
    this.log.end();
    return code;
  }

  private start(): [ChildProcess, Promise<number | null>] {
    const { script, env } = this.options;
    const child = spawn(process.execPath, [join(ROOT, 'dist', script)], { env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => { this.log.write(data); });
    const exited = new Promise<number | null>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(code);
        if (this.stopped) return;
        this.ends.push(String(signal ?? code));
        this.timer = setTimeout(() => { [this.child, this.exited] = this.start(); }, RESTART_MS);
      });
    });
    return [child, exited];
  }
}
