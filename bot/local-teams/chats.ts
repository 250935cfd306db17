// What was said in every chat, and which card each person sees there. State only: no network, no disk, no clock of its own.
import { BOT, GROUP_CHAT_ID, personalChatIdOf } from './accounts';
import { type Person } from './people';

export interface Attachment {
  readonly contentType: string;
  readonly content?: unknown;
  readonly contentUrl?: string | undefined;
  readonly name?: string | undefined;
}

export interface SuggestedAction { readonly type: string; readonly title: string; readonly value?: unknown }

/** What a bot's activity, or a person's typing, puts into a chat. */
export interface Content {
  readonly text: string;
  readonly textFormat: 'plain' | 'markdown' | 'xml';
  readonly attachments: readonly Attachment[];
  readonly suggestedActions: readonly SuggestedAction[];
}

/** The card one person sees in place of the message's own, as the bot's last answer to that person gave it. */
export interface View { readonly attachment: number; readonly card: unknown; readonly revision: number }

export interface Message extends Content {
  readonly id: string;
  /** A personId, or null for the bot. */
  readonly from: string | null;
  readonly at: string;
  /** Counts the bot's edits. */
  readonly revision: number;
  /** Counts every change, views too, so that a page can tell which of two it got is the newer. */
  readonly version: number;
  /** Why the bot has not taken this message, in words for the person; null when it has. */
  readonly failure: string | null;
  readonly views: Readonly<Record<string, View>>;
}

export interface Chat {
  readonly id: string;
  readonly kind: 'personal' | 'groupChat';
  readonly members: readonly string[];
  /** Whether the bot was told that it is in this chat. */
  readonly installed: boolean;
  readonly messages: readonly Message[];
  /** Per person, the id of the last message that was on their screen. */
  readonly read: Readonly<Record<string, string>>;
}

/** A message as one person sees it. */
export type SeenMessage = Omit<Message, 'views'>;

export type ChatEvent =
  | { readonly kind: 'message' | 'update'; readonly chat: Chat; readonly message: Message; readonly only?: string }
  | { readonly kind: 'delete'; readonly chat: Chat; readonly messageId: string }
  | { readonly kind: 'typing' | 'read'; readonly chat: Chat };

/** Older messages than this many are dropped from a chat. */
export const KEPT_MESSAGES = 300;

export interface ChatsDeps {
  readonly now: () => Date;
  /** Told after every change, also when no page is to be told anything. */
  readonly changed: (event: ChatEvent | null) => void;
}

type Own<T> = { -readonly [K in keyof T]: T[K] };
type OwnMessage = Omit<Own<Message>, 'views'> & { views: Record<string, View> };
type OwnChat = Omit<Own<Chat>, 'messages' | 'read'> & { messages: OwnMessage[]; read: Record<string, string> };

export class Chats {
  readonly #chats = new Map<string, OwnChat>();
  readonly #deps: ChatsDeps;
  #lastId = 0;

  /** Kept chats are taken over; chats of people who are gone are kept too, so that a restart loses nothing. */
  constructor(readonly people: readonly Person[], kept: readonly Chat[], deps: ChatsDeps) {
    this.#deps = deps;
    const everybody = people.map((person) => person.personId);
    for (const chat of kept) this.#chats.set(chat.id, structuredClone(chat) as OwnChat);
    for (const personId of everybody) this.#make(personalChatIdOf(personId), 'personal', [personId]);
    this.#make(GROUP_CHAT_ID, 'groupChat', everybody);
    for (const chat of this.#chats.values()) {
      for (const message of chat.messages) this.#lastId = Math.max(this.#lastId, Number(message.id) || 0);
    }
  }

