// The chat page in Chromium, with a bot by script: what a person does and sees, and what is kept when things fail.
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { WaveFile } from 'wavefile';
import { type LocalTeamsServer } from '../../bot/local-teams/server';
import { GROUP_CHAT_ID } from '../../bot/local-teams/accounts';
import { type ChatPage, TestBrowser } from '../support/browser';
import { answerInvoke, cardAnswer, cardOf, type FakeBot, startFakeBot } from '../support/fake-bot';
import { ADA, MAX, startQuietly } from '../support/local-page';
import { describeWith } from '../support/needs';

jest.setTimeout(60_000);

const save = { type: 'Action.Execute', title: 'Save', verb: 'save', data: { group: 'g' } };
const form = (values: { name?: string; note?: string } = {}) => ({
  type: 'AdaptiveCard', version: '1.5',
  body: [
    { type: 'TextBlock', text: values.note ?? 'Edit the group', wrap: true },
    { type: 'Input.Text', id: 'name', label: 'Display name', value: values.name ?? 'Help Desk' },
    { type: 'Input.Number', id: 'alert', label: 'Alert time', value: 20 },
    { type: 'Input.ChoiceSet', id: 'method', label: 'Routing', value: 'parallel', choices: [{ title: 'Parallel', value: 'parallel' }, { title: 'Longest idle', value: 'longestIdle' }] },
    { type: 'Input.Toggle', id: 'active', title: 'Active', value: 'true' },
    { type: 'TextBlock', id: 'more', text: 'The small print', isVisible: false },
  ],
  actions: [
    save, { type: 'Action.Submit', title: 'Submit', data: { verb: 'submit' } },
    { type: 'Action.ToggleVisibility', title: 'More', targetElements: ['more'] },
    { type: 'Action.ShowCard', title: 'Managers', card: { type: 'AdaptiveCard', body: [{ type: 'Input.Text', id: 'manager', label: 'New manager' }] } },
    { type: 'Action.Submit', title: 'In a dialog', data: { msteams: { type: 'task/fetch' } } },
  ],
});
const live = (waiting: string, userIds: string[]) => ({ type: 'AdaptiveCard', version: '1.5', refresh: { action: { type: 'Action.Execute', verb: 'live', data: {} }, userIds }, body: [{ type: 'TextBlock', text: waiting }, { type: 'Input.Text', id: 'note', label: 'Note' }] });
const problem = (message: string) => ({ statusCode: 400, type: 'application/vnd.microsoft.error', value: { code: 'BadRequest', message } });

