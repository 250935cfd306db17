// The yardstick: the same calls through the same edge, driven by a bare drachtio-srf B2BUA in place of the engine.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/sipp';
import { freeTcpPort, Process } from '../support/system';
import { answeringAt, climb, type Rung } from './rung';

const SECRET = 'yardstick';
/** A caller's last BYE has been answered by then. */
const REST_MS = 500;

/** An edge, a B2BUA and phones of their own; `engine` in what comes back is the B2BUA. */
export async function yardstick(rates: readonly number[], seconds: number): Promise<readonly Rung[]> {
  const folder = await mkdtemp(join(tmpdir(), 'yardstick-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const [sipPort, drachtio, control, ng, health] = (await Promise.all(Array.from({ length: 5 }, freeTcpPort))) as [number, number, number, number, number];
    const edge = await Process.start('edge', 'engine/edge/main.js', folder, health, {
      SIP_PORT: String(sipPort), DRACHTIO_PORT: String(drachtio), DRACHTIO_SECRET: SECRET, EDGE_CONTROL_PORT: String(control), NG_PORT: String(ng),
      RTP_PORT_MIN: '30000', RTP_PORT_MAX: '30099', MEDIA_DIRECTORY: join(folder, 'media'), EDGE_HEALTH_PORT: String(health),
    });
    closing.push(() => edge.stop());
    const port = await freePort();
    const phones = await answeringAt(port);
    closing.push(() => Promise.resolve(phones.kill()));
    const b2bua = spawn(process.execPath, [join(__dirname, 'bare-b2bua.js'), String(drachtio), SECRET, `sip:agent@127.0.0.1:${port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    closing.push(() => Promise.resolve(b2bua.kill()));
    await new Promise<void>((resolve, reject) => { b2bua.stdout.once('data', () => { resolve(); }); b2bua.once('exit', () => { reject(new Error('the B2BUA ended')); }); });
    const rungs: Rung[] = [];
    for (const rate of rates) {
      rungs.push(await climb({
        sip: { host: '127.0.0.1', port: sipPort }, user: 'group', pids: { edge: edge.child.pid ?? 0, engine: b2bua.pid ?? 0 },
        over: () => new Promise((resolve) => { setTimeout(resolve, REST_MS); }),
        answered: (_asked, set) => Promise.resolve(set),
      }, rate, seconds));
      process.stderr.write(`${rate} calls/s through the yardstick done\n`);
    }
    return rungs;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
