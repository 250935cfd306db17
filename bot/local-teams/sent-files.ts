// Files that people sent to the bot, kept in memory for as long as the bot may fetch them.
import { randomUUID } from 'node:crypto';

/** Older ones are forgotten; a bot fetches at once. */
const KEPT = 20;

export class SentFiles {
  readonly #files = new Map<string, Buffer>();

  /** Answers the name under which the file can be fetched, which nobody can guess. */
  keep(bytes: Buffer): string {
    const id = randomUUID();
    this.#files.set(id, bytes);
    const [oldest] = this.#files.keys();
    if (this.#files.size > KEPT && oldest !== undefined) this.#files.delete(oldest);
    return id;
  }

  get(id: string): Buffer | null {
    return this.#files.get(id) ?? null;
  }
}
