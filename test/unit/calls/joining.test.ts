// Who hears whom: picked calls, transfers, replaced phones and music on hold, with media and SIP that fail at each step.
import { CALLER_SDP } from '../../support/calls-world';
import { arrivalOf, Desk } from '../../support/carrier-desk';
import { settle } from '../../support/manual-timers';

const HOLD = 'v=0\r\na=sendonly\r\n';
const RESUME = 'v=0\r\na=sendrecv\r\n';

describe('a phone that dialled in picks a waiting caller', () => {
  const picking = async (prepare: (desk: Desk) => void = () => undefined, sdp: string | null = 'sdp of the dialler'): Promise<Desk> => {
    const desk = new Desk();
    await desk.caller();
    await desk.music();
    desk.heard();
    prepare(desk);
    desk.carrier.arrived({ ...arrivalOf('d'), agentId: 'bob' }, sdp);
    await desk.does({ type: 'takeLeg', legId: 'd', callId: 'c', offerId: 'c.1', agentId: 'bob' });
    return desk;
  };

  test('joined, answered, connected at once', async () => {
    const desk = await picking();
    expect(desk.sip.done.at(-1)).toBe('takeLeg d c.1 answer to sdp of the dialler');
    desk.carrier.answered('c.1', '');
    await desk.does({ type: 'connect', callId: 'c', offerId: 'c.1' });
    expect(desk.heard()).toEqual(['bridgeOffer c sdp of the dialler', 'stop c']);
    expect(desk.posted.slice(-2)).toEqual([{ type: 'offerAnswered', callId: 'c', offerId: 'c.1' }, { type: 'connected', callId: 'c', offerId: 'c.1' }]);
  });

  test.each([['media refuses', 'x', 503, (desk: Desk) => { desk.media.dropOnce('bridgeOffer'); }], ['media does not know its codecs', 'x', 488, (desk: Desk) => { desk.media.refuseSdpOnce('bridgeOffer'); }]] as const)(
    '%s: turned away, and the leg is over', async (_what, sdp, status, prepare) => {
      const desk = await picking(prepare, sdp);
      expect(desk.sip.done.at(-1)).toBe(`refuse d ${status}`);
      expect(desk.posted.at(-1)).toEqual({ type: 'legEnded', callId: 'c', offerId: 'c.1', outcome: 'failed' });
    });

  test('without SDP: our offer, and joined by the answer in its ACK', async () => {
    const desk = await picking(() => undefined, null);
    expect(desk.sip.done.at(-1)).toBe('takeLeg d c.1 our offer');
    desk.carrier.answered('c.1', 'sdp of its ACK');
    await desk.does({ type: 'connect', callId: 'c', offerId: 'c.1' });
    expect(desk.heard()).toEqual(['bridge c sdp of its ACK']);
    expect(desk.posted.at(-1)).toEqual({ type: 'connected', callId: 'c', offerId: 'c.1' });
  });

  test('hangs up while it is joined: the leg is over, the caller hears music again', async () => {
    const desk = await picking((each) => { each.media.slowOnce('bridgeOffer'); });
    desk.carrier.callerGone('d', 'cancelled');
    desk.media.answerSlow();
    await settle();
    expect(desk.sip.done.filter((each) => each.startsWith('takeLeg'))).toEqual([]);
    expect(desk.events('legEnded', 'callerGone')).toEqual([{ type: 'legEnded', callId: 'c', offerId: 'c.1', outcome: 'failed' }]);
    expect(desk.heard()).toEqual(['bridgeOffer c sdp of the dialler', 'separate c', 'play c music.wav']);
  });

  test('taken back while it is joined: turned away', async () => {
    const desk = await picking((each) => { each.media.slowOnce('bridgeOffer'); });
    await desk.does({ type: 'withdraw', callId: 'c', offerId: 'c.1', cause: 'callerGone' });
    desk.media.answerSlow();
    await settle();
    expect(desk.sip.done.at(-1)).toBe('refuse d 480');
    expect(desk.events('legEnded')).toEqual([{ type: 'legEnded', callId: 'c', offerId: 'c.1', outcome: 'withdrawn' }]);
  });

  test('it never acknowledges: the caller hears music again', async () => {
    const desk = await picking();
    desk.carrier.legEnded('c.1', 'failed');
    await settle();
    expect(desk.heard().slice(1)).toEqual(['separate c', 'play c music.wav']);
  });

  test('the caller it wanted is unknown: turned away', async () => {
    const desk = new Desk();
    desk.carrier.arrived({ ...arrivalOf('d'), agentId: 'bob' }, 'x');
    await desk.does({ type: 'takeLeg', legId: 'd', callId: 'gone', offerId: 'gone.1', agentId: 'bob' });
    expect(desk.sip.done).toEqual(['refuse d 480']);
    expect(desk.events('legEnded')).toEqual([{ type: 'legEnded', callId: 'gone', offerId: 'gone.1', outcome: 'failed' }]);
  });
});

