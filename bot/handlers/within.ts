// Waiting no longer than a person does, and never leaving a promise unheeded.
import { type Logger } from '../../storage/process/log';

/** The value, or `late` after `ms`; the promise goes on, and its fault is nobody's then. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => { timer = setTimeout(() => resolve('late'), ms); });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets something go on by itself; a fault of it is logged, for nobody waits for it. */
export function goesOn(log: Logger, promise: Promise<void>): void {
  promise.catch((fault: unknown) => { log.warn({ err: fault }, 'A card could not be kept up to date.'); });
}
