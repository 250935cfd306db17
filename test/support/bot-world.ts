// The bot as a whole over HTTP, with administration in memory, a connector that records, and people who speak to it as Teams would.
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { BotAdapter, createAuthentication } from '../../bot/adapter';
import { type Services } from '../../bot/asking';
import { AudioLinks } from '../../bot/audio-links';
import { Conversation } from '../../bot/conversation';
import { ExportLinks, exportHistory } from '../../bot/exports';
import { type Fetched } from '../../bot/files';
import { type HeldMessages, Holds } from '../../bot/holds';
import { showPressed } from '../../bot/handlers/duty';
import { carryOutPress } from '../../bot/handlers/kept-duty';
import { KeptDuties } from '../../bot/kept-duties';
import { LiveCards } from '../../bot/live-cards';
import { serveBot, type BotServer } from '../../bot/server';
import { readBotSettings } from '../../bot/settings';
import { createLog } from '../../storage/process/log';
import { FakeAdministration, FakeGuides, FakePeople } from './fake-administration';
import { DOMAIN, NOW, PEOPLE } from './storage-views';

export type PersonKey = keyof typeof PEOPLE;
export type CardJson = Record<string, unknown>;

/** What the connector was asked to do. */
export interface Sent { readonly method: string; readonly conversationId: string; readonly activityId: string | null; readonly card: CardJson | null; readonly text: string }

