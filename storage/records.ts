// Call records: what is kept of a call after it ended.
import { type Db } from 'mongodb';
import { type CallRecord } from './model/record';

/** Writes records; one that is already there stays as it is, so that a repeated batch is harmless. */
export declare function writeRecords(db: Db, records: readonly CallRecord[]): Promise<void>;
/** The last calls of a workflow, newest first. */
export declare function readRecords(db: Db, pool: string, options?: { readonly workflowId?: string; readonly limit?: number }): Promise<readonly CallRecord[]>;
