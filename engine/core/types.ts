// What goes into a step and what comes out of it. Pure data: no handle, no socket, no clock.
import { type CallAction, type Prompt } from '../../storage/model/prompt';
import { type CallRecord } from '../../storage/model/record';
import { type Configuration, type ConfigurationUpdate } from '../../storage/model/configuration';
import { type PhoneBinding } from '../../storage/model/live';

export type CallId = string;
/** `${callId}.${attempt}`: the SIP Call-ID of the leg to the agent is made of it, so nothing can be done twice unseen. */
export type OfferId = string;

/** The two clocks of a step. */
export interface Now {
  /** Monotonic milliseconds, for timers. Only differences mean anything. */
  readonly monotonicMs: number;
  /** Civil time, for schedules and records. */
  readonly civil: Date;
}

/** An INVITE that begins a dialog, as the core needs to know it. */
export interface Arrival {
  readonly callId: CallId;
  /** User part of the Request-URI: a SIP user, or a number with its plus. */
  readonly dialledUser: string;
  /** The address dialled, for the record and the log, without parameters. */
  readonly dialled: string;
  readonly callerNumber: string;
  readonly callerName: string;
}

/**
 * How a leg to an agent ended. `withdrawn`: ended because we asked, before or after a crossing 200.
 * `unreachable`: no phone answered the INVITE with anything (408, 480, 430, 5xx transport failures). `hungUp`: after it was answered.
 */
export type LegOutcome = 'declined' | 'busy' | 'noAnswer' | 'unreachable' | 'failed' | 'withdrawn' | 'hungUp';

/** What happened. Every event of an unknown or ended call is legal and changes nothing. */
export type CoreEvent =
  | { readonly type: 'configurationChanged'; readonly update: ConfigurationUpdate }
  /** A phone registered (`reachable`), or its registration ended. */
  | { readonly type: 'phoneChanged'; readonly agentId: string; readonly reachable: boolean }
  | { readonly type: 'callArrived'; readonly arrival: Arrival }
  /** The caller's ACK arrived and media is anchored: sound can be played. */
  | { readonly type: 'callerAnswered'; readonly callId: CallId }
  /** The caller's leg is over, whoever ended it. Exactly once a call that was not refused. `failed`: we could not answer it (media refused, no ACK). */
  | { readonly type: 'callerGone'; readonly callId: CallId; readonly cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs' }
  /** The media server plays it; `durationMs` null while it repeats. */
  | { readonly type: 'playStarted'; readonly callId: CallId; readonly playId: string; readonly durationMs: number | null }
  | { readonly type: 'playFailed'; readonly callId: CallId; readonly playId: string }
  | { readonly type: 'offerRinging'; readonly callId: CallId; readonly offerId: OfferId }
  /** A 200 arrived that no withdraw had crossed. At most once an offer. */
  | { readonly type: 'offerAnswered'; readonly callId: CallId; readonly offerId: OfferId }
  /** Exactly once an offer, when its leg is over for good. */
  | { readonly type: 'legEnded'; readonly callId: CallId; readonly offerId: OfferId; readonly outcome: LegOutcome }
  /** Caller and agent hear each other. */
  | { readonly type: 'connected'; readonly callId: CallId; readonly offerId: OfferId }
  | { readonly type: 'connectFailed'; readonly callId: CallId; readonly offerId: OfferId }
  /** Ring this agent's own phone, for no caller. */
  | { readonly type: 'phoneTest'; readonly testId: string; readonly agentId: string }
  | { readonly type: 'phoneTestEnded'; readonly testId: string }
  /** The time `wakeAtMs` named has come; harmless at any other time. */
  | { readonly type: 'wake' };

/** What the caller hears. */
export type Sound =
  | { readonly kind: 'prompt'; readonly prompt: Prompt; readonly language: string }
  | { readonly kind: 'music' };

/** Why an offer is taken back; becomes the Reason header. */
export type WithdrawCause = 'completedElsewhere' | 'callerGone' | 'noAnswer' | 'turnedAway' | 'agentOffDuty';

/** What is to be done. Effects of one call are carried out in order. */
export type Effect =
  | { readonly type: 'refuse'; readonly callId: CallId; readonly status: 404 | 480 | 486 | 503; readonly reason: string }
  | { readonly type: 'answer'; readonly callId: CallId }
  /** Replaces whatever is playing to this caller. Answered by `playStarted` or `playFailed`. */
  | { readonly type: 'play'; readonly callId: CallId; readonly playId: string; readonly sound: Sound; readonly repeat: boolean }
  | { readonly type: 'offer'; readonly callId: CallId; readonly offerId: OfferId; readonly agentId: string; readonly attempt: number; readonly groupName: string; readonly callerName: string; readonly callerNumber: string }
  | { readonly type: 'withdraw'; readonly callId: CallId; readonly offerId: OfferId; readonly cause: WithdrawCause }
  /** Stops the music and joins caller and agent. */
  | { readonly type: 'connect'; readonly callId: CallId; readonly offerId: OfferId }
  | { readonly type: 'endAgentLeg'; readonly callId: CallId; readonly offerId: OfferId }
  | { readonly type: 'endCallerLeg'; readonly callId: CallId }
  /** Lets go of the media anchor, after both legs are over. */
  | { readonly type: 'release'; readonly callId: CallId }
  | { readonly type: 'record'; readonly record: CallRecord }
  | { readonly type: 'ringTest'; readonly testId: string; readonly agentId: string }
  | { readonly type: 'refuseTest'; readonly testId: string; readonly reason: 'unknownAgent' | 'unreachable' | 'busy' }
  /** A decision and its reason, for the log and for tests. */
  | { readonly type: 'decided'; readonly callId: CallId; readonly decision: string; readonly reason: string };

/** What one step did. `touchedCalls` and `touchedAgents` must be journalled; `touchedWorkflows` have a new live document. */
export interface StepResult {
  readonly effects: readonly Effect[];
  readonly touchedCalls: ReadonlySet<CallId>;
  readonly touchedAgents: ReadonlySet<string>;
  readonly touchedWorkflows: ReadonlySet<string>;
  /** When the core next wants a `wake`, in monotonic milliseconds; null: not before another event. */
  readonly wakeAtMs: number | null;
}

export type { CallAction, Configuration, PhoneBinding };
