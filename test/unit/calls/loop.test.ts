// The loop around the core, and phone tests.
import { Loop } from '../../../engine/calls/loop';
import { type CoreEvent, type Effect, type StepResult } from '../../../engine/core/types';
import { World } from '../../support/calls-world';
import { ManualTimers, settle } from '../../support/manual-timers';

const nothing: StepResult = { effects: [], touchedCalls: new Set(), touchedAgents: new Set(), touchedWorkflows: new Set(), wakeAtMs: null };
const effect = (callId: string): Effect => ({ type: 'endCallerLeg', callId });
const arrival = (callId: string): CoreEvent => ({ type: 'callerAnswered', callId });

function loopOver(step: (event: CoreEvent) => StepResult, carry: (effect: Effect, loop: Loop) => void = () => undefined) {
  const timers = new ManualTimers();
  const seen: string[] = [];
  const failed: unknown[] = [];
  const loop: Loop = new Loop({
    timers, civil: () => new Date(0),
    step: (event) => { seen.push(event.type === 'wake' ? `wake@${timers.nowMs()}` : 'callId' in event ? event.callId : event.type); return step(event); },
    carry: (each) => { carry(each, loop); },
    touched: () => undefined,
    failed: (fault) => { failed.push(fault); },
  });
  return { loop, timers, seen, failed };
}

test('an event posted while a step runs waits until all effects of that step are carried out', () => {
  const carried: string[] = [];
  const { loop, seen } = loopOver((event) => ('callId' in event && event.callId === 'a' ? { ...nothing, effects: [effect('1'), effect('2')] } : nothing), (each, it) => {
    carried.push(`${'callId' in each ? each.callId : ''} after ${seen.length}`);
    it.post(arrival('b'));
  });
  loop.post(arrival('a'));
  expect(carried).toEqual(['1 after 1', '2 after 1']);
  expect(seen).toEqual(['a', 'b', 'b']);
});

test('a fault in one effect is told, and stops neither the other effects nor the loop', () => {
  const carried: string[] = [];
  const { loop, failed, seen } = loopOver(() => ({ ...nothing, effects: [effect('bad'), effect('good')] }), (each) => {
    if ('callId' in each && each.callId === 'bad') throw new Error('bad');
    carried.push('good');
  });
  loop.post(arrival('a'));
  loop.post(arrival('b'));
  expect([failed.length, carried.length, seen.length]).toEqual([2, 2, 2]);
});

test('woken once when the core asked for it, and the latest asking holds', async () => {
  let wakeAtMs: number | null = null;
  const { loop, timers, seen } = loopOver(() => ({ ...nothing, wakeAtMs }));
  wakeAtMs = timers.nowMs() + 500.5;
  loop.post(arrival('a'));
  wakeAtMs = timers.nowMs() + 100;
  loop.post(arrival('b'));
  wakeAtMs = null;
  await timers.pass(10_000);
  expect(seen).toEqual(['a', 'b', 'wake@1100']);
});

describe('ring my phone', () => {
  const ringing = async (): Promise<World> => {
    const world = new World();
    world.group();
    world.loop.post({ type: 'phoneTest', testId: 't1', agentId: 'bob' });
    await settle();
    return world;
  };

  test('answered: the sentence is said, told as done, then we hang up', async () => {
    const world = await ringing();
    const bob = world.phone('bob');
    expect(bob.outgoing.headers?.['Call-ID']).toBe('t1');
    bob.says(180);
    bob.answers();
    await settle();
    expect(world.told).toEqual([{ testId: 't1', outcome: { kind: 'done' } }]);
    expect(world.byes).toEqual([]);
    await world.timers.pass(4_000);
    expect(world.byes).toHaveLength(1);
    expect(world.eventsOf('phoneTestEnded')).toHaveLength(1);
    expect(world.media.done.at(-1)).toBe('release t1');
    expect(world.state.agents.get('bob')?.leg).toBeNull();
  });

  test.each([[486, 'busy'], [603, 'declined'], [404, 'unreachable'], [500, 'failed']])('%i: refused as %s', async (status, reason) => {
    const world = await ringing();
    world.phone('bob').says(status);
    expect(world.told).toEqual([{ testId: 't1', outcome: { kind: 'refused', reason } }]);
    expect(world.eventsOf('phoneTestEnded')).toHaveLength(1);
  });

  test('nobody answers: cancelled, refused as noAnswer', async () => {
    const world = await ringing();
    world.phone('bob').says(180);
    await world.timers.pass(20_000);
    expect(world.phone('bob').cancelledWith).not.toBeNull();
    expect(world.told).toEqual([{ testId: 't1', outcome: { kind: 'refused', reason: 'noAnswer' } }]);
  });

  test.each(['anchorOfferless', 'completeOfferless', 'play'] as const)('media that never answers at %s: refused as failed, the phone is let go', async (step) => {
    const world = new World();
    world.group();
    world.media.stallOnce(step);
    world.loop.post({ type: 'phoneTest', testId: 't1', agentId: 'bob' });
    await settle();
    if (world.rings.length > 0) {
      world.phone('bob').says(180);
      world.phone('bob').answers();
    }
    await world.timers.pass(10_000);
    expect(world.told).toEqual([{ testId: 't1', outcome: { kind: 'refused', reason: 'failed' } }]);
    expect(world.eventsOf('phoneTestEnded')).toHaveLength(1);
    expect(world.switchboard.size).toBe(0);
  });
});
