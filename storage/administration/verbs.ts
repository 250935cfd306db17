// Every verb's input, as one zod schema each, and what it gives back. Chat, cards and the command line all pass through these.
import { z } from 'zod';
import { agent } from '../model/agent';
import { displayName, id, personId, sipUser, text } from '../model/fields';
import { DEFAULTS, LIMITS } from '../model/limits';
import { schemaRule } from '../model/rules';
import { manager } from '../model/workflow';
import { agentGroupShape, businessHoursShape, holidaySetShape, queueShape, settingsShape, trunkShape, workflowShape } from './object-inputs';
import { number, orNone, yesOrNo } from './typed';

/** What is spoken; empty for nothing. */
const spoken = text({ min: 0, max: LIMITS.promptTextLength.max });

/** The one flat form that edits a workflow, its queue and its agent group together. */
const groupShape = {
  displayName,
  description: workflowShape.description,
  sipUser,
  telephoneNumber: workflowShape.telephoneNumber,
  displayNumber: workflowShape.displayNumber,
  language: workflowShape.language,
  timeZone: workflowShape.timeZone,
  welcomeText: spoken,
  routingMethod: agentGroupShape.routingMethod,
  participation: agentGroupShape.participation,
  alertTimeSeconds: agentGroupShape.alertTimeSeconds,
  wrapUpSeconds: agentGroupShape.wrapUpSeconds,
  autoPauseAfter: agentGroupShape.autoPauseAfter,
  timeoutSeconds: queueShape.timeoutSeconds,
  timeoutText: spoken,
  overflowThreshold: queueShape.overflowThreshold,
  overflowCandidate: queueShape.overflowCandidate,
  overflowText: spoken,
  announceSeconds: queueShape.announceSeconds,
  priority: workflowShape.priority,
  agentAnonymity: yesOrNo,
  federation: yesOrNo,
  /** In the order in which they stand in the group. */
  agentIds: agentGroupShape.agentIds,
  active: yesOrNo,
  managed: yesOrNo,
  managers: workflowShape.managers,
};
const groupFields = z.strictObject(groupShape);
export type GroupForm = z.output<typeof groupFields>;
export type GroupField = keyof GroupForm;
export const GROUP_FIELDS = Object.keys(groupShape) as GroupField[];

/** Fields that only an administrator changes. Managers are added with their own verb. */
export const ADDRESS_FIELDS = ['sipUser', 'telephoneNumber', 'managed', 'managers', 'federation'] as const satisfies readonly GroupField[];

/** An id of the caller's own, which stands for the one that storage gives. */
const named = { id };
const eachItsOwnId = (listed: readonly { readonly id: string }[]): boolean => new Set(listed.map((one) => one.id)).size === listed.length;
const listOf = <S extends z.ZodType<{ readonly id: string }>>(each: S) => z.array(each).max(LIMITS.builtTogether.max, schemaRule('tooMany', { max: LIMITS.builtTogether.max }, `must have at most ${LIMITS.builtTogether.max}`)).refine(eachItsOwnId, schemaRule('twice', {}, 'must give each an id of its own')).default([]);

const version = z.int().min(1);
/** The versions a form was opened with. */
export const groupVersions = z.strictObject({ workflow: version, queue: version, agentGroup: version });
export type GroupVersions = z.output<typeof groupVersions>;

const agentShape = { name: displayName, sipUser, personId: orNone(personId), contacts: agent.shape.contacts.removeDefault() };

