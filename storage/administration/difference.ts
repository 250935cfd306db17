// Pure: how two lists differ, as a person would say it: what came, what went, what changed its place.
import { isDeepStrictEqual } from 'node:util';

export interface ListDifference<T = unknown> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  /** `from` and `to` are places counted from 1. As few as explain the new order. */
  readonly moved: readonly { readonly item: T; readonly from: number; readonly to: number }[];
}

/** Items are compared by value; one that stands in a list twice is two. */
export function listDifference<T>(before: readonly T[], after: readonly T[]): ListDifference<T> {
  // For each place in `after`, the place it had before; each place before is used once.
  const taken = new Set<number>();
  const was = after.map((item) => {
    const place = before.findIndex((one, index) => !taken.has(index) && isDeepStrictEqual(one, item));
    if (place >= 0) taken.add(place);
    return place;
  });
  const stayed = longestRising(was);
  return {
    added: after.filter((_item, index) => was[index] === -1),
    removed: before.filter((_item, index) => !taken.has(index)),
    moved: after.flatMap((item, index) => { const from = was[index] ?? -1; return from === -1 || stayed.has(index) ? [] : [{ item, from: from + 1, to: index + 1 }]; }),
  };
}

/** The indices of a longest rising run of numbers, leaving out negative ones: those that need not have moved. */
function longestRising(numbers: readonly number[]): ReadonlySet<number> {
  // tails[length - 1]: the index at which a run of that length ends lowest.
  const tails: number[] = [];
  const previous = new Map<number, number | undefined>();
  numbers.forEach((value, index) => {
    if (value < 0) return;
    let length = tails.findIndex((tail) => (numbers[tail] ?? 0) >= value);
    if (length === -1) length = tails.length;
    previous.set(index, length === 0 ? undefined : tails[length - 1]);
    tails[length] = index;
  });
  const kept = new Set<number>();
  for (let at = tails.at(-1); at !== undefined; at = previous.get(at)) kept.add(at);
  return kept;
}
