// Following the configuration: one consistent beginning, then everything in order, also while much is written and when the log was cut.
import { readConfiguration } from '../../../storage/changes';
import { asUpdate, openFeed, type Feed } from '../../../storage/feed';
import { applyUpdate, emptyConfiguration, type Configuration } from '../../../storage/model/configuration';
import { formed, must, newPool, newUser, openStorage, operator, SETUP_MS, silent, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

interface Followed { readonly feed: Feed; readonly configuration: Configuration; readonly order: number[]; until(sequence: number): Promise<void> }
async function follow(pool: string): Promise<Followed> {
  const configuration = emptyConfiguration(pool);
  const order: number[] = [];
  let wake = (): void => undefined;
  const feed = storage.closing(await openFeed({ ...storage.connection, log: silent }, pool, (update) => { applyUpdate(configuration, update); order.push(update.sequence); wake(); }));
  applyUpdate(configuration, asUpdate(feed.initial));
  return { feed, configuration, order, until: async (sequence) => { while (configuration.sequence < sequence) await new Promise<void>((resolve) => { wake = resolve; }); } };
}
const stored = (pool: string) => readConfiguration(storage.connection.client, storage.connection.db, pool);

test('Opened while changes are being written, it misses none and repeats none', async () => {
  const { pool, administration } = newPool(storage.connection);
  const count = 20;
  const writing = Promise.all(Array.from({ length: count }, (_, i) => must(administration.perform(operator, 'agent.create', { name: `Agent ${i}`, sipUser: newUser() }))));
  const followed = await follow(pool);
  await writing;
  await followed.until(count);
  expect(followed.order).toEqual(Array.from({ length: count - followed.feed.initial.sequence }, (_, i) => followed.feed.initial.sequence + i + 1));
  expect(followed.configuration).toEqual(await stored(pool));
  await followed.feed.close();
});

test('An empty pool begins at sequence 0, and another pool\'s changes are not heard', async () => {
  const { pool, administration } = newPool(storage.connection);
  const followed = await follow(pool);
  expect(followed.feed.initial).toEqual(emptyConfiguration(pool));
  await must(newPool(storage.connection).administration.perform(operator, 'group.create', smallForm()));
  await must(administration.perform(operator, 'group.create', smallForm()));
  await followed.until(1);
  expect(followed.configuration.objects.workflows.size).toBe(1);
  expect(followed.order).toEqual([1]);
  await followed.feed.close();
});

test('A log that no longer reaches back is made good with one update of everything that differs', async () => {
  const { pool, administration } = newPool(storage.connection);
  const { value: { id } } = await must(administration.perform(operator, 'group.create', smallForm()));
  const heard: number[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => { release = resolve; });
  const configuration = emptyConfiguration(pool);
  let wake = (): void => undefined;
  const feed = storage.closing(await openFeed({ ...storage.connection, log: silent }, pool, async (update) => { await held; applyUpdate(configuration, update); heard.push(update.sequence); wake(); }));
  applyUpdate(configuration, asUpdate(feed.initial));
  // The follower is busy with the first of these while the rest are written and the log is cut.
  const { versions } = await formed(administration, id);
  await must(administration.perform(operator, 'group.change', { id, versions, changes: { description: 'one' } }));
  for (const name of ['A', 'B', 'C']) await must(administration.perform(operator, 'agent.create', { name, sipUser: newUser() }));
  await must(administration.perform(operator, 'group.delete', { id }));
  await storage.connection.db.collection('changes').deleteMany({ pool, sequence: { $in: [3, 4] } });
  release();
  while (configuration.sequence < 6) await new Promise<void>((resolve) => { wake = resolve; });
  expect(configuration).toEqual(await stored(pool));
  await feed.close();
});

test('One whose listener throws hands the same update on again', async () => {
  const { pool, administration } = newPool(storage.connection);
  let attempts = 0;
  let hand = (_sequence: number): void => undefined;
  const handed = new Promise<number>((resolve) => { hand = resolve; });
  storage.closing(await openFeed({ ...storage.connection, log: silent }, pool, (update) => {
    attempts += 1;
    if (attempts === 1) throw new Error('not now');
    hand(update.sequence);
  }));
  await must(administration.perform(operator, 'group.create', smallForm()));
  expect(await handed).toBe(1);
  expect(attempts).toBe(2);
});

test('After close, nothing more is handed on', async () => {
  const { pool, administration } = newPool(storage.connection);
  const followed = await follow(pool);
  await followed.feed.close();
  await must(administration.perform(operator, 'group.create', smallForm()));
  const later = await follow(pool);
  expect(later.configuration.sequence).toBe(1);
  expect(followed.order).toEqual([]);
  await later.feed.close();
});
