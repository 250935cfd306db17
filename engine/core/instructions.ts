// What people ask for a waiting caller: another queue, another priority. Each instruction is answered once.
import { type InstructionOutcome } from '../../storage/model/instruction';
import { LIMITS } from '../../storage/model/limits';
import { type Call, type InputOf, type PhaseOf, waits } from './call';
import { type Context, decided } from './context';
import { noteStep } from './ending';
import { endLegs } from './offers';
import { move, replace } from './phases';
import { type CoreEvent } from './types';
import { inQueueNow, newStay } from './waiting';

export type Refused = Extract<InstructionOutcome, { readonly kind: 'refused' }>['reason'];
type MoveCaller = Extract<CoreEvent, { readonly type: 'moveCaller' }>;
type SetPriority = Extract<CoreEvent, { readonly type: 'setPriority' }>;

/** Says what came of an instruction; null: it was done. */
export function answerInstruction({ effects }: Context, instructionId: string, refused: Refused | null): void {
  effects.push({ type: 'instructionDone', instructionId, outcome: refused === null ? { kind: 'done' } : { kind: 'refused', reason: refused } });
}

/** A caller who waits is to wait in another queue. Already there: nothing changes, the timeout neither. */
export function moveCaller(context: Context, { instructionId, callId, queueId }: MoveCaller): void {
  const call = context.state.calls.get(callId);
  const queue = context.state.queues.get(queueId)?.queue ?? null;
  if (call === undefined || !waits(call.phase)) { answerInstruction(context, instructionId, 'notWaiting'); return; }
  if (queue === null) { answerInstruction(context, instructionId, 'unknownQueue'); return; }
  if (call.phase.waiting.queueId !== queueId) context.tell(call, { type: 'moved', queueId });
  answerInstruction(context, instructionId, null);
}

/** What rings for the old queue stops. The place stays that of the arrival; the new queue's timeout counts from now, its overflow is not asked. */
export function moved(context: Context, call: Call, phase: PhaseOf<'queued' | 'offering'>, { queueId }: InputOf<'moved'>): void {
  const { announcement } = phase.waiting;
  decided(context, call, 'move', `moved from ${phase.waiting.queueId} to ${queueId}`);
  endLegs(context, call, 'turnedAway');
  noteStep(context, call, 'moved', `queue:${queueId}`);
  inQueueNow(context, call, queueId);
  move(context, call, { state: 'queued', waiting: { ...newStay(context, queueId), announcement } });
}

/** A caller who waits is to be served before or after others. */
export function setPriority(context: Context, { instructionId, callId, priority }: SetPriority): void {
  const call = context.state.calls.get(callId);
  const { min, max } = LIMITS.priority;
  if (call === undefined || !waits(call.phase)) { answerInstruction(context, instructionId, 'notWaiting'); return; }
  if (!Number.isInteger(priority) || priority < min || priority > max) { answerInstruction(context, instructionId, 'failed'); return; }
  if (priority !== call.place.priority) context.tell(call, { type: 'priorityChanged', priority });
  answerInstruction(context, instructionId, null);
}

/** The place changes, in every queue and ring it stands in; what rings, rings on. */
export function priorityChanged(context: Context, call: Call, _phase: unknown, { priority }: InputOf<'priorityChanged'>): void {
  decided(context, call, 'priority', `priority ${call.place.priority} becomes ${priority}`);
  replace(context, call, { ...call.place, priority });
}
