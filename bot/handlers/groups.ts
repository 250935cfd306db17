// Groups: the list, one group's card, its form, deletion; and what follows a saved change until it is in force.
import { type Note } from '../../cards/views';
import { type Done, type Fault, type Refusal, type Result } from '../../storage/administration/results';
import { type Verb } from '../../storage/administration/verbs';
import { type AgentName, type GroupView } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { moveAgent, readOrder } from '../forms/agent-order';
import { changesOf, EMPTY_FORM, fingerprints, GROUP_LABELS, groupFaults, groupFormCard, groupValue, readTyped, typedFrom, type FormState, type Typed } from '../forms/group-form';
import { type FormToken } from '../forms/token';
import { type Hold } from '../holds';
import { button, fieldName, note, NO_NOTE, refusalNote, staleLine } from '../views/common';
import { groupCard, groupsCard, GROUPS_SHOWN } from '../views/group';
import { notice, refused } from '../views/notice';
import { firstRunCard } from './first-run';
import { showFlow } from './flow';
import { goesOn, within } from './within';

/** How long the bot looks whether a saved change is in force, and how often. */
const FORCE_FOLLOWED_MS = 60_000;
const FORCE_LOOK_MS = 400;
/** How long a press waits for the engine: chat gives an answer about ten seconds. */
export const HEAR_WAIT_MS = 8_000;

type GroupHandlers = Pick<Handlers, 'groups' | 'group' | 'group.new' | 'group.edit' | 'group.save' | 'group.move' | 'group.hear' | 'group.delete' | 'group.deleteNow'>;

export const groupHandlers: GroupHandlers = {
  async groups(services, asking) {
    const [who, groups] = await Promise.all([services.administration.whoAmI(asking.acting), services.administration.groups(asking.acting, { first: GROUPS_SHOWN + 1 })]);
    if (!who.ok) return refused(asking, who, button(asking.say, 'groups', 'groups'));
    if (!groups.ok) return refused(asking, groups, button(asking.say, 'groups', 'groups'));
    if (who.value.administrator && groups.value.length === 0) {
      const agents = await services.administration.agentNames(asking.acting);
      if (agents.ok && agents.value.length === 0) return firstRunCard(services, asking);
    }
    return groupsCard(asking, groups.value, { mayCreate: who.value.administrator });
  },

  async group(services, asking, { groupId }) {
    return showGroup(services, asking, groupId);
  },

  async 'group.new'(services, asking) {
    const agents = await services.administration.agentNames(asking.acting);
    if (!agents.ok) return refused(asking, agents, button(asking.say, 'newGroup', 'group.new'));
    if (!asking.acting.administrator) return refused(asking, { code: 'notFound', message: '' });
    const token: FormToken = { groupId: null, requestId: services.newId(), versions: { workflow: 0, queue: 0, agentGroup: 0 }, shown: [] };
    return groupFormCard(asking, { token, title: '', addressed: true, agents: agents.value, domain: services.sipDomain }, EMPTY_FORM);
  },

  async 'group.edit'(services, asking, { groupId }) {
    const opened = await openForm(services, asking, groupId, services.newId());
    return opened.ok ? groupFormCard(asking, opened.state, opened.typed) : opened.shown;
  },

  async 'group.save'(services, asking, sent) {
    const form = await resume(services, asking, sent.form, sent);
    if (!form.ok) return form.shown;
    const { state, typed, group } = form;
    if (typed.unreadable !== null) return groupFormCard(asking, { ...state, told: note(asking.say('error.invalid'), 'attention'), faults: [agentFault(asking, typed.unreadable)] }, typed);
    const { token } = state;
    if (token.groupId === null) {
      const input = { ...typed.values, agentIds: [...typed.agentIds], managed: typed.managed };
      const created = await services.administration.perform(asking.acting, 'group.create', input as never, { requestId: token.requestId });
      const done = doneOf(created);
      if (!done) return refusedForm(services, asking, state, typed, created as Refusal);
      return saved(services, asking, done.value.id, done === created ? 'created' : 'alreadyDone');
    }
    const changes = changesOf(typed, token);
    if (Object.keys(changes).length === 0 && group) return groupCard(asking, group, note(asking.say('group.nothingChanged'), 'accent'));
    const changed = await services.administration.perform(asking.acting, 'group.change', { id: token.groupId, versions: token.versions, changes: changes }, { requestId: token.requestId });
    const done = doneOf(changed);
    if (!done) return refusedForm(services, asking, state, typed, changed as Refusal);
    return saved(services, asking, token.groupId, done !== changed ? 'alreadyDone' : done.entryId === null ? 'nothingChanged' : 'saved');
  },

  async 'group.move'(services, asking, sent) {
    const form = await resume(services, asking, sent.form, sent);
    if (!form.ok) return form.shown;
    return groupFormCard(asking, form.state, { ...form.typed, agentIds: moveAgent(form.typed.agentIds, sent.agentId, sent.step) });
  },

  async 'group.hear'(services, asking, sent) {
    const form = await resume(services, asking, sent.form, sent);
    if (!form.ok) return form.shown;
    const { state, typed } = form;
    const { say } = asking;
    const text = typed.values.welcomeText.trim();
    const told = (words: string, tone: Note['tone'] = 'warning'): Shown => groupFormCard(asking, { ...state, told: note(say(words), tone) }, typed);
    if (text === '') return told('groupForm.heardNothing');
    const outcome = await within(HEAR_WAIT_MS, services.administration.ask(asking.acting, { kind: 'renderPrompt', text, language: typed.values.language }));
    if (outcome === 'late') return told('groupForm.heardLate');
    if (!outcome.ok) return outcome.code === 'unavailable' ? told('error.unavailableForm', 'attention') : refused(asking, outcome);
    if (outcome.value.kind === 'expired') return told('groupForm.heardLate');
    if (outcome.value.kind === 'refused') return told(outcome.value.reason === 'cannotRender' ? 'groupForm.heardCannot' : 'groupForm.heardUnavailable');
    return outcome.value.audioId === undefined ? told('groupForm.heardUnavailable') : groupFormCard(asking, { ...state, heardUrl: services.audioUrl(outcome.value.audioId) }, typed);
  },

  async 'group.delete'(services, asking, { groupId }) {
    const group = await services.administration.group(asking.acting, groupId);
    if (!group.ok) return refused(asking, group);
    if (!group.value.rights.delete) return refused(asking, { code: 'notAllowed', message: '' });
    const { say } = asking;
    return notice(asking, 'attention', say('group.deleteTitle', { name: group.value.displayName }), say('group.deleteBody'), [
      button(say, 'deleteNow', 'group.deleteNow', { groupId, requestId: services.newId() }, 'destructive', { name: group.value.displayName }),
      button(say, 'keep', 'group', { groupId }),
    ]);
  },

  async 'group.deleteNow'(services, asking, { groupId, requestId }) {
    const before = await services.administration.group(asking.acting, groupId);
    const deleted = await services.administration.perform(asking.acting, 'group.delete', { id: groupId }, { requestId });
    if (!deleted.ok) return refused(asking, deleted, button(asking.say, 'delete', 'group.deleteNow', { groupId, requestId }));
    const { say } = asking;
    return notice(asking, 'good', say('group.deleted', { name: before.ok ? before.value.displayName : groupId }), say('group.deletedBody'), [button(say, 'undoLast', 'undo'), button(say, 'groups', 'groups')]);
  },
};

