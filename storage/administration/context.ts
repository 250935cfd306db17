// What each verb works with, and what it hands back, inside its transaction.
import { type z } from 'zod';
import { type Acting, type Roles, type Verdict } from '../access';
import { type Subject } from '../stored';
import { type Draft } from './draft';
import { type LogReader } from './log-reader';
import { type Warning } from './results';
import { type Verb, type VerbParsed, type VerbValues, type VERB_SCHEMAS } from './verbs';

export interface Context {
  readonly acting: Acting;
  readonly roles: Roles;
  readonly draft: Draft;
  readonly log: LogReader;
  /** The one SIP domain, which is also the digest realm. */
  readonly sipDomain: string;
  readonly now: Date;
  /** A new id of a kind, like `workflow-1f0c…`. */
  readonly newId: (kind: 'workflow' | 'queue' | 'group' | 'agent' | 'hours' | 'holidays' | 'trunk') => string;
}

export interface Changed<V extends Verb> {
  /** Kept in the change log, so without secrets. */
  readonly value: VerbValues[V];
  /** Answered once, kept nowhere. */
  readonly once?: Partial<VerbValues[V]>;
  readonly subject: Subject;
  readonly warnings?: readonly Warning[];
  /** The entry that this one takes back. */
  readonly undoes?: string;
}

/** One row of the table of verbs. `right` comes first and tells nothing of what may not be seen; `change` puts into the draft or throws `Refused`. */
export interface Row<V extends Verb> {
  readonly schema: (typeof VERB_SCHEMAS)[V] & z.ZodType<VerbParsed<V>>;
  readonly right: (context: Context, input: VerbParsed<V>) => Verdict | Promise<Verdict>;
  readonly change: (context: Context, input: VerbParsed<V>) => Promise<Changed<V>>;
}
