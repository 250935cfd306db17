// Ports for fault runs: servers and RTP above the range the system hands out by itself, so that no other test takes one meanwhile.
import { createServer } from 'node:net';

const FIRST = 61_000;
/** Servers take theirs from here on, RTP from `FIRST` up to here. */
const SERVERS_FROM = 65_000;
const LAST = 65_500;

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => { server.close(() => resolve(true)); });
  });
}

/** `count` TCP ports that are free now, no two alike. @throws when there are not so many */
export async function serverPorts(count: number): Promise<readonly number[]> {
  const found: number[] = [];
  // Each run begins elsewhere, so that two runs side by side seldom meet.
  const from = Math.floor(Math.random() * (LAST - SERVERS_FROM));
  for (let step = 0; step < LAST - SERVERS_FROM && found.length < count; step += 1) {
    const port = SERVERS_FROM + ((from + step) % (LAST - SERVERS_FROM));
    if (await isFree(port)) found.push(port);
  }
  if (found.length < count) throw new Error(`Only ${found.length} of ${count} ports are free from ${SERVERS_FROM} to ${LAST}.`);
  return found;
}

/** A range of RTP ports; whoever meets a taken port in it tries the next. @throws when it cannot be that many */
export function rtpPorts(count: number): { readonly min: number; readonly max: number } {
  const room = SERVERS_FROM - FIRST - count;
  if (room < 0) throw new Error(`At most ${SERVERS_FROM - FIRST} RTP ports can be had, not ${count}.`);
  const min = FIRST + 2 * Math.floor(Math.random() * (room / 2 + 1));
  return { min, max: min + count - 1 };
}
