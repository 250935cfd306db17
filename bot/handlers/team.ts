// The agents of a group for those who supervise them: who does what now, pauses, duty, formal groups. Whoever is meant is told.
import { render } from '../../cards/render';
import { type Note, type TextColor } from '../../cards/views';
import { type Verb, type VerbInput } from '../../storage/administration/verbs';
import { type AgentDetail, type AgentView, type LiveAgentView } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { button, listNames, NO_NOTE, note, offered } from '../views/common';
import { ACTIVITY_COLOR, agentState } from '../views/live';
import { notice, refused } from '../views/notice';
import { pausedCard, pauseText, toldCard } from '../views/pause';
import { tell } from '../telling';

type TeamHandlers = Pick<Handlers, 'team' | 'team.duty'>;
const AGENTS_SHOWN = 15;

export const teamHandlers: TeamHandlers = {
  async team(services, asking, { groupId }) {
    return showTeam(services, asking, groupId);
  },

  async 'team.duty'(services, asking, { agentId, groupId, onDuty }) {
    return actOnAgent(services, asking, { agentId, groupId }, { verb: 'duty.set', input: { agentId, onDuty }, requestId: services.newId(), told: onDuty ? 'onDuty' : 'offDuty' });
  },
};

export type Supervised = AgentView & { readonly detail: AgentDetail };
/** What is done to an agent, and how the agent is told. */
export type Act = {
  [V in Extract<Verb, `duty.${string}`>]: {
    readonly verb: V; readonly input: VerbInput<V>; readonly requestId: string; readonly agentGroupId?: string;
    readonly told?: Parameters<typeof toldCard>[2]; readonly pause?: { readonly reason: string; readonly untilMinutes?: string };
  }
}[Extract<Verb, `duty.${string}`>];

/** The agents whom this person may pause and sign in and out; the details of nobody else are told. Storage decides again. */
export async function supervisedAgents(services: Services, asking: Asking, among: { readonly ids?: readonly string[]; readonly workflowId?: string } = {}): Promise<{ readonly ok: true; readonly agents: readonly Supervised[] } | { readonly ok: false; readonly shown: Shown }> {
  const [agents, mine] = await Promise.all([services.administration.agents(asking.acting, among), services.administration.myAgent(asking.acting)]);
  if (!agents.ok) return { ok: false, shown: refused(asking, agents) };
  const own = mine.ok ? mine.value.id : null;
  return { ok: true, agents: agents.value.flatMap((one) => (one.detail === null || (one.id === own && !asking.acting.administrator) ? [] : [{ ...one, detail: one.detail }])) };
}

/** Does something to an agent whom this person supervises, tells the agent, and shows the group's agents again, or whatever `act` draws. */
export async function actOnAgent(services: Services, asking: Asking, of: { readonly agentId: string; readonly groupId: string }, act: Act | ((agent: Supervised) => Promise<Shown>)): Promise<Shown> {
  const { say } = asking;
  const supervised = await supervisedAgents(services, asking, { ids: [of.agentId] });
  if (!supervised.ok) return supervised.shown;
  const agent = supervised.agents.find((one) => one.id === of.agentId);
  if (!agent) return refused(asking, { code: 'notFound', message: '' });
  if (typeof act === 'function') return act(agent);
  const done = await services.administration.perform(asking.acting, act.verb, act.input, { requestId: act.requestId });
  if (!done.ok && done.code !== 'alreadyDone') return refused(asking, done);
  const heard = done.ok && done.entryId !== null ? await tellAgent(services, asking, agent, act) : true;
  const words = !done.ok ? note(say('error.alreadyDone'), 'accent') : note(say(heard ? 'team.done' : 'team.doneUntold', { name: agent.name }), 'good');
  return of.groupId === '' ? notice(asking, words.tone, words.text, '', [button(say, 'agents', 'groups')].map((one) => ({ ...one, title: say('button.groups') }))) : showTeam(services, asking, of.groupId, words);
}

