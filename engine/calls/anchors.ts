// Media anchors are made, and let go whatever happens: tried a few times more in the background, and left to reconciliation after that.
import { MediaFault, type MediaPort, type Timers } from './ports';
import { MEDIA_MS, type Rooms } from './rooms';
import { within } from './serial';

export interface AnchorsDeps {
  readonly media: Pick<MediaPort, 'release'>;
  readonly timers: Timers;
  readonly rooms: Pick<Rooms, 'command' | 'mediaFailed'>;
}

export class Anchors {
  constructor(private readonly deps: AnchorsDeps) {}

  /** What `making` resolves to, within `ms`. An anchor that comes to be after that is let go at once: nobody waits for it any more. @throws MediaFault */
  make<T>(anchorId: string, making: Promise<T>, ms: number = MEDIA_MS.command): Promise<T> {
    let late = false;
    making.then(() => { if (late) void this.release(anchorId); }, () => undefined);
    return within(this.deps.timers, ms, 'anchor', making).catch((fault: unknown) => {
      late = true;
      throw fault;
    });
  }

  /**
   * The same for a caller who is not answered yet: `begin` is asked again while the media server is away or silent, for as long as `isWanted`
   * says so and MEDIA_MS.patience lasts. The caller has been told that we are trying, and hears a ring. @throws MediaFault
   */
  makePatiently<T>(anchorId: string, begin: () => Promise<T>, isWanted: () => boolean): Promise<T> {
    const { timers } = this.deps;
    const untilMs = timers.nowMs() + MEDIA_MS.patience - MEDIA_MS.again;
    const again = async (): Promise<T> => {
      for (;;) {
        try {
          return await begin();
        } catch (fault) {
          const passes = fault instanceof MediaFault && (fault.code === 'unavailable' || fault.code === 'timeout');
          if (!passes || !isWanted() || timers.nowMs() >= untilMs) throw fault;
          await new Promise<void>((resolve) => { timers.after(MEDIA_MS.again, resolve); });
        }
      }
    };
    return this.make(anchorId, again(), MEDIA_MS.patience);
  }

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
