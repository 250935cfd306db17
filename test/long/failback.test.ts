// What can go wrong while a pool is given back: what does not fit together, a death in the middle, a database that was lost.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type MongoClient } from 'mongodb';
import { Administration } from '../../storage/administration/administration';
import { administrationOf, objectsOf, Sites, until } from '../integration/storage/sites';
import { must, newUser, openStorage, operator, seen, SETUP_MS, silent, SIP_DOMAIN } from '../integration/storage/support';

jest.setTimeout(180_000);
let sites: Sites;
beforeAll(async () => {
  sites = await Sites.open();
  await sites.run();
  await must(sites.home.perform(operator, 'agent.create', { name: 'Ada', sipUser: newUser() }));
}, SETUP_MS);
afterAll(() => sites.close());

test('What would not fit together is refused with the reason, and the partner goes on; a merge that was cut off is done again from where it was', async () => {
  await sites.mirrored();
  expect(await sites.command('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 0 });
  await sites.eastAlone();
  const there = administrationOf('east', sites.west);
  await must(sites.home.perform(operator, 'agent.create', { name: 'Eva', sipUser: 'eva' }));
  const { value: { id } } = await must(there.perform(operator, 'agent.create', { name: 'Another Eva', sipUser: 'eva' }));
  const partner = { ...sites.west.connection, pool: 'west' };
  expect(await sites.home.failBack(operator, partner)).toMatchObject({ ok: false, code: 'conflict', message: expect.stringContaining('(eva)') });
  expect(await sites.home.failBack({ kind: 'person', personId: randomUUID(), name: 'Nobody', administrator: false }, partner)).toMatchObject({ ok: false, code: 'notAllowed' });
  const [named] = await seen(there.agents(operator, { ids: [id] }));
  await must(there.perform(operator, 'agent.change', { id, version: named?.detail?.version ?? 0, changes: { sipUser: 'eva2' } }));

  // Dies after it has merged, before anybody serves.
  const { client, db } = sites.east.connection;
  const cut = { db, client: dyingAfterMerge(client) };
  await expect(new Administration({ ...cut, pool: 'east', sipDomain: SIP_DOMAIN, log: silent }).failBack(operator, partner)).rejects.toThrow('cut off');
  await must(there.perform(operator, 'agent.create', { name: 'Fay', sipUser: newUser() }));
  expect(await sites.home.failBack(operator, partner)).toMatchObject({ ok: true });
  const names = [...(await objectsOf(sites.east, 'east')).agents.values()].map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['Eva', 'Another Eva', 'Fay']));
  expect(new Set(names).size).toBe(names.length);
  await until(async () => isDeepStrictEqual(await objectsOf(sites.west, 'east'), await objectsOf(sites.east, 'east')));
});

test('A pool whose database was lost is made as it is at its partner, where that is said', async () => {
  await sites.mirrored();
  expect(await sites.command('west', 'yes', 'failover', 'east', '--to', 'west')).toMatchObject({ code: 0 });
  const rebuilt = await openStorage();
  try {
    const own = new Administration({ ...rebuilt.connection, pool: 'east', sipDomain: SIP_DOMAIN, log: silent });
    const partner = { ...sites.west.connection, pool: 'west' };
    expect(await own.failBack(operator, partner)).toMatchObject({ ok: false, code: 'conflict', message: expect.stringContaining('was lost and made anew') });
    expect(await own.failBack(operator, partner, { anew: true })).toMatchObject({ ok: true });
    const plain = ({ workflows, queues, agentGroups, agents }: Awaited<ReturnType<typeof objectsOf>>) => [workflows, queues, agentGroups, agents].map((objects) => [...objects.values()].map(({ version: _version, ...rest }) => rest));
    expect(plain(await objectsOf(rebuilt, 'east'))).toEqual(plain(await objectsOf(sites.west, 'east')));
  } finally {
    await rebuilt.close();
  }
});

/** Its transaction after the one that merges fails. */
function dyingAfterMerge(client: MongoClient): MongoClient {
  let held = 0;
  return new Proxy(client, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'startSession') return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
      return () => {
        held += 1;
        // Reading here, reading again under the hold, merging; then who serves is written.
        if (held === 4) throw new Error('cut off');
        return target.startSession();
      };
    },
  });
}
