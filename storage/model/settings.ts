// Pool settings: what holds for every group of a pool.
import { z } from 'zod';
import { DEFAULTS, LIMITS } from './limits';
import { stored, whole } from './fields';
import { NO_NUMBERS, numberPolicy } from './number-policy';
import { audioFile } from './prompt';
import { schemaRule } from './rules';

/** What a phone can dial, and no group or agent is called. */
const dialledCode = z.string().trim().toLowerCase().regex(/^[*#0-9a-z]{2,16}$/, schemaRule('pickupCode'));

export const poolSettings = z.object({
  ...stored,
  /** After a decline, how long no call is offered to that agent. */
  gracePeriodSeconds: whole(LIMITS.gracePeriodSeconds, ' seconds').default(DEFAULTS.gracePeriodSeconds),
  /** Whether the phone and the card of an agent who is rung show how long the caller waited and what was answered. */
  callContextShown: z.boolean().default(true),
  /** Music for workflows without their own; null: the music that comes with the product. */
  defaultMusic: audioFile.nullable().default(null),
  /** What an agent dials to pick the call that waits longest in the attendant groups the agent serves. */
  pickupCode: dialledCode.default(DEFAULTS.pickupCode),
  /** What an agent dials from the own phone to go on duty, and off it: also while there is no database and no chat. */
  onDutyCode: dialledCode.default(DEFAULTS.onDutyCode),
  offDutyCode: dialledCode.default(DEFAULTS.offDutyCode),
  numberPolicy: numberPolicy.default(NO_NUMBERS),
});
export type PoolSettings = z.output<typeof poolSettings>;
