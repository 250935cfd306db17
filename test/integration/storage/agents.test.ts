// Agents, their passwords, their duty, the settings of a pool, and the sample organisation.
import { createHash } from 'node:crypto';
import { type Administration } from '../../../storage/administration/administration';
import { seedSample, SAMPLE_PEOPLE } from '../../../storage/administration/sample';
import { writeBinding } from '../../../storage/bindings';
import { NO_NUMBERS } from '../../../storage/model/number-policy';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, SIP_DOMAIN, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const stored = (id: string) => storage.connection.db.collection<{ _id: string; digest: { md5: string; sha256: string; realm: string } | null }>('agents').findOne({ _id: id });

describe('Agents', () => {
  test('A person is one agent at most', async () => {
    const { administration } = newPool(storage.connection);
    const alice = await newAgent(administration, 'Alice');
    expect(await administration.perform(operator, 'agent.create', { name: 'Alice again', sipUser: newUser(), personId: alice.acting.personId.toUpperCase() })).toMatchObject({ code: 'conflict', faults: [{ field: 'personId', message: expect.stringContaining('Alice') }] });
  });

  test('An agent who is still in a group cannot be deleted, and the answer names the groups', async () => {
    const { administration } = newPool(storage.connection);
    const alice = await newAgent(administration, 'Alice');
    const { value: { id } } = await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Sales', agentIds: [alice.id] })));
    expect(await administration.perform(operator, 'agent.delete', { id: alice.id })).toMatchObject({ code: 'conflict', faults: [{ message: expect.stringContaining('Sales') }] });
    const { versions } = await formed(administration, id);
    await must(administration.perform(operator, 'group.change', { id, versions, changes: { agentIds: [] } }));
    await must(administration.perform(operator, 'agent.delete', { id: alice.id }));
    expect(await seen(administration.agents(operator))).toEqual([]);
  });

  test('Someone else\'s change of an agent in between is shown', async () => {
    const { administration } = newPool(storage.connection);
    const alice = await newAgent(administration, 'Alice');
    await must(administration.perform(person('Bea', true), 'agent.change', { id: alice.id, version: 1, changes: { name: 'Alice M.' } }));
    expect(await administration.perform(operator, 'agent.change', { id: alice.id, version: 1, changes: { name: 'A. Moreau' } })).toMatchObject({ code: 'stale', stale: [{ field: 'name', now: 'Alice M.', changedBy: 'Bea' }] });
  });
});

describe('Passwords', () => {
  test('One is shown once and kept as hashes of user, realm and password', async () => {
    const { administration } = newPool(storage.connection);
    const alice = await newAgent(administration, 'Alice');
    const { value } = await must(administration.perform(alice.acting, 'agent.resetPassword', {}, { requestId: 'form-1' }));
    expect(value.password).toMatch(/^[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){3}$/);
    const hash = (algorithm: string) => createHash(algorithm).update(`${value.sipUser}:${SIP_DOMAIN}:${value.password ?? ''}`).digest('hex');
    expect((await stored(alice.id))?.digest).toEqual({ realm: SIP_DOMAIN, md5: hash('md5'), sha256: hash('sha256') });
    expect(await administration.perform(alice.acting, 'agent.resetPassword', {}, { requestId: 'form-1' })).toMatchObject({ code: 'alreadyDone', earlier: { value: { agentId: alice.id, password: null } } });
  });

  test('Neither the password nor its hashes can be read from history; the password is nowhere in the database', async () => {
    const { administration, pool } = newPool(storage.connection);
    const alice = await newAgent(administration, 'Alice');
    const { value } = await must(administration.perform(alice.acting, 'agent.resetPassword', {}));
    const digest = (await stored(alice.id))?.digest;
    const history = await seen(administration.history(operator));
    expect(history[0]?.fields).toEqual([{ field: 'password', before: null, after: 'set' }]);
    expect(JSON.stringify(history)).not.toContain(digest?.md5);
    expect(JSON.stringify(history)).not.toContain(digest?.sha256);
    const everything = JSON.stringify(await Promise.all(['changes', 'agents'].map((name) => storage.connection.db.collection(name).find({ pool }).toArray())));
    expect(everything).toContain(digest?.md5);
    expect(everything).not.toContain(value.password);
  });

  test('A new address makes the old password useless, and says so', async () => {
    const { administration } = newPool(storage.connection);
    const alice = await newAgent(administration, 'Alice');
    await must(administration.perform(operator, 'agent.resetPassword', { agentId: alice.id }));
    const { warnings } = await must(administration.perform(operator, 'agent.change', { id: alice.id, version: 2, changes: { sipUser: newUser() } }));
    expect(warnings).toEqual([{ code: 'passwordNeeded', agentId: alice.id }]);
    expect((await stored(alice.id))?.digest).toBeNull();
  });
});

