// Speaks the rtpengine NG protocol over one TCP connection that is made again whenever it breaks.
import { connect, type Socket } from 'node:net';
import { decode, encode } from 'bencode';
import { z } from 'zod';
import { type Logger } from '../../storage/process/log';
import { MediaFault } from '../calls/ports';
import { BrokenStream, endOfValue } from './bencode-stream';

export interface NgClientOptions {
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  /** A key was pressed in the RTP of a call that may be anybody's. Told to every client that is connected. */
  readonly onKeyEvent?: (event: KeyEvent) => void;
  /** The connection was made, or made anew. */
  readonly onConnected?: () => void;
}

/** `event` is the code of RFC 4733: 0 to 9, 10 for *, 11 for #, 12 to 15 for A to D. */
export interface KeyEvent {
  readonly callId: string;
  /** Of whoever pressed it. */
  readonly tag: string;
  readonly event: number;
}

/** Text, whole numbers and lists of text; absent ones are left out. */
export type NgFields = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const reply = z.looseObject({ result: z.string(), 'error-reason': z.string().optional(), sdp: z.string().optional(), duration: z.number().optional() });
/** What rtpengine says with `--dtmf-log-ng-tcp`, under a cookie of its own; more is in it than we need. */
const notice = z.looseObject({ notify: z.string(), data: z.unknown() });
const keyNotice = z.looseObject({ callid: z.string(), source_tag: z.string(), event: z.number().int() });
export type NgReply = z.output<typeof reply>;

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const PING_EVERY_MS = 2_000;
const PING_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const LARGEST_MESSAGE = 1024 * 1024;
const LONGEST_COOKIE = 64;
/** rtpengine 10.5 says this without end when TCP cut a message inside a length; only a new connection helps. */
const LOST_TRACK = 'Could not decode bencode dictionary';

interface Pending {
  readonly message: Buffer;
  sent: boolean;
  settle(outcome: NgReply | MediaFault): void;
}

/**
 * A request waits for the connection, so that a short break goes unnoticed; one that was sent when the connection broke is not sent
 * again here, since only the caller knows whether it still wants it.
 */
export class NgClient {
  private socket: Socket | null = null;
  private connected = false;
  private closed = false;
  private received: Buffer = Buffer.alloc(0);
  private readonly pending = new Map<string, Pending>();
  private readonly prefix = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  private serial = 0;
  private retryMs = FIRST_RETRY_MS;
  private retry: NodeJS.Timeout | null = null;
  private readonly pings: NodeJS.Timeout;
  private answering = false;

  constructor(private readonly options: NgClientOptions) {
    this.open();
    this.pings = setInterval(() => this.ping(), PING_EVERY_MS);
    this.pings.unref();
  }

  /** Whether anything was answered since the connection was made; a connection that stops answering is given up. */
  get healthy(): boolean {
    return this.connected && this.answering;
  }

