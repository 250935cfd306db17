// Objects by themselves: interactive workflows, queues, hours, holidays and trunks; what they lead to, what stands against them, and taking it back.
import { randomUUID } from 'node:crypto';
import { type Document } from 'mongodb';
import { WaveFile } from 'wavefile';
import { type Administration } from '../../../storage/administration/administration';
import { type Verb, type VerbInput } from '../../../storage/administration/verbs';
import { readConfiguration } from '../../../storage/changes';
import { readAudio } from '../../../storage/audio';
import { formed, must, newAgent, newPool, newUser, openStorage, operator, person, seen, SETUP_MS, SIP_DOMAIN, smallForm, type Storage } from './support';

let storage: Storage;
beforeAll(async () => { storage = await openStorage(); }, SETUP_MS);
afterAll(() => storage.close());

const ada = person('Ada', true);
const to = (queueId: string) => ({ kind: 'queue' as const, queueId });
const ask = (questionId: string) => ({ kind: 'question' as const, questionId });
const disconnect = { kind: 'disconnect' as const };
const question = (id: string, answers: readonly object[], more: object = {}) => ({ id, name: id, prompt: { text: `What about ${id}?` }, answers: answers.map((action, i) => ({ name: `Answer ${i}`, key: String(i + 1), action })), ...more });

/** Carries verbs out as an administrator and answers ids. */
function making(administration: Administration) {
  const make = async <V extends Verb>(verb: V, input: VerbInput<V>): Promise<string> => {
    const { value } = await must(administration.perform(ada, verb, input));
    return 'id' in value ? value.id : '';
  };
  return {
    make,
    queue: (more: Partial<VerbInput<'queue.create'>> = {}) => make('queue.create', { name: newUser(), ...more }),
    agentGroup: (more: Partial<VerbInput<'agentGroup.create'>> = {}) => make('agentGroup.create', { name: newUser(), ...more }),
    workflow: (more: object) => make('workflow.create', { displayName: 'Menu', sipUser: newUser(), ...more } as VerbInput<'workflow.create'>),
    attempt: (verb: Verb, input: object) => administration.perform(ada, verb, input),
  };
}
const begin = () => {
  const { pool, administration } = newPool(storage.connection);
  return { pool, administration, ...making(administration) };
};

describe('An interactive workflow', () => {
  test('is created with its questions, shown whole, and its form is about the queue that the first answers lead to', async () => {
    const { administration, queue, agentGroup, workflow } = begin();
    const alice = await newAgent(administration, 'Alice');
    const group = await agentGroup({ agentIds: [alice.id] });
    const [sales, later] = [await queue({ name: 'Sales', agentGroupIds: [group] }), await queue({ name: 'Later' })];
    const id = await workflow({ defaultAction: ask('product'), questions: [question('product', [ask('which'), disconnect]), question('which', [to(sales)])], closedAction: to(later) });
    const view = await seen(administration.workflow(ada, id));
    expect(view).toMatchObject({ type: 'interactive', version: 1, queues: [{ name: 'Sales', groups: [{ id }] }, { name: 'Later' }], agentGroups: [{ id: group }], workflow: { priority: 3, questions: [{ attempts: 5, answerSeconds: 8, fallback: null }, {}] } });
    expect((await formed(administration, id)).form.agentIds).toEqual([alice.id]);
    // Alice is rung for its callers, two questions away.
    expect((await seen(administration.groups(alice.acting))).map((one) => one.id)).toEqual([id]);
  });

  test('that leads to no queue has no form, and is changed by its own verb alone', async () => {
    const { administration, workflow, attempt } = begin();
    const id = await workflow({ defaultAction: ask('only'), questions: [question('only', [disconnect])] });
    expect(await seen(administration.group(ada, id))).toMatchObject({ type: 'interactive', form: null, versions: null, agents: [] });
    expect(await attempt('group.change', { id, versions: { workflow: 1, queue: 1, agentGroup: 1 }, changes: { description: 'x' } })).toMatchObject({ code: 'conflict', message: expect.stringContaining('Menu') });
    await must(administration.perform(ada, 'workflow.change', { id, version: 1, changes: { description: 'x' } }));
    await must(administration.perform(ada, 'group.delete', { id }));
  });

  test('merges two editors of different fields, and shows the second what the first changed', async () => {
    const { administration, workflow } = begin();
    const id = await workflow({ defaultAction: ask('q'), questions: [question('q', [disconnect])] });
    const bea = person('Bea', true);
    await must(administration.perform(bea, 'workflow.change', { id, version: 1, changes: { questions: [question('q', [disconnect, disconnect])] as never } }));
    await must(administration.perform(ada, 'workflow.change', { id, version: 1, changes: { priority: '1', welcome: { text: 'Hi' } } }));
    expect(await administration.perform(ada, 'workflow.change', { id, version: 1, changes: { questions: [] } })).toMatchObject({ code: 'stale', stale: [{ field: 'questions', changedBy: 'Bea' }] });
    expect((await seen(administration.workflow(ada, id))).workflow).toMatchObject({ priority: 1, welcome: { text: 'Hi', audio: null }, questions: [{ answers: [{}, {}] }] });
  });
});

