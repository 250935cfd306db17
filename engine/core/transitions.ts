// The transition table of a call: every state and every input, and where it may lead. docs/states.md shows it; a test holds them together.
import { type Call, type CallInput, type CallInputType, type CallState, type InputOf, type Leg, type Phase, type PhaseOf } from './call';
import { type Context } from './context';
import { callerGone, completeIfOver, finish } from './ending';
import { endLateAnswer, endLeg, endLegs, legOver, offer, pickedUp, rings } from './offers';
import { move } from './phases';
import { playPrompt, startedPlay } from './sounds';
import { crowdedOut, groupChanged, join, waitedTooLong, waitOn } from './waiting';

/** `over`: the call is complete and forgotten. */
export type Next = CallState | 'over';
/** What an input does in a state, and every state it may lead to. */
interface Edge<P extends Phase, I extends CallInput> { readonly act: (context: Context, call: Call, phase: P, input: I) => void; readonly to: readonly Next[] }
/** null: changes nothing. A missing state or input does not compile. */
type Table = { readonly [S in CallState]: { readonly [T in CallInputType]: Edge<PhaseOf<S>, InputOf<T>> | null } };

function edge<P extends Phase, I extends CallInput>(act: Edge<P, I>['act'], ...to: readonly Next[]): Edge<P, I> { return { act, to }; }

// ── The beginning ──

function answered(context: Context, call: Call): void {
  const workflow = context.state.workflows.get(call.workflowId)?.workflow ?? null;
  if (workflow === null || workflow.welcome === null) { join(context, call); return; }
  move(context, call, { state: 'welcoming', play: playPrompt(context, call, workflow.welcome) });
}

function promptStarted(context: Context, call: Call, phase: PhaseOf<'welcoming' | 'leaving'>, { playId, durationMs }: InputOf<'playStarted'>): void {
  if (playId !== phase.play.playId) return;
  const play = startedPlay(context, phase.play, durationMs);
  if (play !== phase.play) move(context, call, { ...phase, play });
}

