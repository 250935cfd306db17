// What is said or played to a caller.
import { z } from 'zod';
import { LIMITS } from './limits';
import { text } from './fields';

/** Spoken text, rendered in the workflow's language. Plain text; nothing in it is markup. */
export const prompt = z.object({ text: text(LIMITS.promptTextLength) });
export type Prompt = z.output<typeof prompt>;

/** What happens to a call that is turned away: an optional spoken message, then the end of the call. */
export const callAction = z.discriminatedUnion('kind', [z.object({ kind: z.literal('disconnect'), prompt: prompt.nullable() })]);
export type CallAction = z.output<typeof callAction>;
