// An agent's and a supervisor's day over HTTP: waiting callers picked, moved and preferred, pauses, formal groups, and who is told.
import { type InstructionOutcome } from '../../../storage/model/instruction';
import { agentViews, liveView, myAgent, NOW, PEOPLE, pickable, secondsAgo } from '../../support/storage-views';
import { buttonOf, buttonsOf, inputsOf, startBotWorld, textOf, type BotWorld } from '../../support/bot-world';

let world: BotWorld;
beforeEach(async () => { world = await startBotWorld(); });
afterEach(() => world.stop());

const HELP = 'group-help';
const NO_RIGHTS = { moveCaller: false, setPriority: false };
const supervised = (): ReturnType<typeof agentViews> => agentViews().map((agent) => ({ ...agent, detail: agent.detail && { ...agent.detail, onDuty: true, formalGroups: [{ id: 'agents-night', name: 'Night Desk', signedIn: agent.id === 'agent-alice' }] } }));
/** Alice as an agent who may pick, and supervises nobody. */
function asAlice(): void {
  world.administration.myAgentAnswer = myAgent({ pickable: pickable(), formalGroups: [{ id: 'agents-night', name: 'Night Desk', signedIn: false }, { id: 'agents-sales', name: 'Sales', signedIn: true }] });
  world.administration.liveAnswer = liveView({ rights: NO_RIGHTS });
  world.administration.agentsAnswer = agentViews().map((agent) => (agent.id === 'agent-alice' ? agent : { ...agent, detail: null }));
}
/** Max manages Help Desk and is no agent; Alice and Bob have written to the bot before. */
async function asMax(): Promise<void> {
  await world.say('alice', 'who am i');
  await world.say('bob', 'who am i');
  world.administration.myAgentAnswer = null;
  world.administration.agentsAnswer = supervised();
}
const verbs = (card: unknown): string[] => [...new Set(buttonsOf(card).map((one) => one.verb))].sort();
const toldTo = (person: 'alice' | 'bob'): Promise<string> => world.connector.saw((sent) => sent.method === 'POST' && sent.conversationId === `a:${PEOPLE[person].personId}` && !textOf(sent.card).includes('Directory object id')).then((sent) => textOf(sent.card));

describe('the live card', () => {
  it('shows priority, answers, and everybody whose phone rings', async () => {
    world.administration.liveAnswer = liveView({ callers: liveView().callers.map((one) => (one.callId === 'c1' ? { ...one, ringing: ['agent-carla', 'agent-alice'], agentId: null } : one)) });
    const text = textOf(await world.say('ada', 'live help desk'));
    for (const words of ['Priority 2', 'Answered: Laptops › Today', 'Ringing Carla Diaz and Alice Moreau']) expect(text).toContain(words);
    expect(text).not.toContain('Priority 3');
  });

  it('never names an agent whom this person may not see', async () => {
    world.administration.liveAnswer = liveView({ agents: liveView().agents.filter((one) => one.id !== 'agent-carla') });
    const text = textOf(await world.say('ada', 'live help desk'));
    expect(text).toContain('Ringing agents');
    expect(text).not.toContain('Carla');
  });

  it('offers a supervisor to move and prefer, and an agent of an attendant group to pick', async () => {
    expect(verbs(await world.say('ada', 'live help desk'))).toEqual(['caller', 'group', 'live.stop', 'team']);
    asAlice();
    expect(verbs(await world.say('alice', 'live help desk'))).toEqual(['caller.pick', 'group', 'live.stop', 'team']);
  });

  it('in a group chat offers nothing about one caller', async () => {
    const shared = await world.say('ada', 'live help desk', { group: true });
    const { verb, data } = (shared['refresh'] as { action: { verb: string; data: Record<string, unknown> } }).action;
    expect(verbs((await world.press('ada', verb, data, { group: true, automatic: true })).card)).toEqual(['live.stop']);
  });

  it('goes on offering to pick while it is followed, and says what was done for a while', async () => {
    asAlice();
    const live = await world.press('alice', 'caller.pick', { groupId: HELP, callId: 'c2' }, { messageId: 'live-1' });
    expect(textOf(live.card)).toContain('Your phone rings for +33612345678 now.');
    world.administration.liveAnswer = liveView({ rights: NO_RIGHTS, waiting: 9 });
    await world.tickWhenPaused();
    const edited = await world.connector.saw((sent) => sent.method === 'PUT' && sent.activityId === 'live-1');
    expect(textOf(edited.card)).toContain('Your phone rings for');
    expect(verbs(edited.card)).toContain('caller.pick');
    await world.tickWhenPaused(11);
    const later = await world.connector.saw((sent) => sent.method === 'PUT' && sent.activityId === 'live-1' && !textOf(sent.card).includes('Your phone rings for'));
    expect(textOf(later.card)).toContain('Priya Nair');
  });
});

