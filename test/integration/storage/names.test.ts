// What things are called, kept in memory: what was just written is there, for whoever may see it; and the queries that are narrowed by it.
import { MongoClient, type CommandStartedEvent } from 'mongodb';
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

/** What goes to the database while something is asked, in order; how long it takes follows from it. */
async function asked(client: MongoClient, ask: () => Promise<unknown>): Promise<{ readonly answer: unknown; readonly commands: readonly string[] }> {
  const commands: string[] = [];
  const hear = ({ commandName, command }: CommandStartedEvent): void => { if (!OF_ITSELF.has(commandName)) commands.push(`${commandName} ${String((command as Record<string, unknown>)[commandName])}`); };
  client.on('commandStarted', hear);
  try {
    return { answer: await ask(), commands };
  } finally {
    client.off('commandStarted', hear);
  }
}
/** What a change stream asks again and again, and what ends a transaction that wrote nothing, whoever asked for what. */
const OF_ITSELF: ReadonlySet<string> = new Set(['getMore', 'hello', 'ping', 'endSessions', 'killCursors']);

describe('For a manager, somebody else’s and what is not there at all are the same', () => {
  let client: MongoClient;
  let administration: ReturnType<typeof newPool>['administration'];
  let foreign: Readonly<Record<'group' | 'queue' | 'agentGroup' | 'hours' | 'holidays' | 'trunk' | 'entry', string>>;
  const manager = person('Mia');
  beforeAll(async () => {
    client = new MongoClient(storage.database.uri, { monitorCommands: true });
    ({ administration } = newPool({ client, db: client.db(storage.connection.db.databaseName), close: () => client.close() }));
    storage.closing({ close: () => client.close() });
    const make = (more: object) => must(administration.perform(ada, 'group.create', smallForm({ sipUser: newUser(), managed: true, ...more })));
    await make({ displayName: 'Own', managers: [{ personId: manager.personId, name: 'Mia' }] });
    const { value: { id: group }, entryId } = await make({ displayName: 'Other', managers: [{ personId: max.personId, name: 'Max' }] });
    const { queues: [queue], agentGroups: [agentGroup] } = await seen(administration.workflow(ada, group));
    const made = async (verb: 'businessHours.create' | 'holidaySet.create', more: object): Promise<string> => (await must(administration.perform(ada, verb, { name: newUser(), workflowId: group, ...more }))).value.id;
    foreign = {
      group, queue: queue?.id ?? '', agentGroup: agentGroup?.id ?? '', hours: await made('businessHours.create', {}), holidays: await made('holidaySet.create', { holidays: [] }),
      trunk: (await must(administration.perform(ada, 'trunk.create', { name: newUser(), host: 'a.example' }))).value.id, entry: entryId ?? '',
    };
  });

  type Id = (kind: keyof typeof foreign) => string;
  const versions = { workflow: 1, queue: 1, agentGroup: 1 };
  test.each<[string, (id: Id) => Promise<unknown>]>([
    ['group', (id) => administration.group(manager, id('group'))],
    ['live', (id) => administration.live(manager, id('group'))],
    ['workflow', (id) => administration.workflow(manager, id('group'))],
    ['agents of a group', (id) => administration.agents(manager, { workflowId: id('group') })],
    ['queues by id', (id) => administration.objects(manager, 'queues', { ids: [id('queue')] })],
    ['agent groups by id', (id) => administration.objects(manager, 'agentGroups', { ids: [id('agentGroup')] })],
    ['business hours by id', (id) => administration.objects(manager, 'businessHours', { ids: [id('hours')] })],
    ['trunks by id', (id) => administration.objects(manager, 'trunks', { ids: [id('trunk')] })],
    ['history of a group', (id) => administration.history(manager, { workflowId: id('group') })],
    ['change', (id) => administration.change(manager, id('entry'))],
    ['group.change', (id) => administration.perform(manager, 'group.change', { id: id('group'), versions, changes: { description: 'x' } })],
    ['group.delete', (id) => administration.perform(manager, 'group.delete', { id: id('group') })],
    ['group.addManager', (id) => administration.perform(manager, 'group.addManager', { id: id('group'), manager: { personId: max.personId, name: 'Max' } })],
    ['workflow.change', (id) => administration.perform(manager, 'workflow.change', { id: id('group'), version: 1, changes: { description: 'x' } })],
    ['workflow.copy', (id) => administration.perform(manager, 'workflow.copy', { id: id('group'), name: 'Copy', sipUser: 'copy' })],
    ['queue.change', (id) => administration.perform(manager, 'queue.change', { id: id('queue'), version: 1, changes: { timeoutSeconds: 60 } })],
    ['queue.copy', (id) => administration.perform(manager, 'queue.copy', { id: id('queue'), name: 'Copy' })],
    ['queue.delete', (id) => administration.perform(manager, 'queue.delete', { id: id('queue') })],
    ['queue.create', (id) => administration.perform(manager, 'queue.create', { name: 'Copy', workflowId: id('group') })],
    ['agentGroup.change', (id) => administration.perform(manager, 'agentGroup.change', { id: id('agentGroup'), version: 1, changes: { alertTimeSeconds: 30 } })],
    ['businessHours.change', (id) => administration.perform(manager, 'businessHours.change', { id: id('hours'), version: 1, changes: { name: 'x' } })],
    ['holidaySet.delete', (id) => administration.perform(manager, 'holidaySet.delete', { id: id('holidays') })],
    ['trunk.change', (id) => administration.perform(manager, 'trunk.change', { id: id('trunk'), version: 1, changes: { port: 1 } })],
    ['change.undo', (id) => administration.perform(manager, 'change.undo', { entryId: id('entry') })],
  ])('%s: by answer, and by what it asks of the database', async (_what, ask) => {
    const absent: Id = (kind) => (kind === 'entry' ? foreign.entry.replace(/\d+$/, '999999') : `${kind.toLowerCase()}-absent`);
    // Asked once before, for what is read only once.
    await ask((kind) => `${kind.toLowerCase()}-before`);
    const [there, nowhere] = [await asked(client, () => ask((kind) => foreign[kind])), await asked(client, () => ask(absent))];
    expect(there).toEqual(nowhere);
    expect(nowhere.commands.length).toBeLessThan(60);
  });
});
