// Who tried too many passwords: one address for one account, or one address for many accounts, is not asked any more for a while.
import { type Clock } from './clock';

interface Tries { count: number; sinceMs: number }

/** Failures older than this do not count any more. */
const WINDOW_MS = 600_000;
/** An address behind which many phones are is locked out for all accounts only after so many times as many failures. */
const ADDRESS_FACTOR = 5;
/** More pairs are not told apart; the oldest are forgotten. */
const MAX_TRIES = 50_000;

export class Lockout {
  private readonly tries = new Map<string, Tries>();

  /** @param failures in ten minutes that lock an address out of an account; 0: never. @param seconds for how long. */
  constructor(private readonly failures: number, private readonly seconds: number, private readonly clock: Pick<Clock, 'civilMs'>) {}

  /** For how many more seconds this address is not asked for this account; 0: it may try. */
  secondsLeft(address: string, account: string): number {
    if (this.failures === 0) return 0;
    return Math.max(this.left(`${address} ${account}`, this.failures), this.left(address, this.failures * ADDRESS_FACTOR));
  }

  /** A password was wrong. True when this try is what locks it out. */
  failed(address: string, account: string): boolean {
    if (this.failures === 0) return false;
    return [this.count(`${address} ${account}`) === this.failures, this.count(address) === this.failures * ADDRESS_FACTOR].includes(true);
  }

  /** The password was right: the account's failures are forgiven, those of the address for others are not. */
  succeeded(address: string, account: string): void {
    this.tries.delete(`${address} ${account}`);
  }

  private left(key: string, most: number): number {
    const tries = this.tries.get(key);
    if (!tries || tries.count < most) return 0;
    const left = tries.sinceMs + this.seconds * 1_000 - this.clock.civilMs();
    if (left > 0) return Math.ceil(left / 1_000);
    this.tries.delete(key);
    return 0;
  }

  /** Counts from the last failure on, so that who goes on trying stays out. */
  private count(key: string): number {
    const nowMs = this.clock.civilMs();
    const before = this.tries.get(key);
    const count = before && nowMs - before.sinceMs < WINDOW_MS ? before.count + 1 : 1;
    this.tries.delete(key);
    this.tries.set(key, { count, sinceMs: nowMs });
    if (this.tries.size > MAX_TRIES) for (const oldest of this.tries.keys()) { this.tries.delete(oldest); break; }
    return count;
  }
}
