// A small SIP user agent over UDP for simulated callers and agents: one socket, one user, any number of calls.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import sip, { type Message } from 'sip';

const FIRST_RETRANSMISSION_MS = 500;
const SLOWEST_RETRANSMISSION_MS = 4_000;
/** RFC 3261 section 17: 64 × T1. */
const PATIENCE_MS = 32_000;

export interface Server { readonly host: string; readonly port: number; readonly domain: string }

/** A call as one side sees it. `ended` is called once, whoever ended it. */
export interface CallHandlers {
  /** The other side answered (we called), or acknowledged our answer (they called), with its SDP. */
  readonly talking: (remoteSdp: string) => void;
  /** A re-INVITE: sound goes there from now on. */
  readonly moved?: (remoteSdp: string) => void;
  readonly ended: (words: string) => void;
}

interface Transaction {
  readonly method: string;
  readonly provisional: (response: Message) => void;
  readonly final: (response: Message) => void;
  timer: NodeJS.Timeout | undefined;
}

/** One call of ours, either way. */
export class Call {
  private state: 'early' | 'talking' | 'ended' = 'early';
  private handlers: CallHandlers | undefined;
  private resend: NodeJS.Timeout | undefined;
  private cseq = 1;
  lastResponse: Message | undefined;

  constructor(private readonly agent: UserAgent, readonly invite: Message, readonly direction: 'in' | 'out', private localTag: string, private remoteTag: string | undefined, private target: string, private route: sip.Address[]) {}

  get id(): string {
    return this.invite.headers['call-id'];
  }

  /** A caller is known by the tag as well: who takes over from another may call again by the same Call-ID (RFC 3261 section 12). */
  get key(): string {
    return this.direction === 'in' ? keyOf(this.invite) : this.id;
  }

  get isOver(): boolean {
    return this.state === 'ended';
  }

  get remoteSdp(): string {
    return this.invite.content ?? '';
  }

  handle(handlers: CallHandlers): void {
    this.handlers = handlers;
  }

  /** 180, for a call that came in. */
  ring(): void {
    if (this.state === 'early') this.respond(180, 'Ringing');
  }

  /** 200 with our SDP, repeated until acknowledged (RFC 3261 section 13.3.1.4). */
  answer(sdp: string): void {
    if (this.state !== 'early') return;
    this.respond(200, 'OK', sdp);
    const again = (delay: number, waited: number): void => {
      this.resend = setTimeout(() => {
        if (waited > PATIENCE_MS) return this.hangUp('never acknowledged');
        if (this.lastResponse) this.agent.send(this.lastResponse);
        again(Math.min(delay * 2, SLOWEST_RETRANSMISSION_MS), waited + delay);
      }, delay);
    };
    again(FIRST_RETRANSMISSION_MS, 0);
  }

  /** Ends it in whatever way fits its state: BYE, CANCEL, or 486. */
  hangUp(words = 'hung up'): void {
    if (this.state === 'ended') return;
    if (this.direction === 'in' && this.state === 'early') this.respond(486, 'Busy Here');
    else if (this.direction === 'out' && this.state === 'early') this.agent.cancel(this.invite);
    else void this.agent.request(this.inDialog('BYE'));
    this.end(words);
  }

  /** Called by the agent with what came for this call. */
  received(request: Message): void {
    switch (request.method) {
      case 'ACK':
        clearTimeout(this.resend);
        if (this.direction === 'in' && this.state === 'early' && this.lastResponse?.status === 200) this.talk(request.content || this.remoteSdp);
        return;
      case 'BYE':
        this.agent.reply(request, 200, 'OK');
        this.end('the other side hung up');
        return;
      case 'CANCEL':
        this.agent.reply(request, 200, 'OK', undefined, this.localTag);
        if (this.state === 'early' && this.lastResponse?.status !== 200) {
          this.respond(487, 'Request Terminated');
          this.end('cancelled');
        }
        return;
      case 'INVITE':
        if (request.headers.to.params['tag'] === undefined) {
          if (this.lastResponse) this.agent.send(this.lastResponse);
          return;
        }
        this.agent.reply(request, 200, 'OK', this.lastResponse?.content ?? this.invite.content);
        if (request.content) this.handlers?.moved?.(request.content);
        return;
      default:
        this.agent.reply(request, 200, 'OK');
    }
  }

