// A call: what holds for its whole life, and the phase it is in, whose data lives only there.
import { type CallOutcome, type OfferRecord } from '../../storage/model/record';
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
}

/** Where a call is. Edges between phases are in `transitions.ts`, a picture of them in docs/states.md. */
export type Phase =
  /** `answer` was sent; we have: nothing yet. */
  | { readonly state: 'arriving' }
  /** The welcome was asked for; an agent is not. */
  | { readonly state: 'welcoming'; readonly play: Play }
  /** Music plays; no phone rings for this caller. */
  | { readonly state: 'queued'; readonly waiting: Waiting }
  /** Music plays; at least one phone of this group was offered and neither answered, ended nor was withdrawn. */
  | { readonly state: 'offering'; readonly waiting: Waiting; readonly groupId: string }
  /** One agent answered and `connect` was sent; every other offer is withdrawn. */
  | { readonly state: 'connecting'; readonly waiting: Waiting; readonly winner: OfferId }
  /** Caller and agent hear each other. */
  | { readonly state: 'talking'; readonly winner: OfferId }
  /** Turned away: a last message plays; no phone rings. */
  | { readonly state: 'leaving'; readonly play: Play; readonly outcome: CallOutcome }
  /** Over for the caller or about to be; the end of each remaining leg is awaited. */
  | { readonly state: 'ending'; readonly outcome: CallOutcome; readonly endedBy: EndedBy; readonly endedAt: Date; readonly callerGone: boolean };

export type CallState = Phase['state'];
export type PhaseOf<S extends CallState> = Extract<Phase, { readonly state: S }>;
export type EndedBy = 'caller' | 'agent' | 'system';

/** Why we asked for a leg's end: taken back while ringing, or given up after an answer because sound could not be joined. */
export type LegEndCause = WithdrawCause | 'connectFailed';

/** One agent's leg, from `offer` until `legEnded`. */
export interface Leg {
  readonly offerId: OfferId;
  readonly agentId: string;
  readonly groupId: string;
  readonly attempt: number;
  /** `ringing`: sent `offer`. `answered`: received `offerAnswered`, and it won. `ending`: sent `withdraw` or `endAgentLeg`. */
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
}

export interface Call {
  readonly callId: CallId;
  readonly arrival: Arrival;
  readonly workflowId: string;
  readonly arrivedAt: Date;
  readonly place: Place;
  /** Offers made so far; the last one's number. */
  attempts: number;
  /** Sounds asked for so far; the last one's number. */
  plays: number;
  /** Every leg to an agent that is not over. */
  readonly legs: Map<OfferId, Leg>;
  readonly draft: RecordDraft;
  phase: Phase;
}

/** Whether the caller waits, as overflow and the live view count it: ringing counts as waiting. */
export function waits(phase: Phase): phase is PhaseOf<'queued' | 'offering'> {
  return phase.state === 'queued' || phase.state === 'offering';
}

/** Everything that can happen to one call: the events of the outside that name a call, and what the core tells it. */
export type CallInput =
  | Extract<CoreEvent, { readonly callId: CallId }>
  /** The welcome or the last message is over, or did not start in time. */
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
  /** These agents are free for this call. */
  | { readonly type: 'agentsFree'; readonly groupId: string; readonly seats: readonly Seat[]; readonly reason: string; readonly newRound: boolean };
export type CallInputType = CallInput['type'];
export type InputOf<T extends CallInputType> = Extract<CallInput, { readonly type: T }>;
