// How long an import takes on the embedded database, and what others notice of it: writes like an engine's beside it, and a follower of the configuration.
// Run: npm run bench:import -- [--groups 10000] [--agents 1000]. On 127.0.0.1, a database of its own, gone afterwards; bounded in count.
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { type Acting } from '../../storage/access';
import { Administration } from '../../storage/administration/administration';
import { connect } from '../../storage/connect';
import { openFeed } from '../../storage/feed';
import { agent, duty } from '../../storage/model/agent';
import { agentGroup } from '../../storage/model/agent-group';
import { emptyConfiguration, type Configuration } from '../../storage/model/configuration';
import { queue } from '../../storage/model/queue';
import { workflow } from '../../storage/model/workflow';
import { collectionOf } from '../../storage/schema';
import { Transfer } from '../../storage/transfer/transfer';
import { writeExport } from '../../storage/transfer/write';
import { testDatabase } from '../support/database';

const MOST = { groups: 50_000, agents: 10_000 } as const;
const AGENTS_OF_GROUP = 10;
const acting: Acting = { kind: 'operator', name: 'bench' };
const log = pino({ level: 'silent' });
const SIP_DOMAIN = 'bench.local';
const OPTIONS = { overwriteOwner: true, replaceSettings: true, resolveConflicts: false };

function organisation(groups: number, agents: number): Configuration {
  const configuration = emptyConfiguration('east');
  const { objects } = configuration;
  const base = { pool: 'east', version: 1 };
  for (let i = 0; i < agents; i += 1) {
    objects.agents.set(`agent-${i}`, agent.parse({ ...base, id: `agent-${i}`, name: `Agent ${i}`, sipUser: `agent${i}`, personId: null, digest: { realm: SIP_DOMAIN, md5: '0'.repeat(32), sha256: '0'.repeat(64) } }));
    objects.duties.set(`agent-${i}`, duty.parse({ ...base, id: `agent-${i}`, agentId: `agent-${i}`, onDuty: true, since: new Date(0) }));
  }
  for (let i = 0; i < groups; i += 1) {
    const agentIds = Array.from({ length: Math.min(AGENTS_OF_GROUP, agents) }, (_, turn) => `agent-${(i * 7 + turn) % agents}`);
    objects.agentGroups.set(`group-${i}`, agentGroup.parse({ ...base, id: `group-${i}`, name: `group${i}`, agentIds: [...new Set(agentIds)] }));
    objects.queues.set(`queue-${i}`, queue.parse({ ...base, id: `queue-${i}`, name: `group${i}`, agentGroupIds: [`group-${i}`], timeoutSeconds: 120, timeoutAction: { kind: 'disconnect', prompt: { text: 'Nobody could take your call. Please try again later.' } } }));
    objects.workflows.set(`workflow-${i}`, workflow.parse({ ...base, id: `workflow-${i}`, sipUser: `group${i}`, telephoneNumber: `+4930${String(i).padStart(7, '0')}`, displayName: `Group ${i}`, active: true, managed: false, managers: [], welcome: { text: `Welcome to group ${i}. Please hold the line.` }, defaultAction: { kind: 'queue', queueId: `queue-${i}` } }));
  }
  return configuration;
}

/** Seconds of CPU, which tell more than the clock where the machine does other things too. */
interface Cpu { readonly own: number; readonly database: number }

/** Of this process, and of the database that it started; proc(5), in hundredths of a second. */
function cpuNow(): Cpu {
  const { user, system } = process.cpuUsage();
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').filter((pid) => pid !== '');
  const ticks = children.map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []).map((fields) => Number(fields[11]) + Number(fields[12]));
  return { own: (user + system) / 1e6, database: ticks.reduce((sum, one) => sum + one, 0) / 100 };
}