/** The card of one group; `told` is what just happened to it. */
export async function showGroup(services: Services, asking: Asking, groupId: string, told: Note = NO_NOTE): Promise<Shown> {
  const group = await services.administration.group(asking.acting, groupId);
  if (!group.ok) return refused(asking, group, button(asking.say, 'openGroup', 'group', { groupId }));
  const shown = groupCard(asking, group.value, told);
  if (group.value.inForce === 'yes' || asking.automatic) return shown;
  return { ...shown, after: (messageId, hold) => goesOn(services.log, followForce(services, asking, group.value, messageId, hold, told)) };
}

/** Looks whether what was saved is in force by now, and says so on the card; gives up after a while, or when the message shows something else. */
async function followForce(services: Services, asking: Asking, before: GroupView, messageId: string, hold: Hold, told: Note): Promise<void> {
  const giveUpAt = services.now().getTime() + FORCE_FOLLOWED_MS;
  let { inForce: shown, savedSequence } = before;
  await hold.keep(new Date(giveUpAt));
  while (shown !== 'yes' && services.now().getTime() < giveUpAt) {
    await services.pause(FORCE_LOOK_MS);
    if (!hold.held) return;
    // Where no engine is there, many cards look for a minute each: the group is read again only once there is something else to say.
    const force = await services.administration.inForce(savedSequence, 0);
    if (!hold.held) return;
    if (!force.ok || force.value === shown) continue;
    const group = await services.administration.group(asking.acting, before.id);
    if (!hold.held) return;
    if (!group.ok) continue;
    savedSequence = group.value.savedSequence;
    if (group.value.inForce === shown) continue;
    shown = group.value.inForce;
    if (!(await hold.stillHeld())) return;
    await services.chat.update(asking.place, messageId, groupCard(asking, group.value, told).card);
  }
  hold.release();
}

type Opened = { readonly ok: true; readonly state: FormState; readonly typed: Typed; readonly group: GroupView | null } | { readonly ok: false; readonly shown: Shown };

