// An audio file of somebody's as telephone sound: one channel, 8 kHz, as loud as what the voice says; and, as music, without an end.
import { FRAME, normalise, RATE, toPcm } from './loudness';
import { resampleToTelephone } from './resample';
import { readWavFile } from './wav-file';

/** Over this long the end of a piece fades into its beginning: too short to be heard as such, too long to click. */
const SEAM_MS = 40;

/** Silence stays as it was recorded: it may be meant. @throws UnreadableWav */
export function renderRecording(file: Uint8Array): Int16Array | null {
  const sound = atTelephoneRate(file);
  return sound && toPcm(onWholePackets(sound));
}

/** The same, to be played again and again: its last sample leads into its first. @throws UnreadableWav */
export function renderMusic(file: Uint8Array): Int16Array | null {
  const sound = atTelephoneRate(file);
  return sound && toPcm(looped(sound));
}

/** Null when there is not one sample in it. */
function atTelephoneRate(file: Uint8Array): Float64Array | null {
  const { samples, rate } = readWavFile(file);
  const sound = resampleToTelephone(samples, rate);
  return sound.length === 0 ? null : normalise(sound) ?? sound;
}

function onWholePackets(sound: Float64Array): Float64Array {
  const whole = new Float64Array(Math.ceil(sound.length / FRAME) * FRAME);
  whole.set(sound);
  return whole;
}

/** Shorter by the seam. Both sides of it are unlike each other, so that their powers, not their amplitudes, add up to one. */
export function looped(sound: Float64Array): Float64Array {
  const seam = Math.min((SEAM_MS * RATE) / 1000, Math.floor(sound.length / 4));
  const kept = sound.slice(0, sound.length - seam);
  for (let index = 0; index < seam; index += 1) {
    const turn = (Math.PI / 2) * (index / seam);
    kept[index] = (sound[index] ?? 0) * Math.sin(turn) + (sound[kept.length + index] ?? 0) * Math.cos(turn);
  }
  return kept;
}
