// A change stream used as a doorbell: it says that something may have happened, never what is true. Lost rings are made good by ringing once after each start.
import { setTimeout as pauseFor } from 'node:timers/promises';
import { type ChangeStreamDocument, type Collection, type Document } from 'mongodb';
import { type Logger } from './process/log';

export interface Doorbell { close(): Promise<void> }

const PAUSE_MS = { first: 100, most: 2_000 };
const PAUSE_AFTER_FAULT_MS = 500;

/**
 * Watches `collection` for ever. `ring(null)` whenever anything may have been missed: at the start and after each reconnect; `ring(change)` for each
 * change that `match` lets through. Faults are logged and retried; `close` resolves when no more rings follow.
 */
export function openDoorbell<T extends { _id: string }>(collection: Collection<T>, match: Document, log: Logger, ring: (change: ChangeStreamDocument | null) => void): Doorbell {
  let closed = false;
  let closeStream = async (): Promise<void> => undefined;
  const stopping = new AbortController();

  const watchOnce = async (opened: () => void): Promise<void> => {
    // The time of a command before the first ring is where the stream begins, so nothing falls between the ring and the stream.
    const session = collection.db.client.startSession();
    let startAtOperationTime;
    try {
      await collection.db.command({ ping: 1 }, { session, readPreference: 'primary' });
      startAtOperationTime = session.operationTime;
    } finally {
      await session.endSession();
    }
    const stream = collection.watch([{ $match: match }], { ...(startAtOperationTime ? { startAtOperationTime } : {}), readConcern: { level: 'majority' } });
    closeStream = () => stream.close();
    try {
      if (closed) return;
      opened();
      ring(null);
      for (;;) ring(await stream.next());
    } finally {
      await stream.close().catch(() => undefined);
    }
  };

  const running = (async () => {
    let pause = PAUSE_MS.first;
    while (!closed) {
      try {
        await watchOnce(() => { pause = PAUSE_MS.first; });
      } catch (fault) {
        if (closed) break;
        log.warn({ fault: fault instanceof Error ? fault.message : String(fault), collection: collection.collectionName }, 'change stream ended; opening it again');
        await pauseFor(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
        pause = Math.min(PAUSE_MS.most, pause * 2);
      }
    }
  })();
  return {
    close: async () => {
      closed = true;
      stopping.abort();
      await closeStream().catch(() => undefined);
      await running;
    },
  };
}

/**
 * Runs `catchUp` at the start, after each ring and after each reconnect, never two at once; one that throws is logged and runs again after a pause.
 * `catchUp` looks at `stopping` between its steps. No step begins once `close` resolves.
 */
export function openFollower<T extends { _id: string }>(collection: Collection<T>, match: Document, log: Logger, catchUp: (stopping: AbortSignal) => Promise<void>): Doorbell {
  const stopping = new AbortController();
  let rung = false;
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    while (rung && !stopping.signal.aborted) {
      rung = false;
      try {
        await catchUp(stopping.signal);
      } catch (fault) {
        log.warn({ fault: fault instanceof Error ? fault.message : String(fault), collection: collection.collectionName }, 'could not catch up; trying again');
        rung = true;
        await pauseFor(PAUSE_AFTER_FAULT_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    running = null;
  };
  const bell = openDoorbell(collection, match, log, () => {
    rung = true;
    running ??= run();
  });
  return {
    close: async () => {
      stopping.abort();
      await bell.close();
      await running;
    },
  };
}

/** Waits until `isSo` answers true, asking it at the start and after each change, at most `waitMs`; answers whether it came to be. A reading that fails is tried again. */
export async function waitUntil<T extends { _id: string }>(collection: Collection<T>, match: Document, log: Logger, isSo: () => Promise<boolean>, waitMs: number): Promise<boolean> {
  const found = new AbortController();
  const follower = openFollower(collection, match, log, async () => { if (await isSo()) found.abort(); });
  await pauseFor(waitMs, undefined, { signal: found.signal }).catch(() => undefined);
  await follower.close();
  return found.signal.aborted;
}
