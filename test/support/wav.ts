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
