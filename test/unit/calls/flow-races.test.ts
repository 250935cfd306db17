// Forced races of the flow beyond one queue and one phone: both orders of each, on legs, calls and core as they are.
import { poolSettings } from '../../../storage/model/settings';
import { type GroupOptions, type PhoneCall, World } from '../../support/calls-world';
import { settle } from '../../support/manual-timers';

const MOBILE = 'sip:+447700@trunk.test';
const SDP = 'v=0\r\na=sendrecv\r\n';

function world(options: GroupOptions = {}): World {
  const made = new World();
  made.group({ agents: ['bob', 'carla'], agentGroup: { routingMethod: 'serial' }, ...options });
  made.configure([{ kind: 'settings', id: 's', before: null, after: poolSettings.parse({ pool: 'main', version: 1, id: 's', numberPolicy: { allowedPrefixes: ['+44'] } }) }]);
  return made;
}

/** Nothing may be left behind, and nothing may have gone wrong unseen. */
async function expectOver(made: World, record: object): Promise<void> {
  await made.timers.pass(40_000);
  expect(made.faults).toEqual([]);
  expect(made.records).toEqual([expect.objectContaining(record)]);
  expect(made.state.calls.size).toBe(0);
  expect(made.switchboard.size).toBe(0);
  expect([...made.media.anchors]).toEqual([]);
}

/** A caller who talks to bob. */
async function talking(options: GroupOptions = {}) {
  const made = world(options);
  const alice = await made.waits();
  const bob = made.phone('bob');
  bob.answers();
  await settle();
  expect(made.eventsOf('connected')).toHaveLength(1);
  return { made, alice, bob };
}

const notified = (made: World, phone: PhoneCall): string[] => made.byes.filter(({ method, dialogId }) => method === 'NOTIFY' && dialogId === phone.dialogId).map(({ body }) => body?.trim() ?? '');
const byes = (made: World, phone: PhoneCall): number => made.byes.filter(({ method, dialogId }) => method === 'BYE' && dialogId === phone.dialogId).length;

describe('press 1', () => {
  const options: GroupOptions = { agents: ['bob'], agent: { contacts: [{ kind: 'number', number: '+447700' }] } };
  const pickedUp = async () => {
    const made = world(options);
    const alice = await made.waits();
    const mobile = made.outside(MOBILE);
    mobile.answers();
    await settle();
    const anchor = [...made.media.anchors].find((name) => name.includes('#')) ?? '';
    expect(made.media.done.at(-1)).toContain('Press 1 to take it');
    return { made, alice, mobile, anchor };
  };

  test('pressed: the phone is brought to the caller by re-INVITE, the desk phone stops ringing, both talk', async () => {
    const { made, alice, mobile, anchor } = await pickedUp();
    made.media.press(anchor, '1');
    await settle();
    expect(made.reinvites.map(({ outgoing }) => [outgoing.dialogId, outgoing.body])).toEqual([[mobile.dialogId, 'our offer']]);
    expect(made.phone('bob').cancelledWith ?? 'still trying').not.toBeNull();
    expect(made.eventsOf('connected')).toHaveLength(1);
    alice.hangsUp();
    await expectOver(made, { outcome: 'answered', agentId: 'bob' });
  });

  test('the desk phone answers before the key: it has the call, the mobile gets BYE', async () => {
    const { made, alice, mobile, anchor } = await pickedUp();
    made.phone('bob').answers();
    made.media.press(anchor, '1');
    await settle();
    expect(made.eventsOf('connected')).toHaveLength(1);
    expect(byes(made, mobile)).toBe(1);
    expect(made.reinvites).toEqual([]);
    alice.hangsUp();
    await expectOver(made, { outcome: 'answered', agentId: 'bob' });
  });

  test('a voicemail hears the sentence until the alert time is over: the call goes on ringing for others', async () => {
    const { made, alice, mobile } = await pickedUp();
    made.phone('bob').says(180);
    await made.timers.pass(21_000);
    expect(byes(made, mobile)).toBe(1);
    expect([...made.media.anchors].filter((name) => name.includes('#') && name.startsWith(mobile.legId))).toEqual([]);
    expect(made.state.calls.size).toBe(1);
    alice.hangsUp();
    await expectOver(made, { outcome: 'abandoned' });
  });

  test('the caller hangs up while it is asked: BYE there, and its anchor goes', async () => {
    const { made, alice, mobile } = await pickedUp();
    alice.hangsUp();
    await settle();
    expect(byes(made, mobile)).toBe(1);
    await expectOver(made, { outcome: 'abandoned' });
  });

  test.each([[488], [null]])('pressed, and the re-INVITE is answered %p: that leg is over, the caller is not lost', async (status) => {
    const { made, alice, anchor } = await pickedUp();
    made.answersReinvites = status;
    made.media.press(anchor, '1');
    await made.timers.pass(40_000);
    expect(made.eventsOf('connected')).toEqual([]);
    expect(made.state.calls.size).toBe(1);
    alice.hangsUp();
    await expectOver(made, { outcome: 'abandoned' });
  });
});

