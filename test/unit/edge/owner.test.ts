// Whether the engine that holds the edge is there and answers, by a clock the test moves.
import { type OwnerEvent } from '../../../engine/edge/control/inventory-types';
import { OwnerWatch, PING_EVERY_MS, type NamedClient } from '../../../engine/edge/control/owner';
import { FakeClock } from './support';

function watching() {
  const clock = new FakeClock();
  const events: OwnerEvent[] = [];
  const watch = new OwnerWatch(clock, (event) => { events.push(event); });
  watch.start();
  /** A client that answers pings while `awake`. */
  const client = (engine: string, epoch: number | null): NamedClient & { awake: boolean } => {
    const named = { engine, epoch, awake: true, ping: () => { if (named.awake) clock.after(5, () => watch.answered(named)); } };
    watch.joined(named);
    return named;
  };
  const names = (): string[] => events.splice(0).map(({ event, epoch }) => `${event} ${epoch}`);
  return { clock, watch, client, names, events };
}

test('an engine that answers every ping stays responsive', () => {
  const { clock, watch, client, names } = watching();
  client('a', 7);
  watch.here(7);
  clock.advance(60_000);
  expect(names()).toEqual(['engineHere 7']);
  expect(watch.state).toMatchObject({ epoch: 7, engine: 'a', connected: true, responsive: true });
});

test('three pings without an answer: unresponsive, since then; a late answer: responsive again', () => {
  const { clock, watch, client, names } = watching();
  const engine = client('a', 7);
  watch.here(7);
  clock.advance(10 * PING_EVERY_MS + 10);
  engine.awake = false;
  clock.advance(3 * PING_EVERY_MS);
  expect(names()).toEqual(['engineHere 7']);
  clock.advance(PING_EVERY_MS);
  expect(names()).toEqual(['engineUnresponsive 7']);
  expect(watch.state).toMatchObject({ connected: true, responsive: false, sinceMs: clock.nowMs - 10 });
  clock.advance(30_000);
  expect(names()).toEqual([]);
  engine.awake = true;
  clock.advance(PING_EVERY_MS);
  expect(names()).toEqual(['engineResponsive 7']);
});

test('two pings missed, then one answered: nothing is told, and it counts from the beginning', () => {
  const { clock, watch, client, names } = watching();
  const engine = client('a', 7);
  watch.here(7);
  clock.advance(PING_EVERY_MS + 10);
  for (let round = 0; round < 5; round += 1) {
    engine.awake = false;
    clock.advance(2 * PING_EVERY_MS);
    engine.awake = true;
    clock.advance(PING_EVERY_MS);
  }
  expect(names()).toEqual(['engineHere 7']);
});

test('an owner whose inventory connection is lost answers no ping; one that never named itself is not judged', () => {
  const { clock, watch, client, names } = watching();
  const engine = client('a', 7);
  watch.here(7);
  clock.advance(PING_EVERY_MS);
  watch.left(engine);
  clock.advance(4 * PING_EVERY_MS);
  expect(names()).toEqual(['engineHere 7', 'engineUnresponsive 7']);
  watch.here(8);
  clock.advance(60_000);
  expect(names()).toEqual(['engineHere 8']);
  expect(watch.state).toMatchObject({ engine: '', responsive: true });
});

test('answers of a standby are nobody’s; it is judged once it says that it holds the epoch of the owner', () => {
  const { clock, watch, client, names } = watching();
  const [active, standby] = [client('active', 7), client('standby', null)];
  watch.here(7);
  active.awake = false;
  clock.advance(5 * PING_EVERY_MS);
  expect(names()).toEqual(['engineHere 7', 'engineUnresponsive 7']);
  watch.here(8);
  expect(watch.state).toMatchObject({ epoch: 8, engine: '', responsive: true });
  watch.holds(standby, 8);
  clock.advance(60_000);
  expect([watch.state.engine, names()]).toEqual(['standby', ['engineHere 8']]);
  // The late former owner wakes: what it answers counts for nothing.
  standby.awake = false;
  active.awake = true;
  clock.advance(5 * PING_EVERY_MS);
  expect(names()).toEqual(['engineUnresponsive 8']);
});

test('gone and back: told once each; a second connection of the same epoch is no news', () => {
  const { watch, names, clock } = watching();
  watch.here(7);
  watch.here(7);
  watch.gone();
  watch.gone();
  clock.advance(100);
  watch.here(7);
  expect(names()).toEqual(['engineHere 7', 'engineGone 7', 'engineHere 7']);
  expect(watch.state.sinceMs).toBe(clock.nowMs);
});
