// A pool's configuration in its partner's database: on two database servers, either of which dies, with a log that is cut and a pool that is restored.
import { setTimeout as pauseFor } from 'node:timers/promises';
import fc from 'fast-check';
import { Administration } from '../../../storage/administration/administration';
import { keptAudio } from '../../../storage/audio';
import { readConfiguration } from '../../../storage/changes';
import { openFeed } from '../../../storage/feed';
import { DatabaseReceiver } from '../../../storage/mirror/database-receiver';
import { DatabaseSource } from '../../../storage/mirror/database-source';
import { follow, type Following } from '../../../storage/mirror/follow';
import { step } from '../../../storage/mirror/mirror';
import { openServedFeed } from '../../../storage/mirror/served-feed';
import { adopt, decide, readServings } from '../../../storage/mirror/serving';
import { applyUpdate, type Configuration, emptyConfiguration, OBJECT_KINDS } from '../../../storage/model/configuration';
import { type MirrorState } from '../../../storage/model/mirror';
import { collectionOf } from '../../../storage/schema';
import { type StoredChange } from '../../../storage/stored';
import { toneWav } from '../../support/wav';
import { must, newPool, newUser, openStorage, operator, SETUP_MS, silent, SIP_DOMAIN, smallForm, type Storage } from './support';

let east: Storage;
let west: Storage;
beforeAll(async () => { [east, west] = await Promise.all([openStorage(), openStorage()]); }, SETUP_MS);
afterAll(() => Promise.all([east.close(), west.close()]));

/** Everything but the sequence, which each database counts for itself. */
const plain = ({ objects }: Configuration): unknown => OBJECT_KINDS.map((kind) => [kind, [...objects[kind].values()].sort((one, other) => (one.id < other.id ? -1 : 1))]);
const at = async ({ connection: { client, db } }: Storage, pool: string): Promise<unknown> => plain(await readConfiguration(client, db, pool));
const logOf = ({ connection: { db } }: Storage, pool: string): Promise<StoredChange[]> => collectionOf(db, 'changes').find({ pool }).sort({ sequence: 1 }).toArray();

/** A server that is away answers nothing: then it is not so yet. */
async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!await Promise.resolve().then(isSo).catch(() => false)) await pauseFor(20);
}

interface Mirrored {
  readonly pool: string;
  readonly administration: Administration;
  readonly source: DatabaseSource;
  readonly receiver: DatabaseReceiver;
  followed(): Following;
  /** Waits until the mirror has all of it, and says so. */
  caughtUp(): Promise<MirrorState>;
}
function mirrored(): Mirrored {
  const { pool, administration } = newPool(east.connection);
  const source = new DatabaseSource({ ...east.connection, log: silent }, pool);
  const receiver = new DatabaseReceiver(west.connection, pool);
  return {
    pool, administration, source, receiver,
    followed: () => west.closing(follow({ source, receiver, log: silent })),
    caughtUp: async () => {
      await until(async () => {
        const head = (await collectionOf(east.connection.db, 'counters').findOne({ _id: pool }))?.sequence;
        const { position, heard } = await receiver.state();
        return position.sequence === head && heard?.head === head && heard?.waitingSince === null;
      });
      return receiver.state();
    },
  };
}

test('Groups, agents, their duty, settings and sounds arrive in order and once each, beside what the partner calls by the same names', async () => {
  const mirror = mirrored();
  const { pool, administration } = mirror;
  const own = newPool(west.connection);
  const form = smallForm();
  await must(own.administration.perform(operator, 'group.create', form));
  const ofPartner = await at(west, own.pool);

  const group = await must(administration.perform(operator, 'group.create', form));
  await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Sales' })));
  const following = mirror.followed();
  const feed = west.closing(await openFeed({ ...west.connection, log: silent }, pool, (update) => { applyUpdate(feed.initial, update); }));
  const { value: { id: agentId } } = await must(administration.perform(operator, 'agent.create', { name: 'Ada', sipUser: newUser() }));
  await must(administration.perform(operator, 'duty.set', { agentId, onDuty: false }));
  const music = await administration.keepAudio(operator, 'music.wav', toneWav(440, 300, 8_000));
  if (!music.ok) throw new Error(music.message);
  await must(administration.perform(operator, 'settings.change', { version: 0, changes: { defaultMusic: music.value } }));
  await must(administration.perform(operator, 'group.delete', { id: group.value.id }));
  const { lateAudio, copies, position } = await mirror.caughtUp();

  expect(await at(west, pool)).toEqual(await at(east, pool));
  expect(await at(west, own.pool)).toEqual(ofPartner);
  expect(await logOf(west, pool)).toEqual(await logOf(east, pool));
  expect({ lateAudio, copies, sequence: position.sequence }).toEqual({ lateAudio: [], copies: 0, sequence: 6 });
  expect([...await keptAudio(west.connection.db, [music.value.audioId])]).toEqual([music.value.audioId]);
  // Whoever serves there is told of it as of changes of its own.
  await until(() => feed.initial.sequence === 6);
  expect(plain(feed.initial)).toEqual(await at(east, pool));
  await feed.close();
  await following.close();
});

