// Writes every 2 s what this engine process is: active or standing by, its edge, what waits to be written, its last takeover.
import { type EngineReport } from '../../storage/model/engine-report';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

export const REPORT_MS = 2_000;

export interface ReportWriterDeps {
  now(): Omit<EngineReport, 'at'>;
  /** @throws the driver's fault */
  write(report: Omit<EngineReport, 'at'>): Promise<void>;
  remove(): Promise<void>;
  readonly timers: Timers;
  readonly log: Logger;
}

export class ReportWriter {
  private cancel: (() => void) | null = null;
  private writing: Promise<void> | null = null;
  private again = false;
  private wellLately = true;
  private stopped = false;

  constructor(private readonly deps: ReportWriterDeps) {}

  /** At once, and every 2 s from then on; again at once whenever something changed that people wait to see. */
  tell(): void {
    if (this.stopped) return;
    this.cancel?.();
    if (this.writing !== null) {
      this.again = true;
      return;
    }
    this.writing = this.deps.write(this.deps.now()).then(() => { this.wellLately = true; }, (fault: unknown) => {
      if (this.wellLately) this.deps.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'this engine cannot report itself; tried again');
      this.wellLately = false;
    }).then(() => {
      this.writing = null;
      if (this.stopped) return;
      if (this.again) {
        this.again = false;
        this.tell();
      } else this.cancel = this.deps.timers.after(REPORT_MS, () => { this.tell(); });
    });
  }

  /** An engine that stops by itself is not lost: it is not to be seen any more. */
  async close(): Promise<void> {
    this.stop();
    await this.writing;
    await this.deps.remove().catch(() => undefined);
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }
}
