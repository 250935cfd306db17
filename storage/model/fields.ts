// The small schemas that several objects share; their messages are what a person reads, so they name what is allowed.
import { z } from 'zod';
import { LIMITS, type Range } from './limits';
import { schemaRule } from './rules';

/** Ids are made by storage, never typed by a person: lower-case, `kind-` and random. Pools are named by an administrator. */
export const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, schemaRule('unfit', {}, 'an id has 1–64 lower-case letters, digits and hyphens'));

/** A directory object id (`aadObjectId`), the only thing that identifies a person. Compared in lower case. */
export const personId = z.string().trim().toLowerCase().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, schemaRule('personId', {}, 'a directory object id looks like 01234567-89ab-cdef-0123-456789abcdef'));

export const whole = ({ min, max }: Range, unit = '') =>
  z.number({ error: schemaRule('whole', { min, max }, `must be a whole number from ${min} to ${max}${unit}`) }).int(schemaRule('whole', { min, max }, `must be a whole number from ${min} to ${max}${unit}`))
    .min(min, schemaRule('range', { min, max }, `must be ${min} to ${max}${unit}`)).max(max, schemaRule('range', { min, max }, `must be ${min} to ${max}${unit}`));

export const text = ({ min, max }: Range) =>
  z.string().trim().min(min, min === 1 ? schemaRule('empty') : schemaRule('length', { min, max })).max(max, schemaRule('tooLong', { max }))
    .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, schemaRule('control'));

/** A display name: 1–128 characters on one line, no `<` and no `>`. */
export const displayName = text(LIMITS.displayNameLength).regex(/^[^<>\r\n]*$/, schemaRule('brackets'));

/** The user part of a SIP URI in our one domain: what a caller dials and a phone registers. Stored in lower case. */
export const sipUser = z.string().trim().toLowerCase().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, schemaRule('sipUser'));

/** A telephone number as `tel:` URIs carry it: + and 3–15 digits (E.164). Spaces, hyphens and brackets are dropped. */
export const telephoneNumber = z.string().transform((typed) => typed.replace(/^tel:/i, '').replace(/[\s().-]/g, '')).pipe(z.string().regex(/^\+[0-9]{3,15}$/, schemaRule('telephoneNumber')));

const SIP_URI = schemaRule('sipUri');
const PLAIN_URI = schemaRule('plainUri');

/** Why something is no address: an address with headers is told that they are in the way. */
export const unlike = (input: unknown, rule: string): string => (typeof input === 'string' && /^\s*sips?:[^\s@]+@[^\s?]+\?/i.test(input) ? PLAIN_URI : rule);

/** A SIP URI someone can be sent to: `sip:user@host`, with a port or parameters if need be. The host is kept in lower case. */
export const sipUri = z.string().trim().max(256, schemaRule('tooLong', { max: 256 }))
  .regex(/^sips?:[^\s@<>",]+@(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:;[^\s<>",]*)?$/i, { error: ({ input }) => unlike(input, SIP_URI) })
  .transform((typed) => typed.replace(/^(sips?):([^@]*)@([^:;]+|\[[^\]]+\])/i, (_whole, scheme: string, user: string, host: string) => `${scheme.toLowerCase()}:${user}@${host.toLowerCase()}`));

/** A key of a telephone: 0–9, * or #. */
export const key = z.string().trim().regex(/^[0-9*#]$/, schemaRule('key'));

/** A clock time of a day, `00:00` to `24:00`. */
export const clockTime = z.string().trim().regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, schemaRule('clockTime'));

/** A civil date and time without a zone, like `2026-12-24T13:00`: what a wall clock shows where the workflow is. */
export const civilTime = z.string().trim().regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d$/, schemaRule('civilTime'))
  .refine((typed) => !Number.isNaN(Date.parse(`${typed}:00Z`)) && new Date(`${typed}:00Z`).toISOString().startsWith(typed), schemaRule('noSuchDate'));

/** Asking the runtime is slow, and every object that is read is held against its schema. */
const knownTimeZones = new Set<string>();

/** An IANA time zone this runtime knows. */
export const timeZone = z.string().refine((zone) => {
  if (knownTimeZones.has(zone)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    knownTimeZones.add(zone);
    return true;
  } catch {
    return false;
  }
}, schemaRule('timeZone'));

/** Every stored object carries these. `version` counts its changes, from 1. */
export const stored = { id, pool: id, version: z.int().min(1) };
