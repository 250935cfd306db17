// A stack without sockets: a clock the test moves, flows that remember what was sent, and short ways to write messages.
import { pino } from 'pino';
import { type Clock, type Timer } from '../../../engine/edge/sip/clock';
import { type Flow, type Peer, type Protocol } from '../../../engine/edge/sip/flow';
import { type Gate } from '../../../engine/edge/sip/gate';
import { type SipMessage, type SipRequest, type SipResponse } from '../../../engine/edge/sip/message';
import { parseDatagram } from '../../../engine/edge/sip/parser';
import { type IncomingCall, type OutgoingCall, type StackListener } from '../../../engine/edge/sip/stack';
import { type Transport } from '../../../engine/edge/sip/transport';
import { UserAgent } from '../../../engine/edge/sip/user-agent';

interface Due { readonly atMs: number; readonly order: number; readonly action: () => void; cancelled: boolean }

/** What is due first, and among equals what was asked for first. */
const before = (one: Due, other: Due): boolean => one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

export class FakeClock implements Clock {
  nowMs = 1_700_000_000_000;
  /** A heap: what is due first is at its top. */
  private readonly timers: Due[] = [];
  private asked = 0;
  /** How many timers neither fired nor were cancelled. */
  pending = 0;

  civilMs(): number {
    return this.nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    this.asked += 1;
    const timer: Due = { atMs: this.nowMs + delayMs, order: this.asked, action, cancelled: false };
    this.push(timer);
    this.pending += 1;
    return {
      cancel: () => {
        if (timer.cancelled) return;
        timer.cancelled = true;
        this.pending -= 1;
      },
    };
  }

  /** Lets time pass, firing what is due in its order. */
  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (let next = this.timers[0]; next && next.atMs <= until; next = this.timers[0]) {
      this.pop();
      if (next.cancelled) continue;
      next.cancelled = true;
      this.pending -= 1;
      this.nowMs = next.atMs;
      next.action();
    }
    this.nowMs = until;
  }

  private push(timer: Due): void {
    const { timers } = this;
    let at = timers.push(timer) - 1;
    for (let above = (at - 1) >> 1; at > 0 && before(timer, timers[above] as Due); above = (at - 1) >> 1) {
      timers[at] = timers[above] as Due;
      timers[above] = timer;
      at = above;
    }
  }

  private pop(): void {
    const { timers } = this;
    const last = timers.pop();
    if (!last || timers.length === 0) return;
    timers[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2]) if (below < timers.length && before(timers[below] as Due, timers[least] as Due)) least = below;
      if (least === at) return;
      [timers[at], timers[least]] = [timers[least] as Due, timers[at] as Due];
      at = least;
    }
  }
}

export class FakeFlow implements Flow {
  readonly sent: Array<{ readonly atMs: number; readonly text: string }> = [];
  open = true;
  broken = false;
  private readonly watchers = new Set<() => void>();

  constructor(private readonly clock: FakeClock, readonly protocol: Protocol = 'udp', readonly address = '192.0.2.7', readonly port = 5060) {}

  get reliable(): boolean {
    return this.protocol !== 'udp';
  }

  send(text: string, failed?: () => void): void {
    if (this.broken) {
      if (failed) this.clock.after(0, failed);
      return;
    }
    this.sent.push({ atMs: this.clock.nowMs, text });
  }

  whenClosed(told: () => void): () => void {
    this.watchers.add(told);
    return () => { this.watchers.delete(told); };
  }

  close(): void {
    this.open = false;
    for (const watcher of [...this.watchers]) watcher();
  }

  /** What was sent and not taken yet. */
  take(): string[] {
    return this.sent.splice(0).map(({ text }) => text);
  }

  /** The start lines of what was sent and not taken yet: `200 INVITE`, `BYE`. */
  takeNames(): string[] {
    return this.take().map(nameOf);
  }
}

/** `200 INVITE` for a response, `BYE` for a request. */
export function nameOf(text: string): string {
  const message = parse(text);
  return message.kind === 'request' ? message.method : `${message.status} ${message.cseqMethod}`;
}

export function parse(text: string): SipMessage {
  const message = parseDatagram(Buffer.from(text));
  if (!message) throw new Error(`not SIP: ${text}`);
  return message;
}

export const asRequest = (text: string): SipRequest => parse(text) as SipRequest;
export const asResponse = (text: string): SipResponse => parse(text) as SipResponse;

/** Hands out one flow a peer. */
export class FakeNetwork implements Transport {
  readonly host = '198.51.100.1';
  readonly port = 5060;
  tlsPort: number | undefined;
  readonly flows = new Map<string, FakeFlow>();
  private readonly aliases = new Map<string, Flow>();

