// One TCP or TLS connection, whoever opened it: cut into messages, bounded in what it holds, and none of its faults thrown into the stack.
import { type Socket } from 'node:net';
import { type Logger } from '../../../storage/process/log';
import { type Clock } from './clock';
import { type Flow } from './flow';
import { Framer } from './framing';
import { guarded } from './guard';
import { type SipMessage } from './message';

/** How long the rest of a message may take to arrive. */
const PARTIAL_MESSAGE_MS = 10_000;
/** A connection on which nothing came for this long is closed; phones register more often. */
const IDLE_MS = 900_000;
/** What may wait to be written to one connection. */
const MAX_UNSENT_BYTES = 1_048_576;
/** Who sends too much over a connection is not read for so long. */
const PAUSE_MS = 250;

export interface ConnectionOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** Never throws. */
  readonly received: (message: SipMessage, flow: Flow) => void;
  /** Whether anything of this address is read now; each call is one message. Left out: always. */
  readonly hears?: (address: string) => boolean;
}

export class Connection implements Flow {
  readonly reliable = true;
  readonly aliases = new Set<string>();
  private readonly watchers = new Set<() => void>();
  private readonly framer = new Framer();
  private lastDataMs: number;
  private partialSinceMs: number | undefined;
  open = true;
  /** Whether it stands, over TLS with the handshake done. */
  ready: boolean;

  constructor(readonly protocol: 'tcp' | 'tls', readonly address: string, readonly port: number, private readonly socket: Socket, private readonly options: ConnectionOptions, private readonly gone: (flow: Connection) => void) {
    this.lastDataMs = options.clock.civilMs();
    this.ready = !socket.connecting;
    socket.once(protocol === 'tls' ? 'secureConnect' : 'connect', () => { this.ready = true; });
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
    if (failed && !this.ready) this.whenClosed(failed);
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
