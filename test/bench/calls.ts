// What a call costs, and how soon a freed agent rings again: a ladder of calls a second from sipp callers to sipp agents, through edge and
// engine with the journal on, no RTP; the same edge under a bare B2BUA beside it; then agents who are freed while a thousand callers wait.
// Run: npm run bench -- [--rates 20,50,100,150,250] [--seconds 8] [--agents 320] [--waiting 1000] [--samples 500]. Bounded in count and time
// (a few minutes as it stands); everything listens on loopback.
import { type ChildProcess } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { Command } from 'commander';
import { Phone } from '../support/phone';
import { freePort } from '../support/sipp';
import { eventually, startSystem, type System } from '../support/system';
import { type Freed, freedAgents, printFreed } from './freed-agent';
import { failed, within } from './measures';
import { answeringAt, CALL_MS, climb, printRungs, type Rung } from './rung';
import { yardstick } from './yardstick';

const LIMITS = { rate: 400, seconds: 60, agents: 1_200, waiting: 3_000, samples: 5_000 } as const;
/** Ports that a call has for its second or two, and those that rest. */
const RTP_PORTS_A_CALL = 4;
const FREED_AGENTS = 10;

interface Options { readonly rates: readonly number[]; readonly seconds: number; readonly agents: number; readonly waiting: number; readonly samples: number }

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

/** The count once it is what it should be, or when 20 s were not enough: the journal is written behind the calls. */
async function settled(count: () => Promise<number>, expected: number): Promise<number> {
  const until = Date.now() + 20_000;
  for (let now = await count(); ; now = await count()) {
    if (now >= expected || Date.now() > until) return now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function ladder({ rates, seconds, agents }: Options): Promise<readonly Rung[]> {
  const system = await startSystem({ rtpPorts: Math.max(1_000, RTP_PORTS_A_CALL * 3 * Math.max(...rates)) });
  const interrupted = (): void => { void system.stop().finally(() => process.exit(1)); };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  let answering: ChildProcess | null = null;
  try {
    const port = await freePort();
    const group = await system.group({ agentIds: [...await agentsAt(system, port, agents)], routingMethod: 'longestIdle' });
    answering = await answeringAt(port);
    const records = system.connection.db.collection('records');
    const count = (): Promise<number> => records.countDocuments({ workflowId: group.id, outcome: 'answered' });
    const rungs: Rung[] = [];
    for (const rate of rates) {
      const before = await count();
      rungs.push(await climb({
        sip: system.sip, user: group.user, pids: { edge: system.edge.child.pid ?? 0, engine: system.engine.child.pid ?? 0 },
        over: () => eventually('every call to be over', async () => (await system.engine.health())['calls'] === 0),
        answered: async (asked) => (await settled(count, before + asked)) - before,
      }, rate, seconds));
      process.stderr.write(`${rate} calls/s done\n`);
    }
    return rungs;
  } finally {
    answering?.kill();
    await system.stop();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, interrupted);
  }
}

async function run(options: Options): Promise<void> {
  process.env['LOG_LEVEL'] ??= 'info';
  const load = (): number => Math.round((loadavg()[0] ?? 0) * 10) / 10;
  const loadBefore = load();
  const rungs = await ladder(options);
  const highest = Math.max(...options.rates);
  const bare = await yardstick([...new Set([Math.min(100, highest), Math.min(150, highest)])], options.seconds);
  const freed: Freed = await freedAgents({ waiting: options.waiting, agents: FREED_AGENTS, samples: options.samples });
  process.stdout.write('Edge and engine, with the journal on:\n');
  printRungs(rungs, 'engine');
  process.stdout.write('The yardstick: the same edge, and a bare drachtio-srf B2BUA without queue, media or journal:\n');
  printRungs(bare, 'B2BUA');
  process.stdout.write(`From an agent's BYE to the next INVITE at the same phone:\n`);
  printFreed(freed);
  process.stdout.write(`${JSON.stringify({
    cores: cpus().length, loadAverage: { before: loadBefore, after: load() },
    calls: { agents: options.agents, seconds: options.seconds, callMs: CALL_MS, ladder: rungs }, yardstick: { seconds: options.seconds, callMs: CALL_MS, ladder: bare }, freed,
  })}\n`);
}

const command = new Command('npm run bench --')
  .option('--rates <list>', 'calls a second, with commas between', (typed) => typed.split(',').map(within('a rate', LIMITS.rate)), [20, 50, 100, 150, 250])
  .option('--seconds <n>', 'how long each rate is held', within('seconds', LIMITS.seconds), 8)
  .option('--agents <n>', 'agents on duty', within('agents', LIMITS.agents), 320)
  .option('--waiting <n>', 'callers who wait while agents are freed', within('waiting', LIMITS.waiting), 1_000)
  .option('--samples <n>', 'how many freed agents to time', within('samples', LIMITS.samples), 500)
  .parse();
run(command.opts<Options>()).catch(failed);
