// The two ends of a mirror, as it needs them. Any call may fail at any moment, also after it has done its work; nothing may be lost or done twice by that.
import { type Configuration } from '../model/configuration';
import { type MirrorPosition } from '../model/mirror';
import { type AudioFile } from '../model/prompt';
import { type StoredChange } from '../stored';

/** A look at the source's log. */
export interface LogReading {
  /** The newest sequence of the pool; 0: nothing was ever changed. */
  readonly head: number;
  /** The source's clock. */
  readonly at: Date;
  /** From the asked position's own entry on, that one included where it is still there; in order, without gaps but perhaps before the first. */
  readonly entries: readonly StoredChange[];
}

/** Everything at one moment. */
export interface Whole {
  readonly configuration: Configuration;
  /** The entry that led to it. */
  readonly position: MirrorPosition;
  readonly madeAt: Date | null;
}

/** The pool's own database: only read. */
export interface MirrorSource {
  /** At most `limit` entries. @throws when it cannot be reached */
  read(from: MirrorPosition, limit: number): Promise<LogReading>;
  whole(): Promise<Whole>;
  /** Null: there is none of that id. */
  audio(audioId: string): Promise<Buffer | null>;
}

/** The database that receives. Each change is one transaction. */
export interface MirrorReceiver {
  /** `isHeld`: the pool is served where the mirror is, so that nothing is mirrored over what is changed there. */
  position(): Promise<{ readonly position: MirrorPosition; readonly takeAnew: boolean; readonly isHeld: boolean }>;
  /**
   * Applies entries in order and moves the position behind the last of them, if it still is `from` and not held; resolves to whether it was. `late`: sounds that
   * they name and that are not here yet.
   */
  apply(from: MirrorPosition, entries: readonly StoredChange[], late: readonly AudioFile[]): Promise<boolean>;
  /** Makes everything as it is there, if the position still is `from` and not held; resolves to whether it was. */
  replace(from: MirrorPosition, whole: Whole, late: readonly AudioFile[]): Promise<boolean>;
  /** Which of these sounds are here. */
  keptAudio(audioIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Keeps a sound, and takes it off the list of late ones. */
  keepAudio(audioId: string, bytes: Buffer): Promise<void>;
  lateAudio(): Promise<readonly AudioFile[]>;
}
