// Builds the activities that Teams sends to a bot, in the shapes Teams sends them.
import { randomUUID } from 'node:crypto';
import { BOT, channelIdOf, TENANT_ID } from './accounts';
import { type Chat } from './chats';
import { type Person } from './people';

/** Where an activity comes from: who does something, in which chat, reached back where. */
export interface Origin {
  readonly person: Person;
  readonly chat: Pick<Chat, 'id' | 'kind'>;
  /** Ends in a slash, as Teams' own does. */
  readonly serviceUrl: string;
  readonly now: Date;
}

const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

function base({ person, chat, serviceUrl, now }: Origin): Record<string, unknown> {
  return {
    channelId: 'msteams',
    serviceUrl,
    timestamp: now.toISOString(),
    from: { id: channelIdOf(person.personId), aadObjectId: person.personId, name: person.name },
    recipient: { id: BOT.id, name: BOT.name },
    conversation: { id: chat.id, conversationType: chat.kind, tenantId: TENANT_ID, ...(chat.kind === 'groupChat' ? { isGroup: true } : {}) },
    channelData: { tenant: { id: TENANT_ID } },
  };
}

const clientInfo = ({ person }: Origin): object => ({
  type: 'clientInfo', locale: person.locale, country: person.locale.split('-').at(-1), platform: 'Web', timezone: TIME_ZONE,
});

/** The person, or the first person in a group, added the bot. Like Teams, it names the bot and not the person’s name. */
export function botAdded(origin: Origin): object {
  return {
    ...base(origin),
    type: 'conversationUpdate',
    id: `f:${randomUUID()}`,
    from: { id: channelIdOf(origin.person.personId), aadObjectId: origin.person.personId },
    locale: origin.person.locale,
    membersAdded: [{ id: BOT.id }],
  };
}

/** A typed message. `text` is what was typed; “@Name” of the bot and of people in the chat becomes a mention. */
export function message(origin: Origin, id: string, text: string, mentionable: readonly { readonly id: string; readonly name: string }[]): object {
  const { marked, mentions } = markMentions(text, mentionable);
  return { ...base(origin), type: 'message', id, text: marked, textFormat: 'plain', locale: origin.person.locale, entities: [clientInfo(origin), ...mentions] };
}

/** A file sent in a personal chat: Teams keeps it, and tells the bot where it can be fetched. */
export function fileMessage(origin: Origin, id: string, name: string, downloadUrl: string): object {
  const fileType = /\.(\w{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return {
    ...base(origin), type: 'message', id, text: '', textFormat: 'plain', locale: origin.person.locale, entities: [clientInfo(origin)],
    attachments: [{ contentType: 'application/vnd.microsoft.teams.file.download.info', contentUrl: downloadUrl, name, content: { downloadUrl, uniqueId: randomUUID(), fileType } }],
  };
}

/** Action.Submit: a message without text whose `value` is the action’s data with the inputs in it. */
export function submit(origin: Origin, replyToId: string, value: unknown, text?: string): object {
  return {
    ...base(origin),
    type: 'message', id: `f:${randomUUID()}`, replyToId, value, locale: origin.person.locale, entities: [clientInfo(origin)],
    ...(text === undefined ? {} : { text, textFormat: 'plain' }),
    channelData: { tenant: { id: TENANT_ID }, source: { name: 'message' }, legacy: { replyToId } },
  };
}

/** What Action.Execute carries, its inputs merged into `data`. */
export interface ExecuteAction { readonly id?: string | undefined; readonly verb?: string | undefined; readonly title?: string | undefined; readonly data?: unknown }

/** Action.Execute, pressed (`manual`) or asked for by the card’s `refresh` (`automatic`). */
export function execute(origin: Origin, replyToId: string, action: ExecuteAction, trigger: 'manual' | 'automatic'): object {
  return invoke(origin, replyToId, 'adaptiveCard/action', { action: { type: 'Action.Execute', ...action }, trigger });
}

/** Opens a dialog: an Action.Submit whose data says `msteams.type: task/fetch`. */
export function fetchDialog(origin: Origin, replyToId: string, data: unknown): object {
  return invoke(origin, replyToId, 'task/fetch', { data, context: { theme: 'default' } });
}

/** An Action.Submit inside a dialog. */
export function submitDialog(origin: Origin, replyToId: string, data: unknown): object {
  return invoke(origin, replyToId, 'task/submit', { data, context: { theme: 'default' } });
}

function invoke(origin: Origin, replyToId: string, name: string, value: unknown): object {
  return {
    ...base(origin),
    type: 'invoke', name, value, replyToId, id: `f:${randomUUID()}`, locale: origin.person.locale, entities: [clientInfo(origin)],
    channelData: { tenant: { id: TENANT_ID }, source: { name: 'message' }, legacy: { replyToId } },
  };
}

/** “@Name” → “<at>Name</at>” with one mention entity a person; longer names first, so that “Ada Park” is not taken for “Ada”. */
export function markMentions(text: string, mentionable: readonly { readonly id: string; readonly name: string }[]): { marked: string; mentions: object[] } {
  const byName = new Map(mentionable.map((account) => [account.name.toLowerCase(), account]));
  if (byName.size === 0) return { marked: text, mentions: [] };
  const names = [...byName.keys()].sort((one, other) => other.length - one.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const mentioned = new Map<string, object>();
  const marked = text.replace(new RegExp(`@(${names.join('|')})(?![\\p{L}\\p{N}])`, 'giu'), (whole, name: string) => {
    const account = byName.get(name.toLowerCase());
    if (!account) return whole;
    const at = `<at>${account.name}</at>`;
    mentioned.set(account.id, { type: 'mention', mentioned: { id: account.id, name: account.name }, text: at });
    return at;
  });
  return { marked, mentions: [...mentioned.values()] };
}
