// Transfers by agents (REFER), and other phones that take a place in the call (Replaces).
import { mainQueueId, type Workflow } from '../../storage/model/workflow';
import { agentOfLeg, endLeg, legOver, nameOfLeg, takeBack } from './offers';
import { refresh } from './availability';
import { type Back, type Call, type InputOf, type Leg, type Phase, type PhaseOf, type Transfer, transferOf, type Waiting } from './call';
import { HOPS_MAX } from './actions';
import { type Context, decided, touchCall } from './context';
import { dialOutside, ringAgent, whyNotRung } from './dialling';
import { closeTransfer, endOwnCall, finish, noteStep } from './ending';
import { enterGroup, passTo, whyNotTaken } from './group-flow';
import { move } from './phases';
import { playMusic } from './sounds';
import { workflowOf } from './state';
import { dialAgain, isLost } from './takeover';
import { nowTalk } from './talking';
import { type Destination, destinationOf, destinationOfUser, nameOfOutside, nameOfTarget } from './targets';
import { type Effect, type LegOutcome, type OfferId } from './types';
import { newStay, waitOn } from './waiting';

type RefuseStatus = Extract<Effect, { type: 'refuseTransfer' }>['status'];
type Asked = InputOf<'transferAsked'>;

/** No agent talks to this caller, or not the one who asks. */
export function refuseTransfer(context: Context, transferId: string, status: RefuseStatus, reason: string): void {
  context.effects.push({ type: 'refuseTransfer', transferId, status, reason });
}

/** A transfer where none can be: it is answered nevertheless. */
export function transferTooLate(context: Context, call: Call, phase: Phase, { transferId, offerId }: Asked): void {
  const busy = transferOf(phase) !== null || (phase.state === 'connecting' && phase.winner === offerId);
  if (busy) refuseTransfer(context, transferId, 491, 'the call is being connected');
  else refuseTransfer(context, transferId, 603, 'no caller is connected to this phone');
}

/** The agent's phone asks to transfer the caller it talks to. */
export function transferAsked(context: Context, call: Call, phase: PhaseOf<'talking'>, asked: Asked): void {
  const { target, transferId } = asked;
  if (asked.offerId !== phase.winner) { refuseTransfer(context, transferId, 603, 'no caller is connected to this phone'); return; }
  // Whoever was dialled outside could else make us dial on, at our cost.
  if (call.legs.get(phase.winner)?.agentId == null) { refuseTransfer(context, transferId, 603, 'only agents transfer callers'); return; }
  switch (target.kind) {
    case 'own': transferTo(context, call, asked, destinationOfUser(context.state, target.user)); return;
    case 'outside': transferTo(context, call, asked, destinationOf(context.state, target.target)); return;
    case 'outsideReplaces': {
      const destination = destinationOf(context.state, target.target);
      if (destination.kind === 'nowhere') refuseTransfer(context, transferId, destination.status, destination.reason);
      else if (mayGoOn(context, call, transferId)) ringTarget(context, call, asked, nameOfOutside(target.target), () => dialOutside(context, call, target.target, target.replaces));
      return;
    }
    case 'consultation': transferToConsultation(context, call, asked, target.callId); return;
  }
}

function transferTo(context: Context, call: Call, asked: Asked, destination: Destination): void {
  const { transferId } = asked;
  switch (destination.kind) {
    case 'nowhere': refuseTransfer(context, transferId, destination.status, destination.reason); return;
    case 'outside':
      if (mayGoOn(context, call, transferId)) ringTarget(context, call, asked, nameOfTarget(destination), () => dialOutside(context, call, destination.target, null));
      return;
    case 'agent': {
      const obstacle = whyNotRung(destination.agent);
      if (obstacle !== null) refuseTransfer(context, transferId, obstacle === 'busy' ? 486 : 404, `the agent is ${obstacle}`);
      else if (mayGoOn(context, call, transferId)) ringTarget(context, call, asked, nameOfTarget(destination), () => ringAgent(context, call, destination.agent));
      return;
    }
    case 'group': {
      const refusal = whyNotTaken(destination.workflow, call.arrival);
      if (refusal !== null) { refuseTransfer(context, transferId, refusal.status === 403 ? 403 : 404, refusal.reason); return; }
      if (!mayGoOn(context, call, transferId)) return;
      handOver(context, call, asked, nameOfTarget(destination));
      enterGroup(context, call, destination.workflow, context.now.civil, false);
    }
  }
}

