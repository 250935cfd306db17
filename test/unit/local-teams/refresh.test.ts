// When a card refreshes by itself: Teams' rules as tables and one property.
import fc from 'fast-check';
import { channelIdOf } from '../../../bot/local-teams/accounts';
import { type Message } from '../../../bot/local-teams/chats';
import { ADAPTIVE_CARD, EDITED_MS, refreshDue, refreshFor, refreshOf, SAME_REVISION_MS } from '../../../bot/local-teams/refresh';

const card = (userIds?: string[], verb = 'live') => ({ type: 'AdaptiveCard', refresh: { action: { type: 'Action.Execute', verb, data: { group: 'g' } }, ...(userIds ? { userIds } : {}) } });
const many = (count: number) => Array.from({ length: count }, (_, index) => channelIdOf(`p${index}`));

test.each<[string, unknown, string, number, boolean]>([
  ['a person who is named', card([channelIdOf('ada')]), 'ada', 5, true],
  ['a person who is not named', card([channelIdOf('max')]), 'ada', 5, false],
  ['the directory id is not the channel’s id', card(['ada']), 'ada', 5, false],
  ['nobody named in a small chat', card(), 'ada', 60, true],
  ['nobody named in a large chat', card(), 'ada', 61, false],
  ['an empty list is nobody named', card([]), 'ada', 5, true],
  ['the 60th of many', card(many(61)), 'p59', 100, true],
  ['the 61st of many', card(many(61)), 'p60', 100, false],
  ['a card without refresh', { type: 'AdaptiveCard' }, 'ada', 5, false],
  ['a refresh that is not Action.Execute', { refresh: { action: { type: 'Action.Submit' } } }, 'ada', 5, false],
  ['no card at all', null, 'ada', 5, false],
])('refreshOf: %s', (_title, content, personId, members, refreshes) => {
  expect(refreshOf(content, personId, members)).toEqual(refreshes ? { verb: 'live', data: { group: 'g' } } : null);
});

test.each<[string, { revision: number; atMs: number } | undefined, number, number, number | null]>([
  ['never asked: at once', undefined, 0, 5_000, 0],
  ['the same revision within a minute: not', { revision: 1, atMs: 0 }, 1, SAME_REVISION_MS - 1, null],
  ['the same revision after a minute: at once', { revision: 1, atMs: 0 }, 1, SAME_REVISION_MS, 0],
  ['edited, just asked: later', { revision: 1, atMs: 1_000 }, 2, 1_400, 600],
  ['edited, asked long ago: at once', { revision: 1, atMs: 0 }, 2, 9_000, 0],
])('refreshDue: %s', (_title, last, revision, now, waitMs) => {
  expect(refreshDue(last, revision, now)).toBe(waitMs);
});

test('however often a card is edited and looked at, one person asks at most once in a second', () => {
  fc.assert(fc.property(fc.array(fc.record({ passedMs: fc.nat(1_500), edited: fc.boolean() }), { maxLength: 60 }), (looks) => {
    let last: { revision: number; atMs: number } | undefined;
    let nowMs = 0;
    let revision = 0;
    for (const { passedMs, edited } of looks) {
      nowMs += passedMs;
      if (edited) revision += 1;
      const waitMs = refreshDue(last, revision, nowMs);
      if (waitMs === null) continue;
      if (last) expect(nowMs + waitMs - last.atMs).toBeGreaterThanOrEqual(EDITED_MS);
      nowMs += waitMs;
      last = { revision, atMs: nowMs };
    }
  }));
});

test('a person’s own view says what to refresh, until the bot edits the message', () => {
  const message = (revision: number): Message => ({
    id: '1', from: null, at: '', revision, version: 0, failure: null, text: '', textFormat: 'markdown', suggestedActions: [],
    attachments: [{ contentType: 'audio/wav' }, { contentType: ADAPTIVE_CARD, content: card(undefined, 'base') }],
    views: { ada: { attachment: 1, card: card(undefined, 'own'), revision: 1 } },
  });
  const chat = { members: ['ada', 'max'] };
  expect(refreshFor(message(1), 'ada', chat)).toMatchObject({ attachment: 1, action: { verb: 'own' } });
  expect(refreshFor(message(2), 'ada', chat)).toMatchObject({ attachment: 1, action: { verb: 'base' } });
  expect(refreshFor(message(1), 'max', chat)).toMatchObject({ attachment: 1, action: { verb: 'base' } });
});
