// One step of a mirror: what is new at the source, applied at the receiver; in order, exactly once, whatever dies in between.
import { type MirrorPosition } from '../model/mirror';
import { type AudioFile } from '../model/prompt';
import { type StoredChange } from '../stored';
import { audioNamedIn } from './audio-named';
import { type LogReading, type MirrorReceiver, type MirrorSource } from './ports';

/** Entries that are applied in one transaction, at most. */
const BATCH = 100;

export type Resumption =
  | { readonly kind: 'continues'; readonly entries: readonly StoredChange[] }
  /** The log begins after what was seen last. */
  | { readonly kind: 'tooShort' }
  /** The source does not know what was mirrored from it: it was restored from an older copy, or made anew. */
  | { readonly kind: 'otherHistory' };

/** Pure: whether the source's log goes on where the mirror stands. */
export function resumption(from: MirrorPosition, { head, entries }: Pick<LogReading, 'head' | 'entries'>): Resumption {
  const [first] = entries;
  if (first === undefined) return head === from.sequence ? { kind: 'continues', entries } : { kind: head > from.sequence ? 'tooShort' : 'otherHistory' };
  if (first.sequence === from.sequence) return first.token === from.token ? { kind: 'continues', entries: entries.slice(1) } : { kind: 'otherHistory' };
  // Entries are asked for from the position's own on, so that the first comes after it.
  return from.sequence === 0 && first.sequence === 1 ? { kind: 'continues', entries } : { kind: 'tooShort' };
}

export interface Step {
  /** `idle`: all that was there has come. `overtaken`: another receiver was faster, or our own earlier step had come through after all. `held`: the pool is served here. */
  readonly kind: 'idle' | 'applied' | 'copied' | 'overtaken' | 'otherHistory' | 'held';
  readonly head: number;
  readonly sourceAt: Date;
  /** When the oldest change that has not come yet was made. */
  readonly waitingSince: Date | null;
}

export interface MirrorDeps {
  readonly source: MirrorSource;
  readonly receiver: MirrorReceiver;
  /** Brings sounds, waiting for them a moment and no longer; those that took longer come later. */
  readonly bring: (audioIds: readonly string[]) => Promise<void>;
}

/**
 * Takes one step. Several receivers may step at the same time, and any may die in the middle: the position is matched and moved in the transaction
 * that writes, so each change is applied once.
 * @throws what the source or the receiver throws; stepping again is safe
 */
export async function step({ source, receiver, bring }: MirrorDeps): Promise<Step> {
  const { position, takeAnew, isHeld } = await receiver.position();
  const reading = await source.read(position, BATCH + 2);
  const { head, at: sourceAt } = reading;
  if (isHeld) return { kind: 'held', head, sourceAt, waitingSince: null };
  const found = resumption(position, reading);
  if (found.kind === 'otherHistory' && !takeAnew) return { kind: 'otherHistory', head, sourceAt, waitingSince: null };
  if (found.kind !== 'continues' || takeAnew) {
    const whole = await source.whole();
    const late = await missing(receiver, bring, Object.values(whole.configuration.objects).flatMap((objects) => audioNamedIn([...objects.values()])));
    const isDone = await receiver.replace(position, whole, late);
    return { kind: isDone ? 'copied' : 'overtaken', head, sourceAt, waitingSince: null };
  }
  const batch = await holdingTogether(source, position, found.entries);
  if (batch.length === 0) return { kind: 'idle', head, sourceAt, waitingSince: found.entries[0]?.at ?? null };
  const late = await missing(receiver, bring, audioNamedIn(batch.map(({ changes }) => changes.map(({ after }) => after))));
  const isDone = await receiver.apply(position, batch, late);
  return { kind: isDone ? 'applied' : 'overtaken', head, sourceAt, waitingSince: found.entries[batch.length]?.at ?? null };
}

/** As many of these entries as make one transaction. What was written in several parts is taken in all of them, and not before the last is there. */
async function holdingTogether(source: MirrorSource, position: MirrorPosition, entries: readonly StoredChange[]): Promise<readonly StoredChange[]> {
  const [first] = entries;
  if (!first?.part) return entries.slice(0, BATCH).filter((_entry, at, batch) => !batch.slice(0, at + 1).some(({ part }) => part));
  const { count } = first.part;
  const again = resumption(position, await source.read(position, count + 1));
  const parts = again.kind === 'continues' ? again.entries.slice(0, count) : [];
  return parts.length === count && parts.every(({ part }) => part?.of === first.part?.of) ? parts : [];
}

/** Those of these sounds that are not here, after they were asked for. */
async function missing(receiver: MirrorReceiver, bring: MirrorDeps['bring'], named: readonly AudioFile[]): Promise<AudioFile[]> {
  const byId = new Map(named.map((one) => [one.audioId, one]));
  if (byId.size === 0) return [];
  const without = async (): Promise<string[]> => {
    const kept = await receiver.keptAudio([...byId.keys()]);
    return [...byId.keys()].filter((id) => !kept.has(id));
  };
  const wanted = await without();
  if (wanted.length === 0) return [];
  await bring(wanted);
  return (await without()).flatMap((id) => byId.get(id) ?? []);
}
