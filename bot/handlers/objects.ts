// Objects by themselves: lists, forms, deletion. One set of handlers for every kind.
import { render } from '../../cards/render';
import { type Button, type Note, type OverviewView } from '../../cards/views';
import { type Answer, type Refusal } from '../../storage/administration/results';
import { type ObjectView, type ShownKind } from '../../storage/administration/views';
import { type Asking, type Handlers, type Services, type Shown } from '../asking';
import { copiedKind, LISTED, OBJECT_FORMS, readWorld, type FormKind, type ListedKind, type ObjectOf, type Opened } from '../forms/kinds';
import { audioOf, changedFields, fingerprintsOf, labelsFor, objectFormCard, placeInputFaults, readChanges, shownOf, typedOf, valueAsTyped, type FormState, type Typed } from '../forms/object-form';
import { inputId, type World } from '../forms/field';
import { withRecording } from '../forms/recordings';
import { type ObjectToken } from '../forms/object-token';
import { button, escapedSentence, fieldName, listNames, NO_NOTE, note, offered, refusalNote, staleLine } from '../views/common';
import { notice, refused } from '../views/notice';
import { nextSteps, showFlow } from './flow';
import { FormStays } from './form-stays';
import { showGroup } from './groups';
import { hearWords } from './hearing';
import { showManagers } from './managers';
import { permitted } from '../forms/permitted';
import { GROUPS_OFFERED, isUsable, usedIn, type UsableKind } from '../forms/using';

type ObjectHandlers = Pick<Handlers, 'object.use' | 'objects' | 'object.new' | 'object.edit' | 'object.save' | 'object.hear' | 'object.delete' | 'object.deleteNow' | 'settings'>;
const SHOWN_MOST = 30;

