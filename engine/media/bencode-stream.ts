// Finds where one bencoded value ends inside a stream, and refuses what can never be one, before anything decodes it.

/** The stream makes no sense any more; where the next message begins cannot be known. */
export class BrokenStream extends Error {
  readonly code = 'BROKEN_STREAM';
}

const DEEPEST = 64;
const CLOSE = 'e'.charCodeAt(0);
const OPENERS = new Set(['d', 'l'].map((letter) => letter.charCodeAt(0)));
const INTEGER = /^i-?\d{1,15}e/;
const LENGTH = /^(\d{1,9}):/;
const LONGEST_HEAD = 18;

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

function endOfScalar(data: Buffer, at: number): number | null {
  const head = data.toString('latin1', at, at + LONGEST_HEAD);
  const integer = INTEGER.exec(head);
  if (integer) return at + integer[0].length;
  const length = LENGTH.exec(head);
  if (length) {
    const end = at + length[0].length + Number(length[1]);
    return end <= data.length ? end : null;
  }
  if (head.length < LONGEST_HEAD && /^(i-?\d{0,15}|\d{0,9})$/.test(head)) return null;
  throw new BrokenStream('neither a number nor a text');
}
