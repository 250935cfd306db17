// Strict, bounded bencode for the NG socket: whatever a network may send is a value, "not whole yet", or a fault; never a loop.

/** Bytes are read as UTF-8; numbers are safe integers; dictionaries are maps, so that no key can name a prototype. */
export type NgValue = string | number | readonly NgValue[] | NgDictionary;
export type NgDictionary = ReadonlyMap<string, NgValue>;

/** What we send: plain objects for readability. Absent values are left out. */
export type NgReply = string | number | readonly NgReply[] | { readonly [key: string]: NgReply | undefined };

export class MalformedBencode extends Error {
  readonly code = 'MALFORMED_BENCODE';
}

const DEEPEST = 16;
const COLON = 0x3a;
const MINUS = 0x2d;
const [ZERO, NINE] = [0x30, 0x39];
const [D, E, I, L] = [0x64, 0x65, 0x69, 0x6c];
const LONGEST_NUMBER = 15;

/** Thrown inside only: the buffer ended before the value did. */
class Unfinished extends Error {}

class Reader {
  constructor(private readonly data: Buffer, public at: number) {}

  value(depth: number): NgValue {
    if (depth > DEEPEST) throw new MalformedBencode('nested too deeply');
    const first = this.peek();
    if (first === I) {
      this.at += 1;
      return this.integer(E, true);
    }
    if (first === L) {
      this.at += 1;
      const list: NgValue[] = [];
      while (this.peek() !== E) list.push(this.value(depth + 1));
      this.at += 1;
      return list;
    }
    if (first === D) {
      this.at += 1;
      const dictionary = new Map<string, NgValue>();
      while (this.peek() !== E) {
        const key = this.text();
        dictionary.set(key, this.value(depth + 1));
      }
      this.at += 1;
      return dictionary;
    }
    return this.text();
  }

  private peek(): number {
    const byte = this.data[this.at];
    if (byte === undefined) throw new Unfinished();
    return byte;
  }

  /** Reads decimal digits up to and including `end`. */
  private integer(end: number, signed: boolean): number {
    const negative = signed && this.peek() === MINUS;
    if (negative) this.at += 1;
    let number = 0;
    let digits = 0;
    for (let byte = this.peek(); byte !== end; byte = this.peek()) {
      if (byte < ZERO || byte > NINE || digits === LONGEST_NUMBER) throw new MalformedBencode('not a number');
      number = number * 10 + byte - ZERO;
      digits += 1;
      this.at += 1;
    }
    if (digits === 0) throw new MalformedBencode('a number without digits');
    this.at += 1;
    return negative && number !== 0 ? -number : number;
  }

  private text(): string {
    const length = this.integer(COLON, false);
    if (this.at + length > this.data.length) throw new Unfinished();
    const from = this.at;
    this.at += length;
    return this.data.toString('utf8', from, this.at);
  }
}

/**
 * Reads one value that begins at `offset`; `end` is the offset behind it.
 * @returns null when the value is not whole yet. @throws MalformedBencode when it can never become whole.
 */
export function readBencode(data: Buffer, offset = 0): { readonly value: NgValue; readonly end: number } | null {
  const reader = new Reader(data, offset);
  try {
    const value = reader.value(0);
    return { value, end: reader.at };
  } catch (fault) {
    if (fault instanceof Unfinished) return null;
    throw fault;
  }
}

/** Numbers are truncated to integers; keys are sorted, as the format asks. */
export function writeBencode(value: NgReply): Buffer {
  const parts: string[] = [];
  write(value, parts);
  return Buffer.from(parts.join(''), 'utf8');
}

function write(value: NgReply, parts: string[]): void {
  if (typeof value === 'string') parts.push(`${Buffer.byteLength(value)}:${value}`);
  else if (typeof value === 'number') parts.push(`i${Math.trunc(value)}e`);
  else if (isList(value)) {
    parts.push('l');
    for (const item of value) write(item, parts);
    parts.push('e');
  } else {
    parts.push('d');
    for (const key of Object.keys(value).sort()) {
      const item = value[key];
      if (item === undefined) continue;
      write(key, parts);
      write(item, parts);
    }
    parts.push('e');
  }
}

function isList(value: NgReply): value is readonly NgReply[] {
  return Array.isArray(value);
}
