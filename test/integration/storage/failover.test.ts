// A pool is failed over to its partner and taken back, from the command line of the site that is to serve it.
import { isDeepStrictEqual } from 'node:util';
import { type Administration } from '../../../storage/administration/administration';
import { keptAudio } from '../../../storage/audio';
import { readServings } from '../../../storage/mirror/serving';
import { toneWav } from '../../support/wav';
import { administrationOf, objectsOf, Sites, until } from './sites';
import { formed, must, newUser, operator, SETUP_MS, smallForm } from './support';

/** Many steps one after the other, each of which waits for processes that look once a second. */
jest.setTimeout(180_000);
let sites: Sites;
beforeAll(async () => { sites = await Sites.open(); }, SETUP_MS);
afterAll(() => sites.close());

test('Previewed, confirmed, taken up; changed there meanwhile; taken back with all of that and the duty of agents', async () => {
  const { value: { id: agentId } } = await must(sites.home.perform(operator, 'agent.create', { name: 'Ada', sipUser: 'ada', onDuty: true }));
  await must(sites.home.perform(operator, 'group.create', smallForm({ sipUser: 'sales', agentIds: [agentId] })));
  await must(administrationOf('west', sites.west).perform(operator, 'group.create', smallForm({ sipUser: 'sales' })));
  expect(await sites.command('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 1, err: 'No pool east is mirrored here.' });
  await sites.run();
  await until(async () => (await objectsOf(sites.west, 'east')).workflows.size === 1 && (await objectsOf(sites.east, 'west')).workflows.size === 1);

  expect(await sites.command('east', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 2, err: expect.stringContaining('this is the site of pool east') });
  const looked = await sites.command('west', 'no', 'failover', 'east', '--to', 'west');
  expect(looked).toMatchObject({ code: 2, err: 'Nothing was done.' });
  expect(looked.out).toMatch(/the groups of pool east: 1, of which 0 are active\.[^]*Agents: 1, of whom 0[^]*up to change 2[^]*ANSWERS[^]*keeps them: sales\.[^]*No engine is active here/);
  expect(await sites.command('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 0, out: expect.stringMatching(/Pool west serves the groups of pool east: its engine took them up \d+ ms after/) });
  expect(await sites.command('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 1, err: 'Pool west serves the groups of pool east already.' });

  // The pool hears of it, and is changed where it is served.
  await until(async () => (await sites.home.perform(operator, 'duty.set', { agentId, onDuty: true })).ok === false);
  const there = administrationOf('east', sites.west);
  await must(there.perform(operator, 'duty.set', { agentId, onDuty: false }));
  await must(there.perform(operator, 'agent.create', { name: 'Bob', sipUser: 'bob' }));

  // What was changed there comes along, with the duty that agents have there.
  const back = await sites.command('east', 'yes', 'failover', 'east', '--to', 'east');
  expect(back).toMatchObject({ code: 0, out: expect.stringMatching(/Changed at pool west, and brought here:\n *agents Bob: added[^]*come with the duty[^]*: 2[^]*Pool east serves the groups of pool east/) });
  expect((await objectsOf(sites.east, 'east')).duties.get(agentId)).toMatchObject({ onDuty: false });
  expect([...(await objectsOf(sites.east, 'east')).agents.values()].map(({ name }) => name).sort()).toEqual(['Ada', 'Bob']);
  await must(sites.home.perform(operator, 'duty.set', { agentId, onDuty: true }));
  // The mirror goes on from there.
  await until(async () => (await objectsOf(sites.west, 'east')).duties.get(agentId)?.onDuty === true);
  expect(await objectsOf(sites.west, 'east')).toEqual(await objectsOf(sites.east, 'east'));
  expect(await sites.command('east', 'yes', 'failover', 'east', '--to', 'east')).toMatchObject({ code: 1, err: expect.stringContaining('is served by itself') });
});

test('Changed on both sides: what does not contradict is merged, what does is asked about with both values, and nothing happens until it is decided', async () => {
  const { value: { id: agentId } } = await must(sites.home.perform(operator, 'agent.create', { name: 'Cleo', sipUser: newUser() }));
  const { value: { id } } = await must(sites.home.perform(operator, 'group.create', smallForm({ displayName: 'Orders', agentIds: [agentId], timeoutSeconds: 60 })));
  await sites.mirrored();
  expect(await sites.command('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 0 });
  const there = administrationOf('east', sites.west);
  const orders = async (at: Administration) => formed(at, id);
  await sites.eastAlone();
  const [mine, his] = [await orders(sites.home), await orders(there)];
  await must(sites.home.perform(operator, 'group.change', { id, versions: mine.versions, changes: { timeoutSeconds: 90, description: 'Orders and offers' } }));
  await must(there.perform(operator, 'group.change', { id, versions: his.versions, changes: { timeoutSeconds: 120, displayName: 'Orders and more' } }));
  await must(there.perform(operator, 'agent.create', { name: 'Dora', sipUser: newUser() }));
  const kept = await there.keepAudio(operator, 'music.wav', toneWav(440, 300, 8_000));
  if (!kept.ok) throw new Error(kept.message);
  await must(there.perform(operator, 'settings.change', { version: 0, changes: { defaultMusic: kept.value } }));

  const undecided = await sites.command('east', null, 'failover', 'east', '--to', 'east', '--yes');
  expect(undecided).toMatchObject({ code: 1, err: expect.stringMatching(/timeoutSeconds was changed differently on both sides\. Decide with --decide/) });
  expect(undecided.out).toMatch(/Changed here, not known at pool west, and kept:\n *group\.change Orders[^]*to be decided: 1/);
  const key = /--decide (\S+)=east/.exec(undecided.err)?.[1] ?? '';
  expect((await readServings(sites.west.connection.db)).find(({ _id }) => _id === 'east')).toMatchObject({ servedBy: 'west' });
  expect(await sites.command('east', 'yes', 'failover', 'east', '--to', 'east', '--decide', `${key}=north`)).toMatchObject({ code: 2, err: expect.stringContaining('must be east or west') });
  expect(await sites.command('east', 'yes', 'failover', 'east', '--to', 'east', '--decide', `${key}=west`)).toMatchObject({ code: 0 });

  expect((await orders(sites.home)).form).toMatchObject({ timeoutSeconds: 120, description: 'Orders and offers', displayName: 'Orders and more' });
  expect((await keptAudio(sites.east.connection.db, [kept.value.audioId])).size).toBe(1);
  expect((await objectsOf(sites.east, 'east')).settings.get('east')).toMatchObject({ defaultMusic: kept.value });
  await until(async () => isDeepStrictEqual(await objectsOf(sites.west, 'east'), await objectsOf(sites.east, 'east')));
});
