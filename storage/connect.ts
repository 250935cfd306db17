// One MongoClient a process, with options chosen on purpose.
import { type Db, type MongoClient } from 'mongodb';

export interface Connection { readonly client: MongoClient; readonly db: Db; close(): Promise<void> }

/** Connects and prepares the schema. `forPeople`: a person is waiting, so an absent database is told after 3 s. @throws the driver's fault. */
export declare function connect(uri: string, options: { readonly appName: string; readonly forPeople?: boolean }): Promise<Connection>;
