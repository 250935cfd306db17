// Thousands of callers in virtual time: what goes in comes out, and the books of the pool, its effects and its records agree after every step.
import { type CallRecord } from '../../../storage/model/record';
import { Day } from './simulation/day';
import { featuresMissing } from './simulation/features';
import { AGENTS } from './simulation/pool';

const CALLS = 2_000;

describe(`a day of ${CALLS} calls`, () => {
  const day = new Day(CALLS, 20_130_101);
  beforeAll(() => { day.run(); }, 120_000);

  test('each caller has one record, and nothing is left over', () => {
    const { books: { records, counts }, state } = day;
    expect(new Set(records.map(({ _id }) => _id)).size).toBe(records.length);
    // Whoever is to be called back has a record of that too.
    expect(records.length).toBe(day.arrived + day.books.promised);
    expect((counts.of['answer'] ?? 0) + (counts.of['refuse'] ?? 0)).toBe(day.arrived);
    expect(counts.of['release']).toBe((counts.of['answer'] ?? 0) + day.books.promised);
    expect(day.books.promised).toBeGreaterThan(10);
    expect(day.books.unfinished()).toEqual([]);
    expect([state.calls.size, state.callDeadlines.size, state.agentDeadlines.size, state.tests.size]).toEqual([0, 0, 0, 0]);
    expect([...state.agents.values()].filter(({ leg, calling }) => leg !== null || calling.size > 0)).toEqual([]);
    expect([...state.groups.values()].filter(({ offered }) => offered.size > 0)).toEqual([]);
  });

  test('everything a group can do was done', () => { expect(featuresMissing(day.books.counts.of)).toEqual([]); });

  test('records tell times in order, and an agent on one leg at a time', () => {
    const { records } = day.books;
    const inOrder = ({ arrivedAt, joinedQueueAt, endedAt }: CallRecord): boolean => arrivedAt <= endedAt && (joinedQueueAt === null || (arrivedAt <= joinedQueueAt && joinedQueueAt <= endedAt));
    expect(records.filter((record) => !inOrder(record))).toEqual([]);
    expect(records.filter(({ outcome, connectedAt }) => ['answered', 'forwarded'].includes(outcome) !== (connectedAt !== null))).toEqual([]);
    for (const agentId of AGENTS) {
      const legs = records.flatMap(({ offers }) => offers).filter((offer) => offer.agentId === agentId).sort((a, b) => a.offeredAt.getTime() - b.offeredAt.getTime());
      legs.slice(1).forEach((leg, index) => { expect(leg.offeredAt.getTime()).toBeGreaterThanOrEqual(legs[index]?.endedAt?.getTime() ?? Infinity); });
    }
  });
});
