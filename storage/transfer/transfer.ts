// Export and import of a pool's configuration: who may, from where to where, looked at first and then done.
import { type Db } from 'mongodb';
import { may, type Acting, type Action } from '../access';
import { refuse, type Refused } from '../administration/results';
import { readRoles } from '../administration/roles';
import { readAudio } from '../audio';
import { readConfiguration } from '../changes';
import { OBJECT_KINDS, type Configuration, type ObjectKind } from '../model/configuration';
import { BadFile } from './format';
import { AudioJournal } from './journal';
import { fingerprintOf, plan, type ImportOptions, type Planned } from './plan';
import { readExport, type Exported } from './read';
import { carryOutWhole, checkWhole, siteOf, type WholeDeps } from './whole';
import { WholeDraft } from './whole-draft';
import { configurationHash, writeExport, type Written } from './write';

/** The file, from its beginning each time: it is read once to look, and once more to import. */
export type FileSource = () => AsyncIterable<Uint8Array>;

export interface ImportRequest extends ImportOptions {
  /** The objects become the destination's own. Otherwise they stay with their owner, in its name. */
  readonly overwriteOwner: boolean;
}

export interface Preview {
  readonly exported: Exported;
  /** Whose the objects are after the import. */
  readonly target: string;
  readonly planned: Planned;
  /** What was looked at, for the import; `sequence` null: it cannot be imported as it is. */
  readonly draft: WholeDraft;
  readonly sequence: number | null;
}

export interface Imported { readonly planned: Planned; readonly target: string; /** For `change.undo`; null: nothing differed. */ readonly entryId: string | null; readonly sequence: number }
export interface Export { readonly configuration: Configuration; readonly pieces: AsyncGenerator<Buffer, Written> }
export interface Removed { readonly objects: number; readonly entryId: string | null }

export class Transfer {
  /** `deps.pool`: whose database this is. */
  constructor(private readonly deps: WholeDeps) {}

  /** What `owner` has in this database, at one moment. @throws Refused unless an administrator asks, and where the owner has nothing */
  async export(acting: Acting, owner: string): Promise<Export> {
    const { client, db, pool, sipDomain } = this.deps;
    await this.refuseUnless(acting, owner, 'configuration.export');
    const configuration = await readConfiguration(client, db, owner);
    if (OBJECT_KINDS.every((kind) => configuration.objects[kind].size === 0)) throw refuse('notFound', `The pool ${owner} has nothing in this database.`);
    return { configuration, pieces: writeExport({ pool, sipDomain, configuration, readAudio: (audioId) => readAudio(db, audioId) }) };
  }

  /**
   * Removes what was exported, if it still is what was exported. Settings and trunks stay: they are of the pool, not of its groups.
   * @throws Refused 'conflict' where somebody changed something since
   */
  async remove(acting: Acting, exported: Configuration): Promise<Removed> {
    const owner = exported.pool;
    await this.refuseUnless(acting, owner, 'configuration.remove');
    const hash = configurationHash(exported);
    const { prepared, entryId } = await carryOutWhole(this.of(owner), { acting, verb: 'configuration.remove' }, async ({ draft, configuration }) => {
      if (configurationHash(configuration) !== hash) throw refuse('conflict', 'Somebody has changed the configuration since it was read for the export. Nothing was removed; export it again.');
      let objects = 0;
      for (const kind of ['workflows', 'queues', 'agentGroups', 'businessHours', 'holidaySets', 'duties', 'agents'] as const) {
        for (const id of configuration.objects[kind].keys()) { await draft.remove(kind, id); objects += 1; }
      }
      return { value: { objects }, subject: { kind: 'settings', id: owner, name: owner }, objects };
    });
    return { objects: prepared?.objects ?? 0, entryId };
  }

  /** Looks at a file and at what its import would do; nothing is written. @throws BadFile, Refused */
  async preview(acting: Acting, file: FileSource, request: ImportRequest): Promise<Preview> {
    const { client, db, sipDomain } = this.deps;
    await this.refuseUnless(acting, this.deps.pool, 'configuration.import');
    const exported = await readExport(file());
    const target = await this.targetOf(exported, request);
    const configuration = await readConfiguration(client, db, target);
    const draft = new WholeDraft(db, configuration);
    const planned = await this.planned(draft, exported, request);
    const isSettled = planned.conflicts.every((one) => one.settledAs !== null);
    // Names that are in the way are told first; what else does not fit would be told in their words too.
    if (isSettled) await checkWhole({ draft, roles: await readRoles(db, target, acting), sipDomain, now: new Date() });
    return { exported, target, planned, draft, sequence: isSettled ? configuration.sequence : null };
  }

