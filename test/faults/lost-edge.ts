// The edge dies with everything it held: what the engine makes of the calls that were on it, and how soon.
import { type CallRecord } from '../../storage/model/record';
import { eventually } from '../support/system';
import { type World } from './fault';

/** Design: the engine notices within 2 s. What is written behind it may take a moment more. */
const CLOSED_WITHIN_MS = 4_000;

/** The edge is killed, everybody hangs up and calls again; each call that was there is closed as ended by the system, with one record. */
export async function loseEdge({ faults, crowd, words, amiss }: World): Promise<void> {
  const records = faults.system.connection.db.collection<CallRecord>('records');
  const beganMs = performance.now();
  faults.edge.signal('SIGKILL');
  const dropped = await crowd.drop();
  const names = dropped.map((number) => `Caller ${number}`);
  const closed = await eventually('the calls of the lost edge to be closed', async () => {
    const found = await records.find({ callerName: { $in: names } }).toArray();
    return found.length >= names.length && found;
  });
  const tookMs = Math.round(performance.now() - beganMs);
  words.push(`${closed.length} calls of the lost edge closed after ${tookMs} ms`);
  if (tookMs > CLOSED_WITHIN_MS) amiss.push(`calls of the lost edge closed after ${tookMs} ms in place of ${CLOSED_WITHIN_MS}`);
  const untrue = closed.filter(({ endedBy }) => endedBy !== 'system');
  if (untrue.length > 0) amiss.push(`${untrue.length} of these calls recorded as ended by ${[...new Set(untrue.map(({ endedBy }) => endedBy))].join(' and ')}`);
  // What nobody could hear is counted from here on.
  await crowd.mark();
}
