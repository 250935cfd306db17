// What holds whatever happens in whatever order: random lives of a small pool in a world that answers as badly as it may.
import fc from 'fast-check';
import { type Call } from '../../../engine/core/call';
import { type Context } from '../../../engine/core/context';
import { createState, step } from '../../../engine/core/step';
import { TRANSITIONS } from '../../../engine/core/transitions';
import { routingMethod } from '../../../storage/model/agent-group';
import { POOL } from './support/sample';
import { DOMAIN } from './support/wild-flow';
import { type Whim, WildWorld } from './support/wild-world';

interface Watched {
  act: (context: Context, call: Call, phase: unknown, news: unknown) => void;
  readonly to: readonly string[];
}

// Short waits let things cross, long ones let everything come due.
const waits = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 400 }) }, { weight: 3, arbitrary: fc.integer({ min: 400, max: 9_000 }) }, { weight: 1, arbitrary: fc.integer({ min: 9_000, max: 70_000 }) });
const whims: fc.Arbitrary<Whim[]> = fc.array(fc.record({ pick: fc.nat(9973), how: fc.nat(9973), wait: waits }), { minLength: 1, maxLength: 140, size: 'max' });

const method = fc.constantFrom(...routingMethod.options);
const methods = fc.tuple(method, method);

const seen = new Set<string>();
let takeovers = 0;
let inOrder = 0;
let transfers = 0;
let picks = 0;
let pauses = 0;
const instructed = new Set<string>();

/** Every edge that is walked is held against the table's own word of where it may lead. */
const walked = new Set<string>();
for (const [state, row] of Object.entries(TRANSITIONS)) {
  for (const [input, edge] of Object.entries(row as Record<string, Watched | null>)) {
    if (edge === null) continue;
    const { act } = edge;
    edge.act = (context, call, phase, news) => {
      act(context, call, phase, news);
      const next = context.state.calls.has(call.callId) ? call.phase.state : 'over';
      if (!edge.to.includes(next)) throw new Error(`${input} led from ${state} to ${next}`);
      walked.add(`${state} × ${input} → ${next}`);
    };
  }
}

/**
 * After every step: no call in two places, no agent with two legs, no offer of one agent twice, first come first served, nobody waits
 * while an eligible agent is free, no timer lost, one winner, whatever changed is touched. In the end: one record a call, nothing left.
 */
test('whatever happens, every call, agent, timer and record is accounted for', () => {
  const lives = (numRuns: number): void => {
    fc.assert(fc.property(methods, whims, (routing, lived) => {
      const world = new WildWorld(routing);
      for (const whim of lived) world.live(whim);
      world.finish();
      for (const state of world.seenStates) seen.add(state);
      takeovers += world.takeovers;
      inOrder += world.inOrder;
      transfers += world.transfers.closed;
      picks += world.picks;
      pauses += world.pauses;
      for (const outcome of world.instructions.seen) instructed.add(outcome);
    }), { numRuns, endOnFailure: true });
  };
  lives(120);
  // A state that chance has left out is lived for, as long as chance may be to blame.
  for (let more = 0; more < 20 && seen.size < Object.keys(TRANSITIONS).length; more += 1) lives(60);
});

test('the lives lived above came through every state, and through takeovers', () => {
  expect([...seen].sort()).toEqual(Object.keys(TRANSITIONS).sort());
  expect(takeovers).toBeGreaterThan(50);
  expect(inOrder).toBeGreaterThan(15);
  expect(transfers).toBeGreaterThan(15);
  expect(picks).toBeGreaterThan(0);
  expect(pauses).toBeGreaterThan(0);
  expect([...instructed].sort()).toEqual(expect.arrayContaining(['done', 'notWaiting']));
  expect(walked.size).toBeGreaterThan(90);
});

test('the same events at the same times have the same effects', () => {
  fc.assert(fc.property(methods, whims, (routing, lives) => {
    const world = new WildWorld(routing);
    world.takeOver = () => undefined;
    for (const whim of lives) world.live(whim);
    const state = createState(POOL, { domain: DOMAIN });
    const results = world.history.map(({ event, now }) => step(state, event, now));
    expect(results).toEqual(world.results);
  }), { numRuns: 15, endOnFailure: true });
});
