// What people do in chat and what they are answered, in our own words: nothing here knows how chat carries it.
import { type Card } from '../cards/render';

/** Who does something. */
export interface Sender {
  /** Directory object id, in lower case: the only thing that identifies a person. */
  readonly personId: string;
  readonly name: string;
  /** How the channel calls this person, for `refresh.userIds`. */
  readonly chatId: string;
  readonly locale: string;
  /** The IANA zone of this person's client; null where it tells none. */
  readonly timeZone: string | null;
}

/** Where it happens. `reference` is what the adapter needs to write there later; opaque to everybody else. */
export interface Place {
  readonly conversationId: string;
  readonly personal: boolean;
  readonly reference: Readonly<Record<string, unknown>>;
}

/** What somebody did. `automatic`: their client asked for a fresh card, nobody pressed. */
export type Deed =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'press'; readonly verb: string; readonly data: Readonly<Record<string, unknown>>; readonly automatic: boolean; readonly messageId: string | null; readonly submitted: boolean }
  | { readonly kind: 'file'; readonly name: string; readonly address: string }
  | { readonly kind: 'added' };

export interface Turn {
  readonly sender: Sender;
  readonly place: Place;
  readonly deed: Deed;
  /** Sends a new message; resolves to its id, or null when the channel gives none. */
  send(card: Card): Promise<string | null>;
}

/**
 * A card takes the place of the one pressed. `null`: there is nothing to show, or it was sent already. `failed`: words to be told while
 * the card that was pressed stays as it is, with everything typed in it.
 */
export type Reply = Card | null | { readonly failed: string };
export const hasFailed = (reply: Reply): reply is { readonly failed: string } => reply !== null && !('type' in reply);

/** Writes into a conversation outside of a turn. */
export interface Chat {
  /** Sends a new message; resolves to its id, or null when the channel gives none. @throws whatever the channel answers. */
  send(place: Place, card: Card): Promise<string | null>;
  /** @throws whatever the channel answers. */
  update(place: Place, messageId: string, card: Card): Promise<void>;
}
