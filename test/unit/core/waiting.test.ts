// What vectors cannot tell of waiting: what people see, what another engine goes on with, the pace of a queue, and who leads where.
import fc from 'fast-check';
import { expectedWaitSeconds } from '../../../engine/core/announcements';
import { updateOf } from '../../../engine/core/configuration';
import { agentJournal, callJournal, journalAgent, journalCall, restoreAgent, restoreCall } from '../../../engine/core/journal';
import { type Candidate, ROUTING } from '../../../engine/core/routing';
import { createState, type PoolState, step } from '../../../engine/core/step';
import { type Now } from '../../../engine/core/types';
import { agentActivity, liveGroup } from '../../../engine/core/view';
import { type CallAction } from '../../../storage/model/call-action';
import { PoliteWorld } from './support/polite-world';
import { aDuty, aGroup, anAgent, anArrival, aQueue, aWorkflow, drop, onDuty, POOL, put, someSettings } from './support/sample';

const toQueue = (queueId: string): CallAction => ({ kind: 'queue', queueId, prompt: null });
const nowOf = (world: PoliteWorld): Now => ({ monotonicMs: world.nowMs, civil: world.civil });

/** Two groups: `help` rings alice and bob, `desk` is picked by dora. */
function twoGroups(): PoliteWorld {
  const world = new PoliteWorld();
  world.nowMs = 10_000;
  world.configure(
    put('workflows', aWorkflow('help')), put('queues', aQueue('q-help', { agentGroupIds: ['g1'], announceSeconds: 30 })), put('agentGroups', aGroup('g1', { agentIds: ['alice', 'bob'], participation: 'formal', autoPauseAfter: 1 })),
    put('workflows', aWorkflow('desk')), put('queues', aQueue('q-desk', { agentGroupIds: ['g2'] })), put('agentGroups', aGroup('g2', { agentIds: ['dora'], routingMethod: 'attendant' })), ...onDuty('alice', 'bob', 'dora'),
  );
  world.register('alice', 'bob', 'dora');
  return world;
}

function takeOver(world: PoliteWorld): { readonly state: PoolState; readonly now: Now } {
  const now: Now = { monotonicMs: 5, civil: world.civil };
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  const state = createState(POOL);
  step(state, { type: 'configurationChanged', update: updateOf(world.state.configuration) }, now);
  for (const { agentId, reachable } of world.state.agents.values()) if (reachable) step(state, { type: 'phoneChanged', agentId, reachable }, now);
  for (const agentId of world.state.agents.keys()) restoreAgent(state, agentJournal.parse(plain(journalAgent(world.state, agentId, nowOf(world)))), now);
  for (const callId of world.state.calls.keys()) restoreCall(state, callJournal.parse(plain(journalCall(world.state, callId, nowOf(world)))), now);
  return { state, now };
}

test('first come is first served within one millisecond, and while the clock has been set back', () => {
  const world = twoGroups();
  const hourMs = 3_600_000;
  // By their ids, the last to come would be the first.
  const came = ['z', 'y', 'x', 'w', 'v'];
  for (const [at, callId] of came.entries()) {
    const civil = new Date(world.civil.getTime() + [0, hourMs, -hourMs, -hourMs, 0][at]!);
    step(world.state, { type: 'callArrived', arrival: anArrival(callId, 'desk') }, { monotonicMs: world.nowMs, civil });
    step(world.state, { type: 'callerAnswered', callId }, { monotonicMs: world.nowMs, civil });
  }
  const now: Now = { monotonicMs: world.nowMs, civil: world.civil };
  expect(liveGroup(world.state, 'desk', now).callers.map(({ callId }) => callId)).toEqual(came);
});

test('people see who is paused, and who is signed in to a formal group', () => {
  const world = twoGroups();
  world.configure(put('duties', aDuty('alice', true, { signedIn: ['g1'], pause: { reason: 'lunch', since: world.civil, until: new Date(world.civil.getTime() + 60_000), by: 'agent' } })));
  const seen = () => liveGroup(world.state, 'help', nowOf(world)).agents.map(({ agentId, activity, signedIn }) => `${agentId} ${activity} ${signedIn}`);
  expect(seen()).toEqual(['alice paused true', 'bob free false']);
  world.until(70_001);
  expect(seen()).toEqual(['alice free true', 'bob free false']);
});

