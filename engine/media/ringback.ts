// The tone of a phone that rings elsewhere: 425 Hz, one second in five, as most of the world knows it (ITU-T E.180, E.182).
import { RATE, toPcm } from './loudness';

const HZ = 425;
const ON_SECONDS = 1;
const CYCLE_SECONDS = 5;
/** Each burst rises and falls over this long, so that it does not click. */
const EDGE_SECONDS = 0.01;
/** −17 dBFS at the peak: −20 dBFS RMS, as loud as speech. */
const LEVEL = 10 ** (-17 / 20);

/** One cycle, in whole packets; it begins with the burst, so that whoever waits hears at once that it rings. */
export function composeRingback(): Int16Array {
  return toPcm(new Float64Array(CYCLE_SECONDS * RATE).map((_, index) => {
    const seconds = index / RATE;
    if (seconds >= ON_SECONDS) return 0;
    const edge = Math.min(1, Math.min(seconds, ON_SECONDS - seconds) / EDGE_SECONDS);
    return LEVEL * edge * Math.sin(2 * Math.PI * HZ * seconds);
  }));
}
