// What is written down of an anchor, so that another engine can go on with it: the media server holds the ports and the sound themselves.
import { z } from 'zod';

const address = z.object({ address: z.string(), port: z.int() });
const format = z.object({ codec: z.enum(['PCMA', 'PCMU']), payloadType: z.int(), eventsPayloadType: z.int().nullable() });

const side = z.object({
  described: z.string(), at: address, certain: z.boolean(), party: z.int(), ours: address, version: z.int(), holds: z.boolean(), blocked: z.boolean(),
  /** What is played to it: until when, where it ends by itself. */
  playing: z.union([z.null(), z.literal('forEver'), z.object({ until: z.coerce.date() })]),
});

export const mediaKept = z.object({ sessionId: z.number(), format: format.nullable(), joined: z.boolean(), legs: z.object({ caller: side, agent: side }) });
export type MediaKept = z.output<typeof mediaKept>;