test('a caller who moved is shown to the agents who may pick, and to the group that was dialled, also when they talk', () => {
  const world = twoGroups();
  world.call('c1', 'help');
  const shown = (workflowId: string) => liveGroup(world.state, workflowId, nowOf(world)).callers.map(({ callId, state, queueId, agentId, ringing, priority }) => ({ callId, state, queueId, agentId, ringing, priority }));
  expect([shown('help'), shown('desk')]).toEqual([[{ callId: 'c1', state: 'waiting', queueId: 'q-help', agentId: null, ringing: [], priority: 3 }], []]);
  world.post({ type: 'moveCaller', instructionId: 'i1', callId: 'c1', queueId: 'q-desk' });
  expect([...world.last?.touchedWorkflows ?? []].sort()).toEqual(['desk', 'help']);
  world.post({ type: 'setPriority', instructionId: 'i2', callId: 'c1', priority: 2 });
  world.post({ type: 'pickCaller', instructionId: 'i3', callId: 'c1', agentId: 'dora' });
  const ringing = { callId: 'c1', state: 'ringing', queueId: 'q-desk', agentId: 'dora', ringing: ['dora'], priority: 2 };
  expect([shown('help'), shown('desk')]).toEqual([[ringing], [ringing]]);
  world.answer('dora');
  const talking = { callId: 'c1', state: 'talking', agentId: 'dora', ringing: [], priority: 2 };
  expect([shown('help'), shown('desk')]).toMatchObject([[talking], [talking]]);
  world.hangUp('c1');
  expect([shown('help'), shown('desk')]).toEqual([[], []]);
  expect(world.effects.findLast(({ type }) => type === 'record')).toMatchObject({ record: { workflowId: 'help', queueId: 'q-desk', priority: 2, outcome: 'answered', steps: [{ why: 'moved', to: 'queue:q-desk' }] } });
});

test('a pause for unanswered offers outlives the engine until the duty says it; the next engine asks for it to be written again', () => {
  const world = twoGroups();
  world.configure(put('duties', aDuty('alice', true, { signedIn: ['g1'] })));
  world.call('c1');
  world.until(30_000);
  expect(agentActivity(world.state, 'alice', nowOf(world))).toBe('paused');
  const { state, now } = takeOver(world);
  expect(step(state, { type: 'wake' }, now).effects).toMatchObject([{ type: 'pauseAgent', agentId: 'alice', unanswered: 1 }, { type: 'play', playId: 'c1.p1' }]);
  expect(agentActivity(state, 'alice', now)).toBe('paused');
  const written = aDuty('alice', true, { signedIn: ['g1'], pause: { reason: '', since: now.civil, until: null, by: 'unanswered' } });
  world.configure(put('duties', written));
  const later = takeOver(world);
  expect(step(later.state, { type: 'wake' }, later.now).effects.filter(({ type }) => type === 'pauseAgent')).toEqual([]);
  expect(agentActivity(later.state, 'alice', later.now)).toBe('paused');
});

test('an announcement goes on where it was on another machine, and so does the time to the next', () => {
  const world = twoGroups();
  delete world.replies.play;
  world.call('c1');
  world.until(40_000);
  world.post({ type: 'playStarted', callId: 'c1', playId: 'c1.p2', durationMs: 4_000 });
  world.until(41_000);
  const { state, now } = takeOver(world);
  expect(step(state, { type: 'wake' }, now)).toMatchObject({ effects: [], wakeAtMs: now.monotonicMs + 3_000 });
  const ended = step(state, { type: 'wake' }, { monotonicMs: now.monotonicMs + 3_000, civil: new Date(now.civil.getTime() + 3_000) });
  expect(ended).toMatchObject({ effects: [{ type: 'play', sound: { kind: 'music' } }], wakeAtMs: now.monotonicMs + 29_000 });
});

test('an agent is told how long the caller waited since the first queue, and nothing where the pool hides it', () => {
  const world = twoGroups();
  world.call('c1');
  world.until(25_000);
  world.post({ type: 'moveCaller', instructionId: 'i1', callId: 'c1', queueId: 'q-desk' });
  world.until(30_000);
  const effects = world.post({ type: 'pickCaller', instructionId: 'i2', callId: 'c1', agentId: 'dora' });
  expect(effects.find(({ type }) => type === 'offer')).toMatchObject({ context: { waitedMs: 20_000, answers: [] }, groupName: 'help' });
  world.configure(put('settings', someSettings({ callContextShown: false })));
  world.end('dora', 'declined');
  expect(world.post({ type: 'pickCaller', instructionId: 'i3', callId: 'c1', agentId: 'dora' }).find(({ type }) => type === 'offer')).toMatchObject({ context: null });
});

