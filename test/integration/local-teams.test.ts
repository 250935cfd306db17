// The stand-in for Teams between a page and the real CloudAdapter: what one does, the other gets.
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Activity, type ConversationReference, TeamsInfo, TurnContext } from 'botbuilder';
import { type LocalTeamsServer } from '../../bot/local-teams/server';
import { type Outcome } from '../../bot/local-teams/teams';
import { GROUP_CHAT_ID } from '../../bot/local-teams/accounts';
import { answerInvoke, cardAnswer, cardOf, type FakeBot, startFakeBot } from '../support/fake-bot';
import { ADA, ALICE, LocalPage, MAX, PEOPLE, startQuietly } from '../support/local-page';

let bot: FakeBot;
let server: LocalTeamsServer;
let ada: LocalPage;
let max: LocalPage;

beforeEach(async () => {
  bot = await startFakeBot();
  server = await startQuietly({ botUrl: bot.url });
  ada = new LocalPage(server, ADA);
  max = new LocalPage(server, MAX);
});
afterEach(async () => {
  await server.close();
  await bot.close();
});

const card = (text: string, extra: object = {}) => ({ type: 'AdaptiveCard', version: '1.5', body: [{ type: 'TextBlock', text }], ...extra });
const live = (text: string) => card(text, { refresh: { action: { type: 'Action.Execute', verb: 'live', data: {} }, userIds: [`29:${ADA}`] } });
const textOf = (content: unknown): string => (content as { body: { text: string }[] }).body[0]?.text ?? '';
const isMessage = ({ kind }: { kind: string }): boolean => kind === 'message';

/** The bot says something to Ada; resolves to its id and to where it was said. */
async function botSays(activity: object): Promise<{ id: string; reference: Partial<ConversationReference> }> {
  const said = new Promise<{ id: string; reference: Partial<ConversationReference> }>((resolve) => {
    bot.script = async (context) => {
      if (context.activity.type !== 'message') return;
      const sent = await context.sendActivity(activity);
      resolve({ id: sent?.id ?? '', reference: TurnContext.getConversationReference(context.activity) });
    };
  });
  await ada.say('go on');
  bot.script = async () => undefined;
  return said;
}

describe('conversations', () => {
  test('the first look tells the bot that it was added, once', async () => {
    const follow = await ada.follow();
    bot.script = async (context) => { await context.sendActivity('Welcome'); };
    await Promise.all([ada.open(), ada.open()]);
    await follow.until(isMessage);
    await ada.open();
    await ada.say('hello');
    expect(bot.heard.map(({ type }) => type)).toEqual(['conversationUpdate', 'message']);
    expect(bot.heard[0]).toMatchObject({ membersAdded: [{ id: '28:response-group' }], conversation: { conversationType: 'personal' } });
    follow.close();
  });

  test('a message and its answer arrive on both sides', async () => {
    bot.script = async (context) => { if (context.activity.type === 'message') await context.sendActivity(`You said ${context.activity.text}`); };
    expect(await ada.say('  hello  ')).toEqual({ kind: 'done' });
    expect(bot.heard.at(-1)).toMatchObject({ text: 'hello', from: { aadObjectId: ADA, name: 'Ada Park' }, locale: 'en-US' });
    expect((await ada.messages()).map(({ from, text }) => [from, text])).toEqual([[ADA, 'hello'], [null, 'You said hello']]);
    expect(await max.messages()).toEqual([]);
  });

  test('nobody reads another’s chat with the bot', async () => {
    await ada.say('my secret');
    expect((await max.call('GET', `/api/chats/${encodeURIComponent(ada.personalChat)}`)).status).toBe(404);
    expect((await max.call('POST', `/api/chats/${encodeURIComponent(ada.personalChat)}/say`, { text: 'x' })).status).toBe(404);
    expect((await max.call('GET', '/api/chats')).body).toHaveLength(2);
  });

  test('in the group the bot hears only what mentions it, and everybody reads all', async () => {
    const follow = await max.follow();
    await ada.say('hello all', GROUP_CHAT_ID);
    await ada.say('@Response Group help for @Max Reuter', GROUP_CHAT_ID);
    const heard = bot.heard.filter(({ type }) => type === 'message');
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ text: '<at>Response Group</at> help for <at>Max Reuter</at>', conversation: { isGroup: true } });
    expect(TurnContext.removeRecipientMention(heard[0] as Activity).trim()).toBe('help for <at>Max Reuter</at>');
    await follow.until(({ message }) => message?.text.startsWith('@Response') === true);
    expect(await max.messages(GROUP_CHAT_ID)).toHaveLength(2);
    follow.close();
  });

  test('typing is shown to whoever is in the chat', async () => {
    const [mine, theirs] = [await ada.follow(), await max.follow()];
    bot.script = async (context) => { if (context.activity.type === 'message') await context.sendActivity({ type: 'typing' }); };
    await ada.say('x');
    await mine.until(({ kind }) => kind === 'typing');
    expect(theirs.events.filter(({ kind }) => kind === 'typing')).toEqual([]);
    mine.close();
    theirs.close();
  });
});

