// How soon a freed agent's phone rings again while a thousand callers wait: from the phone's BYE to the next INVITE at the same phone,
// through edge and engine, with music playing to everybody who waits.
// Part of `npm run bench`; alone: npm run bench:freed -- [--waiting 1000] [--agents 10] [--samples 500]. Bounded in count and time; everything listens on loopback.
import { spawn } from 'node:child_process';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Command } from 'commander';
import { ROOT } from '../../storage/process/root';
import { audioSdp, type Phone } from '../support/phone';
import { freePort } from '../support/sipp';
import { eventually, startSystem, type System } from '../support/system';
import { failed, percentile, residentMiB, round, within } from './measures';

const SCENARIO = join(ROOT, 'test', 'scenario', 'sipp', 'uac-expect-200-then-hang-up.xml');
/** Long enough to be joined: who hangs up before that has declined, and rests. */
const TALK_MS = 300;
const LIMIT_SECONDS = 300;
const LIMITS = { waiting: 3_000, agents: 100, samples: 5_000 } as const;

interface Options { readonly waiting: number; readonly agents: number; readonly samples: number }

export interface Freed {
  readonly waiting: number;
  readonly waitingAtTheEnd: number;
  readonly agents: number;
  readonly samples: number;
  readonly ms: { readonly p50: number; readonly p90: number; readonly p99: number; readonly longest: number };
  /** How late the phones themselves were. */
  readonly phonesLateMs: { readonly p99: number };
  /** What edge and engine grew by for each caller who waits, music and all. */
  readonly kibPerCaller: { readonly edge: number; readonly engine: number };
  readonly loadAverage: number;
}

/** Serves caller after caller at one phone and notes how long each next INVITE took. */
async function serve(phone: Phone, taken: number[], samples: number): Promise<void> {
  let freedAtMs: number | null = null;
  const served = new Set<string>();
  while (taken.length < samples) {
    // What is sent again for a call that was served is no call.
    const invite = await phone.next('the next call', ({ method, headers }) => method === 'INVITE' && !served.has(headers['call-id']));
    served.add(invite.headers['call-id']);
    if (freedAtMs !== null) taken.push(performance.now() - freedAtMs);
    const answer = phone.respond(invite, 200, 'OK', audioSdp(40_000));
    await phone.request('ACK', invite.headers['call-id']);
    await new Promise((resolve) => setTimeout(resolve, TALK_MS));
    const bye = phone.inDialog(phone.legOf(invite, answer), 'BYE');
    freedAtMs = performance.now();
    phone.send(bye);
    await phone.response('BYE', (status) => status >= 200, invite.headers['call-id']);
  }
}

async function measure(system: System, { waiting, agents, samples }: Options): Promise<Freed> {
  const made = await system.agents(agents, false);
  const group = await system.group({ agentIds: made.map(({ id }) => id), routingMethod: 'longestIdle' });
  const phones = await Promise.all(made.map((agent) => system.phone(agent)));
  const resident = (): { edge: number; engine: number } => ({ edge: residentMiB(system.edge.child.pid ?? 0), engine: residentMiB(system.engine.child.pid ?? 0) });
  const before = resident();
  // As many as wait, and those who will be served meanwhile.
  const callers = spawn('sipp', ['-sf', SCENARIO, '-i', '127.0.0.1', '-s', group.user, '-r', '100', '-l', String(waiting + agents), '-m', String(waiting + samples + 10 * agents), '-d', String(LIMIT_SECONDS * 1_000),
    '-nostdin', '-timeout', `${LIMIT_SECONDS}s`, '-mp', String(await freePort()), `${system.sip.host}:${system.sip.port}`], { cwd: tmpdir(), stdio: 'ignore' });
  try {
    await eventually(`${waiting} callers to wait`, async () => Number((await system.engine.health())['calls']) >= waiting);
    const now = resident();
    const kibPerCaller = { edge: round(((now.edge - before.edge) * 1_024) / waiting), engine: round(((now.engine - before.engine) * 1_024) / waiting) };
    const taken: number[] = [];
    // The phones are ours: what they are late by is in the figures.
    const late = monitorEventLoopDelay({ resolution: 1 });
    late.enable();
    const serving = phones.map((phone) => serve(phone, taken, samples));
    const servedAll = Promise.all(serving);
    // One after the other: they would only wait for each other's transactions.
    const onDuty = (async () => { for (const agent of made) await system.order('duty.set', { agentId: agent.id, onDuty: true }); })();
    await Promise.all([servedAll, onDuty]);
    const waitingAtTheEnd = Number((await system.engine.health())['calls']);
    const sorted = [...taken].sort((a, b) => a - b);
    late.disable();
    return {
      waiting, waitingAtTheEnd, agents, samples: sorted.length,
      ms: { p50: percentile(sorted, 0.5), p90: percentile(sorted, 0.9), p99: percentile(sorted, 0.99), longest: percentile(sorted, 1) },
      phonesLateMs: { p99: round(late.percentile(99) / 1e6) }, kibPerCaller, loadAverage: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    };
  } finally {
    callers.kill('SIGKILL');
    await Promise.all(phones.map((phone) => phone.close()));
  }
}

/** Starts a system of its own. */
export async function freedAgents(options: Options): Promise<Freed> {
  const system = await startSystem({ rtpPorts: 4 * (options.waiting + options.agents + 200) });
  const interrupted = (): void => { void system.stop().finally(() => process.exit(1)); };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  try {
    return await measure(system, options);
  } finally {
    await system.stop();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, interrupted);
  }
}

export function printFreed({ waiting, waitingAtTheEnd, agents, samples, ms, phonesLateMs, kibPerCaller, loadAverage }: Freed): void {
  console.table([{
    waiting, 'at the end': waitingAtTheEnd, agents, samples, 'p50 ms': ms.p50, 'p90 ms': ms.p90, 'p99 ms': ms.p99, 'longest ms': ms.longest,
    'phones late, p99 ms': phonesLateMs.p99, 'edge KiB a caller': kibPerCaller.edge, 'engine KiB a caller': kibPerCaller.engine, 'load average': loadAverage,
  }]);
}

async function alone(options: Options): Promise<void> {
  process.env['LOG_LEVEL'] ??= 'info';
  const freed = await freedAgents(options);
  printFreed(freed);
  process.stdout.write(`${JSON.stringify(freed)}\n`);
}

if (require.main === module) {
  const command = new Command('npm run bench:freed --')
    .option('--waiting <n>', 'callers who wait', within('waiting', LIMITS.waiting), 1_000)
    .option('--agents <n>', 'agents who serve them', within('agents', LIMITS.agents), 10)
    .option('--samples <n>', 'how many freed agents to time', within('samples', LIMITS.samples), 500)
    .parse();
  alone(command.opts<Options>()).catch(failed);
}
