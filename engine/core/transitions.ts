// The transition table of a call: every state and every input, and where it may lead. docs/states.md shows it; a test holds them together.
import { carryOut, forwardEnded, forwardTakenBack } from './actions';
import { announceDue, announcementFailed, announcementStarted } from './announcements';
import { callerAnswered } from './arrival';
import { backInQueue, callBackDue, keyWhileWaiting, notReached, pickedUpAgain, queueChanged, rangOut, turnCame } from './call-back';
import { type Back, type Call, type CallInput, type CallInputType, type CallState, type InputOf, type Leg, type Phase, type PhaseOf } from './call';
import { type Context, decided } from './context';
import { callerGone, completeIfOver, finish } from './ending';
import { welcomed } from './group-flow';
import { endLateAnswer, endLeg, legOver, nameOfLeg, offer, pickedUp, rings, takeBack } from './offers';
import { moved, priorityChanged } from './instructions';
import { move } from './phases';
import { picked } from './picking';
import { askAgain, questionFailed, questionKey, questionOver, questionStarted } from './questions';
import { startedPlay } from './sounds';
import { askedForAgain, isLost } from './takeover';
import { nowTalk } from './talking';
import { agentReplaced, callerReplaced, goBack, legEndedInTransfer, targetTakenBack, transferAsked, transferDone, transferTooLate } from './transfers';
import { crowdedOut, groupChanged, noAgents, waitedTooLong, waitOn } from './waiting';

/** `over`: the call is complete and forgotten. */
export type Next = CallState | 'over';
/** What an input does in a state, and every state it may lead to. */
interface Edge<P extends Phase, I extends CallInput> { readonly act: (context: Context, call: Call, phase: P, input: I) => void; readonly to: readonly Next[] }
/** null: changes nothing. A missing state or input does not compile. */
type Table = { readonly [S in CallState]: { readonly [T in CallInputType]: Edge<PhaseOf<S>, InputOf<T>> | null } };

function edge<P extends Phase, I extends CallInput>(act: Edge<P, I>['act'], ...to: readonly Next[]): Edge<P, I> { return { act, to }; }

// ── What is said ──

function promptStarted(context: Context, call: Call, phase: PhaseOf<'welcoming' | 'leaving'>, { playId, durationMs }: InputOf<'playStarted'>): void {
  if (playId !== phase.play.playId) return;
  const play = startedPlay(context, phase.play, durationMs);
  if (play !== phase.play) move(context, call, { ...phase, play });
}

function welcomeFailed(context: Context, call: Call, phase: PhaseOf<'welcoming'>, { playId }: InputOf<'playFailed'>): void {
  if (playId === phase.play.playId) welcomed(context, call);
}

const leave = (context: Context, call: Call, { outcome, action }: PhaseOf<'leaving'>): void => carryOut(context, call, outcome, action);

function leavingFailed(context: Context, call: Call, phase: PhaseOf<'leaving'>, { playId }: InputOf<'playFailed'>): void {
  if (playId === phase.play.playId) leave(context, call, phase);
}

// ── Waiting and ringing ──

function offerMore(context: Context, call: Call, phase: PhaseOf<'queued' | 'offering'>, input: InputOf<'agentsFree'>): void {
  offer(context, call, phase.waiting, input);
  move(context, call, { state: 'offering', waiting: phase.waiting, groupId: input.groupId });
}

/** The call's leg of that offer, if it is not over. */
function legOf(call: Call, { offerId }: { readonly offerId: string }): Leg | undefined { return call.legs.get(offerId); }

function lateAnswer(context: Context, call: Call, _phase: unknown, input: InputOf<'offerAnswered'>): void {
  const leg = legOf(call, input);
  if (leg !== undefined) endLateAnswer(context, call, leg);
}

/** The first answer wins; every other phone stops ringing before the two are joined. */
function wins(context: Context, call: Call, input: InputOf<'offerAnswered'>, back: Back, keep?: string): void {
  const leg = legOf(call, input);
  if (leg === undefined) return;
  if (leg.phase !== 'ringing') { endLateAnswer(context, call, leg); return; }
  leg.phase = 'answered';
  pickedUp(context, leg);
  if (rings(call)) decided(context, call, 'withdraw', `${nameOfLeg(context.state, leg)} answered first`);
  for (const other of call.legs.values()) if (other !== leg && other.offerId !== keep) endLeg(context, call, other, 'completedElsewhere');
  context.effects.push({ type: 'connect', callId: call.callId, offerId: leg.offerId });
  move(context, call, { state: 'connecting', winner: leg.offerId, back });
}

