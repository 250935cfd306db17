// `npm run faults`: a crowd on the line, one fault after the other, and a table of what came of each call and each change.
import { Command, InvalidArgumentError } from 'commander';
import { FAULTS } from './faults';
import { runFault, type Row, type Size } from './run';
import { killInEveryState } from './states';
import { table } from './table';

const EVERY_STATE = 'engine: kill -9 in every state of a call';
const LIMITS = { waiting: 200, talking: 58, callsPerSecond: 20, afterMs: 60_000 } as const;

interface Options { readonly waiting: number; readonly talking: number; readonly rate: number; readonly after: number; readonly only?: string; readonly list?: true }

async function main(options: Options): Promise<void> {
  const size: Size = { waiting: options.waiting, talking: options.talking, callsPerSecond: options.rate, afterMs: options.after * 1_000, silenceMs: 2_000, strictTakeovers: true };
  const wanted = FAULTS.filter(({ name }) => options.only === undefined || name.includes(options.only));
  if (options.list === true) {
    process.stdout.write(`${[...FAULTS.map(({ name }) => name), EVERY_STATE].join('\n')}\n`);
    return;
  }
  const rows: Row[] = [];
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { interruption.abort(); });
  for (const fault of wanted) {
    if (interruption.signal.aborted) break;
    const row = await runFault(fault, size, interruption.signal).catch((thrown: unknown): Row => broken(fault.name, thrown));
    rows.push(row);
    tell(row);
  }
  if (!interruption.signal.aborted && (options.only === undefined || EVERY_STATE.includes(options.only))) {
    for (const standby of [false, true]) rows.push(...await killInEveryState(standby, { told: tell, interrupted: interruption.signal }).catch((thrown: unknown) => [broken(EVERY_STATE, thrown)]));
  }
  process.stdout.write(`${table(rows)}\n`);
  process.stdout.write(`${JSON.stringify({ waiting: size.waiting, talking: size.talking, callsPerSecond: size.callsPerSecond, rows })}\n`);
  if (rows.some(({ failed }) => failed.length > 0)) process.exitCode = 1;
}

/** As it comes, for whoever waits for the table. */
function tell(row: Row): void {
  process.stderr.write(`${row.fault}: ${row.skipped ?? (row.failed.length === 0 ? 'ok' : row.failed.join('; '))}${row.words.map((said) => `\n  ${said}`).join('')}\n`);
}

/** What could not be run at all is no success. */
function broken(fault: string, thrown: unknown): Row {
  return {
    fault, calls: 0, records: 0, lost: 0, doubled: 0, refused: 0, changes: 0, changesLost: 0, stuck: 0, outOfOrder: 0, silenceWaiting: 0, silenceTalking: 0, takeoverMs: null, lagMs: 0,
    failed: ['could not be run'], words: [thrown instanceof Error ? thrown.message : String(thrown)],
  };
}

function within(name: string, min: number, max: number): (typed: string) => number {
  return (typed) => {
    const value = Number(typed);
    if (!Number.isInteger(value) || value < min || value > max) throw new InvalidArgumentError(`${name} must be ${min} to ${max}`);
    return value;
  };
}

const command = new Command('npm run faults --')
  .description('Breaks one thing after the other while callers wait and talk, and says what was lost. Bounded in count and time; everything listens on loopback.')
  .option('--waiting <n>', 'callers who wait', within('waiting', 1, LIMITS.waiting), 100)
  .option('--talking <n>', 'callers who talk to an agent all the time', within('talking', 1, LIMITS.talking), 50)
  .option('--rate <n>', 'calls a second that arrive', within('the rate', 1, LIMITS.callsPerSecond), 10)
  .option('--after <n>', 'seconds the crowd goes on after each fault', within('seconds', 1, LIMITS.afterMs / 1_000), 10)
  .option('--only <words>', 'only faults whose name holds these words')
  .option('--list', 'names the faults, and runs none')
  .parse();
main(command.opts<Options>()).then(() => process.exit(), (fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.stack ?? fault.message : String(fault)}\n`);
  process.exit(1);
});
