// The short form of `npm run faults`: a small crowd on the line while one thing after the other breaks. Limits in time mean "lost" here, not "slow".
import { FAULTS } from '../faults/faults';
import { runFault, type Size } from '../faults/run';
import { killInEveryState } from '../faults/states';

jest.setTimeout(300_000);

const SHORT: Size = { waiting: 10, talking: 5, callsPerSecond: 2, afterMs: 4_000, silenceMs: 15_000, strictTakeovers: false };
/** One of each kind; `npm run faults` runs them all. */
const NAMES = [
  'database: kill -9, back after 12 s', 'engine: kill -9, alone', 'engine: kill -9, with standby', 'engine: kill -9 8 times, with standby', 'engine: SIGSTOP, SIGCONT, with standby', 'engine–database: cut', 'engine–edge, 1 s: cut', 'engine: clock jumps ±1 h', 'bot: kill -9 while a form is sent twice',
  'edge: kill -9',
];

describe('with callers waiting, talking and arriving', () => {
  test.each(NAMES)('%s: no call lost or doubled, no change lost, nobody stuck, order kept', async (name) => {
    const fault = FAULTS.find((one) => one.name === name);
    if (fault === undefined) throw new Error(`There is no fault ${name}.`);
    const row = await runFault(fault, SHORT);
    // With what is known of it, for whoever has to find out why.
    expect(row.failed.length > 0 ? [...row.failed, ...row.words] : []).toEqual([]);
    expect(row).toMatchObject({ lost: 0, doubled: 0, refused: 0, changesLost: 0, stuck: 0, outOfOrder: 0, failed: [] });
    // A run in which nobody called proves nothing.
    expect(row.calls).toBeGreaterThan(SHORT.waiting + SHORT.talking);
    expect(row.records).toBe(row.calls);
    expect(row.changes).toBeGreaterThan(0);
  });
});

test('engine killed in every state of a call, with another that stands by: each call goes on, and leaves one record', async () => {
  const rows = await killInEveryState(true);
  expect(rows.filter(({ failed }) => failed.length > 0)).toEqual([]);
  expect(rows.every(({ records }) => records === 1)).toBe(true);
});
