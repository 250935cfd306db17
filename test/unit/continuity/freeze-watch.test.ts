// A process that stood still notices, before it decides anything.
import { FreezeWatch, FROZEN_MS } from '../../../engine/continuity/freeze-watch';
import { ReportWriter, REPORT_MS } from '../../../engine/continuity/report-writer';
import { createLog } from '../../../storage/process/log';
import { ManualTimers } from '../../support/manual-timers';

/** Time passes and no timer fires, as in a process that is stopped. */
class Stoppable extends ManualTimers {
  stoodMs = 0;
  override nowMs(): number { return super.nowMs() + this.stoodMs; }
}

function desk() {
  const timers = new Stoppable();
  const told: number[] = [];
  const watch = new FreezeWatch({ timers, frozen: (ms) => { told.push(ms); } });
  return { timers, told, watch };
}

test('time that passes as ever: nothing is told', async () => {
  const { timers, told, watch } = desk();
  watch.start();
  await timers.pass(10_000);
  watch.check();
  expect(told).toEqual([]);
});

test('stood still: told once, by whatever comes first', async () => {
  const { timers, told, watch } = desk();
  watch.start();
  await timers.pass(1_000);
  timers.stoodMs += 5_000;
  watch.check();
  watch.check();
  await timers.pass(1_000);
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThanOrEqual(FROZEN_MS);
  timers.stoodMs += 5_000;
  await timers.pass(1_000);
  expect(told).toHaveLength(2);
});

test('before it starts and after it stops: nothing is told', () => {
  const { timers, told, watch } = desk();
  watch.check();
  watch.start();
  watch.stop();
  timers.stoodMs += 5_000;
  watch.check();
  expect([told, timers.pending]).toEqual([[], 0]);
});

test('an engine reports itself at once, every 2 s, and when something changed; through an outage; and takes itself out when it stops', async () => {
  const timers = new ManualTimers();
  const state = { role: 'standby' as 'active' | 'standby', away: false };
  const written: string[] = [];
  let removed = 0;
  const writer = new ReportWriter({
    timers, log: createLog('test', 'silent'),
    now: () => ({
      _id: 'e', pool: 'main', host: 'h', pid: 1, role: state.role, since: new Date(0), version: '1', healthPort: 1, epoch: null, edges: [], backlog: { records: 0, oldest: null }, takeover: null,
    }),
    write: async ({ role }) => {
      if (state.away) throw new Error('away');
      written.push(role);
    },
    remove: async () => { removed += 1; },
  });
  writer.tell();
  await timers.pass(REPORT_MS);
  expect(written).toEqual(['standby', 'standby']);
  state.role = 'active';
  writer.tell();
  writer.tell();
  await timers.pass(0);
  expect(written.slice(2)).toEqual(['active', 'active']);
  state.away = true;
  await timers.pass(REPORT_MS * 3);
  state.away = false;
  await timers.pass(REPORT_MS);
  expect(written.slice(4)).toEqual(['active']);
  await writer.close();
  await timers.pass(REPORT_MS * 3);
  expect([written.length, removed, timers.pending]).toEqual([5, 1, 0]);
});
