// Numbers that look random and are the same every time.

export interface Dice {
  /** From 0 to just below 1. */
  readonly roll: () => number;
  readonly chance: (of: number) => boolean;
  readonly one: <T>(list: readonly T[]) => T;
}

/** mulberry32. */
export function dice(seed: number): Dice {
  let state = seed;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { roll, chance: (of) => roll() < of, one: <T>(list: readonly T[]): T => list[Math.floor(roll() * list.length)] as T };
}
