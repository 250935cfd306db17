// The Bot Connector REST API, the part that CloudAdapter and its clients call at `serviceUrl`.
import { z } from 'zod';
import { BOT, channelIdOf, memberOf, personalChatIdOf, GROUP_CHAT_ID } from './accounts';
import { type Chat, type Chats, type Content } from './chats';
import { type Person } from './people';
import { ADAPTIVE_CARD, refreshOf } from './refresh';

/** An HTTP answer; errors have the shape of `ErrorResponse`: `{ error: { code, message } }`. */
export interface ConnectorAnswer { readonly status: number; readonly body?: unknown }

/** Teams refuses a message that is larger than this, in bytes of its JSON. */
export const MESSAGE_BYTES = 100 * 1024;

const AdaptiveCard = z.looseObject({ type: z.literal('AdaptiveCard', 'is not an AdaptiveCard') });

const BotActivity = z.object({
  type: z.string(),
  text: z.string().nullish(),
  textFormat: z.enum(['plain', 'markdown', 'xml']).nullish(),
  attachments: z.array(z.object({
    contentType: z.string(), content: z.unknown().optional(), contentUrl: z.string().optional(), name: z.string().optional(),
  })).nullish(),
  suggestedActions: z.object({ actions: z.array(z.object({ type: z.string(), title: z.string(), value: z.unknown().optional() })) }).nullish(),
});

const ConversationParameters = z.object({
  isGroup: z.boolean().optional(),
  members: z.array(z.object({ id: z.string() })).optional(),
  activity: z.unknown().optional(),
});

const error = (status: number, code: string, message: string): ConnectorAnswer => ({ status, body: { error: { code, message } } });
const NO_CONVERSATION = error(404, 'ConversationNotFound', 'Conversation not found.');
const NO_ACTIVITY = error(404, 'ActivityNotFoundInConversation', 'The activity is not in this conversation.');

/**
 * Answers one call. `path` is the decoded path behind the host, `['v3', 'conversations', …]`.
 * Routes follow botframework-connector's ConnectorClient; anything else is 404 with an ErrorResponse.
 */
export function answerConnector(chats: Chats, method: string, path: readonly string[], body: unknown): ConnectorAnswer {
  const [version, conversations, chatId, part, id, sub, ...more] = path;
  if (version !== 'v3' || conversations !== 'conversations' || more.length > 0) return error(404, 'NotFound', 'This stand-in has no such route.');
  if (chatId === undefined) return method === 'POST' ? createConversation(chats, body) : error(405, 'MethodNotAllowed', 'Only POST.');
  const chat = chats.chat(chatId);
  if (!chat) return NO_CONVERSATION;
  if (part === undefined && method === 'GET') return { status: 200, body: { id: chat.id, conversationType: chat.kind, isGroup: chat.kind === 'groupChat' } };
  if (part === 'activities' && sub === undefined) {
    if (method === 'POST') return sendActivity(chats, chat, body);
    if (method === 'PUT' && id !== undefined) return updateActivity(chats, chat, id, body);
    if (method === 'DELETE' && id !== undefined) return deleteActivity(chats, chat, id);
    return error(405, 'MethodNotAllowed', 'POST, PUT or DELETE.');
  }
  if (method !== 'GET') return error(405, 'MethodNotAllowed', 'Only GET.');
  const roster = membersOf(chats, chat);
  if (part === 'activities' && sub === 'members') return { status: 200, body: roster.map(memberOf) };
  if (part === 'pagedmembers' && id === undefined) return { status: 200, body: { members: roster.map(memberOf) } };
  if (part === 'members' && id === undefined) return { status: 200, body: roster.map(memberOf) };
  if (part === 'members' && sub === undefined) {
    const person = roster.find((one) => isAccount(one, id ?? ''));
    return person ? { status: 200, body: memberOf(person) } : error(404, 'MemberNotFoundInConversation', 'The member is not in this conversation.');
  }
  return error(404, 'NotFound', 'This stand-in has no such route.');
}

const membersOf = (chats: Chats, chat: Chat): readonly Person[] => chat.members.flatMap((id) => chats.person(id) ?? []);

