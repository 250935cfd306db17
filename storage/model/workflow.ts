// A workflow: the address callers dial, and what they meet first. With its queue and agent groups, people call it a group.
import { z } from 'zod';
import { DEFAULTS, LIMITS } from './limits';
import { displayName, id, personId, sipUser, stored, telephoneNumber, text, timeZone } from './fields';
import { language } from './languages';
import { prompt } from './prompt';

export const manager = z.object({ personId, name: displayName });
export type Manager = z.output<typeof manager>;

export const workflow = z.object({
  ...stored,
  sipUser,
  telephoneNumber: telephoneNumber.nullable().default(null),
  displayNumber: text(LIMITS.displayNumberLength).default(''),
  displayName,
  description: text(LIMITS.descriptionLength).default(''),
  language: language.default(DEFAULTS.language),
  timeZone: timeZone.default(DEFAULTS.timeZone),
  active: z.boolean().default(false),
  agentAnonymity: z.boolean().default(false),
  federation: z.boolean().default(false),
  /** A managed workflow shares its queue and agent groups with no other, and names its managers. */
  managed: z.boolean(),
  managers: z.array(manager).max(64),
  welcome: prompt.nullable().default(null),
  /** Where the call goes after the welcome. A hunt group's default action is a queue. */
  defaultAction: z.discriminatedUnion('kind', [z.object({ kind: z.literal('queue'), queueId: id })]),
});
export type Workflow = z.output<typeof workflow>;
