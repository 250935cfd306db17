// A trunk: a SIP peer that numbers and outside addresses are reached through, and that calls come from.
import { isIP } from 'node:net';
import { z } from 'zod';
import { DEFAULTS, LIMITS } from './limits';
import { displayName, stored, telephoneNumber, whole } from './fields';
import { schemaRule } from './rules';

const host = z.string().trim().toLowerCase().max(255).regex(/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/, schemaRule('host'));

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. */
export const cidr = z.string().trim().toLowerCase().refine((typed) => {
  const [address = '', bits, more] = typed.split('/');
  const family = isIP(address);
  return family !== 0 && more === undefined && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)));
}, schemaRule('network'));

export const trunk = z.object({
  ...stored,
  name: displayName,
  enabled: z.boolean().default(true),
  host,
  port: whole(LIMITS.port).default(5060),
  transport: z.enum(['udp', 'tcp']).default('udp'),
  /** Whether calls go out through it, and in which order among the others: the lowest first. */
  outgoing: z.boolean().default(true),
  order: whole(LIMITS.trunkOrder).default(DEFAULTS.trunkOrder),
  /** For 401 and 407, and for registering. The password is shown to nobody. */
  username: z.string().trim().max(128).nullable().default(null),
  password: z.string().max(128).nullable().default(null),
  /** Whether we register there, so that its calls find us. */
  register: z.boolean().default(false),
  /** The domain of From and P-Asserted-Identity there; null: its host. */
  fromDomain: host.nullable().default(null),
  /** Who is shown as calling: the caller (P-Asserted-Identity, and Privacy where the caller asked for it), or this number of ours. */
  identityNumber: telephoneNumber.nullable().default(null),
  /** How often OPTIONS asks whether it is well; null: never, and it counts as well. */
  checkSeconds: whole(LIMITS.trunkCheckSeconds, ' seconds').nullable().default(DEFAULTS.trunkCheckSeconds),
  /** Networks its calls come from, beside its host where that is an address. */
  sources: z.array(cidr).max(64).default([]),
  /** Its callers are federated: let in only where the workflow is enabled for federation. */
  federated: z.boolean().default(false),
});
export type Trunk = z.output<typeof trunk>;
