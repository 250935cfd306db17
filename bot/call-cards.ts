// Tells agents, in their own chat, of the call on their phone, and of a pause that somebody else gave them. Driven by live documents.
import { type Say } from '../cards/words';
import { type StoredCallCard } from '../storage/bot-cards';
import { type Followed, type FollowedAgent } from '../storage/followed';
import { type LiveCaller } from '../storage/model/live';
import { type Logger } from '../storage/process/log';
import { type Watch } from '../storage/live';
import { type PeoplePort } from './asking';
import { reach, tell, wordsOf, type Told } from './telling';
import { type Chat } from './turn';
import { callCard, type CallState } from './views/call';
import { pausedCard } from './views/pause';

/** What a card shows, as bots know it of each other. */
export type KeptCallCard = Omit<StoredCallCard, 'at' | 'bot' | 'pool'>;

/** How bots of one pool agree on whose each card is. Every method rejects when the database is away. */
export interface CallCardDesk {
  /** `false`: another bot has a card for this call on this phone. */
  claim(card: KeptCallCard): Promise<boolean>;
  /** What the card shows from now on; `false`: another bot has taken it over. */
  keep(card: KeptCallCard): Promise<boolean>;
  /** `true` for one of all bots. */
  once(id: string): Promise<boolean>;
}

export interface CallCardsDeps {
  readonly desk: CallCardDesk;
  /** Rejects when the database is away. */
  readonly read: (workflowIds: readonly string[] | 'all') => Promise<Followed>;
  readonly people: Pick<PeoplePort, 'read'>;
  readonly chat: Pick<Chat, 'send' | 'update'>;
  readonly watch: (onChange: (workflowId: string | null) => void) => Watch;
  readonly now: () => Date;
  /** Resolves after `ms`, or at once when the bot stops. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Logger;
}

/** Changes that come together are looked at together. */
const GATHER_MS = 100;
/** After a fault the same is looked at again, not at once. */
const RETRY_MS = 2_000;
/** Messages on their way at once; one more waits, and shows how things stand when its turn comes. */
const SENDING_MOST = 8;

/** One call on one agent's phone. There is one card for it, edited whenever its state changes, by one bot. */
interface Entry {
  readonly key: string;
  readonly groupId: string;
  readonly groupName: string;
  readonly agentId: string;
  readonly personId: string;
  caller: LiveCaller;
  state: CallState;
  at: Date;
  waitedMs: number;
  message: Told | null;
  /** The card is another bot's. */
  foreign: boolean;
  /** The state the card shows; null: there is no card yet. */
  shown: CallState | null;
  /** Waiting for its turn, or on its way. */
  busy: boolean;
}

const OVER: ReadonlySet<CallState> = new Set(['ended', 'elsewhere', 'gone']);

export class CallCards {
  readonly #deps: CallCardsDeps;
  readonly #entries = new Map<string, Entry>();
  /** Since when each agent's last pause is, in ms, so that each is told once; 0: none has been seen. */
  readonly #pauses = new Map<string, number>();
  readonly #changed = new Set<string | null>();
  readonly #waiting: Entry[] = [];
  #sending = 0;
  #running: Promise<void> | null = null;
  #watch: Watch | null = null;
  #closed = false;

