// An agent: a person with a phone that registers here.
import { z } from 'zod';
import { displayName, id, personId, sipUser, stored } from './fields';

/** H(user:realm:password) for digest authentication (RFC 8760, RFC 2617), lower-case hex. The password itself is never stored. */
export const digestHashes = z.object({ realm: z.string(), md5: z.string().regex(/^[0-9a-f]{32}$/), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
export type DigestHashes = z.output<typeof digestHashes>;

export const agent = z.object({
  ...stored,
  name: displayName,
  sipUser,
  /** Who this is in the directory; null: a phone without a person in chat. At most one agent a person. */
  personId: personId.nullable(),
  /** null: no password has been made yet, so the phone cannot register. */
  digest: digestHashes.nullable(),
  /** Made by `npm run traffic`, which also removes it. */
  simulated: z.boolean().default(false),
});
export type Agent = z.output<typeof agent>;

/** What an agent chose. What the engine sees (free, ringing, …) is a state, not a duty. */
export const duty = z.object({ ...stored, agentId: id, onDuty: z.boolean(), since: z.date() });
export type Duty = z.output<typeof duty>;
