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
  const seen = { $or: [{ 'subject.kind': 'group' as const, 'subject.id': { $in: [...roles.manages] } }, { 'subject.kind': 'agent' as const, 'subject.id': roles.agentId ?? '' }] };
  const log = new LogReader(deps.db, deps.pool);
  const entries = await log.newest({ ...(roles.administrator ? {} : seen), ...(workflowId === undefined ? {} : { 'subject.id': workflowId }) }, Math.min(Math.max(1, limit), MOST));
  const taken = takenBack(await withUndos(log, entries));
  const names = await agentNames(deps, entries);
  return entries.map((entry) => ({
    entryId: entry._id,
    sequence: entry.sequence,
    at: entry.at,
    by: entry.actor.name,
    ownEdit: EDITS.includes(entry.verb as Verb) && isOwn(acting, entry.actor),
    verb: entry.verb as Verb,
    subject: entry.subject.name,
    workflowId: entry.subject.kind === 'group' ? entry.subject.id : null,
    fields: entry.changes.flatMap(describeChange).map((field) => readable(field, names)),
    undoes: entry.undoes,
    undoneBy: taken.get(entry._id)?._id ?? null,
  }));
}

function isOwn(acting: Acting, actor: StoredChange['actor']): boolean {
  return acting.kind === 'person' ? actor.kind === 'person' && actor.personId === acting.personId.toLowerCase() : actor.kind === acting.kind;
}

/** Agents by name, also those that were deleted since. */
async function agentNames(deps: { readonly db: Db; readonly pool: string }, entries: readonly StoredChange[]): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(entries.flatMap((entry) => entry.changes).flatMap((change) => (change.kind === 'agentGroups' ? [...change.before?.agentIds ?? [], ...change.after?.agentIds ?? []] : [])))];
  if (ids.length === 0) return new Map();
  const names = new Map((await new Draft(deps.db, deps.pool).find('agents', { _id: { $in: ids } }, () => true)).map((agent) => [agent.id, agent.name]));
  const gone = ids.filter((id) => !names.has(id));
  if (gone.length === 0) return names;
  for (const entry of await new LogReader(deps.db, deps.pool).newest({ verb: 'agent.delete', 'subject.id': { $in: gone } })) names.set(entry.subject.id, entry.subject.name);
  return names;
}

function readable({ field, before, after }: FieldChange, names: ReadonlyMap<string, string>): FieldChange {
  if (field !== 'agentIds') return { field, before, after };
  const named = (ids: unknown): unknown => (Array.isArray(ids) ? ids.map((id: string) => names.get(id) ?? id) : ids);
  return { field: 'agents', before: named(before), after: named(after) };
}
