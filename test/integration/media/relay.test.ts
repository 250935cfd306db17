// What only our own media server promises: who is let in, what garbage does, continuity of the stream, RTCP, and ports that come back.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'bencode';
import fc from 'fast-check';
import { startMedia, type MediaServer } from '../../../engine/edge/media/server';
import { createMedia, type Media } from '../../../engine/media/media';
import { silentLog } from '../../support/media-servers';
import { askOverUdp, talkOverTcp } from '../../support/ng-peer';
import { RtpPeer, sequenceFaults, sine, toneShare } from '../../support/rtp-peer';
import { writeWav } from '../../support/wav';

const folder = mkdtempSync(join(tmpdir(), 'relay-'));
const music = writeWav(folder, 'music.wav', sine(400, 8000));
const [CALLER_HZ, AGENT_HZ, INTRUDER_HZ] = [700, 1000, 1300];
const min = 31_000 + 2 * Math.floor(Math.random() * 500);

let server: MediaServer;
let media: Media;
const peers: RtpPeer[] = [];
const start = (settings: { RTP_PORT_MIN?: number; RTP_PORT_MAX?: number } = {}): Promise<MediaServer> => startMedia({
  NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: min, RTP_PORT_MAX: min + 99, MEDIA_DIRECTORY: folder, SIP_ADDRESS: '127.0.0.1', SIP_EXTERNAL_ADDRESS: '127.0.0.1', ...settings,
}, silentLog);

beforeAll(async () => {
  server = await start();
  media = createMedia({ host: '127.0.0.1', port: server.ngPort, log: silentLog });
});
afterAll(async () => {
  await media.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  for (const { callId } of server.anchors()) await media.release(callId);
});

async function peer(): Promise<RtpPeer> {
  const opened = await RtpPeer.open();
  peers.push(opened);
  return opened;
}

let calls = 0;
async function talk(agentSdp: (agent: RtpPeer) => string = (agent) => agent.sdp()): Promise<{ callId: string; caller: RtpPeer; agent: RtpPeer }> {
  const callId = `relay-${(calls += 1)}`;
  const [caller, agent] = [await peer(), await peer()];
  const { callerSdp, agentOfferSdp } = await media.anchor(callId, caller.sdp());
  caller.follow(callerSdp);
  agent.follow(agentOfferSdp);
  caller.tone(CALLER_HZ);
  await media.bridge(callId, agentSdp(agent));
  agent.tone(AGENT_HZ);
  await caller.untilTone(AGENT_HZ);
  return { callId, caller, agent };
}

test('music, a prompt and an agent are one stream: one SSRC, no gap in the sequence, a marker where each begins, time that goes forward', async () => {
  const callId = 'continuous';
  const [caller, agent] = [await peer(), await peer()];
  const { callerSdp, agentOfferSdp } = await media.anchor(callId, caller.sdp());
  caller.follow(callerSdp);
  agent.follow(agentOfferSdp);
  await media.play(callId, writeWav(folder, 'prompt.wav', sine(600, 4000)), false);
  await caller.untilTone(600);
  await media.play(callId, music, true);
  await caller.untilTone(400);
  await media.bridge(callId, agent.sdp());
  agent.tone(AGENT_HZ);
  await caller.untilTone(AGENT_HZ);
  expect(new Set(caller.heard.map(({ ssrc }) => ssrc)).size).toBe(1);
  expect(sequenceFaults(caller.heard)).toBe(0);
  expect(caller.heard.filter(({ marker }) => marker)).toHaveLength(3);
  for (let index = 1; index < caller.heard.length; index += 1) {
    const step = ((caller.heard[index]?.timestamp ?? 0) - (caller.heard[index - 1]?.timestamp ?? 0)) >>> 0;
    expect(step % 160).toBe(0);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(8000 * 10);
  }
});