export const objectHandlers: ObjectHandlers = {
  async objects(services, asking, { kind, groupId }) {
    return listObjects(services, asking, kind, groupId);
  },

  async 'object.new'(services, asking, { kind, groupId }) {
    return openForm(services, asking, kind, '', groupId);
  },

  async 'object.edit'(services, asking, { kind, id, groupId }) {
    return openForm(services, asking, kind, id, groupId);
  },

  async settings(services, asking) {
    return openForm(services, asking, 'settings', 'settings', '');
  },

  async 'object.save'(services, asking, sent) {
    const form = await resume(services, asking, sent.form, sent);
    if (!form.ok) return form.shown;
    const { state, typed, opened } = form;
    const { say } = asking;
    const { token, fields } = state;
    const wanted = changedFields(fields, typed, token);
    if (wanted.size === 0) return afterwards(services, asking, token, note(say('group.nothingChanged'), 'accent'));
    const { changes, faults } = readChanges(asking, fields, typed, wanted, opened);
    if (faults.length > 0) return objectFormCard(asking, { ...state, faults, told: note(say('error.invalid'), 'attention') }, typed);
    const saved = await OBJECT_FORMS[token.kind].save(services, asking, token, { version: token.id === '' ? opened.version : token.version, values: opened.values }, changes, token.requestId);
    if (saved.ok && token.kind === 'workflowCopy' && 'id' in saved.value) return showGroup(services, asking, saved.value.id, note(say('objectForm.copied'), 'good'));
    if (saved.ok && token.id === '' && 'id' in saved.value && isUsable(token.kind)) return madeNew(services, asking, token.kind, saved.value.id, token.groupId, String(changes['name']));
    if (saved.ok && token.kind === 'permissions') return showManagers(services, asking, token.id, note(say('group.saved'), 'good'));
    if (saved.ok) return afterwards(services, asking, token, note(say(saved.entryId === null ? 'group.nothingChanged' : 'group.saved'), saved.entryId === null ? 'accent' : 'good'));
    if (saved.code === 'alreadyDone') return afterwards(services, asking, token, note(say('error.alreadyDone'), 'accent'));
    return refusedForm(services, asking, state, typed, saved);
  },

  async 'object.hear'(services, asking, sent) {
    const form = await resume(services, asking, sent.form, sent);
    if (!form.ok) return form.shown;
    const { state, typed, language } = form;
    const { say } = asking;
    const told = (words: string, tone: Note['tone'] = 'warning'): Shown => objectFormCard(asking, { ...state, told: note(say(words), tone) }, typed);
    const place = state.fields.flatMap((field) => field.inputs.filter((input) => input.heard === true && inputId(field, input) === sent.input).map((input) => ({ field, input })))[0];
    if (!place) return told('groupForm.heardNothing');
    const recording = audioOf(state.values[place.field.name]);
    if (recording) return objectFormCard(asking, { ...state, heard: { input: sent.input, url: services.audioUrl(recording.audioId) } }, typed);
    const heard = await hearWords(services, asking, typed[place.field.name]?.[place.input.suffix] ?? '', language);
    return heard.ok ? objectFormCard(asking, { ...state, heard: { input: sent.input, url: heard.url } }, typed) : told(heard.key, heard.tone);
  },

  async 'object.delete'(services, asking, { kind, id, groupId }) {
    const opened = await OBJECT_FORMS[kind].open(services, asking, { id, groupId });
    if (!opened.ok) return refused(asking, opened);
    if (!opened.value.mayDelete) return refused(asking, { code: 'notAllowed', message: '' });
    const { say } = asking;
    return notice(asking, 'attention', say('group.deleteTitle', { name: opened.value.name }), say('objectForm.deleteBody'), [
      button(say, 'deleteNow', 'object.deleteNow', { kind, id, groupId, requestId: services.newId() }, 'destructive', { name: opened.value.name }),
      button(say, 'keep', ...backTo(kind, groupId)),
    ]);
  },

  async 'object.use'(services, asking, { kind, id, groupId, requestId }) {
    const view = await services.administration.workflow(asking.acting, groupId);
    if (!view.ok) return refused(asking, view);
    const change = isUsable(kind) ? usedIn(kind, id, view.value) : null;
    if (change === null) return refused(asking, { code: 'notFound', message: '' });
    const done = await services.administration.perform(asking.acting, change.verb, change.input, { requestId });
    if (!done.ok && done.code !== 'alreadyDone') return refused(asking, done, button(asking.say, 'useIt', 'object.use', { kind, id, groupId, requestId }));
    return showFlow(services, asking, groupId, done.ok ? note(asking.say(`objectForm.used.${kind}`, { group: view.value.workflow.displayName }), 'good') : note(asking.say('error.alreadyDone'), 'accent'));
  },

  /** What still uses it is named by storage, which refuses then. */
  async 'object.deleteNow'(services, asking, { kind, id, groupId, requestId }) {
    const { say } = asking;
    const opened = await OBJECT_FORMS[kind].open(services, asking, { id, groupId });
    const deleted = await remove(services, asking, kind, id, groupId, requestId, opened);
    if (!deleted.ok && deleted.code === 'alreadyDone') return afterwards(services, asking, { kind, groupId }, note(say('error.alreadyDone'), 'accent'));
    if (!deleted.ok) return refused(asking, deleted, button(say, 'delete', 'object.deleteNow', { kind, id, groupId, requestId }));
    return afterwards(services, asking, { kind, groupId }, note(say('group.deleted', { name: opened.ok ? opened.value.name : id }), 'good'));
  },
};

async function remove(services: Services, asking: Asking, kind: FormKind, id: string, groupId: string, requestId: string, opened: Answer<Opened>): Promise<Awaited<ReturnType<typeof services.administration.perform>>> {
  if (kind === 'question') {
    if (!opened.ok) return { ...opened, faults: [] };
    const questions = (opened.value.values['questions'] as readonly { readonly id: string }[]).filter((one) => one.id !== id);
    return services.administration.perform(asking.acting, 'workflow.change', { id: groupId, version: opened.value.version, changes: { questions: questions as never } }, { requestId });
  }
  if (!(kind in LISTED)) return { ok: false, code: 'notFound', message: '', faults: [] };
  return services.administration.perform(asking.acting, `${kind as ListedKind}.delete`, { id }, { requestId });
}

/** Where a form leads back to. */
function backTo(of: FormKind, groupId: string, id = ''): ['objects' | 'flow' | 'groups' | 'agents' | 'group' | 'managers', Readonly<Record<string, unknown>>] {
  if (of === 'permissions') return ['managers', { groupId: id }];
  if (of === 'workflowCopy') return ['group', { groupId: id }];
  const kind = copiedKind(of) ?? of;
  if (kind === 'agent') return ['agents', { search: '' }];
  if (groupId !== '') return ['flow', { groupId }];
  return kind in LISTED ? ['objects', { kind, groupId }] : ['groups', {}];
}

