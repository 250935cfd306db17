// Moves a call from one phase to the next and keeps everything that depends on the phase in step: queues, rings, deadlines.
import { type Queue } from '../../storage/model/queue';
import { type Call, callBackDueMs, isCalledBack, type Phase, type Place, playOf, waits, type Waiting } from './call';
import { type Context, touchCall } from './context';
import { type PoolState, queueState, groupState } from './state';

/** A sound that was asked for and neither began nor failed is given up after this; the caller moves on. */
export const PLAY_MUST_START_MS = 10_000;

/** Puts a call into another phase. Legs are the business of `offers.ts`; nothing else sets `phase`. */
export function move(context: Context, call: Call, next: Phase): void {
  leave(context.state, call);
  const before = call.phase;
  // Who talks or leaves hears no announcement any more; for who waits again the time to the next one begins anew.
  if (waits(before) && !waits(next)) before.waiting.announcement = null;
  if (waits(next) && !waits(before)) next.waiting.announcedAtMs = context.now.monotonicMs;
  call.phase = next;
  enter(context.state, call);
  touchCall(context, call);
}

/** Gives a call another place among those who wait. */
export function replace(context: Context, call: Call, place: Place): void {
  leave(context.state, call);
  call.place = place;
  enter(context.state, call);
  touchCall(context, call);
}

/** Takes a waiting call out of its queue before it is in another phase, so that nobody who makes room finds it there. */
export function stepOut(context: Context, call: Call): void { leave(context.state, call); }

function leave(state: PoolState, call: Call): void {
  const phase = call.phase;
  if (playOf(phase) !== null) state.callDeadlines.clear(`prompt ${call.callId}`);
  if (isCalledBack(phase)) {
    state.queues.get(phase.queueId)?.callBacks.delete(call);
    state.callDeadlines.clear(callBackName(call));
    // One less is called, so that the next may be.
    state.unsettled.add(phase.queueId);
  }
  if (!waits(phase)) return;
  const queue = state.queues.get(phase.waiting.queueId);
  queue?.waiting.delete(call);
  queue?.queued.delete(call);
  if (phase.state === 'offering') state.groups.get(phase.groupId)?.offered.delete(call);
  state.callDeadlines.clear(`wait ${call.callId}`);
  state.callDeadlines.clear(`announce ${call.callId}`);
  // Whoever is to be called back may be the first now.
  if (queue !== undefined && queue.callBacks.size > 0) state.unsettled.add(queue.queueId);
}

/** Also the way a restored call takes its place among the others. */
export function enter(state: PoolState, call: Call): void {
  const phase = call.phase;
  const play = playOf(phase);
  if (play !== null) state.callDeadlines.set(`prompt ${call.callId}`, play.endsAtMs, { type: 'promptOver', callId: call.callId });
  if (isCalledBack(phase)) {
    queueState(state, phase.queueId).callBacks.add(call);
    if (phase.state === 'promised') state.callDeadlines.set(callBackName(call), callBackDueMs(phase), { type: 'callBackDue', callId: call.callId });
    state.unsettled.add(phase.queueId);
  }
  if (!waits(phase)) return;
  const queue = queueState(state, phase.waiting.queueId);
  queue.waiting.add(call);
  if (phase.state === 'queued') queue.queued.add(call);
  else groupState(state, phase.groupId).offered.add(call);
  setTimeoutDeadline(state, call, phase.waiting.joinedAtMs, queue.queue?.timeoutSeconds ?? null);
  const announceMs = announceDueMs(queue.queue, phase.waiting);
  if (announceMs !== null) state.callDeadlines.set(`announce ${call.callId}`, announceMs, { type: 'announceDue', callId: call.callId });
  state.unsettled.add(queue.queueId);
}

/** When something is due about announcements: the end of the present one, else the next; null: neither. */
export function announceDueMs(queue: Queue | null, { announcement, announcedAtMs }: Waiting): number | null {
  if (announcement !== null) return announcement.endsAtMs;
  return queue === null || queue.announceSeconds === null ? null : announcedAtMs + queue.announceSeconds * 1000;
}

/** The timeout as the queue has it now; one shortened below what was waited already is due at once. */
function setTimeoutDeadline(state: PoolState, call: Call, joinedAtMs: number, timeoutSeconds: number | null): void {
  const name = `wait ${call.callId}`;
  if (timeoutSeconds === null) state.callDeadlines.clear(name);
  else state.callDeadlines.set(name, joinedAtMs + timeoutSeconds * 1000, { type: 'waitedTooLong', callId: call.callId });
}

const callBackName = ({ callId }: Call): string => `back ${callId}`;

/** The deadline of one offer's alert time. */
export const alertName = (offerId: string): string => `alert ${offerId}`;
