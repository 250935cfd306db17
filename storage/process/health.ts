// Answers `GET /healthz` for a process that has no web server of its own.
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** What a process says of itself. `ok: false` is answered with 503. Details carry no secrets and no personal data. */
export interface Health {
  readonly ok: boolean;
  readonly [detail: string]: unknown;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on `address:port` (0 picks one). @throws the listen error, code EADDRINUSE when the port is taken. */
export async function serveHealth(address: string, port: number, health: () => Health): Promise<HealthServer> {
  const server: Server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/healthz') {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"error":"only GET /healthz is here"}\n');
      return;
    }
    const answer = health();
    response.writeHead(answer.ok ? 200 : 503, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(answer)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }),
  };
}
