// A call back that keeps the caller's place: a caller who waits presses a key and hangs up, and is called when it is their turn.
//
// What is promised is a call of its own, in the place of the caller's: the call that asked for it ends as any other, and nothing of its end
// can befall the promise.
import { mayDial, NO_NUMBERS, type OutsideTarget } from '../../storage/model/number-policy';
import { DISCONNECT } from '../../storage/model/call-action';
import { type AbsentPhase, type Call, type InputOf, type PhaseOf } from './call';
import { askedBy, callBackOf } from './call-ids';
import { sayNoCallBack } from './announcements';
import { type Context, decided, touchCall } from './context';
import { endLateAnswer, endLegs, endLeg, legOver } from './offers';
import { dialCaller } from './dialling';
import { finish, noteStep } from './ending';
import { alertName, move } from './phases';
import { playCallBack } from './sounds';
import { type PoolState, queueState, settingsOf, workflowOf, workflowState } from './state';
import { isLost } from './takeover';
import { destinationOfNumber } from './targets';
import { groupIsGone, inQueueNow, newStay, presentQueue } from './waiting';

/** How long a caller's phone is rung. */
export const RING_MS = 30_000;
/** How often it is. */
export const ATTEMPTS = 2;
/** Between one and the next, from when the first has come to nothing. */
export const PAUSE_MS = 2 * 60_000;
/** A promise that could not be kept for so long is given up. */
export const PROMISE_MS = 4 * 60 * 60_000;

const E164 = /^\+[1-9][0-9]{6,14}$/;

/** Why this caller cannot be called back; null: the caller can be. What a stranger writes in From is no number to call. */
export function whyNotCalledBack(state: PoolState, { arrival }: Call): string | null {
  if (arrival.agentId !== null) return 'an agent calls';
  if (arrival.trunk === null && askedBy(arrival.callId) === null) return 'no trunk says who calls';
  if (!E164.test(arrival.callerNumber)) return 'the caller has no number that can be called';
  return whyNotDialled(state, arrival.callerNumber);
}

/** The same of a number, as it is now. */
function whyNotDialled(state: PoolState, number: string): string | null {
  const { objects } = state.configuration;
  if (![...objects.trunks.values()].some(({ enabled, outgoing }) => enabled && outgoing)) return 'no trunk calls out';
  const destination = destinationOfNumber(state, number);
  if (destination.kind === 'outside') return mayDial(settingsOf(state)?.numberPolicy ?? NO_NUMBERS, destination.target).allowed ? null : 'the number policy does not allow it';
  return destination.kind === 'nowhere' ? destination.reason : 'it is a number of our own';
}

/** The caller has pressed the key for it. */
export function callBackAsked(context: Context, call: Call, phase: PhaseOf<'queued' | 'offering'>): void {
  const { state } = context;
  const obstacle = state.calls.has(callBackOf(call.callId)) || state.over.has(callBackOf(call.callId)) ? 'the caller is called back already' : whyNotCalledBack(state, call);
  if (obstacle !== null) {
    decided(context, call, 'noCallBack', obstacle);
    sayNoCallBack(context, call, phase);
    return;
  }
  decided(context, call, 'callBack', 'the caller asked to be called back');
  promise(context, call, phase.waiting.queueId);
  endLegs(context, call, 'turnedAway');
  noteStep(context, call, 'callBack', `tel:${call.arrival.callerNumber}`);
  move(context, call, { state: 'leaving', play: playCallBack(context, call), outcome: 'callBack', action: DISCONNECT });
}

/** Keeps the place for the caller. One place a number in a queue: who calls and asks once more has it already. */
function promise(context: Context, from: Call, queueId: string): void {
  const { state, now } = context;
  if (queueState(state, queueId).callBacks.values.some(({ arrival }) => arrival.callerNumber === from.arrival.callerNumber)) return;
  const callId = callBackOf(from.callId);
  const call: Call = {
    callId, arrival: { ...from.arrival, callId }, dialledWorkflowId: from.dialledWorkflowId, workflowId: from.workflowId, arrivedAt: from.arrivedAt,
    place: { ...from.place, callId }, attempts: 0, plays: 0, hops: from.hops, questionsAsked: from.questionsAsked, legs: new Map(),
    draft: { queueId, joinedQueueAt: from.draft.joinedQueueAt, connectedAt: null, agentId: null, offers: [], offersLeftOut: 0, reached: null, answers: [...from.draft.answers], steps: [] },
    phase: { state: 'arriving' },
  };
  state.calls.set(callId, call);
  if (call.workflowId !== null) workflowState(state, call.workflowId).calls.add(call);
  decided(context, call, 'callBack', `keeps the place of ${from.callId}`);
  move(context, call, { state: 'promised', queueId, attempts: 0, retry: null, expires: { atMs: now.monotonicMs + PROMISE_MS, originalMs: PROMISE_MS } });
}

