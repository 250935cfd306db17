// Keeps live cards up to date: each at most once a second, only when what it shows has changed, and only for a while.
import { render, type Card } from '../cards/render';
import { wordsFor } from '../cards/words';
import { type Logger } from '../storage/process/log';
import { type LiveView } from '../storage/administration/views';
import { type Watch } from '../storage/live';
import { type AdministrationPort, type LiveCard, type LivePort } from './asking';
import { type Follow, type Hold } from './holds';
import { type Chat } from './turn';
import { NO_NOTE } from './views/common';
import { liveCard, sharedLiveCard, type LiveMoment } from './views/live';

/** Nobody tells the bot whether anybody looks, so a card follows this long and then asks. */
const FOLLOW_MS = 10 * 60_000;
const EDIT_MS = 1_000;
/** Durations grow while nothing else changes, and an engine can fall silent: looked at this often. */
const LOOK_MS = 5_000;
const FAULTS_MOST = 5;
/** How long the card says what was just done. */
const TOLD_MS = 10_000;
const NOBODY: ReadonlySet<string> = new Set();

export interface LiveCardsDeps {
  readonly administration: Pick<AdministrationPort, 'live' | 'myAgent'>;
  readonly chat: Pick<Chat, 'update'>;
  /** Directory object ids, in lower case. */
  readonly administrators: ReadonlySet<string>;
  /** Calls back with the ids of workflows whose live document changed; null: any of them. */
  readonly watch: (onChange: (workflowId: string | null) => void) => Watch;
  readonly now: () => Date;
  /** Resolves after `ms`, or at once when the bot stops. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Logger;
}

export class LiveCards implements LivePort {
  readonly #deps: LiveCardsDeps;
  readonly #changes = new Map<string, number>();
  #anyChange = 0;
  #followed = 0;
  #watch: Watch | null = null;

  constructor(deps: LiveCardsDeps) {
    this.#deps = deps;
  }

  until(): Date {
    return new Date(this.#deps.now().getTime() + FOLLOW_MS);
  }

  follow(card: LiveCard): void {
    const { place, messageId, workflowId, acting, locale, timeZone } = card;
    this.#begin(card, card.hold.keep(card.until, { place, messageId, workflowId, personId: acting.personId, name: acting.name, locale, timeZone }));
  }

  /** Goes on with a card that another bot followed until it died. */
  adopt(follow: Follow, until: Date, hold: Hold): void {
    const { place, messageId, workflowId, personId, name, locale, timeZone } = follow;
    // One that should have ended meanwhile is looked at once more, and then says so.
    const last = new Date(this.#deps.now().getTime() + LOOK_MS);
    this.#begin({ place, messageId, workflowId, locale, timeZone, until: until > last ? until : last, hold, told: NO_NOTE, acting: { kind: 'person', personId, name, administrator: this.#deps.administrators.has(personId) } });
  }

  #begin(card: LiveCard, known = Promise.resolve()): void {
    this.#watch ??= this.#deps.watch((workflowId) => {
      if (workflowId === null) this.#anyChange++;
      else this.#changes.set(workflowId, (this.#changes.get(workflowId) ?? 0) + 1);
    });
    this.#followed++;
    known.then(() => this.#follow(card))
      .catch((fault: unknown) => { this.#deps.log.warn({ err: fault }, 'A live card could not be kept up to date.'); })
      .finally(() => this.#ended());
  }

  #ended(): void {
    if (--this.#followed > 0) return;
    this.#changes.clear();
    const watch = this.#watch;
    this.#watch = null;
    watch?.close().catch((fault: unknown) => { this.#deps.log.warn({ err: fault }, 'Watching live groups could not be ended.'); });
  }

  #stamp(workflowId: string): number {
    return this.#anyChange + (this.#changes.get(workflowId) ?? 0);
  }

  async #follow(card: LiveCard): Promise<void> {
    const { now, pause } = this.#deps;
    let edited = '';
    let seen: LiveView | null = null;
    let stamp = -1;
    let lookedMs = 0;
    let faults = 0;
    // Whoever is no agent when the card begins has nothing to pick while it lasts, and is not asked about again.
    let isAgent = card.place.personal;
    let pickable = NOBODY;
    const toldUntil = now().getTime() + TOLD_MS;
    while (now() < card.until) {
      await pause(EDIT_MS);
      if (!card.hold.held) return;
      const current = this.#stamp(card.workflowId);
      if (current === stamp && now().getTime() - lookedMs < LOOK_MS) continue;
      stamp = current;
      lookedMs = now().getTime();
      const [answer, mine] = await Promise.all([this.#deps.administration.live(card.acting, card.workflowId), isAgent ? this.#deps.administration.myAgent(card.acting) : null]);
      if (!card.hold.held) return;
      if (!answer.ok && answer.code !== 'unavailable') {
        if (await card.hold.stillHeld()) await this.#edit(card, this.#gone(card));
        return card.hold.release();
      }
      if (answer.ok) seen = answer.value;
      if (mine?.ok === false && mine.code !== 'unavailable') isAgent = false;
      if (mine?.ok === true) pickable = new Set(mine.value.pickable.map((one) => one.callId));
      if (seen === null) continue;
      const drawn = this.#draw(card, seen, { now: now(), until: card.until, lost: !answer.ok, pickable, ...(now().getTime() < toldUntil ? { told: card.told } : {}) });
      const text = JSON.stringify(drawn);
      if (text === edited) continue;
      if (!(await card.hold.stillHeld())) return;
      try {
        await this.#edit(card, card.place.personal ? drawn : sharedLiveCard({ say: wordsFor(card.locale), locale: card.locale }, card.workflowId));
        edited = text;
        faults = 0;
      } catch (fault) {
        if (++faults >= FAULTS_MOST) throw fault;
      }
    }
    if (seen !== null && card.place.personal && await card.hold.stillHeld()) await this.#edit(card, this.#draw(card, seen, { now: now(), until: null }));
    card.hold.release();
  }

  #draw(card: LiveCard, view: LiveView, moment: LiveMoment): Card {
    return liveCard({ say: wordsFor(card.locale, card.timeZone), locale: card.locale, place: card.place }, view, moment);
  }

  /** Deleted, or no longer this person's to see. */
  #gone(card: LiveCard): Card {
    const say = wordsFor(card.locale);
    return render('notice', { tone: 'warning', titleText: say('error.notFoundTitle'), bodyText: say('error.notFound'), details: [], actions: [] }, card.locale);
  }

  async #edit(card: LiveCard, drawn: Card): Promise<void> {
    await this.#deps.chat.update(card.place, card.messageId, drawn);
  }
}