describe('the connector, through CloudAdapter', () => {
  test('a proactive turn sends, edits and deletes; the page sees each', async () => {
    const { id, reference } = await botSays({ type: 'message', text: 'one' });
    const follow = await ada.follow();
    await bot.proactively(reference, async (context) => {
      await context.updateActivity({ type: 'message', id, text: 'two' });
      const sent = await context.sendActivity('three');
      await context.deleteActivity(sent?.id ?? '');
    });
    expect((await follow.until(({ kind }) => kind === 'update')).message).toMatchObject({ id, text: 'two', revision: 1 });
    await follow.until(({ kind }) => kind === 'delete');
    expect((await ada.messages()).map(({ text }) => text)).toEqual(['go on', 'two']);
    follow.close();
  });

  test('a new conversation with a person is their personal chat, known or not', async () => {
    await bot.adapter.createConversationAsync('', 'msteams', `${server.url}/`, '', { isGroup: false, members: [{ id: ALICE, name: '' }], bot: { id: '28:x', name: '' }, tenantId: '', activity: {} as never, channelData: {} }, async () => undefined)
      .then(() => { throw new Error('an activity without a type was taken'); }, (fault: unknown) => expect(fault).toMatchObject({ statusCode: 400 }));
    await bot.adapter.createConversationAsync('', 'msteams', `${server.url}/`, '', { isGroup: false, members: [{ id: `29:${ALICE}`, name: '' }], bot: { id: '28:x', name: '' } } as never, async (context) => {
      await context.sendActivity('Your phone is registered');
    });
    expect((await new LocalPage(server, ALICE).messages()).map(({ text }) => text)).toEqual(['Your phone is registered']);
  });

  test('the roster is there whole, by page and by person, under either id', async () => {
    const seen: unknown[] = [];
    bot.script = async (context) => {
      if (context.activity.type !== 'message') return;
      seen.push(await TeamsInfo.getMember(context, context.activity.from.id), await TeamsInfo.getMember(context, ADA));
      seen.push((await TeamsInfo.getPagedMembers(context)).members.length);
      await expect(TeamsInfo.getMember(context, MAX)).rejects.toMatchObject({ statusCode: 404 });
    };
    expect(await ada.say('who')).toEqual({ kind: 'done' });
    expect(seen).toEqual([expect.objectContaining({ aadObjectId: ADA, name: 'Ada Park', givenName: 'Ada', surname: 'Park' }), expect.objectContaining({ id: `29:${ADA}` }), 1]);
    const members = await fetch(`${server.url}/v3/conversations/${encodeURIComponent(GROUP_CHAT_ID)}/members`).then((response) => response.json()) as unknown[];
    expect(members).toHaveLength(PEOPLE.length);
  });

  test.each<[string, string, string, unknown, number, string]>([
    ['an unknown conversation', 'POST', 'a:nobody/activities', { type: 'message', text: 'x' }, 404, 'ConversationNotFound'],
    ['an edit of what is not there', 'PUT', `a:${ADA}/activities/1`, { type: 'message', text: 'x' }, 404, 'ActivityNotFoundInConversation'],
    ['a delete of what is not there', 'DELETE', `a:${ADA}/activities/1`, undefined, 404, 'ActivityNotFoundInConversation'],
    ['an empty message', 'POST', `a:${ADA}/activities`, { type: 'message' }, 400, 'BadSyntax'],
    ['a card that is none', 'POST', `a:${ADA}/activities`, { type: 'message', attachments: [cardOf({ type: 'Card' })] }, 400, 'BadSyntax'],
    ['no activity', 'POST', `a:${ADA}/activities`, [], 400, 'BadSyntax'],
    ['a message too large for Teams', 'POST', `a:${ADA}/activities`, { type: 'message', text: 'x'.repeat(110_000) }, 413, 'MessageSizeTooBig'],
    ['another method', 'PATCH', `a:${ADA}/activities`, undefined, 405, 'MethodNotAllowed'],
    ['another route', 'GET', `a:${ADA}/meetings`, undefined, 404, 'NotFound'],
  ])('%s is refused in the connector’s shape', async (_title, method, path, body, status, code) => {
    const [chat, ...rest] = path.split('/');
    const response = await fetch(`${server.url}/v3/conversations/${[encodeURIComponent(chat ?? ''), ...rest].join('/')}`, {
      method, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code, message: expect.any(String) as string } });
  });

  test('a person’s own message is not the bot’s to edit', async () => {
    await ada.say('mine');
    const [message] = await ada.messages();
    const response = await fetch(`${server.url}/v3/conversations/${encodeURIComponent(ada.personalChat)}/activities/${message?.id}`, { method: 'DELETE' });
    expect(response.status).toBe(403);
    expect(await ada.messages()).toHaveLength(1);
  });
});

