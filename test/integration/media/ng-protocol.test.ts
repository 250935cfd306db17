// The NG protocol itself, byte for byte where it matters, alike on our server and on rtpengine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'bencode';
import { startOwn, startRtpengine, type RunningMediaServer } from '../../support/media-servers';
import { describeWith } from '../../support/needs';
import { askOverUdp, askRaw, talkOverTcp } from '../../support/ng-peer';
import { sine } from '../../support/rtp-peer';
import { writeWav } from '../../support/wav';

const folder = mkdtempSync(join(tmpdir(), 'ng-'));
const file = writeWav(folder, 'tone.wav', sine(440, 12_000));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sdp = (port: number): string => `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n`;
const mediaPort = (text: unknown): number => Number(/m=audio (\d+) /.exec(String(text))?.[1]);

const REFUSED: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>, string]> = [
  ['no command', {}, 'Dictionary contains no key "command"'],
  ['an unknown command', { command: 'sing' }, 'Unrecognized command'],
  ['the name of a prototype', { command: 'constructor' }, 'Unrecognized command'],
  ['an offer without SDP', { command: 'offer', 'call-id': 'x', 'from-tag': 'a' }, 'No SDP body in message'],
  ['an offer whose SDP is none', { command: 'offer', 'call-id': 'x', 'from-tag': 'a', sdp: 'garbage' }, 'Failed to parse SDP'],
  ['an answer for no call', { command: 'answer', 'call-id': 'none', 'from-tag': 'a', 'to-tag': 'b', sdp: sdp(9) }, 'Unknown call-id'],
  ['a query for no call', { command: 'query', 'call-id': 'none' }, 'Unknown call-id'],
  ['playing to no call', { command: 'play media', 'call-id': 'none', 'from-tag': 'a', file }, 'Unknown call-ID'],
];

const ping = (cookie: string): Buffer => Buffer.from(`${cookie} d7:command4:pinge`);
const pong = (cookie: string): string => `${cookie} d6:result4:ponge`;

