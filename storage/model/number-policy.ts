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

/**
 * Whether the policy lets a call go there. A SIP address whose user is a number is held to the rules for numbers too when it has `user=phone`.
 * Whatever way a number is written in (RFC 3966 section 5.1.1, RFC 3261 section 19.1.2), it is the same number to whoever gets it.
 */
export function mayDial(policy: NumberPolicy, target: OutsideTarget): PolicyVerdict {
  if (target.kind === 'number') return mayDialNumber(policy, plain(target.number));
  const tel = /^tel:(.+)$/i.exec(target.uri);
  if (tel !== null) return mayDialNumber(policy, plain(tel[1] ?? ''));
  const sip = /^sips?:([^@]*)@(\[[^\]]+\]|[^:;]+)(.*)$/i.exec(target.uri);
  if (sip === null) return { allowed: false, because: 'domain' };
  const [, user = '', host = '', rest = ''] = sip;
  const number = plain(user);
  if (isEmergency(policy, number)) return { allowed: false, because: 'emergency' };
  // A maddr sends the call to another host than the one it names (RFC 3261 section 19.1.1), and headers say what the INVITE holds.
  const elsewhere = /;maddr=([^;?]*)/i.exec(rest)?.[1] ?? host;
  if (rest.includes('?') || ![host, elsewhere].every((each) => policy.allowedDomains.includes(each.toLowerCase()))) return { allowed: false, because: 'domain' };
  return /;user=phone/i.test(rest) ? mayDialNumber(policy, number) : { allowed: true };
}

function mayDialNumber(policy: NumberPolicy, number: string): PolicyVerdict {
  if (isEmergency(policy, number)) return { allowed: false, because: 'emergency' };
  return /^\+[0-9]+$/.test(number) && policy.allowedPrefixes.some((prefix) => number.startsWith(prefix)) ? { allowed: true } : { allowed: false, because: 'prefix' };
}

function isEmergency({ emergencyNumbers }: NumberPolicy, number: string): boolean { return emergencyNumbers.includes(number.replace(/^\+/, '')); }

/** Without escapes, visual separators, parameters and password. */
function plain(user: string): string { return unescaped(user.split(/[;:]/)[0] ?? '').replace(/[-.()\s]/g, ''); }

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