/** Stands where Teams' connector is: takes messages and edits, and gives ids. */
export class Connector {
  readonly sent: Sent[] = [];
  failing = false;
  #waiting: { matches: (sent: Sent) => boolean; resolve: (sent: Sent) => void }[] = [];
  readonly #server: Server;
  url = '';

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [, conversationId = '', activityId] = /^\/v3\/conversations\/([^/]+)\/activities(?:\/([^/?]+))?/.exec(request.url ?? '') ?? [];
        const activity = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { text?: string; attachments?: { content: CardJson }[] };
        // restify alters every response of its process: writeHead gives nothing back.
        response.statusCode = this.failing ? 403 : 200;
        if (this.failing) return response.end();
        const sent: Sent = { method: request.method ?? '', conversationId: decodeURIComponent(conversationId), activityId: activityId === undefined ? null : decodeURIComponent(activityId), card: activity.attachments?.[0]?.content ?? null, text: activity.text ?? '' };
        this.sent.push(sent);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ id: `sent-${this.sent.length}` }));
        this.#waiting = this.#waiting.filter(({ matches, resolve }) => {
          if (!matches(sent)) return true;
          resolve(sent);
          return false;
        });
        return undefined;
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** The first message or edit, past or still to come, that matches. */
  async saw(matches: (sent: Sent) => boolean): Promise<Sent> {
    return this.sent.find(matches) ?? new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What an `adaptiveCard/action` is answered: the HTTP status, and the body inside it. */
export interface Pressed { readonly status: number; readonly statusCode: number; readonly type: string; readonly card: CardJson; readonly message: string }

export interface BotWorld {
  readonly administration: FakeAdministration;
  readonly people: FakePeople;
  readonly guides: FakeGuides;
  readonly connector: Connector;
  readonly server: BotServer;
  readonly url: string;
  /** What lies where a message says a file lies. */
  readonly files: Map<string, Fetched>;
  /** The clock moves only when a test says so. */
  readonly clock: { now: Date };
  /** Lets time pass and ends the pauses that have begun. */
  tick(seconds?: number): Promise<void>;
  /** The same, once whatever runs by itself has come to a pause. */
  tickWhenPaused(seconds?: number): Promise<void>;
  liveChanged(workflowId: string | null): void;
  /** Something typed; resolves to the card of the answer. */
  say(person: PersonKey, text: string, options?: { readonly group?: boolean }): Promise<CardJson>;
  /** A button pressed. */
  press(person: PersonKey, verb: string, data?: Record<string, unknown>, options?: { readonly group?: boolean; readonly automatic?: boolean; readonly messageId?: string }): Promise<Pressed>;
  activity(person: PersonKey, more: Record<string, unknown>, group?: boolean): Record<string, unknown>;
  post(activity: unknown, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

/** What bots agree on, in memory: of several that are given the same one, each sees what the others hold. */
export class FakeHeldMessages implements HeldMessages {
  readonly #tokens = new Map<string, string>();

  async hold({ id, token }: { readonly id: string; readonly token: string }): Promise<void> { this.#tokens.set(id, token); }
  async letGo(id: string, token?: string): Promise<void> { if (token === undefined || this.#tokens.get(id) === token) this.#tokens.delete(id); }
  async isHeld(id: string, token: string): Promise<boolean> { return this.#tokens.get(id) === token; }
}

export async function startBotWorld(): Promise<BotWorld> {
  const connector = new Connector();
  await connector.start();
  const administration = new FakeAdministration();
  const people = new FakePeople();
  const guides = new FakeGuides();
  for (const { personId, name } of Object.values(PEOPLE)) people.people.set(personId, { _id: personId, name, locale: 'en', conversation: null, seenAt: NOW });
  const log = createLog('bot', 'silent');
  const settings = readBotSettings({ MONGODB_URI: 'mongodb://127.0.0.1/' });
  const authentication = createAuthentication(settings);
  const clock = { now: NOW };
  const administrators: ReadonlySet<string> = new Set([PEOPLE.ada.personId]);
  const now = (): Date => clock.now;
  let paused: (() => void)[] = [];
  const pausing: (() => void)[] = [];
  const pause = (): Promise<void> => new Promise((resolve) => {
    paused.push(resolve);
    for (const told of pausing.splice(0)) told();
  });
  const watchers = new Set<(workflowId: string | null) => void>();
  const audioLinks = new AudioLinks('https://bot.example.org', 'secret', now);
  const adapter = new BotAdapter({ authentication, appId: undefined, log, answer: (turn) => conversation.answer(turn) });
  const exportLinks = new ExportLinks('https://bot.example.org', 'secret', now);
  const files = new Map<string, Fetched>();
  let ids = 0;
  const claims = new Set<string>();
  const kept = new KeptDuties({
    carryOut: (asking, press) => carryOutPress(services, asking, press),
    draw: async (asking, press, outcome) => (await showPressed(services, asking, press, outcome)).card,
    reachable: async () => !administration.away, chat: adapter, pause, log,
  });
  const services: Services = {
    kept,
    administration, people, guides, chat: adapter, sipDomain: DOMAIN, sipServer: '192.0.2.1:5060', audioUrl: (id) => audioLinks.url(id), newId: () => `request-${String(++ids).padStart(8, '0')}`, now, pause, log,
    exportUrl: (wanted) => exportLinks.url(wanted),
    once: async (id) => (administration.away ? 'away' : !claims.has(id) && claims.add(id).has(id)),
    fetchFile: async (address) => files.get(address) ?? { ok: false, because: 'unreachable' },
    live: new LiveCards({ administration, administrators, chat: adapter, watch: (onChange) => { watchers.add(onChange); return { close: async () => { watchers.delete(onChange); } }; }, now, pause, log }),
  };
  const holds = new Holds({ messages: new FakeHeldMessages(), newId: services.newId, log });
  const conversation = new Conversation({ services, holds, administrators });
  const wav = Buffer.from('RIFF....WAVE');
  const server = await serveBot({
    gate: { authentication, appId: undefined, tenants: new Set() }, adapter, audioLinks, exportLinks, log,
    exportHistory: (wanted) => exportHistory({ administration, administrators }, wanted),
    readAudio: async (audioId) => (audioId.startsWith('a') ? wav : null), health: async () => ({ ok: !administration.away, process: 'bot' }),
  }, '127.0.0.1', 0);
  const url = `http://127.0.0.1:${server.port}`;
  let activities = 0;

  const world: BotWorld = {
    administration, people, guides, connector, server, url, clock, files,
    async tick(seconds = 1) {
      clock.now = new Date(clock.now.getTime() + seconds * 1000);
      const due = paused;
      paused = [];
      for (const resolve of due) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
    async tickWhenPaused(seconds) {
      if (paused.length === 0) await new Promise<void>((resolve) => pausing.push(resolve));
      await world.tick(seconds);
    },
    liveChanged(workflowId) { for (const watcher of watchers) watcher(workflowId); },
    activity(person, more, group = false) {
      const { personId, name } = PEOPLE[person];
      return {
        channelId: 'msteams', serviceUrl: connector.url, id: `in-${++activities}`, timestamp: NOW.toISOString(), locale: 'en-GB',
        from: { id: `29:${personId}`, aadObjectId: personId, name }, recipient: { id: '28:bot', name: 'Response Group' },
        conversation: group ? { id: '19:everybody', conversationType: 'groupChat', isGroup: true, tenantId: 't' } : { id: `a:${personId}`, conversationType: 'personal', tenantId: 't' },
        channelData: { tenant: { id: 't' } }, ...more,
      };
    },
    post: (activity, headers = {}) => fetch(`${url}/api/messages`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof activity === 'string' ? activity : JSON.stringify(activity) }),
    async say(person, text, { group = false } = {}) {
      const before = connector.sent.length;
      const response = await world.post(world.activity(person, { type: 'message', text }, group));
      if (response.status !== 200) throw new Error(`The bot answered ${response.status}`);
      const answer = connector.sent.slice(before).find((sent) => sent.method === 'POST');
      if (!answer?.card) throw new Error('The bot sent no card.');
      return answer.card;
    },
    async press(person, verb, data = {}, { group = false, automatic = false, messageId = 'card-1' } = {}) {
      const response = await world.post(world.activity(person, { type: 'invoke', name: 'adaptiveCard/action', replyToId: messageId, value: { action: { type: 'Action.Execute', verb, data }, trigger: automatic ? 'automatic' : 'manual' } }, group));
      const body = (await response.json()) as { statusCode: number; type: string; value: CardJson };
      return { status: response.status, statusCode: body.statusCode, type: body.type, card: body.value, message: typeof body.value['message'] === 'string' ? body.value['message'] : '' };
    },
    async stop() {
      holds.close();
      await world.tick();
      await server.close();
      await connector.stop();
    },
  };
  return world;
}

/** Every text a card shows, one a line, without Markdown escapes. */
export function textOf(card: unknown): string {
  if (Array.isArray(card)) return card.map(textOf).filter((text) => text !== '').join('\n');
  if (card === null || typeof card !== 'object') return '';
  const element = card as CardJson;
  const own = ['text', 'title', 'label', 'value'].map((key) => element[key]).filter((text): text is string => typeof text === 'string').map((text) => text.replace(/\\([\\`*_{}[\]()#+!|<>~&.=-])/g, '$1').replace(/[\u2060\u2068\u2069]/g, ''));
  const inner = Object.entries(element).filter(([key]) => !['data', 'fallback', 'refresh'].includes(key)).map(([, value]) => (typeof value === 'object' ? textOf(value) : ''));
  return [...own, ...inner].filter((text) => text !== '').join('\n');
}

/** Every button of a card, also of its rows. */
export function buttonsOf(card: unknown): { readonly title: string; readonly verb: string; readonly data: Record<string, unknown> }[] {
  if (Array.isArray(card)) return card.flatMap(buttonsOf);
  if (card === null || typeof card !== 'object') return [];
  const element = card as CardJson;
  if (element['type'] === 'Action.Execute') return [element as unknown as { title: string; verb: string; data: Record<string, unknown> }];
  return Object.entries(element).filter(([key]) => key !== 'refresh').flatMap(([, value]) => buttonsOf(value));
}

/** The button with this verb. @throws when the card has none. */
export function buttonOf(card: unknown, verb: string): { readonly title: string; readonly verb: string; readonly data: Record<string, unknown> } {
  const found = buttonsOf(card).find((one) => one.verb === verb);
  if (!found) throw new Error(`No button ${verb} among ${buttonsOf(card).map((one) => one.verb).join(', ')}`);
  return found;
}

/** What the inputs of a card hold, as a client would send them untouched. */
export function inputsOf(card: unknown): Record<string, string> {
  if (Array.isArray(card)) return Object.assign({}, ...card.map(inputsOf)) as Record<string, string>;
  if (card === null || typeof card !== 'object') return {};
  const element = card as CardJson;
  const { type, id, value: given } = element;
  const shown = typeof given === 'string' ? given : typeof given === 'number' ? String(given) : '';
  const own = typeof type === 'string' && type.startsWith('Input.') ? { [String(id)]: shown } : {};
  return Object.assign(own, ...Object.entries(element).filter(([key]) => !['choices', 'fallback', 'data'].includes(key)).map(([, value]) => (typeof value === 'object' ? inputsOf(value) : {}))) as Record<string, string>;
}
