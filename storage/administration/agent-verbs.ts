// The verbs about agents and their phones' passwords.
import { may, type Action, type Verdict } from '../access';
import { type Agent } from '../model/agent';
import { type Subject } from '../stored';
import { type Context, type Row } from './context';
import { definedFields } from './group-verbs';
import { mergeFields } from './merge';
import { digestOf, makePassword } from './password';
import { refuse } from './results';
import { VERB_SCHEMAS } from './verbs';

const agentSubject = ({ id, name }: Agent): Subject => ({ kind: 'agent', id, name });

/** An agent who was checked to be there. */
export async function known(context: Context, id: string | null | undefined): Promise<Agent> {
  const agent = id ? await context.draft.get('agents', id) : null;
  if (!agent) throw refuse('notFound', id ? 'There is no such agent.' : 'You are not an agent here.');
  return agent;
}

async function onAgent(context: Context, action: Action, id: string | null | undefined): Promise<Verdict> {
  return id && await context.draft.get('agents', id) ? may(context.roles, action, { kind: 'agent', agentId: id }) : 'unseen';
}

const formOfAgent = ({ name, sipUser, personId, contacts }: Agent) => ({ name, sipUser, personId, contacts });

export const createAgent: Row<'agent.create'> = {
  schema: VERB_SCHEMAS['agent.create'],
  right: ({ roles }) => may(roles, 'agent.create', { kind: 'pool' }),
  change: async ({ draft, newId, now }, { onDuty, ...form }) => {
    const id = newId('agent');
    await draft.put('agents', { id, ...form, digest: null });
    await draft.put('duties', { id, agentId: id, onDuty, since: now, pause: null, signedIn: [] });
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
