// Brings sound to 8,000 samples a second behind a low-pass filter, so that nothing above the telephone band folds down into it.

const TELEPHONE_RATE = 8_000;
/** Half of full amplitude is reached here; the band above 4 kHz is at least 60 dB down. Sound that was recorded at less than 8 kHz ends earlier, in proportion. */
const CUTOFF_HZ = 3_500;
/** The filter's reach to either side, in periods of the slower of the two rates. */
const REACH = 24;
/** Kaiser window, about 70 dB. */
const BETA = 7;

/** Windowed-sinc interpolation, computed once for each of the repeating phases between the two rates. `rate` is a whole number of hertz. What is at 8,000 already stays as it is. */
export function resampleToTelephone(samples: Float64Array, rate: number): Float64Array {
  if (rate === TELEPHONE_RATE) return samples;
  const divisor = greatestCommonDivisor(rate, TELEPHONE_RATE);
  const [step, phases] = [rate / divisor, TELEPHONE_RATE / divisor];
  const half = Math.ceil(REACH * Math.max(1, rate / TELEPHONE_RATE));
  const cutoffHz = CUTOFF_HZ * Math.min(1, rate / TELEPHONE_RATE);
  const filters = Array.from({ length: phases }, (_, phase) => filterAt(phase / phases, half, rate, cutoffHz));
  const output = new Float64Array(Math.floor((samples.length * phases) / step));
  for (let index = 0; index < output.length; index += 1) {
    const position = index * step;
    const centre = Math.floor(position / phases);
    const filter = filters[position % phases];
    let sum = 0;
    for (let tap = -half; tap <= half; tap += 1) sum += (samples[centre + tap] ?? 0) * (filter?.[tap + half] ?? 0);
    output[index] = sum;
  }
  return output;
}

/** The taps for an output sample `fraction` of an input sample after the centre, with a gain of one at 0 Hz. */
function filterAt(fraction: number, half: number, rate: number, cutoffHz: number): Float64Array {
  const taps = new Float64Array(2 * half + 1);
  const width = half + 1;
  let sum = 0;
  for (let tap = -half; tap <= half; tap += 1) {
    const distance = tap - fraction;
    const angle = (2 * Math.PI * cutoffHz * distance) / rate;
    const sinc = distance === 0 ? 1 : Math.sin(angle) / angle;
    const weight = sinc * besselZero(BETA * Math.sqrt(Math.max(0, 1 - (distance / width) ** 2)));
    taps[tap + half] = weight;
    sum += weight;
  }
  return taps.map((tap) => tap / sum);
}

/** Modified Bessel function of the first kind and order zero, by its series. */
function besselZero(x: number): number {
  let [sum, term] = [1, 1];
  for (let index = 1; index < 40; index += 1) {
    term *= (x / (2 * index)) ** 2;
    sum += term;
  }
  return sum;
}

const greatestCommonDivisor = (one: number, other: number): number => (other === 0 ? one : greatestCommonDivisor(other, one % other));
