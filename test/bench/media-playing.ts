// What music costs: CPU and packet timing while N callers are played to, for our media server and, with --rtpengine, for that one.
// Run: npm run build && node dist/test/bench/media-playing.js [callers] [seconds] [--rtpengine]
import { fork, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMedia } from '../../engine/media/media';
import { startMedia } from '../../engine/edge/media/server';
import { startRtpengine, silentLog } from '../support/media-servers';
import { sine } from '../support/rtp-peer';
import { writeWav } from '../support/wav';

interface Report { readonly packets: number; readonly streams: number; readonly missing: number; readonly gapsMs: readonly number[] }

/** Takes every packet of every stream in one process of its own, and looks at the spacing of each stream. */
function sink(): void {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 8 * 1024 * 1024 });
  const streams = new Map<number, { sequence: number; atMs: number }>();
  let [packets, missing] = [0, 0];
  let gaps: number[] = [];
  let counting = false;
  socket.on('message', (packet) => {
    const atMs = performance.now();
    const ssrc = packet.readUInt32BE(8);
    const sequence = packet.readUInt16BE(2);
    const before = streams.get(ssrc);
    if (counting) {
      packets += 1;
      if (before) {
        missing += ((sequence - before.sequence) & 0xffff) - 1;
        gaps.push(atMs - before.atMs);
      }
    }
    if (before) Object.assign(before, { sequence, atMs });
    else streams.set(ssrc, { sequence, atMs });
  });
  socket.bind(0, '127.0.0.1', () => process.send?.({ port: socket.address().port }));
  process.on('message', (order: string) => {
    if (order === 'start') counting = true;
    else {
      gaps = gaps.sort((one, other) => one - other);
      const at = (share: number): number => gaps[Math.floor(share * (gaps.length - 1))] ?? 0;
      process.send?.({ packets, streams: streams.size, missing, gapsMs: [at(0.001), at(0.5), at(0.99), at(0.999), at(1)] } satisfies Report);
      process.disconnect();
      socket.close();
    }
  });
}

/** The server alone in a process, so that its CPU is its own. */
async function ownServer(directory: string): Promise<void> {
  const server = await startMedia({
    NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: 20_000, RTP_PORT_MAX: 29_999, MEDIA_DIRECTORY: directory, SIP_ADDRESS: '127.0.0.1', SIP_EXTERNAL_ADDRESS: '127.0.0.1',
  }, silentLog);
  process.send?.({ port: server.ngPort });
  await once(process, 'disconnect');
  await server.close();
}

/** User and system CPU of a process so far, in seconds (Linux). */
function cpuSeconds(pid: number): { readonly user: number; readonly system: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return { user: Number(fields[11]) / 100, system: Number(fields[12]) / 100 };
}

const message = async <T>(child: ChildProcess): Promise<T> => ((await once(child, 'message')) as [T])[0];

async function bench(callers: number, seconds: number, withRtpengine: boolean): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const file = writeWav(directory, 'music.wav', sine(440, 8000 * 10));
  const listener = fork(__filename, ['sink']);
  const { port: sinkPort } = await message<{ port: number }>(listener);
  const rtpengine = withRtpengine ? await startRtpengine({ min: 20_000, max: 29_998 }) : null;
  const own = withRtpengine ? null : fork(__filename, ['server', directory]);
  const port = rtpengine?.port ?? (await message<{ port: number }>(own as ChildProcess)).port;
  const pid = rtpengine?.pid ?? own?.pid ?? 0;
  const media = createMedia({ host: '127.0.0.1', port, log: silentLog, timeoutMs: 10_000 });
  const sdp = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${sinkPort} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=recvonly\r\n`;
  for (let call = 0; call < callers; call += 1) {
    await media.anchor(`bench-${call}`, sdp);
    await media.play(`bench-${call}`, file, true);
  }
  listener.send('start');
  const before = cpuSeconds(pid);
  const startedMs = performance.now();
  await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
  const after = cpuSeconds(pid);
  const elapsed = (performance.now() - startedMs) / 1000;
  listener.send('stop');
  const report = await message<Report>(listener);
  const [least, median, p99, p999, most] = report.gapsMs.map((gap) => gap.toFixed(1));
  console.log(`${withRtpengine ? 'rtpengine' : 'ours'}: ${report.streams} callers, ${Math.round(report.packets / elapsed)} packets/s (${callers * 50} wanted), ${report.missing} missing`);
  console.log(`  CPU ${((after.user + after.system - before.user - before.system) / elapsed).toFixed(2)} cores (user ${((after.user - before.user) / elapsed).toFixed(2)}, system ${((after.system - before.system) / elapsed).toFixed(2)})`);
  console.log(`  spacing of a stream's packets, ms: p0.1 ${least}, p50 ${median}, p99 ${p99}, p99.9 ${p999}, longest ${most}`);
  await media.close();
  own?.disconnect();
  await rtpengine?.close();
  rmSync(directory, { recursive: true, force: true });
}

const [role = '1000', second = '10'] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
if (role === 'sink') sink();
else if (role === 'server') void ownServer(second);
else void bench(Number(role), Number(second), process.argv.includes('--rtpengine'));
