// What is heard: the welcome as it was rendered, music without gaps, then each other, and never a loser.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Baresip } from '../support/baresip';
import { startRtpengine } from '../support/media-servers';
import { describeWith } from '../support/needs';
import { Phone } from '../support/phone';
import { correlation, FRAME, RATE, RtpPeer, sequenceFaults, toneShare } from '../support/rtp-peer';
import { eventually, startSystem, type System } from '../support/system';

jest.setTimeout(90_000);

let system: System;
const toClose: Array<{ close(): void | Promise<void> }> = [];
beforeAll(async () => { system = await startSystem(); });
afterAll(async () => { await system?.stop(); });
afterEach(async () => { await Promise.all(toClose.splice(0).map(async (one) => one.close())); });

const WELCOME = 'Welcome to the audio proof.';

/** Every 16-bit mono WAV in the shared media folder, as samples. */
async function rendered(system: System): Promise<Int16Array[]> {
  const folder = join(system.folder, 'media');
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.wav'));
  return Promise.all(names.map(async (name) => {
    const wav = await readFile(join(folder, name));
    const at = wav.indexOf('data') + 8;
    return Int16Array.from({ length: (wav.length - at) >> 1 }, (_, index) => wav.readInt16LE(at + 2 * index));
  }));
}

/** The loud part of a sound, so that silence around it does not count as likeness. */
function spoken(samples: Int16Array, length: number): Int16Array {
  const start = samples.findIndex((sample) => Math.abs(sample) > 2000);
  return samples.subarray(start, start + length);
}

/** Root mean square of each 100 ms. */
function loudness(samples: Int16Array): number[] {
  const size = RATE / 10;
  return Array.from({ length: Math.floor(samples.length / size) }, (_, index) =>
    Math.sqrt(samples.subarray(index * size, (index + 1) * size).reduce((sum, sample) => sum + sample * sample, 0) / size));
}

/** The whole of one call, listened to at all three phones. */
async function heardCall(system: System): Promise<void> {
  const agents = [await system.agent(), await system.agent()];
  const group = await system.group({ agentIds: agents.map(({ id }) => id), welcomeText: WELCOME });
  const [callerSound, winnerSound, loserSound] = [await RtpPeer.open(), await RtpPeer.open(), await RtpPeer.open()];
  const caller = await system.caller();
  toClose.push(callerSound, winnerSound, loserSound, caller);
  const leg = caller.invite(group.user, callerSound.sdp());
  await caller.answered(leg);
  callerSound.follow(leg.remoteSdp);
  callerSound.tone(440);

  await callerSound.until((heard) => heard.length > 0, 'the first packet');
  await system.live(group.id, 'the caller to wait', (live) => live.callers[0]?.state === 'waiting');
  const musicFrom = callerSound.heard.length;
  await callerSound.until((heard) => heard.length > musicFrom + 150, 'three seconds of music');
  const musicTo = callerSound.heard.length;
  const heard = callerSound.samples(callerSound.heard.slice(0, musicFrom));
  const welcomes = (await rendered(system)).map((sound) => correlation(heard, spoken(sound, RATE / 2)).value);
  expect(Math.max(...welcomes)).toBeGreaterThan(0.95);
  const music = callerSound.heard.slice(musicFrom + 10, musicTo);
  expect(sequenceFaults(callerSound.heard)).toBe(0);
  expect(Math.min(...loudness(callerSound.samples(music)))).toBeGreaterThan(50);
  expect(new Set(music.map(({ ssrc }) => ssrc)).size).toBe(1);

  const [winner, loser] = [await system.phone(agents[0]!), await system.phone(agents[1]!)];
  toClose.push(winner, loser);
  const [won, lost] = await Promise.all([winner.request('INVITE'), loser.request('INVITE')]);
  for (const [phone, invite] of [[winner, won], [loser, lost]] as const) phone.respond(invite, 180, 'Ringing');
  loserSound.follow(lost.content ?? '');
  loserSound.tone(1000);
  winnerSound.follow(won.content ?? '');
  winner.respond(won, 200, 'OK', winnerSound.sdp());
  loser.respond(lost, 200, 'OK', loserSound.sdp());
  await Promise.all([winner.request('ACK'), loser.request('ACK')]);
  winnerSound.tone(660);
  loser.respond(await loser.request('BYE'), 200, 'OK');

  await Promise.all([callerSound.untilTone(660, 400), winnerSound.untilTone(440, 400)]);
  const everything = callerSound.samples(callerSound.heard.slice(musicTo));
  for (let at = 0; at + 5 * FRAME <= everything.length; at += 5 * FRAME) {
    expect(toneShare(everything.subarray(at, at + 5 * FRAME), 1000)).toBeLessThan(0.2);
  }
  expect(loserSound.heard).toHaveLength(0);
  await caller.hangUp(leg);
  winner.respond(await winner.request('BYE'), 200, 'OK');
  expect(await system.record(group.id)).toMatchObject({ outcome: 'answered', agentId: agents[0]!.id, endedBy: 'caller' });
}

