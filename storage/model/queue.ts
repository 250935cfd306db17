// A queue: where callers wait, for which agent groups in which order, and when they are turned away.
import { z } from 'zod';
import { LIMITS } from './limits';
import { displayName, id, stored, whole } from './fields';
import { callAction } from './prompt';

export const queue = z.object({
  ...stored,
  name: displayName,
  agentGroupIds: z.array(id).max(64),
  /** Counted from joining the queue, and cuts through a ring. null: never. */
  timeoutSeconds: whole(LIMITS.queueTimeoutSeconds, ' seconds').nullable().default(null),
  timeoutAction: callAction.default({ kind: 'disconnect', prompt: null }),
  /** A caller who cannot be offered at once while this many wait is diverted, or the oldest is. null: never. */
  overflowThreshold: whole(LIMITS.overflowThreshold, ' waiting callers').nullable().default(null),
  overflowCandidate: z.enum(['newestCall', 'oldestCall']).default('newestCall'),
  overflowAction: callAction.default({ kind: 'disconnect', prompt: null }),
});
export type Queue = z.output<typeof queue>;
