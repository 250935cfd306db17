// How long a chat turn takes: presses and words of agents, managers and administrators at a steady rate, over HTTP, on a database with very many groups.
// Run: npm run bench:chat -- [--groups 10000] [--rate 200] [--seconds 20] [--each 50]. Bounded in count and time; everything listens on loopback.
// With --each, so many turns of every kind first, one after the other, and what each kind costs the database and either process.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { loadavg } from 'node:os';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { Administration } from '../../storage/administration/administration';
import { connect, type Connection } from '../../storage/connect';
import { agent, duty } from '../../storage/model/agent';
import { agentGroup } from '../../storage/model/agent-group';
import { queue } from '../../storage/model/queue';
import { workflow } from '../../storage/model/workflow';
import { prepareSchema } from '../../storage/schema';
import { testDatabase } from '../support/database';
import { freePort, runSource } from '../support/source-process';
import { openCommandTap, type CommandTap } from './command-tap';

const POOL = 'main';
const DOMAIN = 'bench.example';
const LIMITS = { groups: 20_000, rate: 500, seconds: 60, each: 500 } as const;
const AGENTS_OF_GROUP = 5;
/** Each manages as many groups as people do who manage several. */
const GROUPS_OF_MANAGER = 20;
const BATCH = 1_000;

interface Options { readonly groups: number; readonly rate: number; readonly seconds: number; readonly each: number }
const list = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const personOf = (kind: 'a' | 'b' | 'c', index: number): string => `${kind.repeat(8)}-0000-4000-8000-${String(index).padStart(12, '0')}`;
const ADMINISTRATOR = personOf('a', 1);

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** User and system time of a process so far (`/proc`, in ticks of 10 ms). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The processes that this one has started: the database first, then the bot. */
const children = (): readonly number[] => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number);

/** A pool as it is stored: each group with a queue, an agent group, five agents of those there are, and a manager. */
async function fill({ db }: Connection, groups: number): Promise<{ readonly agents: number; readonly managers: number }> {
  const stored = { pool: POOL, version: 1 };
  const [agents, managers] = [Math.max(10, groups / 2), Math.max(1, groups / GROUPS_OF_MANAGER)];
  const put = async (kind: string, count: number, make: (index: number) => { readonly id: string }): Promise<void> => {
    for (let from = 0; from < count; from += BATCH) await db.collection<{ _id: string }>(kind).insertMany(list(Math.min(BATCH, count - from)).map((index) => { const one = make(from + index); return { _id: one.id, ...one }; }), { ordered: false });
  };
  await put('agents', agents, (index) => agent.parse({ ...stored, id: `agent-${index}`, name: `Agent Number ${index}`, sipUser: `agent${index}`, personId: personOf('b', index), digest: null }));
  await put('duties', agents, (index) => duty.parse({ ...stored, id: `agent-${index}`, agentId: `agent-${index}`, onDuty: true, since: new Date() }));
  await put('agentGroups', groups, (index) => agentGroup.parse({ ...stored, id: `group-${index}`, name: `team ${index}`, agentIds: list(AGENTS_OF_GROUP).map((turn) => `agent-${(index * AGENTS_OF_GROUP + turn) % agents}`) }));
  await put('queues', groups, (index) => queue.parse({ ...stored, id: `queue-${index}`, name: `line ${index}`, agentGroupIds: [`group-${index}`], timeoutSeconds: 300 }));
  await put('workflows', groups, (index) => workflow.parse({
    ...stored, id: `workflow-${index}`, sipUser: `line${index}`, displayName: `Line Number ${index}`, active: true, managed: true, managers: [{ personId: personOf('c', index % managers), name: `Manager ${index % managers}` }],
    welcome: { text: 'Welcome. Please hold the line.' }, defaultAction: { kind: 'queue', queueId: `queue-${index}` },
  }));
  return { agents, managers };
}

/** Stands where Teams' connector is. */
async function connector(): Promise<{ readonly url: string; readonly server: Server }> {
  let ids = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => { response.setHeader('content-type', 'application/json'); response.end(JSON.stringify({ id: `m-${(ids += 1)}` })); });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

type Doing = { readonly verb: string; readonly data: Readonly<Record<string, unknown>> } | { readonly text: string };
interface Deed { readonly name: string; readonly person: string; readonly doing: Doing }

