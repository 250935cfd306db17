// Reads the WAV files that can be played: 8 kHz, one or two channels, linear 8 or 16 bit, A-law or µ-law (RIFF; RFC 2361 format tags).
import { decodeG711, type G711 } from './g711';

/** The file is not one that can be played; the message says why, in words for a person. */
export class UnplayableWav extends Error {
  readonly code = 'UNPLAYABLE_WAV';
}

/** Mono, 8,000 samples a second; G.711 files stay as they are so that they need no second encoding. */
export type WavAudio = { readonly kind: 'linear'; readonly samples: Int16Array } | { readonly kind: G711; readonly encoded: Buffer };

export const SAMPLE_RATE = 8000;
const FORMAT = { linear: 1, PCMA: 6, PCMU: 7, extensible: 0xfffe } as const;

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

/** @throws UnplayableWav */
export function readWav(file: Buffer): WavAudio {
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') throw new UnplayableWav('not a WAV file');
  let format: Format | null = null;
  for (let at = 12; at + 8 <= file.length;) {
    const id = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, Math.min(at + 8 + size, file.length));
    if (id === 'fmt ') format = readFormat(body);
    if (id === 'data') {
      if (!format) throw new UnplayableWav('a WAV file without a format before its data');
      return readData(body, format);
    }
    at += 8 + size + (size % 2);
  }
  throw new UnplayableWav('a WAV file without data');
}

function readFormat(chunk: Buffer): Format {
  if (chunk.length < 16) throw new UnplayableWav('a WAV file with a short format');
  const tag = chunk.readUInt16LE(0);
  return {
    tag: tag === FORMAT.extensible && chunk.length >= 26 ? chunk.readUInt16LE(24) : tag,
    channels: chunk.readUInt16LE(2),
    rate: chunk.readUInt32LE(4),
    bits: chunk.readUInt16LE(14),
  };
}

function readData(data: Buffer, format: Format): WavAudio {
  const { tag, channels, rate, bits } = format;
  if (rate !== SAMPLE_RATE) throw new UnplayableWav(`a WAV file of ${rate} samples a second; only ${SAMPLE_RATE} can be played`);
  if (channels < 1 || channels > 2) throw new UnplayableWav(`a WAV file of ${channels} channels; one or two can be played`);
  if ((tag === FORMAT.PCMA || tag === FORMAT.PCMU) && bits === 8) {
    const kind = tag === FORMAT.PCMA ? 'PCMA' : 'PCMU';
    return channels === 1 ? { kind, encoded: data } : { kind: 'linear', samples: mono(decodeG711(data, kind), channels) };
  }
  if (tag === FORMAT.linear && (bits === 8 || bits === 16)) return { kind: 'linear', samples: mono(linear(data, bits), channels) };
  throw new UnplayableWav(`a WAV file of format ${tag} with ${bits} bits; linear 8 or 16 bit, A-law and µ-law can be played`);
}

/** WAV holds 8 bits unsigned and 16 bits signed. */
function linear(data: Buffer, bits: 8 | 16): Int16Array {
  const samples = new Int16Array(Math.floor(data.length / (bits / 8)));
  for (let index = 0; index < samples.length; index += 1) {
    samples[index] = bits === 8 ? (data.readUInt8(index) - 128) * 256 : data.readInt16LE(index * 2);
  }
  return samples;
}

function mono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  const mixed = new Int16Array(Math.floor(samples.length / 2));
  for (let index = 0; index < mixed.length; index += 1) mixed[index] = ((samples[2 * index] ?? 0) + (samples[2 * index + 1] ?? 0)) / 2;
  return mixed;
}
