// What the journal keeps of a call and of an agent, and what becomes of a call that an engine left behind.
import { z } from 'zod';
import { type AgentState } from '../core/agent';
import { type Call } from '../core/call';
import { type Now } from '../core/types';
import { type CallRecord } from '../../storage/model/record';
import { type JournalEntry } from '../../storage/journal';

/** The edge's words for how a dialog ended while no engine listened. */
export interface DialogEnd { readonly dialog: string; readonly atMs: number; readonly cause: string }

type Body = Record<string, unknown>;

/** A live call. `dialogOf` names the dialog of the caller (by call id) or of a leg (by offer id). */
export function callBody(call: Call, now: Now, dialogOf: (id: string) => string | null): Body {
  const civil = (monotonicMs: number): Date => new Date(now.civil.getTime() + monotonicMs - now.monotonicMs);
  const { phase, draft, arrival } = call;
  return {
    state: phase.state,
    place: { ...call.place },
    workflowId: call.workflowId,
    arrival: { ...arrival },
    arrivedAt: call.arrivedAt,
    attempts: call.attempts,
    dialog: dialogOf(call.callId),
    legs: [...call.legs.values()].map((leg) => ({
      offerId: leg.offerId, agentId: leg.agentId, groupId: leg.groupId, attempt: leg.attempt, phase: leg.phase, cause: leg.cause, talked: leg.talked,
      alertEndsAt: civil(leg.alertEndsAtMs), alertMs: leg.alertOriginalMs, dialog: dialogOf(leg.offerId),
    })),
    waiting: 'waiting' in phase
      ? { queueId: phase.waiting.queueId, joinedAt: civil(phase.waiting.joinedAtMs), tried: [...phase.waiting.tried], groupId: phase.waiting.groupId }
      : null,
    playEndsAt: 'play' in phase ? civil(phase.play.endsAtMs) : null,
    winner: 'winner' in phase ? phase.winner : null,
    record: {
      queueId: draft.queueId, joinedQueueAt: draft.joinedQueueAt, connectedAt: draft.connectedAt, agentId: draft.agentId,
      offers: draft.offers.map((offer) => ({ ...offer })),
    },
  };
}

/** What is remembered of an agent between calls; times as civil time. */
export function agentBody(agent: AgentState, now: Now): Body {
  const civil = (monotonicMs: number): Date => new Date(now.civil.getTime() + monotonicMs - now.monotonicMs);
  return {
    idleSince: civil(agent.idleSinceMs),
    rest: agent.rest === null ? null : { until: civil(agent.rest.untilMs), originalMs: agent.rest.originalMs, because: agent.rest.because },
    wrapUp: agent.wrapUp === null ? null : { until: civil(agent.wrapUp.untilMs), originalMs: agent.wrapUp.originalMs },
  };
}

const leftBehind = z.object({
  workflowId: z.string().nullable().default(null),
  arrival: z.object({ dialled: z.string(), callerNumber: z.string(), callerName: z.string() }),
  arrivedAt: z.date(),
  dialog: z.string().nullable().default(null),
  record: z.object({
    queueId: z.string().nullable(),
    joinedQueueAt: z.date().nullable(),
    connectedAt: z.date().nullable(),
    agentId: z.string().nullable(),
    offers: z.array(z.object({
      agentId: z.string(), attempt: z.number(), offeredAt: z.date(), endedAt: z.date().nullable(),
      outcome: z.enum(['answered', 'declined', 'busy', 'noAnswer', 'unreachable', 'withdrawn']),
    })),
  }),
});

/**
 * The true end of a call that an earlier engine left: as the edge saw its caller hang up, if it did; else `interrupted` at `at`.
 * Null for an entry that cannot be read: nothing true can be said of it.
 */
export function recordOfLeftover(entry: JournalEntry, pool: string, ends: readonly DialogEnd[], at: Date): CallRecord | null {
  const parsed = leftBehind.safeParse(entry.body);
  if (!parsed.success) return null;
  const { workflowId, arrival, arrivedAt, dialog, record } = parsed.data;
  const end = dialog === null ? undefined : ends.find((each) => each.dialog === dialog && (each.cause === 'bye' || each.cause === 'cancel'));
  return {
    _id: entry.id, pool, workflowId, queueId: record.queueId,
    dialled: arrival.dialled, callerNumber: arrival.callerNumber, callerName: arrival.callerName,
    arrivedAt, joinedQueueAt: record.joinedQueueAt, connectedAt: record.connectedAt,
    endedAt: end === undefined ? at : new Date(end.atMs),
    agentId: record.agentId,
    outcome: end === undefined ? 'interrupted' : record.connectedAt === null ? 'abandoned' : 'answered',
    endedBy: end === undefined ? 'system' : 'caller',
    refusedWith: null,
    offers: record.offers,
  };
}