  /** A final response to our INVITE. */
  answeredWith(response: Message): void {
    const status = response.status ?? 0;
    if (status >= 300 || status === 0) return this.end(`${status} ${response.reason ?? ''}`.trim());
    this.remoteTag = response.headers.to.params['tag'];
    this.target = response.headers.contact?.[0]?.uri ?? this.target;
    this.route = [...(response.headers['record-route'] ?? [])].reverse();
    this.agent.send(this.inDialog('ACK'));
    if (this.state === 'ended') void this.agent.request(this.inDialog('BYE'));
    else if (this.state === 'early') this.talk(response.content ?? '');
  }

  private talk(remoteSdp: string): void {
    this.state = 'talking';
    this.handlers?.talking(remoteSdp);
  }

  private end(words: string): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    clearTimeout(this.resend);
    this.handlers?.ended(words);
    this.agent.forgetLater(this);
  }

  private respond(status: number, reason: string, sdp?: string): void {
    this.lastResponse = this.agent.reply(this.invite, status, reason, sdp, this.localTag);
  }

  private inDialog(method: 'ACK' | 'BYE'): Message {
    if (method !== 'ACK') this.cseq += 1;
    const { to, from } = this.invite.headers;
    const [local, remote] = this.direction === 'out' ? [from, to] : [to, from];
    const remoteTag = this.direction === 'out' ? this.remoteTag : from.params['tag'];
    return {
      method, uri: this.target,
      headers: {
        via: [this.agent.via()], from: { uri: local.uri, params: { tag: this.localTag } }, to: { uri: remote.uri, params: remoteTag ? { tag: remoteTag } : {} },
        'call-id': this.id, cseq: { seq: this.cseq, method }, 'max-forwards': 70, contact: [{ uri: this.agent.contact, params: {} }],
        ...(this.route.length > 0 ? { route: this.route } : {}),
      },
    };
  }
}

export class UserAgent {
  private readonly transactions = new Map<string, Transaction>();
  private readonly calls = new Map<string, Call>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private closed = false;

  private constructor(readonly user: string, private readonly server: Server, private readonly socket: Socket, readonly address: string, private readonly incoming: (call: Call) => void) {
    socket.on('message', (data) => this.receive(data.toString('utf8')));
    socket.on('error', () => undefined);
  }

