// Runs the command that newcomers run, on free ports and a folder of its own, and hears what it says.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';

/** The last line of the screen. */
const READY = 'Ctrl-C stops everything';
const PORT_VARIABLES = ['SIP_PORT', 'DRACHTIO_PORT', 'EDGE_CONTROL_PORT', 'NG_PORT', 'EDGE_HEALTH_PORT', 'ENGINE_HEALTH_PORT', 'BOT_PORT', 'LOCAL_TEAMS_PORT'] as const;

/** What a pair needs beside. */
const PAIR_VARIABLES = ['MIRROR_HEALTH_PORT', ...['SIP_PORT', 'DRACHTIO_PORT', 'EDGE_CONTROL_PORT', 'NG_PORT', 'EDGE_HEALTH_PORT', 'ENGINE_HEALTH_PORT', 'MIRROR_HEALTH_PORT'].map((name) => `WEST_${name}`)];

export const freePairPorts = (): Promise<Record<string, string>> => portsFor([...PORT_VARIABLES, ...PAIR_VARIABLES]);
export const freePorts = (): Promise<Record<(typeof PORT_VARIABLES)[number], string>> => portsFor(PORT_VARIABLES);

/** A free port for each variable, told apart by keeping all of them open while they are chosen. */
async function portsFor<N extends string>(variables: readonly N[]): Promise<Record<N, string>> {
  const servers = await Promise.all(variables.map(async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }));
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(variables.map((name, index) => [name, ports[index]])) as Record<N, string>;
}

/** Lets a data folder use the database server that is installed in the checkout, instead of fetching it again. */
export function shareInstalledDatabase(data: string): void {
  mkdirSync(data, { recursive: true });
  mkdirSync(join(ROOT, '.local', 'database-venv'), { recursive: true });
  symlinkSync(join(ROOT, '.local', 'database-venv'), join(data, 'database-venv'));
}

export class StartRun {
  private output = '';
  private readonly waiting = new Set<() => void>();
  private constructor(readonly child: ChildProcess, readonly exited: Promise<number | null>) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data.toString('utf8');
        for (const look of this.waiting) look();
      });
    }
  }

  /** As a person at its terminal does. */
  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** `env` is all it gets, besides PATH and HOME. `script` is a compiled one, from `dist/`. */
  static begin(parameters: readonly string[], env: NodeJS.ProcessEnv, script = 'start.js'): StartRun {
    const child = spawn(process.execPath, [join(ROOT, 'dist', script), ...parameters], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new StartRun(child, new Promise((resolve) => child.once('close', resolve)));
  }

  get said(): string {
    return this.output;
  }

  /** Resolves when `pattern` was said. @throws when it ends without */
  async hears(pattern: RegExp | string): Promise<void> {
    const fits = (): boolean => (typeof pattern === 'string' ? this.output.includes(pattern) : pattern.test(this.output));
    let look = (): void => undefined;
    const heard = new Promise<'heard'>((resolve) => {
      look = () => { if (fits()) resolve('heard'); };
      this.waiting.add(look);
      look();
    });
    const how = await Promise.race([heard, this.exited]);
    this.waiting.delete(look);
    if (how !== 'heard' && !fits()) throw new Error(`it ended with ${how} and never said ${String(pattern)}:\n${this.output}`);
  }

  ready(): Promise<void> {
    return this.hears(READY);
  }

  /** As Ctrl-C does. Resolves with the exit code. */
  async interrupt(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.exited;
  }
}
