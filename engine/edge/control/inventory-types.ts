// The frames of the inventory port: one JSON object a line, both ways. The engine parses its own copy of these with zod.
import { type AnchorInfo } from '../media/media-work';

/** First line of a client. Anything else, or a wrong secret, closes the connection. */
export interface InventoryHello {
  readonly secret: string;
  /** Which engine this is, in words of its own. Whoever names itself is pinged; whoever does not only looks. */
  readonly engine?: string;
  /** The lease epoch it holds; null for one that stands by. */
  readonly epoch?: number | null;
}

/** Answers `{"ping":n}`. */
export interface InventoryPong {
  readonly pong: number;
}

/** What a client may ask once it said hello. `id` comes back in the answer. */
export type InventoryQuestion =
  | { readonly id: number; readonly ask: 'inventory' }
  /** Who holds the edge, without all that exists. */
  | { readonly id: number; readonly ask: 'owner' }
  /** From now on the client holds this lease epoch; null: it stands by. */
  | { readonly id: number; readonly ask: 'hold'; readonly epoch: number | null }
  /** Ends a dialog by whatever its state needs: BYE, CANCEL, or 487 to an INVITE not answered yet. `reason` becomes the Reason header. */
  | { readonly id: number; readonly ask: 'end'; readonly dialog: string; readonly reason?: string }
  /** Drops kept events up to and including this sequence number. */
  | { readonly id: number; readonly ask: 'forget'; readonly upTo: number }
  /** Networks whose calls are let in, in place of those said before; for the engine that holds the edge. */
  | { readonly id: number; readonly ask: 'callers'; readonly networks: readonly string[] }
  | { readonly id: number; readonly ask: 'ping' };

/** `early`: an INVITE without a final answer. `confirmed`: answered. `ending`: our BYE is on its way. */
export type DialogState = 'early' | 'confirmed' | 'ending';

/** One dialog that exists, whoever made it. */
export interface DialogInfo {
  /** What drachtio calls the stack dialog id: `<Call-ID>;from-tag=<tag of who sent the INVITE>`. */
  readonly id: string;
  readonly callId: string;
  /** `uas`: the INVITE came from the network (a caller). `uac`: an engine sent it (an agent's phone). */
  readonly role: 'uas' | 'uac';
  readonly state: DialogState;
  readonly localTag: string;
  /** Empty until the far end sent one. */
  readonly remoteTag: string;
  /** The far end's address of record, without parameters. */
  readonly remoteUri: string;
  /** When its INVITE came or went, civil time in milliseconds. */
  readonly createdAtMs: number;
  /** Whether the engine connection that made it is still there. */
  readonly owned: boolean;
  /** A caller's INVITE, as far as it tells who arrived; null for a dialog an engine began. */
  readonly arrival: ArrivalInfo | null;
}

/** What makes an arrival of a caller's dialog again, when no journal tells of it. */
export interface ArrivalInfo {
  /** As the drachtio port named its INVITE. */
  readonly transactionId: string;
  readonly requestUri: string;
  /** Header values as they came, tags included. */
  readonly from: string;
  readonly to: string;
  /** Who it is said to be and how it came here (see `ARRIVAL_HEADERS`): names in lower case, lines of one name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly source: { readonly address: string; readonly port: number; readonly protocol: 'udp' | 'tcp' | 'tls' };
}

/** The headers an arrival is read from, beside From and To. */
export const ARRIVAL_HEADERS = [
  'contact', 'p-asserted-identity', 'p-preferred-identity', 'remote-party-id', 'privacy', 'history-info', 'diversion', 'supported', 'allow', 'user-agent', 'session-expires', 'min-se',
] as const;

/** Something that happened while no engine was there to hear of it, or that the edge did on its own. */
export interface KeptEvent {
  readonly sequence: number;
  readonly atMs: number;
  readonly event: 'dialogEnded';
  readonly dialog: string;
  readonly callId: string;
  /** `bye`: the far end hung up. `cancel`: the caller gave up. `noAck`: our 200 was never acknowledged. `ownerGone`: an engine's INVITE was taken back. `asked`: over this port. `refused`: nobody came for it in time. */
  readonly cause: 'bye' | 'cancel' | 'noAck' | 'ownerGone' | 'asked' | 'refused';
}

/** How it stands with the engine that holds the edge, or held it last. */
export interface OwnerState {
  /** The highest epoch an engine presented since the edge started; 0 when none did. */
  readonly epoch: number;
  /** As it named itself on the inventory port; empty when it did not. */
  readonly engine: string;
  /** Whether its connection to the drachtio port stands. */
  readonly connected: boolean;
  /** False after three pings in a row without an answer, until one comes. An engine that never named itself counts as responsive. */
  readonly responsive: boolean;
  /** Since when `connected` and `responsive` are what they are, civil time in milliseconds. */
  readonly sinceMs: number;
}

export interface Inventory {
  /** Which edge this is: its SIP address, the same after a restart. */
  readonly edge: string;
  readonly owner: OwnerState;
  /** As in `owner`; for engines of the release before. */
  readonly epoch: number;
  readonly engineConnected: boolean;
  readonly startedAtMs: number;
  readonly dialogs: readonly DialogInfo[];
  readonly anchors: readonly AnchorInfo[];
  readonly events: readonly KeptEvent[];
}

/** The engine that holds the edge came (or a newer one took its place), went, stopped answering, or answers again. */
export interface OwnerEvent {
  readonly event: 'engineHere' | 'engineGone' | 'engineUnresponsive' | 'engineResponsive';
  readonly epoch: number;
  readonly owner: OwnerState;
}

/** What the edge sends. Answers carry the question's `id`; events are pushed to everybody who said hello, pings to whoever named itself. */
export type InventoryMessage =
  | { readonly hello: { readonly version: string; readonly startedAtMs: number; readonly edge: string; readonly owner: OwnerState } }
  | { readonly id: number; readonly inventory: Inventory }
  | { readonly id: number; readonly owner: OwnerState }
  | { readonly id: number; readonly ok: true }
  | { readonly id: number; readonly error: 'unknownDialog' | 'badRequest' }
  | { readonly ping: number }
  | OwnerEvent
  | KeptEvent;
