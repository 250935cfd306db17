// Media that fails or never answers, at each step of a call: the core always hears of it, and the call always goes on or ends.
import { CALLER_SDP, FakeIncoming, World } from '../../support/calls-world';
import { settle } from '../../support/manual-timers';

test('an SDP without audio: refused with 488, recorded as failed', async () => {
  const world = new World();
  world.group();
  world.media.refuseSdpOnce('anchor');
  const alice = world.dials();
  await settle();
  expect(alice.invite.status).toBe(488);
  expect(world.records).toEqual([expect.objectContaining({ outcome: 'failed' })]);
  expect(world.switchboard.size).toBe(0);
});

test.each([['anchor', CALLER_SDP], ['anchorOfferless', '']] as const)('the media server away for a moment (%s): the caller is kept trying, and answered once', async (method, sdp) => {
  const world = new World();
  world.group();
  world.media.away.add(method);
  const alice = world.dials('help', { sdp });
  await world.timers.pass(7_000);
  expect(alice.invite.status).toBeNull();
  world.media.away.clear();
  await world.timers.pass(250);
  expect(alice.invite.answers.map(({ status }) => status)).toEqual([200]);
});

test('the media server away, and a caller who gives up meanwhile: nothing is made any more', async () => {
  const world = new World();
  world.group();
  world.media.away.add('anchor');
  const alice = world.dials();
  await world.timers.pass(1_000);
  alice.invite.cancel();
  world.media.away.clear();
  await world.timers.pass(10_000);
  expect([world.media.anchors.size, world.switchboard.size, world.state.calls.size]).toEqual([0, 0, 0]);
});

test.each([['away', (world: World) => { world.media.away.add('anchor'); }], ['silent', (world: World) => { world.media.stallOnce('anchor'); }]] as const)('the media server %s for as long as a caller is patient: refused with 503', async (_what, begin) => {
  const world = new World();
  world.group();
  begin(world);
  const alice = world.dials();
  await world.timers.pass(8_000);
  expect(alice.invite.status).toBe(503);
  expect(world.records).toEqual([expect.objectContaining({ outcome: 'failed' })]);
  expect(world.switchboard.size).toBe(0);
});

test('an offerless INVITE: our offer in the 200, the answer from the ACK, then phones ring', async () => {
  const world = new World();
  world.group();
  const alice = world.dials('help', { sdp: '' });
  await settle();
  expect(alice.invite.answers).toEqual([expect.objectContaining({ status: 200, body: 'our offer to the caller' })]);
  alice.acks(CALLER_SDP);
  await settle();
  expect(world.phone('bob').outgoing.body).toBe('our offer');
});

test.each([['carries no SDP', '', null], ['carries one that media drops', CALLER_SDP, 'dropOnce'], ['is never taken by media', CALLER_SDP, 'stallOnce']] as const)(
  'an offerless INVITE whose ACK %s: ended with BYE, recorded as failed', async (_what, sdp, fault) => {
    const world = new World();
    world.group();
    const alice = world.dials('help', { sdp: '' });
    await settle();
    if (fault !== null) world.media[fault]('completeOfferless');
    alice.acks(sdp);
    await world.timers.pass(5_000);
    expect(alice.byes).toHaveLength(1);
    expect(world.records).toEqual([expect.objectContaining({ outcome: 'failed' })]);
    expect(world.state.calls.size).toBe(0);
  });

test.each(['dropOnce', 'stallOnce'] as const)('the welcome (%s): the caller goes on to the queue', async (fault) => {
  const world = new World();
  world.group({ workflow: { welcome: { text: 'hello' } } });
  world.media[fault]('play');
  await world.waits();
  await world.timers.pass(30_000);
  expect(world.eventsOf('playFailed').length).toBeGreaterThan(0);
  expect(world.rings.length).toBeGreaterThan(0);
});

test('speech that is not ready: given up after two seconds, the caller goes on to the queue', async () => {
  const world = new World();
  world.sounds.stall = true;
  world.group({ workflow: { welcome: { text: 'hello' } } });
  await world.waits();
  expect(world.rings).toEqual([]);
  await world.timers.pass(2_000);
  expect(world.eventsOf('playFailed')).toHaveLength(1);
  expect(world.rings).toHaveLength(1);
});

test('music that cannot be played: phones ring all the same', async () => {
  const world = new World();
  world.group();
  world.media.stallOnce('play');
  await world.waits();
  expect(world.rings).toHaveLength(1);
});

test.each(['dropOnce', 'stallOnce'] as const)('joining (%s): that agent is let go, and the caller is not lost', async (fault) => {
  const world = new World();
  world.group();
  await world.waits();
  world.media[fault]('bridge');
  const bob = world.phone('bob');
  bob.says(180);
  bob.answers();
  await world.timers.pass(5_000);
  expect(world.eventsOf('connectFailed')).toHaveLength(1);
  expect(world.byes.filter(({ dialogId }) => dialogId === bob.dialogId)).toHaveLength(1);
  expect(world.state.calls.size).toBe(1);
});

test('letting go of the anchor (dropped): tried again', async () => {
  const world = new World();
  world.group();
  const alice = await world.waits();
  world.phone('bob').says(180);
  world.media.dropOnce('release');
  alice.hangsUp();
  await world.timers.pass(1_000);
  expect(world.media.done.filter((each) => each.startsWith('release'))).toHaveLength(2);
});

test('a stalled prompt does not keep phones ringing when the caller hangs up', async () => {
  const world = new World();
  world.group();
  world.media.stallOnce('play');
  const alice = await world.waits();
  const bob = world.phone('bob');
  bob.says(180);
  alice.hangsUp();
  expect(bob.cancelledWith).not.toBeNull();
});

test('a re-INVITE of the caller: answered with what media says; one that media cannot use: 488; a second one meanwhile: 500', async () => {
  const world = new World();
  world.group();
  const alice = await world.waits();
  const reinvite = () => world.tell(new FakeIncoming('INVITE', 'sip:us', { 'content-type': 'application/sdp', to: '<sip:us>;tag=1' }, 'new offer', alice.dialogId));
  const first = reinvite();
  const second = reinvite();
  await settle();
  expect(first.answers).toEqual([expect.objectContaining({ status: 200, body: 'answer to new offer' })]);
  expect(second.answers).toEqual([expect.objectContaining({ status: 500, headers: { 'Retry-After': expect.stringMatching(/^\d$/) } })]);
  world.media.refuseSdpOnce('renegotiate');
  const third = reinvite();
  await settle();
  expect(third.status).toBe(488);
});