describe('a waiting caller', () => {
  it('is picked to one’s own phone', async () => {
    asAlice();
    const { data } = buttonOf(await world.say('alice', 'live help desk'), 'caller.pick');
    await world.press('alice', 'caller.pick', data);
    expect(world.administration.asked).toEqual([{ kind: 'pickCaller', callId: 'c2', agentId: 'agent-alice' }]);
  });

  it('is moved to a queue chosen by the group that people know it by', async () => {
    const card = (await world.press('ada', 'caller', { groupId: HELP, callId: 'c1' })).card;
    expect(textOf(card)).toContain('Laptops › Today');
    const choices = JSON.stringify(card).match(/"choices":(\[.*?\])/)?.[1];
    expect(JSON.parse(choices ?? '[]')).toEqual([{ title: 'Sales', value: 'queue-sales' }]);
    const moved = await world.press('ada', 'caller.move', { ...buttonOf(card, 'caller.move').data, ...inputsOf(card) });
    expect(world.administration.asked).toEqual([{ kind: 'moveCaller', callId: 'c1', queueId: 'queue-sales' }]);
    expect(textOf(moved.card)).toContain('Priya Nair waits in Sales now.');
  });

  it('is given a priority', async () => {
    const card = (await world.press('ada', 'caller', { groupId: HELP, callId: 'c2' })).card;
    const changed = await world.press('ada', 'caller.priority', { ...buttonOf(card, 'caller.priority').data, ...inputsOf(card), priority: '1' });
    expect(world.administration.asked).toEqual([{ kind: 'setPriority', callId: 'c2', priority: 1 }]);
    expect(textOf(changed.card)).toContain('has priority 1 now');
  });

  it.each<[InstructionOutcome, string]>([
    [{ kind: 'refused', reason: 'alreadyPicked' }, 'Someone else has just picked this call.'], [{ kind: 'refused', reason: 'notWaiting' }, 'does not wait any more'], [{ kind: 'refused', reason: 'notServing' }, 'cannot pick from it'],
    [{ kind: 'refused', reason: 'offDuty' }, 'You are off duty'], [{ kind: 'refused', reason: 'busy' }, 'in a call already'], [{ kind: 'expired' }, 'The engine did not answer'],
  ])('picked with the outcome %j is told in words', async (outcome, words) => {
    asAlice();
    world.administration.outcome = outcome;
    expect(textOf(await world.say('alice', 'pick'))).toContain(words);
  });

  it.each([
    ['alice', 'caller', { groupId: HELP, callId: 'c1' }], ['alice', 'caller.move', { groupId: HELP, callId: 'c1', queueId: 'queue-sales' }], ['alice', 'caller.priority', { groupId: HELP, callId: 'c1', priority: 1 }],
    ['nobody', 'caller.pick', { groupId: HELP, callId: 'c1' }], ['alice', 'longest.move', { groupId: HELP, to: 'sales' }], ['alice', 'longest.priority', { groupId: HELP, priority: '1' }],
    ['alice', 'duty.pauseNow', { agentId: 'agent-bob', groupId: HELP, requestId: 'request-forged' }], ['alice', 'duty.resume', { agentId: 'agent-bob', groupId: HELP }],
    ['alice', 'duty.sign', { agentId: 'agent-bob', groupId: HELP, agentGroupId: 'agents-night', into: true }], ['alice', 'team.duty', { agentId: 'agent-bob', groupId: HELP, onDuty: false }],
  ] as const)('%s forging %s changes nothing', async (person, verb, data) => {
    asAlice();
    if (person === 'nobody') world.administration.myAgentAnswer = null;
    expect(textOf((await world.press(person, verb, data)).card)).toMatch(/Not found|may see this but not change it/);
    expect([world.administration.asked, world.administration.performed]).toEqual([[], []]);
  });

  it('who has gone meanwhile is told of on the live card', async () => {
    expect(textOf((await world.press('ada', 'caller', { groupId: HELP, callId: 'c9' })).card)).toContain('does not wait any more');
    asAlice();
    expect(textOf((await world.press('alice', 'caller.pick', { groupId: HELP, callId: 'c9' })).card)).toContain('does not wait any more');
    expect(world.administration.asked).toEqual([]);
  });
});

