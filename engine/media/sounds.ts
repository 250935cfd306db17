// Prompts and music as files in the shared media folder, rendered ahead of need by a worker and kept by content.
import { type MediaDeps, type SoundPort } from '../calls/ports';

export interface SoundOptions extends MediaDeps {
  readonly mediaDirectory: string;
}

export interface Sounds extends SoundPort {
  close(): Promise<void>;
}

/** Rendered files are written once, by rename, and never changed. */
export function createSounds(_options: SoundOptions): Sounds {
  throw new Error('no voice');
}
