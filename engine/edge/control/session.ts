// One client of the drachtio port: its socket, what it was let in as, and which methods it wants.
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { type Socket } from 'node:net';
import { type Logger } from '../../../storage/process/log';
import { guarded } from '../sip/guard';
import { frame, FrameReader } from './frames';

/** How long a client may take to authenticate. */
const HELLO_MS = 5_000;
/** A client that reads nothing for so long that this much waits is gone. */
const MAX_UNREAD_BYTES = 64 * 1_048_576;

export interface SessionUser {
  /** A client that knew the secret. Returns what to answer, or a refusal after which it is closed. */
  admit(session: Session): { readonly ok: string } | { readonly refused: string };
  /** A method was added to what it wants. */
  routed(session: Session, method: string): void;
  /** A `sip` command: ids and the SIP text. */
  sip(session: Session, messageId: string, transactionId: string, dialogId: string, route: string, text: string): void;
  gone(session: Session): void;
}

export class Session {
  /** 0 for a client that presented none. */
  epoch = 0;
  tags: readonly string[] = [];
  authenticated = false;
  alive = true;
  /** Whether it has had the time to say what it wants. */
  settled = false;
  /** In lower case. */
  readonly routes = new Set<string>();
  private readonly reader = new FrameReader();
  private unsent: string[] = [];
  private readonly hello: NodeJS.Timeout;

  constructor(private readonly socket: Socket, private readonly secret: string, private readonly user: SessionUser, private readonly log: Logger) {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 15_000);
    socket.on('data', guarded(log, (data) => this.read(data)));
    // An 'error' is always followed by 'close'.
    socket.on('error', () => undefined);
    socket.on('close', guarded(log, () => this.closed()));
    this.hello = setTimeout(() => this.close(), HELLO_MS);
  }

  /** Sends one frame, together with the others of this turn of the event loop. */
  send(text: string): void {
    if (!this.alive) return;
    if (this.unsent.length === 0) setImmediate(() => this.flush());
    this.unsent.push(frame(text));
  }

  /** Answers a command. */
  answer(messageId: string, words: string): void {
    this.send(`${randomUUID()}|response|${messageId}|${words}`);
  }

  /** Ends the connection after what was sent has gone out. */
  close(): void {
    this.flush();
    this.socket.end();
    // Who does not take the hint within a moment is cut off.
    setTimeout(() => this.socket.destroy(), 1_000).unref();
    this.closed();
  }

  /** Ends the connection now: nothing of it is heard any more, and nothing waits until it reads, or wakes. */
  cut(): void {
    this.unsent = [];
    this.socket.destroy();
    this.closed();
  }

  private flush(): void {
    if (this.unsent.length === 0) return;
    const frames = this.unsent.join('');
    this.unsent = [];
    if (this.socket.destroyed) return;
    this.socket.write(frames);
    if (this.socket.writableLength > MAX_UNREAD_BYTES) this.socket.destroy();
  }

  private closed(): void {
    clearTimeout(this.hello);
    if (!this.alive) return;
    this.alive = false;
    this.user.gone(this);
  }

  private read(data: Buffer): void {
    if (!this.alive) return;
    let frames: string[];
    try {
      frames = this.reader.push(data);
    } catch {
      this.close();
      return;
    }
    const act = guarded(this.log, (text: string) => this.command(text));
    for (const text of frames) if (this.alive) act(text);
  }

  private command(text: string): void {
    const end = text.indexOf('\r\n');
    const [messageId = '', verb, first = '', second = '', third = ''] = (end < 0 ? text : text.slice(0, end)).split('|');
    if (verb === 'ping') this.answer(messageId, 'OK|pong');
    else if (verb === 'authenticate') this.authenticate(messageId, first, second);
    else if (!this.authenticated) this.close();
    else if (verb === 'sip') this.user.sip(this, messageId, first, second, third, end < 0 ? '' : text.slice(end + 2));
    else if (verb === 'route') {
      this.routes.add(first.toLowerCase());
      this.answer(messageId, 'OK');
      this.user.routed(this, first.toLowerCase());
    } else if (verb === 'remove_route') {
      this.routes.delete(first.toLowerCase());
      this.answer(messageId, 'OK');
    } else this.answer(messageId, `NOK|${verb ?? ''} is not offered`);
  }

  private authenticate(messageId: string, secret: string, tags: string): void {
    if (!sameSecret(secret, this.secret)) {
      this.answer(messageId, 'NO|incorrect secret');
      this.close();
      return;
    }
    this.tags = tags === '' ? [] : tags.split(',');
    this.epoch = Number(/^epoch:(\d{1,15})$/.exec(this.tags.find((tag) => tag.startsWith('epoch:')) ?? '')?.[1] ?? 0);
    clearTimeout(this.hello);
    const admission = this.user.admit(this);
    if ('refused' in admission) {
      this.answer(messageId, `NO|${admission.refused}`);
      this.close();
      return;
    }
    this.authenticated = true;
    this.answer(messageId, `OK|${admission.ok}`);
  }
}

/** Compares without telling by the time it takes how much was right. */
export function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
