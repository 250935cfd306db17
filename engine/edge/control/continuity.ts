// What becomes of requests while no engine is there: answered, kept, or held until one comes (RFC 3261 §21.5.1, §21.5.4 for the refusals).
import { type Clock, type Timer } from '../sip/clock';
import { dialogId } from '../sip/dialog';
import { header, type Header } from '../sip/headers';
import { type IncomingCall } from '../sip/stack';
import { type KeptEvent } from './inventory-types';

/** How long a request waits for an engine. */
export const HOLD_MS = 8_000;
const RETRY_AFTER_S = 3;
const MAX_EVENTS = 10_000;
const MAX_HELD = 20_000;

export interface ContinuityDeps {
  readonly clock: Clock;
  /** Answers a request that still waits. */
  readonly respond: (call: IncomingCall, status: number, headers: readonly Header[]) => void;
  /** Something was kept, for whoever listens now. */
  readonly kept: (event: KeptEvent) => void;
}

export class Continuity {
  private readonly held = new Map<string, { readonly call: IncomingCall; readonly timer: Timer }>();
  private events: KeptEvent[] = [];
  private sequence = 0;

  constructor(private readonly deps: ContinuityDeps) {}

  get heldCount(): number {
    return this.held.size;
  }

  get keptEvents(): readonly KeptEvent[] {
    return this.events;
  }

  /** No engine can take this request now. */
  orphaned(call: IncomingCall): void {
    const { request } = call.incoming;
    switch (request.method) {
      case 'BYE':
        this.deps.respond(call, 200, []);
        if (call.dialog) this.keep(call.dialog.id, call.dialog.callId, 'bye');
        return;
      case 'INFO':
      case 'OPTIONS':
        this.deps.respond(call, 200, []);
        return;
      default:
        if (this.held.size >= MAX_HELD) this.refuse(call);
        else this.held.set(call.incoming.id, { call, timer: this.deps.clock.after(HOLD_MS, () => { this.held.delete(call.incoming.id); this.refuse(call); }) });
    }
  }

  /**
   * The requests that waited, now for an engine that may want them, in the order in which they came; whoever is not wanted comes
   * back by `orphaned`. @param inTurn stops at the first that is not wanted yet, so that none overtakes it.
   */
  release(wanted: (call: IncomingCall) => boolean, inTurn: boolean): IncomingCall[] {
    const released: IncomingCall[] = [];
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
  cancelled(call: IncomingCall): boolean {
    const held = this.held.get(call.incoming.id);
    if (!held) return false;
    held.timer.cancel();
    this.held.delete(call.incoming.id);
    this.keepCall(call, 'cancel');
    return true;
  }

  keep(dialog: string, callId: string, cause: KeptEvent['cause']): void {
    this.sequence += 1;
    const event: KeptEvent = { sequence: this.sequence, atMs: this.deps.clock.civilMs(), event: 'dialogEnded', dialog, callId, cause };
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) this.events.shift();
    this.deps.kept(event);
  }

  forget(upTo: number): void {
    this.events = this.events.filter(({ sequence }) => sequence > upTo);
  }

  private keepCall(call: IncomingCall, cause: KeptEvent['cause']): void {
    const { request } = call.incoming;
    this.keep(call.dialog?.id ?? dialogId(request.callId, request.fromTag), request.callId, cause);
  }

  private refuse(call: IncomingCall): void {
    this.deps.respond(call, call.initial ? 503 : 500, [header('Retry-After', String(RETRY_AFTER_S))]);
    if (call.initial && call.incoming.request.method === 'INVITE') this.keepCall(call, 'refused');
  }
}
