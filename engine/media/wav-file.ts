// Reads the audio files people send: WAV, linear 8 or 16 bit, A-law or µ-law, at any rate, mixed to one channel (RIFF; RFC 2361 format tags).
import { alaw, mulaw } from 'alawmulaw';

/** Not a file that can be decoded; the message says why, in words for a person. */
export class UnreadableWav extends Error {
  readonly code = 'UNREADABLE_WAV';
}

export interface WavSound {
  /** One channel, from -1 to 1. */
  readonly samples: Float64Array;
  readonly rate: number;
}

/** Below and above, nothing that was meant for people to hear is recorded. */
export const RATES = { min: 4_000, max: 192_000 } as const;
const MOST_CHANNELS = 32;
const TAG = { linear: 1, aLaw: 6, muLaw: 7, extensible: 0xfffe } as const;

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

/** A `data` chunk that says it is longer than the file ends where the file ends, as recorders that were cut off leave it. @throws UnreadableWav */
export function readWavFile(bytes: Uint8Array): WavSound {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') throw new UnreadableWav('This is not a WAV file.');
  const chunks = new Map<string, Buffer>();
  for (let at = 12; at + 8 <= file.length;) {
    const id = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    if (!chunks.has(id)) chunks.set(id, file.subarray(at + 8, Math.min(at + 8 + size, file.length)));
    at += 8 + size + (size % 2);
  }
  const [head, data] = [chunks.get('fmt '), chunks.get('data')];
  if (!head) throw new UnreadableWav('This WAV file does not say what its format is.');
  const format = readFormat(head);
  if (!data) throw new UnreadableWav('This WAV file holds no data.');
  return { samples: mixed(decoderOf(data, format), format.channels), rate: format.rate };
}

function readFormat(chunk: Buffer): Format {
  if (chunk.length < 16) throw new UnreadableWav('The format of this WAV file is cut off.');
  const tag = chunk.readUInt16LE(0);
  const format = {
    // The extensible format names the true one in the first two bytes of its GUID.
    tag: tag === TAG.extensible && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag,
    channels: chunk.readUInt16LE(2),
    rate: chunk.readUInt32LE(4),
    bits: chunk.readUInt16LE(14),
  };
  if (format.rate < RATES.min || format.rate > RATES.max) throw new UnreadableWav(`This WAV file has ${format.rate} samples a second; ${RATES.min} to ${RATES.max} can be read.`);
  if (format.channels < 1 || format.channels > MOST_CHANNELS) throw new UnreadableWav(`This WAV file has ${format.channels} channels; 1 to ${MOST_CHANNELS} can be read.`);
  return format;
}

interface Decoder {
  readonly count: number;
  /** From -1 to 1. */
  readonly at: (index: number) => number;
}

function decoderOf(data: Buffer, { tag, bits }: Format): Decoder {
  if (tag === TAG.linear && bits === 16) return { count: Math.floor(data.length / 2), at: (index) => data.readInt16LE(index * 2) / 32_768 };
  // Eight bits are unsigned in WAV.
  if (tag === TAG.linear && bits === 8) return { count: data.length, at: (index) => ((data[index] ?? 128) - 128) / 128 };
  if ((tag === TAG.aLaw || tag === TAG.muLaw) && bits === 8) {
    const codec = tag === TAG.aLaw ? alaw : mulaw;
    const table = Float64Array.from({ length: 256 }, (_, byte) => codec.decodeSample(byte) / 32_768);
    return { count: data.length, at: (index) => table[data[index] ?? 0] ?? 0 };
  }
  throw new UnreadableWav(`This WAV file is of format ${tag} with ${bits} bits; linear 8 or 16 bit, A-law and µ-law can be read.`);
}

/** The mean of the channels, so that nothing is louder mixed than it was. A last frame that is not whole is left out. */
function mixed({ count, at }: Decoder, channels: number): Float64Array {
  const samples = new Float64Array(Math.floor(count / channels));
  for (let frame = 0; frame < samples.length; frame += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += at(frame * channels + channel);
    samples[frame] = sum / channels;
  }
  return samples;
}
