// Audio files of any kind as telephone sound: decoded, mixed, filtered, as loud as speech, and looped without a click.
import fc from 'fast-check';
import { WaveFile } from 'wavefile';
import { rms } from '../../../engine/media/loudness';
import { looped, renderMusic, renderRecording } from '../../../engine/media/recording';
import { resampleToTelephone } from '../../../engine/media/resample';
import { composeRingback } from '../../../engine/media/ringback';
import { readWavFile } from '../../../engine/media/wav-file';
import { lookAtAudio } from '../../../storage/administration/audio-file';
import { toneShare } from '../../support/rtp-peer';

const RATES = [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000] as const;
const decibels = (ratio: number): number => 20 * Math.log10(ratio);
const tone = (hz: number, rate: number, seconds = 1, level = 0.5): Float64Array =>
  Float64Array.from({ length: Math.round(rate * seconds) }, (_, index) => level * Math.sin((2 * Math.PI * hz * index) / rate));
const pcm = (samples: Float64Array): Int16Array => Int16Array.from(samples, (sample) => Math.round(sample * 32_767));
const middle = (samples: Float64Array): Float64Array => samples.subarray(1_000, samples.length - 1_000);

type Coding = '8' | '16' | '8a' | '8m';
/** The channels' sounds, written by a package that shares no code with what reads them. */
function wavOf(channels: readonly Float64Array[], rate: number, coding: Coding = '16'): Buffer {
  const scaled = channels.map((samples) => Array.from(samples, (sample) => (coding === '8' ? Math.round(sample * 127) + 128 : Math.round(sample * 32_767))));
  const wav = new WaveFile();
  wav.fromScratch(channels.length, rate, coding === '8' ? '8' : '16', channels.length === 1 ? scaled[0] ?? [] : scaled);
  if (coding === '8a') wav.toALaw();
  if (coding === '8m') wav.toMuLaw();
  return Buffer.from(wav.toBuffer());
}

describe.each(RATES.filter((rate) => rate !== 8_000))('from %d samples a second', (rate) => {
  test('the band of speech passes within 1 dB, up to 3.2 kHz', () => {
    for (const hz of [100, 300, 800, 1_600, 2_400, 2_800, 3_000, 3_100, 3_200]) {
      const output = middle(resampleToTelephone(tone(hz, rate), rate));
      expect({ hz, fits: Math.abs(decibels(rms(output) / (0.5 / Math.SQRT2))) < 1 }).toEqual({ hz, fits: true });
      expect(toneShare(pcm(output), hz)).toBeGreaterThan(0.999);
    }
  });

  test('what is above 4 kHz is at least 50 dB down, wherever it would fold to', () => {
    for (let hz = 4_050; hz < Math.min(rate / 2, 40_000); hz += Math.max(150, rate / 60)) {
      expect({ hz, down: decibels(rms(middle(resampleToTelephone(tone(hz, rate), rate))) / (0.5 / Math.SQRT2)) < -50 }).toEqual({ hz, down: true });
    }
  });

  test('lasts as long as it did', () => {
    expect(resampleToTelephone(tone(500, rate, 2.5), rate).length).toBeCloseTo(20_000, -1);
  });
});

test('what is at 8,000 samples a second already stays as it is', () => {
  const samples = tone(3_900, 8_000);
  expect(resampleToTelephone(samples, 8_000)).toEqual(samples);
});

test('what was recorded at less is brought up without images of itself', () => {
  const output = resampleToTelephone(tone(1_000, 6_000), 6_000);
  expect(output).toHaveLength(8_000);
  expect(toneShare(pcm(middle(output)), 1_000)).toBeGreaterThan(0.999);
});

