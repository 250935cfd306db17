// The sockets of SIP: one UDP socket and TCP connections both ways on one address, each bounded, none able to throw into the stack.
import { createSocket, type RemoteInfo, type Socket as Datagrams } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Logger } from '../../../storage/process/log';
import { LOOPBACK } from '../networks';
import { type Clock, type Timer } from './clock';
import { peerName, type Flow, type Peer } from './flow';
import { Framer, MAX_MESSAGE_BYTES } from './framing';
import { guarded } from './guard';
import { type SipMessage } from './message';
import { parseDatagram } from './parser';

/** What the stack needs of the network. */
export interface Transport {
  /** What others are told as our address. */
  readonly host: string;
  readonly port: number;
  /** The way to a peer; an open TCP connection to it is used again. */
  flowTo(peer: Peer): Flow;
  /** From now on, `alias` is reached over this connection, while it lasts: a phone behind it registered that contact. */
  bind(alias: string, flow: Flow): void;
  bound(alias: string): Flow | undefined;
}

export interface TransportOptions {
  readonly address: string;
  /** 0 picks a port that is free for UDP and TCP. */
  readonly port: number;
  readonly externalAddress: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Never throws. */
  readonly received: (message: SipMessage, flow: Flow) => void;
  /** Whether anything of this address is read now; each call is one message. Left out: always. */
  readonly hears?: (address: string) => boolean;
}

const MAX_CONNECTIONS = 4_000;
/** So many of them from one address that is not this machine: an office behind one NAT. */
const MAX_CONNECTIONS_PER_ADDRESS = 500;
/** Who sends too much over a connection is not read for so long. */
const PAUSE_MS = 250;
const MAX_ALIASES_PER_CONNECTION = 16;
/** How long the rest of a message may take to arrive. */
const PARTIAL_MESSAGE_MS = 10_000;
/** A connection on which nothing came for this long is closed; phones register more often. */
const IDLE_MS = 900_000;
const SWEEP_MS = 5_000;
const CONNECT_MS = 8_000;
/** What may wait to be written to one connection. */
const MAX_UNSENT_BYTES = 1_048_576;

/** Whatever is sent to is an IPv4 address already: names were looked up above. */
const literally = (address: string, _options: unknown, found: (fault: null, address: string, family: number) => void): void => found(null, address, 4);

class UdpFlow implements Flow {
  readonly protocol = 'udp';
  readonly reliable = false;
  readonly open = true;

  constructor(private readonly socket: Datagrams, private readonly log: Logger, readonly address: string, readonly port: number) {}

  send(text: string, failed?: () => void): void {
    // Larger than a path may carry, a request still goes by UDP: phones without TCP are many (bends RFC 3261 §18.1.1).
    try {
      this.socket.send(text, this.port, this.address, failed && guarded(this.log, (fault) => { if (fault) failed(); }));
    } catch {
      if (failed) setImmediate(guarded(this.log, failed));
    }
  }

  whenClosed(): () => void {
    return () => undefined;
  }
}

class TcpFlow implements Flow {
  readonly protocol = 'tcp';
  readonly reliable = true;
  readonly aliases = new Set<string>();
  private readonly watchers = new Set<() => void>();
  private readonly framer = new Framer();
  private lastDataMs: number;
  private partialSinceMs: number | undefined;
  open = true;

  constructor(readonly address: string, readonly port: number, private readonly socket: Socket, private readonly options: TransportOptions, private readonly gone: (flow: TcpFlow) => void) {
    this.lastDataMs = options.clock.civilMs();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', guarded(options.log, (data) => this.read(data)));
    // An 'error' is always followed by 'close'.
    socket.on('error', () => undefined);
    socket.on('close', () => this.closed());
  }

  send(text: string, failed?: () => void): void {
    if (!this.open) {
      if (failed) setImmediate(guarded(this.options.log, failed));
      return;
    }
    if (this.socket.writableLength > MAX_UNSENT_BYTES) this.socket.destroy();
    else this.socket.write(text);
    if (failed && this.socket.connecting) this.whenClosed(failed);
  }

  whenClosed(told: () => void): () => void {
    this.watchers.add(told);
    return () => { this.watchers.delete(told); };
  }

  /** Closes what is idle or dribbles. */
  sweep(nowMs: number): void {
    const dribbles = this.partialSinceMs !== undefined && nowMs - this.partialSinceMs > PARTIAL_MESSAGE_MS;
    if (dribbles || nowMs - this.lastDataMs > IDLE_MS) this.socket.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    const { hears } = this.options;
    this.lastDataMs = this.options.clock.civilMs();
    let tooMuch = false;
    for (const framed of this.framer.push(data)) {
      // What came is worked on, since it would not come again; what follows waits in the network.
      if (hears && !hears(this.address)) tooMuch = true;
      if (framed.kind === 'ping') this.socket.write('\r\n');
      else if (framed.kind === 'message') this.options.received(framed.message, this);
      else {
        if (framed.message) this.options.received(framed.message, this);
        this.socket.removeAllListeners('data');
        this.socket.end();
        this.partialSinceMs = this.lastDataMs;
        return;
      }
    }
    this.partialSinceMs = this.framer.waiting ? this.partialSinceMs ?? this.lastDataMs : undefined;
    if (!tooMuch) return;
    this.socket.pause();
    this.options.clock.after(PAUSE_MS, () => this.socket.resume());
  }

