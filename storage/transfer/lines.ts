// Splits bytes into lines of text, counting, so that neither a long line nor a long file fills the memory.
import { createHash } from 'node:crypto';
import { BadFile, FILE_LIMITS } from './format';

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** SHA-256, in hex, of all bytes before this line; ask before the next line is taken. */
  readonly before: () => string;
}

const NEWLINE = 0x0a;

/** @throws BadFile for a line or a file that is too long, bytes that are no UTF-8, and an end without a line break */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let parts: Uint8Array[] = [];
  let held = 0;
  let total = 0;
  let number = 0;
  const line = (): Line => {
    number += 1;
    const whole = parts.length === 1 ? parts[0] as Uint8Array : Buffer.concat(parts);
    parts = [];
    held = 0;
    let text: string;
    try {
      text = decoder.decode(whole);
    } catch {
      throw new BadFile(number === 1 ? 'it is no export of Response Group.' : 'the line is no text in UTF-8.', number);
    }
    const before = hash.copy();
    hash.update(whole).update('\n');
    return { text, number, before: () => before.copy().digest('hex') };
  };
  for await (const piece of bytes) {
    total += piece.length;
    if (total > FILE_LIMITS.bytes) throw new BadFile(`it is larger than ${FILE_LIMITS.bytes} bytes.`);
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, from)) {
      parts.push(piece.subarray(from, end));
      held += end - from;
      refuseLong(held, number + 1);
      yield line();
      from = end + 1;
    }
    if (from < piece.length) parts.push(Buffer.from(piece.subarray(from)));
    held += piece.length - from;
    refuseLong(held, number + 1);
  }
  if (held > 0) throw new BadFile(number === 0 ? 'it is no export of Response Group.' : 'it is cut off within a line.', number + 1);
}

function refuseLong(bytes: number, number: number): void {
  // A file that is something else altogether is known by its first line.
  if (number === 1 && bytes > FILE_LIMITS.headerBytes) throw new BadFile('it is no export of Response Group.', 1);
  if (bytes > FILE_LIMITS.lineBytes) throw new BadFile(`the line is longer than ${FILE_LIMITS.lineBytes} bytes.`, number);
}
