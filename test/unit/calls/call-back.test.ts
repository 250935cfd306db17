// A call back that keeps the place, with everything that may cross it: who hangs up at once, who answers too late, whose number may not be called any more.
import { duty } from '../../../storage/model/agent';
import { poolSettings } from '../../../storage/model/settings';
import { trunk } from '../../../storage/model/trunk';
import { type CallerCall, World } from '../../support/calls-world';
import { settle } from '../../support/manual-timers';

const stored = { pool: 'main', version: 1 };
const TALK = 'v=0\r\na=sendrecv\r\n';
const ALICE = '+442071234567';
const at = (number: string): string => `sip:${number}@trunk.test`;
const MINUTE = 60_000;

/** Bob serves the queue, and calls can go out to numbers of +44. */
function opened(): World {
  const world = new World();
  world.group({ queue: { callBackKey: '8', timeoutSeconds: 90, timeoutAction: { kind: 'disconnect' } } });
  world.configure([
    { kind: 'trunks', id: 'trunk', before: null, after: trunk.parse({ ...stored, id: 'trunk', name: 'Trunk', host: 'trunk.test' }) },
    { kind: 'settings', id: 'settings', before: null, after: poolSettings.parse({ ...stored, id: 'settings', numberPolicy: { allowedPrefixes: ['+44'] } }) },
  ]);
  return world;
}

async function calls(world: World, from: string): Promise<CallerCall> {
  const call = world.dials('help', { headers: { from } });
  await settle();
  call.acks();
  await settle();
  return call;
}
const callsFrom = (world: World, number: string): Promise<CallerCall> => calls(world, `<${at(number)}>;tag=t${number.slice(1)}`);

/** Bob talks to somebody until he hangs up. */
async function busy(world: World): Promise<() => Promise<void>> {
  await callsFrom(world, '+442070000000');
  const phone = world.phone('bob');
  phone.says(200, TALK);
  await settle();
  return async () => {
    phone.hangsUp();
    await settle();
  };
}

/** Alice waits, asks to be called back, and hears so to the end. */
async function asked(world: World): Promise<void> {
  const alice = await callsFrom(world, ALICE);
  // A phone that has said nothing yet could not be cancelled.
  for (const ring of world.rings) if (ring.acked === 0) ring.says(180);
  alice.presses('8');
  await settle();
  await world.timers.pass(3_000);
}

const dialled = (world: World): number => world.rings.filter(({ outgoing }) => outgoing.uri === at(ALICE)).length;
const recordOf = (world: World, number: string, back: boolean) => world.records.find((record) => record.callerNumber === number && (record.callBackOf !== undefined) === back);

test('is rung when it is the caller\'s turn, before whoever came later, and talks as any caller', async () => {
  const world = opened();
  const bobHangsUp = await busy(world);
  await asked(world);
  expect(recordOf(world, ALICE, false)).toMatchObject({ outcome: 'callBack', endedBy: 'system', steps: [{ why: 'callBack', to: `tel:${ALICE}` }] });
  expect(world.sounds.asked).toContain('en-US We will call you back when it is your turn. You keep your place in the queue. Goodbye.');
  expect(dialled(world)).toBe(0);
  // The queue's timeout is not for who is not on the phone.
  await world.timers.pass(10 * MINUTE);
  const later = await callsFrom(world, '+442079999999');
  await bobHangsUp();
  expect(dialled(world)).toBe(1);
  expect(world.outside(at(ALICE)).outgoing.headers).toMatchObject({ 'Call-ID': expect.stringMatching(/-back\.1$/) as string });
  // Bob is not kept from the next caller for a phone that only rings.
  const bob = world.phone('bob');
  expect(bob.legId).not.toMatch(/back/);
  world.outside(at(ALICE)).says(200, TALK);
  await settle();
  bob.says(180);
  bob.says(486);
  await settle();
  await world.timers.pass(10_000);
  // Busy for a moment, and free: alice has the older place.
  const again = world.phone('bob');
  expect(again.legId).toMatch(/-back\.2$/);
  again.says(200, TALK);
  await settle();
  expect(world.media.heard.get(again.legId.split('.')[0] ?? '')?.joined).toBe(true);
  world.outside(at(ALICE)).hangsUp();
  await settle();
  const [first, back] = [recordOf(world, ALICE, false), recordOf(world, ALICE, true)];
  expect(back).toMatchObject({ outcome: 'answered', endedBy: 'caller', agentId: 'bob', callBackOf: first?._id, arrivedAt: first?.arrivedAt, joinedQueueAt: first?.joinedQueueAt });
  world.phone('bob').says(180);
  later.hangsUp();
  await settle();
  expect(world.faults).toEqual([]);
  expect([world.state.calls.size, world.switchboard.size, world.media.anchors.size]).toEqual([0, 0, 0]);
});

test('pressed and hung up at once: the promise stands', async () => {
  const world = opened();
  const alice = await callsFrom(world, ALICE);
  world.phone('bob').says(180);
  alice.presses('8');
  alice.hangsUp();
  await settle();
  expect(recordOf(world, ALICE, false)).toMatchObject({ outcome: 'callBack', endedBy: 'caller' });
  expect(world.phone('bob').cancelledWith).not.toBeNull();
  expect(dialled(world)).toBe(1);
});

