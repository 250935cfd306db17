// Session timers (RFC 4028): who shows how often that a dialog still stands, and what happens when nobody does.
import { type Timers } from '../calls/ports';
import { type Headers } from './link';

/** `us`: we send a refresh at half the interval; `them`: we end the dialog when none comes. */
export interface Agreement { readonly seconds: number; readonly refresher: 'us' | 'them' }

/** Seconds. What we ask for, and the least we agree to (RFC 4028 section 4 and 5). */
export const SESSION_SECONDS = { asked: 1_800, min: 90 } as const;

export interface TimerHeaders { header(name: string): string | null }

/** What a 2xx to their INVITE or UPDATE says of the timer; or why the request is refused. */
export type AnswerTerms =
  | { readonly kind: 'agreed'; readonly headers: Headers; readonly agreement: Agreement | null }
  | { readonly kind: 'refused'; readonly status: 400 | 422; readonly headers: Headers };

/**
 * Our side of an INVITE or UPDATE of theirs (section 9). `held`: what was agreed before, which a request that names no refresher keeps.
 * A side that does not know timers is not refused, whatever a proxy on the way asked for: then the refreshing is ours.
 */
export function answerTerms(request: TimerHeaders, held: Agreement | null): AnswerTerms {
  const knowsTimers = hasToken(request.header('supported'), 'timer') || hasToken(request.header('require'), 'timer');
  const text = request.header('session-expires');
  const asked = text === null ? null : parseExpires(text);
  if (text !== null && asked === null) return { kind: 'refused', status: 400, headers: {} };
  if (asked === null && !knowsTimers) return { kind: 'agreed', headers: {}, agreement: null };
  if (asked !== null && asked.seconds < SESSION_SECONDS.min && knowsTimers) return { kind: 'refused', status: 422, headers: { 'Min-SE': String(SESSION_SECONDS.min) } };
  const least = Math.max(SESSION_SECONDS.min, parseExpires(request.header('min-se') ?? '')?.seconds ?? 0);
  const most = Math.max(SESSION_SECONDS.asked, least);
  // An interval that was asked for may be made shorter, never longer (section 9).
  const seconds = asked === null ? Math.max(held?.seconds ?? SESSION_SECONDS.asked, least) : Math.min(asked.seconds, most);
  const refresher = !knowsTimers || asked?.refresher === 'uas' ? 'us' : asked?.refresher === 'uac' ? 'them' : held?.refresher ?? 'them';
  return {
    kind: 'agreed', agreement: { seconds, refresher },
    headers: { 'Session-Expires': `${seconds};refresher=${refresher === 'us' ? 'uas' : 'uac'}`, ...(refresher === 'them' ? { Require: 'timer' } : {}) },
  };
}

/** What our INVITE or UPDATE asks for (section 7); who refreshes stays who refreshes. `least`: what a 422 told us. */
export function offerTerms(held: Agreement | null, least: number = SESSION_SECONDS.min): Headers {
  const seconds = Math.max(held?.seconds ?? SESSION_SECONDS.asked, least);
  return { 'Session-Expires': held === null ? String(seconds) : `${seconds};refresher=${held.refresher === 'us' ? 'uac' : 'uas'}`, 'Min-SE': String(least) };
}

/** What their 2xx to a request of ours agrees to (section 7.2): nothing, where it does not say. */
export function agreedBy(response: TimerHeaders): Agreement | null {
  const expires = parseExpires(response.header('session-expires') ?? '');
  return expires === null ? null : { seconds: Math.max(expires.seconds, SESSION_SECONDS.min), refresher: expires.refresher === 'uas' ? 'them' : 'us' };
}

/** The Min-SE of a 422, to ask again with; null when it names none that is longer than what was asked. */
export function leastOf(refusal: TimerHeaders, asked: number): number | null {
  const least = parseExpires(refusal.header('min-se') ?? '')?.seconds ?? 0;
  return least > asked ? least : null;
}

/** Runs an agreement until it is replaced or stopped. */
export class SessionTimer {
  private held: Agreement | null = null;
  private heldSinceMs = 0;
  private cancels: (() => void)[] = [];

  /** `refresh`: send one. `expired`: nobody has; the dialog is to be ended. */
  constructor(private readonly timers: Timers, private readonly act: { refresh(): void; expired(): void }) {}

  get agreement(): Agreement | null { return this.held; }

  /** When it was agreed on last, by our monotonic clock. */
  get sinceMs(): number { return this.heldSinceMs; }

  /** From now on, as from each refresh. */
  agree(agreement: Agreement | null): void { this.run(agreement, 0, 0); }

  /** As another engine left it. Whoever should have refreshed while none was there is given a little longer. */
  resume(agreement: Agreement, agoMs: number): void { this.run(agreement, agoMs / 1_000, LATE_SECONDS); }

  private run(agreement: Agreement | null, agoSeconds: number, leastSeconds: number): void {
    this.stop();
    this.held = agreement;
    this.heldSinceMs = this.timers.nowMs() - agoSeconds * 1_000;
    if (agreement === null) return;
    const { seconds, refresher } = agreement;
    // A little before the interval is over, so that both sides agree that it was (section 10).
    this.after(Math.max(seconds - Math.min(32, seconds / 3) - agoSeconds, leastSeconds), () => { this.act.expired(); });
    if (refresher === 'us') this.after(Math.max(seconds / 2 - agoSeconds, 0), () => { this.act.refresh(); });
  }

  /** A refresh came to nothing, and the other side may still be there. */
  retry(): void {
    if (this.held?.refresher === 'us') this.after(RETRY_SECONDS, () => { this.act.refresh(); });
  }

  stop(): void {
    for (const cancel of this.cancels) cancel();
    this.cancels = [];
    this.held = null;
  }

  private after(seconds: number, act: () => void): void { this.cancels.push(this.timers.after(seconds * 1_000, act)); }
}

const RETRY_SECONDS = 10;
/** A refresh waits at the edge for 8 s while no engine is there. */
const LATE_SECONDS = 12;

/** Whether a list of tokens, as in Supported, Require and Allow, has this one. */
export function hasToken(list: string | null, token: string): boolean {
  return (list ?? '').split(',').some((each) => each.trim().toLowerCase() === token.toLowerCase());
}

function parseExpires(text: string): { readonly seconds: number; readonly refresher: string | null } | null {
  const parsed = /^\s*(\d{1,9})\s*((?:;[^;]*)*)$/.exec(text);
  if (parsed === null) return null;
  return { seconds: Number(parsed[1]), refresher: /;\s*refresher\s*=\s*(ua[cs])\s*(?:;|$)/i.exec(parsed[2] ?? '')?.[1]?.toLowerCase() ?? null };
}
