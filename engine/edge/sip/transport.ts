// The sockets of SIP: one UDP socket, and TCP and TLS connections both ways on one address, each bounded, none able to throw into the stack.
import { createSocket, type RemoteInfo, type Socket as Datagrams } from 'node:dgram';
import { connect, createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { type Logger } from '../../../storage/process/log';
import { LOOPBACK } from '../networks';
import { type Timer } from './clock';
import { Connection, type ConnectionOptions } from './connection';
import { peerName, type Flow, type Peer } from './flow';
import { MAX_MESSAGE_BYTES } from './framing';
import { guarded } from './guard';
import { parseDatagram } from './parser';
import { mayBeStun, stunAnswer } from './stun';

/** What the stack needs of the network. */
export interface Transport {
  /** What others are told as our address. */
  readonly host: string;
  readonly port: number;
  /** The port of TLS; undefined where that is not spoken. */
  readonly tlsPort: number | undefined;
  /** The way to a peer; an open connection to it is used again. Over TLS its certificate must be for `name`, or for its address. */
  flowTo(peer: Peer & { readonly name?: string }): Flow;
  /** From now on, `alias` is reached over this connection, while it lasts: a phone behind it registered that contact. */
  bind(alias: string, flow: Flow): void;
  bound(alias: string): Flow | undefined;
}

/** SIP over TLS: on its own port, with this certificate. */
export interface TlsOptions {
  /** 0 picks one. */
  readonly port: number;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** PEM: who may have signed the certificate of a peer we connect to; left out: whom the machine trusts. */
  readonly ca?: string;
}

export interface TransportOptions extends ConnectionOptions {
  readonly address: string;
  /** 0 picks a port that is free for UDP and TCP. */
  readonly port: number;
  readonly externalAddress: string;
  readonly tls?: TlsOptions;
}

const MAX_CONNECTIONS = 4_000;
/** So many of them from one address that is not this machine: an office behind one NAT. */
const MAX_CONNECTIONS_PER_ADDRESS = 500;
const MAX_ALIASES_PER_CONNECTION = 16;
const SWEEP_MS = 5_000;
const CONNECT_MS = 8_000;
const HANDSHAKE_MS = 10_000;

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

export class SocketTransport implements Transport {
  private readonly connections = new Map<string, Connection>();
  private readonly aliases = new Map<string, Connection>();
  private sweeper: Timer | undefined;
  private closing = false;
  readonly host: string;

  private constructor(private readonly options: TransportOptions, private readonly datagrams: Datagrams, private readonly server: Server, readonly port: number, private readonly secure: Server | undefined) {
    this.host = options.externalAddress;
    datagrams.on('message', guarded(options.log, (data, from) => this.datagram(data, from)));
    datagrams.on('error', (err) => options.log.warn({ err }, 'SIP over UDP had a fault'));
    server.on('connection', (socket) => this.accept(socket, 'tcp'));
    // A handshake that fails is its peer's affair; the server closes that connection by itself.
    secure?.on('secureConnection', (socket: TLSSocket) => this.accept(socket, 'tls'));
    secure?.on('error', (err) => options.log.warn({ err }, 'SIP over TLS had a fault'));
    server.on('error', (err) => options.log.warn({ err }, 'SIP over TCP had a fault'));
    this.sweep();
  }

  /** Listens on UDP and TCP, and for TLS where that is asked for. @throws the listen error, code EADDRINUSE when a port is taken, or what is wrong with the certificate. */
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
      try {
        return new SocketTransport(options, datagrams, server, port, options.tls && await listenTls(options.address, options.tls));
      } catch (fault) {
        datagrams.close();
        server.close();
        throw fault;
      }
    }
  }

  get tlsPort(): number | undefined {
    return this.secure ? (this.secure.address() as AddressInfo | null)?.port : undefined;
  }

  /** How many TCP and TLS connections are open. */
  get connectionCount(): number {
    return this.connections.size;
  }

  flowTo(peer: Peer & { readonly name?: string }): Flow {
    const { protocol } = peer;
    if (protocol === 'udp') return new UdpFlow(this.datagrams, this.options.log, peer.address, peer.port);
    // A peer that said so is reached over the connection it opened, by the address it gave (RFC 5923 §6).
    const existing = this.connections.get(peerName(peer)) ?? this.aliases.get(peerName(peer));
    if (existing?.open) return existing;
    const place = { host: peer.address, port: peer.port, localAddress: this.options.address };
    const socket = protocol === 'tcp' ? connect(place) : this.connectTls(place, peer.name ?? peer.address);
    const flow = this.adopt(socket, protocol, peer.address, peer.port);
    const patience = this.options.clock.after(CONNECT_MS, () => { if (!flow.ready) socket.destroy(); });
    flow.whenClosed(() => patience.cancel());
    return flow;
  }

  private connectTls(place: { readonly host: string; readonly port: number; readonly localAddress: string }, name: string): Socket {
    const { tls, log } = this.options;
    const socket = connectTls({ ...place, ...(isIP(name) === 0 ? { servername: name } : {}), ...(tls?.ca === undefined ? {} : { ca: tls.ca }), ...(tls && { cert: tls.cert, key: tls.key }), minVersion: 'TLSv1.2' });
    socket.once('error', (fault: Error) => log.warn({ fault: fault.message, peer: `${place.host}:${place.port}` }, 'A TLS connection could not be made'));
    return socket;
  }

  bind(alias: string, flow: Flow): void {
    if (!(flow instanceof Connection) || !flow.open || flow.aliases.size >= MAX_ALIASES_PER_CONNECTION) return;
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
    const { secure } = this;
    const stopped = Promise.all([this.server, ...(secure ? [secure] : [])].map((server) => new Promise<void>((resolve) => { server.close(() => resolve()); })));
    for (const flow of this.connections.values()) flow.destroy();
    await new Promise<void>((resolve) => { this.datagrams.close(() => resolve()); });
    await stopped;
  }

  private datagram(data: Buffer, from: RemoteInfo): void {
    const { hears } = this.options;
    if ((hears && !hears(from.address)) || data.length > MAX_MESSAGE_BYTES) return;
    if (mayBeStun(data)) {
      const answer = stunAnswer(data, from.address, from.port);
      // What the network makes of it is nobody's concern: the phone asks again.
      if (answer) this.datagrams.send(answer, from.port, from.address, () => undefined);
      return;
    }
    const message = parseDatagram(data);
    if (message) this.options.received(message, new UdpFlow(this.datagrams, this.options.log, from.address, from.port));
  }

  private accept(socket: Socket, protocol: 'tcp' | 'tls'): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined || this.closing || this.isCrowded(remoteAddress) || this.options.hears?.(remoteAddress) === false) socket.destroy();
    else this.adopt(socket, protocol, remoteAddress, remotePort);
  }

  private isCrowded(address: string): boolean {
    if (this.connections.size < MAX_CONNECTIONS_PER_ADDRESS || LOOPBACK.has(address)) return false;
    let count = 0;
    for (const flow of this.connections.values()) if (flow.address === address) count += 1;
    return count >= MAX_CONNECTIONS_PER_ADDRESS;
  }

  private adopt(socket: Socket, protocol: 'tcp' | 'tls', address: string, port: number): Connection {
    const flow: Connection = new Connection(protocol, address, port, socket, this.options, (closed) => {
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

async function listenTls(address: string, { port, cert, key }: TlsOptions): Promise<Server> {
  const secure = createTlsServer({ cert, key, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS });
  secure.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    secure.once('error', reject);
    secure.listen({ port, host: address, exclusive: true }, () => { secure.off('error', reject); resolve(); });
  });
  return secure;
}
