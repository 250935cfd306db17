// The bot over HTTP, as Teams speaks to it: what people type, press and send again, and what is refused.
import { BOT_VERBS } from '../../../bot/verbs';
import { type Result } from '../../../storage/administration/results';
import { parserComplaints, schemaComplaints } from '../../support/card-schema';
import { buttonOf, buttonsOf, inputsOf, startBotWorld, textOf, type BotWorld } from '../../support/bot-world';
import { groupSummary, groupView, liveView, myAgent, NOW, PEOPLE, whoAmI } from '../../support/storage-views';
import { MANAGER_PERMISSIONS } from '../../../storage/model/workflow';

let world: BotWorld;
beforeEach(async () => { world = await startBotWorld(); });
afterEach(() => world.stop());

const HELP = 'group-help';
const MANAGER_RIGHTS = { change: true, changeAddress: false, delete: false, addManager: true, removeManager: false, copy: false, permissions: MANAGER_PERMISSIONS };
const AGENT_RIGHTS = { change: false, changeAddress: false, delete: false, addManager: false, removeManager: false, copy: false, permissions: [] };

/** Administration as it answers the manager of Help Desk: Sales does not exist for him. */
function asMax(): void {
  world.administration.whoAnswer = whoAmI({ ...PEOPLE.max, administrator: false, manages: [{ id: HELP, displayName: 'Help Desk', sipUser: 'help-desk' }] });
  world.administration.groupsAnswer = [groupSummary({ rights: MANAGER_RIGHTS })];
  world.administration.groupAnswers = { [HELP]: groupView({ rights: MANAGER_RIGHTS }) };
}
function asAlice(): void {
  world.administration.whoAnswer = whoAmI({ ...PEOPLE.alice, administrator: false, serves: [{ id: HELP, displayName: 'Help Desk', sipUser: 'help-desk' }], agent: { id: 'agent-alice', name: 'Alice Moreau', onDuty: true, since: NOW } });
  world.administration.groupsAnswer = [groupSummary({ rights: AGENT_RIGHTS })];
  world.administration.groupAnswers = { [HELP]: groupView({ rights: AGENT_RIGHTS }) };
}
const verbs = (card: unknown): string[] => [...new Set(buttonsOf(card).map((one) => one.verb))].sort();
/** The form as it was shown, with some inputs typed anew, sent by its button. */
async function send(person: 'ada' | 'max', card: unknown, verb: string, typed: Record<string, string> = {}): ReturnType<BotWorld['press']> {
  const { data } = buttonOf(card, verb);
  return world.press(person, verb, { ...data, ...inputsOf(card), ...typed });
}

