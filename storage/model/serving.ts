// Which pool takes the calls of the groups that a pool owns. Pure.
import { type MirrorPosition } from './mirror';

/** One document an owner, `_id` its pool, in the database of each partner. Without one a pool serves its own. */
export interface Serving {
  readonly _id: string;
  readonly servedBy: string;
  /** Grows by one with each decision. */
  readonly epoch: number;
  /** The pool where it was decided: always the one that serves from then on. */
  readonly decidedBy: string;
  readonly at: Date;
  /** Who decided, by name. */
  readonly by: string;
  /** Of the owner's log in the database where it was decided: what comes after it there was changed by the pool that serves. */
  readonly sequence?: number;
  /** Where in the owner's own log the mirror stood then: up to there both sides had the same. */
  readonly position?: MirrorPosition;
  /** When an engine of the pool that serves went by it; by the clock of that pool's database. */
  readonly takenUpAt?: Date;
}

/** Who serves the groups of `owner`. */
export const servedBy = (serving: Serving | null | undefined, owner: string): string => serving?.servedBy ?? owner;

/** Whether one decision stands against another that was made without knowing of it: the higher epoch, and of equal ones the later name of the deciding pool. The same one stands against itself. */
export function stands(one: Pick<Serving, 'epoch' | 'decidedBy'>, against: Pick<Serving, 'epoch' | 'decidedBy'>): boolean {
  return one.epoch > against.epoch || (one.epoch === against.epoch && one.decidedBy >= against.decidedBy);
}