/** Shares of a hundred. Whom and which group follow from the turn's number, so that every run asks the same. */
function deedOf(turn: number, groups: number, agents: number, managers: number): Deed {
  const step = (turn * 7_919) % 1_000_003;
  const own = (step % managers) + managers * ((turn * 31) % Math.max(1, Math.floor(groups / managers)));
  const groupId = `workflow-${own}`;
  const [mine, manager] = [personOf('b', step % agents), personOf('c', step % managers)];
  const press = (name: string, person: string, verb: string, data: Readonly<Record<string, unknown>> = {}): Deed => ({ name: `${name}: ${verb}`, person, doing: { verb, data } });
  const share = turn % 100;
  if (share < 30) return press('agent', mine, 'duty');
  if (share < 36) return press('agent', mine, 'duty.set', { onDuty: share % 2 === 0, requestId: `bench-${turn}-request` });
  if (share < 42) return press('agent', mine, 'phone');
  if (share < 46) return { name: 'agent: “my duty”', person: mine, doing: { text: 'my duty' } };
  if (share < 56) return press('manager', manager, 'groups');
  if (share < 68) return press('manager', manager, 'group', { groupId });
  if (share < 78) return press('manager', manager, 'team', { groupId });
  if (share < 83) return press('manager', manager, 'flow', { groupId });
  if (share < 88) return press('manager', manager, 'group.edit', { groupId });
  if (share < 92) return press('administrator', ADMINISTRATOR, 'group', { groupId });
  if (share < 95) return { name: 'administrator: “show line number …”', person: ADMINISTRATOR, doing: { text: `show line number ${own}` } };
  if (share < 97) return press('administrator', ADMINISTRATOR, 'groups');
  if (share < 98) return press('administrator', ADMINISTRATOR, 'agents', { search: '' });
  if (share < 99) return press('administrator', ADMINISTRATOR, 'history', { groupId: '', about: '', by: '', from: '', to: '', before: 0 });
  return press('administrator', ADMINISTRATOR, 'help');
}

