// Moves a call from one phase to the next and keeps everything that depends on the phase in step: queues, rings, deadlines.
import { type Call, type Phase, waits } from './call';
import { type Context, touchCall } from './context';
import { type PoolState, queueState, groupState } from './state';

/** A sound that was asked for and neither began nor failed is given up after this; the caller moves on. */
export const PLAY_MUST_START_MS = 10_000;

/** Puts a call into another phase. Legs are the business of `offers.ts`; nothing else sets `phase`. */
export function move(context: Context, call: Call, next: Phase): void {
  leave(context.state, call);
  call.phase = next;
  enter(context.state, call);
  touchCall(context, call);
}

function leave(state: PoolState, call: Call): void {
  const phase = call.phase;
  if (phase.state === 'welcoming' || phase.state === 'leaving') state.callDeadlines.clear(`prompt ${call.callId}`);
  if (!waits(phase)) return;
  const queue = state.queues.get(phase.waiting.queueId);
  queue?.waiting.delete(call);
  queue?.queued.delete(call);
  if (phase.state === 'offering') state.groups.get(phase.groupId)?.offered.delete(call);
  state.callDeadlines.clear(`wait ${call.callId}`);
}

/** Also the way a restored call takes its place among the others. */
export function enter(state: PoolState, call: Call): void {
  const phase = call.phase;
  if (phase.state === 'welcoming' || phase.state === 'leaving') state.callDeadlines.set(`prompt ${call.callId}`, phase.play.endsAtMs, { type: 'promptOver', callId: call.callId });
  if (!waits(phase)) return;
  const queue = queueState(state, phase.waiting.queueId);
  queue.waiting.add(call);
  if (phase.state === 'queued') queue.queued.add(call);
  else groupState(state, phase.groupId).offered.add(call);
  setTimeoutDeadline(state, call, phase.waiting.joinedAtMs, queue.queue?.timeoutSeconds ?? null);
  state.unsettled.add(queue.queueId);
}

/** The timeout as the queue has it now; one shortened below what was waited already is due at once. */
function setTimeoutDeadline(state: PoolState, call: Call, joinedAtMs: number, timeoutSeconds: number | null): void {
  const name = `wait ${call.callId}`;
  if (timeoutSeconds === null) state.callDeadlines.clear(name);
  else state.callDeadlines.set(name, joinedAtMs + timeoutSeconds * 1000, { type: 'waitedTooLong', callId: call.callId });
}

/** The deadline of one offer's alert time. */
export const alertName = (offerId: string): string => `alert ${offerId}`;
