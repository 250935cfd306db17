// How the ends of several phones become the one outcome of a leg: a table, the first row that fits.
import { type LegOutcome } from '../core/types';

/** Of all that were rung, the outcome that says most of the person who was meant. */
export const PRECEDENCE: readonly { readonly outcome: LegOutcome; readonly because: string }[] = [
  { outcome: 'declined', because: 'somebody said no, which counts for all of the phones' },
  { outcome: 'busy', because: 'the person is on one of them' },
  { outcome: 'noAnswer', because: 'one rang, and nobody came' },
  { outcome: 'failed', because: 'one is there, and could not be joined to the call' },
  { outcome: 'withdrawn', because: 'the connection to the edge was lost, and the edge has taken it back: nothing is known of the person' },
  { outcome: 'unreachable', because: 'none is there' },
];

/** @param outcomes one for each phone or route that was tried; empty when there was none. `withdrawn`: we took the leg back ourselves. */
export function combine(outcomes: readonly LegOutcome[], withdrawn: boolean): LegOutcome {
  // That none is there is worth knowing, also when we had given up on it.
  if (withdrawn) return outcomes.length > 0 && outcomes.every((each) => each === 'unreachable') ? 'unreachable' : 'withdrawn';
  return PRECEDENCE.find(({ outcome }) => outcomes.includes(outcome))?.outcome ?? 'unreachable';
}
