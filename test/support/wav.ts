// WAV files for tests, made by a package that shares no code with what reads them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WaveFile } from 'wavefile';

/** Writes 16-bit mono at 8 kHz and returns its path. */
export function writeWav(folder: string, name: string, samples: Int16Array): string {
  const wav = new WaveFile();
  wav.fromScratch(1, 8000, '16', samples);
  const path = join(folder, name);
  writeFileSync(path, wav.toBuffer());
  return path;
}

/** A whole WAV file in memory: a sine at half of full scale, 16-bit mono at any rate. */
export function toneWav(hz: number, ms: number, rate: number): Buffer {
  const wav = new WaveFile();
  wav.fromScratch(1, rate, '16', Int16Array.from({ length: Math.round((rate * ms) / 1000) }, (_, index) => Math.round(16_384 * Math.sin((2 * Math.PI * hz * index) / rate))));
  return Buffer.from(wav.toBuffer());
}
