// Spoken text as telephone sound: espeak-ng compiled to WebAssembly, then brought to 8 kHz and to one loudness. Blocks while it speaks.
import text2wav from 'text2wav';
import { WaveFile } from 'wavefile';
import { frameWithSilence, normalise, toPcm } from './loudness';
import { resampleToTelephone } from './resample';
import { readWavFile } from './wav-file';

const BEFORE_MS = 200;
const AFTER_MS = 300;
/** A little slower than espeak-ng's own 175 words a minute: callers hear it once, over a telephone. */
const WORDS_A_MINUTE = 155;

/** 8,000 samples a second, a whole number of 20 ms packets. Null when nothing in the text can be heard. */
export async function speak(text: string, voice: string): Promise<Int16Array | null> {
  const wav = new WaveFile(await text2wav(asArgument(text), { voice, speed: WORDS_A_MINUTE }));
  const { sampleRate } = wav.fmt as { sampleRate: number };
  return asPrompt(wav.getSamples().map((sample) => sample / 32_768), sampleRate);
}

/** What another voice said, as a WAV file, brought to the same shape. @throws UnreadableWav */
export function renderSpoken(file: Uint8Array): Int16Array | null {
  const { samples, rate } = readWavFile(file);
  return asPrompt(samples, rate);
}

function asPrompt(samples: Float64Array, rate: number): Int16Array | null {
  const level = normalise(resampleToTelephone(samples, rate));
  return level && toPcm(frameWithSilence(level, BEFORE_MS, AFTER_MS));
}

/**
 * The text travels as a command-line argument: one that begins with a dash would be an option, and two brackets would begin phonemes.
 * Control characters are spaces.
 */
function asArgument(text: string): string {
  return ` ${text.replace(/[\u0000-\u001f\u007f]+/g, ' ').replace(/\[\[/g, '[ [')}`;
}