test('A sound that does not come is listed, and keeps nothing else waiting; when it comes it is taken off the list', async () => {
  const { administration, source, receiver } = mirrored();
  const kept = await administration.keepAudio(operator, 'music.wav', toneWav(300, 200, 8_000));
  if (!kept.ok) throw new Error(kept.message);
  await must(administration.perform(operator, 'settings.change', { version: 0, changes: { defaultMusic: kept.value } }));
  expect(await step({ source, receiver, bring: () => Promise.resolve() })).toMatchObject({ kind: 'applied' });
  expect(await receiver.lateAudio()).toEqual([{ ...kept.value, since: expect.any(Date) as Date }]);
  const following = west.closing(follow({ source, receiver, log: silent }));
  await until(async () => (await receiver.lateAudio()).length === 0);
  expect((await keptAudio(west.connection.db, [kept.value.audioId])).size).toBe(1);
  await following.close();
});

test('A log that was cut is made good by comparing everything, of which a follower here is told', async () => {
  const { pool, administration, source, receiver } = mirrored();
  const bring = (): Promise<void> => Promise.resolve();
  const { value: { id } } = await must(administration.perform(operator, 'group.create', smallForm()));
  await step({ source, receiver, bring });
  const feed = west.closing(await openFeed({ ...west.connection, log: silent }, pool, (update) => { applyUpdate(feed.initial, update); }));
  await must(administration.perform(operator, 'group.delete', { id }));
  await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Sales' })));
  await must(administration.perform(operator, 'agent.create', { name: 'Ada', sipUser: newUser() }));
  await collectionOf(east.connection.db, 'changes').deleteMany({ pool, sequence: { $lt: 4 } });
  expect(await step({ source, receiver, bring })).toMatchObject({ kind: 'copied' });
  expect(await at(west, pool)).toEqual(await at(east, pool));
  await until(() => feed.initial.objects.agents.size === 1);
  expect(plain(feed.initial)).toEqual(await at(east, pool));
  // And from there on by the log again.
  await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Third' })));
  expect(await step({ source, receiver, bring })).toMatchObject({ kind: 'applied' });
  expect(await at(west, pool)).toEqual(await at(east, pool));
  await feed.close();
});

test('A pool that comes back empty or older than its mirror takes nothing from it until somebody says so; then both histories are kept', async () => {
  const { pool, administration, source, receiver } = mirrored();
  const bring = (): Promise<void> => Promise.resolve();
  for (const displayName of ['One', 'Two', 'Three']) await must(administration.perform(operator, 'group.create', smallForm({ displayName })));
  await step({ source, receiver, bring });
  const lastGood = await at(west, pool);
  // As after an older copy was put back: the third group is forgotten, and its number given to another.
  const [, , third] = await logOf(east, pool);
  for (const { kind, id } of third?.changes ?? []) await east.connection.db.collection<{ _id: string }>(kind).deleteOne({ _id: id });
  await collectionOf(east.connection.db, 'changes').deleteOne({ pool, sequence: 3 });
  await collectionOf(east.connection.db, 'counters').updateOne({ _id: pool }, { $set: { sequence: 2 } });
  expect(await step({ source, receiver, bring })).toMatchObject({ kind: 'otherHistory' });
  await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Another third' })));
  expect(await step({ source, receiver, bring })).toMatchObject({ kind: 'otherHistory' });
  expect(await at(west, pool)).toEqual(lastGood);

  await receiver.takeAnew();
  expect(await step({ source, receiver, bring })).toMatchObject({ kind: 'copied' });
  await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Fourth' })));
  expect(await step({ source, receiver, bring })).toMatchObject({ kind: 'applied' });
  expect(await at(west, pool)).toEqual(await at(east, pool));
  expect((await logOf(west, pool)).map(({ token }) => token)).toContain(third?.token);
});

