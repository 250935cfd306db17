// The connection to the edge: the only file that touches drachtio-srf, and where its habits end (see docs/edge.md).
//
// One Srf per connection, with its own reconnecting switched off: nothing of a dead connection can leak into the next, and
// every request that was under way when a socket closed fails here, although drachtio-srf would never call back.
import { type Socket } from 'node:net';
import Srf from 'drachtio-srf';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';
import { parseAddress } from './addresses';

/** Headers by name; a list becomes one line each (RFC 3261 section 7.3.1 forbids joining challenges). */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** What is common to everything that came from the network. Header names in any case; several lines joined by commas. */
export interface Received {
  header(name: string): string | null;
  readonly body: string;
  /** Null outside a dialog. */
  readonly dialogId: string | null;
}

/** A request from the network. Exactly one final response is owed, except for ACK. */
export interface Incoming extends Received {
  readonly method: string;
  readonly uri: string;
  readonly transactionId: string;
  readonly source: { readonly address: string; readonly port: number; readonly protocol: string };
  /** Made by the edge itself: a BYE because no ACK came, for instance. */
  readonly fromEdge: boolean;
  respond(status: number, options?: { readonly reason?: string; readonly headers?: Headers; readonly body?: string }): void;
  /**
   * Sends the 200 that makes a dialog; exactly one of the two is called. Not a promise: the ACK may be in the same packet as
   * the edge's confirmation, and whoever awaits learns of the dialog too late to know whose ACK it is.
   */
  accept(options: { readonly headers?: Headers; readonly body?: string }, done: Accepting): void;
  /** The caller's CANCEL, before our final response. The edge has answered it, and the INVITE with 487. */
  onCancel(act: () => void): void;
}

/** `localTag`: our side's, where the edge tells it. `accepted` may come once more after `failed`, late: there is a dialog then that nobody wants. */
export interface Accepting { accepted(dialogId: string, localTag?: string): void; failed(fault: LinkFault): void }

export interface Reply extends Received {
  readonly status: number;
  readonly reason: string;
  /** Acknowledges a 2xx to INVITE; the edge acknowledges every other final response itself. */
  ack(): void;
}

export interface Outgoing {
  readonly method: string;
  /** Left out inside a dialog. */
  readonly uri?: string;
  readonly dialogId?: string;
  /** Where to send it, when that is not where `uri` points (`sip:address:port;transport=udp`). */
  readonly proxy?: string;
  readonly headers?: Headers;
  readonly body?: string;
}

/** Called in this order: `sent` (INVITE only), any number of `reply` with a last one ≥ 200; or, at any point, `failed`, after which a reply may still come late. */
export interface Outcome {
  sent?(request: Sent): void;
  reply(reply: Reply): void;
  failed(fault: LinkFault): void;
}

export interface Sent { cancel(headers: Headers): void }

/**
 * The edge refused a message, did not answer in time, or cannot be reached. `down`: it was not sent. `lost`: the connection broke while it
 * was under way, and the edge takes back what it can.
 */
export class LinkFault extends Error {
  constructor(readonly code: 'down' | 'lost' | 'timeout' | 'refused', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LinkFault';
  }
}

export interface LinkListener {
  request(incoming: Incoming): void;
  up(): void;
  /** The connection has broken; what was under way fails now, and `down` follows. */
  breaks?(): void;
  /** Every request under way has failed by now. */
  down(): void;
  /** The edge would not have us: a wrong secret, or a newer engine holds it. It is tried again all the same. */
  turnedAway(reason: string): void;
}

export interface LinkOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** `epoch:N`: the highest wins. */
  readonly tags: readonly string[];
}

/** What we serve; the edge answers 405 to the rest. */
const METHODS = ['invite', 'register', 'options', 'bye', 'info', 'update', 'refer'] as const;
/** Longer than it takes to find out by pings that nobody is there, so that what is merely late is not given up. */
const CONFIRM_MS = 8_000;
/** A hang is noticed within 4 s: an edge with much to do, on a machine with much to do, may be silent for a second or two. A dead one closes its sockets. */
const PING_EVERY_MS = 1_000;
const PINGS_MISSED = 3;
const RETRY_MS = { first: 100, factor: 2, most: 2_000 };

/** What we use of drachtio-srf, more exactly than its own types tell. */
interface SrfMessage { get(name: string): string | undefined; body?: string; stackDialogId?: string }
interface SrfRequest extends SrfMessage {
  method: string; uri: string; stackTxnId: string; source: string; source_address: string; source_port: number; protocol: string;
  on(event: 'cancel' | 'update' | 'response', act: (...given: never[]) => void): void;
  cancel(options: { headers: Record<string, string> }, done: (fault?: unknown) => void): void;
}
interface SrfResponse extends SrfMessage {
  status: number; reason: string; meta: { dialogId?: string };
  send(status: number, reason: string | undefined, options: { headers: Record<string, string>; body?: string }, done?: (fault?: unknown, sent?: SrfMessage) => void): void;
}
interface SrfClient {
  mapServer: Map<Socket, { serverVersion: string | null; pendingRequests: Map<string, () => void> }>;
  wp: { send(socket: Socket, text: string): string };
}
interface SrfRuntime {
  app: { client: SrfClient };
  connect(options: { host: string; port: number; secret: string; reconnect: { maxAttempts: number } }): unknown;
  use(method: string, act: (req: SrfRequest, res: SrfResponse) => void): void;
  use(act: (req: SrfRequest, res: SrfResponse) => void): void;
  request(options: Record<string, unknown>, done: (fault: Error | null, req: SrfRequest) => void): void;
  on(event: 'connect', act: (fault: Error | null) => void): void;
  on(event: 'error', act: (fault: Error) => void): void;
  on(event: 'close', act: () => void): void;
}

