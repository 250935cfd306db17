// One call brought into each state, and every input it could meet there.
import { type CallInputType, type CallState } from '../../../../engine/core/call';
import { type CoreEvent, type Effect } from '../../../../engine/core/types';
import { PoliteWorld } from './polite-world';
import { aDuty, aGroup, aQueue, aWorkflow, drop, onDuty, put, said } from './sample';

const workflow = aWorkflow('help', { welcome: said('welcome') });
const queue = aQueue('q-help', { agentGroupIds: ['g1'], timeoutSeconds: 60, timeoutAction: { kind: 'disconnect', prompt: said('sorry') }, overflowThreshold: 1, overflowCandidate: 'oldestCall' });
const group = aGroup('g1', { agentIds: ['alice', 'bob'] });

/** A world that answers nothing by itself, with `c1` in the given state; alice is its first agent, bob its second. */
export function inState(state: CallState): PoliteWorld {
  const world = new PoliteWorld();
  for (const effect of Object.keys(world.replies) as Effect['type'][]) delete world.replies[effect];
  world.configure(put('workflows', workflow), put('queues', queue), put('agentGroups', group), ...onDuty('alice', 'bob'));
  world.register('alice', 'bob');
  const callId = 'c1';
  if (state === 'queued' || state === 'leaving') world.configure(put('duties', aDuty('alice', false)), put('duties', aDuty('bob', false)));
  world.nowMs = 1_000;
  world.call(callId);
  if (state !== 'arriving') world.post({ type: 'callerAnswered', callId });
  if (state !== 'arriving' && state !== 'welcoming') world.post({ type: 'playFailed', callId, playId: 'c1.p1' });
  if (state === 'connecting' || state === 'talking' || state === 'ending') world.post({ type: 'offerAnswered', callId, offerId: 'c1.1' });
  if (state === 'talking' || state === 'ending') world.post({ type: 'connected', callId, offerId: 'c1.1' });
  if (state === 'ending') world.hangUp(callId);
  if (state === 'leaving') world.until(61_000);
  if (world.state.calls.get(callId)?.phase.state !== state) throw new Error(`c1 is ${world.state.calls.get(callId)?.phase.state}, not ${state}`);
  return world;
}

/** Every way each input can come about; each is tried on a world of its own. Ids are right, wrong and of the loser. */
export const INPUTS: { readonly [T in CallInputType]: readonly ((world: PoliteWorld) => Effect[])[] } = {
  callerAnswered: [(world) => world.post({ type: 'callerAnswered', callId: 'c1' })],
  callerGone: (['hungUp', 'cancelled', 'failed', 'endedByUs'] as const).map((cause) => (world) => world.post({ type: 'callerGone', callId: 'c1', cause })),
  playStarted: plays((playId) => ({ type: 'playStarted', callId: 'c1', playId, durationMs: 500 })).concat(plays((playId) => ({ type: 'playStarted', callId: 'c1', playId, durationMs: null }))),
  playFailed: plays((playId) => ({ type: 'playFailed', callId: 'c1', playId })),
  offerRinging: offers((offerId) => ({ type: 'offerRinging', callId: 'c1', offerId })),
  offerAnswered: offers((offerId) => ({ type: 'offerAnswered', callId: 'c1', offerId })),
  legEnded: (['declined', 'busy', 'noAnswer', 'unreachable', 'failed', 'withdrawn', 'hungUp'] as const).flatMap((outcome) => [
    ...offers((offerId) => ({ type: 'legEnded', callId: 'c1', offerId, outcome })),
    (world: PoliteWorld) => ['c1.1', 'c1.2'].flatMap((offerId) => world.post({ type: 'legEnded', callId: 'c1', offerId, outcome })),
  ]),
  connected: offers((offerId) => ({ type: 'connected', callId: 'c1', offerId })),
  connectFailed: offers((offerId) => ({ type: 'connectFailed', callId: 'c1', offerId })),
  promptOver: [(world) => world.until(world.nowMs + 10_000)],
  waitedTooLong: [(world) => world.until(120_000)],
  rangTooLong: [(world) => world.until(world.nowMs + 20_000), (world) => { world.configure(put('duties', aDuty('alice', false))); return world.until(world.nowMs + 20_000); }],
  agentLeft: [(world) => world.configure(put('duties', aDuty('alice', false))), (world) => world.configure(put('duties', aDuty('alice', false)), put('duties', aDuty('bob', false)))],
  crowdedOut: [(world) => { world.configure(put('workflows', { ...workflow, welcome: null })); world.call('c2'); return world.post({ type: 'callerAnswered', callId: 'c2' }); }],
  groupChanged: [(world) => world.configure(put('queues', { ...queue, timeoutSeconds: 90 })), (world) => world.configure(drop('workflows', workflow)), (world) => world.configure(drop('queues', queue))],
  agentsFree: [(world) => world.configure(put('duties', aDuty('alice', false)), put('duties', aDuty('alice', true)), ...onDuty('carla'), put('agentGroups', { ...group, agentIds: ['alice', 'bob', 'carla'] })).concat(world.register('carla'))],
};

function plays(event: (playId: string) => CoreEvent): ((world: PoliteWorld) => Effect[])[] {
  return ['c1.p1', 'c1.p2', 'c1.p3', 'none'].map((playId) => (world) => world.post(event(playId)));
}

function offers(event: (offerId: string) => CoreEvent): ((world: PoliteWorld) => Effect[])[] {
  return ['c1.1', 'c1.2', 'c1.77'].map((offerId) => (world) => world.post(event(offerId)));
}
