// Forms of objects and recordings over HTTP: what is shown, saved, refused and kept, and for whom.
import { faultOf, type Result } from '../../../storage/administration/results';
import { type WorkflowView } from '../../../storage/administration/views';
import { workflow } from '../../../storage/model/workflow';
import { parserComplaints, schemaComplaints } from '../../support/card-schema';
import { buttonOf, buttonsOf, inputsOf, startBotWorld, textOf, type BotWorld, type CardJson } from '../../support/bot-world';
import { groupSummary, groupView, NOW, PEOPLE, shownObjects, whoAmI } from '../../support/storage-views';
import { MANAGER_PERMISSIONS } from '../../../storage/model/workflow';

const HELP = 'group-help';
const prompt = (text: string) => ({ text, audio: null });
const RIGHTS = { change: true, changeAddress: true, delete: true, addManager: true, removeManager: true, copy: true, permissions: MANAGER_PERMISSIONS };
const AUDIO = { audioId: 'b'.repeat(64), fileName: 'menu.wav', durationMs: 12_000 };

function flow(changes: Partial<WorkflowView> = {}): WorkflowView {
  const objects = shownObjects();
  return {
    id: HELP, version: 7, type: 'interactive', address: 'sip:help-desk@response-group.local', rights: RIGHTS, warnings: [],
    workflow: workflow.parse({
      id: HELP, pool: 'main', version: 7, sipUser: 'help-desk', displayName: 'Help Desk', managed: true, managers: [], welcome: prompt('Welcome.'), language: 'en-GB',
      defaultAction: { kind: 'question', questionId: 'question-1' },
      questions: [
        { id: 'question-1', name: 'Language', prompt: prompt('For English, press one.'), invalidPrompt: prompt('Pardon?'), attempts: 2, answers: [{ key: '1', name: 'English', action: { kind: 'question', questionId: 'question-2' } }] },
        { id: 'question-2', name: 'Product', prompt: { text: 'For laptops, press one.', audio: AUDIO }, answers: [{ key: '1', name: 'Laptops', action: { kind: 'queue', queueId: 'queue-help' } }] },
      ],
    }),
    queues: objects.queues.slice(0, 1), agentGroups: objects.agentGroups.slice(0, 1), businessHours: objects.businessHours[0] ?? null, holidaySets: [],
    ...changes,
  };
}

let world: BotWorld;
beforeEach(async () => {
  world = await startBotWorld();
  world.administration.workflowAnswers = { [HELP]: flow() };
  world.administration.settingsAnswer = { version: 3, settings: { gracePeriodSeconds: 60, callContextShown: true, defaultMusic: null, pickupCode: '*8', onDutyCode: '*71', offDutyCode: '*70', numberPolicy: { allowedPrefixes: ['+44'], allowedDomains: [], emergencyNumbers: ['112', '999'] } } };
});
afterEach(() => world.stop());

const edit = async (kind: string, id: string, groupId = ''): Promise<CardJson> => (await world.press('ada', 'object.edit', { kind, id, groupId })).card;
const save = (card: unknown, typed: Record<string, string> = {}): ReturnType<BotWorld['press']> => world.press('ada', 'object.save', { ...buttonOf(card, 'object.save').data, ...inputsOf(card), ...typed });
const last = (): unknown => world.administration.performed.at(-1);

