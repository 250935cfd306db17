// What must hold for the configuration as a whole, checked for every verb on what it is about to write.
import { OBJECT_SCHEMAS } from '../kinds';
import { type Agent } from '../model/agent';
import { type AgentGroup } from '../model/agent-group';
import { type ObjectChange, type ObjectKinds } from '../model/configuration';
import { type Queue } from '../model/queue';
import { type Rule, type RuleCode } from '../model/rules';
import { type PoolSettings } from '../model/settings';
import { type Workflow } from '../model/workflow';
import { actionsOfQueue, actionsOfWorkflow, type PlacedAction } from '../reach';
import { missingAudio } from './audio-references';
import { nameOf, type Checking } from './checking';
import { type Draft } from './draft';
import { faultsOf, sentence } from './faults';
import { groupsListing, queuesListing, queuesUsing, workflowsLeadingToGroups, workflowsUsing } from './leading';
import { circleFaults, fallbackLoops, selfLoops } from './loops';
import { faultOf, refuse, type Fault } from './results';
import { sharingFaults } from './sharing';
import { activationFaults, forbiddenContacts, forbiddenTargets, targetsIn } from './targets';

/**
 * Ranges of every object; names, addresses and numbers that only one has; no reference into nothing; no way round in a circle without a caller's key;
 * nothing shared by a managed workflow; no target that the number policy forbids.
 * @throws Refused 'invalid' or 'conflict', with a fault for each
 */
export async function checkIntegrity(checking: Checking): Promise<void> {
  const changes = checking.draft.changes();
  const invalid = changes.flatMap(({ kind, after }) => {
    const parsed = after && OBJECT_SCHEMAS[kind].safeParse(after);
    return parsed?.success === false ? faultsOf(parsed.error, after) : [];
  });
  if (invalid.length > 0) throw refuse('invalid', sentence(invalid), invalid);
  const conflicts: Fault[] = [];
  for (const change of changes) conflicts.push(...await conflictsOf(checking, change), ...await missingAudio(checking.draft, change));
  conflicts.push(...await circleFaults(checking, changes), ...await sharingFaults(checking, changes));
  if (conflicts.length > 0) throw refuse('conflict', sentence(conflicts), conflicts);
}

async function conflictsOf(checking: Checking, change: ObjectChange): Promise<Fault[]> {
  const { draft } = checking;
  switch (change.kind) {
    case 'workflows': return change.after ? ofWorkflow(checking, change.before, change.after) : [];
    case 'queues': return change.after ? ofQueue(checking, change.before, change.after) : ofRemoved(change.id, await queueUsers(checking, change.id));
    case 'agentGroups': return change.after ? ofAgentGroup(draft, change.after) : ofRemoved(change.id, (await queuesListing(draft, [change.id])).map(byQueue));
    case 'agents': return change.after ? ofAgent(checking, change.before, change.after) : ofRemoved(change.id, await agentUsers(checking, change.id));
    case 'businessHours': return change.after ? ofSchedule(draft, change.kind, change.after)
      : ofRemoved(change.id, byGroups(checking, await draft.find('workflows', { businessHoursId: change.id }, (one) => one.businessHoursId === change.id)));
    case 'holidaySets': return change.after ? ofSchedule(draft, change.kind, change.after)
      : ofRemoved(change.id, byGroups(checking, await draft.find('workflows', { holidaySetIds: change.id }, (one) => one.holidaySetIds.includes(change.id))));
    case 'trunks': return change.after ? ofName(draft, 'trunks', change.after, 'trunkNameTaken') : [];
    case 'settings': return change.after ? ofDialledCodes(draft, change.after) : [];
    case 'duties': return [];
  }
}

