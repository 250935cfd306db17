// Restoring from plain data: every state is a legal one again, and no clock makes a wait longer than it was.
import { type CallState } from '../../../engine/core/call';
import { updateOf } from '../../../engine/core/configuration';
import { agentJournal, callJournal, type CallJournal, journalAgent, journalCall, restoreAgent, restoreCall } from '../../../engine/core/journal';
import { createState, step } from '../../../engine/core/step';
import { TRANSITIONS } from '../../../engine/core/transitions';
import { type Effect, type Now } from '../../../engine/core/types';
import { deadlinesOf, faultsOf } from './support/invariants';
import { PoliteWorld } from './support/polite-world';
import { aDuty, aGroup, anAgent, anArrival, aQueue, aWorkflow, POOL, put, someSettings } from './support/sample';
import { inState } from './support/situations';

const STATES = Object.keys(TRANSITIONS) as CallState[];
const nowOf = (world: PoliteWorld): Now => ({ monotonicMs: world.nowMs, civil: new Date(Date.UTC(2026, 0, 5, 9) + world.nowMs) });

/** Journal, through JSON, into a pool on another machine, whose clocks are elsewhere. */
function takeOver(world: PoliteWorld, later: Now) {
  const now = nowOf(world);
  const state = createState(POOL);
  step(state, { type: 'configurationChanged', update: updateOf(world.state.configuration) }, later);
  for (const { agentId, reachable } of world.state.agents.values()) if (reachable) step(state, { type: 'phoneChanged', agentId, reachable }, later);
  for (const agentId of world.state.agents.keys()) restoreAgent(state, agentJournal.parse(JSON.parse(JSON.stringify(journalAgent(world.state, agentId, now)))), later);
  for (const callId of world.state.calls.keys()) restoreCall(state, callJournal.parse(JSON.parse(JSON.stringify(journalCall(world.state, callId, now)))), later);
  return state;
}

/** What is asked for once more of the call each state is brought to, by the names it had. */
const DUE: { readonly [S in CallState]: readonly (readonly [Effect['type'], string])[] } = {
  arriving: [['answer', '']],
  welcoming: [['play', 'c1.p1']],
  asking: [['play', 'c1.p2']],
  queued: [['play', 'c1.p2']],
  offering: [['play', 'c1.p2']],
  forwarding: [['play', 'c1.p3']],
  connecting: [['withdraw', 'c1.2'], ['connect', 'c1.1']],
  talking: [['withdraw', 'c1.2']],
  transferring: [['withdraw', 'c1.2'], ['separate', ''], ['play', 'c1.p3']],
  leaving: [['play', 'c1.p3']],
  promised: [],
  calling: [],
  returning: [['welcomeBack', 'c0-back.1']],
  ending: [['endAgentLeg', 'c1.1'], ['withdraw', 'c1.2']],
};

describe.each(STATES)('a call that is %s', (name) => {
  test('is the same on another machine 2 s later', () => {
    const world = inState(name);
    const later: Now = { monotonicMs: 77_000, civil: new Date(nowOf(world).civil.getTime() + 2_000) };
    const before = deadlinesOf(world.state).map((ms) => ms - world.nowMs - 2_000).sort((a, b) => a - b);
    const state = takeOver(world, later);
    expect(deadlinesOf(state).map((ms) => ms - later.monotonicMs).sort((a, b) => a - b)).toEqual(before);
    const { effects, wakeAtMs } = step(state, { type: 'wake' }, later);
    expect(faultsOf(state, later.monotonicMs, wakeAtMs)).toEqual([]);
    // A key may have been lost between the two engines, so the question is asked again, which is no attempt.
    expect(effects.filter(({ type }) => type !== 'decided').map((effect) => [effect.type, 'playId' in effect ? effect.playId : 'offerId' in effect ? effect.offerId : ''])).toEqual(DUE[name]);
    if (name === 'asking') expect(state.calls.get('c1')).toMatchObject({ plays: 2, questionsAsked: 2, phase: { state: 'asking', failed: 0, moment: 'asked' } });
    else expect(journalCall(state, world.subject, later)).toEqual(journalCall(world.state, world.subject, nowOf(world)));
  });

  test.each([['set back a day', -86_400_000], ['a day ahead', 86_400_000]])('has between nothing and its original time left where the clock is %s', (_title, skew) => {
    const world = inState(name);
    const originals = deadlinesOf(world.state).map((ms) => ms - world.nowMs).sort((a, b) => a - b);
    const later: Now = { monotonicMs: 5, civil: new Date(nowOf(world).civil.getTime() + skew) };
    const state = takeOver(world, later);
    const left = deadlinesOf(state).map((ms) => Math.max(0, ms - later.monotonicMs)).sort((a, b) => a - b);
    expect(left).toEqual(skew < 0 ? originals : originals.map(() => 0));
    const { wakeAtMs } = step(state, { type: 'wake' }, later);
    expect(faultsOf(state, later.monotonicMs, wakeAtMs)).toEqual([]);
  });
});

test('a waiting caller whose group was deleted meanwhile is turned away by the first step', () => {
  const world = inState('queued');
  const journal = journalCall(world.state, 'c1', nowOf(world)) as CallJournal;
  const state = createState(POOL);
  restoreCall(state, journal, nowOf(world));
  expect(step(state, { type: 'wake' }, nowOf(world)).effects).toMatchObject([{ type: 'play' }, { type: 'decided', reason: 'the group was deleted' }, { type: 'endCallerLeg', callId: 'c1' }]);
});

