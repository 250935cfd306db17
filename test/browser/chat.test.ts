// People in chat, in Chromium, against the real bot and storage: what each may do is done, and what they may not is not.
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type AgentActivity, type LiveCaller } from '../../storage/model/live';
import { type GroupForm } from '../../storage/administration/verbs';
import { type ChatPage } from '../support/browser';
import { ChatBrowser } from '../support/chat-browser';
import { ADA, ALICE, BOB, CARLA, MAX, OPERATOR } from '../support/chat-system';
import { GROUP_CHAT_ID } from '../../bot/local-teams/accounts';
import { type Outcome } from '../../bot/local-teams/teams';
import { LocalPage } from '../support/local-page';
import { describeWith } from '../support/needs';

jest.setTimeout(120_000);

interface Action { readonly title?: string; readonly verb?: string; readonly data?: Record<string, unknown> }

/** Every action inside a card, however deep. */
function actionsOf(card: unknown): Action[] {
  if (Array.isArray(card)) return card.flatMap(actionsOf);
  if (typeof card !== 'object' || card === null) return [];
  const own = (card as { type?: unknown }).type === 'Action.Execute' ? [card as Action] : [];
  return [...own, ...Object.values(card).flatMap(actionsOf)];
}

/** What the inputs of a group's form hold when nobody has touched them. */
function typedIn(form: GroupForm): Record<string, string> {
  return Object.fromEntries(Object.entries(form).flatMap(([field, value]) => (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[field, String(value)]] : [])));
}

