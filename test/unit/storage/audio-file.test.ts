// Audio files as they are sent: every format that is kept, and every fault with what is named of it.
import fc from 'fast-check';
import { WaveFile } from 'wavefile';
import { lookAtAudio } from '../../../storage/administration/audio-file';

/** A tone of so many milliseconds, made by the package; formats that it does not write itself are put into its header. */
function wav(format: '8' | '16' | '8a' | '8m' | '24' | '32f', { rate = 16_000, channels = 1, ms = 500 } = {}): Buffer {
  const frames = Math.round(rate * ms / 1_000);
  const file = new WaveFile();
  const depth = format === '8a' || format === '8m' ? '16' : format;
  const samples = Array.from({ length: frames }, (_unused, i) => Math.sin(i / 5) * (depth === '8' ? 100 : depth === '32f' ? 0.5 : 10_000) + (depth === '8' ? 128 : 0));
  file.fromScratch(channels, rate, depth, channels === 1 ? samples : Array.from({ length: channels }, () => samples));
  if (format === '8a') file.toALaw();
  if (format === '8m') file.toMuLaw();
  return Buffer.from(file.toBuffer());
}

describe('is kept, with what it is', () => {
  test.each(['8', '16', '8a', '8m'] as const)('format %s', (format) => {
    const expected = { 8: 'pcm8', 16: 'pcm16', '8a': 'alaw', '8m': 'mulaw' }[format];
    expect(lookAtAudio(wav(format, { rate: 8_000, ms: 250 }))).toEqual({ ok: true, durationMs: 250, format: expected, rate: 8_000, channels: 1 });
  });

  test.each([[4_000, 1], [8_000, 2], [11_025, 1], [44_100, 2], [48_000, 6], [96_000, 8]])('%i Hz with %i channels', (rate, channels) => {
    expect(lookAtAudio(wav('16', { rate, channels, ms: 200 }))).toMatchObject({ ok: true, rate, channels, durationMs: 200 });
  });

  test('an extensible header, by the format it names inside', () => {
    const plain = wav('16');
    const extensible = Buffer.concat([plain.subarray(0, 12), Buffer.alloc(48), plain.subarray(36)]);
    plain.copy(extensible, 12, 12, 36);
    extensible.writeUInt32LE(40, 16);
    extensible.writeUInt16LE(0xfffe, 20);
    extensible.writeUInt16LE(22, 36);
    extensible.writeUInt16LE(16, 38);
    Buffer.from('0100000000001000800000aa00389b71', 'hex').copy(extensible, 44);
    extensible.writeUInt32LE(extensible.length - 8, 4);
    expect(lookAtAudio(extensible)).toMatchObject({ ok: true, format: 'pcm16' });
  });

  test('other chunks before the data', () => {
    const file = new WaveFile(wav('16'));
    file.setTag('ICMT', 'recorded at the desk');
    expect(lookAtAudio(Buffer.from(file.toBuffer()))).toMatchObject({ ok: true, durationMs: 500 });
  });

  test('exactly 4 MB', () => {
    const header = wav('16', { ms: 100 }).subarray(0, 44);
    const file = Buffer.alloc(4 * 1024 * 1024);
    header.copy(file);
    file.writeUInt32LE(file.length - 8, 4);
    file.writeUInt32LE(file.length - 44, 40);
    expect(lookAtAudio(file)).toMatchObject({ ok: true });
  });
});

describe('is refused, with what is wrong and what is allowed', () => {
  const withFormat = (change: (file: Buffer) => void): Buffer => {
    const file = wav('16');
    change(file);
    return file;
  };

  test.each<[string, Buffer, string, string | number, RegExp]>([
    ['an empty file', Buffer.alloc(0), 'size', 0, /4 MB/],
    ['more than 4 MB', Buffer.alloc(4 * 1024 * 1024 + 1), 'size', 4 * 1024 * 1024 + 1, /4194304 bytes/],
    ['an MP3 file', Buffer.from('ID3\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00', 'latin1'), 'kind', 'MP3', /WAV/],
    ['an MP3 file without tags', Buffer.concat([Buffer.from([0xff, 0xfb, 0x90]), Buffer.alloc(40)]), 'kind', 'MP3', /WAV/],
    ['an Ogg file', Buffer.from('OggS'.padEnd(40, '\0')), 'kind', 'Ogg', /WAV/],
    ['a FLAC file', Buffer.from('fLaC'.padEnd(40, '\0')), 'kind', 'FLAC', /WAV/],
    ['an MP4 file', Buffer.from('\0\0\0 ftypM4A '.padEnd(40, '\0')), 'kind', 'MP4', /WAV/],
    ['text', Buffer.from('This is not audio at all.'), 'kind', 'unknown', /WAV/],
    ['24 bits', wav('24'), 'format', 'PCM, 24 bits', /8 or 16 bits, A-law or µ-law/],
    ['floating point', wav('32f'), 'format', 'floating point, 32 bits', /8 or 16 bits/],
    ['ADPCM', withFormat((file) => { file.writeUInt16LE(2, 20); }), 'format', 'ADPCM, 16 bits', /linear PCM/],
    ['A-law of 16 bits', withFormat((file) => { file.writeUInt16LE(6, 20); }), 'format', 'A-law, 16 bits', /linear PCM/],
    ['no channel', withFormat((file) => { file.writeUInt16LE(0, 22); }), 'channels', 0, /1 to 8/],
    ['nine channels', withFormat((file) => { file.writeUInt16LE(9, 22); }), 'channels', 9, /1 to 8/],
    ['a rate too low', withFormat((file) => { file.writeUInt32LE(3_999, 24); }), 'rate', 3_999, /4000 to 96000/],
    ['a rate too high', withFormat((file) => { file.writeUInt32LE(192_000, 24); }), 'rate', 192_000, /4000 to 96000/],
    ['frames that do not fit', withFormat((file) => { file.writeUInt16LE(3, 32); }), 'format', 3, /must be 2 bytes a frame for 1 channels of 16 bits/],
    ['less than 100 ms', wav('16', { ms: 99 }), 'duration', 99, /at least 100 milliseconds/],
    ['a file cut off', wav('16').subarray(0, -100), 'data', '15900 of 16000 bytes', /whole/],
    ['a file cut off in its header', wav('16').subarray(0, 30), 'data', 'fmt', /whole/],
    ['a file cut off before its data', wav('16').subarray(0, 36), 'data', 'data', /whole/],
    ['a length that was never written', withFormat((file) => { file.writeUInt32LE(0xffffffff, 40); }), 'data', '16000 of 4294967295 bytes', /whole/],
  ])('%s', (_what, bytes, field, value, message) => {
    expect(lookAtAudio(bytes)).toMatchObject({ ok: false, field, value, message: expect.stringMatching(message) });
  });
});

test('Whatever bytes are changed or missing, it answers and never throws', () => {
  const whole = wav('16', { ms: 120 });
  fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }), fc.integer({ min: 0, max: whole.length }), (changes, length) => {
    const broken = Buffer.from(whole.subarray(0, length));
    for (const [at, byte] of changes) if (at < broken.length) broken[at] = byte;
    expect(typeof lookAtAudio(broken).ok).toBe('boolean');
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => { expect(lookAtAudio(Buffer.from(bytes)).ok).toBe(false); }));
});
