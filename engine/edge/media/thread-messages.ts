// What the edge and one of its media threads say to each other.
import { type NgDictionary, type NgReply } from './bencode';
import { type FreePorts } from './free-ports';
import { type AnchorInfo } from './media-work';

/** What a thread is started with. */
export interface ThreadStart {
  /** From 0; what it holds ports by. */
  readonly thread: number;
  readonly ports: FreePorts['memory'];
  /** Where RTP sockets are bound. */
  readonly address: string;
  /** What stands in SDP. */
  readonly externalAddress: string;
  readonly mediaDirectory: string;
  /** How much sound it keeps in memory. */
  readonly cacheBytes: number;
}

export type ToThread =
  | { readonly kind: 'request'; readonly id: number; readonly request: NgDictionary }
  /** Lets everything go, and ends. */
  | { readonly kind: 'close' };

export type FromThread =
  | { readonly kind: 'ready' }
  /** `anchor`: what the call that was asked about has now. */
  | { readonly kind: 'reply'; readonly id: number; readonly reply: NgReply; readonly anchor: AnchorInfo | null }
  /** What was played was played out. */
  | { readonly kind: 'ended'; readonly callId: string; readonly anchor: AnchorInfo | null }
  | { readonly kind: 'notice'; readonly notice: NgReply }
  | { readonly kind: 'failed'; readonly fault: unknown; readonly callId: string | undefined };
