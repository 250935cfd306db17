// What calls need of SIP and of media, in the words of calls. Implemented in engine/sip and engine/media, and by fakes in test/support.
import { type Arrival, type CallId, type LegOutcome, type OfferId, type WithdrawCause } from '../core/types';
import { type Logger } from '../../storage/process/log';

/** The media server refused or could not be reached. `unsupported`: nothing in the SDP that we can play to or relay. */
export class MediaFault extends Error {
  constructor(readonly code: 'unsupported' | 'unavailable' | 'timeout' | 'refused', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MediaFault';
  }
}

/** A caller's side of the anchor: what goes back to the caller, and what every agent rung for this caller is offered. */
export interface Anchored {
  /** The answer for the caller; null while an offerless caller's answer is awaited. */
  readonly callerSdp: string;
  readonly agentOfferSdp: string;
}

/**
 * One anchor for the caller's whole life, named by the call id, so that the caller's port never changes and no re-INVITE is needed.
 * Every method may be called again after a fault; each rejects with MediaFault only, within `timeoutMs` of the implementation.
 */
export interface MediaPort {
  /** From the caller's offer. @throws MediaFault 'unsupported' for an SDP without audio we can play to (fax, video only). */
  anchor(callId: string, callerOfferSdp: string): Promise<Anchored>;
  /** For an INVITE without SDP: our offer, to be sent in the 200. */
  anchorOfferless(callId: string): Promise<{ readonly callerSdp: string }>;
  /** Its answer, from the ACK. */
  completeOfferless(callId: string, callerAnswerSdp: string): Promise<Anchored>;
  /** Plays one file to the caller, in place of what is playing. `durationMs` of one pass. The file lies in the shared media folder. */
  play(callId: string, file: string, repeat: boolean): Promise<{ readonly durationMs: number }>;
  stop(callId: string): Promise<void>;
  /** Joins the caller and the agent whose answer SDP this is; music stops; what other agents' phones send stays blocked. */
  bridge(callId: string, agentAnswerSdp: string): Promise<void>;
  /**
   * A new offer inside the call (re-INVITE, UPDATE) from one side; resolves to our answer for that side.
   * An empty `offerSdp` (a re-INVITE without SDP) resolves to our present SDP as an offer, whose answer goes to `completeRenegotiation`.
   */
  renegotiate(callId: string, side: 'caller' | 'agent', offerSdp: string): Promise<string>;
  /** The answer, from the ACK, to what `renegotiate` offered when there was no SDP. */
  completeRenegotiation(callId: string, side: 'caller' | 'agent', answerSdp: string): Promise<void>;
  /** Deletes the anchor. Deleting one that is not there is success. */
  release(callId: string): Promise<void>;
  /** Whether the media server answered lately. */
  readonly healthy: boolean;
}

/** Turns what is to be heard into a file in the shared media folder, ahead of need and cached by content. */
export interface SoundPort {
  /** @throws MediaFault 'refused' when the voice cannot say it. */
  prompt(text: string, language: string): Promise<{ readonly file: string; readonly audioId: string; readonly durationMs: number }>;
  music(): Promise<{ readonly file: string }>;
}

export interface MediaDeps { readonly log: Logger }

/** A leg to ring: an agent's offer, or the phone of someone who asked to hear it ring. */
export interface LegToRing {
  readonly agentId: string;
  /** Our SDP offer. */
  readonly sdp: string;
  /** What the phone shows: a name, and the user part of an address of ours that can be called back. */
  readonly fromName: string;
  readonly fromUser: string;
}

/** What SIP tells calls, in the order in which it happened. */
export interface SipListener {
  /** A new caller. `sdp` null: the INVITE carried none. Answered by `answer` or `refuse`. */
  arrived(arrival: Arrival, sdp: string | null): void;
  /** The caller's ACK, with its SDP answer where our 200 carried the offer. */
  acknowledged(callId: CallId, sdp: string | null): void;
  /** Exactly once a caller that was not refused: its leg is over for good. */
  callerGone(callId: CallId, cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs'): void;
  ringing(legId: OfferId): void;
  /** At most once a leg, and never after a `withdraw`. */
  answered(legId: OfferId, sdp: string): void;
  /** Exactly once a leg, ALWAYS, also when the edge dies. */
  legEnded(legId: OfferId, outcome: LegOutcome): void;
  /** A new offer inside a call. Resolves to our answer; rejects with MediaFault for one that cannot be used (488). */
  renegotiate(leg: { readonly callId: CallId } | { readonly legId: OfferId }, sdp: string): Promise<string>;
  /** The answer, from the ACK, to what `renegotiate` offered when it was given no SDP (an empty string). */
  completeRenegotiation(leg: { readonly callId: CallId } | { readonly legId: OfferId }, sdp: string): void;
}

/**
 * Callers' and agents' legs. No method waits or throws: what comes of it is told to the SipListener, within a deadline of SIP's own.
 * Every method is harmless for a leg that is unknown or over.
 */
export interface SipPort {
  refuse(callId: CallId, status: number, reason: string): void;
  /** Answers the caller with our SDP; `acknowledged` or `callerGone` follows. */
  answer(callId: CallId, sdp: string): void;
  /** Ends the caller's leg, whatever state it is in (BYE, or 480 for one not answered yet); `callerGone` follows. */
  endCaller(callId: CallId): void;
  /** Rings an agent's phone; `legEnded` follows in the end. `legId` is the SIP Call-ID. */
  ring(legId: OfferId, leg: LegToRing): void;
  /** CANCEL, or BYE where a 200 has come already. */
  withdraw(legId: OfferId, cause: WithdrawCause): void;
  /** BYE for an answered leg. */
  endLeg(legId: OfferId): void;
}

/** Time, as a room that waits needs it: driven by hand in tests. */
export interface Timers {
  /** Monotonic milliseconds; only differences mean anything. */
  nowMs(): number;
  /** Calls `act` once after `ms`, unless the returned function was called before. */
  after(ms: number, act: () => void): () => void;
}