test('an intruder who sends to either port is neither heard nor sent anything', async () => {
  const { caller, agent } = await talk();
  const [atCaller, atAgent] = [await peer(), await peer()];
  atCaller.remote = caller.remote;
  atAgent.remote = agent.remote;
  atCaller.tone(INTRUDER_HZ);
  atAgent.tone(INTRUDER_HZ);
  caller.forget();
  agent.forget();
  await Promise.all([caller.until((heard) => heard.length >= 50, 'the agent'), agent.until((heard) => heard.length >= 50, 'the caller')]);
  expect(toneShare(caller.samples(), AGENT_HZ)).toBeGreaterThan(0.95);
  expect(toneShare(agent.samples(), CALLER_HZ)).toBeGreaterThan(0.95);
  expect([...atCaller.heard, ...atAgent.heard]).toEqual([]);
});

test('an agent behind NAT, who sends from another address than announced, is found and heard', async () => {
  // 192.0.2.0/24 is for documentation: nobody is there, so that only learning helps.
  const { agent } = await talk((one) => one.sdp({ address: '192.0.2.7', port: one.port }));
  await agent.untilTone(CALLER_HZ);
});

test('a caller behind NAT hears music once anything of theirs has come', async () => {
  const callId = 'behind-nat';
  const caller = await peer();
  caller.follow((await media.anchor(callId, caller.sdp({ address: '192.0.2.8' }))).callerSdp);
  await media.play(callId, music, true);
  caller.tone(CALLER_HZ);
  await caller.untilTone(400);
});

test('packets that are no RTP are counted and harm nobody', async () => {
  const { callId, caller, agent } = await talk();
  const samples = fc.sample(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 1400, maxLength: 1600 })), 200);
  for (const bytes of samples) {
    // Version 1, so that none of it is RTP by chance.
    if (bytes.length > 0) bytes[0] = (bytes[0] ?? 0) & 0x3f | 0x40;
    agent.sendRaw(Buffer.from(bytes));
  }
  caller.forget();
  await caller.untilTone(AGENT_HZ);
  const { totals } = await askOverUdp(server.ngPort, { command: 'query', 'call-id': callId }) as { totals: { RTP: { errors: number } } };
  expect(totals.RTP.errors).toBeGreaterThan(0);
});

test('digits pass as they are, in sequence with the voice', async () => {
  const { caller, agent } = await talk();
  const event = Buffer.from('80e5000100000000000000070a0a00a0', 'hex');
  caller.hush();
  caller.sendRaw(event);
  await agent.until((heard) => heard.some(({ payloadType }) => payloadType === 101), 'the digit');
  expect(agent.heard.find(({ payloadType }) => payloadType === 101)?.payload.toString('hex')).toBe('0a0a00a0');
});

test('RTCP goes from one to the other under the SSRC that the other hears', async () => {
  const { caller, agent } = await talk();
  const report = Buffer.alloc(28);
  report.writeUInt16BE(0x80c8, 0);
  report.writeUInt16BE(6, 2);
  // Whoever sends RTCP sends it from the host of the RTP; here from a socket of its own.
  const [from, to] = [createSocket('udp4'), createSocket('udp4')];
  from.bind(0, '127.0.0.1');
  to.bind(0, '127.0.0.1');
  await Promise.all([once(from, 'listening'), once(to, 'listening')]);
  try {
    // The caller's RTCP makes its address known, although it has nobody to go to yet.
    const hello = Buffer.from(report);
    const arrived = once(to, 'message') as Promise<[Buffer]>;
    const send = (): void => {
      to.send(hello, (caller.remote?.port ?? 0) + 1, '127.0.0.1');
      from.send(report, (agent.remote?.port ?? 0) + 1, '127.0.0.1');
    };
    const again = setInterval(send, 50);
    const [packet] = await arrived;
    clearInterval(again);
    expect(packet.readUInt32BE(4)).toBe(caller.heard[0]?.ssrc);
  } finally {
    from.close();
    to.close();
  }
});

test('the inventory names the anchors, and what it is told to forget is gone with its ports', async () => {
  const { callId, caller } = await talk();
  await media.play(callId, music, true);
  expect(server.anchors()).toEqual([{ callId, createdAtMs: expect.any(Number), playing: true, ports: expect.arrayContaining([caller.remote?.port]) }]);
  expect(await server.forget(callId)).toBe(true);
  expect(await server.forget(callId)).toBe(false);
  expect(server.anchors()).toEqual([]);
  const again = createSocket('udp4');
  again.bind(caller.remote?.port, '127.0.0.1');
  await once(again, 'listening');
  again.close();
  await once(again, 'close');
});