describe('every form', () => {
  it.each([['businessHours', 'hours-office', ''], ['holidaySet', 'holidays-uk', ''], ['queue', 'queue-help', ''], ['agentGroup', 'agents-help', ''], ['workflow', HELP, HELP], ['question', 'question-1', HELP], ['question', 'question-2', HELP], ['settings', 'settings', ''], ['agent', 'agent-alice', '']])('of a %s (%s) is a card that clients can read, and sent back untouched saves nothing', async (kind, id, groupId) => {
    const card = await edit(kind, id, groupId);
    expect([...schemaComplaints(card), ...parserComplaints(card)]).toEqual([]);
    expect(textOf((await save(card)).card)).toContain('nothing was saved');
    expect(world.administration.performed).toEqual([]);
  });

  it.each(['businessHours', 'holidaySet', 'queue', 'agentGroup', 'trunk', 'question'])('of a new %s is a card that clients can read', async (kind) => {
    const { card } = await world.press('ada', 'object.new', { kind, groupId: kind === 'question' ? HELP : '' });
    expect([...schemaComplaints(card), ...parserComplaints(card)]).toEqual([]);
    expect(buttonOf(card, 'object.save').title).toBe('Create');
  });

  it.each<[string, string, string, Record<string, string>, object]>([
    ['businessHours', 'hours-office', '', { saturday: '9-12' }, { verb: 'businessHours.change', input: { id: 'hours-office', version: 2, changes: { saturday: [{ open: '09:00', close: '12:00' }] } } }],
    ['holidaySet', 'holidays-uk', '', { holidays: '2026-12-31 Eve' }, { verb: 'holidaySet.change', input: { changes: { holidays: [{ name: 'Eve', start: '2026-12-31T00:00', end: '2027-01-01T00:00' }] } } }],
    ['queue', 'queue-help', '', { agentGroupIds: 'sales\nhelp-desk', timeoutAction: 'queue', 'timeoutAction-value': 'Sales', 'timeoutAction-text': 'Sorry.' }, { verb: 'queue.change', input: { changes: { agentGroupIds: ['agents-sales', 'agents-help'], timeoutAction: { kind: 'queue', queueId: 'queue-sales', prompt: prompt('Sorry.') } } } }],
    ['agentGroup', 'agents-help', '', { routingMethod: 'attendant', agentIds: 'Bob Okafor\nalice', participation: 'formal', autoPauseAfter: '3' }, { verb: 'agentGroup.change', input: { changes: { routingMethod: 'attendant', agentIds: ['agent-bob', 'agent-alice'], participation: 'formal', autoPauseAfter: '3' } } }],
    ['workflow', HELP, HELP, { timeZone: 'Europe/Paris', holidaySetIds: 'united kingdom', defaultAction: 'queue:queue-sales' }, { verb: 'workflow.change', input: { id: HELP, version: 7, changes: { timeZone: 'Europe/Paris', holidaySetIds: ['holidays-uk'], defaultAction: { kind: 'queue', queueId: 'queue-sales' } } } }],
    ['settings', 'settings', '', { 'numberPolicy-prefixes': '+44\n+33' }, { verb: 'settings.change', input: { version: 3, changes: { numberPolicy: { allowedPrefixes: ['+44', '+33'], allowedDomains: [], emergencyNumbers: ['112', '999'] } } } }],
    ['agent', 'agent-alice', '', { contacts: '+441234567890 press 1\nsip:a@b.example' }, { verb: 'agent.change', input: { id: 'agent-alice', version: 1, changes: { contacts: [{ kind: 'number', number: '+441234567890', confirm: true }, { kind: 'sipUri', uri: 'sip:a@b.example', confirm: false }] } } }],
  ])('of a %s saves only what was changed: %s', async (kind, id, groupId, typed, performed) => {
    await save(await edit(kind, id, groupId), typed);
    expect(last()).toMatchObject(performed);
    const { changes } = (last() as { input: { changes: object } }).input;
    expect(Object.keys(changes).sort()).toEqual(Object.keys((performed as { input: { changes: object } }).input.changes).sort());
  });

  it('with something that cannot be read names it beside the input and keeps everything typed', async () => {
    const again = await save(await edit('queue', 'queue-help'), { overflowAction: 'queue', 'overflowAction-value': 'Nowhere', name: 'Desk' });
    expect(textOf(again.card)).toContain('“Nowhere” names no queue that you may use.');
    expect(inputsOf(again.card)).toMatchObject({ overflowAction: 'queue', 'overflowAction-value': 'Nowhere', name: 'Desk' });
    expect(world.administration.performed).toEqual([]);
  });

  it('that storage refuses shows each fault beside its input', async () => {
    world.administration.answers['queue.change'] = (): Result => ({ ok: false, code: 'invalid', message: 'no', faults: [{ field: 'changes.timeoutAction.number', value: '+1', message: 'is not allowed' }, { field: 'changes.timeoutSeconds', value: 5, message: 'must be 10 to 65535 seconds' }] });
    const again = await save(await edit('queue', 'queue-help'), { timeoutSeconds: '5', timeoutAction: 'number', 'timeoutAction-value': '+1' });
    for (const words of ['“+1” is not allowed', '“5” must be 10 to 65535 seconds']) expect(textOf(again.card)).toContain(words);
    expect(inputsOf(again.card)).toMatchObject({ timeoutSeconds: '5', 'timeoutAction-value': '+1' });
  });

  it('with inputs emptied, which clients leave out, empties those and nothing else', async () => {
    const { description: _description, ...typed } = inputsOf(await edit('workflow', HELP, HELP));
    await world.press('ada', 'object.save', { ...buttonOf(await edit('workflow', HELP, HELP), 'object.save').data, ...Object.fromEntries(Object.entries(typed).filter(([name, value]) => value !== '' && name !== 'welcome')) });
    expect((last() as { input: { changes: object } }).input.changes).toEqual({ welcome: null });
    const form = (await world.press('ada', 'group.edit', { groupId: HELP })).card;
    const { timeoutSeconds: _timeout, welcomeText: _welcome, ...rest } = Object.fromEntries(Object.entries(inputsOf(form)).filter(([, value]) => value !== ''));
    await world.press('ada', 'group.save', { ...buttonOf(form, 'group.save').data, ...rest });
    expect((last() as { input: { changes: object } }).input.changes).toEqual({ timeoutSeconds: '', welcomeText: '' });
  });

  it('that storage does not allow this person keeps everything typed, and says what is switched off', async () => {
    world.administration.answers['queue.change'] = (): Result => ({ ok: false, code: 'notAllowed', message: 'no', faults: [faultOf('managerPermissions', 'prompts', 'switchedOff')] });
    const again = await save(await edit('queue', 'queue-help'), { timeoutSeconds: '50', 'timeoutAction-text': 'Sorry.' });
    expect(textOf(again.card)).toContain('“Prompts and music” is switched off for managers of this group');
    expect(inputsOf(again.card)).toMatchObject({ timeoutSeconds: '50', 'timeoutAction-text': 'Sorry.' });
  });

  it('of several inputs for one value shows each fault, and each hint, below the input it is about', async () => {
    world.administration.answers['settings.change'] = (): Result => ({ ok: false, code: 'invalid', message: 'no', faults: [faultOf('numberPolicy.allowedPrefixes.1', '33', 'prefix'), faultOf('numberPolicy.emergencyNumbers.0', 'x', 'emergencyNumber')] });
    const shown = textOf((await save(await edit('settings', 'settings'), { 'numberPolicy-prefixes': '+44\n33' })).card).split('\n');
    const at = (words: string): number => shown.findIndex((line) => line.includes(words));
    const order = [at('Allowed numbers begin with, one'), at('“33” must be +'), at('Nothing is allowed until'), at('Allowed domains of SIP addresses, one'), at('Emergency numbers, never'), at('“x” must be 2 to 6 digits')];
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(order).not.toContain(-1);
  });

  it.each<[string, Record<string, string>, string, RegExp, object]>([
    ['businessHours', { name: 'Nights' }, 'hours-new', /No group uses these hours yet/, { verb: 'workflow.change', input: { id: HELP, version: 7, changes: { businessHoursId: 'hours-new' } } }],
    ['holidaySet', { name: 'France', holidays: '2026-07-14 Bastille' }, 'holidays-new', /No group observes these holidays yet/, { verb: 'workflow.change', input: { changes: { holidaySetIds: ['holidays-new'] } } }],
    ['agentGroup', { name: 'Second line' }, 'agents-new', /answers once a queue lists it/, { verb: 'queue.change', input: { id: 'queue-help', changes: { agentGroupIds: ['agents-help', 'agents-new'] } } }],
  ])('of a new %s says what is next, and one press does it', async (kind, typed, id, words, performed) => {
    world.administration.answers[`${kind}.create` as 'queue.create'] = (): Result<'queue.create'> => ({ ok: true, value: { id }, entryId: 'main:9', sequence: 9, warnings: [] });
    for (const groupId of [HELP, '']) {
      const form = (await world.press('ada', 'object.new', { kind, groupId })).card;
      const { card } = await save(form, typed);
      expect(textOf(card)).toMatch(words);
      const use = buttonsOf(card).find((one) => one.verb === 'object.use' && one.title === 'Use it in Help Desk');
      const done = await world.press('ada', 'object.use', use?.data);
      expect(last()).toMatchObject(performed);
      expect(textOf(done.card)).toContain('Help Desk');
    }
  });

  it('gone stale shows who changed what as the form would, keeps what was typed, and may be saved again', async () => {
    const form = await edit('businessHours', 'hours-office');
    const range = (open: string, close: string) => [{ open, close }];
    world.administration.answers['businessHours.change'] = (): Result => ({ ok: false, code: 'stale', message: 'stale', faults: [], stale: [{ field: 'monday', opened: range('09:00', '12:00'), now: range('08:00', '12:00'), wanted: range('10:00', '12:00'), changedBy: 'Max Reuter', changedAt: NOW }] });
    const [hours] = world.administration.objectsAnswer.businessHours;
    if (hours) world.administration.objectsAnswer = { ...world.administration.objectsAnswer, businessHours: [{ ...hours, version: 3, object: { ...hours.object, monday: range('08:00', '12:00'), tuesday: range('07:00', '08:00') } }] };
    const again = await save(form, { monday: '10-12' });
    expect(textOf(again.card)).toContain('Max Reuter changed it from 09:00-12:00 to 08:00-12:00. You typed 10:00-12:00.');
    expect(inputsOf(again.card)).toMatchObject({ monday: '10-12', tuesday: '07:00-08:00' });
    delete world.administration.answers['businessHours.change'];
    await save(again.card);
    expect(last()).toMatchObject({ input: { version: 3, changes: { monday: range('10:00', '12:00') } } });
  });

  it('pressed twice saves once; while the database is away stays as it is', async () => {
    const form = await edit('businessHours', 'hours-office');
    await save(form, { name: 'Hours' });
    expect(textOf((await save(form, { name: 'Hours' })).card)).toContain('Pressing twice changes nothing');
    expect(world.administration.performed).toHaveLength(1);
    world.administration.away = true;
    const told = await save(form, { name: 'Hours' });
    expect([told.statusCode, told.message]).toEqual([500, expect.stringContaining('What you typed is still here')]);
  });

  it('hears what was typed, in the language of the group, and a recording as it is', async () => {
    const form = await edit('question', 'question-1', HELP);
    const heard = await world.press('ada', 'object.hear', { ...buttonsOf(form).find((one) => one.data['input'] === 'prompt')?.data, ...inputsOf(form), prompt: 'Hello there.' });
    expect(world.administration.asked).toEqual([{ kind: 'renderPrompt', text: 'Hello there.', language: 'en-GB' }]);
    expect(JSON.stringify(heard.card)).toContain('https://bot.example.org/audio/aaaa');
    expect(inputsOf(heard.card)['prompt']).toBe('Hello there.');
    const other = await edit('question', 'question-2', HELP);
    expect(textOf(other)).toContain('Callers hear the recording menu.wav (0:12), not these words.');
    const played = await world.press('ada', 'object.hear', { ...buttonsOf(other).find((one) => one.data['input'] === 'prompt')?.data, ...inputsOf(other) });
    expect(JSON.stringify(played.card)).toContain('https://bot.example.org/audio/bbbb');
  });

  it('of a question saves it within its group, and takes a recording out when asked to', async () => {
    await save(await edit('question', 'question-2', HELP), { answers: '1 Laptops -> queue help-desk\n2 Back -> question Language', 'prompt-drop': 'true' });
    expect(last()).toMatchObject({ verb: 'workflow.change', input: { id: HELP, version: 7, changes: { questions: [{ id: 'question-1' }, { id: 'question-2', prompt: { text: 'For laptops, press one.', audio: null }, answers: [{ key: '1' }, { key: '2', action: { kind: 'question', questionId: 'question-1' } }] }] } } });
  });

  it('of a question shows the faults of that question', async () => {
    world.administration.answers['workflow.change'] = (): Result => ({ ok: false, code: 'invalid', message: 'no', faults: [{ field: 'changes.questions.1.answers.0.key', value: '1', message: 'must give each key to one answer' }] });
    expect(textOf((await save(await edit('question', 'question-2', HELP), { answers: '1 A -> hang up\n1 B -> hang up' })).card)).toContain('Answers: “1” must give each key to one answer.');
  });
});

