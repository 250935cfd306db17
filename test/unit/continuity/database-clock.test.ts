// The primary's clock: measured, bounded by half the round trip, and unmoved by jumps of our own.
import { CLOCK_MS, DatabaseClock } from '../../../engine/continuity/database-clock';
import { createLog } from '../../../storage/process/log';
import { ManualTimers, settle } from '../../support/manual-timers';

class Desk {
  readonly timers = new ManualTimers();
  civilMs = 50_000;
  /** Database time less monotonic time. */
  aheadMs = 1_000_000;
  tripMs = { there: 0, back: 0 };
  away = false;
  readonly clock = new DatabaseClock({
    timers: this.timers, log: createLog('test', 'silent'), civil: () => new Date(this.civilMs),
    read: async () => {
      await this.wait(this.tripMs.there);
      if (this.away) throw new Error('away');
      const told = new Date(this.timers.nowMs() + this.aheadMs);
      await this.wait(this.tripMs.back);
      return told;
    },
  });

  get wrongByMs(): number { return this.clock.now().getTime() - (this.timers.nowMs() + this.aheadMs); }

  private wait(ms: number): Promise<void> { return ms === 0 ? Promise.resolve() : new Promise((resolve) => { this.timers.after(ms, resolve); }); }
}

test('before the first answer it is our own clock; afterwards the database\'s, whatever ours does', async () => {
  const desk = new Desk();
  expect(desk.clock.now()).toEqual(new Date(50_000));
  await desk.clock.start();
  expect(desk.wrongByMs).toBe(0);
  desk.civilMs += 86_400_000;
  await desk.timers.pass(10_000);
  expect(desk.wrongByMs).toBe(0);
});

test.each([[10, 10, 0], [40, 0, 20], [0, 40, -20]])('a trip of %d ms there and %d ms back: wrong by %d ms, within half of it', async (there, back, wrongBy) => {
  const desk = new Desk();
  desk.tripMs = { there, back };
  const started = desk.clock.start();
  await desk.timers.pass(there + back);
  await started;
  expect(desk.wrongByMs).toBe(wrongBy);
  expect(desk.clock.withinMs).toBe((there + back) / 2);
});

test('a slow answer that agrees does not spoil a good one; a new primary with another clock is followed', async () => {
  const desk = new Desk();
  await desk.clock.start();
  desk.tripMs = { there: 400, back: 0 };
  await desk.timers.pass(CLOCK_MS.measureEvery + 400);
  expect([desk.wrongByMs, desk.clock.withinMs]).toEqual([0, 0]);
  desk.aheadMs += 7_000;
  desk.tripMs = { there: 0, back: 0 };
  await desk.timers.pass(CLOCK_MS.measureEvery + 400);
  expect(desk.wrongByMs).toBe(0);
});

test('no answer: the old measure holds, and it is asked again soon', async () => {
  const desk = new Desk();
  await desk.clock.start();
  desk.away = true;
  await desk.timers.pass(CLOCK_MS.measureEvery);
  expect(desk.wrongByMs).toBe(0);
  desk.away = false;
  desk.aheadMs += 5_000;
  await desk.timers.pass(CLOCK_MS.retry);
  expect(desk.wrongByMs).toBe(0);
  desk.clock.stop();
  await settle();
  expect(desk.timers.pending).toBe(0);
});

test('never any answer: starting says so', async () => {
  const desk = new Desk();
  desk.away = true;
  await expect(desk.clock.start()).rejects.toThrow('away');
});
