// How soon a freed agent's phone rings again while a thousand callers wait: from the phone's BYE to the next INVITE at the same phone,
// through edge and engine, with music playing to everybody who waits.
// Run: npm run bench:freed -- [--waiting 1000] [--agents 10] [--samples 500]. Bounded in count and time; everything listens on loopback.
import { spawn } from 'node:child_process';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Command, InvalidArgumentError } from 'commander';
import { ROOT } from '../../storage/process/root';
import { audioSdp, type Phone } from '../support/phone';
import { freePort } from '../support/sipp';
import { eventually, startSystem, type System } from '../support/system';

const SCENARIO = join(ROOT, 'test', 'scenario', 'sipp', 'uac-expect-200-then-hang-up.xml');
/** Long enough to be joined: who hangs up before that has declined, and rests. */
const TALK_MS = 300;
const LIMIT_SECONDS = 300;
const LIMITS = { waiting: 3_000, agents: 100, samples: 5_000 } as const;

interface Options { readonly waiting: number; readonly agents: number; readonly samples: number }

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

const percentile = (sorted: readonly number[], share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 100) / 100;

async function measure(system: System, { waiting, agents, samples }: Options): Promise<void> {
  const made = await system.agents(agents, false);
  const group = await system.group({ agentIds: made.map(({ id }) => id), routingMethod: 'longestIdle' });
  const phones = await Promise.all(made.map((agent) => system.phone(agent)));
  // As many as wait, and those who will be served meanwhile.
  const callers = spawn('sipp', ['-sf', SCENARIO, '-i', '127.0.0.1', '-s', group.user, '-r', '100', '-l', String(waiting + agents), '-m', String(waiting + samples + 10 * agents), '-d', String(LIMIT_SECONDS * 1_000),
    '-nostdin', '-timeout', `${LIMIT_SECONDS}s`, '-mp', String(await freePort()), `${system.sip.host}:${system.sip.port}`], { cwd: tmpdir(), stdio: 'ignore' });
  try {
    await eventually(`${waiting} callers to wait`, async () => Number((await system.engine.health())['calls']) >= waiting);
    const taken: number[] = [];
    // The phones are ours: what they are late by is in the figures.
    const late = monitorEventLoopDelay({ resolution: 1 });
    late.enable();
    const serving = phones.map((phone) => serve(phone, taken, samples));
    await Promise.all([...serving, ...made.map((agent) => system.order('duty.set', { agentId: agent.id, onDuty: true }))]);
    const stillWaiting = Number((await system.engine.health())['calls']);
    const sorted = [...taken].sort((a, b) => a - b);
    late.disable();
    console.table([{
      'waiting at the end': stillWaiting, agents, samples: sorted.length, 'p50 ms': percentile(sorted, 0.5), 'p90 ms': percentile(sorted, 0.9), 'p99 ms': percentile(sorted, 0.99), 'longest ms': percentile(sorted, 1),
      'phones late, p99 ms': Math.round(late.percentile(99) / 1e4) / 100, 'load average': Math.round((loadavg()[0] ?? 0) * 10) / 10,
    }]);
  } finally {
    callers.kill('SIGKILL');
    await Promise.all(phones.map((phone) => phone.close()));
  }
}

async function run(options: Options): Promise<void> {
  process.env['LOG_LEVEL'] ??= 'info';
  const system = await startSystem({ rtpPorts: 4 * (options.waiting + options.agents + 200) });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void system.stop().finally(() => process.exit(1)); });
  try {
    await measure(system, options);
  } finally {
    await system.stop();
  }
}

function within(name: string, max: number): (typed: string) => number {
  return (typed) => {
    const value = Number(typed);
    if (!Number.isInteger(value) || value < 1 || value > max) throw new InvalidArgumentError(`${name} must be 1 to ${max}`);
    return value;
  };
}

const command = new Command('npm run bench:freed --')
  .option('--waiting <n>', 'callers who wait', within('waiting', LIMITS.waiting), 1_000)
  .option('--agents <n>', 'agents who serve them', within('agents', LIMITS.agents), 10)
  .option('--samples <n>', 'how many freed agents to time', within('samples', LIMITS.samples), 500)
  .parse();
run(command.opts<Options>()).catch((fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.stack ?? fault.message : String(fault)}\n`);
  process.exitCode = 1;
});
