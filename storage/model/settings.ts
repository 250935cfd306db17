// Pool settings: what holds for every group of a pool.
import { z } from 'zod';
import { DEFAULTS, LIMITS } from './limits';
import { stored, whole } from './fields';

export const poolSettings = z.object({
  ...stored,
  /** After a decline, how long no call is offered to that agent. */
  gracePeriodSeconds: whole(LIMITS.gracePeriodSeconds, ' seconds').default(DEFAULTS.gracePeriodSeconds),
  callContextShown: z.boolean().default(true),
});
export type PoolSettings = z.output<typeof poolSettings>;
