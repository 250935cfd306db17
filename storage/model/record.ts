// What is kept of a call after it ended.

/**
 * How a call ended for its caller. `answered`: talked to an agent. `forwarded`: talked to a number, address or voicemail it was sent to.
 * `abandoned`: hung up before either. `timedOut`, `overflowed`, `closed`, `holiday`, `noAgents`, `left` (by key), `noChoice` (no valid
 * answer), `chosen` (an answer led there): sent to an end of the call for that reason. `dutyCode`: an agent's own, to go on or off duty. `callBack`: hung up to
 * be called back. `notReached`: was to be called back, and that came to nothing: `steps` say when it was tried. `interrupted`: the software or the edge died under it.
 */
export type CallOutcome = 'answered' | 'forwarded' | 'abandoned' | TurnedAway | 'notReached' | 'refused' | 'failed' | 'interrupted';
/** Why a call action was carried out. */
export const TURNED_AWAY = ['timedOut', 'overflowed', 'closed', 'holiday', 'noAgents', 'left', 'noChoice', 'chosen', 'dutyCode', 'callBack'] as const;
export type TurnedAway = (typeof TURNED_AWAY)[number];
export const CALL_OUTCOMES = ['answered', 'forwarded', 'abandoned', ...TURNED_AWAY, 'notReached', 'refused', 'failed', 'interrupted'] as const satisfies readonly CallOutcome[];

/** What a caller answered to one question, by the names both have. */
export interface AnsweredQuestion { readonly question: string; readonly answer: string }

/** Something that led a call elsewhere: a call action and why, or a transfer by an agent. At most 50 a call are kept, the latest. */
export interface CallStep {
  readonly at: Date;
  readonly why: TurnedAway | 'transferred' | 'moved';
  /** `queue:<id>`, `question:<id>`, `tel:…`, `sip:…`, `agent:<id>`, `disconnect`, or `elsewhere` for a phone we do not know. */
  readonly to: string;
}

/** One agent rung once for one caller. */
export interface OfferRecord {
  readonly agentId: string;
  readonly attempt: number;
  readonly offeredAt: Date;
  readonly endedAt: Date | null;
  /** `answered` is the winner; `withdrawn` was cancelled because someone else answered or the caller left. */
  readonly outcome: 'answered' | 'declined' | 'busy' | 'noAnswer' | 'unreachable' | 'withdrawn';
}

export interface CallRecord {
  /** The call id. */
  readonly _id: string;
  readonly pool: string;
  readonly workflowId: string | null;
  readonly queueId: string | null;
  /** The address dialled, without parameters. */
  readonly dialled: string;
  readonly callerNumber: string;
  readonly callerName: string;
  readonly arrivedAt: Date;
  readonly joinedQueueAt: Date | null;
  readonly connectedAt: Date | null;
  readonly endedAt: Date;
  readonly agentId: string | null;
  readonly outcome: CallOutcome;
  readonly endedBy: 'caller' | 'agent' | 'system';
  /** The SIP status for a refused call, else null. */
  readonly refusedWith: number | null;
  readonly offers: readonly OfferRecord[];
  /** Absent in records of before there were any. */
  readonly answers?: readonly AnsweredQuestion[];
  readonly steps?: readonly CallStep[];
  readonly priority?: number;
  /** How many earlier offers a call rung for very often had; absent when none. */
  readonly offersLeftOut?: number;
  /** Of a call back: the id of the call whose caller asked for it, from which it has its arrival, place and answers. */
  readonly callBackOf?: string;
}