  /** Imports what was looked at: all of it, or nothing. @throws BadFile, Refused, PoolHeld, HoldLost, or the driver's fault */
  async import(acting: Acting, file: FileSource, fileName: string, request: ImportRequest, preview: Preview): Promise<Imported> {
    const { exported, target } = preview;
    await this.refuseUnless(acting, target, 'configuration.import');
    const journal = new AudioJournal(this.deps.db, target, exported.sha256);
    const prepared = (planned: Planned) => {
      const { added, changed, unchanged } = planned;
      const value = { fileName, sha256: exported.sha256, from: exported.header.owner, added, changed, unchanged };
      return { value, subject: { kind: 'settings', id: target, name: fileName } as const, planned, bring: () => this.bring(file, exported, journal) };
    };
    const { prepared: done, entryId, sequence } = await carryOutWhole(this.of(target), { acting, verb: 'configuration.import' }, async ({ draft }) => {
      const planned = await this.planned(draft, exported, request);
      const inTheWay = planned.conflicts.filter((one) => one.settledAs === null);
      if (inTheWay.length > 0) throw refuse('conflict', `${inTheWay.length} of its names, addresses or numbers are in use here.`, inTheWay.map(({ kind, name, field, value, by }) => ({ field: `${kind} "${name}": ${field}`, value, message: `is in use here by ${by}` })));
      // What people and engines do all day to duty is no reason; anything else may make of the file what nobody has looked at.
      if (fingerprintOf(draft, planned) !== fingerprintOf(preview.draft, preview.planned)) throw refuse('conflict', 'Somebody has changed the configuration since the preview. Nothing was imported; look again.');
      return prepared(planned);
    }, preview.sequence === null ? undefined : { sequence: preview.sequence, draft: preview.draft, prepared: prepared(preview.planned) });
    await journal.end();
    return { planned: done?.planned ?? preview.planned, target, entryId, sequence };
  }

  /** Second reading of the file: its sounds are kept, and it must still be the file that was looked at. */
  private async bring(file: FileSource, { sha256, audioIds }: Exported, journal: AudioJournal): Promise<void> {
    await journal.begin();
    if (audioIds.length === 0) return;
    try {
      const again = await readExport(file(), (audioId, wav) => journal.keep(audioId, wav));
      if (again.sha256 !== sha256) throw new BadFile('it has changed while it was being imported.');
    } catch (fault) {
      await journal.end();
      throw fault;
    }
  }

  private async planned(draft: WholeDraft, { header, objects, audioIds }: Exported, options: ImportOptions): Promise<Planned> {
    const taken = await takenElsewhere(this.deps.db, draft.pool, objects);
    draft.willKeep(audioIds);
    return plan(draft, header, objects, this.deps.sipDomain, (kind, id) => taken.has(`${kind}/${id}`), options);
  }

  /** @throws Refused where it is only mirrored here, or is served elsewhere now */
  private async targetOf({ header: { owner } }: Exported, { overwriteOwner }: ImportRequest): Promise<string> {
    const { client, db, pool } = this.deps;
    const target = overwriteOwner ? pool : owner;
    await siteOf(client, db, target);
    return target;
  }

  private async refuseUnless(acting: Acting, pool: string, action: Action): Promise<void> {
    if (may(await readRoles(this.deps.db, pool, acting), action, { kind: 'pool' }) !== 'allowed') throw refuse('notAllowed', 'Only administrators may do this.');
  }

  private of(pool: string): WholeDeps {
    return { ...this.deps, pool };
  }
}

/** Which of these ids another pool has in the same database. */
async function takenElsewhere(db: Db, pool: string, objects: Exported['objects']): Promise<ReadonlySet<string>> {
  const wanted = new Set(objects.map(({ kind, object }) => `${kind}/${object.id}`));
  const taken = new Set<string>();
  for (const kind of OBJECT_KINDS) {
    if (kind === 'settings' || kind === 'duties' || !objects.some((one) => one.kind === kind)) continue;
    for await (const { _id } of db.collection<{ _id: string; pool: string }>(kind satisfies ObjectKind).find({ pool: { $ne: pool } }, { projection: { _id: 1 }, batchSize: 5_000 })) {
      if (wanted.has(`${kind}/${_id}`)) taken.add(`${kind}/${_id}`);
    }
  }
  return taken;
}

/** What a person reads of a refusal, line by line. */
export function refusalLines(fault: Refused | BadFile): readonly string[] {
  if (fault instanceof BadFile) return [fault.message];
  return [fault.message, ...fault.refusal.faults.map(({ field, value, message }) => `  ${field}${typeof value === 'string' || typeof value === 'number' ? ` (${value})` : ''} ${message}`)];
}