describe('a blind transfer', () => {
  const transferring = async () => {
    const { made, alice, bob } = await talking();
    const refer = bob.transfersTo('sip:carla@example.test');
    await settle();
    expect(refer.status).toBe(202);
    expect(made.media.done.slice(-2).map((each) => each.split(' ')[0])).toEqual(['separate', 'play']);
    return { made, alice, bob, carla: made.phone('carla') };
  };

  test('the target answers: joined, told with 200, and the first phone gets BYE', async () => {
    const { made, alice, bob, carla } = await transferring();
    carla.answers();
    await settle();
    expect(made.eventsOf('connected')).toHaveLength(2);
    expect(notified(made, bob).at(-1)).toContain('200');
    expect(byes(made, bob)).toBe(1);
    carla.hangsUp();
    await settle();
    expect(alice.byes).toHaveLength(1);
    await expectOver(made, { outcome: 'answered' });
  });

  test('the target is busy: told so, and joined again with the first', async () => {
    const { made, bob, carla } = await transferring();
    carla.says(486);
    await settle();
    expect(notified(made, bob).at(-1)).toContain('486');
    expect(made.eventsOf('connected')).toHaveLength(2);
    expect(made.media.done.at(-1)).toContain('bridge');
    bob.hangsUp();
    await expectOver(made, { outcome: 'answered', agentId: 'bob', endedBy: 'agent' });
  });

  test('the caller hangs up as the target answers: everybody gets BYE', async () => {
    const { made, alice, bob, carla } = await transferring();
    alice.hangsUp();
    carla.obeysCancel = false;
    carla.answers();
    await settle();
    expect([byes(made, carla), byes(made, bob)]).toEqual([1, 1]);
    await expectOver(made, { outcome: 'answered', endedBy: 'caller' });
  });

  test('the target answers as the caller hangs up: everybody gets BYE', async () => {
    const { made, alice, bob, carla } = await transferring();
    carla.answers();
    alice.hangsUp();
    await settle();
    expect([byes(made, carla), byes(made, bob)]).toEqual([1, 1]);
    await expectOver(made, { outcome: 'answered', endedBy: 'caller' });
  });

  test('the first phone hangs up, then the target declines: the caller waits again, with music', async () => {
    const { made, alice, bob, carla } = await transferring();
    bob.hangsUp();
    await settle();
    carla.says(603);
    await settle();
    expect(alice.byes).toEqual([]);
    expect([...made.state.calls.values()].map(({ phase }) => phase.state)).toEqual([expect.stringMatching(/queued|offering/)]);
    alice.hangsUp();
    await expectOver(made, { outcome: 'answered' });
  });

  test('held before, joined again after: still held, with music', async () => {
    const { made, alice, bob } = await talking();
    bob.renegotiates('v=0\r\na=sendonly\r\n');
    await settle();
    bob.transfersTo('sip:carla@example.test');
    await settle();
    made.phone('carla').says(486);
    await settle();
    expect(made.media.done.slice(-2).map((each) => each.split(' ')[0])).toEqual(['bridge', 'play']);
    bob.renegotiates(SDP);
    await settle();
    expect(made.media.done.at(-1)).toContain('stop');
    alice.hangsUp();
    await expectOver(made, { outcome: 'answered' });
  });
});

describe('an attended transfer', () => {
  test('the consulted agent’s phone moves to the caller by re-INVITE; the consultation leaves a record of its own', async () => {
    const { made, alice, bob } = await talking();
    const consultation = made.dials('carla', { headers: { from: '<sip:bob@example.test>;tag=b2' } });
    await settle();
    consultation.acks();
    await settle();
    const carla = made.phone('carla');
    carla.answers();
    await settle();
    expect(made.eventsOf('connected')).toHaveLength(2);
    const refer = bob.transfersTo(`sip:carla@example.test?Replaces=${encodeURIComponent(consultation.replaces)}`);
    await settle();
    expect(refer.status).toBe(202);
    expect(made.reinvites.map(({ outgoing }) => outgoing.dialogId)).toEqual([carla.dialogId]);
    expect(made.eventsOf('connected')).toHaveLength(3);
    expect([byes(made, bob), consultation.byes.length, byes(made, carla)]).toEqual([1, 1, 0]);
    carla.hangsUp();
    await settle();
    expect(alice.byes).toHaveLength(1);
    await made.timers.pass(40_000);
    expect(made.records).toHaveLength(2);
    expect([...made.media.anchors]).toEqual([]);
    expect(made.state.calls.size).toBe(0);
  });
});

