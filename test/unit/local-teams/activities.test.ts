// The shapes that a bot gets, as Teams sends them.
import fc from 'fast-check';
import * as activities from '../../../bot/local-teams/activities';

const origin: activities.Origin = {
  person: { personId: 'ada', name: 'Ada Park', role: 'administrator', locale: 'en-GB' },
  chat: { id: 'a:ada', kind: 'personal' }, serviceUrl: 'http://127.0.0.1:1/', now: new Date(0),
};
const group: activities.Origin = { ...origin, chat: { id: '19:x@thread.v2', kind: 'groupChat' } };
const bot = { id: '28:bot', name: 'Response Group' };

test('every activity names channel, service, tenant, both sides and the conversation', () => {
  const all = [
    activities.botAdded(origin), activities.message(origin, '1', 'x', []), activities.submit(origin, '1', {}),
    activities.execute(origin, '1', {}, 'manual'), activities.fetchDialog(origin, '1', {}), activities.submitDialog(origin, '1', {}),
  ];
  for (const activity of all) {
    expect(activity).toMatchObject({
      channelId: 'msteams', serviceUrl: 'http://127.0.0.1:1/', timestamp: '1970-01-01T00:00:00.000Z', locale: 'en-GB',
      from: { id: '29:ada', aadObjectId: 'ada' }, recipient: { id: '28:response-group' },
      conversation: { id: 'a:ada', conversationType: 'personal' },
    });
    const { channelData, conversation } = activity as { channelData: { tenant: { id: string } }; conversation: { tenantId: string } };
    expect(channelData.tenant.id).toBe(conversation.tenantId);
  }
});

test('adding the bot names the bot, and not the person’s name', () => {
  expect(activities.botAdded(origin)).toMatchObject({ type: 'conversationUpdate', membersAdded: [{ id: '28:response-group' }] });
  expect(activities.botAdded(origin)).not.toHaveProperty('from.name');
});

test('a message in a group is marked as such and carries its mentions', () => {
  expect(activities.message(group, '7', 'Hi @response group!', [bot])).toMatchObject({
    type: 'message', id: '7', text: 'Hi <at>Response Group</at>!', textFormat: 'plain', conversation: { isGroup: true, conversationType: 'groupChat' },
    entities: [{ type: 'clientInfo', locale: 'en-GB', country: 'GB' }, { type: 'mention', mentioned: bot, text: '<at>Response Group</at>' }],
  });
});

test('Action.Submit is a message with a value and no text', () => {
  const activity = activities.submit(origin, '5', { verb: 'x' });
  expect(activity).toMatchObject({ type: 'message', replyToId: '5', value: { verb: 'x' } });
  expect(activity).not.toHaveProperty('text');
});

test.each([
  ['Action.Execute', activities.execute(origin, '5', { verb: 'save', data: { a: 1 } }, 'manual'), 'adaptiveCard/action', { action: { type: 'Action.Execute', verb: 'save', data: { a: 1 } }, trigger: 'manual' }],
  ['a refresh', activities.execute(origin, '5', { verb: 'live' }, 'automatic'), 'adaptiveCard/action', { action: { type: 'Action.Execute', verb: 'live' }, trigger: 'automatic' }],
  ['opening a dialog', activities.fetchDialog(origin, '5', { a: 1 }), 'task/fetch', { data: { a: 1 } }],
  ['sending a dialog', activities.submitDialog(origin, '5', { a: 1 }), 'task/submit', { data: { a: 1 } }],
])('%s is an invoke', (_title, activity, name, value) => {
  expect(activity).toMatchObject({ type: 'invoke', name, value, replyToId: '5' });
});

test.each<[string, string, string, number]>([
  ['the longer name wins', '@Ada Park', '<at>Ada Park</at>', 1],
  ['a name alone', 'ask @Ada, now', 'ask <at>Ada</at>, now', 1],
  ['a longer word is no name', '@Adam', '@Adam', 0],
  ['somebody else', '@Max', '@Max', 0],
  ['twice is one mention', '@Ada @ada', '<at>Ada</at> <at>Ada</at>', 1],
])('mentions: %s', (_title, text, marked, count) => {
  const result = activities.markMentions(text, [{ id: '1', name: 'Ada' }, { id: '2', name: 'Ada Park' }]);
  expect(result.marked).toBe(marked);
  expect(result.mentions).toHaveLength(count);
});

test('marking mentions changes nothing else of what was typed', () => {
  fc.assert(fc.property(fc.string(), fc.string({ minLength: 1 }).filter((name) => name.trim() === name), (text, name) => {
    const { marked } = activities.markMentions(text, [{ id: '1', name }]);
    if (!text.includes('@')) expect(marked).toBe(text);
    expect(marked.length).toBeGreaterThanOrEqual(text.length);
  }));
});
