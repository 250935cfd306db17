// One call brought into each state, and every input it could meet there.
import { type CallInputType, type CallState } from '../../../../engine/core/call';
import { type CoreEvent, type Effect } from '../../../../engine/core/types';
import { PoliteWorld } from './polite-world';
import { aDuty, aGroup, anAgent, aQueue, aTrunk, aWorkflow, drop, onDuty, put, said, someSettings } from './sample';
import { type Queue } from '../../../../storage/model/queue';

const workflow = aWorkflow('help', { welcome: said('welcome') });
const menu = aWorkflow('help', { defaultAction: { kind: 'question', questionId: 'main' }, questions: [{
  id: 'main', name: 'Main', prompt: said('which?'), invalidPrompt: said('what?'), noAnswerPrompt: null, attempts: 2, answerSeconds: 5, fallback: { kind: 'number', number: '+44700', prompt: null },
  answers: [{ name: 'help', key: '1', action: { kind: 'queue', queueId: 'q-help', prompt: null } }, { name: 'bye', key: '2', action: { kind: 'disconnect', prompt: said('bye') } }, { name: 'out', key: '3', action: { kind: 'number', number: '+44700', prompt: null } }, { name: 'end', key: '4', action: { kind: 'disconnect', prompt: null } }],
}] });
const sorry: Queue['timeoutAction'] = { kind: 'disconnect', prompt: said('sorry') };
const queue = aQueue('q-help', { agentGroupIds: ['g1'], timeoutSeconds: 60, timeoutAction: sorry, overflowThreshold: 1, overflowCandidate: 'oldestCall', leaveKey: '9', callBackKey: '5', leaveAction: { kind: 'number', number: '+44700', prompt: null } });
const group = aGroup('g1', { agentIds: ['alice', 'bob'] });

/** States of a call that keeps the place of another. */
const CALLED_BACK: readonly CallState[] = ['promised', 'calling', 'returning'];

/** A world that answers nothing by itself, with `c1`, or the call back of `c0`, in the given state; alice is its first agent, bob its second; carla serves no group. */
export function inState(state: CallState): PoliteWorld {
  const world = new PoliteWorld();
  for (const effect of Object.keys(world.replies) as Effect['type'][]) delete world.replies[effect];
  world.configure(put('settings', someSettings({ numberPolicy: { allowedPrefixes: ['+44'], allowedDomains: [], emergencyNumbers: [] } })), put('workflows', state === 'asking' ? menu : workflow), put('queues', queue),
    put('queues', aQueue('q-other')), put('agentGroups', group), put('trunks', aTrunk), ...onDuty('alice', 'bob', 'carla'));
  world.register('alice', 'bob', 'carla');
  if (CALLED_BACK.includes(state)) {
    world.configure(put('workflows', { ...workflow, welcome: null }));
    toCallBack(world, state);
  } else toState(world, state);
  const reached = world.state.calls.get(world.subject)?.phase.state;
  if (reached !== state) throw new Error(`${world.subject} is ${reached}, not ${state}`);
  return world;
}

/** Whoever called as `c0` is to be called back, which begins when alice comes back on duty. */
function toCallBack(world: PoliteWorld, state: CallState): void {
  world.configure(put('duties', aDuty('alice', false)), put('duties', aDuty('bob', false)));
  world.nowMs = 1_000;
  world.call('c0', 'help', { trunk: { id: 'trunk', federated: false } });
  world.post({ type: 'callerAnswered', callId: 'c0' });
  world.post({ type: 'keyPressed', callId: 'c0', key: '5' });
  world.hangUp('c0');
  world.subject = 'c0-back';
  if (state !== 'promised') world.configure(put('duties', aDuty('alice', true)));
  if (state === 'returning') world.post({ type: 'offerAnswered', callId: world.subject, offerId: `${world.subject}.1` });
}

function toState(world: PoliteWorld, state: CallState): void {
  const callId = 'c1';
  if (state === 'queued' || state === 'leaving' || state === 'forwarding') world.configure(put('duties', aDuty('alice', false)), put('duties', aDuty('bob', false)));
  if (state === 'forwarding') world.configure(put('queues', { ...queue, timeoutAction: queue.leaveAction }));
  world.nowMs = 1_000;
  world.call(callId);
  if (state !== 'arriving') world.post({ type: 'callerAnswered', callId });
  if (state !== 'arriving' && state !== 'welcoming' && state !== 'asking') world.post({ type: 'playFailed', callId, playId: 'c1.p1' });
  const answered = state === 'connecting' || state === 'talking' || state === 'transferring' || state === 'ending';
  if (answered) world.post({ type: 'offerAnswered', callId, offerId: 'c1.1' });
  if (answered && state !== 'connecting') world.post({ type: 'connected', callId, offerId: 'c1.1' });
  if (state === 'transferring') world.post({ type: 'transferAsked', callId, offerId: 'c1.1', transferId: 't1', target: { kind: 'own', user: 'carla' } });
  if (state === 'ending') world.hangUp(callId);
  if (state === 'leaving' || state === 'forwarding') world.until(61_000);
}

/** Alice calls carla, who answers, beside whatever else she does. */
function consult(world: PoliteWorld): void {
  world.call('c2', 'carla', { agentId: 'alice' });
  world.post({ type: 'callerAnswered', callId: 'c2' });
  world.post({ type: 'offerAnswered', callId: 'c2', offerId: 'c2.1' });
  world.post({ type: 'connected', callId: 'c2', offerId: 'c2.1' });
}

