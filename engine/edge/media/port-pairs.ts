// Hands out pairs of UDP sockets, RTP on an even port and RTCP on the odd one above it (RFC 3550 section 11).
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type FreePorts } from './free-ports';
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

export class PortPairs {
  /** `thread` is what the ports are held by, from 0. */
  constructor(private readonly address: string, private readonly free: FreePorts, private readonly thread = 0) {}

  /** @throws NoPortsLeft */
  async take(onRtp: Received, onRtcp: Received): Promise<PortPair> {
    for (let tries = this.free.count; tries > 0; tries -= 1) {
      const port = this.free.take(this.thread);
      if (port === null) break;
      const sockets = await this.bindPair(port, onRtp, onRtcp).catch((fault: unknown) => {
        this.free.letGo(port);
        throw fault;
      });
      if (!sockets) {
        this.free.letGo(port);
        continue;
      }
      const [rtp, rtcp] = sockets;
      let closed = false;
      const close = (): void => {
        if (closed) return;
        closed = true;
        rtp.close();
        rtcp.close();
        this.free.letGo(port);
      };
      return { rtp, rtcp, close };
    }
    throw new NoPortsLeft('Ran out of ports');
  }

  /** Null when another program holds one of the two. */
  private async bindPair(port: number, onRtp: Received, onRtcp: Received): Promise<[PacketSocket, PacketSocket] | null> {
    const rtp = await bind(this.address, port, onRtp);
    if (!rtp) return null;
    const rtcp = await bind(this.address, port + 1, onRtcp).catch((fault: unknown) => {
      rtp.close();
      throw fault;
    });
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
