// The frames of the inventory port: one JSON object a line, both ways. The engine parses its own copy of these with zod.
import { type AnchorInfo } from '../media/server';

/** First line of a client. Anything else, or a wrong secret, closes the connection. */
export interface InventoryHello {
  readonly secret: string;
}

/** What a client may ask once it said hello. `id` comes back in the answer. */
export type InventoryQuestion =
  | { readonly id: number; readonly ask: 'inventory' }
  /** Ends a dialog by whatever its state needs: BYE, CANCEL, or 487 to an INVITE not answered yet. `reason` becomes the Reason header. */
  | { readonly id: number; readonly ask: 'end'; readonly dialog: string; readonly reason?: string }
  /** Drops kept events up to and including this sequence number. */
  | { readonly id: number; readonly ask: 'forget'; readonly upTo: number }
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
}

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

export interface Inventory {
  /** The highest epoch an engine presented since the edge started; 0 when none did. */
  readonly epoch: number;
  readonly engineConnected: boolean;
  readonly startedAtMs: number;
  readonly dialogs: readonly DialogInfo[];
  readonly anchors: readonly AnchorInfo[];
  readonly events: readonly KeptEvent[];
}

/** What the edge sends. Answers carry the question's `id`; the rest is pushed to everybody who said hello. */
export type InventoryMessage =
  | { readonly hello: { readonly version: string; readonly startedAtMs: number } }
  | { readonly id: number; readonly inventory: Inventory }
  | { readonly id: number; readonly ok: true }
  | { readonly id: number; readonly error: 'unknownDialog' | 'badRequest' }
  | { readonly event: 'engineGone'; readonly epoch: number }
  | { readonly event: 'engineHere'; readonly epoch: number }
  | KeptEvent;
