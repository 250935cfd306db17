// Feeds targets from a seed and gathers what should not have happened.
import { random } from './random';
import { type Target } from './target';

export interface Findings {
  readonly inputs: number;
  /** Each with the seed and the number of the input that showed it. */
  readonly faults: readonly string[];
  /** The longest one input took, in milliseconds; the machine's own pauses are in it. */
  readonly longestMs: number;
}

/** Feeds `inputs` inputs to a fresh target. `fed` is told of each before it happens. */
export async function fuzz(make: () => Target, seed: number, inputs: number, fed: (input: number) => void = () => undefined): Promise<Findings> {
  const pick = random(seed);
  const target = make();
  const faults: string[] = [];
  let longestMs = 0;
  for (let input = 0; input < inputs; input += 1) {
    fed(input);
    const beganMs = performance.now();
    try {
      target.feed(pick);
    } catch (fault) {
      faults.push(`${target.name}, seed ${seed}, input ${input}: ${fault instanceof Error ? fault.stack ?? fault.message : String(fault)}`);
    }
    longestMs = Math.max(longestMs, performance.now() - beganMs);
    if (input % 50 === 49) await target.settle();
  }
  faults.push(...(await target.finish()).map((fault) => `${target.name}, seed ${seed}: ${fault}`));
  return { inputs, faults, longestMs };
}
