// Writes what people see now, behind the calls: a group's document at most twice a second, a very long one less often, and every 2 s that the engine lives.
import { type GroupNow } from '../core/view';
import { type LiveGroup, type LivePool } from '../../storage/model/live';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

export interface LiveStore {
  writeGroups(groups: readonly LiveGroup[]): Promise<void>;
  removeGroups(workflowIds: readonly string[]): Promise<void>;
  writePool(pool: Omit<LivePool, 'at'>): Promise<void>;
}

export interface LiveWriterDeps {
  readonly store: LiveStore;
  readonly timers: Timers;
  readonly log: Logger;
  readonly pool: string;
  readonly epoch: number;
  readonly startedAt: Date;
  /** As it is now; null for a group that is not configured any more. */
  groupNow(workflowId: string): GroupNow | null;
  /** The sequence of the configuration in force. */
  inForce(): number;
}

/** `perCaller`: writing of a thousand callers keeps calls waiting for milliseconds, so it is done the less often the more there are. */
export const LIVE_MS = { group: 500, perCaller: 2, heartbeat: 2_000 } as const;

export class LiveWriter {
  private readonly dirty = new Set<string>();
  private revision = 0;
  private writing: Promise<void> | null = null;
  private cancelTimer: (() => void) | null = null;
  private cancelBeat: (() => void) | null = null;
  private toldInForce = -1;
  /** Monotonic: no group's document is written before that. */
  private groupsDueMs = -Infinity;
  private wellLately = true;
  private stopped = false;

  constructor(private readonly deps: LiveWriterDeps) {}

  start(): void { this.beat(); }

  touch(workflowIds: Iterable<string>): void {
    for (const workflowId of workflowIds) this.dirty.add(workflowId);
    if (this.dirty.size > 0) this.soon();
  }

  /** A new configuration is in force: people who saved it wait to see so. */
  configurationChanged(): void { this.soon(); }

  async close(): Promise<void> {
    this.stopped = true;
    this.cancelTimer?.();
    this.cancelBeat?.();
    await this.writing;
  }

  private soon(): void {
    if (this.stopped || this.writing !== null || this.cancelTimer !== null) return;
    // The first change is written at once, the next ones half a second later, together.
    this.run();
  }

  private run(): void {
    this.writing = this.write().then(() => {
      this.writing = null;
      if (this.stopped) return;
      this.cancelTimer = this.deps.timers.after(LIVE_MS.group, () => {
        this.cancelTimer = null;
        if (this.dirty.size > 0 || this.toldInForce !== this.deps.inForce()) this.run();
      });
    });
  }

  private async write(): Promise<void> {
    const { timers } = this.deps;
    const ids = timers.nowMs() < this.groupsDueMs ? [] : [...this.dirty];
    for (const id of ids) this.dirty.delete(id);
    const groups: LiveGroup[] = [];
    const gone: string[] = [];
    for (const workflowId of ids) {
      const now = this.deps.groupNow(workflowId);
      if (now === null) gone.push(workflowId);
      else groups.push({ ...now, epoch: this.deps.epoch, revision: (this.revision += 1) });
    }
    this.groupsDueMs = Math.max(this.groupsDueMs, timers.nowMs() + LIVE_MS.perCaller * groups.reduce((sum, { callers }) => sum + callers.length, 0));
    try {
      if (groups.length > 0) await this.deps.store.writeGroups(groups);
      if (gone.length > 0) await this.deps.store.removeGroups(gone);
      if (this.toldInForce !== this.deps.inForce()) await this.writePool();
      this.wellLately = true;
    } catch (fault) {
      for (const workflowId of ids) this.dirty.add(workflowId);
      this.failed(fault);
    }
  }

  private async writePool(): Promise<void> {
    const inForce = this.deps.inForce();
    await this.deps.store.writePool({ _id: this.deps.pool, epoch: this.deps.epoch, inForce, startedAt: this.deps.startedAt });
    this.toldInForce = inForce;
  }

  private beat(): void {
    this.writePool().catch((fault: unknown) => { this.failed(fault); }).finally(() => {
      if (!this.stopped) this.cancelBeat = this.deps.timers.after(LIVE_MS.heartbeat, () => { this.beat(); });
    });
  }

  private failed(fault: unknown): void {
    if (this.wellLately) this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'live documents cannot be written; tried again');
    this.wellLately = false;
  }
}
