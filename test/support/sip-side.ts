// The engine's SIP side without calls, on a real edge: trunks, registrar and who arrivals are; a test sends and answers in the legs' place.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realTimers } from '../../engine/calls/timers';
import { startEdge, type Edge } from '../../engine/edge/edge';
import { ArrivalReader } from '../../engine/sip/arrivals';
import { DigestGate } from '../../engine/sip/digest';
import { type Headers, type Incoming, Link, type Reply, type Sent } from '../../engine/sip/link';
import { Registrar } from '../../engine/sip/registrar';
import { type Outbound, type Route } from '../../engine/sip/routes';
import { Trunks } from '../../engine/sip/trunks';
import { type Agent, agent as agentSchema } from '../../storage/model/agent';
import { type Trunk, trunk as trunkSchema } from '../../storage/model/trunk';
import { createLog } from '../../storage/process/log';
import { until } from './engine';
import { Phone } from './phone';
import { freePort } from './sipp';

const SECRET = 'between edge and engine';
export const DOMAIN = 'response-group.test';
export const NUMBER = { kind: 'number', number: '+441632960999' } as const;

export function trunkAt(port: number, more: object = {}): Trunk {
  return trunkSchema.parse({ id: `t${port}`, pool: 'main', version: 1, name: `Trunk ${port}`, host: '127.0.0.1', port, checkSeconds: null, ...more });
}

/** What came of an INVITE. */
export interface Invited { readonly statuses: readonly number[]; readonly reply: Reply; readonly sent: Sent | null }

export class SipSide {
  readonly incoming: Incoming[] = [];
  /** What is done with a request besides REGISTER; kept in `incoming` in any case. */
  act: (incoming: Incoming) => void = (incoming) => { if (incoming.method !== 'ACK') incoming.respond(200); };
  readonly agents = new Map<string, Agent>();
  readonly registrar: Registrar;
  readonly trunks: Trunks;
  readonly arrivals: ArrivalReader;
  private readonly link: Link;
  private readonly phones: Phone[] = [];

  private constructor(readonly edge: Edge, private readonly folder: string) {
    const log = createLog('test', process.env['TEST_LOG'] ?? 'silent');
    const deps = { timers: realTimers, log };
    const randomHex = (): string => randomBytes(8).toString('hex');
    const gate = new DigestGate(DOMAIN, { nonceKey: randomBytes(32), nowMs: () => realTimers.nowMs(), randomHex, offered: ['MD5', 'SHA-256'] });
    const agentOf = (sipUser: string): Agent | undefined => this.agents.get(sipUser);
    this.registrar = new Registrar({ ...deps, pool: 'main', gate, civil: () => new Date(), agentOf, store: { put: () => undefined, remove: () => undefined }, phoneChanged: () => undefined });
    this.link = new Link({ host: '127.0.0.1', port: edge.drachtioPort, secret: SECRET, tags: ['epoch:1'] }, {
      request: (incoming) => {
        this.incoming.push(incoming);
        if (incoming.method === 'REGISTER') this.registrar.register(incoming);
        else this.act(incoming);
      },
      up: () => { this.trunks.linkUp(); },
      down: () => { this.trunks.linkDown(); },
      turnedAway: () => undefined,
    }, deps);
    this.trunks = new Trunks({ ...deps, link: this.link, domain: DOMAIN, registrar: this.registrar, random: Math.random, randomHex });
    this.arrivals = new ArrivalReader({ domain: DOMAIN, gate, agentOf, isPhoneOf: (agentId, source) => this.registrar.bindings.isFrom(agentId, source), ownerOf: (source, contact) => [...this.agents.values()].find(({ id }) => id === this.registrar.bindings.ownerOf(source, contact)), trunks: this.trunks });
  }

  static async start(): Promise<SipSide> {
    const folder = await mkdtemp(join(tmpdir(), 'sip-side-'));
    const rtp = await freePort();
    const edge = await startEdge({
      SIP_ADDRESS: '127.0.0.1', SIP_PORT: 0, SIP_EXTERNAL_ADDRESS: '127.0.0.1', DRACHTIO_ADDRESS: '127.0.0.1', DRACHTIO_PORT: 0, DRACHTIO_SECRET: SECRET, EDGE_CONTROL_PORT: 0,
      NG_ADDRESS: '127.0.0.1', NG_PORT: 0, RTP_PORT_MIN: rtp, RTP_PORT_MAX: Math.min(65_535, rtp + 20), MEDIA_DIRECTORY: folder,
    }, createLog('edge', 'silent'));
    const made = new SipSide(edge, folder);
    made.link.start();
    await until('the link', () => made.link.isUp);
    return made;
  }

  agent(sipUser: string): void {
    const hash = (algorithm: string): string => createHash(algorithm).update(`${sipUser}:${DOMAIN}:pw`).digest('hex');
    this.agents.set(sipUser, agentSchema.parse({ id: `id-${sipUser}`, pool: 'main', version: 1, name: sipUser, sipUser, personId: null, digest: { realm: DOMAIN, md5: hash('md5'), sha256: hash('sha256') } }));
  }

  /** A peer of ours: a trunk or a phone. */
  async phone(user: string, domain = DOMAIN): Promise<Phone> {
    const phone = await Phone.open(user, { host: '127.0.0.1', port: this.edge.sipPort, domain });
    this.phones.push(phone);
    return phone;
  }

  /** Sends INVITE as a leg does: by this way, answering challenges. Resolves with the final reply, which is acknowledged. */
  invite(route: Route, sdp: string, ringing: (sent: Sent | null) => void = () => undefined): Promise<Invited> {
    const callId = randomBytes(8).toString('hex');
    const statuses: number[] = [];
    return new Promise((resolve, reject) => {
      let sent: Sent | null = null;
      const send = (cseq: number, more: Headers): void => {
        this.link.send({ method: 'INVITE', uri: route.uri, proxy: route.proxy, headers: { ...route.headers, 'Call-ID': callId, CSeq: `${cseq} INVITE`, 'Content-Type': 'application/sdp', ...more }, body: sdp }, {
          sent: (request) => { sent = request; },
          reply: (reply) => {
            statuses.push(reply.status);
            if (reply.status < 200) {
              if (reply.status > 100) ringing(sent);
              return;
            }
            const again = route.answer(reply);
            if (again !== null) {
              send(cseq + 1, again);
              return;
            }
            if (reply.status < 300) reply.ack();
            resolve({ statuses, reply, sent });
          },
          failed: reject,
        });
      };
      send(1, {});
    });
  }

  /** The first way out. */
  route(about: Partial<Outbound> = {}): Route {
    const [route] = this.trunks.outside(NUMBER, { fromName: 'Help', fromUser: '', caller: null, ...about });
    if (route === undefined) throw new Error('there is no way out');
    return route;
  }

  bye(dialogId: string): Promise<number> {
    return new Promise((resolve, reject) => { this.link.send({ method: 'BYE', dialogId }, { reply: ({ status }) => { resolve(status); }, failed: reject }); });
  }

  /** The next request of this kind that comes, or has come. */
  came(method: string): Promise<Incoming> { return until(`a ${method}`, () => this.incoming.find((incoming) => incoming.method === method)); }

  async stop(): Promise<void> {
    await this.trunks.stop();
    this.link.stop();
    await this.edge.close();
    await Promise.all(this.phones.map((phone) => phone.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
