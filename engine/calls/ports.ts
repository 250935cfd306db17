// What calls need of SIP and of media, in the words of calls. Implemented in engine/sip and engine/media, and by fakes in test/support.
import { type Arrival, type CallId, type LegOutcome, type OfferId, type TransferTarget, type WithdrawCause } from '../core/types';
import { type OutsideTarget } from '../../storage/model/number-policy';
import { type AudioFile, type Prompt } from '../../storage/model/prompt';
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

export type MediaSide = 'caller' | 'agent';

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
  /** Plays one file to one side, in place of what is playing to it. `durationMs` of one pass. The file lies in the shared media folder. */
  play(callId: string, file: string, repeat: boolean, side?: MediaSide): Promise<{ readonly durationMs: number }>;
  stop(callId: string, side?: MediaSide): Promise<void>;
  /** Joins the caller and the agent whose answer SDP this is; music stops on both sides; what other agents' phones send stays blocked. An earlier agent is heard no more. */
  bridge(callId: string, agentAnswerSdp: string): Promise<void>;
  /** Parts caller and agent: neither hears the other until the next `bridge`; what is played is heard. */
  separate(callId: string): Promise<void>;
  /** The offer of an agent's phone that called us (a dialled pick-up, a Replaces); resolves to our answer for it. Joined like `bridge` does. */
  bridgeOffer(callId: string, agentOfferSdp: string): Promise<{ readonly agentSdp: string }>;
  /**
   * A new offer inside the call (re-INVITE, UPDATE) from one side; resolves to our answer for that side, and whether that side holds the other now.
   * An empty `offerSdp` (a re-INVITE without SDP) resolves to our present SDP as an offer, whose answer goes to `completeRenegotiation`.
   */
  renegotiate(callId: string, side: MediaSide, offerSdp: string): Promise<{ readonly sdp: string; readonly holds: boolean }>;
  /** The answer, from the ACK, to what `renegotiate` offered when there was no SDP. */
  completeRenegotiation(callId: string, side: MediaSide, answerSdp: string): Promise<{ readonly holds: boolean }>;
  /** Every key either side presses in its RTP (RFC 4733), each press once, as it begins. One listener; set before the first call. */
  onKey(listener: (callId: string, side: MediaSide, key: string) => void): void;
  /** Deletes the anchor. Deleting one that is not there is success. */
  release(callId: string): Promise<void>;
  /** What another engine must know of the anchor to go on with it, as plain data; null for one that is not known. `civil`: now. */
  keep(callId: string, civil: Date): unknown;
  /** Takes an anchor up again as `keep` told of it; says whether that could be understood. Asks the media server for nothing. */
  adopt(callId: string, kept: unknown, civil: Date): boolean;
  /** Says once more who hears whom, because what was kept may be older than what was done last. False: there is no such anchor any more. */
  assure(callId: string): Promise<boolean>;
  /** Anchors that the media server has lost, each once: it was started anew. One listener; set before the first call. */
  onLost(listener: (callIds: readonly string[]) => void): void;
  /** Whether the media server answered lately. */
  readonly healthy: boolean;
}

/** Turns what is to be heard into a file in the shared media folder, ahead of need and cached by content. */
export interface SoundPort {
  /** The audio file where the prompt has one, else, or when the file cannot be had, its text. @throws MediaFault 'refused' when the voice cannot say it, 'unavailable' when the file cannot be had. */
  prompt(prompt: Prompt, language: string): Promise<{ readonly file: string; readonly audioId: string; readonly durationMs: number }>;
  /** null: the music that comes with the product. A file that cannot be had is replaced by that. */
  music(audio: AudioFile | null): Promise<{ readonly file: string }>;
  /** The tone of a phone that rings elsewhere. */
  ringback(): Promise<{ readonly file: string }>;
}

export interface MediaDeps { readonly log: Logger }

/**
 * One place where an agent is rung. All branches of a leg ring at once and are one leg: the first to answer has it, the others are cancelled.
 * `confirm`: whoever answers there hears an anchor of its own first (`sdp` is that anchor's), and has the leg when `confirmed` is called.
 */
export interface Branch {
  /** `registered`: every phone that is registered for the agent. */
  readonly to: { readonly kind: 'registered'; readonly agentId: string } | OutsideTarget;
  /** Our SDP offer. */
  readonly sdp: string;
  readonly confirm: boolean;
}

/** A leg to ring: an agent's offer, the phone of someone who asked to hear it ring, or a number or address outside. */
export interface LegToRing {
  readonly branches: readonly Branch[];
  /** What the phone shows: a name, and the user part of an address of ours that can be called back. */
  readonly fromName: string;
  readonly fromUser: string;
  /** Further headers, such as the call context. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For legs to the outside: the address first dialled, told in History-Info; and what the INVITE replaces elsewhere. */
  readonly diverted?: string;
  readonly replaces?: string | null;
  /** Not rung once no new callers are taken, and nothing is told of it: nobody is on the phone who would miss it, and another engine will ring. */
  readonly mayWait?: true;
}

export type LegRef = { readonly callId: CallId } | { readonly legId: OfferId };