describe('One\'s own phone and duty', () => {
  test('shows the address, the registration and the groups; duty changes with one verb and back', async () => {
    const { administration, pool } = newPool(storage.connection);
    const alice = await newAgent(administration, 'Alice');
    await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Sales', agentIds: [alice.id] })));
    expect(await seen(administration.myAgent(alice.acting))).toMatchObject({ phone: null, onDuty: true, hasPassword: false, serves: [{ displayName: 'Sales' }] });
    const now = new Date();
    await writeBinding(storage.connection.db, { _id: alice.id, pool, contact: 'sip:x@127.0.0.1:1', source: '127.0.0.1:1', transport: 'udp', userAgent: 'phone', registeredAt: now, expiresAt: new Date(now.getTime() + 60_000) });
    await must(administration.perform(alice.acting, 'duty.set', { onDuty: false }));
    expect(await seen(administration.myAgent(alice.acting))).toMatchObject({ phone: { source: '127.0.0.1:1', transport: 'udp' }, onDuty: false });
    expect(await administration.perform(alice.acting, 'duty.set', { onDuty: false })).toMatchObject({ ok: true, entryId: null });
  });

  test('Someone who is no agent has neither', async () => {
    const { administration } = newPool(storage.connection);
    const nobody = person('Nobody');
    expect(await administration.myAgent(nobody)).toMatchObject({ ok: false, code: 'notFound' });
    expect(await administration.perform(nobody, 'duty.set', { onDuty: true })).toMatchObject({ ok: false, code: 'notFound' });
    expect(await administration.perform(nobody, 'agent.resetPassword', {})).toMatchObject({ ok: false, code: 'notFound' });
  });
});

test('Settings begin at their defaults and change from version to version', async () => {
  const { administration } = newPool(storage.connection);
  expect(await seen(administration.settings(operator))).toEqual({
    version: 0, settings: { gracePeriodSeconds: 60, callContextShown: true, defaultMusic: null, pickupCode: '*8', onDutyCode: '*71', offDutyCode: '*70', numberPolicy: NO_NUMBERS },
  });
  await must(administration.perform(operator, 'settings.change', { version: 0, changes: { gracePeriodSeconds: 120 } }));
  expect(await administration.perform(person('Bea', true), 'settings.change', { version: 0, changes: { gracePeriodSeconds: 90 } })).toMatchObject({ code: 'stale', stale: [{ field: 'gracePeriodSeconds', opened: 60, now: 120 }] });
  expect(await administration.perform(operator, 'settings.change', { version: 1, changes: { gracePeriodSeconds: 10 } })).toMatchObject({ code: 'invalid', faults: [{ field: 'gracePeriodSeconds', value: 10, message: expect.stringContaining('30 to 600') }] });
  expect(await administration.settings(person('Nobody'))).toMatchObject({ ok: false, code: 'notAllowed' });
});

describe('The sample organisation', () => {
  const as = (name: string) => ({ kind: 'person', ...SAMPLE_PEOPLE.find((one) => one.name === name)!, administrator: name === 'Ada Park' }) as const;

  test('has the people, phones and groups that it promises, and the manager does not see Sales', async () => {
    const { administration } = newPool(storage.connection);
    const phones = await seedSample(administration);
    expect(phones?.map(({ name, sipUser }) => [name, sipUser])).toEqual([['Alice Moreau', 'alice'], ['Bob Okafor', 'bob'], ['Carla Diaz', 'carla']]);
    expect((await seen(administration.groups(as('Ada Park')))).map((one) => [one.displayName, one.managed, one.active, one.onDutyCount, one.warnings.length])).toEqual([['Help Desk', true, true, 3, 0], ['Sales', false, true, 3, 0]]);
    expect((await seen(administration.groups(as('Max Reuter')))).map((one) => one.displayName)).toEqual(['Help Desk']);
    expect((await seen(administration.groups(as('Bob Okafor')))).map((one) => one.displayName)).toEqual(['Help Desk', 'Sales']);
    expect(await seedSample(administration)).toBeNull();
  });

  test('One that was cut off is completed, without a second of anything', async () => {
    const { administration } = newPool(storage.connection);
    const verbs: string[] = [];
    const cutOff = { history: administration.history.bind(administration), perform: (...parameters: Parameters<Administration['perform']>) => {
      if (verbs.push(parameters[1]) > 4) throw new Error('cut off');
      return administration.perform(...parameters);
    } } as unknown as Administration;
    await expect(seedSample(cutOff)).rejects.toThrow('cut off');
    expect(await seedSample(administration)).toHaveLength(3);
    expect((await seen(administration.agents(operator))).map((one) => one.name)).toEqual(['Alice Moreau', 'Bob Okafor', 'Carla Diaz']);
    expect(await seen(administration.groups(operator))).toHaveLength(2);
  });

  test('A pool that holds anything else is left alone', async () => {
    const { administration } = newPool(storage.connection);
    await newAgent(administration, 'Someone');
    expect(await seedSample(administration)).toBeNull();
    expect(await seen(administration.agents(operator))).toHaveLength(1);
  });
});