describe('a consultation becomes the call: its agent’s leg moves over', () => {
  const moving = async (prepare: (desk: Desk) => void = () => undefined): Promise<Desk> => {
    const desk = new Desk();
    await desk.talks('c.1');
    await desk.talks('d.1');
    desk.heard();
    prepare(desk);
    await desk.does({ type: 'separate', callId: 'c' }, { type: 'moveLeg', fromCallId: 'd', callId: 'c', offerId: 'd.1' }, { type: 'endAgentLeg', callId: 'c', offerId: 'c.1' }, { type: 'connect', callId: 'c', offerId: 'd.1' });
    return desk;
  };

  test('the phone is told the caller’s anchor, then both are joined; its end is the call’s', async () => {
    const desk = await moving();
    expect(desk.sip.done).toContain('reinvite d.1 our offer');
    expect(desk.heard()).toEqual(['separate c', 'bridge c answer to our offer']);
    expect(desk.posted.at(-1)).toEqual({ type: 'connected', callId: 'c', offerId: 'd.1' });
    desk.carrier.legEnded('d.1', 'hungUp');
    expect(desk.posted.at(-1)).toEqual({ type: 'legEnded', callId: 'c', offerId: 'd.1', outcome: 'hungUp' });
  });

  test('the old leg goes later: the new one stays joined', async () => {
    const desk = await moving();
    desk.heard();
    desk.carrier.legEnded('c.1', 'hungUp');
    await desk.does();
    expect(desk.heard()).toEqual([]);
    await expect(desk.carrier.renegotiate({ legId: 'd.1' }, RESUME)).resolves.toContain('answer to');
  });

  test('the phone answers that it holds: the caller hears music', async () => {
    const desk = await moving((each) => { each.sip.answerTo = () => HOLD; });
    expect(desk.heard().at(-1)).toBe('play c music.wav');
  });

  test.each([['refuses', null], ['never answers', undefined]] as const)('the phone %s: it is told to the core', async (_what, answer) => {
    const desk = await moving((each) => { each.sip.answerTo = () => answer; });
    await desk.timers.pass(10_000);
    expect(desk.posted.at(-1)).toEqual({ type: 'connectFailed', callId: 'c', offerId: 'd.1' });
  });

  test('the phone hangs up meanwhile: not connected', async () => {
    const desk = await moving((each) => { each.sip.answerTo = () => undefined; });
    desk.carrier.legEnded('d.1', 'hungUp');
    await desk.timers.pass(10_000);
    expect(desk.events('connected', 'connectFailed').at(-1)).toEqual({ type: 'connectFailed', callId: 'c', offerId: 'd.1' });
  });
});

describe('parted for a transfer', () => {
  test('the transfer fails: joined again with the same phone', async () => {
    const desk = new Desk();
    await desk.talks();
    desk.heard();
    await desk.does({ type: 'separate', callId: 'c' });
    await desk.music('c', 'p2');
    await desk.does({ type: 'connect', callId: 'c', offerId: 'c.1' });
    expect(desk.heard()).toEqual(['separate c', 'play c music.wav', 'bridge c sdp of c.1']);
    expect(desk.events('connected')).toHaveLength(2);
  });

  test.each(['dropOnce', 'stallOnce'] as const)('media cannot part them (%s): the music is asked for all the same', async (fault) => {
    const desk = new Desk();
    await desk.talks();
    desk.media[fault]('separate');
    await desk.does({ type: 'separate', callId: 'c' });
    await desk.music('c', 'p2');
    await desk.timers.pass(5_000);
    expect(desk.heard().at(-1)).toBe('play c music.wav');
  });

  test('what the agent asks is told to the core; answers and news go back', async () => {
    const desk = new Desk();
    await desk.talks();
    const target = { kind: 'own', user: 'sales' } as const;
    desk.carrier.transferAsked('c.1', 't1', target);
    expect(desk.posted.at(-1)).toEqual({ type: 'transferAsked', callId: 'c', offerId: 'c.1', transferId: 't1', target });
    await desk.does({ type: 'acceptTransfer', transferId: 't1' }, { type: 'transferProgress', transferId: 't1', status: 200, reason: 'OK' }, { type: 'refuseTransfer', transferId: 't2', status: 403, reason: 'no' });
    expect(desk.sip.done.slice(-3)).toEqual(['acceptTransfer t1', 'transferProgress t1 200', 'refuseTransfer t2 403']);
  });

  test('asked by a leg that is over or ending: refused here', async () => {
    const desk = new Desk();
    await desk.talks();
    await desk.does({ type: 'endAgentLeg', callId: 'c', offerId: 'c.1' });
    desk.carrier.transferAsked('c.1', 't1', { kind: 'own', user: 'x' });
    desk.carrier.transferAsked('unknown', 't2', { kind: 'own', user: 'x' });
    expect(desk.events('transferAsked')).toEqual([]);
    expect(desk.sip.done.slice(-2)).toEqual(['refuseTransfer t1 603', 'refuseTransfer t2 603']);
  });
});

