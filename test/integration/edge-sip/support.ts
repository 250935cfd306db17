// A running edge on free ports, drachtio-srf clients for it, and phones to call it with.
import { mkdtempSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Srf from 'drachtio-srf';
import { type InventoryMessage } from '../../../engine/edge/control/inventory-types';
import { startEdge, type Edge, type EdgeStart } from '../../../engine/edge/edge';
import { createLog } from '../../../storage/process/log';
import { Phone } from '../../support/phone';
import { freePort } from '../../support/sipp';

/** What these tests use of drachtio-srf, as it behaves: its own types leave half of it out. */
export interface Request { readonly body: string; readonly stackTxnId: string; readonly callingNumber: string; get(name: string): string; on(event: 'cancel', told: () => void): void; on(event: 'response', told: (res: Response, ack: () => void) => void): void; cancel(): void }
export interface Response { readonly status: number; readonly body: string; send(status: number, options?: { headers?: Record<string, string>; body?: string }): void }
export interface Dialog {
  /** False once it has ended. */
  readonly connected: boolean;
  readonly id: string;
  readonly remote: { readonly sdp: string };
  on(event: 'destroy', told: (request: Request, reason: string) => void): void;
  on(event: 'modify', told: (request: Request, response: Response) => void): void;
  destroy(options?: { headers: Record<string, string> }): Promise<unknown>;
  modify(sdp: string): Promise<string>;
}
type Handler = (request: Request, response: Response) => void;
export interface Client {
  invite(handler: Handler): void;
  register(handler: Handler): void;
  options(handler: Handler): void;
  info(handler: Handler): void;
  update(handler: Handler): void;
  refer(handler: Handler): void;
  bye(handler: Handler): void;
  createUAS(request: Request, response: Response, options: { localSdp: string }): Promise<Dialog>;
  createUAC(uri: string, options: { localSdp: string; callingNumber?: string; callingName?: string }, told?: { cbRequest?: (fault: unknown, request: Request) => void; cbProvisional?: (response: Response) => void }): Promise<Dialog>;
  createB2BUA(request: Request, response: Response, uri: string, options: object): Promise<{ uas: Dialog; uac: Dialog }>;
  request(uri: string, options: { method: string; stackDialogId: string; headers?: Record<string, string>; body?: string }): Promise<Request>;
  connect(options: { host: string; port: number; secret: string }): void;
  on(event: 'connect' | 'error' | 'close', told: (fault: Error | null) => void): void;
}

export const SECRET = 'only-for-this-test';

/** One edge and everything a test opened at it, closed together. */
export class Bench {
  private readonly closing: Array<() => Promise<void> | void> = [];


  private constructor(readonly edge: Edge, readonly faults: readonly unknown[], readonly mediaDirectory: string) {}

  static async open(settings: Partial<EdgeStart> = {}): Promise<Bench> {
    const faults: unknown[] = [];
    const log = createLog('edge', 'error', { write: (line) => { faults.push(line); } });
    const rtp = await freePort();
    const mediaDirectory = mkdtempSync(join(tmpdir(), 'edge-media-'));
    const edge = await startEdge({
      SIP_ADDRESS: '127.0.0.1', SIP_PORT: 0, SIP_EXTERNAL_ADDRESS: '127.0.0.1', DRACHTIO_ADDRESS: '127.0.0.1', DRACHTIO_PORT: 0, DRACHTIO_SECRET: SECRET, EDGE_CONTROL_PORT: 0,
      NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: rtp, RTP_PORT_MAX: Math.min(65535, rtp + 20), MEDIA_DIRECTORY: mediaDirectory, ...settings,
    }, log);
    return new Bench(edge, faults, mediaDirectory);
  }

  /** As if this were the edge: what stands in front of it. Phones still call the edge itself. */
  inFrontOf(front: Edge, faults: readonly unknown[]): Bench {
    return new Bench(front, faults, this.mediaDirectory);
  }

  get server(): { host: string; port: number; domain: string } {
    return { host: '127.0.0.1', port: this.edge.sipPort, domain: '127.0.0.1' };
  }

  async phone(user: string): Promise<Phone> {
    const phone = await Phone.open(user, this.server);
    this.closing.push(() => phone.close());
    return phone;
  }

  /** A client that is let in, its middleware installed before it asks for anything. */
  async client(tags: readonly string[], install: (client: Client) => void = () => undefined): Promise<Client> {
    const srf = new Srf([...tags]) as unknown as Client;
    install(srf);
    srf.on('error', () => undefined);
    this.closing.push(() => this.drop(srf));
    await new Promise<void>((resolve, reject) => {
      srf.on('connect', (fault) => { if (fault) reject(fault); else resolve(); });
      srf.connect({ host: '127.0.0.1', port: this.edge.drachtioPort, secret: SECRET });
    });
    return srf;
  }

  /** Closes a client's connection as its death would, and resolves when it is closed. */
  async drop(srf: Client): Promise<void> {
    const protocol = protocolOf(srf);
    // From now on it does not come back by itself, neither at once nor when it next wakes to try.
    protocol.closing = true;
    clearTimeout(protocol.reconnectVars.retryTimer ?? undefined);
    const socket = socketOf(srf);
    if (!socket || socket.destroyed) return;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.destroy();
    await closed;
  }

  async watcher(): Promise<Watcher> {
    const watcher = await Watcher.open(this.edge.controlPort);
    this.closing.push(() => watcher.close());
    return watcher;
  }

  async close(): Promise<void> {
    for (const step of this.closing.reverse()) await step();
    await this.edge.close();
  }
}

interface Inside { app: { client: { mapServer: Map<Socket, unknown>; wp: { closing?: boolean; reconnectVars: { retryTimer: NodeJS.Timeout | null } } } } }

const protocolOf = (srf: Client): Inside['app']['client']['wp'] => (srf as unknown as Inside).app.client.wp;

const socketOf = (srf: Client): Socket | undefined => (srf as unknown as Inside).app.client.mapServer.keys().next().value;

/** A client of the inventory port. */
export class Watcher {
  private readonly messages: InventoryMessage[] = [];
  private readonly waiters: Array<{ fits: (message: InventoryMessage) => boolean; found: (message: InventoryMessage) => void }> = [];
  private questions = 0;

  private constructor(private readonly socket: Socket) {
    let pending = '';
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const lines = (pending + data.toString('utf8')).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) this.take(JSON.parse(line) as InventoryMessage);
    });
  }

  /** Names itself as `as` says. @rejects when the edge closes instead of greeting it. */
  static async open(port: number, as: Readonly<Record<string, unknown>> = {}, secret = SECRET): Promise<Watcher> {
    const watcher = new Watcher(connectTcp(port, '127.0.0.1'));
    watcher.socket.write(`${JSON.stringify({ secret, ...as })}\n`);
    const closed = new Promise<never>((_resolve, reject) => { watcher.socket.once('close', () => reject(new Error('the edge closed the connection'))); });
    closed.catch(() => undefined);
    await Promise.race([watcher.next((message) => 'hello' in message), closed]);
    return watcher;
  }

  next(fits: (message: InventoryMessage) => boolean): Promise<InventoryMessage> {
    const index = this.messages.findIndex(fits);
    if (index >= 0) return Promise.resolve(this.messages.splice(index, 1)[0] as InventoryMessage);
    return new Promise((resolve) => { this.waiters.push({ fits, found: resolve }); });
  }

  /** Resolves once an engine is there, at once when one is. */
  async engineHere(): Promise<void> {
    const { owner } = await this.inventory();
    if (!owner.connected) await this.next((message) => 'event' in message && message.event === 'engineHere');
  }

  ask(question: Record<string, unknown>): Promise<InventoryMessage> {
    this.questions += 1;
    const id = this.questions;
    this.socket.write(`${JSON.stringify({ id, ...question })}\n`);
    return this.next((message) => 'id' in message && message.id === id);
  }

  async inventory(): Promise<Extract<InventoryMessage, { inventory: unknown }>['inventory']> {
    const message = await this.ask({ ask: 'inventory' });
    if (!('inventory' in message)) throw new Error('no inventory');
    return message.inventory;
  }

  close(): void {
    this.socket.destroy();
  }

  private take(message: InventoryMessage): void {
    const index = this.waiters.findIndex(({ fits }) => fits(message));
    if (index >= 0) this.waiters.splice(index, 1)[0]?.found(message);
    else this.messages.push(message);
  }
}
