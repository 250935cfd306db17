// What tables cannot tell: races, phone tests, what people see, and the record a call leaves.
import { agentActivity, liveGroup } from '../../../engine/core/view';
import { type Effect } from '../../../engine/core/types';
import { inWords, PoliteWorld } from './support/polite-world';
import { aDuty, aGroup, aQueue, aWorkflow, onDuty, put, said } from './support/sample';

function helpDesk(): PoliteWorld {
  const world = new PoliteWorld();
  world.configure(put('workflows', aWorkflow('help')), put('queues', aQueue('q-help', { agentGroupIds: ['g1'] })), put('agentGroups', aGroup('g1', { agentIds: ['alice', 'bob'] })), ...onDuty('alice', 'bob'));
  world.register('alice', 'bob');
  world.nowMs = 10_000;
  return world;
}

const words = (effects: readonly Effect[]): string[] => inWords(effects, (offerId) => offerId);
const civil = (ms: number): Date => new Date(Date.UTC(2026, 0, 5, 9) + ms);

test.each([['alice', 'c1.1', 'bob', 'c1.2'], ['bob', 'c1.2', 'alice', 'c1.1']])('two answers at once: %s was first and wins, the other is ended and free again', (_winner, first, loser, second) => {
  const world = helpDesk();
  delete world.replies.withdraw;
  world.call('c1');
  expect(words(world.post({ type: 'offerAnswered', callId: 'c1', offerId: first }))).toEqual([`c1: withdraw ${second} completedElsewhere`, `c1: connect ${first}`]);
  expect(words(world.post({ type: 'offerAnswered', callId: 'c1', offerId: second }))).toEqual([`c1: end ${second}`]);
  expect(agentActivity(world.state, loser, { monotonicMs: world.nowMs, civil: civil(world.nowMs) })).toBe('free');
  world.hangUp('c1');
  expect(world.effects.findLast(({ type }) => type === 'record')).toMatchObject({ record: { outcome: 'answered', offers: expect.arrayContaining([{ agentId: loser, attempt: Number(second.slice(3)), offeredAt: civil(10_000), endedAt: civil(10_000), outcome: 'withdrawn' }]) } });
});

test('the loser of two answers who hangs up takes nobody down', () => {
  const world = helpDesk();
  delete world.replies.withdraw;
  delete world.replies.endAgentLeg;
  world.call('c1');
  world.post({ type: 'offerAnswered', callId: 'c1', offerId: 'c1.1' });
  world.post({ type: 'offerAnswered', callId: 'c1', offerId: 'c1.2' });
  expect(world.post({ type: 'legEnded', callId: 'c1', offerId: 'c1.2', outcome: 'hungUp' })).toEqual([]);
  expect(world.state.calls.get('c1')?.phase.state).toBe('talking');
});

test('an answer that crosses the alert time wins when it is told before the deadline is looked at', () => {
  const world = helpDesk();
  world.call('c1');
  world.nowMs = 10_000 + 20_001;
  expect(words(world.post({ type: 'offerAnswered', callId: 'c1', offerId: 'c1.1' }))).toContain('c1: connect c1.1');
});

test('an agent who is still being withdrawn is not free for the next caller', () => {
  const world = helpDesk();
  delete world.replies.withdraw;
  world.call('c1');
  world.hangUp('c1');
  expect(words(world.call('c2'))).toEqual(['c2: answer', 'c2: play music']);
  expect(words(world.post({ type: 'legEnded', callId: 'c1', offerId: 'c1.2', outcome: 'withdrawn' }))).toEqual(['c2: ring bob']);
  expect(words(world.post({ type: 'legEnded', callId: 'c1', offerId: 'c1.1', outcome: 'withdrawn' }))).toEqual(['c1: abandoned by caller', 'c2: ring alice']);
});

test('a phone that declines while it is withdrawn has declined', () => {
  const world = helpDesk();
  delete world.replies.withdraw;
  world.call('c1');
  world.answer('alice');
  world.post({ type: 'legEnded', callId: 'c1', offerId: 'c1.2', outcome: 'declined' });
  expect(world.state.agents.get('bob')?.rest).toMatchObject({ because: 'declined', untilMs: 70_000 });
});

test('a caller is rung for before the music is asked for, and the music plays on through rings', () => {
  const world = helpDesk();
  const effects = [...world.call('c1'), ...world.until(60_000)].filter(({ type }) => type !== 'decided');
  expect(effects.map(({ type }) => type).slice(0, 4)).toEqual(['answer', 'offer', 'offer', 'play']);
  expect(effects.filter(({ type }) => type === 'play')).toHaveLength(1);
});

test('a welcome is heard to its end, then the caller joins; what is played that never begins holds nobody up', () => {
  const world = helpDesk();
  world.configure(put('workflows', aWorkflow('help', { welcome: said('hello'), language: 'de-DE' })));
  expect(world.call('c1')).toMatchObject([{ type: 'answer' }, { type: 'play', playId: 'c1.p1', repeat: false, sound: { kind: 'prompt', prompt: said('hello'), language: 'de-DE' } }]);
  expect(world.until(12_999)).toEqual([]);
  expect(words(world.until(13_000))).toEqual(['c1: ring alice', 'c1: ring bob', 'c1: play music']);
  delete world.replies.play;
  world.call('c2');
  expect(words(world.until(22_999))).toEqual([]);
  expect(words(world.until(23_000))).toEqual(['c2: play music']);
});

