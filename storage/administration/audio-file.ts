// Looks at the bytes of an audio file before it is kept: a wrong one is refused with the reason when it is sent, never at the call.
import { WaveFile } from 'wavefile';
import { LIMITS } from '../model/limits';
import { ruleText, type Rule, type RuleCode, type RuleParams } from '../model/rules';

export type WavFormat = 'pcm8' | 'pcm16' | 'alaw' | 'mulaw';
export type LookedAt =
  | { readonly ok: true; readonly durationMs: number; readonly format: WavFormat; readonly rate: number; readonly channels: number }
  /** `field` is what is wrong, `value` what it is, and `message` what is allowed. */
  | { readonly ok: false; readonly field: 'size' | 'kind' | 'format' | 'rate' | 'channels' | 'duration' | 'data'; readonly value: string | number; readonly message: string; readonly rule: Rule };

export const AUDIO_LIMITS = { rate: { min: 4_000, max: 96_000 }, channels: { min: 1, max: 8 }, durationMs: { min: 100 } } as const;

const EXTENSIBLE = 0xfffe;
const RIFF_HEADER = 12;
const CHUNK_HEADER = 8;

interface Chunk { readonly start: number; readonly size: number }

/** Never throws, whatever the bytes are. WAV as in the RIFF specification of 1991, and WAVE_FORMAT_EXTENSIBLE. */
export function lookAtAudio(bytes: Buffer): LookedAt {
  const { max } = LIMITS.audioFileBytes;
  if (bytes.length === 0 || bytes.length > max) return wrong('size', bytes.length, 'fileBytes', { max, megabytes: max / 1024 / 1024 });
  if (bytes.length < RIFF_HEADER || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') return wrong('kind', kindOf(bytes), 'wavFile');
  const chunks = chunksOf(bytes);
  const fmt = chunks.get('fmt ');
  if (!fmt || fmt.size < 16 || fmt.start + fmt.size > bytes.length) return wrong('data', 'fmt', 'fileWhole');
  const tag = bytes.readUInt16LE(fmt.start);
  // An extensible format names the real one in the first two bytes of its GUID.
  const code = tag === EXTENSIBLE && fmt.size >= 40 ? bytes.readUInt16LE(fmt.start + 24) : tag;
  const channels = bytes.readUInt16LE(fmt.start + 2);
  const rate = bytes.readUInt32LE(fmt.start + 4);
  const frameBytes = bytes.readUInt16LE(fmt.start + 12);
  const bits = bytes.readUInt16LE(fmt.start + 14);
  const format = formatOf(code, bits);
  if (format === null) return wrong('format', `${nameOf(code)}, ${bits} bits`, 'wavFormat');
  if (channels < AUDIO_LIMITS.channels.min || channels > AUDIO_LIMITS.channels.max) return wrong('channels', channels, 'range', AUDIO_LIMITS.channels);
  if (rate < AUDIO_LIMITS.rate.min || rate > AUDIO_LIMITS.rate.max) return wrong('rate', rate, 'sampleRate', AUDIO_LIMITS.rate);
  if (frameBytes !== channels * bits / 8) return wrong('format', frameBytes, 'frameBytes', { bytes: channels * bits / 8, channels, bits });
  const data = chunks.get('data');
  if (!data) return wrong('data', 'data', 'fileWhole');
  if (data.start + data.size > bytes.length) return wrong('data', `${bytes.length - data.start} of ${data.size} bytes`, 'fileWhole');
  const durationMs = Math.floor(data.size / frameBytes / rate * 1_000);
  if (durationMs < AUDIO_LIMITS.durationMs.min) return wrong('duration', durationMs, 'tooShort', AUDIO_LIMITS.durationMs);
  return isReadable(bytes) ? { ok: true, durationMs, format, rate, channels } : wrong('data', 'chunks', 'wellFormed');
}

const wrong = (field: (LookedAt & { readonly ok: false })['field'], value: string | number, code: RuleCode, params: RuleParams = {}): LookedAt => ({ ok: false, field, value, message: ruleText(code, params), rule: { code, params } });

/** The first chunk of each name. Chunks are padded to even sizes. */
function chunksOf(bytes: Buffer): ReadonlyMap<string, Chunk> {
  const chunks = new Map<string, Chunk>();
  for (let at = RIFF_HEADER; at + CHUNK_HEADER <= bytes.length;) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (!chunks.has(name)) chunks.set(name, { start: at + CHUNK_HEADER, size });
    at += CHUNK_HEADER + size + size % 2;
  }
  return chunks;
}

function formatOf(code: number, bits: number): WavFormat | null {
  if (code === 1) return bits === 8 ? 'pcm8' : bits === 16 ? 'pcm16' : null;
  if (bits !== 8) return null;
  return code === 6 ? 'alaw' : code === 7 ? 'mulaw' : null;
}

function nameOf(code: number): string {
  const known: Readonly<Record<number, string>> = { 1: 'PCM', 2: 'ADPCM', 3: 'floating point', 6: 'A-law', 7: 'µ-law', 17: 'IMA ADPCM', 49: 'GSM', 85: 'MP3' };
  return known[code] ?? `format ${code}`;
}

/** What the first bytes look like, for people who sent another kind of file. */
function kindOf(bytes: Buffer): string {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('ID3') || (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0)) return 'MP3';
  if (head.startsWith('OggS')) return 'Ogg';
  if (head.startsWith('fLaC')) return 'FLAC';
  if (head.slice(4, 8) === 'ftyp') return 'MP4';
  return 'unknown';
}

/** Whether the reader that plays it later can read it. */
function isReadable(bytes: Buffer): boolean {
  try {
    new WaveFile(bytes);
    return true;
  } catch {
    return false;
  }
}
