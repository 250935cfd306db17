// A call: what holds for its whole life, and the phase it is in, whose data lives only there.
import { type AnswerAction } from '../../storage/model/call-action';
import { type OutsideTarget } from '../../storage/model/number-policy';
import { type AnsweredQuestion, type CallOutcome, type CallStep, type OfferRecord, type TurnedAway } from '../../storage/model/record';
import { type Seat } from './agent';
import { type Arrival, type CallId, type CoreEvent, type OfferId, type WithdrawCause } from './types';

/** The order of waiting: lower priority numbers first, then the earlier arrival, then the call id. Kept as this key for the call's whole life. */
export interface Place {
  readonly priority: number;
  /** Civil milliseconds of the arrival, never less than an earlier caller's, whatever the clock did. */
  readonly arrival: number;
  readonly callId: CallId;
}

/** Negative when `a` is served before `b`; zero only for the same call. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.arrival !== b.arrival) return a.arrival - b.arrival;
  return a.callId < b.callId ? -1 : a.callId > b.callId ? 1 : 0;
}

/** Something played to the caller that ends by itself. Until it has started, the deadline is that for starting. */
export interface Play {
  readonly playId: string;
  readonly started: boolean;
  readonly endsAtMs: number;
  readonly originalMs: number;
}

/** A caller's stay in a queue; it outlives rings and failed connections, so that the place is kept. */
export interface Waiting {
  readonly queueId: string;
  /** Timeouts count from here, also after the timeout was changed. */
  readonly joinedAtMs: number;
  /** Agents offered since the list was last exhausted; each once a round. */
  readonly tried: Set<string>;
  /** The agent group whose turn it is; null: the first. */
  groupId: string | null;
  /** When the place in the queue was last told, or music began; the next announcement counts from here. */
  announcedAtMs: number;
  /** The announcement that plays or is asked for, in place of the music. */
  announcement: Play | null;
}

/** A REFER that was accepted; `transferProgress` tells its phone what came of it, once. */
export interface Transfer {
  readonly transferId: string;
  /** The leg of the agent who transfers; while it is up it is among the call's legs. */
  readonly from: OfferId;
}

/** Where a call goes on when caller and winner cannot be joined, or the winner hangs up before. */
export type Back =
  | { readonly to: 'queue'; readonly waiting: Waiting }
  /** To the agent who transfers, while that leg is up; else to the queue. */
  | { readonly to: 'transferor'; readonly transfer: Transfer }
  /** The number or agent was the call's last chance. */
  | { readonly to: 'end'; readonly outcome: CallOutcome };

/**
 * Where a call is. Edges between phases are in `transitions.ts`, a picture of them in docs/states.md.
 *
 * Which legs may be up, beside those that are ending, which any phase but `arriving` may have:
 *
 * | Phase | Ringing | Answered |
 * |---|---|---|
 * | arriving, welcoming, asking, queued, leaving, promised, returning, ending | none | none |
 * | offering | one or more, of the phase's group | none |
 * | forwarding | exactly `leg` | none |
 * | calling | `leg`, if it is not ending | none |
 * | connecting | none | `winner`; and the transferring leg, if it did not hang up |
 * | talking | none | `winner` |
 * | transferring | exactly `target` | the transferring leg, if it did not hang up |
 */