const answeredOffer = (context: Context, call: Call, { waiting }: PhaseOf<'offering'>, input: InputOf<'offerAnswered'>): void => wins(context, call, input, { to: 'queue', waiting });
const answeredForward = (context: Context, call: Call, { outcome }: PhaseOf<'forwarding'>, input: InputOf<'offerAnswered'>): void => wins(context, call, input, { to: 'end', outcome });
const answeredTransfer = (context: Context, call: Call, { transfer }: PhaseOf<'transferring'>, input: InputOf<'offerAnswered'>): void =>
  wins(context, call, input, { to: 'transferor', transfer }, transfer.from);

/** A leg that decides nothing any more is over. */
function otherLegEnded(context: Context, call: Call, _phase: unknown, input: InputOf<'legEnded'>): void {
  const leg = legOf(call, input);
  if (leg !== undefined) legOver(context, call, leg, input.outcome);
}

function offeredLegEnded(context: Context, call: Call, phase: PhaseOf<'offering'>, input: InputOf<'legEnded'>): void {
  const leg = legOf(call, input);
  // Whoever was rung by an engine that is no more was hardly offered the call.
  if (leg !== undefined && leg.agentId !== null && isLost(leg, input.outcome)) phase.waiting.tried.delete(leg.agentId);
  otherLegEnded(context, call, phase, input);
  if (!rings(call)) waitOn(context, call, phase.waiting);
}

const offerTakenBack = (cause: 'noAnswer' | 'agentOffDuty') => (context: Context, call: Call, phase: PhaseOf<'offering'>, input: InputOf<'rangTooLong' | 'agentLeft'>): void => {
  const leg = legOf(call, input);
  if (leg?.phase !== 'ringing') return;
  takeBack(context, call, leg, cause);
  if (!rings(call)) waitOn(context, call, phase.waiting);
};

// ── Connected ──

function connected(context: Context, call: Call, { winner, back }: PhaseOf<'connecting'>, input: InputOf<'connected'>): void {
  const leg = legOf(call, input);
  if (leg === undefined || leg.offerId !== winner) return;
  nowTalk(context, call, leg, back);
  if (back.to === 'transferor') transferDone(context, call, back.transfer);
  move(context, call, { state: 'talking', winner });
}

function notConnected(context: Context, call: Call, { winner, back }: PhaseOf<'connecting'>, input: InputOf<'connectFailed'>): void {
  const leg = legOf(call, input);
  if (leg === undefined || leg.offerId !== winner) return;
  decided(context, call, 'notConnected', `${nameOfLeg(context.state, leg)} and the caller cannot be joined`);
  endLeg(context, call, leg, 'connectFailed');
  goBack(context, call, back);
}

function winnerLost(context: Context, call: Call, phase: PhaseOf<'connecting'>, input: InputOf<'legEnded'>): void {
  if (legOf(call, input) === undefined) return;
  otherLegEnded(context, call, phase, input);
  if (input.offerId === phase.winner) goBack(context, call, phase.back);
}

function talkOver(context: Context, call: Call, phase: PhaseOf<'talking'>, input: InputOf<'legEnded'>): void {
  otherLegEnded(context, call, phase, input);
  if (input.offerId === phase.winner) finish(context, call, 'failed', input.outcome === 'hungUp' ? 'agent' : 'system');
}

// ── The end ──

const gone = (context: Context, call: Call, _phase: unknown, { cause }: InputOf<'callerGone'>): void => callerGone(context, call, cause);

function lastLegEnded(context: Context, call: Call, phase: PhaseOf<'ending'>, input: InputOf<'legEnded'>): void {
  otherLegEnded(context, call, phase, input);
  completeIfOver(context, call);
}

/** What never concerns a call in most states. */
const NOTHING = {
  callerAnswered: null, playStarted: null, playFailed: null, offerRinging: null, offerAnswered: null, legEnded: null, connected: null, connectFailed: null,
  keyPressed: null, promptOver: null, waitedTooLong: null, rangTooLong: null, agentLeft: null, crowdedOut: null, groupChanged: null, agentsFree: null,
  noAgents: null, announceDue: null, picked: null, moved: null, priorityChanged: null, turnCame: null, callBackDue: null,
} as const;

