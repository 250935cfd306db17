// How it stands with the engine that holds the edge: whether its connection stands, and whether it answers.
import { type Clock, type Timer } from '../sip/clock';
import { type OwnerEvent, type OwnerState } from './inventory-types';

export const PING_EVERY_MS = 500;
/** So many pings in a row without an answer, and it hangs. */
export const PINGS_MISSED = 3;

/** A client of the inventory port that named itself. */
export interface NamedClient {
  readonly engine: string;
  /** The lease epoch it says it holds; null for one that stands by. */
  epoch: number | null;
  ping(number: number): void;
}

/**
 * Pings every named client, and judges by the answers the one that holds the edge. An engine answers from the same thread that
 * works for its calls. Time is counted in pings, not by a clock: an edge that was itself held up has missed one at most.
 */
export class OwnerWatch {
  state: OwnerState;
  private readonly clients = new Set<NamedClient>();
  private pings = 0;
  private missed = 0;
  /** Whether the owner was pinged, or should have been, and has not answered since. */
  private owes = false;
  private timer: Timer | undefined;

  constructor(private readonly clock: Clock, private readonly tell: (event: OwnerEvent) => void) {
    this.state = { epoch: 0, engine: '', connected: false, responsive: true, sinceMs: clock.civilMs() };
  }

  start(): void {
    this.timer = this.clock.after(PING_EVERY_MS, () => this.tick());
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** An engine was let in to the drachtio port. */
  here(epoch: number): void {
    if (this.state.connected && this.state.epoch === epoch) return;
    if (epoch !== this.state.epoch) this.forgetAnswers();
    this.change('engineHere', { epoch, engine: this.nameOf(epoch), connected: true, responsive: true });
  }

  /** The last engine's connection to the drachtio port is gone. */
  gone(): void {
    if (this.state.connected) this.change('engineGone', { connected: false });
  }

  joined(client: NamedClient): void {
    this.clients.add(client);
    this.named(client);
  }

  /** A client says which epoch it holds from now on. */
  holds(client: NamedClient, epoch: number | null): void {
    client.epoch = epoch;
    this.named(client);
  }

  left(client: NamedClient): void {
    this.clients.delete(client);
  }

  answered(client: NamedClient): void {
    if (!this.isOwner(client)) return;
    this.forgetAnswers();
    if (!this.state.responsive) this.change('engineResponsive', { responsive: true });
  }

  private tick(): void {
    this.start();
    if (this.owes) this.missed += 1;
    if (this.missed >= PINGS_MISSED && this.state.responsive && this.state.connected) this.change('engineUnresponsive', { responsive: false });
    this.pings += 1;
    for (const client of this.clients) client.ping(this.pings);
    // Whoever named itself once must go on answering, also when its inventory connection is lost.
    this.owes = this.state.engine !== '';
  }

  private named(client: NamedClient): void {
    if (this.isOwner(client)) this.state = { ...this.state, engine: client.engine };
  }

  private nameOf(epoch: number): string {
    for (const client of this.clients) if (client.epoch === epoch) return client.engine;
    return '';
  }

  private isOwner(client: NamedClient): boolean {
    return client.epoch !== null && client.epoch === this.state.epoch;
  }

  private forgetAnswers(): void {
    this.missed = 0;
    this.owes = false;
  }

  private change(event: OwnerEvent['event'], changed: Partial<OwnerState>): void {
    this.state = { ...this.state, ...changed, sinceMs: this.clock.civilMs() };
    this.tell({ event, epoch: this.state.epoch, owner: this.state });
  }
}
