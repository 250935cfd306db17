// What the benchmarks read of processes and times, and how numbers on their command lines are taken.
import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

/** User and system time of a process so far, all its threads together (`/proc`, in ticks of 10 ms). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function residentMiB(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024);
}

export const round = (value: number): number => Math.round(value * 100) / 100;

export function percentile(sorted: readonly number[], share: number): number {
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
}

/** For commander: a whole number from 1 to `max`. */
export function within(name: string, max: number): (typed: string) => number {
  return (typed) => {
    const value = Number(typed);
    if (!Number.isInteger(value) || value < 1 || value > max) throw new InvalidArgumentError(`${name} must be 1 to ${max}`);
    return value;
  };
}

/** Says what went wrong, and ends with 1. */
export function failed(fault: unknown): void {
  process.stderr.write(`${fault instanceof Error ? fault.stack ?? fault.message : String(fault)}\n`);
  process.exitCode = 1;
}