test('a phone test rings the agent and nobody else does meanwhile', () => {
  const world = helpDesk();
  const now = { monotonicMs: world.nowMs, civil: civil(world.nowMs) };
  expect(world.post({ type: 'phoneTest', testId: 't1', agentId: 'alice' })).toEqual([{ type: 'ringTest', testId: 't1', agentId: 'alice' }]);
  expect(agentActivity(world.state, 'alice', now)).toBe('ringing');
  expect(words(world.call('c1'))).toEqual(['c1: answer', 'c1: ring bob', 'c1: play music']);
  expect(world.post({ type: 'phoneTest', testId: 't2', agentId: 'bob' })).toEqual([{ type: 'refuseTest', testId: 't2', reason: 'busy' }]);
  expect(world.post({ type: 'phoneTest', testId: 't3', agentId: 'nobody' })).toEqual([{ type: 'refuseTest', testId: 't3', reason: 'unknownAgent' }]);
  expect(words(world.post({ type: 'phoneTestEnded', testId: 't1' }))).toEqual(['c1: ring alice']);
  world.post({ type: 'phoneChanged', agentId: 'bob', reachable: false });
  world.hangUp('c1');
  expect(world.post({ type: 'phoneTest', testId: 't4', agentId: 'bob' })).toEqual([{ type: 'refuseTest', testId: 't4', reason: 'unreachable' }]);
});

test('people see callers in waiting order and agents by what they do, since when', () => {
  const world = helpDesk();
  world.configure(put('agentGroups', aGroup('g1', { agentIds: ['alice', 'bob', 'carla', 'dan'], wrapUpSeconds: 30 })), ...onDuty('carla', 'dan'), put('duties', aDuty('dan', false)));
  world.call('c1');
  world.nowMs = 12_000;
  world.answer('alice');
  world.call('c2');
  world.nowMs = 14_000;
  world.end('bob', 'declined');
  world.call('c3');
  const seen = liveGroup(world.state, 'help', { monotonicMs: world.nowMs, civil: civil(world.nowMs) });
  expect(seen.callers.map(({ callId, state, agentId }) => [callId, state, agentId])).toEqual([['c1', 'talking', 'alice'], ['c2', 'waiting', null], ['c3', 'waiting', null]]);
  expect(seen.agents).toEqual([
    { agentId: 'alice', activity: 'talking', since: civil(12_000), signedIn: true }, { agentId: 'bob', activity: 'resting', since: civil(14_000), signedIn: true },
    { agentId: 'carla', activity: 'unreachable', since: civil(10_000), signedIn: true }, { agentId: 'dan', activity: 'offDuty', since: civil(10_000), signedIn: true },
  ]);
  world.nowMs = 15_000;
  world.end('alice', 'hungUp');
  expect(agentActivity(world.state, 'alice', { monotonicMs: world.nowMs, civil: civil(world.nowMs) })).toBe('wrappingUp');
});

test('an agent who went off and on duty in one update stands once among the free, behind who stayed', () => {
  const world = helpDesk();
  world.nowMs = 12_000;
  world.configure(put('duties', aDuty('alice', false)), put('duties', aDuty('alice', true)));
  expect(world.state.groups.get('g1')?.free.values.map(({ agentId }) => agentId)).toEqual(['bob', 'alice']);
  world.configure(put('duties', aDuty('alice', false)));
  expect(world.state.groups.get('g1')?.free.values.map(({ agentId }) => agentId)).toEqual(['bob']);
  expect(words(world.call('c1'))).toEqual(['c1: answer', 'c1: ring bob', 'c1: play music']);
});

test('the record tells what happened', () => {
  const world = helpDesk();
  world.call('c1');
  world.until(13_000);
  world.end('alice', 'busy');
  world.until(15_000);
  world.answer('bob');
  world.until(40_000);
  const effects = world.end('bob', 'hungUp');
  expect(effects.findLast(({ type }) => type === 'record')).toEqual({ type: 'record', record: {
    _id: 'c1', pool: 'main', workflowId: 'help', queueId: 'q-help', dialled: 'sip:help@example.org', callerNumber: '+4412345', callerName: 'Caller',
    arrivedAt: civil(10_000), joinedQueueAt: civil(10_000), connectedAt: civil(15_000), endedAt: civil(40_000), agentId: 'bob', outcome: 'answered', endedBy: 'agent', refusedWith: null, priority: 3,
    offers: [
      { agentId: 'alice', attempt: 1, offeredAt: civil(10_000), endedAt: civil(13_000), outcome: 'busy' },
      { agentId: 'bob', attempt: 2, offeredAt: civil(10_000), endedAt: civil(40_000), outcome: 'answered' },
    ],
  } });
  expect(effects.at(-1)).toEqual({ type: 'release', callId: 'c1' });
});

test('a call rung for very often keeps its latest offers and counts the others', () => {
  const world = helpDesk();
  world.configure(put('duties', aDuty('bob', false)));
  world.call('c1');
  while ((world.state.calls.get('c1')?.attempts ?? 0) < 230) world.until((world.wakeAtMs ?? 0) + 1);
  const record = world.hangUp('c1').flatMap((effect) => (effect.type === 'record' ? [effect.record] : []))[0];
  expect([record?.offers.length, record?.offersLeftOut, record?.offers.at(-1)?.attempt]).toEqual([200, 30, 230]);
});
