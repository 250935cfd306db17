// Forced races between callers and agents' phones: both orders of each, on legs, calls and core as they are.
import { settle } from '../../support/manual-timers';
import { World } from '../../support/calls-world';

const COMPLETED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';

/** Nothing may be left behind, and nothing may have gone wrong unseen. */
function expectOver(world: World): void {
  expect(world.faults).toEqual([]);
  expect(world.state.calls.size).toBe(0);
  expect(world.switchboard.size).toBe(0);
  const offered = world.effects.filter(({ type }) => type === 'offer').length;
  expect(world.eventsOf('legEnded')).toHaveLength(offered);
  for (const agent of world.state.agents.values()) expect(agent.leg).toBeNull();
}

describe('two phones answer at once', () => {
  test.each([['bob', 'carla'], ['carla', 'bob']])('%s first: wins, and %s gets ACK, BYE and a reason that is no missed call', async (winner, loser) => {
    const world = new World();
    world.group({ agents: ['bob', 'carla'] });
    const alice = await world.waits();
    const [won, lost] = [world.phone(winner), world.phone(loser)];
    for (const ring of [won, lost]) ring.says(180);
    lost.obeysCancel = false;
    won.answers();
    expect(lost.cancelledWith).toEqual({ Reason: COMPLETED_ELSEWHERE });
    lost.answers();
    expect(lost.acked).toBe(1);
    expect(world.byes.filter(({ dialogId }) => dialogId === lost.dialogId)).toEqual([expect.objectContaining({ method: 'BYE', headers: { Reason: COMPLETED_ELSEWHERE } })]);
    await settle();
    expect(world.eventsOf('connected')).toEqual([expect.objectContaining({ offerId: won.legId })]);
    expect(world.eventsOf('legEnded')).toEqual([expect.objectContaining({ offerId: lost.legId, outcome: 'withdrawn' })]);
    alice.hangsUp();
    await settle();
    expect(world.records).toEqual([expect.objectContaining({ outcome: 'answered', agentId: winner })]);
    expectOver(world);
  });

  test('the loser is still trying: its CANCEL waits for the 180, and its 200 is ended', async () => {
    const world = new World();
    world.group({ agents: ['bob', 'carla'] });
    const alice = await world.waits();
    world.phone('bob').answers();
    const carla = world.phone('carla');
    expect(carla.cancelledWith).toBeNull();
    carla.says(180);
    expect(carla.cancelledWith).toEqual({ Reason: COMPLETED_ELSEWHERE });
    await settle();
    alice.hangsUp();
    await settle();
    expectOver(world);
  });
});

describe('the caller hangs up while a phone answers', () => {
  test('hang-up first: the 200 that crosses our CANCEL is ACKed and ended, and nobody is connected', async () => {
    const world = new World();
    world.group();
    const alice = await world.waits();
    const bob = world.phone('bob');
    bob.says(180);
    bob.obeysCancel = false;
    alice.hangsUp();
    expect(bob.cancelledWith).toEqual({});
    bob.answers();
    await settle();
    expect(bob.acked).toBe(1);
    expect(world.byes).toEqual([expect.objectContaining({ dialogId: bob.dialogId })]);
    expect(world.eventsOf('offerAnswered')).toEqual([]);
    expect(world.records).toEqual([expect.objectContaining({ outcome: 'abandoned', agentId: null })]);
    expectOver(world);
  });

  test('answer first: both legs are ended, no CANCEL is sent', async () => {
    const world = new World();
    world.group();
    const alice = await world.waits();
    const bob = world.phone('bob');
    bob.says(180);
    bob.answers();
    alice.hangsUp();
    await settle();
    expect(bob.cancelledWith).toBeNull();
    expect(world.byes.filter(({ dialogId }) => dialogId === bob.dialogId)).toHaveLength(1);
    expectOver(world);
  });

  test('a phone that never answers our CANCEL: the leg is withdrawn by deadline, and a late 200 is still ended', async () => {
    const world = new World();
    world.group();
    const alice = await world.waits();
    const bob = world.phone('bob');
    bob.says(180);
    bob.obeysCancel = false;
    alice.hangsUp();
    await world.timers.pass(4_000);
    expectOver(world);
    bob.answers();
    expect(bob.acked).toBe(1);
    expect(world.byes).toEqual([expect.objectContaining({ dialogId: bob.dialogId })]);
    expect(world.eventsOf('legEnded')).toHaveLength(1);
  });
});

