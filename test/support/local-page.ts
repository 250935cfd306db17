// Speaks to the stand-in for Teams as its page does, without a browser: calls, and the stream of events.
import { pino } from 'pino';
import { type Outcome, type DialogOutcome } from '../../bot/local-teams/teams';
import { type SeenMessage } from '../../bot/local-teams/chats';
import { type LocalTeamsOptions, type LocalTeamsServer, startLocalTeams } from '../../bot/local-teams/server';
import { type Person } from '../../bot/local-teams/people';

export const PEOPLE: readonly Person[] = [
  { personId: '00000000-0000-4000-8000-00000000000a', name: 'Ada Park', role: 'administrator', locale: 'en-US' },
  { personId: '00000000-0000-4000-8000-00000000000b', name: 'Max Reuter', role: 'manager of Help Desk', locale: 'de-DE' },
  { personId: '00000000-0000-4000-8000-00000000000c', name: 'Alice Moreau', role: 'agent', locale: 'fr-FR' },
];
export const [ADA, MAX, ALICE] = PEOPLE.map((person) => person.personId) as [string, string, string];

/** A stand-in on a free port that says nothing in the log and forgets everything, unless told otherwise. */
export function startQuietly(options: Pick<LocalTeamsOptions, 'botUrl'> & Partial<LocalTeamsOptions>): Promise<LocalTeamsServer> {
  return startLocalTeams({ port: 0, people: PEOPLE, folder: null, log: pino({ level: 'silent' }), ...options });
}

/** One event of the page's stream. */
export interface PageEvent { readonly kind: string; readonly chatId?: string; readonly message?: SeenMessage; readonly messageId?: string; readonly unread?: unknown }

/** One person's page. */
export class LocalPage {
  constructor(readonly server: Pick<LocalTeamsServer, 'url'>, readonly personId: string) {}

  get personalChat(): string {
    return `a:${this.personId}`;
  }

  async call(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const url = new URL(path, this.server.url);
    if (method === 'GET') url.searchParams.set('as', this.personId);
    const response = await fetch(url, {
      method,
      headers: { origin: this.server.url, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify({ as: this.personId, ...body }) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  open(chat = this.personalChat) {
    return this.call('POST', `/api/chats/${encodeURIComponent(chat)}/open`, {});
  }

  async say(text: string, chat = this.personalChat): Promise<Outcome> {
    return (await this.call('POST', `/api/chats/${encodeURIComponent(chat)}/say`, { text })).body as Outcome;
  }

  async messages(chat = this.personalChat): Promise<readonly SeenMessage[]> {
    return ((await this.call('GET', `/api/chats/${encodeURIComponent(chat)}`)).body as { messages: SeenMessage[] }).messages;
  }

  /** What a press in a message does: submit, execute, seen, fetch-dialog, submit-dialog. */
  async press<T = Outcome | DialogOutcome>(messageId: string, what: string, body: object, chat = this.personalChat): Promise<T> {
    return (await this.call('POST', `/api/chats/${encodeURIComponent(chat)}/messages/${messageId}/${what}`, body)).body as T;
  }

  /** Follows the stream; `until` resolves with the first event that fits, also one that came already. */
  async follow(): Promise<{ events: PageEvent[]; until: (fits: (event: PageEvent) => boolean) => Promise<PageEvent>; close: () => void }> {
    const ending = new AbortController();
    const response = await fetch(new URL(`/api/events?as=${encodeURIComponent(this.personId)}`, this.server.url), { signal: ending.signal });
    const events: PageEvent[] = [];
    const waiting = new Set<() => void>();
    const read = async (): Promise<void> => {
      let buffer = '';
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        buffer += decoder.decode(chunk, { stream: true });
        for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
          const data = /^data: (.*)$/m.exec(buffer.slice(0, end))?.[1];
          buffer = buffer.slice(end + 2);
          if (data !== undefined) events.push(JSON.parse(data) as PageEvent);
        }
        for (const look of waiting) look();
      }
    };
    read().catch(() => undefined);
    return {
      events,
      until: (fits) => new Promise((resolve) => {
        const look = (): void => {
          const found = events.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
      close: () => ending.abort(),
    };
  }
}
