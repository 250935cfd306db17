// The agents of a group in order, as a form shows and returns them. Pure.

/** Up to this many agents stand one a row with a number and arrows; a longer list is typed, one a line. */
export const ROWS_MOST = 15;
/** Up to this many agents who are not in the group can be ticked; beyond it the list is typed. */
export const TICKS_MOST = 25;

/** An input’s id carries the place it was shown with, so that a changed number can be told from an unchanged one. */
export const placeInput = (place: number, agentId: string): string => `place-${place}-${agentId}`;
const PLACE_INPUT = /^place-(\d{1,4})-([a-z0-9][a-z0-9-]{0,63})$/;

/** Something that can be named on a line. */
export interface Listed { readonly id: string; readonly name: string; readonly sipUser: string }

export interface OrderRead {
  readonly agentIds: readonly string[];
  /** A number that is none, or a line that names nobody; as typed. */
  readonly unreadable: string | null;
}

/**
 * Reads the order from a form's inputs: numbered rows, then who was ticked, or one name a line.
 * A row whose number was cleared is out; one moved up goes before whoever has that number, one moved down after.
 */
export function readOrder(inputs: Readonly<Record<string, unknown>>, known: readonly Listed[]): OrderRead {
  if (typeof inputs['order'] === 'string') return readLines(inputs['order'], known);
  const rows: { agentId: string; shown: number; typed: number; turn: number }[] = [];
  let unreadable: string | null = null;
  for (const [name, value] of Object.entries(inputs)) {
    const match = PLACE_INPUT.exec(name);
    if (!match) continue;
    const shown = Number(match[1]);
    const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
    if (text === '') continue;
    const typed = Number(text);
    if (!Number.isFinite(typed)) unreadable ??= text;
    rows.push({ agentId: match[2] ?? '', shown, typed: Number.isFinite(typed) ? typed : shown, turn: Math.sign(typed - shown) || 0 });
  }
  rows.sort((one, other) => one.typed - other.typed || one.turn - other.turn || one.shown - other.shown);
  const added = typeof inputs['added'] === 'string' ? inputs['added'].split(',').map((one) => one.trim()).filter((one) => one !== '') : [];
  return { agentIds: [...new Set([...rows.map((row) => row.agentId), ...added])], unreadable };
}

function readLines(text: string, known: readonly Listed[]): OrderRead {
  const agentIds = new Set<string>();
  let unreadable: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const wanted = line.trim().toLowerCase().replace(/^sip:/, '').replace(/@.*$/, '');
    if (wanted === '') continue;
    const byAddress = known.find((one) => one.sipUser === wanted);
    const byName = known.filter((one) => one.name.toLowerCase() === wanted);
    const found = byAddress ?? (byName.length === 1 ? byName[0] : undefined);
    if (found) agentIds.add(found.id);
    else unreadable ??= line.trim();
  }
  return { agentIds: [...agentIds], unreadable };
}

/** One agent a place up or down; unchanged at the ends. */
export function moveAgent(agentIds: readonly string[], agentId: string, step: 'up' | 'down'): readonly string[] {
  const from = agentIds.indexOf(agentId);
  const to = from + (step === 'up' ? -1 : 1);
  if (from < 0 || to < 0 || to >= agentIds.length) return agentIds;
  const moved = [...agentIds];
  moved.splice(from, 1);
  moved.splice(to, 0, agentId);
  return moved;
}
