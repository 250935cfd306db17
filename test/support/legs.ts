// Legs on a real edge, without calls behind them: phones whose every packet the test decides on one side, a test that says what calls
// would say on the other. Time of the legs is driven by hand; the edge's own is real.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEdge, type Edge } from '../../engine/edge/edge';
import { type LegOutcome, type OfferId, type TransferTarget } from '../../engine/core/types';
import { type LegRef, type LegToRing, type SipListener } from '../../engine/calls/ports';
import { realTimers } from '../../engine/calls/timers';
import { parseAddress, parseUri } from '../../engine/sip/addresses';
import { callIdOf } from '../../engine/sip/arrivals';
import { type Inventory, openInventory } from '../../engine/continuity/inventory';
import { type Adopted, sipKept, standingOf } from '../../engine/sip/kept';
import { Link } from '../../engine/sip/link';
import { type Route } from '../../engine/sip/routes';
import { Switchboard } from '../../engine/sip/switchboard';
import { createLog } from '../../storage/process/log';
import { until } from './engine';
import { ManualTimers } from './manual-timers';
import { Phone, type Server } from './phone';

export const LEGS_DOMAIN = 'response-group.test';
const SECRET = 'between legs and edge';

/** What calls were told, in order, and what they answer. */
export class FakeCalls implements SipListener {
  readonly told: string[] = [];
  /** Legs whose session was refreshed, which is no event of a call. */
  readonly refreshes: string[] = [];
  readonly transfers: { readonly legId: OfferId; readonly transferId: string; readonly target: TransferTarget }[] = [];
  readonly arrivals: Parameters<SipListener['arrived']>[0][] = [];
  /** The answer to offers inside calls. */
  answerTo: (leg: LegRef, sdp: string) => Promise<string> = () => Promise.resolve('v=0\r\nours');
  replaces: (newLegId: string) => Promise<string> = () => Promise.resolve('v=0\r\nreplaced');

  refreshed(leg: LegRef): void { this.refreshes.push('legId' in leg ? leg.legId : 'caller'); }

  arrived(arrival: Parameters<SipListener['arrived']>[0]): void {
    this.arrivals.push(arrival);
    this.told.push('arrived');
  }
  acknowledged(_callId: string, sdp: string | null): void { this.told.push(`acknowledged ${sdp === null ? 'nothing' : 'sdp'}`); }
  callerGone(_callId: string, cause: string): void { this.told.push(`callerGone ${cause}`); }
  ringing(legId: OfferId): void { this.told.push(`ringing ${legId}`); }
  answered(legId: OfferId, sdp: string): void { this.told.push(`answered ${legId}${sdp === '' ? '' : ' sdp'}`); }
  pickedUp(legId: OfferId, branch: number): void { this.told.push(`pickedUp ${legId} ${branch}`); }
  branchGone(legId: OfferId, branch: number): void { this.told.push(`branchGone ${legId} ${branch}`); }
  legEnded(legId: OfferId, outcome: LegOutcome): void { this.told.push(`legEnded ${legId} ${outcome}`); }
  renegotiate(leg: LegRef, sdp: string): Promise<string> {
    this.told.push(`renegotiate ${'legId' in leg ? leg.legId : 'caller'} ${directionOf(sdp)}`);
    return this.answerTo(leg, sdp);
  }
  completeRenegotiation(leg: LegRef, sdp: string): void { this.told.push(`completed ${'legId' in leg ? leg.legId : 'caller'} ${directionOf(sdp)}`); }
  keyPressed(leg: LegRef, key: string, branch?: number): void { this.told.push(`key ${'legId' in leg ? leg.legId : 'caller'} ${key}${branch === undefined ? '' : ` branch ${branch}`}`); }
  transferAsked(legId: OfferId, transferId: string, target: TransferTarget): void {
    this.transfers.push({ legId, transferId, target });
    this.told.push(`transferAsked ${legId} ${target.kind}`);
  }
  replaceCaller(_callId: string, caller: { readonly number: string; readonly name: string }): Promise<string> {
    this.told.push(`replaceCaller by ${caller.number}`);
    return this.replaces('');
  }
  replaceAgent(legId: OfferId, newLegId: OfferId, agentId: string | null): Promise<string> {
    this.told.push(`replaceAgent ${legId} by ${agentId ?? 'somebody'}`);
    return this.replaces(newLegId);
  }

  async saw(what: string): Promise<void> {
    await until(`calls to be told "${what}"`, () => this.told.includes(what)).catch((fault: unknown) => { throw new Error(`${String(fault)}; they were told: ${this.told.join(', ')}`); });
  }
}

function directionOf(sdp: string): string {
  if (sdp === '') return 'nothing';
  return /a=(sendonly|recvonly|inactive)/.exec(sdp)?.[1] ?? (/c=IN IP4 0\.0\.0\.0/.test(sdp) ? '0.0.0.0' : 'sendrecv');
}

export class LegsBench {
  readonly calls = new FakeCalls();
  timers = new ManualTimers();
  switchboard!: Switchboard;
  /** The phones of each agent, as they would have registered. */
  readonly phonesOf = new Map<string, readonly Phone[]>();
  /** The trunks' addresses, in the order to be tried. */
  trunks: readonly Phone[] = [];
  /** What was learnt of trunks. */
  readonly trunkNews: string[] = [];
  random = 0;
  private readonly phones: Phone[] = [];
  private link!: Link;
  private isUp = false;
  private epoch = 0;

  private constructor(readonly edge: Edge, private readonly folder: string) { this.boot(); }

