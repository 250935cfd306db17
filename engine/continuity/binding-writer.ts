// Writes behind where phones registered from: the latest of each agent, tried until it is written.
import { type PhoneBinding } from '../../storage/model/live';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

export interface BindingStore {
  write(binding: PhoneBinding): Promise<void>;
  remove(agentId: string): Promise<void>;
}

const RETRY_MS = 1_000;

export class BindingWriter {
  private readonly pending = new Map<string, PhoneBinding | null>();
  private writing: Promise<void> | null = null;
  private wellLately = true;
  private stopped = false;

  constructor(private readonly store: BindingStore, private readonly deps: { readonly timers: Timers; readonly log: Logger }) {}

  put(binding: PhoneBinding): void { this.set(binding._id, binding); }

  remove(agentId: string): void { this.set(agentId, null); }

  async close(): Promise<void> {
    this.stopped = true;
    await this.writing;
  }

  private set(agentId: string, binding: PhoneBinding | null): void {
    this.pending.set(agentId, binding);
    if (this.writing === null && !this.stopped) this.writing = this.run().finally(() => { this.writing = null; });
  }

  private async run(): Promise<void> {
    for (let next = first(this.pending); next !== null; next = first(this.pending)) {
      const [agentId, binding] = next;
      try {
        await (binding === null ? this.store.remove(agentId) : this.store.write(binding));
        if (this.pending.get(agentId) === binding) this.pending.delete(agentId);
        this.wellLately = true;
      } catch (fault) {
        if (this.wellLately) this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'registrations cannot be written; tried again');
        this.wellLately = false;
        if (this.stopped) return;
        await new Promise<void>((resolve) => { this.deps.timers.after(RETRY_MS, resolve); });
      }
    }
  }
}

function first<K, V>(map: Map<K, V>): [K, V] | null {
  for (const entry of map) return entry;
  return null;
}
