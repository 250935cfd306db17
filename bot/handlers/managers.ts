// Who may change a managed group: the list, adding, removing.
import { render } from '../../cards/render';
import { type Note } from '../../cards/views';
import { type Fault } from '../../storage/administration/results';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { button, NO_NOTE, note, offered, placeFaults, refusalNote, submitButton } from '../views/common';
import { notice, refused } from '../views/notice';
import { chosenPerson, knownPeople } from './people';

type ManagerHandlers = Pick<Handlers, 'managers' | 'managers.add' | 'managers.remove' | 'managers.removeNow'>;
interface ManagerTyped { readonly known: string; readonly personId: string; readonly name: string; readonly groupName?: string }
const EMPTY: ManagerTyped = { known: '', personId: '', name: '' };
const INPUTS = ['personId', 'name'] as const;

export const managerHandlers: ManagerHandlers = {
  async managers(services, asking, { groupId }) {
    return showManagers(services, asking, groupId);
  },

  async 'managers.add'(services, asking, sent) {
    const { say } = asking;
    const chosen = await chosenPerson(services, asking, sent);
    const told = note(say('error.invalid'), 'attention');
    if (!chosen.ok) return showManagers(services, asking, sent.groupId, told, sent, [{ field: 'personId', value: sent.personId, message: chosen.message }]);
    if (chosen.person === null) return showManagers(services, asking, sent.groupId, told, sent, [{ field: 'personId', value: '', message: say('error.nobodyChosen') }]);
    const { personId, name } = chosen.person;
    if (name === '') return showManagers(services, asking, sent.groupId, told, sent, [{ field: 'name', value: '', message: say('managers.nameMissing') }]);
    const added = await services.administration.perform(asking.acting, 'group.addManager', { id: sent.groupId, manager: { personId, name } }, { requestId: sent.requestId });
    if (added.ok) return showManagers(services, asking, sent.groupId, note(say('managers.added', { name }), 'good'));
    if (added.code === 'alreadyDone') return showManagers(services, asking, sent.groupId, note(say('error.alreadyDone'), 'accent'));
    if (added.code === 'notFound' || added.code === 'notAllowed') return refused(asking, added);
    const { rest } = placeFaults(say, INPUTS, managerFaults(added.faults));
    return showManagers(services, asking, sent.groupId, refusalNote(say, added, rest), sent, managerFaults(added.faults), sent.requestId);
  },

  async 'managers.remove'(services, asking, { groupId, personId }) {
    const group = await services.administration.group(asking.acting, groupId);
    if (!group.ok) return refused(asking, group);
    const manager = group.value.managers.find((one) => one.personId === personId);
    if (!manager || !group.value.rights.removeManager) return refused(asking, { code: 'notFound', message: '' });
    const { say } = asking;
    return notice(asking, 'warning', say('managers.removeTitle', { name: manager.name }), say('managers.removeBody', { group: group.value.displayName }), [
      button(say, 'remove', 'managers.removeNow', { groupId, personId, requestId: services.newId() }, 'destructive'), button(say, 'keep', 'managers', { groupId }),
    ]);
  },

  async 'managers.removeNow'(services, asking, { groupId, personId, requestId }) {
    const before = await services.administration.group(asking.acting, groupId);
    const name = (before.ok ? before.value.managers.find((one) => one.personId === personId)?.name : undefined) ?? asking.say('someone');
    const removed = await services.administration.perform(asking.acting, 'group.removeManager', { id: groupId, personId }, { requestId });
    const { say } = asking;
    if (removed.ok) return showManagers(services, asking, groupId, note(say('managers.removed', { name }), 'good'));
    if (removed.code === 'alreadyDone') return showManagers(services, asking, groupId, note(say('error.alreadyDone'), 'accent'));
    return refused(asking, removed, button(say, 'remove', 'managers.removeNow', { groupId, personId, requestId }));
  },
};

/** `manager.personId` is about the input `personId`. */
const managerFaults = (faults: readonly Fault[]): readonly Fault[] => faults.map((fault) => ({ ...fault, field: fault.field.replace(/^manager\./, '') }));

/** Also after what managers may change was changed; `told` says so. */
export async function showManagers(services: Services, asking: Asking, groupId: string, told: Note = NO_NOTE, typed: ManagerTyped = EMPTY, faults: readonly Fault[] = [], requestId = services.newId()): Promise<Shown> {
  const { say } = asking;
  const group = await services.administration.group(asking.acting, groupId);
  if (!group.ok && (group.code !== 'unavailable' || typed === EMPTY)) return refused(asking, group, button(say, 'managers', 'managers', { groupId }));
  // Without a database the form is drawn from what was sent alone, so that nothing typed is lost.
  const { rights, managed, managers, displayName } = group.ok ? group.value : { rights: { addManager: true, removeManager: false, changeAddress: false }, managed: true, managers: [], displayName: typed.groupName ?? '' };
  if (!rights.addManager) return refused(asking, { code: 'notAllowed', message: '' });
  const people = managed ? await knownPeople(services) : [];
  const { placed } = placeFaults(say, INPUTS, faults);
  return {
    card: render('managers', {
      note: !group.ok ? note(say('error.unavailableForm'), 'attention') : managed || told.shown ? told : note(say('managers.unmanaged'), 'default'),
      groupName: displayName,
      empty: group.ok && managed && managers.length === 0,
      managers: managers.map((one) => ({ name: one.name, personId: one.personId, removable: rights.removeManager, remove: button(say, 'remove', 'managers.remove', { groupId, personId: one.personId }) })),
      addable: managed,
      values: typed,
      faults: placed,
      people: people.filter((one) => !managers.some((manager) => manager.personId === one.value)),
      peopleKnown: people.length > 0,
      actions: offered(managed && submitButton(say, 'addManager', 'managers.add', { groupId, requestId, groupName: displayName }, 'positive'), rights.changeAddress && managed && button(say, 'permissions', 'object.edit', { kind: 'permissions', id: groupId, groupId: '' }), button(say, 'group', 'group', { groupId })),
    }, asking.locale),
  };
}
