// Runs one of the product's processes straight from its source, so that a test never meets an older build.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';

/** A TCP port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => { server.close(() => resolve()); });
  return port;
}

export interface SourceProcess {
  readonly child: ChildProcess;
  /** Everything it wrote so far. */
  readonly output: () => { readonly out: string; readonly err: string };
  /** Resolves with the exit code when it ends; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Resolves when a line of its output holds `words`. @throws when it ends before, with what it wrote. */
  writes(words: string): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** @param script path from the root, as `bot/main.ts`. @param env everything it gets besides PATH. */
export function runSource(script: string, env: Readonly<Record<string, string>>, args: readonly string[] = []): SourceProcess {
  const child = spawn(process.execPath, ['-r', join(ROOT, 'test', 'support', 'run-typescript.cjs'), join(ROOT, script), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString(); });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    ended,
    output: () => ({ out, err }),
    writes: (words) => Promise.race([
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (!out.includes(words)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
      ended.then((code) => { throw new Error(`${script} ended with ${code}:\n${out}\n${err}`); }),
    ]),
    stop: (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}
