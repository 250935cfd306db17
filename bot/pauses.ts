// Pauses that end at once when the process stops.
export interface Pauses {
  /** Resolves after `ms`, or when `close` is called. */
  readonly pause: (ms: number) => Promise<void>;
  close(): void;
}

export function createPauses(): Pauses {
  const waiting = new Map<NodeJS.Timeout, () => void>();
  let closed = false;
  return {
    pause: (ms) => new Promise((resolve) => {
      if (closed) return resolve();
      const timer = setTimeout(() => { waiting.delete(timer); resolve(); }, ms);
      waiting.set(timer, resolve);
    }),
    close() {
      closed = true;
      for (const [timer, resolve] of waiting) { clearTimeout(timer); resolve(); }
      waiting.clear();
    },
  };
}
