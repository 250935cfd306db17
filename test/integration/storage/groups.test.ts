// Verbs about groups: what is written, what is refused, what is merged, and what is said about it.
import { type Administration } from '../../../storage/administration/administration';
import { type Verb, type VerbInput } from '../../../storage/administration/verbs';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const ada = person('Ada', true);
const bea = person('Bea', true);
const create = async (administration: Administration, more: Partial<VerbInput<'group.create'>> = {}) => (await must(administration.perform(ada, 'group.create', smallForm(more)))).value.id;
const view = formed;

describe('Creating a group', () => {
  test('makes a workflow, a queue and an agent group with the defaults, in one entry of the log', async () => {
    const { administration } = newPool(storage.connection);
    const id = await create(administration, { sipUser: 'help-desk' });
    const group = await view(administration, id);
    expect(group).toMatchObject({
      address: 'sip:help-desk@test.local', versions: { workflow: 1, queue: 1, agentGroup: 1 }, savedSequence: 1, inForce: 'engineAway', lastEdit: { by: 'Ada' },
      form: { language: 'en-US', timeZone: 'Etc/UTC', routingMethod: 'parallel', alertTimeSeconds: 20, wrapUpSeconds: 0, timeoutSeconds: null, overflowThreshold: null, active: false, managed: false, agentIds: [] },
    });
    expect(await seen(administration.history(ada))).toHaveLength(1);
  });

  test('A managed group is created active, an unmanaged one is not, and either may be asked for', async () => {
    const { administration } = newPool(storage.connection);
    const states = [];
    for (const more of [{ managed: true }, { managed: false }, { managed: true, active: false }, { managed: false, active: true }]) states.push((await view(administration, await create(administration, more))).active);
    expect(states).toEqual([true, false, false, true]);
  });

  test('Numbers and empty fields may come as text, as forms send them', async () => {
    const { administration } = newPool(storage.connection);
    const form = { ...smallForm(), alertTimeSeconds: '45', wrapUpSeconds: '30', timeoutSeconds: '', overflowThreshold: '7', telephoneNumber: '+44 (1234) 567-890', active: 'true' } as unknown as VerbInput<'group.create'>;
    const id = (await must(administration.perform(ada, 'group.create', form))).value.id;
    expect((await view(administration, id)).form).toMatchObject({ alertTimeSeconds: 45, wrapUpSeconds: 30, timeoutSeconds: null, overflowThreshold: 7, telephoneNumber: '+441234567890', active: true });
  });

  test.each<[string, object, string, unknown, RegExp]>([
    ['an alert time too long', { alertTimeSeconds: 200 }, 'alertTimeSeconds', 200, /10 to 180 seconds/],
    ['an alert time in words', { alertTimeSeconds: 'soon' }, 'alertTimeSeconds', 'soon', /10 to 180 seconds/],
    ['a timeout too short', { timeoutSeconds: 9 }, 'timeoutSeconds', 9, /10 to 65535 seconds/],
    ['an overflow threshold too high', { overflowThreshold: 1001 }, 'overflowThreshold', 1001, /0 to 1000 waiting callers/],
    ['a display name with <', { displayName: 'a<b' }, 'displayName', 'a<b', /must not contain/],
    ['an empty display name', { displayName: '  ' }, 'displayName', '  ', /must not be empty/],
    ['no display name', { displayName: undefined }, 'displayName', null, /is needed/],
    ['a SIP user with a space', { sipUser: 'help desk' }, 'sipUser', 'help desk', /letters, digits/],
    ['a telephone number without +', { telephoneNumber: '0123' }, 'telephoneNumber', '0123', /must be \+/],
    ['an unknown language', { language: 'tlh' }, 'language', 'tlh', /one of/],
    ['an unknown time zone', { timeZone: 'Mars/Phobos' }, 'timeZone', 'Mars/Phobos', /IANA/],
    ['a wrap-up time too long', { wrapUpSeconds: 3601 }, 'wrapUpSeconds', 3601, /0 to 3600 seconds/],
    ['an empty wrap-up time', { wrapUpSeconds: '' }, 'wrapUpSeconds', '', /0 to 3600 seconds/],
    ['an unknown routing method', { routingMethod: 'random' }, 'routingMethod', 'random', /^must be parallel, longestIdle, roundRobin, serial or attendant$/],
    ['an agent twice', { agentIds: ['agent-1', 'agent-1'] }, 'agentIds', ['agent-1', 'agent-1'], /each agent once/],
    ['a field that does not exist', { color: 'red' }, 'color', 'red', /not a field/],
  ])('%s is refused with field, value and range', async (_what, more, field, value, message) => {
    const { administration } = newPool(storage.connection);
    const result = await administration.perform(ada, 'group.create', { ...smallForm(), ...more });
    expect(result).toMatchObject({ ok: false, code: 'invalid', faults: [{ field, value, message: expect.stringMatching(message) }] });
    expect(await seen(administration.groups(ada))).toEqual([]);
  });

  test('An address or number in use is a conflict that says whose it is, for groups and agents alike', async () => {
    const { administration } = newPool(storage.connection);
    await create(administration, { displayName: 'First', sipUser: 'first', telephoneNumber: '+4412345' });
    await must(administration.perform(ada, 'agent.create', { name: 'Alice', sipUser: 'alice' }));
    expect(await administration.perform(ada, 'group.create', smallForm({ sipUser: 'FIRST' }))).toMatchObject({ code: 'conflict', faults: [{ field: 'sipUser', message: expect.stringContaining('First') }] });
    expect(await administration.perform(ada, 'group.create', smallForm({ sipUser: 'alice' }))).toMatchObject({ code: 'conflict', faults: [{ field: 'sipUser', message: expect.stringContaining('Alice') }] });
    expect(await administration.perform(ada, 'agent.create', { name: 'B', sipUser: 'first' })).toMatchObject({ code: 'conflict', faults: [{ field: 'sipUser' }] });
    expect(await administration.perform(ada, 'group.create', smallForm({ telephoneNumber: '+44 12345' }))).toMatchObject({ code: 'conflict', faults: [{ field: 'telephoneNumber', value: '+4412345' }] });
  });

  test('An agent who does not exist, or belongs to another pool, cannot be listed', async () => {
    const { administration } = newPool(storage.connection);
    const elsewhere = await newAgent(newPool(storage.connection).administration, 'Elsewhere');
    expect(await administration.perform(ada, 'group.create', smallForm({ agentIds: [elsewhere.id] }))).toMatchObject({ code: 'conflict', faults: [{ field: 'agentIds', value: elsewhere.id }] });
  });
});

