// The first card of an administrator of an empty pool: one agent and one group, and the first caller can be answered.
import { render } from '../../cards/render';
import { NO_NOTE, note, placeFaults, refusalNote, button, submitButton } from '../views/common';
import { notice, refused } from '../views/notice';
import { type Fault, type Refusal } from '../../storage/administration/results';
import { type Note } from '../../cards/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';

type FirstRunHandlers = Pick<Handlers, 'first.create'>;
interface FirstTyped { readonly agentName: string; readonly agentUser: string; readonly groupName: string; readonly groupUser: string }
const INPUTS = ['agentName', 'agentUser', 'groupName', 'groupUser'] as const;
const LABELS = { agentName: 'agentForm.name', agentUser: 'agentForm.sipUser', groupName: 'field.displayName', groupUser: 'field.sipUser' };

export function firstRunCard(services: Services, asking: Asking, typed: FirstTyped = { agentName: asking.acting.name, agentUser: '', groupName: '', groupUser: '' }, told: Note = NO_NOTE, faults: readonly Fault[] = [], requestId = services.newId()): Shown {
  const { say } = asking;
  return {
    card: render('first-run', {
      note: told, name: asking.acting.name, domain: services.sipDomain, values: typed,
      faults: placeFaults(say, INPUTS, faults, LABELS).placed,
      actions: [submitButton(say, 'create', 'first.create', { requestId }, 'positive'), button(say, 'help', 'help')],
    }, asking.locale),
  };
}

/** What storage calls a field, by what the card calls it. */
const renamed = (faults: readonly Fault[], names: Readonly<Record<string, string>>): readonly Fault[] => faults.map((fault) => ({ ...fault, field: names[fault.field] ?? fault.field }));

export const firstRunHandlers: FirstRunHandlers = {
  /*
   * Two verbs, each with an id made of the form's, so that a form sent again after a fault goes on where it stopped:
   * the agent made before is found in `earlier`, and only the group is still to be made.
   */
  async 'first.create'(services, asking, sent) {
    const { say } = asking;
    if (!asking.acting.administrator) return refused(asking, { code: 'notFound', message: '' });
    const again = (refusal: Refusal, faults: readonly Fault[]): Shown => {
      if (refusal.code === 'notFound' || refusal.code === 'notAllowed') return refused(asking, refusal);
      return firstRunCard(services, asking, sent, refusalNote(say, refusal, placeFaults(say, INPUTS, faults, LABELS).rest), faults, sent.requestId);
    };
    const missing: Fault[] = INPUTS.filter((input) => sent[input].trim() === '').map((input) => ({ field: input, value: '', message: say('firstRun.missing') }));
    if (missing.length > 0) return firstRunCard(services, asking, sent, note(say('error.invalid'), 'attention'), missing, sent.requestId);

    // The agent is the administrator when it bears their name.
    const self = sent.agentName.trim() === asking.acting.name ? asking.acting.personId : '';
    const agent = await services.administration.perform(asking.acting, 'agent.create', { name: sent.agentName, sipUser: sent.agentUser, personId: self }, { requestId: `${sent.requestId}:agent` });
    const agentDone = agent.ok ? agent : agent.code === 'alreadyDone' ? agent.earlier : null;
    if (!agentDone) return again(agent as Refusal, renamed((agent as Refusal).faults, { name: 'agentName', sipUser: 'agentUser' }));
    const group = await services.administration.perform(asking.acting, 'group.create', { displayName: sent.groupName, sipUser: sent.groupUser, agentIds: [agentDone.value.id], active: true }, { requestId: `${sent.requestId}:group` });
    if (!group.ok && group.code !== 'alreadyDone') return again(group, renamed(group.faults, { displayName: 'groupName', sipUser: 'groupUser' }));
    const reset = await services.administration.perform(asking.acting, 'agent.resetPassword', { agentId: agentDone.value.id }, { requestId: `${sent.requestId}:password` });
    const password = reset.ok ? reset.value.password : null;
    const groupId = group.ok ? group.value.id : group.earlier.value.id;
    return notice(asking, 'good', say('firstRun.created'), say('firstRun.createdBody', { group: sent.groupName.trim(), address: `sip:${sent.groupUser.trim().toLowerCase()}@${services.sipDomain}`, agent: `${sent.agentUser.trim().toLowerCase()}@${services.sipDomain}` }), [
      button(say, 'openGroup', 'group', { groupId }), button(say, 'agents', 'agents', { search: '' }),
    ], [password === null ? say('agentForm.noPassword') : say('agentForm.password', { password })]);
  },
};