export type Phase =
  /** `answer` was sent; we have: nothing yet. */
  | { readonly state: 'arriving' }
  /** The welcome was asked for; an agent is not. */
  | { readonly state: 'welcoming'; readonly play: Play }
  /**
   * A question of the workflow. `chided`: what is said after a wrong key or silence; `asked`: the question; both are cut short by a key.
   * `awaited`: silence, for which `play` is the time left.
   */
  | { readonly state: 'asking'; readonly questionId: string; readonly failed: number; readonly moment: 'chided' | 'asked' | 'awaited'; readonly play: Play }
  /** Music plays; no phone rings for this caller. */
  | { readonly state: 'queued'; readonly waiting: Waiting }
  /** Music plays; at least one phone of this group was offered and neither answered, ended nor was withdrawn. */
  | { readonly state: 'offering'; readonly waiting: Waiting; readonly groupId: string }
  /** The caller hears ringback while a number, an address or one of our agents is rung. `outcome`: what the call comes to when nobody answers there. */
  | { readonly state: 'forwarding'; readonly leg: OfferId; readonly outcome: CallOutcome }
  /** One phone answered and `connect` was sent; every other offer is withdrawn. */
  | { readonly state: 'connecting'; readonly back: Back; readonly winner: OfferId }
  /** Caller and agent hear each other. */
  | { readonly state: 'talking'; readonly winner: OfferId }
  /** Music plays while an agent's transfer rings `target`. */
  | { readonly state: 'transferring'; readonly transfer: Transfer; readonly target: OfferId }
  /** Sent elsewhere because of `outcome`: a message plays before `action` is carried out; no phone rings. */
  | { readonly state: 'leaving'; readonly play: Play; readonly outcome: TurnedAway; readonly action: AnswerAction }
  /** The caller has hung up, to be called back when it is their turn; not before `retry`, and not after `expires`. */
  | { readonly state: 'promised'; readonly queueId: string; readonly attempts: number; readonly retry: Due | null; readonly expires: Due }
  /** The caller's phone rings, for the time of this number; or that ring is taken back. */
  | { readonly state: 'calling'; readonly queueId: string; readonly attempts: number; readonly retry: null; readonly expires: Due; readonly leg: OfferId }
  /** The caller has picked up, and `welcomeBack` was sent for what was `leg`. */
  | { readonly state: 'returning'; readonly queueId: string; readonly leg: OfferId }
  /** Over for the caller or about to be; the end of each remaining leg is awaited. */
  | { readonly state: 'ending'; readonly outcome: CallOutcome; readonly endedBy: EndedBy; readonly endedAt: Date; readonly callerGone: boolean };

/** When something is due, and how long that was from when it was set. */
export interface Due { readonly atMs: number; readonly originalMs: number }

/** Who has a place and is to be called back: not on the phone, or not yet able to hear. */
export type AbsentPhase = Extract<Phase, { readonly state: 'promised' | 'calling' | 'returning' }>;

export type CallState = Phase['state'];
export type PhaseOf<S extends CallState> = Extract<Phase, { readonly state: S }>;
export type EndedBy = 'caller' | 'agent' | 'system';

/** Why we asked for a leg's end: taken back while ringing, given up after an answer because sound could not be joined, or transferred away from. */
export type LegEndCause = WithdrawCause | 'connectFailed' | 'transferred';

/** One leg beside the caller's, from `offer`, `dial` or `takeLeg` until `legEnded`. */
export interface Leg {
  readonly offerId: OfferId;
  /** null: somebody outside. */
  readonly agentId: string | null;
  /** The agent group that offers; null: dialled for a call action, a transfer or an agent's own call, which is no group's offer. */
  readonly groupId: string | null;
  /** What was dialled outside; null: an agent's phones ring, or the leg came from elsewhere. */
  readonly target: { readonly to: OutsideTarget; readonly replaces: string | null } | null;
  /** The agent picked this caller, instead of being chosen. */
  readonly picked: boolean;
  /** Number of the offer in this call; 0: came from another call, or in place of another leg. */
  readonly attempt: number;
  /** `ringing`: sent `offer` or `dial`. `answered`: received `offerAnswered`, and it won. `ending`: sent `withdraw` or `endAgentLeg`. */
  phase: 'ringing' | 'answered' | 'ending';
  /** Not null exactly when phase is `ending`. */
  cause: LegEndCause | null;
  /** Whether the phone was picked up, whoever won. */
  answered: boolean;
  /** Whether caller and agent were connected. */
  talked: boolean;
  /** The alert time; means something while it rings. */
  readonly alertEndsAtMs: number;
  readonly alertOriginalMs: number;
}

/** The record of a call as far as it is written. */
export interface RecordDraft {
  queueId: string | null;
  joinedQueueAt: Date | null;
  connectedAt: Date | null;
  agentId: string | null;
  /** At most `OFFERS_KEPT`, the latest. */
  readonly offers: Array<{ -readonly [K in keyof OfferRecord]: OfferRecord[K] }>;
  offersLeftOut: number;
  /** Whom the caller talked to first: an agent a group offered the call to, or whoever it was forwarded to; null: nobody yet. */
  reached: 'answered' | 'forwarded' | null;
  /** In order; a question answered twice is there twice. */
  readonly answers: AnsweredQuestion[];
  /** At most `STEPS_KEPT`, the latest. */
  readonly steps: CallStep[];
}

