// What every engine process, active or standing by, says of itself every 2 s, for people and alarms. Nothing is ever decided on a call from it.

/** `standby`: warm, with the configuration followed and no calls held. */
export type EngineRole = 'active' | 'standby';

/** One edge, as the engine sees it. */
export interface EdgeReport {
  /** For example `127.0.0.1:9022`. */
  readonly address: string;
  readonly connected: boolean;
  /** Since when it is, or is not, connected. */
  readonly since: Date;
  /** What the edge's inventory last told; null where it has none or was not asked. */
  readonly dialogs: number | null;
  readonly anchors: number | null;
}

/** What waits to be written to the database. */
export interface BacklogReport {
  readonly records: number;
  /** When the oldest of them came to be; null when nothing waits. */
  readonly oldest: Date | null;
}

/** How the active engine came to be it. */
export interface TakeoverReport {
  readonly at: Date;
  /** `restart`: a lone engine that found its own lease. */
  readonly reason: 'ownerGone' | 'ownerHung' | 'drained' | 'restart';
  /** Calls that went on, and calls that had ended meanwhile and were closed. */
  readonly callsCarried: number;
  readonly callsClosed: number;
  /** From the decision to take over until the last call was taken up. */
  readonly tookMs: number;
}

/** One document an engine process. */
export interface EngineReport {
  /** Unique to one process; the `holder` of the lease while it is active. */
  readonly _id: string;
  readonly pool: string;
  readonly host: string;
  readonly pid: number;
  readonly role: EngineRole;
  /** Since when it has this role. */
  readonly since: Date;
  readonly version: string;
  /** On 127.0.0.1 of its host. */
  readonly healthPort: number;
  /** Null while it stands by. */
  readonly epoch: number | null;
  readonly edges: readonly EdgeReport[];
  readonly backlog: BacklogReport;
  /** Null where it has taken nothing over. */
  readonly takeover: TakeoverReport | null;
  /** Database time of this report. */
  readonly at: Date;
}
