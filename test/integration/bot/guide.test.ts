// A group made step by step over HTTP: what is kept of each step, for whom, through faults, another bot and a database that is away.
import { faultOf, type Result } from '../../../storage/administration/results';
import { buttonOf, buttonsOf, inputsOf, startBotWorld, textOf, type BotWorld, type CardJson, type PersonKey } from '../../support/bot-world';
import { parserComplaints, schemaComplaints } from '../../support/card-schema';
import { PEOPLE } from '../../support/storage-views';

let world: BotWorld;
beforeEach(async () => { world = await startBotWorld(); });
afterEach(() => world.stop());

// The schema is read before the first request: a connection that rests for so long is closed.
beforeAll(() => { schemaComplaints({}); }, 60_000);

const complaints = (card: unknown): readonly string[] => [...schemaComplaints(card), ...parserComplaints(card)];
/** Presses a button of a step, with what its inputs hold and what is typed into them. */
async function go(card: CardJson, way: string, typed: Record<string, string> = {}, person: PersonKey = 'ada'): Promise<CardJson> {
  const button = buttonsOf(card).find((one) => one.verb === 'guide.go' && one.data['go'] === way);
  if (!button) throw new Error(`There is no way ${way} from: ${textOf(card)}`);
  const pressed = await world.press(person, 'guide.go', { ...button.data, ...inputsOf(card), ...typed });
  expect(complaints(pressed.card)).toEqual([]);
  return pressed.card;
}
const create = (card: CardJson, index = 0): ReturnType<BotWorld['press']> => {
  const button = buttonsOf(card).filter((one) => one.verb === 'guide.create')[index];
  return world.press('ada', 'guide.create', button?.data);
};
const begin = (): Promise<CardJson> => world.say('ada', 'new group in steps');

/** An interactive group with two queues and two questions, up to the last card. */
async function menu(): Promise<CardJson> {
  let card = await go(await begin(), 'next', { displayName: 'Front Desk', sipUser: 'front-desk', meets: 'question' });
  card = await go(card, 'next', { open: 'week', saturday: '9-12', closedAction: 'queue', 'closedAction-value': 'Night' });
  card = await go(card, 'next', { holidays: '2027-01-01 New Year' });
  card = await go(card, 'next', { language: 'en-GB', timeZone: 'Europe/London', welcome: 'Welcome.' });
  expect(inputsOf(card)).toMatchObject({ name: 'Front Desk' });
  card = await go(card, 'add', { name: 'Day', agentIds: 'alice', timeoutSeconds: '60' });
  card = await go(card, 'next', { name: 'Night', timeoutSeconds: '30' });
  card = await go(card, 'add', { name: 'Which', prompt: 'For day, press one.', answers: '1 Day -> queue Day\n2 More -> question More' });
  return go(card, 'next', { name: 'More', prompt: 'For night, press one.', answers: '1 Night -> queue Night "One moment."' });
}