  constructor(deps: CallCardsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#watch = this.#deps.watch((workflowId) => {
      this.#changed.add(workflowId);
      this.#running ??= this.#run();
    });
  }

  /** Goes on with cards of a bot that died. One that it was just sending is left alone: whether it arrived nobody knows. */
  adopt(cards: readonly StoredCallCard[]): void {
    for (const { _id: key, groupId, groupName, agentId, personId, caller, state, since, waitedMs, message } of cards) {
      const shown = state as CallState;
      this.#entries.set(key, { key, groupId, groupName, agentId, personId, caller, state: shown, at: since, waitedMs, message, foreign: message === null, shown, busy: false });
      this.#changed.add(groupId);
    }
    if (cards.length > 0) this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#watch?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#changed.size > 0 && !this.#closed) {
      await this.#deps.pause(GATHER_MS);
      const changed = [...this.#changed];
      const asked = changed.filter((one) => one !== null);
      const which = asked.length < changed.length ? 'all' : asked;
      this.#changed.clear();
      try {
        this.#look(which, await this.#deps.read(which));
      } catch (fault) {
        this.#deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'Calls on agents’ phones could not be read.');
        for (const workflowId of changed) this.#changed.add(workflowId);
        await this.#deps.pause(RETRY_MS);
      }
    }
    this.#running = null;
  }

  #look(which: readonly string[] | 'all', followed: Followed): void {
    // A queue that several groups share is seen in each of them; whoever is rung is told once.
    const keyOf = (callId: string, agentId: string): string => `${callId}\n${agentId}`;
    for (const group of followed.groups) {
      const personOf = new Map(group.agents.map((agent) => [agent.id, agent.personId]));
      for (const agent of group.agents) this.#lookAtPause(agent);
      for (const caller of group.callers) {
        for (const agentId of caller.ringing) {
          const key = keyOf(caller.callId, agentId);
          const personId = personOf.get(agentId) ?? null;
          if (followed.callContextShown && personId !== null && !this.#entries.has(key)) {
            this.#entries.set(key, { key, groupId: group.id, groupName: group.displayName, agentId, personId, caller, state: 'gone', at: this.#deps.now(), waitedMs: 0, message: null, foreign: false, shown: null, busy: false });
          }
        }
      }
    }
    const looked = which === 'all' ? null : new Set(which);
    const callers = new Map(followed.groups.flatMap((group) => group.callers.map((caller) => [`${group.id}\n${caller.callId}`, caller] as const)));
    for (const [key, entry] of this.#entries) {
      if (looked && !looked.has(entry.groupId)) continue;
      const caller = callers.get(`${entry.groupId}\n${entry.caller.callId}`) ?? null;
      this.#becomes(entry, caller);
      // What is on its way goes on by itself; nothing more will be shown in its card.
      if (caller === null && OVER.has(entry.state)) this.#entries.delete(key);
    }
  }

  /** `caller` null: the call is over, or has left this group. */
  #becomes(entry: Entry, caller: LiveCaller | null): void {
    const state = stateOf(entry, caller);
    if (caller) entry.caller = caller;
    if (state === entry.state) return;
    const now = this.#deps.now();
    if (state === 'ringing' || (state === 'talking' && entry.state !== 'talking')) entry.waitedMs = now.getTime() - (entry.caller.joinedQueueAt ?? entry.caller.arrivedAt).getTime();
    entry.state = state;
    entry.at = now;
    this.#show(entry);
  }

  #show(entry: Entry): void {
    if (entry.busy || entry.foreign || entry.shown === entry.state) return;
    // A phone that has stopped ringing before the card was sent needs none.
    if (entry.shown === null && entry.state !== 'ringing' && entry.state !== 'talking' && entry.state !== 'missed') return;
    entry.busy = true;
    this.#waiting.push(entry);
    this.#next();
  }

  #next(): void {
    while (this.#sending < SENDING_MOST) {
      const entry = this.#waiting.shift();
      if (!entry) return;
      this.#sending++;
      this.#send(entry)
        .catch((fault: unknown) => { this.#deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'An agent could not be told of a call.'); })
        .finally(() => {
          this.#sending--;
          entry.busy = false;
          if (!this.#closed) this.#show(entry);
          this.#next();
        });
    }
  }

  async #send(entry: Entry): Promise<void> {
    const { desk, chat } = this.#deps;
    const { state } = entry;
    // Whatever comes of it, the same is not tried again: the next state is.
    entry.shown = state;
    if (entry.message !== null) {
      entry.foreign = !(await desk.keep(kept(entry, state)));
      if (!entry.foreign) await chat.update(entry.message.place, entry.message.messageId, this.#draw(entry, state, wordsOf(entry.message), entry.message.locale));
      return;
    }
    const reached = await reach(this.#deps, entry.personId);
    if (reached === null) return;
    entry.foreign = !(await desk.claim(kept(entry, state)));
    if (entry.foreign) return;
    const messageId = await chat.send(reached.place, this.#draw(entry, state, wordsOf(reached), reached.locale));
    if (messageId === null) return;
    entry.message = { ...reached, messageId };
    entry.foreign = !(await desk.keep(kept(entry, state)));
  }

  #draw(entry: Entry, state: CallState, say: Say, locale: string): ReturnType<typeof callCard> {
    return callCard({ say, locale }, { groupId: entry.groupId, groupName: entry.groupName, caller: entry.caller, state, at: entry.at, waitedMs: entry.waitedMs });
  }

  /** An agent who was paused for unanswered calls is told once, also when several groups show it. What was so at the start is not news. Whoever pauses somebody tells them at once. */
  #lookAtPause({ id, personId, pause }: FollowedAgent): void {
    const before = this.#pauses.get(id);
    const since = pause?.since.getTime() ?? before ?? 0;
    this.#pauses.set(id, since);
    if (before === undefined || pause === null || since <= before || pause.by !== 'unanswered' || personId === null) return;
    this.#deps.desk.once(`paused:${id}:${since}`)
      .then((isOurs) => (isOurs ? tell(this.#deps, personId, (say, locale) => pausedCard(say, locale, pause, null)) : null))
      .catch((fault: unknown) => { this.#deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'An agent could not be told of a pause.'); });
  }
}

function kept({ key, groupId, groupName, agentId, personId, caller, at, waitedMs, message }: Entry, state: CallState): KeptCallCard {
  return { _id: key, over: OVER.has(state), groupId, groupName, agentId, personId, caller, state, since: at, waitedMs, message };
}

function stateOf(entry: Entry, caller: LiveCaller | null): CallState {
  if (caller === null) return entry.state === 'talking' ? 'ended' : entry.state === 'elsewhere' || entry.state === 'ended' ? entry.state : 'gone';
  if (caller.state === 'talking') return caller.agentId === entry.agentId ? 'talking' : entry.state === 'talking' ? 'ended' : 'elsewhere';
  if (caller.ringing.includes(entry.agentId)) return 'ringing';
  return entry.state === 'talking' ? 'ended' : entry.state === 'ended' ? 'ended' : 'missed';
}