describe('hold', () => {
  test('the agent holds: music to the caller, the workflow’s; resumes: silence of ours', async () => {
    const desk = new Desk();
    desk.tune = { language: 'en-US', music: { audioId: 'a'.repeat(64), fileName: 'jazz.wav', durationMs: 1 } };
    await desk.talks();
    desk.heard();
    await expect(desk.carrier.renegotiate({ legId: 'c.1' }, HOLD)).resolves.toBe(`answer to ${HOLD}`);
    await settle();
    expect(desk.heard()).toEqual(['renegotiate c agent', 'play c jazz.wav']);
    await desk.carrier.renegotiate({ legId: 'c.1' }, HOLD);
    await settle();
    expect(desk.heard()).toEqual(['renegotiate c agent']);
    await desk.carrier.renegotiate({ legId: 'c.1' }, RESUME);
    await settle();
    expect(desk.heard()).toEqual(['renegotiate c agent', 'stop c']);
  });

  test('the caller holds: music to the agent, until the caller is back', async () => {
    const desk = new Desk();
    await desk.talks();
    desk.heard();
    await desk.carrier.renegotiate({ callId: 'c' }, HOLD);
    await settle();
    await desk.carrier.renegotiate({ callId: 'c' }, RESUME);
    await settle();
    expect(desk.heard()).toEqual(['renegotiate c caller', 'play c music.wav to the agent', 'renegotiate c caller', 'stop c to the agent']);
  });

  test('a re-INVITE without SDP: nothing is concluded before the answer in the ACK', async () => {
    const desk = new Desk();
    await desk.talks();
    desk.heard();
    await desk.carrier.renegotiate({ legId: 'c.1' }, '');
    await settle();
    expect(desk.heard()).toEqual(['renegotiate c agent']);
    desk.carrier.completeRenegotiation({ legId: 'c.1' }, HOLD);
    await settle();
    expect(desk.heard()).toEqual(['completeRenegotiation c agent', 'play c music.wav']);
  });

  test('a caller who holds in the queue: no music of ours; the agent hears it once joined', async () => {
    const desk = new Desk();
    await desk.caller();
    desk.heard();
    await desk.carrier.renegotiate({ callId: 'c' }, HOLD);
    await settle();
    expect(desk.heard()).toEqual(['renegotiate c caller']);
    await desk.offer('c.1');
    desk.carrier.answered('c.1', 'sdp of c.1');
    await desk.does({ type: 'connect', callId: 'c', offerId: 'c.1' });
    expect(desk.heard()).toEqual(['bridge c sdp of c.1', 'play c music.wav to the agent']);
  });

  test('held by the agent who transfers: not by the one who follows; joined again with the first: still held', async () => {
    const desk = new Desk();
    await desk.talks();
    await desk.carrier.renegotiate({ legId: 'c.1' }, HOLD);
    await desk.does({ type: 'separate', callId: 'c' });
    await desk.music('c', 'p2');
    await desk.offer('c.2');
    desk.carrier.answered('c.2', 'sdp of c.2');
    desk.heard();
    await desk.does({ type: 'connect', callId: 'c', offerId: 'c.2' });
    expect(desk.heard()).toEqual(['bridge c sdp of c.2']);
    await desk.does({ type: 'separate', callId: 'c' }, { type: 'connect', callId: 'c', offerId: 'c.1' });
    expect(desk.heard()).toEqual(['separate c', `bridge c ${HOLD}`, 'play c music.wav']);
  });

  test('a phone that another has followed may not take the sound back: refused', async () => {
    const desk = new Desk();
    await desk.talks();
    await desk.offer('c.2');
    desk.carrier.answered('c.2', 'sdp of c.2');
    await desk.does({ type: 'connect', callId: 'c', offerId: 'c.2' });
    await expect(desk.carrier.renegotiate({ legId: 'c.1' }, RESUME)).rejects.toMatchObject({ code: 'refused' });
  });

  test('the music cannot be played: the answer is given, the call goes on', async () => {
    const desk = new Desk();
    await desk.talks();
    desk.media.dropOnce('play');
    await expect(desk.carrier.renegotiate({ legId: 'c.1' }, HOLD)).resolves.toContain('answer to');
    await settle();
    await expect(desk.carrier.renegotiate({ legId: 'c.1' }, RESUME)).resolves.toContain('answer to');
  });

  test('of a call that is unknown: refused', async () => {
    await expect(new Desk().carrier.renegotiate({ callId: 'x' }, HOLD)).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('a phone takes another’s place', () => {
  test('the caller’s: media follows, the core learns who calls now', async () => {
    const desk = new Desk();
    await desk.talks();
    await expect(desk.carrier.replaceCaller('c', { number: '+1', name: 'Zoe' }, 'new')).resolves.toBe('answer to new');
    expect(desk.posted.at(-1)).toEqual({ type: 'callerReplaced', callId: 'c', callerNumber: '+1', callerName: 'Zoe' });
  });

  test('the agent’s: joined, and from then on the leg that talks', async () => {
    const desk = new Desk();
    await desk.talks();
    await desk.carrier.renegotiate({ callId: 'c' }, HOLD);
    await settle();
    desk.heard();
    await expect(desk.carrier.replaceAgent('c.1', 'c.r', 'carla', 'new')).resolves.toBe('answer to new');
    expect(desk.posted.at(-1)).toEqual({ type: 'agentReplaced', callId: 'c', offerId: 'c.1', newOfferId: 'c.r', agentId: 'carla' });
    await settle();
    expect(desk.heard()).toEqual(['bridgeOffer c new', 'play c music.wav to the agent']);
    await expect(desk.carrier.renegotiate({ legId: 'c.r' }, HOLD)).resolves.toContain('answer to');
    desk.carrier.legEnded('c.r', 'hungUp');
    expect(desk.posted.at(-1)).toEqual({ type: 'legEnded', callId: 'c', offerId: 'c.r', outcome: 'hungUp' });
  });

  test('the agent’s, by one that offers no SDP: our offer, and joined by the answer in its ACK', async () => {
    const desk = new Desk();
    await desk.talks();
    desk.heard();
    await expect(desk.carrier.replaceAgent('c.1', 'c.r', 'carla', '')).resolves.toBe('our offer');
    desk.carrier.completeRenegotiation({ legId: 'c.r' }, HOLD);
    await settle();
    expect(desk.heard()).toEqual([`bridge c ${HOLD}`, 'play c music.wav']);
  });

  test.each([
    ['it does not talk yet', async (desk: Desk) => { await desk.caller(); await desk.offer('c.1'); }],
    ['it is being ended', async (desk: Desk) => { await desk.talks(); await desk.does({ type: 'endAgentLeg', callId: 'c', offerId: 'c.1' }); }],
    ['it is unknown', async () => undefined],
  ] as const)('the agent’s, and %s: refused, nothing is told', async (_what, prepare) => {
    const desk = new Desk();
    await prepare(desk);
    await expect(desk.carrier.replaceAgent('c.1', 'c.r', 'carla', 'new')).rejects.toMatchObject({ code: 'refused' });
    expect(desk.events('agentReplaced')).toEqual([]);
  });

  test('the caller hangs up while the agent’s phone is replaced: refused', async () => {
    const desk = new Desk();
    await desk.talks();
    desk.media.slowOnce('bridgeOffer');
    const replaced = desk.carrier.replaceAgent('c.1', 'c.r', 'carla', 'new');
    await settle();
    desk.carrier.callerGone('c', 'hungUp');
    desk.media.answerSlow();
    await expect(replaced).rejects.toMatchObject({ code: 'refused' });
    expect(desk.events('agentReplaced')).toEqual([]);
  });
});

test('dialled outside: one branch, the address first dialled, and what it replaces elsewhere', async () => {
  const desk = new Desk();
  await desk.caller();
  await desk.does({ type: 'dial', callId: 'c', offerId: 'c.1', target: { kind: 'number', number: '+44' }, replaces: 'x;to-tag=1', groupName: '', callerName: '', callerNumber: '+4420', diverted: 'sip:help@example.test' });
  expect(desk.sip.rung.get('c.1')).toEqual({ branches: [{ to: { kind: 'number', number: '+44' }, sdp: 'our offer', confirm: false }], fromName: '+4420', fromUser: '+4420', diverted: 'sip:help@example.test', replaces: 'x;to-tag=1' });
  desk.carrier.answered('c.1', 'theirs');
  await desk.does({ type: 'connect', callId: 'c', offerId: 'c.1' });
  expect(desk.posted.at(-1)).toEqual({ type: 'connected', callId: 'c', offerId: 'c.1' });
});

test('dialled for a caller whose sound is not there: over at once', async () => {
  const desk = new Desk();
  desk.carrier.arrived(arrivalOf('c'), CALLER_SDP);
  await desk.does({ type: 'dial', callId: 'c', offerId: 'c.1', target: { kind: 'number', number: '+44' }, replaces: null, groupName: '', callerName: '', callerNumber: '', diverted: '' });
  expect(desk.posted.at(-1)).toEqual({ type: 'legEnded', callId: 'c', offerId: 'c.1', outcome: 'failed' });
});
