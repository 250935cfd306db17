// The change log as people read it: only what the reader may see, and never a secret.
import { type Db, type Filter } from 'mongodb';
import { type Acting, type Roles } from '../access';
import { collectionOf } from '../schema';
import { type StoredChange } from '../stored';
import { describeChange, type ActionWords, type FieldChange, type GoneWords } from './describe';
import { type Draft } from './draft';
import { LogReader, takenBack } from './log-reader';
import { Refused, refuse } from './results';
import { EDITS, refuseUndo, withUndos } from './undo';
import { type Verb } from './verbs';
import { type ChangeView, type HistoryEntry, type HistoryOptions } from './views';

const DEFAULT_LIMIT = 20;
const MOST = 500;

export interface HistoryDeps { readonly db: Db; readonly pool: string; readonly sipDomain: string; readonly draft: () => Draft }
type Reading = Pick<HistoryDeps, 'db' | 'pool' | 'draft'>;

/**
 * Administrators see all; managers what concerns their groups; an agent what concerns their own phone and duty.
 * @throws Refused 'notFound' for the history of a group that is not the actor's to see
 */
export async function readHistory(deps: Reading, acting: Acting, roles: Roles, options: HistoryOptions): Promise<HistoryEntry[]> {
  const { workflowId, limit = DEFAULT_LIMIT } = options;
  if (workflowId !== undefined && !roles.administrator && !roles.manages.has(workflowId)) throw refuse('notFound', 'There is no such group.');
  const log = new LogReader(deps.db, deps.pool);
  return views(deps, acting, roles, await log.newest({ $and: [visible(roles), wanted(options)] }, Math.min(Math.max(1, limit), MOST)));
}

/** One entry, and whether this actor may take it back as things stand. @throws Refused 'notFound' */
export async function readChange(deps: HistoryDeps, acting: Acting, roles: Roles, entryId: string): Promise<ChangeView> {
  const log = new LogReader(deps.db, deps.pool);
  const [entry] = await log.newest({ $and: [{ _id: entryId }, visible(roles)] }, 1);
  const [view] = entry ? await views(deps, acting, roles, [entry]) : [];
  if (!entry || !view) throw refuse('notFound', 'There is no such change.');
  return { ...view, undo: await verdict(deps, acting, roles, log, entry) };
}

/** What of the log is this reader's to see. */
function visible(roles: Roles): Filter<StoredChange> {
  if (roles.administrator) return {};
  const manages = [...roles.manages];
  return { $or: [{ 'subject.kind': 'group', 'subject.id': { $in: manages } }, { 'subject.workflowIds': { $in: manages } }, { 'subject.kind': 'agent', 'subject.id': roles.agentId ?? '' }] };
}

function wanted({ workflowId, about, by, from, to, before }: HistoryOptions): Filter<StoredChange> {
  const parts: Filter<StoredChange>[] = [
    ...workflowId === undefined ? [] : [{ $or: [{ 'subject.id': workflowId }, { 'subject.workflowIds': workflowId }] }],
    ...about === undefined ? [] : [{ 'subject.name': containing(about) }],
    ...by === undefined ? [] : [{ 'actor.name': containing(by) }],
    ...from === undefined ? [] : [{ at: { $gte: from } }],
    ...to === undefined ? [] : [{ at: { $lt: to } }],
    ...before === undefined ? [] : [{ sequence: { $lt: before } }],
  ];
  return parts.length === 0 ? {} : { $and: parts };
}

/** What somebody typed stands for itself alone. */
const containing = (typed: string): { readonly $regex: string; readonly $options: 'i' } => ({ $regex: typed.trim().replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), $options: 'i' });

/** Nothing is written: the draft is thrown away. */
async function verdict(deps: HistoryDeps, acting: Acting, roles: Roles, log: LogReader, entry: StoredChange): Promise<ChangeView['undo']> {
  try {
    await refuseUndo({ acting, roles, log, draft: deps.draft(), sipDomain: deps.sipDomain, now: new Date(), newId: (kind) => kind }, entry);
    return { possible: true };
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    const { code, message, faults } = fault.refusal;
    return { possible: false, because: code === 'notAllowed' || code === 'notFound' ? 'notYours' : 'inTheWay', message, faults };
  }
}

async function views(deps: Reading, acting: Acting, roles: Roles, entries: readonly StoredChange[]): Promise<HistoryEntry[]> {
  const taken = takenBack(await withUndos(new LogReader(deps.db, deps.pool), entries));
  const names = await namesIn(deps, entries);
  return entries.map((entry) => ({
    entryId: entry._id,
    sequence: entry.sequence,
    at: entry.at,
    by: entry.actor.name,
    ownEdit: EDITS.includes(entry.verb) && isOwn(acting, entry.actor),
    verb: entry.verb as Verb,
    subject: entry.subject.name,
    subjectKind: entry.subject.kind,
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
async function namesIn(deps: Reading, entries: readonly StoredChange[]): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(entries.flatMap((entry) => entry.changes).flatMap(idsIn))];
  if (ids.length === 0) return new Map();
  const draft = deps.draft();
  const names = new Map<string, string>();
  for (const { _id, name } of await collectionOf(deps.db, 'people').find({ _id: { $in: ids } }).toArray()) if (name !== '') names.set(_id, name);
  for (const kind of ['agents', 'queues', 'agentGroups', 'businessHours', 'holidaySets'] as const) {
    for (const one of await draft.find(kind, { _id: { $in: ids } }, () => true)) names.set(one.id, one.name);
  }
  const gone = ids.filter((id) => !names.has(id));
  if (gone.length === 0) return names;
  // What was deleted with something else is named by that entry's own changes.
  for (const entry of await new LogReader(deps.db, deps.pool).newest({ changes: { $elemMatch: { id: { $in: gone }, after: null } } })) {
    for (const { id, before } of entry.changes) if (before && 'name' in before && gone.includes(id) && !names.has(id)) names.set(id, before.name);
  }
  return names;
}

/** How the fields that hold ids are called once they hold names. */
const NAMED: Readonly<Record<string, string>> = { personId: 'personId', agentIds: 'agents', agentGroupIds: 'agentGroups', businessHoursId: 'businessHours', holidaySetIds: 'holidaySets', signedIn: 'signedIn' };
const A_QUEUE = /^queue:([a-z0-9][a-z0-9-]{0,63})$/;
const isAction = (value: unknown): value is ActionWords => typeof value === 'object' && value !== null && 'action' in value && 'to' in value;

function idsIn(change: StoredChange['changes'][number]): string[] {
  return describeChange(change).flatMap(({ field, before, after }) => [before, after].flat().flatMap((value): string[] => {
    if (isAction(value)) return A_QUEUE.exec(value.to)?.slice(1) ?? [];
    return typeof value === 'string' && field in NAMED ? [value] : [];
  }));
}

function readable({ field, before, after, ...rest }: FieldChange, names: ReadonlyMap<string, string>): FieldChange {
  const named = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(named);
    if (isAction(value)) { const id = A_QUEUE.exec(value.to)?.[1]; return id === undefined ? value : { ...value, to: names.get(id) ?? '' }; }
    if (typeof value !== 'string' || !(field in NAMED)) return value;
    // A person is still somebody where nobody of that id has written here.
    return names.get(value) ?? (field === 'personId' ? value : { gone: value } satisfies GoneWords);
  };
  return { field: NAMED[field] ?? field, ...rest, before: named(before), after: named(after) };
}
