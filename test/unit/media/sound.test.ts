// The arithmetic of sound: the filter in front of 8 kHz, loudness, and music that has no seam.
import { frameWithSilence, normalise, rms } from '../../../engine/media/loudness';
import { composeMusic, MUSIC_SECONDS } from '../../../engine/media/music';
import { resampleToTelephone } from '../../../engine/media/resample';
import { toneShare } from '../../support/rtp-peer';

const tone = (hz: number, rate: number, count: number, level = 0.5): Float64Array => Float64Array.from({ length: count }, (_, index) => level * Math.sin((2 * Math.PI * hz * index) / rate));
const decibels = (ratio: number): number => 20 * Math.log10(ratio);
const pcm = (samples: Float64Array): Int16Array => Int16Array.from(samples, (sample) => Math.round(sample * 32_767));

describe.each([22_050, 16_000, 44_100])('from %d samples a second', (rate) => {
  test.each([300, 1000, 2500, 3000])('%d Hz passes as it was', (hz) => {
    const output = resampleToTelephone(tone(hz, rate, rate), rate);
    expect(output.length).toBe(8000);
    const middle = output.subarray(1000, 7000);
    expect(Math.abs(decibels(rms(middle) / (0.5 / Math.SQRT2)))).toBeLessThan(0.1);
    expect(toneShare(pcm(middle), hz)).toBeGreaterThan(0.999);
  });

  test.each([4200, 5000, 6500, 7900])('%d Hz does not fold down', (hz) => {
    expect(decibels(rms(resampleToTelephone(tone(hz, rate, rate), rate).subarray(1000, 7000)) / (0.5 / Math.SQRT2))).toBeLessThan(-60);
  });
});

test('soft and loud speech come to the same loudness, and pauses do not count', () => {
  for (const level of [0.01, 0.1, 0.9]) {
    const speech = new Float64Array(16_000);
    speech.set(tone(500, 8000, 8000, level), 4000);
    const even = normalise(speech);
    expect(decibels(rms((even ?? speech).subarray(4000, 12_000)))).toBeCloseTo(-20, 1);
  }
});

test('a peak is never above −3 dBFS, whatever that does to the loudness', () => {
  const clicks = new Float64Array(8000);
  for (let at = 0; at < clicks.length; at += 160) clicks[at] = 0.2;
  const even = normalise(clicks) ?? clicks;
  expect(decibels(even.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0))).toBeCloseTo(-3, 5);
});

test('silence is nothing to be heard', () => {
  expect(normalise(new Float64Array(8000))).toBeNull();
  expect(normalise(new Float64Array(0))).toBeNull();
});

test('silence around sound is cut to what was asked, and the whole ends on a packet', () => {
  const sound = new Float64Array(24_000);
  sound.set(tone(500, 8000, 8000), 8000);
  const framed = frameWithSilence(sound, 200, 300);
  expect(framed.length % 160).toBe(0);
  expect(framed.length / 8000).toBeCloseTo(1.5, 1);
  expect(rms(framed.subarray(0, 1600))).toBe(0);
  expect(rms(framed.subarray(1760, 3000))).toBeGreaterThan(0.3);
  expect(rms(framed.subarray(framed.length - 2400))).toBe(0);
});

describe('the music', () => {
  const music = composeMusic();
  const samples = Float64Array.from(music, (sample) => sample / 32_767);

  test('is the same each time it is rendered', () => {
    expect(Buffer.compare(Buffer.from(composeMusic().buffer), Buffer.from(music.buffer))).toBe(0);
  });

  test('lasts 30 to 60 seconds, in whole packets', () => {
    expect(MUSIC_SECONDS).toBeGreaterThanOrEqual(30);
    expect(MUSIC_SECONDS).toBeLessThanOrEqual(60);
    expect(music.length).toBe(MUSIC_SECONDS * 8000);
    expect(music.length % 160).toBe(0);
  });

  test('is at −20 dBFS and nowhere near clipping', () => {
    expect(Math.abs(decibels(rms(samples)) + 20)).toBeLessThan(1);
    expect(decibels(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0))).toBeLessThan(-3);
  });

  test('steps over its seam as it steps everywhere', () => {
    const steps = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => {
      const at = (offset: number): number => samples[(from + index + offset + samples.length) % samples.length] ?? 0;
      // What a straight line through the last two samples would not have foretold.
      return Math.abs(at(2) - 2 * at(1) + at(0));
    });
    const usual = steps(0, samples.length).reduce((most, step) => Math.max(most, step), 0);
    const inside = steps(1000, samples.length - 2000).reduce((most, step) => Math.max(most, step), 0);
    expect(usual).toBe(inside);
  });

  test('over its seam, neither the step nor its change is greater than nine in ten elsewhere', () => {
    const at = (index: number): number => samples[(index + samples.length) % samples.length] ?? 0;
    const step = (index: number): number => Math.abs(at(index + 1) - at(index));
    const bend = (index: number): number => Math.abs(at(index + 1) - 2 * at(index) + at(index - 1));
    for (const measure of [step, bend]) {
      const usual = Float64Array.from(samples, (_, index) => measure(index)).sort();
      for (const seam of [-2, -1, 0]) expect(measure(seam)).toBeLessThan(usual[Math.floor(usual.length * 0.9)] ?? 0);
    }
  });

  test('is soft: nineteen parts in twenty of it lie below 1 kHz, and next to nothing above 2 kHz', () => {
    const window = 1_024;
    const turns = Float64Array.from({ length: window }, (_, index) => Math.cos((2 * Math.PI * index) / window));
    const power = new Float64Array(window / 2);
    // A plain transform of every fortieth window.
    for (let from = 0; from + window <= samples.length; from += 40 * window) {
      const weighted = samples.subarray(from, from + window).map((sample, index) => sample * (1 - (turns[index] ?? 0)));
      for (let bin = 1; bin < power.length; bin += 1) {
        let [real, imaginary] = [0, 0];
        for (let index = 0; index < window; index += 1) {
          real += (weighted[index] ?? 0) * (turns[(bin * index) % window] ?? 0);
          imaginary += (weighted[index] ?? 0) * (turns[(bin * index + window / 4) % window] ?? 0);
        }
        power[bin] = (power[bin] ?? 0) + real * real + imaginary * imaginary;
      }
    }
    const total = power.reduce((sum, one) => sum + one, 0);
    const below = (hz: number): number => power.subarray(0, (hz * window) / 8000).reduce((sum, one) => sum + one, 0) / total;
    expect(below(1_000)).toBeGreaterThan(0.95);
    expect(1 - below(2_000)).toBeLessThan(0.01);
  });

  test('never falls silent', () => {
    for (let at = 0; at < samples.length; at += 4000) expect(decibels(rms(samples.subarray(at, at + 4000)))).toBeGreaterThan(-35);
  });

  test('holds next to nothing above 3.4 kHz', () => {
    const above = (hz: number): number => toneShare(music.subarray(0, 64_000), hz);
    for (let hz = 3450; hz < 4000; hz += 25) expect(above(hz)).toBeLessThan(1e-4);
  });
});
