// Where phones registered from: written behind by the registrar, read at its start and by people who set up a phone.
import { type Db } from 'mongodb';
import { type PhoneBinding } from './model/live';

export declare function writeBinding(db: Db, binding: PhoneBinding): Promise<void>;
export declare function removeBinding(db: Db, agentId: string): Promise<void>;
/** All bindings of a pool that have not expired. */
export declare function readBindings(db: Db, pool: string): Promise<readonly PhoneBinding[]>;