describe('by words', () => {
  it.each<[string, unknown]>([
    ['move longest waiting in help desk to sales', { kind: 'moveCaller', callId: 'c1', queueId: 'queue-sales' }], ['mvoe longest wiating in help to slaes', { kind: 'moveCaller', callId: 'c1', queueId: 'queue-sales' }],
    ['priority 1 for longest waiting in help desk', { kind: 'setPriority', callId: 'c1', priority: 1 }],
  ])('%s asks the engine for %j', async (typed, request) => {
    await world.say('ada', typed);
    expect(world.administration.asked).toEqual([request]);
  });

  it.each<[string, unknown]>([['pick', 'c2'], ['pick longest waiting in help desk', 'c2']])('%s asks for the call that waits longest and rings nowhere', async (typed, callId) => {
    asAlice();
    await world.say('alice', typed);
    expect(world.administration.asked).toEqual([{ kind: 'pickCaller', callId, agentId: 'agent-alice' }]);
  });

  it.each([['priority 9 for longest waiting in help desk', 'from 1 to 5'], ['move longest waiting in help desk to nowhere', 'There is no queue called'], ['pick longest waiting in help desk', 'Nobody waits']])('%s is answered with %s', async (typed, words) => {
    expect(textOf(await world.say('ada', typed))).toContain(words);
    expect(world.administration.asked).toEqual([]);
  });

  it.each<[string, string, object]>([
    ['pause', 'duty.pause', { reason: '' }], ['pause 10 minutes Lunch with Ann', 'duty.pause', { reason: 'Lunch with Ann', untilMinutes: '10' }], ['pause Dentist', 'duty.pause', { reason: 'Dentist' }], ['resume', 'duty.resume', {}],
    ['sign in to night desk', 'duty.signIn', { agentGroupId: 'agents-night' }], ['sign out of sales', 'duty.signOut', { agentGroupId: 'agents-sales' }],
  ])('%s changes one’s own duty', async (typed, verb, input) => {
    asAlice();
    await world.say('alice', typed);
    expect(world.administration.performed).toMatchObject([{ verb, input, acting: { personId: PEOPLE.alice.personId } }]);
  });

  it.each<[string, string, object, string]>([
    ['pause bob 10 minutes', 'duty.pause', { agentId: 'agent-bob', untilMinutes: '10', reason: '' }, 'Max Reuter paused you'], ['pause bob 5 minutes Team meeting', 'duty.pause', { agentId: 'agent-bob', untilMinutes: '5', reason: 'Team meeting' }, 'Reason: Team meeting'],
    ['pause Bob', 'duty.pause', { agentId: 'agent-bob', reason: '' }, 'Until you resume, or a supervisor ends it for you'], ['resume bob okafor', 'duty.resume', { agentId: 'agent-bob' }, 'Max Reuter ended your pause'],
    ['sign bob in to night', 'duty.signIn', { agentId: 'agent-bob', agentGroupId: 'agents-night' }, 'Max Reuter signed you in to Night Desk'],
  ])('%s by a supervisor does so, and the agent is told', async (typed, verb, input, told) => {
    await asMax();
    await world.say('max', typed);
    expect(world.administration.performed).toMatchObject([{ verb, input, acting: { personId: PEOPLE.max.personId } }]);
    expect(await toldTo('bob')).toContain(told);
  });

  it('a name that fits several is asked about, one that fits nobody changes nothing', async () => {
    await asMax();
    world.administration.agentsAnswer = supervised().map((agent) => ({ ...agent, name: agent.id === 'agent-carla' ? 'Carla Okafor' : agent.name }));
    const which = await world.say('max', 'pause okafor 10 minutes');
    expect(buttonsOf(which).map((one) => one.title)).toEqual(['Bob Okafor', 'Carla Okafor']);
    expect(textOf(await world.say('max', 'pause zebedee 10 minutes'))).toContain('There is no agent called “zebedee”');
    expect(world.administration.performed).toEqual([]);
  });
});

