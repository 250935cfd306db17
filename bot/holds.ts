// Who may edit a message: the last thing shown in it, by whichever bot. Whatever followed something shown there before lets go.
import { type Logger } from '../storage/process/log';
import { type StoredHeldMessage } from '../storage/bot-cards';
import { type Place } from './turn';

/** What another bot needs to go on with what is followed in a message. */
export type Follow = NonNullable<StoredHeldMessage['follow']>;

export interface Hold {
  /** False once this bot shows something else in the message. */
  readonly held: boolean;
  /** Lets every bot know who edits the message from now on, until then; with `follow`, another goes on when this one dies. Never rejects. */
  keep(until: Date, follow?: Follow): Promise<void>;
  /** To be asked right before the message is edited: whether no other bot shows something else in it. Never rejects. */
  stillHeld(): Promise<boolean>;
  release(): void;
}

/** Where bots agree on it. Every method rejects when the database is away. */
export interface HeldMessages {
  hold(message: { readonly id: string; readonly token: string; readonly until: Date; readonly follow: Follow | null }): Promise<void>;
  /** With a token, only from who has that. */
  letGo(id: string, token?: string): Promise<void>;
  isHeld(id: string, token: string): Promise<boolean>;
}

export interface HoldsDeps { readonly messages: HeldMessages; readonly newId: () => string; readonly log: Logger }

export class Holds {
  readonly #deps: HoldsDeps;
  readonly #holders = new Map<string, string>();

  constructor(deps: HoldsDeps) {
    this.#deps = deps;
  }

  /** Takes a message over from whatever held it; `taken` resolves when other bots know, or cannot be told. */
  take(place: Place, messageId: string): { readonly hold: Hold; readonly taken: Promise<void> } {
    const id = `${place.conversationId}\n${messageId}`;
    return { hold: this.#hold(id, this.#deps.newId()), taken: this.#try(() => this.#deps.messages.letGo(id)) };
  }

  /** A new message, which nothing held before. */
  begin(place: Place, messageId: string): Hold {
    return this.#hold(`${place.conversationId}\n${messageId}`, this.#deps.newId());
  }

  /** A message that was taken over from a bot that died. */
  adopt({ _id, token }: Pick<StoredHeldMessage, '_id' | 'token'>): Hold {
    return this.#hold(_id, token, true);
  }

  /** Takes every message from whoever holds it here; other bots go on with them. */
  close(): void {
    this.#holders.clear();
  }

  /** `told`: whether other bots know of it; only then is it worth asking about. */
  #hold(id: string, token: string, told = false): Hold {
    const holders = this.#holders;
    const { messages } = this.#deps;
    holders.set(id, token);
    const held = (): boolean => holders.get(id) === token;
    return {
      get held() { return held(); },
      keep: (until, follow) => this.#try(async () => {
        await messages.hold({ id, token, until, follow: follow ?? null });
        told = true;
      }),
      stillHeld: async () => {
        if (!held() || !told) return held();
        // Where nobody can be asked, nobody else can have been answered either.
        const isOurs = await messages.isHeld(id, token).catch(() => true);
        if (!isOurs && held()) holders.delete(id);
        return isOurs && held();
      },
      release: () => {
        if (!held()) return;
        holders.delete(id);
        if (told) void this.#try(() => messages.letGo(id, token));
      },
    };
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (fault) {
      this.#deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'Other bots could not be told who edits a message.');
    }
  }
}
