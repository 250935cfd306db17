// The numbered steps from one shape of the documents to the next. Steps are added at the end, and never changed once released.
import { type Db } from 'mongodb';

/**
 * One change to what is stored. While it runs, and for as long as a rolling upgrade takes, processes of the former release read and write the
 * same documents: so it adds what they do not look at, and takes nothing away that they need; what is not needed any more goes one release later.
 * It may be cut off anywhere and run again, and two processes may run it at the same time: so it works document by document, in small batches,
 * and leaves alone what it finds done.
 */
export interface Step {
  /** 1, 2, 3 … without a gap. */
  readonly number: number;
  /** A few words, in kebab case. */
  readonly name: string;
  /** The oldest step that a program must know to work on what this one leaves: by the rule above at most the last step of the former release. */
  readonly readableFrom: number;
  /** `signal` is aborted when another process has taken over: stop soon. @throws the driver's fault; it is run again then */
  readonly run: (db: Db, signal: AbortSignal) => Promise<void>;
}

export const STEPS: readonly Step[] = [
  // Documents as release 0.1.0 wrote them; what it did not write yet is completed by the schemas' defaults when it is read.
  { number: 1, name: 'baseline', readableFrom: 0, run: () => Promise.resolve() },
];