/** A call that was sent on too often stays where it is. */
function mayGoOn(context: Context, call: Call, transferId: string): boolean {
  if (call.hops >= HOPS_MAX) { refuseTransfer(context, transferId, 403, `sent on more than ${HOPS_MAX} times`); return false; }
  call.hops += 1;
  return true;
}

function accept(context: Context, call: Call, { transferId, offerId }: Asked, to: string): void {
  context.effects.push({ type: 'acceptTransfer', transferId });
  decided(context, call, 'transfer', `${call.legs.get(offerId)?.agentId ?? 'the other side'} to ${to}`);
  noteStep(context, call, 'transferred', to);
  context.effects.push({ type: 'separate', callId: call.callId });
}

/** Blind: the caller hears music while the target rings; the agent's leg stays until the target has answered or the phone hangs up. */
function ringTarget(context: Context, call: Call, asked: Asked, to: string, ring: () => OfferId): void {
  accept(context, call, asked, to);
  playMusic(context, call);
  move(context, call, { state: 'transferring', transfer: { transferId: asked.transferId, from: asked.offerId }, target: ring() });
}

/** Done at once: to a group, whose flow or queue takes the caller over. */
function handOver(context: Context, call: Call, asked: Asked, to: string): void {
  accept(context, call, asked, to);
  context.effects.push({ type: 'transferProgress', transferId: asked.transferId, status: 200, reason: 'OK' });
  const from = call.legs.get(asked.offerId);
  if (from !== undefined) endLeg(context, call, from, 'transferred');
}

// ── Attended ──

/** The agent's own call to somebody is to become the caller's. */
function transferToConsultation(context: Context, call: Call, asked: Asked, consultationId: string): void {
  const { state } = context;
  const { transferId } = asked;
  const other = state.calls.get(consultationId);
  const agentId = call.legs.get(asked.offerId)?.agentId ?? null;
  if (other === undefined || other === call || agentId === null || other.arrival.agentId !== agentId || other.phase.state === 'ending') {
    refuseTransfer(context, transferId, 404, 'there is no such other call');
    return;
  }
  const workflow = workflowOf(state, other);
  switch (other.phase.state) {
    case 'talking': if (mayGoOn(context, call, transferId)) takePartner(context, call, asked, other, other.phase.winner); return;
    case 'queued':
    case 'offering': if (mayGoOn(context, call, transferId)) takePlace(context, call, asked, other, other.phase.waiting); return;
    case 'arriving':
    case 'welcoming':
    case 'asking':
    case 'leaving':
      if (workflow !== null) { enterInstead(context, call, asked, other, workflow); return; }
      break;
    case 'forwarding':
    case 'connecting':
    case 'transferring':
    case 'promised':
    case 'calling':
    case 'returning':
      break;
  }
  refuseTransfer(context, transferId, 491, 'the other call is not connected yet');
}

/** Whoever the agent talks to in the other call talks to the caller from now on. */
function takePartner(context: Context, call: Call, asked: Asked, other: Call, winner: OfferId): void {
  const leg = other.legs.get(winner);
  if (leg === undefined) return;
  const to = leg.agentId === null ? other.arrival.dialled : `agent:${leg.agentId}`;
  accept(context, call, asked, to);
  other.legs.delete(winner);
  const written = other.draft.offers.findLast(({ attempt }) => attempt === leg.attempt);
  if (written !== undefined) written.endedAt = context.now.civil;
  call.legs.set(winner, { ...leg, attempt: 0 });
  context.state.movedLegs.set(winner, call.callId);
  const agent = agentOfLeg(context.state, leg);
  if (agent?.leg?.kind === 'offer' && agent.leg.offerId === winner) agent.leg = { ...agent.leg, callId: call.callId };
  context.effects.push({ type: 'moveLeg', fromCallId: other.callId, callId: call.callId, offerId: winner }, { type: 'connect', callId: call.callId, offerId: winner });
  endConsultation(context, other, to);
  move(context, call, { state: 'connecting', winner, back: { to: 'transferor', transfer: { transferId: asked.transferId, from: asked.offerId } } });
}

