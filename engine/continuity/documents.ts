// What the journal keeps of a call: the core's account of it and its dialogs; and what becomes of a call that an engine left behind.
import { z } from 'zod';
import { type CoreEvent } from '../core/types';
import { callJournal, type CallJournal } from '../core/journal';
import { type CallOutcome, type CallRecord } from '../../storage/model/record';
import { type JournalEntry } from '../../storage/journal';
import { roomKept, type RoomKept } from '../calls/kept';
import { sipKept, type SipKept } from '../sip/kept';

/** How a dialog ended while no engine listened, in the words of the edge. */
export interface DialogEnd { readonly dialog: string; readonly atMs: number; readonly cause: string }

export interface CallBody {
  readonly call: CallJournal;
  /** By call id for the caller, by offer id for an agent's leg; null before there is one. */
  readonly dialogs: Readonly<Record<string, string | null>>;
}

/** What the other rooms keep of a call, each in its own words. */
export interface KeptParts {
  readonly sip: SipKept;
  readonly room: RoomKept | null;
  readonly media: unknown;
  /** What was heard of the call and not decided on; left out where there is nothing. */
  readonly heard?: readonly HeardEvent[];
}

const [callId, offerId] = [z.string(), z.string()];
/** What another engine could not learn by itself, or not as exactly. */
const heardEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('callerAnswered'), callId }),
  z.object({ type: z.literal('callerGone'), callId, cause: z.enum(['hungUp', 'cancelled', 'failed', 'endedByUs']) }),
  z.object({ type: z.literal('callerReplaced'), callId, callerNumber: z.string(), callerName: z.string() }),
  z.object({ type: z.literal('keyPressed'), callId, key: z.string() }),
  z.object({ type: z.literal('offerAnswered'), callId, offerId }),
  z.object({ type: z.literal('agentReplaced'), callId, offerId, newOfferId: z.string(), agentId: z.string().nullable() }),
  z.object({ type: z.literal('legEnded'), callId, offerId, outcome: z.enum(['declined', 'busy', 'noAnswer', 'unreachable', 'failed', 'withdrawn', 'hungUp']) }),
]);
type HeardEvent = z.output<typeof heardEvent>;

/** Those of the events that are kept. */
export function heardOf(waiting: readonly CoreEvent[]): { readonly heard?: readonly HeardEvent[] } {
  const heard = waiting.flatMap((event) => heardEvent.safeParse(event).data ?? []);
  return heard.length === 0 ? {} : { heard };
}

const callBody = z.object({ call: callJournal, dialogs: z.record(z.string(), z.string().nullable()) });
const wholeBody = callBody.extend({ sip: sipKept, room: roomKept, media: z.unknown(), heard: z.array(heardEvent).default([]) });
const promised = callBody.refine(isPromised);
/** All that another engine needs to go on with a call. */
export type WholeBody = z.output<typeof wholeBody>;

/** Whether nobody is on the phone: a caller who is to be called back. */
export function isPromised({ call: { phase, legs } }: { readonly call: Pick<CallJournal, 'phase' | 'legs'> }): boolean { return phase.state === 'promised' && legs.length === 0; }

/** The core's account of a call back that is promised, which is all there is of it; null for any other call. */
export function promiseOf({ body }: JournalEntry): CallJournal | null {
  const parsed = promised.safeParse(body);
  return parsed.success ? parsed.data.call : null;
}

/** `dialogOf` names the dialog of the caller (by call id) or of a leg (by offer id). */
export function bodyOf(call: CallJournal, dialogOf: (id: string) => string | null, parts: Partial<KeptParts> = {}): CallBody & Partial<KeptParts> & Record<string, unknown> {
  return { call, dialogs: Object.fromEntries([call.callId, ...call.legs.map(({ offerId }) => offerId)].map((id) => [id, dialogOf(id)])), ...parts };
}

/** Null for an entry of another release, or of a call that had no room yet: it can be closed, not continued. */
export function wholeBodyOf({ body }: JournalEntry): WholeBody | null {
  const parsed = wholeBody.safeParse(body);
  return parsed.success ? parsed.data : null;
}

/**
 * The true end of a call that an earlier engine left: as the core had already settled it, or as the edge saw its caller hang up, if it
 * did; else `interrupted` at `at`. Null for an entry that cannot be read: nothing true can be said of it.
 */
export function recordOfLeftover(entry: JournalEntry, pool: string, ends: readonly DialogEnd[], at: Date): CallRecord | null {
  const parsed = callBody.safeParse(entry.body);
  if (!parsed.success) return null;
  const { call: { arrival, arrivedAt, dialledWorkflowId, place, record, phase }, dialogs } = parsed.data;
  const dialog = dialogs[entry.id] ?? null;
  const seen = dialog === null ? undefined : ends.find((each) => each.dialog === dialog && (each.cause === 'bye' || each.cause === 'cancel'));
  const end = phase.state === 'ending'
    ? { outcome: phase.outcome, endedBy: phase.endedBy, endedAt: phase.endedAt }
    : seen === undefined
      ? { outcome: 'interrupted' as const, endedBy: 'system' as const, endedAt: at }
      : { outcome: gaveUpAs(parsed.data.call), endedBy: 'caller' as const, endedAt: new Date(seen.atMs) };
  return {
    _id: entry.id, pool, workflowId: dialledWorkflowId, dialled: arrival.dialled, callerNumber: arrival.callerNumber, callerName: arrival.callerName, arrivedAt,
    queueId: record.queueId, joinedQueueAt: record.joinedQueueAt, connectedAt: record.connectedAt, agentId: record.agentId, offers: record.offers,
    ...end, refusedWith: null, priority: place.priority,
    ...(record.answers.length > 0 ? { answers: record.answers } : {}),
    ...(record.steps.length > 0 ? { steps: record.steps } : {}),
    ...(record.offersLeftOut > 0 ? { offersLeftOut: record.offersLeftOut } : {}),
  };
}

/** What it comes to when the caller hangs up in this phase, as the core would have said. */
function gaveUpAs({ record, phase }: CallJournal): CallOutcome {
  if (record.reached !== null) return record.reached;
  // Journals of before there was `reached` know of conversations by their beginning.
  if (record.connectedAt !== null) return 'answered';
  return phase.state === 'leaving' && phase.action.kind === 'disconnect' ? phase.outcome : 'abandoned';
}
