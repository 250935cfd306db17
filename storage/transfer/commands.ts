// `response-group export` and `response-group import`: a file that is there whole or not at all, and an import that is looked at first.
import { createReadStream } from 'node:fs';
import { link, open, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Command } from 'commander';
import { type Acting } from '../access';
import { Refused } from '../administration/results';
import { PoolHeld } from '../changes';
import { EXIT } from '../process/exit';
import { BadFile, FILE_LIMITS } from './format';
import { HoldLost } from './in-force';
import { refusalLines, Transfer, type FileSource, type Preview } from './transfer';
import { type WholeDeps } from './whole';

export interface CommandsDeps {
  readonly out: (words: string) => void;
  readonly err: (words: string) => void;
  readonly exit: (code: number) => void;
  /** Opens the database that `--data` or the environment names, as the pool or as the one that is named there. */
  readonly opened: <T>(pool: string | undefined, work: (deps: WholeDeps, acting: Acting) => Promise<T>) => Promise<T>;
  /** Throws unless a person says yes, or has said it already. */
  readonly confirmed: (yes: true | undefined, question: string) => Promise<void>;
}

interface ExportOptions { readonly pool?: string; readonly file: string; readonly owner?: string; readonly removeExported?: true; readonly yes?: true }
interface ImportOptions { readonly pool?: string; readonly file: string; readonly overwriteOwner?: true; readonly replaceSettings?: true; readonly resolveNames?: true; readonly preview?: true; readonly yes?: true; readonly json?: true }

export function addTransferCommands(program: Command, deps: CommandsDeps): void {
  program.command('export').description('writes the configuration of a pool, with its audio, into one file')
    .requiredOption('--file <file>', 'the file to write; it must not exist yet').option('--pool <pool>', 'whose database it is taken from')
    .option('--owner <pool>', 'whose objects; left out: those of the pool itself').option('--remove-exported', 'remove what was exported, once the file is written and read again').option('--yes', 'do not ask')
    .action((options: ExportOptions) => told(deps, () => exportTo(deps, options)));
  program.command('import').description('looks at an exported file, tells what it would change, and imports it: all of it or nothing')
    .requiredOption('--file <file>', 'the file to read').option('--pool <pool>', 'whose database it goes into')
    .option('--overwrite-owner', 'the groups become those of this pool').option('--replace-settings', 'overwrite the settings and trunks of the pool with those of the file')
    .option('--resolve-names', 'rename what has a name or an address that is in use').option('--preview', 'tell what it would change, and change nothing').option('--json', 'the preview as data').option('--yes', 'do not ask')
    .action((options: ImportOptions) => told(deps, () => importFrom(deps, options)));
}

async function told({ err, exit }: CommandsDeps, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    exit(EXIT.stopped);
  } catch (fault) {
    if (fault instanceof Refused || fault instanceof BadFile) for (const line of refusalLines(fault)) err(line);
    else if (fault instanceof PoolHeld || fault instanceof HoldLost || isOfFile(fault)) err(fault.message);
    else throw fault;
    exit(fault instanceof PoolHeld || fault instanceof HoldLost ? EXIT.databaseUnusable : EXIT.failed);
  }
}

const isOfFile = (fault: unknown): fault is NodeJS.ErrnoException => typeof fault === 'object' && fault !== null && 'syscall' in fault && 'path' in fault;

async function exportTo(deps: CommandsDeps, { pool, file, owner, removeExported, yes }: ExportOptions): Promise<void> {
  if (await stat(file).then(() => true, () => false)) throw new BadFile(`${file} is there already, and is not overwritten.`);
  if (removeExported) await deps.confirmed(yes, `Remove the configuration of ${owner ?? pool ?? 'the pool'} once it is exported? Its groups take no calls then.`);
  await deps.opened(pool, async (whole, acting) => {
    const transfer = new Transfer(whole);
    const { configuration, pieces } = await transfer.export(acting, owner ?? whole.pool);
    const written = await writeWhole(file, pieces);
    deps.out(`${file}: ${written.objects} objects and ${written.sounds} sounds of ${configuration.pool}, ${written.bytes} bytes. It holds the hashes of phones' passwords and the passwords of trunks: keep it as you keep those.`);
    if (!removeExported) return;
    const { objects, entryId } = await transfer.remove(acting, configuration);
    deps.out(entryId === null ? 'There was nothing to remove.' : `${objects} objects were removed. To take that back: response-group do change.undo '{"entryId":"${entryId}"}'`);
  });
}

