// What music costs: CPU and packet timing at the listeners while N callers are played to, for our media server and, with --rtpengine, for that one.
// Run: npm run build && node dist/test/bench/media-playing.js [callers] [seconds] [--threads N] [--rtpengine]
import { fork, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { createMedia } from '../../engine/media/media';
import { startMedia } from '../../engine/edge/media/server';
import { startRtpengine, silentLog } from '../support/media-servers';
import { sine } from '../support/rtp-peer';
import { writeWav } from '../support/wav';

const FRAME_MS = 20;
/** How far from its slot a packet may be. */
const NEAR_MS = 5;

interface Report {
  readonly packets: number;
  readonly streams: number;
  readonly missing: number;
  /** Between the packets of one stream. */
  readonly gapsMs: readonly number[];
  /** Of packets that came no further than NEAR_MS from their slot. */
  readonly nearShare: number;
  /** How much later than its first tenth the last tenth of a stream's packets came, by its own count of 20 ms; the median over all streams. */
  readonly driftMs: number;
  /** How late this process itself was to look, in 99 of 100 cases. */
  readonly ownDelayMs: number;
}

/** One stream as it arrived: for each packet how long after its place in a perfect row of 20 ms. */
interface Stream { sequence: number; slots: number; atMs: number; readonly offsetsMs: number[] }

const sortedOf = (values: Iterable<number>): Float64Array => Float64Array.from(values).sort();
const at = (sorted: Float64Array, share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
const median = (values: Iterable<number>): number => at(sortedOf(values), 0.5);
const p99Ms = (delay: ReturnType<typeof monitorEventLoopDelay>): number => delay.percentile(99) / 1e6;

/** Takes every packet of every stream in one process of its own. A stream's slots lie where the median of its packets does. */
function sink(): void {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 8 * 1024 * 1024 });
  const streams = new Map<number, Stream>();
  const gaps: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let missing = 0;
  let counting = false;
  socket.on('message', (packet) => {
    if (!counting) return;
    const atMs = performance.now();
    const ssrc = packet.readUInt32BE(8);
    const sequence = packet.readUInt16BE(2);
    const stream = streams.get(ssrc);
    if (!stream) {
      streams.set(ssrc, { sequence, slots: 0, atMs, offsetsMs: [atMs] });
      return;
    }
    const steps = (sequence - stream.sequence) & 0xffff;
    missing += steps - 1;
    gaps.push(atMs - stream.atMs);
    stream.slots += steps;
    stream.offsetsMs.push(atMs - stream.slots * FRAME_MS);
    Object.assign(stream, { sequence, atMs });
  });
  socket.bind(0, '127.0.0.1', () => process.send?.({ port: socket.address().port }));
  process.on('message', (order: string) => {
    if (order === 'start') {
      counting = true;
      delay.enable();
      return;
    }
    socket.close();
    delay.disable();
    let [packets, near] = [0, 0];
    for (const { offsetsMs } of streams.values()) {
      const middle = median(offsetsMs);
      packets += offsetsMs.length;
      near += offsetsMs.filter((offset) => Math.abs(offset - middle) <= NEAR_MS).length;
    }
    const drifts = [...streams.values()].map(({ offsetsMs }) => {
      const tenth = Math.ceil(offsetsMs.length / 10);
      return median(offsetsMs.slice(-tenth)) - median(offsetsMs.slice(0, tenth));
    });
    const sorted = sortedOf(gaps);
    process.send?.({
      packets, streams: streams.size, missing, gapsMs: [0.001, 0.5, 0.99, 0.999, 1].map((share) => at(sorted, share)), nearShare: near / packets, driftMs: median(drifts), ownDelayMs: p99Ms(delay),
    } satisfies Report);
    process.disconnect();
  });
}

/** The server alone in a process, so that its CPU is its own; tells how late the thread of SIP would be. */
async function ownServer(directory: string, threads: number): Promise<void> {
  const server = await startMedia({
    NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: 10_000, RTP_PORT_MAX: 29_999, MEDIA_DIRECTORY: directory, SIP_ADDRESS: '127.0.0.1', SIP_EXTERNAL_ADDRESS: '127.0.0.1', MEDIA_THREADS: threads,
  }, silentLog);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  process.on('message', (order: string) => {
    if (order === 'start') delay.enable();
    else process.send?.({ delayMs: p99Ms(delay) });
  });
  process.send?.({ port: server.ngPort });
  await once(process, 'disconnect');
  await server.close();
}