  private closed(): void {
    if (!this.open) return;
    this.open = false;
    this.gone(this);
    const told = [...this.watchers];
    this.watchers.clear();
    for (const watcher of told) guarded(this.options.log, watcher)();
  }
}

export class SocketTransport implements Transport {
  private readonly connections = new Map<string, TcpFlow>();
  private readonly aliases = new Map<string, TcpFlow>();
  private sweeper: Timer | undefined;
  private closing = false;
  readonly host: string;

  private constructor(private readonly options: TransportOptions, private readonly datagrams: Datagrams, private readonly server: Server, readonly port: number) {
    this.host = options.externalAddress;
    datagrams.on('message', guarded(options.log, (data, from) => this.datagram(data, from)));
    datagrams.on('error', (err) => options.log.warn({ err }, 'SIP over UDP had a fault'));
    server.on('connection', (socket) => this.accept(socket));
    server.on('error', (err) => options.log.warn({ err }, 'SIP over TCP had a fault'));
    this.sweep();
  }

  /** Listens on UDP and TCP. @throws the listen error, code EADDRINUSE when the port is taken. */
  static async open(options: TransportOptions): Promise<SocketTransport> {
    // A free UDP port need not be free for TCP: look again a few times when any will do.
    for (let attempt = 1; ; attempt += 1) {
      const datagrams = createSocket({ type: 'udp4', lookup: literally });
      await new Promise<void>((resolve, reject) => {
        datagrams.once('error', reject);
        datagrams.bind({ address: options.address, port: options.port, exclusive: true }, () => { datagrams.off('error', reject); resolve(); });
      });
      const { port } = datagrams.address();
      const server = createServer();
      server.maxConnections = MAX_CONNECTIONS;
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen({ port, host: options.address, exclusive: true }, () => { server.off('error', reject); resolve(); });
        });
      } catch (fault) {
        datagrams.close();
        if (options.port !== 0 || attempt === 10) throw fault;
        continue;
      }
      try {
        datagrams.setRecvBufferSize(4_194_304);
      } catch {
        // The machine's limit is lower; bursts are then lost sooner and sent again by their senders.
      }
      return new SocketTransport(options, datagrams, server, port);
    }
  }

  /** How many TCP connections are open. */
  get connectionCount(): number {
    return this.connections.size;
  }

  flowTo(peer: Peer): Flow {
    if (peer.protocol === 'udp') return new UdpFlow(this.datagrams, this.options.log, peer.address, peer.port);
    const existing = this.connections.get(peerName(peer));
    if (existing?.open) return existing;
    const socket = connect({ host: peer.address, port: peer.port, localAddress: this.options.address });
    const patience = this.options.clock.after(CONNECT_MS, () => { if (socket.connecting) socket.destroy(); });
    socket.once('connect', () => patience.cancel());
    socket.once('close', () => patience.cancel());
    return this.adopt(socket, peer.address, peer.port);
  }

  bind(alias: string, flow: Flow): void {
    if (!(flow instanceof TcpFlow) || !flow.open || flow.aliases.size >= MAX_ALIASES_PER_CONNECTION) return;
    this.aliases.get(alias)?.aliases.delete(alias);
    flow.aliases.add(alias);
    this.aliases.set(alias, flow);
  }

  bound(alias: string): Flow | undefined {
    return this.aliases.get(alias);
  }

  async close(): Promise<void> {
    this.closing = true;
    this.sweeper?.cancel();
    const stopped = new Promise<void>((resolve) => { this.server.close(() => resolve()); });
    for (const flow of this.connections.values()) flow.destroy();
    await new Promise<void>((resolve) => { this.datagrams.close(() => resolve()); });
    await stopped;
  }

  private datagram(data: Buffer, from: RemoteInfo): void {
    const { hears } = this.options;
    if ((hears && !hears(from.address)) || data.length > MAX_MESSAGE_BYTES) return;
    const message = parseDatagram(data);
    if (message) this.options.received(message, new UdpFlow(this.datagrams, this.options.log, from.address, from.port));
  }

  private accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined || this.closing || this.isCrowded(remoteAddress) || this.options.hears?.(remoteAddress) === false) socket.destroy();
    else this.adopt(socket, remoteAddress, remotePort);
  }

  private isCrowded(address: string): boolean {
    if (this.connections.size < MAX_CONNECTIONS_PER_ADDRESS || LOOPBACK.has(address)) return false;
    let count = 0;
    for (const flow of this.connections.values()) if (flow.address === address) count += 1;
    return count >= MAX_CONNECTIONS_PER_ADDRESS;
  }

  private adopt(socket: Socket, address: string, port: number): TcpFlow {
    const flow: TcpFlow = new TcpFlow(address, port, socket, this.options, (closed) => {
      const name = peerName(closed);
      if (this.connections.get(name) === closed) this.connections.delete(name);
      for (const alias of closed.aliases) if (this.aliases.get(alias) === closed) this.aliases.delete(alias);
    });
    this.connections.set(peerName(flow), flow);
    return flow;
  }

  private sweep(): void {
    this.sweeper = this.options.clock.after(SWEEP_MS, () => {
      const nowMs = this.options.clock.civilMs();
      for (const flow of this.connections.values()) flow.sweep(nowMs);
      this.sweep();
    });
  }
}