/** Teams takes the channel's own id as well as the directory's. */
const isAccount = (person: Person, id: string): boolean => id === channelIdOf(person.personId) || id === person.personId;

/** With one member: their personal chat, there already or not; several members: the group chat. */
function createConversation(chats: Chats, body: unknown): ConnectorAnswer {
  const parsed = ConversationParameters.safeParse(body);
  if (!parsed.success) return error(400, 'BadSyntax', z.prettifyError(parsed.error));
  const members = (parsed.data.members ?? []).filter((member) => member.id !== BOT.id);
  const people = members.map((member) => chats.people.find((person) => isAccount(person, member.id)));
  const [first] = people;
  if (people.includes(undefined) || (!first && !parsed.data.isGroup)) return error(403, 'ForbiddenOperationException', 'The bot is not installed for this person.');
  const chat = chats.chat(first && people.length === 1 && !parsed.data.isGroup ? personalChatIdOf(first.personId) : GROUP_CHAT_ID);
  if (!chat) return NO_CONVERSATION;
  if (parsed.data.activity === undefined || parsed.data.activity === null) return { status: 201, body: { id: chat.id } };
  const sent = sendActivity(chats, chat, parsed.data.activity);
  if (sent.status !== 201) return sent;
  return { status: 201, body: { id: chat.id, activityId: (sent.body as { id: string }).id } };
}

function sendActivity(chats: Chats, chat: Chat, body: unknown): ConnectorAnswer {
  const activity = BotActivity.safeParse(body);
  if (!activity.success) return error(400, 'BadSyntax', z.prettifyError(activity.error));
  if (activity.data.type === 'typing') chats.typing(chat.id);
  // Teams acknowledges what it does not show (traces, events) with an id of its own.
  if (activity.data.type !== 'message') return { status: 201, body: { id: `1:${Date.now().toString(36)}` } };
  const content = contentOf(activity.data, body);
  if ('status' in content) return content;
  return { status: 201, body: { id: chats.add(chat.id, null, content).id } };
}

function updateActivity(chats: Chats, chat: Chat, id: string, body: unknown): ConnectorAnswer {
  const activity = BotActivity.safeParse(body);
  if (!activity.success) return error(400, 'BadSyntax', z.prettifyError(activity.error));
  const content = contentOf(activity.data, body);
  if ('status' in content) return content;
  const there = chats.message(chat.id, id);
  if (!there) return NO_ACTIVITY;
  if (there.from !== null) return error(403, 'ForbiddenOperationException', 'A bot edits its own messages only.');
  const keepsView = (personId: string): boolean => content.attachments.some(({ content: card }) => refreshOf(card, personId, chat.members.length) !== null);
  chats.edit(chat.id, id, content, keepsView);
  return { status: 200, body: { id } };
}

function deleteActivity(chats: Chats, chat: Chat, id: string): ConnectorAnswer {
  const there = chats.message(chat.id, id);
  if (!there) return NO_ACTIVITY;
  if (there.from !== null) return error(403, 'ForbiddenOperationException', 'A bot deletes its own messages only.');
  chats.remove(chat.id, id);
  return { status: 200 };
}

/** The content of a bot's message, or the refusal Teams would give. */
function contentOf(activity: z.output<typeof BotActivity>, body: unknown): Content | ConnectorAnswer {
  if (Buffer.byteLength(JSON.stringify(body)) > MESSAGE_BYTES) return error(413, 'MessageSizeTooBig', `Message size too large: at most ${MESSAGE_BYTES} bytes.`);
  const attachments = activity.attachments ?? [];
  const text = activity.text ?? '';
  if (text === '' && attachments.length === 0) return error(400, 'BadSyntax', 'Activity must include text or an attachment.');
  for (const { contentType, content } of attachments) {
    const card = contentType === ADAPTIVE_CARD ? AdaptiveCard.safeParse(content) : null;
    if (card && !card.success) return error(400, 'BadSyntax', `Adaptive card: ${z.prettifyError(card.error)}`);
  }
  return { text, textFormat: activity.textFormat ?? 'markdown', attachments, suggestedActions: activity.suggestedActions?.actions ?? [] };
}
