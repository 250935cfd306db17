// Takes one edit back, if nothing has changed the same objects since.
import { may, type Action, type Verdict } from '../access';
import { type ObjectChange } from '../model/configuration';
import { type StoredChange } from '../stored';
import { type Context, type Row } from './context';
import { checkIntegrity } from './integrity';
import { workflowsServedBy } from './leading';
import { byWhom, takenBack } from './log-reader';
import { NOUNS, targetOf } from './owners';
import { checkPermitted } from './permitted';
import { faultOf, refuse } from './results';
import { VERB_SCHEMAS, VERBS, type Verb } from './verbs';
import { workflowWarnings } from './warnings';
import { isAddressChanged } from './workflow-verbs';

/** What changes a pool as a whole, in as many entries as it takes; carried out by storage/transfer. */
export const IN_PARTS = ['configuration.import', 'configuration.remove'] as const;

/** What "the last edit" may be; duty and passwords are not edits. */
export const EDITS: readonly string[] = [...IN_PARTS, ...VERBS.filter((verb) => !verb.startsWith('duty.') && verb !== 'agent.resetPassword' && verb !== 'change.undo')];

/** Ends the transaction of an undo that is too large for one: it is to be carried out on the whole configuration. */
export class TooLarge extends Error {
  constructor(readonly entryId: string) {
    super('too large for one transaction');
    this.name = 'TooLarge';
  }
}

export const undoChange: Row<'change.undo'> = {
  schema: VERB_SCHEMAS['change.undo'],
  right: async (context, { entryId }) => {
    const entry = await chosen(context, entryId);
    return entry ? rightTo(context, entry) : 'unseen';
  },
  change: async (context, { entryId }) => {
    const entry = await chosen(context, entryId);
    if (!entry) throw nothingToUndo(entryId);
    if (entry.part) throw new TooLarge(entry._id);
    const root = await original(context, entry);
    await stageUndo(context, entry, root);
    const { kind, id, workflowIds = [] } = entry.subject;
    const warnings = await workflowWarnings(context.draft, kind === 'group' ? [id] : workflowIds);
    return { value: { entryId: entry._id, verb: root.verb as Verb }, subject: entry.subject, undoes: entry._id, warnings };
  },
};

const nothingToUndo = (entryId: string | undefined) => refuse('notFound', entryId === undefined ? 'You have no edit to take back.' : 'There is no such change.');

/** Puts everything back as it was, in the draft. */
async function stageUndo(context: Context, entry: StoredChange, root: StoredChange): Promise<void> {
  if (root.verb === 'agent.resetPassword') throw refuse('conflict', 'A password is not brought back. Make a new one instead.', [faultOf('entryId', entry._id, 'passwordStays')]);
  await refuseIfChangedSince(context, entry);
  for (const change of entry.changes) await takeBack(context, change);
}

/**
 * Whether the actor might take an entry back now: all that `change.undo` looks at, without writing.
 * @throws Refused with the code and the reason that `change.undo` would answer
 */
export async function refuseUndo(context: Context, entry: StoredChange): Promise<void> {
  const right = await rightTo(context, entry);
  if (right !== 'allowed') throw refuse(right === 'unseen' ? 'notFound' : 'notAllowed', 'You may not do this.');
  // Whether all its objects would still fit together is looked at when it is done; here somebody waits for a card.
  if (entry.part) return refuseIfChangedSince(context, entry, await context.log.changesOf(entry));
  await stageUndo(context, entry, await original(context, entry));
  await checkPermitted(context.draft, context.roles);
  await checkIntegrity(context);
}

/** The entry asked for, or the actor's last edit that still counts. */
async function chosen({ acting, log }: Context, entryId: string | undefined): Promise<StoredChange | null> {
  if (entryId !== undefined) return log.entry(entryId);
  const own = acting.kind === 'person' ? { 'actor.personId': acting.personId.toLowerCase() } : { 'actor.kind': acting.kind };
  const edits = await log.newest({ ...own, verb: { $in: [...EDITS] } });
  const taken = takenBack(await withUndos(log, edits));
  return edits.find((edit) => !taken.has(edit._id)) ?? null;
}