describe('whoever may not', () => {
  beforeEach(() => {
    const mine = whoAmI({ ...PEOPLE.max, administrator: false });
    world.administration.whoAnswer = mine;
    world.administration.workflowAnswers = {};
    const objects = shownObjects();
    world.administration.objectsAnswer = { ...objects, queues: objects.queues.map((one) => ({ ...one, rights: { change: false, delete: false, copy: false } })), businessHours: [] };
    world.administration.settingsAnswer = null;
  });

  it.each([
    ['object.edit', { kind: 'businessHours', id: 'hours-office', groupId: '' }], ['object.new', { kind: 'trunk', groupId: '' }], ['object.new', { kind: 'queue', groupId: HELP }], ['object.edit', { kind: 'queue', id: 'queue-help', groupId: '' }],
    ['object.edit', { kind: 'workflow', id: HELP, groupId: HELP }], ['object.edit', { kind: 'question', id: 'question-1', groupId: HELP }], ['object.edit', { kind: 'agent', id: 'agent-alice', groupId: '' }], ['settings', {}],
    ['flow', { groupId: HELP }], ['walk', { groupId: HELP, at: '', attempt: 1, step: 'start' }], ['recording.group', { ...AUDIO, groupId: HELP }], ['object.delete', { kind: 'queue', id: 'queue-help', groupId: '' }],
  ] as const)('%s %j is refused, and shows nothing', async (verb, data) => {
    const { card } = await world.press('max', verb, data);
    expect(textOf(card)).toMatch(/Not found|not change it/);
    expect(textOf(card)).not.toMatch(/Office hours|Laptops|\+44/);
  });

  it('sends a form of somebody else changes nothing', async () => {
    world.administration.workflowAnswers = { [HELP]: flow() };
    const form = await edit('queue', 'queue-sales').catch(() => ({}));
    expect(buttonsOf(form).map((one) => one.verb)).not.toContain('object.save');
    expect(world.administration.performed).toEqual([]);
  });

  it('neither keeps a recording nor has it fetched', async () => {
    await world.post(world.activity('max', { type: 'message', text: '', attachments: [FILE] }));
    expect(textOf(world.connector.sent.at(-1)?.card)).toContain('for administrators and managers');
  });
});

