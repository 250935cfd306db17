// Live documents: the engine writes what people see now; the bot is told which groups changed.
import { type Db } from 'mongodb';
import { type Logger } from './process/log';
import { type LiveGroup, type LivePool } from './model/live';

export interface LiveDeps { readonly db: Db; readonly log: Logger }

/** Engine side: one bulk write; a document with an older (epoch, revision) loses. */
export declare function writeLiveGroups(db: Db, groups: readonly LiveGroup[]): Promise<void>;
export declare function removeLiveGroups(db: Db, workflowIds: readonly string[]): Promise<void>;
/** Engine side, every 2 s and whenever `inForce` grows. `at` is set to database time. */
export declare function writeLivePool(db: Db, pool: Omit<LivePool, 'at'>): Promise<void>;

export interface Watch { close(): Promise<void> }
/** Bot side: calls back with the ids of workflows whose live document changed. After a reconnect it calls back with `null`: look at all. */
export declare function watchLive(deps: LiveDeps, pool: string, onChange: (workflowId: string | null) => void): Watch;
