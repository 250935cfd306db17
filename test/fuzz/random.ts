// Chance from a seed, so that a failure can be run again, and the wounds it deals to what is sent.

/** A whole number from 0, below what is asked. */
export type Pick = (below: number) => number;

/** A small generator of the kind known as mulberry32. */
export function random(seed: number): Pick {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export function oneOf<T>(pick: Pick, from: readonly [T, ...T[]]): T {
  return from[pick(from.length)] ?? from[0];
}

/** Changes a message at up to three places: a splinter put in, bytes taken out or turned round, a piece said twice. */
export function damage(bytes: Buffer, pick: Pick, splinters: readonly [string, ...string[]]): Buffer {
  let damaged = bytes;
  for (let wounds = pick(4); wounds > 0; wounds -= 1) {
    const at = pick(damaged.length + 1);
    const length = pick(12);
    const splinter = Buffer.from(oneOf(pick, splinters));
    switch (pick(5)) {
      case 0: damaged = Buffer.concat([damaged.subarray(0, at), splinter, damaged.subarray(at)]); break;
      case 1: damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + length)]); break;
      case 2: damaged = Buffer.concat([damaged.subarray(0, at), splinter, damaged.subarray(at + length)]); break;
      case 3: damaged = Buffer.concat([damaged, damaged.subarray(at, at + 40)]); break;
      default: damaged = Buffer.from(damaged); if (at < damaged.length) damaged[at] = pick(256);
    }
  }
  return damaged;
}

/** Cuts a stream into pieces of at most this many bytes. */
export function* pieces(bytes: Buffer, pick: Pick, longest: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + pick(longest);
    yield bytes.subarray(at, end);
    at = end;
  }
}
