// A TCP proxy between two processes that can be cut, stalled, slowed down, or made deaf in one direction.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * `open`: everything passes. `cut`: connections end at once and no new one is made. `stall`: connections stand, new ones are accepted, nothing
 * passes and nothing is lost. `slow`: everything passes, later. `halfOpen`: what the client sends does not arrive, what the server sends does.
 */
export type ProxyMode = 'open' | 'cut' | 'stall' | 'slow' | 'halfOpen';

/** How much later each piece passes under `slow`, in milliseconds. */
export const SLOW_MS = 300;

/** One direction of one connection: what waits in it passes in order. */
class Flow {
  private readonly held: { readonly data: Buffer; readonly dueMs: number }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(private readonly from: Socket, private readonly to: Socket, private readonly holds: () => boolean, private readonly delayMs: () => number, private readonly watch: ((data: Buffer) => void) | undefined) {
    from.on('data', (data) => {
      this.watch?.(data);
      this.held.push({ data, dueMs: performance.now() + this.delayMs() });
      this.pump();
    });
    from.on('end', () => {
      this.ended = true;
      this.pump();
    });
  }

  pump(): void {
    clearTimeout(this.timer);
    while (!this.holds() && this.held.length > 0) {
      const [first] = this.held;
      if (first === undefined) break;
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => { this.pump(); }, waitMs);
        return;
      }
      this.held.shift();
      this.to.write(first.data);
    }
    if (this.ended && this.held.length === 0 && !this.holds()) this.to.end();
  }

  stop(): void { clearTimeout(this.timer); }
}

export class FaultProxy {
  mode: ProxyMode = 'open';
  private readonly pairs = new Map<readonly [Socket, Socket], readonly [Flow, Flow]>();

  private constructor(private readonly server: Server) {}

  /** `watch` is given what clients send, each connection apart. */
  static async before(port: number, watch?: () => (data: Buffer) => void, ownPort = 0): Promise<FaultProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(ownPort, '127.0.0.1', resolve);
    });
    const made = new FaultProxy(server);
    server.on('connection', (near) => { made.join(near, port, watch?.()); });
    return made;
  }

  get port(): number { return (this.server.address() as AddressInfo).port; }

  set(mode: ProxyMode): void {
    this.mode = mode;
    if (mode === 'cut') for (const pair of this.pairs.keys()) for (const socket of pair) socket.destroy();
    else for (const flows of this.pairs.values()) for (const flow of flows) flow.pump();
  }

  async close(): Promise<void> {
    this.set('cut');
    await new Promise<void>((resolve) => { this.server.close(() => resolve()); });
  }

  private join(near: Socket, port: number, watch: ((data: Buffer) => void) | undefined): void {
    if (this.mode === 'cut') {
      near.destroy();
      return;
    }
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const pair = [near, far] as const;
    const delayMs = (): number => (this.mode === 'slow' ? SLOW_MS : 0);
    const flows = [
      new Flow(near, far, () => this.mode === 'stall' || this.mode === 'halfOpen', delayMs, watch),
      new Flow(far, near, () => this.mode === 'stall', delayMs, undefined),
    ] as const;
    this.pairs.set(pair, flows);
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        for (const flow of flows) flow.stop();
        this.pairs.delete(pair);
        other.destroy();
      });
    }
  }
}