async function afterwards(services: Services, asking: Asking, { kind: of, groupId }: { readonly kind: FormKind; readonly groupId: string }, told: Note): Promise<Shown> {
  const kind = copiedKind(of) ?? of;
  if (groupId !== '') return showFlow(services, asking, groupId, told);
  if (kind === 'settings') return openForm(services, asking, kind, 'settings', '', told);
  if (kind in LISTED) return listObjects(services, asking, kind as ListedKind, groupId, told);
  const { say } = asking;
  return notice(asking, told.tone, told.text, '', [kind === 'agent' ? button(say, 'agents', 'agents', { search: '' }) : button(say, 'groups', 'groups')]);
}

/** What was just made is of no use until something leads to it: said with the button that does so. */
async function madeNew(services: Services, asking: Asking, kind: UsableKind, id: string, groupId: string, name: string): Promise<Shown> {
  const { say } = asking;
  const use = (of: { readonly id: string; readonly displayName: string }): Button => button(say, 'useIn', 'object.use', { kind, id, groupId: of.id, requestId: services.newId() }, 'positive', { name: of.displayName });
  const told = note(say(`objectForm.made.${kind}`, { name }), 'good');
  if (groupId !== '') return showFlow(services, asking, groupId, told, (view) => (usedIn(kind, id, view) === null ? [] : [use({ id: groupId, displayName: view.workflow.displayName })]));
  const groups = await services.administration.groups(asking.acting, { first: GROUPS_OFFERED });
  const theirs = groups.ok && kind !== 'queue' ? groups.value.filter((one) => one.rights.change).slice(0, GROUPS_OFFERED) : [];
  return listObjects(services, asking, kind, '', told, theirs.map(use));
}

export async function listObjects(services: Services, asking: Asking, kind: ListedKind, groupId: string, told: Note = NO_NOTE, next: readonly Button[] = []): Promise<Shown> {
  const { say } = asking;
  const listed: Answer<readonly ObjectView<ShownKind>[]> = await services.administration.objects(asking.acting, LISTED[kind], { first: SHOWN_MOST });
  if (!listed.ok) return refused(asking, listed, button(say, 'tryAgain', 'objects', { kind, groupId }));
  const all = listed.value;
  const mayCreate = asking.acting.administrator;
  const view: OverviewView = {
    titleText: say(`object.${kind}.many`), introduced: true, introText: say(all.length === 0 ? 'objectForm.none' : `object.${kind}.intro`), note: told, warnings: [],
    sections: [...nextSteps(next), {
      titled: false, titleText: '', actions: [],
      rows: all.slice(0, SHOWN_MOST).map((one) => ({
        nameText: say('sentence', { sentence: one.name }), indent: '1px',
        lines: kind === 'trunk' ? [] : [{ text: one.groups.length === 0 ? say('objectForm.unused') : say('objectForm.usedBy', { groups: listNames(say, one.groups.map((group) => group.displayName)) }) }],
        actions: offered(
          one.rights.change && button(say, 'edit', 'object.edit', { kind, id: one.id, groupId }),
          one.rights.copy && button(say, 'copy', 'object.edit', { kind: `${kind}Copy`, id: one.id, groupId }),
          one.rights.delete && button(say, 'delete', 'object.delete', { kind, id: one.id, groupId }),
        ),
      })),
    }],
    actions: offered(mayCreate && button(say, 'newObject', 'object.new', { kind, groupId: '' }, 'positive'), button(say, 'groups', 'groups')),
  };
  return { card: render('overview', view, asking.locale) };
}

export async function openForm(services: Services, asking: Asking, kind: FormKind, id: string, groupId: string, told: Note = NO_NOTE): Promise<Shown> {
  const [opened, world] = await Promise.all([OBJECT_FORMS[kind].open(services, asking, { id, groupId }), readWorld(services, asking, kind === 'workflow' ? id : groupId)]);
  if (!opened.ok) return refused(asking, opened, button(asking.say, 'tryAgain', id === '' ? 'object.new' : 'object.edit', { kind, id, groupId }));
  if (!opened.value.mayChange) return refused(asking, { code: 'notAllowed', message: '' });
  const fields = fieldsOf(kind, world, opened.value, { id, groupId });
  const typed = shownOf(fields, opened.value);
  const token: ObjectToken = { kind, id, groupId, requestId: services.newId(), version: opened.value.version, shown: fingerprintsOf(fields, typed) };
  return objectFormCard(asking, { ...stateOf(token, opened.value, fields), told }, typed);
}

