// Agents, for administrators: the list, the form, passwords, deletion.
import { render } from '../../cards/render';
import { type Note } from '../../cards/views';
import { type AgentView } from '../../storage/administration/views';
import { type Refusal } from '../../storage/administration/results';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { button, escapedSentence, NO_NOTE, note, placeFaults, refusalNote, staleLine, submitButton } from '../views/common';
import { notice, refused } from '../views/notice';
import { plainWords } from '../commands';
import { chosenPerson, knownPeople } from './people';

type AgentHandlers = Pick<Handlers, 'agents' | 'agent.new' | 'agent.create' | 'agent.edit' | 'agent.save' | 'agent.delete' | 'agent.deleteNow' | 'agent.reset' | 'agent.resetNow'>;
const AGENTS_SHOWN = 15;
const LABELS = { sipUser: 'field.agentSipUser', name: 'agentForm.name' };
const INPUTS = ['name', 'sipUser', 'personId'] as const;

interface AgentTyped { readonly name: string; readonly sipUser: string; readonly known: string; readonly personId: string }
const EMPTY: AgentTyped = { name: '', sipUser: '', known: '', personId: '' };

export const agentHandlers: AgentHandlers = {
  async agents(services, asking, { search }) {
    return showAgents(services, asking, search);
  },

  async 'agent.new'(services, asking) {
    if (!asking.acting.administrator) return refused(asking, { code: 'notFound', message: '' });
    return agentForm(services, asking, { agentId: null, requestId: services.newId(), title: '' }, EMPTY);
  },

  async 'agent.create'(services, asking, sent) {
    if (!asking.acting.administrator) return refused(asking, { code: 'notFound', message: '' });
    const form: AgentFormOf = { agentId: null, requestId: sent.requestId, title: '' };
    const chosen = await chosenPerson(services, asking, sent);
    if (!chosen.ok) return agentForm(services, asking, form, sent, note(asking.say('error.invalid'), 'attention'), [{ field: 'personId', value: sent.personId, message: chosen.message }]);
    const created = await services.administration.perform(asking.acting, 'agent.create', { name: sent.name, sipUser: sent.sipUser, personId: chosen.person?.personId ?? '' }, { requestId: sent.requestId });
    const { say } = asking;
    if (!created.ok && created.code === 'alreadyDone') return showAgents(services, asking, '', note(say('error.alreadyDone'), 'accent'));
    if (!created.ok) return refusedForm(services, asking, form, sent, created);
    const reset = await services.administration.perform(asking.acting, 'agent.resetPassword', { agentId: created.value.id }, { requestId: `${sent.requestId}:password` });
    const password = reset.ok ? reset.value.password : null;
    return notice(asking, 'good', say('agentForm.created', { name: sent.name.trim() }), say('agentForm.createdBody', { address: `${sent.sipUser.trim().toLowerCase()}@${services.sipDomain}` }), [
      button(say, 'newAgent', 'agent.new'), button(say, 'agents', 'agents', { search: '' }), button(say, 'groups', 'groups'),
    ], [password === null ? say('agentForm.noPassword') : say('agentForm.password', { password })]);
  },

  async 'agent.edit'(services, asking, { agentId }) {
    const agent = await findAgent(services, asking, agentId);
    if (!agent.ok) return agent.shown;
    const { name, sipUser, detail } = agent.value;
    const opened = { name, sipUser, personId: detail.personId ?? '' };
    return agentForm(services, asking, { agentId, requestId: services.newId(), title: name, version: detail.version, opened }, { ...opened, known: '' });
  },

  async 'agent.save'(services, asking, sent) {
    const { agentId, opened, version } = sent;
    const form: AgentFormOf = { agentId, requestId: sent.requestId, title: opened.name, version, opened };
    // Choosing somebody from the list replaces the id that stands there.
    const chosen = await chosenPerson(services, asking, sent.known !== '' && sent.personId.trim().toLowerCase() === opened.personId ? { ...sent, personId: '' } : sent);
    if (!chosen.ok) return agentForm(services, asking, form, sent, note(asking.say('error.invalid'), 'attention'), [{ field: 'personId', value: sent.personId, message: chosen.message }]);
    const wanted = { name: sent.name.trim(), sipUser: sent.sipUser.trim().toLowerCase(), personId: chosen.person?.personId ?? '' };
    const changes = Object.fromEntries(INPUTS.filter((field) => wanted[field] !== opened[field]).map((field) => [field, wanted[field]]));
    const { say } = asking;
    if (Object.keys(changes).length === 0) return showAgents(services, asking, '', note(say('group.nothingChanged'), 'accent'));
    const changed = await services.administration.perform(asking.acting, 'agent.change', { id: agentId, version, changes }, { requestId: sent.requestId });
    if (!changed.ok && changed.code === 'alreadyDone') return showAgents(services, asking, '', note(say('error.alreadyDone'), 'accent'));
    if (!changed.ok) return refusedForm(services, asking, form, sent, changed);
    const passwordNeeded = changed.warnings.some((warning) => warning.code === 'passwordNeeded');
    return showAgents(services, asking, '', passwordNeeded
      ? note(`${say('agentForm.saved', { name: wanted.name })} ${say('warning.passwordNeeded')}`, 'warning')
      : note(say('agentForm.saved', { name: wanted.name }), 'good'));
  },

  async 'agent.delete'(services, asking, { agentId }) {
    const agent = await findAgent(services, asking, agentId);
    if (!agent.ok) return agent.shown;
    const { say } = asking;
    const { name } = agent.value;
    return notice(asking, 'attention', say('agents.deleteTitle', { name }), say('agents.deleteBody'), [
      button(say, 'deleteNow', 'agent.deleteNow', { agentId, requestId: services.newId() }, 'destructive', { name }), button(say, 'keep', 'agents', { search: '' }),
    ]);
  },

  async 'agent.deleteNow'(services, asking, { agentId, requestId }) {
    const agent = await findAgent(services, asking, agentId);
    const deleted = await services.administration.perform(asking.acting, 'agent.delete', { id: agentId }, { requestId });
    if (!deleted.ok) return refused(asking, deleted, button(asking.say, 'delete', 'agent.deleteNow', { agentId, requestId }));
    const { say } = asking;
    return notice(asking, 'good', say('agents.deleted', { name: agent.ok ? agent.value.name : agentId }), say('agents.deletedBody'), [button(say, 'undoLast', 'undo'), button(say, 'agents', 'agents', { search: '' })]);
  },

  async 'agent.reset'(services, asking, { agentId }) {
    const agent = await findAgent(services, asking, agentId);
    if (!agent.ok) return agent.shown;
    const { say } = asking;
    return notice(asking, 'warning', say('phone.resetTitle'), say('phone.resetBodyOther', { name: agent.value.name }), [
      button(say, 'newPasswordNow', 'agent.resetNow', { agentId, requestId: services.newId() }, 'destructive'), button(say, 'cancel', 'agents', { search: '' }),
    ]);
  },

  async 'agent.resetNow'(services, asking, { agentId, requestId }) {
    const reset = await services.administration.perform(asking.acting, 'agent.resetPassword', { agentId }, { requestId });
    const { say } = asking;
    const back = [button(say, 'agents', 'agents', { search: '' })];
    if (!reset.ok && reset.code === 'alreadyDone') return notice(asking, 'accent', say('error.alreadyDone'), say('agents.passwordGone'), back);
    if (!reset.ok) return refused(asking, reset, button(say, 'newPasswordNow', 'agent.resetNow', { agentId, requestId }));
    return notice(asking, 'good', say('agents.passwordTitle', { name: reset.value.sipUser }), reset.value.password === null ? say('agents.passwordGone') : say('agents.passwordBody', { password: reset.value.password }), back);
  },
};

