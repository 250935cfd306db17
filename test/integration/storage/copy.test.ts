// Copies of workflows and of what belongs to them.
import { formed, must, newAgent, newPool, newUser, openStorage, person, seen, SETUP_MS, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const ada = person('Ada', true);

test('A managed group is copied whole: questions, own hours and holidays, queues and agent groups, and nothing is shared', async () => {
  const { administration } = newPool(storage.connection);
  const max = person('Max');
  const { id: agentId } = await newAgent(administration, 'Alice');
  const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm({ displayName: 'Sales', telephoneNumber: '+441234567890', managed: true, managers: [{ personId: max.personId, name: 'Max' }], agentIds: [agentId], timeoutSeconds: 60 })));
  const before = await seen(administration.workflow(ada, id));
  const { value: hours } = await must(administration.perform(ada, 'businessHours.create', { name: 'Week', workflowId: id, monday: [{ open: '09:00', close: '17:00' }] }));
  const queueId = before.queues[0]?.id ?? '';
  await must(administration.perform(ada, 'workflow.change', {
    id, version: before.version, changes: {
      businessHoursId: hours.id, closedAction: { kind: 'queue', queueId }, defaultAction: { kind: 'question', questionId: 'q1' },
      questions: [{ id: 'q1', name: 'Product', prompt: { text: 'Which?' }, answers: [{ name: 'Laptops', key: '1', action: { kind: 'queue', queueId } }, { name: 'Again', key: '2', action: { kind: 'question', questionId: 'q1' } }] }],
    },
  }));

  const sipUser = newUser();
  const { value: { id: copyId } } = await must(administration.perform(ada, 'workflow.copy', { id, name: 'Sales North', sipUser }));
  const [original, copy] = [await seen(administration.workflow(ada, id)), await seen(administration.workflow(ada, copyId))];
  expect(copy.workflow).toMatchObject({ displayName: 'Sales North', sipUser, telephoneNumber: null, active: false, managed: true, managers: [{ name: 'Max' }] });
  const [copied] = copy.queues;
  expect(copied?.id).not.toBe(queueId);
  expect(copied?.object).toMatchObject({ timeoutSeconds: 60, agentGroupIds: [copy.agentGroups[0]?.id] });
  expect(copy.agentGroups[0]?.object.agentIds).toEqual([agentId]);
  expect(copy.workflow.questions).toMatchObject([{ id: 'q1', name: 'Product', answers: [{ action: { kind: 'queue', queueId: copied?.id } }, { action: { kind: 'question', questionId: 'q1' } }] }]);
  expect(copy.workflow.closedAction).toMatchObject({ kind: 'queue', queueId: copied?.id });
  expect(copy.businessHours?.id).not.toBe(original.businessHours?.id);
  expect(copy.businessHours?.object).toMatchObject({ name: 'Week', workflowId: copyId, monday: [{ open: '09:00', close: '17:00' }] });
  const ids = [original, copy].map((one) => [...one.queues, ...one.agentGroups].map((each) => each.id));
  expect(ids[0]?.filter((each) => ids[1]?.includes(each))).toEqual([]);

  // One undo takes all of it back.
  await must(administration.perform(ada, 'change.undo', {}));
  expect(await administration.workflow(ada, copyId)).toMatchObject({ code: 'notFound' });
  expect((await seen(administration.objects(ada, 'queues'))).map((one) => one.id)).toEqual([queueId]);
});

test('An unmanaged group\'s copy shares its queue; copying it twice names each apart', async () => {
  const { administration } = newPool(storage.connection);
  const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm({ displayName: 'Desk' })));
  const { value: first } = await must(administration.perform(ada, 'workflow.copy', { id, name: 'Desk 2', sipUser: newUser() }));
  expect((await seen(administration.workflow(ada, first.id))).queues.map((one) => one.id)).toEqual((await seen(administration.workflow(ada, id))).queues.map((one) => one.id));
  const taken = (await formed(administration, id)).form.sipUser;
  expect(await administration.perform(ada, 'workflow.copy', { id, name: 'Desk 3', sipUser: taken })).toMatchObject({ ok: false, code: 'conflict', faults: [{ field: 'sipUser' }] });
});

test('A managed group copied twice under one name has queues that are told apart', async () => {
  const { administration } = newPool(storage.connection);
  const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm({ displayName: 'Desk', managed: true })));
  await must(administration.perform(ada, 'queue.create', { name: 'Desk overnight', workflowId: id }));
  const [queue] = (await seen(administration.objects(ada, 'queues'))).filter((one) => one.name === 'Desk overnight');
  const view = await seen(administration.workflow(ada, id));
  await must(administration.perform(ada, 'workflow.change', { id, version: view.version, changes: { closedAction: { kind: 'queue', queueId: queue?.id ?? '' } } }));
  for (let i = 0; i < 2; i += 1) await must(administration.perform(ada, 'workflow.copy', { id, name: 'Branch', sipUser: newUser() }));
  const names = (await seen(administration.objects(ada, 'queues'))).map((one) => one.name);
  expect(names).toEqual(expect.arrayContaining(['Branch overnight', 'Branch overnight 2']));
  expect(new Set(names).size).toBe(names.length);
});

test('Copies of what belongs to a managed group belong to it too; presets stay presets', async () => {
  const { administration } = newPool(storage.connection);
  const max = person('Max');
  const { value: { id } } = await must(administration.perform(ada, 'group.create', smallForm({ managed: true, managers: [{ personId: max.personId, name: 'Max' }] })));
  const [queue] = (await seen(administration.workflow(ada, id))).queues;
  const { value: copy } = await must(administration.perform(max, 'queue.copy', { id: queue?.id ?? '', name: 'Second line' }));
  expect((await seen(administration.objects(max, 'queues'))).find((one) => one.id === copy.id)).toMatchObject({ name: 'Second line', object: { workflowId: id }, rights: { change: true, delete: true, copy: true } });
  expect(await administration.perform(max, 'queue.copy', { id: queue?.id ?? '', name: 'Second line' })).toMatchObject({ code: 'conflict' });
  const { value: preset } = await must(administration.perform(ada, 'holidaySet.create', { name: 'Bank holidays', holidays: [{ name: 'New Year', start: '2027-01-01T00:00', end: '2027-01-02T00:00' }] }));
  expect(await administration.perform(max, 'holidaySet.copy', { id: preset.id, name: 'Ours' })).toMatchObject({ code: 'notAllowed' });
  const { value: { id: setId } } = await must(administration.perform(ada, 'holidaySet.copy', { id: preset.id, name: 'Bank holidays 2027' }));
  expect((await seen(administration.objects(ada, 'holidaySets'))).find((one) => one.id === setId)?.object).toMatchObject({ workflowId: null, holidays: [{ name: 'New Year' }] });
});
