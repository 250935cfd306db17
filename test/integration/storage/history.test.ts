// Who changed what, found by thing, person and time; and whether each change can be taken back, and what is in the way.
import { Administration } from '../../../storage/administration/administration';
import { type HistoryOptions } from '../../../storage/administration/views';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, silent, SIP_DOMAIN, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const [ada, bea] = [person('Ada Park', true), person('Bea (x) Lind', true)];
const DAY = 86_400_000;
const START = new Date('2026-11-01T12:00:00Z').getTime();

/** A pool whose clock is set by the test. */
function dated() {
  const { pool } = newPool(storage.connection);
  const clock = { now: new Date(START) };
  return { clock, administration: new Administration({ ...storage.connection, pool, sipDomain: SIP_DOMAIN, log: silent, now: () => clock.now }) };
}

describe('History', () => {
  let administration: Administration;
  let sales: string;
  beforeAll(async () => {
    const pool = dated();
    ({ administration } = pool);
    const max = person('Max');
    sales = (await must(administration.perform(ada, 'group.create', smallForm({ displayName: 'Sales', managed: true, managers: [{ personId: max.personId, name: 'Max' }] })))).value.id;
    pool.clock.now = new Date(START + DAY);
    await must(administration.perform(bea, 'group.create', smallForm({ displayName: 'Help [Desk]' })));
    pool.clock.now = new Date(START + 2 * DAY);
    await must(administration.perform(max, 'queue.create', { name: 'Second line', workflowId: sales }));
    pool.clock.now = new Date(START + 3 * DAY);
    const { versions } = await formed(administration, sales);
    await must(administration.perform(bea, 'group.change', { id: sales, versions, changes: { displayName: 'Sales & More' } }));
  });
  const found = async (options: HistoryOptions) => (await seen(administration.history(operator, options))).map((one) => `${one.verb} ${one.subject} ${one.by}`);

  test.each<[string, () => HistoryOptions, readonly string[]]>([
    ['of one group, by whatever name it had, with what belongs to it', () => ({ workflowId: sales }), ['group.change Sales & More Bea (x) Lind', 'queue.create Second line Max', 'group.create Sales Ada Park']],
    ['about a name, in whatever case', () => ({ about: 'SALES' }), ['group.change Sales & More Bea (x) Lind', 'group.create Sales Ada Park']],
    ['about a name with signs in it', () => ({ about: '[desk]' }), ['group.create Help [Desk] Bea (x) Lind']],
    ['by a person', () => ({ by: 'bea (x)' }), ['group.change Sales & More Bea (x) Lind', 'group.create Help [Desk] Bea (x) Lind']],
    ['by nobody', () => ({ by: '.*' }), []],
    ['from a day until another', () => ({ from: new Date(START + DAY), to: new Date(START + 3 * DAY) }), ['queue.create Second line Max', 'group.create Help [Desk] Bea (x) Lind']],
    ['by person, group and time at once', () => ({ workflowId: sales, by: 'bea', from: new Date(START) }), ['group.change Sales & More Bea (x) Lind']],
  ])('%s', async (_what, options, expected) => {
    expect(await found(options())).toEqual(expected);
  });

  test('comes page by page, each entry once', async () => {
    const all = await seen(administration.history(operator));
    const pages: string[] = [];
    for (let before = Infinity; ;) {
      const page = await seen(administration.history(operator, { limit: 1, ...(before === Infinity ? {} : { before }) }));
      const [one] = page;
      if (!one) break;
      pages.push(one.entryId);
      before = one.sequence;
    }
    expect(pages).toEqual(all.map((one) => one.entryId));
    expect(pages).toHaveLength(4);
  });
});

describe('A change of an interactive group', () => {
  test('is told question by question, in words that name where answers lead', async () => {
    const { administration } = newPool(storage.connection);
    const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm()));
    const { version, queues: [queue] } = await seen(administration.workflow(ada, id));
    const question = { id: 'q1', name: 'Product', prompt: { text: 'Which?' }, answers: [{ name: 'Laptops', key: '1', action: { kind: 'queue' as const, queueId: queue?.id ?? '' } }] };
    await must(administration.perform(ada, 'workflow.change', { id, version, changes: { questions: [question] } }));
    await must(administration.perform(ada, 'workflow.change', { id, version: version + 1, changes: { questions: [{ ...question, name: 'Device', answers: [...question.answers, { name: 'Bye', key: '2', action: { kind: 'disconnect', prompt: { text: 'Goodbye' } } }] }] } }));
    const [latest, first] = await seen(administration.history(ada));
    const laptops = { key: '1', name: 'Laptops', action: 'queue', to: queue?.name, said: '' };
    expect(latest?.fields).toEqual([
      { field: 'question', of: 'Device', before: 'Product', after: 'Device' },
      { field: 'answers', of: 'Device', before: [laptops], after: [laptops, { key: '2', name: 'Bye', action: 'disconnect', to: '', said: 'Goodbye' }] },
    ]);
    expect(first?.fields).toEqual(expect.arrayContaining([{ field: 'question', of: 'Product', before: null, after: 'Product' }, { field: 'answers', of: 'Product', before: null, after: [laptops] }]));
  });
});