describeWith(['chromium'], 'the chat page in Chromium', () => {
  let browser: TestBrowser;
  let bot: FakeBot;
  let server: LocalTeamsServer;
  const open: ChatPage[] = [];
  const as = async (personId: string, chatId?: string): Promise<ChatPage> => {
    const page = await browser.as(server.url, personId, {}, chatId);
    open.push(page);
    return page;
  };

  beforeAll(async () => { browser = await TestBrowser.start(); });
  afterAll(() => browser.close());
  beforeEach(async () => {
    bot = await startFakeBot();
    server = await startQuietly({ botUrl: bot.url, invokeTimeoutMs: 1_000 });
    bot.script = async (context) => {
      const { type, name, text } = context.activity;
      if (type === 'conversationUpdate') await context.sendActivity('Welcome to **Response Groups**');
      else if (name === 'task/fetch') await answerInvoke(context, { task: { type: 'continue', value: { title: 'Edit here', card: cardOf(form()) } } });
      else if (name === 'task/submit') await answerInvoke(context, { task: { type: 'message', value: 'Sent from the dialog' } });
      else if (type === 'message' && text) await context.sendActivity({ type: 'message', attachments: [cardOf(form())] });
    };
  });
  afterEach(async () => {
    const complaints = open.flatMap((page) => page.complaints);
    await Promise.all(open.splice(0).map((page) => page.close()));
    await server.close();
    await bot.close();
    expect(complaints.filter((line) => !line.startsWith('Failed to load resource'))).toEqual([]);
  });

  test('a person is welcomed, types, and is answered with a card', async () => {
    const ada = await as(ADA);
    await ada.waitForText('Welcome to');
    expect(await ada.page.locator('.bubble strong').innerText()).toBe('Response Groups');
    await ada.send('edit');
    await ada.waitForText('Edit the group');
    expect(await ada.valueOf('Display name')).toBe('Help Desk');
  });

  test('what is pressed carries what was filled in', async () => {
    const ada = await as(ADA);
    await ada.send('edit');
    await ada.fill('Display name', 'Front Desk');
    await ada.fill('Alert time', '25');
    await ada.choose('Routing', 'Longest idle');
    await ada.press('Submit');
    const submitted = await bot.hears(({ value }) => value !== undefined);
    expect(submitted).toMatchObject({ type: 'message', value: { verb: 'submit', name: 'Front Desk', alert: '25', method: 'longestIdle', active: 'true' } });
  });

  test('a refusal is shown under the card, and what was typed stays', async () => {
    const ada = await as(ADA);
    await ada.send('edit');
    await ada.fill('Alert time', '5');
    bot.script = async (context) => answerInvoke(context, problem('Alert time 5 is not within 10–180.'));
    await ada.press('Save');
    await ada.waitForText('Alert time 5 is not within 10–180.');
    expect(await ada.valueOf('Alert time')).toBe('5');
    expect(await ada.page.locator('.notice-error').getAttribute('role')).toBe('alert');
  });

  test('a card in the answer takes the form’s place, with the bot’s values', async () => {
    const ada = await as(ADA);
    await ada.send('edit');
    await ada.fill('Display name', 'typed');
    bot.script = async (context) => answerInvoke(context, cardAnswer(form({ name: 'Saved Desk', note: 'Saved' })));
    await ada.press('Save');
    await ada.waitForText('Saved', ada.message());
    expect(await ada.valueOf('Display name')).toBe('Saved Desk');
  });

  test('an impatient second press does nothing', async () => {
    const ada = await as(ADA);
    await ada.send('edit');
    await ada.waitForText('Edit the group');
    let answer = (): void => undefined;
    bot.script = async (context) => {
      await new Promise<void>((resolve) => { answer = resolve; });
      await answerInvoke(context, cardAnswer(form({ note: 'Saved' })));
    };
    await ada.press('Save');
    await bot.hears(({ type }) => type === 'invoke');
    await ada.page.keyboard.press('Enter');
    await ada.page.keyboard.press('Enter');
    answer();
    await ada.waitForText('Saved', ada.message());
    expect(bot.heard.filter(({ type }) => type === 'invoke')).toHaveLength(1);
  });

  test('a bot that is silent, then down, is said to be, and nothing typed is lost', async () => {
    const ada = await as(ADA);
    await ada.send('edit');
    await ada.fill('Display name', 'Front Desk');
    let wake = (): void => undefined;
    bot.script = () => new Promise<void>((resolve) => { wake = resolve; });
    await ada.press('Save');
    await ada.waitForText(/did not answer within 1 second/);
    wake();
    await bot.close();
    await ada.press('Save');
    await ada.waitForText(/cannot be reached/);
    expect(await ada.valueOf('Display name')).toBe('Front Desk');
    await ada.send('are you there?');
    await ada.page.locator('#problem').filter({ hasText: 'cannot be reached' }).waitFor();
    expect(await ada.page.locator('#compose').inputValue()).toBe('are you there?');
    bot = await startFakeBot(Number(new URL(bot.url).port));
    await ada.page.locator('#send').click();
    await bot.hears(({ text }) => text === 'are you there?');
  });

  test('a card that the bot edits keeps what is being typed in it, what is open, and the cursor', async () => {
    const ada = await as(ADA);
    await ada.send('edit');
    await ada.press('More');
    await ada.press('Managers');
    await ada.fill('New manager', 'Max');
    await ada.fill('Display name', 'half a na');
    const heard = await bot.hears(({ text }) => text === 'edit');
    const id = (await ada.messages.last().getAttribute('data-id')) ?? '';
    await bot.proactively({ conversation: heard.conversation, serviceUrl: heard.serviceUrl, channelId: 'msteams', bot: heard.recipient }, async (context) => {
      await context.updateActivity({ type: 'message', id, attachments: [cardOf(form({ name: 'Help Desk 2', note: 'Edited by somebody' }))] });
    });
    await ada.waitForText('Edited by somebody');
    await ada.page.keyboard.type('me');
    expect(await ada.valueOf('Display name')).toBe('half a name');
    expect(await ada.valueOf('New manager')).toBe('Max');
    await ada.waitForText('The small print');
    expect(await ada.valueOf('Alert time')).toBe('20');
  });

  test('the live card moves by itself for whom it names, and each sees their own', async () => {
    bot.script = async (context) => {
      if (context.activity.type === 'invoke') await answerInvoke(context, cardAnswer(live(`waiting for ${context.activity.from.name}`, [`29:${ADA}`])));
      else if (context.activity.type === 'message') await context.sendActivity({ type: 'message', attachments: [cardOf(live('waiting: base', [`29:${ADA}`]))] });
    };
    const [ada, max] = [await as(ADA, GROUP_CHAT_ID), await as(MAX, GROUP_CHAT_ID)];
    await ada.send('@Response Group live');
    await ada.waitForText('waiting for Ada Park');
    await max.waitForText('waiting: base');
    await ada.fill('Note', 'mine');
    const heard = await bot.hears(({ type }) => type === 'message');
    const id = (await max.messages.last().getAttribute('data-id')) ?? '';
    bot.script = async (context) => answerInvoke(context, cardAnswer(live('waiting: 3, for Ada', [`29:${ADA}`])));
    await bot.proactively({ conversation: heard.conversation, serviceUrl: heard.serviceUrl, channelId: 'msteams', bot: heard.recipient }, async (context) => {
      await context.updateActivity({ type: 'message', id, attachments: [cardOf(live('waiting: 3', [`29:${ADA}`]))] });
    });
    await ada.waitForText('waiting: 3, for Ada');
    await max.waitForText('waiting: 3', max.message());
    expect(await ada.valueOf('Note')).toBe('mine');
    expect(await max.text()).not.toContain('Ada Park\n\nwaiting for');
  });

  test('a dialog opens over the chat, sends its form and closes with the bot’s words', async () => {
    const ada = await as(ADA);
    await ada.send('edit');
    await ada.press('In a dialog');
    await ada.waitForText('Edit here');
    await ada.fill('Display name', 'From the dialog');
    await ada.press('Submit');
    await ada.waitForText('Sent from the dialog');
    expect((await bot.hears(({ name }) => name === 'task/submit')).value).toMatchObject({ data: { name: 'From the dialog', verb: 'submit' } });
    expect(await ada.page.locator('dialog[open]').count()).toBe(0);
  });

  test('a sound in a card is played', async () => {
    const wav = new WaveFile();
    wav.fromScratch(1, 8000, '16', new Int16Array(800));
    bot.sound = Buffer.from(wav.toBuffer());
    bot.script = async (context) => {
      if (context.activity.type !== 'message') return;
      const media = { type: 'Media', altText: 'The welcome', sources: [{ mimeType: 'audio/wav', url: new URL('/audio', bot.url).href }] };
      await context.sendActivity({ type: 'message', attachments: [cardOf({ type: 'AdaptiveCard', version: '1.5', body: [media] })] });
    };
    const ada = await as(ADA);
    await ada.send('hear');
    await ada.press(/play/i);
    await ada.page.waitForFunction(() => {
      const audio = (globalThis as unknown as { document: { querySelector: (selector: string) => { ended: boolean } | null } }).document.querySelector('audio');
      return audio?.ended === true;
    });
  });

  test('the switcher turns to another person, whose chat is their own', async () => {
    const ada = await as(ADA);
    await ada.send('only for me');
    await ada.waitForText('only for me');
    await ada.page.locator('#compose').fill('a draft of mine');
    await ada.page.getByRole('link', { name: /Max Reuter/ }).click();
    await ada.page.locator('#chat-note').filter({ hasText: 'Max Reuter, manager of Help Desk' }).waitFor();
    await ada.waitForText('Welcome to');
    expect(await ada.text()).not.toContain('only for me');
    expect(await ada.page.locator('#compose').inputValue()).toBe('');
    await ada.page.getByRole('link', { name: /Ada Park/ }).click();
    await ada.waitForText('only for me');
    expect(await ada.page.locator('#compose').inputValue()).toBe('a draft of mine');
  });

  test('by keyboard alone: a command is found, taken and sent', async () => {
    const ada = await as(ADA);
    await ada.waitForText('Welcome to');
    await ada.page.locator('#compose').focus();
    await ada.page.keyboard.type('my ph');
    await ada.page.getByRole('option', { name: /my phone/ }).waitFor();
    await ada.page.keyboard.press('ArrowDown');
    await ada.page.keyboard.press('Enter');
    expect(await ada.page.locator('#compose').inputValue()).toBe('my phone');
    await ada.page.keyboard.press('Enter');
    await bot.hears(({ text }) => text === 'my phone');
  });

  test('what people write is text, never markup', async () => {
    const ada = await as(ADA, GROUP_CHAT_ID);
    await ada.send('<img src=x onerror=alert(1)> **not bold**');
    await ada.waitForText('<img src=x onerror=alert(1)> **not bold**');
    bot.script = async (context) => { await context.sendActivity('<script>alert(1)</script> [a](javascript:alert(1))'); };
    await ada.send('@Response Group x');
    await ada.waitForText(/<script>alert/);
    expect(await ada.page.locator('#messages script, #messages img, #messages a[href^="javascript"]').count()).toBe(0);
  });

  describe('a page from another origin', () => {
    let elsewhere: Server;
    let address: string;
    beforeEach(async () => {
      elsewhere = createServer((_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }); response.end('<title>elsewhere</title>'); });
      await new Promise<void>((resolve) => { elsewhere.listen(0, '127.0.0.1', resolve); });
      address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    });
    afterEach(() => new Promise((resolve) => {
      elsewhere.close(resolve);
      elsewhere.closeAllConnections();
    }));

    test('can neither read, speak, follow, nor frame', async () => {
      const page = await browser.at(address);
      const outcome = await page.evaluate(async ({ url, ada }) => {
        const attempt = (promise: Promise<unknown>): Promise<string> => promise.then((got) => `got ${JSON.stringify(got)}`, () => 'refused');
        const say = `${url}/api/chats/${encodeURIComponent(`a:${ada}`)}/say`;
        const activities = `${url}/v3/conversations/${encodeURIComponent(`a:${ada}`)}/activities`;
        const body = JSON.stringify({ as: ada, text: 'forged', type: 'message' });
        const json = { 'content-type': 'application/json' };
        return {
          read: await attempt(fetch(`${url}/api/chats?as=${ada}`).then((response) => response.text())),
          say: await attempt(fetch(say, { method: 'POST', headers: json, body })),
          sayPlainly: await attempt(fetch(say, { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body }).then((response) => { if (response.type === 'opaque') throw new Error('opaque'); })),
          speakAsBot: await attempt(fetch(activities, { method: 'POST', mode: 'no-cors', body }).then((response) => { if (response.type === 'opaque') throw new Error('opaque'); })),
          follow: await attempt(new Promise((resolve, reject) => {
            const source = new (globalThis as unknown as { EventSource: new (url: string) => { onopen: unknown; onerror: unknown; close: () => void } }).EventSource(`${url}/api/events?as=${ada}`);
            source.onopen = resolve;
            source.onerror = (fault: unknown) => { source.close(); reject(new Error(String(fault))); };
          })),
        };
      }, { url: server.url, ada: ADA });
      expect(outcome).toEqual({ read: 'refused', say: 'refused', sayPlainly: 'refused', speakAsBot: 'refused', follow: 'refused' });
      const framed = page.waitForEvent('requestfailed', (request) => request.url().startsWith(server.url)).then(() => 'blocked', () => 'shown');
      await page.setContent(`<iframe src="${server.url}/"></iframe>`);
      expect(await framed).toBe('blocked');
      await page.setContent(`<form method="post" action="${server.url}/api/chats/${encodeURIComponent(`a:${ADA}`)}/say" enctype="text/plain"><input name='{"as":"${ADA}","text":"forged","x":"' value='"}'><button>Win a prize</button></form>`);
      const posted = page.waitForResponse((response) => response.url().includes('/say'));
      await page.getByRole('button').click();
      expect((await posted).status()).toBe(403);
      expect(bot.heard).toEqual([]);
      await page.context().close();
    });
  });
});
