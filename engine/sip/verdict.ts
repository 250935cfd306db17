// What a failed INVITE to an agent's phone means to the core: one row a status or status class.
import { type LegOutcome } from '../core/types';

/** `afterRinging` where a phone that had rung says something else by it; `fromTrunk` where a trunk speaks for itself and for nobody's phone. */
export interface Verdict { readonly outcome: LegOutcome; readonly afterRinging?: LegOutcome; readonly fromTrunk?: LegOutcome; readonly because: string }

/** RFC 3261 section 21 unless another is named. Exact statuses; the classes below stand for the rest. */
export const VERDICTS: Readonly<Record<number, Verdict>> = {
  403: { outcome: 'declined', fromTrunk: 'failed', because: 'the phone, or the trunk, forbids the call' },
  404: { outcome: 'unreachable', because: 'nobody of that name is at the contact any more' },
  408: { outcome: 'unreachable', afterRinging: 'noAnswer', because: 'nothing answered in time' },
  410: { outcome: 'unreachable', because: 'the contact is gone' },
  415: { outcome: 'failed', because: 'the phone cannot use our SDP' },
  430: { outcome: 'unreachable', because: 'the flow to the phone is gone (RFC 5626 section 11.5)' },
  480: { outcome: 'unreachable', afterRinging: 'noAnswer', because: 'the phone is not available now' },
  486: { outcome: 'busy', because: 'busy here' },
  487: { outcome: 'noAnswer', because: 'the phone ended its own ringing: we had not cancelled' },
  488: { outcome: 'failed', because: 'no common codec' },
  502: { outcome: 'unreachable', because: 'a gateway on the way got nothing usable' },
  503: { outcome: 'unreachable', because: 'the request could not be delivered (also what the edge says of a transport failure)' },
  504: { outcome: 'unreachable', because: 'a gateway on the way got no answer' },
  600: { outcome: 'busy', because: 'busy everywhere' },
  603: { outcome: 'declined', because: 'declined' },
  604: { outcome: 'unreachable', because: 'the person exists nowhere' },
  606: { outcome: 'failed', because: 'no common codec' },
  607: { outcome: 'declined', because: 'unwanted (RFC 8197)' },
  608: { outcome: 'declined', because: 'rejected by an intermediary (RFC 8688)' },
};

const CLASSES: Readonly<Record<number, Verdict>> = {
  3: { outcome: 'declined', because: 'a redirection by an agent counts as a decline' },
  4: { outcome: 'failed', because: 'the phone refused the request' },
  5: { outcome: 'failed', because: 'the phone failed' },
  6: { outcome: 'declined', because: 'the person refuses everywhere' },
};

const ODD: Verdict = { outcome: 'failed', because: 'no final response by RFC 3261' };

/** What a final status of 300 or more means. `rang`: a 180 or 183 had come. `byTrunk`: the INVITE went out through one. */
export function verdictOf(status: number, rang: boolean, byTrunk = false): { readonly outcome: LegOutcome; readonly because: string } {
  const row = VERDICTS[status] ?? CLASSES[Math.floor(status / 100)] ?? ODD;
  return { outcome: (rang ? row.afterRinging : byTrunk ? row.fromTrunk : undefined) ?? row.outcome, because: row.because };
}