/** Keeps one connection to the edge, or tries to, between `start` and `stop`. */
export class Link {
  private session: Session | null = null;
  private retryMs = RETRY_MS.first;
  private cancelRetry: (() => void) | null = null;
  private stopped = true;

  constructor(private readonly options: LinkOptions, private readonly listener: LinkListener, private readonly deps: { readonly log: Logger; readonly timers: Timers }) {}

  get isUp(): boolean { return this.session?.isUp ?? false; }

  start(): void {
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry?.();
    this.session?.close();
    this.session = null;
  }

  /** Sends a request. `outcome.failed` is certain to be called if no final response comes from the edge: callers need no deadline for a dead edge, only for a silent phone. */
  send(outgoing: Outgoing, outcome: Outcome): void {
    if (this.session?.isUp) this.session.send(outgoing, outcome);
    else outcome.failed(new LinkFault('down', 'there is no connection to the edge'));
  }

  private connect(): void {
    this.session = new Session(this.options, this.deps, {
      request: (incoming) => { this.listener.request(incoming); },
      up: () => {
        this.retryMs = RETRY_MS.first;
        this.listener.up();
      },
      breaks: () => { this.listener.breaks?.(); },
      closed: (wasUp, refusal) => {
        this.session = null;
        if (this.stopped) return;
        if (wasUp) this.listener.down();
        if (refusal !== null) this.listener.turnedAway(refusal);
        this.cancelRetry = this.deps.timers.after(this.retryMs, () => { this.connect(); });
        this.retryMs = Math.min(this.retryMs * RETRY_MS.factor, RETRY_MS.most);
      },
    });
  }
}

/** One connection, from its first packet to its close. */
class Session {
  private readonly srf: SrfRuntime;
  private readonly underWay = new Set<(fault: LinkFault) => void>();
  private refusal: string | null = null;
  private over = false;
  private cancelPing: (() => void) | null = null;
  isUp = false;

  constructor(
    options: LinkOptions,
    private readonly deps: { readonly log: Logger; readonly timers: Timers },
    private readonly events: { request(incoming: Incoming): void; up(): void; breaks(): void; closed(wasUp: boolean, refusal: string | null): void },
  ) {
    this.srf = new Srf([...options.tags]) as unknown as SrfRuntime;
    // The layer for every method comes first and never passes on; the others only ask the edge for their method.
    this.srf.use((req, res) => { this.received(req, res); });
    for (const method of METHODS) this.srf.use(method, () => undefined);
    this.srf.on('connect', (fault) => { this.connected(fault); });
    this.srf.on('error', (fault) => { this.deps.log.debug({ fault: fault.message }, 'connection to the edge failed'); });
    this.srf.on('close', () => { this.closed(); });
    this.srf.connect({ host: options.host, port: options.port, secret: options.secret, reconnect: { maxAttempts: 1 } });
  }

  close(): void {
    this.socket?.destroy();
    this.closed();
  }

  send(outgoing: Outgoing, outcome: Outcome): void {
    let settled = false;
    const fail = (fault: LinkFault): void => {
      if (settled) return;
      settled = true;
      this.underWay.delete(fail);
      outcome.failed(fault);
    };
    this.underWay.add(fail);
    const cancelDeadline = this.deps.timers.after(CONFIRM_MS, () => { fail(new LinkFault('timeout', `the edge did not confirm ${outgoing.method}`)); });
    try {
      this.srf.request(requestOptions(outgoing), (fault, req) => {
        cancelDeadline();
        if (fault !== null) {
          fail(new LinkFault('refused', `the edge refused ${outgoing.method}: ${fault.message}`, { cause: fault }));
          return;
        }
        req.on('response', (res: SrfResponse, ack: (options: object) => void) => {
          const reply = { ...received(res), status: res.status, reason: res.reason, ack: () => { guarded(() => { ack({}); }); } };
          if (res.status >= 200) {
            this.underWay.delete(fail);
            // Confirmed too late for us, yet a 2xx must be acknowledged and ended; the owner does that.
            settled = true;
          }
          outcome.reply(reply);
        });
        // An early UPDATE that nobody listens for would never be answered (RFC 3311 section 5.2).
        req.on('update', (update: SrfRequest, res: SrfResponse) => { this.received(update, res); });
        if (outgoing.method === 'INVITE') outcome.sent?.({ cancel: (headers) => { guarded(() => { req.cancel({ headers: lines(headers) }, () => undefined); }); } });
      });
    } catch (cause) {
      cancelDeadline();
      fail(new LinkFault('down', 'the connection to the edge is gone', { cause }));
    }
  }