async function ofWorkflow(checking: Checking, before: Workflow | null, after: Workflow): Promise<Fault[]> {
  const { draft } = checking;
  const { id, sipUser, telephoneNumber, managed, managers, defaultAction, businessHoursId, holidaySetIds, questions } = after;
  const faults = await ofSipUser(draft, id, sipUser);
  if (telephoneNumber !== null) {
    const [other] = (await draft.find('workflows', { telephoneNumber }, (one) => one.telephoneNumber === telephoneNumber)).filter((one) => one.id !== id);
    if (other) faults.push(faultOf('telephoneNumber', telephoneNumber, 'numberTaken', { by: other.displayName }));
  }
  if (!managed && managers.length > 0) faults.push(faultOf('managers', managers.map((one) => one.name), 'managedOnly'));
  const actions = actionsOfWorkflow(after);
  faults.push(...await missingQueues(draft, [...defaultAction.kind === 'queue' ? [{ field: 'defaultAction', id: defaultAction.queueId }] : [], ...queuesIn(actions)]));
  const asked = [...defaultAction.kind === 'question' ? [{ field: 'defaultAction', id: defaultAction.questionId }] : [], ...actions.flatMap(({ field, action }) => (action.kind === 'question' ? [{ field: `${field}.questionId`, id: action.questionId }] : []))];
  faults.push(...asked.filter((one) => !questions.some((question) => question.id === one.id)).map((one) => faultOf(one.field, one.id, 'noQuestion')));
  faults.push(...fallbackLoops(after));
  if (businessHoursId !== null) faults.push(...ofUsedSchedule('businessHoursId', id, businessHoursId, await draft.get('businessHours', businessHoursId)));
  for (const [i, setId] of holidaySetIds.entries()) faults.push(...ofUsedSchedule(`holidaySetIds.${i}`, id, setId, await draft.get('holidaySets', setId)));
  faults.push(...await forbiddenTargets(checking, targetsIn(actions), before ? targetsIn(actionsOfWorkflow(before)) : []));
  if (after.active && before?.active !== true && faults.length === 0) faults.push(...await activationFaults(checking, after));
  return faults;
}

async function ofQueue(checking: Checking, before: Queue | null, after: Queue): Promise<Fault[]> {
  const { draft } = checking;
  const groups = new Set((await draft.find('agentGroups', { _id: { $in: after.agentGroupIds } }, (one) => after.agentGroupIds.includes(one.id))).map((one) => one.id));
  return [
    ...await ofName(draft, 'queues', after, 'queueNameTaken'),
    ...await ofOwner(draft, after.workflowId),
    ...after.agentGroupIds.filter((id) => !groups.has(id)).map((id) => faultOf('agentGroupIds', id, 'noAgentGroup')),
    ...after.callBackKey != null && after.callBackKey === after.leaveKey ? [faultOf('callBackKey', after.callBackKey, 'otherKey')] : [],
    ...await missingQueues(draft, queuesIn(actionsOfQueue(after))),
    ...selfLoops(after),
    ...await forbiddenTargets(checking, targetsIn(actionsOfQueue(after)), before ? targetsIn(actionsOfQueue(before)) : []),
  ];
}

async function ofAgentGroup(draft: Draft, after: AgentGroup): Promise<Fault[]> {
  const { agentIds } = after;
  const known = new Set((await draft.find('agents', { _id: { $in: agentIds } }, (one) => agentIds.includes(one.id))).map((one) => one.id));
  return [
    ...await ofName(draft, 'agentGroups', after, 'agentGroupNameTaken'),
    ...await ofOwner(draft, after.workflowId),
    ...agentIds.filter((id) => !known.has(id)).map((id) => faultOf('agentIds', id, 'noAgent')),
  ];
}

async function ofAgent(checking: Checking, before: Agent | null, { id, sipUser, personId, contacts }: Agent): Promise<Fault[]> {
  const { draft } = checking;
  const faults = await ofSipUser(draft, id, sipUser);
  if (personId !== null) {
    const [other] = (await draft.find('agents', { personId }, (one) => one.personId === personId)).filter((one) => one.id !== id);
    if (other) faults.push(faultOf('personId', personId, 'personTaken', { by: other.name }));
  }
  return [...faults, ...await forbiddenContacts(checking, contacts, before?.contacts ?? [])];
}

/** Names of what any workflow may use are unique in the pool, those of a workflow's own among its own. */
async function ofSchedule<K extends 'businessHours' | 'holidaySets'>(draft: Draft, kind: K, after: ObjectKinds[K]): Promise<Fault[]> {
  const { id, name, workflowId } = after;
  const same = (await draft.find(kind, { name, workflowId }, (one) => one.name === name && one.workflowId === workflowId)).filter((one) => one.id !== id);
  return [...await ofOwner(draft, workflowId), ...same.slice(0, 1).map(() => faultOf('name', name, 'nameTaken'))];
}