function welcomeFailed(context: Context, call: Call, phase: PhaseOf<'welcoming'>, { playId }: InputOf<'playFailed'>): void {
  if (playId === phase.play.playId) join(context, call);
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
function answeredOffer(context: Context, call: Call, phase: PhaseOf<'offering'>, input: InputOf<'offerAnswered'>): void {
  const leg = legOf(call, input);
  if (leg === undefined) return;
  if (leg.phase !== 'ringing') { endLateAnswer(context, call, leg); return; }
  leg.phase = 'answered';
  pickedUp(context, leg);
  endLegs(context, call, 'completedElsewhere', leg);
  context.effects.push({ type: 'connect', callId: call.callId, offerId: leg.offerId });
  move(context, call, { state: 'connecting', waiting: phase.waiting, winner: leg.offerId });
}

/** A leg that decides nothing any more is over. */
function otherLegEnded(context: Context, call: Call, _phase: unknown, input: InputOf<'legEnded'>): void {
  const leg = legOf(call, input);
  if (leg !== undefined) legOver(context, call, leg, input.outcome);
}

function offeredLegEnded(context: Context, call: Call, phase: PhaseOf<'offering'>, input: InputOf<'legEnded'>): void {
  otherLegEnded(context, call, phase, input);
  if (!rings(call)) waitOn(context, call, phase.waiting);
}

const takeBack = (cause: 'noAnswer' | 'agentOffDuty') => (context: Context, call: Call, phase: PhaseOf<'offering'>, input: InputOf<'rangTooLong' | 'agentLeft'>): void => {
  const leg = legOf(call, input);
  if (leg?.phase !== 'ringing') return;
  endLeg(context, call, leg, cause);
  if (!rings(call)) waitOn(context, call, phase.waiting);
};

// ── Connected ──

function connected(context: Context, call: Call, { winner }: PhaseOf<'connecting'>, input: InputOf<'connected'>): void {
  const leg = legOf(call, input);
  if (leg === undefined || leg.offerId !== winner) return;
  leg.talked = true;
  call.draft.connectedAt = context.now.civil;
  call.draft.agentId = leg.agentId;
  const written = call.draft.offers.findLast(({ attempt }) => attempt === leg.attempt);
  if (written !== undefined) written.outcome = 'answered';
  move(context, call, { state: 'talking', winner });
}

function notConnected(context: Context, call: Call, { winner, waiting }: PhaseOf<'connecting'>, input: InputOf<'connectFailed'>): void {
  const leg = legOf(call, input);
  if (leg === undefined || leg.offerId !== winner) return;
  endLeg(context, call, leg, 'connectFailed');
  waitAgain(context, call, waiting);
}

/** Music was stopped for the connection, so it begins again. */
function waitAgain(context: Context, call: Call, waiting: PhaseOf<'connecting'>['waiting']): void {
  context.music.add(call);
  waitOn(context, call, waiting);
}

function winnerLost(context: Context, call: Call, phase: PhaseOf<'connecting'>, input: InputOf<'legEnded'>): void {
  otherLegEnded(context, call, phase, input);
  if (input.offerId === phase.winner) waitAgain(context, call, phase.waiting);
}

function talkOver(context: Context, call: Call, phase: PhaseOf<'talking'>, input: InputOf<'legEnded'>): void {
  otherLegEnded(context, call, phase, input);
  if (input.offerId === phase.winner) finish(context, call, 'answered', input.outcome === 'hungUp' ? 'agent' : 'system');
}

// ── The end ──

const gone = (context: Context, call: Call, _phase: unknown, { cause }: InputOf<'callerGone'>): void => callerGone(context, call, cause);
const over = (context: Context, call: Call, phase: PhaseOf<'leaving'>): void => finish(context, call, phase.outcome, 'system');

function leavingFailed(context: Context, call: Call, phase: PhaseOf<'leaving'>, { playId }: InputOf<'playFailed'>): void {
  if (playId === phase.play.playId) over(context, call, phase);
}

function lastLegEnded(context: Context, call: Call, phase: PhaseOf<'ending'>, input: InputOf<'legEnded'>): void {
  otherLegEnded(context, call, phase, input);
  completeIfOver(context, call);
}

/** What never concerns a call in most states. */
const NOTHING = {
  callerAnswered: null, playStarted: null, playFailed: null, offerRinging: null, offerAnswered: null, legEnded: null, connected: null, connectFailed: null,
  promptOver: null, waitedTooLong: null, rangTooLong: null, agentLeft: null, crowdedOut: null, groupChanged: null, agentsFree: null,
} as const;

export const TRANSITIONS: Table = {
  arriving: {
    ...NOTHING,
    callerAnswered: edge(answered, 'welcoming', 'queued', 'leaving', 'ending'),
    callerGone: edge(gone, 'over'),
  },
  welcoming: {
    ...NOTHING,
    playStarted: edge(promptStarted, 'welcoming'),
    playFailed: edge(welcomeFailed, 'welcoming', 'queued', 'leaving', 'ending'),
    promptOver: edge(join, 'queued', 'leaving', 'ending'),
    callerGone: edge(gone, 'over'),
  },
  queued: {
    ...NOTHING,
    agentsFree: edge(offerMore, 'offering'),
    offerAnswered: edge(lateAnswer, 'queued'),
    legEnded: edge(otherLegEnded, 'queued'),
    groupChanged: edge(groupChanged, 'queued', 'ending'),
    waitedTooLong: edge(waitedTooLong, 'leaving', 'ending'),
    crowdedOut: edge(crowdedOut, 'leaving', 'ending'),
    callerGone: edge(gone, 'ending', 'over'),
  },
  offering: {
    ...NOTHING,
    agentsFree: edge(offerMore, 'offering'),
    offerAnswered: edge(answeredOffer, 'offering', 'connecting'),
    legEnded: edge(offeredLegEnded, 'offering', 'queued'),
    rangTooLong: edge(takeBack('noAnswer'), 'offering', 'queued'),
    agentLeft: edge(takeBack('agentOffDuty'), 'offering', 'queued', 'ending'),
    groupChanged: edge(groupChanged, 'offering', 'ending'),
    waitedTooLong: edge(waitedTooLong, 'leaving', 'ending'),
    crowdedOut: edge(crowdedOut, 'leaving', 'ending'),
    callerGone: edge(gone, 'ending'),
  },
  connecting: {
    ...NOTHING,
    connected: edge(connected, 'connecting', 'talking'),
    connectFailed: edge(notConnected, 'connecting', 'queued', 'ending'),
    offerAnswered: edge(lateAnswer, 'connecting'),
    legEnded: edge(winnerLost, 'connecting', 'queued', 'ending'),
    callerGone: edge(gone, 'ending'),
  },
  talking: {
    ...NOTHING,
    offerAnswered: edge(lateAnswer, 'talking'),
    legEnded: edge(talkOver, 'talking', 'ending'),
    callerGone: edge(gone, 'ending'),
  },
  leaving: {
    ...NOTHING,
    playStarted: edge(promptStarted, 'leaving'),
    playFailed: edge(leavingFailed, 'leaving', 'ending'),
    promptOver: edge(over, 'ending'),
    offerAnswered: edge(lateAnswer, 'leaving'),
    legEnded: edge(otherLegEnded, 'leaving'),
    callerGone: edge(gone, 'ending', 'over'),
  },
  ending: {
    ...NOTHING,
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
