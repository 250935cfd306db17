// The one connection to drachtio-server, which outlives engines: commands with their answers one way, what the network sends the other.
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type Logger } from '../../../storage/process/log';
import { frame, FrameReader } from '../control/frames';
import { type Clock, type Timer } from '../sip/clock';
import { guarded } from '../sip/guard';

const RETRY_MS = 500;
const PING_EVERY_MS = 1_000;
/** So many pings without a word from the server, and it hangs. */
const PINGS_MISSED = 3;

export interface UpstreamOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Methods to ask for whenever it connects. */
  readonly methods: readonly string[];
  /** It serves us; `places` is where it listens, as it words it. */
  readonly up: (places: string) => void;
  /** It is gone, and all dialogs with it. */
  readonly down: () => void;
  /** A `sip` frame: its fields after that word, and the SIP text. */
  readonly received: (fields: readonly string[], text: string) => void;
}

/** Told the fields of an answer, `OK` or `NOK` the first, and the SIP text; twice where the first is not the last. */
type Answered = (fields: readonly string[], text: string) => void;

export class Upstream {
  private socket: Socket | undefined;
  private isUp = false;
  private closed = false;
  private missed = 0;
  private pinging: Timer | undefined;
  private retrying: Timer | undefined;
  private readonly waiting = new Map<string, Answered>();
  private readonly asked = new Set<string>();

  constructor(private readonly options: UpstreamOptions) {}

  start(): void {
    const { host, port, secret, log } = this.options;
    const reader = new FrameReader();
    const socket = (this.socket = connect({ host, port, noDelay: true }));
    socket.on('error', (fault) => log.debug({ fault: fault.message }, 'The connection to drachtio-server failed'));
    socket.on('close', guarded(log, () => this.lost()));
    socket.on('connect', () => this.command(`authenticate|${secret}|`, ([verdict, words]) => {
      if (verdict !== 'OK') {
        log.error({ reason: words }, 'drachtio-server does not let the relay in: DRACHTIO_SERVER_SECRET is not its secret');
        socket.destroy();
        return;
      }
      this.isUp = true;
      this.asked.clear();
      for (const method of this.options.methods) this.want(method);
      log.info({}, 'Connected to drachtio-server');
      this.options.up(words ?? '');
    }));
    socket.on('data', guarded(log, (data) => {
      this.missed = 0;
      let frames: string[];
      try {
        frames = reader.push(data);
      } catch {
        socket.destroy();
        return;
      }
      const take = guarded(log, (text: string) => this.take(text));
      for (const text of frames) if (!socket.destroyed) take(text);
    }));
    this.missed = 0;
    this.ping();
  }

  close(): void {
    this.closed = true;
    this.retrying?.cancel();
    this.socket?.destroy();
  }

  /** Has it send us requests of this method. */
  want(method: string): void {
    if (!this.isUp || this.asked.has(method)) return;
    this.asked.add(method);
    this.command(`route|${method}`);
  }

  /** A `sip` command; `answered` is never told when the connection breaks first. */
  sip(transactionId: string, dialogId: string, route: string, text: string, answered?: Answered): void {
    this.command(`sip|${transactionId}|${dialogId}${route === '' ? '' : `|${route}`}\r\n${text}`, answered);
  }

  private command(words: string, answered?: Answered): void {
    const id = randomUUID();
    if (answered) this.waiting.set(id, answered);
    this.socket?.write(frame(`${id}|${words}`));
  }

  private ping(): void {
    this.pinging = this.options.clock.after(PING_EVERY_MS, () => {
      this.missed += 1;
      if (this.missed > PINGS_MISSED) this.socket?.destroy();
      else {
        if (this.isUp) this.command('ping');
        this.ping();
      }
    });
  }

  private lost(): void {
    const wasUp = this.isUp;
    this.isUp = false;
    this.pinging?.cancel();
    this.waiting.clear();
    if (this.closed) return;
    if (wasUp) {
      this.options.log.error({}, 'The connection to drachtio-server is lost, and every call with it');
      this.options.down();
    }
    this.retrying = this.options.clock.after(RETRY_MS, () => this.start());
  }

  private take(frameText: string): void {
    const end = frameText.indexOf('\r\n');
    const fields = (end < 0 ? frameText : frameText.slice(0, end)).split('|');
    const text = end < 0 ? '' : frameText.slice(end + 2);
    if (fields[1] === 'sip') this.options.received(fields.slice(2), text);
    else if (fields[1] === 'response') {
      const id = fields[2] ?? '';
      const answered = this.waiting.get(id);
      // "continue": the request is still looking for its way, and is answered again.
      if (fields[12] !== 'continue') this.waiting.delete(id);
      answered?.(fields.slice(3), text);
    }
  }
}