describe('a WAV file', () => {
  test.each<Coding>(['8', '16', '8a', '8m'])('coded as %s is heard as it was', (coding) => {
    const { samples, rate } = readWavFile(wavOf([tone(700, 8_000)], 8_000, coding));
    expect(rate).toBe(8_000);
    expect(samples).toHaveLength(8_000);
    expect(Math.abs(decibels(rms(samples) / (0.5 / Math.SQRT2)))).toBeLessThan(0.2);
    expect(toneShare(pcm(samples), 700)).toBeGreaterThan(0.998);
  });

  test.each([1, 2, 3, 6])('of %d channels is mixed to one, no louder than they were', (count) => {
    const channels = Array.from({ length: count }, (_, index) => tone(500 + 200 * index, 16_000));
    const { samples } = readWavFile(wavOf(channels, 16_000));
    expect(samples).toHaveLength(16_000);
    expect(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThanOrEqual(0.51);
    const shares = channels.map((_, index) => toneShare(pcm(resampleToTelephone(samples, 16_000)), 500 + 200 * index));
    for (const share of shares) expect(share).toBeCloseTo(1 / count, 1);
  });

  test('of the extensible format, with chunks nobody knows, and cut off in its data', () => {
    const plain = wavOf([tone(700, 8_000)], 8_000);
    const extensible = Buffer.alloc(40);
    plain.copy(extensible, 0, 20, 36);
    extensible.writeUInt16LE(0xfffe, 0);
    extensible.writeUInt16LE(1, 24);
    const chunk = (id: string, body: Buffer): Buffer => {
      const head = Buffer.alloc(8);
      head.write(id, 0, 'latin1');
      head.writeUInt32LE(body.length, 4);
      return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
    };
    const file = Buffer.concat([plain.subarray(0, 12), chunk('LIST', Buffer.from('odd')), chunk('fmt ', extensible), chunk('data', plain.subarray(44))]);
    expect(readWavFile(file).samples).toHaveLength(8_000);
    expect(readWavFile(file.subarray(0, file.length - 4_001)).samples).toHaveLength(5_999);
  });

  const plain = wavOf([tone(700, 8_000, 0.1)], 8_000);
  const changed = (change: (file: Buffer) => void): Buffer => {
    const file = Buffer.from(plain);
    change(file);
    return file;
  };
  test.each([
    ['no bytes', Buffer.alloc(0), 'This is not a WAV file.'],
    ['another kind of file', Buffer.from('ID3 this is a song of another kind'), 'This is not a WAV file.'],
    ['a head and nothing else', plain.subarray(0, 12), 'This WAV file does not say what its format is.'],
    ['a format and no data', plain.subarray(0, 36), 'This WAV file holds no data.'],
    ['24 bits', changed((file) => file.writeUInt16LE(24, 34)), 'This WAV file is of format 1 with 24 bits; linear 8 or 16 bit, A-law and µ-law can be read.'],
    ['MP3 inside', changed((file) => file.writeUInt16LE(0x55, 20)), 'This WAV file is of format 85 with 16 bits; linear 8 or 16 bit, A-law and µ-law can be read.'],
    ['no channel', changed((file) => file.writeUInt16LE(0, 22)), 'This WAV file has 0 channels; 1 to 32 can be read.'],
    ['one sample a second', changed((file) => file.writeUInt32LE(1, 24)), 'This WAV file has 1 samples a second; 4000 to 192000 can be read.'],
  ])('with %s: refused, and why', (_what, file, reason) => {
    expect(() => readWavFile(file)).toThrow(reason);
  });

  test('that was let in when it was sent can be read when it is played, whatever was done to it', () => {
    const long = wavOf([tone(700, 16_000, 0.2), tone(900, 16_000, 0.2)], 16_000);
    const [riff, fmt, data] = [long.subarray(0, 12), long.subarray(12, 36), long.subarray(36)];
    const swapped = Buffer.concat([riff, data, fmt]);
    let letIn = 0;
    fc.assert(fc.property(fc.constantFrom(long, swapped), fc.array(fc.tuple(fc.integer({ min: 12, max: 43 }), fc.integer({ min: 0, max: 255 })), { maxLength: 2 }), (file, edits) => {
      const bytes = Buffer.from(file);
      for (const [at, value] of edits) bytes[at] = value;
      const looked = lookAtAudio(bytes);
      if (!looked.ok) return;
      letIn += 1;
      const { samples, rate } = readWavFile(bytes);
      expect(rate).toBe(looked.rate);
      expect(Math.abs((samples.length * 1000) / rate - looked.durationMs)).toBeLessThan(2);
    }), { numRuns: 500 });
    expect(letIn).toBeGreaterThan(50);
  });

  test('of any bytes at all is read or refused', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: plain.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }), fc.integer({ min: 0, max: plain.length }), (edits, length) => {
      const file = changed((bytes) => { for (const [at, value] of edits) bytes[at] = value; }).subarray(0, length);
      try {
        expect(readWavFile(file).rate).toBeGreaterThanOrEqual(4_000);
      } catch (fault) {
        expect(fault).toMatchObject({ code: 'UNREADABLE_WAV' });
      }
    }));
  });
});

