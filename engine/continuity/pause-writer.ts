// Writes behind which agents the engine has paused for unanswered offers: as their duty, through administration, tried until it is written.
import { randomUUID } from 'node:crypto';
import { type Duty } from '../../storage/model/agent';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

export interface PauseStore {
  /**
   * The agent is paused, as the engine's own deed; sent twice under one `requestId` it is done once. Resolves to why it was refused for good, or null.
   * Rejects while nothing is known to be written.
   */
  pause(agentId: string, requestId: string): Promise<string | null>;
}

export const PAUSE_RETRY_MS = 2_000;

/** In the core the pause is in force already; this makes it outlive the engine, and lets people see and end it. */
export class PauseWriter {
  /** By agent: the one-time id of the latest pause. */
  private readonly pending = new Map<string, string>();
  private writing: Promise<void> | null = null;
  private stopped = false;

  constructor(private readonly store: PauseStore, private readonly deps: { readonly timers: Timers; readonly log: Logger }) {}

  pause(agentId: string): void {
    this.pending.set(agentId, randomUUID());
    if (this.writing === null && !this.stopped) this.writing = this.run().finally(() => { this.writing = null; });
  }

  /** What an agent or a supervisor has chosen since then counts: a pause not written yet is dropped. Signing in to a group is no such choice. */
  dutyChanged(agentId: string, before: Duty | null, after: Duty | null): void {
    const same = before !== null && after !== null && before.onDuty === after.onDuty && before.pause === null && after.pause === null;
    if (!same) this.pending.delete(agentId);
  }

  async close(): Promise<void> {
    this.stopped = true;
    await this.writing;
  }

  private async run(): Promise<void> {
    for (let next = this.first(); next !== null; next = this.first()) {
      const [agentId, requestId] = next;
      try {
        const refused = await this.store.pause(agentId, requestId);
        if (refused !== null) this.deps.log.warn({ agentId, refused }, 'an agent who left offers unanswered could not be paused');
        if (this.pending.get(agentId) === requestId) this.pending.delete(agentId);
      } catch (fault) {
        this.deps.log.warn({ agentId, fault: fault instanceof Error ? fault.message : String(fault) }, 'a pause cannot be written; tried again');
        if (this.stopped) return;
        await new Promise<void>((resolve) => { this.deps.timers.after(PAUSE_RETRY_MS, resolve); });
        if (this.stopped) return;
      }
    }
  }

  private first(): readonly [string, string] | null {
    for (const entry of this.pending) return entry;
    return null;
  }
}