test('Whatever dies in the middle of a step, before or after its work is done, also with two receivers at once', async () => {
  const death = fc.constantFrom<('before' | 'after' | null)[]>(null, null, 'before', 'after');
  const steps = fc.array(fc.record({ changes: fc.nat(3), receivers: fc.integer({ min: 1, max: 2 }), deaths: fc.array(death, { maxLength: 6 }) }), { minLength: 1, maxLength: 6 });
  await fc.assert(fc.asyncProperty(steps, async (given) => {
    const { pool, administration, source, receiver } = mirrored();
    const bring = (): Promise<void> => Promise.resolve();
    for (const { changes, receivers, deaths } of given) {
      for (let i = 0; i < changes; i += 1) await must(administration.perform(operator, 'agent.create', { name: 'Agent', sipUser: newUser() }));
      const ends = { source: dying(source, deaths), receiver: dying(receiver, deaths), bring };
      await Promise.allSettled(Array.from({ length: receivers }, () => step(ends)));
      const { position } = await receiver.state();
      const [theirs, ours] = await Promise.all([logOf(east, pool), logOf(west, pool)]);
      expect(ours).toEqual(theirs.slice(0, position.sequence));
    }
    while ((await step({ source, receiver, bring })).kind !== 'idle');
    expect(await at(west, pool)).toEqual(await at(east, pool));
    expect(await logOf(west, pool)).toEqual(await logOf(east, pool));
  }), { numRuns: 6 });
});

/** The same end, dying at its calls as drawn. */
function dying<T extends object>(end: T, deaths: ('before' | 'after' | null)[]): T {
  return new Proxy(end, {
    get: (target, name) => async (...given: unknown[]): Promise<unknown> => {
      const death = deaths.shift() ?? null;
      if (death === 'before') throw new Error('died before');
      const answer: unknown = await (target[name as keyof T] as (...all: unknown[]) => unknown).apply(target, given);
      if (death === 'after') throw new Error('died after');
      return answer;
    },
  });
}

test('A pool that its partner serves is changed there and nowhere else, and its mirror waits; when it serves itself again, all of that is turned round', async () => {
  const { pool, administration, source, receiver } = mirrored();
  const bring = (): Promise<void> => Promise.resolve();
  const partner = newPool(west.connection);
  const atPartner = new Administration({ ...west.connection, pool, sipDomain: SIP_DOMAIN, log: silent });
  const { value: { id } } = await must(administration.perform(operator, 'group.create', smallForm()));
  await step({ source, receiver, bring });
  const known = emptyConfiguration(partner.pool);
  const feed = west.closing(await openServedFeed({ ...west.connection, log: silent }, partner.pool, (update) => { applyUpdate(known, update); }));
  applyUpdate(known, feed.initial);
  expect([known.objects.workflows.size, feed.servedBy(pool)]).toEqual([0, pool]);
  expect(await atPartner.perform(operator, 'agent.create', { name: 'Ada', sipUser: newUser() })).toMatchObject({ code: 'conflict', message: expect.stringContaining('only mirrored here') as string });

  // The same decision, whichever side hears of it, and however often.
  await decide(west.connection, pool, partner.pool, 'Ada Park');
  const decided = await decide(west.connection, pool, partner.pool, 'Ada Park');
  expect(decided).toMatchObject({ servedBy: partner.pool, epoch: 1, decidedBy: partner.pool, by: 'Ada Park' });
  await until(() => known.objects.workflows.has(id));
  expect(feed.servedBy(pool)).toBe(partner.pool);
  // Before it has heard of that, the pool goes on; nothing of it is mirrored over what the partner changes.
  await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Only here' })));
  expect(await step({ source, receiver, bring })).toMatchObject({ kind: 'held' });
  const deleted = await must(atPartner.perform(operator, 'group.delete', { id }));
  expect((await logOf(west, pool)).at(-1)).toMatchObject({ _id: `${pool}@${partner.pool}:${deleted.sequence}`, origin: partner.pool });
  await until(() => !known.objects.workflows.has(id));

  expect(await adopt(east.connection, await readServings(west.connection.db))).toMatchObject([{ _id: pool, servedBy: partner.pool }]);
  expect(await adopt(east.connection, await readServings(west.connection.db))).toEqual([]);
  expect(await administration.perform(operator, 'group.create', smallForm())).toMatchObject({ code: 'conflict', message: expect.stringContaining(`served by pool ${partner.pool} now`) as string });

  await decide(east.connection, pool, pool, 'Ada Park');
  expect(await adopt(west.connection, await readServings(east.connection.db))).toMatchObject([{ servedBy: pool, epoch: 2 }]);
  // What was changed here meanwhile is not the pool's.
  expect(await step({ source, receiver, bring })).toMatchObject({ kind: 'copied' });
  expect(await at(west, pool)).toEqual(await at(east, pool));
  await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'At home again' })));
  expect(await atPartner.perform(operator, 'agent.create', { name: 'Ada', sipUser: newUser() })).toMatchObject({ code: 'conflict' });
  await until(() => feed.servedBy(pool) === pool);
  await feed.close();
});
