// Which numbers and addresses calls may be sent out to. Only administrators set it; it is asked when a target is configured, and again when it is dialled.
import { z } from 'zod';
import { schemaRule } from './rules';

export const numberPolicy = z.object({
  /** `+44`, `+1212`; `+` allows every number. Empty: no number. */
  allowedPrefixes: z.array(z.string().trim().regex(/^\+[0-9]{0,14}$/, schemaRule('prefix'))).max(200).default([]),
  /** Domains that SIP addresses outside our own may have. Empty: none. */
  allowedDomains: z.array(z.string().trim().toLowerCase().regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/, schemaRule('domain'))).max(200).default([]),
  /** Never dialled for a caller, whatever the prefixes say. */
  emergencyNumbers: z.array(z.string().trim().regex(/^[0-9]{2,6}$/, schemaRule('emergencyNumber'))).max(100).default(['000', '110', '111', '112', '113', '114', '115', '117', '118', '119', '144', '911', '933', '988', '999']),
});
export type NumberPolicy = z.output<typeof numberPolicy>;
export const NO_NUMBERS: NumberPolicy = numberPolicy.parse({});

/** Whom we want to reach, once it is no group and no agent of ours. */
export type OutsideTarget = { readonly kind: 'number'; readonly number: string } | { readonly kind: 'uri'; readonly uri: string };
export type PolicyVerdict = { readonly allowed: true } | { readonly allowed: false; readonly because: 'emergency' | 'prefix' | 'domain' };

/** Whether the policy lets a call go there. A SIP address whose user is a number is held to the rules for numbers too when it has `user=phone`. */
export function mayDial(policy: NumberPolicy, target: OutsideTarget): PolicyVerdict {
  if (target.kind === 'number') {
    const digits = target.number.replace(/^\+/, '');
    if (policy.emergencyNumbers.includes(digits)) return { allowed: false, because: 'emergency' };
    return policy.allowedPrefixes.some((prefix) => target.number.startsWith(prefix)) ? { allowed: true } : { allowed: false, because: 'prefix' };
  }
  const tel = /^tel:(.+)$/i.exec(target.uri);
  if (tel !== null) return mayDial(policy, { kind: 'number', number: (tel[1] ?? '').split(';')[0] ?? '' });
  const sip = /^sips?:([^@]*)@(\[[^\]]+\]|[^:;]+)(.*)$/i.exec(target.uri);
  if (sip === null) return { allowed: false, because: 'domain' };
  const user = (sip[1] ?? '').split(';')[0] ?? '';
  if (policy.emergencyNumbers.includes(user.replace(/^\+/, ''))) return { allowed: false, because: 'emergency' };
  if (!policy.allowedDomains.includes((sip[2] ?? '').toLowerCase())) return { allowed: false, because: 'domain' };
  return /;user=phone/i.test(sip[3] ?? '') ? mayDial(policy, { kind: 'number', number: user }) : { allowed: true };
}
