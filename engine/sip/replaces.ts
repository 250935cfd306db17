// The Replaces header (RFC 3891), and the dialogs that it may name.
import { type Timers } from '../calls/ports';

export interface Replaces { readonly callId: string; readonly toTag: string; readonly fromTag: string; readonly earlyOnly: boolean }

/** A dialog by all parts of its name, seen from here. `id` is the edge's name for it. */
export interface DialogName { readonly id: string; readonly callId: string; readonly localTag: string; readonly remoteTag: string }

/** Null for what is no Replaces header, or more than one. */
export function parseReplaces(text: string): Replaces | null {
  const [callId = '', ...params] = text.split(';').map((part) => part.trim());
  const value = (name: string): string => params.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const [toTag, fromTag] = [value('to-tag'), value('from-tag')];
  if (text.includes(',') || !/^\S+$/.test(callId) || toTag === '' || fromTag === '') return null;
  return { callId, toTag, fromTag, earlyOnly: params.some((each) => each.toLowerCase() === 'early-only') };
}

/** How long it is remembered that a dialog has ended, and how many are. */
const ENDED = { ms: 32_000, most: 10_000 } as const;

/** The dialogs that stand, whose they are, and those that have just ended. */
export class Dialogs<Owner> {
  private readonly byId = new Map<string, { readonly name: DialogName; readonly owner: Owner }>();
  private readonly byName = new Map<string, string>();
  private readonly ended = new Map<string, number>();

  constructor(private readonly timers: Timers) {}

  add(name: DialogName, owner: Owner): void {
    this.byId.set(name.id, { name, owner });
    this.byName.set(keyOf(name.callId, name.localTag, name.remoteTag), name.id);
  }

  remove(id: string): void {
    const held = this.byId.get(id);
    if (held === undefined) return;
    const key = keyOf(held.name.callId, held.name.localTag, held.name.remoteTag);
    this.byId.delete(id);
    this.byName.delete(key);
    const nowMs = this.timers.nowMs();
    this.ended.set(key, nowMs);
    for (const [oldest, atMs] of this.ended) {
      if (this.ended.size <= ENDED.most && nowMs - atMs <= ENDED.ms) break;
      this.ended.delete(oldest);
    }
  }

  get(id: string): Owner | undefined { return this.byId.get(id)?.owner; }

  ids(): ReadonlySet<string> { return new Set(this.byId.keys()); }

  /** Whose dialog it names: our tag is its to-tag (section 3). `ended`: there was one until just now. */
  find({ callId, toTag, fromTag }: Replaces): Owner | 'ended' | null {
    const key = keyOf(callId, toTag, fromTag);
    const id = this.byName.get(key);
    if (id !== undefined) return this.get(id) ?? null;
    const endedAtMs = this.ended.get(key);
    return endedAtMs !== undefined && this.timers.nowMs() - endedAtMs <= ENDED.ms ? 'ended' : null;
  }
}

/** A Call-ID holds no white space, so this cannot be forged by another split. */
function keyOf(callId: string, localTag: string, remoteTag: string): string { return `${callId} ${localTag} ${remoteTag}`; }
