// The history as a file: an address that only whoever was shown it can use, for a while, and what it answers, which is what that person may see then.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type ActionWords, type ContactWords, type GoneWords, type HolidayWords } from '../storage/administration/describe';
import { type HistoryEntry } from '../storage/administration/views';
import { personId } from '../storage/model/fields';
import { type AdministrationPort } from './asking';
import { optionsOf } from './forms/history-words';

const LIFETIME_MS = 15 * 60_000;
const PAGE = 500;
/** A file that a spreadsheet still opens; older entries are had by a narrower filter. */
const ENTRIES_MOST = 20_000;

const text = z.string().max(200);
const exportOf = z.object({
  personId, name: z.string().max(200), zone: z.string().max(64), format: z.enum(['csv', 'json']),
  filter: z.object({ groupId: text, about: text, by: text, from: text, to: text }),
});
export type ExportOf = z.output<typeof exportOf>;
export interface ExportFile { readonly name: string; readonly type: string; readonly body: string }

export class ExportLinks {
  readonly #key: Buffer;

  /** @param secret shared by bots of one installation; null: links die with this process. */
  constructor(private readonly publicUrl: string, secret: string | null, private readonly now: () => Date) {
    this.#key = secret === null ? randomBytes(32) : createHmac('sha256', secret).update('export links').digest();
  }

  url(wanted: ExportOf): string {
    const what = Buffer.from(JSON.stringify(wanted)).toString('base64url');
    const expires = String(this.now().getTime() + LIFETIME_MS);
    return `${this.publicUrl}/export?what=${what}&exp=${expires}&sig=${this.#sign(what, expires)}`;
  }

  /** What an address that was made here, and may still be used, stands for; else null. */
  read(what: unknown, expires: unknown, signature: unknown): ExportOf | null {
    if (typeof what !== 'string' || typeof expires !== 'string' || typeof signature !== 'string' || !/^\d{1,15}$/.test(expires)) return null;
    const wanted = Buffer.from(this.#sign(what, expires));
    const given = Buffer.from(signature);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted) || Number(expires) <= this.now().getTime()) return null;
    return exportOf.parse(JSON.parse(Buffer.from(what, 'base64url').toString()));
  }

  #sign(what: string, expires: string): string {
    return createHmac('sha256', this.#key).update(`${what}.${expires}`).digest('base64url');
  }
}

export interface ExportDeps {
  readonly administration: Pick<AdministrationPort, 'history'>;
  readonly administrators: ReadonlySet<string>;
}

/** Rights are those of the moment of asking, whatever they were when the address was made. `null`: nothing of it is this person's to see, or the database is away. */
export async function exportHistory({ administration, administrators }: ExportDeps, wanted: ExportOf): Promise<ExportFile | null> {
  const acting = { kind: 'person' as const, personId: wanted.personId, name: wanted.name, administrator: administrators.has(wanted.personId) };
  const options = optionsOf(wanted.filter, wanted.zone);
  const entries: HistoryEntry[] = [];
  for (let before: number | undefined; entries.length < ENTRIES_MOST;) {
    const page = await administration.history(acting, { ...options, limit: PAGE, ...(before === undefined ? {} : { before }) });
    if (!page.ok) return null;
    entries.push(...page.value);
    before = page.value.at(-1)?.sequence;
    if (page.value.length < PAGE) break;
  }
  return wanted.format === 'json'
    ? { name: 'history.json', type: 'application/json; charset=utf-8', body: `${JSON.stringify(entries, null, 2)}\n` }
    : { name: 'history.csv', type: 'text/csv; charset=utf-8', body: asCsv(entries) };
}

const COLUMNS = ['time', 'by', 'change', 'subject', 'field', 'part', 'before', 'after', 'entry', 'takes back', 'taken back by'] as const;

/** One line a field (RFC 4180), with a mark in front by which spreadsheets know UTF-8. */
export function asCsv(entries: readonly HistoryEntry[]): string {
  const lines = entries.flatMap((entry) => (entry.fields.length === 0 ? [null] : entry.fields).map((one) => [
    entry.at.toISOString(), entry.by, entry.verb, entry.subject, one?.field ?? '', one?.of ?? '', plain(one?.before), plain(one?.after), entry.entryId, entry.undoes ?? '', entry.undoneBy ?? '',
  ]));
  return `\ufeff${[[...COLUMNS], ...lines].map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** A spreadsheet would reckon with what begins like a formula. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain).join(' | ');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') return '';
  if ('gone' in value) return (value as GoneWords).gone;
  if ('holiday' in value) { const { holiday, start, end } = value as HolidayWords; return `${holiday}: ${start}–${end}`; }
  if ('contact' in value) { const { contact, confirmed } = value as ContactWords; return `${contact}${confirmed ? ' (press 1)' : ''}`; }
  if (!('action' in value)) return JSON.stringify(value);
  const { key, name, action, to, said } = value as ActionWords & { readonly key?: string; readonly name?: string };
  return [...(key === undefined ? [] : [key, name ?? '', '→']), action, to, ...(said === '' ? [] : [`(${said})`])].filter((one) => one !== '').join(' ');
}
