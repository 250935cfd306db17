// How long the core takes to decide: a freed agent's next offer with many callers waiting, every other step on the way, and what a caller who waits weighs.
// Run: npm run bench:core -- [--waiting 1000] [--queues 50] [--agents 1000] [--rounds 2000]. Pure: no network, no database; bounded in count.
import { Command, InvalidArgumentError } from 'commander';
import { createState, type PoolState, step } from '../../engine/core/step';
import { type Arrival, type CoreEvent, type Effect } from '../../engine/core/types';
import { type AgentGroup, agentGroup, type RoutingMethod } from '../../storage/model/agent-group';
import { agent, duty } from '../../storage/model/agent';
import { type ObjectChange } from '../../storage/model/configuration';
import { queue } from '../../storage/model/queue';
import { workflow } from '../../storage/model/workflow';

const POOL = 'bench';
const START = Date.UTC(2026, 0, 5, 9);
const LIMITS = { waiting: 20_000, queues: 1_000, agents: 5_000, rounds: 50_000 } as const;
const METHODS = ['longestIdle', 'roundRobin', 'serial', 'parallel'] as const satisfies readonly RoutingMethod[];
/** Agent groups a queue has, and an agent is in. */
const GROUPS_OF_QUEUE = 4;
const GROUPS_OF_AGENT = 2;
const GROUPS = 20;

interface Options { readonly waiting: number; readonly queues: number; readonly agents: number; readonly rounds: number }

/** A pool whose surroundings answer at once, and a watch on every step. */
class Bench {
  readonly state: PoolState = createState(POOL);
  /** Microseconds by what happened. */
  readonly took = new Map<string, number[]>();
  steps = 0;
  private nowMs = 0;
  private calls = 0;
  private readonly talking: { callId: string; offerId: string }[] = [];

  constructor(private readonly options: Options, method: RoutingMethod) {
    const stored = (id: string) => ({ id, pool: POOL, version: 1 });
    const put = (kind: ObjectChange['kind'], after: { readonly id: string }): ObjectChange => ({ kind, id: after.id, before: null, after }) as ObjectChange;
    const list = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
    const members = new Map<number, string[]>(list(GROUPS).map((index) => [index, []]));
    for (const index of list(options.agents)) for (const turn of list(GROUPS_OF_AGENT)) members.get((index + turn * 7) % GROUPS)?.push(`agent${index}`);
    const groups: AgentGroup[] = [...members].map(([index, agentIds]) => agentGroup.parse({ ...stored(`g${index}`), name: `g${index}`, routingMethod: method, agentIds }));
    const queues = list(options.queues).map((index) => queue.parse({ ...stored(`q${index}`), name: `q${index}`, timeoutSeconds: 60_000, announceSeconds: 600, agentGroupIds: list(GROUPS_OF_QUEUE).map((turn) => `g${(index + turn * 3) % GROUPS}`) }));
    const workflows = list(options.queues).map((index) => workflow.parse({ ...stored(`w${index}`), sipUser: `w${index}`, displayName: `w${index}`, managed: false, managers: [], active: true, defaultAction: { kind: 'queue', queueId: `q${index}` } }));
    const agents = list(options.agents).map((index) => agent.parse({ ...stored(`agent${index}`), name: `agent${index}`, sipUser: `agent${index}`, personId: null, digest: null }));
    const duties = agents.map(({ id }) => duty.parse({ ...stored(`d-${id}`), agentId: id, onDuty: true, since: new Date(START) }));
    this.run('(configuration)', { type: 'configurationChanged', update: { sequence: 1, changes: [
      ...workflows.map((each) => put('workflows', each)), ...queues.map((each) => put('queues', each)), ...groups.map((each) => put('agentGroups', each)), ...agents.map((each) => put('agents', each)), ...duties.map((each) => put('duties', each)),
    ] } });
    for (const { id } of agents) this.run('(phone registers)', { type: 'phoneChanged', agentId: id, reachable: true });
  }

  private run(name: string, event: CoreEvent): readonly Effect[] {
    const now = { monotonicMs: (this.nowMs += 1), civil: new Date(START + this.nowMs) };
    const began = process.hrtime.bigint();
    const { effects } = step(this.state, event, now);
    const us = Number(process.hrtime.bigint() - began) / 1000;
    this.steps += 1;
    const all = this.took.get(name);
    if (all === undefined) this.took.set(name, [us]);
    else all.push(us);
    return effects;
  }

