// What the page asks of the stand-in: one table of calls, each parsed before it acts. The person is whoever the page says.
import { z } from 'zod';
import { BOT } from './accounts';
import { authorOf, type Chat, type Chats, seenBy, unreadOf } from './chats';
import { COMMANDS } from './commands';
import { type Person } from './people';
import { type Teams } from './teams';

export interface PageAnswer { readonly status: number; readonly body?: unknown }

export interface PageApi {
  /** Answers one call below /api/. `as` is the query's person for GET; a POST names the person in its body. */
  answer(method: string, path: readonly string[], as: string | null, body: unknown): Promise<PageAnswer>;
}

const Said = z.object({ text: z.string().trim().min(1, 'is empty').max(8000, 'is longer than 8000 characters') });
const SentFile = z.object({ name: z.string().trim().min(1, 'has no name').max(255, 'has too long a name'), base64: z.base64('cannot be read') });
const Data = z.object({ data: z.unknown().optional() });
const Pressed = z.object({
  attachment: z.number().int().min(0),
  action: z.object({ id: z.string().optional(), verb: z.string().optional(), title: z.string().optional(), data: z.unknown().optional() }),
});

const problem = (status: number, words: string): PageAnswer => ({ status, body: { error: words } });
const NOTHING: PageAnswer = { status: 204 };

export function createPageApi(chats: Chats, teams: Teams): PageApi {
  const summary = (chat: Chat, personId: string): object => {
    const last = chat.messages.at(-1);
    return {
      id: chat.id,
      kind: chat.kind,
      title: chat.kind === 'personal' ? BOT.name : 'Everybody',
      unread: unreadOf(chat, personId),
      last: last ? { author: authorOf(last, chats.people), text: previewOf(last), at: last.at } : null,
    };
  };

  const inChat = async (person: Person, chat: Chat, call: string, body: unknown): Promise<PageAnswer> => {
    switch (call) {
      case 'open': {
        // Not awaited: what is there is shown at once, and what the bot says arrives like everything else.
        void teams.open(person, chat);
        return NOTHING;
      }
      case 'read': {
        chats.markRead(chat.id, person.personId);
        return NOTHING;
      }
      case 'say': {
        const said = Said.safeParse(body);
        return said.success ? { status: 200, body: await teams.say(person, chat, said.data.text) } : problem(400, `The message ${words(said.error)}.`);
      }
      case 'file': {
        const file = SentFile.safeParse(body);
        return file.success ? { status: 200, body: await teams.sendFile(person, chat, file.data.name, Buffer.from(file.data.base64, 'base64')) } : problem(400, `The file ${words(file.error)}.`);
      }
      default: return problem(404, 'There is no such call.');
    }
  };

  const onMessage = async (person: Person, chat: Chat, messageId: string, call: string, body: unknown): Promise<PageAnswer> => {
    const message = chats.message(chat.id, messageId);
    if (!message) return problem(404, 'This message was deleted.');
    if (call === 'seen') {
      teams.seen(person, chat, message.id);
      return NOTHING;
    }
    if (call === 'execute') {
      const pressed = Pressed.safeParse(body);
      if (!pressed.success) return problem(400, words(pressed.error));
      const outcome = await teams.execute(person, chat, message, pressed.data.attachment, pressed.data.action);
      const now = chats.message(chat.id, message.id);
      return { status: 200, body: outcome.kind === 'card' && now ? { ...outcome, message: seenBy(now, person.personId) } : outcome };
    }
    const { data } = Data.parse(body);
    switch (call) {
      case 'submit': return { status: 200, body: await teams.submit(person, chat, message, data) };
      case 'fetch-dialog': return { status: 200, body: await teams.fetchDialog(person, chat, message, data) };
      case 'submit-dialog': return { status: 200, body: await teams.submitDialog(person, chat, message, data) };
      default: return problem(404, 'There is no such call.');
    }
  };

  return {
    async answer(method, path, as, body) {
      const [what, chatId, part, messageId, call, ...more] = path;
      if (more.length > 0) return problem(404, 'There is no such call.');
      if (method === 'GET' && what === 'people' && chatId === undefined) {
        return { status: 200, body: { bot: BOT, people: chats.people, commands: COMMANDS } };
      }
      const acting = method === 'GET' ? as : z.object({ as: z.string() }).safeParse(body).data?.as;
      const person = acting === undefined || acting === null ? undefined : chats.person(acting);
      if (!person) return problem(400, 'Nobody of this id is in the switcher.');
      if (what !== 'chats') return problem(404, 'There is no such call.');
      if (chatId === undefined) return method === 'GET' ? { status: 200, body: chats.of(person.personId).map((chat) => summary(chat, person.personId)) } : problem(405, 'Only GET.');
      const chat = chats.of(person.personId).find((one) => one.id === chatId);
      if (!chat) return problem(404, 'This person has no such chat.');
      if (method === 'GET') {
        if (part !== undefined) return problem(404, 'There is no such call.');
        return { status: 200, body: { ...summary(chat, person.personId), messages: chat.messages.map((message) => seenBy(message, person.personId)) } };
      }
      if (method !== 'POST' || part === undefined) return problem(405, 'Only GET or POST.');
      if (part === 'messages' && messageId !== undefined && call !== undefined) return onMessage(person, chat, messageId, call, body);
      return messageId === undefined ? inChat(person, chat, part, body) : problem(404, 'There is no such call.');
    },
  };
}

const words = (fault: z.ZodError): string => fault.issues.map((issue) => issue.message).join('; ');

/** One line of a message for the list of chats. */
function previewOf(message: { readonly text: string; readonly attachments: readonly unknown[] }): string {
  return message.text !== '' ? message.text.slice(0, 120) : message.attachments.length > 0 ? 'Card' : '';
}