type Found = { readonly ok: true; readonly value: AgentView & { readonly detail: NonNullable<AgentView['detail']> } } | { readonly ok: false; readonly shown: Shown };

/** One agent, for an administrator; to everybody else there is none. */
async function findAgent(services: Services, asking: Asking, agentId: string): Promise<Found> {
  const agents = await services.administration.agents(asking.acting, { ids: [agentId] });
  if (!agents.ok) return { ok: false, shown: refused(asking, agents) };
  const agent = agents.value.find((one) => one.id === agentId);
  if (!asking.acting.administrator || !agent?.detail) return { ok: false, shown: refused(asking, { code: 'notFound', message: '' }) };
  return { ok: true, value: { ...agent, detail: agent.detail } };
}

async function showAgents(services: Services, asking: Asking, search: string, told: Note = NO_NOTE): Promise<Shown> {
  const { say } = asking;
  if (!asking.acting.administrator) return refused(asking, { code: 'notFound', message: '' });
  const names = await services.administration.agentNames(asking.acting);
  if (!names.ok) return refused(asking, names, button(say, 'agents', 'agents', { search }));
  const wanted = plainWords(search);
  const found = names.value.filter((agent) => wanted === '' || plainWords(agent.name).includes(wanted) || agent.sipUser.includes(wanted));
  const agents = await services.administration.agents(asking.acting, { ids: found.slice(0, AGENTS_SHOWN).map((one) => one.id) });
  if (!agents.ok) return refused(asking, agents, button(say, 'agents', 'agents', { search }));
  return {
    card: render('agents', {
      note: told,
      empty: found.length === 0,
      agents: agents.value.map((agent) => {
        const state = agent.detail === null ? 'off' : !agent.detail.onDuty ? 'off' : agent.detail.registered ? 'registered' : 'unregistered';
        return {
          name: agent.name,
          address: `${agent.sipUser}@${services.sipDomain}`,
          stateText: say(`agents.state.${state}`),
          color: state === 'registered' ? 'Good' : state === 'unregistered' ? 'Warning' : 'Default',
          edit: button(say, 'edit', 'agent.edit', { agentId: agent.id }),
          contacts: button(say, 'contacts', 'object.edit', { kind: 'agent', id: agent.id, groupId: '' }),
          reset: button(say, 'newPassword', 'agent.reset', { agentId: agent.id }),
          remove: button(say, 'delete', 'agent.delete', { agentId: agent.id }, 'destructive'),
        };
      }),
      more: found.length > AGENTS_SHOWN,
      moreText: found.length > AGENTS_SHOWN ? say('agents.more', { count: found.length - AGENTS_SHOWN }) : '',
      actions: [button(say, 'newAgent', 'agent.new', {}, 'positive'), button(say, 'groups', 'groups')],
    }, asking.locale),
  };
}