test('with every port in use the next call is refused in words, and served once one is free', async () => {
  const small = await start({ RTP_PORT_MIN: min + 200, RTP_PORT_MAX: min + 207 });
  const client = createMedia({ host: '127.0.0.1', port: small.ngPort, log: silentLog });
  const caller = await peer();
  try {
    await client.anchor('one', caller.sdp());
    await client.anchor('two', caller.sdp());
    await expect(client.anchor('three', caller.sdp())).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('Ran out of ports') });
    expect(small.anchors().map(({ callId }) => callId)).toEqual(['one', 'two']);
    await client.release('one');
    await client.anchor('three', caller.sdp());
  } finally {
    await client.close();
    await small.close();
  }
});

test('ports that another program holds are passed over', async () => {
  const held = createSocket('udp4');
  held.bind(min + 301, '127.0.0.1');
  await once(held, 'listening');
  const small = await start({ RTP_PORT_MIN: min + 300, RTP_PORT_MAX: min + 305 });
  try {
    const offer = await askOverUdp(small.ngPort, { command: 'offer', 'call-id': 'x', 'from-tag': 'a', sdp: (await peer()).sdp() });
    expect(offer).toMatchObject({ result: 'ok' });
    expect(small.anchors()[0]?.ports).toEqual(expect.not.arrayContaining([min + 300]));
  } finally {
    await small.close();
    held.close();
  }
});

test('an NG port that is taken: the listen error, and nothing is left open', async () => {
  const second = startMedia({
    NG_ADDRESS: '127.0.0.1', NG_PORT: server.ngPort, RTP_PORT_MIN: min, RTP_PORT_MAX: min + 99, MEDIA_DIRECTORY: folder, SIP_ADDRESS: '127.0.0.1', SIP_EXTERNAL_ADDRESS: '127.0.0.1',
  }, silentLog);
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('caller and agent who number events apart: each phone is told keys by its own number, and every press is told of once', async () => {
  const callId = 'numbers';
  const told: string[] = [];
  media.onKey((_call, side, key) => told.push(`${side} ${key}`));
  const [caller, agent] = [await peer(), await peer()];
  const { callerSdp, agentOfferSdp } = await media.anchor(callId, caller.sdp({ events: 96 }));
  caller.follow(callerSdp);
  agent.follow(agentOfferSdp);
  caller.tone(CALLER_HZ);
  await media.bridge(callId, agent.sdp({ events: 101 }));
  caller.press('2', { payloadType: 96 });
  await agent.until((heard) => heard.some(({ payloadType, payload }) => payloadType === 101 && payload[0] === 2), 'the event by its own number');
  // By the number that it answered, and by the one that it was offered.
  agent.press('3', { payloadType: 101 });
  agent.press('4', { payloadType: 96 });
  for (const event of [3, 4]) await caller.until((heard) => heard.some(({ payloadType, payload }) => payloadType === 96 && payload[0] === event), 'the event by its own number');
  expect(told).toEqual(['caller 2', 'agent 3', 'agent 4']);
});

test('every client over TCP is told of a key, word for word as rtpengine tells it', async () => {
  const caller = await peer();
  caller.follow((await media.anchor('told', caller.sdp())).callerSdp);
  const pressed = (received: string): boolean => received.includes('onDTMF');
  const listening = [1, 2].map(() => talkOverTcp(server.ngPort, [Buffer.from('a d7:command4:pinge')], (received) => {
    if (received.includes('pong') && !pressed(received)) caller.press('#');
    return pressed(received);
  }));
  for (const { received } of await Promise.all(listening)) {
    const [, notice = ''] = /[0-9a-f]{16} (d4:data.*)$/s.exec(received) ?? [];
    expect(decode(Buffer.from(notice), 'utf8')).toEqual({
      notify: 'onDTMF',
      data: {
        callid: 'told', source_tag: 'caller', tags: expect.arrayContaining(['caller', 'queue']), type: 'DTMF', source_ip: '127.0.0.1',
        timestamp: expect.any(Number), event: 11, duration: 20, volume: 10,
      },
    });
  }
});
