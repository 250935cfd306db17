// What the person is shown for each answer a bot can give to an invoke.
import { type BotAnswer } from '../../../bot/local-teams/bot-link';
import { type DialogOutcome, type Outcome, outcomeOfInvoke, outcomeOfTask } from '../../../bot/local-teams/teams';

const answered = (body: unknown): BotAnswer => ({ kind: 'answered', status: 200, body });
const card = { type: 'AdaptiveCard' };
const CARD = 'application/vnd.microsoft.card.adaptive';
const wrong = expect.stringContaining('Something went wrong') as string;

test.each<[string, BotAnswer, Outcome]>([
  ['a card', answered({ statusCode: 200, type: CARD, value: card }), { kind: 'card', card }],
  ['a message', answered({ statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'Saved.' }), { kind: 'message', text: 'Saved.' }],
  ['an error with words', answered({ statusCode: 400, type: 'application/vnd.microsoft.error', value: { code: 'BadRequest', message: '5 is too short.' } }), { kind: 'error', text: '5 is too short.' }],
  ['an error without words', answered({ statusCode: 500, value: null }), { kind: 'error', text: wrong }],
  ['a card with an error’s code', answered({ statusCode: 412, type: CARD, value: card }), { kind: 'error', text: wrong }],
  ['something else', answered('yes'), { kind: 'error', text: wrong }],
  ['nothing', answered(undefined), { kind: 'done' }],
  ['a refusal', { kind: 'refused', status: 500, words: 'The bot could not do this.' }, { kind: 'error', text: 'The bot could not do this.' }],
  ['silence', { kind: 'late', words: 'The bot did not answer.' }, { kind: 'error', text: 'The bot did not answer.' }],
])('adaptiveCard/action answered with %s', (_title, answer, outcome) => {
  expect(outcomeOfInvoke(answer)).toEqual(outcome);
});

const dialog = (value: object) => answered({ task: { type: 'continue', value: { card: { contentType: CARD, content: card }, ...value } } });

test.each<[string, BotAnswer, DialogOutcome]>([
  ['a form', dialog({ title: 'Edit', width: 700, height: 300 }), { kind: 'dialog', title: 'Edit', width: 700, height: 300, card }],
  ['a form in named sizes', dialog({ title: 'Edit', width: 'large', height: 'small' }), { kind: 'dialog', title: 'Edit', width: 1280, height: 276, card }],
  ['a form of no size', dialog({}), { kind: 'dialog', title: '', width: 600, height: 480, card }],
  ['a message', answered({ task: { type: 'message', value: 'Saved.' } }), { kind: 'message', text: 'Saved.' }],
  ['nothing', answered(undefined), { kind: 'closed' }],
  ['an empty object', answered({}), { kind: 'closed' }],
  ['a page, which this stand-in cannot show', answered({ task: { type: 'continue', value: { url: 'https://example.org' } } }), { kind: 'error', text: wrong }],
  ['silence', { kind: 'late', words: 'The bot did not answer.' }, { kind: 'error', text: 'The bot did not answer.' }],
])('a dialog answered with %s', (_title, answer, outcome) => {
  expect(outcomeOfTask(answer)).toEqual(outcome);
});
