// Matches what comes in to transactions, and tells the two cores what is new (RFC 3261 §17.1.3, §17.2.3, §18.2).
import { randomUUID } from 'node:crypto';
import { paramOf } from './address';
import { InviteClientTransaction, PlainClientTransaction, type ClientUser } from './client-transactions';
import { type Clock } from './clock';
import { peerName, usualPort, type Flow } from './flow';
import { type Verdict } from './gate';
import { header, listOf, splitList, valueOf, type Header } from './headers';
import { PHRASES, writeMessage, type SipMessage, type SipRequest, type SipResponse } from './message';
import { InviteServerTransaction, PlainServerTransaction } from './server-transactions';
import { type Transport } from './transport';

/** A request from the network and the transaction that answers it. */
export interface Incoming {
  /** Names it on the control port. */
  readonly id: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly receivedAtMs: number;
  readonly transaction: InviteServerTransaction | PlainServerTransaction;
}

export interface LayerUser {
  /** Whether a request that is in no dialog and not known yet is let in at all. */
  verdict(request: SipRequest, flow: Flow): Verdict;
  /** A new request that is no ACK and no CANCEL. */
  requested(incoming: Incoming): void;
  /** A CANCEL; `invite` is what it means to take back, undefined when nothing matches. */
  cancelled(cancel: Incoming, invite: Incoming | undefined): void;
  /** An ACK that belongs to no failed INVITE: one for a 2xx, or a stray one. */
  acknowledged(ack: SipRequest, flow: Flow): void;
  /** The final response to an INVITE was never acknowledged. */
  unacknowledged(invite: Incoming, status: number): void;
  /** A server transaction is over. */
  finished(incoming: Incoming): void;
}

const COOKIE = 'z9hG4bK';
/** More transactions than this, and new requests are turned away without state. */
const MAX_TRANSACTIONS = 100_000;
const OVERLOAD_RETRY_S = 5;

export class TransactionLayer {
  private readonly servers = new Map<string, Incoming>();
  /** Requests without a To tag by what stays the same when one arrives over two paths (§8.2.2.2). */
  private readonly merging = new Map<string, Incoming>();
  private readonly clients = new Map<string, { receive(response: SipResponse): void; end(): void }>();
  private branches = 0;

  constructor(private readonly transport: Transport, private readonly clock: Clock, private readonly user: LayerUser) {}

  get size(): number {
    return this.servers.size + this.clients.size;
  }

  receive(message: SipMessage, flow: Flow): void {
    if (message.kind === 'response') {
      // A response with more than our own Via is not for us (§8.1.3.3).
      if (listOf(message.headers, 'via').length === 1) this.clients.get(`${message.via.branch} ${message.cseqMethod}`)?.receive(message);
      return;
    }
    const request = stampVia(message, flow);
    if (request.method === 'ACK') this.receiveAck(request, flow);
    else this.receiveRequest(request, flow);
  }

  private receiveAck(ack: SipRequest, flow: Flow): void {
    const invite = this.servers.get(serverKey(ack, 'INVITE'));
    if (invite?.transaction instanceof InviteServerTransaction && invite.transaction.state !== 'accepted') invite.transaction.acknowledge();
    else if (!ack.fault) this.user.acknowledged(ack, flow);
  }

  private receiveRequest(request: SipRequest, flow: Flow): void {
    const key = serverKey(request, request.method);
    const known = this.servers.get(key);
    if (known) {
      known.transaction.repeated();
      return;
    }
    const verdict = request.toTag === '' && request.method !== 'CANCEL' ? this.user.verdict(request, flow) : 'pass';
    if (verdict === 'silence') return;
    const reply = this.replyFlow(request, flow);
    if (verdict !== 'pass') {
      reply.send(this.statelessResponse(request, verdict.status, PHRASES[verdict.status] ?? '', verdict.headers));
      return;
    }
    if (request.fault) {
      reply.send(this.statelessResponse(request, request.fault.status, request.fault.reason, []));
      return;
    }
    this.reuse(request, flow);
    if (this.servers.size + this.clients.size >= MAX_TRANSACTIONS) {
      reply.send(this.statelessResponse(request, 503, PHRASES[503] as string, [header('Retry-After', String(OVERLOAD_RETRY_S))]));
      return;
    }
    const mergeKey = request.toTag === '' && request.method !== 'CANCEL' ? `${request.callId}|${request.fromTag}|${request.cseq}|${request.method}` : undefined;
    if (mergeKey !== undefined && this.merging.has(mergeKey)) {
      reply.send(this.statelessResponse(request, 482, PHRASES[482] as string, []));
      return;
    }
    const ended = (): void => {
      this.servers.delete(key);
      if (mergeKey !== undefined) this.merging.delete(mergeKey);
      this.user.finished(incoming);
    };
    const transaction = request.method === 'INVITE'
      ? new InviteServerTransaction(reply, this.clock, { ended, unacknowledged: (status) => this.user.unacknowledged(incoming, status) })
      : new PlainServerTransaction(reply, this.clock, { ended });
    const incoming: Incoming = { id: randomUUID(), request, flow, receivedAtMs: this.clock.civilMs(), transaction };
    this.servers.set(key, incoming);
    if (mergeKey !== undefined) this.merging.set(mergeKey, incoming);
    if (request.method === 'CANCEL') this.user.cancelled(incoming, this.servers.get(serverKey(request, 'INVITE')));
    else this.user.requested(incoming);
  }

