// A phone whose every packet a test decides: no retransmission, no transaction layer, so that races can be forced.
// It parses and writes with the old `sip` package, which shares no code with the product.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import sip, { type Message } from 'sip';

const PATIENCE_MS = 15_000;

interface Waiter {
  readonly matches: (message: Message) => boolean;
  readonly found: (message: Message) => void;
}

export interface Server { readonly host: string; readonly port: number; readonly domain: string }

/** One leg this phone takes part in: enough to build requests inside its dialog. */
export interface Leg {
  readonly callId: string;
  localTag: string;
  remoteTag: string | undefined;
  readonly localUri: string;
  readonly remoteUri: string;
  target: string;
  route: sip.Address[];
  cseq: number;
  /** Body of the last SDP the other side sent. */
  remoteSdp: string;
}

export class Phone {
  private readonly inbox: Message[] = [];
  private readonly waiters: Waiter[] = [];
  readonly received: Message[] = [];
  private readonly transactions = new Set<string>();
  /** Every byte of it. */
  readonly receivedText: string[] = [];

  private constructor(readonly user: string, private readonly socket: Socket, private readonly server: Server, private readonly address: string) {
    socket.on('message', (data) => {
      this.receivedText.push(data.toString('utf8'));
      const message = sip.parse(data.toString('utf8'));
      if (!message) return;
      this.received.push(message);
      // A request that was sent again because this phone was slow is no second one. An ACK is sent again only for a 2xx that came again (RFC 3261, section 13.2.2.4).
      const transaction = message.method === undefined || message.method === 'ACK' ? null : `${message.method} ${String(message.headers.via[0]?.params['branch'])}`;
      if (transaction !== null && this.transactions.has(transaction)) return;
      if (transaction !== null) this.transactions.add(transaction);
      const index = this.waiters.findIndex((waiter) => waiter.matches(message));
      if (index >= 0) this.waiters.splice(index, 1)[0]?.found(message);
      else this.inbox.push(message);
    });
  }

