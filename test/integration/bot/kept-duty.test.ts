// A duty pressed while the database is away, over HTTP: kept, carried out when it is back, told, and never done against a later wish.
import { type Result } from '../../../storage/administration/results';
import { LANGUAGES, wordsFor } from '../../../cards/words';
import { myAgent, NOW, PEOPLE } from '../../support/storage-views';
import { buttonOf, inputsOf, startBotWorld, textOf, type BotWorld, type CardJson } from '../../support/bot-world';
import { parserComplaints, schemaComplaints } from '../../support/card-schema';

let world: BotWorld;
beforeAll(() => { schemaComplaints({}); }, 120_000);
beforeEach(async () => {
  world = await startBotWorld();
  world.administration.myAgentAnswer = myAgent({ formalGroups: [{ id: 'agents-night', name: 'Night Desk', signedIn: false }] });
});
afterEach(() => world.stop());

const kept = (card: CardJson): void => { expect(textOf(card)).toContain('Kept until the database is back'); };
const edited = (messageId: string): Promise<string> => world.connector.saw((sent) => sent.method === 'PUT' && sent.activityId === messageId && !textOf(sent.card).includes('Kept until')).then((sent) => textOf(sent.card));
const told = (words: string): Promise<unknown> => world.connector.saw((sent) => textOf(sent.card).includes(words));
async function back(): Promise<void> {
  world.administration.away = false;
  await world.tickWhenPaused();
}

it.each<[string, string, object, string]>([
  ['on duty', 'duty.set', { onDuty: true }, 'Going on duty'], ['off duty', 'duty.set', { onDuty: false }, 'Going off duty'], ['resume', 'duty.resume', {}, 'Ending your pause'],
  ['pause 10 minutes Dentist', 'duty.pause', { reason: 'Dentist', untilMinutes: '10' }, 'Pausing'],
])('%s, typed, is kept and done when the database is back, and the same message tells it', async (typed, verb, input, words) => {
  world.administration.away = true;
  const card = await world.say('alice', typed);
  kept(card);
  expect(textOf(card)).toContain(words);
  await back();
  expect(await edited('sent-1')).toContain(`Done, now that the database is back: ${words}`);
  expect(world.administration.performed).toMatchObject([{ verb, input, pressedAt: NOW, acting: { personId: PEOPLE.alice.personId } }]);
});

it('pressed on the card it is done once, also where it is tried again by hand and by the client itself', async () => {
  const { verb, data } = buttonOf(await world.say('alice', 'my duty'), 'duty.set');
  world.administration.away = true;
  const { card } = await world.press('alice', verb, data, { messageId: 'duty-1' });
  const again = buttonOf(card, 'duty.kept');
  kept((await world.press('alice', again.verb, again.data, { messageId: 'duty-1' })).card);
  const refresh = (card['refresh'] as { action: { verb: string; data: Record<string, unknown> } }).action;
  kept((await world.press('alice', refresh.verb, refresh.data, { messageId: 'duty-1', automatic: true })).card);
  await back();
  expect(await edited('duty-1')).toContain('Going off duty');
  expect(textOf((await world.press('alice', again.verb, again.data, { messageId: 'duty-1' })).card)).toContain('Done, now that the database is back');
  expect(world.administration.performed).toMatchObject([{ verb: 'duty.set', input: { onDuty: false }, requestId: data['requestId'] }]);
});

it('of a bot that died is done by another from what the card carries, when the client asks by itself', async () => {
  world.administration.away = true;
  const { card } = await world.press('alice', 'duty.set', { onDuty: true, requestId: 'request-of-the-dead' });
  const other = await startBotWorld();
  try {
    const { verb, data } = (card['refresh'] as { action: { verb: string; data: Record<string, unknown> } }).action;
    expect(textOf((await other.press('alice', verb, data, { automatic: true })).card)).toContain('Done, now that the database is back: Going on duty');
    expect(other.administration.performed).toMatchObject([{ verb: 'duty.set', input: { onDuty: true }, requestId: 'request-of-the-dead', pressedAt: NOW }]);
    expect(other.connector.sent).toEqual([]);
  } finally {
    await other.stop();
  }
});

it('several are done in the order in which they were pressed', async () => {
  world.administration.away = true;
  for (const typed of ['on duty', 'resume', 'off duty']) kept(await world.say('alice', typed));
  await back();
  await told('Done, now that the database is back: Going off duty');
  expect(world.administration.performed.map((one) => [one.verb, one.input])).toEqual([['duty.set', { onDuty: true }], ['duty.resume', {}], ['duty.set', { onDuty: false }]]);
});

