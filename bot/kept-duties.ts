// What agents pressed about their own duty while the database was away: kept in order, carried out when it is back, and then told.
import { type Card } from '../cards/render';
import { type Logger } from '../storage/process/log';
import { type Asking, type KeptPort } from './asking';
import { type Hold } from './holds';
import { type Chat } from './turn';
import { type DutyPress } from './verbs';

/** `overtaken`: it was not done, because something later was wanted or done, or it no longer fits. `away`: the database still is. */
export type DutyOutcome = 'applied' | 'overtaken' | 'notAnAgent' | 'away';

export interface KeptDutiesDeps {
  readonly carryOut: (asking: Asking, press: DutyPress) => Promise<DutyOutcome>;
  readonly draw: (asking: Asking, press: DutyPress, outcome: Exclude<DutyOutcome, 'away'>) => Promise<Card>;
  /** Whether the database answers. Never rejects. */
  readonly reachable: () => Promise<boolean>;
  readonly chat: Pick<Chat, 'send' | 'update'>;
  /** Resolves after `ms`, or at once when the bot stops. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Logger;
}

interface Kept {
  readonly asking: Asking;
  readonly press: DutyPress;
  /** Where it says that it is kept. Without a hold it is the message whose client asked again. */
  message: { readonly messageId: string; readonly hold: Hold | null } | null;
}

const RETRY_MS = 1_000;
const KEPT_MOST = 5_000;

export class KeptDuties implements KeptPort {
  readonly #deps: KeptDutiesDeps;
  /** By one-time id, oldest first. */
  readonly #kept = new Map<string, Kept>();
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(deps: KeptDutiesDeps) {
    this.#deps = deps;
  }

  keep(asking: Asking, press: DutyPress): { shownIn(messageId: string, hold: Hold): void } | null {
    const { requestId } = press;
    if (!this.#kept.has(requestId) && (this.#closed || this.#kept.size >= KEPT_MOST)) return null;
    const kept = this.#kept.get(requestId) ?? { asking, press, message: asking.automatic && asking.messageId !== null ? { messageId: asking.messageId, hold: null } : null };
    this.#kept.set(requestId, kept);
    this.#running ??= this.#run();
    return { shownIn: (messageId, hold) => { kept.message = { messageId, hold }; } };
  }

  /** To be called when pauses have ended. What is still kept is on the cards of those who pressed it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#kept.size > 0 && !this.#closed) {
      await this.#deps.pause(RETRY_MS);
      if (this.#closed || !(await this.#deps.reachable())) continue;
      for (const [requestId, kept] of [...this.#kept]) {
        if (this.#closed || !(await this.#try(kept))) break;
        this.#kept.delete(requestId);
      }
    }
    this.#running = null;
  }

  /** `false`: it must be tried again, and so must whatever was pressed later. */
  async #try({ asking, press, message }: Kept): Promise<boolean> {
    try {
      const outcome = await this.#deps.carryOut(asking, press);
      if (outcome === 'away') return false;
      const card = await this.#deps.draw(asking, press, outcome);
      if (message !== null && (message.hold === null || await message.hold.stillHeld())) await this.#deps.chat.update(asking.place, message.messageId, card);
      else await this.#deps.chat.send(asking.place, card);
      message?.hold?.release();
    } catch (fault) {
      this.#deps.log.error({ err: fault }, 'What came of a kept duty could not be told.');
    }
    return true;
  }
}
