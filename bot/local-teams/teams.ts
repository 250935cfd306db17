// What Teams does between people and a bot: delivers what people do, carries the bot's answers back, refreshes cards.
import { z } from 'zod';
import * as activities from './activities';
import { BOT, channelIdOf } from './accounts';
import { type BotAnswer, type BotLink } from './bot-link';
import { type Chat, type Chats, type Content, type Message } from './chats';
import { type Person } from './people';
import { ADAPTIVE_CARD, type Asked, refreshDue, refreshFor } from './refresh';
import { type SentFiles } from './sent-files';

/** What the person is shown after pressing something in a card. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'card'; readonly card: unknown }
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'error'; readonly text: string };

/** What the person is shown after opening or sending a dialog. */
export type DialogOutcome =
  | { readonly kind: 'dialog'; readonly title: string; readonly width: number; readonly height: number; readonly card: unknown }
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'closed' }
  | { readonly kind: 'error'; readonly text: string };

export interface TeamsDeps {
  readonly chats: Chats;
  readonly bot: BotLink;
  /** Ends in a slash. Known once the server listens. */
  readonly serviceUrl: () => string;
  readonly files: SentFiles;
  readonly now: () => Date;
  /** How long a bot may take for a message, and for an invoke: Teams gives 15 s and 10 s. */
  readonly messageTimeoutMs: number;
  readonly invokeTimeoutMs: number;
}

/** One person's automatic refreshes of one message. */
interface Refreshing {
  asked: Asked;
  busy: boolean;
  /** The message was seen again meanwhile. */
  again: boolean;
  /** The person pressed something meanwhile, whose answer is newer than the one on its way. */
  overtaken: boolean;
}

const SOMETHING_WRONG = 'Something went wrong. Nothing you typed is lost; try again.';

const CardAnswer = z.object({ statusCode: z.number(), type: z.string().optional(), value: z.unknown().optional() });
const ErrorValue = z.object({ message: z.string() });
const TaskAnswer = z.object({
  task: z.discriminatedUnion('type', [
    z.object({ type: z.literal('message'), value: z.string() }),
    z.object({
      type: z.literal('continue'),
      value: z.object({
        title: z.string().default(''), width: z.unknown().optional(), height: z.unknown().optional(),
        card: z.object({ contentType: z.literal(ADAPTIVE_CARD), content: z.unknown().optional() }),
      }),
    }),
  ]),
});

export class Teams {
  readonly #deps: TeamsDeps;
  readonly #refreshes = new Map<string, Refreshing>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #installing = new Map<string, Promise<void>>();

  constructor(deps: TeamsDeps) {
    this.#deps = deps;
  }

