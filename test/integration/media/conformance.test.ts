// One suite for every media server: ours and rtpengine must look the same to calls, and sound the same to callers and agents.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Media } from '../../../engine/media/media';
import { AGENT_HZ, CALLER_HZ, MediaCalls, type AnchoredCall } from '../../support/media-calls';
import { startOwn, startRtpengine, type RunningMediaServer } from '../../support/media-servers';
import { describeWith } from '../../support/needs';
import { correlation, FRAME, type Heard, inSequence, type RtpPeer, sequenceFaults, sine, toneShare, type PeerCodec, unbroken } from '../../support/rtp-peer';
import { writeWav } from '../../support/wav';

const folder = mkdtempSync(join(tmpdir(), 'media-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SECOND = 8000;
/** Whole periods in a length that is no whole number of packets, so that the loop point falls inside one. */
const LOOPED_HZ = 400;
const LOOPED_SAMPLES = SECOND - 20;
const looped = writeWav(folder, 'looped.wav', sine(LOOPED_HZ, LOOPED_SAMPLES));
const other = writeWav(folder, 'other.wav', sine(900, SECOND / 2));
/** Something that resembles itself nowhere else: a sweep. */
const sweep = Int16Array.from({ length: SECOND }, (_, index) => Math.round(12_000 * Math.sin((2 * Math.PI * (300 + 120 * (index / SECOND) * 8) * index) / SECOND)));
const welcome = writeWav(folder, 'welcome.wav', sweep);

const WINNER_HZ = AGENT_HZ;
const LOSER_HZ = 1300;

/** How many ends of the looped file lie within these packets. */
function passes(run: readonly Heard[], start: number): number {
  const [first, last] = [run[0], run.at(-1)].map((packet) => Math.floor((((packet?.timestamp ?? start) - start) >>> 0) / LOOPED_SAMPLES));
  return (last ?? 0) - (first ?? 0);
}

const windowsOf = (samples: Int16Array): number[] => Array.from({ length: Math.floor(samples.length / 200) }, (_, index) => toneShare(samples.subarray(index * 200, index * 200 + 200), LOOPED_HZ));

/** @param ordered whether packets leave in order for certain: two threads of rtpengine may overtake each other on a busy machine. None may be missing. */
function conforms(start: () => Promise<RunningMediaServer>, ordered: boolean): void {
  /** Everything up to the newest packet of this moment has come, each once: at once where packets leave in order, else those overtaken may follow. */
  const hasHeardAll = async (caller: RtpPeer): Promise<void> => {
    if (ordered) expect(sequenceFaults(caller.heard)).toBe(0);
    const newest = inSequence(caller.heard).at(-1);
    const upToNewest = (heard: readonly Heard[]): Heard[] => { const sorted = inSequence(heard); return sorted.slice(0, sorted.findIndex((packet) => packet.sequence === newest?.sequence) + 1); };
    await caller.until((heard) => sequenceFaults(upToNewest(heard)) === 0, 'every packet that was overtaken');
  };
  const calls = new MediaCalls(start);
  let media: Media;
  beforeAll(() => { ({ media } = calls); });
  const peer = (codec?: PeerCodec): Promise<RtpPeer> => calls.peer(codec);
  const anchored = (codec?: PeerCodec): Promise<AnchoredCall> => calls.anchored(codec);
  const joined = (codec?: PeerCodec): Promise<AnchoredCall & { readonly agent: RtpPeer }> => calls.joined(codec);
  const nextCall = (): string => calls.nextCall();

  describe.each<PeerCodec>(['PCMA', 'PCMU'])('in %s', (codec) => {
    test('what is played is what the caller hears', async () => {
      const { callId, caller } = await anchored(codec);
      const { durationMs } = await media.play(callId, welcome, false);
      expect(durationMs).toBe(1000);
      await caller.until((heard) => heard.length >= 50, 'the whole welcome');
      expect(correlation(caller.samples(inSequence(caller.heard)), sweep.subarray(0, 7800)).value).toBeGreaterThan(0.95);
      await hasHeardAll(caller);
    });

    test('music goes on over its end without a gap or a click', async () => {
      const { callId, caller } = await anchored(codec);
      await media.play(callId, looped, true);
      await caller.until((heard) => heard.length >= 125, 'two and a half passes');
      await hasHeardAll(caller);
      expect(new Set(caller.heard.map(({ ssrc }) => ssrc)).size).toBe(1);
      // Time goes on by whole packets. What a busy machine skipped is no gap of the music, for it goes on where it would be by now.
      const runs = unbroken(inSequence(caller.heard));
      const start = caller.heard[0]?.timestamp ?? 0;
      expect(runs.every((run) => (((run[0]?.timestamp ?? 0) - start) >>> 0) % FRAME === 0)).toBe(true);
      expect(runs.some((run) => passes(run, start) > 0)).toBe(true);
      const windows = runs.flatMap((run) => windowsOf(caller.samples(run)));
      expect(windows.length).toBeGreaterThan(50);
      expect(Math.min(...windows)).toBeGreaterThan(0.99);
    });

    test('after the bridge each hears the other', async () => {
      const { caller, agent } = await joined(codec);
      expect(toneShare(caller.samples(caller.heard.slice(-10)), WINNER_HZ)).toBeGreaterThan(0.95);
      expect(toneShare(agent.samples(agent.heard.slice(-10)), CALLER_HZ)).toBeGreaterThan(0.95);
    });
  });

  test('what is played next takes the place of what is playing, in the same stream', async () => {
    const { callId, caller } = await anchored();
    await media.play(callId, looped, true);
    await caller.untilTone(LOOPED_HZ);
    await media.play(callId, other, true);
    await caller.untilTone(900);
    expect(new Set(caller.heard.map(({ ssrc }) => ssrc)).size).toBe(1);
    await hasHeardAll(caller);
  });

  test('stopped music is not heard any more, and stopping twice is no fault', async () => {
    const { callId, caller } = await anchored();
    await media.play(callId, looped, true);
    await caller.untilTone(LOOPED_HZ);
    await media.stop(callId);
    await media.stop(callId);
    await media.play(callId, other, true);
    await caller.untilTone(900);
    caller.forget();
    await caller.until((heard) => heard.length >= 10, 'the other file');
    expect(toneShare(caller.samples(), LOOPED_HZ)).toBeLessThan(0.01);
  });

  test('a phone that sends before anybody has won is not heard over the music', async () => {
    const { callId, caller, agentOfferSdp } = await anchored();
    const eager = await peer();
    eager.follow(agentOfferSdp);
    await media.play(callId, looped, true);
    eager.tone(LOSER_HZ);
    await caller.until((heard) => heard.length >= 40, 'music');
    expect(toneShare(caller.samples(), LOSER_HZ)).toBeLessThan(0.001);
    expect(eager.heard).toHaveLength(0);
  });

  test('a phone that lost the call and goes on sending is never heard, nor hears the caller', async () => {
    const { callId, caller, agentOfferSdp } = await anchored();
    const [winner, loser] = [await peer(), await peer()];
    winner.follow(agentOfferSdp);
    loser.follow(agentOfferSdp);
    caller.tone(CALLER_HZ);
    loser.tone(LOSER_HZ);
    await media.play(callId, looped, true);
    await caller.untilTone(LOOPED_HZ);
    await media.bridge(callId, winner.sdp());
    // The winner is silent at first: what the loser says must not fill the silence.
    await winner.until((heard) => heard.length >= 30, 'the caller');
    winner.tone(WINNER_HZ);
    await caller.untilTone(WINNER_HZ);
    const spoken = caller.samples();
    for (let at = 0; at + 400 <= spoken.length; at += 400) expect(toneShare(spoken.subarray(at, at + 400), LOSER_HZ)).toBeLessThan(0.05);
    expect(loser.heard).toHaveLength(0);
  });

  test('the caller is sent everything from one port, from the first music to the talk', async () => {
    const { callId, caller, agentOfferSdp } = await anchored();
    const agent = await peer();
    agent.follow(agentOfferSdp);
    await media.play(callId, looped, true);
    await caller.untilTone(LOOPED_HZ);
    await media.bridge(callId, agent.sdp());
    agent.tone(WINNER_HZ);
    await caller.untilTone(WINNER_HZ);
    expect(new Set(caller.heard.map(({ from }) => from.port))).toEqual(new Set([caller.remote?.port]));
  });

  test('an offerless caller is answered with an offer, hears music, and is joined', async () => {
    const callId = nextCall();
    const [caller, agent] = [await peer('PCMU'), await peer('PCMU')];
    const { callerSdp } = await media.anchorOfferless(callId);
    expect(callerSdp).toMatch(/m=audio \d+ RTP\/AVP 8 0 101/);
    caller.follow(callerSdp);
    const { agentOfferSdp } = await media.completeOfferless(callId, caller.sdp());
    expect(agentOfferSdp).toMatch(/m=audio \d+ RTP\/AVP 0 101/);
    caller.tone(CALLER_HZ);
    await media.play(callId, looped, true);
    await caller.untilTone(LOOPED_HZ);
    agent.follow(agentOfferSdp);
    await media.bridge(callId, agent.sdp());
    agent.tone(WINNER_HZ);
    await Promise.all([agent.untilTone(CALLER_HZ), caller.untilTone(WINNER_HZ)]);
  });

  test.each(['caller', 'agent'] as const)('the %s holds and comes back: answered in kind, and they hear each other again', async (side) => {
    const { callId, caller, agent } = await joined();
    const [who, whom] = side === 'caller' ? [caller, agent] : [agent, caller];
    const [whoHz, whomHz] = side === 'caller' ? [CALLER_HZ, WINNER_HZ] : [WINNER_HZ, CALLER_HZ];
    expect((await media.renegotiate(callId, side, who.sdp({ direction: 'sendonly' }))).sdp).toContain('a=recvonly');
    expect((await media.renegotiate(callId, side, who.sdp({ direction: 'inactive' }))).sdp).toContain('a=inactive');
    const { sdp: answer } = await media.renegotiate(callId, side, who.sdp());
    expect(answer).toContain('a=sendrecv');
    expect(answer).toContain(`m=audio ${who.remote?.port} `);
    who.forget();
    whom.forget();
    await Promise.all([who.untilTone(whomHz), whom.untilTone(whoHz)]);
  });

  test('a caller who moves to another port in the talk is followed there, and our port stays', async () => {
    const { callId, caller, agent } = await joined();
    const moved = await peer();
    const { sdp: answer } = await media.renegotiate(callId, 'caller', moved.sdp());
    expect(answer).toContain(`m=audio ${caller.remote?.port} `);
    moved.follow(answer);
    caller.hush();
    moved.tone(500);
    await Promise.all([moved.untilTone(WINNER_HZ), agent.untilTone(500)]);
  });

  test('a re-INVITE without SDP is answered with the present state, whose answer may name another port', async () => {
    const { callId, caller, agent } = await joined();
    const { sdp: offered } = await media.renegotiate(callId, 'agent', '');
    expect(offered).toContain(`m=audio ${agent.remote?.port} `);
    const moved = await peer();
    moved.follow(offered);
    await media.completeRenegotiation(callId, 'agent', moved.sdp());
    agent.hush();
    moved.tone(500);
    await Promise.all([moved.untilTone(CALLER_HZ), caller.untilTone(500)]);
  });

  test('a caller who holds while waiting still has music afterwards', async () => {
    const { callId, caller } = await anchored();
    await media.play(callId, looped, true);
    await caller.untilTone(LOOPED_HZ);
    expect((await media.renegotiate(callId, 'caller', caller.sdp({ direction: 'sendonly' }))).sdp).toContain('a=recvonly');
    expect((await media.renegotiate(callId, 'caller', caller.sdp())).sdp).toContain('a=sendrecv');
    caller.forget();
    await caller.untilTone(LOOPED_HZ);
  });

  test('an agent who answers in another codec: unsupported, and the caller goes on hearing music', async () => {
    const { callId, caller } = await anchored('PCMA');
    const stranger = await peer('PCMU');
    await media.play(callId, looped, true);
    await expect(media.bridge(callId, stranger.sdp())).rejects.toMatchObject({ name: 'MediaFault', code: 'unsupported' });
    caller.forget();
    await caller.untilTone(LOOPED_HZ);
  });

  test('a file that is not there, or no sound: refused', async () => {
    const { callId } = await anchored();
    await expect(media.play(callId, join(folder, 'none.wav'), false)).rejects.toMatchObject({ code: 'refused' });
    await expect(media.play(callId, __filename, false)).rejects.toMatchObject({ code: 'refused' });
  });

  test('a call that is released hears nothing more, and playing to it is refused', async () => {
    const { callId, caller } = await anchored();
    await media.play(callId, looped, true);
    await caller.untilTone(LOOPED_HZ);
    await media.release(callId);
    await expect(media.play(callId, looped, true)).rejects.toMatchObject({ code: 'refused' });
  });

  test('releasing twice, or what never was, is success', async () => {
    const { callId } = await anchored();
    await media.release(callId);
    await media.release(callId);
    await media.release('never was');
  });

  test('anchoring again under the same name begins afresh', async () => {
    const { callId } = await anchored();
    const caller = await peer();
    caller.follow((await media.anchor(callId, caller.sdp())).callerSdp);
    await media.play(callId, looped, true);
    await caller.untilTone(LOOPED_HZ);
  });
}

describe('our media server', () => conforms(() => startOwn(folder), true));
describeWith(['rtpengine'], 'rtpengine', () => conforms(startRtpengine, false));
