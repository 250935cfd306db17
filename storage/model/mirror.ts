// How far a pool's configuration has come to the database of its partner.
import { type AudioFile } from './prompt';

/**
 * Where in a pool's change log a mirror stands: after this entry. The token tells entries of one number apart, as a database that was restored from
 * an older copy writes them. Sequence 0 with an empty token: before the first.
 */
export interface MirrorPosition { readonly sequence: number; readonly token: string }
export const BEFORE_ALL: MirrorPosition = { sequence: 0, token: '' };

/** A sound that a mirrored object names and that has not come yet. */
export interface LateAudio extends AudioFile { readonly since: Date }

/** What the last look at the source found. */
export interface MirrorHeard {
  /** By the clock of the database that receives. */
  readonly at: Date;
  /** By the clock of the source. */
  readonly sourceAt: Date;
  /** The source's newest sequence. */
  readonly head: number;
  /** When the oldest change that has not come yet was made; null: all have come. */
  readonly waitingSince: Date | null;
  /** `otherHistory`: the source does not know what was mirrored from it, so nothing is taken from it until somebody decides. */
  readonly state: 'follows' | 'otherHistory';
}

/** One document a mirrored pool, in the database that receives it. */
export interface MirrorState {
  /** The pool. */
  readonly _id: string;
  readonly position: MirrorPosition;
  /** When the change at `position` was made. */
  readonly madeAt: Date | null;
  /** How often everything was compared and copied, because the log did not reach back. */
  readonly copies: number;
  /** Somebody decided that everything is to be compared and copied, whatever the source holds. */
  readonly takeAnew: boolean;
  readonly lateAudio: readonly LateAudio[];
  readonly heard: MirrorHeard | null;
  /** Written by the mirror when it begins, and looked for at the source: found there, both are one database. */
  readonly mark?: string;
  /** Of the last decision who serves this pool that was written here. */
  readonly servingEpoch?: number;
}

/** How a mirror stands, for people. */
export interface MirrorStatus {
  readonly pool: string;
  /** Database time. */
  readonly at: Date;
  readonly mirror: MirrorState;
}
