// Tells callers who wait their place in the queue and how long it may take, every so often, in place of the music.
import { type Call, type InputOf, type PhaseOf } from './call';
import { type Context } from './context';
import { move, PLAY_MUST_START_MS } from './phases';
import { languageOf, nextPlayId, startedPlay } from './sounds';
import { PACE_KEPT, type PoolState, type QueueState, queueState } from './state';

type Waits = PhaseOf<'queued' | 'offering'>;

/** Callers connected longer ago say nothing about the pace of now. */
const PACE_WINDOW_MS = 30 * 60_000;
/** With fewer connected callers nothing is said about the wait. */
const PACE_LEAST = 3;

/** A caller of that queue was connected: the pace by which waits are reckoned. */
export function noteConnected(state: PoolState, queueId: string, nowMs: number): void {
  const { connectedAtMs } = queueState(state, queueId);
  connectedAtMs.push(nowMs);
  if (connectedAtMs.length > PACE_KEPT) connectedAtMs.shift();
}

/** Seconds until the caller at this position, from 1, may be served: position times the mean time between the latest callers served; null: not known. */
export function expectedWaitSeconds({ connectedAtMs }: Pick<QueueState, 'connectedAtMs'>, position: number, nowMs: number): number | null {
  const latest = connectedAtMs.filter((ms) => ms > nowMs - PACE_WINDOW_MS);
  const [first, last] = [latest[0], latest.at(-1)];
  if (latest.length < PACE_LEAST || first === undefined || last === undefined) return null;
  return (position * (last - first)) / (latest.length - 1) / 1000;
}

/** The next announcement is due, or the present one is over. */
export function announceDue(context: Context, call: Call, phase: Waits): void {
  const { waiting } = phase;
  const { state, now } = context;
  const place = queueState(state, waiting.queueId);
  if (waiting.announcement !== null) { announced(context, call, phase); return; }
  if (place.queue === null || place.queue.announceSeconds === null) return;
  const playId = nextPlayId(call);
  sayPlace(context, call, phase, playId);
  waiting.announcedAtMs = now.monotonicMs;
  waiting.announcement = { playId, started: false, endsAtMs: now.monotonicMs + PLAY_MUST_START_MS, originalMs: PLAY_MUST_START_MS };
  move(context, call, phase);
}

/** Says, in place of the music, that the caller cannot be called back, and waits on. */
export function sayNoCallBack(context: Context, call: Call, phase: Waits): void {
  const { state, now } = context;
  const playId = nextPlayId(call);
  context.effects.push({ type: 'play', callId: call.callId, playId, sound: { kind: 'callBack', promised: false, language: languageOf(context, call) }, repeat: false });
  // One that was under way is cut short, and told again in its time.
  if (queueState(state, phase.waiting.queueId).queue?.announceSeconds != null) phase.waiting.announcedAtMs = now.monotonicMs;
  phase.waiting.announcement = { playId, started: false, endsAtMs: now.monotonicMs + PLAY_MUST_START_MS, originalMs: PLAY_MUST_START_MS };
  move(context, call, phase);
}

/** Asks for the sentences of the present place. */
export function sayPlace(context: Context, call: Call, { waiting }: Waits, playId: string): void {
  const place = queueState(context.state, waiting.queueId);
  const position = place.waiting.rank(call) + place.callBacks.rank(call) + 1;
  context.effects.push({
    type: 'play', callId: call.callId, playId, repeat: false,
    sound: { kind: 'announcement', position, waitSeconds: expectedWaitSeconds(place, position, context.now.monotonicMs), language: languageOf(context, call) },
  });
}

/** Its length is known now. */
export function announcementStarted(context: Context, call: Call, phase: Waits, { playId, durationMs }: InputOf<'playStarted'>): void {
  const { waiting } = phase;
  if (waiting.announcement === null || waiting.announcement.playId !== playId) return;
  const play = startedPlay(context, waiting.announcement, durationMs);
  if (play === waiting.announcement) return;
  waiting.announcement = play;
  move(context, call, phase);
}

/** Nothing could be said; the music, which it was to replace, is asked for again. */
export function announcementFailed(context: Context, call: Call, phase: Waits, { playId }: InputOf<'playFailed'>): void {
  if (phase.waiting.announcement?.playId === playId) announced(context, call, phase);
}

/** The music goes on; one that lasted longer than the time between two is not followed by the next at once. */
function announced(context: Context, call: Call, phase: Waits): void {
  const { waiting } = phase;
  const everyMs = (queueState(context.state, waiting.queueId).queue?.announceSeconds ?? 0) * 1000;
  waiting.announcement = null;
  if (everyMs > 0) waiting.announcedAtMs += Math.floor((context.now.monotonicMs - waiting.announcedAtMs) / everyMs) * everyMs;
  context.music.add(call);
  move(context, call, phase);
}
