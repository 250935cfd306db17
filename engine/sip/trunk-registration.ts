// Our registration at one trunk, so that its calls find us (RFC 3261 section 10.2): made, refreshed before it expires, tried again, taken back.
//
//   idle ── start ─▶ asking ── 200 ─▶ registered ── before it expires ─▶ asking
//                      │ ▲ └─ 401, 407, 423: at once again, each once
//                      ▼ │ anything else, or nothing in time
//                    waiting (5 s, doubled up to 5 minutes, with jitter)
//   any ── stop ─▶ over; what is registered is taken back first
import { type Trunk } from '../../storage/model/trunk';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';
import { escapeUser, parseAddress, parseUri, splitAddresses } from './addresses';
import { DigestAnswer } from './digest-answer';
import { type Headers, type Outcome, type Outgoing, type Reply } from './link';
import { accountOf, proxyOf, userAt } from './trunk-addresses';

export interface TrunkDeps {
  readonly link: { send(outgoing: Outgoing, outcome: Outcome): void };
  readonly timers: Timers;
  readonly log: Logger;
  /** 0 ≤ x < 1, for jitter. */
  random(): number;
  /** At least 64 bits, for tags, Call-IDs and nonces of ours. */
  randomHex(): string;
}

export type RegistrationState = 'no' | 'registering' | 'registered' | 'refused';

const EXPIRES = { asked: 600, least: 10, most: 7_200 } as const;
const RETRY_MS = { first: 5_000, most: 300_000 } as const;
/** A REGISTER not answered by then is tried again later; UDP has been sent five times. */
const SILENCE_MS = 8_000;
const FAREWELL_MS = 2_000;

export class TrunkRegistration {
  state: RegistrationState = 'no';
  private readonly callId: string;
  private readonly tag: string;
  private readonly answers: DigestAnswer;
  private cseq = 0;
  private expires: number = EXPIRES.asked;
  private failures = 0;
  private cancelTimer: (() => void) | null = null;
  /** Replies to any attempt but the present one are too late. */
  private attempt: object | null = null;
  private over = false;

  constructor(private readonly trunk: Trunk, private readonly deps: TrunkDeps) {
    this.callId = deps.randomHex();
    this.tag = deps.randomHex();
    this.answers = new DigestAnswer(accountOf(trunk), () => deps.randomHex());
  }

  /** Now; also when the edge is here again, which may be another with nothing of ours. */
  start(): void {
    if (this.over) return;
    this.failures = 0;
    this.ask();
  }

  /** The edge is away: nothing can be asked, and what was asked is lost. */
  linkDown(): void {
    this.attempt = null;
    this.cancelTimer?.();
  }

  /** Takes back what is registered. Resolves when that is answered, or after 2 s. */
  async stop(): Promise<void> {
    // One under way may yet be granted.
    const isNeeded = this.state === 'registered' || this.attempt !== null;
    this.abandon();
    if (!isNeeded) return;
    await new Promise<void>((resolve) => {
      const cancel = this.deps.timers.after(FAREWELL_MS, resolve);
      this.send(0, this.answers.begin(this.asked), () => {
        cancel();
        resolve();
      });
    });
  }

  /** Lets go and leaves what is registered: the same account is registered anew, or the engine that comes next does it. */
  abandon(): void {
    this.over = true;
    this.linkDown();
    this.state = 'no';
  }

  private get asked(): { readonly method: string; readonly uri: string } { return { method: 'REGISTER', uri: `sip:${this.trunk.fromDomain ?? this.trunk.host}` }; }

  private ask(): void {
    this.cancelTimer?.();
    if (this.state === 'no') this.state = 'registering';
    const attempt = (this.attempt = {});
    this.cancelTimer = this.deps.timers.after(SILENCE_MS, () => { if (this.attempt === attempt) this.failed(null, 'nothing in time'); });
    this.send(this.expires, this.answers.begin(this.asked), (reply, why) => {
      if (this.attempt !== attempt) return;
      if (reply === null) this.failed(null, why);
      else if (reply.status < 300) this.registered(reply);
      else this.failed(reply, `${reply.status} ${reply.reason}`);
    });
  }

  /** Sends REGISTER; a challenge and an interval that is too brief are answered. `done` gets what comes of it, null for nothing. */
  private send(expires: number, credentials: Headers, done: (reply: Reply | null, why: string) => void): void {
    this.cseq += 1;
    const { trunk, asked } = this;
    const aor = userAt(trunk);
    const transport = trunk.transport === 'tcp' ? ';transport=tcp' : '';
    this.deps.link.send({
      ...asked, proxy: proxyOf(trunk),
      headers: {
        'Call-ID': this.callId, CSeq: `${this.cseq} REGISTER`, From: `<${aor}>;tag=${this.tag}`, To: `<${aor}>`,
        // The edge writes its own address for localhost.
        Contact: `<sip:${escapeUser(contactUserOf(trunk))}@localhost${transport}>`, Expires: String(expires), ...credentials,
      },
    }, {
      reply: (reply) => {
        if (reply.status < 200) return;
        const more = this.answers.answer(reply, asked);
        const least = reply.status === 423 ? Number(reply.header('min-expires')) : NaN;
        if (more !== null) this.send(expires, more, done);
        else if (expires > 0 && least > expires && least <= EXPIRES.most) {
          this.expires = least;
          this.send(least, this.answers.begin(asked), done);
        } else done(reply, '');
      },
      failed: (fault) => { done(null, fault.message); },
    });
  }

  private registered(reply: Reply): void {
    this.failures = 0;
    if (this.state !== 'registered') this.deps.log.info({ trunkId: this.trunk.id }, 'registered at a trunk');
    this.state = 'registered';
    const granted = Math.max(EXPIRES.least, grantedIn(reply, contactUserOf(this.trunk)) ?? this.expires);
    // Somewhat early, and not all trunks at once.
    this.again(Math.min(granted, this.expires) * 1_000 * (0.7 + 0.2 * this.deps.random()));
  }

  private failed(reply: Reply | null, why: string): void {
    this.attempt = null;
    if (this.state !== 'refused') this.deps.log.warn({ trunkId: this.trunk.id, why }, 'not registered at a trunk; tried again');
    this.state = 'refused';
    const ms = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** Math.min(this.failures, 10));
    this.failures += 1;
    const asked = Number(/^\s*(\d{1,6})/.exec(reply?.header('retry-after') ?? '')?.[1] ?? 0) * 1_000;
    this.again(Math.min(RETRY_MS.most, Math.max(asked, ms * (0.5 + 0.5 * this.deps.random()))));
  }

  private again(ms: number): void {
    this.cancelTimer?.();
    this.cancelTimer = this.deps.timers.after(ms, () => { this.ask(); });
  }
}

/** By which user part calls to our registration are known. */
export function contactUserOf(trunk: Trunk): string { return trunk.username ?? trunk.id; }

/** For how long the registrar took our Contact: by its `expires`, else by the Expires header; null where it says neither. */
function grantedIn(reply: Reply, user: string): number | null {
  const ours = splitAddresses(reply.header('contact') ?? '').map(parseAddress).filter((address) => address !== null && parseUri(address.uri)?.user === user);
  const spans = ours.map((address) => Number(address?.params.get('expires') ?? NaN)).filter((span) => Number.isSafeInteger(span));
  if (spans.length > 0) return Math.max(...spans);
  const header = Number(reply.header('expires') ?? NaN);
  return Number.isSafeInteger(header) ? header : null;
}
