// What the edge says exists, what our legs know and what the journal meant: made to agree, truthfully, and never on one look.
import { recordOfLeftover } from '../../../engine/continuity/documents';
import { closeLeftovers, reconcileLegs, SECOND_LOOK_MS } from '../../../engine/continuity/reconcile';
import { type Inventory } from '../../../engine/continuity/inventory';
import { type JournalEntry } from '../../../storage/journal';
import { journalCall } from '../../../engine/core/journal';
import { bodyOf } from '../../../engine/continuity/documents';
import { createLog } from '../../../storage/process/log';
import { World } from '../../support/calls-world';
import { ManualTimers, settle } from '../../support/manual-timers';

const log = createLog('test', 'silent');
const dialog = (id: string, state: 'early' | 'confirmed' | 'ending' = 'confirmed'): Inventory['dialogs'][number] => ({ id, callId: id, localTag: 'l', remoteTag: 'r', remoteUri: '', role: 'uas', state, createdAtMs: 0, owned: false, arrival: null });

async function reconcile(looks: readonly Partial<Inventory>[], ours: readonly (readonly string[])[], anchors: readonly string[] = [], seen: Inventory['events'] = []) {
  const timers = new ManualTimers();
  const ended: string[] = [];
  const vanished: string[] = [];
  const released: string[] = [];
  let look = 0;
  const done = reconcileLegs({
    timers, log,
    inventory: {
      read: () => Promise.resolve({ edge: '', owner: { epoch: 1, engine: '', connected: true, responsive: true, sinceMs: 0 }, epoch: 1, engineConnected: true, startedAtMs: 0, dialogs: [], anchors: [], events: [], ...looks[Math.min(look++, looks.length - 1)] }),
      end: (id) => { ended.push(id); return Promise.resolve(); },
      forget: () => Promise.resolve(),
    },
    legs: { liveDialogs: () => new Set(ours[Math.min(look, ours.length - 1)]), vanished: (id, cause) => { vanished.push(`${id} ${cause}`); } },
    ownsAnchor: (id) => anchors.includes(id),
    releaseAnchor: (id) => { released.push(id); return Promise.resolve(); },
  }, seen);
  await timers.pass(SECOND_LOOK_MS);
  await done;
  return { ended, vanished, released };
}

test('a dialog nobody owns, seen twice: ended', async () => {
  expect(await reconcile([{ dialogs: [dialog('d1')] }], [[]])).toEqual({ ended: ['d1'], vanished: [], released: [] });
});

test('a dialog our leg has just made, which the inventory knew first: left alone', async () => {
  expect((await reconcile([{ dialogs: [dialog('d1')] }], [[], [], ['d1']])).ended).toEqual([]);
});

test.each(['early', 'ending'] as const)('a dialog nobody owns that is %s has its own way out', async (state) => {
  expect((await reconcile([{ dialogs: [dialog('d1', state)] }], [[]])).ended).toEqual([]);
});

test('a leg whose dialog is gone, seen twice: over, and ended by us where the edge saw nobody end it', async () => {
  expect((await reconcile([{}], [['d1']])).vanished).toEqual(['d1 endedByUs']);
});

test('a leg whose other side hung up while the edge could not tell, as it tells now or told before: hung up', async () => {
  const event = (dialog: string): Inventory['events'][number] => ({ sequence: 1, event: 'dialogEnded', dialog, callId: '', atMs: 0, cause: 'bye' });
  expect((await reconcile([{ events: [event('d2')] }], [['d1', 'd2', 'd3']], [], [event('d1')])).vanished).toEqual(['d1 hungUp', 'd2 hungUp', 'd3 endedByUs']);
});

test('a leg whose dialog was made while the answer was under way: stays', async () => {
  expect((await reconcile([{}, { dialogs: [dialog('d1')] }], [['d1']])).vanished).toEqual([]);
});

test('an anchor nobody owns: released; ours: kept', async () => {
  const anchor = (callId: string) => ({ callId, createdAtMs: 0, playing: true });
  expect((await reconcile([{ anchors: [anchor('old'), anchor('ours')] }], [[]], ['ours'])).released).toEqual(['old']);
});

