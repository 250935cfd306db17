// Every verb's input, as one zod schema each, and what it gives back. Chat, cards and the command line all pass through these.
import { z } from 'zod';
import { routingMethod } from '../model/agent-group';
import { displayName, id, personId, sipUser, telephoneNumber, text, timeZone, whole } from '../model/fields';
import { language } from '../model/languages';
import { DEFAULTS, LIMITS } from '../model/limits';
import { manager } from '../model/workflow';

/** Forms and commands carry numbers as text. Anything that is not a number stays as typed, so that the fault can show it. */
const fromText = (typed: unknown): unknown => {
  if (typeof typed !== 'string') return typed;
  const trimmed = typed.trim();
  return /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
};
const number = (range: { min: number; max: number }, unit: string) => z.preprocess(fromText, whole(range, unit));
/** An empty field means: none. */
const numberOrNone = (range: { min: number; max: number }, unit: string) =>
  z.preprocess((typed) => (typed === '' ? null : fromText(typed)), z.union([z.null(), whole(range, unit)], { error: `must be empty, or a whole number from ${range.min} to ${range.max}${unit}` }));
const yesOrNo = z.preprocess((typed) => (typed === 'true' ? true : typed === 'false' ? false : typed), z.boolean({ error: 'must be true or false' }));
const telephoneNumberOrNone = z.preprocess((typed) => (typeof typed === 'string' && typed.trim() === '' ? null : typed), telephoneNumber.nullable());
const personOrNone = z.preprocess((typed) => (typeof typed === 'string' && typed.trim() === '' ? null : typed), personId.nullable());
/** What is spoken; empty for nothing. */
const spoken = text({ min: 0, max: LIMITS.promptTextLength.max });

/** The one flat form that edits a workflow, its queue and its agent group together. */
const groupShape = {
  displayName,
  description: text(LIMITS.descriptionLength),
  sipUser,
  telephoneNumber: telephoneNumberOrNone,
  displayNumber: text(LIMITS.displayNumberLength),
  language,
  timeZone,
  welcomeText: spoken,
  routingMethod,
  alertTimeSeconds: number(LIMITS.alertTimeSeconds, ' seconds'),
  wrapUpSeconds: number(LIMITS.wrapUpSeconds, ' seconds'),
  timeoutSeconds: numberOrNone(LIMITS.queueTimeoutSeconds, ' seconds'),
  timeoutText: spoken,
  overflowThreshold: numberOrNone(LIMITS.overflowThreshold, ' waiting callers'),
  overflowText: spoken,
  /** In the order in which they stand in the group. */
  agentIds: z.array(id).max(LIMITS.agentsInGroup.max, `must have at most ${LIMITS.agentsInGroup.max} agents`)
    .refine((ids) => new Set(ids).size === ids.length, 'must name each agent once'),
  active: yesOrNo,
  managed: yesOrNo,
  managers: z.array(manager).max(64, 'must have at most 64 managers')
    .refine((managers) => new Set(managers.map((one) => one.personId)).size === managers.length, 'must name each manager once'),
};
const groupFields = z.strictObject(groupShape);
export type GroupForm = z.output<typeof groupFields>;
export type GroupField = keyof GroupForm;
export const GROUP_FIELDS = Object.keys(groupShape) as GroupField[];

/** Fields that only an administrator changes. Managers are added with their own verb. */
export const ADDRESS_FIELDS: readonly GroupField[] = ['sipUser', 'telephoneNumber', 'managed', 'managers'];

const version = z.int().min(1);
/** The versions a form was opened with. */
export const groupVersions = z.strictObject({ workflow: version, queue: version, agentGroup: version });
export type GroupVersions = z.output<typeof groupVersions>;

const agentShape = { name: displayName, sipUser, personId: personOrNone };

export const VERB_SCHEMAS = {
  'group.create': z.strictObject({
    ...groupShape,
    description: groupShape.description.default(''),
    telephoneNumber: groupShape.telephoneNumber.default(null),
    displayNumber: groupShape.displayNumber.default(''),
    language: groupShape.language.default(DEFAULTS.language),
    timeZone: groupShape.timeZone.default(DEFAULTS.timeZone),
    welcomeText: groupShape.welcomeText.default(''),
    routingMethod: groupShape.routingMethod.default('parallel'),
    alertTimeSeconds: groupShape.alertTimeSeconds.default(DEFAULTS.alertTimeSeconds),
    wrapUpSeconds: groupShape.wrapUpSeconds.default(DEFAULTS.wrapUpSeconds),
    timeoutSeconds: groupShape.timeoutSeconds.default(null),
    timeoutText: groupShape.timeoutText.default(''),
    overflowThreshold: groupShape.overflowThreshold.default(null),
    overflowText: groupShape.overflowText.default(''),
    agentIds: groupShape.agentIds.default([]),
    /** Left out: a managed group is created active, an unmanaged one is not. */
    active: groupShape.active.optional(),
    managed: groupShape.managed.default(false),
    managers: groupShape.managers.default([]),
  }),
  /** Only the fields that were changed. */
  'group.change': z.strictObject({ id, versions: groupVersions, changes: groupFields.partial() }),
  'group.delete': z.strictObject({ id }),
  'group.addManager': z.strictObject({ id, manager }),
  'group.removeManager': z.strictObject({ id, personId }),
  'agent.create': z.strictObject({ ...agentShape, personId: personOrNone.default(null), onDuty: yesOrNo.default(true), simulated: z.boolean().default(false) }),
  'agent.change': z.strictObject({ id, version, changes: z.strictObject(agentShape).partial() }),
  'agent.delete': z.strictObject({ id }),
  /** Without `agentId`: the actor's own phone. */
  'agent.resetPassword': z.strictObject({ agentId: id.optional() }),
  /** Without `agentId`: the actor's own duty. */
  'duty.set': z.strictObject({ agentId: id.optional(), onDuty: yesOrNo }),
  /** Without `entryId`: the actor's last edit. */
  'change.undo': z.strictObject({ entryId: z.string().max(200).optional() }),
  'settings.change': z.strictObject({
    version: z.int().min(0),
    changes: z.strictObject({ gracePeriodSeconds: number(LIMITS.gracePeriodSeconds, ' seconds'), callContextShown: yesOrNo }).partial(),
  }),
} as const;

export type Verb = keyof typeof VERB_SCHEMAS;
export const VERBS = Object.keys(VERB_SCHEMAS) as Verb[];
/** What a caller hands in, and what the change works with. */
export type VerbInput<V extends Verb> = z.input<(typeof VERB_SCHEMAS)[V]>;
export type VerbParsed<V extends Verb> = z.output<(typeof VERB_SCHEMAS)[V]>;

/** What each verb gives back. */
export interface VerbValues {
  'group.create': { readonly id: string };
  'group.change': { readonly id: string; readonly changed: readonly GroupField[] };
  'group.delete': { readonly id: string };
  'group.addManager': { readonly id: string };
  'group.removeManager': { readonly id: string };
  'agent.create': { readonly id: string };
  'agent.change': { readonly id: string };
  'agent.delete': { readonly id: string };
  /** `password` is shown once: it is `null` when the same request is sent again. */
  'agent.resetPassword': { readonly agentId: string; readonly sipUser: string; readonly domain: string; readonly password: string | null };
  'duty.set': { readonly agentId: string; readonly onDuty: boolean };
  'change.undo': { readonly entryId: string; readonly verb: Verb };
  'settings.change': { readonly id: string };
}