describe('cards', () => {
  test('Action.Submit reaches the bot as a message with a value', async () => {
    const { id } = await botSays({ type: 'message', attachments: [cardOf(card('form'))] });
    expect(await ada.press(id, 'submit', { data: { verb: 'save', name: 'Help' } })).toEqual({ kind: 'done' });
    expect(bot.heard.at(-1)).toMatchObject({ type: 'message', replyToId: id, value: { verb: 'save', name: 'Help' } });
    expect(await ada.messages()).toHaveLength(2);
  });

  test('imBack is said aloud, messageBack shows one thing and says another', async () => {
    const { id } = await botSays({ type: 'message', attachments: [cardOf(card('form'))] });
    bot.script = async () => undefined;
    await ada.press(id, 'submit', { data: { msteams: { type: 'imBack', value: 'help' } } });
    await ada.press(id, 'submit', { data: { msteams: { type: 'messageBack', displayText: 'I chose', text: 'choice', value: { n: 1 } } } });
    expect((await ada.messages()).slice(2).map(({ text }) => text)).toEqual(['help', 'I chose']);
    expect(bot.heard.slice(-2)).toMatchObject([{ text: 'help' }, { text: 'choice', value: { n: 1 } }]);
  });

  test('the answer to Action.Execute is seen by the presser alone', async () => {
    bot.script = async (context) => {
      if (context.activity.type === 'invoke') await answerInvoke(context, cardAnswer(card(`for ${context.activity.from.name}`)));
      else if (context.activity.type === 'message') await context.sendActivity({ type: 'message', attachments: [cardOf(card('for all'))] });
    };
    await ada.say('@Response Group card', GROUP_CHAT_ID);
    const id = (await ada.messages(GROUP_CHAT_ID)).at(-1)?.id ?? '';
    expect(await ada.press(id, 'execute', { attachment: 0, action: { verb: 'open', data: { a: 1 } } }, GROUP_CHAT_ID)).toMatchObject({ kind: 'card', message: { id } });
    expect(bot.heard.at(-1)).toMatchObject({ name: 'adaptiveCard/action', value: { trigger: 'manual', action: { type: 'Action.Execute', verb: 'open', data: { a: 1 } } } });
    expect(textOf((await ada.messages(GROUP_CHAT_ID)).at(-1)?.attachments[0]?.content)).toBe('for Ada Park');
    expect(textOf((await max.messages(GROUP_CHAT_ID)).at(-1)?.attachments[0]?.content)).toBe('for all');
  });

  test('a card on screen is refreshed for whom it names, and again when it was edited', async () => {
    let asked = 0;
    const { id, reference } = await botSays({ type: 'message', attachments: [cardOf(live('base'))] });
    bot.script = async (context) => {
      if (context.activity.type === 'invoke') await answerInvoke(context, cardAnswer(live(`own ${(asked += 1)}`)));
    };
    const follow = await ada.follow();
    const shows = (text: string) => follow.until(({ message }) => message?.id === id && textOf(message.attachments[0]?.content) === text);
    await ada.press(id, 'seen', {});
    await shows('own 1');
    expect(bot.heard.at(-1)).toMatchObject({ name: 'adaptiveCard/action', value: { trigger: 'automatic', action: { verb: 'live' } } });
    await ada.press(id, 'seen', {});
    await bot.proactively(reference, async (context) => { await context.updateActivity({ type: 'message', id, attachments: [cardOf(live('base 2'))] }); });
    expect(textOf((await ada.messages()).at(-1)?.attachments[0]?.content)).toBe('own 1');
    await ada.press(id, 'seen', {});
    await ada.press(id, 'seen', {});
    await shows('own 2');
    expect(asked).toBe(2);
    follow.close();
  });

  test('a refresh that fails shows the card that all see', async () => {
    const { id, reference } = await botSays({ type: 'message', attachments: [cardOf(live('base'))] });
    bot.script = async (context) => { if (context.activity.type === 'invoke') await answerInvoke(context, cardAnswer(live('own'))); };
    const follow = await ada.follow();
    const shows = (text: string) => follow.until(({ message }) => textOf(message?.attachments[0]?.content ?? card('')) === text);
    await ada.press(id, 'seen', {});
    await shows('own');
    bot.failWith = 500;
    await bot.proactively(reference, async (context) => { await context.updateActivity({ type: 'message', id, attachments: [cardOf(live('base 2'))] }); });
    await ada.press(id, 'seen', {});
    await shows('base 2');
    follow.close();
  });

  test('a dialog opens, comes back with a fault, and closes', async () => {
    const { id } = await botSays({ type: 'message', attachments: [cardOf(card('form'))] });
    const dialog = (text: string) => ({ task: { type: 'continue', value: { title: 'Edit', card: cardOf(card(text)) } } });
    bot.script = async (context) => {
      const { name, value } = context.activity as { name?: string; value?: { data: { ok?: boolean } } };
      await answerInvoke(context, name === 'task/fetch' ? dialog('form') : value?.data.ok ? undefined : dialog('5 is too short'));
    };
    expect(await ada.press(id, 'fetch-dialog', { data: { msteams: { type: 'task/fetch' } } })).toMatchObject({ kind: 'dialog', title: 'Edit' });
    expect(await ada.press(id, 'submit-dialog', { data: { ok: false } })).toMatchObject({ kind: 'dialog', card: card('5 is too short') });
    expect(await ada.press(id, 'submit-dialog', { data: { ok: true } })).toEqual({ kind: 'closed' });
  });
});