describe('lists and deletion', () => {
  it('name who uses what, and offer what one may do', async () => {
    const card = await world.say('ada', 'queues');
    expect(textOf(card)).toContain('Used by Help Desk');
    expect([...new Set(buttonsOf(card).map((one) => one.verb))]).toEqual(['object.edit', 'object.delete', 'object.new', 'groups']);
  });

  it('deleting asks first, and what still uses it is named', async () => {
    const ask = await world.press('ada', 'object.delete', { kind: 'queue', id: 'queue-help', groupId: '' });
    expect(world.administration.performed).toEqual([]);
    world.administration.answers['queue.delete'] = (): Result => ({ ok: false, code: 'conflict', message: 'Help Desk still leads to it.', faults: [] });
    expect(textOf((await world.press('ada', 'object.deleteNow', buttonOf(ask.card, 'object.deleteNow').data)).card)).toContain('Help Desk still leads to it.');
  });

  it('deleting a question takes it out of its group', async () => {
    const ask = await world.press('ada', 'object.delete', { kind: 'question', id: 'question-2', groupId: HELP });
    await world.press('ada', 'object.deleteNow', buttonOf(ask.card, 'object.deleteNow').data);
    expect(last()).toMatchObject({ verb: 'workflow.change', input: { version: 7, changes: { questions: [{ id: 'question-1' }] } } });
  });
});