describe('what is typed', () => {
  it.each([
    ['help', 'Hello Ada Park'], ['who am i', 'Directory object id'], ['my groups', 'My groups'], ['show help desk', 'sip:help-desk@response-group.local'], ['edit sales', 'Edit Sales'],
    ['live help', 'Priya Nair'], ['on duty', 'Done: you are on duty'], ['off duty', 'Done: you are off duty'], ['my phone', '192.0.2.1:5060'], ['ring my phone', 'Ringing your phone now'],
    ['new group', 'New group'], ['new agent', 'New agent'], ['managers help desk', 'Managers of Help Desk'], ['undo', 'Take back your last edit?'], ['agents', 'Bob Okafor'],
    ['shwo hlep desk', 'sip:help-desk@response-group.local'], ['sales', 'sip:sales@response-group.local'], ['show nothing at all', 'There is no group called'], ['blah blah', 'I did not understand'],
  ])('%s is answered with a card that says %s', async (typed, said) => {
    const card = await world.say('ada', typed);
    expect(textOf(card)).toContain(said);
    expect([...schemaComplaints(card), ...parserComplaints(card)]).toEqual([]);
  });

  it('in a group chat is answered with nothing about one person', async () => {
    for (const typed of ['my phone', 'my groups', 'help', 'who am i', 'edit help desk']) {
      expect(textOf(await world.say('ada', `<at>Response Group</at> ${typed}`, { group: true }))).not.toMatch(/Help Desk|Ada|alice/);
    }
  });

  it('live in a group chat sends a card that names nobody, and each person gets their own view', async () => {
    const shared = await world.say('ada', 'live help desk', { group: true });
    expect(textOf(shared)).not.toMatch(/Help Desk|Priya|Alice/);
    const { verb, data } = (shared['refresh'] as { action: { verb: string; data: Record<string, unknown> } }).action;
    expect(textOf((await world.press('ada', verb, data, { group: true, automatic: true })).card)).toContain('Priya Nair');
    world.administration.groupAnswers = {};
    expect(textOf((await world.press('nobody', verb, data, { group: true, automatic: true })).card)).toContain('not yours to see');
  });

  it('live in a group chat goes on being followed when somebody who may not see it presses', async () => {
    await world.say('ada', 'live help desk', { group: true });
    const { groupAnswers } = world.administration;
    world.administration.groupAnswers = {};
    await world.press('nobody', 'live', { groupId: HELP }, { group: true, messageId: 'sent-1' });
    world.administration.groupAnswers = groupAnswers;
    await world.tickWhenPaused();
    const edited = await world.connector.saw((sent) => sent.method === 'PUT' && sent.activityId === 'sent-1');
    expect(textOf(edited.card)).not.toMatch(/Help Desk|Priya|Alice/);
  });

  it('remembers where a person can be reached', async () => {
    await world.say('alice', 'help');
    expect(world.people.people.get(PEOPLE.alice.personId)?.conversation).toMatchObject({ conversation: { id: `a:${PEOPLE.alice.personId}` } });
  });

  it('with a name that is Markdown shows it as it is', async () => {
    world.administration.groupsAnswer = [groupSummary({ displayName: '[x](https://evil.example) **y**' })];
    const shown = JSON.stringify((await world.say('ada', 'my groups'))['body']).matchAll(/"text":"([^"]*evil[^"]*)"/g);
    expect([...shown].map((match) => match[1])).toEqual(['\\\\[x\\\\]\\\\(https:\u2060//evil.example\\\\) \\\\*\\\\*y\\\\*\\\\*']);
  });
});

describe('what each may do', () => {
  it('an administrator is offered everything', async () => {
    expect(verbs(await world.say('ada', 'show help desk'))).toEqual(['flow', 'group.delete', 'group.edit', 'groups', 'history', 'live', 'managers', 'object.edit']);
    expect(verbs(await world.say('ada', 'help'))).toEqual(expect.arrayContaining(['group.new', 'agent.new', 'agents']));
  });

  it('a manager is offered neither deletion nor the address, and no other group', async () => {
    asMax();
    expect(verbs(await world.say('max', 'show help desk'))).toEqual(['flow', 'group.edit', 'groups', 'history', 'live', 'managers']);
    expect(Object.keys(inputsOf(await world.say('max', 'edit help desk')))).not.toEqual(expect.arrayContaining(['sipUser']));
    expect(textOf(await world.say('max', 'show sales'))).toContain('There is no group called');
    expect(verbs(await world.say('max', 'managers help desk'))).not.toContain('managers.remove');
  });

  it('an agent is offered to look, and their own duty and phone', async () => {
    asAlice();
    expect(verbs(await world.say('alice', 'show help desk'))).toEqual(['groups', 'live']);
    expect(verbs(await world.say('alice', 'help'))).toEqual(['calls', 'duty', 'duty.pause', 'groups', 'longest.pick', 'phone', 'who']);
  });

  it.each([
    ['max', 'group.delete', { groupId: 'group-sales' }], ['max', 'group', { groupId: 'group-sales' }], ['max', 'group.edit', { groupId: 'group-sales' }], ['max', 'live', { groupId: 'group-sales' }],
    ['max', 'managers', { groupId: 'group-sales' }], ['max', 'agent.new', {}], ['max', 'group.new', {}], ['max', 'agent.edit', { agentId: 'agent-alice' }], ['max', 'agents', {}],
    ['max', 'agent.create', { requestId: 'request-forged', name: 'x', sipUser: 'x' }], ['max', 'first.create', { requestId: 'request-forged', agentName: 'x', agentUser: 'x', groupName: 'x', groupUser: 'x' }],
    ['alice', 'managers.remove', { groupId: HELP, personId: PEOPLE.max.personId }], ['alice', 'agent.delete', { agentId: 'agent-bob' }],
  ] as const)('%s forging %s changes nothing and is told it is not found', async (person, verb, data) => {
    if (person === 'max') asMax();
    else asAlice();
    expect(textOf((await world.press(person, verb, data)).card)).toContain('Not found');
    expect(world.administration.performed).toEqual([]);
  });

  it.each(['max', 'alice'] as const)('%s sending the form of a group that is not theirs to change is told it is not found', async (person) => {
    const form = await world.say('ada', 'edit sales');
    if (person === 'max') asMax();
    else { asAlice(); world.administration.groupAnswers = { ...world.administration.groupAnswers, 'group-sales': groupView({ rights: AGENT_RIGHTS }) }; }
    const { data } = buttonOf(form, 'group.save');
    expect(textOf((await world.press(person, 'group.save', { ...data, ...inputsOf(form), displayName: 'Mine now' })).card)).toContain('Not found');
    expect(world.administration.performed).toEqual([]);
  });

  it('a verb that storage refuses is told as refused', async () => {
    world.administration.answers['group.delete'] = () => ({ ok: false, code: 'notFound', message: 'There is no such group.', faults: [] });
    expect(textOf((await world.press('nobody', 'group.deleteNow', { groupId: HELP, requestId: 'request-forged' })).card)).toContain('Not found');
  });

  it.each(['__proto__', 'constructor', 'toString', 'nothing', ''])('the verb %j is not one', async (verb) => {
    expect(textOf((await world.press('ada', verb)).card)).toContain('could not be read');
  });

  it.each(BOT_VERBS.map((verb) => [verb]))('%s with data that makes no sense is answered in words', async (verb) => {
    const answer = await world.press('ada', verb, { groupId: { $ne: 1 }, agentId: ['x'], form: 'a|b', requestId: 7, onDuty: 'maybe', personId: 'x', entryId: {}, version: 'x', search: {}, known: 1, name: {}, agentName: 5 });
    expect([answer.status, answer.statusCode]).toEqual([200, 200]);
    expect(world.administration.performed).toEqual([]);
  });
});

