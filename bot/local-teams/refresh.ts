// When a card is refreshed by itself for a person: the rules Teams has for `refresh`, as pure functions.
import { z } from 'zod';
import { channelIdOf } from './accounts';
import { type ExecuteAction } from './activities';
import { type Chat, type Message } from './chats';

/** Teams refreshes for at most this many people, whether named in `userIds` or members of the chat. */
export const REFRESHED_PEOPLE = 60;

/** A card that was not edited is not refreshed again for the same person before this. */
export const SAME_REVISION_MS = 60_000;

/** An edited card is refreshed for the same person at most this often. */
export const EDITED_MS = 1_000;

const Refreshing = z.object({
  refresh: z.object({
    action: z.object({
      type: z.literal('Action.Execute'), id: z.string().optional(), verb: z.string().optional(), title: z.string().optional(), data: z.unknown().optional(),
    }),
    userIds: z.array(z.string()).optional(),
  }),
});

/** What a card says of its refresh for this person; null when it does not refresh for them by itself. */
export function refreshOf(card: unknown, personId: string, memberCount: number): ExecuteAction | null {
  const parsed = Refreshing.safeParse(card);
  if (!parsed.success) return null;
  const { action: { type: _type, ...action }, userIds } = parsed.data.refresh;
  const meant = userIds && userIds.length > 0
    ? userIds.slice(0, REFRESHED_PEOPLE).includes(channelIdOf(personId))
    : memberCount <= REFRESHED_PEOPLE;
  return meant ? action : null;
}

/** What was last asked for one person and message. */
export interface Asked { readonly revision: number; readonly atMs: number }

/** How long to wait before asking, in ms; null when nothing is to be asked. */
export function refreshDue(last: Asked | undefined, revision: number, nowMs: number): number | null {
  if (!last) return 0;
  const passed = nowMs - last.atMs;
  if (revision === last.revision) return passed >= SAME_REVISION_MS ? 0 : null;
  return Math.max(0, EDITED_MS - passed);
}

/** The first adaptive card of a message that refreshes for this person, looking at the person's own view first unless the message was edited since. */
export function refreshFor(message: Message, personId: string, chat: Pick<Chat, 'members'>): { attachment: number; action: ExecuteAction } | null {
  for (const [attachment, { contentType, content }] of message.attachments.entries()) {
    if (contentType !== ADAPTIVE_CARD) continue;
    const view = message.views[personId];
    const own = view && view.attachment === attachment && view.revision === message.revision ? refreshOf(view.card, personId, chat.members.length) : null;
    const action = own ?? refreshOf(content, personId, chat.members.length);
    if (action) return { attachment, action };
  }
  return null;
}

export const ADAPTIVE_CARD = 'application/vnd.microsoft.card.adaptive';