/** What may come in any state and does not change it: another engine, other phones in the place of one, and transfers where none can be. */
const always = <S extends CallState>(state: S) => ({
  takenOver: edge<PhaseOf<S>, InputOf<'takenOver'>>((context, call) => { askedForAgain(context, call); }, state),
  transferAsked: edge<PhaseOf<S>, InputOf<'transferAsked'>>(transferTooLate, state),
  callerReplaced: edge<PhaseOf<S>, InputOf<'callerReplaced'>>(callerReplaced, state),
  agentReplaced: edge<PhaseOf<S>, InputOf<'agentReplaced'>>(agentReplaced, state),
});

/** Legs that were asked to end, while the caller is elsewhere already. */
const leftovers = <S extends CallState>(state: S) => ({
  offerAnswered: edge<PhaseOf<S>, InputOf<'offerAnswered'>>(lateAnswer, state),
  legEnded: edge<PhaseOf<S>, InputOf<'legEnded'>>(otherLegEnded, state),
});

/** Where a group's flow or a call action may lead to, without any further event. */
export const SENT = ['welcoming', 'asking', 'queued', 'forwarding', 'leaving', 'ending'] as const;

/** What befalls whoever waits, whether or not somebody rings. */
const whileWaiting = <S extends 'queued' | 'offering'>(state: S) => ({
  playStarted: edge<PhaseOf<S>, InputOf<'playStarted'>>(announcementStarted, state),
  playFailed: edge<PhaseOf<S>, InputOf<'playFailed'>>(announcementFailed, state),
  announceDue: edge<PhaseOf<S>, InputOf<'announceDue'>>(announceDue, state),
  keyPressed: edge<PhaseOf<S>, InputOf<'keyPressed'>>(keyWhileWaiting, state, ...SENT.filter((next) => next !== state)),
  noAgents: edge<PhaseOf<S>, InputOf<'noAgents'>>(noAgents, ...SENT),
  waitedTooLong: edge<PhaseOf<S>, InputOf<'waitedTooLong'>>(waitedTooLong, ...SENT),
  crowdedOut: edge<PhaseOf<S>, InputOf<'crowdedOut'>>(crowdedOut, ...SENT),
  picked: edge<PhaseOf<S>, InputOf<'picked'>>(picked, 'offering'),
  moved: edge<PhaseOf<S>, InputOf<'moved'>>(moved, 'queued'),
  priorityChanged: edge<PhaseOf<S>, InputOf<'priorityChanged'>>(priorityChanged, state),
});

