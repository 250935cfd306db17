// The verbs about objects by themselves: queues, agent groups, business hours, holiday sets and trunks, each created, changed and deleted in the same way.
import { may, type Action, type Target, type Verdict } from '../access';
import { OBJECT_SCHEMAS } from '../kinds';
import { type ObjectKind, type ObjectKinds } from '../model/configuration';
import { type Subject } from '../stored';
import { type Changed, type Context, type Row } from './context';
import { definedFields } from './group-verbs';
import { reachOf } from './leading';
import { mergeFields } from './merge';
import { agentGroupShape, businessHoursShape, holidaySetShape, queueShape, trunkShape } from './object-inputs';
import { NOUNS, targetOf, type KindOf, type Noun } from './owners';
import { refuse } from './results';
import { VERB_SCHEMAS } from './verbs';
import { workflowWarnings } from './warnings';

type Fields = Readonly<Record<string, unknown>>;
type NamedObject<N extends Noun> = ObjectKinds[KindOf<N>];
type CopiedNoun = Exclude<Noun, 'trunk'>;

/** What a new object has that neither its input nor the model says. */
const BLANK: { readonly [N in Noun]: Fields } = { queue: { agentGroupIds: [] }, agentGroup: { agentIds: [] }, businessHours: {}, holidaySet: {}, trunk: {} };
const SHAPES: { readonly [N in Noun]: object } = { queue: queueShape, agentGroup: agentGroupShape, businessHours: businessHoursShape, holidaySet: holidaySetShape, trunk: trunkShape };
const ID_PREFIXES = { queue: 'queue', agentGroup: 'group', businessHours: 'hours', holidaySet: 'holidays', trunk: 'trunk' } as const satisfies Record<Noun, string>;

async function found<N extends Noun>({ draft }: Context, noun: N, id: string): Promise<NamedObject<N> | null> {
  const object: ObjectKinds[ObjectKind] | null = await draft.get(NOUNS[noun].kind, id);
  return object as NamedObject<N> | null;
}

/**
 * The same for whoever asks: what is neither made for nor reached from anything of theirs is like what is not there, also in what is asked of the
 * database for it. What leads to it is looked for only once it is known to be partly theirs.
 */
async function foundBy<N extends Noun>(context: Context, noun: N, id: string): Promise<NamedObject<N> | null> {
  const { draft, roles } = context;
  const object = await found(context, noun, id);
  if (roles.administrator || (noun !== 'queue' && noun !== 'agentGroup')) return object;
  const theirs = [...new Set([...roles.manages, ...roles.serves])];
  const reached = await reachOf(draft, theirs.length === 0 ? [] : await draft.find('workflows', { _id: { $in: theirs } }, (one) => theirs.includes(one.id)));
  const isReached = reached.some((one) => [...one.queues, ...one.agentGroups].some((each) => each.id === id));
  return isReached || (object !== null && 'workflowId' in object && typeof object.workflowId === 'string' && theirs.includes(object.workflowId)) ? object : null;
}

async function known<N extends Noun>(context: Context, noun: N, id: string): Promise<NamedObject<N>> {
  const object = await found(context, noun, id);
  if (!object) throw refuse('notFound', `There is no such ${NOUNS[noun].what}.`);
  return object;
}

/** Trunks are the pool's; everything else belongs to workflows. */
async function target<N extends Noun>(context: Context, noun: N, object: NamedObject<N>): Promise<Target> {
  return noun === 'trunk' ? { kind: 'pool' } : targetOf(context.draft, noun, object as never);
}

async function subjectOf<N extends Noun>(context: Context, noun: N, object: NamedObject<N>): Promise<Subject> {
  const where = await target(context, noun, object);
  return { kind: noun, id: object.id, name: object.name, ...(where.kind === 'object' ? { workflowIds: where.workflowIds } : {}) };
}

async function changed<N extends Noun>(context: Context, noun: N, object: NamedObject<N>): Promise<Changed<'queue.change'>> {
  const subject = await subjectOf(context, noun, object);
  return { value: { id: object.id }, subject, warnings: await workflowWarnings(context.draft, subject.workflowIds ?? []) };
}

async function onObject(context: Context, noun: Noun, action: Action, id: string): Promise<Verdict> {
  // Whether a trunk exists is the administrators' business.
  if (noun === 'trunk') return may(context.roles, action, { kind: 'pool' });
  const object = await foundBy(context, noun, id);
  return object ? may(context.roles, action, await target(context, noun, object)) : 'unseen';
}

function createOf<N extends Noun>(noun: N): Row<`${N}.create`> {
  interface Input extends Fields { readonly name: string; readonly workflowId?: string }
  const row = {
    schema: VERB_SCHEMAS[`${noun}.create`],
    right: async ({ draft, roles }: Context, { workflowId }: Input): Promise<Verdict> => {
      if (noun === 'trunk') return may(roles, 'trunk.create', { kind: 'pool' });
      if (workflowId !== undefined && !await draft.get('workflows', workflowId)) return 'unseen';
      return may(roles, `${noun}.create`, { kind: 'object', workflowIds: workflowId === undefined ? [] : [workflowId] });
    },
    change: async (context: Context, input: Input) => {
      const { kind } = NOUNS[noun];
      const id = context.newId(ID_PREFIXES[noun]);
      const object = OBJECT_SCHEMAS[kind].parse({ id, pool: context.draft.pool, version: 1, ...BLANK[noun], ...definedFields(input) }) as NamedObject<N>;
      await context.draft.put(kind, object);
      return changed(context, noun, object);
    },
  };
  return row as unknown as Row<`${N}.create`>;
}