/** Writes as an engine's journal does, for as long as `work` takes; resolves to the longest in milliseconds. */
async function beside<T>(write: () => Promise<unknown>, work: () => Promise<T>): Promise<{ readonly value: T; readonly seconds: number; readonly cpu: Cpu; readonly worstWriteMs: number }> {
  let isOver = false;
  let worstWriteMs = 0;
  const writing = (async () => {
    while (!isOver) {
      const begun = Date.now();
      await write();
      worstWriteMs = Math.max(worstWriteMs, Date.now() - begun);
      await pauseFor(50);
    }
  })();
  const begun = Date.now();
  const before = cpuNow();
  const value = await work().finally(() => { isOver = true; });
  const seconds = (Date.now() - begun) / 1_000;
  const after = cpuNow();
  await writing;
  return { value, seconds, cpu: { own: after.own - before.own, database: after.database - before.database }, worstWriteMs };
}

async function main(groups: number, agents: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'response-group-bench-'));
  const database = await testDatabase();
  const connection = await connect(database.uri, { appName: 'bench' });
  try {
    const { client, db } = connection;
    const file = join(folder, 'east.rgs');
    const pieces: Buffer[] = [];
    for await (const piece of writeExport({ pool: 'east', sipDomain: SIP_DOMAIN, configuration: organisation(groups, agents), readAudio: () => Promise.resolve(null) })) pieces.push(piece);
    await writeFile(file, Buffer.concat(pieces));
    console.log(`${groups} groups, ${agents} agents: a file of ${((await stat(file)).size / 1e6).toFixed(1)} MB.`);

    const updates: number[] = [];
    let wake = (): void => undefined;
    const feed = await openFeed({ client, db, log }, 'west', ({ changes }) => { updates.push(changes.length); wake(); });
    const transfer = new Transfer({ client, db, pool: 'west', sipDomain: SIP_DOMAIN, log });
    const administration = new Administration({ client, db, pool: 'west', sipDomain: SIP_DOMAIN, log });
    const journal = collectionOf(db, 'journalCalls');
    const write = () => journal.replaceOne({ _id: 'bench' }, { pool: 'bench', epoch: 1, revision: 1, body: { at: Date.now() }, ended: false, endedAt: null }, { upsert: true });
    const source = () => createReadStream(file, { highWaterMark: 256 * 1024 });
    const row = (what: string, { seconds, cpu, worstWriteMs }: { readonly seconds: number; readonly cpu: Cpu; readonly worstWriteMs: number }, more = ''): void => {
      console.log(`${what.padEnd(32)}${seconds.toFixed(1).padStart(7)} s, CPU ${cpu.own.toFixed(1).padStart(5)} s here and ${cpu.database.toFixed(1).padStart(5)} s in the database; longest write beside it ${String(worstWriteMs).padStart(5)} ms${more}`);
    };

    const looked = await beside(write, () => transfer.preview(acting, source, OPTIONS));
    row('preview', looked);
    const imported = await beside(write, () => transfer.import(acting, source, 'east.rgs', OPTIONS, looked.value));
    const begun = Date.now();
    while (updates.length === 0) await new Promise<void>((resolve) => { wake = resolve; });
    row('import', imported, `   the follower had it ${Date.now() - begun} ms later, in ${updates.length} update of ${updates.join(' + ')} objects`);
    row('preview and import together', { seconds: looked.seconds + imported.seconds, cpu: { own: looked.cpu.own + imported.cpu.own, database: looked.cpu.database + imported.cpu.database }, worstWriteMs: Math.max(looked.worstWriteMs, imported.worstWriteMs) });
    row('the same again: nothing to do', await beside(write, () => transfer.preview(acting, source, OPTIONS)));
    row('export', await beside(write, async () => { for await (const piece of (await transfer.export(acting, 'west')).pieces) if (piece.length === 0) break; }));
    const undone = await beside(write, () => administration.perform(acting, 'change.undo', { entryId: imported.value.entryId ?? '' }));
    row('undo', undone, undone.value.ok ? '' : `   ${undone.value.message}`);
    console.log(`Memory of this process: ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB at the end, ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB at most.`);
    await feed.close();
  } finally {
    await connection.close();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const count = (most: number) => (typed: string): number => {
  const value = Number(typed);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(`must be a whole number from 1 to ${most}.`);
  return value;
};
const program = new Command('bench:import').option('--groups <n>', 'how many', count(MOST.groups), 10_000).option('--agents <n>', 'how many', count(MOST.agents), 1_000).parse();
const { groups, agents } = program.opts<{ groups: number; agents: number }>();
void main(groups, agents);