describe('a bot that fails', () => {
  test('a bot that is down gets nothing, and the person is told and has the text still', async () => {
    await bot.close();
    expect(await ada.say('hello')).toEqual({ kind: 'error', text: expect.stringContaining('cannot be reached') as string });
    expect(await ada.messages()).toEqual([]);
    bot = await startFakeBot(Number(new URL(bot.url).port));
    expect(await ada.say('hello')).toEqual({ kind: 'done' });
    expect(bot.heard.map(({ type }) => type)).toEqual(['conversationUpdate', 'message']);
  });

  test('a message that the bot refused stays, marked', async () => {
    bot.failWith = 500;
    expect(await ada.say('hello')).toMatchObject({ kind: 'error' });
    expect((await ada.messages()).map(({ text, failure }) => [text, failure])).toEqual([['hello', expect.stringContaining('answered 500')]]);
  });

  test('a bot that is silent is given up, and what it says later is not lost', async () => {
    await server.close();
    server = await startQuietly({ botUrl: bot.url, invokeTimeoutMs: 50 });
    ada = new LocalPage(server, ADA);
    const { id } = await botSays({ type: 'message', attachments: [cardOf(card('form'))] });
    let wake = (): void => undefined;
    bot.script = async (context) => {
      await new Promise<void>((resolve) => { wake = resolve; });
      await context.sendActivity('Now I am done');
      await answerInvoke(context, cardAnswer(card('late')));
    };
    const follow = await ada.follow();
    expect(await ada.press<Outcome>(id, 'execute', { attachment: 0, action: { verb: 'x' } })).toEqual({ kind: 'error', text: expect.stringContaining('within 0.05 seconds') as string });
    wake();
    expect((await follow.until(isMessage)).message?.text).toBe('Now I am done');
    follow.close();
  });

  test.each<[string, string, object, number]>([
    ['an empty message', 'say', { text: '   ' }, 400],
    ['a message beyond all measure', 'say', { text: 'x'.repeat(8001) }, 400],
    ['an unknown call', 'dance', {}, 404],
    ['a press on a message that is gone', 'messages/1/submit', { data: {} }, 404],
  ])('%s is refused and reaches no bot', async (_title, call, body, status) => {
    expect((await ada.call('POST', `/api/chats/${encodeURIComponent(ada.personalChat)}/${call}`, body)).status).toBe(status);
    expect(bot.heard).toEqual([]);
  });

  test('somebody who is not in the switcher cannot act', async () => {
    const stranger = new LocalPage(server, 'somebody-else');
    expect((await stranger.call('GET', '/api/chats')).status).toBe(400);
    expect((await stranger.call('POST', `/api/chats/${encodeURIComponent(ada.personalChat)}/say`, { text: 'x' })).status).toBe(400);
  });
});

