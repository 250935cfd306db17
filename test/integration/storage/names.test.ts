// What things are called, kept in memory: what was just written is there, for whoever may see it; and the queries that are narrowed by it.
import { formed, must, newAgent, newPool, newUser, openStorage, person, seen, SETUP_MS, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const ada = person('Ada', true);
const max = person('Max');

test('Names follow every change at once, also where another process made it, and each person is told those they may see', async () => {
  const { administration } = newPool(storage.connection);
  const names = async (acting = ada): Promise<string[]> => (await seen(administration.groupNames(acting))).map((one) => one.displayName);
  expect(await names()).toEqual([]);
  const { id: agentId } = await newAgent(administration, 'Alice');
  const make = (displayName: string, more: object = {}) => must(administration.perform(ada, 'group.create', smallForm({ displayName, sipUser: newUser(), agentIds: [agentId], ...more })));
  const { value: { id: second } } = await make('Second');
  const { value: { id: first } } = await make('First', { managed: true, managers: [{ personId: max.personId, name: 'Max' }] });
  expect(await names()).toEqual(['First', 'Second']);
  expect(await names(max)).toEqual(['First']);
  expect(await names(person('Nobody'))).toEqual([]);
  const { versions } = await formed(administration, second);
  await must(administration.perform(ada, 'group.change', { id: second, versions, changes: { displayName: 'Another' } }));
  expect(await Promise.all([names(), names()])).toEqual([['Another', 'First'], ['Another', 'First']]);
  await must(administration.perform(ada, 'group.removeManager', { id: first, personId: max.personId }));
  expect(await names(max)).toEqual([]);
  expect(await administration.group(max, first)).toMatchObject({ ok: false, code: 'notFound' });
  await must(administration.perform(ada, 'group.addManager', { id: first, manager: { personId: max.personId, name: 'Max' } }));
  expect(await names(max)).toEqual(['First']);
  await must(administration.perform(ada, 'group.delete', { id: second }));
  expect(await names()).toEqual(['First']);
  expect((await seen(administration.agentNames(ada))).map((one) => one.name)).toEqual(['Alice']);
  expect(await seen(administration.agentNames(person('Nobody')))).toEqual([]);
  expect((await seen(administration.objectNames(max))).queues).toEqual((await seen(administration.workflow(ada, first))).queues.map(({ id, name }) => ({ id, name })));
});

test('Asked for the first few, or for some by id, queries answer what they answer of them all', async () => {
  const { administration } = newPool(storage.connection);
  const agents = [await newAgent(administration, 'Alice'), await newAgent(administration, 'Bob')].map((one) => one.id);
  for (const [index, displayName] of ['C', 'A', 'B'].entries()) await must(administration.perform(ada, 'group.create', smallForm({ displayName, sipUser: newUser(), managed: index < 2, managers: index < 2 ? [{ personId: max.personId, name: 'Max' }] : [], agentIds: [agents[index % 2] ?? ''] })));
  for (const acting of [ada, max]) {
    const all = await seen(administration.groups(acting));
    expect(await seen(administration.groups(acting, { first: 2 }))).toEqual(all.slice(0, 2));
    for (const kind of ['queues', 'agentGroups', 'businessHours', 'holidaySets'] as const) {
      const objects = await seen(administration.objects(acting, kind));
      expect(await seen(administration.objects(acting, kind, { first: 2 }))).toEqual(objects.slice(0, 2));
      for (const one of objects) expect(await seen(administration.objects(acting, kind, { ids: [one.id] }))).toEqual([one]);
    }
    const everybody = await seen(administration.agents(acting));
    for (const one of everybody) expect(await seen(administration.agents(acting, { ids: [one.id] }))).toEqual([one]);
    const [group] = all;
    const ringing = (await seen(administration.group(acting, group?.id ?? ''))).agents.map((one) => one.id);
    expect((await seen(administration.agents(acting, { workflowId: group?.id ?? '' }))).map((one) => one.id)).toEqual(ringing);
  }
  const others = await seen(administration.objects(ada, 'queues'));
  expect(others.length).toBe(3);
  // What is not theirs is not shown by its id either.
  expect((await seen(administration.objects(max, 'queues', { ids: others.map((one) => one.id) }))).length).toBe(2);
});