describe('a journalled call without legs', () => {
  const at = new Date('2026-01-01T12:00:00Z');

  async function entry(advance: (world: World) => Promise<void> = async () => undefined): Promise<JournalEntry> {
    const world = new World();
    world.group();
    await world.waits();
    await advance(world);
    const [callId = ''] = world.state.calls.keys();
    const call = journalCall(world.state, callId, { monotonicMs: world.timers.nowMs(), civil: world.civil() });
    if (call === null) throw new Error('no call');
    return { id: callId, epoch: 1, revision: 1, body: bodyOf(call, (id) => world.switchboard.dialogOf(id)) };
  }
  const talk = async (world: World): Promise<void> => {
    world.phone('bob').says(180);
    world.phone('bob').answers();
    await settle();
  };
  const callerDialog = (given: JournalEntry): string => (given.body as unknown as { dialogs: Record<string, string> }).dialogs[given.id] ?? '';

  test('nobody saw its end: interrupted, by the system, now', async () => {
    const given = await entry();
    expect(recordOfLeftover(given, 'main', [], at)).toMatchObject({ _id: given.id, outcome: 'interrupted', endedBy: 'system', endedAt: at, workflowId: 'w' });
  });

  test('the edge saw its caller hang up in the queue: abandoned, then', async () => {
    const given = await entry();
    const end = { dialog: callerDialog(given), atMs: 1_000, cause: 'bye' };
    expect(recordOfLeftover(given, 'main', [end], at)).toMatchObject({ outcome: 'abandoned', endedBy: 'caller', endedAt: new Date(1_000) });
  });

  test('the edge saw its caller hang up after talking: answered', async () => {
    const given = await entry(talk);
    const end = { dialog: callerDialog(given), atMs: 1_000, cause: 'bye' };
    expect(recordOfLeftover(given, 'main', [end], at)).toMatchObject({ outcome: 'answered', endedBy: 'caller', agentId: 'bob' });
    expect(recordOfLeftover(given, 'main', [], at)).toMatchObject({ outcome: 'interrupted', agentId: 'bob' });
  });

  test('what was answered, where it was sent and how urgent it was are kept; who hangs up during the last words was turned away', async () => {
    const world = new World();
    world.group({
      workflow: {
        priority: 2, defaultAction: { kind: 'question', questionId: 'top' },
        questions: [{ id: 'top', name: 'Top', prompt: { text: 'which?' }, answers: [{ name: 'Nobody', key: '1', action: { kind: 'disconnect', prompt: { text: 'nobody is there' } } }] }],
      },
    });
    await world.waits();
    const [callId = ''] = world.state.calls.keys();
    world.media.press(callId, '1');
    await settle();
    const call = journalCall(world.state, callId, { monotonicMs: world.timers.nowMs(), civil: world.civil() });
    const given: JournalEntry = { id: callId, epoch: 1, revision: 1, body: bodyOf(call!, (id) => world.switchboard.dialogOf(id)) };
    const end = { dialog: callerDialog(given), atMs: 1_000, cause: 'bye' };
    expect(recordOfLeftover(given, 'main', [end], at)).toMatchObject({ outcome: 'chosen', endedBy: 'caller', priority: 2, answers: [{ question: 'Top', answer: 'Nobody' }], steps: [{ why: 'chosen', to: 'disconnect' }] });
    expect(recordOfLeftover(given, 'main', [], at)).toMatchObject({ outcome: 'interrupted', answers: [{ question: 'Top', answer: 'Nobody' }] });
  });

  test('it was ending already: as the core had settled it', async () => {
    const given = await entry(async (world) => {
      await talk(world);
      world.answersBye = false;
      world.phone('bob').hangsUp();
      await settle();
    });
    expect(recordOfLeftover(given, 'main', [], at)).toMatchObject({ outcome: 'answered', endedBy: 'agent' });
  });

  test('unreadable entries leave no record and stop nobody else\'s', async () => {
    const good = await entry();
    expect(closeLeftovers([{ id: 'x', epoch: 1, revision: 1, body: { nonsense: true } }, good], 'main', [], at, log).map(({ _id }) => _id)).toEqual([good.id]);
  });
});