/** User and system CPU of a process so far, all its threads together, in seconds (Linux). */
function cpuSeconds(pid: number): { readonly user: number; readonly system: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return { user: Number(fields[11]) / 100, system: Number(fields[12]) / 100 };
}

const message = async <T>(child: ChildProcess): Promise<T> => ((await once(child, 'message')) as [T])[0];

interface Bench { readonly callers: number; readonly seconds: number; readonly threads: number; readonly withRtpengine: boolean }

async function bench({ callers, seconds, threads, withRtpengine }: Bench): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const file = writeWav(directory, 'music.wav', sine(440, 8000 * 10));
  const listener = fork(__filename, ['sink']);
  const { port: sinkPort } = await message<{ port: number }>(listener);
  const rtpengine = withRtpengine ? await startRtpengine({ min: 10_000, max: 29_998 }) : null;
  const own = withRtpengine ? null : fork(__filename, ['server', directory, '--threads', String(threads)]);
  const port = rtpengine?.port ?? (await message<{ port: number }>(own as ChildProcess)).port;
  const pid = rtpengine?.pid ?? own?.pid ?? 0;
  const media = createMedia({ host: '127.0.0.1', port, log: silentLog, timeoutMs: 10_000 });
  const sdp = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${sinkPort} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=recvonly\r\n`;
  for (let call = 0; call < callers; call += 1) {
    await media.anchor(`bench-${call}`, sdp);
    await media.play(`bench-${call}`, file, true);
  }
  listener.send('start');
  own?.send('start');
  const before = cpuSeconds(pid);
  const startedMs = performance.now();
  await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
  const after = cpuSeconds(pid);
  const elapsed = (performance.now() - startedMs) / 1000;
  listener.send('stop');
  const report = await message<Report>(listener);
  own?.send('stop');
  const held = own ? (await message<{ delayMs: number }>(own)).delayMs : null;
  const ms = (value: number): string => value.toFixed(1);
  const [least, middle, p99, p999, most] = report.gapsMs.map(ms);
  const who = withRtpengine ? 'rtpengine' : threads === 0 ? 'ours, on the thread of SIP' : `ours, ${threads} thread${threads === 1 ? '' : 's'}`;
  console.log(`${who}: ${report.streams} callers for ${seconds} s, ${Math.round(report.packets / elapsed)} packets/s (${callers * 50} wanted), ${report.missing} missing; load average ${loadavg()[0]?.toFixed(1)}`);
  console.log(`  CPU ${((after.user + after.system - before.user - before.system) / elapsed).toFixed(2)} cores (user ${((after.user - before.user) / elapsed).toFixed(2)}, system ${((after.system - before.system) / elapsed).toFixed(2)})`);
  console.log(`  within ±${NEAR_MS} ms of their slot: ${(100 * report.nearShare).toFixed(2)} %; drift over the run: ${report.driftMs.toFixed(2)} ms`);
  console.log(`  spacing of a stream's packets, ms: p0.1 ${least}, p50 ${middle}, p99 ${p99}, p99.9 ${p999}, longest ${most}`);
  console.log(`  event loops late, p99: listeners ${ms(report.ownDelayMs)} ms${held === null ? '' : `, the thread of SIP ${ms(held)} ms`}`);
  await media.close();
  own?.disconnect();
  await rtpengine?.close();
  rmSync(directory, { recursive: true, force: true });
}

const { values: { threads, rtpengine }, positionals: [role = '1000', second = '10'] } = parseArgs({
  allowPositionals: true, options: { threads: { type: 'string', default: '1' }, rtpengine: { type: 'boolean', default: false } },
});
if (role === 'sink') sink();
else if (role === 'server') void ownServer(second, Number(threads));
else void bench({ callers: Number(role), seconds: Number(second), threads: Number(threads), withRtpengine: rtpengine });
