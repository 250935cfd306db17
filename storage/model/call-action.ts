// Where a call may be sent: call actions, as the original calls them.
import { z } from 'zod';
import { id, sipUri, telephoneNumber, unlike } from './fields';
import { prompt } from './prompt';
import { schemaRule } from './rules';

/** Each may play a prompt first. */
const first = { prompt: prompt.nullable().default(null) };

const VOICEMAIL_URI = schemaRule('voicemailUri');
/** A `sip:` address, or a `tel:` one for a voicemail that has a number. */
const voicemailUri = z.union([sipUri, z.string().trim().toLowerCase().regex(/^tel:/).transform((typed) => typed.slice(4)).pipe(telephoneNumber).transform((number) => `tel:${number}`)], { error: ({ input }) => unlike(input, VOICEMAIL_URI) });

const kinds = [
  z.object({ kind: z.literal('disconnect'), ...first }),
  z.object({ kind: z.literal('voicemail'), uri: voicemailUri, ...first }),
  z.object({ kind: z.literal('number'), number: telephoneNumber, ...first }),
  z.object({ kind: z.literal('sipUri'), uri: sipUri, ...first }),
  z.object({ kind: z.literal('queue'), queueId: id, ...first }),
] as const;

/** What happens to a call that is turned away: at a timeout, an overflow, out of hours, with no agents. */
export const callAction = z.discriminatedUnion('kind', kinds);
export type CallAction = z.output<typeof callAction>;

/** What an answer in an interactive workflow leads to: also a question of the same workflow. */
export const answerAction = z.discriminatedUnion('kind', [...kinds, z.object({ kind: z.literal('question'), questionId: id, ...first })]);
export type AnswerAction = z.output<typeof answerAction>;

/** The call action of something that was not told what to do. */
export const DISCONNECT: CallAction = { kind: 'disconnect', prompt: null };
