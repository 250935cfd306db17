// What a call costs: a ladder of calls a second from sipp callers to sipp agents, through edge and engine with the journal on, no RTP.
// Run: npm run bench -- [--rates 20,50,100] [--seconds 15] [--agents 60]. Bounded in count and time; everything listens on loopback.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { ROOT } from '../../storage/process/root';
import { Phone } from '../support/phone';
import { freePort } from '../support/sipp';
import { eventually, startSystem, type System } from '../support/system';

const CALL_MS = 1_000;
const SCENARIOS = join(ROOT, 'test', 'scenario', 'sipp');
const LIMITS = { rate: 400, seconds: 60, agents: 1_200 } as const;

interface Options { readonly rates: readonly number[]; readonly seconds: number; readonly agents: number }

interface Rung {
  readonly callsPerSecond: number;
  readonly calls: number;
  readonly answered: number;
  readonly failed: number;
  readonly cpuMsPerCall: { readonly edge: number; readonly engine: number; readonly total: number };
  /** From INVITE to 200 at the caller, by sipp. */
  readonly setUpMs: { readonly p50: number; readonly p99: number };
  readonly residentMiB: { readonly edge: number; readonly engine: number };
}

/** User and system time of a process so far (`/proc`, in ticks of 10 ms). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMiB(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Registers every agent at one port, one after the other, and leaves the port to sipp. */
async function agentsAt(system: System, port: number, count: number): Promise<readonly string[]> {
  const agents = await system.agents(count);
  for (const agent of agents) {
    const phone = await Phone.open(agent.user, system.sip, port);
    const { status } = await phone.register(agent.password);
    await phone.close();
    if (status !== 200) throw new Error(`REGISTER was answered ${status}`);
  }
  return agents.map(({ id }) => id);
}

async function climb(system: System, group: { readonly id: string; readonly user: string }, callsPerSecond: number, seconds: number): Promise<Rung> {
  const calls = callsPerSecond * seconds;
  const pids = { edge: system.edge.child.pid ?? 0, engine: system.engine.child.pid ?? 0 };
  const records = system.connection.db.collection('records');
  const before = { edge: cpuMs(pids.edge), engine: cpuMs(pids.engine), answered: await records.countDocuments({ workflowId: group.id, outcome: 'answered' }) };
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const child = spawn('sipp', ['-sf', join(SCENARIOS, 'uac-expect-200-then-hang-up.xml'), '-i', '127.0.0.1', '-s', group.user, '-r', String(callsPerSecond), '-m', String(calls),
      '-d', String(CALL_MS), '-nostdin', '-timeout', `${seconds + 60}s`, '-mp', String(await freePort()), '-trace_rtt', '-rtt_freq', '1', '-l', '5000',
      `${system.sip.host}:${system.sip.port}`], { cwd: folder, stdio: 'ignore' });
    await new Promise((resolve, reject) => { child.once('error', reject); child.once('exit', resolve); });
    await eventually('every call to be over', async () => (await system.engine.health())['calls'] === 0);
    const after = { edge: cpuMs(pids.edge), engine: cpuMs(pids.engine) };
    const answered = await settled(() => records.countDocuments({ workflowId: group.id, outcome: 'answered' }), before.answered + calls) - before.answered;
    const file = (await readdir(folder)).find((name) => name.endsWith('_rtt.csv'));
    const times = (file === undefined ? '' : await readFile(join(folder, file), 'utf8')).split('\n').slice(1).map((line) => Number(line.split(';')[1])).filter((ms) => ms > 0).sort((a, b) => a - b);
    const [edge, engine] = [(after.edge - before.edge) / calls, (after.engine - before.engine) / calls];
    return {
      callsPerSecond, calls, answered, failed: calls - answered,
      cpuMsPerCall: { edge: round(edge), engine: round(engine), total: round(edge + engine) },
      setUpMs: { p50: round(percentile(times, 0.5)), p99: round(percentile(times, 0.99)) },
      residentMiB: { edge: residentMiB(pids.edge), engine: residentMiB(pids.engine) },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The count once it is what it should be, or when 10 s were not enough: the journal is written behind the calls. */
async function settled(count: () => Promise<number>, expected: number): Promise<number> {
  const until = Date.now() + 10_000;
  for (let now = await count(); ; now = await count()) {
    if (now >= expected || Date.now() > until) return now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

async function run({ rates, seconds, agents }: Options): Promise<void> {
  process.env['LOG_LEVEL'] ??= 'info';
  const system = await startSystem();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void system.stop().finally(() => process.exit(1)); });
  const ladder: Rung[] = [];
  let answering: ChildProcess | null = null;
  try {
    const port = await freePort();
    const group = await system.group({ agentIds: [...await agentsAt(system, port, agents)], routingMethod: 'longestIdle' });
    answering = spawn('sipp', ['-sf', join(SCENARIOS, 'uas-answer-expect-bye.xml'), '-i', '127.0.0.1', '-p', String(port), '-nostdin', '-timeout', '900s', '-mp', String(await freePort())], { cwd: tmpdir(), stdio: 'ignore' });
    for (const rate of rates) {
      ladder.push(await climb(system, group, rate, seconds));
      process.stderr.write(`${rate} calls/s done\n`);
    }
  } finally {
    answering?.kill();
    await system.stop();
  }
  const rows = ladder.map((rung) => ({
    'calls/s': rung.callsPerSecond, answered: rung.answered, failed: rung.failed, 'edge ms': rung.cpuMsPerCall.edge, 'engine ms': rung.cpuMsPerCall.engine, 'total ms': rung.cpuMsPerCall.total,
    'set-up p50': rung.setUpMs.p50, 'set-up p99': rung.setUpMs.p99, 'edge MiB': rung.residentMiB.edge, 'engine MiB': rung.residentMiB.engine,
  }));
  console.table(rows);
  process.stdout.write(`${JSON.stringify({ agents, seconds, callMs: CALL_MS, ladder })}\n`);
}

function within(name: string, max: number): (typed: string) => number {
  return (typed) => {
    const value = Number(typed);
    if (!Number.isInteger(value) || value < 1 || value > max) throw new InvalidArgumentError(`${name} must be 1 to ${max}`);
    return value;
  };
}

const command = new Command('npm run bench --')
  .option('--rates <list>', 'calls a second, with commas between', (typed) => typed.split(',').map(within('a rate', LIMITS.rate)), [20, 50, 100])
  .option('--seconds <n>', 'how long each rate is held', within('seconds', LIMITS.seconds), 15)
  .option('--agents <n>', 'agents on duty', within('agents', LIMITS.agents), 60)
  .parse();
run(command.opts<Options>()).catch((fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.stack ?? fault.message : String(fault)}\n`);
  process.exitCode = 1;
});
