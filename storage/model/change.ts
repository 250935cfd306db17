// One entry of the change log: audit, undo, mirror and merge base in one.
import { type ObjectChange } from './configuration';

/** Who did it. A person is known by directory object id alone; the name is for reading. */
export type Actor =
  | { readonly kind: 'person'; readonly personId: string; readonly name: string }
  | { readonly kind: 'operator'; readonly name: string }
  | { readonly kind: 'engine'; readonly name: string };

export interface ChangeEntry {
  /** `${origin}:${sequence}` */
  readonly _id: string;
  readonly pool: string;
  readonly origin: string;
  /** Counts from 1 without gaps, per pool. */
  readonly sequence: number;
  readonly at: Date;
  readonly actor: Actor;
  readonly verb: string;
  readonly changes: readonly ObjectChange[];
  /** The entry this one takes back. */
  readonly undoes: string | null;
  /** One-time id of the form that asked for it; uniquely indexed, so a second press does nothing. */
  readonly requestId: string | null;
  /** What is too much for one entry has several, one after another: number 0 says what it is and holds nothing, the others hold its changes. They hold together or not at all. */
  readonly part?: { readonly of: string; readonly number: number; readonly count: number };
}
