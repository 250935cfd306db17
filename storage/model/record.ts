// What is kept of a call after it ended.

/** How a call ended for its caller. `abandoned`: hung up before an agent. `interrupted`: the software or the edge died under it. */
export type CallOutcome = 'answered' | 'abandoned' | 'timedOut' | 'overflowed' | 'refused' | 'failed' | 'interrupted';

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
  /** How many earlier offers a call rung for very often had; absent when none. */
  readonly offersLeftOut?: number;
}
