// Lists every database command a program sends, by reading what passes through a proxy (OP_MSG of the MongoDB wire protocol).
import { BSON } from 'mongodb';

const HEADER_BYTES = 16;
const OP_MSG = 2013;
/** Flag bits come before the first section, whose kind byte comes before its document. */
const DOCUMENT_AT = HEADER_BYTES + 5;

/** What a driver says to find and leave servers; no command of the program. */
const OF_THE_DRIVER = new Set(['hello', 'ismaster', 'isMaster', 'ping', 'endSessions', 'buildInfo', 'saslStart', 'saslContinue',
  // Of the tests alone.
  'dropDatabase']);

export class CommandList {
  private readonly counts = new Map<string, number>();

  /** The names of commands so far, the most frequent first. */
  get names(): readonly string[] { return [...this.counts].sort((a, b) => b[1] - a[1]).map(([name]) => name); }

  /** How often that command was sent so far. */
  times(name: string): number { return this.counts.get(name) ?? 0; }

  /** A reader for one connection, fed with what its client sends. */
  reader(): (data: Buffer) => void {
    let pending = Buffer.alloc(0);
    return (data) => {
      pending = Buffer.concat([pending, data]);
      while (pending.length >= HEADER_BYTES) {
        const length = pending.readInt32LE(0);
        if (pending.length < length) return;
        this.message(pending.subarray(0, length));
        pending = pending.subarray(length);
      }
    };
  }

  private message(bytes: Buffer): void {
    if (bytes.readInt32LE(12) !== OP_MSG) return;
    const document = BSON.deserialize(bytes.subarray(DOCUMENT_AT, DOCUMENT_AT + bytes.readInt32LE(DOCUMENT_AT)));
    const [name] = Object.keys(document);
    if (name !== undefined && !OF_THE_DRIVER.has(name)) this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
