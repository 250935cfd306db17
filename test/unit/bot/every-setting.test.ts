// Every setting of the model can be reached in chat: each field stands on a form, or here with the card that sets it or the reason why nobody does.
import { MORE_FIELDS } from '../../../bot/forms/group-form';
import { OBJECT_FORMS, type FormKind, type Opened } from '../../../bot/forms/kinds';
import { FORM_FIELDS } from '../../../bot/forms/token';
import { type World } from '../../../bot/forms/field';
import { GROUP_FIELDS } from '../../../storage/administration/verbs';
import { agentGroup } from '../../../storage/model/agent-group';
import { agent, duty } from '../../../storage/model/agent';
import { numberPolicy } from '../../../storage/model/number-policy';
import { answer, question } from '../../../storage/model/question';
import { queue } from '../../../storage/model/queue';
import { businessHours, holiday, holidaySet } from '../../../storage/model/schedule';
import { poolSettings } from '../../../storage/model/settings';
import { trunk } from '../../../storage/model/trunk';
import { MANAGER_PERMISSIONS, workflow } from '../../../storage/model/workflow';
import { OBJECT_KINDS } from '../../../storage/model/configuration';

const WORLD: World = { queues: [], questions: [], agents: [], agentGroups: [], businessHours: [], holidaySets: [], domain: 'example.org', words: 'en' };
const AUDIO = { audioId: 'a'.repeat(64), fileName: 'a.wav', durationMs: 1 };
/** Everything there is to change, by somebody who may. */
const OPENED: Opened = { name: '', version: 1, mayChange: true, mayDelete: true, values: { changesAddress: true, defaultAction: { kind: 'queue', queueId: 'q' }, music: AUDIO, defaultMusic: AUDIO } };
const onForm = (kind: FormKind): readonly string[] => OBJECT_FORMS[kind].fields(WORLD, OPENED, { id: '', groupId: '' }).map((field) => field.name);

/** Of every stored object: storage's own. */
const STORED = { id: 'made by storage', pool: 'where it is made', version: 'counted by storage' };
const OWNER = { workflowId: 'the group whose card it is made from' };

interface Settable { readonly fields: readonly string[]; readonly forms: readonly FormKind[]; readonly elsewhere: Readonly<Record<string, string>> }
const OBJECTS: Readonly<Record<(typeof OBJECT_KINDS)[number], Settable>> = {
  workflows: { fields: Object.keys(workflow.shape), forms: ['workflow', 'permissions'], elsewhere: { ...STORED, managers: 'the card of managers', questions: 'each question has a form' } },
  queues: { fields: Object.keys(queue.shape), forms: ['queue'], elsewhere: { ...STORED, ...OWNER } },
  agentGroups: { fields: Object.keys(agentGroup.shape), forms: ['agentGroup'], elsewhere: { ...STORED, ...OWNER } },
  agents: { fields: Object.keys(agent.shape), forms: ['agent'], elsewhere: { ...STORED, name: 'the form of an agent', sipUser: 'the form of an agent', personId: 'the form of an agent', digest: 'made with a password on the card of agents', simulated: 'said by those who make and remove agents for traffic' } },
  duties: { fields: Object.keys(duty.shape), forms: [], elsewhere: { ...STORED, agentId: 'whose it is', onDuty: 'the card of duty', since: 'when that was', pause: 'the form of a pause', signedIn: 'the card of duty, and of a group’s agents' } },
  settings: { fields: Object.keys(poolSettings.shape), forms: ['settings'], elsewhere: STORED },
  businessHours: { fields: Object.keys(businessHours.shape), forms: ['businessHours'], elsewhere: { ...STORED, ...OWNER } },
  holidaySets: { fields: Object.keys(holidaySet.shape), forms: ['holidaySet'], elsewhere: { ...STORED, ...OWNER } },
  trunks: { fields: Object.keys(trunk.shape), forms: ['trunk'], elsewhere: STORED },
};

describe.each(OBJECT_KINDS)('of %s', (kind) => {
  const { fields, forms, elsewhere } = OBJECTS[kind];
  const shown = forms.flatMap(onForm);
  it.each(fields)('%s is on a form, or has a reason', (field) => {
    expect([field, shown.includes(field) || elsewhere[field] !== undefined]).toEqual([field, true]);
  });

  it('nothing is on a form that the model has not, and no reason is left over', () => {
    expect(shown.filter((field) => !fields.includes(field))).toEqual([]);
    expect(Object.keys(elsewhere).filter((field) => !fields.includes(field) || shown.includes(field))).toEqual([]);
  });
});

it('a question has every field of the model on its form, and an answer and a holiday every part of them on a line', () => {
  expect([...onForm('question')].sort()).toEqual(Object.keys(question.shape).filter((field) => field !== 'id').sort());
  // `1 Sales -> queue Sales "One moment."`, and `2026-12-25 Christmas`: readings.test.ts shows that each part is read as it is shown.
  expect([Object.keys(answer.shape), Object.keys(holiday.def.shape)]).toEqual([['name', 'key', 'action'], ['name', 'start', 'end']]);
});

it('every part of the number policy has an input of its own, and every permission a switch', () => {
  const inputs = (kind: FormKind, name: string): number => OBJECT_FORMS[kind].fields(WORLD, OPENED, { id: '', groupId: '' }).find((field) => field.name === name)?.inputs.length ?? 0;
  expect(inputs('settings', 'numberPolicy')).toBe(Object.keys(numberPolicy.shape).length);
  expect(inputs('permissions', 'managerPermissions')).toBe(MANAGER_PERMISSIONS.length);
});

it('the form of a group has every field that its verb takes', () => {
  const elsewhere: Readonly<Record<string, string>> = { managed: 'on the form of a new group, and of the workflow', managers: 'the card of managers' };
  expect(GROUP_FIELDS.filter((field) => !(FORM_FIELDS as readonly string[]).includes(field) && elsewhere[field] === undefined)).toEqual([]);
  expect(MORE_FIELDS.filter((field) => !(FORM_FIELDS as readonly string[]).includes(field))).toEqual([]);
});
