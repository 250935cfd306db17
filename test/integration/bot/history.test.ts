// The history in chat, over HTTP: asked for in words, page by page, looked at, taken back after a question, and as a file.
import { differenceLines } from '../../../bot/views/difference';
import { wordsFor } from '../../../cards/words';
import { schemaComplaints } from '../../support/card-schema';
import { buttonOf, buttonsOf, startBotWorld, textOf, type BotWorld } from '../../support/bot-world';
import { historyEntry, secondsAgo } from '../../support/storage-views';

let world: BotWorld;
beforeEach(async () => { world = await startBotWorld(); });
afterEach(() => world.stop());

const NOTHING = { groupId: '', about: '', by: '', from: '', to: '' };
const many = (count: number) => Array.from({ length: count }, (_unused, i) => historyEntry({ entryId: `main:${count - i}`, sequence: count - i, at: secondsAgo(i * 60), subject: `Group ${count - i}` }));

test('“history of help desk by max last week” asks for that group, that person and those days', async () => {
  const card = await world.say('ada', 'history of help desk by max last week');
  expect(schemaComplaints(card)).toEqual([]);
  expect(world.administration.historyAsked.at(-1)).toMatchObject({ workflowId: 'group-help', by: 'max', from: new Date('2026-11-16T00:00:00Z'), to: new Date('2026-11-23T00:00:00Z') });
  expect(textOf(card)).toContain('History of Help Desk');
});

test('what is no group is looked for by name', async () => {
  await world.say('ada', 'history of overnight');
  expect(world.administration.historyAsked.at(-1)).toMatchObject({ about: 'overnight' });
});

test('a long history comes page by page, in the same message', async () => {
  world.administration.historyAnswer = many(20);
  let card = await world.say('ada', 'history');
  const seen: string[] = [];
  for (;;) {
    expect(schemaComplaints(card)).toEqual([]);
    seen.push(...buttonsOf(card).filter((one) => one.verb === 'history.entry').map((one) => String(one.data['entryId'])));
    const older = buttonsOf(card).find((one) => one.title === 'Older');
    if (!older) break;
    card = (await world.press('ada', 'history', older.data)).card;
  }
  expect(seen).toEqual(world.administration.historyAnswer.map((one) => one.entryId));
});

test('what was typed into the filter is asked for and stays in it', async () => {
  const { card } = await world.press('ada', 'history', { groupId: '', before: 0, about: 'Sales', by: 'Max', from: '2026-11-01', to: '2026-11-02' });
  expect(world.administration.historyAsked.at(-1)).toMatchObject({ about: 'Sales', by: 'Max', from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-03T00:00:00Z') });
  expect(JSON.stringify(card)).toContain('"value":"2026-11-02"');
  expect(buttonOf(card, 'history.entry').data).toMatchObject({ about: 'Sales', by: 'Max', from: '2026-11-01' });
});

test('a change is shown in full, and taken back after a question', async () => {
  const { card } = await world.press('ada', 'history.entry', { ...NOTHING, entryId: 'main:12' });
  expect(textOf(card)).toContain(differenceLines(wordsFor('en-GB'), historyEntry().fields)[0]);
  const asked = await world.press('ada', 'history.undo', buttonOf(card, 'history.undo').data);
  expect(world.administration.performed).toEqual([]);
  const done = await world.press('ada', 'undo.now', buttonOf(asked.card, 'undo.now').data);
  expect(world.administration.performed).toMatchObject([{ verb: 'change.undo', input: { entryId: 'main:12' } }]);
  expect(textOf(done.card)).toContain('Taken back');
});

test.each([['inTheWay', 'Bea has changed Help Desk since.', 'Bea has changed Help Desk since'], ['notYours', '', 'Only an administrator']] as const)('what cannot be taken back says why, and offers nothing: %s', async (because, message, words) => {
  world.administration.undoAnswer = { possible: false, because, message, faults: [] };
  const { card } = await world.press('ada', 'history.entry', { ...NOTHING, entryId: 'main:12' });
  expect(textOf(card)).toContain(words);
  expect(buttonsOf(card).map((one) => one.verb)).not.toContain('history.undo');
  // Also where an old card still offers it.
  expect(buttonsOf((await world.press('ada', 'history.undo', { ...NOTHING, entryId: 'main:12' })).card).map((one) => one.verb)).not.toContain('undo.now');
});

test('the file is had at its address alone, as the person it was made for', async () => {
  world.administration.historyAnswer = many(1200);
  const card = await world.say('max', 'history by ada');
  const url = (/"url":"(https:[^"]+csv[^"]*|https:[^"]+)"/.exec(JSON.stringify(card))?.[1] ?? '').replace('https://bot.example.org', world.url);
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-disposition'), answer.headers.get('cache-control')]).toEqual([200, 'text/csv; charset=utf-8', 'attachment; filename="history.csv"', 'private, no-store']);
  const lines = (await answer.text()).trimEnd().split('\r\n');
  expect(lines).toHaveLength(1201);
  expect(new Set(lines).size).toBe(1201);
  expect(world.administration.historyAsked.at(-1)).toMatchObject({ by: 'ada' });
  expect((await fetch(url.replace(/sig=.{4}/, 'sig=AAAA'))).status).toBe(403);
  world.administration.away = true;
  expect((await fetch(url)).status).toBe(503);
  world.clock.now = new Date(world.clock.now.getTime() + 16 * 60_000);
  expect((await fetch(url)).status).toBe(403);
});
