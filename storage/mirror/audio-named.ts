// Pure: the sounds that objects name, wherever in them.
import { audioFile, type AudioFile } from '../model/prompt';

/** Each once. */
export function audioNamedIn(value: unknown): AudioFile[] {
  const found = new Map<string, AudioFile>();
  const look = (one: unknown): void => {
    if (typeof one !== 'object' || one === null || one instanceof Date) return;
    if ('audioId' in one) {
      const parsed = audioFile.safeParse(one);
      if (parsed.success) found.set(parsed.data.audioId, parsed.data);
      return;
    }
    for (const inner of Object.values(one)) look(inner);
  };
  look(value);
  return [...found.values()];
}
