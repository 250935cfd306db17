// A database that fails in the middle: nothing is done twice, nothing is lost unseen, and people are told.
import { openFeed } from '../../../storage/feed';
import { emptyConfiguration, applyUpdate, type ConfigurationUpdate } from '../../../storage/model/configuration';
import { readConfiguration } from '../../../storage/changes';
import { asUpdate } from '../../../storage/feed';
import { Journal, takeLease } from '../../../storage/journal';
import { must, newPool, newUser, openStorage, operator, seen, SETUP_MS, silent, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

async function failNext(times: number, data: object): Promise<void> {
  await storage.connection.client.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data });
}
const entries = (pool: string): Promise<Record<string, unknown>[]> => storage.connection.db.collection('changes').find({ pool }).sort({ sequence: 1 }).toArray();

describe.each<[string, number, object]>([
  ['a lost connection at commit', 1, { failCommands: ['commitTransaction'], closeConnection: true }],
  ['two lost connections at commit', 2, { failCommands: ['commitTransaction'], closeConnection: true }],
  ['a lost connection at the first write', 1, { failCommands: ['findAndModify'], closeConnection: true }],
  ['a write conflict', 3, { failCommands: ['findAndModify', 'update'], errorCode: 112, errorLabels: ['TransientTransactionError'] }],
  ['a commit that no majority confirmed in time', 2, { failCommands: ['commitTransaction'], writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } }],
  ['a primary that steps down', 1, { failCommands: ['insert'], errorCode: 189, errorLabels: ['TransientTransactionError'] }],
])('After %s', (_what, times, data) => {
  test('a change is made once and answered as made', async () => {
    const { pool, administration } = newPool(storage.connection);
    await must(administration.perform(operator, 'agent.create', { name: 'Before', sipUser: newUser() }));
    await failNext(times, data);
    const done = await must(administration.perform(operator, 'group.create', smallForm()));
    expect((await entries(pool)).map((one) => one['sequence'])).toEqual([1, 2]);
    expect((await seen(administration.group(operator, done.value.id))).savedSequence).toBe(2);
  });

  test('a new password is the one that was answered', async () => {
    const { pool, administration } = newPool(storage.connection);
    const { value: { id } } = await must(administration.perform(operator, 'agent.create', { name: 'Alice', sipUser: newUser() }));
    await failNext(times, data);
    const { value } = await must(administration.perform(operator, 'agent.resetPassword', { agentId: id }));
    expect(value.password).not.toBeNull();
    expect(await entries(pool)).toHaveLength(2);
  });
});

test('A database that was away: people are told, the same form is sent again, and followers miss nothing', async () => {
  const { pool, administration } = newPool(storage.connection);
  const { value: { id } } = await must(administration.perform(operator, 'agent.create', { name: 'Alice', sipUser: newUser() }));
  const followed = emptyConfiguration(pool);
  const order: number[] = [];
  let wake = (): void => undefined;
  const feed = storage.closing(await openFeed({ ...storage.connection, log: silent }, pool, (update: ConfigurationUpdate) => { applyUpdate(followed, update); order.push(update.sequence); wake(); }));
  applyUpdate(followed, asUpdate(feed.initial));
  const until = async (sequence: number): Promise<void> => { while (followed.sequence < sequence) await new Promise<void>((resolve) => { wake = resolve; }); };
  await must(administration.perform(operator, 'duty.set', { agentId: id, onDuty: false }));
  await until(2);
  const journal = await takeLease(storage.connection, pool, 'engine-1', { ifEpoch: 0 });
  expect(journal).toBeInstanceOf(Journal);

  await storage.database.kill();
  const refused = await administration.perform(operator, 'duty.set', { agentId: id, onDuty: true }, { requestId: 'again' });
  expect(refused).toMatchObject({ ok: false, code: 'unavailable' });
  expect(await administration.groups(operator)).toMatchObject({ ok: false, code: 'unavailable' });
  await expect(journal?.write({ calls: [{ id: 'call-1', revision: 1, body: { state: 'waiting' } }] })).rejects.toThrow();

  await storage.database.restart();
  await must(administration.perform(operator, 'duty.set', { agentId: id, onDuty: true }, { requestId: 'again' }));
  await must(administration.perform(operator, 'group.create', smallForm({ agentIds: [id] })));
  await journal?.write({ calls: [{ id: 'call-1', revision: 1, body: { state: 'waiting' } }] });
  await until(4);
  expect(order).toEqual([2, 3, 4]);
  expect(followed).toEqual(await readConfiguration(storage.connection.client, storage.connection.db, pool));
  expect((await journal?.readAll())?.calls.map((one) => one.id)).toEqual(['call-1']);
}, 120_000);
