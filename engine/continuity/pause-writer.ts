// Writes behind whom the engine has paused for unanswered offers, and who has dialled a duty code: as their duty, through administration, tried until it is written.
import { randomUUID } from 'node:crypto';
import { type Duty } from '../../storage/model/agent';
import { type Logger } from '../../storage/process/log';
import { type DialledDuty } from '../calls/carrier';
import { type Timers } from '../calls/ports';

export interface PauseStore {
  /**
   * The agent is paused, as the engine's own deed; sent twice under one `requestId` it is done once. Resolves to why it was refused for good, or null.
   * Rejects while nothing is known to be written.
   */
  pause(agentId: string, requestId: string): Promise<string | null>;
  /** The same of an agent who has dialled to go on or off duty. */
  setDuty(dialled: DialledDuty): Promise<string | null>;
}

export interface PauseWriterDeps {
  readonly timers: Timers;
  readonly log: Logger;
  /** It is written, was refused for good, or something that was chosen later counts instead. */
  dutyWritten(agentId: string, requestId: string): void;
}

/** `dialled` null: a pause. */
interface Deed { readonly requestId: string; readonly dialled: DialledDuty | null }

export const PAUSE_RETRY_MS = 2_000;

/** In the core it is in force already; this makes it outlive the engine, and lets people see and end it. */
export class PauseWriter {
  /** By agent: the latest, which alone counts. */
  private readonly pending = new Map<string, Deed>();
  private writing: Promise<void> | null = null;
  private stopped = false;

  constructor(private readonly store: PauseStore, private readonly deps: PauseWriterDeps) {}

  pause(agentId: string): void { this.write(agentId, { requestId: randomUUID(), dialled: null }); }

  setDuty(dialled: DialledDuty): void { this.write(dialled.agentId, { requestId: dialled.requestId, dialled }); }

  private write(agentId: string, deed: Deed): void {
    this.pending.set(agentId, deed);
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
      const [agentId, deed] = next;
      const { requestId, dialled } = deed;
      try {
        const refused = await (dialled === null ? this.store.pause(agentId, requestId) : this.store.setDuty(dialled));
        if (dialled !== null) this.deps.dutyWritten(agentId, requestId);
        if (refused !== null) this.deps.log.warn({ agentId, refused }, dialled === null ? 'an agent who left offers unanswered could not be paused' : 'the duty that an agent has dialled could not be written');
        if (this.pending.get(agentId) === deed) this.pending.delete(agentId);
      } catch (fault) {
        this.deps.log.warn({ agentId, fault: fault instanceof Error ? fault.message : String(fault) }, 'a duty cannot be written; tried again');
        if (this.stopped) return;
        await new Promise<void>((resolve) => { this.deps.timers.after(PAUSE_RETRY_MS, resolve); });
        if (this.stopped) return;
      }
    }
  }

  private first(): readonly [string, Deed] | null {
    for (const entry of this.pending) return entry;
    return null;
  }
}
