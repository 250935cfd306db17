// An edge out of reach: dead, or merely out of reach?
import { EDGE_MS, EdgeWatch } from '../../../engine/continuity/edge-watch';
import { ManualTimers } from '../../support/manual-timers';

function watching() {
  const timers = new ManualTimers();
  const told: string[] = [];
  const watch = new EdgeWatch({ timers, lost: (why) => { told.push(why); }, cutOff: () => { told.push('cutOff'); } });
  watch.begin(1);
  return { timers, told, watch, losses: () => told.filter((each) => each !== 'cutOff') };
}
const there = (startedAtMs: number) => ({ kind: 'there', startedAtMs }) as const;

test('back, and started when it was: nothing is lost, however long it took', async () => {
  const { watch, timers, told } = watching();
  watch.linkDown();
  await timers.pass(EDGE_MS.cutOff - 1);
  watch.reached(there(1));
  watch.linkUp();
  await timers.pass(10 * EDGE_MS.silent);
  expect(told).toEqual([]);
});

test('started anew: lost, as soon as it says so, whichever connection is back first', () => {
  const { watch, told } = watching();
  watch.linkDown();
  watch.reached(there(2));
  expect(told).toEqual(['startedAnew']);
  const other = watching();
  other.watch.linkDown();
  other.watch.linkUp();
  other.watch.reached(there(2));
  expect(other.told).toEqual(['startedAnew']);
});

test('nobody listens on its ports: lost at the second refusal, once; the next one that starts has nothing to lose', () => {
  const { watch, told } = watching();
  watch.linkDown();
  watch.reached({ kind: 'refused', times: 1 });
  expect(told).toEqual([]);
  for (const times of [2, 3]) watch.reached({ kind: 'refused', times });
  watch.reached(there(2));
  expect(told).toEqual(['notRunning']);
});

test('its other port refuses while the connection stands: not lost', () => {
  const { watch, told } = watching();
  for (const times of [1, 2, 3]) watch.reached({ kind: 'refused', times });
  expect(told).toEqual([]);
});

test('no answer at all: lost after the longest time, counted from the last word', async () => {
  const { watch, timers, losses } = watching();
  watch.linkDown();
  watch.reached({ kind: 'silent' });
  await timers.pass(EDGE_MS.silent - 1);
  watch.reached(there(1));
  await timers.pass(EDGE_MS.silent - 1);
  expect(losses()).toEqual([]);
  await timers.pass(1);
  expect(losses()).toEqual(['silent']);
});

test('out of reach for a while: said, and again for as long as it is', async () => {
  const { watch, timers, told } = watching();
  watch.linkDown();
  await timers.pass(EDGE_MS.cutOff + 2 * EDGE_MS.again);
  expect(told).toEqual(['cutOff', 'cutOff', 'cutOff']);
  watch.linkUp();
  await timers.pass(10 * EDGE_MS.again);
  expect(told).toHaveLength(3);
});