it('is made in one piece at the end, and only then; what a later step makes may be named before', async () => {
  const summary = await menu();
  expect(world.administration.performed).toEqual([]);
  expect(textOf(summary)).toMatch(/step 9 of 9[^]*Front Desk[^]*Saturday: 9-12[^]*New Year[^]*Queue Day[^]*Question More/);
  expect(textOf(summary)).not.toContain('⚠');
  const { card } = await create(summary);
  expect(textOf(card)).toContain('Created. It takes calls as soon as it is in force.');
  const [made] = world.administration.performed;
  expect([made?.verb, made?.input]).toMatchObject(['workflow.build', {
    workflow: {
      displayName: 'Front Desk', sipUser: 'front-desk', active: true, language: 'en-GB', businessHoursId: 'hours', holidaySetIds: ['holidays'], closedAction: { kind: 'queue', queueId: 'queue-2' },
      welcome: { text: 'Welcome.' }, defaultAction: { kind: 'question', questionId: 'question-1' },
      questions: [
        { id: 'question-1', answers: [{ key: '1', action: { kind: 'queue', queueId: 'queue-1' } }, { key: '2', action: { kind: 'question', questionId: 'question-2' } }] },
        { id: 'question-2', answers: [{ action: { queueId: 'queue-2', prompt: { text: 'One moment.' } } }] },
      ],
    },
    queues: [{ id: 'queue-1', name: 'Day', agentGroupIds: ['people-queue-1'], timeoutSeconds: '60' }, { id: 'queue-2', name: 'Night' }],
    agentGroups: [{ id: 'people-queue-1', name: 'Day', agentIds: ['agent-alice'] }, { name: 'Night', agentIds: [] }],
    businessHours: [{ name: 'Front Desk', saturday: [{ open: '09:00', close: '12:00' }] }], holidaySets: [{ holidays: [{ name: 'New Year' }] }],
  }]);
  // Pressed again, and gone back to on an old card, it is over.
  expect(textOf((await create(summary)).card)).toContain('This one is finished');
  expect(world.administration.performed).toHaveLength(1);
});

it('keeps every step as it was sent, wrong or right, and goes on from another bot or a page that was loaded again', async () => {
  let card = await go(await begin(), 'next', { displayName: 'Front Desk', sipUser: 'front desk' });
  expect(textOf(card)).toMatch(/step 1 of[^]*“front desk” must have 1–64 letters/);
  expect(inputsOf(card)).toMatchObject({ displayName: 'Front Desk', sipUser: 'front desk' });
  const again = await begin();
  expect(textOf(again)).toContain('You have begun: Front Desk');
  ({ card } = await world.press('ada', 'guide.show', buttonOf(again, 'guide.show').data));
  expect(inputsOf(card)).toMatchObject({ displayName: 'Front Desk', sipUser: 'front desk' });
  card = await go(card, 'next', { sipUser: 'front-desk' });
  card = await go(card, 'back', { monday: 'nine to five', open: 'week' });
  card = await go(card, 'next');
  expect(inputsOf(card)).toMatchObject({ monday: 'nine to five', open: 'week' });
  expect(textOf(await go(card, 'next'))).toContain('“nine to five” is no range of hours');
  expect(world.administration.performed).toEqual([]);
});

it('says on the last card what is still missing, and leads there; what storage refuses is told beside its input', async () => {
  let card = await go(await begin(), 'next', { displayName: 'Front Desk', sipUser: 'front-desk', meets: 'question' });
  for (let step = 0; step < 4; step += 1) card = await go(card, 'next');
  card = await go(card, 'next', { name: 'Which', prompt: 'Which?', answers: '1 Day -> queue Nowhere' });
  expect(textOf(card)).toMatch(/⚠ .*“1 Day -> queue Nowhere” names no queue/);
  ({ card } = await create(card));
  expect(textOf(card)).toMatch(/step 6 of 7[^]*names no queue that you may use/);
  world.administration.answers['workflow.build'] = (): Result => ({ ok: false, code: 'conflict', message: 'taken', faults: [faultOf('sipUser', 'front-desk', 'addressOfGroup', { by: 'Help Desk' }), faultOf('name', 'Front Desk', 'queueNameTaken')] });
  card = await go(card, 'next', { answers: '1 Day -> queue Front Desk' });
  ({ card } = await create(card, 1));
  expect(textOf(card)).toMatch(/step 1 of 7[^]*“front-desk” is already the address of the group Help Desk/);
  expect(inputsOf(card)).toMatchObject({ sipUser: 'front-desk' });
  delete world.administration.answers['workflow.build'];
  ({ card } = await world.press('ada', 'guide.show', { guide: buttonOf(card, 'guide.drop').data['guide'], at: 'summary' }));
  expect(textOf((await create(card, 1)).card)).toContain('It takes no calls until you make it active.');
  expect(world.administration.performed.at(-1)).toMatchObject({ input: { workflow: { active: false } } });
});

