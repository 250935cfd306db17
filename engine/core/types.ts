// What goes into a step and what comes out of it. Pure data: no handle, no socket, no clock.
import { type Contact } from '../../storage/model/agent';
import { type CallAction } from '../../storage/model/call-action';
import { type InstructionOutcome } from '../../storage/model/instruction';
import { type OutsideTarget } from '../../storage/model/number-policy';
import { type AudioFile, type Prompt } from '../../storage/model/prompt';
import { type AnsweredQuestion, type CallRecord } from '../../storage/model/record';
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
  /** The agent whose own registered phone this is; null for everybody else. */
  readonly agentId: string | null;
  /** The trunk it came through; null: from somewhere else. */
  readonly trunk: { readonly id: string; readonly federated: boolean } | null;
  /** How often its History-Info (RFC 7044) says that we have sent it on already. */
  readonly timesHere: number;
}

/** What an agent is told of a caller, beside name and number. Empty where the pool does not show it. */
export interface CallContext {
  readonly waitedMs: number;
  readonly answers: readonly AnsweredQuestion[];
}

/** Whom an agent's REFER asks for. SIP has looked at the URI; what it leads to is for the core to say. */
export type TransferTarget =
  /** The user part of an address in our own domain: a group or an agent. */
  | { readonly kind: 'own'; readonly user: string }
  | { readonly kind: 'outside'; readonly target: OutsideTarget }
  /** Attended (RFC 3891): the other dialog is a call here whose caller is the transferring agent's phone. */
  | { readonly kind: 'consultation'; readonly callId: CallId }
  /** Attended, and the other dialog is elsewhere: `replaces` goes into the INVITE. */
  | { readonly kind: 'outsideReplaces'; readonly target: OutsideTarget; readonly replaces: string };

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
  /** `at`: when its INVITE came, where that was told to an engine that is no more. */
  | { readonly type: 'callArrived'; readonly arrival: Arrival; readonly at?: Date }
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
  /** The caller pressed a key: RFC 4733 or SIP INFO, each press once. */
  | { readonly type: 'keyPressed'; readonly callId: CallId; readonly key: string }
  /** The agent's phone asks to transfer the caller. Answered by `acceptTransfer` or `refuseTransfer`, exactly once. */
  | { readonly type: 'transferAsked'; readonly callId: CallId; readonly offerId: OfferId; readonly transferId: string; readonly target: TransferTarget }
  /** Somebody else's phone took the caller's place in the dialog (INVITE with Replaces). */
  | { readonly type: 'callerReplaced'; readonly callId: CallId; readonly callerNumber: string; readonly callerName: string }
  /** Another phone took the place of an agent's (INVITE with Replaces), and its sound is joined already: this agent's leg is over, `newOfferId` talks. */
  | { readonly type: 'agentReplaced'; readonly callId: CallId; readonly offerId: OfferId; readonly newOfferId: OfferId; readonly agentId: string | null }
  /** Instructions from chat; each is answered by `instructionDone`. */
  | { readonly type: 'pickCaller'; readonly instructionId: string; readonly callId: CallId; readonly agentId: string }
  | { readonly type: 'moveCaller'; readonly instructionId: string; readonly callId: CallId; readonly queueId: string }
  | { readonly type: 'setPriority'; readonly instructionId: string; readonly callId: CallId; readonly priority: number }
  /** What `setDuty` asked for is the agent's duty by now, or was refused for good. */
  | { readonly type: 'dutyWritten'; readonly agentId: string; readonly requestId: string }
  /** Ring this agent's own phone, for no caller. */
  | { readonly type: 'phoneTest'; readonly testId: string; readonly agentId: string }
  | { readonly type: 'phoneTestEnded'; readonly testId: string }
  /** The time `wakeAtMs` named has come; harmless at any other time. */
  | { readonly type: 'wake' };

/** What the caller hears. */
export type Sound =
  | { readonly kind: 'prompt'; readonly prompt: Prompt; readonly language: string }
  /** `audio` null: the music that comes with the product. */
  | { readonly kind: 'music'; readonly audio: AudioFile | null }
  /** The tone of a phone that rings elsewhere, for callers who are being forwarded to. */
  | { readonly kind: 'ringback' }
  /** That the caller will be called back, or cannot be. */
  | { readonly kind: 'callBack'; readonly promised: boolean; readonly language: string }
  /** The place in the queue, from 1, and the expected wait; null where it cannot be told. Not both null. */
  | { readonly kind: 'announcement'; readonly position: number | null; readonly waitSeconds: number | null; readonly language: string };