async function main({ groups, rate, seconds, each }: Options): Promise<void> {
  const [began, database] = [loadavg()[0] ?? 0, await testDatabase()];
  const connection = await connect(database.uri, { appName: 'bench-chat' });
  await prepareSchema(connection.db);
  const filledAt = performance.now();
  const { agents, managers } = await fill(connection, groups);
  console.error(`The pool is there after ${Math.round((performance.now() - filledAt) / 1_000)} s.`);
  // One change by the way that changes take, so that the log has a beginning.
  const administration = new Administration({ client: connection.client, db: connection.db, pool: POOL, sipDomain: DOMAIN, log: pino({ level: 'silent' }) });
  await administration.perform({ kind: 'operator', name: 'bench' }, 'settings.change', { version: 0, changes: { gracePeriodSeconds: '60' } });
  const port = await freePort();
  const tap = each > 0 ? await openCommandTap(database.uri) : null;
  const bot = runSource('bot/main.ts', { MONGODB_URI: tap?.uri ?? database.uri, BOT_PORT: String(port), ADMINISTRATORS: ADMINISTRATOR, SIP_DOMAIN: DOMAIN, POOL, LOG_LEVEL: 'error' });
  const desk = await connector();
  const took: { readonly name: string; readonly ms: number }[] = [];
  const failed: string[] = [];
  let late = 0;

  const turn = async (index: number, dueAt: number | null): Promise<void> => {
    const { name, person, doing } = deedOf(index, groups, agents, managers);
    const activity = {
      channelId: 'msteams', serviceUrl: desk.url, id: `in-${index}`, timestamp: new Date().toISOString(), locale: 'en-GB', from: { id: `29:${person}`, aadObjectId: person, name: 'Bench' }, recipient: { id: '28:bot', name: 'Response Group' },
      conversation: { id: `a:${person}`, conversationType: 'personal', tenantId: 't' }, channelData: { tenant: { id: 't' } },
      ...('text' in doing ? { type: 'message', text: doing.text } : { type: 'invoke', name: 'adaptiveCard/action', replyToId: `card-${index}`, value: { action: { type: 'Action.Execute', ...doing }, trigger: 'manual' } }),
    };
    const response = await fetch(`http://127.0.0.1:${port}/api/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(activity) });
    const text = await response.text();
    if (response.status !== 200 || /"statusCode":5|did not work|does not answer|Not found/.test(text)) failed.push(`${name}: ${response.status} ${/"text":"([^"]*(?:did not work|does not answer|Not found)[^"]*)/.exec(text)?.[1] ?? text.slice(0, 120)}`);
    // From when it was to begin: a bot that holds one turn up holds up those behind it, and that counts.
    if (dueAt !== null) took.push({ name, ms: performance.now() - dueAt });
  };

  try {
    await eventuallyWell(port);
    for (const index of list(200)) await turn(index, null);
    console.error('The bot is warm.');
    failed.length = 0;
    const processes = { bot: bot.child.pid ?? 0, database: children().find((pid) => pid !== bot.child.pid) ?? 0 };
    if (tap) console.table(await costs(tap, processes, each, (index) => deedOf(index, groups, agents, managers).name, (index) => turn(index, null)));
    const [startedAt, count] = [performance.now(), rate * seconds];
    const before = { bot: cpuMs(processes.bot), database: cpuMs(processes.database) };
    const all: Promise<void>[] = [];
    for (const index of list(count)) {
      const dueAt = startedAt + index * 1_000 / rate;
      const wait = dueAt - performance.now();
      if (wait > 1) await sleep(wait);
      else if (wait < -5) late += 1;
      all.push(turn(1_000 + index, dueAt).catch((fault: unknown) => { failed.push(String(fault)); }));
    }
    await Promise.all(all);
    const tookMs = performance.now() - startedAt;
    const cpuMsPerTurn = { bot: (cpuMs(processes.bot) - before.bot) / took.length, database: (cpuMs(processes.database) - before.database) / took.length };
    const sorted = took.map((one) => one.ms).sort((one, other) => one - other);
    const ms = (value: number): number => Math.round(value * 10) / 10;
    const by = [...new Set(took.map((one) => one.name))].map((name) => {
      const own = took.filter((one) => one.name === name).map((one) => one.ms).sort((one, other) => one - other);
      return { name, turns: own.length, p50: ms(percentile(own, 0.5)), p99: ms(percentile(own, 0.99)), most: ms(own.at(-1) ?? 0) };
    });
    console.table(by);
    console.log(JSON.stringify({
      groups, agents, managers, rate, turns: took.length, failed: failed.length, perSecond: ms(took.length / tookMs * 1_000), lateStarts: late, p50: ms(percentile(sorted, 0.5)), p95: ms(percentile(sorted, 0.95)), p99: ms(percentile(sorted, 0.99)), most: ms(sorted.at(-1) ?? 0),
      cpuMsPerTurn: { bot: ms(cpuMsPerTurn.bot), database: ms(cpuMsPerTurn.database) }, loadBefore: ms(began), loadAfter: ms(loadavg()[0] ?? 0),
    }, null, 2));
    for (const one of failed.slice(0, 5)) console.error(one);
  } finally {
    await bot.stop();
    desk.server.closeAllConnections();
    await new Promise((resolve) => desk.server.close(resolve));
    await tap?.close();
    await connection.close();
    await database.close();
  }
}

/** What turns of each kind cost, on average: nothing else goes on meanwhile but what the bot does by itself. */
async function costs(tap: CommandTap, processes: { readonly bot: number; readonly database: number }, each: number, nameOf: (index: number) => string, turn: (index: number) => Promise<void>): Promise<readonly object[]> {
  const rows: object[] = [];
  for (const kind of new Set(list(100).map(nameOf))) {
    const indices = list(100 * LIMITS.each).map((index) => 50_000 + index).filter((index) => nameOf(index) === kind).slice(0, each);
    await turn(indices[0] ?? 0);
    tap.taken();
    const [before, startedAt] = [{ bot: cpuMs(processes.bot), database: cpuMs(processes.database) }, performance.now()];
    for (const index of indices) await turn(index);
    const { commands, documents, bytes } = tap.taken();
    const per = (total: number): number => Math.round(total / indices.length * 10) / 10;
    rows.push({
      kind, ms: per(performance.now() - startedAt), botMs: per(cpuMs(processes.bot) - before.bot), databaseMs: per(cpuMs(processes.database) - before.database),
      commands: per([...commands.values()].reduce((sum, one) => sum + one, 0)), documents: per(documents), kilobytes: per(bytes / 1_000),
    });
    console.error(`${kind}: ${[...commands].sort(([, one], [, other]) => other - one).map(([name, count]) => `${name} ${per(count)}`).join(', ')}`);
  }
  return rows;
}

/** The bot answers, or a minute has passed. */
async function eventuallyWell(port: number): Promise<void> {
  for (const _try of list(300)) {
    const well = await fetch(`http://127.0.0.1:${port}/healthz`).then((response) => response.ok, () => false);
    if (well) return;
    await sleep(200);
  }
  throw new Error('The bot is not well after a minute.');
}

const upTo = (most: number) => (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > most) throw new InvalidArgumentError(`must be a whole number from 1 to ${most}`);
  return number;
};

void main(new Command('bench:chat')
  .option('--groups <count>', `groups in the database, at most ${LIMITS.groups}`, upTo(LIMITS.groups), 10_000)
  .option('--rate <turns>', `turns a second, at most ${LIMITS.rate}`, upTo(LIMITS.rate), 200)
  .option('--each <turns>', `turns of each kind to be counted before, at most ${LIMITS.each}; 0: none`, (value) => (value === '0' ? 0 : upTo(LIMITS.each)(value)), 0)
  .option('--seconds <seconds>', `for how long, at most ${LIMITS.seconds}`, upTo(LIMITS.seconds), 20)
  .parse().opts<Options>());
