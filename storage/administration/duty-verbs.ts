// The verbs about duty: on and off it, pauses, and signing in to formal agent groups.
import { may, type Action, type Verdict } from '../access';
import { type Agent, type Duty } from '../model/agent';
import { type AgentGroup } from '../model/agent-group';
import { type Subject } from '../stored';
import { known } from './agent-verbs';
import { type Changed, type Context, type Row } from './context';
import { groupsListing, workflowsLeadingToGroups, workflowsServedBy } from './leading';
import { faultOf, refuse, type Warning } from './results';
import { VERB_SCHEMAS } from './verbs';
import { workflowWarnings } from './warnings';

const subjectOf = ({ id, name }: Agent): Subject => ({ kind: 'agent', id, name });

/** The agent that is meant: the one named, or the actor's own. */
const meantBy = ({ roles }: Context, agentId: string | undefined): string | null => agentId ?? roles.agentId;

async function onDutyOf(context: Context, action: Action, agentId: string | undefined): Promise<Verdict> {
  const id = meantBy(context, agentId);
  if (id === null || !await context.draft.get('agents', id)) return 'unseen';
  const workflowIds = (await workflowsServedBy(context.draft, [id])).map((one) => one.id);
  return may(context.roles, action, { kind: 'agent', agentId: id, workflowIds });
}

async function dutyOf(context: Context, agentId: string | undefined): Promise<{ readonly agent: Agent; readonly duty: Duty }> {
  const agent = await known(context, meantBy(context, agentId));
  const { id, pool } = agent;
  return { agent, duty: await context.draft.get('duties', id) ?? { id, pool, version: 1, agentId: id, onDuty: false, since: context.now, pause: null, signedIn: [] } };
}

/** Active groups that nobody serves any more, now that this agent does not. */
async function deserted({ draft }: Context, agentId: string): Promise<Warning[]> {
  const workflows = await workflowsServedBy(draft, [agentId]);
  return (await workflowWarnings(draft, workflows.map((one) => one.id))).filter((one) => one.code === 'nobodyOnDuty');
}

export const setDuty: Row<'duty.set'> = {
  schema: VERB_SCHEMAS['duty.set'],
  right: (context, { agentId }) => onDutyOf(context, 'duty.set', agentId),
  change: async (context, { agentId, onDuty }) => {
    const { agent, duty } = await dutyOf(context, agentId);
    // A pause belongs to the time on duty that it interrupts; a sign-in outlasts it.
    if (duty.onDuty !== onDuty || !await context.draft.get('duties', agent.id)) await context.draft.put('duties', { ...duty, onDuty, since: context.now, pause: null });
    return { value: { agentId: agent.id, onDuty }, subject: subjectOf(agent), warnings: onDuty ? [] : await deserted(context, agent.id) };
  },
};

export const pauseAgent: Row<'duty.pause'> = {
  schema: VERB_SCHEMAS['duty.pause'],
  right: (context, { agentId }) => onDutyOf(context, 'duty.pause', agentId),
  change: async (context, { agentId, reason, untilMinutes }) => {
    const { agent, duty } = await dutyOf(context, agentId);
    if (!duty.onDuty) throw refuse('conflict', `${agent.name} is off duty, so there is nothing to pause.`, [faultOf('agentId', agent.name, 'notOnDuty')]);
    const since = context.now;
    const until = untilMinutes === undefined ? null : new Date(since.getTime() + untilMinutes * 60_000);
    const by = context.roles.engine ? 'unanswered' : context.roles.agentId === agent.id ? 'agent' : 'supervisor';
    await context.draft.put('duties', { ...duty, pause: { reason, since, until, by } });
    return { value: { agentId: agent.id, until }, subject: subjectOf(agent) };
  },
};

export const resumeAgent: Row<'duty.resume'> = {
  schema: VERB_SCHEMAS['duty.resume'],
  right: (context, { agentId }) => onDutyOf(context, 'duty.resume', agentId),
  change: async (context, { agentId }) => {
    const { agent, duty } = await dutyOf(context, agentId);
    if (duty.pause !== null) await context.draft.put('duties', { ...duty, pause: null });
    return { value: { agentId: agent.id }, subject: subjectOf(agent) };
  },
};

/** Those of these agent groups that are the actor's business: their own, or those of groups they manage. */
async function concerning({ roles, draft }: Context, agent: Agent, groups: readonly AgentGroup[]): Promise<AgentGroup[]> {
  if (roles.administrator || roles.agentId === agent.id) return [...groups];
  const managed: AgentGroup[] = [];
  for (const group of groups) if ((await workflowsLeadingToGroups(draft, [group.id])).some((one) => roles.manages.has(one.id))) managed.push(group);
  return managed;
}

/** Of the groups an agent is signed in to, those that still list the agent; others are forgotten on the way. */
async function sign<V extends 'duty.signIn' | 'duty.signOut'>(context: Context, agentId: string | undefined, agentGroupId: string, isIn: boolean): Promise<Changed<V>> {
  const { agent, duty } = await dutyOf(context, agentId);
  const formal = (await groupsListing(context.draft, [agent.id])).filter((one) => one.participation === 'formal');
  const meant = await concerning(context, agent, formal);
  if (!meant.some((one) => one.id === agentGroupId)) {
    const fault = meant.length === 0 ? faultOf('agentGroupId', agentGroupId, 'noFormalGroup') : faultOf('agentGroupId', agentGroupId, 'formalGroup', { groups: meant.map((one) => one.name).join(', ') });
    throw refuse('conflict', `${agent.name} is in no formal agent group of that id.`, [fault]);
  }
  const others = duty.signedIn.filter((id) => id !== agentGroupId && formal.some((one) => one.id === id));
  const wasIn = duty.signedIn.includes(agentGroupId);
  if (wasIn !== isIn) await context.draft.put('duties', { ...duty, signedIn: isIn ? [...others, agentGroupId] : others });
  return { value: { agentId: agent.id, agentGroupId }, subject: subjectOf(agent), warnings: isIn ? [] : await deserted(context, agent.id) };
}

export const signIn: Row<'duty.signIn'> = {
  schema: VERB_SCHEMAS['duty.signIn'],
  right: (context, { agentId }) => onDutyOf(context, 'duty.signIn', agentId),
  change: (context, { agentId, agentGroupId }) => sign<'duty.signIn'>(context, agentId, agentGroupId, true),
};

export const signOut: Row<'duty.signOut'> = {
  schema: VERB_SCHEMAS['duty.signOut'],
  right: (context, { agentId }) => onDutyOf(context, 'duty.signOut', agentId),
  change: (context, { agentId, agentGroupId }) => sign<'duty.signOut'>(context, agentId, agentGroupId, false),
};
