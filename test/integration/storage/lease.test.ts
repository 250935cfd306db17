// The lease where holders die in the middle of a write, give it up, or lose their database for a while.
import { randomUUID } from 'node:crypto';
import { type ClientSession } from 'mongodb';
import { connect, type Connection } from '../../../storage/connect';
import { type Journal, LeaseLost, readLease, takeLease } from '../../../storage/journal';
import { collectionOf } from '../../../storage/schema';
import { openStorage, SETUP_MS, type Storage } from './support';

let storage: Storage;
let other: Connection;
beforeAll(async () => {
  storage = await openStorage();
  other = await connect(storage.database.uri, { appName: 'the one who dies' });
}, SETUP_MS);
afterAll(async () => {
  await other.close();
  await storage.close();
});

async function lease(of: Connection, pool: string, holder: string, ifEpoch?: number): Promise<Journal> {
  const journal = await takeLease(of, pool, holder, ifEpoch === undefined ? {} : { ifEpoch });
  if (journal === null) throw new Error('no lease');
  return journal;
}

test('a holder dies in the middle of a transaction: whoever takes over waits neither for the lease nor for its calls', async () => {
  const pool = `pool-${randomUUID().slice(0, 8)}`;
  const id = `${pool}-call`;
  const dying = await lease(other, pool, 'dying');
  await dying.write({ calls: [{ id, revision: 1, body: { state: 'waiting' } }] });
  // As it stands when the process ends between its writes and the commit.
  const { session } = dying as unknown as { readonly session: ClientSession };
  session.startTransaction();
  await collectionOf(other.db, 'leases').updateOne({ _id: pool }, { $currentDate: { renewedAt: true } }, { session });
  await collectionOf(other.db, 'journalCalls').updateOne({ _id: id }, { $set: { revision: 2 } }, { session });
  const heir = await lease(storage.connection, pool, 'heir', 1);
  await heir.write({ calls: [{ id, revision: 1, body: { state: 'talking' } }] });
  expect((await heir.readAll()).calls).toEqual([{ id, epoch: 2, revision: 1, body: { state: 'talking' } }]);
  await expect(session.commitTransaction()).rejects.toThrow();
  await session.endSession();
});

test('a lease that is given up says so, and its holder writes nothing more', async () => {
  const pool = `pool-${randomUUID().slice(0, 8)}`;
  const journal = await lease(storage.connection, pool, 'leaving');
  await journal.write({ agents: [{ id: `${pool}-agent`, revision: 1, body: { n: 1 } }] });
  await journal.release();
  expect(await readLease(storage.connection.db, pool)).toMatchObject({ epoch: 1, released: true });
  await expect(journal.write({})).rejects.toBeInstanceOf(LeaseLost);
  await expect(journal.write({ agents: [{ id: `${pool}-agent`, revision: 2, body: { n: 2 } }] })).rejects.toBeInstanceOf(LeaseLost);
  const next = await lease(storage.connection, pool, 'next', 1);
  expect(await readLease(storage.connection.db, pool)).toMatchObject({ epoch: 2, released: false });
  expect((await next.readAll()).agents).toMatchObject([{ body: { n: 1 } }]);
  await expect(journal.release()).rejects.toBeInstanceOf(LeaseLost);
});

test('what an earlier engine could not write is made up for under its own epoch, and loses against what came since', async () => {
  const pool = `pool-${randomUUID().slice(0, 8)}`;
  await (await lease(storage.connection, pool, 'first')).write({ calls: [{ id: `${pool}-a`, revision: 3, body: { n: 'stored' } }] });
  const heir = await lease(storage.connection, pool, 'heir');
  await heir.write({ calls: [{ id: `${pool}-b`, revision: 1, body: { n: 'of the heir' } }] });
  await heir.write({ calls: [{ id: `${pool}-a`, revision: 4, epoch: 1, body: { n: 'made up for' } }, { id: `${pool}-b`, revision: 9, epoch: 1, body: null }] });
  expect((await heir.readAll()).calls.map(({ id, body }) => [id, body])).toEqual([[`${pool}-a`, { n: 'made up for' }], [`${pool}-b`, { n: 'of the heir' }]]);
});