  /** Drops refreshes that wait for their time. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** A person looks at a chat. The first time, the bot is told that it was added; a bot that is down is told at the next look. */
  async open(person: Person, chat: Chat): Promise<void> {
    if (chat.installed) return;
    const running = this.#installing.get(chat.id);
    if (running) return running;
    const telling = this.#deps.bot.post(activities.botAdded(this.#origin(person, chat)), this.#deps.messageTimeoutMs)
      .then((answer) => { if (answer.kind === 'answered') this.#deps.chats.setInstalled(chat.id); })
      .finally(() => this.#installing.delete(chat.id));
    this.#installing.set(chat.id, telling);
    return telling;
  }

  /**
   * A person says something. In a group chat the bot hears it only when it is mentioned.
   * A message that certainly never reached the bot is taken back, so that it can be sent again as it stands.
   */
  async say(person: Person, chat: Chat, text: string): Promise<Outcome> {
    const { chats, bot } = this.#deps;
    await this.open(person, chat);
    const said = chats.add(chat.id, person.personId, { ...EMPTY, text });
    const mentionable = chat.kind === 'personal' ? [] : [{ id: BOT.id, name: BOT.name }, ...chat.members.flatMap((id) => {
      const member = chats.person(id);
      return member ? [{ id: channelIdOf(id), name: member.name }] : [];
    })];
    const { mentions } = activities.markMentions(text, mentionable.slice(0, 1));
    if (chat.kind === 'groupChat' && mentions.length === 0) return DONE;
    const answer = await bot.post(activities.message(this.#origin(person, chat), said.id, text, mentionable), this.#deps.messageTimeoutMs);
    if (answer.kind === 'unreachable') chats.remove(chat.id, said.id);
    else if (answer.kind !== 'answered') chats.setFailure(chat.id, said.id, answer.words);
    return answer.kind === 'answered' ? DONE : { kind: 'error', text: answer.words };
  }

  /** A person sends a file, which Teams allows in a chat with the bot alone. */
  async sendFile(person: Person, chat: Chat, name: string, bytes: Buffer): Promise<Outcome> {
    const { chats, bot, files, serviceUrl } = this.#deps;
    if (chat.kind !== 'personal') return { kind: 'error', text: 'Files can be sent in a chat with the bot alone.' };
    await this.open(person, chat);
    const said = chats.add(chat.id, person.personId, { ...EMPTY, text: `📎 ${name}` });
    const answer = await bot.post(activities.fileMessage(this.#origin(person, chat), said.id, name, `${serviceUrl()}files/${files.keep(bytes)}`), this.#deps.messageTimeoutMs);
    if (answer.kind === 'unreachable') chats.remove(chat.id, said.id);
    else if (answer.kind !== 'answered') chats.setFailure(chat.id, said.id, answer.words);
    return answer.kind === 'answered' ? DONE : { kind: 'error', text: answer.words };
  }

  /** Action.Submit on a card in a chat; `data.msteams` may turn it into something said (imBack, messageBack). */
  async submit(person: Person, chat: Chat, message: Message, data: unknown): Promise<Outcome> {
    const origin = this.#origin(person, chat);
    const teams = z.object({ msteams: MsTeams }).safeParse(data).data?.msteams;
    if (teams?.type === 'imBack') return this.say(person, chat, typeof teams.value === 'string' ? teams.value : '');
    if (teams?.type === 'messageBack') {
      if (teams.displayText) this.#deps.chats.add(chat.id, person.personId, { ...EMPTY, text: teams.displayText });
      return outcomeOfMessage(await this.#deps.bot.post(activities.submit(origin, message.id, teams.value, teams.text), this.#deps.messageTimeoutMs));
    }
    return outcomeOfMessage(await this.#deps.bot.post(activities.submit(origin, message.id, data), this.#deps.messageTimeoutMs));
  }

  /** Action.Execute pressed by a person. A card in the answer takes the place of the message's, for this person only. */
  async execute(person: Person, chat: Chat, message: Message, attachment: number, action: activities.ExecuteAction): Promise<Outcome> {
    const answer = await this.#deps.bot.post(activities.execute(this.#origin(person, chat), message.id, action, 'manual'), this.#deps.invokeTimeoutMs);
    const outcome = outcomeOfInvoke(answer);
    if (outcome.kind === 'card') {
      const revision = this.#deps.chats.message(chat.id, message.id)?.revision ?? 0;
      const refreshing = this.#refreshes.get(`${message.id} ${person.personId}`);
      if (refreshing) refreshing.overtaken = true;
      this.#deps.chats.setView(chat.id, message.id, person.personId, { attachment, card: outcome.card, revision });
    }
    return outcome;
  }

  /** A message with cards is on a person's screen: asks for their own view where the card and the rules say so. */
  seen(person: Person, chat: Chat, messageId: string): void {
    const message = this.#deps.chats.message(chat.id, messageId);
    const refresh = message && refreshFor(message, person.personId, chat);
    if (!message || !refresh) return;
    const key = `${messageId} ${person.personId}`;
    const record = this.#refreshes.get(key);
    if (record?.busy) {
      record.again = true;
      return;
    }
    const waitMs = refreshDue(record?.asked, message.revision, this.#deps.now().getTime());
    if (waitMs === null) return;
    const mine: Refreshing = { asked: record?.asked ?? { revision: -1, atMs: 0 }, busy: true, again: false, overtaken: false };
    this.#refreshes.set(key, mine);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#refresh(person, chat, messageId, mine);
    }, waitMs);
    this.#timers.add(timer);
  }

  async #refresh(person: Person, chat: Chat, messageId: string, record: Refreshing): Promise<void> {
    const { chats, bot } = this.#deps;
    const message = chats.message(chat.id, messageId);
    const refresh = message && refreshFor(message, person.personId, chat);
    if (message && refresh) {
      record.overtaken = false;
      record.asked = { revision: message.revision, atMs: this.#deps.now().getTime() };
      const { revision } = message;
      const answer = await bot.post(activities.execute(this.#origin(person, chat), messageId, refresh.action, 'automatic'), this.#deps.invokeTimeoutMs);
      const outcome = outcomeOfInvoke(answer);
      if (!record.overtaken && outcome.kind === 'card') {
        chats.setView(chat.id, messageId, person.personId, { attachment: refresh.attachment, card: outcome.card, revision });
      } else if (!record.overtaken && chats.message(chat.id, messageId)?.views[person.personId]?.revision !== revision) {
        chats.setView(chat.id, messageId, person.personId, null);
      }
    }
    record.busy = false;
    if (record.again) this.seen(person, chat, messageId);
  }

  /** Opens a dialog: Action.Submit with `msteams.type: task/fetch`. */
  async fetchDialog(person: Person, chat: Chat, message: Message, data: unknown): Promise<DialogOutcome> {
    return outcomeOfTask(await this.#deps.bot.post(activities.fetchDialog(this.#origin(person, chat), message.id, data), this.#deps.invokeTimeoutMs));
  }

  /** Sends a dialog's form. */
  async submitDialog(person: Person, chat: Chat, message: Message, data: unknown): Promise<DialogOutcome> {
    return outcomeOfTask(await this.#deps.bot.post(activities.submitDialog(this.#origin(person, chat), message.id, data), this.#deps.invokeTimeoutMs));
  }

  #origin(person: Person, chat: Chat): activities.Origin {
    return { person, chat, serviceUrl: this.#deps.serviceUrl(), now: this.#deps.now() };
  }
}

const DONE: Outcome = { kind: 'done' };
const EMPTY: Content = { text: '', textFormat: 'plain', attachments: [], suggestedActions: [] };
const MsTeams = z.object({ type: z.string(), value: z.unknown().optional(), text: z.string().optional(), displayText: z.string().optional() });

function outcomeOfMessage(answer: BotAnswer): Outcome {
  return answer.kind === 'answered' ? DONE : { kind: 'error', text: answer.words };
}

/** The body of an `adaptiveCard/action` answer: HTTP 200 with the code inside, as Teams wants it. */
export function outcomeOfInvoke(answer: BotAnswer): Outcome {
  if (answer.kind !== 'answered') return { kind: 'error', text: answer.words };
  if (answer.body === undefined) return DONE;
  const parsed = CardAnswer.safeParse(answer.body);
  if (!parsed.success) return { kind: 'error', text: SOMETHING_WRONG };
  const { statusCode, type, value } = parsed.data;
  if (statusCode >= 400 || type === 'application/vnd.microsoft.error') {
    return { kind: 'error', text: ErrorValue.safeParse(value).data?.message ?? SOMETHING_WRONG };
  }
  if (type === ADAPTIVE_CARD) return { kind: 'card', card: value };
  if (type === 'application/vnd.microsoft.activity.message' && typeof value === 'string') return { kind: 'message', text: value };
  return DONE;
}

/** The body of a `task/fetch` or `task/submit` answer; nothing at all closes the dialog. */
export function outcomeOfTask(answer: BotAnswer): DialogOutcome {
  if (answer.kind !== 'answered') return { kind: 'error', text: answer.words };
  const empty = answer.body === undefined || answer.body === null || (typeof answer.body === 'object' && Object.keys(answer.body).length === 0);
  if (empty) return { kind: 'closed' };
  const parsed = TaskAnswer.safeParse(answer.body);
  if (!parsed.success) return { kind: 'error', text: SOMETHING_WRONG };
  const { task } = parsed.data;
  if (task.type === 'message') return { kind: 'message', text: task.value };
  const { title, width, height, card } = task.value;
  return { kind: 'dialog', title, width: pixels(width, WIDTHS), height: pixels(height, HEIGHTS), card: card.content };
}

/** Teams' own sizes of a dialog, in CSS pixels. */
const WIDTHS: Readonly<Record<string, number>> = { small: 280, medium: 600, large: 1280 };
const HEIGHTS: Readonly<Record<string, number>> = { small: 276, medium: 480, large: 680 };

function pixels(value: unknown, names: Readonly<Record<string, number>>): number {
  return typeof value === 'number' && value > 0 ? value : names[String(value)] ?? names['medium'] ?? 0;
}
