// Which workflows an object by itself belongs to: the one it was made for, and those that lead to it.
import { type Target } from '../access';
import { type ObjectKinds } from '../model/configuration';
import { type OwnedNoun } from '../stored';
import { type Draft } from './draft';
import { workflowsLeadingToGroups, workflowsLeadingToQueues } from './leading';

/** The objects that have verbs of their own beside workflows and agents. */
export const NOUNS = {
  queue: { kind: 'queues', what: 'queue' },
  agentGroup: { kind: 'agentGroups', what: 'agent group' },
  businessHours: { kind: 'businessHours', what: 'business hours' },
  holidaySet: { kind: 'holidaySets', what: 'holiday set' },
  trunk: { kind: 'trunks', what: 'trunk' },
} as const;
export type Noun = keyof typeof NOUNS;
export type KindOf<N extends Noun> = (typeof NOUNS)[N]['kind'];

/**
 * What a right on the object is decided by. Queues and agent groups belong to whoever uses them; business hours and holiday sets to the workflow they
 * were made for alone, since what any workflow may use is no manager's.
 */
export async function targetOf<N extends OwnedNoun>(draft: Draft, noun: N, object: ObjectKinds[KindOf<N>]): Promise<Target & { readonly kind: 'object' }> {
  const made = 'workflowId' in object && object.workflowId != null ? [object.workflowId] : [];
  switch (noun) {
    case 'queue': return { kind: 'object', workflowIds: together(made, await workflowsLeadingToQueues(draft, [object as ObjectKinds['queues']])) };
    case 'agentGroup': return { kind: 'object', workflowIds: together(made, await workflowsLeadingToGroups(draft, [object.id])) };
    default: return { kind: 'object', workflowIds: made, preset: made.length === 0 };
  }
}

function together(made: readonly string[], using: readonly { readonly id: string }[]): string[] {
  return [...new Set([...made, ...using.map((one) => one.id)])];
}
