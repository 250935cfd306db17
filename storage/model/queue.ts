// A queue: where callers wait, for which agent groups in which order, and when they are turned away.
import { z } from 'zod';
import { LIMITS } from './limits';
import { displayName, id, key, stored, whole } from './fields';
import { callAction, DISCONNECT } from './call-action';

export const queue = z.object({
  ...stored,
  name: displayName,
  /** The workflow it was made for, whose managers may change it before anything leads there. Absent: it belongs to the workflows that lead to it. */
  workflowId: id.optional(),
  agentGroupIds: z.array(id).max(64),
  /** Counted from joining the queue, and cuts through a ring. null: never. */
  timeoutSeconds: whole(LIMITS.queueTimeoutSeconds, ' seconds').nullable().default(null),
  timeoutAction: callAction.default(DISCONNECT),
  /** A caller who cannot be offered at once while this many wait is diverted, or the oldest is. null: never. */
  overflowThreshold: whole(LIMITS.overflowThreshold, ' waiting callers').nullable().default(null),
  overflowCandidate: z.enum(['newestCall', 'oldestCall']).default('newestCall'),
  overflowAction: callAction.default(DISCONNECT),
  /** When no agent of any of its groups is signed in, for callers who arrive and who wait already; null: they wait. */
  noAgentsAction: callAction.nullable().default(null),
  /** How often a waiting caller is told the position in the queue and the expected wait; null: never. */
  announceSeconds: whole(LIMITS.announceSeconds, ' seconds').nullable().default(null),
  /** A key that leaves the queue for `leaveAction`; null: none. */
  leaveKey: key.nullable().default(null),
  leaveAction: callAction.default(DISCONNECT),
  /** A key by which a waiting caller asks to be called back when it is their turn; another than `leaveKey`. Absent or null: none. */
  callBackKey: key.nullable().optional(),
});
export type Queue = z.output<typeof queue>;