describe('Whether a change can be taken back', () => {
  const change = async (administration: Administration, acting: typeof ada, entryId: string | null) => seen(administration.change(acting, entryId ?? ''));

  test('is known before it is tried: yes; no, because of a later change, which is named; no, because it was taken back', async () => {
    const { administration } = newPool(storage.connection);
    const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm()));
    const edit = async (description: string) => must(administration.perform(bea, 'group.change', { id, versions: (await formed(administration, id)).versions, changes: { description } }));
    const [one, two] = [await edit('one'), await edit('two')];
    expect((await change(administration, ada, two.entryId)).undo).toEqual({ possible: true });
    expect((await change(administration, ada, one.entryId)).undo).toMatchObject({ possible: false, because: 'inTheWay', message: expect.stringContaining('Bea (x) Lind') });
    await must(administration.perform(ada, 'change.undo', { entryId: two.entryId ?? '' }));
    expect((await change(administration, ada, one.entryId)).undo).toEqual({ possible: true });
    expect((await change(administration, ada, two.entryId)).undo).toMatchObject({ possible: false, because: 'inTheWay', message: expect.stringContaining('Ada Park') });
    // Nothing was written by looking.
    expect((await formed(administration, id)).form.description).toBe('one');
  });

  test.each<[string, 'queue' | 'agentGroup' | 'businessHours' | 'holidaySet']>([['a queue', 'queue'], ['an agent group', 'agentGroup'], ['hours', 'businessHours'], ['holidays', 'holidaySet']])('%s: each of its changes, the last first', async (_what, noun) => {
    const { administration } = newPool(storage.connection);
    const { value: { id } } = await must(administration.perform(ada, `${noun}.create`, { name: 'First', ...(noun === 'holidaySet' ? { holidays: [] } : {}) })) as { value: { id: string } };
    await must(administration.perform(ada, `${noun}.change`, { id, version: 1, changes: { name: 'Second' } }));
    await must(administration.perform(ada, `${noun}.copy`, { id, name: 'Copy' }));
    await must(administration.perform(ada, `${noun}.delete`, { id }));
    const verbs: string[] = [];
    for (const one of await seen(administration.history(ada))) {
      expect((await change(administration, ada, one.entryId)).undo).toEqual({ possible: true });
      verbs.push((await must(administration.perform(ada, 'change.undo', { entryId: one.entryId }))).value.verb);
    }
    expect(verbs).toEqual(['delete', 'copy', 'change', 'create'].map((verb) => `${noun}.${verb}`));
    expect(await seen(administration.history(ada, { limit: 50 }))).toHaveLength(8);
  });

  test('is refused where something else stands against it, in the words of the refusal', async () => {
    const { administration } = newPool(storage.connection);
    const sipUser = newUser();
    const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm({ sipUser })));
    const { entryId } = await must(administration.perform(ada, 'group.delete', { id }));
    await must(administration.perform(ada, 'group.create', smallForm({ displayName: 'Thief', sipUser })));
    const { undo } = await change(administration, ada, entryId);
    expect(undo).toMatchObject({ possible: false, because: 'inTheWay', message: expect.stringContaining('Thief') });
    expect(await administration.perform(ada, 'change.undo', { entryId: entryId ?? '' })).toMatchObject({ message: undo.possible ? '' : undo.message });
  });

  test('is told to whoever sees the change, and nothing of it to others', async () => {
    const { administration } = newPool(storage.connection);
    const max = person('Max');
    const { id: agentId, acting: alice } = await newAgent(administration, 'Alice');
    const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm({ managed: true, managers: [{ personId: max.personId, name: 'Max' }], agentIds: [agentId] })));
    const { versions } = await formed(administration, id);
    const { entryId } = await must(administration.perform(ada, 'group.change', { id, versions, changes: { sipUser: newUser() } }));
    expect((await change(administration, max, entryId)).undo).toMatchObject({ possible: false, because: 'notYours' });
    for (const other of [alice, person('Stranger')]) expect(await administration.change(other, entryId ?? '')).toEqual(await administration.change(other, 'never:1'));
  });
});