describeWith(['chromium'], 'chat, as each person', () => {
  const chat = new ChatBrowser();
  const as = (personId: string, chatId?: string): Promise<ChatPage> => chat.as(personId, {}, chatId);

  const group = async (name: string) => {
    const answer = await chat.system.administration.group(OPERATOR, await chat.system.groupId(name));
    if (!answer.ok) throw new Error(answer.message);
    const { form } = answer.value;
    if (form === null) throw new Error(`${name} has no form.`);
    return { ...answer.value, form };
  };

  test('the first look: people are greeted by their names, which Teams leaves out of that first word', async () => {
    const carla = await as(CARLA);
    await carla.waitForText(/Hello Carla Diaz\./);
  });

  test('the manager edits Help Desk: a wrong value is named and kept, a right one is saved and comes into force', async () => {
    await chat.system.engineIs(0);
    const max = await as(MAX);
    await max.send('edit help desk');
    await max.fill('Display name', 'Service Desk');
    await max.fill('Alert time (seconds)', '5');
    await max.press('Save');
    await max.waitForText(/Nothing was saved, and what you typed is kept/);
    await max.waitForText(/Alert time.*5.*10.*180/);
    expect(await max.valueOf('Display name')).toBe('Service Desk');
    expect(await max.valueOf('Alert time (seconds)')).toBe('5');
    expect((await group('Help Desk')).form.alertTimeSeconds).not.toBe(5);

    await max.fill('Alert time (seconds)', '25');
    await max.press('Save');
    await max.waitForText(/^Saved\./);
    const saved = await group('Service Desk');
    expect(saved.form.alertTimeSeconds).toBe(25);
    expect(saved.lastEdit?.by).toBe('Max Reuter');
    await chat.system.engineIs(saved.savedSequence);
    await max.send('show service desk');
    await max.waitForText(/In force/, max.message());

    await max.send('undo');
    await max.press('Undo');
    await max.waitForText('Taken back');
    expect((await group('Help Desk')).form.alertTimeSeconds).not.toBe(25);
  });

  test('the manager neither sees Sales, nor changes it by what an administrator’s form would send', async () => {
    const max = await as(MAX);
    await max.send('my groups');
    await max.waitForText('My groups', max.message());
    await max.waitForText('Help Desk', max.message());
    await max.send('show sales');
    await max.waitForText(/There is no group called/);
    expect(await max.text()).not.toMatch(/Orders and offers|sip:sales/);

    const before = await group('Sales');
    const ada = new LocalPage(chat.system.page, ADA);
    await ada.say('edit sales');
    const form = (await ada.messages()).at(-1);
    const save = actionsOf(form?.attachments).find(({ verb }) => verb === 'group.save');
    expect(save?.data).toBeDefined();
    const forger = new LocalPage(chat.system.page, MAX);
    const host = (await forger.messages()).at(-1)?.id ?? '';
    const forged: Action[] = [
      { verb: 'group.save', data: { ...save?.data, displayName: 'Mine now', alertTimeSeconds: '60' } },
      { verb: 'group', data: { groupId: before.id } },
      { verb: 'group.edit', data: { groupId: before.id } },
      { verb: 'live', data: { groupId: before.id } },
      { verb: 'live.refresh', data: { groupId: before.id } },
      { verb: 'group.deleteNow', data: { groupId: before.id, requestId: 'forged-request-1' } },
      { verb: 'managers.add', data: { groupId: before.id, requestId: 'forged-request-2', groupName: 'Sales', known: MAX, personId: '', name: 'Max Reuter' } },
    ];
    for (const action of forged) {
      const outcome = await forger.press<Outcome>(host, 'execute', { attachment: 0, action });
      expect(JSON.stringify(outcome)).not.toMatch(/Orders and offers|sip:sales|Mine now is/);
      expect(JSON.stringify(outcome)).toMatch(/not yours to see|There is no such/);
    }
    expect(await group('Sales')).toEqual({ ...before, live: expect.anything() as unknown, inForce: expect.anything() as unknown });
    // The same form from Ada is good: it was the person who was refused.
    await ada.press<Outcome>(form?.id ?? '', 'execute', { attachment: 0, action: { ...save, data: { ...save?.data, ...typedIn(before.form), description: 'Changed by Ada' } } });
    expect((await group('Sales')).form).toMatchObject({ displayName: 'Sales', description: 'Changed by Ada' });
  });

  test('an agent goes off duty with one press, and back on by a word', async () => {
    const isOnDuty = async (): Promise<boolean | undefined> => (await group('Help Desk')).agents.find(({ name }) => name === 'Alice Moreau')?.onDuty;
    const alice = await as(ALICE);
    await alice.send('my duty');
    await alice.waitForText('You are on duty', alice.message());
    await alice.press('Go off duty');
    await alice.waitForText('You are off duty');
    expect(await isOnDuty()).toBe(false);
    await alice.send('on duty');
    await alice.waitForText(/you are on duty/i, alice.message());
    expect(await isOnDuty()).toBe(true);
  });

  test('an agent changes neither groups nor another’s phone', async () => {
    const before = await group('Help Desk');
    const bobs = await chat.system.administration.agents(OPERATOR).then((answer) => (answer.ok ? answer.value.find(({ name }) => name === 'Bob Okafor') : undefined));
    const alice = new LocalPage(chat.system.page, ALICE);
    await alice.say('help');
    const host = (await alice.messages()).at(-1)?.id ?? '';
    for (const action of [
      { verb: 'group.edit', data: { groupId: before.id } },
      { verb: 'group.deleteNow', data: { groupId: before.id, requestId: 'forged-request-3' } },
      { verb: 'agent.resetNow', data: { agentId: bobs?.id, requestId: 'forged-request-4' } },
      { verb: 'agent.deleteNow', data: { agentId: bobs?.id, requestId: 'forged-request-5' } },
    ]) {
      const outcome = JSON.stringify(await alice.press<Outcome>(host, 'execute', { attachment: 0, action }));
      expect(outcome).toMatch(/not change it|not yours|no such|not allowed/i);
    }
    expect((await group('Help Desk')).savedSequence).toBe(before.savedSequence);
    expect((await new LocalPage(chat.system.page, BOB).call('GET', '/api/chats')).status).toBe(200);
  });

  test('the live card moves while calls run, in the group for each as they may see it', async () => {
    const { id, agents } = await group('Help Desk');
    const caller = (state: LiveCaller['state'], agentId: string | null = null): LiveCaller => ({
      callId: 'c1', callerNumber: '+441234000001', callerName: 'Erin *Caller*', state, arrivedAt: new Date(), joinedQueueAt: new Date(), agentId, priority: 3, queueId: null, answers: [], ringing: state === 'ringing' && agentId !== null ? [agentId] : [],
    });
    const [alice, ...others] = agents;
    const seen = (activity: AgentActivity) => [
      { agentId: alice?.id ?? '', activity, since: new Date(), signedIn: true }, ...others.map((one) => ({ agentId: one.id, activity: 'free' as const, since: new Date(), signedIn: true })),
    ];
    await chat.system.engineIs(1_000);
    await chat.system.live({ _id: id, callers: [], agents: seen('free') });
    const max = await as(MAX);
    await max.send('live help desk');
    await max.waitForText('Nobody is calling right now.');
    const shared = await as(MAX, GROUP_CHAT_ID);
    await shared.send('@Response Group live help desk');
    await shared.waitForText('Nobody is calling right now.');

    await chat.system.live({ _id: id, callers: [caller('ringing', alice?.id ?? null)], agents: seen('ringing') });
    for (const page of [max, shared]) {
      await page.waitForText('Ringing Alice Moreau');
      await page.waitForText(/Erin \*Caller\*/);
    }
    await chat.system.live({ _id: id, callers: [caller('talking', alice?.id ?? null)], agents: seen('talking') });
    for (const page of [max, shared]) await page.waitForText('Talking with Alice Moreau');
    await chat.system.live({ _id: id, callers: [], agents: seen('free') });
    for (const page of [max, shared]) await page.waitForText('Nobody is calling right now.');
    await max.press('Stop following');
  });

  describe('a page from another origin', () => {
    let elsewhere: Server;
    beforeEach(async () => {
      elsewhere = createServer((_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }); response.end('<title>elsewhere</title>'); });
      await new Promise<void>((resolve) => { elsewhere.listen(0, '127.0.0.1', resolve); });
    });
    afterEach(() => new Promise((resolve) => {
      elsewhere.close(resolve);
      elsewhere.closeAllConnections();
    }));

    test('puts nobody off duty, neither through the chat page nor through the bot', async () => {
      const page = await chat.browser.at(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
      const before = (await group('Help Desk')).agents;
      const activity = { type: 'message', text: 'off duty', channelId: 'msteams', serviceUrl: `${chat.system.url}/`, from: { id: `29:${ALICE}`, aadObjectId: ALICE }, recipient: { id: '28:x' }, conversation: { id: `a:${ALICE}` } };
      const answers = await page.evaluate(async ({ say, bot, as: person, body }) => {
        const attempt = async (url: string, text: string, type: string, mode: 'cors' | 'no-cors'): Promise<string> => {
          try {
            const response = await fetch(url, { method: 'POST', mode, headers: { 'content-type': type }, body: text });
            return `answered ${response.status}`;
          } catch {
            return 'refused';
          }
        };
        const said = JSON.stringify({ as: person, text: 'off duty' });
        return [
          await attempt(say, said, 'application/json', 'cors'), await attempt(say, said, 'text/plain', 'no-cors'),
          await attempt(bot, body, 'application/json', 'cors'), await attempt(bot, body, 'text/plain', 'no-cors'),
        ];
      }, { say: `${chat.system.url}/api/chats/${encodeURIComponent(`a:${ALICE}`)}/say`, bot: chat.system.botUrl, as: ALICE, body: JSON.stringify(activity) });
      // A request without CORS is answered opaquely, status 0 or not at all; what counts is that nothing was done.
      for (const answer of answers) expect(['refused', 'answered 0']).toContain(answer);
      const alice = new LocalPage(chat.system.page, ALICE);
      await alice.say('who am I');
      expect((await group('Help Desk')).agents).toEqual(before);
      expect((await alice.messages()).filter(({ text }) => text === 'off duty')).toEqual([]);
      await page.context().close();
    });
  });
});
