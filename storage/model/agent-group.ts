// An agent group: who answers, in which order, and how long each phone rings.
import { z } from 'zod';
import { DEFAULTS, LIMITS } from './limits';
import { displayName, id, stored, whole } from './fields';
import { schemaRule } from './rules';

/** `parallel`: every free agent rings. `longestIdle`: the one idle longest. `roundRobin`: the next in turn. `serial`: the first from the top of the list. `attendant`: agents see who waits and pick. */
export const routingMethod = z.enum(['parallel', 'longestIdle', 'roundRobin', 'serial', 'attendant'], { error: schemaRule('choice', {}, 'must be parallel, longestIdle, roundRobin, serial or attendant') });
export type RoutingMethod = z.output<typeof routingMethod>;

export const agentGroup = z.object({
  ...stored,
  name: displayName,
  /** The workflow it was made for, whose managers may change it before any queue lists it. Absent: it belongs to the workflows whose queues list it. */
  workflowId: id.optional(),
  /** `informal`: serves it whenever on duty. `formal`: signs in to it and out of it. */
  participation: z.enum(['informal', 'formal']).default('informal'),
  alertTimeSeconds: whole(LIMITS.alertTimeSeconds, ' seconds').default(DEFAULTS.alertTimeSeconds),
  routingMethod: routingMethod.default('parallel'),
  /** After a conversation this group brought, no group offers the agent a call for so long. */
  wrapUpSeconds: whole(LIMITS.wrapUpSeconds, ' seconds').default(DEFAULTS.wrapUpSeconds),
  /** After so many offers in a row left unanswered an agent is paused; null: never. */
  autoPauseAfter: whole(LIMITS.autoPauseAfter, ' unanswered offers').nullable().default(null),
  /** Ordered; an agent stands in it at most once. */
  agentIds: z.array(id).max(LIMITS.agentsInGroup.max, schemaRule('tooMany', { max: LIMITS.agentsInGroup.max }, `must have at most ${LIMITS.agentsInGroup.max} agents`))
    .refine((ids) => new Set(ids).size === ids.length, schemaRule('twice', {}, 'must name each agent once')),
});
export type AgentGroup = z.output<typeof agentGroup>;
