// An agent's calls of today, over HTTP.
import { LANGUAGES, wordsFor } from '../../../cards/words';
import { type MyCall } from '../../../storage/administration/my-calls';
import { buttonOf, startBotWorld, textOf, type BotWorld } from '../../support/bot-world';
import { parserComplaints, schemaComplaints } from '../../support/card-schema';
import { NOW, secondsAgo } from '../../support/storage-views';

let world: BotWorld;
beforeAll(() => { schemaComplaints({}); }, 120_000);
beforeEach(async () => { world = await startBotWorld(); });
afterEach(() => world.stop());

const OUTCOMES: readonly MyCall['outcome'][] = ['answered', 'declined', 'busy', 'noAnswer', 'unreachable', 'withdrawn'];
const call = (more: Partial<MyCall> = {}): MyCall => ({ groupName: 'Help Desk', callerName: 'Priya Nair', callerNumber: '+4915112345678', at: secondsAgo(60), outcome: 'noAnswer', talkedMs: null, ...more });

it('“my calls”, and the button on the duty card, show today’s: who, for which group, and what became of it', async () => {
  world.administration.callsAnswer = { taken: 1, missed: 4, calls: [call({ outcome: 'answered', talkedMs: 187_000 }), ...OUTCOMES.map((outcome) => call({ outcome, groupName: null, callerName: '[x](https://evil.example)' }))] };
  const card = await world.say('alice', 'my calls today');
  for (const words of ['Taken: 1. Missed: 4.', 'Priya Nair', 'Help Desk', 'talked for 3:07', 'You missed it.', 'You declined it.', '[x](https://evil.example)']) expect(textOf(card)).toContain(words);
  expect([schemaComplaints(card), parserComplaints(card)]).toEqual([[], []]);
  const { verb, data } = buttonOf(await world.say('alice', 'my duty'), 'calls');
  expect(textOf((await world.press('alice', verb, data)).card)).toContain('My calls today');
});

it.each([[undefined, '2026-11-23T00:00:00.000Z'], ['Asia/Tokyo', '2026-11-22T15:00:00.000Z'], ['America/New_York', '2026-11-23T05:00:00.000Z']])('the day is that of the person’s own clock: %s', async (timezone, since) => {
  world.administration.callsAnswer = { taken: 0, missed: 0, calls: [] };
  await world.post(world.activity('alice', { type: 'message', text: 'my calls', ...(timezone === undefined ? {} : { localTimezone: timezone }) }));
  expect([NOW > new Date(since), world.administration.callsAsked.map((one) => one.toISOString())]).toEqual([true, [since]]);
  expect(textOf(world.connector.sent.at(-1)?.card)).toContain('rung for nobody');
});

it('whoever is no agent is told so, and an absent database as well', async () => {
  expect(textOf(await world.say('max', 'my calls'))).toContain('You are not an agent');
  world.administration.away = true;
  expect(textOf(await world.say('alice', 'my calls'))).toContain('The database does not answer');
});

it('every outcome has words of its own in every language', () => {
  for (const language of LANGUAGES) expect(new Set(OUTCOMES.map((outcome) => wordsFor(language)(`calls.outcome.${outcome}`))).size).toBe(OUTCOMES.length);
});
