// Offers to several places at once, and contacts that are asked to press 1: whatever happens, each anchor of theirs is let go once.
import { Desk } from '../../support/carrier-desk';
import { settle } from '../../support/manual-timers';

const MOBILE = { kind: 'number', number: '+4477', confirm: true } as const;
const SECOND = { kind: 'number', number: '+4478', confirm: true } as const;
const DESK_PHONE = { kind: 'sipUri', uri: 'sip:bob@elsewhere.test', confirm: false } as const;

async function ringing(contacts: readonly (typeof MOBILE | typeof SECOND | typeof DESK_PHONE)[] = [MOBILE], prepare: (desk: Desk) => void = () => undefined): Promise<Desk> {
  const desk = new Desk();
  await desk.caller();
  desk.heard();
  prepare(desk);
  await desk.offer('c.1', { contacts });
  return desk;
}

const released = (desk: Desk): string[] => desk.media.done.filter((each) => each.startsWith('release'));

describe('where an offer rings', () => {
  test('the registered phones and every contact, each with the SDP it is to have', async () => {
    const desk = await ringing([MOBILE, DESK_PHONE]);
    expect(desk.sip.rung.get('c.1')?.branches).toEqual([
      { to: { kind: 'registered', agentId: 'bob' }, sdp: 'our offer', confirm: false },
      { to: { kind: 'number', number: '+4477' }, sdp: 'our offer to the caller', confirm: true },
      { to: { kind: 'uri', uri: 'sip:bob@elsewhere.test' }, sdp: 'our offer', confirm: false },
    ]);
    expect(desk.heard()).toEqual(['anchorOfferless c.1#1']);
  });

  test('without a contact that confirms: no anchor, and rung before anything else happens', async () => {
    const desk = new Desk();
    await desk.caller();
    desk.heard();
    void desk.offer('c.1', { contacts: [DESK_PHONE] });
    expect(desk.sip.done.at(-1)).toBe('ring c.1');
    expect(desk.heard()).toEqual([]);
  });

  test.each(['dropOnce', 'stallOnce'] as const)('an anchor cannot be had (%s): that contact is left out, the others ring, and nothing stays behind', async (fault) => {
    const desk = await ringing([MOBILE, SECOND], (each) => { each.media[fault]('anchorOfferless'); });
    await desk.timers.pass(1_000);
    expect(desk.sip.rung.get('c.1')?.branches.map(({ to }) => to)).toEqual([{ kind: 'registered', agentId: 'bob' }, { kind: 'number', number: '+4478' }]);
    desk.carrier.legEnded('c.1', 'noAnswer');
    await settle();
    expect(released(desk)).toContain('release c.1#2');
    expect([...desk.media.anchors]).toEqual(['c']);
  });

  test('an anchor comes after it was given up: let go all the same', async () => {
    const desk = await ringing([MOBILE], (each) => { each.media.slowOnce('anchorOfferless'); });
    await desk.timers.pass(1_000);
    desk.media.answerSlow();
    await settle();
    expect([...desk.media.anchors]).toEqual(['c']);
  });

  test('taken back before the anchors are there: never rung, over as withdrawn, let go', async () => {
    const desk = await ringing([MOBILE], (each) => { each.media.slowOnce('anchorOfferless'); });
    await desk.does({ type: 'withdraw', callId: 'c', offerId: 'c.1', cause: 'completedElsewhere' });
    expect(desk.posted.at(-1)).toEqual({ type: 'legEnded', callId: 'c', offerId: 'c.1', outcome: 'withdrawn' });
    desk.media.answerSlow();
    await settle();
    expect(desk.sip.done.filter((each) => /ring|withdraw/.test(each))).toEqual([]);
    expect([...desk.media.anchors]).toEqual(['c']);
  });
});