interface AgentFormOf {
  readonly agentId: string | null;
  readonly requestId: string;
  readonly title: string;
  readonly version?: number;
  readonly opened?: { readonly name: string; readonly sipUser: string; readonly personId: string };
}

async function agentForm(services: Services, asking: Asking, form: AgentFormOf, typed: AgentTyped, told: Note = NO_NOTE, faults: Refusal['faults'] = []): Promise<Shown> {
  const { say } = asking;
  const people = await knownPeople(services);
  const creating = form.agentId === null;
  const { placed } = placeFaults(say, INPUTS, faults, LABELS);
  const data = creating ? { requestId: form.requestId } : { requestId: form.requestId, agentId: form.agentId, version: form.version, opened: form.opened };
  return {
    card: render('agent-form', {
      titleText: creating ? say('agentForm.newTitle') : say('agentForm.editTitle', { name: form.title }),
      introText: say(creating ? 'agentForm.newIntro' : 'agentForm.editIntro'),
      note: told,
      domain: services.sipDomain,
      values: typed,
      faults: placed,
      people,
      peopleKnown: people.length > 0,
      actions: [submitButton(say, creating ? 'create' : 'save', creating ? 'agent.create' : 'agent.save', data, 'positive'), button(say, 'cancel', 'agents', { search: '' })],
    }, asking.locale),
  };
}

async function refusedForm(services: Services, asking: Asking, form: AgentFormOf, typed: AgentTyped, refusal: Refusal): Promise<Shown> {
  const { say } = asking;
  if (refusal.code === 'notFound' || refusal.code === 'notAllowed') return refused(asking, refusal);
  const { rest } = placeFaults(say, INPUTS, refusal.faults, LABELS);
  if (refusal.code !== 'stale' || form.agentId === null) return agentForm(services, asking, form, typed, refusalNote(say, refusal, rest), refusal.faults);
  const now = await findAgent(services, asking, form.agentId);
  if (!now.ok) return now.shown;
  const { name, sipUser, detail } = now.value;
  const lines = refusal.stale.map((one) => staleLine(say, one, LABELS)).join('\n\n');
  const fresh: AgentFormOf = { ...form, requestId: services.newId(), version: detail.version, opened: { name, sipUser, personId: detail.personId ?? '' } };
  return agentForm(services, asking, fresh, typed, note(`${say('error.staleAgent')}\n\n${lines === '' ? escapedSentence(say, refusal.message) : lines}`, 'warning'));
}
