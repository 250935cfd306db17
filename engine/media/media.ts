// Anchors, playing and bridging in the words of calls, carried out by whichever media server speaks NG.
import { type MediaDeps, type MediaPort } from '../calls/ports';

export interface MediaOptions extends MediaDeps {
  readonly host: string;
  readonly port: number;
  /** Default 2000. */
  readonly timeoutMs?: number;
}

export interface Media extends MediaPort {
  close(): Promise<void>;
}

/** Connects in the background; `healthy` turns true at the first pong. */
export function createMedia(_options: MediaOptions): Media {
  throw new Error('not connected');
}
