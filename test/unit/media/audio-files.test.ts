// Which files can be played, as what they sound, and that nothing outside the media folder is ever opened.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alaw, mulaw } from 'alawmulaw';
import fc from 'fast-check';
import { WaveFile } from 'wavefile';
import { AudioFiles } from '../../../engine/edge/media/audio-files';
import { readWav, UnplayableWav } from '../../../engine/edge/media/wav';
import { sine, toneShare } from '../../support/rtp-peer';

const root = mkdtempSync(join(tmpdir(), 'audio-'));
const folder = join(root, 'media');
mkdirSync(folder);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const tone = sine(440, 4000);

function wavOf(channels: number, rate: number, depth: string, samples: Int16Array | Int16Array[]): Buffer {
  const wav = new WaveFile();
  wav.fromScratch(channels, rate, '16', samples);
  if (depth === '8a') wav.toALaw();
  else if (depth === '8m') wav.toMuLaw();
  else if (depth !== '16') wav.toBitDepth(depth);
  return Buffer.from(wav.toBuffer());
}

const DECODE = { PCMA: alaw.decode.bind(alaw), PCMU: mulaw.decode.bind(mulaw) } as const;

describe.each(['PCMA', 'PCMU'] as const)('played in %s', (codec) => {
  test.each<readonly [string, Buffer]>([
    ['linear 16 bit', wavOf(1, 8000, '16', tone)],
    ['linear 8 bit', wavOf(1, 8000, '8', tone)],
    ['A-law', wavOf(1, 8000, '8a', tone)],
    ['µ-law', wavOf(1, 8000, '8m', tone)],
    ['two channels', wavOf(2, 8000, '16', [tone, tone])],
  ])('%s: the tone that is in the file', async (what, bytes) => {
    const name = `${what.replaceAll(' ', '-')}.wav`;
    writeFileSync(join(folder, name), bytes);
    const audio = await new AudioFiles(folder).load(name, codec);
    expect(audio.durationMs).toBe(500);
    expect(toneShare(DECODE[codec](audio.payload), 440)).toBeGreaterThan(0.99);
  });
});

test('a file that is played twice is read and encoded once, and again when it was replaced', async () => {
  const files = new AudioFiles(folder);
  const path = join(folder, 'replaced.wav');
  writeFileSync(path, wavOf(1, 8000, '16', tone));
  const [first, second] = await Promise.all([files.load(path, 'PCMA'), files.load(path, 'PCMA')]);
  expect(second.payload).toBe(first.payload);
  rmSync(path);
  writeFileSync(path, wavOf(1, 8000, '16', sine(1000, 8000)));
  expect((await files.load(path, 'PCMA')).durationMs).toBe(1000);
});

test.each<readonly [string, (place: string) => void]>([
  ['a path that climbs out', () => undefined],
  ['a link that leads out', (place) => symlinkSync(join(root, 'outside.wav'), join(place, 'link.wav'))],
  ['the folder itself', () => undefined],
  ['a file that is not there', () => undefined],
])('%s: refused', async (what, prepare) => {
  writeFileSync(join(root, 'outside.wav'), wavOf(1, 8000, '16', tone));
  prepare(folder);
  const path = { 'a path that climbs out': '../outside.wav', 'a link that leads out': 'link.wav', 'the folder itself': '.', 'a file that is not there': 'none.wav' }[what] ?? '';
  await expect(new AudioFiles(folder).load(path, 'PCMA')).rejects.toBeInstanceOf(UnplayableWav);
});

test.each<readonly [string, Buffer, RegExp]>([
  ['nothing', Buffer.alloc(0), /not a WAV/],
  ['another kind of file', Buffer.from('OggS and then something more'), /not a WAV/],
  ['16,000 samples a second', wavOf(1, 16_000, '16', tone), /16000/],
  ['24 bit', wavOf(1, 8000, '24', tone), /24 bits/],
  ['three channels', wavOf(3, 8000, '16', [tone, tone, tone]), /3 channels/],
])('%s: refused, and the reason says why', (_what, bytes, reason) => {
  expect(() => readWav(bytes)).toThrow(reason);
});

test('a WAV file without sound: refused', async () => {
  writeFileSync(join(folder, 'empty.wav'), wavOf(1, 8000, '16', new Int16Array(0)));
  await expect(new AudioFiles(folder).load('empty.wav', 'PCMA')).rejects.toThrow(/without sound|without data/);
});

test('a file that was cut or changed anywhere is played or refused, never more', () => {
  const whole = wavOf(1, 8000, '16', tone.subarray(0, 40));
  const change = fc.record({ length: fc.nat(whole.length), at: fc.nat(whole.length - 1), byte: fc.nat(255) });
  fc.assert(fc.property(change, ({ length, at, byte }) => {
    const bytes = Buffer.from(whole.subarray(0, length));
    if (at < bytes.length) bytes[at] = byte;
    try {
      readWav(bytes);
    } catch (fault) {
      expect(fault).toBeInstanceOf(UnplayableWav);
    }
  }), { numRuns: 500 });
});
