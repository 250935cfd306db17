// Who gets in: what each source may send, whose calls are let in, who is locked out, and whether there is room for more.
import { type Logger } from '../../../storage/process/log';
import { Networks, plainAddress } from '../networks';
import { type Clock } from './clock';
import { type Flow } from './flow';
import { header, listOf, valueOf, type Header } from './headers';
import { Lockout } from './lockout';
import { type SipRequest } from './message';
import { Overload } from './overload';
import { SourceRates } from './source-rates';

/** What becomes of a call from nobody we know: let in, answered 403, or not answered at all. */
export type StrangerPolicy = 'allow' | 'refuse' | 'silence';

export interface GateOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Networks whose calls are let in. */
  readonly callers: readonly string[];
  readonly strangers: StrangerPolicy;
  /** Messages a second of one stranger; 0: no limit. */
  readonly perSecond: number;
  /** Event loop delay from which on new calls are turned away; 0: never. */
  readonly overloadMs: number;
  readonly lockoutFailures: number;
  readonly lockoutSeconds: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly uptimeMs?: () => number;
}

/** `silence`: not answered. */
export type Verdict = 'pass' | 'silence' | { readonly status: number; readonly headers: readonly Header[] };

/** This machine, as it speaks to itself unless told otherwise. */
const OWN = new Networks(['127.0.0.1', '::1']);
/** Whoever is a stranger may register, which needs a password, and ask whether we are there. */
const OPEN_TO_ALL = new Set(['REGISTER', 'OPTIONS']);
const MAX_REGISTERED = 100_000;
/** A registration that does not say how long it lasts (RFC 3261 §10.2.1.1). */
const REGISTERED_S = 3_600;

export class Gate {
  private readonly rates: SourceRates;
  private readonly lockout: Lockout;
  private readonly overload: Overload;
  private readonly configured: Networks;
  private told = new Networks([]);
  /** Whether it is known who is no stranger. */
  private knows: boolean;
  /** Addresses from which somebody registered, and until when. */
  private readonly registered = new Map<string, number>();
  private refused = 0;

  constructor(private readonly options: GateOptions) {
    const { clock, log, callers } = options;
    this.configured = new Networks(callers);
    this.knows = callers.length > 0;
    this.rates = new SourceRates(options.perSecond, clock, (address) => (OWN.has(address) ? 'own' : this.isCaller(address) ? 'known' : 'stranger'));
    this.lockout = new Lockout(options.lockoutFailures, options.lockoutSeconds, clock);
    this.overload = new Overload(options.overloadMs, clock, options.uptimeMs ?? (() => performance.now()), (now) => log.warn(now ? 'The edge is overloaded: new calls are answered 503' : 'The edge is no longer overloaded'));
    this.overload.start();
  }

  /** For health: nothing personal. */
  get status(): { readonly overloaded: boolean; readonly dropped: number; readonly refused: number } {
    return { overloaded: this.overload.now, dropped: this.rates.droppedCount, refused: this.refused };
  }

  close(): void {
    this.overload.stop();
  }

  /** An engine says whose calls are let in, in place of what it said before: its trunks, and where phones registered from. */
  callersAre(networks: readonly string[]): void {
    this.told = new Networks(networks);
    this.knows = true;
    this.rates.forget();
  }

  /** Whether anything of this address is read now. Called for each datagram, before anything else. */
  hears(address: string): boolean {
    return this.rates.hears(address);
  }

  /** What becomes of a request that is in no dialog. */
  verdict(request: SipRequest, flow: Pick<Flow, 'address'>): Verdict {
    if (this.overload.now) return this.refuse({ status: 503, headers: [header('Retry-After', String(this.overload.retryAfterS()))] });
    if (request.method === 'REGISTER') return this.registering(request, flow.address);
    if (this.options.strangers === 'allow' || !this.knows || this.isKnown(flow.address)) return 'pass';
    if (this.options.strangers === 'silence') return this.refuse('silence');
    return OPEN_TO_ALL.has(request.method) ? 'pass' : this.refuse({ status: 403, headers: [] });
  }

  /** How a REGISTER was answered: 403 to one with a password is a wrong one, 2xx makes its source one whose calls are let in. */
  registrationAnswered(request: SipRequest, from: Pick<Flow, 'address'>, status: number, answer: readonly Header[]): void {
    const account = accountOf(request);
    if (status === 403 && account !== undefined) {
      if (this.lockout.failed(from.address, account)) this.options.log.warn({ source: from.address, seconds: this.options.lockoutSeconds }, 'An address is locked out after too many wrong passwords');
    } else if (status >= 200 && status < 300) {
      if (account !== undefined) this.lockout.succeeded(from.address, account);
      this.remember(from.address, secondsOf(answer));
    }
  }

  private registering(request: SipRequest, address: string): Verdict {
    if (this.lockout.secondsLeft(address, accountOf(request) ?? '') === 0) return 'pass';
    return this.refuse(this.options.strangers === 'silence' ? 'silence' : { status: 403, headers: [] });
  }

  private refuse(verdict: Verdict): Verdict {
    this.refused += 1;
    return verdict;
  }

  private isCaller(address: string): boolean {
    return this.configured.has(address) || this.told.has(address);
  }

  private isKnown(address: string): boolean {
    return OWN.has(address) || this.isCaller(address) || (this.registered.get(plainAddress(address)) ?? 0) > this.options.clock.civilMs();
  }

  private remember(address: string, seconds: number): void {
    // With nothing registered any more it runs out by itself: others may be registered from there, behind the same NAT.
    if (seconds === 0) return;
    const plain = plainAddress(address);
    const untilMs = Math.max(this.registered.get(plain) ?? 0, this.options.clock.civilMs() + seconds * 1_000);
    this.registered.delete(plain);
    this.registered.set(plain, untilMs);
    if (this.registered.size > MAX_REGISTERED) for (const oldest of this.registered.keys()) { this.registered.delete(oldest); break; }
  }
}

/** A gate that is open, for whoever needs none. */
export const openGate = (clock: Clock, log: Logger): Gate => new Gate({ clock, log, callers: [], strangers: 'allow', perSecond: 0, overloadMs: 0, lockoutFailures: 0, lockoutSeconds: 0 });

/** The account that credentials are for, in lower case; undefined where there are none. */
function accountOf(request: SipRequest): string | undefined {
  const credentials = valueOf(request.headers, 'authorization');
  return credentials === undefined ? undefined : (/username\s*=\s*"?([^",]*)/i.exec(credentials)?.[1] ?? '').toLowerCase();
}

/** For how long anything is registered, by the answer; 0 when nothing is. */
function secondsOf(answer: readonly Header[]): number {
  const contacts = listOf(answer, 'contact');
  if (contacts.length === 0) return 0;
  const named = contacts.map((contact) => Number(/;\s*expires\s*=\s*(\d{1,9})/i.exec(contact)?.[1] ?? valueOf(answer, 'expires') ?? REGISTERED_S));
  return Math.max(...named.map((seconds) => (Number.isFinite(seconds) ? seconds : REGISTERED_S)));
}
