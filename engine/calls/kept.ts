// What is written down of a call's sound and legs, so that another engine can go on with them.
import { z } from 'zod';
import { audioFile, prompt } from '../../storage/model/prompt';

const sound = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('prompt'), prompt, language: z.string() }),
  z.object({ kind: z.literal('music'), audio: audioFile.nullable() }),
  z.object({ kind: z.literal('ringback') }),
  z.object({ kind: z.literal('callBack'), promised: z.boolean(), language: z.string() }),
  z.object({ kind: z.literal('announcement'), position: z.number().nullable(), waitSeconds: z.number().nullable(), language: z.string() }),
]);

export const roomKept = z.object({
  arrival: z.object({
    callId: z.string(), dialledUser: z.string(), dialled: z.string(), callerNumber: z.string(), callerName: z.string(), agentId: z.string().nullable(),
    trunk: z.object({ id: z.string(), federated: z.boolean() }).nullable(), timesHere: z.int(),
  }),
  offerSdp: z.string().nullable(),
  /** What the caller was answered, or is to be. */
  callerSdp: z.string().nullable(),
  anchored: z.object({ callerSdp: z.string(), agentOfferSdp: z.string() }).nullable(),
  latestPlayId: z.string().nullable(),
  background: z.object({ type: z.literal('play'), callId: z.string(), playId: z.string(), sound, repeat: z.boolean() }).nullable(),
  /** Whether the background is heard. */
  sounding: z.boolean(),
  joined: z.string().nullable(),
  talking: z.boolean(),
  callerHolds: z.boolean(),
  heldMusic: z.array(z.enum(['caller', 'agent'])),
  failed: z.boolean(),
  gone: z.boolean(),
  /** Every leg beside the caller's that is not over. `moving`: its phone is to be told yet where its sound goes. */
  legs: z.array(z.object({ legId: z.string(), sdp: z.string().nullable(), holds: z.boolean(), calledUs: z.boolean(), ending: z.boolean(), moving: z.boolean() })),
});
export type RoomKept = z.output<typeof roomKept>;
