// Makes sound equally loud whatever it came from, and cuts the silence around it. Samples run from -1 to 1.

export const RATE = 8_000;
/** Sounds end on whole packets of 20 ms. */
export const FRAME = 160;
const TARGET_RMS = 10 ** (-20 / 20);
const HIGHEST_PEAK = 10 ** (-3 / 20);
/** Frames this far below the loudest one are pauses and do not count. */
const PAUSE_RATIO = 10 ** (-30 / 20);
/** Below this everywhere there is nothing to be heard. */
const SILENT_RMS = 10 ** (-60 / 20);

/** Root mean square. */
export function rms(samples: Float64Array): number {
  return samples.length === 0 ? 0 : Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

function frameLevels(samples: Float64Array): number[] {
  const levels: number[] = [];
  for (let at = 0; at < samples.length; at += FRAME) levels.push(rms(samples.subarray(at, at + FRAME)));
  return levels;
}

/** To −20 dBFS RMS over what is not pause, unless the peak would exceed −3 dBFS. Null when there is nothing to be heard. */
export function normalise(samples: Float64Array): Float64Array | null {
  const levels = frameLevels(samples);
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  if (loudest < SILENT_RMS) return null;
  const active = levels.filter((level) => level >= loudest * PAUSE_RATIO);
  const level = Math.sqrt(active.reduce((sum, value) => sum + value * value, 0) / active.length);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const gain = Math.min(TARGET_RMS / level, HIGHEST_PEAK / peak);
  return samples.map((sample) => sample * gain);
}

/** Trims silence at both ends and puts `beforeMs` and at least `afterMs` of it there instead. */
export function frameWithSilence(samples: Float64Array, beforeMs: number, afterMs: number): Float64Array {
  const levels = frameLevels(samples);
  const audible = (level: number): boolean => level >= SILENT_RMS;
  const first = Math.max(0, levels.findIndex(audible));
  const last = levels.length - 1 - Math.max(0, [...levels].reverse().findIndex(audible));
  const kept = samples.subarray(first * FRAME, (last + 1) * FRAME);
  const before = (beforeMs * RATE) / 1000;
  const framed = new Float64Array(Math.ceil((before + kept.length + (afterMs * RATE) / 1000) / FRAME) * FRAME);
  framed.set(kept, before);
  return framed;
}

/** 16-bit linear. */
export function toPcm(samples: Float64Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767))));
}