test('a rest goes on where it was', () => {
  const world = inState('offering');
  world.post({ type: 'legEnded', callId: 'c1', offerId: 'c1.1', outcome: 'declined' });
  const later: Now = { monotonicMs: 500_000, civil: new Date(nowOf(world).civil.getTime() + 20_000) };
  const state = takeOver(world, later);
  expect(state.agents.get('alice')).toMatchObject({ free: false, rest: { because: 'declined', untilMs: 500_000 + 40_000, originalMs: 60_000 } });
});

test('round robin goes on with whose turn it was', () => {
  const world = new PoliteWorld();
  world.configure(put('workflows', aWorkflow('help')), put('queues', aQueue('q-help', { agentGroupIds: ['g1'] })), put('agentGroups', aGroup('g1', { agentIds: ['alice', 'bob', 'carla'], routingMethod: 'roundRobin' })), put('settings', someSettings()),
    ...['alice', 'bob', 'carla'].flatMap((id) => [put('agents', anAgent(id)), put('duties', aDuty(id, true))]));
  world.register('alice', 'bob', 'carla');
  const rung = (effects: readonly Effect[]): string[] => effects.flatMap((effect) => (effect.type === 'offer' ? [effect.agentId] : []));
  for (const [callId, agentId] of [['c1', 'alice'], ['c2', 'bob']] as const) {
    expect(rung(world.call(callId))).toEqual([agentId]);
    world.hangUp(callId);
  }
  const later: Now = { monotonicMs: 77_000, civil: new Date(nowOf(world).civil.getTime() + 2_000) };
  const state = takeOver(world, later);
  step(state, { type: 'wake' }, later);
  step(state, { type: 'callArrived', arrival: anArrival('c3', 'help') }, later);
  const { effects } = step(state, { type: 'callerAnswered', callId: 'c3' }, later);
  expect(rung(effects)).toEqual(['carla']);
});

test('restoring a call twice changes nothing', () => {
  const world = inState('offering');
  const journal = journalCall(world.state, 'c1', nowOf(world)) as CallJournal;
  const call = world.state.calls.get('c1');
  restoreCall(world.state, journal, nowOf(world));
  expect(world.state.calls.get('c1')).toBe(call);
});

test('a journal whose legs and phase contradict each other does not parse', () => {
  const world = inState('offering');
  const journal = journalCall(world.state, 'c1', nowOf(world)) as CallJournal;
  expect(callJournal.safeParse(journal).success).toBe(true);
  expect(callJournal.safeParse({ ...journal, legs: [] }).success).toBe(false);
  expect(callJournal.safeParse({ ...journal, phase: { state: 'talking', winner: 'c1.1' } }).success).toBe(false);
  expect(callJournal.safeParse({ ...journal, phase: { state: 'arriving' } }).success).toBe(false);
});

describe('a transfer that another engine takes over', () => {
  const later = (world: PoliteWorld): Now => ({ monotonicMs: 77_000, civil: new Date(nowOf(world).civil.getTime() + 2_000) });

  test('goes back to the queue when the agent is gone and the target is not reached', () => {
    const world = inState('transferring');
    world.post({ type: 'legEnded', callId: 'c1', offerId: 'c1.1', outcome: 'hungUp' });
    const state = takeOver(world, later(world));
    step(state, { type: 'wake' }, later(world));
    const { effects } = step(state, { type: 'legEnded', callId: 'c1', offerId: 'c1.3', outcome: 'failed' }, later(world));
    expect(effects).toMatchObject([{ type: 'transferProgress', transferId: 't1', status: 503 }, { type: 'decided' }, { type: 'decided' }, { type: 'offer', agentId: 'alice' }, { type: 'play', sound: { kind: 'music' } }]);
    expect(state.calls.get('c1')?.draft.steps).toMatchObject([{ why: 'transferred', to: 'agent:carla' }]);
  });

  test('gives the agent the caller back who is there still', () => {
    const world = inState('transferring');
    const state = takeOver(world, later(world));
    step(state, { type: 'wake' }, later(world));
    expect(step(state, { type: 'legEnded', callId: 'c1', offerId: 'c1.3', outcome: 'declined' }, later(world)).effects).toContainEqual({ type: 'connect', callId: 'c1', offerId: 'c1.1' });
  });

  test('knows a leg that came from another call, by whichever call it is told of', () => {
    const world = inState('talking');
    world.call('c2', 'carla', { agentId: 'alice' });
    world.post({ type: 'callerAnswered', callId: 'c2' });
    world.post({ type: 'offerAnswered', callId: 'c2', offerId: 'c2.1' });
    world.post({ type: 'connected', callId: 'c2', offerId: 'c2.1' });
    world.post({ type: 'transferAsked', callId: 'c1', offerId: 'c1.1', transferId: 't1', target: { kind: 'consultation', callId: 'c2' } });
    const state = takeOver(world, later(world));
    expect(faultsOf(state, 77_000, step(state, { type: 'wake' }, later(world)).wakeAtMs)).toEqual([]);
    expect(state.agents.get('alice')?.calling).toEqual(new Set(['c2']));
    expect(step(state, { type: 'connected', callId: 'c2', offerId: 'c2.1' }, later(world)).effects).toMatchObject([{ type: 'transferProgress', status: 200 }, { type: 'decided' }, { type: 'endAgentLeg', callId: 'c1', offerId: 'c1.1' }]);
    expect(step(state, { type: 'legEnded', callId: 'c2', offerId: 'c2.1', outcome: 'hungUp' }, later(world)).effects).toContainEqual({ type: 'endCallerLeg', callId: 'c1' });
  });
});
