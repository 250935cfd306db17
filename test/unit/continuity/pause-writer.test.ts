// Pauses for unanswered offers: written once, tried while the database is away, dropped when somebody has chosen otherwise.
import { PAUSE_RETRY_MS, PauseWriter } from '../../../engine/continuity/pause-writer';
import { duty } from '../../../storage/model/agent';
import { createLog } from '../../../storage/process/log';
import { ManualTimers, settle } from '../../support/manual-timers';

function desk() {
  const timers = new ManualTimers();
  const asked: { agentId: string; requestId: string; onDuty?: boolean }[] = [];
  const written: string[] = [];
  const state: { away: boolean; refused: string | null } = { away: false, refused: null };
  const answer = async (ask: (typeof asked)[number]): Promise<string | null> => {
    asked.push(ask);
    if (state.away) throw new Error('away');
    return state.refused;
  };
  const writer = new PauseWriter({
    pause: (agentId, requestId) => answer({ agentId, requestId }),
    setDuty: ({ agentId, onDuty, requestId }) => answer({ agentId, requestId, onDuty }),
  }, { timers, log: createLog('test', 'silent'), dutyWritten: (_agentId, requestId) => { written.push(requestId); } });
  return { timers, asked, written, state, writer };
}
const dutyWith = (more: object) => duty.parse({ pool: 'main', id: 'd', version: 1, agentId: 'bob', onDuty: true, since: new Date(0), ...more });
const paused = { reason: '', since: new Date(0), until: null, by: 'agent' };

test('written once', async () => {
  const { timers, asked, writer } = desk();
  writer.pause('bob');
  await timers.pass(60_000);
  expect(asked.map(({ agentId }) => agentId)).toEqual(['bob']);
});

test('the database is away: tried again under the same one-time id, and everybody’s is written in the end', async () => {
  const { timers, asked, state, writer } = desk();
  state.away = true;
  writer.pause('bob');
  await timers.pass(PAUSE_RETRY_MS * 2);
  writer.pause('carla');
  expect(new Set(asked.map(({ requestId }) => requestId)).size).toBe(1);
  expect(asked.length).toBeGreaterThan(1);
  state.away = false;
  await timers.pass(PAUSE_RETRY_MS * 2);
  expect(asked.slice(-2).map(({ agentId }) => agentId)).toEqual(['bob', 'carla']);
  const { length } = asked;
  await timers.pass(60_000);
  expect(asked).toHaveLength(length);
});

test.each([
  ['went off duty', dutyWith({}), dutyWith({ onDuty: false }), 0],
  ['came back from a pause', dutyWith({ pause: paused }), dutyWith({}), 0],
  ['made a pause of their own', dutyWith({}), dutyWith({ pause: paused }), 0],
  ['was deleted', dutyWith({}), null, 0],
  ['signed in to a group', dutyWith({}), dutyWith({ signedIn: ['g'] }), 1],
] as const)('meanwhile the agent %s', async (_what, before, after, more) => {
  const { timers, asked, state, writer } = desk();
  state.away = true;
  writer.pause('bob');
  await settle();
  writer.dutyChanged('bob', before, after);
  state.away = false;
  await timers.pass(60_000);
  expect(asked).toHaveLength(1 + more);
});

test('refused for good: not tried again', async () => {
  const { timers, asked, state, writer } = desk();
  state.refused = 'notFound';
  writer.pause('bob');
  await timers.pass(60_000);
  expect(asked).toHaveLength(1);
});

test('closed: what is under way is awaited, nothing more is begun', async () => {
  const { timers, asked, state, writer } = desk();
  state.away = true;
  writer.pause('bob');
  await settle();
  const closed = writer.close();
  await timers.pass(PAUSE_RETRY_MS);
  await closed;
  writer.pause('carla');
  await timers.pass(60_000);
  expect(asked).toHaveLength(1);
});

test('a duty dialled while the database is away: the latest is written when it is back, once, whatever was dialled or paused before', async () => {
  const { timers, asked, written, state, writer } = desk();
  state.away = true;
  writer.pause('bob');
  writer.setDuty({ agentId: 'bob', onDuty: true, dialledAt: new Date(1), requestId: 'first' });
  writer.setDuty({ agentId: 'bob', onDuty: false, dialledAt: new Date(2), requestId: 'second' });
  await timers.pass(PAUSE_RETRY_MS * 2);
  state.away = false;
  const { length } = asked;
  await timers.pass(60_000);
  expect(asked.slice(length)).toEqual([{ agentId: 'bob', onDuty: false, requestId: 'second' }]);
  expect(written).toEqual(['second']);
});
