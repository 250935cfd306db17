// What a configuration in memory must not miss: a change by anybody, at once and for rights too; one that goes in as a whole; another under the same number.
import { randomUUID } from 'node:crypto';
import { Administration } from '../../../storage/administration/administration';
import { must, newAgent, newPool, newUser, openStorage, person, seen, SETUP_MS, silent, SIP_DOMAIN, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const ada = person('Ada', true);
const mia = person('Mia');

test('A change that another process made holds at once, for what is shown and for what may be done', async () => {
  const { pool, administration: other } = newPool(storage.connection);
  const memory = new Administration({ ...storage.connection, pool, sipDomain: SIP_DOMAIN, log: silent });
  await memory.follow();
  const [alice, bob] = [await newAgent(other, 'Alice'), await newAgent(other, 'Bob')];
  const make = async (displayName: string, agentId: string, managers: readonly (typeof mia)[]): Promise<string> =>
    (await must(other.perform(ada, 'group.create', smallForm({ displayName, sipUser: newUser(), managed: true, managers: managers.map(({ personId, name }) => ({ personId, name })), agentIds: [agentId] })))).value.id;
  const [first, second] = [await make('First', alice.id, [mia]), await make('Second', bob.id, [])];
  const names = async (): Promise<string[]> => (await seen(memory.groupNames(mia))).map((one) => one.displayName);
  expect(await names()).toEqual(['First']);
  expect(await memory.group(mia, second)).toMatchObject({ ok: false, code: 'notFound' });
  for (const acting of [ada, mia, alice.acting]) {
    for (const administration of [memory, other]) await must(administration.perform(alice.acting, 'duty.set', { onDuty: administration === memory }));
    expect([await memory.groups(acting), await memory.group(acting, first), await memory.myAgent(acting), await memory.objects(acting, 'queues'), await memory.agents(acting)])
      .toEqual([await other.groups(acting), await other.group(acting, first), await other.myAgent(acting), await other.objects(acting, 'queues'), await other.agents(acting)]);
  }
  // What is decided about duty is decided from memory where it is what the transaction sees.
  await must(memory.perform(alice.acting, 'duty.set', { onDuty: true }));
  await must(memory.perform(mia, 'duty.pause', { agentId: alice.id }));
  expect(await memory.perform(mia, 'duty.pause', { agentId: bob.id })).toMatchObject({ ok: false, code: 'notAllowed' });
  await must(other.perform(ada, 'group.removeManager', { id: first, personId: mia.personId }));
  expect(await memory.perform(mia, 'duty.resume', { agentId: alice.id })).toMatchObject({ ok: false, code: 'notFound' });
  expect(await names()).toEqual([]);
});

test('A configuration that goes in as a whole, or that is another under the same number, is read again', async () => {
  const { pool, administration: database } = newPool(storage.connection);
  const memory = new Administration({ ...storage.connection, pool, sipDomain: SIP_DOMAIN, log: silent });
  await newAgent(database, 'Alice');
  await memory.follow();
  const names = async (): Promise<string[]> => (await seen(memory.agentNames(ada))).map((one) => one.name);
  expect(await names()).toEqual(['Alice']);
  const { db } = storage.connection;
  const counters = db.collection<{ _id: string }>('counters');
  // As of a backup that was put back, and gone on from.
  await db.collection('agents').updateOne({ pool }, { $set: { name: 'Alicia' } });
  await counters.updateOne({ _id: pool }, { $set: { last: randomUUID() } });
  expect(await names()).toEqual(['Alicia']);
  await memory.follow();
  expect(await names()).toEqual(['Alicia']);
  await db.collection('agents').updateOne({ pool }, { $set: { name: 'Alina' } });
  await counters.updateOne({ _id: pool }, { $set: { sequence: 0 } });
  expect(await names()).toEqual(['Alina']);
});
