// Copies of workflows, of what belongs to them and of trunks; and workflows that are made whole, in one piece.
import { type VerbInput } from '../../../storage/administration/verbs';
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

test('A trunk\'s copy is not in use and has no password but the one typed for it, nor does anything shown hold either', async () => {
  const { administration, pool } = newPool(storage.connection);
  const { value: { id } } = await must(administration.perform(ada, 'trunk.create', { name: 'Carrier', host: 'sip.carrier.example', username: 'desk', password: 'first-secret', register: true, sources: ['192.0.2.0/24'] }));
  const { value: bare } = await must(administration.perform(ada, 'trunk.copy', { id, name: 'Carrier two' }));
  const { value: typed } = await must(administration.perform(ada, 'trunk.copy', { id, name: 'Carrier three', password: 'second-secret' }));
  const shown = await seen(administration.objects(ada, 'trunks'));
  expect(shown.find((one) => one.id === bare.id)).toMatchObject({ name: 'Carrier two', rights: { copy: true }, object: { enabled: false, hasPassword: false, host: 'sip.carrier.example', username: 'desk', register: true, sources: ['192.0.2.0/24'] } });
  expect(shown.find((one) => one.id === typed.id)).toMatchObject({ object: { enabled: false, hasPassword: true } });
  expect(JSON.stringify([shown, await seen(administration.history(ada))])).not.toContain('secret');
  const stored = await storage.connection.db.collection<{ _id: string; password: string | null }>('trunks').find({ pool }).toArray();
  expect(new Map(stored.map((one) => [one._id, one.password]))).toEqual(new Map([[id, 'first-secret'], [bare.id, null], [typed.id, 'second-secret']]));
  expect(await administration.perform(ada, 'trunk.copy', { id, name: 'Carrier two' })).toMatchObject({ code: 'conflict', faults: [{ field: 'name', rule: { code: 'trunkNameTaken' } }] });
});

const MENU = {
  workflow: {
    displayName: 'Front Desk', sipUser: '', active: true, businessHoursId: 'hours', holidaySetIds: ['holidays'], closedAction: { kind: 'queue', queueId: 'night' }, defaultAction: { kind: 'question', questionId: 'q1' },
    questions: [{ id: 'q1', name: 'Which', prompt: { text: 'Which?' }, answers: [{ name: 'Day', key: '1', action: { kind: 'queue', queueId: 'day' } }, { name: 'Again', key: '2', action: { kind: 'question', questionId: 'q1' } }] }],
  },
  agentGroups: [{ id: 'people', name: 'Front Desk people', agentIds: [] }],
  queues: [{ id: 'day', name: 'Front Desk day', agentGroupIds: ['people'], timeoutSeconds: 60, timeoutAction: { kind: 'queue', queueId: 'night' } }, { id: 'night', name: 'Front Desk night', timeoutSeconds: 30 }],
  businessHours: [{ id: 'hours', name: 'Week', monday: [{ open: '09:00', close: '17:00' }] }],
  holidaySets: [{ id: 'holidays', name: 'Winter', holidays: [{ name: 'New Year', start: '2027-01-01T00:00', end: '2027-01-02T00:00' }] }],
} satisfies VerbInput<'workflow.build'>;

test('A workflow is built with everything it leads to in one piece, under ids of its own, and taken back in one', async () => {
  const { administration } = newPool(storage.connection);
  const { id: agentId } = await newAgent(administration, 'Alice');
  const sipUser = newUser();
  const { value: { id } } = await must(administration.perform(ada, 'workflow.build', { ...MENU, workflow: { ...MENU.workflow, sipUser }, agentGroups: MENU.agentGroups.map((one) => ({ ...one, agentIds: [agentId] })) }));
  const built = await seen(administration.workflow(ada, id));
  const [day, night] = ['Front Desk day', 'Front Desk night'].map((name) => built.queues.find((one) => one.name === name));
  expect(built).toMatchObject({ type: 'interactive', workflow: { sipUser, active: true, closedAction: { queueId: night?.id }, questions: [{ answers: [{ action: { queueId: day?.id } }, { action: { questionId: 'q1' } }] }] } });
  expect(day?.object).toMatchObject({ agentGroupIds: [built.agentGroups[0]?.id], timeoutAction: { queueId: night?.id } });
  expect([built.agentGroups[0]?.object.agentIds, built.businessHours?.object, built.holidaySets[0]?.object]).toMatchObject([[agentId], { name: 'Week', workflowId: id }, { name: 'Winter', workflowId: id }]);
  await must(administration.perform(ada, 'change.undo', {}));
  expect(await administration.workflow(ada, id)).toMatchObject({ code: 'notFound' });
  expect([await seen(administration.objects(ada, 'queues')), await seen(administration.objects(ada, 'businessHours'))]).toEqual([[], []]);
});

test('Of a workflow that cannot be built nothing is left behind', async () => {
  const { administration } = newPool(storage.connection);
  const build = (changes: object): Promise<unknown> => administration.perform(ada, 'workflow.build', { ...MENU, workflow: { ...MENU.workflow, sipUser: newUser() }, ...changes });
  expect(await build({ queues: [{ ...MENU.queues[0], agentGroupIds: ['nobody'] }, MENU.queues[1]] })).toMatchObject({ code: 'conflict', faults: [{ field: 'agentGroupIds', rule: { code: 'noAgentGroup' } }] });
  expect(await build({ queues: [MENU.queues[0], { ...MENU.queues[1], id: 'day' }] })).toMatchObject({ code: 'invalid', faults: [{ field: 'queues', rule: { code: 'twice' } }] });
  expect(await build({ queues: [MENU.queues[0], { ...MENU.queues[1], timeoutSeconds: 5 }] })).toMatchObject({ code: 'invalid', faults: [{ field: 'queues.1.timeoutSeconds' }] });
  expect([await seen(administration.objects(ada, 'queues')), await seen(administration.objects(ada, 'agentGroups')), await seen(administration.groups(ada))]).toEqual([[], [], []]);
});