  /** @throws MediaFault 'timeout', 'unavailable' (connection lost or closed), or 'refused' with the server's reason. */
  async request(command: string, fields: NgFields, timeoutMs: number): Promise<NgReply> {
    if (this.closed) throw new MediaFault('unavailable', 'The connection to the media server is closed.');
    this.serial += 1;
    const cookie = `${this.prefix}_${this.serial.toString(36)}`;
    const message = Buffer.concat([Buffer.from(`${cookie} `), encode({ ...fields, command })]);
    const outcome = await new Promise<NgReply | MediaFault>((resolve) => {
      const timer = setTimeout(() => {
        settle(new MediaFault(this.connected ? 'timeout' : 'unavailable', `The media server did not answer "${command}" within ${timeoutMs} ms.`));
      }, timeoutMs);
      const settle = (result: NgReply | MediaFault): void => {
        clearTimeout(timer);
        this.pending.delete(cookie);
        resolve(result);
      };
      const entry: Pending = { message, sent: false, settle };
      this.pending.set(cookie, entry);
      if (this.connected) this.send(entry);
    });
    if (outcome instanceof MediaFault) throw outcome;
    if (outcome.result === 'error') throw new MediaFault('refused', `The media server refused "${command}": ${outcome['error-reason'] ?? 'no reason given'}.`);
    return outcome;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.pings);
    if (this.retry) clearTimeout(this.retry);
    this.fail(() => true);
    const { socket } = this;
    if (!socket || socket.destroyed) return;
    await new Promise<void>((resolve) => { socket.once('close', () => resolve()); socket.destroy(); });
  }

  private open(): void {
    const { host, port, log } = this.options;
    const socket = connect({ host, port, noDelay: true });
    this.socket = socket;
    const slow = setTimeout(() => socket.destroy(), CONNECT_TIMEOUT_MS);
    socket.on('connect', () => {
      clearTimeout(slow);
      this.connected = true;
      this.retryMs = FIRST_RETRY_MS;
      this.received = Buffer.alloc(0);
      log.info({ host, port }, 'connected to the media server');
      for (const entry of this.pending.values()) this.send(entry);
      this.ping();
      this.options.onConnected?.();
    });
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error) => log.debug({ err: error }, 'the connection to the media server met an error'));
    socket.on('close', () => {
      clearTimeout(slow);
      this.lost(socket);
    });
  }

  private lost(socket: Socket): void {
    if (this.socket !== socket) return;
    if (this.connected && !this.closed) this.options.log.warn({ host: this.options.host, port: this.options.port }, 'lost the media server');
    this.connected = false;
    this.answering = false;
    this.fail(({ sent }) => sent);
    if (this.closed) return;
    this.retry = setTimeout(() => this.open(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
  }

  private fail(which: (entry: Pending) => boolean): void {
    for (const entry of [...this.pending.values()]) {
      if (which(entry)) entry.settle(new MediaFault('unavailable', 'The connection to the media server broke.'));
    }
  }

  private send(entry: Pending): void {
    entry.sent = true;
    this.socket?.write(entry.message);
  }

  /** A frozen media server keeps its socket open, so a ping that fails breaks it here. */
  private ping(): void {
    if (!this.connected) return;
    const { socket } = this;
    this.request('ping', {}, PING_TIMEOUT_MS).catch((fault: unknown) => {
      if (this.socket === socket && fault instanceof MediaFault && fault.code === 'timeout') socket?.destroy();
    });
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    try {
      for (;;) {
        const space = this.received.indexOf(0x20);
        if (space < 0 && this.received.length <= LONGEST_COOKIE) return;
        if (space < 1 || space > LONGEST_COOKIE) throw new BrokenStream('no cookie');
        const end = endOfValue(this.received, space + 1);
        if (end === null) {
          if (this.received.length > LARGEST_MESSAGE) throw new BrokenStream('larger than any message');
          return;
        }
        const cookie = this.received.toString('latin1', 0, space).trimStart();
        const body = this.received.subarray(space + 1, end);
        this.received = this.received.subarray(end);
        this.answered(cookie, decode(body, 'utf8'));
        if (this.socket?.destroyed) return;
      }
    } catch (fault) {
      this.options.log.warn({ err: fault }, 'the media server sent what is no message');
      this.socket?.destroy();
    }
  }

  /** Answers that came too late, and notices of what nobody knows, are passed over. */
  private answered(cookie: string, body: unknown): void {
    // Few of what comes is a notice: what has no such key is not held against its schema first.
    const told = isNotice(body) ? notice.safeParse(body) : null;
    if (told?.success === true) {
      this.answering = true;
      if (told.data.notify === 'onDTMF') this.pressed(told.data.data);
      return;
    }
    const parsed = reply.safeParse(body);
    if (parsed.success && parsed.data['error-reason'] === LOST_TRACK) {
      this.options.log.warn('the media server lost track of the connection');
      this.socket?.destroy();
      return;
    }
    this.answering = true;
    this.pending.get(cookie)?.settle(parsed.success ? parsed.data : new MediaFault('refused', 'The media server answered in a way nobody understands.'));
  }
  /** Whoever listens may fail; the connection has nothing to do with it. */
  private pressed(data: unknown): void {
    const key = keyNotice.safeParse(data);
    if (!key.success) return;
    try {
      this.options.onKeyEvent?.({ callId: key.data.callid, tag: key.data.source_tag, event: key.data.event });
    } catch (fault) {
      this.options.log.error({ err: fault, callId: key.data.callid }, 'a key that was pressed could not be passed on');
    }
  }
}

const isNotice = (body: unknown): boolean => typeof body === 'object' && body !== null && 'notify' in body;
