// The part of npm's `bencode` that we use; it brings no types of its own.
declare module 'bencode' {
  /** With an encoding, byte strings become text. The input must be known to be well-formed: lengths are believed. */
  export function decode(data: Buffer, encoding: 'utf8'): unknown;
  export function encode(value: unknown): Buffer;
}
