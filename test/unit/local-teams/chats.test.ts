// The chats themselves: own views, edits, reading, and what is dropped.
import { GROUP_CHAT_ID, personalChatIdOf } from '../../../bot/local-teams/accounts';
import { type ChatEvent, Chats, type Content, KEPT_MESSAGES, seenBy, unreadOf, unreadOfAll } from '../../../bot/local-teams/chats';
import { type Person } from '../../../bot/local-teams/people';

const people: Person[] = ['ada', 'max'].map((personId) => ({ personId, name: personId, role: '', locale: 'en-US' }));
const content = (text: string): Content => ({ text, textFormat: 'plain', attachments: [{ contentType: 'card', content: 'base' }], suggestedActions: [] });

function setUp(kept: Chats | null = null) {
  const events: (ChatEvent | null)[] = [];
  const chats = new Chats(people, kept?.all() ?? [], { now: () => new Date(1_000), changed: (event) => events.push(event) });
  return { chats, events, chat: () => chats.chat(GROUP_CHAT_ID) ?? fail() };
}
const fail = (): never => { throw new Error('no such chat'); };
const seen = (chats: Chats, id: string, personId: string): unknown => seenBy(chats.message(GROUP_CHAT_ID, id) ?? fail(), personId).attachments[0]?.content;

test('everybody has a chat with the bot and one with all', () => {
  const { chats } = setUp();
  expect(chats.of('ada').map((chat) => chat.id)).toEqual([personalChatIdOf('ada'), GROUP_CHAT_ID]);
  expect(chats.of('nobody')).toEqual([]);
});

test('ids grow even when the clock stands still', () => {
  const { chats } = setUp();
  const ids = [1, 2, 3].map(() => Number(chats.add(GROUP_CHAT_ID, null, content('x')).id));
  expect(ids).toEqual([...ids].sort((one, other) => one - other));
  expect(new Set(ids).size).toBe(3);
});

test('a view is one person’s alone, outlives an edit where it is kept, and goes where it is not', () => {
  const { chats, events } = setUp();
  const { id } = chats.add(GROUP_CHAT_ID, null, content('x'));
  chats.setView(GROUP_CHAT_ID, id, 'ada', { attachment: 0, card: 'ada’s', revision: 0 });
  chats.setView(GROUP_CHAT_ID, id, 'max', { attachment: 0, card: 'max’s', revision: 0 });
  expect([seen(chats, id, 'ada'), seen(chats, id, 'max'), seen(chats, id, 'other')]).toEqual(['ada’s', 'max’s', 'base']);
  expect(events.at(-1)).toMatchObject({ kind: 'update', only: 'max' });
  chats.edit(GROUP_CHAT_ID, id, content('y'), (personId) => personId === 'max');
  expect([seen(chats, id, 'ada'), seen(chats, id, 'max')]).toEqual(['base', 'max’s']);
  chats.setView(GROUP_CHAT_ID, id, 'max', null);
  expect(seen(chats, id, 'max')).toBe('base');
});

test('every change raises the version, so that a page knows the newer of two', () => {
  const { chats } = setUp();
  const { id } = chats.add(GROUP_CHAT_ID, null, content('x'));
  const versions = [() => chats.edit(GROUP_CHAT_ID, id, content('y'), () => true), () => chats.setView(GROUP_CHAT_ID, id, 'ada', { attachment: 0, card: 1, revision: 1 }), () => chats.setFailure(GROUP_CHAT_ID, id, 'late')]
    .map((change) => { change(); return chats.message(GROUP_CHAT_ID, id)?.version; });
  expect(versions).toEqual([1, 2, 3]);
});

test('own messages are read; others’ are unread until the chat was on screen', () => {
  const { chats, chat } = setUp();
  chats.add(GROUP_CHAT_ID, 'ada', content('hello'));
  chats.add(GROUP_CHAT_ID, null, content('hello'));
  expect([unreadOf(chat(), 'ada'), unreadOf(chat(), 'max')]).toEqual([1, 2]);
  chats.markRead(GROUP_CHAT_ID, 'max');
  expect(unreadOfAll(chats)).toEqual({ ada: 1, max: 0 });
});

test('editing or deleting what is not there changes nothing', () => {
  const { chats, events } = setUp();
  expect(chats.edit(GROUP_CHAT_ID, '1', content('x'), () => true)).toBe(false);
  expect(chats.remove(GROUP_CHAT_ID, '1')).toBe(false);
  expect(chats.remove('nowhere', '1')).toBe(false);
  expect(events).toEqual([]);
});

test('a long chat forgets its beginning', () => {
  const { chats, chat } = setUp();
  for (let index = 0; index < KEPT_MESSAGES + 5; index += 1) chats.add(GROUP_CHAT_ID, null, content(String(index)));
  expect(chat().messages).toHaveLength(KEPT_MESSAGES);
  expect(chat().messages[0]?.text).toBe('5');
});

test('kept chats come back, and later ids stay later', () => {
  const before = setUp();
  const { id } = before.chats.add(GROUP_CHAT_ID, null, content('x'));
  before.chats.setInstalled(GROUP_CHAT_ID);
  const { chats, chat } = setUp(before.chats);
  expect(chat().installed).toBe(true);
  expect(Number(chats.add(GROUP_CHAT_ID, null, content('y')).id)).toBeGreaterThan(Number(id));
});
