// When something is due: a binary heap of named deadlines, each of which can be moved or dropped.

interface Entry<T> {
  readonly name: string;
  readonly due: T;
  atMs: number;
  /** Deadlines at the same time come due in the order they were set. */
  order: number;
  index: number;
}

/** Deadlines by name, the earliest at hand. Every change costs O(log n). */
export class Deadlines<T> {
  private readonly heap: Entry<T>[] = [];
  private readonly byName = new Map<string, Entry<T>>();
  private order = 0;

  get size(): number { return this.heap.length; }
  /** Monotonic milliseconds of the earliest deadline, or null. */
  get nextMs(): number | null { return this.heap[0]?.atMs ?? null; }
  /** When the named deadline is due, or null. */
  atMs(name: string): number | null { return this.byName.get(name)?.atMs ?? null; }

  /** Sets the named deadline, in place of an earlier one of that name. */
  set(name: string, atMs: number, due: T): void {
    this.clear(name);
    const entry: Entry<T> = { name, due, atMs, order: this.order++, index: this.heap.length };
    this.byName.set(name, entry);
    this.heap.push(entry);
    this.rise(entry);
  }

  /** Drops the named deadline, if there is one. */
  clear(name: string): void {
    const entry = this.byName.get(name);
    if (entry === undefined) return;
    this.byName.delete(name);
    const last = this.heap.pop() as Entry<T>;
    if (last === entry) return;
    this.put(last, entry.index);
    this.rise(last);
    this.sink(last);
  }

  /** Takes out the earliest deadline if it is due at `nowMs`. */
  takeDue(nowMs: number): T | undefined {
    const first = this.heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.clear(first.name);
    return first.due;
  }

  private before(a: Entry<T>, b: Entry<T>): boolean { return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order); }

  private put(entry: Entry<T>, index: number): void {
    this.heap[index] = entry;
    entry.index = index;
  }

  private rise(entry: Entry<T>): void {
    while (entry.index > 0) {
      const parent = this.heap[(entry.index - 1) >>> 1] as Entry<T>;
      if (!this.before(entry, parent)) return;
      const index = parent.index;
      this.put(parent, entry.index);
      this.put(entry, index);
    }
  }

  private sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.heap[entry.index * 2 + 1];
      const right = this.heap[entry.index * 2 + 2];
      const child = right !== undefined && left !== undefined && this.before(right, left) ? right : left;
      if (child === undefined || !this.before(child, entry)) return;
      const index = child.index;
      this.put(child, entry.index);
      this.put(entry, index);
    }
  }
}
