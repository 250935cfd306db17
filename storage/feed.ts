// Follows a pool's configuration: all of it once, then every change in order, without gaps, through reconnects and outages.
import { type Db, type MongoClient } from 'mongodb';
import { type Logger } from './process/log';
import { type Configuration, type ConfigurationUpdate } from './model/configuration';

export interface FeedDeps { readonly client: MongoClient; readonly db: Db; readonly log: Logger }

export interface Feed {
  /** As it was when the feed was opened; never altered by the feed. */
  readonly initial: Configuration;
  close(): Promise<void>;
}

/**
 * Resolves with the configuration as of one sequence, then hands each later update to `onUpdate`, one at a time (a promise is awaited).
 * @throws what the driver throws when the first reading fails; later faults are logged and retried for ever.
 */
export declare function openFeed(deps: FeedDeps, pool: string, onUpdate: (update: ConfigurationUpdate) => void | Promise<void>): Promise<Feed>;

/** A whole configuration as the one update that leads to it from an empty one. */
export declare function asUpdate(configuration: Configuration): ConfigurationUpdate;
