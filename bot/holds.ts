// Who may edit a message: the last thing shown in it. Whatever followed something shown there before lets go.
import { type Place } from './turn';

export interface Hold {
  /** False once something else is shown in the message. */
  readonly held: boolean;
  release(): void;
}

export class Holds {
  readonly #holders = new Map<string, symbol>();

  /** Takes a message over from whatever held it. */
  take(place: Place, messageId: string): Hold {
    const holders = this.#holders;
    const name = `${place.conversationId}\n${messageId}`;
    const mine = Symbol(messageId);
    holders.set(name, mine);
    return {
      get held() { return holders.get(name) === mine; },
      release() { if (holders.get(name) === mine) holders.delete(name); },
    };
  }

  /** Takes every message from whoever holds it. */
  close(): void {
    this.#holders.clear();
  }
}