/** These entries, those that took them back, those that took those back, and so on. */
export async function withUndos(log: Context['log'], entries: readonly StoredChange[]): Promise<StoredChange[]> {
  const all = new Map(entries.map((entry) => [entry._id, entry]));
  for (let newest = [...entries]; newest.length > 0;) {
    newest = (await log.undoing(newest.map((entry) => entry._id))).filter((entry) => !all.has(entry._id));
    for (const entry of newest) all.set(entry._id, entry);
  }
  return [...all.values()];
}

/** The edit that a chain of undoing and redoing began with. */
export async function original({ log }: Pick<Context, 'log'>, entry: StoredChange): Promise<StoredChange> {
  for (let one = entry; ;) {
    const before = one.undoes === null ? null : await log.entry(one.undoes);
    if (!before) return one;
    one = before;
  }
}

/** Who may undo is who may do: the right of the original verb, on the same thing, with the same fields. */
async function rightTo(context: Context, entry: StoredChange): Promise<Verdict> {
  const { roles } = context;
  const { verb } = await original(context, entry);
  const { kind, id } = entry.subject;
  switch (kind) {
    case 'settings':
    case 'trunk': return roles.administrator ? 'allowed' : 'unseen';
    case 'group': {
      const isAddress = (verb === 'group.change' || verb === 'workflow.change')
        && entry.changes.some((change) => change.kind === 'workflows' && change.before && change.after && isAddressChanged(change.before, change.after));
      return may(roles, isAddress ? 'group.changeAddress' : verb === 'workflow.copy' ? 'workflow.delete' : verb as Action, { kind, workflowId: id });
    }
    case 'agent': return may(roles, verb as Action, { kind, agentId: id, workflowIds: (await workflowsServedBy(context.draft, [id])).map((one) => one.id) });
    default: {
      const object = await context.draft.get(NOUNS[kind].kind, id);
      // What was deleted belongs to whom it belonged to.
      return may(roles, verb as Action, object ? await targetOf(context.draft, kind, object as never) : { kind: 'object', workflowIds: entry.subject.workflowIds ?? [] });
    }
  }
}

const isOfDuty = ({ verb }: StoredChange): boolean => verb.startsWith('duty.');

/** @throws Refused 'conflict' saying who did what since */
export async function refuseIfChangedSince({ log }: Pick<Context, 'log'>, entry: StoredChange, changes: readonly ObjectChange[] = entry.changes): Promise<void> {
  const ids = changes.filter(({ kind }) => kind !== 'duties' || entry.subject.kind !== 'agent' || isOfDuty(entry)).map((change) => change.id);
  const later = entry.part ? await log.later(new Set(ids), entry) : await log.touching(ids, entry.sequence);
  const taken = takenBack(later);
  const undone = taken.get(entry._id);
  if (undone) throw refuse('conflict', `${byWhom(undone)} has already taken this back.`, [faultOf('entryId', entry._id, 'undoneBy', { by: byWhom(undone) })]);
  const [since] = later.filter((one) => !taken.has(one._id) && one.undoes === null && (!isOfDuty(one) || isOfDuty(entry)));
  if (since) {
    throw refuse('conflict', `${byWhom(since)} has changed ${since.subject.name} since (${since.verb}). Take that back first.`, [faultOf('entryId', entry._id, 'changedSince', { by: byWhom(since), subject: since.subject.name })]);
  }
}

export async function takeBack({ draft, now }: Pick<Context, 'draft' | 'now'>, { kind, id, before, after }: ObjectChange): Promise<void> {
  if (before === null) await draft.remove(kind, id);
  // A duty that comes back begins now.
  else if (kind === 'duties') await draft.put(kind, { ...before, since: now }, after?.version ?? before.version);
  else await draft.put(kind, before, before.version);
}
