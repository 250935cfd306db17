// Migrations over a real database: once each, by one process, whatever dies meanwhile; and what is newer than we are is refused.
import { randomUUID } from 'node:crypto';
import { MongoClient, type Db } from 'mongodb';
import { connect, isUnusable } from '../../../storage/connect';
import { DatabaseNewer, migrate, refuseNewer } from '../../../storage/migrations/migrate';
import { STEPS, type Step } from '../../../storage/migrations/steps';
import { VERSION } from '../../../storage/process/root';
import { runSource } from '../../support/source-process';
import { openStorage, SETUP_MS, type Storage } from './support';

let storage: Storage;
let other: MongoClient;
beforeAll(async () => {
  storage = await openStorage();
  other = await new MongoClient(storage.database.uri).connect();
}, SETUP_MS);
afterAll(async () => {
  await other.close();
  await storage.close();
});

/** A database of its own, as two processes see it. */
function database(): { readonly db: Db; readonly same: Db } {
  const name = `migrations-${randomUUID().slice(0, 8)}`;
  return { db: storage.connection.client.db(name), same: other.db(name) };
}
const step = (number: number, run: Step['run'], readableFrom = number - 1): Step => ({ number, name: `step-${number}`, readableFrom, run });
const recorded = (db: Db): Promise<Record<string, unknown>[]> => db.collection('migrations').find({ kind: 'step' }).sort({ step: 1 }).toArray();

test('Every connection finds the steps of this release recorded, with time, process and release', async () => {
  const found = await recorded(storage.connection.db);
  expect(found).toMatchObject(STEPS.map(({ number, name }) => ({ step: number, name, version: VERSION, by: expect.stringContaining(`:${process.pid}`), doneAt: expect.any(Date) })));
  expect(STEPS.map(({ number }) => number)).toEqual(STEPS.map((_, index) => index + 1));
  const again = await connect(storage.database.uri, { appName: 'again' });
  expect(await recorded(again.db)).toEqual(found);
  await again.close();
});

test('Two processes at once run each step once, in order; the second returns only when all is done', async () => {
  const { db, same } = database();
  const ran: string[] = [];
  let go = (): void => undefined;
  const holding = new Promise<void>((resolve) => { go = resolve; });
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => { begun = resolve; });
  const stepsOf = (who: string): Step[] => [
    step(1, async () => { ran.push(`${who} 1`); begun(); await holding; }),
    step(2, () => { ran.push(`${who} 2`); return Promise.resolve(); }),
  ];
  const first = migrate(db, { steps: stepsOf('a'), by: 'a' });
  await hasBegun;
  const second = migrate(same, { steps: stepsOf('b'), by: 'b' }).then(() => recorded(same));
  go();
  await first;
  expect(await second).toHaveLength(2);
  expect(ran).toEqual(['a 1', 'a 2']);
  expect(await recorded(db)).toMatchObject([{ step: 1, by: 'a' }, { step: 2, by: 'a' }]);
});

test('Many at once on an empty database: each step is run once', async () => {
  const { db, same } = database();
  let runs = 0;
  const steps = [step(1, () => { runs += 1; return Promise.resolve(); })];
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((by, index) => migrate(index % 2 === 0 ? db : same, { steps, by })));
  expect(runs).toBe(1);
  expect(await recorded(db)).toHaveLength(1);
});

test('A process that is killed within a step leaves it to the next, which does the rest of it', async () => {
  const { db } = database();
  await db.collection('things').insertMany([{}, {}, {}]);
  const dying = runSource('test/support/halting-migration.ts', {}, [storage.database.uri, db.databaseName]);
  await dying.writes('in the middle');
  await dying.stop('SIGKILL');
  expect(await db.collection('things').countDocuments({ colour: 'red' })).toBe(1);
  let mended = 0;
  await migrate(db, {
    by: 'second', leaseMs: 1_000,
    steps: [step(1, async () => { mended = (await db.collection('things').updateMany({ colour: { $exists: false } }, { $set: { colour: 'red' } })).modifiedCount; })],
  });
  expect(mended).toBe(2);
  expect(await recorded(db)).toMatchObject([{ step: 1, by: 'second' }]);
});

test('A step that fails is not recorded, and is run again by whoever comes next, at once', async () => {
  const { db } = database();
  await expect(migrate(db, { by: 'a', steps: [step(1, () => Promise.reject(new Error('disk full')))] })).rejects.toThrow('disk full');
  expect(await recorded(db)).toEqual([]);
  await migrate(db, { by: 'b', steps: [step(1, () => Promise.resolve())] });
  expect(await recorded(db)).toMatchObject([{ by: 'b' }]);
});

test('A process that was frozen and has lost its turn is told to stop, and records nothing', async () => {
  const { db, same } = database();
  let told = (): void => undefined;
  const isTold = new Promise<void>((resolve) => { told = resolve; });
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => { begun = resolve; });
  const frozen = migrate(db, {
    by: 'frozen', leaseMs: 300,
    steps: [step(1, (_, signal) => { begun(); return new Promise((resolve) => { signal.addEventListener('abort', () => { told(); resolve(); }); }); })],
  });
  await hasBegun;
  // As if its time had passed while it stood still, and another had taken over.
  await same.collection('migrations').updateOne({ kind: 'lease' }, { $set: { holder: 'heir', until: new Date(Date.now() + 60_000) } });
  await isTold;
  expect(await recorded(db)).toEqual([]);
  await same.collection('migrations').insertOne({ kind: 'step', step: 1, name: 'step-1', readableFrom: 0, doneAt: new Date(), by: 'heir', version: VERSION });
  await frozen;
  expect(await recorded(db)).toMatchObject([{ by: 'heir' }]);
});

describe('A database that a later release has changed', () => {
  const later = [step(1, () => Promise.resolve()), step(2, () => Promise.resolve(), 1), step(3, () => Promise.resolve(), 2)];

  test('is worked on by the release before it, whose processes may restart during an upgrade', async () => {
    const { db } = database();
    await migrate(db, { steps: later, version: '3.0.0' });
    await expect(migrate(db, { steps: later.slice(0, 2), version: '2.0.0' })).resolves.toBeUndefined();
  });

  test('is refused in words to older ones, which change nothing', async () => {
    const { db } = database();
    await migrate(db, { steps: later, version: '3.0.0' });
    const before = await recorded(db);
    const fault: unknown = await refuseNewer(db, { steps: later.slice(0, 1), version: '1.0.0' }).catch((one: unknown) => one);
    expect(fault).toBeInstanceOf(DatabaseNewer);
    expect(fault).toMatchObject({ exitCode: 4, message: expect.stringMatching(/release 3\.0\.0 changed it at .*step 3, step-3.*release 1\.0\.0 knows its steps up to 1 only\. Start release 3\.0\.0/) });
    expect(isUnusable(fault)).toBe(true);
    expect(await recorded(db)).toEqual(before);
  });

  test('is refused by connect before collections or indexes are made', async () => {
    const { db } = database();
    await db.collection('migrations').insertOne({ kind: 'step', step: 999, name: 'far-away', readableFrom: 998, doneAt: new Date(), by: 'x', version: '9.0.0' });
    const uri = storage.database.uri.replace('/response-group?', `/${db.databaseName}?`);
    await expect(connect(uri, { appName: 'old' })).rejects.toThrow(/newer than this program/);
    expect((await db.listCollections().toArray()).map(({ name }) => String(name))).toEqual(['migrations']);
  });
});