/** A form of a stored group as it stands now. What a person may not change is answered like what they may not see. */
async function openForm(services: Services, asking: Asking, groupId: string, requestId: string): Promise<Opened> {
  const [group, agents] = await Promise.all([services.administration.group(asking.acting, groupId), services.administration.agentNames(asking.acting)]);
  const again = button(asking.say, 'edit', 'group.edit', { groupId });
  if (!group.ok) return { ok: false, shown: refused(asking, group, again) };
  if (!agents.ok) return { ok: false, shown: refused(asking, agents, again) };
  if (!group.value.rights.change) return { ok: false, shown: refused(asking, { code: 'notAllowed', message: '' }) };
  const { form, versions } = group.value;
  // What leads to no queue of its own is edited as what it is.
  if (form === null || versions === null) return { ok: false, shown: await showFlow(services, asking, groupId) };
  const typed = typedFrom(form);
  const token: FormToken = { groupId, requestId, versions, shown: fingerprints(typed) };
  return { ok: true, group: group.value, typed, state: { token, title: group.value.displayName, addressed: group.value.rights.changeAddress, agents: agents.value, domain: services.sipDomain } };
}

/** The form that was sent, with what was typed in it. Without a database it is drawn from what was sent alone, so that nothing typed is lost. */
async function resume(services: Services, asking: Asking, token: FormToken, inputs: Readonly<Record<string, unknown>>): Promise<Opened> {
  const [group, agents] = await Promise.all([
    token.groupId === null ? null : services.administration.group(asking.acting, token.groupId),
    services.administration.agentNames(asking.acting),
  ]);
  const away = (group !== null && !group.ok && group.code === 'unavailable') || (!agents.ok && agents.code === 'unavailable');
  if (away) {
    const state: FormState = { token, title: typeof inputs['displayName'] === 'string' ? inputs['displayName'] : '', addressed: inputs['sipUser'] !== undefined, agents: sentAgents(inputs), domain: services.sipDomain, told: note(asking.say('error.unavailableForm'), 'attention') };
    return { ok: false, shown: groupFormCard(asking, state, readTyped(inputs, EMPTY_FORM, [])) };
  }
  if (group !== null && !group.ok) return { ok: false, shown: refused(asking, group) };
  if (!agents.ok) return { ok: false, shown: refused(asking, agents) };
  if (group === null && !asking.acting.administrator) return { ok: false, shown: refused(asking, { code: 'notFound', message: '' }) };
  if (group !== null && !group.value.rights.change) return { ok: false, shown: refused(asking, { code: 'notFound', message: '' }) };
  const typed = readTyped(inputs, group?.value.form ? typedFrom(group.value.form) : EMPTY_FORM, agents.value, group === null || group.value.rights.changeAddress);
  const state: FormState = { token, title: group === null ? '' : group.value.displayName, addressed: group === null || group.value.rights.changeAddress, agents: agents.value, domain: services.sipDomain };
  return { ok: true, state, typed, group: group?.value ?? null };
}

/** Whom a form listed, when nobody else can tell. */
function sentAgents(inputs: Readonly<Record<string, unknown>>): readonly AgentName[] {
  return readOrder(inputs, []).agentIds.map((id) => ({ id, name: id, sipUser: '' }));
}

const agentFault = (asking: Asking, unreadable: string): Fault => ({ field: 'agentIds', value: '', message: asking.say('error.unknownLine', { line: unreadable }) });

/** What was carried out, now or by an earlier press of the same form. */
function doneOf<V extends Verb>(result: Result<V>): Done<V> | null {
  return result.ok ? result : result.code === 'alreadyDone' ? result.earlier : null;
}

async function saved(services: Services, asking: Asking, groupId: string, told: 'saved' | 'created' | 'nothingChanged' | 'alreadyDone'): Promise<Shown> {
  const { say } = asking;
  const words = told === 'alreadyDone' ? note(say('error.alreadyDone'), 'accent')
    : told === 'created' ? note(say('group.created'), 'good') : note(say(`group.${told}`), told === 'saved' ? 'good' : 'accent');
  return showGroup(services, asking, groupId, words);
}

/** The form again, with what is wrong beside each input and everything typed still in it. */
async function refusedForm(services: Services, asking: Asking, state: FormState, typed: Typed, refusal: Refusal): Promise<Shown> {
  const { say } = asking;
  const { rest } = groupFaults(asking, refusal.faults);
  const told = refusalNote(say, refusal, rest);
  if (refusal.code !== 'stale' || state.token.groupId === null) return groupFormCard(asking, { ...state, faults: refusal.faults, told }, typed);
  // What stands there now becomes what the form showed, so that saving again is a decision taken with open eyes.
  const fresh = await openForm(services, asking, state.token.groupId, services.newId());
  if (!fresh.ok) return fresh.shown;
  const names = new Map(state.agents.map((agent) => [agent.id, agent.name]));
  const theirs = new Set(refusal.stale.map((one) => fieldName(one.field)));
  const wanted = changesOf(typed, state.token);
  const merged = Object.fromEntries(Object.entries(typed.values).map(([field, value]) => [field, field in wanted || theirs.has(field) ? value : fresh.typed.values[field as keyof Typed['values']]])) as Typed['values'];
  const agentIds = 'agentIds' in wanted ? typed.agentIds : fresh.typed.agentIds;
  return groupFormCard(asking, { ...fresh.state, told, changes: refusal.stale.map((one) => staleLine(say, one, GROUP_LABELS, groupValue(asking, one.field, names))) }, { ...typed, values: merged, agentIds });
}