  constructor(private readonly clock: FakeClock) {}

  flowTo(peer: Peer): FakeFlow {
    const name = `${peer.protocol}:${peer.address}:${peer.port}`;
    const flow = this.flows.get(name) ?? new FakeFlow(this.clock, peer.protocol, peer.address, peer.port);
    this.flows.set(name, flow);
    return flow;
  }

  bind(alias: string, flow: Flow): void {
    this.aliases.set(alias, flow);
  }

  bound(alias: string): Flow | undefined {
    return this.aliases.get(alias);
  }
}

export interface Told {
  readonly requested: IncomingCall[];
  readonly cancelled: string[];
  readonly acknowledged: SipRequest[];
  readonly responded: Array<{ readonly call: OutgoingCall; readonly status: number; readonly local: boolean }>;
  readonly ended: Array<{ readonly id: string; readonly cause: string }>;
  readonly faults: string[];
}

export interface Rig {
  readonly clock: FakeClock;
  readonly network: FakeNetwork;
  readonly agent: UserAgent;
  readonly told: Told;
  /** The far end, as UDP. */
  readonly peer: FakeFlow;
  receive(text: string, flow?: Flow): void;
  /** Lets what was put off to the next turn of the event loop happen. */
  settle(): Promise<void>;
}

export function rig({ clock = new FakeClock(), gate }: { readonly clock?: FakeClock; readonly gate?: Gate } = {}): Rig {
  const network = new FakeNetwork(clock);
  const told: Told = { requested: [], cancelled: [], acknowledged: [], responded: [], ended: [], faults: [] };
  const listener: StackListener = {
    requested: (call) => { told.requested.push(call); },
    cancelled: (call) => { told.cancelled.push(call.incoming.id); },
    acknowledged: (_dialog, _invite, ack) => { told.acknowledged.push(ack); },
    responded: (call, response, from) => { told.responded.push({ call, status: response.status, local: from === undefined }); },
    ended: (dialog, cause) => { told.ended.push({ id: dialog.id, cause }); },
  };
  const log = pino({ level: 'error' }, { write: (line: string) => { told.faults.push(line); } });
  const agent = new UserAgent({ transport: network, clock, log, listener, ...(gate && { gate }), lookup: (host, found) => found(host === 'phone.example' ? '192.0.2.7' : undefined) });
  const peer = network.flowTo({ protocol: 'udp', address: '192.0.2.7', port: 5060 });
  return {
    clock, network, agent, told, peer,
    receive: (text, flow = peer) => agent.receive(parse(text), flow),
    settle: () => new Promise((resolve) => { setImmediate(resolve); }),
  };
}

export interface Words {
  readonly uri?: string;
  readonly branch?: string;
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly extra?: readonly string[];
  readonly body?: string;
}

/** A request from the far end. */
export function request(method: string, words: Words = {}): string {
  const { uri = 'sip:help-desk@198.51.100.1', branch = 'z9hG4bK-1', callId = 'call-1', cseq = 1, extra = [], body = '' } = words;
  return [
    `${method} ${uri} SIP/2.0`, `Via: ${words.via ?? `SIP/2.0/UDP 192.0.2.7:5060;branch=${branch}`}`, `From: ${words.from ?? '<sip:caller@192.0.2.7>;tag=their'}`, `To: ${words.to ?? '<sip:help-desk@198.51.100.1>'}`,
    `Call-ID: ${callId}`, `CSeq: ${cseq} ${method === 'ACK' ? 'ACK' : method}`, 'Contact: <sip:caller@192.0.2.7>', 'Max-Forwards: 70', ...extra, `Content-Length: ${Buffer.byteLength(body)}`, '', body,
  ].join('\r\n');
}

/** A response of the far end to a request of ours. */
export function response(to: string, status: number, tag: string, extra: readonly string[] = ['Contact: <sip:phone@192.0.2.7>']): string {
  const asked = asRequest(to);
  const line = (key: string): string => asked.headers.find((entry) => entry.key === key)?.value ?? '';
  const toValue = line('to');
  return [
    `SIP/2.0 ${status} Whatever`, `Via: ${line('via')}`, `From: ${line('from')}`, `To: ${toValue}${toValue.includes('tag=') || tag === '' ? '' : `;tag=${tag}`}`, `Call-ID: ${line('call-id')}`, `CSeq: ${line('cseq')}`,
    ...extra, 'Content-Length: 0', '', '',
  ].join('\r\n');
}

/** What an engine asks for. */
export const draft = (startLine: string, headers: Readonly<Record<string, string>> = {}, body = '') => ({
  startLine, headers: Object.entries(headers).map(([name, value]) => ({ key: name.toLowerCase(), name, value })), body,
});