/** Every way each input can come about; each is tried on a world of its own. Ids are right, wrong and of the loser. */
export const INPUTS: { readonly [T in CallInputType]: readonly ((world: PoliteWorld) => Effect[])[] } = {
  callerAnswered: [(world) => world.post({ type: 'callerAnswered', callId: world.subject })],
  callerGone: (['hungUp', 'cancelled', 'failed', 'endedByUs'] as const).map((cause) => (world) => world.post({ type: 'callerGone', callId: world.subject, cause })),
  playStarted: plays((playId, world) => ({ type: 'playStarted', callId: world.subject, playId, durationMs: 500 })).concat(plays((playId, world) => ({ type: 'playStarted', callId: world.subject, playId, durationMs: null }))),
  playFailed: plays((playId, world) => ({ type: 'playFailed', callId: world.subject, playId })),
  offerRinging: offers((offerId, world) => ({ type: 'offerRinging', callId: world.subject, offerId })),
  offerAnswered: offers((offerId, world) => ({ type: 'offerAnswered', callId: world.subject, offerId })),
  legEnded: (['declined', 'busy', 'noAnswer', 'unreachable', 'failed', 'withdrawn', 'hungUp'] as const).flatMap((outcome) => [
    ...offers((offerId, world) => ({ type: 'legEnded', callId: world.subject, offerId, outcome })),
    (world: PoliteWorld) => [`${world.subject}.1`, `${world.subject}.2`].flatMap((offerId) => world.post({ type: 'legEnded', callId: world.subject, offerId, outcome })),
  ]),
  connected: offers((offerId, world) => ({ type: 'connected', callId: world.subject, offerId })),
  connectFailed: offers((offerId, world) => ({ type: 'connectFailed', callId: world.subject, offerId })),
  promptOver: [(world) => world.until(world.nowMs + 10_000)],
  waitedTooLong: [(world) => world.until(120_000)],
  rangTooLong: [(world) => world.until(world.nowMs + 20_000), (world) => world.until(world.nowMs + 60_000), (world) => { world.configure(put('duties', aDuty('alice', false))); return world.until(world.nowMs + 20_000); }],
  agentLeft: [(world) => world.configure(put('duties', aDuty('alice', false))), (world) => world.configure(put('duties', aDuty('alice', false)), put('duties', aDuty('bob', false))), (world) => world.configure(drop('agents', anAgent('carla')))],
  keyPressed: ['1', '2', '3', '4', '7', '9', '#'].map((key) => (world) => world.post({ type: 'keyPressed', callId: world.subject, key })),
  transferAsked: (['carla', 'alice', 'help', '+44700', 'nobody'].flatMap((user) => offers((offerId, world) => ({ type: 'transferAsked', callId: world.subject, offerId, transferId: 't9', target: { kind: 'own', user } }))))
    .concat([(world) => { consult(world); return world.post({ type: 'transferAsked', callId: world.subject, offerId: `${world.subject}.1`, transferId: 't9', target: { kind: 'consultation', callId: 'c2' } }); }]),
  callerReplaced: [(world) => world.post({ type: 'callerReplaced', callId: world.subject, callerNumber: '+44555', callerName: 'Other' })],
  agentReplaced: [...offers((offerId, world) => ({ type: 'agentReplaced', callId: world.subject, offerId, newOfferId: 'x1', agentId: 'carla' })), ...offers((offerId, world) => ({ type: 'agentReplaced', callId: world.subject, offerId, newOfferId: 'x1', agentId: null }))],
  takenOver: [(world) => { const call = world.state.calls.get(world.subject); if (call !== undefined) world.state.restored.calls.add(call); return world.post({ type: 'wake' }); }],
  turnCame: [(world) => [...world.configure(put('duties', aDuty('alice', false))), ...world.configure(put('duties', aDuty('alice', true)))]],
  callBackDue: [(world) => world.until(world.nowMs + 4 * 60 * 60_000)],
  noAgents: [(world) => world.configure(put('queues', { ...queue, noAgentsAction: sorry }), put('duties', aDuty('alice', false)), put('duties', aDuty('bob', false)))],
  announceDue: [(world) => { world.configure(put('queues', { ...queue, announceSeconds: 15 })); return world.until(world.nowMs + 15_000); }],
  picked: [(world) => { world.configure(put('agentGroups', { ...group, agentIds: ['carla'], routingMethod: 'attendant' })); return world.post({ type: 'pickCaller', instructionId: 'i1', callId: world.subject, agentId: 'carla' }); }],
  moved: [(world) => world.post({ type: 'moveCaller', instructionId: 'i1', callId: world.subject, queueId: 'q-other' })],
  priorityChanged: [(world) => world.post({ type: 'setPriority', instructionId: 'i1', callId: world.subject, priority: 1 })],
  crowdedOut: [(world) => { world.configure(put('workflows', { ...workflow, welcome: null })); world.call('c2'); return world.post({ type: 'callerAnswered', callId: 'c2' }); }],
  groupChanged: [(world) => world.configure(put('queues', { ...queue, timeoutSeconds: 90 })), (world) => world.configure(drop('workflows', workflow)), (world) => world.configure(drop('queues', queue))],
  agentsFree: [(world) => world.configure(put('duties', aDuty('alice', false)), put('duties', aDuty('alice', true)), ...onDuty('carla'), put('agentGroups', { ...group, agentIds: ['alice', 'bob', 'carla'] })).concat(world.register('carla'))],
};

function plays(event: (playId: string, world: PoliteWorld) => CoreEvent): ((world: PoliteWorld) => Effect[])[] {
  return ['p1', 'p2', 'p3', 'none'].map((play) => (world) => world.post(event(`${world.subject}.${play}`, world)));
}

function offers(event: (offerId: string, world: PoliteWorld) => CoreEvent): ((world: PoliteWorld) => Effect[])[] {
  return ['1', '2', '77'].map((attempt) => (world) => world.post(event(`${world.subject}.${attempt}`, world)));
}
