// An agent: a person with a phone that registers here.
import { z } from 'zod';
import { displayName, id, personId, sipUser, sipUri, stored, telephoneNumber, text } from './fields';
import { LIMITS } from './limits';
import { schemaRule } from './rules';

/** H(user:realm:password) for digest authentication (RFC 8760, RFC 2617), lower-case hex. The password itself is never stored. */
export const digestHashes = z.object({ realm: z.string(), md5: z.string().regex(/^[0-9a-f]{32}$/), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
export type DigestHashes = z.output<typeof digestHashes>;

/** Where an agent is rung beside the phones that register. `confirm`: whoever answers there presses 1 first, so that no voicemail takes the call. */
export const contact = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('number'), number: telephoneNumber, confirm: z.boolean().default(true) }),
  z.object({ kind: z.literal('sipUri'), uri: sipUri, confirm: z.boolean().default(false) }),
]);
export type Contact = z.output<typeof contact>;

export const agent = z.object({
  ...stored,
  name: displayName,
  sipUser,
  /** Who this is in the directory; null: a phone without a person in chat. At most one agent a person. */
  personId: personId.nullable(),
  /** null: no password has been made yet, so the phone cannot register. */
  digest: digestHashes.nullable(),
  /** Rung together with the phones that register; the first to answer has the call. */
  contacts: z.array(contact).max(LIMITS.contactsOfAgent.max, schemaRule('tooMany', { max: LIMITS.contactsOfAgent.max }, `must have at most ${LIMITS.contactsOfAgent.max} contacts`)).default([]),
  /** Made by `npm run traffic`, which also removes it. */
  simulated: z.boolean().default(false),
});
export type Agent = z.output<typeof agent>;

/** `by` tells an agent's own pause from a supervisor's and from one for unanswered offers. */
export const pause = z.object({ reason: text(LIMITS.pauseReasonLength), since: z.date(), until: z.date().nullable(), by: z.enum(['agent', 'supervisor', 'unanswered']) });
export type Pause = z.output<typeof pause>;

/** What an agent chose. What the engine sees (free, ringing, …) is a state, not a duty. */
export const duty = z.object({
  ...stored, agentId: id, onDuty: z.boolean(), since: z.date(),
  /** While on duty: not offered calls until `until`, or until it is taken back. */
  pause: pause.nullable().default(null),
  /** Formal agent groups this agent is signed in to. */
  signedIn: z.array(id).max(256).default([]),
});
export type Duty = z.output<typeof duty>;