describe('the form of a group', () => {
  it('saves only what was changed, with the versions it showed', async () => {
    asMax();
    const form = await world.say('max', 'edit help desk');
    const saved = await send('max', form, 'group.save', { alertTimeSeconds: '35', welcomeText: 'Hello.' });
    expect(world.administration.performed).toMatchObject([{ verb: 'group.change', input: { id: HELP, versions: { workflow: 3, queue: 2, agentGroup: 4 }, changes: { alertTimeSeconds: '35', welcomeText: 'Hello.' } } }]);
    expect(Object.keys((world.administration.performed[0]?.input as { changes: object }).changes)).toHaveLength(2);
    expect(textOf(saved.card)).toContain('Saved.');
  });

  it('saves wrap-up time and routing method, and the group card tells both', async () => {
    const form = await world.say('ada', 'edit help desk');
    expect(inputsOf(form)).toMatchObject({ wrapUpSeconds: '15', routingMethod: 'parallel' });
    world.administration.groupAnswers[HELP] = groupView({ form: { ...groupView().form, wrapUpSeconds: 0, routingMethod: 'roundRobin' } });
    const saved = await send('ada', form, 'group.save', { wrapUpSeconds: '0', routingMethod: 'roundRobin' });
    expect(world.administration.performed).toMatchObject([{ input: { changes: { wrapUpSeconds: '0', routingMethod: 'roundRobin' } } }]);
    for (const fact of ['Round robin, each phone for 20 s', 'None: the next call may come at once']) expect(textOf(saved.card)).toContain(fact);
  });

  it('pressed twice changes once, and says so', async () => {
    const form = await world.say('ada', 'edit help desk');
    await send('ada', form, 'group.save', { alertTimeSeconds: '35' });
    const second = await send('ada', form, 'group.save', { alertTimeSeconds: '35' });
    expect(textOf(second.card)).toContain('Pressing twice changes nothing');
    expect(world.administration.performed).toHaveLength(1);
  });

  it('sent unchanged writes nothing', async () => {
    const saved = await send('ada', await world.say('ada', 'edit help desk'), 'group.save');
    expect(textOf(saved.card)).toContain('nothing was saved');
    expect(world.administration.performed).toEqual([]);
  });

  it('with a value out of range names field, value and range beside it, and keeps everything typed', async () => {
    world.administration.answers['group.change'] = () => ({ ok: false, code: 'invalid', message: 'no', faults: [{ field: 'alertTimeSeconds', value: 5, message: 'must be 10 to 180 seconds' }] });
    const again = await send('ada', await world.say('ada', 'edit help desk'), 'group.save', { alertTimeSeconds: '5', description: 'New words', displayName: 'Desk' });
    expect(textOf(again.card)).toContain('Alert time (seconds): “5” must be 10 to 180 seconds.');
    expect(inputsOf(again.card)).toMatchObject({ alertTimeSeconds: '5', description: 'New words', displayName: 'Desk' });
  });

  it('gone stale shows who changed what, keeps what was typed, and may be saved again', async () => {
    const form = await world.say('ada', 'edit help desk');
    world.administration.answers['group.change'] = () => ({ ok: false, code: 'stale', message: 'stale', faults: [], stale: [{ field: 'alertTimeSeconds', opened: 20, now: 30, wanted: 45, changedBy: 'Max Reuter', changedAt: NOW }] });
    world.administration.groupAnswers[HELP] = groupView({ versions: { workflow: 4, queue: 2, agentGroup: 5 }, form: { ...groupView().form, alertTimeSeconds: 30, description: 'Changed by Max' } });
    const again = await send('ada', form, 'group.save', { alertTimeSeconds: '45' });
    expect(textOf(again.card)).toContain('Max Reuter changed it from 20 to 30. You typed 45.');
    expect(inputsOf(again.card)).toMatchObject({ alertTimeSeconds: '45', description: 'Changed by Max' });
    delete world.administration.answers['group.change'];
    await send('ada', again.card, 'group.save');
    expect(world.administration.performed.at(-1)?.input).toEqual({ id: HELP, versions: { workflow: 4, queue: 2, agentGroup: 5 }, changes: { alertTimeSeconds: '45' } });
  });

  it('while the database is away says so and keeps what was typed, and can be sent again', async () => {
    const form = await world.say('ada', 'edit help desk');
    world.administration.away = true;
    const told = await send('ada', form, 'group.save', { welcomeText: 'A long text that took me an hour.', alertTimeSeconds: '33' });
    expect(textOf(told.card)).toContain('The database does not answer');
    expect(inputsOf(told.card)).toMatchObject({ welcomeText: 'A long text that took me an hour.', alertTimeSeconds: '33' });
    world.administration.away = false;
    await send('ada', told.card, 'group.save');
    expect(world.administration.performed).toMatchObject([{ verb: 'group.change', input: { changes: { welcomeText: 'A long text that took me an hour.', alertTimeSeconds: '33' } } }]);
    expect(Object.keys((world.administration.performed[0]?.input as { changes: object }).changes)).toHaveLength(2);
  });

  it('moves agents by arrow and by number, takes out whoever has no number, adds whoever is ticked', async () => {
    const form = await world.say('ada', 'edit help desk');
    const down = buttonsOf(form).find((one) => one.data['step'] === 'down' && one.data['agentId'] === 'agent-alice');
    const moved = await world.press('ada', 'group.move', { ...down?.data, ...inputsOf(form), description: 'Kept' });
    expect(inputsOf(moved.card)).toMatchObject({ 'place-1-agent-bob': '1', 'place-2-agent-alice': '2', description: 'Kept' });
    await send('ada', moved.card, 'group.save', { 'place-3-agent-carla': '1', 'place-1-agent-bob': '' });
    expect(world.administration.performed[0]?.input).toMatchObject({ changes: { agentIds: ['agent-carla', 'agent-alice'], description: 'Kept' } });
  });

  it('hears the welcome before callers do, with everything typed kept', async () => {
    const heard = await send('ada', await world.say('ada', 'edit help desk'), 'group.hear', { welcomeText: 'Good morning.', alertTimeSeconds: '40' });
    expect(world.administration.asked).toEqual([{ kind: 'renderPrompt', text: 'Good morning.', language: 'en-GB' }]);
    expect(inputsOf(heard.card)).toMatchObject({ welcomeText: 'Good morning.', alertTimeSeconds: '40' });
    const url = new URL(/https:\/\/bot\.example\.org\/audio\/[^"]+/.exec(JSON.stringify(heard.card))?.[0] ?? '');
    const sound = await fetch(`${world.url}${url.pathname}${url.search}`);
    expect([sound.status, sound.headers.get('content-type')]).toEqual([200, 'audio/wav']);
    expect((await fetch(`${world.url}${url.pathname}${url.search.replace(/sig=./, 'sig=!')}`)).status).toBe(403);
    await world.tick(16 * 60);
    expect((await fetch(`${world.url}${url.pathname}${url.search}`)).status).toBe(403);
  });

  it.each([['expired', { kind: 'expired' }, 'did not answer in time'], ['cannotRender', { kind: 'refused', reason: 'cannotRender' }, 'cannot say this']] as const)('says so when nothing can be heard: %s', async (_why, outcome, words) => {
    world.administration.outcome = outcome;
    const told = await send('ada', await world.say('ada', 'edit help desk'), 'group.hear', { welcomeText: 'Typed' });
    expect(textOf(told.card)).toContain(words);
    expect(inputsOf(told.card)['welcomeText']).toBe('Typed');
  });

  it('creates a group from what was typed', async () => {
    await send('ada', await world.say('ada', 'new group'), 'group.save', { displayName: 'Night Desk', sipUser: 'night', added: 'agent-bob,agent-alice' });
    expect(world.administration.performed).toMatchObject([{ verb: 'group.create', input: { displayName: 'Night Desk', sipUser: 'night', agentIds: ['agent-bob', 'agent-alice'], active: 'true', managed: false } }]);
  });
});

describe('saved and in force', () => {
  it('a saved change says so, and says in force when the engine has it', async () => {
    const form = await world.say('ada', 'edit help desk');
    world.administration.groupAnswers[HELP] = groupView({ inForce: 'notYet' });
    const saved = await world.press('ada', 'group.save', { ...buttonOf(form, 'group.save').data, ...inputsOf(form), alertTimeSeconds: '35' }, { messageId: 'form-7' });
    expect(textOf(saved.card)).toContain('Coming into force');
    world.administration.groupAnswers[HELP] = groupView({ inForce: 'yes' });
    await world.tickWhenPaused();
    const edited = await world.connector.saw((sent) => sent.method === 'PUT' && sent.activityId === 'form-7');
    expect(textOf(edited.card)).toContain('In force');
  });

  it('is not written over a card that something else is shown in', async () => {
    world.administration.groupAnswers[HELP] = groupView({ inForce: 'notYet' });
    await world.press('ada', 'group', { groupId: HELP }, { messageId: 'card-9' });
    await world.press('ada', 'group.edit', { groupId: HELP }, { messageId: 'card-9' });
    world.administration.groupAnswers[HELP] = groupView({ inForce: 'yes' });
    await world.tick();
    await world.tick();
    await world.say('ada', 'help');
    expect(world.connector.sent.filter((sent) => sent.method === 'PUT')).toEqual([]);
  });

  it('a card refreshed by itself is returned only: nothing is sent or edited', async () => {
    world.administration.groupAnswers[HELP] = groupView({ inForce: 'notYet' });
    const answer = await world.press('ada', 'group', { groupId: HELP }, { automatic: true });
    expect(textOf(answer.card)).toContain('Coming into force');
    await world.tick();
    expect(world.connector.sent).toEqual([]);
  });
});

describe('duty and phone', () => {
  it.each([
    ['ringing', { activity: 'ringing' }, 'it stops and the caller goes to someone else'], ['talking', { activity: 'talking' }, 'this call goes on, and no other one follows'],
    ['off duty', { onDuty: false }, 'does not ring'], ['without a phone', { phone: null }, 'not registered'],
  ] as const)('says what duty does now: %s', async (_state, changes, words) => {
    world.administration.myAgentAnswer = myAgent(changes);
    expect(textOf(await world.say('alice', 'my duty'))).toContain(words);
  });

  it('changes in one press', async () => {
    const { verb, data } = buttonOf(await world.say('alice', 'my duty'), 'duty.set');
    const answer = await world.press('alice', verb, data);
    expect(world.administration.performed).toMatchObject([{ verb: 'duty.set', input: { onDuty: false }, acting: { personId: PEOPLE.alice.personId } }]);
    expect(textOf(answer.card)).toContain('you are off duty');
    expect(textOf((await world.press('alice', verb, data)).card)).toContain('Pressing twice changes nothing');
  });

  it('a new password is asked about first, and shown once', async () => {
    const ask = await world.press('alice', 'phone.reset');
    expect(world.administration.performed).toEqual([]);
    const { data } = buttonOf(ask.card, 'phone.resetNow');
    const shown = await world.press('alice', 'phone.resetNow', data);
    expect(textOf(shown.card)).toContain('correct-horse-battery');
    expect(shown.card['refresh']).toBeUndefined();
    expect(JSON.stringify((await world.press('alice', 'phone.resetNow', data)).card)).not.toContain('correct-horse-battery');
    expect(JSON.stringify((await world.press('alice', 'phone')).card)).not.toContain('correct-horse-battery');
  });

  it('ring my phone tells the outcome in the same card', async () => {
    world.administration.outcome = { kind: 'refused', reason: 'noAnswer' };
    await world.press('alice', 'phone.ring', {}, { messageId: 'phone-3' });
    const edited = await world.connector.saw((sent) => sent.activityId === 'phone-3');
    expect(textOf(edited.card)).toContain('nobody answered');
    expect(world.administration.asked).toEqual([{ kind: 'ringPhone', agentId: 'agent-alice' }]);
  });

  it('whoever is no agent is told so', async () => {
    world.administration.myAgentAnswer = null;
    for (const typed of ['my phone', 'my duty', 'ring my phone']) expect(textOf(await world.say('max', typed))).toContain('You are not an agent');
  });
});

describe('the live card', () => {
  it('is edited when something changed, at most once a second, and not while nothing does', async () => {
    await world.say('ada', 'live help desk');
    const edits = (): number => world.connector.sent.filter((sent) => sent.method === 'PUT').length;
    world.administration.liveAnswer = liveView({ waiting: 0, talking: 0, callers: [], waitingSince: null });
    await world.tickWhenPaused();
    await world.connector.saw((sent) => sent.method === 'PUT' && textOf(sent.card).includes('Nobody is calling'));
    for (let burst = 0; burst < 20; burst++) world.liveChanged(HELP);
    world.administration.liveAnswer = liveView({ callers: [], waiting: 7, talking: 0, waitingSince: null });
    await world.tickWhenPaused();
    await world.connector.saw((sent) => sent.method === 'PUT' && textOf(sent.card).includes('7\nwaiting'));
    expect(edits()).toBe(2);
    for (let second = 0; second < 4; second++) await world.tickWhenPaused();
    await world.say('ada', 'who am i');
    expect(edits()).toBe(2);
  });

  it('stops after a while, and says how to go on', async () => {
    await world.say('ada', 'live help desk');
    world.administration.liveAnswer = liveView({ callers: [], waiting: 0, talking: 0, waitingSince: null });
    await world.tickWhenPaused();
    await world.connector.saw((sent) => sent.method === 'PUT');
    await world.tickWhenPaused(11 * 60);
    const last = await world.connector.saw((sent) => sent.method === 'PUT' && textOf(sent.card).includes('no longer follows'));
    expect(buttonOf(last.card, 'live').title).toBe('Watch again');
  });

  it('of someone who may no longer see the group ends', async () => {
    await world.say('max', 'live help desk');
    world.administration.groupAnswers = {};
    await world.tickWhenPaused();
    expect(textOf((await world.connector.saw((sent) => sent.method === 'PUT')).card)).toContain('Not found');
  });

  it('while the database is away shows how it was last seen, and says so', async () => {
    await world.say('ada', 'live help desk');
    await world.tickWhenPaused();
    await world.connector.saw((sent) => sent.method === 'PUT');
    world.administration.away = true;
    world.liveChanged(HELP);
    await world.tickWhenPaused();
    expect(textOf((await world.connector.saw((sent) => sent.method === 'PUT' && textOf(sent.card).includes('last seen'))).card)).toContain('Priya Nair');
  });
});

describe('dangers are confirmed', () => {
  it('deleting a group asks first, is done once, and can be undone', async () => {
    const ask = await world.press('ada', 'group.delete', { groupId: HELP });
    expect(world.administration.performed).toEqual([]);
    const { data } = buttonOf(ask.card, 'group.deleteNow');
    expect(verbs((await world.press('ada', 'group.deleteNow', data)).card)).toContain('undo');
    await world.press('ada', 'group.deleteNow', data);
    expect(world.administration.performed.map((one) => one.verb)).toEqual(['group.delete']);
  });

  it('undo says what would be taken back before it is', async () => {
    const ask = await world.say('ada', 'undo');
    expect(textOf(ask)).toContain('20 → 30');
    await world.press('ada', 'undo.now', buttonOf(ask, 'undo.now').data);
    expect(world.administration.performed).toMatchObject([{ verb: 'change.undo', input: { entryId: 'main:12' } }]);
  });

  it('removing a manager asks first', async () => {
    const ask = await world.press('ada', 'managers.remove', { groupId: HELP, personId: PEOPLE.max.personId });
    expect(world.administration.performed).toEqual([]);
    await world.press('ada', 'managers.removeNow', buttonOf(ask.card, 'managers.removeNow').data);
    expect(world.administration.performed).toMatchObject([{ verb: 'group.removeManager', input: { id: HELP, personId: PEOPLE.max.personId } }]);
  });
});

describe('people and agents', () => {
  it('adds a manager chosen from those who wrote to the bot, and one by id with a name', async () => {
    const form = await world.say('ada', 'managers help desk');
    await send('ada', form, 'managers.add', { known: PEOPLE.alice.personId });
    const other = await world.say('ada', 'managers help desk');
    await send('ada', other, 'managers.add', { personId: 'bbbbbbbb-0000-4000-8000-000000000001', name: 'Zoe' });
    expect(world.administration.performed.map((one) => (one.input as { manager: unknown }).manager)).toEqual([PEOPLE.alice, { personId: 'bbbbbbbb-0000-4000-8000-000000000001', name: 'Zoe' }]);
  });

  it.each([[{}, 'choose someone'], [{ personId: 'bbbbbbbb-0000-4000-8000-000000000001' }, 'enter a name'], [{ known: PEOPLE.bob.personId, personId: 'bbbbbbbb-0000-4000-8000-000000000001' }, 'not two different people']])('adding a manager from %j is refused in words, keeping what was typed', async (typed, words) => {
    const again = await send('ada', await world.say('ada', 'managers help desk'), 'managers.add', typed);
    expect(textOf(again.card)).toContain(words);
    expect(inputsOf(again.card)).toMatchObject(typed);
    expect(world.administration.performed).toEqual([]);
  });

  it('keeps who was typed while the database is away', async () => {
    const form = await world.say('ada', 'managers help desk');
    world.administration.away = true;
    const told = await send('ada', form, 'managers.add', { personId: 'bbbbbbbb-0000-4000-8000-000000000001', name: 'Zoe' });
    expect(textOf(told.card)).toContain('The database does not answer');
    expect(inputsOf(told.card)).toMatchObject({ personId: 'bbbbbbbb-0000-4000-8000-000000000001', name: 'Zoe' });
  });

  it('a new agent’s password is shown once', async () => {
    const form = await world.say('ada', 'new agent');
    const made = await send('ada', form, 'agent.create', { name: 'Dora Novak', sipUser: 'dora', known: PEOPLE.nobody.personId });
    expect(world.administration.performed.map((one) => one.verb)).toEqual(['agent.create', 'agent.resetPassword']);
    expect(textOf(made.card)).toContain('correct-horse-battery');
    expect(JSON.stringify((await send('ada', form, 'agent.create', { name: 'Dora Novak', sipUser: 'dora' })).card)).not.toContain('correct-horse-battery');
    expect(world.administration.performed).toHaveLength(2);
  });

  it('an agent’s address in use is told beside the field', async () => {
    world.administration.answers['agent.create'] = (): Result => ({ ok: false, code: 'conflict', message: 'That address is in use.', faults: [{ field: 'sipUser', value: 'alice', message: 'is in use' }] });
    const again = await send('ada', await world.say('ada', 'new agent'), 'agent.create', { name: 'Alice', sipUser: 'alice' });
    expect(textOf(again.card)).toContain('Phone address: “alice” is in use.');
    expect(inputsOf(again.card)).toMatchObject({ name: 'Alice', sipUser: 'alice' });
  });
});

describe('an empty pool', () => {
  beforeEach(() => { world.administration.groupsAnswer = []; world.administration.agentsAnswer = []; });

  it('shows an administrator how to begin, at the first words and when the bot is added', async () => {
    expect(textOf(await world.say('ada', 'my groups'))).toContain('Nothing is set up yet');
    await world.post(world.activity('ada', { type: 'conversationUpdate', membersAdded: [{ id: '28:bot' }] }));
    expect(textOf(world.connector.sent.at(-1)?.card)).toContain('Nothing is set up yet');
  });

  it('makes the first agent and the first group, and goes on where it stopped', async () => {
    const form = await world.say('ada', 'my groups');
    let calls = 0;
    world.administration.answers['group.create'] = () => (++calls === 1 ? { ok: false, code: 'invalid', message: 'no', faults: [{ field: 'sipUser', value: 'a b', message: 'must have 1–64 letters' }] } : { ok: true, value: { id: HELP }, entryId: 'x', sequence: 2, warnings: [] });
    const typed = { agentName: 'Ada Park', agentUser: 'ada', groupName: 'Desk', groupUser: 'a b' };
    const again = await send('ada', form, 'first.create', typed);
    expect(inputsOf(again.card)).toMatchObject(typed);
    expect(textOf(again.card)).toContain('“a b” must have 1–64 letters');
    const done = await send('ada', again.card, 'first.create', { groupUser: 'desk' });
    expect(textOf(done.card)).toContain('correct-horse-battery');
    expect(world.administration.performed.map((one) => one.verb)).toEqual(['agent.create', 'group.create', 'group.create', 'agent.resetPassword']);
  });

  it('tells everybody else that there is nothing yet', async () => {
    world.administration.whoAnswer = whoAmI({ administrator: false });
    expect(textOf(await world.say('nobody', 'my groups'))).toContain('There is no group that you may see yet');
  });
});

describe('when something is wrong', () => {
  it('a database that is away is said so, quickly and plainly', async () => {
    world.administration.away = true;
    world.people.away = true;
    for (const typed of ['help', 'my groups', 'show help desk', 'on duty', 'my phone', 'undo']) expect(textOf(await world.say('ada', typed))).toContain('The database does not answer');
    expect((await fetch(`${world.url}/healthz`)).status).toBe(503);
  });

  it('a defect leaves the form as it is and is told in words', async () => {
    world.administration.answers['group.change'] = () => { throw new Error('a defect'); };
    const form = await world.say('ada', 'edit help desk');
    const answer = await send('ada', form, 'group.save', { displayName: 'x' });
    expect([answer.status, answer.statusCode, answer.type]).toEqual([200, 500, 'application/vnd.microsoft.error']);
    expect(answer.message).toContain('Something went wrong on our side');
  });

  it('a connector that refuses edits ends nothing', async () => {
    await world.say('ada', 'live help desk');
    world.connector.failing = true;
    for (let second = 0; second < 5; second++) { world.liveChanged(HELP); await world.tickWhenPaused(); }
    world.connector.failing = false;
    expect(textOf(await world.say('ada', 'help'))).toContain('Hello');
  });

  it('a client without Action.Execute sends Action.Submit, and the card is edited in its place', async () => {
    const form = await world.say('ada', 'edit help desk');
    const { data } = buttonOf(form, 'group.save');
    await world.post(world.activity('ada', { type: 'message', replyToId: 'old-card', value: { ...data, verb: 'group.save', ...inputsOf(form), alertTimeSeconds: '21' } }));
    expect(world.administration.performed).toMatchObject([{ verb: 'group.change', input: { changes: { alertTimeSeconds: '21' } } }]);
    expect(world.connector.sent.at(-1)).toMatchObject({ method: 'PUT', activityId: 'old-card' });
  });

  it('a person without a directory object id is not answered', async () => {
    const activity = world.activity('ada', { type: 'message', text: 'my groups' });
    await world.post({ ...activity, from: { id: '29:x', name: 'Ada Park' } });
    expect(world.connector.sent).toEqual([]);
  });

  it('expectReplies gets its card in the answer', async () => {
    const response = await world.post(world.activity('ada', { type: 'message', text: 'who am i', deliveryMode: 'expectReplies' }));
    const { activities } = (await response.json()) as { activities: { attachments: { content: unknown }[] }[] };
    expect(textOf(activities[0]?.attachments[0]?.content)).toContain('Ada Park');
  });
});