it('takes queues and questions out again, and leaves questions out where callers just wait', async () => {
  let card = await go(await begin(), 'next', { displayName: 'Desk', sipUser: 'desk' });
  for (let step = 0; step < 3; step += 1) card = await go(card, 'next');
  card = await go(card, 'add', { name: 'One' });
  card = await go(card, 'remove', { name: 'Two' });
  expect([textOf(card).includes('Queue One'), buttonsOf(card).some((one) => one.data['go'] === 'remove')]).toEqual([true, false]);
  expect(textOf(card = await go(card, 'next'))).toContain('step 6 of 6');
  await create(card);
  expect(world.administration.performed[0]?.input).toMatchObject({ workflow: { defaultAction: { kind: 'queue', queueId: 'queue-1' }, questions: [], businessHoursId: null, holidaySetIds: [] }, queues: [{ name: 'One' }], businessHours: [], holidaySets: [] });
});

it('is its maker’s alone: whoever else sends its id, or an id of none, changes and learns nothing', async () => {
  const card = await begin();
  const { data } = buttonOf(card, 'guide.go');
  const before = new Map(world.guides.kept);
  expect(textOf((await world.press('max', 'guide.go', { ...data, displayName: 'Mine' })).card)).toContain('Not found');
  expect(textOf(await world.say('max', 'new group in steps'))).toContain('Not found');
  expect(textOf((await world.press('ada', 'guide.go', { ...data, guide: 'request-99999999', displayName: 'Mine' })).card)).toContain('This one is finished');
  expect(textOf((await world.press('ada', 'guide.show', { guide: data['guide'], at: 'queue-77' })).card)).toContain('step 1 of');
  expect(textOf((await world.press('ada', 'guide.show', { guide: data['guide'], at: '__proto__' })).card)).toContain('could not be read');
  expect(world.guides.kept).toEqual(before);
  expect(world.guides.kept.has(PEOPLE.max.personId)).toBe(false);
});

it('is begun by nobody because of groups or roles that a message claims: only an object id that configuration names counts', async () => {
  const claims = { groups: ['7c000000-0000-4000-8000-00000000aaaa'], roles: ['administrator'], administrator: true, aadObjectId: PEOPLE.ada.personId };
  const forged = world.activity('max', { type: 'invoke', name: 'adaptiveCard/action', replyToId: 'card-1', value: { action: { type: 'Action.Execute', verb: 'guide', data: claims }, trigger: 'manual', ...claims }, channelData: { tenant: { id: 't' }, ...claims }, ...claims });
  const { value } = (await (await world.post({ ...forged, from: { ...(forged['from'] as object), ...claims, aadObjectId: PEOPLE.max.personId } })).json()) as { value: CardJson };
  expect(textOf(value)).toContain('Not found');
  expect(world.guides.kept.size).toBe(0);
});

it('stays as it is on screen while the database is away, and is thrown away only after a question', async () => {
  const card = await begin();
  world.guides.away = true;
  const { data } = buttonOf(card, 'guide.go');
  expect((await world.press('ada', 'guide.go', { ...data, displayName: 'Front Desk' })).message).toContain('What you typed is still here.');
  world.guides.away = false;
  const next = await go(card, 'next', { displayName: 'Front Desk', sipUser: 'front-desk' });
  world.administration.away = true;
  expect((await world.press('ada', 'guide.create', { guide: data['guide'], active: true })).message || textOf((await world.press('ada', 'guide.create', { guide: data['guide'], active: true })).card)).not.toContain('Created');
  world.administration.away = false;
  const asked = await world.press('ada', 'guide.drop', buttonOf(next, 'guide.drop').data);
  expect(world.guides.kept.size).toBe(1);
  await world.press('ada', 'guide.dropNow', buttonOf(asked.card, 'guide.dropNow').data);
  expect(world.guides.kept.size).toBe(0);
  expect(textOf(await go(card, 'next'))).toContain('This one is finished');
});