/** The agent waits in a queue: the caller waits on in the agent's place, with the agent's time. */
function takePlace(context: Context, call: Call, asked: Asked, other: Call, waiting: Waiting): void {
  const to = `queue:${waiting.queueId}`;
  handOver(context, call, asked, to);
  const { place, workflowId } = other;
  endConsultation(context, other, to);
  if (workflowId !== null) passTo(context, call, workflowId);
  call.place = { ...place, callId: call.callId };
  goBack(context, call, { to: 'queue', waiting: { ...waiting, tried: new Set() } });
}

/** The agent has not come as far as a queue: the caller meets what the agent would have met. */
function enterInstead(context: Context, call: Call, asked: Asked, other: Call, workflow: Workflow): void {
  const refusal = whyNotTaken(workflow, call.arrival);
  if (refusal !== null) { refuseTransfer(context, asked.transferId, refusal.status === 403 ? 403 : 404, refusal.reason); return; }
  if (!mayGoOn(context, call, asked.transferId)) return;
  const to = `sip:${workflow.sipUser}`;
  handOver(context, call, asked, to);
  endConsultation(context, other, to);
  enterGroup(context, call, workflow, context.now.civil, false);
}

/** The agent's own call is over; what it came to stands. */
function endConsultation(context: Context, other: Call, to: string): void {
  noteStep(context, other, 'transferred', to);
  decided(context, other, 'transferred', `the caller of another call goes to ${to} in its place`);
  finish(context, other, 'abandoned', 'agent');
}

// ── What comes of it ──

/** The status a phone is told of a target that was not reached. */
const STATUS: Readonly<Record<LegOutcome, readonly [number, string]>> = {
  declined: [603, 'Decline'], busy: [486, 'Busy Here'], noAnswer: [408, 'Request Timeout'], unreachable: [480, 'Temporarily Unavailable'],
  failed: [503, 'Service Unavailable'], withdrawn: [487, 'Request Terminated'], hungUp: [480, 'Temporarily Unavailable'],
};

/** A leg is over while the target rings: the target, and the transfer came to nothing; or the agent who transfers, which is their right. */
export function legEndedInTransfer(context: Context, call: Call, phase: PhaseOf<'transferring'>, { offerId, outcome }: InputOf<'legEnded'>): void {
  const leg = call.legs.get(offerId);
  if (leg === undefined) return;
  const lost = isLost(leg, outcome);
  legOver(context, call, leg, outcome);
  if (offerId !== phase.target) return;
  const target = lost ? dialAgain(context, call, leg) : null;
  if (target !== null) move(context, call, { ...phase, target });
  else backToTransferor(context, call, phase.transfer, ...STATUS[outcome]);
}

/** The target rang for as long as anybody who is dialled may, or is an agent who was deleted. */
export const targetTakenBack = (cause: 'noAnswer' | 'agentOffDuty') => (context: Context, call: Call, phase: PhaseOf<'transferring'>, { offerId }: InputOf<'rangTooLong' | 'agentLeft'>): void => {
  const leg = call.legs.get(offerId);
  if (leg?.phase !== 'ringing' || offerId !== phase.target) return;
  takeBack(context, call, leg, cause);
  backToTransferor(context, call, phase.transfer, ...STATUS[cause === 'noAnswer' ? 'noAnswer' : 'unreachable']);
};

/** The transfer failed: the agent is told, and has the caller again while the leg is up; else the caller waits again. */
function backToTransferor(context: Context, call: Call, transfer: Transfer, status: number, reason: string): void {
  closeTransfer(context, call, status, reason);
  decided(context, call, 'notTransferred', reason);
  const back = queueBack(context, call);
  if (call.legs.get(transfer.from)?.phase !== 'answered') { goBack(context, call, back); return; }
  context.effects.push({ type: 'connect', callId: call.callId, offerId: transfer.from });
  move(context, call, { state: 'connecting', winner: transfer.from, back });
}

/** Where a caller goes whom nobody talks to any more: the queue last waited in, else the group's. An agent's own call ends. */
function queueBack(context: Context, call: Call): Back {
  const workflow = workflowOf(context.state, call);
  const queueId = call.draft.queueId ?? (workflow === null ? null : mainQueueId(workflow));
  return workflow === null || queueId === null ? { to: 'end', outcome: 'failed' } : { to: 'queue', waiting: newStay(context, queueId) };
}

