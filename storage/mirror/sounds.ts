// Brings the sounds that mirrored objects name: those just named at once, for a moment; the late ones behind them, one after the other.
import { setTimeout as pauseFor } from 'node:timers/promises';
import { type Logger } from '../process/log';
import { type MirrorReceiver, type MirrorSource } from './ports';

export interface SoundsDeps {
  readonly source: Pick<MirrorSource, 'audio'>;
  readonly receiver: Pick<MirrorReceiver, 'keepAudio' | 'lateAudio'>;
  readonly log: Logger;
}

/** A change waits for its sounds so long and no longer: on a slow line the words of a group must not wait for its music. */
const AT_ONCE_MS = 300;
/** What could not be brought is tried again. */
const AGAIN_MS = 2_000;

export class Sounds {
  private readonly stopping = new AbortController();
  private wake = new AbortController();
  private readonly running: Promise<void>;

  constructor(private readonly deps: SoundsDeps) {
    this.running = this.bringLate();
  }

  /** Resolves when they are here, or after 300 ms; whatever is not here by then is for the caller to list as late. Never rejects. */
  async bring(audioIds: readonly string[]): Promise<void> {
    const enough = new AbortController();
    const bringing = (async () => {
      for (const audioId of audioIds) {
        if (enough.signal.aborted) return;
        await this.bringOne(audioId);
      }
    })().catch((fault: unknown) => { this.deps.log.warn({ fault: wordsOf(fault) }, 'a sound could not be mirrored at once'); });
    await Promise.race([bringing, pauseFor(AT_ONCE_MS, undefined, { signal: enough.signal }).catch(() => undefined)]);
    enough.abort();
  }

  /** Something may have been listed as late. */
  ring(): void {
    this.wake.abort();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    this.wake.abort();
    await this.running;
  }

  private async bringLate(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.wake = new AbortController();
      try {
        for (const { audioId } of await this.deps.receiver.lateAudio()) {
          if (this.stopping.signal.aborted) return;
          await this.bringOne(audioId);
        }
      } catch (fault) {
        this.deps.log.warn({ fault: wordsOf(fault) }, 'a late sound could not be mirrored; tried again');
      }
      await pauseFor(AGAIN_MS, undefined, { signal: this.wake.signal }).catch(() => undefined);
    }
  }

  /** One that the source has not stays listed. */
  private async bringOne(audioId: string): Promise<void> {
    const bytes = await this.deps.source.audio(audioId);
    if (bytes !== null) await this.deps.receiver.keepAudio(audioId, bytes);
  }
}

const wordsOf = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));
