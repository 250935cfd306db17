// The RTP ports that nobody uses, in one piece of memory that all media threads share, so that no thread can run out while another has some left.

/** Places of the memory before the ring: how many were ever taken out, and how many were ever put in. Both wrap around, which the ring's size allows for. */
const [TAKEN, PUT, COUNTERS] = [0, 1, 2];
const NOBODY = 0;

/**
 * A ring of even ports, each standing for itself and the odd one above it, and beside it who holds which. A port that was let go is taken again after all
 * others, so that stragglers do not reach the next call.
 */
export class FreePorts {
  private readonly words: Int32Array;
  private readonly mask: number;
  private readonly first: number;
  private readonly pairs: number;

  /** The ports of `memory`, which `ofRange` made, in this thread or another. */
  constructor(readonly memory: { readonly shared: SharedArrayBuffer; readonly first: number; readonly pairs: number }) {
    this.words = new Int32Array(memory.shared);
    this.first = memory.first;
    this.pairs = memory.pairs;
    this.mask = ringSize(memory.pairs) - 1;
  }

  /** All pairs that lie wholly within `min` to `max`. */
  static ofRange(min: number, max: number): FreePorts {
    const first = min % 2 === 0 ? min : min + 1;
    const pairs = Math.max(0, Math.floor((max - first + 1) / 2));
    const shared = new SharedArrayBuffer((COUNTERS + ringSize(pairs) + pairs) * Int32Array.BYTES_PER_ELEMENT);
    const made = new FreePorts({ shared, first, pairs });
    for (let pair = 0; pair < pairs; pair += 1) made.put(first + 2 * pair);
    return made;
  }

  /** How many are free now; another thread may change it at once. */
  get count(): number {
    return Atomics.load(this.words, PUT) - Atomics.load(this.words, TAKEN) | 0;
  }

  /** The port that has been free for longest, from now on held by `holder`, from 0; null when there is none. */
  take(holder: number): number | null {
    for (;;) {
      const taken = Atomics.load(this.words, TAKEN);
      if (taken === Atomics.load(this.words, PUT)) return null;
      const place = this.place(taken);
      const port = Atomics.load(this.words, place);
      // Whoever is about to put the very last one there has not yet; it is not free before that.
      if (port === NOBODY && Atomics.load(this.words, TAKEN) === taken) return null;
      if (Atomics.compareExchange(this.words, TAKEN, taken, taken + 1 | 0) !== taken) continue;
      Atomics.store(this.words, place, NOBODY);
      Atomics.store(this.words, this.holderOf(port), holder + 1);
      return port;
    }
  }

  /** Only by who holds it, and once. */
  letGo(port: number): void {
    Atomics.store(this.words, this.holderOf(port), NOBODY);
    this.put(port);
  }

  /** Lets go what a thread held that is no more. */
  letGoAllOf(holder: number): void {
    for (let port = this.first; port < this.first + 2 * this.pairs; port += 2) {
      if (Atomics.load(this.words, this.holderOf(port)) === holder + 1) this.letGo(port);
    }
  }

  private put(port: number): void {
    Atomics.store(this.words, this.place(Atomics.add(this.words, PUT, 1)), port);
  }

  private place(count: number): number {
    return COUNTERS + (count & this.mask);
  }

  private holderOf(port: number): number {
    return COUNTERS + this.mask + 1 + (port - this.first) / 2;
  }
}

/** A power of two, so that counters that wrap around go on at the next place. */
const ringSize = (pairs: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, pairs)));