describe('the door', () => {
  /** Node's own client, because fetch does not let Host be chosen. */
  const raw = (method: string, path: string, headers: Record<string, string>, body = ''): Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }> => new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port: server.port, method, path, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    asking.on('error', reject);
    asking.end(body);
  });
  const say = (headers: Record<string, string>) => raw('POST', `/api/chats/${encodeURIComponent(`a:${ADA}`)}/say`, headers, JSON.stringify({ as: ADA, text: 'forged' }));
  const json = { 'content-type': 'application/json' };

  test('only the page itself can speak as a person', async () => {
    const own = { host: `127.0.0.1:${server.port}`, origin: server.url };
    for (const headers of [
      { ...json, ...own, origin: 'http://evil.example' },
      { ...json, ...own, origin: 'null' },
      { ...json, host: own.host },
      { ...json, host: 'evil.example', origin: 'http://evil.example' },
    ]) expect((await say(headers)).status).toBe(403);
    expect((await say({ ...own, 'content-type': 'text/plain' })).status).toBe(415);
    expect(bot.heard).toEqual([]);
    expect((await say({ ...json, ...own })).status).toBe(200);
    expect(bot.heard.at(-1)).toMatchObject({ text: 'forged' });
  });

  test('no page can speak as the bot', async () => {
    const path = `/v3/conversations/${encodeURIComponent(`a:${ADA}`)}/activities`;
    const body = JSON.stringify({ type: 'message', text: 'forged' });
    const host = `127.0.0.1:${server.port}`;
    expect((await raw('POST', path, { ...json, host, origin: server.url }, body)).status).toBe(403);
    expect((await raw('POST', path, { ...json, host, 'sec-fetch-site': 'none' }, body)).status).toBe(403);
    expect((await raw('POST', path, { ...json, host: 'evil.example' }, body)).status).toBe(403);
    expect(await ada.messages()).toEqual([]);
    expect((await raw('POST', path, { ...json, host }, body)).status).toBe(201);
  });

  test('every answer carries the headers that keep other pages out', async () => {
    for (const path of ['/', '/api/people', '/nothing', '/app.js']) {
      const { headers } = await raw('GET', path, { host: `localhost:${server.port}` });
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin', 'cross-origin-opener-policy': 'same-origin',
        'content-security-policy': expect.stringContaining("default-src 'none'") as string,
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('nothing but the page’s files can be read from disk', async () => {
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/library/../../package.json', '/settings.ts', '/constructor', '/%']) {
      expect([400, 404]).toContain((await raw('GET', path, { host: `127.0.0.1:${server.port}` })).status);
    }
  });

  test('a body that is too large or no JSON is refused', async () => {
    const headers = { ...json, host: `127.0.0.1:${server.port}` };
    expect((await raw('POST', '/v3/conversations', headers, '{')).status).toBe(400);
    expect((await raw('POST', '/v3/conversations', headers, `"${'x'.repeat(600_000)}"`).catch(() => ({ status: 413 }))).status).toBe(413);
    expect((await raw('GET', '/healthz', { host: `127.0.0.1:${server.port}` })).status).toBe(200);
  });
});

test('a restart finds what was said, and the bot’s reference still leads there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'local-teams-'));
  await server.close();
  server = await startQuietly({ botUrl: bot.url, folder, port: server.port });
  ada = new LocalPage(server, ADA);
  const { id, reference } = await botSays({ type: 'message', text: 'before' });
  await server.close();
  server = await startQuietly({ botUrl: bot.url, folder, port: server.port });
  await bot.proactively(reference, async (context) => {
    await context.updateActivity({ type: 'message', id, text: 'after' });
    await context.sendActivity('and more');
  });
  expect((await ada.messages()).map(({ text }) => text)).toEqual(['go on', 'after', 'and more']);
  await server.close();
  rmSync(folder, { recursive: true, force: true });
  server = await startQuietly({ botUrl: bot.url });
});

test('a port in use is the listen error', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => { other.listen(0, '127.0.0.1', resolve); });
  const { port } = other.address() as { port: number };
  await expect(startQuietly({ botUrl: bot.url, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await new Promise((resolve) => { other.close(resolve); });
});
