// Hands out pairs of UDP sockets, RTP on an even port and RTCP on the odd one above it (RFC 3550 section 11).
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type Endpoint } from './latch';

export interface PacketSocket {
  readonly port: number;
  /** Sends at once; whatever the network says about it is nobody's concern. */
  send(packet: Buffer, to: Endpoint): void;
  close(): void;
}

export interface PortPair {
  readonly rtp: PacketSocket;
  readonly rtcp: PacketSocket;
  close(): void;
}

export type Received = (packet: Buffer, address: string, port: number) => void;

/** Every pair of the range is in use, here or by another program. */
export class NoPortsLeft extends Error {
  readonly code = 'NO_PORTS_LEFT';
}

/** A port that was let go is used again after all others, so that stragglers do not reach the next call. */
export class PortPairs {
  private readonly free: number[];
  /** Where the next port is taken from; the list before it is empty. */
  private head = 0;

  constructor(private readonly address: string, min: number, max: number) {
    const first = min % 2 === 0 ? min : min + 1;
    this.free = Array.from({ length: Math.max(0, Math.floor((max - first + 1) / 2)) }, (_, index) => first + 2 * index);
  }

  /** @throws NoPortsLeft */
  async take(onRtp: Received, onRtcp: Received): Promise<PortPair> {
    for (let tries = this.free.length - this.head; tries > 0; tries -= 1) {
      const port = this.next();
      const sockets = await this.bindPair(port, onRtp, onRtcp);
      if (!sockets) {
        this.free.push(port);
        continue;
      }
      const [rtp, rtcp] = sockets;
      let closed = false;
      const close = (): void => {
        if (closed) return;
        closed = true;
        rtp.close();
        rtcp.close();
        this.free.push(port);
      };
      return { rtp, rtcp, close };
    }
    throw new NoPortsLeft('Ran out of ports');
  }

  private next(): number {
    const port = this.free[this.head] ?? 0;
    this.head += 1;
    if (this.head > 1024) {
      this.free.splice(0, this.head);
      this.head = 0;
    }
    return port;
  }

  /** Null when another program holds one of the two. */
  private async bindPair(port: number, onRtp: Received, onRtcp: Received): Promise<[PacketSocket, PacketSocket] | null> {
    const rtp = await bind(this.address, port, onRtp);
    if (!rtp) return null;
    const rtcp = await bind(this.address, port + 1, onRtcp);
    if (rtcp) return [rtp, rtcp];
    rtp.close();
    return null;
  }
}

/** Addresses in SDP are numbers here, never names, so that sending never waits for a name. */
const noLookup = ((name: string, _options: unknown, done: (error: null, address: string, family: number) => void) => {
  done(null, name, isIPv6(name) ? 6 : 4);
}) as unknown as NonNullable<Parameters<typeof createSocket>[0] & object>['lookup'];

async function bind(address: string, port: number, received: Received): Promise<PacketSocket | null> {
  const socket: Socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', lookup: noLookup });
  const bound = await new Promise<boolean>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    socket.bind({ port, address, exclusive: true }, () => resolve(true));
  });
  if (!bound) return null;
  let open = true;
  socket.removeAllListeners('error');
  socket.on('error', () => undefined);
  socket.on('message', (packet, from) => received(packet, from.address, from.port));
  return {
    port,
    send: (packet, to) => { if (open) socket.send(packet, 0, packet.length, to.port, to.address); },
    close: () => {
      if (!open) return;
      open = false;
      socket.close();
    },
  };
}
