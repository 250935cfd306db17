// The change log as people read it: only what the reader may see, and never a secret.
import { type Db } from 'mongodb';
import { type Acting, type Roles } from '../access';
import { type StoredChange } from '../stored';
import { describeChange, type FieldChange } from './describe';
import { Draft } from './draft';
import { LogReader, takenBack } from './log-reader';
import { refuse } from './results';
import { EDITS, withUndos } from './undo';
import { type Verb } from './verbs';
import { type HistoryEntry } from './views';

const DEFAULT_LIMIT = 20;
const MOST = 200;

/**
 * Administrators see all; managers what concerns their groups; an agent what concerns their own phone and duty.
 * @throws Refused 'notFound' for the history of a group that is not the actor's to see
 */
export async function readHistory(deps: { readonly db: Db; readonly pool: string }, acting: Acting, roles: Roles, options: { readonly limit?: number; readonly workflowId?: string }): Promise<HistoryEntry[]> {
  const { workflowId, limit = DEFAULT_LIMIT } = options;
  if (workflowId !== undefined && !roles.administrator && !roles.manages.has(workflowId)) throw refuse('notFound', 'There is no such group.');
  const manages = [...roles.manages];
  const seen = { $or: [{ 'subject.kind': 'group' as const, 'subject.id': { $in: manages } }, { 'subject.workflowIds': { $in: manages } }, { 'subject.kind': 'agent' as const, 'subject.id': roles.agentId ?? '' }] };
  const ofGroup = workflowId === undefined ? {} : { $or: [{ 'subject.id': workflowId }, { 'subject.workflowIds': workflowId }] };
  const log = new LogReader(deps.db, deps.pool);
  const entries = await log.newest({ $and: [roles.administrator ? {} : seen, ofGroup] }, Math.min(Math.max(1, limit), MOST));
  const taken = takenBack(await withUndos(log, entries));
  const names = await namesIn(deps, entries);
  return entries.map((entry) => ({
    entryId: entry._id,
    sequence: entry.sequence,
    at: entry.at,
    by: entry.actor.name,
    ownEdit: EDITS.includes(entry.verb as Verb) && isOwn(acting, entry.actor),
    verb: entry.verb as Verb,
    subject: entry.subject.name,
    workflowId: entry.subject.kind === 'group' ? entry.subject.id : entry.subject.workflowIds?.find((id) => roles.administrator || roles.manages.has(id)) ?? null,
    fields: entry.changes.flatMap((change) => fieldsOf(entry, change)).map((field) => readable(field, names)),
    undoes: entry.undoes,
    undoneBy: taken.get(entry._id)?._id ?? null,
  }));
}

function isOwn(acting: Acting, actor: StoredChange['actor']): boolean {
  return acting.kind === 'person' ? actor.kind === 'person' && actor.personId === acting.personId.toLowerCase() : actor.kind === acting.kind;
}

/** How the queue and the agent group behind a group's form are called and joined is nobody's concern. */
function fieldsOf({ subject }: StoredChange, change: StoredChange['changes'][number]): FieldChange[] {
  const isBehind = subject.kind === 'group' && change.kind !== 'workflows';
  return describeChange(change).filter(({ field }) => !isBehind || (field !== 'name' && field !== 'agentGroupIds'));
}

/** What ids are called, in the fields that hold them: agents also those that were deleted since, the rest as far as they are still there. */
async function namesIn(deps: { readonly db: Db; readonly pool: string }, entries: readonly StoredChange[]): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(entries.flatMap((entry) => entry.changes).flatMap(idsIn))];
  if (ids.length === 0) return new Map();
  const draft = new Draft(deps.db, deps.pool);
  const names = new Map<string, string>();
  for (const kind of ['agents', 'queues', 'agentGroups', 'businessHours', 'holidaySets'] as const) {
    for (const one of await draft.find(kind, { _id: { $in: ids } }, () => true)) names.set(one.id, one.name);
  }
  const gone = ids.filter((id) => !names.has(id));
  if (gone.length === 0) return names;
  const deletions: readonly Verb[] = ['agent.delete', 'queue.delete', 'agentGroup.delete', 'businessHours.delete', 'holidaySet.delete'];
  for (const entry of await new LogReader(deps.db, deps.pool).newest({ verb: { $in: [...deletions] }, 'subject.id': { $in: gone } })) names.set(entry.subject.id, entry.subject.name);
  return names;
}

/** How the fields that hold ids are called once they hold names. */
const NAMED: Readonly<Record<string, string>> = { agentIds: 'agents', agentGroupIds: 'agentGroups', businessHoursId: 'businessHours', holidaySetIds: 'holidaySets', signedIn: 'signedIn' };
const IN_TEXT = /\bqueue:([a-z0-9][a-z0-9-]{0,63})/g;

function idsIn(change: StoredChange['changes'][number]): string[] {
  return describeChange(change).flatMap(({ field, before, after }) => [before, after].flat().flatMap((value): string[] => {
    if (typeof value !== 'string') return [];
    return field in NAMED ? [value] : [...value.matchAll(IN_TEXT)].map((match) => match[1] ?? '');
  }));
}

function readable({ field, before, after }: FieldChange, names: ReadonlyMap<string, string>): FieldChange {
  const named = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(named);
    if (typeof value !== 'string') return value;
    return field in NAMED ? names.get(value) ?? value : value.replace(IN_TEXT, (whole, id: string) => names.get(id) ?? whole);
  };
  return { field: NAMED[field] ?? field, before: named(before), after: named(after) };
}
