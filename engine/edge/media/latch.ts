// Symmetric RTP: from which address a party really sends, learned once and then held against anyone else (RFC 4961, RFC 7362 section 4).

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A sender who is not the one in the SDP is believed once nobody else has sent for this long. */
const ALONE_MS = 300;
/** While several send, the first of them is believed after this long. */
const PATIENCE_MS = 3_000;
/** The address of the SDP may still take over for this long after another was believed. */
const CORRECTION_MS = 3_000;
const MOST_CANDIDATES = 8;

type State =
  | { readonly kind: 'listening' }
  | { readonly kind: 'weighing'; readonly sinceMs: number; readonly candidates: Map<string, { readonly endpoint: Endpoint; lastMs: number }> }
  | { readonly kind: 'locked'; readonly endpoint: Endpoint; readonly asAnnounced: boolean; readonly lockedMs: number };

const key = (endpoint: Endpoint): string => `${endpoint.address} ${endpoint.port}`;
const same = (one: Endpoint, other: Endpoint): boolean => one.port === other.port && one.address === other.address;

/**
 * ```
 * listening ──announced address sends──────────────▶ locked (as announced): for good
 *     └─another sends─▶ weighing ──sole sender 300 ms, or 3 s─▶ locked ──announced address sends within 3 s─▶ locked (as announced)
 * ```
 * Agents' phones that lost a call may send to the same port as the winner; holding strangers back for a moment keeps them unheard.
 */
export class Latch {
  private state: State = { kind: 'listening' };
  private announced: Endpoint | null = null;
  private asAnnouncedOnly = false;
  /** Where whoever stood here before was: nothing is learned from what they go on to send. */
  private former: readonly Endpoint[] = [];

  /**
   * What the SDP says. The same address again changes nothing; another one starts afresh. Null: nobody is expected.
   * With `asAnnouncedOnly` nothing is learned: there is no NAT in between.
   */
  announce(endpoint: Endpoint | null, asAnnouncedOnly = false): void {
    this.asAnnouncedOnly = asAnnouncedOnly;
    if (this.announced && endpoint && same(this.announced, endpoint)) return;
    this.announced = endpoint;
    this.state = { kind: 'listening' };
  }

  /** Somebody else stands here from now on, who is announced next. */
  expectAnother(): void {
    this.former = [this.locked, this.announced].filter((endpoint) => endpoint !== null);
    this.announced = null;
    this.state = { kind: 'listening' };
  }

  /** Whether a packet from there is this party's. Allocates nothing once locked. */
  accepts(address: string, port: number, nowMs: number): boolean {
    const { announced, state } = this;
    if (state.kind === 'locked') {
      if (state.endpoint.port === port && state.endpoint.address === address) return true;
      if (state.asAnnounced || nowMs - state.lockedMs > CORRECTION_MS) return false;
    }
    if (!announced) return false;
    if (announced.port === port && announced.address === address) {
      this.state = { kind: 'locked', endpoint: announced, asAnnounced: true, lockedMs: nowMs };
      return true;
    }
    if (state.kind === 'locked' || this.asAnnouncedOnly || this.former.some((endpoint) => endpoint.port === port && endpoint.address === address)) return false;
    return this.weigh({ address, port }, nowMs);
  }

  /** Where this party is to be reached: where it really sends from, else where it said. */
  get destination(): Endpoint | null {
    return this.state.kind === 'locked' ? this.state.endpoint : this.announced;
  }

  get locked(): Endpoint | null {
    return this.state.kind === 'locked' ? this.state.endpoint : null;
  }

  private weigh(sender: Endpoint, nowMs: number): boolean {
    if (this.state.kind !== 'weighing') this.state = { kind: 'weighing', sinceMs: nowMs, candidates: new Map() };
    const { candidates, sinceMs } = this.state;
    const known = candidates.get(key(sender));
    if (known) known.lastMs = nowMs;
    else if (candidates.size < MOST_CANDIDATES) candidates.set(key(sender), { endpoint: sender, lastMs: nowMs });
    if (nowMs - sinceMs < ALONE_MS) return false;
    const active = [...candidates.values()].filter(({ lastMs }) => nowMs - lastMs < ALONE_MS);
    const believed = active.length === 1 || nowMs - sinceMs >= PATIENCE_MS ? active[0] : undefined;
    if (!believed || !same(believed.endpoint, sender)) return false;
    this.state = { kind: 'locked', endpoint: sender, asAnnounced: false, lockedMs: nowMs };
    return true;
  }
}
