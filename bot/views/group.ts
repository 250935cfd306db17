// The group card and the list of groups: what is in force, what is waiting, what deserves a warning.
import { Span } from '../../cards/formats';
import { render } from '../../cards/render';
import { type GroupsView, type GroupView as CardView, type Note, type TextColor } from '../../cards/views';
import { type Say } from '../../cards/words';
import { type GroupSummary, type GroupView, type InForce } from '../../storage/administration/views';
import { type Asking, type Shown } from '../asking';
import { button, clientDateTime, listNames, NO_NOTE, offered, refreshFor, valueText, warningText } from './common';

const FORCE_COLOR: Readonly<Record<InForce, TextColor>> = { yes: 'Good', notYet: 'Accent', engineAway: 'Warning' };

/** One card holds no more. */
export const GROUPS_SHOWN = 40;

/** The whole list; `mayCreate` and `mayUndo` offer what an administrator or editor has. */
export function groupsCard(asking: Asking, groups: readonly GroupSummary[], rights: { readonly mayCreate: boolean }, told: Note = NO_NOTE): Shown {
  const { say } = asking;
  return {
    card: render('groups', {
      note: told,
      empty: groups.length === 0,
      groups: groups.slice(0, GROUPS_SHOWN).map((group): GroupsView['groups'][number] => {
        const warnings = group.active ? group.warnings.map((one) => warningText(say, one, group.agentCount)) : [];
        return {
          id: group.id,
          name: group.displayName,
          address: group.address,
          active: group.active,
          inactive: !group.active,
          activeText: say(group.active ? 'group.active' : 'group.inactive'),
          waitingText: group.waiting === 0 ? say('groups.quiet') : say('groups.waiting', { count: group.waiting }),
          waitingColor: group.waiting > 0 ? 'Warning' : 'Default',
          dutyText: say('groups.duty', { onDuty: group.onDutyCount, agents: group.agentCount }),
          warned: warnings.length > 0,
          warningText: warnings.length === 0 ? '' : `⚠ ${warnings[0]}`,
        };
      }),
      actions: offered(button(say, 'refresh', 'groups'), rights.mayCreate && button(say, 'newGroup', 'group.new'), rights.mayCreate && button(say, 'guide', 'guide'), rights.mayCreate && button(say, 'agents', 'agents')),
      refresh: refreshFor(asking, 'groups'),
    }, asking.locale),
  };
}

/** One group. `told` is what just happened to it. */
export function groupCard(asking: Asking, group: GroupView, told: Note = NO_NOTE): Shown {
  const { say } = asking;
  const data = { groupId: group.id };
  const { rights } = group;
  const view: CardView = {
    note: told,
    name: group.displayName,
    address: group.address,
    numbered: group.telephoneNumber !== null,
    number: group.telephoneNumber ?? '',
    described: group.form !== null && group.form.description !== '',
    description: group.form?.description ?? '',
    activeText: say(group.active ? 'group.active' : 'group.inactive'),
    activeColor: group.active ? 'Good' : 'Warning',
    forceText: say(`group.force.${group.inForce}`),
    forceColor: FORCE_COLOR[group.inForce],
    warnings: group.warnings.map((one) => ({ text: warningText(say, one, group.agentCount) })),
    counted: group.live.at !== null,
    waiting: group.waiting,
    talking: group.talking,
    free: group.live.agents.filter((agent) => agent.activity === 'free').length,
    onDuty: group.onDutyCount,
    agentCount: group.agentCount,
    facts: facts(say, group),
    actions: offered(
      button(say, 'live', 'live', data, 'positive'),
      rights.change && button(say, 'edit', 'group.edit', data),
      rights.addManager && group.managed && button(say, 'managers', 'managers', data),
      button(say, 'groups', 'groups'),
    ),
    moreActions: offered(
      rights.change && button(say, 'flow', 'flow', data),
      rights.permissions.length > 0 && button(say, 'history', 'history', { groupId: group.id, about: '', by: '', from: '', to: '', before: 0 }),
      rights.copy && button(say, 'copy', 'object.edit', { kind: 'workflowCopy', id: group.id, groupId: '' }),
      rights.delete && button(say, 'delete', 'group.delete', data, 'destructive'),
    ),
    refresh: refreshFor(asking, 'group', data),
  };
  return { card: render('group', view, asking.locale) };
}

function facts(say: Say, group: GroupView): CardView['facts'] {
  const { form } = group;
  const fact = (key: string, value: string): CardView['facts'][number] => ({ title: say(`group.fact.${key}`), value });
  const limit = (key: 'timeout' | 'overflow', value: number | null, text: string): string => {
    if (value === null) return say(`group.${key}None`);
    const zero = key === 'overflow' && value === 0 ? 'Zero' : '';
    return say(`group.${key}${zero}${text === '' ? '' : 'Words'}`, { time: new Span(value), count: value, text: valueText(say, text) });
  };
  const names = group.agents.map((agent) => (agent.onDuty ? agent.name : say('group.agentOff', { name: agent.name })));
  const managers = fact('managers', !group.managed ? say('group.managersNone') : group.managers.length === 0 ? say('group.managersMissing') : say('sentence', { sentence: listNames(say, group.managers.map((one) => one.name)) }));
  const lastEdit = group.lastEdit ? [fact('lastEdit', say('group.lastEdit', { by: group.lastEdit.by, when: clientDateTime(group.lastEdit.at) }))] : [];
  if (form === null) return [managers, ...lastEdit];
  return [
    fact('welcome', form.welcomeText === '' ? say('group.welcomeNone') : say('group.welcome', { text: form.welcomeText })),
    fact('ringing', say('group.ringing', { method: say(`routing.short.${form.routingMethod}`), time: new Span(form.alertTimeSeconds) })),
    fact('wrapUp', form.wrapUpSeconds === 0 ? say('group.wrapUpNone') : say('group.wrapUp', { time: new Span(form.wrapUpSeconds) })),
    fact('agents', listEscaped(say, group.agents.map((agent) => (agent.onDuty ? agent.name : null)), names)),
    fact('timeout', limit('timeout', form.timeoutSeconds, form.timeoutText)),
    fact('overflow', limit('overflow', form.overflowThreshold, form.overflowText)),
    managers,
    ...lastEdit,
  ];
}

/** Names that are escaped one by one: those off duty come with words around them already. */
function listEscaped(say: Say, plain: readonly (string | null)[], worded: readonly string[]): string {
  const most = 12;
  const escaped = worded.map((text, index) => (plain[index] === null ? text : say('sentence', { sentence: text })));
  if (escaped.length === 0) return say('value.nobody');
  return escaped.length <= most ? say.list(escaped) : say('group.more', { list: escaped.slice(0, most).join(', '), count: escaped.length - most });
}
