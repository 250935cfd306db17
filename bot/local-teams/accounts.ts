// The accounts of the stand-in as the Bot Framework writes them: the bot, the people, the tenant.
import { type Person } from './people';

/** A fixed tenant: `channelData.tenant.id` and `conversation.tenantId` of every activity. */
export const TENANT_ID = '6d7c0a1e-0000-4000-8000-10ca17ea3500';
export const BOT = { id: '28:response-group', name: 'Response Group' } as const;
export const GROUP_CHAT_ID = '19:everybody@thread.v2';

/** The channel's own id of a person, the one `refresh.userIds` takes. */
export const channelIdOf = (personId: string): string => `29:${personId}`;

/** The personal chat between one person and the bot. Never changes, so a kept conversation reference stays good. */
export const personalChatIdOf = (personId: string): string => `a:${personId}`;

/** A member as the connector's roster shows it (Teams adds `objectId` and the name's parts to the account). */
export function memberOf(person: Person): Record<string, string> {
  const [givenName = person.name, ...rest] = person.name.split(' ');
  const address = `${person.name.toLowerCase().replace(/[^a-z0-9]+/g, '.')}@local.example`;
  return {
    id: channelIdOf(person.personId),
    name: person.name,
    aadObjectId: person.personId,
    objectId: person.personId,
    givenName,
    surname: rest.join(' '),
    email: address,
    userPrincipalName: address,
    tenantId: TENANT_ID,
    userRole: 'user',
  };
}