describe('the caller cancels while we answer', () => {
  test('CANCEL while media is prepared: cancelled, no 200, the anchor is let go', async () => {
    const world = new World();
    world.group();
    const alice = world.dials();
    alice.invite.cancel();
    await settle();
    expect(alice.invite.answers).toEqual([]);
    expect(world.eventsOf('callerGone')).toEqual([expect.objectContaining({ cause: 'cancelled' })]);
    expect(world.media.done.map((each) => each.split(' ')[0])).toEqual(['release']);
    expectOver(world);
  });

  test('CANCEL reached the edge before our 200: the edge refuses the 200, and the call is cancelled', async () => {
    const world = new World();
    world.group();
    const alice = world.dials('help', { prepare: (invite) => { invite.acceptMode = 'refuse'; } });
    await settle();
    expect(world.eventsOf('callerGone')).toEqual([expect.objectContaining({ cause: 'cancelled' })]);
    alice.invite.cancel();
    await settle();
    expect(world.eventsOf('callerGone')).toHaveLength(1);
    expectOver(world);
  });

  test('CANCEL after our 200: too late, the call goes on', async () => {
    const world = new World();
    world.group();
    const alice = world.dials();
    await settle();
    alice.invite.cancel();
    alice.acks();
    await settle();
    expect(world.eventsOf('callerGone')).toEqual([]);
    expect(world.eventsOf('callerAnswered')).toHaveLength(1);
  });

  test('no ACK ever: we end the dialog, the call failed', async () => {
    const world = new World();
    world.group();
    const alice = world.dials();
    await world.timers.pass(35_000);
    expect(alice.byes).toHaveLength(1);
    expect(world.eventsOf('callerGone')).toEqual([expect.objectContaining({ cause: 'failed' })]);
    expect(world.records).toEqual([expect.objectContaining({ outcome: 'failed' })]);
    expectOver(world);
  });

  test('hang-up and our own end cross: the caller is gone once', async () => {
    const world = new World();
    world.group();
    const alice = await world.waits();
    world.answersBye = false;
    world.switchboard.endAll();
    expect(alice.hangsUp().status).toBe(200);
    await world.timers.pass(5_000);
    expect(world.eventsOf('callerGone')).toHaveLength(1);
  });
});

describe('an agent hangs up', () => {
  test('while talking: the caller gets a BYE', async () => {
    const world = new World();
    world.group();
    const alice = await world.waits();
    const bob = world.phone('bob');
    bob.says(180);
    bob.answers();
    await settle();
    expect(bob.hangsUp().status).toBe(200);
    await settle();
    expect(alice.byes).toHaveLength(1);
    expect(world.records).toEqual([expect.objectContaining({ outcome: 'answered', endedBy: 'agent' })]);
    expectOver(world);
  });

  test('before caller and agent are joined: the caller waits again and the next phone is rung', async () => {
    const world = new World();
    world.group({ agents: ['bob', 'carla'] });
    await world.waits();
    world.media.stallOnce('bridge');
    const bob = world.phone('bob');
    bob.says(180);
    bob.answers();
    bob.hangsUp();
    await world.timers.pass(6_000);
    expect(world.state.calls.size).toBe(1);
    expect(world.rings.filter(({ outgoing }) => outgoing.uri === 'sip:carla@192.0.2.1').length).toBeGreaterThan(0);
    expect(world.faults).toEqual([]);
  });
});

describe('the edge dies', () => {
  test('while phones ring: each leg ends once, the caller keeps waiting', async () => {
    const world = new World();
    world.group({ agents: ['bob', 'carla'] });
    await world.waits();
    world.switchboard.linkDown();
    expect(world.eventsOf('legEnded')).toHaveLength(2);
    expect(world.state.calls.size).toBe(1);
  });

  test('before we answered: the INVITE is told again and answered once', async () => {
    const world = new World();
    world.group();
    const alice = world.dials('help', { prepare: (invite) => { invite.acceptMode = 'silent'; } });
    await settle();
    world.switchboard.linkDown();
    alice.invite.acceptMode = 'accept';
    world.tell(alice.invite);
    expect(alice.invite.answers.map(({ status }) => status)).toEqual([200, 200]);
    alice.acks();
    await settle();
    expect(world.eventsOf('callArrived')).toHaveLength(1);
    expect(world.eventsOf('callerAnswered')).toHaveLength(1);
  });

  test('and never comes back: an unanswered caller is given up', async () => {
    const world = new World();
    world.group();
    world.dials('help', { prepare: (invite) => { invite.acceptMode = 'silent'; } });
    await settle();
    world.switchboard.linkDown();
    await world.timers.pass(10_000);
    expect(world.eventsOf('callerGone')).toEqual([expect.objectContaining({ cause: 'failed' })]);
    expectOver(world);
  });
});