function changeOf<N extends Noun>(noun: N): Row<`${N}.change`> {
  interface Input { readonly id: string; readonly version: number; readonly changes: Fields }
  const fieldsOf = (object: NamedObject<N>): Fields => Object.fromEntries(Object.keys(SHAPES[noun]).map((field) => [field, (object as unknown as Fields)[field]]));
  const row = {
    schema: VERB_SCHEMAS[`${noun}.change`],
    right: (context: Context, { id }: Input) => onObject(context, noun, `${noun}.change`, id),
    change: async (context: Context, { id, version, changes }: Input) => {
      const { kind } = NOUNS[noun];
      const now = await known(context, noun, id);
      const opened = version === now.version ? now : await context.log.objectAt(kind, id, version) as NamedObject<N> | null;
      const effective = await mergeFields<Record<string, unknown>>({ wanted: definedFields(changes), now: fieldsOf(now), opened: opened && fieldsOf(opened), ids: [id], log: context.log, secret: ['password'] });
      const object = { ...now, ...effective };
      if (Object.keys(effective).length > 0) await context.draft.put(kind, object);
      return changed(context, noun, object);
    },
  };
  return row as unknown as Row<`${N}.change`>;
}

function deleteOf<N extends Noun>(noun: N): Row<`${N}.delete`> {
  const row = {
    schema: VERB_SCHEMAS[`${noun}.delete`],
    right: (context: Context, { id }: { readonly id: string }) => onObject(context, noun, `${noun}.delete`, id),
    change: async (context: Context, { id }: { readonly id: string }) => {
      const subject = await subjectOf(context, noun, await known(context, noun, id));
      await context.draft.remove(NOUNS[noun].kind, id);
      return { value: { id }, subject };
    },
  };
  return row as unknown as Row<`${N}.delete`>;
}

/** Workflows that a copy is made for: the one its original was made for, or, where it was made for none, the one workflow that leads to it. */
async function ownersOfCopy<N extends CopiedNoun>({ draft }: Context, noun: N, object: NamedObject<N>): Promise<readonly string[]> {
  const made = 'workflowId' in object ? object.workflowId : null;
  if (typeof made === 'string') return [made];
  const { workflowIds } = await targetOf(draft, noun, object as never);
  const managed = await draft.find('workflows', { _id: { $in: [...workflowIds] }, managed: true }, (one) => one.managed && workflowIds.includes(one.id));
  // What a managed workflow leads to is its own, and so is a copy of it.
  return managed.slice(0, 1).map((one) => one.id);
}

/** Everything but the name, for whoever may make one. */
function copyOf<N extends CopiedNoun>(noun: N): Row<`${N}.copy`> {
  interface Input { readonly id: string; readonly name: string }
  const row = {
    schema: VERB_SCHEMAS[`${noun}.copy`],
    right: async (context: Context, { id }: Input): Promise<Verdict> => {
      const object = await foundBy(context, noun, id);
      if (!object) return 'unseen';
      const seen = may(context.roles, `${noun}.see`, await target(context, noun, object));
      // Who may not see it is told what whoever may not change it is told.
      if (seen !== 'allowed') return may(context.roles, `${noun}.change`, await target(context, noun, object));
      const verdict = may(context.roles, `${noun}.copy`, { kind: 'object', workflowIds: await ownersOfCopy(context, noun, object) });
      return verdict === 'unseen' ? 'notAllowed' : verdict;
    },
    change: async (context: Context, { id, name }: Input) => {
      const { kind } = NOUNS[noun];
      const original = await known(context, noun, id);
      const [owner] = await ownersOfCopy(context, noun, original);
      const copy = { ...original, id: context.newId(ID_PREFIXES[noun]), name, ...(owner === undefined ? {} : { workflowId: owner }) };
      await context.draft.put(kind, copy);
      return changed(context, noun, copy);
    },
  };
  return row as unknown as Row<`${N}.copy`>;
}

/** A secret is never in two places because of a copy: it is asked for again. */
const copyTrunk: Row<'trunk.copy'> = {
  schema: VERB_SCHEMAS['trunk.copy'],
  right: (context, { id }) => onObject(context, 'trunk', 'trunk.copy', id),
  change: async (context, { id, name, password = null }) => {
    const copy = { ...await known(context, 'trunk', id), id: context.newId(ID_PREFIXES.trunk), name, password, enabled: false };
    await context.draft.put('trunks', copy);
    return { value: { id: copy.id }, subject: await subjectOf(context, 'trunk', copy) };
  },
};

export const OBJECT_ROWS = {
  'queue.copy': copyOf('queue'), 'agentGroup.copy': copyOf('agentGroup'), 'businessHours.copy': copyOf('businessHours'), 'holidaySet.copy': copyOf('holidaySet'),
  'queue.create': createOf('queue'), 'queue.change': changeOf('queue'), 'queue.delete': deleteOf('queue'),
  'agentGroup.create': createOf('agentGroup'), 'agentGroup.change': changeOf('agentGroup'), 'agentGroup.delete': deleteOf('agentGroup'),
  'businessHours.create': createOf('businessHours'), 'businessHours.change': changeOf('businessHours'), 'businessHours.delete': deleteOf('businessHours'),
  'holidaySet.create': createOf('holidaySet'), 'holidaySet.change': changeOf('holidaySet'), 'holidaySet.delete': deleteOf('holidaySet'),
  'trunk.create': createOf('trunk'), 'trunk.copy': copyTrunk, 'trunk.change': changeOf('trunk'), 'trunk.delete': deleteOf('trunk'),
};
