// An agent's own calls: whom the phone rang for, and what became of it.
import { type Db } from 'mongodb';
import { type CallRecord, type OfferRecord } from '../model/record';
import { collectionOf } from '../schema';
import { type Draft } from './draft';

/** One caller for whom this agent's phone rang, by the last time it did. */
export interface MyCall {
  /** null: the group is not there any more. */
  readonly groupName: string | null;
  readonly callerName: string;
  readonly callerNumber: string;
  readonly at: Date;
  readonly outcome: OfferRecord['outcome'];
  /** How long caller and agent were connected, with whoever the agent passed the call on to; null: not at all. */
  readonly talkedMs: number | null;
}
export interface MyCalls {
  /** Newest first, at most as many as were asked for. */
  readonly calls: readonly MyCall[];
  /** Of all, also those not shown: whom the agent took, and whom the agent did not although the phone rang until its time was over, or was declined or busy. */
  readonly taken: number;
  readonly missed: number;
}

const MISSED: ReadonlySet<OfferRecord['outcome']> = new Set(['declined', 'busy', 'noAnswer', 'unreachable']);
/** More than one person takes in a day. */
const READ_MOST = 2_000;
const anything = (): boolean => true;

/** Of calls that arrived since then and are over. @throws the driver's fault */
export async function readMyCalls({ db, pool, draft }: { readonly db: Db; readonly pool: string; readonly draft: Draft }, agentId: string, since: Date, shown: number): Promise<MyCalls> {
  const records = await collectionOf(db, 'records').find({ pool, 'offers.agentId': agentId, arrivedAt: { $gte: since } }).sort({ arrivedAt: -1 }).limit(READ_MOST).toArray();
  const calls = records.flatMap((record) => {
    const call = ofAgent(record, agentId);
    return call ? [call] : [];
  }).sort((one, other) => other.at.getTime() - one.at.getTime());
  const first = calls.slice(0, shown);
  const names = new Map((await draft.find('workflows', { _id: { $in: [...new Set(first.flatMap((one) => one.workflowId ?? []))] } }, anything)).map((one) => [one.id, one.displayName]));
  return {
    calls: first.map(({ workflowId, ...call }) => ({ ...call, groupName: names.get(workflowId ?? '') ?? null })),
    taken: calls.filter((one) => one.outcome === 'answered').length,
    missed: calls.filter((one) => MISSED.has(one.outcome)).length,
  };
}

function ofAgent({ workflowId, callerName, callerNumber, offers, agentId: winner, connectedAt, endedAt }: CallRecord, agentId: string): Omit<MyCall, 'groupName'> & { readonly workflowId: string | null } | null {
  const mine = offers.filter((one) => one.agentId === agentId);
  const last = mine.find((one) => one.outcome === 'answered') ?? mine.at(-1);
  if (!last) return null;
  const talked = last.outcome === 'answered' && winner === agentId && connectedAt !== null;
  return { workflowId, callerName, callerNumber, at: last.offeredAt, outcome: last.outcome, talkedMs: talked ? endedAt.getTime() - connectedAt.getTime() : null };
}
