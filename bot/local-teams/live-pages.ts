// Tells open pages what changed, over server-sent events; each page hears only what its person may see.
import { type ServerResponse } from 'node:http';
import { type ChatEvent, seenBy, unreadOf } from './chats';

/** Proxies and browsers drop streams that are silent for long. */
const KEEPALIVE_MS = 20_000;

export class LivePages {
  readonly #pages = new Map<ServerResponse, string>();
  readonly #keepalive = setInterval(() => { for (const page of this.#pages.keys()) page.write(': still here\n\n'); }, KEEPALIVE_MS).unref();

  /** Keeps `response` open until the page goes. `unread` is everybody's, for the switcher. */
  join(response: ServerResponse, personId: string, unread: Readonly<Record<string, number>>): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('retry: 1000\nevent: ready\ndata: {}\n\n');
    this.#pages.set(response, personId);
    response.write(frame({ kind: 'people', unread }));
    response.on('close', () => this.#pages.delete(response));
  }

  /** The numbers of the switcher changed. */
  tellUnread(unread: Readonly<Record<string, number>>): void {
    for (const page of this.#pages.keys()) page.write(frame({ kind: 'people', unread }));
  }

  tell(event: ChatEvent): void {
    const { chat } = event;
    if (event.kind === 'read') return;
    for (const [page, personId] of this.#pages) {
      if (!chat.members.includes(personId)) continue;
      if ('only' in event && event.only !== personId) continue;
      const shared = { kind: event.kind, chatId: chat.id, unread: unreadOf(chat, personId) };
      const data = 'message' in event ? { ...shared, message: seenBy(event.message, personId) } : 'messageId' in event ? { ...shared, messageId: event.messageId } : shared;
      page.write(frame(data));
    }
  }

  close(): void {
    clearInterval(this.#keepalive);
    for (const page of this.#pages.keys()) page.end();
  }
}

const frame = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