  /** A peer that asks for it is sent requests over the connection it opened, when it speaks for its own address alone (RFC 5923 §8.2). */
  private reuse({ via }: SipRequest, flow: Flow): void {
    if (flow.protocol === 'udp' || via.host !== flow.address || paramOf(via.params, 'alias') === undefined) return;
    this.transport.bind(peerName({ protocol: flow.protocol, address: flow.address, port: via.port ?? usualPort(flow.protocol) }), flow);
  }

  /** Where responses to a request go: RFC 3261 §18.2.2 and RFC 3581 §4; `maddr` is not obeyed, or anybody could be flooded through us. */
  private replyFlow(request: SipRequest, flow: Flow): Flow {
    const sentByPort = request.via.port ?? usualPort(flow.protocol);
    if (flow.protocol === 'udp') {
      const port = paramOf(request.via.params, 'rport') === undefined ? sentByPort : flow.port;
      return port === flow.port ? flow : this.transport.flowTo({ protocol: 'udp', address: flow.address, port });
    }
    const { transport } = this;
    const { protocol } = flow;
    return {
      protocol, address: flow.address, port: flow.port, reliable: true,
      get open() { return flow.open; },
      send: (text, failed) => (flow.open ? flow : transport.flowTo({ protocol, address: flow.address, port: sentByPort })).send(text, failed),
      whenClosed: (told) => flow.whenClosed(told),
    };
  }

  private statelessResponse(request: SipRequest, status: number, reason: string, extra: readonly Header[]): string {
    return writeMessage(`SIP/2.0 ${status} ${reason}`, [...mirrored(request, statelessTag(request)), ...extra], '');
  }

  /** A branch nobody used, for the Via of a request of ours. */
  newBranch(): string {
    this.branches += 1;
    return `${COOKIE}${randomUUID().slice(0, 18)}${this.branches.toString(36)}`;
  }

  /** The Via of a request of ours, asking for symmetric response routing. */
  via(branch: string, flow: Pick<Flow, 'protocol'>): Header {
    const { host, port, tlsPort } = this.transport;
    // Over TLS the peer may send its requests back over the same connection (RFC 5923 §4.1).
    if (flow.protocol === 'tls') return header('Via', `SIP/2.0/TLS ${host}:${tlsPort ?? usualPort('tls')};branch=${branch};rport;alias`);
    return header('Via', `SIP/2.0/${flow.protocol === 'tcp' ? 'TCP' : 'UDP'} ${host}:${port};branch=${branch};rport`);
  }

  /** Starts a client transaction. `acknowledge` writes the ACK for a failed INVITE. */
  start(method: string, branch: string, text: string, flow: Flow, acknowledge: (response: SipResponse) => string, user: ClientUser): InviteClientTransaction | PlainClientTransaction {
    const key = `${branch} ${method}`;
    const watched: ClientUser = { responded: (response) => user.responded(response), failed: (cause) => user.failed(cause), ended: () => { this.clients.delete(key); user.ended(); } };
    const transaction = method === 'INVITE' ? new InviteClientTransaction(text, flow, this.clock, acknowledge, watched) : new PlainClientTransaction(text, flow, this.clock, watched);
    this.clients.set(key, transaction);
    transaction.start();
    return transaction;
  }

  /** Ends every transaction and its timers. */
  close(): void {
    for (const { transaction } of [...this.servers.values()]) transaction.end();
    for (const transaction of [...this.clients.values()]) transaction.end();
  }
}

function serverKey(request: SipRequest, method: string): string {
  const { via } = request;
  const sentBy = `${via.host.toLowerCase()}:${via.port ?? 5060}`;
  // Without the cookie, or with nothing but the cookie, a branch proves nothing: match as RFC 2543 did.
  if (via.branch.length <= COOKIE.length || !via.branch.startsWith(COOKIE)) return `${request.callId}|${request.cseq}|${request.fromTag}|${via.branch}|${sentBy}|${method}`;
  return `${via.branch}|${sentBy}|${method}`;
}

/** Notes in the top Via where the request really came from (§18.2.1, RFC 3581 §4). */
function stampVia(request: SipRequest, flow: Flow): SipRequest {
  const { via } = request;
  const rport = paramOf(via.params, 'rport');
  if (rport === undefined && via.host === flow.address) return request;
  const kept = via.params.replace(/;\s*(rport|received)(\s*=[^;]*)?(?=;|$)/gi, '');
  const stamped = `SIP/2.0/${via.transport} ${via.host}${via.port === undefined ? '' : `:${via.port}`}${kept};received=${flow.address}${rport === undefined ? '' : `;rport=${flow.port}`}`;
  const index = request.headers.findIndex(({ key }) => key === 'via');
  const rest = splitList(request.headers[index]?.value ?? '').slice(1);
  const headers = request.headers.slice();
  headers[index] = header('Via', [stamped, ...rest].join(', '));
  return { ...request, headers };
}

/** A tag that comes out the same for every copy of a request, as no state is kept of it (§8.2.7). */
const statelessTag = (request: SipRequest): string => `edge${`${request.via.branch}${request.cseq}`.replace(/[^A-Za-z0-9]/g, '').slice(-24)}`;

/** The headers a response takes over from its request (§8.2.6.2); a tag is put on To where there is none. */
export function mirrored(request: SipRequest, localTag: string): Header[] {
  const headers: Header[] = request.headers.filter(({ key }) => key === 'via');
  for (const key of ['from', 'to', 'call-id', 'cseq']) {
    const value = valueOf(request.headers, key);
    if (value === undefined) continue;
    headers.push(header(key, key === 'to' && request.toTag === '' && localTag !== '' ? `${value};tag=${localTag}` : value));
  }
  return headers;
}