/** What SIP tells calls, in the order in which it happened. */
export interface SipListener {
  /** What another engine must know of this leg is not what it was: its session was refreshed. */
  refreshed(leg: LegRef): void;
  /** A new caller. `sdp` null: the INVITE carried none. Answered by `answer`, `refuse` or `takeLeg`. */
  arrived(arrival: Arrival, sdp: string | null): void;
  /** The caller's ACK, with its SDP answer where our 200 carried the offer. */
  acknowledged(callId: CallId, sdp: string | null): void;
  /** Exactly once a caller that was not refused: its leg is over for good. */
  callerGone(callId: CallId, cause: 'hungUp' | 'cancelled' | 'failed' | 'endedByUs'): void;
  ringing(legId: OfferId): void;
  /** At most once a leg, and never after a `withdraw`. */
  answered(legId: OfferId, sdp: string): void;
  /** A branch that asks for confirmation was picked up; `confirmed` or `notConfirmed` follows. The other branches ring on. */
  pickedUp(legId: OfferId, branch: number, sdp: string): void;
  /** A branch that was picked up is gone, and with it its anchor. */
  branchGone(legId: OfferId, branch: number): void;
  /** Exactly once a leg, ALWAYS, also when the edge dies. */
  legEnded(legId: OfferId, outcome: LegOutcome): void;
  /** A new offer inside a call. Resolves to our answer; rejects with MediaFault for one that cannot be used (488). */
  renegotiate(leg: LegRef, sdp: string): Promise<string>;
  /** The answer, from the ACK, to what `renegotiate` offered when it was given no SDP (an empty string). */
  completeRenegotiation(leg: LegRef, sdp: string): void;
  /** A key by SIP INFO. `branch`: of a leg that was picked up and not confirmed. */
  keyPressed(leg: LegRef, key: string, branch?: number): void;
  /** REFER of an agent's phone; answered by `acceptTransfer` or `refuseTransfer`. */
  transferAsked(legId: OfferId, transferId: string, target: TransferTarget): void;
  /** INVITE with Replaces in place of a caller's phone; resolves to the answer for it, then the old dialog is ended and nothing is told of its end. */
  replaceCaller(callId: CallId, caller: { readonly number: string; readonly name: string }, sdp: string): Promise<string>;
  /** The same in place of an agent's; the new leg goes by `newLegId` and is told of like any other. */
  replaceAgent(legId: OfferId, newLegId: OfferId, agentId: string | null, sdp: string): Promise<string>;
}

/**
 * Callers' and agents' legs. No method waits or throws, but for `reinvite`: what comes of it is told to the SipListener, within a deadline
 * of SIP's own. Every method is harmless for a leg that is unknown or over.
 */
export interface SipPort {
  refuse(callId: CallId, status: number, reason: string): void;
  /** Answers the caller with our SDP; `acknowledged` or `callerGone` follows. */
  answer(callId: CallId, sdp: string): void;
  /** Ends the caller's leg, whatever state it is in (BYE, or 480 for one not answered yet); `callerGone` follows. */
  endCaller(callId: CallId): void;
  /** Rings every branch; `legEnded` follows in the end. `legId` is the SIP Call-ID of the first branch, and the beginning of the others'. */
  ring(legId: OfferId, leg: LegToRing): void;
  /** Whoever picked up this branch takes the call: the other branches are cancelled, the phone is re-INVITEd with `sdp`, `answered` or `legEnded` follows. */
  confirmed(legId: OfferId, branch: number, sdp: string): void;
  /** Ends the branch; the leg is over as declined if it was the last. */
  notConfirmed(legId: OfferId, branch: number): void;
  /** The INVITE of `callId`, not answered yet, becomes the leg `legId`, answered with our SDP; `answered` (with an empty SDP) or `legEnded` follows. Nothing more is told of `callId`. */
  takeLeg(callId: CallId, legId: OfferId, sdp: string): void;
  /** The dialog of this leg, which was answered, is the caller's of that call from now on: what happens there is told of the call, and nothing of the leg. False: there is no such dialog any more. */
  becomeCaller(legId: OfferId, callId: CallId, caller: { readonly number: string; readonly name: string }): boolean;
  /** CANCEL, or BYE where a 200 has come already. */
  withdraw(legId: OfferId, cause: WithdrawCause): void;
  /** BYE for an answered leg. */
  endLeg(legId: OfferId): void;
  /** Offers new SDP inside a dialog; resolves to the answer. Glare is tried again (RFC 3261 section 14.1). @throws MediaFault 'refused' when it is refused or the leg is over */
  reinvite(leg: LegRef, sdp: string): Promise<string>;
  acceptTransfer(transferId: string): void;
  refuseTransfer(transferId: string, status: number, reason: string): void;
  transferProgress(transferId: string, status: number, reason: string): void;
}

/** Time, as a room that waits needs it: driven by hand in tests. */
export interface Timers {
  /** Monotonic milliseconds; only differences mean anything. */
  nowMs(): number;
  /** Calls `act` once after `ms`, unless the returned function was called before. */
  after(ms: number, act: () => void): () => void;
}