  #make(id: string, kind: Chat['kind'], members: readonly string[]): void {
    const kept = this.#chats.get(id);
    this.#chats.set(id, { id, kind, installed: kept?.installed ?? false, messages: kept?.messages ?? [], read: kept?.read ?? {}, members });
  }

  /** Everything, for keeping. */
  all(): readonly Chat[] {
    return [...this.#chats.values()];
  }

  chat(id: string): Chat | undefined {
    return this.#chats.get(id);
  }

  /** The chats of one person, the personal one first. */
  of(personId: string): readonly Chat[] {
    return [personalChatIdOf(personId), GROUP_CHAT_ID].flatMap((id) => this.#chats.get(id) ?? []).filter((chat) => chat.members.includes(personId));
  }

  person(personId: string): Person | undefined {
    return this.people.find((person) => person.personId === personId);
  }

  message(chatId: string, messageId: string): Message | undefined {
    return this.#chats.get(chatId)?.messages.find((message) => message.id === messageId);
  }

  setInstalled(chatId: string): void {
    this.#own(chatId).installed = true;
    this.#deps.changed(null);
  }

  add(chatId: string, from: string | null, content: Content): Message {
    const chat = this.#own(chatId);
    const at = this.#deps.now();
    this.#lastId = Math.max(at.getTime(), this.#lastId + 1);
    const message: OwnMessage = { ...content, id: String(this.#lastId), from, at: at.toISOString(), revision: 0, version: 0, failure: null, views: {} };
    chat.messages.push(message);
    if (chat.messages.length > KEPT_MESSAGES) chat.messages.splice(0, chat.messages.length - KEPT_MESSAGES);
    if (from !== null) chat.read[from] = message.id;
    this.#deps.changed({ kind: 'message', chat, message });
    return message;
  }

  /**
   * The bot's edit. A person's own view stays until that person's card is refreshed, unless the new card is never
   * refreshed for them, which `keepsView` says.
   * @returns false when there is no such message.
   */
  edit(chatId: string, messageId: string, content: Content, keepsView: (personId: string) => boolean): boolean {
    const chat = this.#chats.get(chatId);
    const message = chat?.messages.find((one) => one.id === messageId);
    if (!chat || !message) return false;
    Object.assign(message, content, { revision: message.revision + 1, version: message.version + 1 });
    message.views = Object.fromEntries(Object.entries(message.views).filter(([personId]) => keepsView(personId)));
    this.#deps.changed({ kind: 'update', chat, message });
    return true;
  }

  /** @returns false when there is no such message. */
  remove(chatId: string, messageId: string): boolean {
    const chat = this.#chats.get(chatId);
    const place = chat?.messages.findIndex((one) => one.id === messageId) ?? -1;
    if (!chat || place < 0) return false;
    chat.messages.splice(place, 1);
    this.#deps.changed({ kind: 'delete', chat, messageId });
    return true;
  }

  /** Puts a card, for one person, in place of the message's own; null shows the message's own again. */
  setView(chatId: string, messageId: string, personId: string, view: View | null): void {
    const chat = this.#own(chatId);
    const message = chat.messages.find((one) => one.id === messageId);
    if (!message || (view === null && !message.views[personId])) return;
    if (view) message.views[personId] = view;
    else delete message.views[personId];
    message.version += 1;
    this.#deps.changed({ kind: 'update', chat, message, only: personId });
  }

  setFailure(chatId: string, messageId: string, failure: string): void {
    const chat = this.#own(chatId);
    const message = chat.messages.find((one) => one.id === messageId);
    if (!message) return;
    message.failure = failure;
    message.version += 1;
    this.#deps.changed({ kind: 'update', chat, message });
  }

  typing(chatId: string): void {
    this.#deps.changed({ kind: 'typing', chat: this.#own(chatId) });
  }

  /** Everything up to now was on this person's screen. */
  markRead(chatId: string, personId: string): void {
    const chat = this.#own(chatId);
    const last = chat.messages.at(-1)?.id;
    if (last === undefined || chat.read[personId] === last) return;
    chat.read[personId] = last;
    this.#deps.changed({ kind: 'read', chat });
  }

  #own(chatId: string): OwnChat {
    const chat = this.#chats.get(chatId);
    if (!chat) throw new Error('There is no such chat; callers look it up first.');
    return chat;
  }
}

/** Unread messages of every person, in all their chats. */
export function unreadOfAll(chats: Chats): Readonly<Record<string, number>> {
  return Object.fromEntries(chats.people.map(({ personId }) => [personId, chats.of(personId).reduce((sum, chat) => sum + unreadOf(chat, personId), 0)]));
}

/** How many messages of others this person has not had on screen. */
export function unreadOf(chat: Chat, personId: string): number {
  const read = Number(chat.read[personId] ?? 0);
  return chat.messages.filter((message) => message.from !== personId && Number(message.id) > read).length;
}

/** The message with this person's own card in place. Nobody else's view is in what is returned. */
export function seenBy(message: Message, personId: string): SeenMessage {
  const { views, ...rest } = message;
  const view = views[personId];
  if (!view) return rest;
  return { ...rest, attachments: rest.attachments.map((attachment, index) => (index === view.attachment ? { ...attachment, content: view.card } : attachment)) };
}

/** Who wrote a message, for the page: the bot or a person's name. */
export function authorOf(message: Pick<Message, 'from'>, people: readonly Person[]): string {
  return message.from === null ? BOT.name : people.find((person) => person.personId === message.from)?.name ?? 'Somebody who left';
}