it('a pause counts from when it was pressed, and one that would be over is not begun', async () => {
  const form = async (minutes: string, messageId: string): Promise<void> => {
    world.administration.away = false;
    const { card } = await world.press('alice', 'duty.pause', { agentId: '', groupId: '' });
    world.administration.away = true;
    kept((await world.press('alice', 'duty.pauseNow', { ...buttonOf(card, 'duty.pauseNow').data, ...inputsOf(card), minutes, reason: '' }, { messageId })).card);
  };
  await form('5', 'short');
  await form('30', 'long');
  world.administration.away = false;
  await world.tickWhenPaused(10 * 60);
  expect(await edited('short')).toContain('Not done: Pausing');
  expect(await edited('long')).toContain('Done, now that the database is back: Pausing');
  expect(world.administration.performed).toMatchObject([{ verb: 'duty.pause', input: { untilMinutes: '20' } }]);
});

it('what a later wish has overtaken, and what is half a day old, is not done, and said so', async () => {
  world.administration.answers['duty.set'] = (): Result => ({ ok: false, code: 'conflict', message: 'This duty was changed after that was pressed.', faults: [] });
  world.administration.away = true;
  await world.press('alice', 'duty.set', { onDuty: true, requestId: 'request-overtaken' }, { messageId: 'duty-2' });
  await back();
  expect(await edited('duty-2')).toContain('Not done: Going on duty');
  const old = await world.press('alice', 'duty.kept', { requestId: 'request-very-old', at: new Date(NOW.getTime() - 13 * 3_600_000).toISOString(), press: { verb: 'duty.set', input: { onDuty: true } } });
  expect(textOf(old.card)).toContain('Not done');
  expect(world.administration.performed).toHaveLength(1);
});

it('is told in a new message where the old one shows something else by now', async () => {
  world.administration.away = true;
  await world.press('alice', 'duty.set', { onDuty: true, requestId: 'request-moved-on' }, { messageId: 'duty-3' });
  await world.press('alice', 'help', {}, { messageId: 'duty-3' });
  await back();
  const sent = await world.connector.saw((one) => textOf(one.card).includes('Done, now that the database is back'));
  expect(sent).toMatchObject({ method: 'POST', conversationId: `a:${PEOPLE.alice.personId}` });
});

it.each<[string, Record<string, unknown>]>([
  ['a verb that is not about duty', { press: { verb: 'group.delete', input: { id: 'group-help' } } }], ['another agent', { press: { verb: 'duty.set', input: { onDuty: true, agentId: 'agent-bob' } } }], ['no moment', { at: 'soon', press: { verb: 'duty.set', input: { onDuty: true } } }],
])('a forged card with %s does nothing to anybody else', async (_what, more) => {
  await world.press('alice', 'duty.kept', { requestId: 'request-forged', at: NOW.toISOString(), ...more });
  expect(world.administration.performed.filter((one) => one.verb !== 'duty.set' || JSON.stringify(one.input).includes('agent-bob'))).toEqual([]);
});

it('a moment to come is taken for now', async () => {
  await world.press('alice', 'duty.kept', { requestId: 'request-tomorrow', at: new Date(NOW.getTime() + 86_400_000).toISOString(), press: { verb: 'duty.set', input: { onDuty: true } } });
  expect(world.administration.performed).toMatchObject([{ pressedAt: NOW }]);
});

it('whoever is no agent is told so when the database is back', async () => {
  world.administration.answers['duty.set'] = (): Result => ({ ok: false, code: 'notFound', message: '', faults: [] });
  world.administration.away = true;
  kept(await world.say('max', 'on duty'));
  await back();
  await told('You are not an agent');
});

it('the card that says it is kept can be read by clients, and every language has its words', async () => {
  world.administration.away = true;
  const card = await world.say('alice', 'on duty');
  expect([schemaComplaints(card), parserComplaints(card)]).toEqual([[], []]);
  const presses = ['on', 'off', 'pause', 'resume', 'signIn', 'signOut'].map((press) => LANGUAGES.map((language) => wordsFor(language)(`duty.kept.press.${press}`)));
  for (const words of presses) expect(new Set(words).size).toBe(LANGUAGES.length);
});