test('the expected wait is the position times the mean time between the latest served, and unknown with fewer than three', () => {
  const connected = fc.array(fc.integer({ min: 1, max: 3_600_000 }), { maxLength: 20 }).map((all) => [...all].sort((a, b) => a - b));
  fc.assert(fc.property(connected, fc.integer({ min: 1, max: 50 }), (connectedAtMs, position) => {
    const nowMs = 3_600_001;
    const latest = connectedAtMs.filter((ms) => nowMs - ms < 1_800_000);
    const gaps = latest.slice(1).map((ms, index) => ms - (latest[index] ?? 0));
    const expected = latest.length < 3 ? null : (position * gaps.reduce((sum, gap) => sum + gap, 0)) / gaps.length / 1000;
    expect(expectedWaitSeconds({ connectedAtMs }, position, nowMs)).toEqual(expected === null ? null : expect.closeTo(expected, 6) as unknown);
  }));
});

test('round robin and serial choose as if the whole list were sorted, and name the first four', () => {
  const lists = fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(lists, fc.option(fc.nat(200), { nil: null }), (positions, lastPosition) => {
    const candidates = positions.map((position): Candidate => ({ agentId: `a${position}`, name: `a${position}`, idleSinceMs: 0, position }));
    const last = lastPosition === null ? null : { name: 'last', position: lastPosition };
    const fromTop = [...positions].sort((a, b) => a - b);
    const inTurn = last === null ? fromTop : [...fromTop.filter((position) => position > last.position), ...fromTop.filter((position) => position <= last.position)];
    for (const [method, order] of [['serial', fromTop], ['roundRobin', inTurn]] as const) {
      const { chosen, reason } = ROUTING[method].choose(candidates, { nowMs: 0, last: () => last });
      expect(chosen.map(({ position }) => position)).toEqual(order.slice(0, 1));
      expect(reason).toContain(order.slice(0, 4).map((position) => `a${position}`).join(', '));
      expect(reason.includes(' more')).toBe(order.length > 4);
    }
  }));
});

test('a queue knows every workflow that leads to it, also by way of other queues that lead in a circle', () => {
  const world = new PoliteWorld();
  const leadingTo = (queueId: string): string[] => [...world.state.queues.get(queueId)?.workflowIds ?? []].sort();
  const second = aQueue('q-second', { timeoutAction: toQueue('q-third') });
  world.configure(put('workflows', aWorkflow('help')), put('workflows', aWorkflow('sales', { closedAction: toQueue('q-second') })), put('queues', aQueue('q-help', { overflowAction: toQueue('q-second') })), put('queues', second), put('queues', aQueue('q-third', { noAgentsAction: toQueue('q-help') })));
  expect(['q-help', 'q-second', 'q-third', 'q-sales'].map(leadingTo)).toEqual([['help', 'sales'], ['help', 'sales'], ['help', 'sales'], ['sales']]);
  world.configure(put('queues', { ...second, timeoutAction: { kind: 'disconnect', prompt: null } }));
  expect(['q-help', 'q-second', 'q-third'].map(leadingTo)).toEqual([['help'], ['help', 'sales'], []]);
  world.configure(drop('workflows', aWorkflow('help')));
  expect(['q-help', 'q-second', 'q-third'].map(leadingTo)).toEqual([[], ['sales'], []]);
});

test('an agent whose own phone has a call is not offered one', () => {
  const world = twoGroups();
  world.configure(put('agents', anAgent('carla')), put('duties', aDuty('carla', true)), put('agentGroups', aGroup('g1', { agentIds: ['carla'] })));
  world.register('carla');
  world.call('own', 'desk', { agentId: 'carla', callerNumber: 'carla' });
  expect(agentActivity(world.state, 'carla', nowOf(world))).toBe('talking');
  expect(world.call('c1').some(({ type }) => type === 'offer')).toBe(false);
  expect(world.hangUp('own')).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'offer', agentId: 'carla', callId: 'c1' })]));
});
