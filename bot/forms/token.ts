// What a group form remembers between being shown and being sent: which group, its versions, a one-time id, and what it showed.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type GroupVersions } from '../../storage/administration/verbs';

/** The inputs of the form, in the order in which their fingerprints stand in a token. */
export const FORM_FIELDS = [
  'displayName', 'description', 'sipUser', 'telephoneNumber', 'welcomeText', 'language', 'routingMethod', 'alertTimeSeconds', 'wrapUpSeconds',
  'timeoutSeconds', 'timeoutText', 'overflowThreshold', 'overflowText', 'active', 'agentIds',
  'displayNumber', 'timeZone', 'priority', 'participation', 'autoPauseAfter', 'overflowCandidate', 'announceSeconds', 'agentAnonymity', 'federation',
] as const;
export type FormField = (typeof FORM_FIELDS)[number];

/**
 * Fingerprints of the values shown tell which fields a person changed without sending every text twice: cards have a size limit.
 * `groupId` null: a group still to be created.
 */
export interface FormToken {
  readonly groupId: string | null;
  readonly requestId: string;
  readonly versions: GroupVersions;
  readonly shown: readonly string[];
}

/** 40 bits of a hash: an unchanged field is never taken for a changed one, and the reverse is one chance in 10^12. */
export function fingerprint(value: string): string {
  return createHash('sha256').update(value.replace(/\r\n/g, '\n').trim()).digest('base64url').slice(0, 7);
}

export function writeToken(token: FormToken): string {
  const { workflow, queue, agentGroup } = token.versions;
  return [token.groupId ?? '', token.requestId, `${workflow}.${queue}.${agentGroup}`, token.shown.join(',')].join('|');
}

const written = new RegExp(`^([a-z0-9][a-z0-9-]{0,63})?\\|([A-Za-z0-9:_-]{8,100})\\|(\\d{1,9})\\.(\\d{1,9})\\.(\\d{1,9})\\|((?:[\\w-]{7}(?:,[\\w-]{7}){${FORM_FIELDS.length - 1}})?)$`);

/** Parses what `writeToken` wrote. */
export const formToken = z.string().max(500).transform((text, context): FormToken => {
  const match = written.exec(text);
  if (!match) {
    context.addIssue({ code: 'custom', message: 'not a form of ours' });
    return z.NEVER;
  }
  const [, groupId, requestId = '', workflow, queue, agentGroup, shown = ''] = match;
  return {
    groupId: groupId ?? null,
    requestId,
    versions: { workflow: Number(workflow), queue: Number(queue), agentGroup: Number(agentGroup) },
    shown: shown === '' ? [] : shown.split(','),
  };
});