describe('a contact is picked up', () => {
  const pickedUp = async (contacts = [MOBILE, SECOND] as readonly (typeof MOBILE | typeof SECOND)[]): Promise<Desk> => {
    const desk = await ringing(contacts);
    desk.heard();
    desk.carrier.pickedUp('c.1', 1, 'sdp of the mobile');
    await settle();
    return desk;
  };

  test('the sentence is said on an anchor of its own; nothing is told of an answer', async () => {
    const desk = await pickedUp();
    expect(desk.heard()).toEqual(['completeOfferless c.1#1', 'play c.1#1 A call for Help Desk. Press 1 to take it..wav']);
    expect(desk.events('offerAnswered')).toEqual([]);
  });

  test('in the language of the workflow, and in English where no voice speaks it', async () => {
    const desk = new Desk();
    desk.tune = { language: 'de-DE', music: null };
    await desk.caller();
    await desk.offer('c.1', { contacts: [MOBILE] });
    desk.carrier.pickedUp('c.1', 1, 'x');
    desk.tune = { language: 'ja-JP', music: null };
    await desk.offer('c.2', { contacts: [MOBILE] });
    desk.carrier.pickedUp('c.2', 1, 'x');
    await settle();
    expect(desk.sounds.asked.slice(-2)).toEqual(['de-DE Ein Anruf für Help Desk. Drücken Sie die 1, um ihn anzunehmen.', 'en-US A call for Help Desk. Press 1 to take it.']);
  });

  test.each([['in its sound', (desk: Desk) => { desk.media.press('c.1#1', '1'); }], ['by INFO', (desk: Desk) => { desk.carrier.keyPressed({ legId: 'c.1' }, '1', 1); }]] as const)('1 %s: it has the call, and its anchor goes with the answer', async (_how, press) => {
    const desk = await pickedUp();
    desk.heard();
    press(desk);
    press(desk);
    await settle();
    expect(desk.sip.done.filter((each) => /onfirmed/.test(each))).toEqual(['confirmed c.1 1 our offer']);
    expect(released(desk)).toEqual([]);
    desk.carrier.answered('c.1', 'sdp of the mobile, joined');
    await settle();
    expect(desk.posted.at(-1)).toEqual({ type: 'offerAnswered', callId: 'c', offerId: 'c.1' });
    expect([...desk.media.anchors]).toEqual(['c']);
    desk.heard();
    await desk.does({ type: 'connect', callId: 'c', offerId: 'c.1' });
    expect(desk.heard()).toEqual(['bridge c sdp of the mobile, joined']);
  });

  test('another key: that contact is declined, the other may still take it', async () => {
    const desk = await pickedUp();
    desk.media.press('c.1#1', '2');
    desk.carrier.pickedUp('c.1', 2, 'sdp of the second');
    await settle();
    desk.media.press('c.1#2', '1');
    expect(desk.sip.done.filter((each) => /onfirmed/.test(each))).toEqual(['notConfirmed c.1 1', 'confirmed c.1 2 our offer']);
  });

  test('two are picked up, one presses 1: the other’s 1 comes too late', async () => {
    const desk = await pickedUp();
    desk.carrier.pickedUp('c.1', 2, 'sdp of the second');
    await settle();
    desk.media.press('c.1#1', '1');
    desk.media.press('c.1#2', '1');
    expect(desk.sip.done.filter((each) => /onfirmed/.test(each))).toEqual(['confirmed c.1 1 our offer']);
    desk.carrier.branchGone('c.1', 2);
    desk.carrier.answered('c.1', 'x');
    await settle();
    expect([...desk.media.anchors]).toEqual(['c']);
  });

  test('hung up there: its anchor goes at once, the others ring on', async () => {
    const desk = await pickedUp();
    desk.carrier.branchGone('c.1', 1);
    await settle();
    expect([...desk.media.anchors].sort()).toEqual(['c', 'c.1#2']);
    desk.carrier.legEnded('c.1', 'noAnswer');
    await settle();
    expect([...desk.media.anchors]).toEqual(['c']);
    expect(released(desk)).toHaveLength(2);
  });

  test.each(['completeOfferless', 'play'] as const)('it cannot be heard or spoken to (%s): declined there', async (step) => {
    const desk = await ringing();
    desk.media.stallOnce(step);
    desk.carrier.pickedUp('c.1', 1, 'x');
    await desk.timers.pass(5_000);
    expect(desk.sip.done.at(-1)).toBe('notConfirmed c.1 1');
    expect([...desk.media.anchors]).toEqual(['c']);
  });

  test('picked up after another phone answered: not confirmed', async () => {
    const desk = await ringing();
    desk.carrier.answered('c.1', 'desk phone');
    desk.carrier.pickedUp('c.1', 1, 'x');
    expect(desk.sip.done.at(-1)).toBe('notConfirmed c.1 1');
  });

  test('the caller hangs up meanwhile: nothing stays behind, keys mean nothing', async () => {
    const desk = await pickedUp();
    desk.carrier.callerGone('c', 'hungUp');
    await desk.does({ type: 'withdraw', callId: 'c', offerId: 'c.1', cause: 'callerGone' });
    desk.carrier.legEnded('c.1', 'withdrawn');
    await desk.does({ type: 'release', callId: 'c' });
    desk.media.press('c.1#1', '1');
    expect(desk.sip.done.filter((each) => /onfirmed/.test(each))).toEqual([]);
    expect([...desk.media.anchors]).toEqual([]);
    expect(desk.events('keyPressed')).toEqual([]);
  });

  test('its anchor cannot be let go at first: tried again, and ours as long as it may exist', async () => {
    const desk = await pickedUp([MOBILE]);
    expect(desk.carrier.owns('c.1#1')).toBe(true);
    desk.media.dropOnce('release');
    desk.carrier.branchGone('c.1', 1);
    await desk.timers.pass(1_000);
    expect([...desk.media.anchors]).toEqual(['c']);
    expect(desk.carrier.owns('c.1#1')).toBe(false);
  });
});