describe('Changing a group', () => {
  test('writes only what was changed, and raises only the versions of what changed', async () => {
    const { administration } = newPool(storage.connection);
    const id = await create(administration);
    const { versions } = await view(administration, id);
    const { value } = await must(administration.perform(ada, 'group.change', { id, versions, changes: { alertTimeSeconds: 30, displayName: 'Help Desk' } }));
    expect(value.changed).toEqual(['alertTimeSeconds']);
    expect((await view(administration, id)).versions).toEqual({ workflow: 1, queue: 1, agentGroup: 2 });
  });

  test('A field that someone else changed is shown, with who and what, and nothing is written', async () => {
    const { administration } = newPool(storage.connection);
    const id = await create(administration);
    const { versions } = await view(administration, id);
    await must(administration.perform(bea, 'group.change', { id, versions, changes: { displayName: 'Service Desk' } }));
    await must(administration.perform(ada, 'group.change', { id, versions: (await view(administration, id)).versions, changes: { description: 'later' } }));
    const result = await administration.perform(ada, 'group.change', { id, versions, changes: { displayName: 'IT', alertTimeSeconds: 40 } });
    expect(result).toMatchObject({ ok: false, code: 'stale', stale: [{ field: 'displayName', opened: 'Help Desk', now: 'Service Desk', wanted: 'IT', changedBy: 'Bea' }] });
    expect((await view(administration, id)).form).toMatchObject({ displayName: 'Service Desk', alertTimeSeconds: 20 });
  });

  test('Fields that nobody else touched merge, also within one object', async () => {
    const { administration } = newPool(storage.connection);
    const id = await create(administration);
    const { versions } = await view(administration, id);
    await must(administration.perform(bea, 'group.change', { id, versions, changes: { displayName: 'Service Desk', timeoutSeconds: 60 } }));
    await must(administration.perform(ada, 'group.change', { id, versions, changes: { description: 'Computers', timeoutText: 'Sorry.' } }));
    expect((await view(administration, id)).form).toMatchObject({ displayName: 'Service Desk', description: 'Computers', timeoutSeconds: 60, timeoutText: 'Sorry.' });
  });

  test('Wanting what is already there writes nothing', async () => {
    const { administration } = newPool(storage.connection);
    const id = await create(administration);
    const { versions } = await view(administration, id);
    await must(administration.perform(bea, 'group.change', { id, versions, changes: { displayName: 'IT' } }));
    expect(await administration.perform(ada, 'group.change', { id, versions, changes: { displayName: 'IT' } })).toMatchObject({ ok: true, entryId: null, sequence: 2 });
    expect(await seen(administration.history(ada))).toHaveLength(2);
  });

  test('A group that is no longer managed loses its managers; one that is not managed cannot be given any', async () => {
    const { administration } = newPool(storage.connection);
    const manager = { personId: person('Max').personId, name: 'Max' };
    const id = await create(administration, { managed: true, managers: [manager] });
    await must(administration.perform(ada, 'group.change', { id, versions: (await view(administration, id)).versions, changes: { managed: false } }));
    expect((await view(administration, id)).managers).toEqual([]);
    expect(await administration.perform(ada, 'group.addManager', { id, manager })).toMatchObject({ code: 'conflict', faults: [{ field: 'manager' }] });
    expect(await administration.perform(ada, 'group.create', smallForm({ managed: false, managers: [manager] }))).toMatchObject({ code: 'conflict', faults: [{ field: 'managers' }] });
  });

  test('A group that shares its queue with another cannot become managed', async () => {
    const { administration, pool } = newPool(storage.connection);
    const [one, other] = [await create(administration), await create(administration, { displayName: 'Other' })];
    const workflows = storage.connection.db.collection<{ _id: string; defaultAction: { queueId: string } }>('workflows');
    const shared = await workflows.findOne({ _id: one, pool });
    await workflows.updateOne({ _id: other }, { $set: { 'defaultAction.queueId': shared?.defaultAction.queueId ?? '' } });
    expect(await administration.perform(ada, 'group.change', { id: one, versions: (await view(administration, one)).versions, changes: { managed: true } })).toMatchObject({ code: 'conflict', faults: [{ field: 'managed', message: expect.stringContaining('Other') }] });
    await must(administration.perform(ada, 'group.delete', { id: other }));
    expect((await view(administration, one)).id).toBe(one);
  });

  test('Naming a manager twice changes nothing; dismissing takes the group from their sight', async () => {
    const { administration } = newPool(storage.connection);
    const max = person('Max');
    const id = await create(administration, { managed: true });
    await must(administration.perform(ada, 'group.addManager', { id, manager: { personId: max.personId, name: 'Max' } }));
    expect(await administration.perform(ada, 'group.addManager', { id, manager: { personId: max.personId.toUpperCase(), name: 'Max R.' } })).toMatchObject({ ok: true, entryId: null });
    expect((await seen(administration.groups(max))).map((one) => one.id)).toEqual([id]);
    await must(administration.perform(ada, 'group.removeManager', { id, personId: max.personId }));
    expect(await seen(administration.groups(max))).toEqual([]);
  });
});

