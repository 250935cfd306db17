// What stands behind a pool at one moment: the database's members, engines, edges, and what waits to be written.
import { type BacklogReport, type EdgeReport, type EngineReport, type TakeoverReport } from './engine-report';

export interface MemberStatus {
  /** As the replica set names it, `host:port`. */
  readonly name: string;
  /** `other`: starting, recovering, rolling back, or not reached. */
  readonly role: 'primary' | 'secondary' | 'arbiter' | 'other';
  /** Null where the database does not let us ask. */
  readonly healthy: boolean | null;
  /** How far its data is behind the primary's; null of arbiters, and where it is not known. */
  readonly lagMs: number | null;
}

export interface DatabaseStatus {
  readonly replicaSet: string;
  /** The primary first, then by name. */
  readonly members: readonly MemberStatus[];
  /** False where this user may not run `replSetGetStatus`: then health and lag are not known. */
  readonly isDetailed: boolean;
}

export interface EngineStatus extends EngineReport {
  /** It reported within the last 6 s, by the database's clock. */
  readonly alive: boolean;
}

export interface PoolStatus {
  readonly pool: string;
  /** Database time. */
  readonly at: Date;
  readonly database: DatabaseStatus;
  /** Every engine that reported within the last hour and did not stop by itself; the active one first. */
  readonly engines: readonly EngineStatus[];
  /** As the active engine sees them; none without an active engine. */
  readonly edges: readonly EdgeReport[];
  /** Of the active engine. */
  readonly backlog: BacklogReport;
  /** The last one that any engine of that list made. */
  readonly lastTakeover: TakeoverReport | null;
}

/** What came of stepping the primary down. */
export type StepDownOutcome =
  /** `to`: the primary there is now; null where there was none yet when waiting ended. */
  | { readonly kind: 'done'; readonly from: string; readonly to: string | null }
  | {
    readonly kind: 'refused';
    /** `notReady`: no other member is close enough behind, or none may be elected. */
    readonly reason: 'oneMember' | 'notReady' | 'notPermitted' | 'failed';
    readonly message: string;
  };
