// The caller and somebody hear each other: what that means for the record and for the pace of the queue.
import { noteConnected } from './announcements';
import { type Back, type Call, type Leg } from './call';
import { type Context } from './context';

/** `back`: where the call would have gone otherwise, which tells what it came from. Whom the caller reached first is what the call comes to. */
export function nowTalk(context: Context, call: Call, leg: Leg, back: Back): void {
  const { draft } = call;
  // Who gets the caller back after a transfer that failed was connected long ago.
  if (back.to === 'queue' && !leg.talked) noteConnected(context.state, back.waiting.queueId, context.now.monotonicMs);
  leg.talked = true;
  draft.connectedAt ??= context.now.civil;
  draft.agentId ??= leg.agentId;
  draft.reached ??= leg.groupId === null ? 'forwarded' : 'answered';
  const written = draft.offers.findLast(({ attempt }) => attempt === leg.attempt);
  if (written !== undefined) written.outcome = 'answered';
}