/** Written beside, given its name when it is safely on the disk: a file of that name is always whole. */
async function writeWhole<R>(file: string, pieces: AsyncGenerator<Buffer, R>): Promise<R> {
  const beside = `${file}.part`;
  await rm(beside, { force: true });
  // It holds passwords of trunks: nobody else on this machine reads it.
  const handle = await open(beside, 'wx', 0o600);
  try {
    let next = await pieces.next();
    for (; next.done !== true; next = await pieces.next()) await handle.writeFile(next.value);
    await handle.sync();
    // Unlike a renaming, a link never takes the place of another file.
    await link(beside, file);
    return next.value;
  } finally {
    await handle.close();
    await rm(beside, { force: true });
  }
}

async function importFrom(deps: CommandsDeps, options: ImportOptions): Promise<void> {
  const { pool, file, preview: only, yes, json } = options;
  const { size } = await stat(file);
  if (size > FILE_LIMITS.bytes) throw new BadFile(`it has ${size} bytes, and at most ${FILE_LIMITS.bytes} are read.`);
  const request = { overwriteOwner: options.overwriteOwner === true, replaceSettings: options.replaceSettings === true, resolveConflicts: options.resolveNames === true };
  await deps.opened(pool, async (whole, acting) => {
    const transfer = new Transfer(whole);
    const source: FileSource = () => createReadStream(file, { highWaterMark: 256 * 1024 });
    const preview = await transfer.preview(acting, source, request);
    deps.out(json === true ? JSON.stringify({ target: preview.target, header: preview.exported.header, ...preview.planned }, null, 2) : previewLines(preview, whole.pool).join('\n'));
    const inTheWay = preview.planned.conflicts.filter((one) => one.settledAs === null);
    if (only === true) return;
    if (inTheWay.length > 0) throw new BadFile(`${inTheWay.length} names, addresses or numbers are in use in ${preview.target}. Change them on one side, or add --resolve-names; numbers and phones are never renamed.`);
    if (preview.planned.added + preview.planned.changed === 0) return deps.out('There is nothing to import.');
    await deps.confirmed(yes, `Import this into ${preview.target}?`);
    const { entryId } = await transfer.import(acting, source, basename(file), request, preview);
    deps.out(entryId === null ? 'There was nothing to import.' : `Imported. To take it back: response-group do change.undo '{"entryId":"${entryId}"}'`);
  });
}

const SHOWN = 20;

function previewLines({ exported: { header, audioIds }, target, planned }: Preview, pool: string): string[] {
  const { added, changed, unchanged, groups, changedNames, conflicts, leftOut, passwordsLost } = planned;
  const list = (lines: readonly string[]): string[] => [...lines.slice(0, SHOWN), ...(lines.length > SHOWN ? [`  and ${lines.length - SHOWN} more`] : [])];
  return [
    `From ${header.pool}, owned by ${header.owner}; into ${target}${target === pool ? '' : `, which keeps them (in the database of ${pool})`}; ${audioIds.length} sounds.`,
    `Added: ${added} (${groups.added} groups). Changed: ${changed} (${groups.changed} groups). Unchanged: ${unchanged} (${groups.unchanged} groups). Conflicts: ${conflicts.length}.`,
    ...list(changedNames.map((name) => `  changed: ${name}`)),
    ...list(conflicts.map(({ kind, name, field, value, by, settledAs }) => `  ${kind} "${name}": ${field === 'person' ? `the agent ${value} is here as ${by}` : `${field} ${value} is in use by ${by}`}${settledAs === null ? '' : field === 'person' ? ', and stands for it' : `, so it becomes ${settledAs}`}`)),
    ...(leftOut > 0 ? [`Left out: ${leftOut} objects that are settings or trunks of the pool (--replace-settings takes them along).`] : []),
    ...(passwordsLost > 0 ? [`${passwordsLost} phones need a new password: theirs are for the domain ${header.sipDomain}.`] : []),
  ];
}
