// Finds where one bencoded value ends inside a stream, and refuses what can never be one, before anything decodes it.

/** The stream makes no sense any more; where the next message begins cannot be known. */
export class BrokenStream extends Error {
  readonly code = 'BROKEN_STREAM';
}

const DEEPEST = 64;
const CLOSE = 'e'.charCodeAt(0);
const OPENERS = new Set(['d', 'l'].map((letter) => letter.charCodeAt(0)));
const [INTEGER, MINUS, COLON] = ['i', '-', ':'].map((letter) => letter.charCodeAt(0)) as [number, number, number];
const MOST_DIGITS = { integer: 15, length: 9 } as const;

/**
 * The offset behind the value that begins at `from`, or null while it is not whole.
 * @throws BrokenStream
 */
export function endOfValue(data: Buffer, from: number): number | null {
  let at = from;
  /** How many items each open dictionary (true) or list (false) has so far. */
  const open: { readonly dictionary: boolean; items: number }[] = [];
  for (;;) {
    const byte = data[at];
    if (byte === undefined) return null;
    const inside = open.at(-1);
    if (byte === CLOSE && inside) {
      if (inside.dictionary && inside.items % 2 === 1) throw new BrokenStream('a key without a value');
      open.pop();
      at += 1;
    } else if (inside?.dictionary && inside.items % 2 === 0 && !isDigit(byte)) throw new BrokenStream('a key that is no text');
    else if (OPENERS.has(byte)) {
      if (inside) inside.items += 1;
      if (open.length === DEEPEST) throw new BrokenStream('nested too deeply');
      open.push({ dictionary: byte === 'd'.charCodeAt(0), items: 0 });
      at += 1;
      continue;
    } else {
      const end = endOfScalar(data, at);
      if (end === null) return null;
      if (inside) inside.items += 1;
      at = end;
    }
    if (open.length === 0) return at;
  }
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Read byte by byte: every message passes here, and most of it is lengths. */
function endOfScalar(data: Buffer, from: number): number | null {
  const isInteger = data[from] === INTEGER;
  let at = from + (isInteger ? 1 : 0);
  if (isInteger && data[at] === MINUS) at += 1;
  const first = at;
  let value = 0;
  for (let byte = data[at]; byte !== undefined && isDigit(byte); byte = data[at]) {
    value = value * 10 + byte - 0x30;
    at += 1;
    if (at - first > (isInteger ? MOST_DIGITS.integer : MOST_DIGITS.length)) throw new BrokenStream('neither a number nor a text');
  }
  if (at >= data.length) return null;
  if (at === first || data[at] !== (isInteger ? CLOSE : COLON)) throw new BrokenStream('neither a number nor a text');
  const end = at + 1 + (isInteger ? 0 : value);
  return end <= data.length ? end : null;
}