  /** `incoming` is given each new call; a user agent without it answers 486. */
  static async open(user: string, server: Server, incoming: (call: Call) => void = (call) => call.hangUp()): Promise<UserAgent> {
    const address = addressTowards(server.host);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, address, resolve);
    });
    return new UserAgent(user, server, socket, address, incoming);
  }

  get contact(): string {
    return `sip:${this.user}@${this.address}:${this.socket.address().port}`;
  }

  via(): sip.Via {
    return { version: '2.0', protocol: 'UDP', host: this.address, port: this.socket.address().port, params: { branch: `z9hG4bK${randomBytes(8).toString('hex')}`, rport: null } };
  }

  /** Registers with digest authentication; `expires` 0 removes the registration. @throws when it is refused */
  async register(password: string, expires: number): Promise<void> {
    const callId = randomBytes(8).toString('hex');
    const uri = `sip:${this.server.domain}`;
    const own = { uri: `sip:${this.user}@${this.server.domain}` };
    const build = (seq: number, authorization?: Record<string, string>): Message => ({
      method: 'REGISTER', uri,
      headers: {
        via: [this.via()], to: { ...own, params: {} }, from: { ...own, params: { tag: callId.slice(0, 8) } }, 'call-id': callId, cseq: { seq, method: 'REGISTER' },
        contact: [{ uri: this.contact, params: {} }], expires, 'max-forwards': 70, ...(authorization ? { authorization: [authorization] } : {}),
      },
    });
    let response = await this.request(build(1));
    const challenge = response.headers['www-authenticate']?.find((one) => unquoted(one['algorithm'] ?? 'MD5').toUpperCase() === 'MD5');
    if (response.status === 401 && challenge) response = await this.request(build(2, authorize(challenge, this.user, password, uri)));
    if (response.status !== 200) throw new Error(`the phone of ${this.user} could not register: ${response.status} ${response.reason ?? ''}`);
  }

  /** Calls a user of the server. */
  call(dialled: string, displayName: string, sdp: string, handlers: CallHandlers): Call {
    const remote = `sip:${dialled}@${this.server.host}:${this.server.port}`;
    const tag = randomBytes(4).toString('hex');
    const invite: Message = {
      method: 'INVITE', uri: remote,
      headers: {
        via: [this.via()], to: { uri: remote, params: {} }, from: { name: `"${displayName}"`, uri: `sip:${this.user}@${this.server.domain}`, params: { tag } },
        'call-id': randomBytes(8).toString('hex'), cseq: { seq: 1, method: 'INVITE' }, contact: [{ uri: this.contact, params: {} }], 'max-forwards': 70,
        'content-type': 'application/sdp',
      },
      content: sdp,
    };
    const call = new Call(this, invite, 'out', tag, undefined, remote, []);
    call.handle(handlers);
    this.calls.set(call.key, call);
    void this.request(invite).then((response) => call.answeredWith(response));
    return call;
  }

  cancel(invite: Message): void {
    const { via, to, from, 'call-id': callId } = invite.headers;
    void this.request({ method: 'CANCEL', uri: invite.uri as string, headers: { via, to, from, 'call-id': callId, cseq: { seq: 1, method: 'CANCEL' }, 'max-forwards': 70 } });
  }

  /** Sends a request, repeating it until something comes; resolves with the final response, or a 408 of our own after 32 s. Never rejects. */
  request(message: Message): Promise<Message> {
    return new Promise((resolve) => {
      const key = `${message.headers.via[0]?.params['branch'] ?? ''} ${message.method ?? ''}`;
      let provisional = false;
      const finish = (response: Message): void => {
        clearTimeout(transaction.timer);
        if (transaction.timer) this.timers.delete(transaction.timer);
        // An INVITE's refusal may be repeated, and must be acknowledged each time, so its transaction is kept a while.
        if (message.method === 'INVITE') this.later(PATIENCE_MS, () => this.transactions.delete(key));
        else this.transactions.delete(key);
        resolve(response);
      };
      const transaction: Transaction = {
        method: message.method ?? '', timer: undefined,
        provisional: () => { provisional = true; },
        final: (response) => {
          if (message.method === 'INVITE' && (response.status ?? 0) >= 300) this.send(acknowledgementOf(message, response));
          finish(response);
        },
      };
      const again = (delay: number, waited: number): void => {
        transaction.timer = this.later(delay, () => {
          if (waited >= PATIENCE_MS && !provisional) return finish({ status: 408, reason: 'no answer at all', headers: message.headers });
          if (!provisional) this.send(message);
          again(Math.min(delay * 2, SLOWEST_RETRANSMISSION_MS), waited + delay);
        });
      };
      this.transactions.set(key, transaction);
      this.send(message);
      again(FIRST_RETRANSMISSION_MS, 0);
    });
  }

  reply(request: Message, status: number, reason: string, sdp?: string, tag = randomBytes(4).toString('hex')): Message {
    const { via, to, from, 'call-id': callId, cseq, 'record-route': recordRoute } = request.headers;
    const response: Message = {
      status, reason,
      headers: {
        via, from, 'call-id': callId, cseq, to: { ...to, params: { tag, ...to.params } }, contact: [{ uri: this.contact, params: {} }],
        ...(recordRoute ? { 'record-route': recordRoute } : {}), ...(sdp === undefined ? {} : { 'content-type': 'application/sdp' }),
      },
      content: sdp ?? '',
    };
    this.send(response);
    return response;
  }

  send(message: Message): void {
    if (!this.closed) this.socket.send(sip.stringify({ version: '2.0', content: '', ...message }), this.server.port, this.server.host);
  }

  /** Keeps answering late messages of an ended call, then forgets it. */
  forgetLater(call: Call): void {
    this.later(PATIENCE_MS, () => this.calls.delete(call.key));
  }

  close(): void {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.socket.close();
  }

  private later(delay: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => { this.timers.delete(timer); act(); }, delay);
    this.timers.add(timer);
    return timer;
  }

  private receive(data: string): void {
    const message = sip.parse(data);
    if (!message?.headers?.cseq) return;
    if (message.status !== undefined) {
      const transaction = this.transactions.get(`${message.headers.via[0]?.params['branch'] ?? ''} ${message.headers.cseq.method}`);
      if (message.status < 200) transaction?.provisional(message);
      else transaction?.final(message);
      return;
    }
    const known = this.calls.get(keyOf(message)) ?? this.calls.get(message.headers['call-id']);
    if (known) return known.received(message);
    if (message.method === 'ACK') return;
    if (message.method !== 'INVITE') {
      this.reply(message, message.method === 'BYE' || message.method === 'CANCEL' ? 481 : 200, message.method === 'BYE' || message.method === 'CANCEL' ? 'Call Does Not Exist' : 'OK');
      return;
    }
    const call = new Call(this, message, 'in', randomBytes(4).toString('hex'), message.headers.from.params['tag'], message.headers.contact?.[0]?.uri ?? message.headers.from.uri, message.headers['record-route'] ?? []);
    this.calls.set(call.key, call);
    this.incoming(call);
  }
}