export interface Call {
  readonly callId: CallId;
  /** Name and number change when another phone takes the caller's place. */
  arrival: Arrival;
  /** The workflow dialled; null: an agent's own call. */
  readonly dialledWorkflowId: string | null;
  /** The workflow the caller is with now: whose language, music and menu it is, and who sees the call. */
  workflowId: string | null;
  readonly arrivedAt: Date;
  /** Changes by instruction, and where a transfer gives the caller the place of the agent's own call. */
  place: Place;
  /** Offers made so far; the last one's number. */
  attempts: number;
  /** Sounds asked for so far; the last one's number. */
  plays: number;
  /** How often the call was sent elsewhere: by a call action, an answer or a transfer. */
  hops: number;
  /** How many times any question was asked. */
  questionsAsked: number;
  /** Every leg beside the caller's that is not over. */
  readonly legs: Map<OfferId, Leg>;
  readonly draft: RecordDraft;
  phase: Phase;
}

/** The transfer that is under way, if there is one. */
export function transferOf(phase: Phase): Transfer | null {
  if (phase.state === 'transferring') return phase.transfer;
  return phase.state === 'connecting' && phase.back.to === 'transferor' ? phase.back.transfer : null;
}

/** What plays, or is to play, and ends by itself. */
export function playOf(phase: Phase): Play | null {
  return phase.state === 'welcoming' || phase.state === 'asking' || phase.state === 'leaving' ? phase.play : null;
}

/** Whether the caller waits, as overflow and the live view count it: ringing counts as waiting. */
export function waits(phase: Phase): phase is PhaseOf<'queued' | 'offering'> {
  return phase.state === 'queued' || phase.state === 'offering';
}

/** Whether the caller is to be called back: in the books of a queue, and not among those who wait. */
export function isCalledBack(phase: Phase): phase is AbsentPhase { return phase.state === 'promised' || phase.state === 'calling' || phase.state === 'returning'; }

/** Whether there is no caller's leg. */
export function isAbsent(phase: Phase): phase is PhaseOf<'promised' | 'calling'> { return phase.state === 'promised' || phase.state === 'calling'; }

/** When something is due for a call back that is promised. */
export function callBackDueMs({ retry, expires }: PhaseOf<'promised'>): number { return Math.min(retry?.atMs ?? Infinity, expires.atMs); }

/** Everything that can happen to one call: the events of the outside that name a call, and what the core tells it. */
export type CallInput =
  | Exclude<Extract<CoreEvent, { readonly callId: CallId }>, { readonly instructionId: string }>
  /** A welcome, question or message is over, or did not start in time; or the time to answer a question. */
  | { readonly type: 'promptOver' }
  /** The queue's timeout. */
  | { readonly type: 'waitedTooLong' }
  /** The alert time of one offer. */
  | { readonly type: 'rangTooLong'; readonly offerId: OfferId }
  /** A ringing agent went off duty or was deleted. */
  | { readonly type: 'agentLeft'; readonly offerId: OfferId }
  /** Overflow chose this caller, the oldest. */
  | { readonly type: 'crowdedOut'; readonly reason: string }
  /** The workflow or queue was changed or deleted. */
  | { readonly type: 'groupChanged' }
  /** Another engine has taken the call over. */
  | { readonly type: 'takenOver' }
  /** The next announcement is due, or the present one is over or did not start in time. */
  | { readonly type: 'announceDue' }
  /** A caller to be called back is served next. */
  | { readonly type: 'turnCame' }
  /** A caller may be called back again, or not any more. */
  | { readonly type: 'callBackDue' }
  /** No agent of the queue's groups is signed in. */
  | { readonly type: 'noAgents' }
  /** An agent picked this caller; `legId`: with the phone that dialled in for it, null: that is to ring. */
  | { readonly type: 'picked'; readonly groupId: string; readonly seat: Seat; readonly legId: CallId | null; readonly reason: string }
  /** By instruction, the caller goes on waiting in another queue. */
  | { readonly type: 'moved'; readonly queueId: string }
  | { readonly type: 'priorityChanged'; readonly priority: number }
  /** These agents are free for this call. */
  | { readonly type: 'agentsFree'; readonly groupId: string; readonly seats: readonly Seat[]; readonly reason: string; readonly newRound: boolean };
export type CallInputType = CallInput['type'];
export type InputOf<T extends CallInputType> = Extract<CallInput, { readonly type: T }>;