test.each([
  ['nobody knows who calls', '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=x'],
  ['no trunk vouches for the number', `<sip:${ALICE}@elsewhere.test>;tag=x`],
  ['the policy does not allow the number', `<${at('+33712345678')}>;tag=x`],
  ['an emergency number calls', `<${at('+112')}>;tag=x`],
])('cannot be where %s: that is said, and the caller waits on', async (_title, from) => {
  const world = opened();
  await busy(world);
  const caller = await calls(world, from);
  const [, callId = ''] = [...world.state.calls.keys()];
  caller.presses('8');
  await settle();
  expect(world.media.heard.get(callId)?.playing.caller).toEqual({ file: 'We cannot call this number back. Please stay on the line..wav', repeat: false });
  await world.timers.pass(3_000);
  expect(world.media.heard.get(callId)?.playing.caller).toEqual({ file: 'music.wav', repeat: true });
  expect(world.state.calls.size).toBe(2);
});

test('answered just as it is given up: let go, and rung once more after two minutes; then it is over, and the record says so', async () => {
  const world = opened();
  await asked(world);
  const first = world.outside(at(ALICE));
  first.obeysCancel = false;
  first.says(180);
  await world.timers.pass(30_000);
  expect(first.cancelledWith).not.toBeNull();
  first.says(200, TALK);
  await settle();
  expect(world.byes.some(({ dialogId }) => dialogId === first.dialogId)).toBe(true);
  expect(world.media.anchors.size).toBe(0);
  await world.timers.pass(2 * MINUTE - 1);
  expect(dialled(world)).toBe(1);
  await world.timers.pass(1);
  expect(dialled(world)).toBe(2);
  world.outside(at(ALICE)).says(486);
  await settle();
  expect(recordOf(world, ALICE, true)).toMatchObject({ outcome: 'notReached', endedBy: 'system', agentId: null, steps: [{ why: 'callBack' }, { why: 'callBack' }] });
  expect([world.state.calls.size, world.switchboard.size, world.media.anchors.size]).toEqual([0, 0, 0]);
});

test('the queue is deleted while the phone rings: the ring is taken back', async () => {
  const world = opened();
  await asked(world);
  world.outside(at(ALICE)).says(180);
  const { queues, workflows } = world.state.configuration.objects;
  world.configure([{ kind: 'workflows', id: 'w', before: workflows.get('w') ?? null, after: null }, { kind: 'queues', id: 'q', before: queues.get('q') ?? null, after: null }]);
  await settle();
  expect(world.outside(at(ALICE)).cancelledWith).not.toBeNull();
  expect(recordOf(world, ALICE, true)).toMatchObject({ outcome: 'failed' });
  expect([world.state.calls.size, world.switchboard.size, world.media.anchors.size]).toEqual([0, 0, 0]);
});

test('the policy is narrowed meanwhile: nobody is called, and the record says that the caller was not reached', async () => {
  const world = opened();
  const bobHangsUp = await busy(world);
  await asked(world);
  world.configure([{ kind: 'settings', id: 'settings', before: null, after: poolSettings.parse({ ...stored, id: 'settings', numberPolicy: { allowedPrefixes: ['+33'] } }) }]);
  await bobHangsUp();
  expect(dialled(world)).toBe(0);
  expect(recordOf(world, ALICE, true)).toMatchObject({ outcome: 'notReached' });
});

test('the last agent is gone as the caller picks up: music, and the next agent has the call', async () => {
  const world = opened();
  await asked(world);
  const bobsDuty = (onDuty: boolean): void => { world.configure([{ kind: 'duties', id: 'bob', before: null, after: duty.parse({ ...stored, id: 'bob', agentId: 'bob', onDuty, since: world.civil() }) }]); };
  bobsDuty(false);
  world.outside(at(ALICE)).says(200, TALK);
  await settle();
  const [callId = ''] = [...world.state.calls.keys()];
  expect(world.media.heard.get(callId)?.playing.caller).toEqual({ file: 'music.wav', repeat: true });
  bobsDuty(true);
  await settle();
  expect(world.phone('bob').legId).toBe(`${callId}.2`);
  // On the phone again, the queue's timeout holds, and counts from there.
  await world.timers.pass(90_000);
  await settle();
  expect(recordOf(world, ALICE, true)).toMatchObject({ outcome: 'timedOut', endedBy: 'system' });
});

test('nobody is free for hours: the promise ends, and the record says so', async () => {
  const world = opened();
  await busy(world);
  await asked(world);
  await world.timers.pass(4 * 60 * MINUTE);
  expect(recordOf(world, ALICE, true)).toMatchObject({ outcome: 'notReached' });
  expect(recordOf(world, ALICE, true)?.steps).toBeUndefined();
  expect(dialled(world)).toBe(0);
});

test('who calls again and asks again has one place, the first', async () => {
  const world = opened();
  await busy(world);
  await asked(world);
  await asked(world);
  expect(world.records.filter(({ outcome }) => outcome === 'callBack')).toHaveLength(2);
  expect([...world.state.calls.keys()].filter((callId) => callId.endsWith('-back'))).toHaveLength(1);
});

test('picked up in the moment after the last writing of an engine: the next has the caller on the phone', async () => {
  const world = opened();
  await asked(world);
  const written = world.written();
  world.outside(at(ALICE)).says(200, TALK);
  await settle();
  world.takeOver(written);
  await settle();
  expect(dialled(world)).toBe(1);
  world.phone('bob').says(200, TALK);
  await settle();
  world.outside(at(ALICE)).hangsUp();
  await settle();
  expect(recordOf(world, ALICE, true)).toMatchObject({ outcome: 'answered', agentId: 'bob', endedBy: 'caller' });
  expect([...world.dialogs]).toEqual([]);
});