/**
 * 403: a federated caller where federation is off, or a number outside the policy. 407: only an agent's own phone may dial this, and the
 * caller has not shown to be one. 482: a loop.
 */
export type RefusalStatus = 403 | 404 | 407 | 480 | 482 | 486 | 503;

/** Why an offer is taken back; becomes the Reason header. */
export type WithdrawCause = 'completedElsewhere' | 'callerGone' | 'noAnswer' | 'turnedAway' | 'agentOffDuty';

/** What is to be done. Effects of one call are carried out in order. */
export type Effect =
  | { readonly type: 'refuse'; readonly callId: CallId; readonly status: RefusalStatus; readonly reason: string }
  | { readonly type: 'answer'; readonly callId: CallId }
  /** Replaces whatever is playing to this caller. Answered by `playStarted` or `playFailed`. */
  | { readonly type: 'play'; readonly callId: CallId; readonly playId: string; readonly sound: Sound; readonly repeat: boolean }
  | { readonly type: 'offer'; readonly callId: CallId; readonly offerId: OfferId; readonly agentId: string; readonly attempt: number; readonly contacts: readonly Contact[]; readonly groupName: string; readonly callerName: string; readonly callerNumber: string; readonly context: CallContext | null }
  /** Calls a number or address outside, on behalf of the caller; from then on a leg like an agent's. `diverted`: the address first dialled (History-Info). */
  | { readonly type: 'dial'; readonly callId: CallId; readonly offerId: OfferId; readonly target: OutsideTarget; readonly replaces: string | null; readonly groupName: string; readonly callerName: string; readonly callerNumber: string; readonly diverted: string }
  /**
   * Rings the caller, who is not on the phone, to be called back: a leg like any other, and an anchor for the caller beside it. `arrival`: the
   * caller's, as it was. `fromUser`: the number that the caller's phone shows; empty: none.
   */
  | { readonly type: 'callBack'; readonly callId: CallId; readonly offerId: OfferId; readonly arrival: Arrival; readonly target: OutsideTarget; readonly groupName: string; readonly fromUser: string }
  /** That leg is over without an answer: its anchor is let go. */
  | { readonly type: 'callBackOver'; readonly callId: CallId }
  /** That leg was answered: it is the caller's from now on. Answered by `callerAnswered` or `callerGone`; nothing more is told of it as a leg. */
  | { readonly type: 'welcomeBack'; readonly callId: CallId; readonly offerId: OfferId }
  /** The agent's phone has dialled in to pick this caller: the leg of the arrival `legId` becomes the leg of this offer. Answered by `offerAnswered` or `legEnded`. */
  | { readonly type: 'takeLeg'; readonly legId: CallId; readonly callId: CallId; readonly offerId: OfferId; readonly agentId: string }
  /** An answered leg of one call becomes a leg of another, under the same offer id: the end of an attended transfer. `connect` follows. */
  | { readonly type: 'moveLeg'; readonly fromCallId: CallId; readonly callId: CallId; readonly offerId: OfferId }
  /** 202 to the REFER, and the first NOTIFY. */
  | { readonly type: 'acceptTransfer'; readonly transferId: string }
  | { readonly type: 'refuseTransfer'; readonly transferId: string; readonly status: 403 | 404 | 486 | 491 | 603; readonly reason: string }
  /** What has become of the transfer, for the phone that asked (message/sipfrag, RFC 3515). A status of 200 or more is the last. */
  | { readonly type: 'transferProgress'; readonly transferId: string; readonly status: number; readonly reason: string }
  /** Caller and agent do not hear each other any more; the next `connect` joins the caller anew. */
  | { readonly type: 'separate'; readonly callId: CallId }
  /** The agent is paused for unanswered offers; to be written as the agent's duty. */
  | { readonly type: 'pauseAgent'; readonly agentId: string; readonly unanswered: number }
  /** The agent's own phone has dialled a duty code, which holds already; to be written as the agent's duty, once under this id. Answered by `dutyWritten`. */
  | { readonly type: 'setDuty'; readonly agentId: string; readonly onDuty: boolean; readonly dialledAt: Date; readonly requestId: string }
  | { readonly type: 'instructionDone'; readonly instructionId: string; readonly outcome: InstructionOutcome }
  | { readonly type: 'withdraw'; readonly callId: CallId; readonly offerId: OfferId; readonly cause: WithdrawCause }
  /** Stops the music and joins the caller and the leg, whose phone has answered. */
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