  private get socket(): Socket | undefined { return this.srf.app.client.mapServer.keys().next().value; }

  private connected(fault: Error | null): void {
    if (this.over) return;
    if (fault !== null) {
      this.refusal = fault.message;
      this.close();
      return;
    }
    this.isUp = true;
    this.ping(0);
    this.events.up();
  }

  /** drachtio-srf pings no faster than every 5 s and does not look at the answers, so this is our own. */
  private ping(missed: number): void {
    const { socket } = this;
    const state = socket === undefined ? undefined : this.srf.app.client.mapServer.get(socket);
    if (this.over || socket === undefined || state === undefined) return;
    if (missed >= PINGS_MISSED) {
      this.deps.log.warn({ pings: missed }, 'the edge does not answer pings');
      socket.destroy();
      return;
    }
    let answered = false;
    state.pendingRequests.set(this.srf.app.client.wp.send(socket, 'ping'), () => { answered = true; });
    this.cancelPing = this.deps.timers.after(PING_EVERY_MS, () => { this.ping(answered ? 0 : missed + 1); });
  }

  private closed(): void {
    if (this.over) return;
    this.over = true;
    const wasUp = this.isUp;
    this.isUp = false;
    this.cancelPing?.();
    if (wasUp) this.events.breaks();
    for (const fail of [...this.underWay]) fail(new LinkFault('lost', 'the connection to the edge was lost'));
    this.events.closed(wasUp, this.refusal);
  }

  private received(req: SrfRequest, res: SrfResponse): void {
    const incoming: Incoming = {
      ...received(req),
      method: req.method,
      uri: req.uri,
      transactionId: req.stackTxnId,
      source: { address: req.source_address, port: req.source_port, protocol: req.protocol },
      fromEdge: req.source === 'application',
      respond: (status, options = {}) => { guarded(() => { res.send(status, options.reason, { headers: lines(options.headers ?? {}), ...bodyOf(options.body) }); }); },
      accept: (options, done) => { this.accept(res, options, done); },
      onCancel: (act) => { req.on('cancel', act); },
    };
    // An UPDATE while an INVITE of theirs is under way is told of here alone (RFC 3311 section 5.2).
    if (req.method === 'INVITE') req.on('update', (update: SrfRequest, response: SrfResponse) => { this.received(update, response); });
    this.events.request(incoming);
  }

  private accept(res: SrfResponse, options: { readonly headers?: Headers; readonly body?: string }, done: Accepting): void {
    let settled = false;
    const settle = (): boolean => {
      const first = !settled;
      settled = true;
      this.underWay.delete(fail);
      cancelDeadline();
      return first;
    };
    const fail = (fault: LinkFault): void => { if (settle()) done.failed(fault); };
    this.underWay.add(fail);
    const cancelDeadline = this.deps.timers.after(CONFIRM_MS, () => { fail(new LinkFault('timeout', 'the edge did not confirm the 200')); });
    if (this.over) {
      fail(new LinkFault('down', 'the connection to the edge was lost'));
      return;
    }
    guarded(() => {
      res.send(200, undefined, { headers: lines(options.headers ?? {}), ...bodyOf(options.body) }, (fault, sent) => {
        const { dialogId } = res.meta;
        if (fault !== undefined && fault !== null) fail(new LinkFault('refused', `the edge would not send the 200: ${typeof fault === 'string' ? fault : 'refused'}`));
        else if (dialogId === undefined || dialogId === '') fail(new LinkFault('refused', 'the edge named no dialog'));
        else {
          settle();
          // Late as well: the caller has our 200, and whoever gave up must end what it began.
          done.accepted(dialogId, parseAddress(sent?.get('to') ?? '')?.params.get('tag') ?? '');
        }
      });
    });
  }
}

/** drachtio-srf throws when its socket has just gone; what was to be sent is lost with it, and `closed` tells. */
function guarded(act: () => void): void {
  try {
    act();
  } catch {
    return;
  }
}

function received(message: SrfMessage): Received {
  return {
    header: (name) => message.get(name) ?? null,
    body: message.body ?? '',
    dialogId: message.stackDialogId === undefined || message.stackDialogId === '' ? null : message.stackDialogId,
  };
}

function requestOptions(outgoing: Outgoing): Record<string, unknown> {
  return {
    method: outgoing.method,
    // Inside a dialog the edge knows the address; drachtio-srf wants to see one all the same.
    uri: outgoing.uri ?? 'sip:placeholder',
    ...(outgoing.dialogId === undefined ? {} : { stackDialogId: outgoing.dialogId }),
    ...(outgoing.proxy === undefined ? {} : { proxy: outgoing.proxy }),
    headers: lines(outgoing.headers ?? {}),
    ...bodyOf(outgoing.body),
  };
}

function bodyOf(body: string | undefined): { body?: string } {
  return body === undefined ? {} : { body };
}

/** drachtio-srf would join a header's values by commas; a line break inside the value makes a line each. */
function lines(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(`\r\n${name}: `)]));
}
