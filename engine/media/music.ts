// The music on hold, composed for this project and synthesised from its score: soft chords under a slow arpeggio, 51.2 s, without a seam.
import { RATE, normalise, toPcm } from './loudness';

const BEAT_SECONDS = 0.8;
const BEATS_A_BAR = 4;
/** Four notes a bar, as MIDI numbers, lowest first: I vi ii V, I iii IV V, vi IV I V, ii V I I, in C with sevenths and sixths. */
const CHORDS: readonly (readonly [number, number, number, number])[] = [
  [48, 59, 64, 67], [45, 60, 64, 67], [50, 60, 65, 69], [43, 59, 62, 69],
  [48, 62, 64, 67], [52, 59, 62, 67], [53, 60, 64, 69], [43, 60, 62, 65],
  [45, 60, 64, 71], [53, 60, 67, 69], [48, 59, 64, 67], [43, 59, 62, 64],
  [50, 60, 65, 69], [43, 59, 65, 69], [48, 59, 64, 67], [48, 62, 64, 69],
];
/** Which note of the chord each half beat of a bar plays, an octave up; null is a rest. */
const FIGURES: readonly (readonly (number | null)[])[] = [
  [1, 2, 3, null, 2, 3, null, 1],
  [3, null, 2, 1, null, 2, 3, null],
];
/** Times after a plucked note at which it is heard again, in beats, and how loud. */
const ECHOES: readonly (readonly [number, number])[] = [[0, 1], [0.75, 0.35], [1.5, 0.14]];
/** Nothing is synthesised above this, which is what a telephone passes. */
const HIGHEST_HZ = 3_300;
export const MUSIC_SECONDS = CHORDS.length * BEATS_A_BAR * BEAT_SECONDS;

/** One voice: how its loudness runs over time, and its partials as multiples of the pitch with their share. */
interface Voice {
  readonly attackSeconds: number;
  readonly holdSeconds: number;
  readonly releaseSeconds: number;
  /** After the attack the sound falls to 1/e in this time; Infinity holds it. */
  readonly decaySeconds: number;
  readonly partials: readonly (readonly [number, number])[];
}

const BAR_SECONDS = BEATS_A_BAR * BEAT_SECONDS;
const PAD: Voice = {
  attackSeconds: 0.9, holdSeconds: BAR_SECONDS - 0.9, releaseSeconds: 1.4, decaySeconds: Infinity,
  // Two strings a little apart beat slowly against each other; both pitches close the loop, since each note ends before it comes round.
  partials: [[0.9985, 0.5], [1.0015, 0.5], [2.001, 0.16], [3, 0.06]],
};
const BASS: Voice = { attackSeconds: 0.08, holdSeconds: BAR_SECONDS - 0.4, releaseSeconds: 0.5, decaySeconds: 2.5, partials: [[1, 0.6], [2, 0.5], [3, 0.25], [4, 0.1]] };
const PLUCK: Voice = { attackSeconds: 0.012, holdSeconds: 1.3, releaseSeconds: 0.25, decaySeconds: 0.38, partials: [[1, 1], [2, 0.28], [3, 0.09], [4.02, 0.04]] };

const pitchHz = (midi: number): number => 440 * 2 ** ((midi - 69) / 12);
/** Half a cosine from 0 to 1, so that no edge clicks. */
const rise = (share: number): number => (1 - Math.cos(Math.PI * Math.min(1, Math.max(0, share)))) / 2;

/** The whole piece, 8,000 samples a second, at −20 dBFS. Its last sample leads into its first: every note that rings over the end rings on at the beginning. */
export function composeMusic(): Int16Array {
  const piece = new Float64Array(Math.round(MUSIC_SECONDS * RATE));
  const [bassEnvelope, padEnvelope, pluckEnvelope] = [BASS, PAD, PLUCK].map(envelopeOf) as [Float64Array, Float64Array, Float64Array];
  CHORDS.forEach((chord, bar) => {
    const [bass, ...upper] = chord;
    const startSeconds = bar * BAR_SECONDS;
    addNote(piece, BASS, bassEnvelope, pitchHz(bass), startSeconds, 0.34);
    for (const midi of upper) addNote(piece, PAD, padEnvelope, pitchHz(midi), startSeconds, 0.2);
    FIGURES[bar % FIGURES.length]?.forEach((note, halfBeat) => {
      const midi = note === null ? undefined : chord[note];
      if (midi === undefined) return;
      const accent = halfBeat % 4 === 0 ? 0.4 : 0.3;
      for (const [beats, share] of ECHOES) addNote(piece, PLUCK, pluckEnvelope, pitchHz(midi + 12), startSeconds + (halfBeat / 2 + beats) * BEAT_SECONDS, accent * share);
    });
  });
  return toPcm(normalise(piece) ?? piece);
}

/** How loud a voice is at each sample of a note. */
function envelopeOf({ attackSeconds, holdSeconds, releaseSeconds, decaySeconds }: Voice): Float64Array {
  return new Float64Array(Math.round((attackSeconds + holdSeconds + releaseSeconds) * RATE)).map((_, index) => {
    const seconds = index / RATE;
    const fade = rise(seconds / attackSeconds) * (1 - rise((seconds - attackSeconds - holdSeconds) / releaseSeconds));
    return fade * Math.exp(-Math.max(0, seconds - attackSeconds) / decaySeconds);
  });
}

/** Adds one note, bent round from the end of the piece to its beginning. Each sine is run by its recurrence, from one sample to the next. */
function addNote(piece: Float64Array, voice: Voice, envelope: Float64Array, hz: number, startSeconds: number, level: number): void {
  for (const [multiple, share] of voice.partials) {
    if (hz * multiple >= HIGHEST_HZ) continue;
    const radians = (2 * Math.PI * hz * multiple) / RATE;
    const turn = 2 * Math.cos(radians);
    let [before, sample] = [-Math.sin(radians), 0];
    let at = Math.round(startSeconds * RATE) % piece.length;
    for (const loudness of envelope) {
      piece[at] = (piece[at] ?? 0) + sample * loudness * share * level;
      [before, sample] = [sample, turn * sample - before];
      at = at + 1 === piece.length ? 0 : at + 1;
    }
  }
}
