// What one can do, and how the system knows one.
import { render } from '../../cards/render';
import { type HelpView } from '../../cards/views';
import { type WhoAmI } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services } from '../asking';
import { EVERYTHING } from '../forms/history-words';
import { type BotVerb } from '../verbs';
import { button, listNames, offered } from '../views/common';
import { refused } from '../views/notice';

type SelfHandlers = Pick<Handlers, 'help' | 'who'>;

export const selfHandlers: SelfHandlers = {
  async help(services, asking) {
    const who = await services.administration.whoAmI(asking.acting);
    if (!who.ok) return refused(asking, who, button(asking.say, 'help', 'help'));
    return { card: render('help', { name: asking.acting.name, roleText: roleText(asking, who.value), sections: sections(asking, await named(services, asking, who.value)) }, asking.locale) };
  },

  async who(services, asking) {
    const who = await services.administration.whoAmI(asking.acting);
    if (!who.ok) return refused(asking, who, button(asking.say, 'refresh', 'who'));
    const { say } = asking;
    const { administrator, manages, serves, agent } = who.value;
    const roles = [
      ...(administrator ? [say('who.administrator')] : []),
      ...(manages.length > 0 ? [say('who.manages', { groups: listNames(say, manages.map((one) => one.displayName)) })] : []),
      ...(agent === null ? [] : [say(serves.length > 0 ? 'who.agent' : 'who.agentAlone', { name: agent.name, groups: listNames(say, serves.map((one) => one.displayName)) })]),
    ];
    return {
      card: render('who', {
        name: asking.acting.name, personId: asking.acting.personId,
        roles: (roles.length > 0 ? roles : [say('who.nobody')]).map((text) => ({ text })),
        actions: offered(button(say, 'groups', 'groups'), agent !== null && button(say, 'duty', 'duty'), agent !== null && button(say, 'phone', 'phone'), button(say, 'help', 'help')),
      }, asking.locale),
    };
  },
};

/** What a line of help sends along. */
const HELP_DATA: Partial<Record<BotVerb, Readonly<Record<string, unknown>>>> = { agents: { search: '' }, 'duty.pause': { agentId: '', groupId: '' }, 'longest.pick': { groupId: '' }, objects: { kind: 'businessHours', groupId: '' }, history: { ...EVERYTHING, before: 0 } };

function roleText({ say }: Asking, who: WhoAmI): string {
  const names = (groups: WhoAmI['manages']): string => listNames(say, groups.map((one) => one.displayName));
  const roles = [
    ...(who.administrator ? [say('help.role.administrator')] : []),
    ...(who.manages.length > 0 ? [say('help.role.manager', { groups: names(who.manages) })] : []),
    ...(who.agent === null ? [] : [who.serves.length > 0 ? say('help.role.agent', { groups: names(who.serves) }) : say('help.role.agentOnly')]),
  ];
  return roles.length > 0 ? roles.join(' ') : say('help.role.nobody');
}

/** Whoever administers everything and is named by no group has all of them. */
async function named(services: Services, asking: Asking, who: WhoAmI): Promise<WhoAmI> {
  if (!who.administrator || who.manages.length + who.serves.length > 0) return who;
  const groups = await services.administration.groupNames(asking.acting);
  return { ...who, serves: groups.ok ? groups.value.slice(0, 1) : [] };
}

/** Only what this person may do. A line about “a group” opens the list, from where every group can be reached. */
function sections({ say }: Asking, who: WhoAmI): HelpView['sections'] {
  const sees = who.administrator || who.manages.length > 0 || who.serves.length > 0;
  const changes = who.administrator || who.manages.length > 0;
  // The name of a group of their own, so that the words work as they stand.
  const [own] = [...who.manages, ...who.serves];
  const group = (own?.displayName ?? say.plain('help.someGroup')).toLocaleLowerCase(say.language);
  const line = (key: string, verb: BotVerb): HelpView['sections'][number]['commands'][number] => ({ command: say(`help.command.${key}.typed`, { group }), text: say(`help.command.${key}.text`), verb, data: HELP_DATA[verb] ?? {} });
  const all = [
    { key: 'groups', commands: [sees && line('groups', 'groups'), sees && line('live', 'groups'), changes && line('edit', 'groups'), changes && line('flow', 'groups'), changes && line('team', 'groups'), changes && line('managers', 'groups'), changes && line('history', 'history'), changes && line('undo', 'undo')] },
    { key: 'self', commands: [who.agent !== null && line('duty', 'duty'), who.agent !== null && line('pause', 'duty.pause'), who.agent !== null && line('pick', 'longest.pick'), who.agent !== null && line('calls', 'calls'), who.agent !== null && line('phone', 'phone'), line('who', 'who')] },
    { key: 'administration', commands: [who.administrator && line('newGroup', 'group.new'), who.administrator && line('newAgent', 'agent.new'), who.administrator && line('agents', 'agents'), changes && line('hours', 'objects'), who.administrator && line('settings', 'settings'), who.administrator && line('pool', 'pool')] },
  ];
  return all.map(({ key, commands }) => ({ titleText: say(`help.section.${key}`), commands: commands.filter((one) => one !== false) })).filter((section) => section.commands.length > 0);
}
