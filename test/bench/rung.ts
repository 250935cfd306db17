// One rung of a ladder: sipp callers at a steady rate through an edge, and what each call cost the edge and whoever drives it.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../storage/process/root';
import { freePort } from '../support/sipp';
import { cpuMs, percentile, residentMiB, round } from './measures';

/** From the answer to the BYE. */
export const CALL_MS = 1_000;
const SCENARIOS = join(ROOT, 'test', 'scenario', 'sipp');

export interface Rung {
  readonly callsPerSecond: number;
  readonly calls: number;
  /** Callers who got a 200, by sipp: a queue gives it at once, and rings agents then. */
  readonly connected: number;
  /** Callers whom an agent answered before they hung up, by their records. */
  readonly answered: number;
  readonly failed: number;
  readonly cpuMsPerCall: { readonly edge: number; readonly engine: number; readonly total: number };
  /** From INVITE to 200 at the caller, by sipp. */
  readonly setUpMs: { readonly p50: number; readonly p99: number };
  readonly residentMiB: { readonly edge: number; readonly engine: number };
}

export interface Climb {
  readonly sip: { readonly host: string; readonly port: number };
  /** Whom the callers dial. */
  readonly user: string;
  readonly pids: { readonly edge: number; readonly engine: number };
  /** Resolves when every call is over. */
  over(): Promise<unknown>;
  /** Of `asked` calls, how many were answered; sipp counted `set` of them. */
  answered(asked: number, set: number): Promise<number>;
}

/** sipp phones that answer every call at that port, until they are killed. */
export async function answeringAt(port: number): Promise<ChildProcess> {
  return spawn('sipp', ['-sf', join(SCENARIOS, 'uas-answer-expect-bye.xml'), '-i', '127.0.0.1', '-p', String(port), '-nostdin', '-timeout', '900s', '-mp', String(await freePort())], { cwd: tmpdir(), stdio: 'ignore' });
}

export async function climb(through: Climb, callsPerSecond: number, seconds: number): Promise<Rung> {
  const { sip, user, pids } = through;
  const calls = callsPerSecond * seconds;
  const before = { edge: cpuMs(pids.edge), engine: cpuMs(pids.engine) };
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const child = spawn('sipp', ['-sf', join(SCENARIOS, 'uac-expect-200-then-hang-up.xml'), '-i', '127.0.0.1', '-s', user, '-r', String(callsPerSecond), '-m', String(calls),
      '-d', String(CALL_MS), '-nostdin', '-timeout', `${seconds + 20}s`, '-mp', String(await freePort()), '-trace_rtt', '-rtt_freq', '1', '-l', '5000',
      `${sip.host}:${sip.port}`], { cwd: folder, stdio: 'ignore' });
    await new Promise((resolve, reject) => { child.once('error', reject); child.once('exit', resolve); });
    await through.over();
    const after = { edge: cpuMs(pids.edge), engine: cpuMs(pids.engine) };
    const file = (await readdir(folder)).find((name) => name.endsWith('_rtt.csv'));
    const times = (file === undefined ? '' : await readFile(join(folder, file), 'utf8')).split('\n').slice(1).filter((line) => line !== '').map((line) => Number(line.split(';')[1])).sort((a, b) => a - b);
    const count = await through.answered(calls, times.length);
    const [edge, engine] = [(after.edge - before.edge) / calls, (after.engine - before.engine) / calls];
    return {
      callsPerSecond, calls, connected: times.length, answered: count, failed: calls - count,
      cpuMsPerCall: { edge: round(edge), engine: round(engine), total: round(edge + engine) },
      setUpMs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
      residentMiB: { edge: residentMiB(pids.edge), engine: residentMiB(pids.engine) },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function printRungs(rungs: readonly Rung[], driver: string): void {
  console.table(rungs.map((rung) => ({
    'calls/s': rung.callsPerSecond, connected: rung.connected, answered: rung.answered, failed: rung.failed, 'edge ms': rung.cpuMsPerCall.edge, [`${driver} ms`]: rung.cpuMsPerCall.engine, 'total ms': rung.cpuMsPerCall.total,
    'set-up p50': rung.setUpMs.p50, 'set-up p99': rung.setUpMs.p99, 'edge MiB': rung.residentMiB.edge, [`${driver} MiB`]: rung.residentMiB.engine,
  })));
}