  private boot(): void {
    const log = createLog('test', process.env['TEST_LOG'] ?? 'silent');
    this.epoch += 1;
    this.isUp = false;
    this.timers = new ManualTimers();
    this.link = new Link({ host: '127.0.0.1', port: this.edge.drachtioPort, secret: SECRET, tags: [`epoch:${this.epoch}`] }, {
      request: (incoming) => { this.switchboard.request(incoming); },
      up: () => { this.isUp = true; },
      down: () => { this.switchboard.linkDown(); },
      turnedAway: () => undefined,
    }, { log, timers: realTimers });
    this.switchboard = new Switchboard(this.calls, {
      link: this.link, timers: this.timers, log, domain: LEGS_DOMAIN, random: () => this.random,
      registrar: { register: (incoming) => { incoming.respond(403); } },
      routes: {
        registered: (agentId) => (this.phonesOf.get(agentId) ?? []).map(({ contact }) => ({ uri: contact, proxy: null })),
        outside: (target) => this.trunks.map((trunk): Route => ({
          trunkId: trunk.user, uri: target.kind === 'number' ? `sip:${target.number}@${LEGS_DOMAIN}` : target.uri, proxy: `sip:127.0.0.1:${trunk.port}`,
          headers: { From: `<sip:help@${LEGS_DOMAIN}>;tag=${trunk.user}`, To: `<sip:somebody@${LEGS_DOMAIN}>` },
          answer: ({ status }) => ({ [status === 407 ? 'Proxy-Authorization' : 'Authorization']: 'Digest username="us"' }),
        })),
        failed: (route, { status }) => { this.trunkNews.push(`${route.trunkId} failed ${status ?? 'silent'}`); },
        well: (route) => { this.trunkNews.push(`${route.trunkId} well`); },
      },
      arrivals: {
        arrived: (incoming) => {
          const from = parseAddress(incoming.header('from') ?? '');
          const number = parseUri(from?.uri ?? '')?.user ?? '';
          return {
            arrival: { callId: callIdOf(incoming.transactionId), dialledUser: parseUri(incoming.uri)?.user ?? '', dialled: incoming.uri, callerNumber: number, callerName: from?.name ?? '', agentId: this.phonesOf.has(number) ? number : null, trunk: null, timesHere: 0 },
            caller: { uri: from?.uri ?? null, number, name: from?.name ?? '', private: false, maxForwards: 69, history: [] },
          };
        },
        challengeFor: () => ({ 'Proxy-Authenticate': `Digest realm="${LEGS_DOMAIN}", nonce="n"` }),
      },
    });
  }

  static async open(): Promise<LegsBench> {
    const folder = await mkdtemp(join(tmpdir(), 'legs-'));
    const edge = await startEdge({
      SIP_ADDRESS: '127.0.0.1', SIP_PORT: 0, SIP_EXTERNAL_ADDRESS: '127.0.0.1', DRACHTIO_ADDRESS: '127.0.0.1', DRACHTIO_PORT: 0, DRACHTIO_SECRET: SECRET, EDGE_CONTROL_PORT: 0,
      NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: 20_000, RTP_PORT_MAX: 29_999, MEDIA_DIRECTORY: folder,
    }, createLog('test', 'silent'));
    const bench = new LegsBench(edge, folder);
    await bench.begin();
    return bench;
  }

  /** The engine is gone; `gap` happens while none is there; then another goes on with these calls, `laterMs` later by its civil clock. */
  async nextEngine(calls: readonly { readonly callId: string; readonly legIds: readonly string[] }[], { gap, laterMs = 0 }: { gap?: () => Promise<unknown>; laterMs?: number } = {}): Promise<readonly Adopted[]> {
    const civil = new Date();
    const kept = calls.map(({ callId, legIds }) => ({ callId, sip: sipKept.parse(JSON.parse(JSON.stringify(this.switchboard.keep(callId, legIds, { monotonicMs: this.timers.nowMs(), civil })))) }));
    this.link.stop();
    await gap?.();
    this.boot();
    const dialogs = standingOf((await this.dialogs()).filter(({ state }) => state === 'confirmed'));
    const adopted = kept.map(({ callId, sip }) => this.switchboard.adopt(callId, sip, dialogs, { monotonicMs: this.timers.nowMs(), civil: new Date(civil.getTime() + laterMs) }));
    await this.begin();
    return adopted;
  }

  async begin(): Promise<void> {
    this.link.start();
    await until('the link to be up', () => this.isUp);
  }

  /** What the edge says there is. */
  async dialogs(): Promise<Inventory['dialogs']> {
    const inventory = openInventory({ host: '127.0.0.1', port: this.edge.controlPort, secret: SECRET }, { log: createLog('test', 'silent'), timers: realTimers });
    const { dialogs } = await inventory.read().finally(() => { inventory.close(); });
    return dialogs;
  }

  get server(): Server { return { host: '127.0.0.1', port: this.edge.sipPort, domain: LEGS_DOMAIN }; }

  /** A phone that nobody registered. */
  async phone(user: string): Promise<Phone> {
    const phone = await Phone.open(user, this.server);
    this.phones.push(phone);
    return phone;
  }

  /** As many phones for one agent. */
  async agent(agentId: string, count = 1): Promise<readonly Phone[]> {
    const phones = await Promise.all(Array.from({ length: count }, () => this.phone(agentId)));
    this.phonesOf.set(agentId, phones);
    return phones;
  }

  /** Rings an agent's registered phones, and nothing else. */
  ring(legId: OfferId, agentId: string, more: Partial<LegToRing> = {}): void {
    this.switchboard.ring(legId, { branches: [{ to: { kind: 'registered', agentId }, sdp: OFFER, confirm: false }], fromName: 'Help: Alice', fromUser: '+4420', ...more });
  }

  async close(): Promise<void> {
    this.link.stop();
    await this.edge.close();
    await Promise.all(this.phones.map((phone) => phone.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const OFFER = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8\r\na=sendrecv\r\n';
