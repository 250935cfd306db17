// A pool is failed over to its partner and taken back, from the command line of the site that is to serve it.
import { setTimeout as pauseFor } from 'node:timers/promises';
import { Administration } from '../../../storage/administration/administration';
import { readConfiguration } from '../../../storage/changes';
import { main } from '../../../storage/cli';
import { DatabaseReceiver } from '../../../storage/mirror/database-receiver';
import { DatabaseSource } from '../../../storage/mirror/database-source';
import { follow } from '../../../storage/mirror/follow';
import { openServedFeed } from '../../../storage/mirror/served-feed';
import { adopt, readServings } from '../../../storage/mirror/serving';
import { must, openStorage, operator, SETUP_MS, silent, SIP_DOMAIN, smallForm, type Storage } from './support';

let east: Storage;
let west: Storage;
beforeAll(async () => { [east, west] = await Promise.all([openStorage(), openStorage()]); }, SETUP_MS);
afterAll(() => Promise.all([east.close(), west.close()]));

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await pauseFor(20);
}

/** The command line at a site; `typed` is what a person answers. */
async function run(site: 'east' | 'west', typed: string | null, ...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const [own, other] = site === 'east' ? [east, west] : [west, east];
  const env = { MONGODB_URI: own.database.uri, POOL: site, SIP_DOMAIN, PARTNER_POOL: site === 'east' ? 'west' : 'east', PARTNER_MONGODB_URI: other.database.uri };
  const code = await main(argv, env, { out: (words) => { out.push(words); }, err: (words) => { err.push(words); }, input: () => Promise.resolve(''), ask: () => Promise.resolve(typed) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const administrationOf = (pool: string, { connection }: Storage): Administration => new Administration({ ...connection, pool, sipDomain: SIP_DOMAIN, log: silent });
const objectsOf = async ({ connection: { client, db } }: Storage, pool: string) => (await readConfiguration(client, db, pool)).objects;

/** The mirror process of a site, and what an engine of it follows. */
async function running(site: Storage, pool: string, other: Storage, partner: string): Promise<void> {
  const [here, there] = [site.connection, other.connection];
  site.closing(follow({ source: new DatabaseSource({ ...there, log: silent }, partner), receiver: new DatabaseReceiver(here, partner), agree: async () => { await adopt(here, await readServings(there.db)); }, log: silent }));
  site.closing(await openServedFeed({ ...here, log: silent }, pool, () => undefined));
}

test('Previewed, confirmed, taken up; changed there meanwhile; taken back with the duty of agents, and without what cannot be merged only when that is said', async () => {
  const home = administrationOf('east', east);
  const { value: { id: agentId } } = await must(home.perform(operator, 'agent.create', { name: 'Ada', sipUser: 'ada', onDuty: true }));
  await must(home.perform(operator, 'group.create', smallForm({ sipUser: 'sales', agentIds: [agentId] })));
  await must(administrationOf('west', west).perform(operator, 'group.create', smallForm({ sipUser: 'sales' })));
  expect(await run('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 1, err: 'No pool east is mirrored here.' });
  await Promise.all([running(west, 'west', east, 'east'), running(east, 'east', west, 'west')]);
  await until(async () => (await objectsOf(west, 'east')).workflows.size === 1 && (await objectsOf(east, 'west')).workflows.size === 1);

  expect(await run('east', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 2, err: expect.stringContaining('this is the site of pool east') });
  const looked = await run('west', 'no', 'failover', 'east', '--to', 'west');
  expect(looked).toMatchObject({ code: 2, err: 'Nothing was done.' });
  expect(looked.out).toMatch(/the groups of pool east: 1, of which 0 are active\.[^]*Agents: 1, of whom 0[^]*up to change 2[^]*ANSWERS[^]*keeps them: sales\.[^]*No engine is active here/);
  expect(await run('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 0, out: expect.stringMatching(/Pool west serves the groups of pool east: its engine took them up \d+ ms after/) });
  expect(await run('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 1, err: 'Pool west serves the groups of pool east already.' });

  // The pool hears of it, and is changed where it is served.
  await until(async () => (await home.perform(operator, 'duty.set', { agentId, onDuty: true })).ok === false);
  const there = administrationOf('east', west);
  await must(there.perform(operator, 'duty.set', { agentId, onDuty: false }));
  await must(there.perform(operator, 'agent.create', { name: 'Bob', sipUser: 'bob' }));

  const refused = await run('east', 'yes', 'failover', 'east', '--to', 'east');
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/One change was made at pool west meanwhile[^]*agent\.create Bob by Operator/) });
  expect(await run('east', 'yes', 'failover', 'east', '--to', 'east', '--without-changes')).toMatchObject({ code: 0, out: expect.stringContaining('Pool east serves the groups of pool east') });
  expect((await objectsOf(east, 'east')).duties.get(agentId)).toMatchObject({ onDuty: false });
  expect((await objectsOf(east, 'east')).agents.size).toBe(1);
  await must(home.perform(operator, 'duty.set', { agentId, onDuty: true }));
  // What was given up is gone from the mirror too, and the mirror goes on.
  await until(async () => (await objectsOf(west, 'east')).agents.size === 1 && (await objectsOf(west, 'east')).duties.get(agentId)?.onDuty === true);
});
