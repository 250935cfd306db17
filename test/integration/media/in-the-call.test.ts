// Keys, music to either side, hold, parting and transfer: one suite for both media servers, as `conformance` is for the rest.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT_HZ, CALLER_HZ, MediaCalls } from '../../support/media-calls';
import { startOwn, startRtpengine, type RunningMediaServer } from '../../support/media-servers';
import { describeWith } from '../../support/needs';
import { sine, toneShare, type RtpPeer } from '../../support/rtp-peer';
import { writeWav } from '../../support/wav';

const folder = mkdtempSync(join(tmpdir(), 'in-the-call-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MUSIC_HZ = 400;
const PROMPT_HZ = 550;
const music = writeWav(folder, 'music.wav', sine(MUSIC_HZ, 8000));
const prompt = writeWav(folder, 'prompt.wav', sine(PROMPT_HZ, 4000));

/** The greatest share this tone has in any twentieth of a second of what was heard. */
function most(peer: RtpPeer, hz: number): number {
  const samples = peer.samples();
  return Array.from({ length: Math.floor(samples.length / 400) }, (_, index) => toneShare(samples.subarray(index * 400, index * 400 + 400), hz)).reduce((one, other) => Math.max(one, other), 0);
}

const SIDES = ['caller', 'agent'] as const;

function conforms(start: () => Promise<RunningMediaServer>): void {
  const calls = new MediaCalls(start);

  describe('keys', () => {
    /** Presses one, and waits until it is told, as whoever presses keys does. */
    async function press(callId: string, peer: RtpPeer, key: string, how?: Parameters<RtpPeer['press']>[1]): Promise<string[]> {
      const before = calls.keys.filter((told) => told.callId === callId).length;
      peer.press(key, how);
      return (await calls.untilKeys(callId, before + 1)).slice(before);
    }

    test('a caller who waits presses keys: each is told once, in order', async () => {
      const { callId, caller } = await calls.anchored();
      await calls.media.play(callId, music, true);
      for (const key of '1590*#AD') await press(callId, caller, key);
      expect(await calls.untilKeys(callId, 8)).toEqual([...'1590*#AD'].map((key) => `caller ${key}`));
    });

    test('between words, and one key twice', async () => {
      const { callId, caller } = await calls.anchored();
      await calls.media.play(callId, music, true);
      caller.tone(CALLER_HZ);
      await press(callId, caller, '7');
      await press(callId, caller, '7', { marker: false });
      await press(callId, caller, '#');
      expect(await calls.untilKeys(callId, 3)).toEqual(['caller 7', 'caller 7', 'caller #']);
    });

    test('what arrives of a press is enough: without its start, with one end only', async () => {
      const { callId, caller } = await calls.anchored();
      expect(await press(callId, caller, '4', { lost: 2 })).toEqual(['caller 4']);
      expect(await press(callId, caller, '5', { lost: 3, ends: 1 })).toEqual(['caller 5']);
      expect(await press(callId, caller, '6', { ends: 2 })).toEqual(['caller 6']);
      expect(await press(callId, caller, '6', { starts: 40 })).toEqual(['caller 6']);
    });

    test('caller and agent in the talk: each by its side, and the other’s phone is sent them too', async () => {
      const { callId, caller, agent } = await calls.joined();
      caller.press('2');
      agent.press('3');
      expect((await calls.untilKeys(callId, 2)).sort()).toEqual(['agent 3', 'caller 2']);
      await Promise.all([caller, agent].map((peer) => peer.until((heard) => heard.some(({ payloadType }) => payloadType === 101), 'the event')));
      expect(agent.heard.find(({ payloadType }) => payloadType === 101)?.payload[0]).toBe(2);
      expect(caller.heard.find(({ payloadType }) => payloadType === 101)?.payload[0]).toBe(3);
    });

    test('by another number than most phones use, as the caller offered and the agent answered', async () => {
      const { callId, caller, agentOfferSdp } = await calls.anchored('PCMA', 96);
      expect(agentOfferSdp).toContain('a=rtpmap:96 telephone-event/8000');
      expect(await press(callId, caller, '1', { payloadType: 96 })).toEqual(['caller 1']);
      const agent = await calls.peer();
      agent.follow(agentOfferSdp);
      await calls.media.bridge(callId, agent.sdp({ events: 96 }));
      expect(await press(callId, agent, '3', { payloadType: 96 })).toEqual(['agent 3']);
      await caller.until((heard) => heard.some(({ payloadType, payload }) => payloadType === 96 && payload[0] === 3), 'the event');
    });

    test('an offerless caller, and whoever is parted from the other', async () => {
      const callId = calls.nextCall();
      const caller = await calls.peer();
      caller.follow((await calls.media.anchorOfferless(callId)).callerSdp);
      await calls.media.completeOfferless(callId, caller.sdp());
      caller.press('1');
      expect(await calls.untilKeys(callId, 1)).toEqual(['caller 1']);
      const parted = await calls.joined();
      await calls.media.separate(parted.callId);
      parted.agent.press('8');
      expect(await calls.untilKeys(parted.callId, 1)).toEqual(['agent 8']);
      parted.caller.press('9');
      expect(await calls.untilKeys(parted.callId, 2)).toEqual(['agent 8', 'caller 9']);
    });

    test('while requests are answered: no answer is lost to a key, nor a key to an answer', async () => {
      const { callId, caller } = await calls.anchored();
      for (const key of '0123456789*#') {
        const asked = [calls.media.play(callId, music, true), press(callId, caller, key), calls.media.play(callId, prompt, true), calls.media.stop(callId)] as const;
        expect(await Promise.all(asked)).toEqual([{ durationMs: 1000 }, [`caller ${key}`], { durationMs: 500 }, undefined]);
      }
    });
  });

  describe.each(SIDES)('the %s is played to', (side) => {
    test('in the talk: hears only that, the other goes on hearing, and both hear each other when it stops', async () => {
      const { callId, caller, agent } = await calls.joined();
      const [listener, other] = side === 'caller' ? [caller, agent] : [agent, caller];
      const [listenerHz, otherHz] = side === 'caller' ? [CALLER_HZ, AGENT_HZ] : [AGENT_HZ, CALLER_HZ];
      await calls.media.play(callId, music, true, side);
      await listener.untilTone(MUSIC_HZ);
      listener.forget();
      other.forget();
      await Promise.all([listener.until((heard) => heard.length >= 50, 'a second of music'), other.until((heard) => heard.length >= 40, 'the one who hears music')]);
      expect(most(listener, otherHz)).toBeLessThan(0.01);
      // As many packets as one source sends: nothing is mixed in between.
      expect(new Set(listener.heard.map(({ sequence }) => sequence)).size).toBe(listener.heard.length);
      expect(toneShare(other.samples(), listenerHz)).toBeGreaterThan(0.95);
      await calls.media.stop(callId, side);
      await listener.untilTone(otherHz);
      other.forget();
      await other.untilTone(listenerHz);
    });

    test('once, in the talk: hears the other again when it is over', async () => {
      const { callId, caller, agent } = await calls.joined();
      const [listener, otherHz] = side === 'caller' ? [caller, AGENT_HZ] : [agent, CALLER_HZ];
      expect(await calls.media.play(callId, prompt, false, side)).toEqual({ durationMs: 500 });
      await listener.untilTone(PROMPT_HZ);
      await listener.untilTone(otherHz);
    });

    test('something that is not there: refused, and both hear each other still', async () => {
      const { callId, caller, agent } = await calls.joined();
      await expect(calls.media.play(callId, join(folder, 'none.wav'), true, side)).rejects.toMatchObject({ code: 'refused' });
      for (const peer of [caller, agent]) peer.forget();
      await Promise.all([caller.untilTone(AGENT_HZ), agent.untilTone(CALLER_HZ)]);
    });
  });

  test('both are played to at once, each its own, and the talk goes on when both end', async () => {
    const { callId, caller, agent } = await calls.joined();
    await calls.media.play(callId, music, true, 'caller');
    await calls.media.play(callId, prompt, true, 'agent');
    await Promise.all([caller.untilTone(MUSIC_HZ), agent.untilTone(PROMPT_HZ)]);
    await calls.media.stop(callId, 'agent');
    await agent.untilTone(CALLER_HZ);
    await caller.untilTone(MUSIC_HZ);
    await calls.media.stop(callId, 'caller');
    await caller.untilTone(AGENT_HZ);
  });

  describe.each(SIDES)('the %s holds', (side) => {
    test.each([
      ['sendonly', { direction: 'sendonly' }, 'a=recvonly'], ['inactive', { direction: 'inactive' }, 'a=inactive'],
      ['the address 0.0.0.0', { address: '0.0.0.0' }, 'a=recvonly'], ['inactive and 0.0.0.0', { direction: 'inactive', address: '0.0.0.0' }, 'a=inactive'],
    ] as const)('by %s: so it is said, the other hears music and nothing else, and after it the talk goes on', async (_how, sdp, answered) => {
      const { callId, caller, agent } = await calls.joined();
      const [holder, held] = side === 'caller' ? [caller, agent] : [agent, caller];
      const [holderHz, heldHz, heldSide] = side === 'caller' ? [CALLER_HZ, AGENT_HZ, 'agent' as const] : [AGENT_HZ, CALLER_HZ, 'caller' as const];
      const holding = await calls.media.renegotiate(callId, side, holder.sdp(sdp));
      expect(holding.holds).toBe(true);
      expect(holding.sdp).toContain(answered);
      await calls.media.play(callId, music, true, heldSide);
      await held.untilTone(MUSIC_HZ);
      holder.forget();
      held.forget();
      await held.until((heard) => heard.length >= 50, 'a second of music');
      expect(most(held, holderHz)).toBeLessThan(0.01);
      // What was on its way when it was told of the hold.
      expect(holder.heard.length).toBeLessThan(5);
      const resumed = await calls.media.renegotiate(callId, side, holder.sdp());
      expect(resumed).toMatchObject({ holds: false, sdp: expect.stringContaining('a=sendrecv') });
      await calls.media.stop(callId, heldSide);
      await Promise.all([held.untilTone(holderHz), holder.untilTone(heldHz)]);
    });

    test('in the answer to a re-INVITE without SDP', async () => {
      const { callId, caller, agent } = await calls.joined();
      const holder = side === 'caller' ? caller : agent;
      expect(await calls.media.renegotiate(callId, side, '')).toMatchObject({ holds: false, sdp: expect.stringContaining('a=sendrecv') });
      expect(await calls.media.completeRenegotiation(callId, side, holder.sdp({ direction: 'sendonly' }))).toEqual({ holds: true });
      expect(await calls.media.renegotiate(callId, side, '')).toMatchObject({ holds: true });
      expect(await calls.media.completeRenegotiation(callId, side, holder.sdp())).toEqual({ holds: false });
    });

    test('who only listens holds nobody', async () => {
      const { callId, caller, agent } = await calls.joined();
      const listener = side === 'caller' ? caller : agent;
      expect(await calls.media.renegotiate(callId, side, listener.sdp({ direction: 'recvonly' }))).toMatchObject({ holds: false, sdp: expect.stringContaining('a=sendonly') });
    });
  });

  test('parted: neither hears the other, each hears what is played; joined again, they do', async () => {
    const { callId, caller, agent } = await calls.joined();
    await calls.media.separate(callId);
    await calls.media.play(callId, music, true, 'caller');
    await calls.media.play(callId, prompt, true, 'agent');
    await Promise.all([caller.untilTone(MUSIC_HZ), agent.untilTone(PROMPT_HZ)]);
    for (const peer of [caller, agent]) peer.forget();
    await Promise.all([caller, agent].map((peer) => peer.until((heard) => heard.length >= 40, 'what is played')));
    expect(most(caller, AGENT_HZ)).toBeLessThan(0.01);
    expect(most(agent, CALLER_HZ)).toBeLessThan(0.01);
    await calls.media.stop(callId, 'agent');
    await calls.media.bridge(callId, agent.sdp());
    await Promise.all([caller.untilTone(AGENT_HZ), agent.untilTone(CALLER_HZ)]);
  });

  test('held with music, parted and joined with another while held: both hear each other, and nothing else', async () => {
    const { callId, caller, agent, agentOfferSdp } = await calls.joined();
    await calls.media.renegotiate(callId, 'agent', agent.sdp({ direction: 'sendonly' }));
    await calls.media.play(callId, music, true);
    await caller.untilTone(MUSIC_HZ);
    await calls.media.separate(callId);
    const second = await calls.peer();
    second.follow(agentOfferSdp);
    await calls.media.bridge(callId, second.sdp());
    second.tone(1300);
    await Promise.all([caller.untilTone(1300), second.untilTone(CALLER_HZ)]);
  });

  test('transferred to another agent: the first is not heard any more, however long it sends, nor hears; the caller’s port stays', async () => {
    const { callId, caller, agent, agentOfferSdp } = await calls.joined();
    await calls.media.separate(callId);
    await calls.media.play(callId, music, true);
    await caller.untilTone(MUSIC_HZ);
    const second = await calls.peer();
    second.follow(agentOfferSdp);
    await calls.media.bridge(callId, second.sdp());
    caller.forget();
    agent.forget();
    // The second is silent at first: what the first says must not fill the silence.
    await second.untilTone(CALLER_HZ);
    await second.until((heard) => heard.length >= 50, 'the caller');
    second.tone(1300);
    await caller.untilTone(1300);
    expect(most(caller, AGENT_HZ)).toBeLessThan(0.05);
    expect(agent.heard.length).toBeLessThan(5);
    expect(new Set(caller.heard.map(({ from }) => from.port))).toEqual(new Set([caller.remote?.port]));
    // And back.
    await calls.media.separate(callId);
    await calls.media.bridge(callId, agent.sdp());
    await Promise.all([caller.untilTone(AGENT_HZ), agent.untilTone(CALLER_HZ)]);
    caller.forget();
    await caller.until((heard) => heard.length >= 40, 'the first agent');
    expect(most(caller, 1300)).toBeLessThan(0.05);
  });

  test('an agent’s phone that called us is joined by its offer', async () => {
    const { callId, caller } = await calls.anchored();
    await calls.media.play(callId, music, true);
    caller.tone(CALLER_HZ);
    await caller.untilTone(MUSIC_HZ);
    const agent = await calls.peer();
    const { agentSdp } = await calls.media.bridgeOffer(callId, agent.sdp());
    expect(agentSdp).toMatch(/m=audio \d+ RTP\/AVP 8 101\r\n/);
    agent.follow(agentSdp);
    agent.tone(AGENT_HZ);
    await Promise.all([caller.untilTone(AGENT_HZ), agent.untilTone(CALLER_HZ)]);
    const held = await calls.media.renegotiate(callId, 'agent', agent.sdp({ direction: 'sendonly' }));
    expect(/^o=- (\d+) 2 /m.exec(held.sdp)?.[1]).toBe(/^o=- (\d+) 1 /m.exec(agentSdp)?.[1]);
  });

  test('a phone that called us in another codec alone: unsupported, and the caller goes on hearing music', async () => {
    const { callId, caller } = await calls.anchored('PCMA');
    await calls.media.play(callId, music, true);
    const agent = await calls.peer('PCMU');
    await expect(calls.media.bridgeOffer(callId, agent.sdp())).rejects.toMatchObject({ name: 'MediaFault', code: 'unsupported' });
    await caller.untilTone(MUSIC_HZ);
  });

  test('a call that has no anchor: whatever is asked of it is refused', async () => {
    const { media } = calls;
    const refused = { name: 'MediaFault', code: 'refused' };
    await expect(media.separate('none')).rejects.toMatchObject(refused);
    await expect(media.bridgeOffer('none', (await calls.peer()).sdp())).rejects.toMatchObject(refused);
    await expect(media.play('none', music, true, 'agent')).rejects.toMatchObject(refused);
    await expect(media.stop('none', 'agent')).rejects.toMatchObject(refused);
  });
}

describe('our media server', () => conforms(() => startOwn(folder)));
describeWith(['rtpengine'], 'rtpengine', () => conforms(startRtpengine));
