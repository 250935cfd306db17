// One engine's anchors in the hands of the next: nobody hears a gap, and whatever may be asked of an anchor still can be. On both media servers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMedia, type Media } from '../../../engine/media/media';
import { AGENT_HZ, CALLER_HZ, MediaCalls } from '../../support/media-calls';
import { silentLog, startOwn, startRtpengine, type RunningMediaServer } from '../../support/media-servers';
import { describeWith } from '../../support/needs';
import { type Heard, RATE, RtpPeer, sequenceFaults, sine } from '../../support/rtp-peer';
import { writeWav } from '../../support/wav';

const folder = mkdtempSync(join(tmpdir(), 'media-takeover-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MUSIC_HZ = 400;
const PROMPT_HZ = 550;
const music = writeWav(folder, 'music.wav', sine(MUSIC_HZ, RATE));
const prompt = writeWav(folder, 'prompt.wav', sine(PROMPT_HZ, RATE));

/** The longest time without a packet. */
const longestGapMs = (heard: readonly Heard[]): number => heard.reduce((most, { atMs }, index) => Math.max(most, index === 0 ? 0 : atMs - (heard[index - 1]?.atMs ?? 0)), 0);

/** What was heard is one stream without a hole. */
function expectWhole(who: string, heard: readonly Heard[]): void {
  expect({ who, faults: sequenceFaults(heard), streams: new Set(heard.map(({ ssrc }) => ssrc)).size }).toEqual({ who, faults: 0, streams: 1 });
  if (process.env['GAPS_SHOW'] !== undefined) process.stdout.write(`${who}: longest time between two packets ${longestGapMs(heard).toFixed(0)} ms\n`);
}

function conforms(start: (port?: number) => Promise<RunningMediaServer>): void {
  const calls = new MediaCalls(() => start());
  const others: Media[] = [];
  afterEach(async () => { for (const other of others.splice(0)) await other.close(); });

  /** Another engine's media port, which knows of these calls what the first wrote down. */
  async function takenOver(...callIds: readonly string[]): Promise<Media> {
    const media = createMedia({ host: calls.server.host, port: calls.server.port, log: silentLog });
    others.push(media);
    const kept: unknown = JSON.parse(JSON.stringify(callIds.map((callId) => [callId, calls.media.keep(callId, new Date())])));
    for (const [callId, each] of kept as [string, unknown][]) {
      expect(media.adopt(callId, each, new Date())).toBe(true);
      expect(await media.assure(callId)).toBe(true);
    }
    return media;
  }

  test('two who talk hear each other without a hole, and then hold, part, come together and end', async () => {
    const { callId, caller, agent } = await calls.joined();
    caller.forget();
    agent.forget();
    const media = await takenOver(callId);
    const [callerHeard, agentHeard] = [caller.heard.length, agent.heard.length];
    await Promise.all([caller.until((heard) => heard.length >= callerHeard + 25, 'half a second more'), agent.until((heard) => heard.length >= agentHeard + 25, 'half a second more')]);
    expectWhole('caller', caller.heard);
    expectWhole('agent', agent.heard);
    await Promise.all([agent.untilTone(CALLER_HZ), caller.untilTone(AGENT_HZ)]);

    expect((await media.renegotiate(callId, 'agent', agent.sdp({ direction: 'sendonly' }))).holds).toBe(true);
    await media.play(callId, music, true, 'caller');
    await caller.untilTone(MUSIC_HZ);
    expect((await media.renegotiate(callId, 'agent', agent.sdp())).holds).toBe(false);
    await media.stop(callId, 'caller');
    await Promise.all([agent.untilTone(CALLER_HZ), caller.untilTone(AGENT_HZ)]);

    await media.separate(callId);
    await media.play(callId, music, true);
    await caller.untilTone(MUSIC_HZ);
    const other = await calls.peer();
    if (agent.remote !== null) other.remote = agent.remote;
    await media.bridge(callId, other.sdp());
    other.tone(1_300);
    await Promise.all([other.untilTone(CALLER_HZ), caller.untilTone(1_300)]);
    await media.release(callId);
    expect(await calls.media.assure(callId)).toBe(false);
  });

  test('a caller who waits hears the music go on where it was, and is joined by the next engine', async () => {
    const { callId, caller, agentOfferSdp } = await calls.anchored();
    caller.tone(CALLER_HZ);
    await calls.media.play(callId, music, true);
    await caller.untilTone(MUSIC_HZ);
    caller.forget();
    const media = await takenOver(callId);
    const count = caller.heard.length;
    await caller.until((heard) => heard.length >= count + 25, 'half a second more');
    expectWhole('caller', caller.heard);
    const agent = await calls.peer();
    agent.follow(agentOfferSdp);
    await media.bridge(callId, agent.sdp());
    agent.tone(AGENT_HZ);
    await Promise.all([agent.untilTone(CALLER_HZ), caller.untilTone(AGENT_HZ)]);
  });

  test('whoever is played one pass hears the other again at its end, although another engine began it', async () => {
    const { callId, caller, agent } = await calls.joined();
    await calls.media.play(callId, prompt, false, 'caller');
    await caller.untilTone(PROMPT_HZ);
    await takenOver(callId);
    await calls.media.close();
    await caller.untilTone(AGENT_HZ);
    await agent.untilTone(CALLER_HZ);
    calls.media = createMedia({ host: calls.server.host, port: calls.server.port, log: silentLog });
  });

  test('what was written too early is put right: parted and played to since, and joined again by who goes on', async () => {
    const { callId, caller, agent } = await calls.joined();
    const kept: unknown = JSON.parse(JSON.stringify(calls.media.keep(callId, new Date())));
    await calls.media.separate(callId);
    await calls.media.play(callId, music, true);
    await caller.untilTone(MUSIC_HZ);
    const media = createMedia({ host: calls.server.host, port: calls.server.port, log: silentLog });
    others.push(media);
    media.adopt(callId, kept, new Date());
    expect(await media.assure(callId)).toBe(true);
    await Promise.all([agent.untilTone(CALLER_HZ), caller.untilTone(AGENT_HZ)]);
  });

  test('an offer of ours that is not answered yet is answered to the next engine', async () => {
    const callId = calls.nextCall();
    const caller = await calls.peer();
    const { callerSdp } = await calls.media.anchorOfferless(callId);
    caller.follow(callerSdp);
    const media = await takenOver(callId);
    await media.completeOfferless(callId, caller.sdp());
    caller.tone(CALLER_HZ);
    await media.play(callId, music, true);
    await caller.untilTone(MUSIC_HZ);
  });

  test('an anchor that is not there any more is said to be gone, and what cannot be understood is not taken', async () => {
    const { callId } = await calls.anchored();
    const kept: unknown = JSON.parse(JSON.stringify(calls.media.keep(callId, new Date())));
    await calls.media.release(callId);
    const media = createMedia({ host: calls.server.host, port: calls.server.port, log: silentLog });
    others.push(media);
    expect(media.adopt(callId, { sessionId: 1 }, new Date())).toBe(false);
    expect(media.adopt(callId, null, new Date())).toBe(false);
    expect(media.adopt(callId, kept, new Date())).toBe(true);
    expect(await media.assure(callId)).toBe(false);
    expect(await media.assure('never')).toBe(false);
  });

  test('a server that is started anew is found to have lost its anchors', async () => {
    const first = await start();
    const media = createMedia({ host: first.host, port: first.port, log: silentLog });
    others.push(media);
    const told: string[][] = [];
    const lost = new Promise<void>((resolve) => {
      media.onLost((callIds) => {
        told.push([...callIds]);
        resolve();
      });
    });
    const [one, two] = [await RtpPeer.open(), await RtpPeer.open()];
    await media.anchor('one', one.sdp());
    await media.anchor('two', two.sdp());
    await media.release('two');
    await first.close();
    const second = await start(first.port);
    await lost;
    expect(told).toEqual([['one']]);
    expect(media.keep('one', new Date())).toBeNull();
    await media.anchor('one', one.sdp());
    one.close();
    two.close();
    await second.close();
  });
}

describe('our media server', () => { conforms((port) => startOwn(folder, port)); });
describeWith(['rtpengine'], 'rtpengine', () => { conforms((port) => startRtpengine(undefined, port)); });
