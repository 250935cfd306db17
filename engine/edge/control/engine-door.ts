// The door for engines: listens in the drachtio protocol, lets in whose epoch holds, cuts off whose time is over, and hands out what waited.
import { createServer, type AddressInfo, type Server } from 'node:net';
import { type Logger } from '../../../storage/process/log';
import { mayControl, Networks } from '../networks';
import { type Clock } from '../sip/clock';
import { type Continuity } from './continuity';
import { Engines } from './engines';
import { type OwnerWatch } from './owner';
import { Session, type SessionUser } from './session';

/** The drachtio-server whose protocol this is; clients ask what it can do. */
export const SPOKEN_VERSION = 'v0.9.0';
const MAX_CLIENTS = 100;
const NOBODY_ELSE = new Networks([]);
/** A client names the methods it wants one by one, right after it was let in. */
const SETTLE_MS = 250;

export interface DoorOptions<Call> {
  readonly address: string;
  /** 0 picks one. */
  readonly port: number;
  readonly secret: string;
  /** Who may connect beside this machine. */
  readonly allowed?: Networks;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told which engine comes and goes. */
  readonly owner: OwnerWatch;
  readonly continuity: Continuity<Call>;
  /** What a client is told of where we are: `udp/address:port,tcp/address:port`; undefined while nobody can be served. */
  readonly places: () => string | undefined;
  /** Who a request is for now. */
  readonly takerOf: (call: Call) => Session | undefined;
  /** Does whatever is due with a request that waited. */
  readonly deliver: (call: Call) => void;
  /** A client wants a method. */
  readonly wanted?: (method: string) => void;
  /** A client that was let in is gone: what it had is nobody's now. */
  readonly lost: (session: Session) => void;
  readonly sip: SessionUser['sip'];
}

export class EngineDoor<Call> implements SessionUser {
  readonly engines = new Engines();
  private readonly server: Server;
  private readonly sessions = new Set<Session>();
  private closing = false;

  constructor(private readonly options: DoorOptions<Call>) {
    this.server = createServer((socket) => {
      if (!mayControl(options.allowed ?? NOBODY_ELSE, socket.remoteAddress, socket.localAddress)) {
        options.log.warn({ source: socket.remoteAddress }, 'A connection to the drachtio port was refused: its address is not in CONTROL_SOURCES');
        socket.destroy();
      } else if (this.sessions.size >= MAX_CLIENTS) socket.destroy();
      else this.sessions.add(new Session(socket, options.secret, this, options.log));
    });
  }

  /** Returns the port. @throws the listen error. */
  async open(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, this.options.address, () => { this.server.off('error', reject); resolve(); });
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.closing = true;
    const stopped = new Promise<void>((resolve) => { this.server.close(() => resolve()); });
    for (const session of [...this.sessions]) session.close();
    await stopped;
  }

  /** Cuts everybody off: there is nothing to be had here now. */
  clear(): void {
    for (const session of [...this.sessions]) session.cut();
  }

  admit(session: Session): { readonly ok: string } | { readonly refused: string } {
    const { log, clock, continuity, owner } = this.options;
    const places = this.options.places();
    if (places === undefined) return { refused: 'SIP cannot be reached' };
    const replaced = this.engines.admit(session);
    if (!replaced) {
      log.warn({ epoch: session.epoch, current: this.engines.epoch }, 'An engine of an epoch that is over was refused');
      return { refused: `epoch ${session.epoch} is over, ${this.engines.epoch} holds` };
    }
    for (const old of replaced) {
      log.info({ epoch: old.epoch, by: session.epoch }, 'An engine was put out by a newer one');
      old.cut();
    }
    log.info({ epoch: session.epoch }, 'An engine connected');
    owner.here(session.epoch);
    clock.after(SETTLE_MS, () => {
      session.settled = true;
      if (this.engines.methods.length > 0) for (const call of continuity.release((held) => this.options.takerOf(held) !== undefined || this.unwanted(held), false)) this.options.deliver(call);
    });
    return { ok: `${places}|${SPOKEN_VERSION}|${places}` };
  }

  routed(_session: Session, method: string): void {
    this.options.wanted?.(method);
    // Until it has named all it wants, nothing overtakes what came before.
    for (const call of this.options.continuity.release((held) => this.options.takerOf(held) !== undefined, !this.engines.settled)) this.options.deliver(call);
  }

  sip(session: Session, messageId: string, transactionId: string, dialogId: string, route: string, text: string): void {
    this.options.sip(session, messageId, transactionId, dialogId, route, text);
  }

  gone(session: Session): void {
    this.sessions.delete(session);
    if (!this.engines.remove(session) || this.closing) return;
    this.options.log.warn({ epoch: session.epoch }, 'An engine is gone');
    this.options.lost(session);
    this.options.continuity.engineGone();
    if (!this.engines.connected) this.options.owner.gone();
  }

  /** Somebody is there, and nobody there wants a request like this one (RFC 3261 §8.2.1): it is answered 405. */
  unwanted(call: Call): boolean {
    return this.engines.settled && this.engines.methods.length > 0 && this.options.continuity.begins(call);
  }
}
