// What carries NG requests out, whether in the thread that asks or in threads of its own.
import { type NgDictionary, type NgReply } from './bencode';

/** One anchor, as the edge's inventory tells it. */
export interface AnchorInfo {
  /** The NG call-id, which is the call id. */
  readonly callId: string;
  /** Civil time in milliseconds. */
  readonly createdAtMs: number;
  readonly playing: boolean;
  /** Local RTP ports in use. */
  readonly ports: readonly number[];
}

export interface MediaWork {
  /** Never rejects. Requests for one call are carried out in the order in which they came. */
  handle(request: NgDictionary): Promise<NgReply>;
  /** What the answers given so far amount to. */
  list(): AnchorInfo[];
  /** Every anchor goes, with its ports. */
  close(): void | Promise<void>;
}

/** What somebody who did not ask is told, and what goes wrong. */
export interface MediaEvents {
  /** To every NG client over TCP. */
  readonly tell: (notice: NgReply) => void;
  /** A request failed in a way nobody thought of. */
  readonly failed: (fault: unknown, callId: string | undefined) => void;
}