test('the welcome as rendered, music without gaps, then both tones and never the loser', () => heardCall(system));

describeWith(['rtpengine'], 'with rtpengine instead of our media server', () => {
  let other: System;
  beforeAll(async () => { other = await startSystem({ media: () => startRtpengine() }); });
  afterAll(async () => { await other?.stop(); });

  test('the same call sounds the same', () => heardCall(other));
});

describeWith(['baresip'], 'whole calls by baresip', () => {
  const running: Baresip[] = [];
  afterEach(async () => { await Promise.all(running.splice(0).map((one) => one.stop())); });
  const start = async (options: Omit<Parameters<typeof Baresip.start>[0], 'server'>): Promise<Baresip> => {
    const made = await Baresip.start({ server: system.sip, ...options });
    running.push(made);
    return made;
  };
  const share = (samples: Float32Array, hz: number): number => toneShare(Int16Array.from(samples, (sample) => Math.round(sample * 32767)), hz);

  test.each(['PCMA', 'PCMU'] as const)('%s: caller and agent hear each other, and the agent registered with digest', async (codec) => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id], welcomeText: WELCOME });
    const phone = await start({ user: agent.user, password: agent.password, autoAnswer: true, toneHz: 660, codec });
    const caller = await start({ user: 'visitor', toneHz: 440, codec });
    caller.dial(`sip:${group.user}@${system.sip.host}:${system.sip.port}`);
    await Promise.all([caller.hears(/Call established/), phone.hears(/Call established/)]);
    await system.live(group.id, 'both to talk', (live) => live.callers[0]?.state === 'talking');
    const secondOfSound = RATE * 2;
    await eventually('a second of sound at both', async () => (await Promise.all([caller.recordedBytes(), phone.recordedBytes()])).every((bytes, index) => bytes > secondOfSound * (index === 0 ? 5 : 1.5)));
    caller.command('/hangup');
    await phone.hears(/session closed|terminated|Call.*closed/i);
    await system.record(group.id, ({ outcome }) => outcome === 'answered');
    const [atCaller, atPhone] = [await caller.heard(), await phone.heard()];
    expect(share(atCaller.subarray(-RATE / 2), 660)).toBeGreaterThan(0.8);
    expect(share(atPhone.subarray(-RATE / 2), 440)).toBeGreaterThan(0.8);
  });

  test('hold and resume by the caller: answered both times, and the talk goes on', async () => {
    const agent = await system.agent();
    const group = await system.group({ agentIds: [agent.id] });
    const sound = [await RtpPeer.open(), await RtpPeer.open()] as const;
    const [caller, phone] = [await Phone.open('holder', system.sip), await system.phone(agent)];
    toClose.push(...sound, caller, phone);
    const leg = caller.invite(group.user, sound[0].sdp());
    await caller.answered(leg);
    sound[0].follow(leg.remoteSdp);
    sound[0].tone(440);
    const invite = await phone.request('INVITE');
    phone.respond(invite, 200, 'OK', sound[1].sdp());
    await phone.request('ACK');
    sound[1].follow(invite.content ?? '');
    sound[1].tone(660);
    await Promise.all([sound[0].untilTone(660), sound[1].untilTone(440)]);
    for (const [direction, answer] of [['sendonly', 'recvonly'], ['sendrecv', 'sendrecv']] as const) {
      caller.send(caller.inDialog(leg, 'INVITE', sound[0].sdp({ direction })));
      const ok = await caller.response('INVITE', (status) => status >= 200, leg.callId);
      expect(ok.status).toBe(200);
      expect(ok.content).toContain(`a=${answer}`);
      caller.send({ ...caller.inDialog(leg, 'ACK'), headers: { ...caller.inDialog(leg, 'ACK').headers, cseq: { seq: leg.cseq, method: 'ACK' } } });
    }
    sound[0].forget();
    await sound[0].untilTone(660);
    await caller.hangUp(leg);
    phone.respond(await phone.request('BYE'), 200, 'OK');
    expect(await system.record(group.id)).toMatchObject({ outcome: 'answered' });
  });
});
