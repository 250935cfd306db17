// What a person types where a pair runs, to see what the loss of a site is like: `lose east`, and `back east` to have it again.
import { createInterface } from 'node:readline';
import { PAIR, type PairedPool } from './pair';

export interface PairOrders {
  lose(pool: PairedPool): Promise<void>;
  back(pool: PairedPool): Promise<void>;
}

/** One after the other, in the order in which they were typed. `say`: a line for the person at the terminal. Resolves to how to listen no more. */
export function readOrders(input: NodeJS.ReadableStream, orders: PairOrders, say: (words: string) => void): () => void {
  let last = Promise.resolve();
  // No terminal mode: Ctrl-C stays what it is everywhere.
  const lines = createInterface({ input, terminal: false });
  lines.on('line', (line) => {
    const typed = line.trim().toLowerCase();
    if (typed === '') return;
    const [, order, name] = /^(lose|back) (\S+)$/.exec(typed) ?? [];
    const pool = PAIR.find((one) => one === name);
    if (order === undefined || pool === undefined) return say(`“${line.trim()}” is not understood. There are: ${PAIR.flatMap((one) => [`lose ${one}`, `back ${one}`]).join(', ')}.`);
    last = last.then(() => orders[order === 'lose' ? 'lose' : 'back'](pool)).catch((fault: unknown) => { say(fault instanceof Error ? fault.message : String(fault)); });
  });
  return () => { lines.close(); };
}
