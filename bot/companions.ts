// Bots of one pool beside each other: each says that it lives, and goes on with the cards of one that does not any more.
import { type Logger } from '../storage/process/log';

export interface CompanionsDeps {
  /** Says that this bot lives, and resolves to all that do. Rejects when the database is away. */
  readonly beat: () => Promise<readonly string[]>;
  /** Takes over what belongs to none of these. Rejects when the database is away. */
  readonly adopt: (living: readonly string[]) => Promise<void>;
  /** Says that this bot lives no longer. Rejects when the database is away. */
  readonly leave: () => Promise<void>;
  /** Resolves after `ms`, or at once when the bot stops. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Logger;
}

const BEATS_TO_RETURN = 5;

export class Companions {
  readonly #deps: CompanionsDeps;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(deps: CompanionsDeps) {
    this.#deps = deps;
  }

  start(beatMs: number): void {
    this.#running ??= this.#run(beatMs);
  }

  /** To be called when pauses have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    await this.#try(this.#deps.leave);
  }

  async #run(beatMs: number): Promise<void> {
    let patience = 0;
    while (!this.#closed) {
      const isWell = await this.#try(async () => {
        const living = await this.#deps.beat();
        if (patience === 0) await this.#deps.adopt(living);
      });
      // When the database was away nobody could say that they live: they get the time to.
      patience = isWell ? Math.max(0, patience - 1) : BEATS_TO_RETURN;
      await this.#deps.pause(beatMs);
    }
  }

  /** Whether it went well. */
  async #try(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (fault) {
      this.#deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'What other bots do is not known.');
      return false;
    }
  }
}
