// Finds out whether a port can be listened on.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Whether a TCP port of this address is free at this moment. @throws any listen error other than "in use" or "not permitted". */
export function isTcpPortFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (fault: NodeJS.ErrnoException) => (isTaken(fault) ? resolve(false) : reject(fault)));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether a UDP port of this address is free at this moment. @throws as above */
export function isUdpPortFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (fault: NodeJS.ErrnoException) => {
      socket.close();
      if (isTaken(fault)) resolve(false);
      else reject(fault);
    });
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

function isTaken(fault: NodeJS.ErrnoException): boolean {
  return fault.code === 'EADDRINUSE' || fault.code === 'EACCES';
}