describe('my duty', () => {
  it('shows a pause with its reason and end, what it means, and how to end it', async () => {
    world.administration.myAgentAnswer = myAgent({ pause: { reason: 'Lunch', since: NOW, until: secondsAgo(-600), by: 'agent' } });
    const card = await world.say('alice', 'my duty');
    expect(textOf(card)).toContain('Paused until {{TIME(2026-11-23T14:15:10Z)}}: Lunch');
    expect(verbs(card)).toEqual(['calls', 'duty.resume', 'duty.set', 'groups', 'phone']);
  });

  it.each([['unanswered', 'nobody answered'], ['supervisor', 'A supervisor paused you']] as const)('says who paused: %s', async (by, words) => {
    world.administration.myAgentAnswer = myAgent({ pause: { reason: '', since: NOW, until: null, by } });
    expect(textOf(await world.say('alice', 'my duty'))).toContain(words);
  });

  it('pauses by a form that keeps what storage refuses in words', async () => {
    asAlice();
    const form = await world.press('alice', 'duty.pause', buttonOf(await world.say('alice', 'my duty'), 'duty.pause').data);
    await world.press('alice', 'duty.pauseNow', { ...buttonOf(form.card, 'duty.pauseNow').data, ...inputsOf(form.card), minutes: '30', reason: 'Lunch' });
    await world.press('alice', 'duty.pauseNow', { ...buttonOf(form.card, 'duty.pauseNow').data, ...inputsOf(form.card), minutes: '30', reason: 'Lunch' });
    expect(world.administration.performed).toMatchObject([{ verb: 'duty.pause', input: { reason: 'Lunch', untilMinutes: '30' } }]);
  });

  it('signs in to and out of each formal group', async () => {
    asAlice();
    const card = await world.say('alice', 'my duty');
    const [night, sales] = buttonsOf(card).filter((one) => one.verb === 'duty.sign');
    await world.press('alice', 'duty.sign', night?.data);
    await world.press('alice', 'duty.sign', sales?.data);
    expect(world.administration.performed).toMatchObject([{ verb: 'duty.signIn', input: { agentGroupId: 'agents-night' } }, { verb: 'duty.signOut', input: { agentGroupId: 'agents-sales' } }]);
  });

  it('lists the callers whom one may pick', async () => {
    asAlice();
    const card = await world.say('alice', 'my duty');
    expect(textOf(card)).toContain('Help Desk · waiting 0:34');
    // Another agent’s phone rings for that one.
    expect(textOf(card)).not.toContain('waiting 1:15');
    await world.press('alice', 'caller.pick', buttonOf(card, 'caller.pick').data);
    expect(world.administration.asked).toEqual([{ kind: 'pickCaller', callId: 'c2', agentId: 'agent-alice' }]);
  });
});

describe('the agents of a group', () => {
  it('show a supervisor what each does, and offer pauses and groups, but not the duty of others', async () => {
    await asMax();
    const card = await world.say('max', 'agents of help desk');
    expect(textOf(card)).toContain('Signed in to Night Desk');
    expect(verbs(card)).toEqual(['duty.pause', 'duty.sign', 'group', 'live', 'team']);
  });

  it('offer an administrator to put somebody off duty, who is told', async () => {
    await asMax();
    const card = await world.say('ada', 'team help desk');
    const off = buttonsOf(card).find((one) => one.verb === 'team.duty' && one.data['agentId'] === 'agent-alice');
    const done = await world.press('ada', 'team.duty', off?.data);
    expect(world.administration.performed).toMatchObject([{ verb: 'duty.set', input: { agentId: 'agent-alice', onDuty: false } }]);
    expect(textOf(done.card)).toContain('Alice Moreau is told');
    expect(await toldTo('alice')).toContain('Ada Park put you off duty');
  });

  it('offer an agent who supervises nobody nothing at all', async () => {
    asAlice();
    expect(verbs(await world.say('alice', 'agents of help desk'))).toEqual(['duty.pause', 'group', 'live', 'team'].filter((verb) => verb !== 'duty.pause'));
  });

  it('who have never written to the bot cannot be told, which is said', async () => {
    await asMax();
    const card = await world.press('max', 'duty.pauseNow', { agentId: 'agent-carla', groupId: HELP, minutes: '10', reason: '', requestId: 'request-pause-1' });
    expect(textOf(card.card)).toContain('Carla Diaz has not written to me yet');
  });

  it('are told nothing when storage refuses', async () => {
    await asMax();
    world.administration.answers['duty.pause'] = () => ({ ok: false, code: 'notAllowed', message: 'no', faults: [] });
    const before = world.connector.sent.length;
    expect(textOf((await world.press('max', 'duty.pauseNow', { agentId: 'agent-bob', groupId: HELP, minutes: '10', reason: '', requestId: 'request-pause-2' })).card)).toContain('not change it');
    expect(world.connector.sent).toHaveLength(before);
  });
});
