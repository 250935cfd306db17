// One thing after another: the line in which a call's media work waits.
import { MediaFault, type Timers } from './ports';

/** Runs tasks in the order given, each after the one before has settled. A task must not throw; one that does is told to `failed`. */
export class Serial {
  private tail: Promise<void> = Promise.resolve();

  constructor(private readonly failed: (fault: unknown) => void) {}

  run(task: () => Promise<void>): void {
    this.tail = this.tail.then(task).catch((fault: unknown) => { this.failed(fault); });
  }

  /** Resolves when everything given so far is done. */
  idle(): Promise<void> { return this.tail; }
}

/** `work`, or a MediaFault 'timeout' after `ms`. What `work` does afterwards is nobody's concern. */
export function within<T>(timers: Timers, ms: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(ms, () => { reject(new MediaFault('timeout', `${what} took longer than ${ms} ms`)); });
    work.then((value) => {
      cancel();
      resolve(value);
    }, (fault: unknown) => {
      cancel();
      reject(fault instanceof Error ? fault : new MediaFault('refused', String(fault)));
    });
  });
}