/** An object by itself: created with what the model does not know by itself, changed field by field from a known version. */
const changeOf = <S extends z.ZodRawShape>(shape: S) => z.strictObject({ id, version, changes: z.strictObject(shape).partial() });
/** Of the same workflow as the original, or of none. */
const copyOf = z.strictObject({ id, name: displayName });
const workflowFields = z.strictObject(workflowShape);
/** `workflowId`: the workflow it is made for; a manager has to name one of theirs. */
const owner = { workflowId: id.optional() };
/** Without `agentId`: the actor's own. */
const ofAgent = { agentId: id.optional() };

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
    participation: groupShape.participation.default('informal'),
    alertTimeSeconds: groupShape.alertTimeSeconds.default(DEFAULTS.alertTimeSeconds),
    wrapUpSeconds: groupShape.wrapUpSeconds.default(DEFAULTS.wrapUpSeconds),
    autoPauseAfter: groupShape.autoPauseAfter.default(null),
    timeoutSeconds: groupShape.timeoutSeconds.default(null),
    timeoutText: groupShape.timeoutText.default(''),
    overflowThreshold: groupShape.overflowThreshold.default(null),
    overflowCandidate: groupShape.overflowCandidate.default('newestCall'),
    overflowText: groupShape.overflowText.default(''),
    announceSeconds: groupShape.announceSeconds.default(null),
    priority: groupShape.priority.default(DEFAULTS.priority),
    agentAnonymity: groupShape.agentAnonymity.default(false),
    federation: groupShape.federation.default(false),
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
  /** Left out: as the model has it; `managed` false, and active where it is managed. */
  'workflow.create': workflowFields.partial().required({ displayName: true, sipUser: true, defaultAction: true }),
  /** A workflow with everything it leads to, in one piece: all of it, or nothing. Hours and holidays are its own. Left out: as `workflow.create` has it, and not active. */
  'workflow.build': z.strictObject({
    workflow: workflowFields.partial().required({ displayName: true, sipUser: true, defaultAction: true }),
    queues: listOf(z.strictObject(queueShape).partial().required({ name: true }).extend(named)),
    agentGroups: listOf(z.strictObject(agentGroupShape).partial().required({ name: true }).extend(named)),
    businessHours: listOf(z.strictObject(businessHoursShape).partial().required({ name: true }).extend(named)),
    holidaySets: listOf(z.strictObject(holidaySetShape).extend(named)),
  }),
  /** With its questions, its own hours and holidays; what a managed one leads to is copied with it, for it shares nothing. Not active until somebody makes it so. */
  'workflow.copy': z.strictObject({ id, name: displayName, sipUser }),
  'workflow.change': changeOf(workflowShape),
  'workflow.delete': z.strictObject({ id }),
  'queue.create': z.strictObject(queueShape).partial().required({ name: true }).extend(owner),
  'queue.copy': copyOf,
  'queue.change': changeOf(queueShape),
  'queue.delete': z.strictObject({ id }),
  'agentGroup.create': z.strictObject(agentGroupShape).partial().required({ name: true }).extend(owner),
  'agentGroup.copy': copyOf,
  'agentGroup.change': changeOf(agentGroupShape),
  'agentGroup.delete': z.strictObject({ id }),
  'businessHours.create': z.strictObject(businessHoursShape).partial().required({ name: true }).extend(owner),
  'businessHours.copy': copyOf,
  'businessHours.change': changeOf(businessHoursShape),
  'businessHours.delete': z.strictObject({ id }),
  'holidaySet.create': z.strictObject(holidaySetShape).extend(owner),
  'holidaySet.copy': copyOf,
  'holidaySet.change': changeOf(holidaySetShape),
  'holidaySet.delete': z.strictObject({ id }),
  'trunk.create': z.strictObject(trunkShape).partial().required({ name: true, host: true }),
  /** Not in use until somebody makes it so. The password is not copied; without one, the copy has none. */
  'trunk.copy': copyOf.extend({ password: trunkShape.password.optional() }),
  'trunk.change': changeOf(trunkShape),
  'trunk.delete': z.strictObject({ id }),
  'agent.create': z.strictObject({ ...agentShape, personId: agentShape.personId.default(null), contacts: agentShape.contacts.default([]), onDuty: yesOrNo.default(true), simulated: z.boolean().default(false) }),
  'agent.change': changeOf(agentShape),
  'agent.delete': z.strictObject({ id }),
  /** Without `agentId`: the actor's own phone. */
  'agent.resetPassword': z.strictObject(ofAgent),
  /** Going on or off duty ends a pause. */
  'duty.set': z.strictObject({ ...ofAgent, onDuty: yesOrNo }),
  /** Without `untilMinutes`: until it is taken back. */
  'duty.pause': z.strictObject({ ...ofAgent, reason: text(LIMITS.pauseReasonLength).default(''), untilMinutes: number(LIMITS.pauseMinutes, ' minutes').optional() }),
  'duty.resume': z.strictObject(ofAgent),
  /** Of a formal agent group. */
  'duty.signIn': z.strictObject({ ...ofAgent, agentGroupId: id }),
  'duty.signOut': z.strictObject({ ...ofAgent, agentGroupId: id }),
  /** Without `entryId`: the actor's last edit. */
  'change.undo': z.strictObject({ entryId: z.string().max(200).optional() }),
  /** Version 0: nobody has changed them yet. */
  'settings.change': z.strictObject({ version: z.int().min(0), changes: z.strictObject(settingsShape).partial() }),
} as const;

export type Verb = keyof typeof VERB_SCHEMAS;
export const VERBS = Object.keys(VERB_SCHEMAS) as Verb[];
/** What a caller hands in, and what the change works with. */
export type VerbInput<V extends Verb> = z.input<(typeof VERB_SCHEMAS)[V]>;
export type VerbParsed<V extends Verb> = z.output<(typeof VERB_SCHEMAS)[V]>;

interface Id { readonly id: string }
/** What each verb gives back. */
export interface VerbValues {
  'group.create': Id;
  'group.change': Id & { readonly changed: readonly GroupField[] };
  'group.delete': Id;
  'group.addManager': Id;
  'group.removeManager': Id;
  'workflow.create': Id;
  'workflow.build': Id;
  'workflow.copy': Id;
  'workflow.change': Id;
  'workflow.delete': Id;
  'queue.create': Id;
  'queue.copy': Id;
  'queue.change': Id;
  'queue.delete': Id;
  'agentGroup.create': Id;
  'agentGroup.copy': Id;
  'agentGroup.change': Id;
  'agentGroup.delete': Id;
  'businessHours.create': Id;
  'businessHours.copy': Id;
  'businessHours.change': Id;
  'businessHours.delete': Id;
  'holidaySet.create': Id;
  'holidaySet.copy': Id;
  'holidaySet.change': Id;
  'holidaySet.delete': Id;
  'trunk.create': Id;
  'trunk.copy': Id;
  'trunk.change': Id;
  'trunk.delete': Id;
  'agent.create': Id;
  'agent.change': Id;
  'agent.delete': Id;
  /** `password` is shown once: it is `null` when the same request is sent again. */
  'agent.resetPassword': { readonly agentId: string; readonly sipUser: string; readonly domain: string; readonly password: string | null };
  'duty.set': { readonly agentId: string; readonly onDuty: boolean };
  /** `until`: null until it is taken back. */
  'duty.pause': { readonly agentId: string; readonly until: Date | null };
  'duty.resume': { readonly agentId: string };
  'duty.signIn': { readonly agentId: string; readonly agentGroupId: string };
  'duty.signOut': { readonly agentId: string; readonly agentGroupId: string };
  'change.undo': { readonly entryId: string; readonly verb: Verb };
  'settings.change': Id;
}
