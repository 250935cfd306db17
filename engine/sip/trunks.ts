// The trunks of a pool as they are now: which way out is tried first, who is registered, who is well, and whose calls come in.
import { isDeepStrictEqual } from 'node:util';
import { type OutsideTarget } from '../../storage/model/number-policy';
import { type Trunk } from '../../storage/model/trunk';
import { escapeUser, hostPort, parseUri, type Uri } from './addresses';
import { DigestAnswer } from './digest-answer';
import { invitedBy } from './identity';
import { type Incoming } from './link';
import { type Contact } from './bindings';
import { type Outbound, type Route, type RouteFailure, type Routes } from './routes';
import { accountOf, proxyOf } from './trunk-addresses';
import { TrunkCheck } from './trunk-check';
import { contactUserOf, type RegistrationState, type TrunkDeps, TrunkRegistration } from './trunk-registration';
import { TrunkSources } from './trunk-sources';

export interface TrunksDeps extends TrunkDeps {
  /** Our one SIP domain. */
  readonly domain: string;
  /** The agents' phones. */
  readonly registrar: { contactsOf(agentId: string): readonly Contact[] };
}

/** What health tells of one trunk. `registration` null: it is not registered at. */
export interface TrunkHealth { readonly trunkId: string; readonly name: string; readonly well: boolean; readonly registration: RegistrationState | null }

interface Running { readonly trunk: Trunk; readonly check: TrunkCheck; readonly registration: TrunkRegistration | null }

export class Trunks implements Routes {
  private readonly running = new Map<string, Running>();
  private sources = new TrunkSources([]);
  private linkIsUp = false;
  private farewells: Promise<void>[] = [];

  constructor(private readonly deps: TrunksDeps) {}

  /** All trunks of the pool, as they are from now on. */
  configure(trunks: Iterable<Trunk>): void {
    const wanted = new Map([...trunks].filter(({ enabled }) => enabled).map((trunk) => [trunk.id, trunk]));
    for (const { trunk } of [...this.running.values()]) {
      const next = wanted.get(trunk.id);
      if (next === undefined || !isDeepStrictEqual(next, trunk)) this.halt(trunk.id, next);
    }
    for (const trunk of wanted.values()) if (!this.running.has(trunk.id)) this.run(trunk);
    this.sources = new TrunkSources(wanted.values());
  }

  linkUp(): void {
    this.linkIsUp = true;
    for (const running of this.running.values()) begin(running);
  }

  linkDown(): void {
    this.linkIsUp = false;
    for (const { check, registration } of this.running.values()) {
      check.linkDown();
      registration?.linkDown();
    }
  }

  /** Takes back every registration; 2 s at most. Before the link is stopped. */
  async stop(): Promise<void> {
    this.configure([]);
    await Promise.all(this.farewells);
  }

  /** Lets go at once; registrations stay for the engine that comes next. */
  abandon(): void {
    for (const { check, registration } of this.running.values()) {
      check.stop();
      registration?.abandon();
    }
    this.running.clear();
  }

  get health(): readonly TrunkHealth[] {
    return [...this.running.values()].map(({ trunk, check, registration }) => ({ trunkId: trunk.id, name: trunk.name, well: check.well, registration: registration?.state ?? null }));
  }

  registered(agentId: string): readonly Contact[] { return this.deps.registrar.contactsOf(agentId); }

  outside(target: OutsideTarget, about: Outbound): readonly Route[] {
    const outgoing = [...this.running.values()].filter(({ trunk }) => trunk.outgoing);
    if (outgoing.length === 0) this.deps.log.warn({ kind: target.kind }, 'a call cannot go out: no trunk is configured for outgoing calls');
    const sorted = outgoing.sort((one, other) => Number(other.check.well) - Number(one.check.well) || one.trunk.order - other.trunk.order || one.trunk.id.localeCompare(other.trunk.id));
    const routes = sorted.flatMap(({ trunk }): Route[] => {
      const uri = uriFor(target, trunk);
      return uri === null ? [] : [this.route(trunk, uri, about)];
    });
    if (outgoing.length > 0 && routes.length === 0) this.deps.log.warn({ kind: target.kind }, 'a call cannot go out: its address is none that trunks reach (sip: or tel:)');
    return routes;
  }

  failed({ trunkId }: Route, { status }: RouteFailure): void {
    const why = status === null ? 'nothing in time' : String(status);
    // A trunk that refuses our account is as much at fault as one that is away, and says it to everybody.
    if (status === null || status === 408 || status === 503 || status === 504) this.running.get(trunkId)?.check.callFailed(`a call: ${why}`);
    this.deps.log.warn({ trunkId, why }, 'a trunk did not take a call');
  }

  well({ trunkId }: Route): void { this.running.get(trunkId)?.check.callWent(); }

  trunkOf(source: Incoming['source']): Trunk | null { return this.sources.trunkOf(source); }

  contactUser(trunk: Trunk): string | null { return trunk.register ? contactUserOf(trunk) : null; }

  /** Our number, or our account in its domain. */
  isOurs(uri: Uri): boolean {
    return [...this.running.values()].some(({ trunk }) => {
      if (trunk.identityNumber !== null && uri.user.replace(/^\+/, '') === trunk.identityNumber.slice(1)) return true;
      return trunk.username !== null && uri.user === trunk.username && (uri.host === trunk.host || uri.host === trunk.fromDomain);
    });
  }

  private route(trunk: Trunk, uri: string, about: Outbound): Route {
    const answers = new DigestAnswer(accountOf(trunk), () => this.deps.randomHex());
    return {
      trunkId: trunk.id, uri, proxy: proxyOf(trunk),
      headers: invitedBy(trunk, uri, about, this.deps.domain, this.deps.randomHex()),
      answer: (reply) => answers.answer(reply, { method: 'INVITE', uri }),
    };
  }

  private run(trunk: Trunk): void {
    const running = { trunk, check: new TrunkCheck(trunk, this.deps), registration: trunk.register ? new TrunkRegistration(trunk, this.deps) : null };
    this.running.set(trunk.id, running);
    if (this.linkIsUp) begin(running);
  }

  private halt(trunkId: string, next: Trunk | undefined): void {
    const running = this.running.get(trunkId);
    if (running === undefined) return;
    this.running.delete(trunkId);
    running.check.stop();
    if (running.registration === null) return;
    // The same account at the same place is registered anew under the same Contact: taking it back might cross that.
    if (next?.register === true && placeOf(next) === placeOf(running.trunk)) running.registration.abandon();
    else {
      const farewell = running.registration.stop().finally(() => { this.farewells = this.farewells.filter((each) => each !== farewell); });
      this.farewells.push(farewell);
    }
  }
}

function begin({ check, registration }: Running): void {
  check.start();
  registration?.start();
}

function placeOf(trunk: Trunk): string { return [proxyOf(trunk), trunk.fromDomain, trunk.username].join(' '); }

/** The Request-URI. Numbers are the trunk's; addresses elsewhere stay theirs and only go by way of it. Null for what UDP and TCP do not reach. */
function uriFor(target: OutsideTarget, trunk: Trunk): string | null {
  const uri = target.kind === 'uri' ? parseUri(target.uri) : null;
  if (uri !== null && uri.scheme !== 'tel') return uri.scheme === 'sip' && target.kind === 'uri' ? target.uri : null;
  const number = target.kind === 'number' ? target.number : uri?.user ?? '';
  return number === '' ? null : `sip:${escapeUser(number)}@${hostPort(trunk.host, trunk.port)};user=phone`;
}
