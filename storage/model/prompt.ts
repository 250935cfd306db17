// What is said or played to a caller: a spoken text, or an audio file.
import { z } from 'zod';
import { LIMITS } from './limits';
import { text } from './fields';
import { schemaRule } from './rules';

/** A WAV file that was looked at and kept (storage/audio.ts); its id is the SHA-256 of its bytes. */
export const audioFile = z.object({
  audioId: z.string().regex(/^[0-9a-f]{64}$/, schemaRule('audioMissing', {}, 'must be the id of an audio file that was kept')),
  /** As the person who sent it calls it. */
  fileName: text({ min: 1, max: 128 }),
  durationMs: z.int().min(1),
});
export type AudioFile = z.output<typeof audioFile>;

/** Spoken text, rendered in the workflow's language, is plain: nothing in it is markup. The audio file wins when both are set. */
export const prompt = z.object({ text: text({ min: 0, max: LIMITS.promptTextLength.max }).default(''), audio: audioFile.nullable().default(null) })
  .refine((one) => one.text !== '' || one.audio !== null, schemaRule('promptNeeded'));
export type Prompt = z.output<typeof prompt>;
