// Runs one sipp scenario file against a server and says how it went.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCENARIOS = join(__dirname, '..', 'scenario', 'sipp');
/** sipp gives up by itself after this many seconds, so nothing is left running. */
const LIMIT_SECONDS = 40;

export interface SippOptions {
  readonly server: { readonly host: string; readonly port: number };
  /** The user dialled, or the phone's own user for `register-…` and `uas-…` files. */
  readonly service?: string;
  readonly port?: number;
  readonly calls?: number;
  /** What `<pause/>` waits. */
  readonly pauseMs?: number;
  readonly keys?: Readonly<Record<string, string>>;
  /** For files that answer a challenge. */
  readonly login?: { readonly user: string; readonly password: string };
  readonly tcp?: boolean;
  /** The loopback address it speaks from: a trunk is known by it. */
  readonly address?: string;
}

export interface SippRun {
  /** Resolves when sipp ends with every call as its file expects. @rejects with sipp's own words otherwise. */
  readonly done: Promise<void>;
}

/** A port that is free now for UDP and TCP, for a peer that must know its port beforehand. Below the range the system hands out by itself, so that no connection of another test gets it meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 8_000);
    const socket = createSocket('udp4');
    const server = createServer();
    try {
      await Promise.all([
        new Promise<void>((resolve, reject) => { socket.once('error', reject).bind(port, '127.0.0.1', resolve); }),
        new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, '127.0.0.1', resolve); }),
      ]);
      return port;
    } catch {
      // Somebody has it; look elsewhere.
    } finally {
      await Promise.all([new Promise<void>((resolve) => { socket.close(() => resolve()); }), new Promise<void>((resolve) => { server.close(() => resolve()); })]);
    }
  }
}

/** The first of four ports in a row that are free now: sipp takes audio and video, each with its RTCP. Below the range the system hands out by itself. */
async function freeMediaPorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + 4 * Math.floor(Math.random() * 2_000);
    const sockets = [0, 1, 2, 3].map(() => createSocket('udp4'));
    try {
      await Promise.all(sockets.map((socket, index) => new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(first + index, '127.0.0.1', resolve);
      })));
      return first;
    } catch {
      // Somebody has one of them; look elsewhere.
    } finally {
      for (const socket of sockets) socket.close();
    }
  }
}

/** Starts `<scenario>.xml`. The promise `done` must be awaited by the caller. */
export function sipp(scenario: string, options: SippOptions): SippRun {
  return { done: run(scenario, options) };
}

async function run(scenario: string, options: SippOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sipp-'));
  const keys = Object.entries(options.keys ?? {}).flatMap(([name, value]) => ['-key', name, value]);
  const args = [
    '-sf', join(SCENARIOS, `${scenario}.xml`), '-i', options.address ?? '127.0.0.1', '-m', String(options.calls ?? 1), '-nostdin', '-timeout', `${LIMIT_SECONDS}s`, '-timeout_error',
    '-d', String(options.pauseMs ?? 0), '-mp', String(await freeMediaPorts()), '-trace_err', '-error_file', join(folder, 'errors.log'), '-max_socket', '64',
    ...(options.service ? ['-s', options.service] : []), ...(options.port ? ['-p', String(options.port)] : []), ...(options.login ? ['-au', options.login.user, '-ap', options.login.password] : []), ...(options.tcp ? ['-t', 't1'] : []), ...keys,
    `${options.server.host}:${options.server.port}`,
  ];
  try {
    const child = spawn('sipp', args, { cwd: folder, stdio: 'ignore', env: { ...process.env, TERM: 'dumb' } });
    const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject); child.once('exit', resolve); });
    if (code === 0) return;
    const logs = (await readdir(folder)).filter((file) => file.endsWith('.log'));
    const words = (await Promise.all(logs.map((file) => readFile(join(folder, file), 'utf8')))).join('\n').slice(0, 4000);
    throw new Error(`sipp ${scenario} ended with ${code}: ${words || 'it wrote no error'}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