describe('an INVITE that takes the caller’s place and is cancelled', () => {
  test.each(['before its place is made', 'after it was answered'])('%s: the call ends with it, and no leg is left', async (order) => {
    const { made, alice, bob } = await talking();
    if (order === 'before its place is made') made.media.slowOnce('renegotiate');
    const taker = made.dials('help', { headers: { from: '<sip:carla@example.test>;tag=c1', replaces: alice.replaces } });
    await settle();
    taker.invite.cancel();
    await settle();
    made.media.answerSlow();
    await settle();
    // Crossed by a 200, a CANCEL changes nothing (RFC 3261 section 9.2): that phone has the call until its BYE.
    if (order === 'after it was answered') {
      expect(taker.invite.status).toBe(200);
      expect(byes(made, bob)).toBe(0);
      taker.acks();
      taker.hangsUp();
    }
    await expectOver(made, { outcome: 'answered' });
    expect([alice.byes.length, byes(made, bob)]).toEqual([1, 1]);
  });
});

describe('sent on to a number', () => {
  const forwarding = async () => {
    const made = world({ agents: [], queue: { timeoutSeconds: 10, timeoutAction: { kind: 'number', number: '+4420' } } });
    const alice = await made.waits();
    await made.timers.pass(10_000);
    expect(made.media.done.at(-1)).toContain('ringback');
    return { made, alice, there: made.outside('sip:+4420@trunk.test') };
  };

  test('answered: joined, forwarded', async () => {
    const { made, alice, there } = await forwarding();
    there.answers();
    await settle();
    expect(made.eventsOf('connected')).toHaveLength(1);
    alice.hangsUp();
    await settle();
    expect(byes(made, there)).toBe(1);
    await expectOver(made, { outcome: 'forwarded', endedBy: 'caller' });
  });

  test('the caller hangs up as it is answered: ACK and BYE there', async () => {
    const { made, alice, there } = await forwarding();
    there.says(180);
    there.obeysCancel = false;
    alice.hangsUp();
    there.answers();
    await settle();
    expect([there.acked, byes(made, there)]).toEqual([1, 1]);
    await expectOver(made, { endedBy: 'caller' });
  });

  test('nobody takes it there: the call ends, as what it was sent on for', async () => {
    const { made, alice, there } = await forwarding();
    there.says(486);
    await settle();
    expect(alice.byes).toHaveLength(1);
    await expectOver(made, { outcome: 'timedOut', endedBy: 'system' });
  });
});

describe('a dialled pick-up', () => {
  const waiting = async () => {
    const made = world({ agents: ['bob'], agentGroup: { routingMethod: 'attendant' } });
    const alice = await made.waits();
    expect(made.rings).toEqual([]);
    return { made, alice };
  };
  const dial = (made: World) => made.dials('*8', { headers: { from: '<sip:bob@example.test>;tag=b' } });

  test('answered with the caller’s sound: both talk, one record', async () => {
    const { made, alice } = await waiting();
    const bob = dial(made);
    await settle();
    bob.acks();
    await settle();
    expect(bob.invite.answers.at(-1)).toMatchObject({ status: 200, body: 'answer to v=0\r\ncaller' });
    expect(made.eventsOf('connected')).toHaveLength(1);
    bob.hangsUp();
    await settle();
    expect(alice.byes).toHaveLength(1);
    await expectOver(made, { outcome: 'answered', agentId: 'bob', endedBy: 'agent' });
  });

  test('the caller hangs up meanwhile: the phone is turned away', async () => {
    const { made, alice } = await waiting();
    made.media.slowOnce('bridgeOffer');
    const bob = dial(made);
    await settle();
    alice.hangsUp();
    await settle();
    expect(bob.invite.status).toBe(480);
    made.media.answerSlow();
    await expectOver(made, { outcome: 'abandoned' });
  });

  test('the phone gives up meanwhile: the caller waits on, with music', async () => {
    const { made, alice } = await waiting();
    made.media.slowOnce('bridgeOffer');
    const bob = dial(made);
    await settle();
    bob.invite.cancel();
    made.media.answerSlow();
    await settle();
    expect(made.media.done.slice(-2).map((each) => each.split(' ')[0])).toEqual(['separate', 'play']);
    alice.hangsUp();
    await expectOver(made, { outcome: 'abandoned' });
  });
});
