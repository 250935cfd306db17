// An agent's own calls, from the records of a pool: whose they are, since when, and what became of each.
import { writeRecords } from '../../../storage/records';
import { type CallRecord, type OfferRecord } from '../../../storage/model/record';
import { must, newAgent, newPool, openStorage, operator, person, seen, SETUP_MS, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const NOON = new Date('2026-11-23T12:00:00Z');
const minutes = (count: number): Date => new Date(NOON.getTime() + count * 60_000);
const offer = (agentId: string, outcome: OfferRecord['outcome'], at = 1): OfferRecord => ({ agentId, attempt: at, offeredAt: minutes(at), endedAt: minutes(at + 1), outcome });

async function desk() {
  const { administration, pool } = newPool(storage.connection);
  const [alice, bob] = [await newAgent(administration, 'Alice'), await newAgent(administration, 'Bob')];
  const { value: { id } } = await must(administration.perform(operator, 'group.create', smallForm({ displayName: 'Desk', agentIds: [alice.id, bob.id] })));
  let calls = 0;
  const ended = (offers: readonly OfferRecord[], more: Partial<CallRecord> = {}): CallRecord => ({
    _id: `${pool}-call-${(calls += 1)}`, pool, workflowId: id, queueId: null, dialled: 'sip:desk@x', callerNumber: '+4915112345678', callerName: 'Priya Nair', arrivedAt: NOON, joinedQueueAt: NOON, connectedAt: null,
    endedAt: minutes(10), agentId: null, outcome: 'abandoned', endedBy: 'caller', refusedWith: null, offers, ...more,
  });
  const write = (...records: readonly CallRecord[]) => writeRecords(storage.connection.db, records);
  return { administration, alice, bob, ended, write };
}

test('each call stands once, by the offer that was answered or else the last, newest first; others are nobody else\'s business', async () => {
  const { administration, alice, bob, ended, write } = await desk();
  await write(
    ended([offer(alice.id, 'noAnswer', 1), offer(bob.id, 'answered', 3)], { agentId: bob.id, connectedAt: minutes(3), outcome: 'answered' }),
    ended([offer(alice.id, 'noAnswer', 2), offer(alice.id, 'answered', 4)], { agentId: alice.id, connectedAt: minutes(5), outcome: 'answered', callerName: 'Sven Dahl' }),
    ended([offer(alice.id, 'declined', 3), offer(alice.id, 'withdrawn', 6)], { workflowId: 'gone' }),
    ended([offer(bob.id, 'noAnswer', 5)], { callerName: 'Somebody else' }),
  );
  const mine = await seen(administration.myCalls(alice.acting, NOON, 20));
  expect(mine).toEqual({ taken: 1, missed: 1, calls: [
    { groupName: null, callerName: 'Priya Nair', callerNumber: '+4915112345678', at: minutes(6), outcome: 'withdrawn', talkedMs: null },
    { groupName: 'Desk', callerName: 'Sven Dahl', callerNumber: '+4915112345678', at: minutes(4), outcome: 'answered', talkedMs: 5 * 60_000 },
    { groupName: 'Desk', callerName: 'Priya Nair', callerNumber: '+4915112345678', at: minutes(1), outcome: 'noAnswer', talkedMs: null },
  ] });
});

test('calls of before are not told, and more than are shown are counted', async () => {
  const { administration, alice, ended, write } = await desk();
  await write(ended([offer(alice.id, 'noAnswer')], { arrivedAt: minutes(-1) }), ended([offer(alice.id, 'noAnswer', 1)]), ended([offer(alice.id, 'busy', 2)]));
  expect(await seen(administration.myCalls(alice.acting, NOON, 1))).toMatchObject({ calls: [{ outcome: 'busy' }], missed: 2, taken: 0 });
});

test('whoever is no agent has none', async () => {
  const { administration } = newPool(storage.connection);
  expect(await administration.myCalls(person('Nora'), NOON, 20)).toMatchObject({ ok: false, code: 'notFound' });
  expect(await administration.myCalls(operator, NOON, 20)).toMatchObject({ ok: false, code: 'notFound' });
});