describe('the call flow', () => {
  it('is shown as a tree, and is walked without a call', async () => {
    const card = await world.say('ada', 'questions help desk');
    for (const words of ['Language', '1 English › question Product', '1 Laptops › queue help-desk', 'Office hours']) expect(textOf(card)).toContain(words);
    let { card: at } = await world.press('ada', 'walk', buttonOf(card, 'walk').data);
    expect(textOf(at)).toContain('Language (asked 1 of 2 times)');
    const press = async (title: string): Promise<void> => { at = (await world.press('ada', 'walk', buttonsOf(at).find((one) => one.title.startsWith(title))?.data)).card; };
    await press('Press 2');
    expect(textOf(at)).toMatch(/asked 2 of 2 times[\s\S]*“Pardon\?”/);
    await press('Press 1');
    expect(textOf(at)).toContain('Recording menu.wav');
    await press('Press 1');
    expect(textOf(at)).toContain('The call goes to: queue help-desk');
    await press('Start again');
    await press('Say nothing');
    await press('Say nothing');
    expect(textOf(at)).toContain('The call goes to: hang up');
  });
});

const FILE = { contentType: 'application/vnd.microsoft.teams.file.download.info', name: 'welcome.wav', content: { downloadUrl: 'https://example.sharepoint.com/x', uniqueId: 'x', fileType: 'wav' } };