/** Of a request of somebody who calls us. */
function keyOf({ headers }: Message): string {
  return `${headers['call-id']} ${headers.from.params['tag'] ?? ''}`;
}

/** The ACK of a refused INVITE belongs to its transaction: same branch, same route (RFC 3261 section 17.1.1.3). */
function acknowledgementOf(invite: Message, response: Message): Message {
  const { via, from, 'call-id': callId, cseq } = invite.headers;
  return { method: 'ACK', uri: invite.uri as string, headers: { via, from, to: response.headers.to, 'call-id': callId, cseq: { seq: cseq.seq, method: 'ACK' }, 'max-forwards': 70 } };
}

/** RFC 2617 with qop=auth. */
function authorize(challenge: Record<string, string>, user: string, password: string, uri: string): Record<string, string> {
  const [realm, nonce] = [unquoted(challenge['realm'] ?? ''), unquoted(challenge['nonce'] ?? '')];
  const cnonce = randomBytes(8).toString('hex');
  const response = md5(`${md5(`${user}:${realm}:${password}`)}:${nonce}:00000001:${cnonce}:auth:${md5(`REGISTER:${uri}`)}`);
  return {
    scheme: 'Digest', username: `"${user}"`, realm: `"${realm}"`, nonce: `"${nonce}"`, uri: `"${uri}"`, response: `"${response}"`, algorithm: 'MD5',
    qop: 'auth', nc: '00000001', cnonce: `"${cnonce}"`, ...(challenge['opaque'] ? { opaque: challenge['opaque'] } : {}),
  };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function unquoted(text: string): string {
  return text.replaceAll('"', '');
}

/** Our own address as the server sees us: loopback for a server on loopback, else the first outside address. */
function addressTowards(host: string): string {
  if (host.startsWith('127.') || host === 'localhost') return '127.0.0.1';
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal);
  return own.find(({ address }) => address === host)?.address ?? own[0]?.address ?? '127.0.0.1';
}
