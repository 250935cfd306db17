// The long form of the simulation. Run: npm run simulate -- [calls] [seed]. Bounded in count; prints how often everything happened.
import { Day } from './day';
import { featuresMissing } from './features';

const MOST = 100_000;
const [calls = 10_000, seed = 20_130_101] = process.argv.slice(2).map(Number);
if (!Number.isInteger(calls) || calls < 1 || calls > MOST || !Number.isInteger(seed)) {
  process.stderr.write(`simulate: calls must be a whole number from 1 to ${MOST}, and the seed a whole number\n`);
  process.exitCode = 2;
} else {
  const day = new Day(calls, seed);
  const began = performance.now();
  day.run();
  const seconds = (performance.now() - began) / 1000;
  const { books: { counts, records }, state } = day;
  const left = [...day.books.unfinished(), ...(records.length === day.arrived + day.books.promised ? [] : [`${day.arrived} callers left ${records.length} records`]), ...(state.calls.size + state.callDeadlines.size + state.agentDeadlines.size === 0 ? [] : ['calls or deadlines are left'])];
  const missing = featuresMissing(counts.of);
  for (const [name, count] of Object.entries(counts.of).sort(([a], [b]) => (a < b ? -1 : 1))) process.stdout.write(`${String(count).padStart(9)}  ${name}\n`);
  process.stdout.write(`\n${day.arrived} callers, ${day.steps} steps in ${seconds.toFixed(1)} s, every invariant held after each of them\n`);
  for (const what of missing) process.stdout.write(`never happened: ${what}\n`);
  for (const what of left) process.stdout.write(`left over: ${what}\n`);
  process.exitCode = missing.length + left.length > 0 ? 1 : 0;
}
