// The verbs about agents, their phones' passwords and their duty; and the pool's settings.
import { may, type Action, type Verdict } from '../access';
import { type Agent } from '../model/agent';
import { poolSettings } from '../model/settings';
import { type Subject } from '../stored';
import { type Context, type Row } from './context';
import { readGroup, warningsOf } from './group-form';
import { definedFields } from './group-verbs';
import { mergeFields } from './merge';
import { digestOf, makePassword } from './password';
import { refuse, type Warning } from './results';
import { VERB_SCHEMAS } from './verbs';

const agentSubject = ({ id, name }: Agent): Subject => ({ kind: 'agent', id, name });

async function known(context: Context, id: string | null | undefined): Promise<Agent> {
  const agent = id ? await context.draft.get('agents', id) : null;
  if (!agent) throw refuse('notFound', id ? 'There is no such agent.' : 'You are not an agent here.');
  return agent;
}

async function onAgent(context: Context, action: Action, id: string | null | undefined): Promise<Verdict> {
  return id && await context.draft.get('agents', id) ? may(context.roles, action, { kind: 'agent', agentId: id }) : 'unseen';
}

const formOfAgent = ({ name, sipUser, personId }: Agent) => ({ name, sipUser, personId });

export const createAgent: Row<'agent.create'> = {
  schema: VERB_SCHEMAS['agent.create'],
  right: ({ roles }) => may(roles, 'agent.create', { kind: 'pool' }),
  change: async ({ draft, newId, now }, { onDuty, ...form }) => {
    const id = newId('agent');
    await draft.put('agents', { id, ...form, digest: null });
    await draft.put('duties', { id, agentId: id, onDuty, since: now });
    return { value: { id }, subject: { kind: 'agent', id, name: form.name } };
  },
};

export const changeAgent: Row<'agent.change'> = {
  schema: VERB_SCHEMAS['agent.change'],
  right: (context, { id }) => onAgent(context, 'agent.change', id),
  change: async (context, { id, version, changes }) => {
    const agent = await known(context, id);
    const opened = version === agent.version ? agent : await context.log.objectAt('agents', id, version);
    const effective = await mergeFields({ wanted: definedFields(changes), now: formOfAgent(agent), opened: opened && formOfAgent(opened), ids: [id], log: context.log });
    // The hashes contain the SIP user, so they do not fit another one.
    const isPasswordLost = effective.sipUser !== undefined && agent.digest !== null;
    const changed = { ...agent, ...effective, digest: isPasswordLost ? null : agent.digest };
    await context.draft.put('agents', changed);
    return { value: { id }, subject: agentSubject(changed), warnings: isPasswordLost ? [{ code: 'passwordNeeded', agentId: id }] : [] };
  },
};

export const deleteAgent: Row<'agent.delete'> = {
  schema: VERB_SCHEMAS['agent.delete'],
  right: (context, { id }) => onAgent(context, 'agent.delete', id),
  change: async (context, { id }) => {
    const agent = await known(context, id);
    await context.draft.remove('agents', id);
    await context.draft.remove('duties', id);
    return { value: { id }, subject: agentSubject(agent) };
  },
};

export const resetPassword: Row<'agent.resetPassword'> = {
  schema: VERB_SCHEMAS['agent.resetPassword'],
  right: (context, { agentId }) => onAgent(context, 'agent.resetPassword', agentId ?? context.roles.agentId),
  change: async (context, { agentId }) => {
    const agent = await known(context, agentId ?? context.roles.agentId);
    const { id, sipUser } = agent;
    const password = makePassword();
    await context.draft.put('agents', { ...agent, digest: digestOf(sipUser, context.sipDomain, password) });
    return { value: { agentId: id, sipUser, domain: context.sipDomain, password: null }, once: { password }, subject: agentSubject(agent) };
  },
};

export const setDuty: Row<'duty.set'> = {
  schema: VERB_SCHEMAS['duty.set'],
  right: (context, { agentId }) => onAgent(context, 'duty.set', agentId ?? context.roles.agentId),
  change: async (context, { agentId, onDuty }) => {
    const agent = await known(context, agentId ?? context.roles.agentId);
    const duty = await context.draft.get('duties', agent.id);
    if (duty?.onDuty !== onDuty) await context.draft.put('duties', { id: agent.id, agentId: agent.id, onDuty, since: context.now });
    return { value: { agentId: agent.id, onDuty }, subject: agentSubject(agent), warnings: onDuty ? [] : await deserted(context, agent.id) };
  },
};

/** Active groups that nobody serves any more, now that this agent is off duty. */
async function deserted(context: Context, agentId: string): Promise<Warning[]> {
  const { draft } = context;
  const groups = await draft.find('agentGroups', { agentIds: agentId }, (one) => one.agentIds.includes(agentId));
  const groupIds = groups.map((one) => one.id);
  const queues = await draft.find('queues', { agentGroupIds: { $in: groupIds } }, (one) => one.agentGroupIds.some((id) => groupIds.includes(id)));
  const queueIds = queues.map((one) => one.id);
  const workflows = await draft.find('workflows', { 'defaultAction.queueId': { $in: queueIds } }, (one) => queueIds.includes(one.defaultAction.queueId));
  const colleagues = groups.flatMap((one) => one.agentIds);
  const duties = await draft.find('duties', { _id: { $in: colleagues }, onDuty: true }, (one) => colleagues.includes(one.agentId) && one.onDuty);
  const onDuty = new Set(duties.map((one) => one.agentId));
  const warnings: Warning[] = [];
  for (const { id } of workflows) {
    const group = await readGroup(draft, id);
    if (group) warnings.push(...warningsOf(group, onDuty).filter((one) => one.code === 'nobodyOnDuty'));
  }
  return warnings;
}

/** Settings nobody has changed yet are at their defaults, version 0. */
export function defaultSettings(pool: string) {
  return poolSettings.parse({ id: pool, pool, version: 1 });
}

export const changeSettings: Row<'settings.change'> = {
  schema: VERB_SCHEMAS['settings.change'],
  right: ({ roles }) => may(roles, 'settings.change', { kind: 'pool' }),
  change: async (context, { version, changes }) => {
    const { draft, log } = context;
    const id = draft.pool;
    const stored = await draft.get('settings', id);
    const now = stored ?? defaultSettings(id);
    const fields = ({ gracePeriodSeconds, callContextShown }: typeof now) => ({ gracePeriodSeconds, callContextShown });
    const opened = version === (stored?.version ?? 0) ? now : version === 0 ? defaultSettings(id) : await log.objectAt('settings', id, version);
    const effective = await mergeFields({ wanted: definedFields(changes), now: fields(now), opened: opened && fields(opened), ids: [id], log });
    if (Object.keys(effective).length > 0) await draft.put('settings', { ...now, ...effective });
    return { value: { id }, subject: { kind: 'settings', id, name: id } };
  },
};
