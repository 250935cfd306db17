// Taking edits back: what comes back, what stands in the way, and that secrets stay hidden.
import { type Administration } from '../../../storage/administration/administration';
import { type VerbInput } from '../../../storage/administration/verbs';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const ada = person('Ada', true);
const bea = person('Bea', true);
const create = async (administration: Administration, more: Partial<VerbInput<'group.create'>> = {}) => (await must(administration.perform(operator, 'group.create', smallForm(more)))).value.id;
const form = async (administration: Administration, id: string) => (await formed(administration, id)).form;
async function edit(administration: Administration, acting: typeof ada, id: string, changes: VerbInput<'group.change'>['changes']): Promise<string> {
  const { versions } = await formed(administration, id);
  return (await must(administration.perform(acting, 'group.change', { id, versions, changes }))).entryId ?? '';
}

test('Undo takes back the actor\'s last edit, then the one before, then says there is none', async () => {
  const { administration } = newPool(storage.connection);
  const id = await create(administration);
  await edit(administration, ada, id, { description: 'first' });
  await edit(administration, ada, id, { description: 'second' });
  await must(administration.perform(ada, 'change.undo', {}));
  expect((await form(administration, id)).description).toBe('first');
  await must(administration.perform(ada, 'change.undo', {}));
  expect((await form(administration, id)).description).toBe('');
  expect(await administration.perform(ada, 'change.undo', {})).toMatchObject({ ok: false, code: 'notFound' });
});

test('An undo is itself taken back by its entry, after which the edit can be undone again', async () => {
  const { administration } = newPool(storage.connection);
  const id = await create(administration);
  const entryId = await edit(administration, ada, id, { description: 'edited' });
  const undo = await must(administration.perform(ada, 'change.undo', {}));
  expect(await administration.perform(ada, 'change.undo', { entryId })).toMatchObject({ code: 'conflict', message: expect.stringContaining('already') });
  await must(administration.perform(ada, 'change.undo', { entryId: undo.entryId ?? '' }));
  expect((await form(administration, id)).description).toBe('edited');
  await must(administration.perform(ada, 'change.undo', {}));
  expect((await form(administration, id)).description).toBe('');
  const undone = (await seen(administration.history(operator))).find((one) => one.entryId === entryId);
  expect(undone?.undoneBy).not.toBeNull();
});

test('A later edit of the same object stands in the way and is named; one of another object does not', async () => {
  const { administration } = newPool(storage.connection);
  const id = await create(administration);
  await edit(administration, ada, id, { description: 'mine' });
  await edit(administration, bea, id, { timeoutSeconds: 60 });
  await edit(administration, bea, id, { displayName: 'Theirs' });
  expect(await administration.perform(ada, 'change.undo', {})).toMatchObject({ code: 'conflict', message: expect.stringMatching(/Bea.*Theirs/) });
  await must(administration.perform(bea, 'change.undo', {}));
  await must(administration.perform(ada, 'change.undo', {}));
  expect(await form(administration, id)).toMatchObject({ description: '', displayName: 'Help Desk', timeoutSeconds: 60 });
});

test('A deleted group comes back whole, unless its address is taken by then', async () => {
  const { administration } = newPool(storage.connection);
  const sipUser = newUser();
  const id = await create(administration, { sipUser, welcomeText: 'Hello', timeoutSeconds: 30 });
  const before = await form(administration, id);
  await must(administration.perform(ada, 'group.delete', { id }));
  const thief = await create(administration, { sipUser });
  expect(await administration.perform(ada, 'change.undo', {})).toMatchObject({ code: 'conflict', faults: [{ field: 'sipUser' }, { field: 'name' }, { field: 'name' }] });
  await must(administration.perform(operator, 'group.delete', { id: thief }));
  await must(administration.perform(ada, 'change.undo', {}));
  expect(await form(administration, id)).toEqual(before);
});

test('Undoing the creation of an agent who is in a group names the group', async () => {
  const { administration } = newPool(storage.connection);
  const { value: { id } } = await must(administration.perform(ada, 'agent.create', { name: 'Alice', sipUser: newUser() }));
  const group = await create(administration, { displayName: 'Sales', agentIds: [id] });
  expect(await administration.perform(ada, 'change.undo', {})).toMatchObject({ code: 'conflict', faults: [{ message: expect.stringContaining('Sales') }] });
  await must(administration.perform(operator, 'group.delete', { id: group }));
  await must(administration.perform(operator, 'duty.set', { agentId: id, onDuty: false }));
  await must(administration.perform(ada, 'change.undo', {}));
  expect(await seen(administration.agents(operator))).toEqual([]);
});

test('A deleted agent comes back with a phone that still knows its password, which history never shows', async () => {
  const { administration, pool } = newPool(storage.connection);
  const { id } = await newAgent(administration, 'Alice');
  const agents = storage.connection.db.collection<{ _id: string; digest: { md5: string } | null }>('agents');
  await must(administration.perform(operator, 'agent.resetPassword', { agentId: id }));
  const digest = (await agents.findOne({ _id: id }))?.digest;
  await must(administration.perform(ada, 'agent.delete', { id }));
  await must(administration.perform(ada, 'change.undo', {}));
  expect(digest).toBeTruthy();
  expect((await agents.findOne({ _id: id, pool }))?.digest).toEqual(digest);
  const shown = JSON.stringify(await seen(administration.history(operator, { limit: 50 })));
  expect(shown).not.toContain(digest?.md5);
  expect(shown).toContain('"field":"password","before":null,"after":"set"');
});

test('A password is not brought back, and neither it nor duty counts as the last edit', async () => {
  const { administration } = newPool(storage.connection);
  const alice = await newAgent(administration, 'Alice');
  const reset = await must(administration.perform(alice.acting, 'agent.resetPassword', {}));
  const duty = await must(administration.perform(alice.acting, 'duty.set', { onDuty: false }));
  expect(await administration.perform(alice.acting, 'change.undo', {})).toMatchObject({ code: 'notFound' });
  expect(await administration.perform(alice.acting, 'change.undo', { entryId: reset.entryId ?? '' })).toMatchObject({ code: 'conflict' });
  await must(administration.perform(alice.acting, 'change.undo', { entryId: duty.entryId ?? '' }));
  expect((await seen(administration.myAgent(alice.acting))).onDuty).toBe(true);
});