describe('The form of a group', () => {
  test('keeps what it does not show: other actions, audio of texts that stay, and everything behind', async () => {
    const { administration, make, queue, pool } = begin();
    const audio = await kept(administration);
    const other = await queue({ timeoutSeconds: 20 });
    const id = await make('group.create', smallForm({ welcomeText: 'Hello', timeoutText: 'Sorry' }));
    const { versions, queues, workflow } = await seen(administration.workflow(ada, id)).then(async (view) => ({ ...view, versions: (await formed(administration, id)).versions }));
    await make('workflow.change', { id, version: workflow.version, changes: { welcome: { text: 'Hello', audio }, music: audio } });
    await make('queue.change', { id: queues[0]?.id ?? '', version: 1, changes: { timeoutAction: { ...to(other), prompt: { text: 'Sorry', audio } }, leaveKey: '9', noAgentsAction: to(other) } });
    await make('group.change', { id, versions, changes: { description: 'changed', timeoutSeconds: 30 } });
    const after = await seen(administration.workflow(ada, id));
    expect(after.workflow).toMatchObject({ description: 'changed', welcome: { audio }, music: audio });
    expect(after.queues[0]?.object).toMatchObject({ timeoutSeconds: 30, timeoutAction: { kind: 'queue', queueId: other, prompt: { text: 'Sorry', audio } }, leaveKey: '9', noAgentsAction: { kind: 'queue' } });
    // Another text takes the place of the audio, and leaves the target as it is.
    await make('group.change', { id, versions: (await formed(administration, id)).versions, changes: { timeoutText: 'Please hold', welcomeText: '' } });
    const spoken = await seen(administration.workflow(ada, id));
    expect(spoken.queues[0]?.object.timeoutAction).toEqual({ kind: 'queue', queueId: other, prompt: { text: 'Please hold', audio: null } });
    expect(spoken.workflow.welcome).toBeNull();
    expect((await readConfiguration(storage.connection.client, storage.connection.db, pool)).objects.workflows.get(id)).toEqual(spoken.workflow);
  });

  test('offers what managers and agents need daily', async () => {
    const { administration, make } = begin();
    const more = { routingMethod: 'attendant' as const, participation: 'formal' as const, autoPauseAfter: 3, overflowCandidate: 'oldestCall' as const, priority: 2, announceSeconds: 60, agentAnonymity: true, federation: true };
    expect((await formed(administration, await make('group.create', smallForm(more)))).form).toMatchObject(more);
  });
});

