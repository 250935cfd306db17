// G.711 by table: 16-bit linear samples to A-law or µ-law bytes and the silence of each (ITU-T G.711, RFC 3551 section 4.5.14).
import { alaw, mulaw } from 'alawmulaw';

export type G711 = 'PCMA' | 'PCMU';

/** One byte of silence. */
export const SILENCE: Readonly<Record<G711, number>> = { PCMA: 0xd5, PCMU: 0xff };

const CODECS = { PCMA: alaw, PCMU: mulaw } as const;
const encodeTables: Partial<Record<G711, Uint8Array>> = {};
const decodeTables: Partial<Record<G711, Int16Array>> = {};

/** Indexed by the sample's 16 bits as an unsigned number. Built at first use, a few milliseconds. */
function encodeTable(codec: G711): Uint8Array {
  const known = encodeTables[codec];
  if (known) return known;
  const table = new Uint8Array(65536);
  for (let bits = 0; bits < 65536; bits += 1) table[bits] = CODECS[codec].encodeSample(bits < 32768 ? bits : bits - 65536);
  encodeTables[codec] = table;
  return table;
}

function decodeTable(codec: G711): Int16Array {
  const known = decodeTables[codec];
  if (known) return known;
  const table = new Int16Array(256);
  for (let byte = 0; byte < 256; byte += 1) table[byte] = CODECS[codec].decodeSample(byte);
  decodeTables[codec] = table;
  return table;
}

/** One byte a sample. */
export function encodeG711(samples: Int16Array, codec: G711): Buffer {
  const table = encodeTable(codec);
  const encoded = Buffer.allocUnsafe(samples.length);
  for (let index = 0; index < samples.length; index += 1) encoded[index] = table[(samples[index] ?? 0) & 0xffff] ?? 0;
  return encoded;
}

/** One sample a byte. */
export function decodeG711(encoded: Uint8Array, codec: G711): Int16Array {
  const table = decodeTable(codec);
  const samples = new Int16Array(encoded.length);
  for (let index = 0; index < encoded.length; index += 1) samples[index] = table[encoded[index] ?? 0] ?? 0;
  return samples;
}
