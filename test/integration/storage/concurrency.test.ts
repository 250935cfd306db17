// Many at once: the log stays gapless, a second press does nothing, two editors never overwrite each other unseen, and no rule is broken between them.
import { pino } from 'pino';
import { Administration } from '../../../storage/administration/administration';
import { connect, type Connection } from '../../../storage/connect';
import { formed, must, newPool, newUser, openStorage, operator, person, SETUP_MS, silent, SIP_DOMAIN, smallForm, type Storage } from './support';

let storage: Storage;
let second: Connection;
beforeAll(async () => {
  storage = await openStorage();
  second = await connect(storage.database.uri, { appName: 'second process', forPeople: true });
}, SETUP_MS);
afterAll(async () => { await second.close(); await storage.close(); });

/** As two processes would: each with its own client and its own queue. */
function twoProcesses() {
  const { pool, administration } = newPool(storage.connection);
  return { pool, administration, other: new Administration({ ...second, pool, sipDomain: SIP_DOMAIN, log: silent }) };
}
const sequences = async (pool: string): Promise<number[]> => (await storage.connection.db.collection('changes').find({ pool }).sort({ sequence: 1 }).toArray()).map((one) => Number(one['sequence']));

test('Many parallel changes from two processes leave a log without gaps, one entry each', async () => {
  const { pool, administration, other } = twoProcesses();
  const count = 30;
  await Promise.all(Array.from({ length: count }, (_, i) => must((i % 2 === 0 ? administration : other).perform(operator, 'agent.create', { name: `Agent ${i}`, sipUser: newUser() }))));
  expect(await sequences(pool)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
});

test('Refused and unchanged requests in between leave no gap', async () => {
  const { pool, administration } = twoProcesses();
  await must(administration.perform(operator, 'agent.create', { name: 'A', sipUser: 'taken' }));
  const results = await Promise.all([
    administration.perform(operator, 'agent.create', { name: 'B', sipUser: 'taken' }), administration.perform(person('Nobody'), 'agent.create', { name: 'C', sipUser: newUser() }),
    administration.perform(operator, 'agent.create', { name: 'D', sipUser: newUser() }), administration.perform(operator, 'group.delete', { id: 'workflow-none' }),
  ]);
  expect(results.map((one) => one.ok || one.code)).toEqual(['conflict', 'notAllowed', true, 'notFound']);
  expect(await sequences(pool)).toEqual([1, 2]);
});

test('Of two who want the same address at the same time, one gets it', async () => {
  const { administration, other } = twoProcesses();
  const results = await Promise.all([administration.perform(operator, 'group.create', smallForm({ sipUser: 'one' })), other.perform(operator, 'agent.create', { name: 'One', sipUser: 'one' })]);
  expect(results.map((one) => one.ok || one.code).sort()).toEqual(['conflict', true].sort());
});

test('Listing an agent while that agent is deleted never leaves a group with somebody who does not exist', async () => {
  const { administration, other } = twoProcesses();
  const { value: { id: agentId } } = await must(administration.perform(operator, 'agent.create', { name: 'Alice', sipUser: newUser() }));
  const results = await Promise.all([administration.perform(operator, 'group.create', smallForm({ agentIds: [agentId] })), other.perform(operator, 'agent.delete', { id: agentId })]);
  expect(results.filter((one) => one.ok)).toHaveLength(1);
});

test('A form sent several times at once, from two processes, is carried out once; the others are told what it did', async () => {
  const { pool, administration, other } = twoProcesses();
  const form = smallForm();
  const results = await Promise.all([administration, other, administration, other].map((one) => one.perform(operator, 'group.create', form, { requestId: 'form-7' })));
  const [done] = results.filter((one) => one.ok);
  const repeated = results.filter((one) => !one.ok);
  expect(repeated).toHaveLength(3);
  for (const one of repeated) expect(one).toMatchObject({ code: 'alreadyDone', earlier: { value: done?.ok ? done.value : null } });
  expect(await sequences(pool)).toEqual([1]);
});

test('A one-time id that someone else used, or for something else, tells nothing of it', async () => {
  const { administration } = twoProcesses();
  await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Secret' }), { requestId: 'form-8' }));
  const results = [await administration.perform(person('Ada', true), 'group.create', smallForm(), { requestId: 'form-8' }), await administration.perform(operator, 'agent.create', { name: 'A', sipUser: newUser() }, { requestId: 'form-8' })];
  for (const result of results) expect(result).toMatchObject({ ok: false, code: 'conflict' });
  expect(JSON.stringify(results)).not.toContain('Secret');
});

test('Two editors of the same field: one is saved, the other is shown it; of different fields: both are saved', async () => {
  const { administration, other } = twoProcesses();
  const [ada, bea] = [person('Ada', true), person('Bea', true)];
  const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm()));
  const { versions } = await formed(administration, id);
  const same = await Promise.all([administration.perform(ada, 'group.change', { id, versions, changes: { displayName: 'A' } }), other.perform(bea, 'group.change', { id, versions, changes: { displayName: 'B' } })]);
  expect(same.map((one) => one.ok || one.code).sort()).toEqual(['stale', true].sort());
  const now = (await formed(administration, id)).versions;
  await Promise.all([must(administration.perform(ada, 'group.change', { id, versions: now, changes: { description: 'x' } })), must(other.perform(bea, 'group.change', { id, versions: now, changes: { displayNumber: '7' } }))]);
  expect((await formed(administration, id)).form).toMatchObject({ description: 'x', displayNumber: '7' });
});

test('Processes that start at once on an empty database prepare it together', async () => {
  const uri = storage.database.uri.replace('/response-group?', '/fresh?');
  const connections = await Promise.all([1, 2, 3].map(async (n) => storage.closing(await connect(uri, { appName: `start ${n}` }))));
  const indexes = await connections[0]?.db.collection('changes').indexes();
  expect(indexes?.filter((one) => one.unique).map((one) => Object.keys(one.key).join()).sort()).toEqual(['pool,requestId', 'pool,sequence']);
  expect(connections[0]?.db.databaseName).toBe('fresh');
});

test('What is logged of a change names no person and no number', async () => {
  const lines: string[] = [];
  const { pool } = newPool(storage.connection);
  const administration = new Administration({ ...storage.connection, pool, sipDomain: SIP_DOMAIN, log: pino({ level: 'trace' }, { write: (line: string) => { lines.push(line); } }) });
  await must(administration.perform(person('Ada Private', true), 'group.create', smallForm({ telephoneNumber: '+4477777' })));
  expect(lines.join('')).toContain('group.create');
  expect(lines.join('')).not.toMatch(/Private|77777/);
});

test('Of two who close a circle at the same time, each with one half of it, one is told the way round', async () => {
  const { administration, other } = twoProcesses();
  const group = async (sipUser: string) => (await must(administration.perform(operator, 'group.create', smallForm({ displayName: sipUser.toUpperCase(), sipUser })))).value.id;
  const [a, b] = [await group('a'), await group('b')];
  const sentTo = (user: string) => ({ closedAction: { kind: 'sipUri' as const, uri: `sip:${user}@${SIP_DOMAIN}` } });
  const results = await Promise.all([administration.perform(operator, 'workflow.change', { id: a, version: 1, changes: sentTo('b') }), other.perform(operator, 'workflow.change', { id: b, version: 1, changes: sentTo('a') })]);
  expect(results.filter((one) => one.ok)).toHaveLength(1);
  expect(results.find((one) => !one.ok)).toMatchObject({ code: 'conflict', faults: [{ field: 'closedAction.uri', message: expect.stringMatching(/A → B → A|B → A → B/) }] });
});