describe('a WAV file sent to the chat', () => {
  const send = async (group = false): Promise<CardJson> => {
    await world.post(world.activity('ada', { type: 'message', text: '', attachments: [FILE] }, group));
    return world.connector.sent.at(-1)?.card ?? {};
  };
  beforeEach(() => {
    world.files.set(FILE.content.downloadUrl, { ok: true, bytes: Buffer.from('RIFF') });
    world.administration.groupsAnswer = [groupSummary()];
    world.administration.groupAnswers = { [HELP]: groupView() };
  });

  it.each<[string, object]>([
    ['workflow:welcome', { verb: 'workflow.change', input: { id: HELP, version: 7, changes: { welcome: { text: 'Welcome.', audio: { fileName: 'welcome.wav' } } } } }],
    ['workflow:music', { verb: 'workflow.change', input: { changes: { music: { fileName: 'welcome.wav' } } } }],
    ['question:question-1:prompt', { verb: 'workflow.change', input: { changes: { questions: [{ prompt: { text: 'For English, press one.', audio: { durationMs: 12_000 } } }, {}] } } }],
    ['queue:queue-help:timeoutAction', { verb: 'queue.change', input: { id: 'queue-help', version: 2, changes: { timeoutAction: { kind: 'disconnect', prompt: { text: '', audio: { durationMs: 12_000 } } } } } }],
  ])('can be listened to and put in place: %s', async (place, performed) => {
    const which = await send();
    expect([...schemaComplaints(which), ...parserComplaints(which)]).toEqual([]);
    expect(textOf(which)).toContain('Looks good: 0:12 long.');
    const where = await world.press('ada', 'recording.group', { ...buttonOf(which, 'recording.group').data, ...inputsOf(which) });
    const done = await world.press('ada', 'recording.place', { ...buttonOf(where.card, 'recording.place').data, ...inputsOf(where.card), place });
    expect(last()).toMatchObject(performed);
    expect(textOf(done.card)).toContain('welcome.wav is in place.');
  });

  it('can become the music of all groups', async () => {
    await world.press('ada', 'recording.default', buttonOf(await send(), 'recording.default').data);
    expect(last()).toMatchObject({ verb: 'settings.change', input: { version: 3, changes: { defaultMusic: { fileName: 'welcome.wav' } } } });
  });

  it('that is wrong is refused with the reason', async () => {
    world.administration.kept = { ok: false, code: 'invalid', message: 'no', faults: [{ field: 'format', value: '24 bit', message: 'must have 8 or 16 bits a sample' }] };
    expect(textOf(await send())).toMatch(/welcome\.wav cannot be used[\s\S]*Format: “24 bit” must have 8 or 16 bits a sample/);
  });

  it.each(['elsewhere', 'large', 'unreachable'] as const)('that cannot be fetched (%s) is told in words', async (because) => {
    world.files.set(FILE.content.downloadUrl, { ok: false, because });
    expect(textOf(await send())).toContain('cannot be used');
  });

  it('in a group chat is not looked at', async () => {
    expect(textOf(await send(true))).toContain('our own chat');
  });

  it('forged to a place that is none changes nothing', async () => {
    await world.press('ada', 'recording.place', { ...AUDIO, groupId: HELP, place: 'queue:queue-sales:timeoutAction', requestId: 'request-forged' });
    await world.press('ada', 'recording.place', { ...AUDIO, groupId: HELP, place: 'workflow:managers', requestId: 'request-forged' });
    expect(world.administration.performed).toEqual([]);
  });
});