describe('a recording', () => {
  test.each([0.003, 0.05, 0.9])('recorded at a level of %d is as loud as speech, and ends on a packet', (level) => {
    const sound = renderRecording(wavOf([tone(500, 44_100, 1.013, level)], 44_100)) ?? new Int16Array();
    expect(sound.length % 160).toBe(0);
    expect(Math.abs(decibels(rms(Float64Array.from(sound.subarray(0, 8_000), (sample) => sample / 32_767))) + 20)).toBeLessThan(0.5);
  });

  test('keeps the silence in it and around it', () => {
    const recorded = new Float64Array(24_000);
    recorded.set(tone(500, 8_000), 8_000);
    const sound = renderRecording(wavOf([recorded], 8_000));
    expect(sound).toHaveLength(24_000);
    expect(sound?.subarray(0, 8_000).every((sample) => sample === 0)).toBe(true);
  });

  test('of silence alone stays silent; of nothing at all there is nothing to hear', () => {
    expect(renderRecording(wavOf([new Float64Array(8_000)], 8_000))?.every((sample) => sample === 0)).toBe(true);
    expect(renderRecording(wavOf([new Float64Array(0)], 8_000))).toBeNull();
  });
});

describe('music of one’s own', () => {
  /** The greatest step between samples, and the greatest change of that step, over the seam and inside. */
  function steps(samples: Float64Array): { readonly seam: number; readonly inside: number; readonly seamBend: number; readonly insideBend: number } {
    const at = (index: number): number => samples[(index + samples.length) % samples.length] ?? 0;
    const step = (index: number): number => Math.abs(at(index + 1) - at(index));
    const bend = (index: number): number => Math.abs(at(index + 1) - 2 * at(index) + at(index - 1));
    const inside = Array.from({ length: samples.length - 4 }, (_, index) => index + 1);
    const over = [-2, -1, 0];
    const greatest = (of: (index: number) => number, where: readonly number[]): number => where.reduce((most, index) => Math.max(most, of(index)), 0);
    return { seam: greatest(step, over), inside: greatest(step, inside), seamBend: greatest(bend, over), insideBend: greatest(bend, inside) };
  }

  test.each([[437, 3.337], [1_000, 1.00025], [60, 0.77]])('%d Hz that ends anywhere in its wave loops without a click', (hz, seconds) => {
    const abrupt = tone(hz, 8_000, seconds);
    const { seam, inside, seamBend, insideBend } = steps(looped(abrupt));
    expect(seam).toBeLessThanOrEqual(inside * 1.01);
    expect(seamBend).toBeLessThanOrEqual(insideBend * 1.05);
    // The measure would notice a click.
    expect(steps(abrupt).seamBend).toBeGreaterThan(insideBend * 1.5);
  });

  test('noise is as loud at the seam as everywhere', () => {
    let seed = 1;
    const noise = Float64Array.from({ length: 16_000 }, () => (seed = (seed * 16_807) % 2_147_483_647) / 1_073_741_824 - 1);
    const loop = looped(noise);
    expect(Math.abs(decibels(rms(loop.subarray(0, 320)) / rms(loop)))).toBeLessThan(1);
  });

  test('is shorter by the seam alone, and the shortest file survives', () => {
    expect(renderMusic(wavOf([tone(500, 8_000)], 8_000))).toHaveLength(8_000 - 320);
    expect(renderMusic(wavOf([tone(500, 8_000, 0.001)], 8_000))).toHaveLength(6);
    expect(renderMusic(wavOf([Float64Array.of(0.5)], 8_000))).toHaveLength(1);
  });
});

describe('the tone of a phone that rings elsewhere', () => {
  const ring = composeRingback();
  test('425 Hz for one second in five, in whole packets, as loud as speech, without a click', () => {
    expect(ring).toHaveLength(40_000);
    expect(toneShare(ring.subarray(160, 7_840), 425)).toBeGreaterThan(0.999);
    expect(ring.subarray(8_000).every((sample) => sample === 0)).toBe(true);
    expect(Math.abs(decibels(rms(Float64Array.from(ring.subarray(160, 7_840), (sample) => sample / 32_767))) + 20)).toBeLessThan(0.2);
    expect(Math.max(Math.abs(ring[1] ?? 0), Math.abs(ring[7_999] ?? 0))).toBeLessThan(100);
  });
});