function speaks(start: () => Promise<RunningMediaServer>): void {
  let port = 0;
  let server: RunningMediaServer;
  beforeAll(async () => {
    server = await start();
    port = server.port;
  });
  afterAll(() => server.close());

  const ask = (command: string, fields: Readonly<Record<string, unknown>> = {}) => askOverUdp(port, { command, ...fields });

  test('ping: pong', async () => {
    expect(await ask('ping')).toEqual({ result: 'pong' });
  });

  test.each(REFUSED)('%s: refused, and why', async (_what, request, reason) => {
    expect(await askOverUdp(port, request)).toEqual({ result: 'error', 'error-reason': reason });
  });

  test('one call from offer to delete: the ports that face each side stay the same', async () => {
    const call = { 'call-id': 'whole' };
    const offered = await ask('offer', { ...call, 'from-tag': 'caller', sdp: sdp(40_000) });
    expect(offered).toMatchObject({ result: 'ok' });
    const facingAgent = mediaPort(offered['sdp']);
    const answered = await ask('answer', { ...call, 'from-tag': 'caller', 'to-tag': 'queue', sdp: sdp(9) });
    const facingCaller = mediaPort(answered['sdp']);
    expect(facingAgent % 2).toBe(0);
    expect(facingCaller % 2).toBe(0);
    expect(answered['sdp']).toContain(`a=rtcp:${facingCaller + 1}`);
    expect(await ask('list', { limit: 10 })).toEqual({ result: 'ok', calls: ['whole'] });

    expect(await ask('stop media', { ...call, 'from-tag': 'caller' })).toEqual({ result: 'error', 'error-reason': 'Not currently playing media' });
    expect(await ask('play media', { ...call, 'from-tag': 'caller', file, 'repeat-times': 3 })).toEqual({ result: 'ok', duration: 1500 });
    expect(await ask('play media', { ...call, 'from-tag': 'nobody', file })).toMatchObject({ result: 'error', 'error-reason': 'From-tag given, but no such tag exists' });
    expect(await ask('stop media', { ...call, 'from-tag': 'caller' })).toEqual({ result: 'ok' });
    for (const command of ['block media', 'unblock media', 'silence media', 'unsilence media']) {
      expect(await ask(command, { ...call, 'from-tag': 'queue' })).toEqual({ result: 'ok' });
      expect(await ask(command, call)).toEqual({ result: 'ok' });
      expect(await ask(command, { ...call, 'from-tag': 'nobody' })).toMatchObject({ result: 'error' });
    }

    const flags = { flags: ['port-latching'] };
    expect(mediaPort((await ask('offer', { ...call, 'from-tag': 'queue', 'to-tag': 'caller', sdp: sdp(41_000), ...flags }))['sdp'])).toBe(facingCaller);
    expect(mediaPort((await ask('answer', { ...call, 'from-tag': 'queue', 'to-tag': 'caller', sdp: sdp(40_000), ...flags }))['sdp'])).toBe(facingAgent);
    expect(await ask('query', call)).toMatchObject({
      result: 'ok',
      tags: {
        caller: { tag: 'caller', medias: [{ type: 'audio', streams: expect.arrayContaining([expect.objectContaining({ 'local port': facingCaller, endpoint: { family: 'IPv4', address: '127.0.0.1', port: 40_000 } })]) }] },
        queue: { tag: 'queue', medias: [{ type: 'audio', streams: expect.arrayContaining([expect.objectContaining({ 'local port': facingAgent, endpoint: { family: 'IPv4', address: '127.0.0.1', port: 41_000 } })]) }] },
      },
    });
    expect(await ask('delete', { ...call, 'delete-delay': 0 })).toMatchObject({ result: 'ok' });
    expect(await ask('list')).toEqual({ result: 'ok', calls: [] });
    expect(await ask('delete', { ...call, 'delete-delay': 0 })).toMatchObject({ result: 'ok', warning: expect.any(String) });
  });

  test('the same datagram twice: carried out once, answered twice alike', async () => {
    const request = { command: 'offer', 'call-id': 'twice', 'from-tag': 'caller', sdp: sdp(40_000) };
    const bytes = Buffer.concat([Buffer.from('same '), encode(request)]);
    const socketless = await askRaw(port, bytes, 'same');
    expect(socketless.answer).toMatchObject({ result: 'ok' });
    expect((await askRaw(port, bytes, 'same')).answer).toEqual(socketless.answer);
    await ask('delete', { 'call-id': 'twice', 'delete-delay': 0 });
  });

  test('what is no dictionary: an error under its cookie', async () => {
    expect((await askRaw(port, Buffer.from('c0 hello'), 'c0')).answer).toMatchObject({ result: 'error' });
  });

  test('over TCP, messages that come together are each answered', async () => {
    const { received } = await talkOverTcp(port, [Buffer.concat([ping('a'), ping('b'), ping('c')])], (text) => text.length >= 3 * pong('a').length);
    expect(received).toBe(pong('a') + pong('b') + pong('c'));
  });
}

describe('our media server', () => {
  speaks(() => startOwn(folder));

  // rtpengine 10.5 takes a message that was cut inside a length for a broken one, and says so without end.
  test('over TCP, a message in pieces is put together', async () => {
    const server = await startOwn(folder);
    try {
      const whole = ping('split');
      const pieces = Array.from({ length: whole.length }, (_, index) => whole.subarray(index, index + 1));
      expect((await talkOverTcp(server.port, pieces, (text) => text.length >= pong('split').length)).received).toBe(pong('split'));
    } finally {
      await server.close();
    }
  });

  test('over TCP, a stream that makes no sense is closed after what did, and no other is', async () => {
    const server = await startOwn(folder);
    try {
      // A length below zero sends a careless decoder round for ever.
      const { received, closed } = await talkOverTcp(server.port, [Buffer.concat([ping('a'), Buffer.from('b l-3:')])], () => false);
      expect({ received, closed }).toEqual({ received: pong('a'), closed: true });
      expect((await talkOverTcp(server.port, [ping('after')], (text) => text.length >= pong('after').length)).received).toBe(pong('after'));
    } finally {
      await server.close();
    }
  });
});
describeWith(['rtpengine'], 'rtpengine', () => speaks(startRtpengine));
