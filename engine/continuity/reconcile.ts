// Makes three accounts agree: what the edge says exists, what our legs know, and what an earlier engine's journal meant.
import { type CallRecord } from '../../storage/model/record';
import { type JournalEntry } from '../../storage/journal';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';
import { recordOfLeftover } from './documents';
import { type EdgeInventory, type Inventory } from './inventory';

export interface ReconcileDeps {
  readonly inventory: Pick<EdgeInventory, 'read' | 'end' | 'forget'>;
  readonly legs: {
    /** Dialogs of ours that stand now. */
    liveDialogs(): ReadonlySet<string>;
    /** The edge does not know this one any more: its other side has hung up, or it ended with an edge that was started anew. */
    vanished(dialogId: string, cause: 'hungUp' | 'endedByUs'): void;
  };
  ownsAnchor(anchorId: string): boolean;
  releaseAnchor(anchorId: string): Promise<void>;
  readonly timers: Timers;
  readonly log: Logger;
}

/** The inventory and SIP come over two connections that do not wait for each other, so nothing is ended on one look. */
export const SECOND_LOOK_MS = 500;

/** Why a dialog is ended that an earlier engine left. */
export const RESTARTED = 'SIP;cause=503;text="Service restarted"';

/** How a dialog ended that the edge tells of; `seen` is what it told before, which it has forgotten since. */
type KeptEvents = Inventory['events'];

/**
 * Ends what belongs to nobody, and closes legs of ours that exist no more. Both must be seen so twice.
 * @throws InventoryFault when the edge cannot be asked.
 */
export async function reconcileLegs(deps: ReconcileDeps, seen: KeptEvents = []): Promise<{ readonly ended: number; readonly vanished: number; readonly released: number }> {
  const first = await look(deps);
  await new Promise<void>((resolve) => { deps.timers.after(SECOND_LOOK_MS, resolve); });
  const second = await look(deps);
  const ownerless = second.ownerless.filter((id) => first.ownerless.includes(id));
  const vanished = second.vanished.filter((id) => first.vanished.includes(id));
  const anchors = second.anchors.filter((id) => first.anchors.includes(id));
  const hungUp = new Set([...seen, ...second.events].filter(({ cause }) => cause === 'bye' || cause === 'cancel').map(({ dialog }) => dialog));
  for (const id of vanished) deps.legs.vanished(id, hungUp.has(id) ? 'hungUp' : 'endedByUs');
  for (const id of ownerless) await deps.inventory.end(id, RESTARTED);
  for (const id of anchors) await deps.releaseAnchor(id).catch((fault: unknown) => { deps.log.warn({ fault: String(fault) }, 'an anchor nobody owns could not be released'); });
  const done = { ended: ownerless.length, vanished: vanished.length, released: anchors.length };
  if (done.ended + done.vanished + done.released > 0) deps.log.warn(done, 'the edge and the engine did not agree on what exists; they do now');
  return done;
}

async function look(deps: ReconcileDeps): Promise<{ readonly ownerless: string[]; readonly vanished: string[]; readonly anchors: string[]; readonly events: KeptEvents }> {
  // Taken before asking: a dialog made while the answer was under way is in neither account.
  const before = deps.legs.liveDialogs();
  const { dialogs, anchors, events } = await deps.inventory.read();
  const existing = new Set(dialogs.map(({ id }) => id));
  const ours = deps.legs.liveDialogs();
  return {
    // An early dialog has its own way out: a caller's INVITE is told again, and the edge cancels what an engine left ringing.
    ownerless: dialogs.filter(({ id, state }) => state === 'confirmed' && !ours.has(id)).map(({ id }) => id),
    vanished: [...before].filter((id) => !existing.has(id)),
    anchors: anchors.map(({ callId }) => callId).filter((id) => !deps.ownsAnchor(id)),
    events,
  };
}

/** What an earlier engine left in the journal, closed truthfully; unreadable entries are closed without a record. */
export function closeLeftovers(entries: readonly JournalEntry[], pool: string, ends: readonly { readonly dialog: string; readonly atMs: number; readonly cause: string }[], at: Date, log: Logger): CallRecord[] {
  const records = entries.flatMap((entry) => {
    const record = recordOfLeftover(entry, pool, ends, at);
    if (record === null) log.error({ callId: entry.id }, 'a journalled call could not be read; it leaves no record');
    return record === null ? [] : [record];
  });
  if (entries.length > 0) log.warn({ calls: entries.length }, 'calls of an earlier engine were closed');
  return records;
}
