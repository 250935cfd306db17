// The two media servers that must behave alike: ours, inside the test, and rtpengine, as its own process on free ports.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startMedia } from '../../engine/edge/media/server';
import { createLog } from '../../storage/process/log';

export interface RunningMediaServer {
  readonly host: string;
  /** NG, over UDP and TCP. */
  readonly port: number;
  close(): Promise<void>;
}

export const silentLog = createLog('test', 'silent');

/** A range for RTP that tests running side by side are unlikely to share; who meets a taken port tries the next. */
function rtpRange(): { readonly min: number; readonly max: number } {
  const min = 20_000 + 2 * Math.floor(Math.random() * 5_500);
  return { min, max: min + 399 };
}

/** Media threads run our TypeScript as it is. */
export const THREADS_OF_TESTS = ['-r', join(__dirname, 'run-typescript.cjs')];

/** With threads of its own, as the edge has it. `port` 0: any. */
export async function startOwn(mediaDirectory: string, port = 0): Promise<RunningMediaServer> {
  const { min, max } = rtpRange();
  const server = await startMedia({
    NG_ADDRESS: '127.0.0.1', NG_PORT: port, RTP_PORT_MIN: min, RTP_PORT_MAX: max,
    MEDIA_DIRECTORY: mediaDirectory, SIP_ADDRESS: '127.0.0.1', SIP_EXTERNAL_ADDRESS: '127.0.0.1', MEDIA_THREADS: 2,
  }, silentLog, { execArgv: THREADS_OF_TESTS });
  return { host: '127.0.0.1', port: server.ngPort, close: () => server.close() };
}

/** Debian's rtpengine without its kernel module. */
export async function startRtpengine({ min, max } = rtpRange(), at = 0): Promise<RunningMediaServer & { readonly pid: number }> {
  const port = at === 0 ? await freePort() : at;
  const ng = `127.0.0.1:${port}`;
  const child = spawn('rtpengine', ['--config-file=none', '--foreground', '--log-stderr', '--log-level=3', '--table=-1', '--interface=127.0.0.1', `--listen-ng=${ng}`,
    `--listen-tcp-ng=${ng}`, `--port-min=${min}`, `--port-max=${max}`, '--timeout=3600', '--num-threads=1', '--media-num-threads=1', '--dtmf-log-ng-tcp'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString()).slice(-2_000); });
  const exited = once(child, 'exit');
  await Promise.race([pong(port), exited.then(() => { throw new Error(`rtpengine ended: ${complaint}`); })]);
  return {
    host: '127.0.0.1',
    port,
    pid: child.pid ?? 0,
    close: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Asks over UDP until the server answers. */
async function pong(port: number): Promise<void> {
  const socket = createSocket('udp4');
  let asked = 0;
  const ask = (): void => {
    asked += 1;
    socket.send(`ready${asked} d7:command4:pinge`, port, '127.0.0.1');
  };
  socket.on('error', () => undefined);
  const timer = setInterval(ask, 50);
  ask();
  try {
    await once(socket, 'message');
  } finally {
    clearInterval(timer);
    socket.close();
  }
}
