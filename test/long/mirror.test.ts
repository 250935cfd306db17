// A mirror between two database servers that are killed, and how far behind it is under fifty changes a second.
import { setTimeout as pauseFor } from 'node:timers/promises';
import { readConfiguration } from '../../storage/changes';
import { DatabaseReceiver } from '../../storage/mirror/database-receiver';
import { DatabaseSource } from '../../storage/mirror/database-source';
import { follow } from '../../storage/mirror/follow';
import { adopt, readServing } from '../../storage/mirror/serving';
import { collectionOf } from '../../storage/schema';
import { freePort, runSource } from '../support/source-process';
import { must, newPool, newUser, openStorage, operator, SETUP_MS, silent, smallForm, type Storage } from '../integration/storage/support';

let east: Storage;
let west: Storage;
beforeAll(async () => { [east, west] = await Promise.all([openStorage(), openStorage()]); }, SETUP_MS);
afterAll(() => Promise.all([east.close(), west.close()]));

/** A server that is away answers nothing: then it is not so yet. */
async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!await Promise.resolve().then(isSo).catch(() => false)) await pauseFor(20);
}

function mirrored() {
  const { pool, administration } = newPool(east.connection);
  const receiver = new DatabaseReceiver(west.connection, pool);
  const following = west.closing(follow({ source: new DatabaseSource({ ...east.connection, log: silent }, pool), receiver, log: silent }));
  const head = async (): Promise<number> => (await collectionOf(east.connection.db, 'counters').findOne({ _id: pool }))?.sequence ?? 0;
  const same = async (): Promise<void> => {
    await until(async () => (await receiver.state()).position.sequence === await head());
    const [theirs, ours] = await Promise.all([east, west].map(({ connection: { client, db } }) => readConfiguration(client, db, pool)));
    expect(ours?.objects).toEqual(theirs?.objects);
    const [their, our] = await Promise.all([east, west].map(({ connection: { db } }) => collectionOf(db, 'changes').find({ pool }).sort({ sequence: 1 }).toArray()));
    expect(our).toEqual(their);
  };
  return { pool, administration, receiver, following, same };
}

test('Both servers are killed, one after the other: what was acknowledged arrives once each', async () => {
  const { pool, administration, following, same } = mirrored();
  await must(administration.perform(operator, 'group.create', smallForm()));
  await same();
  const make = async (): Promise<void> => { for (let i = 0; i < 10; i += 1) await must(administration.perform(operator, 'agent.create', { name: 'Agent', sipUser: newUser() })); };
  await Promise.all([make(), west.database.kill()]);
  await west.database.restart();
  await same();
  await make();
  await east.database.kill();
  await until(() => following.last?.ok === false);
  // A site that is gone takes nothing along of what had come.
  expect(await collectionOf(west.connection.db, 'changes').countDocuments({ pool })).toBeGreaterThan(10);
  await east.database.restart();
  await same();
  await following.close();
}, 120_000);

test('The process of a site mirrors by itself, says so at /healthz, agrees with its partner who serves whom, and ends on SIGTERM', async () => {
  const { pool, administration } = newPool(east.connection);
  await must(administration.perform(operator, 'group.create', smallForm()));
  const port = await freePort();
  const env = { POOL: 'receiver', MONGODB_URI: west.database.uri, PARTNER_POOL: pool, PARTNER_MONGODB_URI: east.database.uri, MIRROR_HEALTH_PORT: String(port) };
  expect(await runSource('storage/mirror/main.ts', { ...env, PARTNER_POOL: 'receiver' }).ended).toBe(2);
  const mirror = runSource('storage/mirror/main.ts', env);
  try {
    await until(async () => ((await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()) as { follows: boolean }).follows);
    await until(async () => (await readConfiguration(west.connection.client, west.connection.db, pool)).objects.workflows.size === 1);
    await adopt(east.connection, [{ _id: pool, servedBy: 'receiver', epoch: 4, decidedBy: 'receiver', at: new Date(), by: 'test' }]);
    await until(async () => (await readServing(west.connection.db, pool))?.epoch === 4);
  } finally {
    expect(await mirror.stop()).toBe(0);
  }
}, 120_000);

test('Where both variables name the same database, that is said and nothing is taken', async () => {
  const { pool, administration } = newPool(east.connection);
  await must(administration.perform(operator, 'group.create', smallForm()));
  const following = east.closing(follow({ source: new DatabaseSource({ ...east.connection, log: silent }, pool), receiver: new DatabaseReceiver(east.connection, pool), log: silent }));
  await until(() => following.last !== null);
  expect(following.last).toEqual({ ok: false, words: expect.stringContaining('name the same database') as string });
  expect(await collectionOf(east.connection.db, 'changes').countDocuments({ pool })).toBe(1);
  await following.close();
});

test('How much has not come at any moment, under up to fifty changes a second', async () => {
  const { administration, receiver, same, following } = mirrored();
  const { value: { id: agentId } } = await must(administration.perform(operator, 'agent.create', { name: 'Agent', sipUser: newUser() }));
  /** When each change was acknowledged, by its sequence. */
  const acknowledged: number[] = [];
  const lags: { readonly changes: number; readonly ms: number }[] = [];
  let writing = true;
  const watching = (async () => {
    while (writing) {
      const now = performance.now();
      const { sequence } = (await receiver.state()).position;
      const waiting = Object.entries(acknowledged).filter(([made]) => Number(made) > sequence);
      lags.push({ changes: waiting.length, ms: Math.max(0, ...waiting.map(([, at]) => now - at)) });
      await pauseFor(50);
    }
  })();
  const begun = performance.now();
  const count = 200;
  // Fifty a second where the database keeps up: a change begins when it is due and the last one is done.
  for (let i = 0; i < count; i += 1) {
    await pauseFor(Math.max(0, begun + i * 20 - performance.now()));
    const { sequence } = await must(administration.perform(operator, 'duty.set', { agentId, onDuty: i % 2 === 1 }));
    acknowledged[sequence] = performance.now();
  }
  const took = performance.now() - begun;
  writing = false;
  await watching;
  await same();
  await following.close();
  const sorted = lags.map(({ ms }) => ms).sort((one, other) => one - other);
  process.stdout.write(`${count} changes in ${(took / 1_000).toFixed(1)} s; not come yet at a look: p50 ${sorted[Math.floor(sorted.length / 2)]?.toFixed(0)} ms, p99 ${sorted[Math.floor(sorted.length * 0.99)]?.toFixed(0)} ms, worst ${sorted.at(-1)?.toFixed(0)} ms, ${Math.max(...lags.map(({ changes }) => changes))} changes\n`);
}, 120_000);
