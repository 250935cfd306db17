// What could not be written to the database: an append-only file, a line a batch, each with its checksum, so that an engine that dies meanwhile loses nothing.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { extendedJson, fromExtendedJson } from '../../storage/extended-json';
import { type CallRecord } from '../../storage/model/record';
import { type JournalBatch, type JournalWrite } from '../../storage/journal';
import { type Logger } from '../../storage/process/log';
import { type Timers } from '../calls/ports';

/** The file is synced at most this often: what was appended since is what a power cut may cost. */
export const SYNC_MS = 200;
/** Records that are handed on together when a file is read. */
const RECORDS_A_BATCH = 500;

export interface SpillFileOptions { readonly directory: string; readonly pool: string; readonly epoch: number }

/** The file of one engine, named by its epoch, so that no two ever write to the same. It exists while there is something in it. */
export class SpillFile {
  private readonly path: string;
  private handle: FileHandle | null = null;
  private waiting: { readonly line: string; settle: () => void; fail: (fault: unknown) => void }[] = [];
  private pumping: Promise<void> | null = null;
  private syncedAtMs = -Infinity;
  /** A line may have been written in part: the next one begins on a line of its own. */
  private torn = false;

  constructor(private readonly options: SpillFileOptions, private readonly deps: { readonly timers: Timers; readonly log: Logger }) {
    this.path = join(options.directory, fileName(options));
  }

  /** Resolves when it is on the disk, within about SYNC_MS. Rejects with the fault of the file system (ENOSPC); the file is whole all the same, without this batch. */
  append(batch: JournalBatch): Promise<void> {
    return new Promise<void>((resolve, reject: (fault: unknown) => void) => {
      this.waiting.push({ line: lineOf(batch), settle: resolve, fail: reject });
      this.pumping ??= this.pump();
    });
  }

  /** The call records in it, in the order in which they were appended. @throws the fault of the file system */
  async *records(): AsyncGenerator<readonly CallRecord[]> {
    const some: CallRecord[] = [];
    for await (const { records = [] } of readLines(this.path, this.deps.log)) {
      some.push(...records);
      if (some.length >= RECORDS_A_BATCH) yield some.splice(0);
    }
    if (some.length > 0) yield some;
  }

  /** Everything in it is in the database: it goes. */
  async clear(): Promise<void> {
    await this.pumping;
    await this.close();
    await rm(this.path, { force: true });
    this.torn = false;
  }

  async close(): Promise<void> {
    await this.pumping;
    await this.handle?.close();
    this.handle = null;
  }

  private async pump(): Promise<void> {
    while (this.waiting.length > 0) {
      const restMs = this.syncedAtMs + SYNC_MS - this.deps.timers.nowMs();
      if (restMs > 0) await new Promise<void>((resolve) => { this.deps.timers.after(restMs, resolve); });
      const taken = this.waiting;
      this.waiting = [];
      this.syncedAtMs = this.deps.timers.nowMs();
      try {
        await this.write(taken.map(({ line }) => line).join(''));
        for (const { settle } of taken) settle();
      } catch (fault) {
        this.torn = true;
        await this.handle?.close().catch(() => undefined);
        this.handle = null;
        for (const { fail } of taken) fail(fault);
      }
    }
    // In the same breath as the last look: nothing can be appended in between and stay.
    this.pumping = null;
  }

  private async write(text: string): Promise<void> {
    if (this.handle === null) {
      await mkdir(this.options.directory, { recursive: true });
      // It holds what callers' numbers are: nobody else's business.
      this.handle = await open(this.path, 'a', 0o600);
    }
    await this.handle.appendFile(this.torn ? `\n${text}` : text);
    await this.handle.datasync();
    this.torn = false;
  }
}

/** What earlier engines of the pool left in their files, the oldest engine first: of each call and agent the latest, of records and outcomes all. */
export interface Left { readonly epoch: number; readonly batches: AsyncIterable<JournalBatch>; remove(): Promise<void> }

/** The files in `directory` of engines before `epoch`. @throws the fault of the file system */
export async function leftFiles({ directory, pool, epoch }: SpillFileOptions, log: Logger): Promise<readonly Left[]> {
  const names = await readdir(directory).catch((fault: unknown) => {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fault;
  });
  return names
    .map((name) => ({ name, of: epochOf(name, pool) }))
    .flatMap(({ name, of }) => (of !== null && of < epoch ? [{ path: join(directory, name), epoch: of }] : []))
    .sort((a, b) => a.epoch - b.epoch)
    .map(({ path, epoch: of }) => ({ epoch: of, batches: foldedFile(path, of, log), remove: () => rm(path, { force: true }) }));
}

/** Records come in batches as they are read; calls and agents, which count for their latest alone, after all of them. */
async function* foldedFile(path: string, epoch: number, log: Logger): AsyncGenerator<JournalBatch> {
  const calls = new Map<string, JournalWrite>();
  const agents = new Map<string, JournalWrite>();
  let records: CallRecord[] = [];
  let settled: NonNullable<JournalBatch['settled']>[number][] = [];
  for await (const batch of readLines(path, log)) {
    for (const each of batch.calls ?? []) calls.set(each.id, { ...each, epoch });
    for (const each of batch.agents ?? []) agents.set(each.id, { ...each, epoch });
    records.push(...batch.records ?? []);
    settled.push(...batch.settled ?? []);
    if (records.length + settled.length < RECORDS_A_BATCH) continue;
    yield { records, settled };
    [records, settled] = [[], []];
  }
  // Mostly little, and all that an engine waits for which takes over: in one go where it fits.
  if (records.length + settled.length + calls.size + agents.size <= RECORDS_A_BATCH) {
    yield { records, settled, calls: [...calls.values()], agents: [...agents.values()] };
    return;
  }
  yield { records, settled };
  for (const some of inParts([...calls.values()])) yield { calls: some };
  for (const some of inParts([...agents.values()])) yield { agents: some };
}

function inParts<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / RECORDS_A_BATCH) }, (_, at) => all.slice(at * RECORDS_A_BATCH, (at + 1) * RECORDS_A_BATCH));
}

function fileName({ pool, epoch }: SpillFileOptions): string { return `journal-${pool}.${epoch}.log`; }

function epochOf(name: string, pool: string): number | null {
  const found = /^journal-(.+)\.(\d+)\.log$/.exec(name);
  return found !== null && found[1] === pool ? Number(found[2]) : null;
}

// ── Lines ──

function sumOf(text: string): string { return createHash('sha256').update(text).digest('hex').slice(0, 16); }

function lineOf(batch: JournalBatch): string {
  const text = extendedJson(batch);
  return `{"sum":"${sumOf(text)}","batch":${text}}\n`;
}

const LINE = /^\{"sum":"([0-9a-f]{16})","batch":(.*)\}$/;

/** Null for a line that is not whole. */
function batchOf(line: string): JournalBatch | null {
  const [, sum, text] = LINE.exec(line) ?? [];
  if (text === undefined || sumOf(text) !== sum) return null;
  return fromExtendedJson(text) as JournalBatch;
}

/** A line that is not whole is passed over: the last one of an engine that died, or one for which the disk had no room, which was told then. */
async function* readLines(path: string, log: Logger): AsyncGenerator<JournalBatch> {
  let number = 0;
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      number += 1;
      const batch = batchOf(line);
      if (batch !== null) yield batch;
      else if (line !== '') log.warn({ file: path, line: number }, 'a line of the journal file is not whole: what it held was never taken for kept');
    }
  }
  if (rest !== '') log.info({ file: path }, 'the last line of the journal file is not whole, as when an engine ends while it writes');
}