/** It is this caller's turn: the phone is rung, if it may still be. */
export function turnCame(context: Context, call: Call, phase: PhaseOf<'promised'>): void {
  const attempts = phase.attempts + 1;
  if (dial(context, call, { ...phase, attempts }, `calls the caller back, ${attempts} of ${ATTEMPTS}`)) noteStep(context, call, 'callBack', `tel:${call.arrival.callerNumber}`);
}

/** False: that number may not be called any more, and the call is over. */
function dial(context: Context, call: Call, { queueId, attempts, expires }: PhaseOf<'promised' | 'calling'>, why: string): boolean {
  const number = call.arrival.callerNumber;
  const obstacle = whyNotDialled(context.state, number);
  if (obstacle !== null) {
    giveUp(context, call, obstacle);
    return false;
  }
  const target: OutsideTarget = { kind: 'number', number };
  decided(context, call, 'dial', why);
  move(context, call, { state: 'calling', queueId, attempts, retry: null, expires, leg: dialCaller(context, call, target, RING_MS, workflowOf(context.state, call)) });
  return true;
}

/** The caller may be rung again, if it is the caller's turn; or all of it has lasted too long. */
export function callBackDue(context: Context, call: Call, phase: PhaseOf<'promised'>): void {
  if (phase.expires.atMs <= context.now.monotonicMs) giveUp(context, call, `not reached within ${PROMISE_MS / 3_600_000} hours`);
  else move(context, call, { ...phase, retry: null });
}

/** Nobody has picked up for long enough. */
export function rangOut(context: Context, call: Call, _phase: unknown, { offerId }: InputOf<'rangTooLong'>): void {
  const leg = call.legs.get(offerId);
  if (leg?.phase !== 'ringing') return;
  decided(context, call, 'withdraw', `the caller did not answer for ${leg.alertOriginalMs / 1000} s`);
  endLeg(context, call, leg, 'noAnswer');
}

/** The caller has picked up: what was a leg of ours is the caller's from now on. */
export function pickedUpAgain(context: Context, call: Call, phase: PhaseOf<'calling'>, { offerId }: InputOf<'offerAnswered'>): void {
  const leg = call.legs.get(offerId);
  if (leg === undefined) return;
  if (leg.phase !== 'ringing') { endLateAnswer(context, call, leg); return; }
  call.legs.delete(offerId);
  context.state.callDeadlines.clear(alertName(offerId));
  context.effects.push({ type: 'welcomeBack', callId: call.callId, offerId });
  move(context, call, { state: 'returning', queueId: phase.queueId, leg: offerId });
}

/** The caller was not reached: once more after a while, or never. What an engine left ringing rings again, and is the same attempt. */
export function notReached(context: Context, call: Call, phase: PhaseOf<'calling'>, { offerId, outcome }: InputOf<'legEnded'>): void {
  const leg = call.legs.get(offerId);
  if (leg === undefined) return;
  const lost = isLost(leg, outcome);
  const { queueId, attempts, expires } = phase;
  legOver(context, call, leg, outcome);
  if (offerId !== phase.leg) return;
  if (lost && expires.atMs > context.now.monotonicMs) {
    dial(context, call, phase, 'the ring was lost with the engine before');
    return;
  }
  context.effects.push({ type: 'callBackOver', callId: call.callId });
  if (attempts >= ATTEMPTS) { giveUp(context, call, `not reached ${ATTEMPTS} times`); return; }
  move(context, call, { state: 'promised', queueId, attempts, expires, retry: { atMs: context.now.monotonicMs + PAUSE_MS, originalMs: PAUSE_MS } });
}

/** The caller can hear: an ordinary caller who waits, in the old place. The queue's timeout counts anew. */
export function backInQueue(context: Context, call: Call, { queueId }: PhaseOf<'returning'>): void {
  const place = presentQueue(context.state, call, queueId);
  if (place === null) { groupIsGone(context, call); return; }
  inQueueNow(context, call, place.queueId);
  call.draft.joinedQueueAt ??= context.now.civil;
  context.music.add(call);
  move(context, call, { state: 'queued', waiting: newStay(context, place.queueId) });
}

/** The queue is another one now, or there is none. */
export function queueChanged(context: Context, call: Call, phase: AbsentPhase): void {
  const place = presentQueue(context.state, call, phase.queueId);
  if (place === null) { groupIsGone(context, call); return; }
  inQueueNow(context, call, place.queueId);
  move(context, call, { ...phase, queueId: place.queueId });
}

function giveUp(context: Context, call: Call, reason: string): void {
  decided(context, call, 'notReached', reason);
  touchCall(context, call);
  finish(context, call, 'notReached', 'system');
}

/** A key that leaves the queue, or asks to be called back; every other does nothing. */
export function keyWhileWaiting(context: Context, call: Call, phase: PhaseOf<'queued' | 'offering'>, { key }: InputOf<'keyPressed'>): void {
  const queue = context.state.queues.get(phase.waiting.queueId)?.queue ?? null;
  if (queue === null) return;
  if (queue.leaveKey === key) context.turnAway(call, 'left', queue.leaveAction, `pressed ${key}`);
  else if (queue.callBackKey === key) callBackAsked(context, call, phase);
}