  /** `port` 0 picks one. `address`: which loopback it speaks from. */
  static async open(user: string, server: Server, port = 0, address = '127.0.0.1'): Promise<Phone> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(port, address, resolve));
    return new Phone(user, socket, server, address);
  }

  get port(): number {
    return (this.socket.address()).port;
  }

  get contact(): string {
    return `sip:${this.user}@${this.address}:${this.port}`;
  }

  /** Resolves when the port is free again. */
  close(): Promise<void> {
    return new Promise((resolve) => { this.socket.close(() => resolve()); });
  }

  /** The next message that fits, also one that is already here. @throws after 15 s, naming what was awaited and what came. */
  async next(what: string, matches: (message: Message) => boolean): Promise<Message> {
    const index = this.inbox.findIndex(matches);
    if (index >= 0) return this.inbox.splice(index, 1)[0] as Message;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { matches, found: (message) => { clearTimeout(timer); resolve(message); } };
      const timer = setTimeout(() => {
        // Or what comes later would be given to somebody who has given up, and be missed by whoever asks again.
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        const seen = this.received.map((m) => m.method ?? String(m.status)).join(' ');
        reject(new Error(`${this.user} waited ${PATIENCE_MS / 1000} s for ${what}; it received: ${seen || 'nothing'}`));
      }, PATIENCE_MS);
      this.waiters.push(waiter);
    });
  }

  request(method: string, callId?: string): Promise<Message> {
    return this.next(method, (m) => m.method === method && (callId === undefined || m.headers['call-id'] === callId));
  }

  response(method: string, statuses: (status: number) => boolean, callId: string): Promise<Message> {
    return this.next(`a response to ${method}`, (m) => m.status !== undefined && statuses(m.status) && m.headers.cseq.method === method && m.headers['call-id'] === callId);
  }

  /** Whether anything that fits has come so far and was not taken. */
  has(matches: (message: Message) => boolean): boolean {
    return this.inbox.some(matches);
  }

  send(message: Message): void {
    this.sendRaw(sip.stringify({ version: '2.0', content: '', ...message }));
  }

  sendRaw(data: string | Buffer): void {
    this.socket.send(data, this.server.port, this.server.host);
  }

  private via(): sip.Via {
    return { version: '2.0', protocol: 'UDP', host: this.address, port: this.port, params: { branch: `z9hG4bK${randomBytes(8).toString('hex')}`, rport: null } };
  }

  /** REGISTERs with digest; resolves to the final response. */
  async register(password: string, expires = 120): Promise<Message> {
    const callId = randomBytes(8).toString('hex');
    const uri = `sip:${this.server.domain}`;
    const build = (seq: number, authorization?: Record<string, string>): Message => ({
      method: 'REGISTER', uri,
      headers: {
        via: [this.via()], to: { uri: `sip:${this.user}@${this.server.domain}`, params: {} }, from: { uri: `sip:${this.user}@${this.server.domain}`, params: { tag: callId.slice(0, 6) } },
        'call-id': callId, cseq: { seq, method: 'REGISTER' }, contact: [{ uri: this.contact, params: {} }], expires, 'max-forwards': 70,
        ...(authorization ? { authorization: [authorization] } : {}),
      },
    });
    this.send(build(1));
    const challenge = await this.response('REGISTER', (status) => status >= 200, callId);
    if (challenge.status !== 401) return challenge;
    const offered = challenge.headers['www-authenticate']?.find((c) => (c['algorithm'] ?? 'MD5').replaceAll('"', '').toUpperCase() === 'MD5');
    if (!offered) throw new Error('the challenge offers no MD5');
    const plain = (name: string): string => (offered[name] ?? '').replaceAll('"', '');
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const cnonce = randomBytes(8).toString('hex');
    const ha1 = md5(`${this.user}:${plain('realm')}:${password}`);
    const response = md5(`${ha1}:${plain('nonce')}:00000001:${cnonce}:auth:${md5(`REGISTER:${uri}`)}`);
    this.send(build(2, {
      scheme: 'Digest', username: `"${this.user}"`, realm: `"${plain('realm')}"`, nonce: `"${plain('nonce')}"`, uri: `"${uri}"`, response: `"${response}"`,
      algorithm: 'MD5', qop: 'auth', nc: '00000001', cnonce: `"${cnonce}"`, ...(offered['opaque'] ? { opaque: offered['opaque'] } : {}),
    }));
    return this.response('REGISTER', (status) => status >= 200, callId);
  }

  /** Sends an INVITE; `sdp` null makes it offerless. Nothing is awaited. */
  invite(dialled: string, sdp: string | null, headers: Record<string, unknown> = {}): Leg & { readonly sent: Message } {
    const callId = randomBytes(8).toString('hex');
    const localTag = randomBytes(4).toString('hex');
    const remoteUri = dialled.includes('@') ? `sip:${dialled}` : `sip:${dialled}@${this.server.host}:${this.server.port}`;
    const localUri = `sip:${this.user}@${this.address}`;
    const sent: Message = {
      method: 'INVITE', uri: remoteUri,
      headers: {
        via: [this.via()], to: { uri: remoteUri, params: {} }, from: { name: `"${this.user}"`, uri: localUri, params: { tag: localTag } }, 'call-id': callId,
        cseq: { seq: 1, method: 'INVITE' }, contact: [{ uri: this.contact, params: {} }], 'max-forwards': 70, ...(sdp === null ? {} : { 'content-type': 'application/sdp' }), ...headers,
      },
      content: sdp ?? '',
    };
    this.send(sent);
    return { callId, localTag, remoteTag: undefined, localUri, remoteUri, target: remoteUri, route: [], cseq: 1, remoteSdp: '', sent };
  }

  /** Waits for the 2xx to that INVITE and acknowledges it. */
  async answered(leg: Leg, ackSdp?: string): Promise<Message> {
    const ok = await this.response('INVITE', (status) => status >= 200, leg.callId);
    if (ok.status !== 200) throw new Error(`the call was answered ${ok.status} ${ok.reason}`);
    leg.remoteTag = ok.headers.to.params['tag'];
    leg.target = ok.headers.contact?.[0]?.uri ?? leg.target;
    leg.route = [...(ok.headers['record-route'] ?? [])].reverse();
    leg.remoteSdp = ok.content ?? '';
    this.send(this.inDialog(leg, 'ACK', ackSdp));
    return ok;
  }

  inDialog(leg: Leg, method: string, sdp?: string, headers: Record<string, unknown> = {}): Message {
    if (method !== 'ACK') leg.cseq += 1;
    return {
      method, uri: leg.target,
      headers: {
        via: [this.via()], to: { uri: leg.remoteUri, params: leg.remoteTag ? { tag: leg.remoteTag } : {} }, from: { uri: leg.localUri, params: { tag: leg.localTag } },
        'call-id': leg.callId, cseq: { seq: leg.cseq, method }, contact: [{ uri: this.contact, params: {} }], 'max-forwards': 70,
        ...(leg.route.length > 0 ? { route: leg.route } : {}), ...(sdp === undefined ? {} : { 'content-type': 'application/sdp' }), ...headers,
      },
      content: sdp ?? '',
    };
  }

  /** CANCELs an INVITE of ours that has no final answer yet. */
  cancel(leg: { readonly sent: Message }): void {
    const { via, to, from, 'call-id': callId } = leg.sent.headers;
    this.send({ method: 'CANCEL', uri: leg.sent.uri as string, headers: { via, to, from, 'call-id': callId, cseq: { seq: 1, method: 'CANCEL' }, 'max-forwards': 70 } });
  }

  /** BYEs and waits for the 200. */
  async hangUp(leg: Leg): Promise<Message> {
    this.send(this.inDialog(leg, 'BYE'));
    return this.response('BYE', (status) => status >= 200, leg.callId);
  }

  /** Answers a request that came in. The To tag stays the same for every response to one call. */
  respond(request: Message, status: number, reason: string, sdp?: string, headers: Record<string, unknown> = {}): Message {
    const { via, to, from, 'call-id': callId, cseq, 'record-route': recordRoute } = request.headers;
    const tag = to.params['tag'] ?? createHash('md5').update(`${this.user}${callId}`).digest('hex').slice(0, 8);
    const response: Message = {
      status, reason,
      headers: {
        via, from, 'call-id': callId, cseq, to: status === 100 ? to : { ...to, params: { ...to.params, tag } },
        ...(recordRoute ? { 'record-route': recordRoute } : {}), ...(status === 100 ? {} : { contact: [{ uri: this.contact, params: {} }] }),
        ...(sdp === undefined ? {} : { 'content-type': 'application/sdp' }), ...headers,
      },
      content: sdp ?? '',
    };
    this.send(response);
    return response;
  }

  /** The leg of an INVITE that came in and was answered by `respond`. */
  legOf(invite: Message, response: Message): Leg {
    return {
      callId: invite.headers['call-id'], localTag: response.headers.to.params['tag'] as string, remoteTag: invite.headers.from.params['tag'], localUri: invite.headers.to.uri,
      remoteUri: invite.headers.from.uri, target: invite.headers.contact?.[0]?.uri ?? '', route: invite.headers['record-route'] ?? [], cseq: 1, remoteSdp: invite.content ?? '',
    };
  }
}

/** An audio offer or answer for a port of ours. */
export function audioSdp(port: number, payloads: ReadonlyArray<readonly [number, string]> = [[8, 'PCMA/8000'], [101, 'telephone-event/8000']]): string {
  return [
    'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=audio ${port} RTP/AVP ${payloads.map(([type]) => type).join(' ')}`,
    ...payloads.map(([type, name]) => `a=rtpmap:${type} ${name}`), 'a=sendrecv', '',
  ].join('\r\n');
}
