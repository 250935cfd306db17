// A configuration that is kept in memory answers everybody what the database answers, at once after every change, whoever made it and by whatever way.
import { Administration } from '../../storage/administration/administration';
import { type Acting } from '../../storage/access';
import { must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, silent, SIP_DOMAIN, smallForm, type Storage } from '../integration/storage/support';

/** Every question of everybody, by both ways, after each change. */
jest.setTimeout(600_000);

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const ada = person('Ada', true);
const [max, mia] = [person('Max'), person('Mia')];

/** Everything that a person may ask for, in an order that does not matter. */
async function everything(administration: Administration, acting: Acting): Promise<unknown> {
  const groups = await seen(administration.groups(acting));
  const kinds = ['queues', 'agentGroups', 'businessHours', 'holidaySets'] as const;
  return {
    who: await administration.whoAmI(acting), groups, first: await administration.groups(acting, { first: 2 }), names: await administration.groupNames(acting), agentNames: await administration.agentNames(acting), objectNames: await administration.objectNames(acting),
    each: await Promise.all(groups.map(async ({ id }) => [await administration.group(acting, id), await administration.live(acting, id), await administration.workflow(acting, id), await administration.agents(acting, { workflowId: id })])),
    objects: await Promise.all(kinds.map((kind) => administration.objects(acting, kind))), fewObjects: await Promise.all(kinds.map((kind) => administration.objects(acting, kind, { first: 1 }))), trunks: await administration.objects(acting, 'trunks'),
    agents: await administration.agents(acting), mine: await administration.myAgent(acting), calls: await administration.myCalls(acting, new Date(0), 5), history: await administration.history(acting), settings: await administration.settings(acting),
  };
}

test('Whoever asks is answered from memory what the database answers, right after every change', async () => {
  const { pool, administration: database } = newPool(storage.connection);
  const memory = new Administration({ ...storage.connection, pool, sipDomain: SIP_DOMAIN, log: silent });
  await memory.follow();
  const [alice, bob] = [await newAgent(database, 'Alice'), await newAgent(database, 'Bob')];
  const everybody: readonly Acting[] = [operator, ada, max, mia, alice.acting, bob.acting, person('Nobody')];
  const same = async (): Promise<void> => { for (const acting of everybody) expect(await everything(memory, acting)).toEqual(await everything(database, acting)); };
  await same();
  const make = async (displayName: string, manager: typeof max, agentId: string): Promise<string> =>
    (await must(database.perform(ada, 'group.create', smallForm({ displayName, sipUser: newUser(), managed: true, managers: [{ personId: manager.personId, name: manager.name }], agentIds: [agentId] })))).value.id;
  const [first, second] = [await make('First', max, alice.id), await make('Second', mia, bob.id)];
  await same();
  const queue = (await seen(database.objects(mia, 'queues')))[0];
  if (!queue) throw new Error('Mia has no queue.');
  // By the one that remembers, and by the other; duty is what is decided from memory.
  const changes: readonly (() => Promise<unknown>)[] = [
    () => must(memory.perform(alice.acting, 'duty.set', { onDuty: true })),
    () => must(database.perform(bob.acting, 'duty.set', { onDuty: true })),
    () => must(memory.perform(max, 'duty.pause', { agentId: alice.id, reason: 'lunch' })),
    () => must(memory.perform(mia, 'queue.change', { id: queue.id, version: queue.version, changes: { timeoutSeconds: '77' } })),
    () => must(database.perform(ada, 'businessHours.create', { name: 'Days', workflowId: first })),
    () => must(database.perform(ada, 'group.removeManager', { id: second, personId: mia.personId })),
    () => must(memory.perform(ada, 'group.addManager', { id: second, manager: { personId: max.personId, name: 'Max' } })),
    () => must(database.perform(ada, 'change.undo', {})),
    () => must(memory.perform(ada, 'group.delete', { id: first })),
  ];
  for (const change of changes) {
    await change();
    await same();
  }
  // Nobody's right outlives the change that took it: not for a verb that is decided from memory either.
  await must(database.perform(ada, 'group.create', smallForm({ displayName: 'Third', sipUser: newUser(), managed: true, managers: [{ personId: mia.personId, name: 'Mia' }], agentIds: [alice.id] })));
  expect(await memory.perform(mia, 'duty.signOut', { agentId: alice.id, agentGroupId: 'none' })).toMatchObject({ code: 'conflict' });
  const third = (await seen(memory.groupNames(mia)))[0]?.id ?? '';
  await must(database.perform(ada, 'group.removeManager', { id: third, personId: mia.personId }));
  expect(await memory.perform(mia, 'duty.pause', { agentId: alice.id })).toMatchObject({ ok: false, code: 'notFound' });
  await same();
});