describe('Is refused, with the field and what is in the way', () => {
  test('a queue, agent group, schedule, question, workflow or audio file that does not exist', async () => {
    const { attempt, queue } = begin();
    const there = await queue();
    const cases: [Verb, object, string][] = [
      ['workflow.create', { defaultAction: to('queue-gone') }, 'defaultAction'],
      ['workflow.create', { defaultAction: ask('gone') }, 'defaultAction'],
      ['workflow.create', { defaultAction: to(there), closedAction: to('queue-gone') }, 'closedAction.queueId'],
      ['workflow.create', { defaultAction: ask('q'), questions: [question('q', [disconnect, ask('gone')])] }, 'questions.0.answers.1.action.questionId'],
      ['workflow.create', { defaultAction: ask('q'), questions: [question('q', [disconnect], { fallback: to('queue-gone') })] }, 'questions.0.fallback.queueId'],
      ['workflow.create', { defaultAction: to(there), businessHoursId: 'hours-gone' }, 'businessHoursId'],
      ['workflow.create', { defaultAction: to(there), holidaySetIds: ['holidays-gone'] }, 'holidaySetIds.0'],
      ['workflow.create', { defaultAction: to(there), music: { audioId: 'a'.repeat(64), fileName: 'x.wav', durationMs: 1000 } }, 'music'],
      ['queue.create', { name: 'A', agentGroupIds: ['group-gone'] }, 'agentGroupIds'],
      ['queue.create', { name: 'A', noAgentsAction: to('queue-gone') }, 'noAgentsAction.queueId'],
      ['agentGroup.create', { name: 'A', agentIds: ['agent-gone'] }, 'agentIds'],
    ];
    for (const [verb, input, field] of cases) {
      const named = verb === 'workflow.create' ? { displayName: 'W', sipUser: newUser(), ...input } : input;
      expect([verb, await attempt(verb, named)]).toMatchObject([verb, { ok: false, code: 'conflict', faults: [{ field }] }]);
    }
  });

  test('a circle of queues that no caller leaves, with the way it takes; one that a key breaks is allowed', async () => {
    const { make, queue, attempt } = begin();
    const a = await queue({ name: 'A' });
    const b = await queue({ name: 'B', overflowAction: to(a) });
    const c = await queue({ name: 'C', noAgentsAction: to(b) });
    expect(await attempt('queue.change', { id: a, version: 1, changes: { timeoutAction: to(c) } })).toMatchObject({ code: 'conflict', faults: [{ field: 'timeoutAction.queueId', message: 'leads in a circle that no caller leaves: A → C → B → A' }] });
    expect(await attempt('queue.change', { id: a, version: 1, changes: { leaveAction: to(a) } })).toMatchObject({ code: 'conflict', faults: [{ field: 'leaveAction.queueId', message: 'leads to the queue itself' }] });
    await make('queue.change', { id: a, version: 1, changes: { leaveAction: to(c), leaveKey: '#' } });
    expect(await attempt('queue.change', { id: a, version: 2, changes: { callBackKey: '#' } })).toMatchObject({ code: 'conflict', faults: [{ field: 'callBackKey', message: 'must be another key than the one that leaves the queue' }] });
    await make('queue.change', { id: a, version: 2, changes: { callBackKey: '*' } });
  });

  test('a circle of fallbacks; one of answers is allowed', async () => {
    const { workflow, attempt } = begin();
    const circle = [question('a', [disconnect], { fallback: ask('b') }), question('b', [disconnect], { fallback: ask('a') })];
    expect(await attempt('workflow.create', { displayName: 'W', sipUser: newUser(), defaultAction: ask('a'), questions: circle })).toMatchObject({ code: 'conflict', faults: [{ field: 'questions.0.fallback.questionId', message: expect.stringContaining('a → b → a') }] });
    await workflow({ defaultAction: ask('a'), questions: [question('a', [ask('b')]), question('b', [ask('a')])] });
  });

  test('a target outside the number policy, and what it would have to be; our own domain is always allowed, but for numbers that are no group\'s', async () => {
    const { make, attempt, administration, workflow } = begin();
    const target = (timeoutAction: object) => attempt('queue.create', { name: newUser(), timeoutAction });
    expect(await target({ kind: 'number', number: '+441234567' })).toMatchObject({ code: 'conflict', faults: [{ field: 'timeoutAction.number', value: '+441234567', message: expect.stringContaining('allowed no numbers') }] });
    expect(await target({ kind: 'sipUri', uri: `sip:box@${SIP_DOMAIN}` })).toMatchObject({ ok: true });
    expect(await target({ kind: 'sipUri', uri: `sip:+441234567@${SIP_DOMAIN}` })).toMatchObject({ code: 'conflict', faults: [{ field: 'timeoutAction.uri', message: expect.stringContaining('allowed no numbers') }] });
    await workflow({ telephoneNumber: '+441234567', defaultAction: ask('a'), questions: [question('a', [disconnect])] });
    expect(await target({ kind: 'sipUri', uri: `sip:%2B441234567@${SIP_DOMAIN}` })).toMatchObject({ ok: true });
    await make('settings.change', { version: 0, changes: { numberPolicy: { allowedPrefixes: ['+44', '+1'], allowedDomains: ['voice.example'], emergencyNumbers: ['999', '44999'] } } });
    expect(await target({ kind: 'number', number: '+33123456' })).toMatchObject({ faults: [{ message: 'is not allowed: numbers must begin with +44, +1' }] });
    expect(await target({ kind: 'number', number: '+44999' })).toMatchObject({ faults: [{ message: expect.stringContaining('emergency') }] });
    expect(await target({ kind: 'voicemail', uri: 'sip:box@elsewhere.example' })).toMatchObject({ faults: [{ field: 'timeoutAction.uri', message: expect.stringContaining('voice.example') }] });
    expect(await target({ kind: 'voicemail', uri: 'sip:box@voice.example' })).toMatchObject({ ok: true });
    expect(await attempt('agent.create', { name: 'A', sipUser: newUser(), contacts: [{ kind: 'number', number: '+33123456' }] })).toMatchObject({ faults: [{ field: 'contacts.0.number' }] });
    const alice = await make('agent.create', { name: 'Alice', sipUser: newUser(), contacts: [{ kind: 'number', number: '+44 7700 900123' }] });
    // A policy made narrower keeps nobody from changing something else.
    await make('settings.change', { version: 1, changes: { numberPolicy: { allowedPrefixes: [], allowedDomains: [], emergencyNumbers: [] } } });
    await make('agent.change', { id: alice, version: 1, changes: { name: 'Alice M.' } });
    expect((await seen(administration.agents(ada))).find((one) => one.id === alice)?.detail?.contacts).toEqual([{ kind: 'number', number: '+447700900123', confirm: true }]);
  });

  test('a managed group that shares a queue or agents with another, at whichever end and however far', async () => {
    const { make, queue, agentGroup, attempt, workflow } = begin();
    const group = await agentGroup();
    const end = await queue({ name: 'End', agentGroupIds: [group] });
    const middle = await queue({ name: 'Middle', timeoutSeconds: 60, timeoutAction: to(end) });
    await workflow({ displayName: 'First', defaultAction: to(middle), managed: true });
    expect(await attempt('workflow.create', { displayName: 'Second', sipUser: newUser(), defaultAction: to(end) })).toMatchObject({ code: 'conflict', faults: [{ field: 'managed', message: expect.stringContaining('the group First') }] });
    const apart = await queue({ name: 'Apart' });
    const second = await workflow({ displayName: 'Second', defaultAction: ask('q'), questions: [question('q', [to(apart)])] });
    expect(await attempt('queue.change', { id: apart, version: 1, changes: { agentGroupIds: [group] } })).toMatchObject({ code: 'conflict', faults: [{ message: expect.stringMatching(/First.*Second|Second.*First/) }] });
    expect(await attempt('queue.change', { id: apart, version: 1, changes: { overflowAction: to(middle) } })).toMatchObject({ code: 'conflict' });
    await make('workflow.delete', { id: second });
    await make('queue.change', { id: apart, version: 1, changes: { agentGroupIds: [group] } });
  });

  test('agents of another group in a queue that a manager made and that nothing leads to yet; the answer does not name the group', async () => {
    const { administration, make, agentGroup, queue, workflow } = begin();
    const max = person('Max');
    const id = await make('group.create', smallForm({ managed: true, managers: [{ personId: max.personId, name: 'Max' }] }));
    const group = await agentGroup();
    await workflow({ displayName: 'Foreign secret', defaultAction: to(await queue({ agentGroupIds: [group] })) });
    const { value } = await must(administration.perform(max, 'queue.create', { name: 'Mine', workflowId: id }));
    const result = await administration.perform(max, 'queue.change', { id: value.id, version: 1, changes: { agentGroupIds: [group] } });
    expect(result).toMatchObject({ code: 'conflict', faults: [{ message: expect.stringContaining('another group') }] });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  test('what is made for one group in another; and deleting what is used, which names the users', async () => {
    const { make, queue, agentGroup, attempt, workflow } = begin();
    const group = await agentGroup({ name: 'Agents' });
    const used = await queue({ name: 'Used', agentGroupIds: [group] });
    const id = await workflow({ displayName: 'User', defaultAction: to(used) });
    const preset = await make('businessHours.create', { name: 'Office' });
    const own = await make('businessHours.create', { name: 'Office', workflowId: id });
    const holidays = await make('holidaySet.create', { name: 'Bank holidays', holidays: [] });
    const other = await workflow({ defaultAction: to(await queue()) });
    expect(await attempt('workflow.change', { id: other, version: 1, changes: { businessHoursId: own } })).toMatchObject({ code: 'conflict', faults: [{ field: 'businessHoursId', message: 'belongs to another group' }] });
    await make('workflow.change', { id: other, version: 1, changes: { businessHoursId: preset, holidaySetIds: [holidays] } });
    for (const [verb, gone, user] of [['queue.delete', used, 'the group User'], ['agentGroup.delete', group, 'the queue Used'], ['businessHours.delete', preset, 'the group Menu'], ['holidaySet.delete', holidays, 'the group Menu']] as const) {
      expect([verb, await attempt(verb, { id: gone })]).toMatchObject([verb, { code: 'conflict', faults: [{ field: 'id', value: gone, message: `is still used by ${user}` }] }]);
    }
  });

  test('names, which are unique', async () => {
    const { make, queue, attempt } = begin();
    await queue({ name: 'Same' });
    await make('businessHours.create', { name: 'Same' });
    for (const [verb, more] of [['queue.create', {}], ['businessHours.create', {}]] as const) expect(await attempt(verb, { name: 'Same', ...more })).toMatchObject({ code: 'conflict', faults: [{ field: 'name', value: 'Same' }] });
    // A group's own queue is named after its address, or with a number after it.
    await queue({ name: 'help' });
    await make('group.create', smallForm({ sipUser: 'help' }));
  });

  test('an active workflow with a queue that nobody can serve, or with targets that are no longer allowed', async () => {
    const { make, queue, workflow, attempt } = begin();
    const empty = await queue({ name: 'Empty' });
    const id = await workflow({ defaultAction: to(empty) });
    expect(await attempt('workflow.change', { id, version: 1, changes: { active: true } })).toMatchObject({ code: 'conflict', faults: [{ field: 'active', message: expect.stringContaining('the queue Empty') }] });
    await make('queue.change', { id: empty, version: 1, changes: { noAgentsAction: disconnect } });
    await make('workflow.change', { id, version: 1, changes: { active: true } });
  });
});

test('Deleting a group takes along what served it alone, and leaves what another uses', async () => {
  const { make, queue, agentGroup, workflow, pool } = begin();
  const [shared, own] = [await agentGroup(), await agentGroup()];
  const common = await queue({ agentGroupIds: [shared] });
  const mine = await queue({ agentGroupIds: [own, shared], timeoutAction: to(common) });
  const id = await workflow({ defaultAction: to(mine) });
  await make('businessHours.create', { name: 'Mine', workflowId: id });
  const other = await workflow({ defaultAction: to(common) });
  await make('group.delete', { id });
  const { objects } = await readConfiguration(storage.connection.client, storage.connection.db, pool);
  expect([...objects.workflows.keys(), ...objects.queues.keys(), ...objects.agentGroups.keys(), ...objects.businessHours.keys()]).toEqual([other, common, shared]);
});

describe('Taking back', () => {
  test('a deleted queue comes back as it was, for the manager whose group it was made for', async () => {
    const { administration, make } = begin();
    const max = person('Max');
    const id = await make('group.create', smallForm({ managed: true, managers: [{ personId: max.personId, name: 'Max' }] }));
    const { value: { id: queueId } } = await must(administration.perform(max, 'queue.create', { name: 'Second line', workflowId: id, timeoutSeconds: 60 }));
    await must(administration.perform(max, 'queue.delete', { id: queueId }));
    await must(administration.perform(max, 'change.undo', {}));
    expect(await seen(administration.objects(max, 'queues'))).toMatchObject([{ name: 'Second line', object: { timeoutSeconds: 60 }, groups: [{ id }], rights: { change: true, delete: true } }, {}]);
    const history = await seen(administration.history(max, { workflowId: id }));
    expect(history.map((one) => [one.verb, one.subject, one.workflowId])).toEqual([['change.undo', 'Second line', id], ['queue.delete', 'Second line', id], ['queue.create', 'Second line', id], ['group.create', 'Help Desk', id]]);
    // Somebody else's manager sees none of it.
    expect(await seen(administration.objects(person('Nobody'), 'queues'))).toEqual([]);
  });

  test('history says where actions lead by name', async () => {
    const { administration, make, queue } = begin();
    const a = await queue({ name: 'Overnight' });
    const b = await queue();
    await make('queue.change', { id: b, version: 1, changes: { timeoutAction: { ...to(a), prompt: { text: 'Moved on' } } } });
    expect((await seen(administration.history(ada)))[0]).toMatchObject({ verb: 'queue.change', fields: expect.arrayContaining([{ field: 'timeoutAction', before: { action: 'disconnect', to: '', said: '' }, after: { action: 'queue', to: 'Overnight', said: '' } }, { field: 'timeoutText', before: '', after: 'Moved on' }]) });
  });
});

test('A trunk\'s password is shown nowhere: not in views, history, faults, what is stale, or what a repeated request answers', async () => {
  const { administration, make } = begin();
  const [secret, other] = [`secret-${randomUUID()}`, `secret-${randomUUID()}`];
  const id = await make('trunk.create', { name: 'Carrier', host: 'sip.carrier.example', username: 'us', password: secret });
  await make('trunk.change', { id, version: 1, changes: { password: other, port: '5080' } });
  const told = [
    await seen(administration.objects(ada, 'trunks')), await seen(administration.history(ada)),
    await administration.perform(operator, 'trunk.change', { id, version: 1, changes: { password: `${secret}!` } }),
    await administration.perform(operator, 'trunk.change', { id, version: 2, changes: { password: secret.repeat(9) } }),
  ];
  expect(told).toMatchObject([[{ name: 'Carrier', object: { hasPassword: true, port: 5080 } }], [{}, {}], { code: 'stale', stale: [{ field: 'password', opened: 'set', now: 'set', wanted: 'set' }] }, { code: 'invalid', faults: [{ field: 'password', value: null }] }]);
  expect(JSON.stringify(told)).not.toContain('secret-');
  expect(await administration.objects(person('Max'), 'trunks')).toMatchObject({ code: 'notAllowed' });
});

/** A short audio file that was kept. */
async function kept(administration: Administration) {
  const result = await administration.keepAudio(ada, 'hello.wav', wav());
  if (!result.ok) throw new Error(result.message);
  return result.value;
}
function wav(): Buffer {
  const file = new WaveFile();
  file.fromScratch(1, 8_000, '16', new Int16Array(8_000).map((_unused, i) => i % 50));
  return Buffer.from(file.toBuffer());
}

test('An audio file is kept by who manages something, read back by its id, and refused with the reason', async () => {
  const { administration, make } = begin();
  const max = person('Max');
  expect(await administration.keepAudio(max, 'a.wav', wav())).toMatchObject({ ok: false, code: 'notAllowed' });
  await make('group.create', smallForm({ managed: true, managers: [{ personId: max.personId, name: 'Max' }] }));
  const result = await administration.keepAudio(max, 'a.wav', wav());
  expect(result).toMatchObject({ ok: true, value: { fileName: 'a.wav', durationMs: 1_000 } });
  expect((await readAudio(storage.connection.db, result.ok ? result.value.audioId : ''))?.equals(wav())).toBe(true);
  expect(await administration.keepAudio(max, '', Buffer.from('ID3 no audio'))).toMatchObject({ ok: false, code: 'invalid', faults: [{ field: 'fileName' }, { field: 'kind', value: 'MP3', message: 'must be a WAV file' }] });
});

test('A document and a log entry of before a field existed are read complete, and can be changed and taken back', async () => {
  const { administration, make, pool } = begin();
  const { db } = storage.connection;
  const id = await make('group.create', smallForm({ welcomeText: 'Hello' }));
  const old = ['music', 'closedAction', 'holidayAction', 'holidaySetIds', 'businessHoursId', 'priority', 'questions'];
  const without = (prefix: string): Document => ({ $unset: Object.fromEntries([...old, 'welcome.audio'].map((field) => [`${prefix}${field}`, ''])) });
  await db.collection<Document & { _id: string }>('workflows').updateOne({ _id: id }, without(''));
  await db.collection<Document & { _id: string }>('changes').updateOne({ _id: `${pool}:1` }, without('changes.0.after.'));
  expect((await seen(administration.workflow(ada, id))).workflow).toMatchObject({ music: null, priority: 3, questions: [], welcome: { text: 'Hello', audio: null } });
  expect((await readConfiguration(storage.connection.client, db, pool)).objects.workflows.get(id)?.closedAction).toEqual({ kind: 'disconnect', prompt: null });
  await make('workflow.change', { id, version: 1, changes: { description: 'new' } });
  expect((await seen(administration.history(ada)))[0]?.fields).toEqual([{ field: 'description', before: '', after: 'new' }]);
  await must(administration.perform(ada, 'change.undo', {}));
  expect((await seen(administration.workflow(ada, id))).workflow).toMatchObject({ description: '', holidaySetIds: [] });
});
