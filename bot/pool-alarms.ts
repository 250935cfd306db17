// Tells administrators, in their own chats, when the redundancy of the pool is lost and when it is back.
import { type Told } from '../storage/alarms';
import { type Logger } from '../storage/process/log';
import { type Person } from '../storage/people';
import { type PeoplePort } from './asking';
import { tell } from './telling';
import { type Chat } from './turn';
import { alarmCard } from './views/pool';

export interface PoolAlarmsDeps {
  /** What must be told now, by this process; what was answered once, here or to another bot, is not answered again. Never rejects. */
  readonly look: () => Promise<readonly Told[]>;
  /** Directory object ids, in lower case. */
  readonly administrators: ReadonlySet<string>;
  readonly people: Pick<PeoplePort, 'read'>;
  readonly chat: Pick<Chat, 'send'>;
  /** Resolves after `ms`, or at once when the bot stops. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Logger;
}

const LOOK_MS = 2_000;
/** After so many looks it is read anew how administrators are reached. */
const LOOKS_BETWEEN_READINGS = 30;

export class PoolAlarms {
  readonly #deps: PoolAlarmsDeps;
  /** How each was reached last: while the database is away it cannot be asked, and just then there is something to tell. */
  readonly #reached = new Map<string, Person>();
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(deps: PoolAlarmsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** To be called when pauses have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let looks = 0; !this.#closed; looks += 1) {
      if (looks % LOOKS_BETWEEN_READINGS === 0) await Promise.all([...this.#deps.administrators].map((personId) => this.#person(personId)));
      // One after the other, so that what is back is told after what was lost.
      for (const told of await this.#deps.look()) await this.#tell(told);
      await this.#deps.pause(LOOK_MS);
    }
  }

  async #tell(told: Told): Promise<void> {
    const { administrators, chat, log } = this.#deps;
    await Promise.all([...administrators].map(async (personId) => {
      try {
        await tell({ chat, people: { read: () => this.#person(personId) } }, personId, (say, locale) => alarmCard(say, locale, told));
      } catch (fault) {
        log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'An administrator could not be told of the pool.');
      }
    }));
  }

  async #person(personId: string): Promise<Person | null> {
    try {
      const person = await this.#deps.people.read(personId);
      if (person) this.#reached.set(personId, person);
      return person;
    } catch {
      return this.#reached.get(personId) ?? null;
    }
  }
}