describe('Warnings', () => {
  const codes = async (administration: Administration, verb: Verb, input: unknown) => (await must(administration.perform(operator, verb, input as VerbInput<Verb>))).warnings.map((one) => one.code);

  test('An active group with nobody on duty and neither timeout nor overflow says so, and stops saying so', async () => {
    const { administration } = newPool(storage.connection);
    const alice = await newAgent(administration, 'Alice');
    expect(await codes(administration, 'group.create', smallForm({ active: true }))).toEqual(['nobodyOnDuty', 'waitsForever']);
    expect(await codes(administration, 'group.create', smallForm({ active: true, agentIds: [alice.id], timeoutSeconds: 60 }))).toEqual([]);
    expect(await codes(administration, 'group.create', smallForm({ active: false }))).toEqual([]);
    expect(await codes(administration, 'duty.set', { agentId: alice.id, onDuty: false })).toEqual(['nobodyOnDuty']);
  });

  test('A managed group without a manager, and a language that the voice lacks', async () => {
    const { administration } = newPool(storage.connection);
    expect(await codes(administration, 'group.create', smallForm({ managed: true, active: false, language: 'ja-JP', welcomeText: 'Hello' }))).toEqual(['noManager', 'voiceMissing']);
  });
});

test('Deleting a group removes all three objects and frees its address', async () => {
  const { administration } = newPool(storage.connection);
  const sipUser = newUser();
  const id = await create(administration, { sipUser });
  await must(administration.perform(ada, 'group.delete', { id }));
  expect(await administration.group(ada, id)).toMatchObject({ ok: false, code: 'notFound' });
  expect(await administration.perform(ada, 'group.delete', { id })).toMatchObject({ ok: false, code: 'notFound' });
  await create(administration, { sipUser });
});