export const TRANSITIONS: Table = {
  arriving: {
    ...NOTHING, ...always('arriving'),
    callerAnswered: edge(callerAnswered, ...SENT),
    callerGone: edge(gone, 'over'),
  },
  welcoming: {
    ...NOTHING, ...always('welcoming'), ...leftovers('welcoming'),
    playStarted: edge(promptStarted, 'welcoming'),
    playFailed: edge(welcomeFailed, ...SENT),
    promptOver: edge(welcomed, ...SENT),
    callerGone: edge(gone, 'ending', 'over'),
  },
  asking: {
    ...NOTHING, ...always('asking'), ...leftovers('asking'),
    playStarted: edge(questionStarted, 'asking'),
    playFailed: edge(questionFailed, ...SENT),
    promptOver: edge(questionOver, ...SENT),
    keyPressed: edge(questionKey, ...SENT),
    takenOver: edge(askAgain, ...SENT),
    callerGone: edge(gone, 'ending', 'over'),
  },
  queued: {
    ...NOTHING, ...always('queued'), ...leftovers('queued'), ...whileWaiting('queued'),
    agentsFree: edge(offerMore, 'offering'),
    groupChanged: edge(groupChanged, 'queued', 'ending'),
    callerGone: edge(gone, 'ending', 'over'),
  },
  offering: {
    ...NOTHING, ...always('offering'), ...whileWaiting('offering'),
    agentReplaced: edge(agentReplaced, 'offering', 'queued'),
    agentsFree: edge(offerMore, 'offering'),
    offerAnswered: edge(answeredOffer, 'offering', 'connecting'),
    legEnded: edge(offeredLegEnded, 'offering', 'queued'),
    rangTooLong: edge(offerTakenBack('noAnswer'), 'offering', 'queued'),
    agentLeft: edge(offerTakenBack('agentOffDuty'), 'offering', 'queued', 'ending'),
    groupChanged: edge(groupChanged, 'offering', 'ending'),
    callerGone: edge(gone, 'ending'),
  },
  forwarding: {
    ...NOTHING, ...always('forwarding'),
    agentReplaced: edge(agentReplaced, 'forwarding', 'ending'),
    offerAnswered: edge(answeredForward, 'forwarding', 'connecting'),
    legEnded: edge(forwardEnded, 'forwarding', 'ending'),
    rangTooLong: edge(forwardTakenBack('noAnswer'), 'ending'),
    agentLeft: edge(forwardTakenBack('agentOffDuty'), 'forwarding', 'ending'),
    callerGone: edge(gone, 'ending'),
  },
  connecting: {
    ...NOTHING, ...always('connecting'),
    connected: edge(connected, 'connecting', 'talking'),
    connectFailed: edge(notConnected, 'connecting', 'queued', 'ending'),
    offerAnswered: edge(lateAnswer, 'connecting'),
    legEnded: edge(winnerLost, 'connecting', 'queued', 'ending'),
    agentReplaced: edge(agentReplaced, 'connecting', 'talking'),
    callerGone: edge(gone, 'ending'),
  },
  talking: {
    ...NOTHING, ...always('talking'),
    offerAnswered: edge(lateAnswer, 'talking'),
    legEnded: edge(talkOver, 'talking', 'ending'),
    transferAsked: edge(transferAsked, 'talking', 'transferring', 'connecting', ...SENT),
    callerGone: edge(gone, 'ending'),
  },
  transferring: {
    ...NOTHING, ...always('transferring'),
    agentReplaced: edge(agentReplaced, 'transferring', 'connecting', 'queued', 'ending'),
    offerAnswered: edge(answeredTransfer, 'transferring', 'connecting'),
    legEnded: edge(legEndedInTransfer, 'transferring', 'connecting', 'queued', 'ending'),
    rangTooLong: edge(targetTakenBack('noAnswer'), 'connecting', 'queued', 'ending'),
    agentLeft: edge(targetTakenBack('agentOffDuty'), 'transferring', 'connecting', 'queued', 'ending'),
    callerGone: edge(gone, 'ending'),
  },
  leaving: {
    ...NOTHING, ...always('leaving'), ...leftovers('leaving'),
    playStarted: edge(promptStarted, 'leaving'),
    playFailed: edge(leavingFailed, ...SENT),
    promptOver: edge(leave, ...SENT),
    callerGone: edge(gone, 'ending', 'over'),
  },
  promised: {
    ...NOTHING, ...always('promised'), ...leftovers('promised'),
    callerGone: null,
    turnCame: edge(turnCame, 'calling', 'ending', 'over'),
    callBackDue: edge(callBackDue, 'promised', 'ending', 'over'),
    groupChanged: edge(queueChanged, 'promised', 'ending', 'over'),
  },
  calling: {
    ...NOTHING, ...always('calling'),
    callerGone: null,
    offerAnswered: edge(pickedUpAgain, 'calling', 'returning'),
    legEnded: edge(notReached, 'calling', 'promised', 'ending', 'over'),
    agentReplaced: edge(agentReplaced, 'calling', 'promised', 'ending'),
    rangTooLong: edge(rangOut, 'calling'),
    groupChanged: edge(queueChanged, 'calling', 'ending'),
  },
  returning: {
    ...NOTHING, ...always('returning'), ...leftovers('returning'),
    callerAnswered: edge(backInQueue, 'queued', 'ending'),
    groupChanged: edge(queueChanged, 'returning', 'ending'),
    callerGone: edge(gone, 'ending', 'over'),
  },
  ending: {
    ...NOTHING, ...always('ending'),
    offerAnswered: edge(lateAnswer, 'ending'),
    legEnded: edge(lastLegEnded, 'ending', 'over'),
    callerGone: edge(gone, 'ending', 'over'),
  },
};

/** Tells a call something, as the table says. */
export function tell(context: Context, call: Call, input: CallInput): void {
  // The table is complete by its type; which row and column belong together is known to it, not to the checker.
  const found = TRANSITIONS[call.phase.state][input.type] as Edge<Phase, CallInput> | null;
  found?.act(context, call, call.phase, input);
}