/** Caller and winner could not be joined, or the winner is gone. */
export function goBack(context: Context, call: Call, back: Back): void {
  switch (back.to) {
    case 'transferor': backToTransferor(context, call, back.transfer, ...STATUS.failed); return;
    case 'queue':
      // Whatever was heard before was stopped for the connection, so the music begins again.
      context.music.add(call);
      call.draft.queueId ??= back.waiting.queueId;
      call.draft.joinedQueueAt ??= context.now.civil;
      waitOn(context, call, back.waiting);
      return;
    case 'end':
      decided(context, call, back.outcome, 'not connected');
      finish(context, call, back.outcome, 'system');
  }
}

/** The target and the caller hear each other: the transfer is done, and the agent's leg ends. */
export function transferDone(context: Context, call: Call, { from }: Transfer): void {
  closeTransfer(context, call, 200, 'OK');
  const leg = call.legs.get(from);
  if (leg === undefined) return;
  decided(context, call, 'transferred', `the caller is joined with whom ${nameOfLeg(context.state, leg)} transferred to`);
  endLeg(context, call, leg, 'transferred');
}

// ── Other phones (Replaces) ──

/** The caller is somebody else from now on; if it was an agent's own call, it is that no more. */
export function callerReplaced(context: Context, call: Call, _phase: unknown, { callerNumber, callerName }: InputOf<'callerReplaced'>): void {
  if (call.arrival.callerNumber === callerNumber && call.arrival.callerName === callerName && call.arrival.agentId === null) return;
  endOwnCall(context, call);
  call.arrival = { ...call.arrival, callerNumber, callerName, agentId: null };
  noteStep(context, call, 'transferred', callerNumber.startsWith('+') ? `tel:${callerNumber}` : `sip:${callerNumber}`);
}

/** Another phone is in the place of an agent's, and joined already. One that comes too late for that is ended. */
export function agentReplaced(context: Context, call: Call, phase: Phase, { offerId, newOfferId, agentId }: InputOf<'agentReplaced'>): void {
  if (call.legs.has(newOfferId)) return;
  const old = call.legs.get(offerId);
  const inPlace = old?.phase === 'answered';
  if (inPlace) {
    if (phase.state === 'connecting' && phase.winner === offerId) nowTalk(context, call, old, phase.back);
    legOver(context, call, old, 'hungUp');
  }
  const agent = agentId === null ? undefined : context.state.agents.get(agentId);
  // An agent on another leg keeps that one: what is known of an agent is one leg.
  const holds = agent !== undefined && agent.leg === null;
  const leg: Leg = {
    offerId: newOfferId, agentId: holds ? agent.agentId : null, groupId: old?.groupId ?? null, target: null, picked: false, attempt: 0, phase: inPlace ? 'answered' : 'ending', cause: inPlace ? null : 'completedElsewhere',
    answered: true, talked: inPlace, alertEndsAtMs: context.now.monotonicMs, alertOriginalMs: 0,
  };
  call.legs.set(newOfferId, leg);
  touchCall(context, call);
  if (holds) {
    agent.leg = { kind: 'offer', callId: call.callId, offerId: newOfferId, talking: true };
    refresh(context, agent);
  }
  if (!inPlace) {
    decided(context, call, 'end', 'a phone came too late to take the place of another');
    context.effects.push({ type: 'endAgentLeg', callId: call.callId, offerId: newOfferId });
    if (old !== undefined) context.tell(call, { type: 'legEnded', callId: call.callId, offerId, outcome: 'hungUp' });
    return;
  }
  noteStep(context, call, 'transferred', leg.agentId === null ? 'elsewhere' : `agent:${leg.agentId}`);
  replaceInPhase(context, call, phase, offerId, newOfferId);
}

function replaceInPhase(context: Context, call: Call, phase: Phase, old: OfferId, winner: OfferId): void {
  if (phase.state === 'transferring') {
    // The new phone was joined to the caller, who is to hear music until the target answers.
    context.effects.push({ type: 'separate', callId: call.callId });
    playMusic(context, call);
    move(context, call, { ...phase, transfer: { ...phase.transfer, from: winner } });
  } else if (phase.state === 'connecting' && phase.back.to === 'transferor' && phase.winner !== old) {
    move(context, call, { ...phase, back: { ...phase.back, transfer: { ...phase.back.transfer, from: winner } } });
  } else {
    if (phase.state === 'connecting' && phase.back.to === 'transferor') transferDone(context, call, phase.back.transfer);
    move(context, call, { state: 'talking', winner });
  }
}