const fieldsOf = (kind: FormKind, world: World, opened: Opened, of: ObjectOf): FormState['fields'] => OBJECT_FORMS[kind].fields(world, opened, of).filter(({ name }) => permitted(kind, name, opened.permissions)).map((field) => withRecording(field, opened.values[field.name]));

function stateOf(token: ObjectToken, opened: Opened, fields: FormState['fields']): FormState {
  const [verb, data] = backTo(token.kind, token.kind === 'workflow' ? token.groupId || token.id : token.groupId, token.id);
  return { token, name: opened.name, values: opened.values, fields, cancel: { verb, data } as FormState['cancel'] };
}

type Resumed = { readonly ok: true; readonly state: FormState; readonly typed: Typed; readonly opened: Opened; readonly language: string } | { readonly ok: false; readonly shown: Shown };

/** The form that was sent, with what was typed in it. Without a database nothing can be drawn but what was typed, and the form on screen stays. */
async function resume(services: Services, asking: Asking, token: ObjectToken, sent: Readonly<Record<string, unknown>>): Promise<Resumed> {
  const [opened, world] = await Promise.all([OBJECT_FORMS[token.kind].open(services, asking, token), readWorld(services, asking, token.kind === 'workflow' ? token.id : token.groupId)]);
  if (!opened.ok && opened.code === 'unavailable') throw new FormStays(asking.say('error.unavailableForm'));
  if (!opened.ok) return { ok: false, shown: refused(asking, opened) };
  if (!opened.value.mayChange) return { ok: false, shown: refused(asking, { code: 'notFound', message: '' }) };
  const fields = fieldsOf(token.kind, world, opened.value, token);
  // A form with other fields than it has now says nothing about these: something, such as what managers may change, was changed in between.
  if (token.shown.length !== fields.length) return { ok: false, shown: await openForm(services, asking, token.kind, token.id, token.groupId, note(asking.say('error.reopened'), 'warning')) };
  return { ok: true, opened: opened.value, language: world.language, typed: typedOf(fields, sent, shownOf(fields, opened.value)), state: stateOf(token, opened.value, fields) };
}

/** The form again, with what is wrong beside each input and everything typed still in it. */
async function refusedForm(services: Services, asking: Asking, state: FormState, typed: Typed, refusal: Refusal): Promise<Shown> {
  const { say } = asking;
  const { token, fields } = state;
  const labels = labelsFor(fields);
  const { rest } = placeInputFaults(say, fields, refusal.faults);
  const told = refusalNote(say, refusal, rest, 'error.staleObject');
  if (refusal.code === 'notFound') return refused(asking, refusal);
  if (refusal.code !== 'stale' || token.id === '') return objectFormCard(asking, { ...state, faults: refusal.faults, told }, typed);
  // What stands there now becomes what the form showed, so that saving again is a decision taken with open eyes.
  const now = await OBJECT_FORMS[token.kind].open(services, asking, token);
  if (!now.ok) return refused(asking, now);
  const there = shownOf(fields, now.value);
  const mine = changedFields(fields, typed, token);
  const theirs = new Set(refusal.stale.map((one) => fieldName(one.field)));
  const merged: Typed = Object.fromEntries(fields.map((field) => [field.name, (mine.has(field.name) || theirs.has(field.name) ? typed : there)[field.name] ?? {}]));
  const fresh: ObjectToken = { ...token, requestId: services.newId(), version: now.value.version, shown: fingerprintsOf(fields, there) };
  const lines = refusal.stale.filter((one) => labels[fieldName(one.field)] !== undefined).map((one) => staleLine(say, one, labels, valueAsTyped(say, fields, one.field)));
  return objectFormCard(asking, { ...stateOf(fresh, now.value, fields), told, changes: lines.length > 0 ? lines : [escapedSentence(say, refusal.message)] }, merged);
}
