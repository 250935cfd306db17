// What somebody wanted of a duty while it could not be carried out counts only where nothing later was wanted or done about it.
import { type Context } from './context';
import { refuse } from './results';

/** `input` of a verb about duty. @throws Refused 'conflict' where the duty was changed after that moment, or by something wanted after it */
export async function refuseOvertaken({ roles, log }: Context, input: object, pressedAt: Date): Promise<void> {
  const agentId = 'agentId' in input && typeof input.agentId === 'string' ? input.agentId : roles.agentId;
  if (agentId === null) return;
  const [later] = await log.newest({
    changes: { $elemMatch: { kind: 'duties', id: agentId } },
    $or: [{ pressedAt: { $gt: pressedAt } }, { pressedAt: { $exists: false }, at: { $gt: pressedAt } }],
  }, 1);
  if (later) throw refuse('conflict', 'This duty was changed after that was pressed.');
}
