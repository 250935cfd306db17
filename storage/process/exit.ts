// Why a process of ours ended: exit codes that a service manager can act on, and the clean way out.
/** Restarting helps for `failed`; for `usage` and `portInUse` a person must change something first. */
export const EXIT = { stopped: 0, failed: 1, usage: 2, portInUse: 3, databaseUnusable: 4, replaced: 5 } as const;

/**
 * Calls `stop` once, on the first SIGINT or SIGTERM, then exits with 0; a second signal exits at once with 1.
 * A `stop` that throws is reported by `failed` and exits with 1.
 */
export function stopOnSignal(stop: () => Promise<void>, failed: (fault: unknown) => void): void {
  let stopping = false;
  const act = (): void => {
    if (stopping) process.exit(EXIT.failed);
    stopping = true;
    stop().then(() => process.exit(EXIT.stopped), (fault: unknown) => { failed(fault); process.exit(EXIT.failed); });
  };
  process.on('SIGINT', act);
  process.on('SIGTERM', act);
}
