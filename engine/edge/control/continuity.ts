// What becomes of requests while no engine is there: answered, kept, or held until one comes (RFC 3261 §21.5.1, §21.5.4 for the refusals).
import { type Clock, type Timer } from '../sip/clock';
import { header, type Header } from '../sip/headers';
import { type KeptEvent } from './inventory-types';

/** How long a request waits for an engine. */
export const HOLD_MS = 8_000;
const RETRY_AFTER_S = 3;
const MAX_EVENTS = 10_000;
const MAX_HELD = 20_000;
/** An engine that dies so soon after it was told of an end may not have written it down. */
const FRESH_MS = 10_000;

/** What decides what becomes of a request. */
export interface RequestFacts {
  /** Of its transaction. */
  readonly id: string;
  readonly method: string;
  readonly callId: string;
  /** The dialog it is in, or would begin. */
  readonly dialog: string;
  /** Whether it is in a dialog that stands. */
  readonly inDialog: boolean;
  /** Whether it began the dialog it is in. */
  readonly initial: boolean;
}

export interface ContinuityDeps<Call> {
  readonly clock: Clock;
  readonly factsOf: (call: Call) => RequestFacts;
  /** Answers a request that still waits. */
  readonly respond: (call: Call, status: number, headers: readonly Header[]) => void;
  /** Something was kept, for whoever listens now. */
  readonly kept: (event: KeptEvent) => void;
}

/** `Call`: how whoever uses this holds a request from the network. */
export class Continuity<Call> {
  private readonly held = new Map<string, { readonly call: Call; readonly timer: Timer }>();
  private events: KeptEvent[] = [];
  /** Ends that an engine was told of just now, the oldest first. */
  private fresh: Array<Pick<KeptEvent, 'atMs' | 'dialog' | 'callId' | 'cause'>> = [];
  private sequence = 0;
  /** Since when no engine is there, as far as this was asked. */
  private goneAtMs: number;

  constructor(private readonly deps: ContinuityDeps<Call>) {
    this.goneAtMs = deps.clock.civilMs();
  }

  get heldCount(): number {
    return this.held.size;
  }

  get keptEvents(): readonly KeptEvent[] {
    return this.events;
  }

  /** Whether a request began the dialog it is in, or is in none. */
  begins(call: Call): boolean {
    return this.deps.factsOf(call).initial;
  }

  /** No engine can take this request now. */
  orphaned(call: Call): void {
    const { id, method, dialog, callId, inDialog, initial } = this.deps.factsOf(call);
    switch (method) {
      case 'BYE':
        this.deps.respond(call, 200, []);
        if (inDialog) this.keep(dialog, callId, 'bye');
        return;
      case 'OPTIONS':
        // Whoever asks whether calls may be sent here: while one would still wait for the next engine, yes; after that, no.
        if (initial && this.deps.clock.civilMs() - this.goneAtMs >= HOLD_MS) this.deps.respond(call, 503, [header('Retry-After', String(RETRY_AFTER_S))]);
        else this.deps.respond(call, 200, []);
        return;
      case 'INFO':
        this.deps.respond(call, 200, []);
        return;
      default:
        if (this.held.size >= MAX_HELD) this.refuse(call);
        else this.held.set(id, { call, timer: this.deps.clock.after(HOLD_MS, () => { this.held.delete(id); this.refuse(call); }) });
    }
  }

  /**
   * The requests that waited, now for an engine that may want them, in the order in which they came; whoever is not wanted comes
   * back by `orphaned`. @param inTurn stops at the first that is not wanted yet, so that none overtakes it.
   */
  release(wanted: (call: Call) => boolean, inTurn: boolean): Call[] {
    const released: Call[] = [];
    for (const [id, { call, timer }] of this.held) {
      if (wanted(call)) {
        timer.cancel();
        this.held.delete(id);
        released.push(call);
      } else if (inTurn) break;
    }
    return released;
  }

  /** The caller took a waiting INVITE back; false when it did not wait. */
  cancelled(call: Call): boolean {
    const { id, dialog, callId } = this.deps.factsOf(call);
    const held = this.held.get(id);
    if (!held) return false;
    held.timer.cancel();
    this.held.delete(id);
    this.keep(dialog, callId, 'cancel');
    return true;
  }

  /** Drops all that waits, unanswered. */
  clear(): void {
    for (const { timer } of this.held.values()) timer.cancel();
    this.held.clear();
  }

  /** An engine was told that a dialog ended. */
  told(dialog: string, callId: string, cause: 'bye' | 'cancel'): void {
    const atMs = this.deps.clock.civilMs();
    this.fresh.push({ atMs, dialog, callId, cause });
    const stale = this.fresh.findIndex((each) => each.atMs > atMs - FRESH_MS);
    // Thrown out many at a time: this is done for every call.
    if (stale > 1_000) this.fresh.splice(0, stale);
  }

  /** No engine is there any more: what the last one was told just now is kept for the next. */
  engineGone(): void {
    this.goneAtMs = this.deps.clock.civilMs();
    const since = this.deps.clock.civilMs() - FRESH_MS;
    // Whatever it left unanswered was kept already, when it was answered here.
    const kept = new Set(this.events.map(({ dialog }) => dialog));
    for (const { dialog, callId, cause, atMs } of this.fresh.splice(0)) if (atMs > since && !kept.has(dialog)) this.keep(dialog, callId, cause, atMs);
  }

  keep(dialog: string, callId: string, cause: KeptEvent['cause'], atMs = this.deps.clock.civilMs()): void {
    this.sequence += 1;
    const event: KeptEvent = { sequence: this.sequence, atMs, event: 'dialogEnded', dialog, callId, cause };
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) this.events.shift();
    this.deps.kept(event);
  }

  forget(upTo: number): void {
    this.events = this.events.filter(({ sequence }) => sequence > upTo);
  }

  private refuse(call: Call): void {
    const { method, dialog, callId, initial } = this.deps.factsOf(call);
    this.deps.respond(call, initial ? 503 : 500, [header('Retry-After', String(RETRY_AFTER_S))]);
    if (initial && method === 'INVITE') this.keep(dialog, callId, 'refused');
  }
}
