// The rows of a run as a table for people and as a line of JSON for machines.
import { type Row } from './run';

/** What the columns of the table are called. */
export function shown(row: Row): Record<string, string | number> {
  if (row.skipped !== undefined) return { fault: row.fault, verdict: `skipped: ${row.skipped}` };
  return {
    fault: row.fault, calls: row.calls, lost: row.lost, doubled: row.doubled, refused: row.refused, changes: row.changes, 'changes lost': row.changesLost, stuck: row.stuck,
    'order kept': row.outOfOrder === 0 ? 'yes' : `no (${row.outOfOrder})`, 'silence waiting ms': row.silenceWaiting, 'silence talking ms': row.silenceTalking,
    'takeover ms': row.takeoverMs === null ? '' : Number.isFinite(row.takeoverMs) ? row.takeoverMs : 'none', 'lag ms': row.lagMs, verdict: row.failed.length === 0 ? 'ok' : row.failed.join('; '),
  };
}

/** A table with a line of dashes under its head, as wide as it must be. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(shown);
  const columns = Object.keys(lines.find((line) => Object.keys(line).length > 2) ?? { fault: '', verdict: '' });
  const cell = (line: Record<string, string | number>, column: string): string => String(line[column] ?? '');
  const widths = columns.map((column) => Math.max(column.length, ...lines.map((line) => cell(line, column).length)));
  const padded = (cells: readonly string[]): string => cells.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  ').trimEnd();
  return [padded(columns), padded(widths.map((width) => '-'.repeat(width))), ...lines.map((line) => padded(columns.map((column) => cell(line, column)))), ...rows.flatMap(({ fault, words }) => words.map((said) => `  ${fault}: ${said}`))].join('\n');
}
