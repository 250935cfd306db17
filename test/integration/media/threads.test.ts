// Media in threads of its own: calls and ports shared out among them, what is known of them, a thread that dies or hangs, and a clean end.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FreePorts } from '../../../engine/edge/media/free-ports';
import { MediaThread } from '../../../engine/edge/media/media-thread-handle';
import { startMedia, type MediaServer } from '../../../engine/edge/media/server';
import { createMedia, type Media } from '../../../engine/media/media';
import { silentLog, THREADS_OF_TESTS } from '../../support/media-servers';
import { askOverUdp } from '../../support/ng-peer';
import { RtpPeer, sine } from '../../support/rtp-peer';
import { writeWav } from '../../support/wav';

const FRAIL = [...THREADS_OF_TESTS, '-r', join(__dirname, '..', '..', 'support', 'frail-thread.cjs')];
const CALLS = 6;
const min = 33_000 + 2 * Math.floor(Math.random() * 500);
const folder = mkdtempSync(join(tmpdir(), 'threads-'));
const music = writeWav(folder, 'music.wav', sine(400, 8000));
const short = writeWav(folder, 'short.wav', sine(400, 400));

let server: MediaServer;
let media: Media;
let caller: RtpPeer;
let lost: Error | null = null;

beforeEach(async () => {
  lost = null;
  server = await startMedia({
    NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: min, RTP_PORT_MAX: min + 4 * CALLS - 1, MEDIA_DIRECTORY: folder, SIP_ADDRESS: '127.0.0.1', SIP_EXTERNAL_ADDRESS: '127.0.0.1', MEDIA_THREADS: 2,
  }, silentLog, { execArgv: FRAIL, lost: (fault) => { lost = fault; } });
  media = createMedia({ host: '127.0.0.1', port: server.ngPort, log: silentLog });
  caller = await RtpPeer.open();
});
afterEach(async () => {
  caller.close();
  await media.close();
  await server.close();
  await bindable(min);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = (from: number, count: number): string[] => Array.from({ length: count }, (_, index) => `call-${from + index}`);
const anchor = (callId: string): Promise<unknown> => media.anchor(callId, caller.sdp());
const die = (): Promise<Record<string, unknown>> => askOverUdp(server.ngPort, { command: 'die', 'call-id': 'call-1' });
const sorted = (list: readonly string[]): string[] => [...list].sort();
const known = (): string[] => sorted(server.anchors().map(({ callId }) => callId));

async function bindable(port: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  socket.close();
  await once(socket, 'close');
}

test('threads use the whole range between them, no port twice; the call after that is refused, and served once another is over', async () => {
  const calls = names(1, CALLS);
  await Promise.all(calls.map(anchor));
  expect(known()).toEqual(calls);
  expect(server.anchors().flatMap(({ ports }) => ports).sort((one, other) => one - other)).toEqual(Array.from({ length: 2 * CALLS }, (_, pair) => min + 2 * pair));
  expect((await askOverUdp(server.ngPort, { command: 'list', limit: 100 }))['calls']).toHaveLength(CALLS);
  await expect(anchor('one too many')).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('Ran out of ports') });
  await media.release('call-3');
  await anchor('after all');
  expect(known()).toEqual(sorted([...calls.filter((callId) => callId !== 'call-3'), 'after all']));
});

test('what is played is known while it plays, and known to be over', async () => {
  await anchor('call-1');
  await media.play('call-1', music, true);
  expect(server.anchors()).toMatchObject([{ callId: 'call-1', playing: true }]);
  await caller.until((heard) => heard.length > 5, 'the music');
  await media.play('call-1', short, false);
  for (const end = Date.now() + 10_000; server.anchors()[0]?.playing && Date.now() < end;) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(server.anchors()).toMatchObject([{ callId: 'call-1', playing: false }]);
  expect(await server.forget('call-1')).toBe(true);
  expect(await server.forget('call-1')).toBe(false);
});

test('a thread that dies: engines are told which calls lost their anchor, the others go on, and every port is there for new ones', async () => {
  const calls = names(1, CALLS);
  for (const callId of calls) await anchor(callId);
  const told = new Promise<readonly string[]>((resolve) => { media.onLost(resolve); });
  expect(await die()).toEqual({ result: 'error', 'error-reason': 'The media thread ended' });
  const gone = await told;
  expect(gone).toHaveLength(CALLS / 2);
  expect(gone).toContain('call-1');
  expect(known()).toEqual(calls.filter((callId) => !gone.includes(callId)));
  for (const callId of gone) await anchor(callId);
  expect(known()).toEqual(calls);
  expect(lost).toBeNull();
});

test('threads that die one after another: it is said, so that the edge ends', async () => {
  for (let death = 0; death < 4; death += 1) await die();
  expect(lost).toMatchObject({ message: 'Media threads die one after another.', cause: { message: 'a fault nobody thought of' } });
});

test('a thread that hangs is ended', async () => {
  const ports = FreePorts.ofRange(min, min + 3);
  let ended = (_fault: Error): void => undefined;
  const died = new Promise<Error>((resolve) => { ended = resolve; });
  const thread = new MediaThread({ thread: 0, ports: ports.memory, address: '127.0.0.1', externalAddress: '127.0.0.1', mediaDirectory: folder, cacheBytes: 0 }, FRAIL, { heard: () => undefined, died: ended });
  await thread.ready;
  const answer = new Promise((resolve) => { thread.ask(new Map([['command', 'hang']]), resolve); });
  for (let look = 0; look < 6; look += 1) thread.look();
  expect(await died).toMatchObject({ message: expect.stringContaining('ended') });
  expect(await answer).toEqual({ result: 'error', 'error-reason': 'The media thread ended' });
});

test('a thread that cannot begin: the edge does not either', async () => {
  const settings = { NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: min, RTP_PORT_MAX: min + 3, MEDIA_DIRECTORY: folder, SIP_ADDRESS: '127.0.0.1', SIP_EXTERNAL_ADDRESS: '127.0.0.1', MEDIA_THREADS: 1 };
  await expect(startMedia(settings, silentLog, { execArgv: ['-r', join(folder, 'nothing.cjs')] })).rejects.toThrow(/nothing\.cjs/);
});