function ofUsedSchedule(field: string, workflowId: string, value: string, used: { readonly workflowId: string | null } | null): Fault[] {
  if (used && (used.workflowId === null || used.workflowId === workflowId)) return [];
  return [faultOf(field, value, used ? 'otherGroups' : 'gone')];
}

async function ofOwner(draft: Draft, workflowId: string | null | undefined): Promise<Fault[]> {
  return workflowId == null || await draft.get('workflows', workflowId) ? [] : [faultOf('workflowId', workflowId, 'noWorkflow')];
}

async function ofName<K extends 'queues' | 'agentGroups' | 'trunks'>(draft: Draft, kind: K, { id, name }: ObjectKinds[K], taken: RuleCode): Promise<Fault[]> {
  const others = (await draft.find(kind, { name }, (one) => one.name === name)).filter((one) => one.id !== id);
  return others.slice(0, 1).map(() => faultOf('name', name, taken));
}

async function ofSipUser(draft: Draft, id: string, sipUser: string): Promise<Fault[]> {
  const groups = await draft.find('workflows', { sipUser }, (one) => one.sipUser === sipUser);
  const agents = await draft.find('agents', { sipUser }, (one) => one.sipUser === sipUser);
  const settings = await draft.get('settings', draft.pool);
  const taken = [
    ...groups.map((one) => ({ id: one.id, fault: faultOf('sipUser', sipUser, 'addressOfGroup', { by: one.displayName }) })), ...agents.map((one) => ({ id: one.id, fault: faultOf('sipUser', sipUser, 'addressOfAgent', { by: one.name }) })),
    ...settings === null ? [] : DIALLED_CODES.filter(({ field }) => settings[field] === sipUser).map(({ taken: code }) => ({ id: settings.id, fault: faultOf('sipUser', sipUser, code) })),
  ].filter((one) => one.id !== id);
  return taken.slice(0, 1).map(({ fault }) => fault);
}

const DIALLED_CODES = [
  { field: 'pickupCode', taken: 'pickupCodeTaken' },
  { field: 'onDutyCode', taken: 'onDutyCodeTaken' },
  { field: 'offDutyCode', taken: 'offDutyCodeTaken' },
] as const satisfies readonly { readonly field: string; readonly taken: RuleCode }[];

async function ofDialledCodes(draft: Draft, settings: PoolSettings): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const [at, { field }] of DIALLED_CODES.entries()) {
    const value = settings[field];
    const same = DIALLED_CODES.slice(0, at).find((other) => settings[other.field] === value);
    if (same !== undefined) faults.push(faultOf(field, value, same.taken));
    else faults.push(...(await ofSipUser(draft, draft.pool, value)).map((fault) => ({ ...fault, field })));
  }
  return faults;
}

const queuesIn = (actions: readonly PlacedAction[]) => actions.flatMap(({ field, action }) => (action.kind === 'queue' ? [{ field: `${field}.queueId`, id: action.queueId }] : []));

async function missingQueues(draft: Draft, named: readonly { readonly field: string; readonly id: string }[]): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { field, id } of named) if (!await draft.get('queues', id)) faults.push(faultOf(field, id, 'noQueue'));
  return faults;
}

/** What still uses something, as a rule that names it. */
const byQueue = ({ name }: Queue): Rule => ({ code: 'usedByQueue', params: { by: name } });
const byGroups = ({ roles }: Checking, workflows: readonly Workflow[]): Rule[] =>
  [...new Set(workflows.map((one) => nameOf(roles, one)))].map((by): Rule => (by === null ? { code: 'usedByOther', params: {} } : { code: 'usedByGroup', params: { by } }));

async function queueUsers(checking: Checking, id: string): Promise<Rule[]> {
  return [...byGroups(checking, await workflowsUsing(checking.draft, [id])), ...(await queuesUsing(checking.draft, [id])).map(byQueue)];
}

async function agentUsers(checking: Checking, id: string): Promise<Rule[]> {
  const groups = await groupsListing(checking.draft, [id]);
  const users = byGroups(checking, await workflowsLeadingToGroups(checking.draft, groups.map((one) => one.id)));
  return users.length > 0 ? users : groups.map(({ name }): Rule => ({ code: 'usedByAgentGroup', params: { by: name } }));
}

/** Deleting what is used names the users. */
function ofRemoved(id: string, users: readonly Rule[]): Fault[] {
  return users.map(({ code, params }) => faultOf('id', id, code, params));
}
