// What somebody wanted of their duty while it could not be carried out counts only where nothing later was wanted or done about it.
import { type ClientSession, type Db } from 'mongodb';
import { type Acting } from '../access';
import { collectionOf } from '../schema';
import { type Context } from './context';
import { refuse } from './results';

/** Whose wish it is; null: nobody's own duty. */
const wisher = (pool: string, acting: Acting): string | null => (acting.kind === 'person' ? `${pool}:${acting.personId.toLowerCase()}` : null);

/** Remembers that this person wanted something of their duty then, also where it changes nothing and leaves no trace in the log. @throws the driver's fault */
export async function rememberWish({ db, pool }: { readonly db: Db; readonly pool: string }, acting: Acting, at: Date): Promise<void> {
  const _id = wisher(pool, acting);
  if (_id !== null) await collectionOf(db, 'dutyWishes').updateOne({ _id }, { $max: { at } }, { upsert: true });
}

/** `input` of a verb about duty. @throws Refused 'conflict' where something was wanted after that moment, or the duty was changed then */
export async function refuseOvertaken(deps: { readonly db: Db; readonly pool: string }, session: ClientSession, { acting, roles, log }: Context, input: object, pressedAt: Date): Promise<void> {
  const agentId = 'agentId' in input && typeof input.agentId === 'string' ? input.agentId : roles.agentId;
  if (agentId === null) return;
  const [later] = await log.newest({
    changes: { $elemMatch: { kind: 'duties', id: agentId } },
    $or: [{ pressedAt: { $gt: pressedAt } }, { pressedAt: { $exists: false }, at: { $gt: pressedAt } }],
  }, 1);
  const wish = await collectionOf(deps.db, 'dutyWishes').findOne({ _id: wisher(deps.pool, acting) ?? '' }, { session });
  if (later || (wish !== null && wish.at > pressedAt)) throw refuse('conflict', 'Something later was wanted of this duty after that was pressed.');
}