  /** A caller comes, and waits or is offered to somebody. */
  arrive(name = ''): readonly Effect[] {
    const callId = `call${(this.calls += 1)}`;
    const arrival: Arrival = { callId, dialledUser: `w${this.calls % this.options.queues}`, dialled: '', callerNumber: '+441', callerName: 'Caller', agentId: null, trunk: null, timesHere: 0 };
    this.run(`${name}caller arrives`, { type: 'callArrived', arrival });
    return this.run(`${name}caller joins the queue`, { type: 'callerAnswered', callId });
  }

  /** Whoever rings answers, and talks; false: nobody rings. */
  talk(effects: readonly Effect[], name = ''): boolean {
    const offered = effects.find((effect) => effect.type === 'offer');
    if (offered === undefined) return false;
    const { callId, offerId } = offered;
    for (const effect of this.run(`${name}agent answers`, { type: 'offerAnswered', callId, offerId })) if (effect.type === 'withdraw') this.run('(withdrawn)', { type: 'legEnded', callId, offerId: effect.offerId, outcome: 'withdrawn' });
    this.run(`${name}connected`, { type: 'connected', callId, offerId });
    this.talking.push({ callId, offerId });
    return true;
  }

  /** An agent hangs up: the step that frees the agent is the one that offers the next caller. */
  free(): void {
    const done = this.talking.shift();
    if (done === undefined) throw new Error('nobody talks');
    const { callId, offerId } = done;
    const effects = this.run('agent hangs up → next offer', { type: 'legEnded', callId, offerId, outcome: 'hungUp' });
    this.run('caller is gone', { type: 'callerGone', callId, cause: 'endedByUs' });
    if (!this.talk(effects)) throw new Error('the freed agent was offered nobody');
  }

  get waiting(): number { return [...this.state.queues.values()].reduce((sum, { waiting }) => sum + waiting.size, 0); }
}

function bytesOf(make: () => void): number {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  const before = process.memoryUsage().heapUsed;
  make();
  gc?.();
  return process.memoryUsage().heapUsed - before;
}

const at = (sorted: readonly number[], share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1).padStart(9);

function measure(method: RoutingMethod, options: Options): void {
  const bench = new Bench(options, method);
  while (bench.state.groups.size > 0 && [...bench.state.groups.values()].some(({ free }) => free.size > 0)) bench.talk(bench.arrive('('), '(');
  const before = bench.waiting;
  const bytes = bytesOf(() => { for (let count = before; count < options.waiting; count += 1) bench.arrive('('); });
  // Half the rounds warm the compiler up and are not counted.
  for (let round = 0; round < options.rounds; round += 1) { bench.free(); bench.arrive('('); }
  for (const name of bench.took.keys()) if (!name.startsWith('(')) bench.took.set(name, []);
  bench.steps = 0;
  const began = performance.now();
  for (let round = 0; round < options.rounds; round += 1) { bench.free(); bench.arrive(); }
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(`\n${method}: ${bench.waiting} callers wait in ${options.queues} queues for ${options.agents} agents\n`);
  process.stdout.write('  step                                    count   p50 µs   p99 µs   max µs\n');
  for (const [name, took] of bench.took) {
    if (name.startsWith('(') || took.length === 0) continue;
    const sorted = [...took].sort((a, b) => a - b);
    process.stdout.write(`  ${name.padEnd(36)}${String(sorted.length).padStart(9)}${at(sorted, 0.5)}${at(sorted, 0.99)}${at(sorted, 1)}\n`);
  }
  process.stdout.write(`  ${Math.round(bench.steps / seconds).toLocaleString('en')} steps/s; ${(bytes / Math.max(1, options.waiting - before) / 1024).toFixed(1)} KiB a caller who waits${'gc' in globalThis ? '' : ' (rough: run with --expose-gc)'}\n`);
}

const bounded = (name: keyof typeof LIMITS) => (typed: string): number => {
  const value = Number(typed);
  if (!Number.isInteger(value) || value < 1 || value > LIMITS[name]) throw new InvalidArgumentError(`must be a whole number from 1 to ${LIMITS[name]}`);
  return value;
};

const program = new Command('bench:core')
  .option('--waiting <callers>', 'callers who wait', bounded('waiting'), 1_000)
  .option('--queues <queues>', 'queues they wait in', bounded('queues'), 50)
  .option('--agents <agents>', 'agents, all of them talking', bounded('agents'), 1_000)
  .option('--rounds <rounds>', 'how often an agent is freed', bounded('rounds'), 2_000)
  .parse();
for (const method of METHODS) measure(method, program.opts<Options>());
