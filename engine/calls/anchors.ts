// Lets go of media anchors: tried a few times more in the background, and left to reconciliation after that.
import { type MediaPort, type Timers } from './ports';
import { MEDIA_MS, type Rooms } from './rooms';

export class Anchors {
  constructor(private readonly deps: { readonly media: Pick<MediaPort, 'release'>; readonly timers: Timers; readonly rooms: Pick<Rooms, 'command' | 'mediaFailed'> }) {}

  /** Resolves after the first try; calls `over` once, when the anchor is gone or given up. */
  async release(anchorId: string, over: () => void = () => undefined, attempt = 0): Promise<void> {
    const { media, timers, rooms } = this.deps;
    try {
      await rooms.command('release', media.release(anchorId));
      over();
    } catch (fault) {
      rooms.mediaFailed(anchorId, fault, 'an anchor could not be released');
      const pause = MEDIA_MS.release[attempt];
      if (pause === undefined) over();
      else timers.after(pause, () => { void this.release(anchorId, over, attempt + 1); });
    }
  }
}