/** Whether the agent could be told. A fault of it takes nothing back. */
async function tellAgent(services: Services, asking: Asking, agent: Supervised, act: Act): Promise<boolean> {
  const { personId } = agent.detail;
  if (personId === asking.acting.personId) return true;
  if (personId === null) return false;
  const by = asking.acting.name;
  const group = agent.detail.formalGroups.find((one) => one.id === act.agentGroupId)?.name ?? '';
  const minutes = Number(act.pause?.untilMinutes ?? NaN);
  const until = Number.isFinite(minutes) ? new Date(services.now().getTime() + minutes * 60_000) : null;
  try {
    const told = await tell({ people: services.people, chat: services.chat }, personId, (say, locale) => (act.told === undefined
      ? pausedCard(say, locale, { reason: act.pause?.reason ?? '', until }, by) : toldCard(say, locale, act.told, by, group)));
    return told !== null;
  } catch (fault) {
    services.log.warn({ fault: fault instanceof Error ? fault.message : String(fault) }, 'An agent could not be told what a supervisor did.');
    return false;
  }
}

/** Also after something was done to one of them; `told` says what. */
export async function showTeam(services: Services, asking: Asking, groupId: string, told: Note = NO_NOTE): Promise<Shown> {
  const { say } = asking;
  const [live, supervised] = await Promise.all([services.administration.live(asking.acting, groupId), supervisedAgents(services, asking, { workflowId: groupId })]);
  if (!live.ok) return refused(asking, live, button(say, 'team', 'team', { groupId }));
  if (!supervised.ok) return supervised.shown;
  const serving = supervised.agents.filter((one) => one.detail.groups.some((group) => group.id === groupId));
  const known = new Map(supervised.agents.map((one) => [one.id, one]));
  const seen = new Map(live.value.agents.map((one) => [one.id, one]));
  const ids = [...new Set([...live.value.agents.map((one) => one.id), ...serving.map((one) => one.id)])];
  return {
    card: render('team', {
      note: told,
      name: live.value.displayName,
      empty: ids.length === 0,
      agents: ids.slice(0, AGENTS_SHOWN).map((id) => row(asking, groupId, seen.get(id) ?? null, known.get(id) ?? null)),
      more: ids.length > AGENTS_SHOWN,
      moreText: ids.length > AGENTS_SHOWN ? say('live.moreAgents', { count: ids.length - AGENTS_SHOWN }) : '',
      actions: [button(say, 'refresh', 'team', { groupId }), button(say, 'live', 'live', { groupId }), button(say, 'openGroup', 'group', { groupId })],
    }, asking.locale),
  };
}

function row(asking: Asking, groupId: string, live: LiveAgentView | null, agent: Supervised | null): {
  readonly name: string; readonly stateText: string; readonly color: TextColor; readonly dutyText: string; readonly signs: boolean; readonly signText: string; readonly actions: readonly ReturnType<typeof button>[];
} {
  const { say } = asking;
  const name = agent?.name ?? live?.name ?? '';
  const activity = live?.activity ?? (agent?.detail.onDuty === true ? 'unreachable' : 'offDuty');
  const shown = { name, stateText: live ? agentState(say, live) : say(`live.activity.${activity}`), color: ACTIVITY_COLOR[activity] };
  if (!agent) return { ...shown, dutyText: say(activity === 'offDuty' ? 'team.off' : 'team.on'), signs: false, signText: '', actions: [] };
  const { onDuty, pause, formalGroups } = agent.detail;
  const of = { agentId: agent.id, groupId };
  const signedIn = formalGroups.filter((one) => one.signedIn);
  return {
    ...shown,
    dutyText: pause !== null && onDuty ? pauseText(say, 'team', pause) : say(onDuty ? 'team.on' : 'team.off'),
    signs: formalGroups.length > 0,
    signText: signedIn.length === 0 ? say('team.signedInNone') : say('team.signedIn', { groups: listNames(say, signedIn.map((one) => one.name)) }),
    actions: offered(
      onDuty && pause === null && button(say, 'pausing', 'duty.pause', of),
      onDuty && pause !== null && button(say, 'resume', 'duty.resume', of, 'positive'),
      // Whether somebody works today is for the agent or an administrator to say.
      asking.acting.administrator && button(say, onDuty ? 'putOff' : 'putOn', 'team.duty', { ...of, onDuty: !onDuty }),
      ...formalGroups.slice(0, 3).map((one) => button(say, one.signedIn ? 'signOutOf' : 'signInTo', 'duty.sign', { ...of, agentGroupId: one.id, into: !one.signedIn }, 'default', { name: one.name })),
    ),
  };
}
