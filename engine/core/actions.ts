// Call actions: where a call goes that is turned away, chosen to go elsewhere, or dialled by an agent.
import { type AnswerAction } from '../../storage/model/call-action';
import { type CallOutcome, type TurnedAway } from '../../storage/model/record';
import { type Call, type InputOf, type PhaseOf } from './call';
import { type Context, decided } from './context';
import { dialOutside, ringAgent, whyNotRung } from './dialling';
import { finish, noteStep } from './ending';
import { enterGroup, whyNotTaken } from './group-flow';
import { endLegs, legOver, takeBack } from './offers';
import { move } from './phases';
import { ask } from './questions';
import { playPrompt, playRingback } from './sounds';
import { dialAgain, isLost } from './takeover';
import { type Destination, destinationOfNumber, destinationOfUri, nameOfTarget } from './targets';
import { join } from './waiting';

/** How often one call is sent elsewhere; loops of queues and groups end here. */
export const HOPS_MAX = 16;

/** No phone rings any more; the action's message is played, then it is carried out. */
export function turnAway(context: Context, call: Call, why: TurnedAway, action: AnswerAction, reason: string): void {
  decided(context, call, why, reason);
  endLegs(context, call, 'turnedAway');
  noteStep(context, call, why, nameOfAction(action));
  if (action.prompt === null) { carryOut(context, call, why, action); return; }
  move(context, call, { state: 'leaving', play: playPrompt(context, call, action.prompt), outcome: why, action });
}

/** What follows the message. `outcome` is what the call comes to if it ends there. */
export function carryOut(context: Context, call: Call, outcome: TurnedAway, action: AnswerAction): void {
  if (action.kind === 'disconnect') { finish(context, call, outcome, 'system'); return; }
  if (action.kind === 'question') { ask(context, call, action.questionId); return; }
  if (!hop(context, call, outcome)) return;
  switch (action.kind) {
    case 'queue': join(context, call, action.queueId); return;
    case 'number': sendTo(context, call, destinationOfNumber(context.state, action.number), outcome); return;
    case 'sipUri':
    case 'voicemail': sendTo(context, call, destinationOfUri(context.state, action.uri), outcome); return;
  }
}

/** As a record writes it: `queue:<id>`, `question:<id>`, `tel:…`, `sip:…` or `disconnect`. */
export function nameOfAction(action: AnswerAction): string {
  switch (action.kind) {
    case 'disconnect': return 'disconnect';
    case 'queue': return `queue:${action.queueId}`;
    case 'question': return `question:${action.questionId}`;
    case 'number': return `tel:${action.number}`;
    case 'sipUri':
    case 'voicemail': return action.uri;
  }
}

/** Counts one more place the call is sent to; the call ends where that is one too many. */
export function hop(context: Context, call: Call, outcome: CallOutcome): boolean {
  call.hops += 1;
  if (call.hops <= HOPS_MAX) return true;
  decided(context, call, outcome, `sent on more than ${HOPS_MAX} times`);
  finish(context, call, outcome, 'system');
  return false;
}

/** Sends the call to a group, an agent or outside; `outcome` is what it comes to where that fails. */
export function sendTo(context: Context, call: Call, destination: Destination, outcome: CallOutcome): void {
  switch (destination.kind) {
    case 'group': {
      const refusal = whyNotTaken(destination.workflow, call.arrival);
      if (refusal === null) enterGroup(context, call, destination.workflow, context.now.civil, true);
      else giveUp(context, call, outcome, refusal.reason);
      return;
    }
    case 'agent': {
      const { agent } = destination;
      const obstacle = whyNotRung(agent);
      if (obstacle !== null) { giveUp(context, call, outcome, `${agent.agentId} is ${obstacle}`); return; }
      decided(context, call, 'dial', nameOfTarget(destination));
      playRingback(context, call);
      move(context, call, { state: 'forwarding', leg: ringAgent(context, call, agent), outcome });
      return;
    }
    case 'outside':
      decided(context, call, 'dial', nameOfTarget(destination));
      playRingback(context, call);
      move(context, call, { state: 'forwarding', leg: dialOutside(context, call, destination.target, null), outcome });
      return;
    case 'nowhere': giveUp(context, call, outcome, destination.reason);
  }
}

function giveUp(context: Context, call: Call, outcome: CallOutcome, reason: string): void {
  decided(context, call, 'notForwarded', reason);
  finish(context, call, outcome, 'system');
}

// ── While it rings there ──

/** Whoever was dialled is gone: busy, declined, no answer, failed. The call has no other chance. */
export function forwardEnded(context: Context, call: Call, phase: PhaseOf<'forwarding'>, { offerId, outcome }: InputOf<'legEnded'>): void {
  const leg = call.legs.get(offerId);
  if (leg === undefined) return;
  const lost = isLost(leg, outcome);
  legOver(context, call, leg, outcome);
  if (offerId !== phase.leg) return;
  const again = lost ? dialAgain(context, call, leg) : null;
  if (again !== null) move(context, call, { ...phase, leg: again });
  else giveUp(context, call, phase.outcome, outcome);
}

/** It rang for `DIAL_ALERT_MS`, or the agent who is rung was deleted. */
export const forwardTakenBack = (cause: 'noAnswer' | 'agentOffDuty') => (context: Context, call: Call, phase: PhaseOf<'forwarding'>, { offerId }: InputOf<'rangTooLong' | 'agentLeft'>): void => {
  const leg = call.legs.get(offerId);
  if (leg?.phase !== 'ringing' || offerId !== phase.leg) return;
  takeBack(context, call, leg, cause);
  giveUp(context, call, phase.outcome, cause === 'noAnswer' ? 'noAnswer' : 'unreachable');
};
