// `npm run fuzz`: a million damaged inputs in this process, each block from its own seed, with an eye on crashes, hangs and growth.
// FUZZ_SEED and FUZZ_INPUTS give others; a finding names the seed and the input, which FUZZ_SEED and FUZZ_TARGET repeat.
import { Worker } from 'node:worker_threads';
import { controlTarget } from './control-target';
import { mediaTarget } from './media-target';
import { fuzz } from './run';
import { sipTarget } from './sip-target';
import { type Target } from './target';

const BLOCK = 5_000;
/** An input that takes longer than this hangs, whatever else the machine does. */
const HANG_MS = 60_000;
/** What may be kept more after all blocks than after the first tenth of them. */
const GROWTH_BYTES = 24 * 1_048_576;
const TARGETS: Readonly<Record<string, () => Target>> = { sip: sipTarget, control: controlTarget, media: mediaTarget };

/** Ends the process when no input was finished for so long: an endless loop leaves nobody else to say so. Says which input it was. */
function watchForHangs(progress: Int32Array): Worker {
  return new Worker(`
    const { workerData: { progress, ms } } = require('node:worker_threads');
    let last = -1, since = Date.now();
    setInterval(() => {
      const now = progress[1];
      if (now !== last) { last = now; since = Date.now(); }
      else if (Date.now() - since > ms) { process.stderr.write('HANG: seed ' + progress[0] + ', input ' + now + '\\n'); process.kill(process.pid, 'SIGKILL'); }
    }, 1000);
  `, { eval: true, workerData: { progress, ms: HANG_MS } });
}

/** What is in use after everything that can be thrown away was; without --expose-gc, as it is. */
function heapBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function main(): Promise<number> {
  const first = Number(process.env['FUZZ_SEED'] ?? 1);
  const wanted = Number(process.env['FUZZ_INPUTS'] ?? 1_000_000);
  const only = process.env['FUZZ_TARGET'];
  const targets = Object.entries(TARGETS).filter(([name]) => only === undefined || only === '' || name === only);
  if (targets.length === 0 || !(wanted > 0) || !Number.isInteger(first)) {
    process.stderr.write(`FUZZ_TARGET must be one of ${Object.keys(TARGETS).join(', ')}; FUZZ_SEED and FUZZ_INPUTS whole numbers\n`);
    return 2;
  }
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const watcher = watchForHangs(progress);
  const blocks = Math.ceil(wanted / BLOCK);
  const done: Record<string, { inputs: number; longestMs: number }> = {};
  const faults: string[] = [];
  let settledBytes = 0;
  let count = 0;
  const beganMs = performance.now();
  for (let block = 0; block < blocks; block += 1) {
    const [name, make] = targets[block % targets.length] as [string, () => Target];
    const seed = first + block;
    Atomics.store(progress, 0, seed);
    const found = await fuzz(make, seed, Math.min(BLOCK, wanted - block * BLOCK), () => { count += 1; Atomics.store(progress, 1, count); });
    const sum = (done[name] ??= { inputs: 0, longestMs: 0 });
    sum.inputs += found.inputs;
    sum.longestMs = Math.max(sum.longestMs, found.longestMs);
    for (const fault of found.faults) process.stderr.write(`${fault}\n`);
    faults.push(...found.faults);
    if (block === Math.floor(blocks / 10)) settledBytes = heapBytes();
  }
  const grownBytes = heapBytes() - settledBytes;
  if (blocks >= 20 && grownBytes > GROWTH_BYTES) faults.push(`the heap grew by ${grownBytes} bytes`);
  await watcher.terminate();
  const line = Object.entries(done).map(([name, { inputs, longestMs }]) => `${name} ${inputs} (longest ${longestMs.toFixed(0)} ms)`).join(', ');
  process.stdout.write(`${wanted} inputs in ${((performance.now() - beganMs) / 1_000).toFixed(0)} s: ${line}; heap ${(grownBytes / 1_048_576).toFixed(1)} MiB more at the end than after a tenth; ${faults.length} findings\n`);
  return faults.length === 0 ? 0 : 1;
}

main().then((code) => { process.exitCode = code; }, (fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.stack ?? fault.message : String(fault)}\n`);
  process.exitCode = 1;
});
